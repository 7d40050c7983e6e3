import { Problem, problemIn } from '../problem.ts'
import { type KeyRecord, readKeyRecord } from './record.ts'
import { findInRing, type Ring } from './ring.ts'
import {
  type Slot,
  type SlotNames,
  type Stored,
  type StoredVariable,
  slots,
  type TargetState,
} from './slots.ts'

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

/** The Public Key ID of a record that was compared; null where there is none that may be shown. */
export function shownId({ record, compared }: SlotView): string | null {
  return compared ? (record?.publicKeyId?.id ?? null) : null
}

/** What one target contains, with its records parsed and compared with the ring. */
export interface TargetView {
  readonly names: SlotNames
  readonly slots: Readonly<Record<Slot, SlotView>>
  readonly publicKeyId: Stored | null
  readonly lock: StoredVariable | null
  readonly room: number | null
}

export function viewOf(state: TargetState, ring: Ring, names: SlotNames): TargetView {
  const slot = (name: Slot, changing: boolean): SlotView => ({
    secret: state.privateKey[name],
    stored: state.records[name],
    ...readAndCompare(state, name, { ...ring, changing }, names),
  })
  const next = slot('next', ring.changing)
  const changing = ring.changing || markOf(next) !== null
  return {
    names,
    slots: { current: slot('current', changing), next, previous: slot('previous', changing) },
    publicKeyId: state.publicKeyId,
    lock: state.lock,
    room: state.room,
  }
}

function readAndCompare(
  state: TargetState,
  slot: Slot,
  ring: Ring,
  names: SlotNames,
): Pick<SlotView, 'record' | 'compared' | 'problem'> {
  const variable = state.records[slot]
  if (variable === null) return { record: null, compared: false, problem: null }
  let record: KeyRecord
  try {
    record = readKeyRecord(variable.value, slot)
  } catch (error) {
    const problem = problemIn(error).extend({ before: `variable ${names.record[slot]} ` })
    return { record: null, compared: false, problem }
  }
  const compared = findInRing(ring, record.fingerprint) !== null
  // Without a secret, the input cannot come from this slot. If another target has the input's key in this slot, the input
  // may come from there. While a change is unfinished, keys are on their way between the slots.
  const moving = compared && (ring.changing || record.change !== null)
  const comparable = state.privateKey[slot] !== null && !ring.found.includes(slot) && !moving
  const given = comparable ? ring[slot] : null
  const differs = given !== null && given.fingerprint !== record.fingerprint
  const problem = differs ? otherKey(record, slot, given.fingerprint, names) : null
  return { record, compared: compared && problem === null, problem }
}

function otherKey(record: KeyRecord, slot: Slot, given: string, names: SlotNames): Problem {
  return new Problem(
    'pair-changed',
    `variable ${names.record[slot]} describes key ${record.fingerprint}, but ${slot}-private-key is key ${given}`,
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
  const found = slots.filter((slot) =>
    views.some(({ slots: { [slot]: view } }) => {
      const { record } = view
      return record !== null && record.fingerprint === ring[slot]?.fingerprint
    }),
  )
  return { ...ring, found, changing: views.some((view) => changeIn(view) !== null) }
}

/** What was seen, for debug logs: dates and fingerprints, no values. */
export function describeView({ slots: found, publicKeyId, lock, room }: TargetView): string {
  const each = slots.map((slot) => {
    const { secret, record, compared, problem } = found[slot]
    const words = [
      secret ? `secret of ${secret.updatedAt}` : 'no secret',
      record ? `record of ${record.fingerprint}` : 'no record',
      compared ? 'compared' : 'not compared',
      record?.change ? `change ${record.change}` : '',
      problem?.code ?? '',
    ]
    return `${slot}: ${words.filter((word) => word !== '').join(', ')}`
  })
  const others = [
    `Public Key ID ${publicKeyId ? `of ${publicKeyId.updatedAt}` : 'missing'}`,
    lock ? `lock of ${lock.createdAt}` : 'no lock',
    `room for ${room ?? 'an unknown number of'} secrets`,
  ]
  return [...each, ...others].join('; ')
}

/** A change that has begun in this target, whose command has to be run again. */
export function changeIn({ slots }: TargetView): KeyRecord['change'] {
  return markOf(slots.next)
}

/** A mark in the record of another key than the secret's is not believed. */
function markOf({ record, problem }: SlotView): KeyRecord['change'] {
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
