import { type PublicKeyId, parsePublicKeyId } from '../../../src/domain/amazon-pay/public-key-id.ts'
import { fingerprint } from '../../../src/domain/key/fingerprint.ts'
import { type KeyPair, keyPairOf } from '../../../src/domain/key/pair.ts'
import { Problem, Problems } from '../../../src/domain/problem.ts'
import { type KeyRecord, writeKeyRecord } from '../../../src/domain/rotation/record.ts'
import { emptyRing, type Ring, ringKey } from '../../../src/domain/rotation/ring.ts'
import { type Slot, type Stored, slotNames, slots } from '../../../src/domain/rotation/slots.ts'
import { type TargetView, viewOf } from '../../../src/domain/rotation/view.ts'
import { nextKey } from '../../keys.ts'

export const names = slotNames('AMAZON_PAY')

/** A key pair with the names that tests call it by. */
export interface Key {
  readonly pair: KeyPair
  readonly fingerprint: string
  readonly id: PublicKeyId
}

/** As many keys as a test file needs; their IDs end in A, B, C and so on. */
export function makeKeys(count: number): Key[] {
  return Array.from({ length: count }, (_, index): Key => {
    const pair = keyPairOf(nextKey())
    const letter = String.fromCharCode(65 + index)
    return {
      pair,
      fingerprint: fingerprint(pair.publicKey),
      id: parsePublicKeyId(`SANDBOX-${letter.repeat(24)}`),
    }
  })
}

export function recordOf(key: Key, more: Partial<KeyRecord> = {}): KeyRecord {
  return {
    publicKey: key.pair.publicKey,
    fingerprint: key.fingerprint,
    publicKeyId: key.id,
    region: 'eu',
    payEnvironment: 'sandbox',
    madeAt: '2026-11-01T00:00:00Z',
    activatedAt: null,
    run: 'https://github.com/acme/shop/actions/runs/1',
    change: null,
    rolledBackAt: null,
    others: {},
    ...more,
  }
}

/** What a slot contains: a key with its record; only one of both; or a record as text. */
export interface SlotContent {
  readonly key?: Key
  readonly record?: Partial<KeyRecord> | false
  readonly text?: string
  readonly secret?: boolean
  readonly updatedAt?: string
}

const stored = (updatedAt: string): Stored => ({ createdAt: updatedAt, updatedAt })

/** A target as it would be seen with a ring. */
export function view(
  contents: Partial<Record<Slot, SlotContent>>,
  ring: Ring,
  more: { publicKeyId?: boolean; room?: number | null } = {},
): TargetView {
  const secretOf = (slot: Slot): Stored | null => {
    const content = contents[slot]
    return content && content.secret !== false
      ? stored(content.updatedAt ?? '2026-11-01T00:00:00Z')
      : null
  }
  const textOf = (slot: Slot): string | null => {
    const { key, record, text } = contents[slot] ?? {}
    if (text !== undefined) return text
    if (!key || record === false) return null
    return writeKeyRecord(recordOf(key, record), slot, key.pair)
  }
  const variableOf = (slot: Slot) => {
    const value = textOf(slot)
    return value === null ? null : { ...stored('2026-11-01T00:00:00Z'), value }
  }
  const each = <T>(of: (slot: Slot) => T): Record<Slot, T> =>
    Object.fromEntries(slots.map((slot) => [slot, of(slot)])) as Record<Slot, T>
  return viewOf(
    {
      privateKey: each(secretOf),
      records: each(variableOf),
      publicKeyId:
        (more.publicKeyId ?? contents.current !== undefined)
          ? stored('2026-11-01T00:00:00Z')
          : null,
      lock: null,
      room: more.room ?? null,
    },
    ring,
    names,
  )
}

export function ringOf(keys: Partial<Record<Slot, Key>>): Ring {
  return {
    ...emptyRing,
    ...Object.fromEntries(Object.entries(keys).map(([slot, key]) => [slot, ringKey(key.pair)])),
  }
}

/** The code of what is thrown, or the value that is returned. */
export function outcomeOf<T>(work: () => T): T | string {
  try {
    return work()
  } catch (error) {
    if (error instanceof Problem) return error.code
    if (error instanceof Problems) return error.all[0].code
    throw error
  }
}
