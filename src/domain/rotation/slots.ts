import { Problem } from '../problem.ts'

/**
 * A key moves through the slots: next → current → previous → deleted. A new key waits in `next`, the checkout signs with
 * `current`, and a rollback returns to `previous`.
 */
export type Slot = 'current' | 'next' | 'previous'

export const slots = ['current', 'next', 'previous'] as const

/** Names of the secrets and variables that belong to one prefix. */
export interface SlotNames {
  readonly privateKey: Readonly<Record<Slot, string>>
  /** Only the current pair has its Public Key ID in a secret, because the shop reads it together with the private key. */
  readonly publicKeyId: string
  /** The variable with the key record of a slot. */
  readonly record: Readonly<Record<Slot, string>>
  /** The variable that keeps two runs from changing one target at the same time. */
  readonly lock: string
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
    lock: `${prefix}_KEY_LOCK`,
  }
}

const maxPrefixLength = 100

/**
 * Reads a prefix and converts it to upper case, as GitHub does with names of secrets.
 * @throws Problem `input-invalid` if GitHub would refuse the names that begin with it
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
  if (prefix.length > maxPrefixLength) {
    throw refused(`has ${prefix.length} characters; the limit is ${maxPrefixLength}`)
  }
  if (!/^[A-Za-z0-9_]+$/.test(prefix)) {
    throw refused('contains a character that GitHub does not allow in secret names')
  }
  if (/^[0-9]/.test(prefix)) throw refused('starts with a digit')
  if (/^GITHUB_/i.test(prefix)) throw refused('starts with GITHUB_, which GitHub reserves')
  return prefix.toUpperCase()
}

/** When GitHub stored something: UTC, whole seconds. */
export interface Stored {
  readonly createdAt: string
  readonly updatedAt: string
}

/** A variable and its value. */
export interface StoredVariable extends Stored {
  readonly value: string
}

/** What GitHub says one target contains. The records are not parsed or verified yet. */
export interface TargetState {
  readonly privateKey: Readonly<Record<Slot, Stored | null>>
  readonly publicKeyId: Stored | null
  readonly records: Readonly<Record<Slot, StoredVariable | null>>
  readonly lock: StoredVariable | null
  /** How many more secrets GitHub accepts here; null if unknown. */
  readonly room: number | null
}
