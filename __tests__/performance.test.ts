import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Server } from '../rehearsal/server.ts'
import { makeKey } from './scenarios/planting.ts'
import { type Form, rehearse, type Shop, type StepOptions } from './scenarios/support.ts'

// Nothing here is timed: how much is loaded and requested does not depend on how busy the machine is.

const dist = join(import.meta.dirname, '..', 'dist')
const observer = join(import.meta.dirname, '..', 'scripts', 'observe.mjs')
const observed = join(tmpdir(), `observed-${process.pid}.json`)

let shop: Shop
beforeEach(async () => {
  shop = await rehearse()
})
afterEach(() => shop.close())
afterAll(() => rmSync(observed, { force: true }))

/** What is inside a file of dist, by texts that stay when it is minified. */
const parts: readonly (readonly [string, RegExp])[] = [
  ['artifact client', /FinalizeArtifact/],
  ['libsodium', /crypto_box_seal_open/],
  ['HTTP client', /UND_ERR_CONNECT_TIMEOUT/],
  ['Octokit', /octokit-core\.js/],
  ['OpenSSH reader', /bcrypt-pbkdf|sshpk/],
  ['JWT of an App', /RSASSA-PKCS1-v1_5/],
]

const code = readdirSync(dist).filter((name) => name.endsWith('.js'))
const sizeOf = (name: string): number => statSync(join(dist, name)).size
const textOf = (name: string): string => readFileSync(join(dist, name), 'utf8')
const partsIn = (name: string): string[] =>
  parts.filter(([, sign]) => sign.test(textOf(name))).map(([part]) => part)

describe('the built action', () => {
  test('has an entry of 250 kB at most', () => {
    expect(sizeOf('index.js')).toBeLessThanOrEqual(250_000)
  })

  test('has 4.7 MB of code at most', () => {
    expect(code.map(sizeOf).reduce((one, other) => one + other)).toBeLessThanOrEqual(4_700_000)
  })

  test('has each large library in one chunk, and none in the entry', () => {
    const chunks = code.filter((name) => name !== 'index.js')
    expect(partsIn('index.js')).toEqual([])
    for (const [part] of parts) {
      const count = chunks.filter((name) => partsIn(name).includes(part)).length
      expect([part, count]).toEqual([part, 1])
    }
  })
})

describe('a step loads', () => {
  const run = async (form: Form, more: StepOptions = {}) => {
    const nodeArgs = ['--import', observer]
    const result = await shop.run(form, { ...more, nodeArgs, env: { OBSERVED: observed } })
    const { loaded } = JSON.parse(readFileSync(observed, 'utf8')) as { loaded: string[] }
    const [entry, ...chunks] = loaded
    expect(entry).toBe('index.js')
    return { result, chunks, loaded: [...new Set(chunks.flatMap(partsIn))].sort() }
  }

  test('nothing but the entry for validate without a token, and sends no request', async () => {
    const given = { 'private-key': makeKey().privateKey, token: '', 'public-key-id': '' }
    const { result, chunks } = await run({ command: 'validate' }, { with: given })
    expect(result.outputs.status).toBe('valid')
    expect([chunks, result.requests, result.payRequests]).toEqual([[], [], []])
  })

  test('nothing but the entry when an input is refused', async () => {
    const { result, chunks } = await run({ command: 'generate' }, { with: { region: 'atlantis' } })
    expect([result.exitCode, chunks]).toEqual([1, []])
  })

  test('no OpenSSH reader for generate', async () => {
    const { result, loaded } = await run({ command: 'generate' })
    expect(result.outputs.status).toBe('staged')
    expect(loaded).toEqual(['HTTP client', 'Octokit', 'artifact client', 'libsodium'])
  })

  test('no artifact client for generate without an artifact', async () => {
    const { loaded } = await run({ command: 'generate' }, { with: { artifact: 'false' } })
    expect(loaded).toEqual(['HTTP client', 'Octokit', 'libsodium'])
  })

  test('neither libsodium nor the artifact client for status', async () => {
    const { loaded } = await run({ command: 'status' })
    expect(loaded).toEqual(['HTTP client', 'Octokit'])
  })

  test('the signer of JWTs only with an App, whose token costs three requests', async () => {
    const withToken = await run({ command: 'status' })
    await shop.close()
    shop = await rehearse({ app: true })
    const withApp = await run({ command: 'status' })
    expect(withApp.loaded).toEqual(['HTTP client', 'JWT of an App', 'Octokit'])
    expect(withApp.result.requests.length - withToken.result.requests.length).toBe(3)
  })
})

/**
 * Holds requests back until as many have arrived as one round trip has. A request that is not sent beside its neighbours
 * would wait for them until its time-out.
 */
function inTrips(servers: readonly Server[], widths: readonly number[]): { count: () => number } {
  let trip = 0
  let held: (() => void)[] = []
  for (const server of servers) {
    server.onRequest = async (_, phase) => {
      if (phase === 'after') return undefined
      await new Promise<void>((resolve) => {
        held.push(resolve)
        if (held.length < (widths[trip] ?? 1)) return
        trip += 1
        for (const answer of held) answer()
        held = []
      })
      return undefined
    }
  }
  return { count: () => trip }
}

describe('the round trips', () => {
  const look = 5 // secrets, three records, the lock
  const four = [1, 1, 1, 1] // create, upload, commit, finalize

  const expectTrips = async (widths: readonly number[], form: Form, more: StepOptions = {}) => {
    const servers = [shop.github, shop.amazonPay]
    const trips = inTrips(servers, widths)
    const result = await shop.run(form, more)
    for (const server of servers) server.onRequest = undefined
    expect([result.outputs['error-code'] ?? '', result.exitCode]).toEqual(['', 0])
    expect(result.requests.length + result.payRequests.length).toBe(
      widths.reduce((one, other) => one + other),
    )
    expect(trips.count()).toBe(widths.length)
    return result
  }

  test('of generate: a look, the lock, a look, sealing key, record, secret, unlock, artifact', async () => {
    await expectTrips([look, 1, look, 1, 1, 1, 1, ...four], { command: 'generate' })
  })

  test('of activate: a look, control and verification, the lock, a look, the walk of slots, unlock', async () => {
    const without = { with: { artifact: 'false' } }
    const first = shop.exchange(await shop.run({ command: 'generate' }, without))
    await shop.run({ command: 'activate', 'public-key-id': first })
    const id = shop.exchange(await shop.run({ command: 'generate' }, without))
    // Sealing key, mark, previous secret and record, pair, current record, staged secret and record.
    const walk = Array.from({ length: 9 }, () => 1)
    const widths = [look, 1, 1, 1, look, ...walk, 1]
    await expectTrips(widths, { command: 'activate', 'public-key-id': id })
  })

  test('of status: one', async () => {
    await expectTrips([look], { command: 'status' })
  })
})
