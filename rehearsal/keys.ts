import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { AmazonPay } from './amazon-pay.ts'
import type { Scope } from './github.ts'

export type SlotName = 'current' | 'next' | 'previous'

/** What a slot contains, without showing the key. */
export interface Slot {
  readonly slot: SlotName
  /** Name of the secret. */
  readonly secret: string
  /** Of the key in the opened secret, as the action's pages show it; null where there is no secret, or no key in it. */
  readonly fingerprint: string | null
  readonly shortFingerprint: string | null
  /** The Public Key ID that belongs to the slot: of the current one the secret, of the others the record. */
  readonly publicKeyId: string | null
  readonly record: KeyRecord | null
}

export interface KeyRecord {
  readonly fingerprint: string
  readonly publicKey: string
  readonly publicKeyId: string | null
  readonly madeAt: string
  readonly activatedAt: string | null
  readonly change?: 'activate' | 'rollback'
  readonly rolledBackAt?: string
}

export type Slots = Readonly<Record<SlotName, Slot>>

/** The three slots of a repository or an environment. */
export function slotsOf(scope: Pick<Scope, 'secrets' | 'variables'>): Slots {
  const id = scope.secrets.get('AMAZON_PAY_PUBLIC_KEY_ID')?.value
  const current = slotOf(scope, 'current')
  return {
    current: { ...current, publicKeyId: id ?? current.publicKeyId },
    next: slotOf(scope, 'next'),
    previous: slotOf(scope, 'previous'),
  }
}

function slotOf(
  { secrets, variables }: Pick<Scope, 'secrets' | 'variables'>,
  slot: SlotName,
): Slot {
  const end = slot === 'current' ? '' : `_${slot.toUpperCase()}`
  const secret = `AMAZON_PAY_PRIVATE_KEY${end}`
  const record = readRecord(variables.get(`AMAZON_PAY_KEY${end}`)?.value)
  return {
    slot,
    secret,
    ...fingerprintsOf(secrets.get(secret)?.value),
    publicKeyId: record?.publicKeyId ?? null,
    record,
  }
}

function readRecord(text: string | undefined): KeyRecord | null {
  try {
    return text === undefined ? null : (JSON.parse(text) as KeyRecord)
  } catch {
    return null
  }
}

/** Both forms in which the action names a key, from a public or a private one. */
export function fingerprintsOf(pem: string | undefined): {
  readonly fingerprint: string | null
  readonly shortFingerprint: string | null
} {
  try {
    if (pem === undefined) return { fingerprint: null, shortFingerprint: null }
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    const hash = createHash('sha256').update(der).digest()
    return {
      fingerprint: `SHA256:${hash.toString('base64').replace(/=+$/, '')}`,
      shortFingerprint: hash.toString('hex').slice(0, 8),
    }
  } catch {
    return { fingerprint: null, shortFingerprint: null }
  }
}

/** Whether a pair is torn: Amazon Pay has another key under its Public Key ID. */
export function isTorn({ keys }: AmazonPay, { slot, publicKeyId, fingerprint }: Slot): boolean {
  if (slot !== 'current' || publicKeyId === null || fingerprint === null) return false
  const pem = keys.get(publicKeyId)?.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return fingerprintsOf(pem).fingerprint !== fingerprint
}

/** The Public Key IDs that a key was exchanged for, and that still work; the newest first. */
export const idsOf = ({ keys }: AmazonPay, fingerprint: string): readonly string[] =>
  [...keys.values()]
    .filter(({ status }) => status === 'active')
    .filter(({ publicKey }) => {
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      return fingerprintsOf(pem).fingerprint === fingerprint
    })
    .map(({ id }) => id)
    .reverse()

export const makeKeyPair = (): { readonly privateKey: string; readonly publicKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
