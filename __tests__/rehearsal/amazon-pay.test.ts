import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { createRequire } from 'node:module'
import {
  type AmazonPay,
  hostOf,
  payError,
  type Region,
  startAmazonPay,
  suspected,
  type UnknownBecause,
  type View,
} from '../../rehearsal/amazon-pay.ts'
import { placeOrder } from '../../rehearsal/shop.ts'

// The official SDK is CommonJS without types.
const { WebStoreClient } = createRequire(import.meta.url)('@amazonpay/amazon-pay-api-sdk-nodejs')

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  }
}
const ours = pair()
const foreign = pair()

let pay: AmazonPay
beforeEach(async () => {
  pay = await startAmazonPay()
})
afterEach(() => pay.close())

const exchange = (more: Partial<Parameters<AmazonPay['exchange']>[0]> = {}) =>
  pay.exchange({ region: 'us', view: 'sandbox', publicKey: ours.publicKey, name: 'shop', ...more })

const PROBE = 'chargePermissions/S00-0000000-0000000'

/** Signs with Amazon's own SDK, and sends to loopback what it made. */
async function probe(
  publicKeyId: string,
  more: {
    region?: string
    privateKey?: string
    algorithm?: string
    sandbox?: boolean
    path?: string
    change?: Record<string, string | undefined>
  } = {},
) {
  const { region = 'us', privateKey = ours.privateKey, algorithm, sandbox } = more
  const config = { publicKeyId, privateKey, region, sandbox, algorithm }
  const options = { method: 'GET', urlFragment: PROBE, headers: {} }
  const headers = new WebStoreClient(config).getSignedHeaders(options)
  for (const [name, value] of Object.entries(more.change ?? {})) {
    if (value === undefined) delete headers[name]
    else headers[name] = value
  }
  // Amazon Pay's clock shows what the SDK's did, however long the request takes.
  const signedAt = Date.parse(headers['x-amz-pay-date'])
  if (!Number.isNaN(signedAt)) pay.now = () => new Date(signedAt)
  // The SDK completes the fragment in place: `v2/…`, `sandbox/v2/…` or `live/v2/…`.
  const path = more.path ?? `/${options.urlFragment}`
  const response = await fetch(pay.url + path, { headers })
  const body = (await response.json()) as { reasonCode: string; message: string }
  return { status: response.status, headers: response.headers, ...body }
}

describe('Integration Central', () => {
  test('exchanging a public key gives a Public Key ID', () => {
    expect(exchange()).toMatch(/^SANDBOX-A[A-Z0-9]{23}$/)
    expect(exchange({ view: 'live' })).toMatch(/^LIVE-A[A-Z0-9]{23}$/)
    expect(exchange({ prefixed: false })).toMatch(/^A[A-Z0-9]{23}$/)
    expect(pay.keys.size).toBe(3)
  })

  test('a public key may have CRLF line ends and spaces around it', () => {
    exchange({ publicKey: ` ${ours.publicKey.replaceAll('\n', '\r\n')} ` })
  })

  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const pkcs1 = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  test.each([
    ['nothing', '', 'not a public key'],
    ['words', 'my key', 'not a public key'],
    ['the private key', ours.privateKey, 'private key'],
    ['an ssh-rsa line', 'ssh-rsa AAAA', 'not a public key'],
    ['PKCS#1', pkcs1.export({ type: 'pkcs1', format: 'pem' }) as string, 'not a public key'],
    ['half a key', ours.publicKey.replace(/\n.*\n-----END/, '\n-----END'), 'damaged'],
    ['1024 bits', small.export({ type: 'spki', format: 'pem' }) as string, '2048 bits'],
    ['another kind', curve.export({ type: 'spki', format: 'pem' }) as string, 'not an RSA key'],
  ])('%s is refused in the field for the public key', (_, publicKey, complaint) => {
    expect(() => exchange({ publicKey })).toThrow(complaint)
    expect(pay.keys.size).toBe(0)
  })

  test('a key needs a name', () => {
    expect(() => exchange({ name: ' ' })).toThrow('name')
  })

  test('a key can be deleted once', () => {
    const id = exchange()
    pay.deleteKey(id)
    expect(() => pay.deleteKey(id)).toThrow(id)
  })
})

