import { assertSameScope, type PayScope } from '../amazon-pay/region.ts'
import { Problem } from '../problem.ts'
import { findInRing, type Ring } from './ring.ts'
import { assertRoom, type TargetView, unrecorded } from './view.ts'

/** What to do with the `next` slot of one target. */
export type StagingMove =
  /** The slot is empty: write record and secret. */
  | 'stage'
  /** An interrupted run left a record without a secret: remove it first. */
  | 'clear'
  /** The staged key is current already, or `replace-staged` names it: remove it first. */
  | 'replace'
  /** The key is staged already, but its record is missing. */
  | 'record'
  /** The key is staged already. */
  | 'keep'

export interface StagingRequest extends PayScope {
  /** Fingerprint of the key in `private-key`; null if a key must be generated. */
  readonly brought: string | null
  /** Fingerprint of the staged key that may be discarded. */
  readonly replaceStaged: string | null
  /** URL of this run. */
  readonly run: string
}

/** What to stage in each target. */
export interface StagingPlanRequest extends StagingRequest {
  /**
   * Fingerprint of the key for all targets; null if it is not generated yet. Its problems concern all targets, so the problems
   * of the target itself come first.
   */
  readonly choose: () => string | null
}

type Row = { readonly view: TargetView }

/**
 * Chooses the key for all targets: one that is staged in a target already, the one in `private-key`, or a new one (null).
 * A staged key may be in the middle of its exchange, so it is never discarded unless `replace-staged` names it.
 * @throws Problem `staged-key-exists` or `staged-key-partial`
 */
export function chooseStagedKey(
  rows: readonly Row[],
  ring: Ring,
  request: StagingRequest,
): string | null {
  const { brought, replaceStaged } = request
  const found = rows.map(({ view }) => stagedKey(view, ring))
  const kept = found.map((key) => (key === replaceStaged ? null : key))
  const [key, another] = [...new Set(kept.filter((key) => key !== null))]
  if (key === undefined) return brought
  if (another !== undefined) {
    throw new Problem(
      'staged-key-partial',
      'different keys are staged in the targets',
      'run command: status, choose the key to keep, and pass the fingerprint of the other one as replace-staged',
    )
  }
  if (brought !== null && brought !== key) throw exists(key, 'private-key is a different one')
  if (replaceStaged !== null && !found.includes(replaceStaged) && !isOfRun(rows, request)) {
    throw exists(key, 'replace-staged names a different one')
  }
  if (brought === null && kept.includes(null) && !findInRing(ring, key)) {
    throw new Problem(
      'staged-key-partial',
      `key ${key} is staged in some of the targets only, and next-private-key does not contain it`,
      `start a new run, so that next-private-key contains the staged key; if this workflow cannot read that secret, pass replace-staged: ${key} to discard the key`,
    )
  }
  return key
}

/** The key that is waiting in `next`; null if there is only a leftover or a key that is current already. */
function stagedKey({ slots, names }: TargetView, ring: Ring): string | null {
  const { next, current } = slots
  if (next.secret === null) return null
  const key = next.record?.fingerprint ?? (next.stored ? undefined : ring.next?.fingerprint)
  if (key === undefined) {
    throw unrecorded(
      'next',
      names,
      `start a new run that passes next-private-key: \${{ secrets.${names.privateKey.next} }}, which writes the record; or delete the secret if you do not need it`,
    )
  }
  return key === current.record?.fingerprint ? null : key
}

/** Whether an earlier attempt of this run staged the key, after it had discarded the one that `replace-staged` names. */
function isOfRun(rows: readonly Row[], { run }: StagingRequest): boolean {
  return rows.every(({ view }) => (view.slots.next.record?.run ?? run) === run)
}

function exists(key: string, why: string): Problem {
  return new Problem(
    'staged-key-exists',
    `key ${key} is staged already, but ${why}`,
    `to see the staged key again, run command: generate without private-key and replace-staged; to discard it, pass replace-staged: ${key}`,
  )
}

/**
 * Plans the move for one target.
 * @throws Problem why the key cannot be staged here
 */
export function planStaging(
  view: TargetView,
  ring: Ring,
  request: StagingPlanRequest,
): StagingMove {
  assertStageable(view, ring, request)
  const key = request.choose()
  const staged = stagedKey(view, ring)
  if (staged !== null && staged !== request.replaceStaged && staged !== key) {
    throw exists(staged, 'this run stages a different one')
  }
  const move = moveFor(view, staged, key)
  const { next } = view.slots
  if (move === 'keep' && next.record) assertSameScope(request, next.record)
  if (move === 'stage' || move === 'clear') assertRoom(view, 1)
  return move
}

/** Checks whether any key can be staged in this target. */
function assertStageable({ slots }: TargetView, ring: Ring, request: StagingRequest): void {
  // The input next-private-key is the key that this run may discard: an earlier attempt has replaced it in the slot already.
  const replaced = ring.next !== null && ring.next.fingerprint === request.replaceStaged
  for (const { problem } of [slots.current, slots.next, slots.previous]) {
    if (!problem) continue
    if (!(replaced && problem === slots.next.problem && problem.code === 'pair-changed')) {
      throw problem
    }
  }
  assertNotUsed(slots, ring, request.brought)
}

function moveFor({ slots }: TargetView, staged: string | null, key: string | null): StagingMove {
  const { next } = slots
  if (staged !== null && staged === key) return next.record ? 'keep' : 'record'
  if (next.secret) return 'replace'
  return next.stored ? 'clear' : 'stage'
}

/**
 * Whether another staged key must be discarded before a rollback can use the slot.
 * @throws Problem if it must, but may not be
 */
export function mustDiscard(
  { slots, names }: TargetView,
  key: string,
  replaceStaged: string | null,
): boolean {
  const { next, current } = slots
  if (!next.secret && !next.stored) return false
  const staged = next.record?.fingerprint
  if (staged === undefined) {
    const hint = `delete secret ${names.privateKey.next} if it is not needed, then run command: rollback again`
    throw unrecorded('next', names, hint)
  }
  if (staged === key) return false
  // A leftover: its key is current, or its secret was never written.
  const leftover = !next.secret || staged === current.record?.fingerprint
  if (leftover || staged === replaceStaged) return true
  throw new Problem(
    'staged-key-exists',
    `key ${staged} is staged, but a rollback needs its slot`,
    `to discard the staged key, pass replace-staged: ${staged}`,
  )
}

/** A used key must not be staged again: it may have leaked, or may be deleted at Amazon. */
function assertNotUsed(slots: TargetView['slots'], ring: Ring, brought: string | null): void {
  const slot = (['current', 'previous'] as const).find(
    (slot) => slots[slot].record?.fingerprint === brought || ring[slot]?.fingerprint === brought,
  )
  if (!slot) return
  throw new Problem(
    'input-invalid',
    `private-key is the ${slot} key (${brought}), which must not be staged again`,
    slot === 'previous'
      ? 'to return to the previous key, run command: rollback; otherwise pass a new key, or leave private-key empty to generate one'
      : 'pass a new key, or leave private-key empty to generate one; to manage the pair that your shop uses, run command: adopt',
  )
}
