import type { Scope } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import type { Fault, Mishap, Recorded } from '../../rehearsal/server.ts'
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
import { annotated, asked, openScene, plain, type Scene, targetsOf } from './support.ts'

// Requests that fail, and others who write at the same time.

const [old, young, third] = makePairs('OLD', 'YOUNG', 'THIRD') as [Pair, Pair, Pair]
const pairs = [old, young, third]

let scene: Scene
let shop: Scope
let api: Scope
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => {
  scene.reset('acme/shop', 'acme/api')
  exchanged(scene, ...pairs)
  shop = scene.github.repository('acme/shop')
  api = scene.github.repository('acme/api')
  plant(scene, shop, { current: old, next: young })
})
afterAll(() => scene.close())

const now = (scope: Scope = shop): Held => held(scope, pairs)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))
const rotate = (more: Record<string, string> = {}) =>
  // Nothing is tried again because the machine is busy.
  scene.run(activation(young, old, more), { env: { TIME_FLOOR: '9000' } })
const fail = (fault: Fault) => scene.github.faults.push(fault)
type Match = NonNullable<Fault['match']>
const down: Mishap = { status: 500, body: { message: 'Server Error' } }
const refused: Mishap = { status: 403, body: { message: 'Resource not accessible by integration' } }

/** What became of the only target. */
const fate = (result: RunResult) => {
  const [target] = targetsOf(result)
  return [target?.result, target?.code]
}

describe('every request fails once', () => {
  /** The first request of each kind goes wrong in one way. */
  const firstTries = (mishap: Mishap) => {
    const seen = new Set<string>()
    const match = ({ method, rawPath, body }: Recorded) => {
      const key = `${method} ${rawPath} ${body.includes('"name"') ? JSON.parse(body).name : ''}`
      if (seen.has(key)) return false
      seen.add(key)
      return true
    }
    for (const server of [scene.github, scene.amazonPay]) {
      server.faults.push({ match, times: Infinity, do: mishap })
    }
  }

  test.each<[string, Mishap]>([
    ['with 500', down],
    [
      'with 503 and a page',
      { status: 503, headers: { 'content-type': 'text/html' }, body: '<h1>Unicorn' },
    ],
    ['without an answer', 'drop'],
    ['with its answer lost', 'lost'],
    [
      'with a rate limit',
      { status: 429, headers: { 'retry-after': '1' }, body: { message: 'slow down' } },
    ],
  ])('%s, and the pair is new all the same', async (_, mishap) => {
    firstTries(mishap)
    const result = await rotate()
    expect(result.exitCode).toBe(0)
    expect(now()).toEqual(settled(young, old))
  })
})

describe('a read fails for good', () => {
  test.each([
    ['/actions/secrets', 0],
    ['/secrets/public-key', 0],
    // After the proof, before the first write.
    ['/variables/AMAZON_PAY_KEY', 1],
    ['/variables/AMAZON_PAY_KEY_NEXT', 1],
    ['/secrets/AMAZON_PAY_PRIVATE_KEY', 0],
  ])('%s after %s: nothing is written', async (path, skip) => {
    fail({ match: { method: 'GET', path }, skip, times: Infinity, do: down })
    const result = await rotate()
    expect(result.exitCode).toBe(1)
    expect(result.outputs['error-code']).toBe('github-unavailable')
    expect(now()).toEqual(settled(old, undefined, young))
    expect(writes()).toEqual([])
  })
})

