import type { PayEnvironment, Region } from '../amazon-pay/region.ts'
import { Problem } from '../problem.ts'
import type { KeyRecord } from './record.ts'
import type { SlotNames, TargetState } from './slots.ts'

/** After this long, a record without its secret is taken for what a killed run left behind. */
export const takeoverAfterMinutes = 15

/** What to do with the `next` slot of one target. */
export type StagingMove =
  /** Nothing is there: create record and secret. */
  | 'stage'
  /** What an interrupted run left is removed first. */
  | 'take-over'
  /** The staged key, whose fingerprint was named as consent, is removed first. */
  | 'replace'
  /** The key is staged here already. */
  | 'keep'

export interface StagingWish {
  readonly names: SlotNames
  /** Fingerprint of the key that was brought; null when one is to be made. */
  readonly brought: string | null
  /** Fingerprint whose removal was consented to. */
  readonly replaceStaged: string | null
  /** As the inputs say; null: whatever the records say. */
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
  readonly run: string
  readonly now: Date
}

export interface StagingPlan {
  readonly moves: readonly StagingMove[]
  /** The record of a key that is staged and stays; null when the key is new to `next`. */
  readonly staged: KeyRecord | null
}

/** One finding for each target, or null where nothing speaks against staging. */
export type StagingRefusal = readonly (Problem | null)[]

/**
 * Which moves into `next` are allowed, for all targets together: a key that somebody may just be exchanging
 * is never dropped without naming it, and no target gets another key than the rest.
 */
export function planStaging(
  states: readonly TargetState[],
  wish: StagingWish,
): { plan: StagingPlan } | { refusals: StagingRefusal } {
  const staged = states.map(stagedRecord)
  const keys = new Set(staged.filter((record) => record !== null).map((r) => r.fingerprint))
  const refusals = states.map(
    (state, index) =>
      staleKey(state, wish) ??
      loneSecret(state, wish) ??
      youngRecord(state, wish) ??
      otherKey(staged[index] ?? null, keys, wish) ??
      otherPlace(state, wish),
  )
  if (refusals.some((refusal) => refusal !== null)) return { refusals }

  const theOne = staged.find((record) => record !== null) ?? null
  const replacing = theOne !== null && theOne.fingerprint === wish.replaceStaged
  const everywhere = staged.every((record) => record !== null)
  if (theOne && !replacing && !everywhere && wish.brought === null) {
    return { refusals: staged.map((record) => partial(record, theOne, wish)) }
  }
  const moves = states.map((state, index): StagingMove => {
    if (staged[index]) return replacing ? 'replace' : 'keep'
    return state.records.next ? 'take-over' : 'stage'
  })
  return { plan: { moves, staged: replacing ? null : theOne } }
}

function stagedRecord(state: TargetState): KeyRecord | null {
  return state.privateKey.next && state.records.next ? state.records.next.record : null
}

/** An old snapshot of a key that went on already must not be staged again. */
function staleKey(state: TargetState, wish: StagingWish): Problem | null {
  const slot = (['current', 'previous'] as const).find(
    (slot) => state.records[slot]?.record.fingerprint === wish.brought,
  )
  if (!slot) return null
  return new Problem(
    'input-invalid',
    `private-key holds the ${slot} key (${wish.brought}, by variable ${wish.names.record[slot]}), which needs no staging`,
    slot === 'current'
      ? 'leave private-key empty to make a new pair'
      : 'to go back to the previous key, run command: activate with it; leave private-key empty to make a new pair',
  )
}

function loneSecret(state: TargetState, wish: StagingWish): Problem | null {
  if (!state.privateKey.next || state.records.next) return null
  return new Problem(
    'staged-key-exists',
    `secret ${wish.names.privateKey.next} exists since ${state.privateKey.next.createdAt}, but variable ${wish.names.record.next} does not say which key it is`,
    `find out who stored it; when nobody needs it, delete secret ${wish.names.privateKey.next} by hand and run this again`,
  )
}

