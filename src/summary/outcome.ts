import type { KeyObject } from 'node:crypto'
import type { PayEnvironment, Region } from '../domain/amazon-pay/region.ts'
import type { Judgement } from '../domain/amazon-pay/verdict.ts'
import { fingerprint, shortFingerprint } from '../domain/key/fingerprint.ts'
import { publicKeyPem } from '../domain/key/pair.ts'
import type { Problem, ProblemCode, Warning } from '../domain/problem.ts'
import type { Health } from '../domain/rotation/health.ts'
import type { SlotNames } from '../domain/rotation/slots.ts'
import type { OpenRun, Run, StoredArtifact } from '../ports.ts'

type Status =
  | 'staged'
  | 'activated'
  | 'rolled-back'
  | 'retired'
  | 'adopted'
  | 'valid'
  | 'ok'
  | 'planned'

/** What is public about a key. Nothing here can contain a private key. */
export interface KeyFacts {
  readonly fingerprint: string
  readonly shortFingerprint: string
  /** SPKI PEM. */
  readonly publicKey: string
}

export function keyFacts(publicKey: KeyObject): KeyFacts {
  return {
    fingerprint: fingerprint(publicKey),
    shortFingerprint: shortFingerprint(publicKey),
    publicKey: publicKeyPem(publicKey),
  }
}

export type TargetResultKind =
  | 'created'
  | 'updated'
  | 'unchanged'
  | 'planned'
  | 'restored'
  | 'torn'
  | 'failed'
  | 'untouched'

/** One entry of output `targets`. */
export interface TargetResult {
  readonly target: string
  readonly environment: string | null
  readonly result: TargetResultKind
  readonly code: ProblemCode | null
  readonly message: string
}

/** What Amazon Pay said about a pair, and what that means. */
export interface AmazonPayAnswer {
  readonly answer: 'accepted' | 'rejected' | 'undecided' | 'skipped'
  readonly judgement: Judgement | null
  /** Which pair it is about. */
  readonly about: 'pair' | 'previous pair'
}

/** The state of one target's keys. */
export interface TargetHealth extends Health {
  readonly label: string
}

/** A deploy workflow that was started. */
export interface Deploy {
  readonly repository: string
  readonly workflow: string
  readonly url: string
}

/**
 * What a step found out. It is recorded as soon as it is known, and shown in outputs, log and job summary whether the step
 * succeeds or fails.
 */
export interface Outcome {
  /** As given. */
  readonly command: string
  readonly prefix: string
  readonly names: SlotNames
  readonly run: Run
  readonly maxAgeDays: number
  readonly dryRun: boolean
  readonly status: Status | null
  readonly key: KeyFacts | null
  readonly madeAt: string | null
  readonly activatedAt: string | null
  readonly newKey: boolean | null
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
  readonly publicKeyId: string | null
  readonly previousPublicKeyId: string | null
  readonly previousFingerprint: string | null
  /** Whether a rollback is possible. */
  readonly previousKept: boolean
  readonly publicKeyFile: string | null
  readonly artifact: (StoredArtifact & { readonly name: string }) | null
  /** Whether the exchange page is shown: the key has no Public Key ID yet. */
  readonly exchange: boolean
  readonly amazonPay: AmazonPayAnswer | null
  /** Name of the secret that contains this key now. */
  readonly secretName: string | null
  readonly targets: readonly TargetResult[]
  readonly health: readonly TargetHealth[]
  readonly openRuns: readonly OpenRun[]
  readonly deploys: readonly Deploy[]
  readonly warnings: readonly Warning[]
  readonly problems: readonly Problem[]
}

/** The server of this run, such as `https://github.com`; empty if the address of the run is none. */
export function serverOf({ run }: Outcome): string {
  return /^https?:\/\/[^/]+/.exec(run.url)?.[0] ?? ''
}

/** The one place where facts are recorded. */
export interface Book {
  readonly outcome: Outcome
  /** Records facts and writes the changed outputs at once, so that a killed step still shows how far it came. */
  record(facts: Partial<Outcome>): void
  /** Records a warning, which stops nothing: it is printed to the log at once and shown in the summary. */
  warn(warning: Warning): void
}
