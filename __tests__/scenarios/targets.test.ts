import { join } from 'node:path'
import type { Organization, Shared } from '../../rehearsal/github.ts'
import { sample } from '../sample.ts'
import { exchangedPair, makeKey, plant } from './planting.ts'
import { annotated, page, secretsOf, targetsOf, variablesOf } from './reading.ts'
import { type RehearsalOptions, rehearse, type Shop, type StepOptions } from './support.ts'

let shop: Shop

const open = async (options?: RehearsalOptions): Promise<void> => {
  shop = await rehearse(options)
}

afterEach(() => shop.close())

/** generate, Integration Central, activate. */
async function rotate(more?: StepOptions): Promise<string> {
  const generated = await shop.run({ command: 'generate' }, more)
  expect(generated.outputs).toMatchObject({ status: 'staged', 'new-key': 'true' })
  const id = shop.exchange(generated)
  const activated = await shop.run({ command: 'activate', 'public-key-id': id }, more)
  expect(activated.outputs).toMatchObject({ status: 'activated' })
  return id
}

const results = (ran: Parameters<typeof targetsOf>[0]): Record<string, string> =>
  Object.fromEntries(targetsOf(ran).map(({ target, result }) => [target, result]))

describe('an environment', () => {
  test.each(sample(['production/eu 1', 'production', 'größe'], 3))(
    '“%s” stores its own pair',
    async (environment) => {
      await open({ environment })
      const other = exchangedPair(shop.amazonPay)
      plant(shop.github, shop.repository, 'current', other)
      const id = await rotate()
      const place = shop.repository.environments.get(environment)
      expect(place && secretsOf(place)).toMatchObject({ AMAZON_PAY_PUBLIC_KEY_ID: id })
      expect(secretsOf(shop.repository).AMAZON_PAY_PUBLIC_KEY_ID).toBe(other.id)
      const status = await shop.run({ command: 'status' })
      expect(status.outputs.status).toBe('ok')
    },
  )

  test('that does not exist is not made in passing', async () => {
    await open()
    const ran = await shop.run({ command: 'generate' }, { with: { environment: 'prod' } })
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'environment-not-found' })
    expect(shop.repository.environments.has('prod')).toBe(false)
  })
})

describe('an organization', () => {
  let acme: Organization

  beforeEach(async () => {
    await open({ repositories: ['acme/shop', 'acme/orders'], organization: 'acme' })
    acme = shop.github.addOrganization('acme')
  })

  const access = (): Shared[] =>
    [...acme.secrets.values(), ...acme.variables.values()].map(({ visibility, selected }) =>
      visibility === 'selected'
        ? { visibility, selected: selected ?? [] }
        : { visibility: visibility ?? 'all' },
    )

  const ids = (): number[] => [...shop.github.repositories.values()].map(({ id }) => id)

  test.each(sample(['selected', 'private', 'all'] as const, 3))(
    'stores a first pair with visibility %s',
    async (visibility) => {
      const selected = visibility === 'selected' && { repository: 'acme/shop, acme/orders' }
      const id = await rotate({ with: { organization: 'acme', visibility, ...selected } })
      expect(secretsOf(acme)).toMatchObject({ AMAZON_PAY_PUBLIC_KEY_ID: id })
      const expected = visibility === 'selected' ? { visibility, selected: ids() } : { visibility }
      expect(access()).toEqual([expected, expected, expected])
      expect(await shop.order()).toMatchObject({ accepted: true })
      expect(shop.repository.secrets.size).toBe(0)
    },
  )

  test('keeps who may read the pair when it is rotated', async () => {
    const shared: Shared = { visibility: 'selected', selected: ids().slice(0, 1) }
    const pair = exchangedPair(shop.amazonPay)
    plant(shop.github, acme, 'current', pair)
    for (const { name, value } of acme.secrets.values())
      shop.github.setSecret(acme, name, value, shared)
    for (const { name, value } of acme.variables.values()) {
      shop.github.setVariable(acme, name, value, shared)
    }
    await rotate({ with: { organization: 'acme' } })
    expect(access()).toEqual(Array(5).fill(shared))
    expect(secretsOf(acme).AMAZON_PAY_PRIVATE_KEY_PREVIOUS).toBe(pair.fingerprint)
  })

  test('refuses a visibility that would widen or narrow it', async () => {
    plant(shop.github, acme, 'current', exchangedPair(shop.amazonPay))
    const before = shop.github.writes.length
    const ran = await shop.run(
      { command: 'generate' },
      { with: { organization: 'acme', visibility: 'all' } },
    )
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'input-invalid' })
    expect(annotated(ran, 'error').join()).toContain('has visibility private')
    expect(shop.github.writes).toHaveLength(before)
  })

  test('keeps its lock to itself', async () => {
    const locks: unknown[] = []
    shop.github.onRequest = ({ method, path, body }) => {
      if (method === 'POST' && path.endsWith('/variables') && body.includes('_LOCK')) {
        locks.push(JSON.parse(body).visibility)
      }
      return undefined
    }
    await rotate({ with: { organization: 'acme', visibility: 'all' } })
    expect(new Set(locks)).toEqual(new Set(['private']))
  })
})

