import { Problem } from '../problem.ts'
import type { KeyRecord } from './record.ts'

/**
 * A rotation is a walk between slots: next → current → previous → gone. A key that was just made waits in
 * `next`; the checkout signs with `current`; `previous` is what a rollback goes back to.
 */
export type Slot = 'current' | 'next' | 'previous'

export const slots = ['current', 'next', 'previous'] as const

/** Names of the secrets and of the key record's variable, for one prefix. */
export interface SlotNames {
  readonly privateKey: Readonly<Record<Slot, string>>
  /** Only the current pair has its Public Key ID in a secret: it is read together with the private key. */
  readonly publicKeyId: string
  readonly record: Readonly<Record<Slot, string>>
}

export function slotNames(prefix: string): SlotNames {
  return {
    privateKey: {
      current: `${prefix}_PRIVATE_KEY`,
      next: `${prefix}_PRIVATE_KEY_NEXT`,
      previous: `${prefix}_PRIVATE_KEY_PREVIOUS`,
    },
    publicKeyId: `${prefix}_PUBLIC_KEY_ID`,
    record: {
      current: `${prefix}_KEY`,
      next: `${prefix}_KEY_NEXT`,
      previous: `${prefix}_KEY_PREVIOUS`,
    },
  }
}

/**
 * A prefix as GitHub will store it, in upper case.
 * @throws Problem `input-invalid` when GitHub would refuse the names made from it
 */
export function readPrefix(text: string): string {
  const prefix = text.trim()
  const refused = (fact: string): Problem =>
    new Problem(
      'input-invalid',
      `prefix ${fact}`,
      'set prefix to letters, digits and underscores, not starting with a digit or GITHUB_, for example AMAZON_PAY_EU',
    )
  if (prefix === '') throw refused('is empty')
  if (prefix.length > 100) throw refused(`has ${prefix.length} characters; at most 100 make sense`)
  if (!/^[A-Za-z0-9_]+$/.test(prefix)) {
    throw refused('holds a character that GitHub does not allow in names of secrets')
  }
  if (/^[0-9]/.test(prefix)) throw refused('starts with a digit')
  if (/^GITHUB_/i.test(prefix)) throw refused('starts with GITHUB_, which GitHub keeps for itself')
  return prefix.toUpperCase()
}

/** When GitHub stored something; times as GitHub writes them (UTC, whole seconds). */
export interface Stored {
  readonly createdAt: string
  readonly updatedAt: string
}

/** A key record and when its variable was last written. */
export interface StoredRecord extends Stored {
  readonly record: KeyRecord
}

/** What one target held when it was looked at. */
export interface TargetState {
  readonly privateKey: Readonly<Record<Slot, Stored | null>>
  readonly publicKeyId: Stored | null
  /** A slot that was not asked for is null. */
  readonly records: Readonly<Record<Slot, StoredRecord | null>>
  /** How many more secrets GitHub will take here; null where that is not known. */
  readonly room: number | null
}

/** Whether `later` was written after `earlier`, as far as whole seconds can tell. */
export function writtenAfter(later: Stored | null, earlier: Stored | null): boolean {
  return later !== null && earlier !== null && time(later) > time(earlier)
}

/** The same, counting the same second as after. */
export function writtenSince(later: Stored | null, earlier: Stored | null): boolean {
  return later !== null && earlier !== null && time(later) >= time(earlier)
}

/** Secrets of the current pair that are younger than its record: somebody began to change it and did not finish. */
export function pairIsYounger({ privateKey, publicKeyId, records }: TargetState): boolean {
  const { current } = records
  return writtenAfter(privateKey.current, current) || writtenAfter(publicKeyId, current)
}

function time(stored: Stored): number {
  return Date.parse(stored.updatedAt)
}
