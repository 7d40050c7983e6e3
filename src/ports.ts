import type { PayEnvironment, Region } from './domain/amazon-pay/region.ts'
import type { SignedRequest } from './domain/amazon-pay/signature.ts'
import type { Answer } from './domain/amazon-pay/verdict.ts'
import type { OpenSshReader } from './domain/key-import/import.ts'
import type { Warning } from './domain/problem.ts'
import type { KeyRecord } from './domain/rotation/record.ts'
import type { Slot, SlotNames, Stored, TargetState } from './domain/rotation/slots.ts'

export type Command = 'generate' | 'validate' | 'activate' | 'retire' | 'status'

export type AmazonPayCheck = 'require' | 'warn' | 'off'

/** The step's inputs, read and checked. Key material stays text here: it is read where it is used. */
export interface Inputs {
  readonly command: Command
  /** The GitHub environment, as the input names it. */
  readonly environment: string | null
  readonly prefix: string
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
  readonly privateKey: string
  readonly passphrase: string | undefined
  readonly publicKey: string
  readonly publicKeyId: string
  readonly amazonPayCheck: AmazonPayCheck
  readonly previousPrivateKey: string
  readonly previousPublicKeyId: string
  readonly keepPrevious: boolean
  readonly replaceStaged: string | null
  readonly maxAgeDays: number
  readonly artifact: boolean
  /** 0: the repository's default. */
  readonly retentionDays: number
  readonly dryRun: boolean
}

/** What commands need from the world. Adapters fulfil these; tests fulfil them in memory. */
export interface World {
  readonly runner: Runner
  readonly clock: Clock
  readonly targets: readonly Target[]
  readonly artifacts: ArtifactStore
  readonly amazonPay: AmazonPay
  readonly github: GitHub
  readonly readOpenSsh: OpenSshReader
}

/** GitHub's runner: what a step can say, leave behind, and know of itself. */
export interface Runner {
  /** Registers a value that must never be shown. Takes effect before anything that is printed after it. */
  mask(value: string): void
  info(line: string): void
  notice(text: string): void
  warning(warning: Warning): void
  output(name: OutputName, value: string): void
  /** Writes a file below the runner's temp folder and tells its absolute path. */
  publicKeyFile(name: string, pem: string): Promise<string>
  /**
   * The bytes of a file below the workspace or the runner's temp folder.
   * @throws Problem `input-invalid`, naming `input`
   */
  readFile(path: string, input: string): Promise<Buffer>
  readonly run: Run
  /** Values typed into the `workflow_dispatch` form that started this run, and so printed in its log. */
  readonly dispatched: readonly string[]
  /** Fires when no further target may be started: the job was cancelled, or the step's time is nearly up. */
  readonly stop: AbortSignal
}

/** The workflow run that this step belongs to. */
export interface Run {
  readonly repository: string
  readonly id: string
  /** The same for all attempts of the run. */
  readonly url: string
  /** Path of the workflow file and the ref that it was taken from, as far as the runner says. */
  readonly workflow: string | null
  readonly ref: string | null
}

export interface Clock {
  now(): Date
  sleep(milliseconds: number): Promise<void>
}

/** A value sealed for one target (libsodium `crypto_box_seal`), which only GitHub can open. */
export interface SealedSecret {
  readonly name: string
  /** Seals the same value again, for when GitHub answers that the sealing key is not its own any more. */
  reseal(): Promise<SealedSecret>
  readonly sealingKeyId: string
  readonly value: string
}

/** One place that holds secrets and variables: a repository, one of its environments, or an organization. */
export interface Target {
  /** `acme/shop`, or the organization's name. */
  readonly name: string
  readonly environment: string | null
  readonly names: SlotNames
  /** Whether workflows of a repository receive what is stored here, as far as `inspect` saw. */
  readableBy(repository: string): boolean
  /** Reads only: the secrets and records of the slots that are named, and what else is asked for. */
  inspect(options: {
    readonly slots: readonly Slot[]
    readonly publicKeyId: boolean
    readonly sealing: boolean
  }): Promise<TargetState>
  /** What is true but not forbidden, and was seen by `inspect`. */
  readonly remarks: readonly Warning[]
  /** Seals with the key that `inspect` fetched. */
  seal(name: string, value: string): Promise<SealedSecret>
  putSecret(secret: SealedSecret): Promise<void>
  deleteSecret(name: string): Promise<void>
  secret(name: string): Promise<Stored | null>
  record(slot: Slot): Promise<KeyRecord | null>
  /** Creates the variable; false when there is one already. */
  createRecord(slot: Slot, record: KeyRecord): Promise<boolean>
  /** Creates or updates the variable. */
  saveRecord(slot: Slot, record: KeyRecord): Promise<void>
  deleteRecord(slot: Slot): Promise<void>
  /** GitHub's own clock, from its newest answer. */
  readonly serverTime: Date | null
}

/** What is asked of GitHub besides secrets and variables. */
export interface GitHub {
  /** All approvals of this run. */
  approvals(): Promise<readonly Approval[]>
  /** Runs of a repository that are still open and were created before a point in time. */
  openRuns(repository: string, before: Date): Promise<readonly OpenRun[]>
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
  /** Uploads one plain file; null when the run has an artifact of this name already. */
  upload(path: string, retentionDays: number): Promise<StoredArtifact | null>
}

export interface StoredArtifact {
  readonly id: string
  readonly url: string
  /** `sha256:<hex>` of the file. */
  readonly digest: string | null
}

export interface AmazonPay {
  /** One exchange, no decisions: the answer, or null when none came in time. */
  send(request: SignedRequest): Promise<Answer | null>
}

/** The outputs of action.yml. */
export const outputNames = [
  'command',
  'status',
  'error-code',
  'new-key',
  'public-key',
  'public-key-file',
  'fingerprint',
  'public-key-id',
  'previous-public-key-id',
  'region',
  'pay-environment',
  'exchange-url',
  'exchange-markdown',
  'amazon-pay',
  'secret-name',
  'targets',
  'artifact-id',
  'artifact-url',
  'artifact-digest',
  'made-at',
  'age-days',
  'rotation-due',
  'staged-since',
] as const

export type OutputName = (typeof outputNames)[number]
