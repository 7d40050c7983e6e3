import type { Scope } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import {
  exchanged,
  type Held,
  held,
  makePairs,
  type Pair,
  type Planted,
  plant,
  settled,
} from './pairs.ts'
import { annotated, asked, openScene, plain, printed, type Scene, targetsOf } from './support.ts'

const [old, young, third] = makePairs('OLD', 'YOUNG', 'THIRD') as [Pair, Pair, Pair]
const pairs = [old, young, third]

let scene: Scene
let shop: Scope
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => {
  scene.reset('acme/shop', 'acme/api')
  exchanged(scene, ...pairs)
  shop = scene.github.repository('acme/shop')
})
afterAll(() => scene.close())

const now = (scope: Scope = shop): Held => held(scope, pairs)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))
const codeOf = ({ outputs }: RunResult) => outputs['error-code']
const retirement = (key: Pair | null, more: Record<string, string> = {}) => ({
  command: 'retire',
  ...(key && { 'previous-private-key': key.privateKey }),
  ...more,
})
const retire = (key: Pair | null = old, more: Record<string, string> = {}) =>
  scene.run(retirement(key, more))
const given = (planted: Planted = { current: young, previous: old }) => plant(scene, shop, planted)

test('a key that Amazon still accepts stays, and the steps are told', async () => {
  given()
  const result = await retire()
  expect(result.exitCode).toBe(1)
  expect(result.outputs).toMatchObject({
    status: 'failed',
    'error-code': 'still-accepted',
    'amazon-pay': 'accepted',
    'previous-public-key-id': old.id,
  })
  expect(printed(result)).toMatchSnapshot()
  expect(plain(result.summary)).toMatchSnapshot()
  expect(targetsOf(result)).toMatchObject([{ result: 'untouched', code: null }])
  expect(writes()).toEqual([])
})

test('a key of a suspended account is still accepted', async () => {
  given()
  scene.amazonPay.suspend(old.id)
  expect(codeOf(await retire())).toBe('still-accepted')
  expect(writes()).toEqual([])
})

