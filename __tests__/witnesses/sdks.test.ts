import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Region, View } from '../../rehearsal/amazon-pay.ts'
import { parsePublicKeyId } from '../../src/domain/amazon-pay/public-key-id.ts'
import { regions } from '../../src/domain/amazon-pay/region.ts'
import { canonicalRequest, verificationRequest } from '../../src/domain/amazon-pay/signature.ts'
import { nextKey } from '../keys.ts'
import { makeKey } from '../scenarios/planting.ts'
import { rehearse, type Shop } from '../scenarios/support.ts'
import { type Algorithm, type Request, run, type Signed, sdksHere } from './sdks/sdks.ts'

// Amazon's SDKs sign the request with which the action verifies a pair. openssl judges the signatures, so that no code of
// this project has to be trusted for it.

const saltOf: Readonly<Record<Algorithm, number>> = {
  'AMZN-PAY-RSASSA-PSS': 20,
  'AMZN-PAY-RSASSA-PSS-V2': 32,
}
const algorithms = Object.keys(saltOf) as Algorithm[]
const places: readonly [Region, View, { prefixed: boolean }][] = [
  ['us', 'sandbox', { prefixed: true }],
  ['eu', 'live', { prefixed: true }],
  ['jp', 'live', { prefixed: true }],
  ['eu', 'live', { prefixed: false }],
  ['us', 'sandbox', { prefixed: false }],
]

const folder = mkdtempSync(join(tmpdir(), 'sdks-'))
const keyObject = nextKey()
const key = makeKey(keyObject)
let shop: Shop
let requests: readonly (Request & { readonly stringToSign: string; readonly region: Region })[]

beforeAll(async () => {
  shop = await rehearse()
  writeFileSync(join(folder, 'private.pem'), key.privateKey)
  writeFileSync(join(folder, 'public.pem'), key.publicKey)
  requests = places.flatMap(([region, view, { prefixed }]) => {
    const { publicKey, privateKey } = key
    const id = shop.amazonPay.exchange({ region, view, publicKey, name: 'shop', prefixed })
    const ours = verificationRequest({
      privateKey: keyObject,
      publicKeyId: parsePublicKeyId(id),
      region,
      payEnvironment: view,
      at: new Date(),
    })
    const { authorization: _, ...headers } = ours.headers
    const { payRegion } = regions[region]
    return algorithms.map((algorithm) => ({
      ...{ publicKeyId: id, privateKey, algorithm, payRegion, view, region, headers },
      ...{ host: ours.host, path: ours.path },
      stringToSign: ours.stringToSign.replace(/^.*/, algorithm),
    }))
  })
})

afterAll(async () => {
  await shop.close()
  rmSync(folder, { recursive: true })
})

const pss = (saltLength: number): string[] =>
  ['rsa_padding_mode:pss', `rsa_pss_saltlen:${saltLength}`, 'rsa_mgf1_md:sha256'].flatMap(
    (option) => ['-sigopt', option],
  )

async function isVerifiedByOpenssl(
  text: string,
  signature: string,
  saltLength: number,
): Promise<boolean> {
  writeFileSync(join(folder, 'signature'), Buffer.from(signature, 'base64'))
  const files = ['-verify', 'public.pem', '-signature', 'signature']
  const args = ['dgst', '-sha256', ...files, ...pss(saltLength)]
  return (await run('openssl', args, text, folder)).status === 0
}

async function signedByOpenssl(text: string, saltLength: number): Promise<string> {
  const args = ['dgst', '-sha256', '-sign', 'private.pem', ...pss(saltLength)]
  return (await run('openssl', args, text, folder)).output.toString('base64')
}

interface Authorization {
  readonly algorithm: string
  readonly publicKeyId: string
  readonly names: readonly string[]
  readonly signature: string
}

function authorizationOf(headers: Signed['headers']): Authorization {
  const [, algorithm = '', publicKeyId = '', names = '', signature = ''] =
    /^(\S+) PublicKeyId=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(
      headers.authorization ?? '',
    ) ?? []
  return { algorithm, publicKeyId, names: names.split(';'), signature }
}

