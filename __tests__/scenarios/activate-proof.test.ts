import type { Scope } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import {
  activation,
  exchanged,
  type Held,
  held,
  makePair,
  makePairs,
  type Pair,
  plant,
  settled,
} from './pairs.ts'
import { annotated, asked, openScene, plain, printed, type Scene } from './support.ts'

// What Amazon Pay's answer about the new pair makes of an activation.

const [old, young, third] = makePairs('OLD', 'YOUNG', 'THIRD') as [Pair, Pair, Pair]
const european = makePair('EURO', { region: 'eu' })
const bare = makePair('BARE', { view: 'both' })
const pairs = [old, young, third]

let scene: Scene
let shop: Scope
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => {
  scene.reset('acme/shop')
  exchanged(scene, old, young, third)
  shop = scene.github.repository('acme/shop')
})
afterAll(() => scene.close())

const now = (): Held => held(shop, pairs)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))
const codeOf = ({ outputs }: RunResult) => outputs['error-code']
const rotate = (more: Record<string, string> = {}, options = {}) => {
  plant(scene, shop, { current: old, next: young })
  return scene.run(activation(young, old, more), options)
}
const begin = (pair: Pair, more: Record<string, string> = {}) => {
  plant(scene, shop, { next: pair }, { more: { region: null, payEnvironment: null } })
  return scene.run(activation(pair, null, more))
}
const answers = () => scene.amazonPay.requests.map(({ status }) => status)
const hosts = () => scene.amazonPay.requests.map(({ headers }) => headers['x-amz-pay-host'])
/** Every request but the first, which is the control. */
const proofs = { match: { path: /^\/(live\/|sandbox\/)?v2\// }, skip: 1, times: Infinity }
const json = (status: number, reasonCode: string, message = 'so') => ({
  status,
  body: { reasonCode, message },
})

function expectRefusal(result: RunResult, code: string, answer: string): void {
  expect(result.exitCode).toBe(1)
  expect(codeOf(result)).toBe(code)
  expect(result.outputs['amazon-pay']).toBe(answer)
  expect(annotated(result, 'error')).toMatchSnapshot()
  expect(writes()).toEqual([])
}

describe('rejected', () => {
  test('another private key than that of the ID', async () => {
    const result = await rotate({ 'public-key-id': third.id })
    expectRefusal(result, 'amazon-pay-rejected', 'rejected')
    expect(plain(result.summary)).toMatchSnapshot()
    expect(now()).toEqual(settled(old, undefined, young))
    // Control, proof, and the two other regions.
    expect(answers()).toEqual([403, 403, 400, 400])
  })

  test('an ID that nobody knows, which is asked for three times', async () => {
    const result = await rotate({ 'public-key-id': `LIVE-${'NOBODY'.padStart(24, 'A')}` })
    expectRefusal(result, 'amazon-pay-rejected', 'rejected')
    expect(hosts()).toEqual([
      'pay-api.amazon.com',
      'pay-api.amazon.com',
      'pay-api.amazon.com',
      'pay-api.amazon.com',
      'pay-api.amazon.eu',
      'pay-api.amazon.jp',
    ])
  })

  test('an ID that was deleted', async () => {
    scene.amazonPay.deleteKey(young.id)
    expectRefusal(await rotate(), 'amazon-pay-rejected', 'rejected')
  })

  test('an ID of another region, which is named', async () => {
    exchanged(scene, european)
    const result = await begin(european, { region: 'us' })
    expectRefusal(result, 'amazon-pay-rejected', 'rejected')
    expect(annotated(result, 'error')[0]).toContain('this ID lives in EU')
  })

  test('an ID without prefix of another region', async () => {
    exchanged(scene, { ...bare, region: 'jp' })
    const result = await begin(bare, { region: 'us', 'pay-environment': 'live' })
    expectRefusal(result, 'amazon-pay-rejected', 'rejected')
    expect(annotated(result, 'error')[0]).toContain('this ID lives in JP')
  })

  test('an ID without prefix that works in the sandbox only', async () => {
    exchanged(scene, bare)
    Object.assign(scene.amazonPay.keys.get(bare.id) ?? {}, { views: ['sandbox'] })
    const result = await begin(bare, { region: 'us', 'pay-environment': 'live' })
    expectRefusal(result, 'amazon-pay-rejected', 'rejected')
    expect(annotated(result, 'error')[0]).toMatch(/this ID lives in US .*sandbox/)
  })

  test('with amazon-pay-check: warn as well', async () => {
    const result = await rotate({ 'public-key-id': third.id, 'amazon-pay-check': 'warn' })
    expect(codeOf(result)).toBe('amazon-pay-rejected')
    expect(writes()).toEqual([])
  })
})

describe('accepted', () => {
  test('an ID that was made just now', async () => {
    plant(scene, shop, { current: old, next: young })
    Object.assign(scene.amazonPay.keys.get(young.id) ?? {}, { unknownFor: 3 })
    const result = await scene.run(activation(young, old))
    expect(result.exitCode).toBe(0)
    expect(answers()).toEqual([400, 400, 400, 404])
  })

  test('after busy answers', async () => {
    scene.amazonPay.faults.push(
      { do: json(429, 'TooManyRequests') },
      { do: json(503, 'ServiceUnavailable') },
      { do: 'drop' },
      { skip: 1, do: json(425, 'TooEarly') },
      { skip: 1, do: json(408, 'RequestTimeout') },
      { skip: 1, do: json(500, 'InternalServerError') },
    )
    const result = await rotate()
    expect(result.exitCode).toBe(0)
    expect(answers().filter((status) => status === 404 || status === 403)).toEqual([403, 404])
    expect(now()).toEqual(settled(young, old))
  })

  test.each([
    ['ahead', -299_000],
    ['behind', 7_200_000],
  ])('by a clock that is %s, after signing once more with Amazon’s time', async (_, offset) => {
    scene.amazonPay.clockOffset = offset
    const result = await rotate()
    expect(result.exitCode).toBe(0)
    expect(answers()).toEqual([400, 403, 400, 404])
  })

  test('of a suspended account, where there is no pair yet, with a warning', async () => {
    scene.amazonPay.suspend(young.id)
    const result = await begin(young, { region: 'us' })
    expect(result.outputs).toMatchObject({
      status: 'activated',
      'amazon-pay': 'accepted',
      'error-code': 'amazon-pay-undecided',
    })
    expect(annotated(result, 'warning')).toMatchSnapshot()
  })
})

describe('undecided', () => {
  test('a suspended account, where there is a pair', async () => {
    scene.amazonPay.suspend(young.id)
    expectRefusal(await rotate(), 'amazon-pay-undecided', 'undecided')
  })

  test('an endpoint that accepts everything', async () => {
    scene.amazonPay.acceptEverything = true
    const result = await rotate()
    expectRefusal(result, 'amazon-pay-undecided', 'undecided')
    expect(answers()).toEqual([404])
  })

  test('a control that meets a suspended account', async () => {
    scene.amazonPay.faults.push({ do: json(403, 'InvalidAccountStatus') })
    expectRefusal(await rotate(), 'amazon-pay-undecided', 'undecided')
  })

  test('a signature that Amazon read from another text', async () => {
    const message = `Unable to verify signature, signing String [AMZN-PAY-RSASSA-PSS-V2\n${'0'.repeat(64)}] , signature [x]`
    scene.amazonPay.faults.push({ ...proofs, do: json(403, 'InvalidRequestSignature', message) })
    expectRefusal(await rotate(), 'amazon-pay-undecided', 'undecided')
  })

  test.each<[string, Parameters<Scene['amazonPay']['faults']['push']>[0]['do']]>([
    [
      'a page of a proxy',
      { status: 403, headers: { 'content-type': 'text/html' }, body: '<h1>Forbidden' },
    ],
    ['JSON that breaks off', 'malformed'],
    ['an endless answer', 'enormous'],
    ['a redirect', { redirect: 'https://example.com/' }],
    ['no answer in time', 'silent'],
  ])('%s', async (_, mishap) => {
    scene.amazonPay.faults.push({ ...proofs, do: mishap })
    expectRefusal(await rotate(), 'amazon-pay-undecided', 'undecided')
  })

  test('is a warning with amazon-pay-check: warn', async () => {
    scene.amazonPay.faults.push({ times: Infinity, do: json(500, 'InternalServerError') })
    const result = await rotate({ 'amazon-pay-check': 'warn' })
    expect(result.outputs).toMatchObject({
      status: 'activated',
      'amazon-pay': 'undecided',
      'error-code': 'amazon-pay-undecided',
    })
    expect(annotated(result, 'warning')).toMatchSnapshot()
    expect(now()).toEqual(settled(young, old))
  })

  test('is no question with amazon-pay-check: off', async () => {
    const result = await rotate({ 'public-key-id': third.id, 'amazon-pay-check': 'off' })
    expect(result.outputs).toMatchObject({ status: 'activated', 'amazon-pay': 'skipped' })
    expect(answers()).toEqual([])
  })

  test('a clock that Amazon refuses twice', async () => {
    scene.amazonPay.clockOffset = -300_000
    const refusal = json(
      400,
      'InvalidHeaderValue',
      'The value x provided for x-amz-pay-date should not be in future',
    )
    scene.amazonPay.faults.push({ times: Infinity, do: refusal })
    const result = await rotate()
    expect(codeOf(result)).toBe('clock-skew')
    expect(result.outputs['amazon-pay']).toBe('undecided')
    const [error = ''] = annotated(result, 'error')
    const measured = Number(/is (\d+) seconds ahead/.exec(error)?.[1])
    // Date headers count in seconds.
    expect(Math.abs(measured - 300)).toBeLessThanOrEqual(1)
    expect(error.replace(`${measured}`, '300')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })
})

describe('AMAZON_PAY_API_URL', () => {
  test.each(['https://pay-api.amazon.com', 'ftp://127.0.0.1'])(
    'is refused when it is %s',
    async (url) => {
      const result = await rotate({}, { env: { AMAZON_PAY_API_URL: url } })
      expect(codeOf(result)).toBe('input-invalid')
      expect(annotated(result, 'error')).toMatchSnapshot()
      expect(scene.github.requests).toEqual([])
    },
  )

  test('promotes nothing on the real GitHub', async () => {
    const result = await rotate(
      {},
      {
        env: { AMAZON_PAY_API_URL: scene.amazonPay.url, GITHUB_API_URL: 'https://api.github.com' },
      },
    )
    expect(codeOf(result)).toBe('input-invalid')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(scene.amazonPay.requests).toEqual([])
  })

  test('leaves what is signed alone', async () => {
    const result = await rotate()
    expect(printed(result)).toContain('Amazon Pay accepts the pair')
    expect(new Set(hosts())).toEqual(new Set(['pay-api.amazon.com']))
  })
})
