import type { Repository } from '../../rehearsal/github.ts'
import type { Recorded } from '../../rehearsal/server.ts'
import { isFull, sample } from '../sample.ts'
import { exchangedPair, type Key, makeKey, type Pair, plant } from './planting.ts'
import { secretsOf, targetsOf, variablesOf } from './reading.ts'
import {
  type Form,
  type Queued,
  rehearse,
  type Shop,
  type ShopRun,
  type StepOptions,
} from './support.ts'

// Real deaths: the process is killed when a write has taken effect and before its answer. With FULL=1 after every write;
// otherwise after some, since commands/kill-points.test.ts dies after each of them in memory.

let shop: Shop

afterEach(() => shop.close())

const isWrite = ({ method, path }: Recorded): boolean =>
  method !== 'GET' && /\/(?:secrets|variables)(?:\/|$)/.test(path)

/** Runs a form, and kills the run after this write; 0: not at all. Returns the run and how many writes it made. */
async function die(after: number, form: Form, more?: StepOptions) {
  const queued = shop.queue(form, more)
  let writes = 0
  const starting = queued.start()
  shop.github.onRequest = async (request, phase) => {
    if (phase === 'before' || !isWrite(request)) return undefined
    writes += 1
    if (writes !== after) return undefined
    ;(await starting).kill()
    return 'lost'
  }
  const ran = await (await starting).done
  shop.github.onRequest = undefined
  expect(ran.signal).toBe(after === 0 ? null : 'SIGKILL')
  return { queued, writes }
}

/** Four minutes later by GitHub's clock, the lock of a run that died is dead as well. */
function pass(): void {
  shop.github.now = () => new Date(Date.now() + 240_000)
}

/**
 * The lock of a run that died keeps others away; when it has died as well, one more run ends in the same place. An odd
 * death is healed by a re-run of the same run, with its inputs from before; an even one by a new run.
 */
async function heal(
  after: number,
  form: Form,
  { queued, more }: { queued: Queued; more?: StepOptions },
): Promise<ShopRun> {
  const isLocked = shop.repository.variables.has('AMAZON_PAY_KEY_LOCK')
  if (isLocked && (isFull || after % 4 === 2)) {
    const before = shop.github.writes.length
    const locked = await shop.run(form, more)
    expect(locked.outputs).toMatchObject({ status: 'failed', 'error-code': 'locked' })
    expect(shop.github.writes).toHaveLength(before)
  }
  if (after % 2 === 1) return queued.rerun()
  pass()
  return shop.run(form, more)
}

interface Slots {
  readonly current: Key & { readonly id: string }
  readonly previous: Key | null
}

function contains(repository: Repository, { current, previous }: Slots): void {
  expect(secretsOf(repository)).toEqual({
    AMAZON_PAY_PUBLIC_KEY_ID: current.id,
    AMAZON_PAY_PRIVATE_KEY: current.fingerprint,
    ...(previous && { AMAZON_PAY_PRIVATE_KEY_PREVIOUS: previous.fingerprint }),
  })
  // A lock that died hinders no other run; a run that has nothing to write leaves it there.
  const { AMAZON_PAY_KEY_LOCK: _, ...records } = variablesOf(repository)
  expect(records).toEqual({
    AMAZON_PAY_KEY: expect.objectContaining({
      publicKeyId: current.id,
      fingerprint: current.fingerprint,
    }),
    ...(previous && {
      AMAZON_PAY_KEY_PREVIOUS: expect.objectContaining({ fingerprint: previous.fingerprint }),
    }),
  })
}

const activation = [
  'the lock',
  'the mark',
  'the previous key',
  'its record',
  'the Public Key ID',
  'the private key',
  'the current record',
  'the deletion of the staged key',
  'the deletion of its record',
  'the return of the lock',
]

const rollback = ['the lock', 'the mark', 'the copy of the previous key', ...activation.slice(2)]

const numbered = (names: readonly string[]) =>
  names.map((name, index) => [name, index + 1] as const)

describe('an activation that is killed after', () => {
  let old: Pair
  let staged: Pair

  beforeEach(async () => {
    shop = await rehearse()
    old = exchangedPair(shop.amazonPay)
    staged = exchangedPair(shop.amazonPay)
    plant(shop.github, shop.repository, 'current', old)
    plant(shop.github, shop.repository, 'next', staged)
  })

  test.each(sample(numbered(activation), 3))('%s is finished by one more run', async (_, after) => {
    const form = { command: 'activate', 'public-key-id': staged.id }
    const { queued } = await die(after, form)
    const healed = await heal(after, form, { queued })
    expect(healed.outputs.status).toBe('activated')
    contains(shop.repository, { current: staged, previous: old })
    expect(await shop.order()).toMatchObject({ accepted: true })
  })

  test('its last write has died after all of them', async () => {
    const { writes } = await die(0, { command: 'activate', 'public-key-id': staged.id })
    expect(writes).toBe(activation.length)
  })
})

