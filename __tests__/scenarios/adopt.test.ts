import type { Scope } from '../../rehearsal/github.ts'
import {
  activation,
  exchanged,
  type Held,
  held,
  makePair,
  makePairs,
  order,
  type Pair,
  plant,
  settled,
} from './pairs.ts'
import { annotated, asked, openScene, plain, printed, type Scene, variablesOf } from './support.ts'

// A shop that has a pair, and no record of it: its key was made by hand, or by Integration Central itself.

const [old, young, third] = makePairs('OLD', 'YOUNG', 'THIRD') as [Pair, Pair, Pair]
const pairs = [old, young, third]

let scene: Scene
let shop: Scope
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => {
  scene.reset('acme/shop')
  exchanged(scene, ...pairs)
  shop = scene.github.repository('acme/shop')
  plant(scene, shop, { unrecorded: old }, { ago: 400 })
  plant(scene, shop, { next: young }, { ago: 1 })
})
afterAll(() => scene.close())

const now = (): Held => held(shop, pairs)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))
const told = { 'previous-public-key-id': old.id }

test('the old pair is proved as well, and kept', async () => {
  const result = await scene.run(activation(young, old, told))
  expect(result.exitCode).toBe(0)
  expect(now()).toEqual(settled(young, old))
  expect(printed(result)).toMatchSnapshot()
  expect(plain(result.summary)).toMatchSnapshot()
  expect(result.outputs['previous-public-key-id']).toBe(old.id)
  // Control, new pair, old pair.
  expect(scene.amazonPay.requests.map(({ status }) => status)).toEqual([403, 404, 404])
  const { AMAZON_PAY_KEY_PREVIOUS: record } = variablesOf(shop)
  expect(record).toMatchObject({
    publicKeyId: old.id,
    region: 'us',
    payEnvironment: 'live',
    activatedAt: null,
  })
  // As old as its secret.
  expect(Date.now() - Date.parse(String(record?.madeAt))).toBeGreaterThan(399 * 86_400_000)
})

test('the shop takes orders before and after', async () => {
  expect(await order(scene, shop)).toMatchObject({ accepted: true })
  await scene.run(activation(young, old, told))
  expect(await order(scene, shop)).toMatchObject({ accepted: true })
})

test.each<[string, () => Record<string, string>, string]>([
  ['nothing about the old pair', () => activation(young), 'previous-key-missing'],
  ['the old key only', () => activation(young, old), 'previous-key-missing'],
  ['the old ID only', () => activation(young, null, told), 'previous-key-missing'],
  ['a wrong old key', () => activation(young, third, told), 'amazon-pay-rejected'],
  [
    'a wrong old ID',
    () => activation(young, old, { 'previous-public-key-id': third.id }),
    'amazon-pay-rejected',
  ],
  [
    'an old ID of the sandbox',
    () => activation(young, old, { 'previous-public-key-id': old.id.replace('LIVE', 'SANDBOX') }),
    'pay-environment-mismatch',
  ],
  [
    'a merchant ID',
    () => activation(young, old, { 'previous-public-key-id': 'A1B2C3D4E5F6G7' }),
    'public-key-id-invalid',
  ],
])('needs more than %s', async (_, inputs, code) => {
  const result = await scene.run(inputs())
  expect(result.outputs['error-code']).toBe(code)
  expect(annotated(result, 'error')).toMatchSnapshot()
  expect(writes()).toEqual([])
})

test('is undecided when Amazon does not answer about the old pair', async () => {
  scene.amazonPay.faults.push({ skip: 2, times: Infinity, do: { status: 503, body: '' } })
  const result = await scene.run(activation(young, old, told))
  expect(result.outputs['error-code']).toBe('amazon-pay-undecided')
  expect(annotated(result, 'error')).toMatchSnapshot()
  expect(writes()).toEqual([])
})

test('takes an old pair of a suspended account, with a warning', async () => {
  scene.amazonPay.suspend(old.id)
  const result = await scene.run(activation(young, old, told))
  expect(result.exitCode).toBe(0)
  expect(annotated(result, 'warning')).toMatchSnapshot()
})

test('takes the pair over as it is', async () => {
  scene.reset('acme/shop')
  exchanged(scene, old)
  shop = scene.github.repository('acme/shop')
  plant(scene, shop, { unrecorded: old })
  const result = await scene.run(activation(old, old, { ...told, region: 'us' }))
  expect(result.exitCode).toBe(0)
  expect(now()).toEqual(settled(old))
  expect(printed(result)).toMatchSnapshot()
})

test('after a leak nothing need be known of the old pair', async () => {
  const result = await scene.run(activation(young, null, { 'keep-previous': 'false' }))
  expect(result.exitCode).toBe(0)
  expect(now()).toEqual(settled(young))
})

test('a key that Integration Central made, under an ID without prefix', async () => {
  const bare = makePair('BARE', { view: 'both' })
  exchanged(scene, bare)
  scene.github.setSecret(shop, 'AMAZON_PAY_PRIVATE_KEY', bare.privateKey)
  scene.github.setSecret(shop, 'AMAZON_PAY_PUBLIC_KEY_ID', bare.id)
  const result = await scene.run(activation(young, bare, { 'previous-public-key-id': bare.id }))
  expect(result.exitCode).toBe(0)
  expect(scene.amazonPay.requests.at(-1)?.path).toBe(
    '/live/v2/chargePermissions/S00-0000000-0000000',
  )
})
