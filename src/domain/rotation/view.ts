import type { PublicKeyId } from '../amazon-pay/public-key-id.ts'
import { Problem, problemIn } from '../problem.ts'
import { type Change, type KeyRecord, readKeyRecord } from './record.ts'
import { findInRing, type Ring } from './ring.ts'
import { type Slot, type SlotNames, type Stored, slots, type TargetState } from './slots.ts'

/** One slot of one target, with its record parsed and compared with the ring. */
export interface SlotView {
  readonly secret: Stored | null
  /** Null if there is no record, or it is unreadable or not signed by its own key. */
  readonly record: KeyRecord | null
  /**
   * Whether the record describes a key in the ring. Everyone with write access can write a signed record of a key of their
   * own, so nothing may be shown from a record that was not compared that a person could act on.
   */
  readonly compared: boolean
  /** `record-unreadable`, `record-forged`, or `pair-changed` if the ring has another key for this slot. */
  readonly problem: Problem | null
  /** When GitHub stored the record. */
  readonly stored: Stored | null
}

/** The record of a slot if it was compared with its key; null where anyone could have written it. */
export function trusted({ record, compared }: SlotView): KeyRecord | null {
  return compared ? record : null
}

/** The Public Key ID that may be shown of a slot. */
export function shownId(slot: SlotView): string | null {
  return trusted(slot)?.publicKeyId?.id ?? null
}

/** What one target contains, with its records parsed and compared with the ring. */
export interface TargetView extends Pick<TargetState, 'publicKeyId' | 'lock' | 'room'> {
  readonly names: SlotNames
  readonly slots: Readonly<Record<Slot, SlotView>>
}

export function viewOf(state: TargetState, ring: Ring, names: SlotNames): TargetView {
  const { publicKeyId, lock, room } = state
  const next = slotOf(state, 'next', ring, names)
  // While a change is unfinished, keys are on their way between the slots.
  const moving = { ...ring, changing: ring.changing || markOf(next) !== null }
  const current = slotOf(state, 'current', moving, names)
  const previous = slotOf(state, 'previous', moving, names)
  return { names, slots: { current, next, previous }, publicKeyId, lock, room }
}

function slotOf(state: TargetState, slot: Slot, ring: Ring, names: SlotNames): SlotView {
  const stored = state.records[slot]
  const secret = state.privateKey[slot]
  const seen = { secret, stored, record: null, compared: false, problem: null }
  if (stored === null) return seen
  let record: KeyRecord
  try {
    record = readKeyRecord(stored.value, slot)
  } catch (error) {
    const problem = problemIn(error).extend({ before: `variable ${names.record[slot]} ` })
    return { ...seen, problem }
  }
  const known = findInRing(ring, record.fingerprint) !== null
  // Without a secret, the input cannot come from this slot. If another target has the input's key in this slot, the input
  // may come from there.
  const moving = known && (ring.changing || record.change !== null)
  const comparable = secret !== null && !ring.found.includes(slot) && !moving
  const given = ring[slot]
  if (!comparable || given === null || given.fingerprint === record.fingerprint) {
    return { ...seen, record, compared: known }
  }
  return { ...seen, record, problem: otherKey(record, slot, given.fingerprint, names) }
}

/** The problem that the ring has another key for a slot than its record. */
export function otherKey(
  { fingerprint }: KeyRecord,
  slot: Slot,
  given: string,
  names: SlotNames,
): Problem {
  return new Problem(
    'pair-changed',
    `variable ${names.record[slot]} describes key ${fingerprint}, but ${slot}-private-key is key ${given}`,
    `if a key was changed since this run was queued, start a new run (a re-run uses the old secrets); if secret ${names.privateKey[slot]} was stored by hand, delete variable ${names.record[slot]} and run ${repairOf[slot]}`,
  )
}

const repairOf: Readonly<Record<Slot, string>> = {
  current: 'command: adopt',
  next: 'command: generate',
  previous: 'command: retire with its Public Key ID as public-key-id',
}

/** The ring, with what all targets together say about where its keys are. */
export function locateRing(views: readonly TargetView[], ring: Ring): Ring {
  const isFound = ({ slots }: TargetView, slot: Slot): boolean =>
    ring[slot] !== null && slots[slot].record?.fingerprint === ring[slot].fingerprint
  const found = slots.filter((slot) => views.some((view) => isFound(view, slot)))
  return { ...ring, found, changing: views.some((view) => changeIn(view) !== null) }
}

/** What was seen, for debug logs: dates and fingerprints, no values. */
export function describeView({ slots: seen, publicKeyId, lock, room }: TargetView): string {
  const each = slots.map((slot) => {
    const { secret, record, compared, problem } = seen[slot]
    const { fingerprint, change } = record ?? {}
    return [
      slot,
      { secret: secret?.updatedAt, fingerprint, change, compared, problem: problem?.code },
    ]
  })
  const others = { publicKeyId: publicKeyId?.updatedAt, lock: lock?.createdAt, room }
  return JSON.stringify({ ...Object.fromEntries(each), ...others })
}

/** A change that has begun in this target, whose command has to be run again. */
export function changeIn({ slots }: TargetView): Change | null {
  return markOf(slots.next)
}

/** A mark in the record of another key than the secret's is not believed. */
function markOf({ record, problem }: SlotView): Change | null {
  return problem ? null : (record?.change ?? null)
}

/**
 * Only the command that began a change may finish it; until then, every other command that writes is refused.
 * @throws Problem `change-unfinished`
 */
export function assertNoOtherChange(view: TargetView, command: string): void {
  const change = changeIn(view)
  if (change === null || change === command) return
  const id = shownId(view.slots.next)
  const withId = change === 'activate' && id ? ` with public-key-id: ${id}` : ''
  throw new Problem(
    'change-unfinished',
    `has a change that command: ${change} began and did not finish (variable ${view.names.record.next})`,
    `run command: ${change}${withId} again, which finishes it`,
  )
}

/** The problem that a secret has no record. */
export function unrecorded(slot: Slot, names: SlotNames, hint: string): Problem {
  return new Problem(
    slot === 'current' ? 'pair-unmanaged' : 'staged-key-exists',
    `secret ${names.privateKey[slot]} has no key record in variable ${names.record[slot]}, so it is unknown which key it contains`,
    hint,
  )
}

/**
 * @param shown the ID in the record, only if the record was compared
 * @throws Problem `pair-mismatch` if a person gave another ID than the record of the previous key has
 */
export function assertSameId(
  typed: PublicKeyId | null,
  { id }: PublicKeyId,
  shown: string | null,
): void {
  if (!typed || typed.id === id) return
  throw new Problem(
    'pair-mismatch',
    `public-key-id is ${typed.id}, but according to its record the previous key has ${shown ?? 'another one'}`,
    'pass the Public Key ID of the previous key, or leave public-key-id empty',
  )
}

/**
 * Checked before the first write: otherwise GitHub would refuse a secret in the middle of a target.
 * @throws Problem `secret-write-failed`
 */
export function assertRoom({ room }: TargetView, needed: number): void {
  if (room === null || needed <= room) return
  throw new Problem(
    'secret-write-failed',
    `has room for ${room} more secrets, but this command needs ${needed}`,
    'delete secrets that you do not need (GitHub allows 100 in a repository or environment, 1000 in an organization), then run this command again',
  )
}