describe('a write fails for good', () => {
  const PREVIOUS = { method: 'PUT', path: '/secrets/AMAZON_PAY_PRIVATE_KEY_PREVIOUS' }
  const RECORD_PREVIOUS = { method: 'POST', path: '/actions/variables' }
  const ID = { method: 'PUT', path: '/secrets/AMAZON_PAY_PUBLIC_KEY_ID' }
  const KEY = { method: 'PUT', path: '/secrets/AMAZON_PAY_PRIVATE_KEY' }
  const RECORD = { method: 'PATCH', path: '/variables/AMAZON_PAY_KEY' }
  const MARK = { method: 'PATCH', path: '/variables/AMAZON_PAY_KEY_NEXT' }
  const oldPair = { current: 'OLD', id: 'OLD' }
  const newPair = { current: 'YOUNG', id: 'YOUNG' }

  test.each<[string, Match, Mishap, [string, string], Partial<Held>]>([
    ['the mark, refused', MARK, refused, ['failed', 'token-forbidden'], oldPair],
    ['the mark, lost', MARK, 'lost', ['failed', 'github-unavailable'], oldPair],
    ['the previous key, refused', PREVIOUS, refused, ['failed', 'token-forbidden'], oldPair],
    ['the previous key, lost', PREVIOUS, 'lost', ['failed', 'github-unavailable'], oldPair],
    [
      'the previous record, refused',
      RECORD_PREVIOUS,
      refused,
      ['failed', 'token-forbidden'],
      oldPair,
    ],
    ['the Public Key ID, refused', ID, refused, ['failed', 'token-forbidden'], oldPair],
    [
      'the Public Key ID, too many',
      ID,
      { status: 422, body: { message: 'Maximum number of secrets exceeded' } },
      ['failed', 'secret-write-failed'],
      oldPair,
    ],
    ['the Public Key ID, down', ID, down, ['failed', 'github-unavailable'], oldPair],
    ['the private key, refused', KEY, refused, ['restored', 'token-forbidden'], oldPair],
    ['the private key, down', KEY, down, ['restored', 'github-unavailable'], oldPair],
    ['the private key, never arrived', KEY, 'drop', ['restored', 'github-unavailable'], oldPair],
    ['the record, refused', RECORD, refused, ['updated', 'token-forbidden'], newPair],
    ['the record, down', RECORD, down, ['updated', 'github-unavailable'], newPair],
    [
      'the record, bad value',
      RECORD,
      { status: 422, body: { message: 'Validation Failed' } },
      ['updated', 'variable-write-failed'],
      newPair,
    ],
  ])('%s', async (_, match, mishap, expected, left) => {
    fail({ match, times: Infinity, do: mishap })
    const result = await rotate()
    expect(result.exitCode).toBe(1)
    expect(fate(result)).toEqual(expected)
    expect(result.outputs['error-code']).toBe(expected[1])
    expect(now()).toMatchObject(left)
    expect(await order(scene, shop)).toMatchObject({ accepted: true })
    expect(annotated(result, 'error')).toMatchSnapshot()
  })

  test.each<[string, Match]>([
    ['the Public Key ID', ID],
    ['the private key', KEY],
  ])('%s, whose answers are all lost: its date says that it was written', async (_, match) => {
    fail({ match, times: Infinity, do: 'lost' })
    const result = await rotate()
    expect(result.exitCode).toBe(0)
    expect(now()).toEqual(settled(young, old))
  })

  test('the private key, written with its answer lost, and refused afterwards', async () => {
    fail({ match: KEY, do: 'lost' })
    fail({ match: KEY, times: Infinity, do: refused })
    const result = await rotate()
    expect(result.exitCode).toBe(0)
    expect(now()).toEqual(settled(young, old))
  })

  test('the Public Key ID, and nobody can say whether it was written: the old one is put back', async () => {
    fail({ match: ID, times: 4, do: 'lost' })
    fail({ match: { method: 'GET', path: ID.path }, skip: 2, times: Infinity, do: down })
    const result = await rotate()
    expect(fate(result)).toEqual(['restored', 'github-unavailable'])
    expect(now()).toMatchObject(oldPair)
    expect(annotated(result, 'error')).toMatchSnapshot()
  })

  test('the private key, and nobody can say whether it was written: torn, and healed by one run', async () => {
    fail({ match: KEY, times: Infinity, do: 'lost' })
    fail({ match: { method: 'GET', path: KEY.path }, skip: 2, times: Infinity, do: down })
    const result = await rotate()
    expect(fate(result)).toEqual(['torn', 'pair-torn'])
    expect(result.outputs['error-code']).toBe('pair-torn')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    scene.github.faults.length = 0
    expect((await rotate()).exitCode).toBe(0)
    expect(now()).toEqual(settled(young, old))
  })

  test('the private key, and then the old Public Key ID as well: torn, and healed by one run', async () => {
    fail({ match: KEY, times: Infinity, do: refused })
    fail({ match: ID, skip: 1, times: Infinity, do: refused })
    const result = await rotate()
    expect(fate(result)).toEqual(['torn', 'pair-torn'])
    expect(now()).toMatchObject({ current: 'OLD', id: 'YOUNG' })
    expect(annotated(result, 'error')).toMatchSnapshot()
    scene.github.faults.length = 0
    expect((await rotate()).exitCode).toBe(0)
    expect(now()).toEqual(settled(young, old))
  })

  test('the private key of a first pair: the place is as empty as before', async () => {
    fail({ match: KEY, times: Infinity, do: refused })
    const result = await scene.run(
      activation(young, null, { repository: 'acme/api', region: 'us' }),
    )
    expect(fate(result)).toEqual(['restored', 'token-forbidden'])
    expect([...api.secrets.keys()]).toEqual([])
    expect(annotated(result, 'error')).toMatchSnapshot()
  })

  test('the private key once more, after a run that was cut off behind it: the pair stays new', async () => {
    const first = scene.start(activation(young, old))
    scene.github.onRequest = async ({ method, path }, phase) => {
      if (phase === 'after' || method !== 'PATCH' || !path.endsWith('/AMAZON_PAY_KEY'))
        return undefined
      first.kill()
      await first.done
      return 'drop'
    }
    await first.done
    scene.github.onRequest = undefined
    expect(now()).toMatchObject({ ...newPair, records: { current: 'OLD:OLD' } })
    fail({ match: KEY, times: Infinity, do: refused })
    const result = await rotate()
    expect(fate(result)).toEqual(['restored', 'token-forbidden'])
    expect(now()).toMatchObject(newPair)
    expect(annotated(result, 'error')).toMatchSnapshot()
  })

  test('a key in the last of two targets: the first is told as done', async () => {
    plant(scene, api, { current: old, next: young })
    fail({
      match: ({ method, path }) =>
        method === 'PUT' && path.endsWith('api/actions/secrets/AMAZON_PAY_PRIVATE_KEY'),
      times: Infinity,
      do: refused,
    })
    const result = await rotate({ repository: 'acme/shop, acme/api' })
    expect(targetsOf(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect([now(shop), now(api)]).toMatchObject([newPair, oldPair])
    expect(now(shop).next).toBe('YOUNG')
  })

  test('a key that finds no room is refused before anything is written', async () => {
    for (let index = 0; shop.secrets.size < 100; index += 1) {
      scene.github.setSecret(shop, `OTHER_${index}`, 'x')
    }
    const result = await rotate()
    expect(result.outputs['error-code']).toBe('secret-write-failed')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })
})

describe('somebody else writes', () => {
  /** When Amazon Pay is asked about the pair, after everything was compared. */
  const whileProving = (act: () => void) => {
    scene.amazonPay.onRequest = (_, phase) => {
      if (phase === 'after') act()
      return undefined
    }
  }

  test.each<[string, () => void]>([
    ['the current record', () => plant(scene, shop, { current: third }, { ago: 0 })],
    [
      'the current secret',
      () => void scene.github.setSecret(shop, 'AMAZON_PAY_PRIVATE_KEY', third.privateKey),
    ],
    [
      'the Public Key ID',
      () => void scene.github.setSecret(shop, 'AMAZON_PAY_PUBLIC_KEY_ID', third.id),
    ],
    ['the staged key', () => plant(scene, shop, { next: third }, { ago: 0 })],
  ])('%s, before the first write: nothing is written', async (_, act) => {
    whileProving(act)
    const result = await rotate()
    expect(result.outputs['error-code']).toBe('pair-changed')
    expect(fate(result)).toEqual(['untouched', 'pair-changed'])
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('the second target, while the first is written', async () => {
    plant(scene, api, { current: old, next: young })
    scene.github.onRequest = ({ method, path }, phase) => {
      if (
        phase === 'after' &&
        method === 'PUT' &&
        path.endsWith('shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY')
      ) {
        plant(scene, api, { current: third, previous: old }, { ago: 0 })
      }
      return undefined
    }
    const result = await rotate({ repository: 'acme/shop, acme/api' })
    expect(result.outputs['error-code']).toBe('pair-changed')
    expect(targetsOf(result).map(({ result, code }) => [result, code])).toEqual([
      ['updated', null],
      ['failed', 'pair-changed'],
    ])
    expect(now(api)).toMatchObject({ current: 'THIRD', id: 'THIRD', previous: 'OLD' })
  })

  test('a stale re-run does not bring an old key back', async () => {
    plant(scene, shop, { current: third, previous: young }, { ago: 0 })
    const result = await rotate()
    expect(result.outputs['error-code']).toBe('pair-changed')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(now()).toMatchObject({ current: 'THIRD', id: 'THIRD' })
    expect(writes()).toEqual([])
  })

  test('the same activation, twice at once', async () => {
    const results = await Promise.all([rotate(), rotate()])
    expect(now()).toEqual(settled(young, old))
    for (const { outputs } of results) expect(['', 'pair-changed']).toContain(outputs['error-code'])
    expect(results.map(({ exitCode }) => exitCode)).toContain(0)
  })

  test('another activation, between the two secrets: the pair is wholly of the last one', async () => {
    let other: Promise<RunResult> | undefined
    scene.github.onRequest = async ({ method, path }, phase) => {
      if (other || phase === 'before' || method !== 'PUT' || !path.endsWith('_PUBLIC_KEY_ID'))
        return undefined
      other = scene.run(activation(third, old))
      expect((await other).exitCode).toBe(0)
      return undefined
    }
    const result = await rotate()
    expect(result.outputs).toMatchObject({ status: 'activated', 'error-code': 'pair-changed' })
    expect(annotated(result, 'warning')).toMatchSnapshot()
    expect(now()).toMatchObject({
      current: 'YOUNG',
      id: 'YOUNG',
      records: { current: 'YOUNG:YOUNG' },
    })
    expect(await order(scene, shop)).toMatchObject({ accepted: true })
  })

  test('a staging, in the moment in which a mark is made', async () => {
    scene.github.onRequest = ({ method }, phase) => {
      if (method === 'POST' && phase === 'before') plant(scene, api, { next: third }, { ago: 0 })
      return undefined
    }
    const result = await scene.run(
      activation(young, null, { repository: 'acme/api', region: 'us' }),
    )
    expect(result.outputs['error-code']).toBe('pair-changed')
    expect(now(api)).toMatchObject({
      current: null,
      id: null,
      next: 'THIRD',
      records: { next: 'THIRD' },
    })
  })
})

describe('the job is cancelled', () => {
  const cancelAt = async (
    at: (request: Recorded) => boolean,
    more: Record<string, string> = {},
  ) => {
    plant(scene, api, { current: old, next: young })
    const running = scene.start(
      activation(young, old, { repository: 'acme/shop, acme/api', ...more }),
    )
    const both = (request: Recorded, phase: 'before' | 'after') => {
      if (phase === 'after' && at(request)) running.kill('SIGTERM')
      return undefined
    }
    scene.github.onRequest = both
    scene.amazonPay.onRequest = both
    return running.done
  }
  const isPut =
    (end: string) =>
    ({ method, path }: Recorded) =>
      method === 'PUT' && path.endsWith(end)

  test('inside a pair: the pair in hand is finished, and no further target is started', async () => {
    const result = await cancelAt(isPut('shop/actions/secrets/AMAZON_PAY_PUBLIC_KEY_ID'))
    expect(result.exitCode).toBe(1)
    expect(targetsOf(result).map(({ result }) => result)).toEqual(['updated', 'untouched'])
    expect(now(shop)).toMatchObject({
      current: 'YOUNG',
      id: 'YOUNG',
      records: { current: 'YOUNG:YOUNG' },
    })
    expect(now(api)).toMatchObject({ current: 'OLD', id: 'OLD', previous: null })
    expect(annotated(result, 'error')).toMatchSnapshot()
    scene.github.onRequest = undefined
    expect((await rotate({ repository: 'acme/shop, acme/api' })).exitCode).toBe(0)
    expect([now(shop), now(api)]).toEqual([settled(young, old), settled(young, old)])
  })

  test('inside the last pair: all is done', async () => {
    const result = await cancelAt(isPut('api/actions/secrets/AMAZON_PAY_PUBLIC_KEY_ID'))
    expect(result.exitCode).toBe(0)
    expect([now(shop), now(api)]).toEqual([settled(young, old), settled(young, old)])
  })

  test('while Amazon Pay is asked: nothing is written', async () => {
    const result = await cancelAt(({ path }) => path.startsWith('/v2/'))
    expect(result.exitCode).toBe(1)
    expect(writes()).toEqual([])
    expect(annotated(result, 'error')).toMatchSnapshot()
  })
})
