import type { GitHub } from '../../rehearsal/github.ts'
import { isFull } from '../sample.ts'
import { exchangedPair, type Pair, plant } from './planting.ts'
import { secretsOf, variablesOf } from './reading.ts'
import { type Form, rehearse, type Shop, type ShopRun } from './support.ts'

// Two runs at the same moment. GitHub answers them one request at a time, and a seed decides whose request is next, so
// that a schedule can be repeated. Whatever the order, what is stored in the end must be what the green ones would have
// left, one after the other. FULL=1 plays 60 schedules; in
// memory, adversarial/interleavings.test.ts always plays hundreds.

type Command = 'generate' | 'activate' | 'rollback' | 'retire' | 'adopt'

const pairs: readonly (readonly [Command, Command])[] = [
  ['activate', 'activate'],
  ['activate', 'rollback'],
  ['activate', 'generate'],
  ['activate', 'retire'],
  ['activate', 'adopt'],
  ['rollback', 'rollback'],
  ['rollback', 'generate'],
  ['rollback', 'retire'],
  ['rollback', 'adopt'],
  ['generate', 'generate'],
  ['generate', 'retire'],
  ['retire', 'retire'],
  ['generate', 'adopt'],
  ['retire', 'adopt'],
  ['adopt', 'adopt'],
]

const schedules = isFull
  ? [1, 2, 3, 4].flatMap((seed) => pairs.map(([one, other]) => [one, other, seed] as const))
  : pairs.slice(0, 6).map(([one, other], index) => [one, other, index + 1] as const)

let shop: Shop
let current: Pair
let staged: Pair
let previous: Pair

beforeEach(async () => {
  shop = await rehearse()
  current = exchangedPair(shop.amazonPay)
  staged = exchangedPair(shop.amazonPay)
  previous = exchangedPair(shop.amazonPay)
  plant(shop.github, shop.repository, 'current', current)
})

afterEach(() => shop.close())

test.each(schedules)('%s and %s at the same moment, schedule %i', async (one, other, seed) => {
  const commands = [one, other]
  const isActivation = commands.includes('activate')
  if (isActivation) plant(shop.github, shop.repository, 'next', staged)
  else plant(shop.github, shop.repository, 'previous', previous)
  if (!isActivation && commands.includes('retire')) shop.amazonPay.deleteKey(previous.id)
  const before = slots()

  const turns = takeTurns(shop.github, seed)
  const ran = await Promise.all(
    commands.map(async (command, index) => {
      const token = shop.github.addToken(`ghs_run${index}`)
      turns.expect(token)
      const started = await shop.start(formOf(command), { with: { token } })
      return started.done.finally(() => turns.end(token))
    }),
  )

  const green = ran.filter(({ conclusion }) => conclusion === 'success')
  expect(green.length).toBeGreaterThan(0)
  expect(ordersOf(green).map((order) => order.reduce(apply, before))).toContainEqual(slots())
  for (const { outputs } of ran) {
    expect(['internal', 'pair-torn', 'github-unavailable']).not.toContain(outputs['error-code'])
  }
  expect(await shop.order()).toMatchObject({ accepted: true })
  const variables = variablesOf(shop.repository)
  expect(variables).not.toHaveProperty('AMAZON_PAY_KEY_LOCK')
  expect(variables).not.toHaveProperty('AMAZON_PAY_KEY_NEXT.change')
})

const ids: Partial<Record<Command, () => string>> = {
  activate: () => staged.id,
  adopt: () => current.id,
}

function formOf(command: Command): Form {
  const id = ids[command]?.()
  return { command, ...(id && { 'public-key-id': id }) }
}

/** Fingerprints; null where a slot is empty. */
interface Slots {
  readonly current: string | null
  readonly next: string | null
  readonly previous: string | null
}

function slots(): Slots {
  const secrets = secretsOf(shop.repository)
  const of = (name: string): string | null => secrets[`AMAZON_PAY_PRIVATE_KEY${name}`] ?? null
  return { current: of(''), next: of('_NEXT'), previous: of('_PREVIOUS') }
}

/** What a green run leaves, in a word: the commands as the contract has them. */
function apply(slots: Slots, { outputs }: Pick<ShopRun, 'outputs'>): Slots {
  const { fingerprint = null, command } = outputs
  switch (command) {
    case 'generate':
      return { ...slots, next: slots.next ?? fingerprint }
    case 'activate':
    case 'rollback':
      if (slots.current === fingerprint) return slots
      return { current: fingerprint, next: null, previous: slots.current }
    case 'retire':
      return { ...slots, previous: null }
    default:
      return slots
  }
}

const ordersOf = <T>(runs: readonly T[]): T[][] => [[...runs], [...runs].reverse()]

/**
 * Holds each request until every run that is expected has one, or has ended; then a run is drawn, and its oldest
 * request goes on.
 */
function takeTurns(github: GitHub, seed: number) {
  const draw = generator(seed)
  const held = new Map<string, (() => void)[]>()
  const goOn = (): void => {
    const queues = [...held.values()]
    if (queues.length === 0) return
    while (queues.every((queue) => queue.length > 0)) {
      queues[Math.floor(draw() * queues.length)]?.shift()?.()
    }
  }
  github.onRequest = async ({ headers }, phase) => {
    const queue = held.get(headers.authorization?.replace(/^(?:token|bearer) /i, '') ?? '')
    if (phase === 'after' || queue === undefined) return undefined
    await new Promise<void>((resolve) => {
      queue.push(resolve)
      goOn()
    })
    return undefined
  }
  return {
    expect: (token: string) => void held.set(token, []),
    end(token: string) {
      held.delete(token)
      goOn()
    },
  }
}

/** Numbers from 0 to 1 that depend on the seed only (mulberry32). */
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