describe('a rollback that is killed after', () => {
  let bad: Pair
  let good: Pair

  beforeEach(async () => {
    shop = await rehearse()
    bad = exchangedPair(shop.amazonPay)
    good = exchangedPair(shop.amazonPay)
    plant(shop.github, shop.repository, 'current', bad)
    plant(shop.github, shop.repository, 'previous', good)
  })

  test.each(sample(numbered(rollback), 4))(
    '%s is finished by one more run, which does not roll back twice',
    async (_, after) => {
      const { queued } = await die(after, { command: 'rollback' })
      const healed = await heal(after, { command: 'rollback' }, { queued })
      // When nothing of it is left but the lock, there is nothing to go on with.
      const isOver = after >= rollback.indexOf('the deletion of its record') + 1
      expect(healed.outputs).toMatchObject(
        isOver
          ? { status: 'failed', 'error-code': 'nothing-to-roll-back' }
          : { status: 'rolled-back' },
      )
      expect(shop.repository.variables.has('AMAZON_PAY_KEY_NEXT')).toBe(false)
      expect(secretsOf(shop.repository)).toEqual({
        AMAZON_PAY_PUBLIC_KEY_ID: good.id,
        AMAZON_PAY_PRIVATE_KEY: good.fingerprint,
        AMAZON_PAY_PRIVATE_KEY_PREVIOUS: bad.fingerprint,
      })
      expect(await shop.order()).toMatchObject({ accepted: true })
    },
  )

  test('its last write has died after all of them', async () => {
    const { writes } = await die(0, { command: 'rollback' })
    expect(writes).toBe(rollback.length)
  })
})

/** The usual one, or all of them. */
const some = (writes: number, usual: number): number[] =>
  isFull ? Array.from({ length: writes }, (_, index) => index + 1) : [usual]

describe('other commands', () => {
  beforeEach(async () => {
    shop = await rehearse()
  })

  test.each(some(4, 2))(
    'generate, killed after write %i, stages one key in the end',
    async (after) => {
      const form = { command: 'generate' }
      const { queued } = await die(after, form)
      const healed = await heal(after, form, { queued })
      expect(healed.outputs.status).toBe('staged')
      // A re-run does not receive the key that was stored meanwhile, and so cannot show it. What it did not have to
      // write, it did not lock: the dead run's lock is still there.
      pass()
      const shown = await shop.run(form)
      expect(shown.outputs).toMatchObject({ status: 'staged', 'new-key': 'false' })
      expect(secretsOf(shop.repository)).toEqual({
        AMAZON_PAY_PRIVATE_KEY_NEXT: shown.outputs.fingerprint,
      })
      const id = shop.exchange(shown)
      const activated = await shop.run({ command: 'activate', 'public-key-id': id })
      expect(activated.outputs.status).toBe('activated')
    },
  )

  test.each(some(4, 2))('retire, killed after write %i, ends with an empty slot', async (after) => {
    const current = exchangedPair(shop.amazonPay)
    const old = exchangedPair(shop.amazonPay)
    plant(shop.github, shop.repository, 'current', current)
    plant(shop.github, shop.repository, 'previous', old)
    shop.amazonPay.deleteKey(old.id)
    const form = { command: 'retire' }
    const { queued } = await die(after, form)
    const healed = await heal(after, form, { queued })
    expect(healed.outputs.status).toBe('retired')
    contains(shop.repository, { current, previous: null })
  })

  test.each(some(4, 2))('adopt, killed after write %i, ends with a record', async (after) => {
    const pair = exchangedPair(shop.amazonPay)
    shop.github.setSecret(shop.repository, 'AMAZON_PAY_PRIVATE_KEY', pair.privateKey)
    const form = { command: 'adopt', 'public-key-id': pair.id }
    const { queued } = await die(after, form)
    const healed = await heal(after, form, { queued })
    expect(healed.outputs.status).toBe('adopted')
    contains(shop.repository, { current: pair, previous: null })
  })
})

describe('over three repositories', () => {
  const names = ['acme/mobile', 'acme/shop', 'acme/web']
  const more: StepOptions = { with: { repository: names.join('\n') } }
  const places = () => names.map((name) => shop.github.repository(name))
  let old: Pair
  let id: string
  let staged: Key

  beforeEach(async () => {
    shop = await rehearse({ repositories: ['acme/shop', 'acme/mobile', 'acme/web'] })
    old = exchangedPair(shop.amazonPay)
    staged = makeKey()
    for (const place of places()) {
      plant(shop.github, place, 'current', old)
      plant(shop.github, place, 'next', staged)
    }
    id = shop.exchange(staged.publicKey)
  })

  // In the second repository: its mark, its ID, its private key.
  test.each(isFull ? Array.from({ length: 30 }, (_, index) => index + 1) : [12, 15])(
    'an activation that is killed after write %i is finished by one more run',
    async (after) => {
      const form = { command: 'activate', 'public-key-id': id }
      const { queued } = await die(after, form, more)
      const healed = await heal(after, form, { queued, more })
      expect(healed.outputs.status).toBe('activated')
      for (const place of places()) contains(place, { current: { ...staged, id }, previous: old })
    },
  )

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s lets the pair in hand be finished, and no other be begun',
    async (signal) => {
      const started = await shop.start({ command: 'activate', 'public-key-id': id }, more)
      shop.github.onRequest = ({ method, path }, phase) => {
        const isId = method === 'PUT' && path.endsWith('/AMAZON_PAY_PUBLIC_KEY_ID')
        if (phase === 'after' && isId) started.kill(signal)
        return undefined
      }
      const ran = await started.done
      expect(ran).toMatchObject({ exitCode: 1, signal: null })
      expect(targetsOf(ran).map(({ result }) => result)).toEqual([
        'updated',
        'untouched',
        'untouched',
      ])
      const [first, second] = places()
      if (first) contains(first, { current: { ...staged, id }, previous: old })
      expect(second && secretsOf(second)).toMatchObject({ AMAZON_PAY_PUBLIC_KEY_ID: old.id })
      for (const { variables } of places()) expect(variables.has('AMAZON_PAY_KEY_LOCK')).toBe(false)
    },
  )
})
