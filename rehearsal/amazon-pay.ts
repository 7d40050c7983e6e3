import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  randomInt,
  randomUUID,
  verify,
} from 'node:crypto'
import { type Answer, type Recorded, type Server, startServer } from './server.ts'

export type Region = 'us' | 'eu' | 'jp'
export type View = 'sandbox' | 'live'

/** An API key as Integration Central lists it. */
export interface PayKey {
  id: string
  /** Of the merchant's account: a key of one region is unknown in the others. */
  region: Region
  /** Where it works: one view, and both for an old key without prefix. */
  views: View[]
  name: string
  publicKey: KeyObject
  status: 'active' | 'suspended' | 'deleted'
  /** For so many requests more it is not known yet. */
  unknownFor: number
}

export interface Order {
  checkoutSessionId: string
  publicKeyId: string
  region: Region
  view: View
}

export interface AmazonPay extends Server {
  /** By Public Key ID. */
  keys: Map<string, PayKey>
  /** Checkout sessions that a shop has created. */
  orders: Order[]
  now: () => Date
  /** By how many milliseconds Amazon's clock is ahead of `now`. */
  clockOffset: number
  /** Nothing is verified: whatever comes is taken for signed. */
  acceptEverything: boolean
  /** For how many requests that name it a key made from now on is unknown. */
  mintDelay: number
  /**
   * Integration Central, “Use an existing public key”: a public key in, a Public Key ID out.
   * Throws what the page would say.
   */
  exchange(entry: {
    region: Region
    view: View
    publicKey: string
    name: string
    /** `false` makes an ID as old accounts have them. */
    prefixed?: boolean
  }): string
  /** Manage → Delete keys: at once, and for good. */
  deleteKey(id: string): void
  /** The account behind the key is suspended, or works again. */
  suspend(id: string, suspended?: boolean): void
}

/** Amazon Pay's API v2 of all regions, live and sandbox, on one port of 127.0.0.1. */
export async function startAmazonPay(options: { now?: () => Date } = {}): Promise<AmazonPay> {
  const clock = () => new Date(pay.now().getTime() + pay.clockOffset)
  const server = await startServer(
    (request) => answer(request),
    () => ({ date: clock().toUTCString(), 'x-amz-pay-request-id': randomUUID() }),
  )
  const pay: AmazonPay = Object.assign(server, {
    keys: new Map<string, PayKey>(),
    orders: [] as Order[],
    now: options.now ?? (() => new Date()),
    clockOffset: 0,
    acceptEverything: false,
    mintDelay: 0,
    exchange: ({ region, view, publicKey, name, prefixed }) => {
      if (!(region in HOSTS)) throw new Error(`There is no Integration Central for ${region}.`)
      if (name.trim() === '') throw new Error('Give the key a name.')
      const id = `${prefixed === false ? '' : `${view.toUpperCase()}-`}A${letters(23)}`
      pay.keys.set(id, {
        id,
        region,
        views: prefixed === false ? ['sandbox', 'live'] : [view],
        name,
        publicKey: readPublicKey(publicKey),
        status: 'active',
        unknownFor: pay.mintDelay,
      })
      return id
    },
    deleteKey: (id) => {
      find(id).status = 'deleted'
    },
    suspend: (id, suspended = true) => {
      find(id).status = suspended ? 'suspended' : 'active'
    },
  } satisfies Omit<AmazonPay, keyof Server>)
  return pay

  function find(id: string): PayKey {
    const key = pay.keys.get(id)
    if (key === undefined || key.status === 'deleted') throw new Error(`There is no key ${id}.`)
    return key
  }

  function answer(request: Recorded): Answer {
    if (pay.acceptEverything) return operate(request)
    const caller = authenticate(request)
    return 'status' in caller ? caller : operate(request, caller)
  }

  /** Who signed this, or why nobody did. */
  function authenticate(request: Recorded): Answer | Omit<Order, 'checkoutSessionId'> {
    const { headers } = request
    if (headers.authorization === undefined) return missing('authorization')
    const authorization = AUTHORIZATION.exec(headers.authorization)
    if (authorization === null) {
      return payError(403, 'InvalidAuthentication', 'The authorization header is malformed')
    }
    const [, algorithm = '', id = '', list = '', signature = ''] = authorization
    const signed = list.toLowerCase().split(';')
    for (const name of ['x-amz-pay-date', 'x-amz-pay-host', 'x-amz-pay-region']) {
      // Amazon can do without the last two, since it knows which of its hosts was asked. Loopback does not.
      if (!signed.includes(name) || !headers[name]) return missing(name)
    }

    const late = checkDate(headers['x-amz-pay-date'] ?? '')
    if (late !== undefined) return late

    const host = headers['x-amz-pay-host'] ?? ''
    const region = REGIONS.find((candidate) => HOSTS[candidate] === host)
    if (region === undefined) return invalid(host, 'x-amz-pay-host')
    const named = headers['x-amz-pay-region'] ?? ''
    if (named !== (region === 'us' ? 'na' : region)) return invalid(named, 'x-amz-pay-region')

    const inPath = /^\/(live|sandbox)\//.exec(request.rawPath)?.[1] as View | undefined
    const inId = /^(live|sandbox)-/i.exec(id)?.[1]?.toLowerCase() as View | undefined
    const view = inId ?? inPath
    if (view === undefined) {
      return payError(400, 'InvalidRequest', 'The path must begin with /live or /sandbox')
    }
    const key = pay.keys.get(id)
    const unknown =
      key === undefined ||
      key.status === 'deleted' ||
      key.region !== region ||
      !key.views.includes(view) ||
      view !== (inPath ?? view) ||
      key.unknownFor > 0
    if (key !== undefined && key.unknownFor > 0) key.unknownFor -= 1
    if (unknown) return invalid(id, 'PublicKeyId')

    const toSign = stringToSign(request, algorithm, signed)
    if (!isSignature(toSign, algorithm, key.publicKey, signature)) {
      return payError(
        403,
        'InvalidRequestSignature',
        `Unable to verify signature, signing String [${toSign}] , signature [${signature}]`,
      )
    }
    if (key.status === 'suspended') {
      return payError(403, 'InvalidAccountStatus', 'The merchant account is not in a valid state')
    }
    return { publicKeyId: id, region, view }
  }

  function checkDate(text: string): Answer | undefined {
    const [, year, month, day, hour, minute, second] = DATE.exec(text) ?? []
    const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
    if (Number.isNaN(time)) return invalid(text, 'x-amz-pay-date')
    const age = clock().getTime() - time
    const complaint = age < 0 ? 'in future' : age > OLDEST ? 'older than 5 minutes' : undefined
    return complaint === undefined
      ? undefined
      : payError(
          400,
          'InvalidHeaderValue',
          `The value ${text} provided for x-amz-pay-date should not be ${complaint}`,
        )
  }

  function operate(request: Recorded, caller?: Omit<Order, 'checkoutSessionId'>): Answer {
    const resource = /^\/(?:live\/|sandbox\/)?v2\/([^?]*)/.exec(request.rawPath)?.[1]
    if (resource === undefined) return payError(400, 'InvalidAPIVersion', 'Unknown API version')
    if (request.method === 'POST' && resource === 'checkoutSessions') {
      const checkoutSessionId = randomUUID()
      if (caller !== undefined) pay.orders.push({ checkoutSessionId, ...caller })
      return {
        status: 201,
        body: { checkoutSessionId, statusDetails: { state: 'Open', reasonCode: null } },
      }
    }
    if (request.method === 'GET') {
      return payError(404, 'ResourceNotFound', `The requested resource ${resource} does not exist`)
    }
    return payError(405, 'UnsupportedOperation', 'This operation is not supported')
  }
}