describe('a key that was deleted at Amazon', () => {
  beforeEach(() => {
    given()
    scene.amazonPay.deleteKey(old.id)
  })

  test('goes, with its record, and nothing else does', async () => {
    scene.github.setSecret(shop, 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS_2', 'x')
    plant(scene, shop, { next: third })
    const result = await retire()
    expect(result.exitCode).toBe(0)
    expect(result.outputs).toMatchObject({ status: 'retired', 'amazon-pay': 'rejected' })
    expect(now()).toEqual(settled(young, undefined, third))
    expect(printed(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect(writes()).toEqual([
      'DELETE /repos/acme/shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY_PREVIOUS 204',
      'DELETE /repos/acme/shop/actions/variables/AMAZON_PAY_KEY_PREVIOUS 204',
    ])
    expect(shop.secrets.has('AMAZON_PAY_PRIVATE_KEY_PREVIOUS_2')).toBe(true)
  })

  test('goes once: a second run finds nothing, with or without the key', async () => {
    await retire()
    scene.github.requests.length = 0
    for (const key of [old, null]) {
      const again = await retire(key)
      expect(again.outputs).toMatchObject({ status: 'retired', 'error-code': '' })
      expect(annotated(again, 'notice')).toMatchSnapshot()
    }
    expect(writes()).toEqual([])
  })

  test('is planned only, in a dry run', async () => {
    const result = await retire(old, { 'dry-run': 'true' })
    expect(result.outputs.status).toBe('planned')
    expect(printed(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test.each(['secret', 'record'])(
    'goes in the next run, when a run is killed behind the %s',
    async (what) => {
      const running = scene.start(retirement(old))
      scene.github.onRequest = async ({ method, path }, phase) => {
        const end = what === 'secret' ? '_PRIVATE_KEY_PREVIOUS' : '_KEY_PREVIOUS'
        if (phase === 'before' || method !== 'DELETE' || !path.endsWith(end)) return undefined
        if (what === 'record' && path.endsWith('_PRIVATE_KEY_PREVIOUS')) return undefined
        running.kill()
        await running.done
        return 'drop'
      }
      expect((await running.done).signal).toBe('SIGKILL')
      scene.github.onRequest = undefined
      // The secret is gone: fresh inputs have no key.
      const again = await retire(null)
      expect(again.outputs).toMatchObject({ status: 'retired', 'error-code': '' })
      expect(now()).toEqual(settled(young))
    },
  )

  test('is said to be open still in runs from before', async () => {
    const before = { created_at: '2020-01-01T00:00:00Z' }
    scene.github.addRun('acme/shop', { ...before, id: 1, status: 'in_progress', name: 'Deploy' })
    scene.github.addRun('acme/shop', { ...before, id: 2, status: 'completed' })
    scene.github.addRun('acme/shop', { id: 3, status: 'in_progress' })
    const result = await retire()
    expect(result.outputs.status).toBe('retired')
    expect(annotated(result, 'warning')).toMatchSnapshot()
  })

  test('goes without a look at the runs, where the token may not look', async () => {
    const permissions = { secrets: 'write', variables: 'write' } as const
    const token = scene.github.addToken('ghs_narrow', { permissions })
    const result = await retire(old, { token })
    expect(result.outputs.status).toBe('retired')
    expect(annotated(result, 'warning')).toMatchSnapshot()
  })

  test('stays when GitHub does not delete it, and goes later', async () => {
    scene.github.faults.push({
      match: { method: 'DELETE' },
      times: Infinity,
      do: { status: 403, body: { message: 'no' } },
    })
    const result = await retire()
    expect(codeOf(result)).toBe('token-forbidden')
    expect(targetsOf(result)).toMatchObject([{ result: 'failed', code: 'token-forbidden' }])
    expect(annotated(result, 'error')).toMatchSnapshot()
    scene.github.faults.length = 0
    expect((await retire()).outputs.status).toBe('retired')
  })

  test('goes from both targets', async () => {
    const api = scene.github.repository('acme/api')
    plant(scene, api, { current: young, previous: old })
    const result = await retire(old, { repository: 'acme/shop, acme/api' })
    expect(result.outputs.status).toBe('retired')
    expect([now(shop), now(api)]).toEqual([settled(young), settled(young)])
  })

  test('goes from the target that has it', async () => {
    plant(scene, scene.github.repository('acme/api'), { current: young })
    const result = await retire(old, { repository: 'acme/api, acme/shop' })
    expect(targetsOf(result).map(({ result }) => result)).toEqual(['unchanged', 'updated'])
  })
})

describe('is not decided', () => {
  beforeEach(() => given())

  test('by a refused signature', async () => {
    // The ID is there, and somebody put another public key behind it.
    const key = scene.amazonPay.keys.get(old.id)
    const other = scene.amazonPay.keys.get(third.id)
    if (key && other) key.publicKey = other.publicKey
    const result = await retire()
    expect(codeOf(result)).toBe('amazon-pay-undecided')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('by an Amazon that is down', async () => {
    scene.amazonPay.faults.push({ times: Infinity, do: { status: 503, body: '' } })
    const result = await retire()
    expect(codeOf(result)).toBe('amazon-pay-undecided')
    expect(result.outputs['amazon-pay']).toBe('undecided')
    expect(writes()).toEqual([])
  })

  test('by a secret that is gone while Amazon still knows its ID', async () => {
    scene.github.deleteSecret(shop, 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
    const result = await retire(null)
    expect(codeOf(result)).toBe('amazon-pay-undecided')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })
})

describe('is refused', () => {
  test.each<[string, Planted, Pair | null, Record<string, string>, string]>([
    ['without the key', { current: young, previous: old }, null, {}, 'key-empty'],
    ['with another key', { current: young, previous: old }, third, {}, 'pair-changed'],
    ['when the previous key is current', { current: old, previous: old }, old, {}, 'pair-changed'],
    [
      'when the previous key is staged',
      { current: young, next: old, previous: old },
      old,
      {},
      'pair-changed',
    ],
    [
      'for another region',
      { current: young, previous: old },
      old,
      { region: 'eu' },
      'region-mismatch',
    ],
    [
      'for the sandbox',
      { current: young, previous: old },
      old,
      { 'pay-environment': 'sandbox' },
      'pay-environment-mismatch',
    ],
  ])('%s', async (_, planted, key, more, code) => {
    given(planted)
    scene.amazonPay.deleteKey(old.id)
    const result = await retire(key, more)
    expect(codeOf(result)).toBe(code)
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('without a record of the secret', async () => {
    given()
    scene.github.deleteVariable(shop, 'AMAZON_PAY_KEY_PREVIOUS')
    const result = await retire()
    expect(codeOf(result)).toBe('pair-changed')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('without its Public Key ID', async () => {
    plant(scene, shop, { previous: old }, { more: { publicKeyId: null } })
    const result = await retire()
    expect(codeOf(result)).toBe('public-key-id-invalid')
    expect(annotated(result, 'error')).toMatchSnapshot()
  })

  test('when the targets name different keys', async () => {
    given()
    plant(scene, scene.github.repository('acme/api'), { current: young, previous: third })
    const result = await retire(old, { repository: 'acme/shop, acme/api' })
    expect(codeOf(result)).toBe('pair-changed')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('when another run kept another key meanwhile', async () => {
    given()
    scene.amazonPay.deleteKey(old.id)
    scene.amazonPay.onRequest = (_, phase) => {
      if (phase === 'after') plant(scene, shop, { previous: young }, { ago: 0 })
      return undefined
    }
    const result = await retire()
    expect(codeOf(result)).toBe('pair-changed')
    expect(now().previous).toBe('YOUNG')
    expect(writes()).toEqual([])
  })
})

test('there is nothing to retire where nothing is', async () => {
  const result = await retire(null)
  expect(result.exitCode).toBe(0)
  expect(printed(result)).toMatchSnapshot()
  expect(plain(result.summary)).toMatchSnapshot()
})
