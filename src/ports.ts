import type { PayEnvironment, Region } from './domain/amazon-pay/region.ts'
import type { SignedRequest } from './domain/amazon-pay/signature.ts'
import type { Answer } from './domain/amazon-pay/verdict.ts'
import type { KeyPair } from './domain/key/pair.ts'
import type { OpenSshReader } from './domain/key-import/import.ts'
import type { Warning } from './domain/problem.ts'
import type {
  Slot,
  SlotNames,
  Stored,
  StoredVariable,
  TargetState,
} from './domain/rotation/slots.ts'

export const commandNames = [
  'generate',
  'validate',
  'activate',
  'rollback',
  'retire',
  'adopt',
  'status',
] as const

export type Command = (typeof commandNames)[number]

export type AmazonPayCheck = 'require' | 'warn' | 'off'

/**
 * The step's inputs, read and checked. Keys are still text here: the command that uses a key parses it. An input that was
 * not given is null.
 */
export interface Inputs {
  readonly command: Command
  /** `owner/name` of the repositories that use the secrets, in the order of their names. */
  readonly repositories: readonly string[]
  /** The GitHub environment, as the input names it. */
  readonly environment: string | null
  readonly organization: string | null
  readonly prefix: string
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
  /** Inputs current-private-key, next-private-key and previous-private-key: the secrets when the run or job started. */
  readonly slotKeys: Readonly<Record<Slot, string | null>>
  /** A key that is in no slot. */
  readonly privateKey: string | null
  readonly passphrase: string | null
  readonly publicKey: string | null
  readonly publicKeyId: string | null
  readonly amazonPayCheck: AmazonPayCheck
  readonly keepPrevious: boolean
  /** Fingerprint of the staged key that may be discarded. */
  readonly replaceStaged: string | null
  /** File name of the workflow that deploys. */
  readonly redeploy: string | null
  readonly maxAgeDays: number
  readonly artifact: boolean
  /** Null: the repository's default. */
  readonly retentionDays: number | null
  readonly dryRun: boolean
}

/** What commands need from the world. Adapters provide it; tests provide it in memory. */
export interface World {
  readonly runner: Runner
  readonly clock: Clock
  readonly targets: readonly Target[]
  /** Null if no token was given. */
  readonly github: GitHub | null
  readonly artifacts: ArtifactStore
  readonly amazonPay: AmazonPay
  /** Generates an RSA key pair that meets the key policy. */
  generateKeyPair(): Promise<KeyPair>
  readonly readOpenSsh: OpenSshReader
}

/** GitHub's runner: log, outputs, files, and what the step knows of its run. */
export interface Runner {
  /** Registers a value that must never be shown. It is masked in everything that is printed afterwards. */
  mask(value: string): void
  /** Shown only in runs with debug logging. Never contains key material. */
  debug(line: string): void
  info(line: string): void
  notice(text: string): void
  warning(warning: Warning): void
  output(name: string, value: string): void
  /**
   * Creates a file in the runner's temp folder and returns its absolute path.
   * @throws Problem `artifact-failed`
   */
  publicKeyFile(name: string, pem: string): Promise<string>
  /**
   * The bytes of a file below the workspace or the runner's temp folder.
   * @throws Problem `input-invalid`, naming `input`
   */
  readFile(path: string, input: string): Promise<Buffer>
  readonly run: Run
  /** Every string in the event that started this run, at any depth: everyone who may read the run may read them. */
  readonly eventTexts: readonly string[]
  /** Fires when no further target may be started: the job was cancelled, or the step's time is nearly up. */
  readonly stop: AbortSignal
}

/** The workflow run that this step belongs to. */
export interface Run {
  readonly repository: string
  readonly id: string
  readonly attempt: number
  /** The same for all attempts of the run. */
  readonly url: string
  /** Path of the workflow file, and the ref that it was taken from; null if the runner does not say. */
  readonly workflow: string | null
  readonly ref: string | null
  /** The page with the button “Run workflow”. */
  readonly workflowUrl: string | null
}

export interface Clock {
  now(): Date
  /** Pauses. Ends early when the step must stop. */
  sleep(milliseconds: number): Promise<void>
}

/** Which repositories may read an organization's secret or variable. */
export type Visibility = 'all' | 'private' | 'selected'

