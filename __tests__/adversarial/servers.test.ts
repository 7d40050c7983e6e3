import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { payError } from '../../rehearsal/amazon-pay.ts'
import type { Answer, Recorded } from '../../rehearsal/server.ts'
import { type Server, startServer } from '../../rehearsal/server.ts'
import { sample } from '../sample.ts'
import type { ShopRun, StartedRun } from '../scenarios/support.ts'
import { closeShops, keys, type Stage, stage, stored } from './shops.ts'

// The attacker is a server, or sits between: it answers in GitHub's or Amazon Pay's place.

let elsewhere: Server
beforeAll(async () => {
  elsewhere = await startServer({ handler: () => ({ status: 200, body: {} }) })
})
afterAll(() => elsewhere.close())
beforeEach(() => {
  elsewhere.requests.length = 0
})
afterEach(closeShops)

const always = Number.POSITIVE_INFINITY

/** Answers every request that matches in this way. */
function answer(
  server: Server,
  match: (request: Recorded) => boolean,
  given: Server['faults'][0]['do'],
) {
  server.faults.push({ match, times: always, do: given })
}

const isSealingKey = ({ path }: Recorded): boolean => path.endsWith('/secrets/public-key')
const isRead = ({ method, path }: Recorded): boolean =>
  method === 'GET' && path.includes('/actions/')
const isWrite = ({ method }: Recorded): boolean => method !== 'GET'

/** Nothing was done, and it is told why. */
function expectRefused(told: ShopRun, code: string | RegExp): void {
  expect(told.timedOut).toBe(false)
  expect(told.conclusion).toBe('failure')
  expect(told.outputs['error-code']).toMatch(code)
  expect(told.annotations.filter(({ level }) => level === 'error')).toHaveLength(1)
}

