import type { PublicKeyId } from '../amazon-pay/public-key-id.ts'
import type { PayScope } from '../amazon-pay/region.ts'
import { Problem } from '../problem.ts'
import type { Change, KeyRecord } from './record.ts'
import type { SlotNames } from './slots.ts'
import { assertSameId, changeIn, shownId, type TargetView } from './view.ts'

type Row = { readonly view: TargetView }

/** The key that becomes current in all targets. */
export interface Choice {
  /** Its record in any slot of any target. */
  readonly record: KeyRecord
  readonly publicKeyId: PublicKeyId
  /** Whether a target has begun or finished this change already. Then any key in the ring may be the old one. */
  readonly resumed: boolean
}

/** The change of the current pair, decided once for all targets. */
export interface PromotionRequest extends Choice, PayScope {
  readonly change: Change
  readonly keepPrevious: boolean
  /** Fingerprint of the staged key that a rollback may discard. */
  readonly replaceStaged: string | null
}

/**
 * Chooses the key that `activate` makes current: the key that already has this Public Key ID in a finished target, otherwise
 * the staged key.
 * @throws Problem
 */
export function chooseStaged(rows: readonly Row[], id: PublicKeyId, names: SlotNames): Choice {
  const current = recordsIn(rows, 'current').filter(({ publicKeyId }) => publicKeyId?.id === id.id)
  const staged = recordsIn(rows, 'next')
  const finished = onlyKey(
    current,
    `public-key-id ${id.id} belongs to different current keys in the targets`,
  )
  assertOfStagedKey(rows, id, finished, staged)
  const record = finished ?? onlyKey(staged, 'different keys are staged in the targets')
  if (record) return { record, publicKeyId: id, resumed: finished !== null || isBegun(rows) }
  throw new Problem(
    'staged-key-missing',
    `no key is staged in secret ${names.privateKey.next} and variable ${names.record.next}`,
    'run command: generate and exchange the public key first; to stage a key that you already have, run command: generate with private-key',
  )
}

/** A Public Key ID belongs to one key only. */
function assertOfStagedKey(
  rows: readonly Row[],
  id: PublicKeyId,
  finished: KeyRecord | null,
  staged: readonly KeyRecord[],
): void {
  const key = (staged[0] ?? finished)?.fingerprint
  const isOther = ({ fingerprint }: KeyRecord): boolean => key !== undefined && fingerprint !== key
  const previous = recordsIn(rows, 'previous').filter(
    ({ publicKeyId }) => publicKeyId?.id === id.id,
  )
  const other = finished && staged.find(({ fingerprint }) => fingerprint !== finished.fingerprint)
  if (!other && !previous.some(isOther)) return
  throw new Problem(
    'pair-mismatch',
    `public-key-id ${id.id} belongs to the ${other ? 'current' : 'previous'} key according to its record, but the staged key is another one (${other?.fingerprint ?? key})`,
    'pass the Public Key ID that Integration Central shows for the staged key; to see its exchange page again, run command: generate',
  )
}

/**
 * Chooses the key that `rollback` makes current: the key of an interrupted rollback, otherwise the previous key. A previous
 * key that was itself rolled back from needs its ID, so that a second click does not make a bad key current again.
 * @param id Public Key ID of the key to roll back to
 * @throws Problem
 */
export function choosePrevious(
  rows: readonly Row[],
  id: PublicKeyId | null,
  names: SlotNames,
): Choice {
  const marked = recordsIn(
    rows.filter(({ view }) => changeIn(view) === 'rollback'),
    'next',
  )
  const hasId = ({ publicKeyId }: KeyRecord): boolean => id !== null && publicKeyId?.id === id.id
  const current = recordsIn(rows, 'current')
  const previous = recordsIn(rows, 'previous')
  const record =
    onlyKey(marked, 'interrupted rollbacks of the targets lead to different keys') ??
    onlyKey(
      previous.filter((each) => !each.rolledBackAt || hasId(each)),
      'the targets have different previous keys',
    ) ??
    current.find(hasId)
  if (!record) throw nothingToRollBack(rows, names)
  const publicKeyId = record.publicKeyId ?? id
  if (publicKeyId === null) {
    throw new Problem(
      'public-key-id-invalid',
      `variable ${names.record.previous} has no Public Key ID, so the previous key cannot be verified`,
      'pass the Public Key ID that Integration Central shows for the previous key as public-key-id',
    )
  }
  assertSameId(id, publicKeyId, null)
  const finished = current.some(({ fingerprint }) => fingerprint === record.fingerprint)
  return { record, publicKeyId, resumed: finished || isBegun(rows) }
}

function nothingToRollBack(rows: readonly Row[], names: SlotNames): Problem {
  const previous = rows.map(({ view }) => view.slots.previous).find(({ record }) => record)
  const id = previous && shownId(previous)
  return previous
    ? new Problem(
        'nothing-to-roll-back',
        `the previous key was taken out of use by a rollback at ${previous.record?.rolledBackAt}`,
        `to make this key current again, pass ${id ? `public-key-id: ${id}` : 'its Public Key ID as public-key-id'}; otherwise run command: generate`,
      )
    : new Problem(
        'nothing-to-roll-back',
        `there is no previous key in secret ${names.privateKey.previous} and variable ${names.record.previous}`,
        'to replace the current key, run command: generate',
      )
}

/** A mark always belongs to this change here: with another mark, the command has been refused before. */
function isBegun(rows: readonly Row[]): boolean {
  return rows.some(({ view }) => changeIn(view) !== null)
}

function recordsIn(rows: readonly Row[], slot: 'current' | 'next' | 'previous'): KeyRecord[] {
  return rows.flatMap(({ view }) => view.slots[slot].record ?? [])
}

function onlyKey(records: readonly KeyRecord[], fact: string): KeyRecord | null {
  const [first] = records
  if (!first) return null
  if (records.every(({ fingerprint }) => fingerprint === first.fingerprint)) return first
  throw new Problem(
    'staged-key-partial',
    fact,
    'run command: status, then change one target at a time (input repository)',
  )
}
