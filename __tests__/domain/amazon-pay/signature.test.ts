import { constants, createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { createRequire } from 'node:module'
import { parsePublicKeyId } from '../../../src/domain/amazon-pay/public-key-id.ts'
import type { PayEnvironment, Region } from '../../../src/domain/amazon-pay/region.ts'
import { canonicalRequest, verificationRequest } from '../../../src/domain/amazon-pay/signature.ts'
import { nextKey } from '../../keys.ts'

// The official SDK is CommonJS without types.
const { WebStoreClient } = createRequire(import.meta.url)('@amazonpay/amazon-pay-api-sdk-nodejs')

const privateKey = nextKey()
const publicKey = createPublicKey(privateKey)
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const prefixed = 'SANDBOX-AFVX7ULWSGBZ5535PCUQOY7B'
const bare = 'AE7IYD6IQKEYXY7UO56MYSJI'
const at = new Date('2026-11-24T21:30:07.999Z')

const ours = (id = prefixed, region: Region = 'us', payEnvironment: PayEnvironment = 'live') =>
  verificationRequest({
    privateKey,
    publicKeyId: parsePublicKeyId(id),
    region,
    payEnvironment,
    at,
  })

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/**
 * A verifier as Amazon describes it (“Signing requests”): written from that page, not from our code. Takes
 * what arrives on the wire.
 */
function isSigned(
  request: { method: string; path: string; headers: Record<string, string>; body: string },
  key: KeyObject,
): boolean {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value.trim()]),
  )
  const [algorithm = '', rest = ''] = (headers.authorization ?? '').split(/ (.*)/s)
  const parts = Object.fromEntries(rest.split(/, */).map((part) => part.split(/=(.*)/s)))
  const saltLength = { 'AMZN-PAY-RSASSA-PSS': 20, 'AMZN-PAY-RSASSA-PSS-V2': 32 }[algorithm]
  if (saltLength === undefined) return false
  const signed = String(parts.SignedHeaders).split(';')
  if (!['accept', 'x-amz-pay-date'].every((name) => signed.includes(name))) return false
  const canonical = `${request.method}\n${request.path}\n\n${signed
    .map((name) => `${name}:${headers[name]}\n`)
    .join('')}\n${signed.join(';')}\n${sha256(request.body)}`
  return verify(
    'sha256',
    Buffer.from(`${algorithm}\n${sha256(canonical)}`),
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
    Buffer.from(String(parts.Signature), 'base64'),
  )
}

function sdk(publicKeyId: string, region: Region, sandbox?: boolean) {
  const algorithm = 'AMZN-PAY-RSASSA-PSS-V2'
  const client = new WebStoreClient({ publicKeyId, privateKey: pem, region, sandbox, algorithm })
  const options = {
    method: 'GET',
    urlFragment: 'chargePermissions/S00-0000000-0000000',
    headers: {},
  }
  const headers = client.getSignedHeaders(options) as Record<string, string>
  // The SDK completes the fragment in place.
  return { method: 'GET', path: `/${options.urlFragment}`, headers, body: '' }
}

const cases: [string, Region, PayEnvironment, string, string, string][] = [
  [prefixed, 'us', 'sandbox', 'pay-api.amazon.com', 'na', ''],
  [prefixed, 'eu', 'live', 'pay-api.amazon.eu', 'eu', ''],
  [prefixed.replace('SANDBOX', 'LIVE'), 'jp', 'live', 'pay-api.amazon.jp', 'jp', ''],
  [bare, 'eu', 'live', 'pay-api.amazon.eu', 'eu', '/live'],
  [bare, 'us', 'sandbox', 'pay-api.amazon.com', 'na', '/sandbox'],
]

describe('the verification request', () => {
  test.each(cases)('for %s in %s (%s) goes to %s', (id, region, view, host, payRegion, inFront) => {
    const request = ours(id, region, view)
    expect(request).toMatchObject({
      method: 'GET',
      host,
      path: `${inFront}/v2/chargePermissions/S00-0000000-0000000`,
    })
    const { authorization, ...headers } = request.headers
    expect(headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      'x-amz-pay-date': '20261124T213007Z',
      'x-amz-pay-host': host,
      'x-amz-pay-region': payRegion,
    })
    expect(authorization).toMatch(
      new RegExp(
        `^AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=${id}, SignedHeaders=accept;content-type;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region, Signature=[A-Za-z0-9+/]{342}==$`,
      ),
    )
    expect(isSigned({ ...request, body: '' }, publicKey)).toBe(true)
  })

  test.each(cases)('for %s in %s (%s) asks what the official SDK would', (id, region, view) => {
    const request = ours(id, region, view)
    const theirs = sdk(id, region, view === 'sandbox')
    expect(isSigned(theirs, publicKey)).toBe(true)
    expect(theirs.path).toBe(request.path)
    for (const name of ['x-amz-pay-host', 'x-amz-pay-region', 'accept', 'content-type']) {
      expect([name, theirs.headers[name]]).toEqual([name, request.headers[name]])
    }
  })

  test('is not signed by another key, for another path, or with another header', () => {
    const request = { ...ours(), body: '' }
    const other = createPublicKey(nextKey())
    expect(isSigned(request, other)).toBe(false)
    expect(isSigned({ ...request, path: `/live${request.path}` }, publicKey)).toBe(false)
    expect(isSigned({ ...request, body: '{}' }, publicKey)).toBe(false)
    const headers = { ...request.headers, 'x-amz-pay-date': '20261124T213008Z' }
    expect(isSigned({ ...request, headers }, publicKey)).toBe(false)
  })

  test('is signed anew each time, over the same text', () => {
    const [one, two] = [ours(), ours()]
    expect(one.stringToSign).toBe(two.stringToSign)
    expect(one.headers.authorization).not.toBe(two.headers.authorization)
  })

  test('says what was signed, as Amazon echoes it', () => {
    const { authorization: _, ...headers } = ours().headers
    const canonical = canonicalRequest('GET', ours().path, headers, '')
    expect(ours().stringToSign).toBe(`AMZN-PAY-RSASSA-PSS-V2\n${sha256(canonical)}`)
  })
})

const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

test.each<[string, Parameters<typeof canonicalRequest>, string[]]>([
  [
    'headers in the order of their names',
    ['GET', '/v2/x', { b: '2', a: '1' }, ''],
    ['GET', '/v2/x', '', 'a:1', 'b:2', '', 'a;b', empty],
  ],
  [
    'the view in front',
    ['GET', '/sandbox/v2/x', { accept: 'application/json' }, ''],
    ['GET', '/sandbox/v2/x', '', 'accept:application/json', '', 'accept', empty],
  ],
  [
    'a body',
    ['POST', '/v2/x', { a: '1' }, '{}'],
    [
      'POST',
      '/v2/x',
      '',
      'a:1',
      '',
      'a',
      '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    ],
  ],
])('the canonical request has %s', (_, parts, lines) => {
  expect(canonicalRequest(...parts).split('\n')).toEqual(lines)
})
