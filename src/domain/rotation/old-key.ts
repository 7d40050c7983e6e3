import { Problem, type Warning } from '../problem.ts'
import type { PromotionRequest } from './choice.ts'
import type { KeyRecord } from './record.ts'
import { findInRing, type Ring, type RingKey } from './ring.ts'
import { changeIn, otherKey, shownId, type TargetView, unrecorded } from './view.ts'

/** The pair that is replaced. */
export interface OldKey {
  /** Its record; null if there is no pair, or it is unknown. */
  readonly old: KeyRecord | null
  /** What to write into `previous`, so that the key also exists outside the secret that is overwritten next. */
  readonly keep: { readonly key: RingKey; readonly record: KeyRecord } | null
}

export function planOldKey(view: TargetView, ring: Ring, request: PromotionRequest): OldKey {
  const { current, previous } = view.slots
  if (current.problem) throw current.problem
  if (current.record === null) {
    assertNoOtherPair(view, ring, request)
    return { old: null, keep: null }
  }
  const old = current.record
  const key = findOldKey(view, ring, request, old)
  if (!view.publicKeyId && changeIn(view) === null) throw idElsewhere(view)
  // A rollback must also write into the record of the kept key that it was rolled back from.
  const recordIsFinal = request.change === 'activate' || previous.record?.rolledBackAt
  if (!key || (isKept(view, old) && recordIsFinal)) return { old, keep: null }
  assertRetired(view, ring, [old.fingerprint, request.record.fingerprint])
  return { old, keep: { key, record: old } }
}

/** Without a record, there must be no pair, or only what an interrupted run wrote as the first pair. */
function assertNoOtherPair(view: TargetView, ring: Ring, { record }: PromotionRequest): void {
  const { slots, names } = view
  const ours = ring.current === null || ring.current.fingerprint === record.fingerprint
  if (!slots.current.secret || (changeIn(view) !== null && ours)) return
  throw unrecorded(
    'current',
    names,
    'run command: adopt with the Public Key ID that your shop uses now, then run this command again',
  )
}

/**
 * The current key, to be kept. When an interrupted change is resumed, it may be in any slot input.
 * @returns null if it is in none, but in `previous` already
 */
function findOldKey(
  view: TargetView,
  ring: Ring,
  request: PromotionRequest,
  old: KeyRecord,
): RingKey | null {
  const { fingerprint } = old
  const resumed = request.resumed || changeIn(view) !== null
  // A third key may have been stored by hand, also between two runs of a change: it would be overwritten.
  const inCurrentInput = ring.current?.fingerprint ?? fingerprint
  const mayBeCurrent = resumed ? request.record.fingerprint : fingerprint
  if (inCurrentInput !== fingerprint && inCurrentInput !== mayBeCurrent) {
    throw otherKey(old, 'current', inCurrentInput, view.names)
  }
  const key = resumed ? findInRing(ring, fingerprint) : ring.current
  if (key || (resumed && isKept(view, old))) return key
  throw new Problem(
    'current-key-missing',
    `current-private-key is ${ring.current ? 'another key' : 'empty'}, but the current key ${fingerprint} must be kept as the previous one`,
    `start a new run that passes current-private-key: \${{ secrets.${view.names.privateKey.current} }}; after a leak, or if that secret no longer exists, tick leaked in the form (keep-previous: false)`,
  )
}

function isKept({ slots: { previous } }: TargetView, { fingerprint }: KeyRecord): boolean {
  return previous.record?.fingerprint === fingerprint && previous.secret !== null
}

function idElsewhere({ names }: TargetView): Problem {
  return new Problem(
    'public-key-id-elsewhere',
    `secret ${names.publicKeyId} does not exist, so your shop reads the Public Key ID from somewhere else and would use it with the new private key`,
    `run command: adopt with the current Public Key ID to store it in secret ${names.publicKeyId}, and let your shop read it from there; then run this command again`,
  )
}

/** @param ours the two keys of this change, which may be in `previous` already */
function assertRetired(view: TargetView, ring: Ring, ours: readonly string[]): void {
  const { slots, names } = view
  const { record, secret, problem } = slots.previous
  if (problem && !record) throw problem
  const begun = changeIn(view) !== null
  // A secret without record: left by this interrupted change, or (below) identified by the ring.
  const leftover = record === null && (!secret || begun)
  const key = record?.fingerprint ?? ring.previous?.fingerprint
  if (leftover || ours.some((fingerprint) => fingerprint === key)) return
  const known = shownId(slots.previous)
  const id = known ? `, Public Key ID ${known},` : ''
  throw new Problem(
    'previous-key-unretired',
    `secret ${names.privateKey.previous} contains an older key${id} that was never retired; it may still work with Amazon Pay and would be overwritten`,
    begun
      ? 'an interrupted run has begun this change, and command: retire is refused until it is finished: run this command again with keep-previous: false, which leaves the older key unchanged'
      : 'when nothing uses it any more, delete it in Integration Central and run command: retire; then run this command again',
  )
}

/** Warns about the current key, which is not kept after a leak. */
export function droppedWarnings({ slots }: TargetView): Warning[] {
  const { record, secret } = slots.current
  if (!record && !secret) return []
  // The ID in a record that was not compared may be forged, and a person would delete that key at Amazon.
  const id = shownId(slots.current)
  return [
    {
      fact: `keep-previous is false: the current key${id ? ` (Public Key ID ${id})` : ''} is not kept, so you cannot roll back to it`,
      hint: `when this command has succeeded, redeploy and delete ${id ? `Public Key ID ${id}` : 'the Public Key ID that your shop used before'} in Integration Central at once`,
    },
  ]
}

/** Warns about an older key that stays in `previous` because the current one is not kept. */
export function unchangedWarnings({ slots, names }: TargetView, key: string): Warning[] {
  const { record, secret } = slots.previous
  if (!(record || secret) || record?.fingerprint === key) return []
  const id = shownId(slots.previous)
  return [
    {
      fact: `the key in secret ${names.privateKey.previous}${id ? ` (Public Key ID ${id})` : ''} was left unchanged`,
      hint: 'to remove it, run command: retire',
    },
  ]
}
