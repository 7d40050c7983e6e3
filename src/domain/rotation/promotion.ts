import type { PayEnvironment, Region } from '../amazon-pay/region.ts'
import { Problem } from '../problem.ts'
import type { KeyRecord } from './record.ts'
import {
  pairIsYounger,
  type SlotNames,
  type Stored,
  type TargetState,
  writtenAfter,
  writtenSince,
} from './slots.ts'

/** What the caller of `activate` believes and wants. */
export interface PromotionWish {
  readonly names: SlotNames
  readonly fingerprint: string
  readonly publicKeyId: string
  /** Fingerprint of `previous-private-key`; null when it is empty. */
  readonly previous: string | null
  readonly previousPublicKeyId: string | null
  readonly keepPrevious: boolean
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
}

/** The writes that one target needs. */
export interface Promotion {
  /** Whether the current pair is written; false when it is the wished one already. */
  readonly pair: boolean
  /** When the key that was current goes into `previous`: before the pair, after it (a rollback), or not at all. */
  readonly previous: 'before' | 'after' | 'not'
  /** The write-ahead mark: whether the record in `next` is there to take it, must be made, or is another key's. */
  readonly mark: 'update' | 'create' | 'none'
  /** Whether `next` is cleared at the end. */
  readonly clearNext: boolean
  /** What to put back when the new private key cannot be written: an ID, nothing (null), or unknown. */
  readonly oldPublicKeyId: string | null | undefined
  /** No pair was there before. */
  readonly first: boolean
  /** The current pair has no record: the caller says what it is, and Amazon Pay has to confirm it. */
  readonly adopting: boolean
  /** A third key in `previous` that nobody retired. */
  readonly displaced: KeyRecord | null
  readonly warnings: readonly string[]
}

/**
 * Compare-and-set: whether this target's current pair is what the caller believes it is, and which writes
 * lead from there to the wished pair. Every state that a killed activation can leave is recognised here:
 *
 * - the mark (the Public Key ID in the `next` record) tells a killed first activation from a foreign pair
 * - `previous` holding the current record's key tells a killed rotation from a missing previous key
 * - a pair that is younger than its record tells a killed rollback from a finished activation
 *
 * @throws Problem `previous-key-missing`, `pair-changed`, `public-key-id-elsewhere`, `region-mismatch`,
 *   `pay-environment-mismatch`
 */
export function planPromotion(state: TargetState, wish: PromotionWish): Promotion {
  assertPairIsOurs(state, wish)
  assertSamePlace(state, wish)
  const before = whatWasBefore(state, wish)
  const next = state.records.next?.record ?? null
  const ours = next?.fingerprint === wish.fingerprint
  // A first pair that was never staged has no record to carry the mark: one is made for the time being.
  const unmarked = !next && !state.privateKey.next && !state.records.current
  const displaced = state.records.previous?.record ?? null
  return {
    ...before,
    mark: ours && next.publicKeyId !== wish.publicKeyId ? 'update' : unmarked ? 'create' : 'none',
    clearNext: ours || unmarked,
    displaced:
      before.previous === 'before' && displaced && displaced.fingerprint !== wish.previous
        ? displaced
        : null,
    warnings: [
      ...before.warnings,
      ...leftAlone(state, wish),
      ...replacedUnseen(state, wish, before.previous),
    ],
  }
}

type Before = Pick<
  Promotion,
  'pair' | 'previous' | 'oldPublicKeyId' | 'first' | 'adopting' | 'warnings'
>

function whatWasBefore(state: TargetState, wish: PromotionWish): Before {
  const current = state.records.current?.record
  if (current) return recordedPair(state, wish, current)
  if (state.privateKey.current) return unrecordedPair(state, wish)
  // An ID that is younger than our mark is ours, of a first activation that was cut off.
  const foreign = state.publicKeyId !== null && !isSinceMark(state, wish, state.publicKeyId)
  return {
    ...nothingElse,
    oldPublicKeyId: foreign ? undefined : null,
    first: true,
    warnings: foreign
      ? [
          `secret ${wish.names.publicKeyId} was there without secret ${wish.names.privateKey.current}: it is overwritten; a workflow that took its private key from somewhere else must take both from here now`,
        ]
      : [],
  }
}

const nothingElse: Before = {
  pair: true,
  previous: 'not',
  oldPublicKeyId: undefined,
  first: false,
  adopting: false,
  warnings: [],
}