describe('three repositories', () => {
  const names = ['acme/mobile', 'acme/shop', 'acme/web'] as const
  const all: StepOptions = { with: { repository: 'acme/web\nacme/shop\nacme/mobile' } }
  const places = () => names.map((name) => shop.github.repository(name))

  beforeEach(() => open({ repositories: ['acme/shop', 'acme/mobile', 'acme/web'] }))

  /** The same pair everywhere, as an earlier rotation left it. */
  function plantEverywhere() {
    const pair = exchangedPair(shop.amazonPay)
    for (const place of places()) plant(shop.github, place, 'current', pair)
    return pair
  }

  test('get the same pair, one after the other in the order of their names', async () => {
    const old = plantEverywhere()
    const generated = await shop.run({ command: 'generate' }, all)
    expect(page(generated)).toMatchSnapshot('generate')
    const id = shop.exchange(generated)
    const before = shop.github.writes.length
    const activated = await shop.run({ command: 'activate', 'public-key-id': id }, all)
    expect(activated.outputs.status).toBe('activated')
    expect(page(activated)).toMatchSnapshot('activate')
    expect(results(activated)).toEqual({
      'acme/mobile': 'updated',
      'acme/shop': 'updated',
      'acme/web': 'updated',
    })
    const order = shop.github.writes.slice(before).map(({ scope }) => scope)
    expect(order).toEqual([...order].sort())
    for (const place of places()) {
      expect(secretsOf(place)).toEqual({
        AMAZON_PAY_PUBLIC_KEY_ID: id,
        AMAZON_PAY_PRIVATE_KEY: generated.outputs.fingerprint,
        AMAZON_PAY_PRIVATE_KEY_PREVIOUS: old.fingerprint,
      })
    }
  })

  test('are paced: no pause falls inside a target, and none comes before the eleventh write', async () => {
    plantEverywhere()
    const generated = await shop.run({ command: 'generate' }, all)
    const pauses: {
      readonly milliseconds: number
      readonly writes: number
      readonly locks: number
    }[] = []
    const form = { command: 'activate', 'public-key-id': shop.exchange(generated) }
    const before = shop.github.writes.length
    const preload = join(import.meta.dirname, 'held-pauses.mjs')
    const started = await shop.start(form, { ...all, nodeArgs: ['--import', preload] })
    started.child.on('message', ({ pause }: { readonly pause: number }) => {
      const locks = places().filter(({ variables }) => variables.has('AMAZON_PAY_KEY_LOCK')).length
      pauses.push({ milliseconds: pause, writes: shop.github.writes.length - before, locks })
      started.child.send({ resume: true })
    })
    const ran = await started.done
    expect(ran.outputs.status).toBe('activated')
    // Ten writes in each: lock, mark, previous key and its record, ID, key, record, two deletions, lock.
    expect(pauses).toMatchObject([
      { writes: 10, locks: 0 },
      { writes: 20, locks: 0 },
    ])
    for (const { milliseconds } of pauses) expect(milliseconds).toBeLessThanOrEqual(10_000)
  })

  test('of which one refuses the key keep nothing of a generate', async () => {
    shop.github.repository('acme/shop').archived = true
    const ran = await shop.run({ command: 'generate' }, all)
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'token-forbidden' })
    expect(page(ran)).toMatchSnapshot()
    for (const place of places()) {
      expect(secretsOf(place)).toEqual({})
      expect(variablesOf(place)).toEqual({})
    }
  })

  test('of which one refuses the pair say how far each has come, and a new run finishes', async () => {
    plantEverywhere()
    const generated = await shop.run({ command: 'generate' }, all)
    const id = shop.exchange(generated)
    const form = { command: 'activate', 'public-key-id': id }
    const match = { method: 'PUT', path: '/repos/acme/shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY' }
    const answer = { status: 422, body: { message: 'Validation Failed' } }
    shop.github.faults.push({ match, times: Number.POSITIVE_INFINITY, do: answer })
    const failed = await shop.run(form, all)
    expect(failed.outputs).toMatchObject({ status: 'failed', 'error-code': 'secret-write-failed' })
    expect(page(failed)).toMatchSnapshot()
    expect(results(failed)).toEqual({
      'acme/mobile': 'updated',
      'acme/shop': 'restored',
      'acme/web': 'untouched',
    })
    expect(await shop.order()).toMatchObject({ accepted: true })

    shop.github.faults = []
    const healed = await shop.run(form, all)
    expect(healed.outputs.status).toBe('activated')
    for (const place of places()) {
      expect(secretsOf(place)).toMatchObject({
        AMAZON_PAY_PUBLIC_KEY_ID: id,
        AMAZON_PAY_PRIVATE_KEY: generated.outputs.fingerprint,
      })
    }
  })

  test('with a key staged in one of them only are filled from it', async () => {
    const staged = makeKey()
    plant(shop.github, shop.repository, 'next', staged)
    const ran = await shop.run({ command: 'generate' }, all)
    expect(ran.outputs).toMatchObject({
      status: 'staged',
      'new-key': 'false',
      fingerprint: staged.fingerprint,
    })
    for (const place of places()) {
      expect(secretsOf(place)).toEqual({ AMAZON_PAY_PRIVATE_KEY_NEXT: staged.fingerprint })
    }
  })

  test('of which one does not exist are refused together, before any write', async () => {
    const ran = await shop.run(
      { command: 'generate' },
      { with: { repository: 'acme/shop, acme/gone, acme/lost' } },
    )
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'target-not-found' })
    expect(results(ran)).toEqual({
      'acme/gone': 'untouched',
      'acme/lost': 'untouched',
      'acme/shop': 'untouched',
    })
    expect(annotated(ran, 'error')).toHaveLength(2)
    expect(secretsOf(shop.repository)).toEqual({})
  })
})
