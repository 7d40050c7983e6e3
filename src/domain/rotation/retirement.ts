import type { PublicKeyId } from '../amazon-pay/public-key-id.ts'
import { Problem } from '../problem.ts'
import { findInRing, type Ring, type RingKey } from './ring.ts'
import { assertSameId, shownId, type TargetView, unrecorded } from './view.ts'

/** What to do with the `previous` slot of one target. */
export type Retirement =
  /** It is empty. */
  | { readonly kind: 'nothing' }
  /** Only the record of an interrupted retirement is left, with this Public Key ID; null if it is unknown or in use. */
  | { readonly kind: 'record'; readonly id: PublicKeyId | null }
  /** The slot has a copy of a key that is current or staged here. It is deleted without asking Amazon Pay. */
  | { readonly kind: 'copy' }
  /** A key that Amazon Pay must no longer accept. */
  | {
      readonly kind: 'key'
      /** Null if no input contains the key: then Amazon Pay can only be asked about the ID that a person gave. */
      readonly key: RingKey | null
      readonly fingerprint: string
      readonly id: PublicKeyId
    }

export interface RetirementRequest {
  /** All targets of the command. */
  readonly targets: readonly TargetView[]
  /** The ID in the input; it replaces a missing or forged record. */
  readonly typed: PublicKeyId | null
}

/**
 * @throws Problem why the previous key cannot be retired here
 */
export function planRetirement(
  view: TargetView,
  ring: Ring,
  { targets, typed }: RetirementRequest,
): Retirement {
  const { previous, current, next } = view.slots
  const { record } = previous
  if (!previous.secret && !previous.stored) return { kind: 'nothing' }
  for (const { problem } of [current, next]) if (problem) throw problem
  if (!previous.secret) {
    // Everyone with write access can write such a record: an ID that is in use is not named as one to delete.
    const id = record?.publicKeyId ?? null
    return { kind: 'record', id: [view, ...targets].some((each) => isUsedId(each, id)) ? null : id }
  }
  if (previous.problem && !typed) throw previous.problem
  const { key, fingerprint } = keyOf(view, ring, typed)
  if (isUsed(view, fingerprint)) return { kind: 'copy' }
  assertUnused(view, targets, ring, fingerprint)
  assertControl(view, ring)
  return { kind: 'key', key, fingerprint, id: idOf(view, typed) }
}

function idOf({ slots, names }: TargetView, typed: PublicKeyId | null): PublicKeyId {
  const id = slots.previous.record?.publicKeyId ?? typed
  if (id === null) {
    throw new Problem(
      'public-key-id-invalid',
      `variable ${names.record.previous} does not contain the Public Key ID of the previous key`,
      'find the key in Integration Central, delete it there when nothing uses it any more, and run command: retire with its Public Key ID as public-key-id',
    )
  }
  assertSameId(typed, id, shownId(slots.previous))
  return id
}

/**
 * The previous key, which signs the request to Amazon Pay. The inputs may lack it, for example after a retirement that was
 * interrupted between two targets. Then a person gives its ID, and Amazon Pay can only be asked whether it knows that ID.
 */
function keyOf(
  { slots, names }: TargetView,
  ring: Ring,
  typed: PublicKeyId | null,
): { readonly key: RingKey | null; readonly fingerprint: string } {
  const { record } = slots.previous
  const key = record ? findInRing(ring, record.fingerprint) : ring.previous
  if (key) return { key, fingerprint: key.fingerprint }
  if (record && typed && record.publicKeyId?.id === typed.id) {
    return { key: null, fingerprint: record.fingerprint }
  }
  throw new Problem(
    'previous-key-missing',
    `previous-private-key is ${ring.previous ? 'not the key that its record describes' : 'empty'}, so Amazon Pay cannot be asked about the previous key`,
    `start a new run that passes previous-private-key: \${{ secrets.${names.privateKey.previous} }}; after a retirement that was interrupted, re-run its jobs; if you have deleted the key in Integration Central, passing its Public Key ID as public-key-id is enough`,
  )
}

function isUsed({ slots }: TargetView, fingerprint: string): boolean {
  return [slots.current, slots.next].some(({ record }) => record?.fingerprint === fingerprint)
}

function isUsedId({ slots }: TargetView, id: PublicKeyId | null): boolean {
  return [slots.current, slots.next].some(({ record }) => record?.publicKeyId?.id === id?.id)
}

/** A key that is current or staged in any target must not be deleted at Amazon. */
function assertUnused(
  { names }: TargetView,
  targets: readonly TargetView[],
  ring: Ring,
  fingerprint: string,
): void {
  const others = targets.some((view) => isUsed(view, fingerprint))
  const given = [ring.current, ring.next].some((key) => key?.fingerprint === fingerprint)
  if (!others && !given) return
  throw new Problem(
    'pair-changed',
    `the key in secret ${names.privateKey.previous} (${fingerprint}) is the current or the staged key ${others ? 'of another target' : 'in current-private-key or next-private-key'}`,
    'do not delete its Public Key ID in Integration Central; run command: status, then run command: retire for one target at a time (input repository)',
  )
}

/** The current pair must be available: if Amazon Pay accepts it, a refusal of the previous key is about that key. */
function assertControl({ slots, names }: TargetView, ring: Ring): void {
  const { current } = slots
  if (current.secret && !current.record) {
    throw unrecorded(
      'current',
      names,
      'run command: adopt with the Public Key ID that your shop uses now, then run command: retire again',
    )
  }
  if (current.record && !findInRing(ring, current.record.fingerprint)) {
    throw new Problem(
      'current-key-missing',
      'current-private-key does not contain the current key, which must be verified together with the previous one',
      `start a new run that passes current-private-key: \${{ secrets.${names.privateKey.current} }}`,
    )
  }
}