function youngRecord(state: TargetState, wish: StagingWish): Problem | null {
  const record = state.privateKey.next ? null : (state.records.next?.record ?? null)
  if (record === null || record.run === wish.run || isOld(record, wish.now)) return null
  return new Problem(
    'staged-key-exists',
    `another run is staging key ${record.fingerprint} just now, or was cut off: variable ${wish.names.record.next} was written at ${record.madeAt} by ${record.run}, and its secret is not there`,
    `wait for that run; ${takeoverAfterMinutes} minutes after ${record.madeAt} this command takes over what it left`,
  )
}

function isOld(record: KeyRecord, now: Date): boolean {
  return now.getTime() - Date.parse(record.madeAt) > takeoverAfterMinutes * 60_000
}

/** A staged key is there, and what was wished for is another one. */
function otherKey(
  staged: KeyRecord | null,
  keys: ReadonlySet<string>,
  wish: StagingWish,
): Problem | null {
  if (staged === null) return null
  if (keys.size > 1) {
    return new Problem(
      'staged-key-partial',
      `the targets have different keys staged; here it is ${staged.fingerprint}`,
      `decide which one stays, delete secret ${wish.names.privateKey.next} and variable ${wish.names.record.next} of the others by hand, then fill them by passing the staged key as private-key`,
    )
  }
  if (staged.fingerprint === wish.replaceStaged) return null
  const replaceHint = `finish it with command: activate, or drop it on purpose with replace-staged: ${staged.fingerprint}`
  if (wish.replaceStaged !== null) {
    return new Problem(
      'staged-key-exists',
      `replace-staged names ${wish.replaceStaged}, but the staged key is ${staged.fingerprint} (since ${staged.madeAt})`,
      replaceHint,
    )
  }
  if (wish.brought !== null && wish.brought !== staged.fingerprint) {
    return new Problem(
      'staged-key-exists',
      `private-key holds ${wish.brought}, but key ${staged.fingerprint} is staged since ${staged.madeAt} (${staged.run})`,
      replaceHint,
    )
  }
  return null
}

/**
 * Region and environment of one prefix do not change: an activation would refuse it, when a person has
 * exchanged the key for nothing.
 */
function otherPlace(state: TargetState, wish: StagingWish): Problem | null {
  for (const slot of ['next', 'current'] as const) {
    const record = state.records[slot]?.record
    if (!record || (slot === 'next' && record.fingerprint === wish.replaceStaged)) continue
    const key = slot === 'next' ? 'staged' : 'current'
    const differs = (input: string, wished: string, recorded: string): string =>
      `${input} is ${wished}, but variable ${wish.names.record[slot]} says ${recorded} for the ${key} key`
    if (wish.region && record.region && wish.region !== record.region) {
      return new Problem(
        'region-mismatch',
        differs('region', wish.region, record.region),
        'correct region or leave it empty, or give the other region a prefix of its own, for example AMAZON_PAY_EU',
      )
    }
    const { payEnvironment } = record
    if (wish.payEnvironment && payEnvironment && wish.payEnvironment !== payEnvironment) {
      return new Problem(
        'pay-environment-mismatch',
        differs('pay-environment', wish.payEnvironment, payEnvironment),
        'correct pay-environment or leave it empty, or give the sandbox a prefix of its own, for example AMAZON_PAY_SANDBOX',
      )
    }
  }
  return null
}

function partial(staged: KeyRecord | null, theOne: KeyRecord, wish: StagingWish): Problem {
  return new Problem(
    'staged-key-partial',
    staged
      ? `key ${theOne.fingerprint} is staged here, but not in all targets`
      : `key ${theOne.fingerprint} is staged in other targets, but not here`,
    `fill the rest by passing the staged key: private-key: \${{ secrets.${wish.names.privateKey.next} }}; or drop it everywhere with replace-staged: ${theOne.fingerprint}`,
  )
}

/** Somebody else's record appeared between looking and writing. */
export function stagedMeanwhile(record: KeyRecord, names: SlotNames): Problem {
  return new Problem(
    'staged-key-exists',
    `another run was faster: variable ${names.record.next} now names key ${record.fingerprint} (${record.run})`,
    'work from the exchange page of that run, or run this again to have its key shown',
  )
}