/** What this project would sign for a request with these headers. */
function ourString(path: string, headers: Signed['headers']): string {
  const { algorithm, names } = authorizationOf(headers)
  const signed = Object.fromEntries(names.map((name) => [name, headers[name] ?? '']))
  const canonical = canonicalRequest('GET', path, signed, '')
  return `${algorithm}\n${createHash('sha256').update(canonical).digest('hex')}`
}

async function answerTo(path: string, headers: Signed['headers']): Promise<string> {
  const response = await fetch(shop.amazonPay.url + path, { headers })
  const { reasonCode } = (await response.json()) as { reasonCode: string }
  return `${response.status} ${reasonCode}`
}

describe.each(Object.entries(sdksHere))('the SDK for %s', (name, sdk) => {
  let signed: readonly (readonly [Request, Signed])[]

  beforeAll(async () => {
    signed = (await sdk(requests)).map((one, index) => [requests[index] as Request, one])
    expect(signed).toHaveLength(places.length * algorithms.length)
  })

  test('sends the headers that the action sends', () => {
    for (const [{ headers, publicKeyId, algorithm }, theirs] of signed) {
      const sent = authorizationOf(theirs.headers)
      expect(sent).toMatchObject({ publicKeyId, algorithm })
      expect(sent.names).toEqual(expect.arrayContaining(Object.keys(headers)))
      for (const [name, value] of Object.entries(headers)) {
        if (name === 'x-amz-pay-date') continue
        // Java sends the region in capitals.
        expect([name, theirs.headers[name]?.toLowerCase()]).toEqual([name, value])
      }
    }
  })

  test('signs, byte for byte, the string that the action would sign for its headers', async () => {
    for (const [{ path, algorithm }, { headers }] of signed) {
      const { signature } = authorizationOf(headers)
      const text = ourString(path, headers)
      expect(await isVerifiedByOpenssl(text, signature, saltOf[algorithm])).toBe(true)
      expect(await isVerifiedByOpenssl(`${text} `, signature, saltOf[algorithm])).toBe(false)
    }
  })

  test('is accepted by the rehearsal', async () => {
    for (const [{ path }, { headers }] of signed) {
      expect(await answerTo(path, headers)).toBe('404 ResourceNotFound')
    }
  })

  test('is refused by the rehearsal with a salt of another length', async () => {
    for (const [{ path, algorithm }, { headers }] of signed) {
      const { signature } = authorizationOf(headers)
      const text = ourString(path, headers)
      const answerWithSalt = async (saltLength: number): Promise<string> => {
        const again = await signedByOpenssl(text, saltLength)
        const authorization = headers.authorization?.replace(signature, again) ?? ''
        return answerTo(path, { ...headers, authorization })
      }
      const salt = saltOf[algorithm]
      expect(await answerWithSalt(salt)).toBe('404 ResourceNotFound')
      expect(await answerWithSalt(52 - salt)).toBe('403 InvalidRequestSignature')
    }
  })

  // The one for Node.js takes no headers: there, the string for its own headers is all that can be compared.
  if (name !== 'Node.js') {
    test('signs, for the headers of the action, the string that the action signs', async () => {
      for (const [index, [{ algorithm }, theirs]] of signed.entries()) {
        const text = requests[index]?.stringToSign ?? ''
        if (theirs.signature === undefined) expect(theirs.stringToSign).toBe(text)
        else expect(await isVerifiedByOpenssl(text, theirs.signature, saltOf[algorithm])).toBe(true)
      }
    })
  }
})

test.each(places)(
  'openssl verifies what the action sends in %s, %s (%o)',
  async (region, view, at) => {
    const publicKeyId = shop.amazonPay.exchange({
      region,
      view,
      publicKey: key.publicKey,
      name: 'shop',
      ...at,
    })
    const given = {
      ...{ token: '', region, 'pay-environment': view },
      ...{ 'public-key-id': publicKeyId, 'current-private-key': key.privateKey },
    }
    const ran = await shop.run({ command: 'validate' }, { with: given })
    expect(ran.outputs['amazon-pay']).toBe('accepted')
    const [request] = ran.payRequests
    const { rawPath = '', headers = {} } = request ?? {}
    const { algorithm, signature } = authorizationOf(headers)
    expect(algorithm).toBe('AMZN-PAY-RSASSA-PSS-V2')
    expect(await isVerifiedByOpenssl(ourString(rawPath, headers), signature, 32)).toBe(true)
  },
)
