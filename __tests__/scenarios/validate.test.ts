import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exchangedPair, makeKey, type Pair, plant } from './planting.ts'
import { annotated, page, printed } from './reading.ts'
import { rehearse, type Shop, type StepOptions } from './support.ts'

let shop: Shop
let pair: Pair

beforeEach(async () => {
  shop = await rehearse()
  pair = exchangedPair(shop.amazonPay)
})

afterEach(() => shop.close())

/** As a job of a deploy passes it: only the pair, no token. */
const pairOnly = (given: Record<string, string> = {}): StepOptions => ({
  with: {
    token: '',
    'current-private-key': pair.privateKey,
    'public-key-id': pair.id,
    ...given,
  },
})

const validate = (more: StepOptions) => shop.run({ command: 'validate' }, more)

test('without token and Public Key ID nothing is asked', async () => {
  const ran = await validate({
    ...pairOnly({ 'public-key-id': '' }),
    env: { AMAZON_PAY_API_URL: undefined },
    github: { url: 'http://127.0.0.1:9' },
  })
  expect(ran.outputs).toMatchObject({
    status: 'valid',
    fingerprint: pair.fingerprint,
    'public-key': pair.publicKey,
    'amazon-pay': 'skipped',
  })
  expect(ran.requests).toEqual([])
  expect(ran.payRequests).toEqual([])
  expect(page(ran)).toMatchSnapshot()
})

describe('before a deploy', () => {
  test('a pair that Amazon Pay accepts passes', async () => {
    const ran = await validate(pairOnly())
    expect(ran.outputs).toMatchObject({ status: 'valid', 'amazon-pay': 'accepted' })
    expect(ran.requests).toEqual([])
    expect(page(ran)).toMatchSnapshot()
  })

  test.each<[string, () => Record<string, string>, string]>([
    [
      'a mistyped ID',
      () => ({ 'public-key-id': `LIVE-A${'B'.repeat(23)}` }),
      'amazon-pay-rejected',
    ],
    [
      'the key of another pair',
      () => ({ 'current-private-key': makeKey().privateKey }),
      'amazon-pay-rejected',
    ],
    [
      'an ID that is a merchant ID',
      () => ({ 'public-key-id': 'A3URCZVLDMDI45' }),
      'public-key-id-invalid',
    ],
    ['no key', () => ({ 'current-private-key': '' }), 'key-empty'],
  ])('%s is refused', async (_, given, code) => {
    const ran = await validate(pairOnly(given()))
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': code })
  })

  test('an ID of another region is refused with the region where it lives', async () => {
    const ran = await validate(pairOnly({ region: 'us' }))
    expect(ran.outputs).toMatchObject({
      'error-code': 'amazon-pay-rejected',
      'amazon-pay': 'rejected',
    })
    expect(annotated(ran, 'error').join()).toMatch(/\beu\b|Europe/i)
  })

  test.each([
    ['ahead', 600_000],
    ['behind', -600_000],
  ])('a clock of Amazon’s that is ten minutes %s is followed', async (_, offset) => {
    shop.amazonPay.clockOffset = offset
    const ran = await validate(pairOnly())
    expect(ran.outputs).toMatchObject({ status: 'valid', 'amazon-pay': 'accepted' })
  })
})

test('with a token, the Public Key ID comes from the signed record', async () => {
  plant(shop.github, shop.repository, 'current', pair)
  const ran = await validate({})
  expect(ran.outputs).toMatchObject({
    status: 'valid',
    'public-key-id': pair.id,
    'amazon-pay': 'accepted',
  })
  expect(ran.requests.every(({ method }) => method === 'GET')).toBe(true)
})

test('the record of another key gives no Public Key ID', async () => {
  plant(shop.github, shop.repository, 'current', exchangedPair(shop.amazonPay))
  const ran = await validate({ with: { 'current-private-key': pair.privateKey } })
  expect(ran.payRequests).toEqual([])
  expect(ran.outputs['public-key-id'] ?? '').toBe('')
})

describe('a public key in a file of a pull request', () => {
  const workspace = mkdtempSync(join(tmpdir(), 'validate-'))
  afterAll(() => rmSync(workspace, { recursive: true }))

  const judge = (text: string) => {
    writeFileSync(join(workspace, 'shop.pub'), text)
    return validate({ workspace, with: { token: '', 'public-key': 'shop.pub' } })
  }

  test('is judged without a private key', async () => {
    const ran = await judge(pair.publicKey.replaceAll('\n', '\r\n'))
    expect(ran.outputs).toMatchObject({ status: 'valid', 'public-key': pair.publicKey })
    expect(ran.requests).toEqual([])
  })

  test('that is a private key has leaked, and is masked', async () => {
    const ran = await judge(pair.privateKey)
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'key-wrong-half' })
    expect(ran.masks).toContain(pair.privateKey.split('\n')[1])
    expect(printed(ran)).not.toContain(pair.privateKey.split('\n')[1])
  })
})