/** Where secrets and variables are stored, as given in the inputs. */
export type TargetSpec =
  | { readonly kind: 'repository'; readonly repository: string }
  | { readonly kind: 'environment'; readonly repository: string; readonly environment: string }
  | {
      readonly kind: 'organization'
      readonly organization: string
      /** Null: the same as the current secret. */
      readonly visibility: Visibility | null
      readonly repositories: readonly string[]
    }

/** A value that is sealed for one target (libsodium `crypto_box_seal`). Only GitHub can open it. */
export interface SealedSecret {
  readonly name: string
  readonly sealingKeyId: string
  /** Base64. */
  readonly value: string
  /** Seals the same value again. Needed when GitHub has replaced its sealing key. */
  reseal(): Promise<SealedSecret>
}

/** A repository, one of its environments, or an organization that stores secrets and variables. */
export interface Target {
  /** `acme/shop`, or the organization's name. */
  readonly name: string
  readonly environment: string | null
  /** The name in messages: `acme/shop`, `environment production of acme/shop`, `organization acme`. */
  readonly label: string
  /** Whether workflows of a repository can read what is stored here, as far as `inspect` could see. */
  readableBy(repository: string): boolean
  /**
   * Reads the state of everything that belongs to one prefix. Writes nothing.
   * @throws Problem or Problems: what GitHub refused
   */
  inspect(names: SlotNames): Promise<TargetState>
  /** Warnings about what `inspect` saw, such as an environment without protection rules. */
  readonly remarks: readonly Warning[]
  /** Seals with the target's own key, which is fetched on first use. */
  seal(name: string, value: string): Promise<SealedSecret>
  putSecret(secret: SealedSecret): Promise<void>
  /** Succeeds if the secret does not exist. */
  deleteSecret(name: string): Promise<void>
  secret(name: string): Promise<Stored | null>
  variable(name: string): Promise<StoredVariable | null>
  /** Returns false if a variable of this name exists. */
  createVariable(name: string, value: string): Promise<boolean>
  /** Creates or updates. */
  saveVariable(name: string, value: string): Promise<void>
  /** Succeeds if the variable does not exist. */
  deleteVariable(name: string): Promise<void>
}

/** What commands need from GitHub besides secrets and variables. */
export interface GitHub {
  /** GitHub's time, from its latest response; null before the first one. */
  readonly serverTime: Date | null
  /** Number of requests sent so far that change a secret or a variable. */
  readonly writes: number
  /** Requests that GitHub still accepts this hour, from its latest response; null if it does not say. */
  readonly remaining: { readonly requests: number; readonly resetAt: Date } | null
  /** Whether the token is known to lack Actions: read, which was said when it was requested. */
  readonly lacksActions: boolean
  /** All approvals of this run. */
  approvals(): Promise<readonly Approval[]>
  /** Runs of a repository that were created before a point in time and have not ended. */
  openRuns(repository: string, before: Date): Promise<readonly OpenRun[]>
  /**
   * Checks, by reading only, whether a workflow can be started. A token without Actions: write is noticed only if this
   * action requested the token; otherwise GitHub refuses when the workflow is started.
   * @throws Problem
   */
  assertDispatchable(repository: string, workflow: string): Promise<void>
  /**
   * Starts a workflow on the default branch and returns the URL of its page.
   * @throws Problem
   */
  dispatch(repository: string, workflow: string): Promise<string>
}

export interface Approval {
  readonly state: string
  readonly comment: string
  readonly environments: readonly string[]
}

export interface OpenRun {
  readonly url: string
  readonly name: string
  readonly status: string
  readonly createdAt: string
}

export interface ArtifactStore {
  /**
   * Uploads one file without zipping it. Returns null if the run already has an artifact of this name.
   * @param sha256 hex digest that the uploaded file must have
   * @throws Problem `artifact-failed`
   */
  upload(path: string, retentionDays: number | null, sha256: string): Promise<StoredArtifact | null>
}

export interface StoredArtifact {
  readonly id: string
  readonly url: string
  /** `sha256:<hex>` of the file. */
  readonly digest: string | null
}

export interface AmazonPay {
  /** Sends one request. Returns the answer, or null if none came in time; judges nothing. */
  send(request: SignedRequest): Promise<Answer | null>
}
