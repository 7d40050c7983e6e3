import type { Command } from '../../src/ports.ts'
import { type Key, makeKeys } from './world/keys.ts'
import { type Form, type Ran, Shop, type StartOptions } from './world/workflow.ts'

// Whole lives of a key with the one workflow, as people would go through them: they fill in its form, and nothing else.

const [first, second, third, hers] = makeKeys(4) as [Key, Key, Key, Key]

/** A shop whose deploy is checked after every run, and the warnings of every run as well. */
class Journey {
  readonly shop: Shop
  #hasPair: boolean

  constructor(shop = new Shop()) {
    this.shop = shop
    this.#hasPair = shop.deploy() === 'accepted'
  }

  async run(command: Command, form: Form = {}, options: StartOptions = {}): Promise<Ran> {
    const ran = await this.shop.run(command, form, options)
    this.#hasPair ||= this.shop.deploy() !== 'no pair'
    for (const target of this.shop.targets) {
      expect(this.shop.deploy(target)).toBe(this.#hasPair ? 'accepted' : 'no pair')
      expect(target.isLocked).toBe(false)
    }
    expect(ran.warnings.filter(({ fact }) => fact.includes('does not use it'))).toEqual([])
    expect(ran.code).not.toBe('internal')
    return ran
  }

  /** generate, Integration Central, activate. */
  async rotateTo(key: Key): Promise<void> {
    const staged = await this.run('generate', {}, { making: [key] })
    expect(ends(staged)).toEqual({ status: 'staged', code: null })
    expect(staged.outputs['public-key']).toBe(key.publicPem)
    this.shop.amazon.exchange(key)
    const activated = await this.run('activate', { publicKeyId: key.id })
    expect(ends(activated)).toEqual({ status: 'activated', code: null })
    expect(this.slots.current).toBe(key)
  }

  /** Whose key is in which slot. */
  get slots() {
    const { target } = this.shop
    const of = (pem: string | null): Key | string | null =>
      pem === null ? null : ([first, second, third, hers].find((key) => key.pem === pem) ?? pem)
    return {
      current: of(target.privateKey('current')),
      next: of(target.privateKey('next')),
      previous: of(target.privateKey('previous')),
    }
  }

  get nextStep(): Promise<string | null> {
    return this.run('status').then(({ outcome }) => outcome.health[0]?.nextStep.command ?? null)
  }
}

function ends({ status, code }: Ran) {
  return { status, code }
}

test('a new shop makes its first key, rotates twice, rolls back once and retires what it left', async () => {
  const journey = new Journey()
  expect(await journey.nextStep).toBe('generate')
  await journey.rotateTo(first)
  expect(journey.slots).toEqual({ current: first, next: null, previous: null })

  await journey.rotateTo(second)
  expect(journey.slots).toEqual({ current: second, next: null, previous: first })
  expect(await journey.nextStep).toBe('retire')

  const still = await journey.run('retire')
  expect(ends(still)).toEqual({ status: 'failed', code: 'still-accepted' })
  journey.shop.amazon.set(first.id, 'deleted')
  expect(ends(await journey.run('retire'))).toEqual({ status: 'retired', code: null })
  expect(journey.slots).toEqual({ current: second, next: null, previous: null })

  await journey.rotateTo(third)
  expect(journey.slots).toEqual({ current: third, next: null, previous: second })

  const back = await journey.run('rollback')
  expect(ends(back)).toEqual({ status: 'rolled-back', code: null })
  expect(journey.slots).toEqual({ current: second, next: null, previous: third })

  const again = await journey.run('rollback')
  expect(ends(again)).toEqual({ status: 'failed', code: 'nothing-to-roll-back' })
  expect(again.effects).toEqual([])
  expect(journey.slots).toEqual({ current: second, next: null, previous: third })

  const meant = await journey.run('rollback', { publicKeyId: third.id })
  expect(ends(meant)).toEqual({ status: 'rolled-back', code: null })
  expect(journey.slots).toEqual({ current: third, next: null, previous: second })

  journey.shop.amazon.set(second.id, 'deleted')
  expect(ends(await journey.run('retire'))).toEqual({ status: 'retired', code: null })
  expect(journey.slots).toEqual({ current: third, next: null, previous: null })
})

test('an existing shop adopts its pair and rotates it', async () => {
  const shop = new Shop()
  shop.target.place('current', hers)
  shop.target.clear(shop.target.names.record.current)
  shop.amazon.exchange(hers)
  const journey = new Journey(shop)
  expect(await journey.nextStep).toBe('adopt')

  await journey.run('generate', {}, { making: [first] })
  shop.amazon.exchange(first)
  const early = await journey.run('activate', { publicKeyId: first.id })
  expect(ends(early)).toEqual({ status: 'failed', code: 'pair-unmanaged' })
  expect(early.effects).toEqual([])

  const adopted = await journey.run('adopt', { publicKeyId: hers.id })
  expect(ends(adopted)).toEqual({ status: 'adopted', code: null })
  expect(shop.target.record('current')?.publicKeyId?.id).toBe(hers.id)

  const activated = await journey.run('activate', { publicKeyId: first.id })
  expect(ends(activated)).toEqual({ status: 'activated', code: null })
  expect(journey.slots).toEqual({ current: first, next: null, previous: hers })
  expect(ends(await journey.run('rollback'))).toEqual({ status: 'rolled-back', code: null })
  expect(journey.slots).toEqual({ current: hers, next: null, previous: first })
})

test('a shop whose Public Key ID is in a configuration file stores it in a secret before it rotates', async () => {
  const shop = new Shop()
  shop.target.putSecret(shop.target.names.privateKey.current, hers.pem)
  shop.amazon.exchange(hers)
  const adopted = await shop.run('adopt', { publicKeyId: hers.id })
  expect(ends(adopted)).toEqual({ status: 'adopted', code: null })
  expect(shop.target.publicKeyId).toBe(hers.id)
  await new Journey(shop).rotateTo(first)
})

test('after a leak nothing of the leaked key is kept, and the page says which one to delete', async () => {
  const journey = new Journey(new Shop().given({ current: first }))
  await journey.run('generate', {}, { making: [second] })
  journey.shop.amazon.exchange(second)
  const ran = await journey.run('activate', { publicKeyId: second.id, leaked: true })
  expect(ends(ran)).toEqual({ status: 'activated', code: null })
  expect(journey.slots).toEqual({ current: second, next: null, previous: null })
  expect(ran.warnings.map(({ fact, hint }) => `${fact} ${hint}`).join()).toContain(first.id)

  const gone = await journey.run('rollback')
  expect(ends(gone)).toEqual({ status: 'failed', code: 'nothing-to-roll-back' })
})

test('a leaked key is dropped while an older one still waits to be retired', async () => {
  const journey = new Journey(new Shop().given({ current: second, previous: first, next: third }))
  const kept = await journey.run('activate', { publicKeyId: third.id })
  expect(ends(kept)).toEqual({ status: 'failed', code: 'previous-key-unretired' })
  const dropped = await journey.run('activate', { publicKeyId: third.id, leaked: true })
  expect(dropped.status).toBe('activated')
  expect(journey.slots).toEqual({ current: third, next: null, previous: first })
})

test('the scheduled status tells what is due, and writes nothing', async () => {
  const journey = new Journey()
  await journey.rotateTo(first)
  const fresh = await journey.run('status')
  expect(ends(fresh)).toEqual({ status: 'ok', code: null })
  expect(fresh.outputs['rotation-due']).toBe('false')
  journey.shop.clock.pass(90 * 86_400_000)
  const due = await journey.run('status')
  expect(due.outputs).toMatchObject({ 'rotation-due': 'true', 'age-days': '90', status: 'ok' })
  expect(due.effects).toEqual([])
  expect(due.outcome.health[0]?.nextStep.command).toBe('generate')
})

test('a key that a person has already is staged with private-key and activated', async () => {
  const journey = new Journey(new Shop().given({ current: first }))
  const staged = await journey.run('generate', {}, { with: { 'private-key': hers.pem } })
  expect(ends(staged)).toEqual({ status: 'staged', code: null })
  expect(staged.outputs['new-key']).toBe('false')
  journey.shop.amazon.exchange(hers)
  const activated = await journey.run('activate', { publicKeyId: hers.id })
  expect(ends(activated)).toEqual({ status: 'activated', code: null })
  expect(journey.slots).toEqual({ current: hers, next: null, previous: first })
})

test('an environment-level key is staged and activated by two jobs of one run', async () => {
  const shop = new Shop({ environment: 'production' })
  const queued = shop.queue('generate')
  expect((await shop.start(queued, { making: [first] })).status).toBe('staged')
  shop.amazon.exchange(first)
  shop.github.approvals = [
    { state: 'approved', environments: ['production'], comment: `the ID is ${first.id}` },
  ]
  const later = { ...queued, command: 'activate' as const }
  const ran = await shop.start({
    ...later,
    inputs: { ...queued.inputs, command: 'activate', 'public-key-id': 'from-approval' },
  })
  expect(ends(ran)).toEqual({ status: 'activated', code: null })
  expect(shop.deploy()).toBe('accepted')
})

test('three repositories rotate together, and every one of them rolls back', async () => {
  const repositories = ['acme/shop', 'acme/mobile', 'acme/web']
  const journey = new Journey(new Shop({ repositories }).given({ current: first }))
  await journey.rotateTo(second)
  for (const target of journey.shop.targets) {
    expect(target.publicKeyId).toBe(second.id)
    expect(target.privateKey('previous')).toBe(first.pem)
  }
  const back = await journey.run('rollback')
  expect(ends(back)).toEqual({ status: 'rolled-back', code: null })
  for (const target of journey.shop.targets) expect(target.publicKeyId).toBe(first.id)
})
