import type { PayEnvironment, Region } from '../domain/amazon-pay/region.ts'
import type { Judgement } from '../domain/amazon-pay/verdict.ts'
import type { Problem, ProblemCode, Warning } from '../domain/problem.ts'
import type { Standing } from '../domain/rotation/health.ts'
import type { KeyRecord } from '../domain/rotation/record.ts'
import type { SlotNames } from '../domain/rotation/slots.ts'
import type { OpenRun, Run } from '../ports.ts'

export type Status = 'staged' | 'activated' | 'retired' | 'valid' | 'ok' | 'planned'

/** What is public about a key. Nothing here can hold a private key. */
export interface KeyFacts {
  readonly fingerprint: string
  readonly shortFingerprint: string
  /** SPKI PEM. */
  readonly publicKey: string
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
export interface ProofStory {
  readonly answer: 'accepted' | 'rejected' | 'undecided' | 'skipped'
  readonly judgement: Judgement | null
  /** Where the Public Key ID was found instead, in words. */
  readonly elsewhere: string | null
}

/**
 * How far a command came: filled as things become known, shown as the job summary whether it succeeded or
 * not.
 */
export interface Outcome {
  command: string
  prefix: string
  names: SlotNames
  readonly run: Run
  status: Status | null
  key: KeyFacts | null
  /** The record of the key in its slot, as it was read or written. */
  record: KeyRecord | null
  newKey: boolean
  region: Region | null
  payEnvironment: PayEnvironment | null
  publicKeyId: string | null
  previousPublicKeyId: string | null
  previousFingerprint: string | null
  /** Whether a rollback is possible after an activation. */
  previousKept: boolean
  artifact: { readonly name: string; readonly url: string } | null
  publicKeyFile: string | null
  proof: ProofStory | null
  targets: TargetResult[]
  standings: readonly Standing[]
  maxAgeDays: number
  openRuns: readonly OpenRun[]
  warnings: Warning[]
  problems: readonly Problem[]
}