describe('GitHub’s address', () => {
  test('that answers without end is read to its bound, and nothing is written', async () => {
    const { shop, run } = await stage('activate')
    answer(shop.github, isRead, 'enormous')
    const before = stored(shop)
    const told = await run()
    expectRefused(told, 'github-unavailable')
    expect(told.annotations[0]?.message).toContain('more than 10 MB')
    expect(stored(shop)).toEqual(before)
  })

  const redirects = [
    [301, 'a read', isRead],
    [308, 'the sealing key', isSealingKey],
    [307, 'a write', isWrite],
    [302, 'a read', isRead],
    [307, 'the sealing key', isSealingKey],
    [308, 'a write', isWrite],
  ] as const
  describe('that redirects to another server sends no token there', () => {
    test.each(sample(redirects, 3))('%i, %s', async (status, _, match) => {
      const { shop, run } = await stage('generate')
      answer(shop.github, match, { redirect: `${elsewhere.url}/take`, status })
      const told = await run()
      expect(elsewhere.requests).toEqual([])
      expect(told.conclusion).toBe('failure')
      expect(told.stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain(elsewhere.url)
    })
  })

  test('whose lists never end is asked for a bounded number of pages', async () => {
    const { shop, run } = await stage('retire')
    const workflow_runs = Array.from({ length: 100 }, (_, id) => ({
      html_url: `https://github.com/acme/shop/actions/runs/${id}`,
      name: 'x',
      status: 'queued',
      created_at: '2026-01-01T00:00:00Z',
    }))
    answer(shop.github, ({ path }) => path.endsWith('/actions/runs'), {
      status: 200,
      body: { total_count: 1e9, workflow_runs },
    })
    const told = await run()
    const asked = told.requests.filter(({ path }) => path.endsWith('/actions/runs'))
    // Five states of runs, of each the thousand that GitHub shows.
    expect(asked.length).toBeLessThanOrEqual(50)
    expect(told.timedOut).toBe(false)
    expect(told.outputs.status).toBe('retired')
    expect(Buffer.byteLength(told.summary)).toBeLessThan(1024 * 1024)
  })

  test('whose list of repositories never ends gives an error, not a shorter list', async () => {
    const { shop, run } = await stage('generate', { organization: 'acme' })
    const repositories = Array.from({ length: 100 }, (_, id) => ({ id, full_name: `acme/r${id}` }))
    const acme = shop.github.organizations.get('acme')
    if (acme === undefined) throw new Error('no organization')
    shop.github.setSecret(acme, 'AMAZON_PAY_PRIVATE_KEY', keys.current.privateKey, {
      visibility: 'selected',
      selected: [],
    })
    answer(shop.github, ({ path }) => path.endsWith('/repositories'), {
      status: 200,
      body: { total_count: 1e9, repositories },
    })
    const told = await run({ with: { organization: 'acme', repository: '' } })
    const asked = told.requests.filter(({ path }) => path.endsWith('/repositories'))
    expect(asked.length).toBeLessThanOrEqual(100)
    expect(told.conclusion).toBe('failure')
    expect(acme.secrets.has('AMAZON_PAY_PRIVATE_KEY_NEXT')).toBe(false)
  })

  test('that answers a byte at a time is left after the time of a request', async () => {
    const told = await runAgainstDrip(await stage('status'), 'GITHUB_API_URL')
    expectRefused(told, 'github-unavailable')
  })

  const bytes = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
  const weak: readonly [string, unknown][] = [
    ['all zero', bytes('00'.repeat(32))],
    ['one', bytes(`01${'00'.repeat(31)}`)],
    ['of low order', bytes('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')],
    ['of low order, not reduced', bytes(`ed${'ff'.repeat(30)}7f`)],
    ['of low order, with its highest bit', bytes(`00${'00'.repeat(30)}80`)],
    ['of 31 bytes', bytes('07'.repeat(31))],
    ['of 33 bytes', bytes('07'.repeat(33))],
    ['padded twice', `${bytes('07'.repeat(32))}=`],
    ['in the URL alphabet', Buffer.alloc(32, 0xfb).toString('base64url')],
    ['followed by a line', `${bytes('07'.repeat(32))}\n`],
    ['that is no text', 7],
  ]
  describe('that hands out a weak or malformed sealing key gets nothing sealed for it', () => {
    test.each(sample(weak, 6))('%s', async (_, key) => {
      const { shop, run } = await stage('generate')
      answer(shop.github, isSealingKey, { status: 200, body: { key_id: '1', key } })
      const told = await run()
      expectRefused(told, /^(?:github-unavailable|secret-write-failed)$/)
      expect(told.requests.filter(({ method }) => method === 'PUT')).toEqual([])
      expect(shop.repository.variables.has('AMAZON_PAY_KEY_NEXT')).toBe(false)
      expect(shop.repository.variables.has('AMAZON_PAY_KEY_LOCK')).toBe(false)
    })
  })

  const html = '<html><script>alert(1)</script>\n::error title=forged::forged</html>'
  const unlikely: readonly [string, Answer, RegExp][] = [
    [
      'a login page with 200',
      { status: 200, headers: { 'content-type': 'text/html' }, body: html },
      /proxy/i,
    ],
    [
      'a login page with 403',
      { status: 403, headers: { 'content-type': 'text/html' }, body: html },
      /proxy/i,
    ],
    ['a page that says that it is JSON', { status: 200, body: html }, /./],
    ['null', { status: 200, body: 'null' }, /./],
    ['a list', { status: 200, body: '[]' }, /./],
    ['a number', { status: 200, body: '7' }, /./],
    [
      'members under __proto__',
      { status: 200, body: '{"__proto__":{"secrets":[],"variables":[]}}' },
      /./,
    ],
    ['depth', { status: 200, body: `${'['.repeat(50_000)}${']'.repeat(50_000)}` }, /./],
    ['204 without anything', { status: 204 }, /./],
  ]
  test.each(sample(unlikely, 5))(
    'that answers a read with %s is not believed',
    async (_, given, words) => {
      const { shop, run } = await stage('activate')
      answer(shop.github, isRead, given)
      const before = stored(shop)
      const told = await run()
      expect(told.conclusion).toBe('failure')
      expect(told.outputs['error-code']).not.toBe('internal')
      expect(stored(shop)).toEqual(before)
      expect(told.annotations.map(({ message }) => message).join()).toMatch(words)
      expect(told.summary + told.stdout).not.toMatch(/alert\(1\)|forged/)
    },
  )

  const pauses: readonly [string, Record<string, string>][] = [
    ['retry-after for ever', { 'retry-after': '99999999999' }],
    ['retry-after of no number', { 'retry-after': '-1e999' }],
    ['a limit that never resets', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1e300' }],
    ['a date that is none', { date: 'yesterday', 'retry-after': '999999' }],
  ]
  test.each(sample(pauses, 4))(
    'that asks for a pause beyond the step’s time is left: %s',
    async (_, headers) => {
      const { shop, run } = await stage('status')
      answer(shop.github, () => true, {
        status: 403,
        headers,
        body: { message: 'You have exceeded a secondary rate limit' },
      })
      const told = await run()
      expectRefused(told, 'github-unavailable')
    },
  )

  test('whose clock says the year 9999 makes no record of it', async () => {
    const { shop, run } = await stage('generate')
    shop.github.now = () => new Date('9999-12-31T23:59:59Z')
    const told = await run()
    expect(told.timedOut).toBe(false)
    expect(told.outputs['error-code']).not.toBe('internal')
  })
})

/** Runs against a server that answers a byte at a time, for ever: each time-out of a request ends while it drips. */
async function runAgainstDrip(
  { shop, form }: Stage,
  variable: 'GITHUB_API_URL' | 'AMAZON_PAY_API_URL',
): Promise<ShopRun> {
  let started: StartedRun | undefined
  const server = createServer((_, response) => {
    let bytes = 0
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => {
      response.write(' ')
      bytes += 1
      if (bytes === 5) started?.expire(10_000)
    }, 20)
    response.on('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const env = { [variable]: `http://127.0.0.1:${port}` }
    started = await shop.start(form, { env, timeoutMs: 60_000 })
    return await started.done
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

/** Plays in the action's process, before the action: something of it never comes to an end. */
const never = (code: string): readonly string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(`
    const never = () => {
      console.log('it hangs')
      setInterval(() => {}, 1000)
      return new Promise(() => {})
    }
    ${code}
    const { syncBuiltinESMExports } = await import('node:module')
    syncBuiltinESMExports()`)}`,
]

describe('what hangs although every request has its time', () => {
  async function runToLimit(staged: Stage, code: string, milliseconds: number): Promise<ShopRun> {
    const options = { nodeArgs: never(code), timeoutMs: 60_000 }
    const started = await staged.shop.start(staged.form, options)
    await started.line('it hangs')
    started.expire(milliseconds)
    return started.done
  }

  test('is ended with the step’s time, and the report says so', async () => {
    const staged = await stage('activate')
    const before = stored(staged.shop)
    const crypto = `const { default: crypto } = await import('node:crypto')`
    const told = await runToLimit(staged, `${crypto}; crypto.checkPrime = never`, 150_000)
    expectRefused(told, 'github-unavailable')
    expect(told.summary).toContain('time limit')
    expect(stored(staged.shop)).toEqual(before)
  })

  test('in the report itself is ended as well, and what was done counts', async () => {
    const fs = `const { default: fs } = await import('node:fs')`
    const staged = await stage('activate')
    const hang = `const { writeFile } = fs.promises
      fs.promises.writeFile = (path, ...rest) =>
        path === process.env.GITHUB_STEP_SUMMARY ? never() : writeFile(path, ...rest)`
    const told = await runToLimit(staged, `${fs}; ${hang}`, 12_000)
    expect([told.timedOut, told.signal, told.conclusion]).toEqual([false, null, 'success'])
    expect(told.outputs.status).toBe('activated')
  })
})

type Said = 'accepted' | 'rejected' | 'undecided'

interface Case {
  readonly given: Answer
  /** Of validate. */
  readonly amazonPay: Said
  /** Of retire, which is asked about the previous key while the current pair is accepted. */
  readonly retire: 'retired' | 'still-accepted' | 'amazon-pay-undecided' | 'clock-skew'
  /** Of retire with the ID typed by a person. */
  readonly typed?: 'retired'
}

const html = { 'content-type': 'text/html' }
const invalid = (message: string): Answer => payError(400, 'InvalidHeaderValue', message)

/** The contract’s table, and what is like its rows. */
const answers: Readonly<Record<string, Case>> = {
  'the charge permission does not exist': {
    given: payError(404, 'ResourceNotFound', 'The requested resource does not exist'),
    amazonPay: 'accepted',
    retire: 'still-accepted',
  },
  'another resource that does not exist': {
    given: payError(404, 'NotFound', 'x'),
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
    typed: 'retired',
  },
  'a suspended account': {
    given: payError(403, 'InvalidAccountStatus', 'The account is suspended'),
    amazonPay: 'accepted',
    retire: 'amazon-pay-undecided',
  },
  'a wrong signature': {
    given: payError(403, 'InvalidRequestSignature', 'Unable to verify signature'),
    amazonPay: 'rejected',
    retire: 'amazon-pay-undecided',
    typed: 'retired',
  },
  'the signature of another text': {
    given: payError(
      403,
      'InvalidRequestSignature',
      `Unable to verify signature, signing String [AMZN-PAY-RSASSA-PSS-V2\n${'0'.repeat(64)}]`,
    ),
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
    typed: 'retired',
  },
  'an unknown Public Key ID': {
    given: invalid('The value X provided for PublicKeyId is invalid'),
    amazonPay: 'rejected',
    retire: 'retired',
  },
  'an unknown Public Key ID, otherwise spelled': {
    given: invalid("The value X provided for 'Public Key Id' is invalid"),
    amazonPay: 'rejected',
    retire: 'retired',
  },
  'a header without name': {
    given: invalid('The request contains an invalid header value'),
    amazonPay: 'rejected',
    retire: 'amazon-pay-undecided',
    typed: 'retired',
  },
  'another header': {
    given: invalid('The value eu provided for x-amz-pay-region is invalid'),
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
    typed: 'retired',
  },
  'the date': {
    given: invalid('The value 20260101T000000Z provided for x-amz-pay-date is invalid'),
    amazonPay: 'undecided',
    retire: 'clock-skew',
  },
  'no authorization': {
    given: payError(401, 'UnauthorizedAccess', 'You are not authorized'),
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
    typed: 'retired',
  },
  'another reason with 403': {
    given: payError(403, 'Blocked', 'no'),
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
    typed: 'retired',
  },
  'too many requests': {
    given: payError(429, 'TooManyRequests', 'slow down'),
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
  'a broken server': {
    given: payError(500, 'InternalServerError', 'x'),
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
  'a page with 200': {
    given: { status: 200, headers: html, body: '<html>login</html>' },
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
  'a page with 403': {
    given: { status: 403, headers: html, body: '<html>no</html>' },
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
  'a page with 404 and the right words': {
    given: { status: 404, headers: html, body: '{"reasonCode":"ResourceNotFound"}' },
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
  success: {
    given: { status: 200, body: { reasonCode: 'ResourceNotFound' } },
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
  'a reason under __proto__': {
    given: { status: 404, body: '{"__proto__":{"reasonCode":"ResourceNotFound"}}' },
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
  'a reason in a list': {
    given: { status: 404, body: { reasonCode: ['ResourceNotFound'] } },
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
  'a redirect': {
    given: { status: 302, headers: { location: 'http://127.0.0.1:9/' }, body: {} },
    amazonPay: 'undecided',
    retire: 'amazon-pay-undecided',
  },
}

const names = ({ id }: { readonly id: string }, request: Recorded): boolean =>
  (request.headers.authorization ?? '').includes(id)

describe('Amazon Pay’s answers are read for what they say', () => {
  test.each(sample(Object.entries(answers), 9))('validate: %s', async (_, { given, amazonPay }) => {
    const { shop, run, current } = await stage('validate')
    answer(shop.amazonPay, (request) => names(current, request), given)
    const told = await run()
    expect(told.outputs['amazon-pay']).toBe(amazonPay)
    expect(told.conclusion).toBe(amazonPay === 'rejected' ? 'failure' : 'success')
    expect(told.summary + told.stdout).not.toMatch(/delete (?:it|this key|that key)/i)
  })

  const likely = ['a header without name', 'another header']
  const others = Object.entries(answers).filter(([name]) => !likely.includes(name))
  // Which of these deletes a key is a matter of one word.
  test.each([
    ...likely.map((name): [string, Case] => [name, answers[name] as Case]),
    ...sample(others, 6),
  ])('retire: %s', async (_, { given, retire }) => {
    const { shop, run, previous } = await stage('retire')
    answer(shop.amazonPay, (request) => names(previous, request), given)
    const before = stored(shop)
    const told = await run()
    expect(told.outputs['error-code'] || told.outputs.status).toBe(retire)
    expect(shop.repository.secrets.has('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')).toBe(
      retire !== 'retired',
    )
    if (retire !== 'retired') expect(stored(shop)).toEqual(before)
  })

  test.each(
    sample(
      Object.entries(answers).filter(([, { retire }]) => retire !== 'retired'),
      9,
    ),
  )('retire, with the ID typed: %s', async (_, { given, retire, typed }) => {
    const { shop, run, previous } = await stage('retire')
    answer(shop.amazonPay, (request) => names(previous, request), given)
    const told = await run({ with: { 'public-key-id': previous.id } })
    expect(told.outputs['error-code'] || told.outputs.status).toBe(typed ?? retire)
    expect(shop.repository.secrets.has('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')).toBe(typed === undefined)
  })

  /** Everybody is refused so: also the current pair, and the control. */
  const alike: readonly [string, 'activate' | 'retire'][] = [
    ['an unknown Public Key ID', 'activate'],
    ['the charge permission does not exist', 'retire'],
    ['a suspended account', 'activate'],
    ['a suspended account', 'retire'],
    ['a wrong signature', 'activate'],
    ['a wrong signature', 'retire'],
    ['a page with 200', 'activate'],
    ['a page with 200', 'retire'],
  ]
  const controls: typeof alike = [
    // That of activate must be refused, that of retire accepted.
    ['the charge permission does not exist', 'activate'],
    ['an unknown Public Key ID', 'retire'],
  ]
  describe('one that answers everything alike changes nothing', () => {
    test.each([...controls, ...sample(alike, 4)])('%s, %s', async (name, command) => {
      const { given } = answers[name] as Case
      const { shop, run, previous } = await stage(command)
      answer(shop.amazonPay, () => true, given)
      const before = stored(shop)
      const told = await run(command === 'retire' ? { with: { 'public-key-id': previous.id } } : {})
      expect(told.conclusion).toBe('failure')
      expect(stored(shop)).toEqual(before)
    })
  })

  test.each(sample(['enormous', 'malformed', 'drop'] as const, 2))(
    'one that answers %s is undecided',
    async (mishap) => {
      const { shop, run } = await stage('activate')
      answer(shop.amazonPay, () => true, mishap)
      const before = stored(shop)
      expectRefused(await run(), 'amazon-pay-undecided')
      expect(stored(shop)).toEqual(before)
    },
  )

  test('one that answers a byte at a time is left after the time of a request', async () => {
    const told = await runAgainstDrip(await stage('validate'), 'AMAZON_PAY_API_URL')
    expect(told.timedOut).toBe(false)
    expect(told.outputs['amazon-pay']).toBe('undecided')
  })
})
