import { constants, createHash, sign } from 'node:crypto'
import { type AmazonPay, hostOf, type Region, type View } from './amazon-pay.ts'
import type { Values } from './github/values.ts'
import { fingerprintsOf } from './keys.ts'

/** How an order went: with Amazon's own words when it was refused. */
export interface OrderResult {
  readonly accepted: boolean
  readonly status: number
  readonly reasonCode: string | null
  readonly message: string | null
}

/** A key pair as a deploy has installed it. */
export interface Pair {
  readonly publicKeyId: string
  readonly privateKey: string
}

export interface Order extends OrderResult {
  readonly time: Date
  readonly publicKeyId: string
}

/** A shop signs with the pair that it was deployed with, whatever the secrets contain meanwhile. */
export interface Shop {
  readonly repository: string
  readonly pair: Pair | undefined
  readonly shortFingerprint: string | null
  readonly deployedAt: Date | undefined
  readonly accepted: number
  readonly refused: number
  /** The newest first, five at most. */
  readonly orders: readonly Order[]
  deploy(secrets: Values): void
  /** Undefined as long as the shop has no key. */
  sell(): Promise<Order | undefined>
}

export function openShop(repository: string, amazonPay: AmazonPay): Shop {
  let pair: Pair | undefined
  let deployedAt: Date | undefined
  const orders: Order[] = []
  const counts = { accepted: 0, refused: 0 }
  return {
    repository,
    get pair() {
      return pair
    },
    get shortFingerprint() {
      return fingerprintsOf(pair?.privateKey).shortFingerprint
    },
    get deployedAt() {
      return deployedAt
    },
    get accepted() {
      return counts.accepted
    },
    get refused() {
      return counts.refused
    },
    orders,
    deploy({ AMAZON_PAY_PRIVATE_KEY: privateKey = '', AMAZON_PAY_PUBLIC_KEY_ID: id = '' }) {
      pair = { privateKey, publicKeyId: id }
      deployedAt = amazonPay.now()
    },
    async sell() {
      if (pair === undefined) return undefined
      const { publicKeyId } = pair
      const { url, now } = amazonPay
      const region = amazonPay.keys.get(publicKeyId)?.region ?? 'eu'
      const result = await placeOrder({ url, region, ...pair, now })
      const order = { ...result, time: now(), publicKeyId }
      counts[result.accepted ? 'accepted' : 'refused'] += 1
      orders.unshift(order)
      orders.splice(5)
      return order
    },
  }
}

/**
 * Creates a checkout session. It signs with code of its own, so that a mistake in the action's signature cannot hide in
 * it.
 */
export async function placeOrder(shop: {
  readonly url: string
  readonly region: Region
  readonly publicKeyId: string
  readonly privateKey: string
  /** For a Public Key ID without prefix. */
  readonly view?: View
  readonly now?: () => Date
}): Promise<OrderResult> {
  const { url, region, publicKeyId, privateKey, view = 'live', now = () => new Date() } = shop
  const path = `${/^(live|sandbox)-/i.test(publicKeyId) ? '' : `/${view}`}/v2/checkoutSessions`
  const body = JSON.stringify({ storeId: 'amzn1.application-oa2-client.rehearsal' })
  const headers: Readonly<Record<string, string>> = {
    accept: 'application/json',
    'content-type': 'application/json',
    'x-amz-pay-date': now()
      .toISOString()
      .replace(/\.\d+|[-:]/g, ''),
    'x-amz-pay-host': hostOf[region],
    'x-amz-pay-region': region === 'us' ? 'na' : region,
  }
  const names = Object.keys(headers).sort()
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('')
  const canonical = `POST\n${path}\n\n${lines}\n${names.join(';')}\n${sha256(body)}`
  const signature = sign('sha256', Buffer.from(`AMZN-PAY-RSASSA-PSS-V2\n${sha256(canonical)}`), {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  }).toString('base64')
  const authorization = `AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=${publicKeyId}, SignedHeaders=${names.join(';')}, Signature=${signature}`

  const response = await fetch(url + path, {
    method: 'POST',
    headers: { ...headers, authorization },
    body,
  })
  const { reasonCode = null, message = null } = (await response.json()) as Partial<OrderResult>
  return { accepted: response.status === 201, status: response.status, reasonCode, message }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
