import type { Scope } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import { activation, days, exchanged, makePairs, type Pair, type Planted, plant } from './pairs.ts'
import { annotated, asked, openScene, plain, printed, type Scene } from './support.ts'

// What a person sees who comes back from holiday.

const [old, young, third] = makePairs('OLD', 'YOUNG', 'THIRD') as [Pair, Pair, Pair]

let scene: Scene
let shop: Scope
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => {
  scene.reset('acme/shop', 'acme/api')
  exchanged(scene, old, young, third)
  shop = scene.github.repository('acme/shop')
})
afterAll(() => scene.close())

const status = async (more: Record<string, string> = {}): Promise<RunResult> => {
  const result = await scene.run({ command: 'status', ...more })
  expect(result.exitCode).toBe(0)
  expect(result.outputs.status).toBe('ok')
  // Neither a key nor Amazon Pay is asked for, and nothing is written.
  expect(scene.amazonPay.requests).toEqual([])
  expect(asked(scene.github.requests).filter((line) => !line.startsWith('GET'))).toEqual([])
  return result
}
const given = (planted: Planted, ago = 10, scope: Scope = shop) =>
  plant(scene, scope, planted, { ago })

function expectPage(result: RunResult): void {
  expect(printed(result)).toMatchSnapshot()
  expect(plain(result.summary)).toMatchSnapshot()
}

test('all is well', async () => {
  given({ current: old })
  expectPage(await status())
})

test('a key waits for its exchange', async () => {
  given({ current: old }, 80)
  given({ next: young }, 20)
  const result = await status()
  expectPage(result)
  expect(result.outputs['exchange-markdown']).toContain(young.publicKey.trim())
})

test('a rotation is done, and its old key still stands', async () => {
  given({ current: young, previous: old }, 35)
  expectPage(await status())
})

test('an activation was cut off between its two secrets', async () => {
  given({ current: old, next: young })
  const running = scene.start(activation(young, old))
  scene.github.onRequest = async ({ method, path }, phase) => {
    if (phase === 'before' || method !== 'PUT' || !path.endsWith('_PUBLIC_KEY_ID')) return undefined
    running.kill()
    await running.done
    return 'drop'
  }
  await running.done
  scene.github.onRequest = undefined
  scene.github.requests.length = 0
  scene.amazonPay.requests.length = 0
  expectPage(await status())
})

test('a shop that was never managed', async () => {
  given({ unrecorded: old }, 400)
  const result = await status()
  expectPage(result)
  expect(result.outputs).toMatchObject({
    'age-days': '400',
    'rotation-due': 'true',
    fingerprint: '',
  })
})

test('nothing at all', async () => {
  const result = await status()
  expectPage(result)
  expect(result.outputs).toMatchObject({
    'made-at': '',
    'age-days': '',
    'rotation-due': 'false',
    'staged-since': '',
  })
})

test('a key that is due', async () => {
  given({ current: old }, 90)
  const result = await status()
  expectPage(result)
  expect(result.outputs).toMatchObject({ 'age-days': '90', 'rotation-due': 'true' })
})

test('a key that is due earlier, by the workflow', async () => {
  given({ current: old }, 30)
  expect((await status({ 'max-age-days': '30' })).outputs['rotation-due']).toBe('true')
  expect((await status({ 'max-age-days': '31' })).outputs['rotation-due']).toBe('false')
})

test.each<[string, () => void]>([
  ['a staged secret', () => void scene.github.deleteVariable(shop, 'AMAZON_PAY_KEY_NEXT')],
  ['a current record', () => void scene.github.deleteSecret(shop, 'AMAZON_PAY_PRIVATE_KEY')],
  ['a private key', () => void scene.github.deleteSecret(shop, 'AMAZON_PAY_PUBLIC_KEY_ID')],
])('%s stands alone', async (_, act) => {
  given({ current: old, next: young, previous: third })
  act()
  const result = await status()
  expect(annotated(result, 'warning')).toMatchSnapshot()
})

test('of several targets the oldest counts', async () => {
  given({ current: old, next: young }, 12)
  const api = scene.github.repository('acme/api')
  given({ current: old }, 95, api)
  given({ next: young }, 3, api)
  const result = await status({ repository: 'acme/shop, acme/api' })
  expectPage(result)
  const ago = (count: number) => Date.now() - count * days
  expect(result.outputs).toMatchObject({ 'age-days': '95', 'rotation-due': 'true' })
  expect(Math.abs(Date.parse(result.outputs['made-at'] ?? '') - ago(95))).toBeLessThan(days)
  expect(Math.abs(Date.parse(result.outputs['staged-since'] ?? '') - ago(12))).toBeLessThan(days)
  expect(
    JSON.parse(result.outputs.targets ?? '').map(({ result }: { result: string }) => result),
  ).toEqual(['unchanged', 'unchanged'])
})

test('the outputs say what is current', async () => {
  given({ current: young, previous: old, next: third })
  expect((await status()).outputs).toMatchObject({
    command: 'status',
    'error-code': '',
    fingerprint: young.fingerprint,
    'public-key': young.publicKey,
    'public-key-id': young.id,
    'previous-public-key-id': old.id,
    region: 'us',
    'pay-environment': 'live',
    'exchange-url': 'https://sellercentral.amazon.com/gp/pyop/seller/integrationcentral/',
    'secret-name': 'AMAZON_PAY_PRIVATE_KEY',
  })
})

test('a record that cannot be trusted is named, and not passed over', async () => {
  given({ current: young })
  scene.github.setVariable(shop, 'AMAZON_PAY_KEY', '{"version":1}')
  const result = await scene.run({ command: 'status' })
  expect(result.outputs['error-code']).toBe('record-unreadable')
  expect(annotated(result, 'error')).toMatchSnapshot()
})

test('a token that may only read will do', async () => {
  given({ current: young })
  const token = scene.github.addToken('ghs_reader', {
    permissions: { secrets: 'read', variables: 'read' },
  })
  await status({ token })
})
