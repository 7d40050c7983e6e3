import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { AmazonPay, Region, View } from '../../rehearsal/amazon-pay.ts'
import { type GitHub, openedFingerprint, type Scope } from '../../rehearsal/github.ts'
import { nextKey } from '../keys.ts'

/** A key pair that was made elsewhere, as text. */
export interface Key {
  readonly privateKey: string
  readonly publicKey: string
  readonly fingerprint: string
}

export function makeKey(key: KeyObject = nextKey()): Key {
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }) as string
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string
  return { privateKey, publicKey, fingerprint: openedFingerprint(publicKey) }
}

/** A key pair whose public key has been exchanged. */
export interface Pair extends Key {
  readonly id: string
  readonly region: Region
  readonly view: View
}

export function exchangedPair(
  amazonPay: AmazonPay,
  { region = 'eu', view = 'live' }: { readonly region?: Region; readonly view?: View } = {},
): Pair {
  const key = makeKey()
  const id = amazonPay.exchange({ region, view, publicKey: key.publicKey, name: 'planted' })
  return { ...key, id, region, view }
}

type Slot = 'current' | 'next' | 'previous'

const ends: Readonly<Record<Slot, string>> = { current: '', next: '_NEXT', previous: '_PREVIOUS' }

/** The run that planted keys come from. */
export const earlierRun = 'https://github.com/acme/shop/actions/runs/17'

/** A key record as an earlier run wrote it: one line of JSON, signed by the key of its slot. */
export function keyRecord(
  key: Key | Pair,
  slot: Slot,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const exchanged = 'id' in key ? key : undefined
  const isStaged = slot === 'next'
  const unsigned = JSON.stringify({
    version: 1,
    fingerprint: key.fingerprint,
    publicKey: key.publicKey,
    publicKeyId: isStaged ? null : (exchanged?.id ?? null),
    region: exchanged?.region ?? null,
    payEnvironment: exchanged?.view ?? null,
    madeAt: daysAgo(3),
    activatedAt: isStaged ? null : daysAgo(2),
    run: earlierRun,
    ...more,
  })
  const signed = ['amazon-pay-keys key record', slot, unsigned].join('\n')
  const signature = sign('sha256', Buffer.from(signed), key.privateKey).toString('base64')
  return `${unsigned.slice(0, -1)},"signature":"${signature}"}`
}

/** Puts a key into a slot: secret and signed record, and the Public Key ID with a current pair. */
export function plant(
  github: GitHub,
  scope: Scope,
  slot: Slot,
  key: Key | Pair,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const end = ends[slot]
  github.setVariable(scope, `AMAZON_PAY_KEY${end}`, keyRecord(key, slot, more))
  github.setSecret(scope, `AMAZON_PAY_PRIVATE_KEY${end}`, key.privateKey)
  if (slot === 'current' && 'id' in key) {
    github.setSecret(scope, 'AMAZON_PAY_PUBLIC_KEY_ID', key.id)
  }
}

export const daysAgo = (days: number): string =>
  `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19)}Z`
