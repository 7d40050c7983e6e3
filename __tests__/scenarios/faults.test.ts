import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { primaryRateLimit, secondaryRateLimit } from '../../rehearsal/github.ts'
import type { Fault, Mishap } from '../../rehearsal/server.ts'
import { sample } from '../sample.ts'
import { exchangedPair, type Key, makeKey, type Pair, plant } from './planting.ts'
import { annotated, page, printed, secretsOf, targetsOf, variablesOf } from './reading.ts'
import { rehearse, type Shop, type ShopRun } from './support.ts'

let shop: Shop
let current: Pair
let staged: Key
let id: string

/** A shop with a pair and a staged key whose public key is exchanged: `activate` is next. All of it is an hour old. */
beforeEach(async () => {
  shop = await rehearse()
  const { github, amazonPay, repository } = shop
  github.now = () => new Date(Date.now() - 3_600_000)
  current = exchangedPair(amazonPay)
  plant(github, repository, 'current', current)
  staged = makeKey()
  plant(github, repository, 'next', staged, { region: 'eu', payEnvironment: 'live' })
  id = shop.exchange(staged.publicKey)
  github.now = () => new Date()
})

afterEach(() => shop.close())

const activate = (more?: Parameters<Shop['run']>[1]): Promise<ShopRun> =>
  shop.run({ command: 'activate', 'public-key-id': id }, more)

const secretPath = (name: string): string => `/repos/acme/shop/actions/secrets/${name}`
const privateKeyPath = secretPath('AMAZON_PAY_PRIVATE_KEY')

const always = (match: NonNullable<Fault['match']>, mishap: Mishap): void => {
  shop.github.faults.push({ match, times: Number.POSITIVE_INFINITY, do: mishap })
}

function isNew(): void {
  expect(secretsOf(shop.repository)).toEqual({
    AMAZON_PAY_PUBLIC_KEY_ID: id,
    AMAZON_PAY_PRIVATE_KEY: staged.fingerprint,
    AMAZON_PAY_PRIVATE_KEY_PREVIOUS: current.fingerprint,
  })
}

function isOld(): void {
  expect(secretsOf(shop.repository)).toMatchObject({
    AMAZON_PAY_PUBLIC_KEY_ID: current.id,
    AMAZON_PAY_PRIVATE_KEY: current.fingerprint,
    AMAZON_PAY_PRIVATE_KEY_NEXT: staged.fingerprint,
  })
}

describe('an answer that is lost', () => {
  /** The first answer to each write is lost: the write has happened. */
  function loseEachAnswerOnce(): Set<string> {
    const lost = new Set<string>()
    shop.github.onRequest = ({ method, path }, phase) => {
      const write = `${method} ${path}`
      if (phase === 'before' || method === 'GET' || lost.has(write)) return undefined
      if (!/\/(secrets|variables)(\/|$)/.test(path)) return undefined
      lost.add(write)
      return 'lost'
    }
    return lost
  }

  test('to any write of activate changes nothing', async () => {
    const lost = loseEachAnswerOnce()
    const ran = await activate()
    expect(ran.outputs.status).toBe('activated')
    expect(lost.size).toBeGreaterThanOrEqual(8)
    isNew()
    expect(Object.keys(variablesOf(shop.repository)).sort()).toEqual([
      'AMAZON_PAY_KEY',
      'AMAZON_PAY_KEY_PREVIOUS',
    ])
  })

  test('to any write of generate changes nothing', async () => {
    for (const name of [...shop.repository.secrets.keys()])
      shop.github.deleteSecret(shop.repository, name)
    for (const name of [...shop.repository.variables.keys()])
      shop.github.deleteVariable(shop.repository, name)
    const lost = loseEachAnswerOnce()
    const ran = await shop.run({ command: 'generate' })
    expect(ran.outputs).toMatchObject({ status: 'staged', 'new-key': 'true' })
    expect(lost.size).toBeGreaterThanOrEqual(3)
    expect(secretsOf(shop.repository)).toEqual({
      AMAZON_PAY_PRIVATE_KEY_NEXT: ran.outputs.fingerprint,
    })
    expect(Object.keys(variablesOf(shop.repository))).toEqual(['AMAZON_PAY_KEY_NEXT'])
  })

  test('every time is replaced by the date of the secret', async () => {
    always({ method: 'PUT', path: privateKeyPath }, 'lost')
    const ran = await activate()
    expect(ran.outputs.status).toBe('activated')
    isNew()
  })
})