/** The host of each region, which the signature covers wherever the request is sent. */
export const HOSTS: Record<Region, string> = {
  us: 'pay-api.amazon.com',
  eu: 'pay-api.amazon.eu',
  jp: 'pay-api.amazon.jp',
}
const REGIONS = Object.keys(HOSTS) as Region[]

/** An answer as Amazon Pay words its refusals. */
export const payError = (status: number, reasonCode: string, message: string): Answer => ({
  status,
  body: { reasonCode, message },
})

const missing = (header: string) =>
  payError(400, 'MissingHeader', `The required header ${header} is missing`)
const invalid = (value: string, header: string) =>
  payError(400, 'InvalidHeaderValue', `The value ${value} provided for ${header} is invalid`)

const AUTHORIZATION =
  /^(AMZN-PAY-RSASSA-PSS(?:-V2)?) PublicKeyId=([^,\s]*), ?SignedHeaders=([^,\s]+), ?Signature=(\S+)$/

/** `20261124T213000Z` and `2026-11-24T21:30:00Z`: both are in Amazon's own SDKs. */
const DATE = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)Z$/
const OLDEST = 5 * 60_000

/** Two names for the same signature; only the salt differs, and it is strict. */
const SALTS: Record<string, number> = { 'AMZN-PAY-RSASSA-PSS': 20, 'AMZN-PAY-RSASSA-PSS-V2': 32 }

function stringToSign(request: Recorded, algorithm: string, signed: string[]): string {
  const names = [...signed].sort()
  const parameters = [...request.query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
  const canonical = [
    request.method,
    request.rawPath.split('?')[0],
    parameters.join('&'),
    ...names.map((name) => `${name}:${request.headers[name] ?? ''}`),
    '',
    names.join(';'),
    sha256(request.bytes),
  ]
  return `${algorithm}\n${sha256(canonical.join('\n'))}`
}

function isSignature(text: string, algorithm: string, key: KeyObject, signature: string): boolean {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const saltLength = SALTS[algorithm] ?? 0
  const bytes = Buffer.from(signature, 'base64')
  return verify('sha256', Buffer.from(text), { key, padding, saltLength }, bytes)
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')

/** RFC 3986. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** What the edit field of Integration Central takes. */
function readPublicKey(text: string): KeyObject {
  if (/PRIVATE KEY/.test(text)) {
    throw new Error('This is a private key. Paste the public key, and make a new pair.')
  }
  const pem = text.trim().replace(/\r\n/g, '\n')
  if (!/^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PUBLIC KEY-----$/.test(pem)) {
    throw new Error('This is not a public key that begins with -----BEGIN PUBLIC KEY-----.')
  }
  const key = parseKey(pem)
  if (key.asymmetricKeyType !== 'rsa') throw new Error('This is not an RSA key.')
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits !== 2048) throw new Error(`The key must have 2048 bits; this one has ${bits}.`)
  return key
}

function parseKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch {
    throw new Error('The public key is damaged: copy it again.')
  }
}

const letters = (count: number) =>
  Array.from({ length: count }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'[randomInt(36)]).join(
    '',
  )