describe('a request that the official SDK has signed', () => {
  test.each<[Region, View, string | undefined]>([
    ['us', 'sandbox', undefined],
    ['us', 'live', 'AMZN-PAY-RSASSA-PSS'],
    ['eu', 'live', 'AMZN-PAY-RSASSA-PSS-V2'],
    ['jp', 'sandbox', 'AMZN-PAY-RSASSA-PSS-V2'],
  ])('a request in %s, %s, signed by %s, is accepted', async (region, view, algorithm) => {
    const reply = await probe(exchange({ region, view }), {
      region,
      ...(algorithm !== undefined && { algorithm }),
    })
    expect([reply.status, reply.reasonCode]).toEqual([404, 'ResourceNotFound'])
    expect(reply.headers.get('x-amz-pay-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('an ID without prefix is accepted in both views', async () => {
    const id = exchange({ prefixed: false })
    expect((await probe(id, { sandbox: true })).status).toBe(404)
    expect((await probe(id, { sandbox: false })).status).toBe(404)
    const bare = await probe(id, { path: `/v2/${PROBE}` })
    expect([bare.status, bare.reasonCode]).toEqual([400, 'InvalidRequest'])
  })
})

describe('refused', () => {
  test("a signature of another key is refused with Amazon's string-to-sign", async () => {
    const { status, reasonCode, message } = await probe(exchange(), {
      privateKey: foreign.privateKey,
    })
    expect([status, reasonCode]).toEqual([403, 'InvalidRequestSignature'])
    expect(message).toMatch(
      /^Unable to verify signature, signing String \[AMZN-PAY-RSASSA-PSS\n[0-9a-f]{64}\] , signature \[[A-Za-z0-9+/=]{344}\]$/,
    )
  })

  test.each([
    ['a changed header', { accept: 'text/html' }],
    ['another path', undefined],
  ])('a request with %s is refused, since the signature covers it', async (_, change) => {
    const reply = await probe(exchange(), change ? { change } : { path: '/v2/chargePermissions/B' })
    expect([reply.status, reply.reasonCode]).toEqual([403, 'InvalidRequestSignature'])
  })

  test('a signature with the salt of the other algorithm is refused', async () => {
    const id = exchange()
    await probe(id, { algorithm: 'AMZN-PAY-RSASSA-PSS-V2' })
    const { authorization = '', ...headers } = pay.requests[0]?.headers ?? {}
    const response = await fetch(`${pay.url}/v2/${PROBE}`, {
      headers: { ...headers, authorization: authorization.replace('PSS-V2', 'PSS') },
    })
    expect(response.status).toBe(403)
  })

  test.each<[string, (id: string) => string]>([
    ['unknown', () => `SANDBOX-A${'B'.repeat(23)}`],
    ['of the other view', (id) => id.replace('SANDBOX', 'LIVE')],
    [
      'deleted',
      (id) => {
        pay.deleteKey(id)
        return id
      },
    ],
  ])('an ID that is %s is refused', async (_, spoil) => {
    const id = spoil(exchange())
    const { status, reasonCode, message } = await probe(id)
    expect([status, reasonCode]).toEqual([400, 'InvalidHeaderValue'])
    expect(message).toContain(id)
    expect(message).not.toContain('x-amz-pay-date')
  })

  test('an ID of another region is refused', async () => {
    const reply = await probe(exchange({ region: 'eu' }), { region: 'jp' })
    expect([reply.status, reply.reasonCode]).toEqual([400, 'InvalidHeaderValue'])
  })

  test('a suspended account is revealed only to a caller with its key', async () => {
    const id = exchange()
    pay.suspend(id)
    const reply = await probe(id)
    expect([reply.status, reply.reasonCode]).toEqual([403, 'InvalidAccountStatus'])
    expect((await probe(id, { privateKey: foreign.privateKey })).reasonCode).toBe(
      'InvalidRequestSignature',
    )
    pay.suspend(id, false)
    expect((await probe(id)).status).toBe(404)
  })

  test.each(['authorization', 'x-amz-pay-date', 'x-amz-pay-host', 'x-amz-pay-region'])(
    'a request without %s is refused',
    async (header) => {
      const reply = await probe(exchange(), { change: { [header]: undefined } })
      expect([reply.status, reply.reasonCode]).toEqual([400, 'MissingHeader'])
      expect(reply.message).toContain(header)
    },
  )

  test('another kind of authorization is refused', async () => {
    const reply = await probe(exchange(), { change: { authorization: 'Bearer x' } })
    expect([reply.status, reply.reasonCode]).toEqual([403, 'InvalidAuthentication'])
  })
})

describe('clocks', () => {
  test.each([
    ['ahead', -5 * 60_000, 'should not be in future'],
    ['a little ahead', -2000, 'should not be in future'],
    ['far behind', 6 * 60_000, 'should not be older than 5 minutes'],
  ])(
    'a clock that is %s is refused, and the answer says the time',
    async (_, offset, complaint) => {
      pay.clockOffset = offset
      const { status, reasonCode, message, headers } = await probe(exchange())
      expect([status, reasonCode]).toEqual([400, 'InvalidHeaderValue'])
      expect(message).toMatch(/^The value \S+Z provided for x-amz-pay-date/)
      expect(message).toContain(complaint)
      const skew = Date.parse(headers.get('date') ?? '') - Date.now()
      expect(Math.abs(skew - offset)).toBeLessThan(2000)
    },
  )

  test('a clock that is a little behind is accepted', async () => {
    pay.clockOffset = 60_000
    expect((await probe(exchange())).status).toBe(404)
  })

  test('a date that is none is refused', async () => {
    const reply = await probe(exchange(), { change: { 'x-amz-pay-date': 'today' } })
    expect(reply.message).toBe('The value today provided for x-amz-pay-date is invalid')
  })
})

describe('switches', () => {
  test('a new ID can be unknown for some requests', async () => {
    pay.mintDelay = 2
    const id = exchange()
    const answers = []
    for (let index = 0; index < 3; index += 1) answers.push((await probe(id)).status)
    expect(answers).toEqual([400, 400, 404])
  })

  test('everything can be accepted', async () => {
    pay.acceptEverything = true
    expect((await probe('SANDBOX-UNKNOWN', { privateKey: foreign.privateKey })).reasonCode).toBe(
      'ResourceNotFound',
    )
  })

  test('a fault can be any answer of Amazon Pay', async () => {
    pay.faults.push({ do: payError(429, 'TooManyRequests', 'slow down') })
    const id = exchange()
    expect((await probe(id)).reasonCode).toBe('TooManyRequests')
    expect((await probe(id)).status).toBe(404)
  })
})

describe('what is documented nowhere', () => {
  const spoiled: Record<UnknownBecause, (id: string) => string> = {
    mistyped: () => `SANDBOX-A${'B'.repeat(23)}`,
    deleted: (id) => {
      pay.deleteKey(id)
      return id
    },
    region: () => exchange({ region: 'jp' }),
  }
  const answers = Object.entries(suspected)

  describe.each(Object.entries(spoiled))(
    'the answer to an ID that is unknown: %s',
    (because, spoil) => {
      test.each(answers)('it can be %s', async (_, answer) => {
        pay.unknownAnswers[because as UnknownBecause] = answer
        const id = spoil(exchange())
        const { status, reasonCode } = await probe(id)
        expect({ status, reasonCode }).toMatchObject({
          status: answer(id).status,
          reasonCode: (answer(id).body as { reasonCode: string }).reasonCode,
        })
        expect((await probe(exchange())).status).toBe(404)
      })
    },
  )

  test('a region is accepted in capitals, as the Java SDK sends it', async () => {
    const id = exchange({ region: 'eu', view: 'live' })
    const signed = signedHeaders(id, 'EU')
    const { status } = await fetch(`${pay.url}/v2/${PROBE}`, { headers: signed })
    expect(status).toBe(404)
    const other = await fetch(`${pay.url}/v2/${PROBE}`, { headers: signedHeaders(id, 'JP') })
    expect(await other.json()).toMatchObject({ reasonCode: 'InvalidHeaderValue' })
  })
})

/** Signed by hand, for what the official SDK does not send. */
function signedHeaders(publicKeyId: string, region: string): Record<string, string> {
  const headers: Record<string, string> = {
    'x-amz-pay-date': new Date().toISOString().replace(/\.\d+|[-:]/g, ''),
    'x-amz-pay-host': hostOf.eu,
    'x-amz-pay-region': region,
  }
  const names = Object.keys(headers).sort()
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const lines = names.map((name) => `${name}:${headers[name]}`)
  const canonical = ['GET', `/v2/${PROBE}`, '', ...lines, '', names.join(';'), sha256('')]
  const text = `AMZN-PAY-RSASSA-PSS-V2\n${sha256(canonical.join('\n'))}`
  const signature = sign('sha256', Buffer.from(text), {
    key: ours.privateKey,
    padding: 6, // RSA_PKCS1_PSS_PADDING
    saltLength: 32,
  }).toString('base64')
  const authorization = `AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=${publicKeyId}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { ...headers, authorization }
}

describe('a shop', () => {
  test.each<[Region, boolean]>([
    ['us', true],
    ['eu', false],
  ])('a shop in %s signs orders with its pair', async (region, prefixed) => {
    const publicKeyId = exchange({ region, view: 'live', prefixed })
    const shop = { url: pay.url, region, publicKeyId, privateKey: ours.privateKey }
    expect(await placeOrder(shop)).toEqual({
      accepted: true,
      status: 201,
      reasonCode: null,
      message: null,
    })
    expect(pay.orders).toMatchObject([{ publicKeyId, region, view: 'live' }])
    const torn = await placeOrder({ ...shop, privateKey: foreign.privateKey })
    expect([torn.accepted, torn.reasonCode]).toEqual([false, 'InvalidRequestSignature'])
    expect(pay.orders).toHaveLength(1)
  })
})

test('the canonical request is the one of the description, written out', async () => {
  const date = new Date().toISOString().replace(/\.\d+|[-:]/g, '')
  const names = 'accept;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region'
  const canonical = `GET
/v2/reports
a=%2A&b=1%202
accept:application/json
x-amz-pay-date:${date}
x-amz-pay-host:${hostOf.jp}
x-amz-pay-region:jp

${names}
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`
  const text = `AMZN-PAY-RSASSA-PSS-V2\n${createHash('sha256').update(canonical).digest('hex')}`
  const signature = sign('sha256', Buffer.from(text), {
    key: ours.privateKey,
    padding: 6, // RSA_PKCS1_PSS_PADDING
    saltLength: 32,
  }).toString('base64')
  const id = exchange({ region: 'jp' })
  const response = await fetch(`${pay.url}/v2/reports?b=1%202&a=*`, {
    headers: {
      accept: 'application/json',
      'x-amz-pay-date': date,
      'x-amz-pay-host': hostOf.jp,
      'x-amz-pay-region': 'jp',
      authorization: `AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=${id}, SignedHeaders=${names}, Signature=${signature}`,
    },
  })
  expect(response.status).toBe(404)
})