describe('a private key that cannot be written', () => {
  test.each<[string, Mishap, string]>([
    ['because the connection breaks', 'drop', 'github-unavailable'],
    [
      'because GitHub refuses it',
      { status: 422, body: { message: 'Invalid' } },
      'secret-write-failed',
    ],
  ])('%s leaves the old pair: the old Public Key ID is put back', async (_, mishap, code) => {
    always({ method: 'PUT', path: privateKeyPath }, mishap)
    const ran = await activate()
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': code })
    expect(targetsOf(ran)).toMatchObject([{ result: 'restored', code }])
    isOld()
    expect(await shop.order()).toMatchObject({ accepted: true })

    shop.github.faults = []
    expect((await activate()).outputs.status).toBe('activated')
    isNew()
  })

  test('without the date that says so leaves a pair that may be torn, until the next run', async () => {
    let tried = false
    shop.github.onRequest = ({ method, path }) => {
      if (path !== privateKeyPath) return undefined
      tried ||= method === 'PUT'
      return tried ? 'drop' : undefined
    }
    const ran = await activate()
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'pair-torn' })
    expect(targetsOf(ran)).toMatchObject([{ result: 'torn', code: 'pair-torn' }])
    expect(page(ran)).toMatchSnapshot()

    shop.github.onRequest = undefined
    const healed = await activate()
    expect(healed.outputs.status).toBe('activated')
    isNew()
    expect(await shop.order()).toMatchObject({ accepted: true })
  })

  test('because of a rate limit leaves a torn pair, and the page says until when', async () => {
    const reset = new Date(Date.now() + 1_800_000)
    let tried = false
    shop.github.onRequest = ({ method, path }, phase) => {
      tried ||= method === 'PUT' && path === privateKeyPath
      return tried && phase === 'before' ? primaryRateLimit(reset) : undefined
    }
    const ran = await activate()
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'pair-torn' })
    // GitHub says the second after it.
    const until = new Date(Math.ceil(reset.getTime() / 1000) * 1000).toISOString().slice(11, 19)
    expect(ran.summary).toContain(until)
    expect(page(ran).replaceAll(until, '<clock>')).toMatchSnapshot()

    shop.github.onRequest = undefined
    // Three minutes later the lock that could not be given back has died.
    shop.github.now = () => new Date(Date.now() + 240_000)
    expect((await activate()).outputs.status).toBe('activated')
    isNew()
  })
})

describe('a limit of GitHub', () => {
  test.each([
    ['a secondary one is waited for as long as it says', () => secondaryRateLimit(3), 3],
    ['a secondary one with status 429', () => secondaryRateLimit(4, 429), 4],
  ])('%s', async (_, answer, seconds) => {
    shop.github.faults.push({ match: { method: 'PUT', path: privateKeyPath }, do: answer() })
    const ran = await activate()
    expect(ran.outputs.status).toBe('activated')
    expect(printed(ran)).toContain(`GitHub asks for a pause of ${seconds} seconds`)
  })

  test('that ends within the step is waited for', async () => {
    const reset = new Date(Date.now() + 20_000)
    shop.github.faults.push({ match: { method: 'GET' }, do: primaryRateLimit(reset) })
    const ran = await shop.run({ command: 'status' })
    expect(ran.outputs.status).toBe('ok')
    expect(printed(ran)).toMatch(/GitHub asks for a pause of \d+ seconds/)
  })

  test('that ends after an hour ends the step, and says when to come back', async () => {
    always({}, primaryRateLimit(new Date('2030-01-01T10:00:00Z')))
    const ran = await shop.run({ command: 'status' })
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'github-unavailable' })
    expect(ran.summary).toContain('2030-01-01T10:00:00Z')
  })

  test('that would fall into the middle of a target is seen before the first write', async () => {
    shop.github.rateLimit.remaining = 22
    const before = shop.github.writes.length
    const ran = await activate()
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'github-unavailable' })
    expect(annotated(ran, 'error').join()).toContain('it was not changed')
    expect(shop.github.writes).toHaveLength(before)
  })
})

const html = (status: number): Mishap => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<html><body>Please log in</body></html>',
})

