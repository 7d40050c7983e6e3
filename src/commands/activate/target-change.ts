import type { KeyPair } from '../../domain/key/pair.ts'
import type { Problem } from '../../domain/problem.ts'
import type { PromotionRequest } from '../../domain/rotation/choice.ts'
import type { Promotion } from '../../domain/rotation/promotion.ts'
import type { KeyRecord } from '../../domain/rotation/record.ts'
import type { TargetView } from '../../domain/rotation/view.ts'
import type { SealedSecret, Target } from '../../ports.ts'
import type { TargetResultKind } from '../../summary/outcome.ts'
import type { HeldLock } from '../shared/lock.ts'

/** One target, and the change to make there. */
export interface TargetChange {
  readonly target: Target
  readonly view: TargetView
  readonly lock: HeldLock
  readonly plan: Promotion
  readonly request: PromotionRequest
  /** Null if the pair is current in all targets already. */
  readonly pair: KeyPair | null
  /** The record of the key, as it was found. */
  readonly record: KeyRecord
}

/** A change that failed in one target, with the state of the pair afterwards. */
export class TargetFailure extends Error {
  readonly result: TargetResultKind
  readonly problem: Problem

  constructor(result: TargetResultKind, problem: Problem) {
    super(problem.message)
    this.result = result
    this.problem = problem
  }
}

/** The secrets of one target, all sealed before the first write: sealing can fail, and must not fail between two writes. */
export interface SealedPair {
  readonly publicKeyId: SealedSecret
  readonly privateKey: SealedSecret
  readonly previous: SealedSecret | null
  readonly next: SealedSecret | null
}
