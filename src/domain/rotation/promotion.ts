import { assertSameScope, differs } from '../amazon-pay/region.ts'
import { Problem, type Warning } from '../problem.ts'
import type { PromotionRequest } from './choice.ts'
import { droppedWarnings, type OldKey, planOldKey, unchangedWarnings } from './old-key.ts'
import type { KeyRecord } from './record.ts'
import type { Ring } from './ring.ts'
import { mustDiscard } from './staging.ts'
import { assertRoom, shownId, type TargetView } from './view.ts'

/** What to do in one target: discard, mark, stage, keep the old key, write the pair, clear. */
export interface Promotion extends OldKey {
  /** The pair is current already. Only leftovers in `next` are removed. */
  readonly finished: boolean
  /** Remove another staged key: `replace-staged` names it, or it is a leftover. */
  readonly discard: boolean
  /** Write the mark: it is missing, or has another Public Key ID. */
  readonly mark: boolean
  /** Write the key into `next`, because a rollback stages the previous key again. */
  readonly stage: boolean
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
  const { current, next, previous } = view.slots
  const key = request.record.fingerprint
  if (next.problem) throw next.problem
  const staged = next.record?.fingerprint === key ? next.record : null
  // With keepPrevious, planOldKey refuses an older key in `previous`. Without it, that key stays, which is a warning.
  const unchanged = request.keepPrevious ? [] : unchangedWarnings(view, key)
  if (current.record?.fingerprint === key) {
    assertFinished(view, current.record, request)
    return { ...nothingToWrite, clear: staged !== null, warnings: unchanged }
  }
  if (staged) assertScope(request, staged)
  const rollback = request.change === 'rollback'
  const discard = rollback && mustDiscard(view, key, request.replaceStaged)
  if (rollback) assertPrevious(view, key)
  else assertStaged(view, key)
  // After a leak, the current pair is not compared. Then only its record says which ID to put back after a failure.
  const { old, keep } = request.keepPrevious
    ? planOldKey(view, ring, request)
    : { old: current.record, keep: null }
  const plan = {
    finished: false,
    discard,
    mark: !(staged?.change && staged.publicKeyId?.id === request.publicKeyId.id),
    stage: rollback && !(staged?.change && next.secret),
    keep,
    old,
    first: old === null && current.secret === null && previous.record === null,
    clear: true,
    warnings: request.keepPrevious ? [] : [...droppedWarnings(view), ...unchanged],
  }
  assertRoom(view, missingSecrets(view, plan))
  return plan
}

const nothingToWrite = {
  finished: true,
  discard: false,
  mark: false,
  stage: false,
  keep: null,
  old: null,
  first: false,
}

function assertFinished(
  { slots: { current, previous } }: TargetView,
  record: KeyRecord,
  request: PromotionRequest,
): void {
  const { publicKeyId } = request
  // An old record of the previous key may have been put back in place of the current one.
  if (current.problem && previous.record?.fingerprint === record.fingerprint) throw current.problem
  if (record.publicKeyId?.id !== publicKeyId.id) {
    const id = shownId(current)
    throw new Problem(
      'pair-mismatch',
      `the key is current already, with another Public Key ID than ${publicKeyId.id}${id ? ` (${id})` : ''}`,
      'if the Public Key ID in the record is wrong, run command: adopt with the right one',
    )
  }
  assertScope(request, record)
}

/** The ID must come from the view of Integration Central that matches the record of the key. */
function assertScope(request: PromotionRequest, record: KeyRecord): void {
  assertSameScope(request, record)
  const { id, payEnvironment } = request.publicKeyId
  if (!differs(payEnvironment, record.payEnvironment)) return
  throw new Problem(
    'pay-environment-mismatch',
    `public-key-id ${id} belongs to ${payEnvironment} according to its prefix, but the key was staged for ${record.payEnvironment}`,
    `exchange the public key in the ${record.payEnvironment} view of Integration Central, and pass the Public Key ID from there`,
  )
}

/** `activate` accepts only a staged key, and none that was rolled back from. */
function assertStaged({ slots, names }: TargetView, key: string): void {
  const { next, previous } = slots
  if (next.record?.fingerprint !== key || !(next.secret || next.record.change)) {
    throw new Problem(
      'staged-key-missing',
      `secret ${names.privateKey.next} and variable ${names.record.next} do not contain the key to make current (${key})`,
      'run command: generate to stage it where it is missing, then run command: activate again',
    )
  }
  if (previous.record?.fingerprint === key && previous.record.rolledBackAt) {
    const id = shownId(previous)
    throw new Problem(
      'pair-changed',
      `the staged key was rolled back from at ${previous.record.rolledBackAt}`,
      `to make it current again, run command: rollback with ${id ? `public-key-id: ${id}` : 'its Public Key ID as public-key-id'}`,
    )
  }
}

/** `rollback` accepts the previous key, or the key of an interrupted rollback. */
function assertPrevious({ slots, names }: TargetView, key: string): void {
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

function missingSecrets({ slots, publicKeyId }: TargetView, { keep, stage }: Promotion): number {
  const { current, next, previous } = slots
  return [
    publicKeyId === null,
    current.secret === null,
    keep !== null && previous.secret === null,
    stage && next.secret === null,
  ].filter((missing) => missing).length
}
