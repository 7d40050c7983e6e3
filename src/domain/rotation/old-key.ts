import { Problem, type Warning } from '../problem.ts'
import type { PromotionRequest } from './choice.ts'
import type { KeyRecord } from './record.ts'
import { findInRing, type Ring, type RingKey } from './ring.ts'
import { changeIn, shownId, type TargetView } from './view.ts'

/** A key to write into `previous`, and its record. */
export interface KeptKey {
  readonly key: RingKey
  readonly record: KeyRecord
}

/** The pair that is current now; null if there is none. It must be the one in the ring, since it is kept from there. */
export function oldPair(view: TargetView, ring: Ring, request: PromotionRequest): KeyRecord | null {
  const { current } = view.slots
  if (current.problem) throw current.problem
  if (current.record === null) {
    assertNoOtherPair(view, ring, request)
    return null
  }
  const begun = changeIn(view) !== null
  assertNotReplaced(view, ring, current.record.fingerprint, request)
  assertOldKey(view, ring, current.record.fingerprint, request.resumed || begun)
  if (!view.publicKeyId && !begun) throw idElsewhere(view)
  return current.record
}

/** Without a record, there must be no pair, or only what an interrupted run wrote as the first pair. */
function assertNoOtherPair(view: TargetView, ring: Ring, { key }: PromotionRequest): void {
  const { slots, names } = view
  const ours = ring.current === null || ring.current.fingerprint === key
  if (!slots.current.secret || (changeIn(view) !== null && ours)) return
  throw new Problem(
    'pair-unmanaged',
    `secret ${names.privateKey.current} has no key record in variable ${names.record.current}, so it is unknown which key it contains`,
    'run command: adopt with the Public Key ID that your shop uses now, then run this command again',
  )
}

/** Between two runs of a change, a person may have stored a third key as the current one: it would be overwritten. */
function assertNotReplaced(
  { names }: TargetView,
  ring: Ring,
  fingerprint: string,
  { key }: PromotionRequest,
): void {
  const given = ring.current?.fingerprint ?? key
  if (given === key || given === fingerprint) return
  throw new Problem(
    'pair-changed',
    `current-private-key is key ${given}, but variable ${names.record.current} describes key ${fingerprint}`,
    'start a new run: this one was queued before the current key was changed, or the secret was stored by hand',
  )
}

/** When an interrupted change is resumed, the old key may be in any slot input, or may be kept already. */
function assertOldKey(
  { slots, names }: TargetView,
  ring: Ring,
  fingerprint: string,
  resumed: boolean,
): void {
  const { previous } = slots
  const kept = resumed && previous.record?.fingerprint === fingerprint && previous.secret !== null
  const inRing = resumed ? findInRing(ring, fingerprint) : ring.current
  if (!inRing && !kept) {
    throw new Problem(
      'current-key-missing',
      `current-private-key is ${ring.current ? 'another key' : 'empty'}, but the current key ${fingerprint} must be kept as the previous one`,
      `start a new run that passes current-private-key: \${{ secrets.${names.privateKey.current} }}; after a leak, or if that secret no longer exists, tick leaked in the form (keep-previous: false)`,
    )
  }
  if (inRing && inRing.fingerprint !== fingerprint) {
    throw new Problem(
      'pair-changed',
      `current-private-key is key ${inRing.fingerprint}, but variable ${names.record.current} describes key ${fingerprint}`,
      `start a new run if the current key was changed since this one was queued; if secret ${names.privateKey.current} was stored by hand, delete variable ${names.record.current} and run command: adopt`,
    )
  }
}

function idElsewhere({ names }: TargetView): Problem {
  return new Problem(
    'public-key-id-elsewhere',
    `secret ${names.publicKeyId} does not exist, so your shop reads the Public Key ID from somewhere else and would use it with the new private key`,
    `run command: adopt with the current Public Key ID to store it in secret ${names.publicKeyId}, and let your shop read it from there; then run this command again`,
  )
}

/** What to write into `previous`, so that the old key also exists outside the secret that is overwritten next. */
export function keepInPrevious(
  view: TargetView,
  ring: Ring,
  request: PromotionRequest,
  old: KeyRecord,
): KeptKey | null {
  const { previous, next } = view.slots
  if (
    previous.problem?.code === 'record-forged' ||
    previous.problem?.code === 'record-unreadable'
  ) {
    throw previous.problem
  }
  const there = previous.record?.fingerprint ?? null
  const rollback = request.change === 'rollback'
  const isKept = there === old.fingerprint && previous.secret !== null
  if (isKept && (!rollback || previous.record?.rolledBackAt)) return null
  const ours = there === old.fingerprint || there === request.key
  // A secret without its record: left by an interrupted run of this command, or its key is in the ring.
  const unrecorded =
    there === null &&
    (!previous.secret ||
      next.record?.change != null ||
      ring.previous?.fingerprint === old.fingerprint ||
      ring.previous?.fingerprint === request.key)
  if (!ours && !unrecorded) throw unretired(view)
  const key = findInRing(ring, old.fingerprint)
  if (key) return { key, record: old }
  if (isKept) return null
  throw new Problem(
    'current-key-missing',
    `the current key ${old.fingerprint} must be kept as the previous one, but no input contains it`,
    'start a new run, so that the inputs contain the keys that are in the secrets now',
  )
}

function unretired(view: TargetView): Problem {
  const { slots, names } = view
  const known = shownId(slots.previous)
  const id = known ? `, Public Key ID ${known},` : ''
  return new Problem(
    'previous-key-unretired',
    `secret ${names.privateKey.previous} contains an older key${id} that was never retired; it may still work with Amazon Pay and would be overwritten`,
    changeIn(view) === null
      ? 'when nothing uses it any more, delete it in Integration Central and run command: retire; then run this command again'
      : 'an interrupted run has begun this change, and command: retire is refused until it is finished: run this command again with keep-previous: false, which leaves the older key unchanged',
  )
}

export function droppedWarnings(view: TargetView, request: PromotionRequest): Warning[] {
  const { record, secret } = view.slots.current
  if (!record && !secret) return leftAlone(view, request)
  // The ID in a record that was not compared may be forged, and a person would delete that key at Amazon.
  const id = shownId(view.slots.current)
  return [
    {
      fact: `keep-previous is false: the current key${id ? ` (Public Key ID ${id})` : ''} is not kept, so you cannot roll back to it`,
      hint: id
        ? `when this command has succeeded, redeploy and delete Public Key ID ${id} in Integration Central at once`
        : 'when this command has succeeded, redeploy and delete the Public Key ID that your shop used before in Integration Central at once',
    },
    ...leftAlone(view, request),
  ]
}

/** Warns about an older key that stays in `previous` because the current one is not kept. */
export function leftAlone({ slots, names }: TargetView, request: PromotionRequest): Warning[] {
  const { record, secret } = slots.previous
  if (request.keepPrevious || !(record || secret) || record?.fingerprint === request.key) return []
  const known = shownId(slots.previous)
  const id = known ? ` (Public Key ID ${known})` : ''
  return [
    {
      fact: `the key in secret ${names.privateKey.previous}${id} was left unchanged`,
      hint: 'to remove it, run command: retire',
    },
  ]
}
