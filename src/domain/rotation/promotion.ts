import { assertSameScope } from '../amazon-pay/region.ts'
import { Problem, type Warning } from '../problem.ts'
import type { PromotionRequest } from './choice.ts'
import { droppedWarnings, type KeptKey, keepInPrevious, leftAlone, oldPair } from './old-key.ts'
import type { KeyRecord } from './record.ts'
import type { Ring } from './ring.ts'
import { changeIn, changeUnfinished, shownId, type TargetView } from './view.ts'

/** What to do in one target, in this order. */
export interface Promotion {
  /** The pair is current already. Only leftovers in `next` are removed. */
  readonly finished: boolean
  /** Another staged key is removed first: `replace-staged` names it, or it is a leftover. */
  readonly discard: boolean
  /** The key is written into `next` first, because a rollback stages the previous key again. */
  readonly stage: boolean
  /** The mark is missing, or has another Public Key ID. */
  readonly mark: boolean
  /** The old key to write into `previous`; null if it is there already or must not be kept. */
  readonly keep: KeptKey | null
  /** The record of the pair that is replaced; null if there is none or it is unknown. */
  readonly old: KeyRecord | null
  /** Whether this is the first pair of the target. */
  readonly first: boolean
  /** Whether `next` must be emptied at the end. */
  readonly clear: boolean
  readonly warnings: readonly Warning[]
}

/**
 * @throws Problem why the key cannot become current here
 */
export function planPromotion(view: TargetView, ring: Ring, request: PromotionRequest): Promotion {
  const { current, next } = view.slots
  assertMark(view, request)
  if (next.problem) throw next.problem
  const left = next.record?.fingerprint === request.key
  if (current.record?.fingerprint === request.key) {
    return finishedPlan(view, request, current.record, left)
  }
  if (left && next.record) assertScope(request, next.record)
  const stage = request.change === 'rollback' && !(left && next.record?.change && next.secret)
  const discard = request.change === 'rollback' ? mayDiscard(view, request) : false
  if (request.change === 'activate') assertStaged(view, request)
  else assertPrevious(view, request)
  // After a leak, the current pair is not compared. Then only its record says which ID to put back after a failure.
  const old = request.keepPrevious ? oldPair(view, ring, request) : current.record
  const keep = request.keepPrevious && old ? keepInPrevious(view, ring, request, old) : null
  const first = old === null && current.secret === null && view.slots.previous.record === null
  const plan = {
    finished: false,
    discard,
    stage,
    mark: !(left && next.record?.change && next.record.publicKeyId?.id === request.publicKeyId.id),
    keep,
    old,
    first,
    clear: true,
    warnings: request.keepPrevious ? [] : droppedWarnings(view, request),
  }
  assertRoom(view, plan)
  return plan
}

function assertMark(view: TargetView, { change }: PromotionRequest): void {
  const mark = changeIn(view)
  if (mark && mark !== change) throw changeUnfinished(view)
}

function finishedPlan(
  view: TargetView,
  request: PromotionRequest,
  record: KeyRecord,
  left: boolean,
): Promotion {
  // An old record of the previous key may have been put back in place of the current one.
  const { current, previous } = view.slots
  if (current.problem && previous.record?.fingerprint === request.key) throw current.problem
  if (record.publicKeyId?.id !== request.publicKeyId.id) {
    throw new Problem(
      'pair-mismatch',
      `the key is current already, with another Public Key ID than ${request.publicKeyId.id}${shownId(view.slots.current) ? ` (${shownId(view.slots.current)})` : ''}`,
      'if the Public Key ID in the record is wrong, run command: adopt with the right one',
    )
  }
  assertScope(request, record)
  const idle = { discard: false, stage: false, mark: false, keep: null, first: false }
  return { ...idle, finished: true, old: null, clear: left, warnings: leftAlone(view, request) }
}

/** The ID must come from the view of Integration Central that matches the record of the key. */
function assertScope(request: PromotionRequest, record: KeyRecord): void {
  assertSameScope(request, record)
  const { id, payEnvironment } = request.publicKeyId
  if (!payEnvironment || !record.payEnvironment || payEnvironment === record.payEnvironment) return
  throw new Problem(
    'pay-environment-mismatch',
    `public-key-id ${id} belongs to ${payEnvironment} according to its prefix, but the key was staged for ${record.payEnvironment}`,
    `exchange the public key in the ${record.payEnvironment} view of Integration Central, and pass the Public Key ID from there`,
  )
}

/** `activate` accepts only a staged key, and none that was rolled back from. */
function assertStaged({ slots, names }: TargetView, { key }: PromotionRequest): void {
  const { next, previous } = slots
  if (next.record?.fingerprint !== key || !(next.secret || next.record.change)) {
    throw new Problem(
      'staged-key-missing',
      `secret ${names.privateKey.next} and variable ${names.record.next} do not contain the key to make current (${key})`,
      'run command: generate to stage it where it is missing, then run command: activate again',
    )
  }
  if (previous.record?.fingerprint === key && previous.record.rolledBackAt) {
    throw new Problem(
      'pair-changed',
      `the staged key was rolled back from at ${previous.record.rolledBackAt}`,
      `to make it current again, run command: rollback with ${shownId(previous) ? `public-key-id: ${shownId(previous)}` : 'its Public Key ID as public-key-id'}`,
    )
  }
}

/** `rollback` accepts the previous key, or the key of an interrupted rollback. */
function assertPrevious({ slots, names }: TargetView, { key }: PromotionRequest): void {
  const { next, previous } = slots
  if (next.record?.change && next.record.fingerprint === key) return
  if (previous.problem) throw previous.problem
  if (previous.record?.fingerprint === key) return
  throw new Problem(
    'nothing-to-roll-back',
    `variable ${names.record.previous} does not describe the key to roll back to (${key})`,
    'run command: status, then roll back one target at a time (input repository)',
  )
}

/** Whether another staged key must be discarded before a rollback can use the slot. */
function mayDiscard({ slots, names }: TargetView, request: PromotionRequest): boolean {
  const { next, current } = slots
  const staged = next.record?.fingerprint
  if (!next.secret && !next.stored) return false
  if (staged === request.key) return false
  // A leftover: its key is current, or its secret was never written.
  if (staged !== undefined && (!next.secret || staged === current.record?.fingerprint)) return true
  if (staged !== undefined && staged === request.replaceStaged) return true
  throw new Problem(
    'staged-key-exists',
    staged === undefined
      ? `secret ${names.privateKey.next} exists, but variable ${names.record.next} does not, so it is unknown which key the secret contains`
      : `key ${staged} is staged, but a rollback needs its slot`,
    staged === undefined
      ? `delete secret ${names.privateKey.next} if it is not needed, then run command: rollback again`
      : `to discard the staged key, pass replace-staged: ${staged}`,
  )
}

/** Counted before the first write: otherwise GitHub would refuse a secret in the middle of a pair. */
function assertRoom(view: TargetView, plan: Promotion): void {
  const { room, slots, publicKeyId } = view
  if (room === null) return
  const needed = [
    publicKeyId === null,
    slots.current.secret === null,
    plan.keep !== null && slots.previous.secret === null,
    plan.stage && slots.next.secret === null,
  ].filter((missing) => missing).length
  if (needed <= room) return
  throw new Problem(
    'secret-write-failed',
    `has room for ${room} more secrets, but this command needs ${needed}`,
    'delete secrets that you do not need (GitHub allows 100 in a repository or environment, 1000 in an organization), then run this command again',
  )
}