describe('a server in trouble', () => {
  test('is asked again, for reads and writes', async () => {
    const down: Mishap = { status: 502, body: { message: 'Server Error' } }
    shop.github.faults.push({ times: 2, match: { method: 'GET' }, do: down })
    shop.github.faults.push({ times: 2, match: { method: 'PUT', path: privateKeyPath }, do: down })
    const ran = await activate()
    expect(ran.outputs.status).toBe('activated')
    isNew()
  })

  const troubles: [string, Mishap, string, string][] = [
    [
      'that stays down',
      { status: 503, body: { message: 'Unavailable' } },
      'github-unavailable',
      'githubstatus.com',
    ],
    ['behind a login page', html(200), 'github-unavailable', 'HTTPS_PROXY'],
    ['behind a proxy that refuses', html(403), 'github-unavailable', 'HTTPS_PROXY'],
    ['that answers 410', { status: 410, body: { message: 'Gone' } }, 'target-not-found', '410'],
    ['that answers 451', { status: 451, body: { message: 'Blocked' } }, 'target-not-found', '451'],
    [
      'that answers 401',
      { status: 401, body: { message: 'Bad credentials' } },
      'token-rejected',
      '401',
    ],
    ['that breaks off its answers', 'malformed', 'github-unavailable', 'githubstatus.com'],
    ['that redirects', { redirect: 'http://127.0.0.1:9/' }, 'target-not-found', '307'],
  ]

  test.each(sample(troubles, 3))(
    '%s ends the step before any write',
    async (_, mishap, code, says) => {
      always({}, mishap)
      const before = shop.github.writes.length
      const ran = await activate()
      expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': code })
      expect(annotated(ran, 'error').join()).toContain(says)
      expect(shop.github.writes).toHaveLength(before)
    },
  )

  test('that never answers ends the step after the time-outs of its requests', async () => {
    always({ method: 'GET' }, 'silent')
    const ran = await shop.run({ command: 'status' })
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'github-unavailable' })
    expect(ran.timedOut).toBe(false)
  })

  test('that is silent when the step’s own time is over is not asked again', async () => {
    always({ method: 'GET' }, 'silent')
    const ran = await shop.run({ command: 'status' }, { silence: [138_000] })
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': 'github-unavailable' })
    const asked = ran.requests.map(({ path }) => path)
    expect(asked).toHaveLength(new Set(asked).size)
  })

  test.each(['silent', 'stalled'] as const)(
    'that leaves one write %s is asked again',
    async (mishap) => {
      shop.github.faults.push({ match: { method: 'PUT', path: privateKeyPath }, do: mishap })
      const ran = await activate()
      expect(ran.outputs.status).toBe('activated')
      isNew()
    },
  )
})

describe('Amazon Pay that cannot answer', () => {
  const undecided: [string, Mishap][] = [
    ['never does', 'silent'],
    ['is down', { status: 503, body: { message: 'down' } }],
    ['sends a web page', html(200)],
  ]

  test.each(sample(undecided, 2))('because it %s keeps the pair that works', async (_, mishap) => {
    shop.amazonPay.faults.push({ times: Number.POSITIVE_INFINITY, do: mishap })
    const ran = await activate()
    expect(ran.outputs).toMatchObject({
      status: 'failed',
      'error-code': 'amazon-pay-undecided',
      'amazon-pay': 'undecided',
    })
    shop.amazonPay.faults = []
    isOld()
    expect(await shop.order()).toMatchObject({ accepted: true })
  })
})

describe('only the work fails the work:', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faults-'))
  const pipe = join(folder, 'pipe')
  const file = join(folder, 'file')

  beforeAll(() => {
    execFileSync('mkfifo', [pipe])
    writeFileSync(file, '')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const succeedsWithWarnings = (ran: ShopRun, ...says: string[]): void => {
    expect(ran).toMatchObject({ conclusion: 'success', exitCode: 0 })
    const warnings = annotated(ran, 'warning').filter((text) =>
      text.startsWith('artifact-failed: '),
    )
    expect(warnings).toEqual(says.map((text) => expect.stringContaining(text)))
  }

  test.each([
    ['a pipe', pipe],
    ['a folder', folder],
    ['no file', join(folder, 'gone', 'file')],
  ])('outputs and a summary that cannot be written, since there is %s', async (_, path) => {
    const ran = await activate({ env: { GITHUB_OUTPUT: path, GITHUB_STEP_SUMMARY: path } })
    succeedsWithWarnings(ran, 'GITHUB_OUTPUT', 'the job summary could not be written')
    isNew()
    expect(printed(ran)).not.toContain('Exchange the public key')
  })

  test('without a summary, a new public key and its steps are in the log', async () => {
    const ran = await shop.run({ command: 'generate' }, { env: { GITHUB_STEP_SUMMARY: folder } })
    succeedsWithWarnings(ran, 'the job summary could not be written')
    expect(ran.log).toContain('-----BEGIN PUBLIC KEY-----')
    expect(ran.log).toContain('Integration Central')
  })

  test.each([
    ['not set', undefined],
    ['read-only', '/proc'],
    ['a file', file],
  ])('a temp folder that is %s', async (_, path) => {
    const ran = await shop.run({ command: 'generate' }, { env: { RUNNER_TEMP: path } })
    succeedsWithWarnings(ran, 'RUNNER_TEMP')
    expect(ran.outputs).toMatchObject({ status: 'staged', 'error-code': 'artifact-failed' })
    expect(ran.outputs['public-key']).toBe(staged.publicKey)
  })

  test('an artifact service that is down', async () => {
    shop.github.artifactsDown = true
    const ran = await shop.run({ command: 'generate' })
    succeedsWithWarnings(ran, 'could not be uploaded as an artifact')
    expect(ran.outputs).toMatchObject({ status: 'staged', 'error-code': 'artifact-failed' })
  })

  test('an artifact service that never answers', async () => {
    always({ path: /^\/twirp\// }, 'silent')
    const ran = await shop.run({ command: 'generate' }, { silence: [60_000] })
    succeedsWithWarnings(ran, 'no answer within 60 seconds')
    expect(ran.outputs.status).toBe('staged')
  })
})
