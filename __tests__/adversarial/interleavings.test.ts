import type { Command } from '../../src/ports.ts'
import { keysIn, slotsOf } from '../commands/world/changes.ts'
import { type Key, makeKeys, payId } from '../commands/world/keys.ts'
import { Schedule } from '../commands/world/schedule.ts'
import {
  type Form,
  type QueuedRun,
  type Ran,
  Shop,
  type StartOptions,
} from '../commands/world/workflow.ts'

// Two or three runs at the same time, taking turns at every call in a random order. Whatever happens must look as if the
// runs that ended green had been started one after the other.

const [old, young, oldest, made, madeToo] = makeKeys(5) as [Key, Key, Key, Key, Key]
/** A second Public Key ID for the staged key: a person exchanged it twice. */
const secondId = payId('Z')
const seeds = [1, 2, 3, 4, 5, 6]
let schedules = 0
afterAll(() => expect(schedules).toBeGreaterThanOrEqual(500))

interface Started {
  readonly command: Command
  readonly form?: Form
  readonly options?: StartOptions
}

const runs = {
  generate: { command: 'generate', options: { making: [made] } },
  'generate too': { command: 'generate', options: { making: [madeToo] } },
  'generate instead': {
    command: 'generate',
    form: { replaceStaged: young.fingerprint },
    options: { making: [made] },
  },
  activate: { command: 'activate', form: { publicKeyId: young.id } },
  'activate with the second ID': { command: 'activate', form: { publicKeyId: secondId } },
  'activate after a leak': { command: 'activate', form: { publicKeyId: young.id, leaked: true } },
  rollback: { command: 'rollback' },
  'rollback instead of the staged key': {
    command: 'rollback',
    form: { replaceStaged: young.fingerprint },
  },
  adopt: { command: 'adopt', form: { publicKeyId: old.id } },
  retire: { command: 'retire' },
} as const satisfies Record<string, Started>

type RunName = keyof typeof runs

interface Situation {
  readonly name: string
  readonly repositories?: readonly string[]
  readonly given: (shop: Shop) => void
  readonly together: readonly RunName[]
  readonly three?: readonly (readonly RunName[])[]
}

/** A lock that a dead run left, which two runs may take over at the same moment. */
function leaveLock(shop: Shop): void {
  for (const target of shop.targets) {
    target.putVariable(
      target.names.lock,
      JSON.stringify({ id: 'dead', run: 'https://github.com/x', attempt: 1, command: 'adopt' }),
    )
  }
  shop.clock.pass(600_000)
}

const situations: readonly Situation[] = [
  {
    name: 'a new shop',
    given: () => {},
    together: ['generate', 'generate too'],
    three: [['generate', 'generate', 'generate too']],
  },
  {
    name: 'a first key is staged',
    given: (shop) => shop.given({ next: young }),
    together: ['generate', 'generate instead', 'activate', 'activate with the second ID'],
    three: [['activate', 'activate with the second ID', 'generate instead']],
  },
  {
    name: 'a key is staged',
    given: (shop) => shop.given({ current: old, next: young }),
    together: [
      'generate',
      'generate instead',
      'activate',
      'activate with the second ID',
      'activate after a leak',
      'rollback',
      'adopt',
      'retire',
    ],
    three: [
      ['activate', 'activate', 'activate with the second ID'],
      ['activate', 'rollback', 'generate instead'],
      ['activate', 'activate after a leak', 'adopt'],
      ['activate', 'rollback', 'retire'],
    ],
  },
  {
    name: 'a key is staged beside a dead lock',
    given: (shop) => {
      shop.given({ current: old, next: young })
      leaveLock(shop)
    },
    together: ['generate instead', 'activate', 'activate with the second ID', 'adopt'],
    three: [['activate', 'activate with the second ID', 'generate instead']],
  },
  {
    name: 'the previous key works',
    given: (shop) => shop.given({ current: old, previous: oldest }),
    together: ['generate', 'rollback', 'adopt', 'retire'],
    three: [
      ['rollback', 'rollback', 'rollback'],
      ['rollback', 'generate', 'adopt'],
      ['rollback', 'rollback', 'retire'],
    ],
  },
  {
    name: 'the previous key works, and one is staged',
    given: (shop) => shop.given({ current: old, next: young, previous: oldest }),
    together: ['activate', 'activate after a leak', 'rollback instead of the staged key', 'retire'],
    three: [['activate after a leak', 'rollback instead of the staged key', 'generate instead']],
  },
  {
    name: 'the previous key is deleted, and one is staged',
    given: (shop) => {
      shop.given({ current: old, next: young, previous: oldest })
      shop.amazon.set(oldest.id, 'deleted')
    },
    together: ['generate instead', 'activate', 'activate after a leak', 'retire', 'rollback'],
    three: [
      ['activate', 'retire', 'retire'],
      ['activate', 'activate after a leak', 'retire'],
    ],
  },
  {
    name: 'a key is staged in two repositories',
    repositories: ['acme/mobile', 'acme/shop'],
    given: (shop) => shop.given({ current: old, next: young }),
    together: ['generate instead', 'activate', 'activate with the second ID', 'adopt'],
    three: [['activate', 'activate with the second ID', 'generate instead']],
  },
]

