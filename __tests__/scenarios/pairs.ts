import { createPublicKey } from 'node:crypto'
import type { Region, View } from '../../rehearsal/amazon-pay.ts'
import type { Scope } from '../../rehearsal/github.ts'
import { type OrderResult, placeOrder } from '../../rehearsal/shop.ts'
import { type Key, makeKey, recordOf, type Scene } from './support.ts'

/** A key that has been exchanged. */
export interface Pair extends Key {
  /** How the tests call it. */
  name: string
  id: string
  view: View | 'both'
  region: Region
}

/** Pairs of one account, with the same Public Key IDs every time. */
export function makePairs(...names: string[]): Pair[] {
  return names.map((name) => makePair(name))
}

export function makePair(
  name: string,
  { view = 'live', region = 'us' }: { view?: View | 'both'; region?: Region } = {},
): Pair {
  const prefix = view === 'both' ? '' : `${view.toUpperCase()}-`
  return { ...makeKey(), name, view, region, id: `${prefix}${name.padStart(24, 'A')}` }
}

/** Integration Central has these. */
export function exchanged({ amazonPay }: Scene, ...pairs: Pair[]): void {
  for (const { id, name, publicKey, view, region } of pairs) {
    amazonPay.keys.set(id, {
      id,
      region,
      views: view === 'both' ? ['live', 'sandbox'] : [view],
      name,
      publicKey: createPublicKey(publicKey),
      status: 'active',
      unknownFor: 0,
    })
  }
}

export const days = 86_400_000

export interface Planted {
  current?: Pair
  /** A current pair that nobody recorded. */
  unrecorded?: Pair
  next?: Pair
  previous?: Pair
}

/** What earlier runs left in a place, some days ago. */
export function plant(
  { github }: Scene,
  scope: Scope,
  { current, unrecorded, next, previous }: Planted,
  { ago = 40, more = {} }: { ago?: number; more?: Record<string, unknown> } = {},
): void {
  const { now } = github
  const then = now().getTime() - ago * days - 20_000
  let written = 0
  github.now = () => new Date(then + 1000 * written++)
  const time = `${new Date(then).toISOString().slice(0, 19)}Z`
  const record = (pair: Pair, own: Record<string, unknown>) =>
    JSON.stringify(
      recordOf(pair, {
        region: pair.region,
        payEnvironment: pair.view === 'both' ? null : pair.view,
        madeAt: time,
        ...own,
        ...more,
      }),
    )
  if (previous) {
    github.setSecret(scope, 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS', previous.privateKey)
    const own = { publicKeyId: previous.id, activatedAt: time }
    github.setVariable(scope, 'AMAZON_PAY_KEY_PREVIOUS', record(previous, own))
  }
  const pair = current ?? unrecorded
  if (pair) {
    github.setSecret(scope, 'AMAZON_PAY_PUBLIC_KEY_ID', pair.id)
    github.setSecret(scope, 'AMAZON_PAY_PRIVATE_KEY', pair.privateKey)
  }
  if (current) {
    const own = { publicKeyId: current.id, activatedAt: time }
    github.setVariable(scope, 'AMAZON_PAY_KEY', record(current, own))
  }
  if (next) {
    github.setVariable(scope, 'AMAZON_PAY_KEY_NEXT', record(next, {}))
    github.setSecret(scope, 'AMAZON_PAY_PRIVATE_KEY_NEXT', next.privateKey)
  }
  github.now = now
  github.writes.length = 0
}

/** `with:` of an activation, as a workflow fills it. */
export function activation(
  pair: Pair,
  previous?: Pair | null,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    command: 'activate',
    'private-key': pair.privateKey,
    'public-key-id': pair.id,
    ...(previous && { 'previous-private-key': previous.privateKey }),
    ...more,
  }
}

/** What a place holds, told by the names of the pairs. A record is `name`, and `name:id` with its ID. */
export interface Held {
  current: string | null
  id: string | null
  next: string | null
  previous: string | null
  records: { current: string | null; next: string | null; previous: string | null }
}

export function held(scope: Scope, pairs: readonly Pair[]): Held {
  const key = (name: string): string | null => {
    const value = scope.secrets.get(name)?.value
    if (value === undefined) return null
    return pairs.find(({ privateKey }) => privateKey === value)?.name ?? 'another'
  }
  const nameOfId = (id: unknown) => pairs.find((pair) => pair.id === id)?.name ?? 'another'
  const record = (name: string): string | null => {
    const value = scope.variables.get(name)?.value
    if (value === undefined) return null
    const { fingerprint, publicKeyId } = JSON.parse(value) as Record<string, unknown>
    const pair = pairs.find((pair) => pair.fingerprint === fingerprint)
    return `${pair?.name ?? 'another'}${publicKeyId === null ? '' : `:${nameOfId(publicKeyId)}`}`
  }
  const id = scope.secrets.get('AMAZON_PAY_PUBLIC_KEY_ID')?.value
  return {
    current: key('AMAZON_PAY_PRIVATE_KEY'),
    id: id === undefined ? null : nameOfId(id),
    next: key('AMAZON_PAY_PRIVATE_KEY_NEXT'),
    previous: key('AMAZON_PAY_PRIVATE_KEY_PREVIOUS'),
    records: {
      current: record('AMAZON_PAY_KEY'),
      next: record('AMAZON_PAY_KEY_NEXT'),
      previous: record('AMAZON_PAY_KEY_PREVIOUS'),
    },
  }
}

/** A place after a rotation that went well. */
export function settled(current: Pair, previous?: Pair, next?: Pair): Held {
  return {
    current: current.name,
    id: current.name,
    next: next?.name ?? null,
    previous: previous?.name ?? null,
    records: {
      current: `${current.name}:${current.name}`,
      next: next?.name ?? null,
      previous: previous ? `${previous.name}:${previous.name}` : null,
    },
  }
}

/** The shop's deploy job: an order, signed with whatever is current. Null where there is no pair. */
export async function order(
  { amazonPay }: Scene,
  scope: Scope,
  region: Region = 'us',
): Promise<OrderResult | null> {
  const privateKey = scope.secrets.get('AMAZON_PAY_PRIVATE_KEY')?.value
  const publicKeyId = scope.secrets.get('AMAZON_PAY_PUBLIC_KEY_ID')?.value
  if (privateKey === undefined || publicKeyId === undefined) return null
  return placeOrder({ url: amazonPay.url, region, privateKey, publicKeyId })
}