function recordedPair(state: TargetState, wish: PromotionWish, current: KeyRecord): Before {
  const kept = state.privateKey.previous ? state.records.previous?.record.fingerprint : undefined
  const base: Before = { ...nothingElse, oldPublicKeyId: oldIdOf(state, wish, current) }
  // A secret that is younger than its record: the slot was being written, and may hold another key.
  const torn = writtenAfter(state.privateKey.previous, state.records.previous)
  const rollback = kept === wish.fingerprint

  if (current.fingerprint === wish.fingerprint) {
    return {
      ...base,
      pair: current.publicKeyId !== wish.publicKeyId || isUnfinished(state, wish),
      // Only a rollback that was cut off leaves the key it went back to in `previous` as well.
      previous: keeps(wish) && (rollback || torn || isNamedNow(state, wish)) ? 'after' : 'not',
      warnings:
        rollback && wish.previous === wish.fingerprint
          ? [lostInRollback(wish), previousIsCurrent(wish)]
          : [],
    }
  }
  if (wish.previous === null) {
    if (!wish.keepPrevious) return base
    if (!state.privateKey.current) {
      return {
        ...base,
        warnings: [
          `variable ${wish.names.record.current} names key ${current.fingerprint}, but secret ${wish.names.privateKey.current} is gone: there is nothing to keep for a rollback`,
        ],
      }
    }
    throw new Problem(
      'previous-key-missing',
      `key ${current.fingerprint} is current, and previous-private-key is empty`,
      `pass previous-private-key: \${{ secrets.${wish.names.privateKey.current} }}, so that a rollback stays possible; after a leak set keep-previous: false instead`,
    )
  }
  if (wish.previous === current.fingerprint) {
    // A rollback that was cut off leaves a key in `previous` under another's name: it may be the wished one.
    const back = rollback || (torn && !isStaged(state, wish))
    return { ...base, previous: wish.keepPrevious ? (back ? 'after' : 'before') : 'not' }
  }
  if (wish.previous === wish.fingerprint) {
    // Fresh inputs after a kill: the current secret is the new key already, and the record is not there yet.
    if (kept === current.fingerprint) return base
    if (!wish.keepPrevious && pairIsYounger(state)) return base
    if (rollback && pairIsYounger(state)) {
      return { ...base, warnings: [lostInRollback(wish), previousIsCurrent(wish)] }
    }
    throw new Problem(
      'previous-key-missing',
      `previous-private-key is the very key to activate, while key ${current.fingerprint} is current by variable ${wish.names.record.current}`,
      `pass the private key that is current here as previous-private-key: usually \${{ secrets.${wish.names.privateKey.current} }}; when an earlier run was cut off between targets, \${{ secrets.${wish.names.privateKey.previous} }} of a target that it finished`,
    )
  }
  throw new Problem(
    'pair-changed',
    `previous-private-key is ${wish.previous}, but key ${current.fingerprint} is current by variable ${wish.names.record.current} (written by ${current.run})`,
    'somebody activated another key meanwhile, or this run holds secrets from before: look at command: status, then start a new run (not a re-run)',
  )
}

function unrecordedPair(state: TargetState, wish: PromotionWish): Before {
  const told = wish.previous !== null && wish.previousPublicKeyId !== null
  const same = wish.previous === wish.fingerprint
  if (isSinceMark(state, wish, state.privateKey.current)) {
    // Written after the mark, so it is this very key: a first activation or an adoption that was cut off.
    return {
      ...nothingElse,
      previous: told && !same && wish.keepPrevious ? 'before' : 'not',
      oldPublicKeyId: state.records.next?.record.publicKeyId,
      first: !told,
    }
  }
  if (wish.previous === null && !wish.keepPrevious) return nothingElse
  if (told) {
    if (same && wish.previousPublicKeyId !== wish.publicKeyId) {
      throw new Problem(
        'pair-changed',
        'previous-private-key is the very key to activate, but previous-public-key-id is another Public Key ID than public-key-id',
        'to bring the current pair under management as it is, pass the same ID twice; to rotate, pass the new key as private-key',
      )
    }
    return {
      ...nothingElse,
      previous: same || !wish.keepPrevious ? 'not' : 'before',
      oldPublicKeyId: wish.previousPublicKeyId,
      adopting: true,
    }
  }
  throw new Problem(
    'previous-key-missing',
    `secret ${wish.names.privateKey.current} exists since ${state.privateKey.current?.createdAt}, but no variable ${wish.names.record.current} says which key it is, and ${wish.previous === null ? 'previous-private-key' : 'previous-public-key-id'} is empty`,
    `to take over this pair, pass previous-private-key: \${{ secrets.${wish.names.privateKey.current} }} and its Public Key ID as previous-public-key-id; Amazon Pay is asked whether they belong together`,
  )
}

