import type { Scope } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import { activation, exchanged, held, makePairs, order, type Pair, plant } from './pairs.ts'
import { openScene, plain, printed, type Scene, secretsOf } from './support.ts'

// The current private key has leaked. One story, with a look at where the keys stand after each step.

const [leaked] = makePairs('LEAKED') as [Pair]

let scene: Scene
let shop: Scope
let newId: string
const told: Record<string, RunResult> = {}
const looks: Record<string, RunResult> = {}

beforeAll(async () => {
  scene = await openScene()
  scene.reset('acme/shop')
  exchanged(scene, leaked)
  shop = scene.github.repository('acme/shop')
  plant(scene, shop, { current: leaked })
  const step = async (name: string, act: () => Promise<RunResult>) => {
    told[name] = await act()
    looks[name] = await scene.run({ command: 'status' })
  }
  await step('generate', () => scene.run({ command: 'generate', artifact: 'false' }))
  newId = scene.amazonPay.exchange({
    region: 'us',
    view: 'live',
    publicKey: told.generate?.outputs['public-key'] ?? '',
    name: 'after the leak',
  })
  const staged = scene.github.secretsFor('acme/shop').AMAZON_PAY_PRIVATE_KEY_NEXT ?? ''
  await step('activate', () =>
    scene.run(
      activation({ ...leaked, privateKey: staged, id: newId }, null, { 'keep-previous': 'false' }),
    ),
  )
  scene.amazonPay.deleteKey(leaked.id)
  await step('retire', () => scene.run({ command: 'retire' }))
}, 30_000)
afterAll(() => scene.close())

test.each(['generate', 'activate', 'retire'])('%s goes well', (name) => {
  expect(told[name]?.exitCode).toBe(0)
  expect(looks[name]?.exitCode).toBe(0)
})

test('the leaked key is named for deletion, and kept nowhere', () => {
  expect(told.activate?.outputs['previous-public-key-id']).toBe(leaked.id)
  expect(told.activate?.summary).toContain(
    `Delete Public Key ID \`${leaked.id}\` in Integration Central`,
  )
  expect(plain(told.activate?.summary ?? '')).toMatchSnapshot()
  expect(Object.values(secretsOf(shop))).not.toContain(leaked.fingerprint)
})

test('status shows each step', () => {
  const lines = Object.entries(looks).map(([name, result]) => [name, printed(result)])
  expect(lines).toMatchSnapshot()
})

test('the shop takes orders with the new pair, and the leaked one is worth nothing', async () => {
  expect(held(shop, [leaked])).toMatchObject({ current: 'another', previous: null, next: null })
  expect(await order(scene, shop)).toMatchObject({ accepted: true })
  const thief = { secrets: new Map(shop.secrets) } as Scope
  for (const [name, value] of [
    ['AMAZON_PAY_PRIVATE_KEY', leaked.privateKey],
    ['AMAZON_PAY_PUBLIC_KEY_ID', leaked.id],
  ] as const) {
    thief.secrets.set(name, { name, value, created_at: '', updated_at: '' })
  }
  expect(await order(scene, thief)).toMatchObject({ accepted: false })
})