const pairsOf = <T>(all: readonly T[]): [T, T][] =>
  all.flatMap((one, index) => all.slice(index).map((other): [T, T] => [one, other]))

const cases = situations.flatMap((situation) =>
  [...pairsOf(situation.together), ...(situation.three ?? [])].map((names) => ({
    situation,
    name: situation.name,
    names,
    words: names.join(', '),
  })),
)

function shopIn({ given, repositories }: Situation): Shop {
  const shop = new Shop(repositories ? { repositories } : {})
  for (const key of [old, young, oldest]) shop.amazon.exchange(key)
  shop.amazon.exchange(young, { id: secondId })
  given(shop)
  return shop
}

interface Prepared {
  readonly name: RunName
  readonly queued: QueuedRun
  readonly options: StartOptions
}

function prepare(shop: Shop, names: readonly RunName[]): Prepared[] {
  return names.map((name) => {
    const { command, form, options }: Started = runs[name]
    return { name, queued: shop.queue(command, form), options: options ?? {} }
  })
}

function orders<T>(all: readonly T[]): T[][] {
  if (all.length === 0) return [[]]
  return all.flatMap((one, index) =>
    orders(all.filter((_, other) => other !== index)).map((rest) => [one, ...rest]),
  )
}

/** What is stored when these runs are all green one after the other; null when one of them is not. */
async function inOrder(shop: Shop, prepared: readonly Prepared[]): Promise<string | null> {
  const copy = shop.copy()
  for (const { queued, options } of prepared) {
    const { status } = await copy.start(queued, options)
    if (status === 'failed') return null
  }
  return JSON.stringify(slotsOf(copy))
}

/** A run that did not come to its end is run once more: its work must be one of those that are in order then. */
async function finish(
  shop: Shop,
  prepared: readonly Prepared[],
  ran: readonly Ran[],
): Promise<boolean[]> {
  const green: boolean[] = []
  for (const [index, { status, written }] of ran.entries()) {
    const begun = shop.targets.some((target) => target.record('next')?.change)
    const again = prepared[index]
    if (status === 'failed' && written.length > 0 && begun && again) {
      const { command, form, options }: Started = runs[again.name]
      green.push((await shop.run(command, form, options)).status !== 'failed')
    } else green.push(status !== 'failed')
  }
  return green
}

describe.each(cases)('$name; at the same time: $words', ({ situation, names }) => {
  test('the outcome is that of the green runs in some order', async () => {
    const known = new Map<string, string | null>()
    const start = shopIn(situation)
    const works = start.targets.map((target) => start.deploy(target) === 'accepted')
    for (const seed of seeds) {
      schedules += 1
      const shop = start.copy()
      const prepared = prepare(shop, names)
      const ran = await new Schedule(shop.clock, seed).start(shop, prepared)
      const codes = ran.map(({ code }) => code)
      expect({ seed, codes }).not.toEqual({ seed, codes: expect.arrayContaining(['internal']) })
      const green = await finish(shop, prepared, ran)
      expectPairs(shop, start, works, seed)

      const done = prepared.filter((_, index) => green[index])
      const ends: (string | null)[] = []
      for (const order of orders(done)) {
        const key = order.map(({ queued }) => queued.id).join()
        if (!known.has(key)) known.set(key, await inOrder(start, order))
        ends.push(known.get(key) ?? null)
      }
      const now = JSON.stringify(slotsOf(shop))
      const log = ran.map(({ status, code, written }) => ({ status, code, written }))
      expect({ seed, log, inOrder: ends.includes(now) }).toEqual({ seed, log, inOrder: true })
    }
  })
})

/** A pair that works, no key lost, and nothing locked. */
function expectPairs(shop: Shop, start: Shop, works: readonly boolean[], seed: number): void {
  shop.targets.forEach((target, index) => {
    const before = start.targets[index]
    const pair = shop.deploy(target)
    expect({ seed, pair }).not.toEqual({ seed, pair: 'refused' })
    if (works[index]) expect({ seed, pair }).toEqual({ seed, pair: 'accepted' })
    expect(keysIn(target).length).toBeGreaterThanOrEqual(
      keysIn(before ?? target).length > 0 ? 1 : 0,
    )
  })
}
