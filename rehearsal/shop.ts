import { constants, createHash, sign } from 'node:crypto'
import { HOSTS, type Region, type View } from './amazon-pay.ts'

/** How an order went: Amazon's own words when it did not. */
export interface OrderResult {
  accepted: boolean
  status: number
  reasonCode: string | null
  message: string | null
}

/**
 * A shop at work: creates a checkout session with the pair that it was deployed with. Signs by itself,
 * so that it witnesses the rotation rather than shares its mistakes.
 */
export async function placeOrder(shop: {
  url: string
  region: Region
  publicKeyId: string
  privateKey: string
  /** For a Public Key ID without prefix. */
  view?: View
  now?: () => Date
}): Promise<OrderResult> {
  const { url, region, publicKeyId, privateKey, view = 'live', now = () => new Date() } = shop
  const path = `${/^(live|sandbox)-/i.test(publicKeyId) ? '' : `/${view}`}/v2/checkoutSessions`
  const body = JSON.stringify({ storeId: 'amzn1.application-oa2-client.rehearsal' })
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/json',
    'x-amz-pay-date': now()
      .toISOString()
      .replace(/\.\d+|[-:]/g, ''),
    'x-amz-pay-host': HOSTS[region],
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

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
