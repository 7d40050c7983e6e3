import type { Scope } from '../../rehearsal/github.ts'
import {
  activation,
  exchanged,
  type Held,
  held,
  makePairs,
  order,
  type Pair,
  plant,
  settled,
} from './pairs.ts'
import { annotated, asked, openScene, plain, printed, type Scene, variablesOf } from './support.ts'

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
  plant(scene, shop, { current: young, previous: old })
})
afterAll(() => scene.close())

const now = (): Held => held(shop, pairs)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))

test('the previous pair is current again, and the bad one is kept last', async () => {
  const result = await scene.run(activation(old, young))
  expect(result.exitCode).toBe(0)
  expect(now()).toEqual(settled(old, young))
  expect(printed(result)).toMatchSnapshot()
  expect(plain(result.summary)).toMatchSnapshot()
  expect(writes().map((line) => line.split(' ')[1]?.split('/').at(-1))).toEqual([
    'AMAZON_PAY_PUBLIC_KEY_ID',
    'AMAZON_PAY_PRIVATE_KEY',
    'AMAZON_PAY_KEY',
    'AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
    'AMAZON_PAY_KEY_PREVIOUS',
  ])
})

test('there and back again', async () => {
  await scene.run(activation(old, young))
  await scene.run(activation(young, old))
  expect(now()).toEqual(settled(young, old))
})

test('what is staged stays staged', async () => {
  plant(scene, shop, { next: third })
  const result = await scene.run(activation(old, young))
  expect(result.exitCode).toBe(0)
  expect(now()).toEqual(settled(old, young, third))
})

test('without keeping the bad key, both slots hold one key, which is said', async () => {
  const result = await scene.run(activation(old, young, { 'keep-previous': 'false' }))
  expect(result.exitCode).toBe(0)
  expect(now()).toEqual(settled(old, old))
  expect(annotated(result, 'warning')).toMatchSnapshot()
  expect(plain(result.summary)).toMatchSnapshot()
})

test('a key whose Public Key ID was deleted at Amazon does not come back', async () => {
  scene.amazonPay.deleteKey(old.id)
  const result = await scene.run(activation(old, young))
  expect(result.outputs['error-code']).toBe('amazon-pay-rejected')
  expect(writes()).toEqual([])
})

test('an interrupted one is told by its ID, when it is named afterwards', async () => {
  scene.reset('acme/shop')
  exchanged(scene, ...pairs)
  shop = scene.github.repository('acme/shop')
  plant(scene, shop, { current: old, previous: old })
  const unnamed = await scene.run(activation(old, young))
  expect(annotated(unnamed, 'warning')).toMatchSnapshot()
  expect(variablesOf(shop).AMAZON_PAY_KEY_PREVIOUS).toMatchObject({
    fingerprint: young.fingerprint,
    publicKeyId: null,
  })
  const named = await scene.run(activation(old, young, { 'previous-public-key-id': young.id }))
  expect(named.outputs['error-code']).toBe('')
  expect(now()).toEqual(settled(old, young))
})

test('the deploy job never fails while keys go round, except in the one window', async () => {
  scene.reset('acme/shop')
  exchanged(scene, ...pairs)
  shop = scene.github.repository('acme/shop')
  plant(scene, shop, { next: old })
  const failed: string[] = []
  let orders = 0
  // A deploy reads its secrets at every moment that there is: after every request of every run.
  scene.github.onRequest = async ({ method, path }, phase) => {
    if (phase === 'before') return undefined
    const result = await order(scene, shop)
    orders += 1
    if (result && !result.accepted) failed.push(`${method} ${path.split('/').at(-1)}`)
    return undefined
  }
  await scene.run(activation(old))
  plant(scene, shop, { next: young }, { ago: 0 })
  await scene.run(activation(young, old))
  await scene.run(activation(old, young))
  plant(scene, shop, { next: third }, { ago: 0 })
  await scene.run(activation(third, old))
  expect(now()).toEqual(settled(third, old))
  expect(orders).toBeGreaterThan(80)
  expect(failed).toEqual(Array(3).fill('PUT AMAZON_PAY_PUBLIC_KEY_ID'))
})