function assertPairIsOurs(state: TargetState, wish: PromotionWish): void {
  if (!state.privateKey.current || state.publicKeyId) return
  throw new Problem(
    'public-key-id-elsewhere',
    `secret ${wish.names.privateKey.current} exists, but secret ${wish.names.publicKeyId} does not: this shop reads its Public Key ID from somewhere that would not be changed`,
    `store the current Public Key ID as secret ${wish.names.publicKeyId}, let the workflows read it from there, then run this again`,
  )
}

function assertSamePlace(state: TargetState, wish: PromotionWish): void {
  const current = state.records.current?.record
  if (!current) return
  if (wish.region && current.region && wish.region !== current.region) {
    throw new Problem(
      'region-mismatch',
      `region is ${wish.region}, but the current key belongs to ${current.region} by variable ${wish.names.record.current}`,
      'correct region, or give the other region a prefix of its own, for example AMAZON_PAY_EU',
    )
  }
  if (
    wish.payEnvironment &&
    current.payEnvironment &&
    wish.payEnvironment !== current.payEnvironment
  ) {
    throw new Problem(
      'pay-environment-mismatch',
      `the new pair is for ${wish.payEnvironment}, but the current key is for ${current.payEnvironment} by variable ${wish.names.record.current}`,
      'correct pay-environment or public-key-id, or give the sandbox a prefix of its own, for example AMAZON_PAY_SANDBOX',
    )
  }
}

function isStaged(state: TargetState, wish: PromotionWish): boolean {
  return state.records.next?.record.fingerprint === wish.fingerprint
}

function keeps(wish: PromotionWish): boolean {
  return wish.keepPrevious && wish.previous !== null && wish.previous !== wish.fingerprint
}

/** Whether the caller knows the Public Key ID that the record of the kept key lacks. */
function isNamedNow(state: TargetState, wish: PromotionWish): boolean {
  const previous = state.records.previous?.record
  return (
    previous?.fingerprint === wish.previous &&
    previous.publicKeyId === null &&
    wish.previousPublicKeyId !== null
  )
}

/** Whether a secret was written after the mark of this very key, so by an activation that was cut off. */
function isSinceMark(state: TargetState, wish: PromotionWish, secret: Stored | null): boolean {
  const { next } = state.records
  const marked = next?.record.fingerprint === wish.fingerprint && next.record.publicKeyId !== null
  return marked && writtenSince(secret, next)
}

/** The Public Key ID that belongs to the private key that is there now, which may be the new one already. */
function oldIdOf(state: TargetState, wish: PromotionWish, current: KeyRecord): string | undefined {
  const { privateKey, records } = state
  if (!writtenAfter(privateKey.current, records.current)) return current.publicKeyId ?? undefined
  if (isSinceMark(state, wish, privateKey.current)) {
    return records.next?.record.publicKeyId ?? undefined
  }
  // Without a mark only the caller knows, who read the current secret.
  return wish.previous === wish.fingerprint ? wish.publicKeyId : undefined
}

/** Whether the record names the wished key, but the secrets may not hold it (any more). */
function isUnfinished(state: TargetState, wish: PromotionWish): boolean {
  const next = state.records.next?.record
  const begun =
    next !== undefined && next.fingerprint !== wish.fingerprint && next.publicKeyId !== null
  return begun || pairIsYounger(state) || !state.privateKey.current
}

function leftAlone(state: TargetState, wish: PromotionWish): string[] {
  const previous = state.records.previous?.record
  if (wish.keepPrevious || !previous) return []
  if (previous.fingerprint === wish.fingerprint) return [previousIsCurrent(wish)]
  return [
    `keep-previous is false: what stands in secret ${wish.names.privateKey.previous} (Public Key ID ${previous.publicKeyId ?? 'unknown'}) is left alone; command: retire ends it`,
  ]
}

/** A key in `previous` that no record describes cannot be named, only mentioned. */
function replacedUnseen(
  state: TargetState,
  wish: PromotionWish,
  previous: Promotion['previous'],
): string[] {
  const { privateKey, records } = state
  if (previous !== 'before' || !privateKey.previous || records.previous) return []
  if (isSinceMark(state, wish, privateKey.previous)) return []
  return [
    `secret ${wish.names.privateKey.previous} was there without variable ${wish.names.record.previous}: whichever key it holds is replaced`,
  ]
}

function lostInRollback(wish: PromotionWish): string {
  return `a rollback was cut off here before the key it went back from was kept: that key is not in ${wish.names.privateKey.previous}`
}

function previousIsCurrent(wish: PromotionWish): string {
  return `secret ${wish.names.privateKey.previous} holds the current key: do not delete its Public Key ID at Amazon; delete that secret and variable ${wish.names.record.previous} by hand`
}
