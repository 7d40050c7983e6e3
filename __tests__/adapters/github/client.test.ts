import { gzipSync } from 'node:zlib'
import { GitHubError } from '../../../src/adapters/github/refusal.ts'
import { connect, neverFires, type Reaction, start, startLoopback, thrownBy } from './loopback.ts'

const route = 'GET /repos/{owner}/{repo}/actions/secrets'
const names = { owner: 'acme', repo: 'shop' }

/** A server that reacts in this order, and in the last way from then on. */
const inOrder = (...reactions: Reaction[]) => {
  let next = 0
  return startLoopback(() => reactions[Math.min(next++, reactions.length - 1)] ?? 'drop')
}

const refusalOf = async (work: Promise<unknown>) => {
  const error = await thrownBy(work)
  if (!(error instanceof GitHubError)) throw error
  return error.refusal
}

describe('a request', () => {
  test('names the API version, this action, and the token', async () => {
    const server = await startLoopback(() => ({ body: { ok: true } }))
    const { client } = connect(server)
    expect(await client.request(route, { ...names, per_page: 100 })).toEqual({ ok: true })
    expect(server.asked[0]).toMatchObject({
      method: 'GET',
      path: '/repos/acme/shop/actions/secrets',
      query: { per_page: '100' },
      headers: { 'x-github-api-version': '2022-11-28', authorization: 'token ghs_token' },
    })
    expect(server.asked[0]?.headers['user-agent']).toMatch(/^amazon-pay-keys /)
  })

  test('is described in debug lines without its body and without header values', async () => {
    const server = await startLoopback(() => ({ status: 201, headers: { 'x-other': 'header' } }))
    const { client, debugged } = connect(server)
    await client.request('PUT /repos/{owner}/{repo}/actions/secrets/{secret_name}', {
      ...names,
      secret_name: 'A KEY',
      encrypted_value: 'sealed',
    })
    expect(debugged).toEqual([
      'GitHub: PUT /repos/acme/shop/actions/secrets/A%20KEY',
      'GitHub: PUT /repos/acme/shop/actions/secrets/A%20KEY: 201, request ABCD:1234',
    ])
  })

  test('that fails is described in debug lines with the status of each answer', async () => {
    const server = await inOrder('drop', { status: 404, headers: { 'x-github-request-id': '\t' } })
    const { client, debugged } = connect(server)
    await thrownBy(client.request(route, names))
    expect(debugged.slice(1)).toEqual([
      expect.stringMatching(/: GitHub did not answer \(\w+\)$/),
      'GitHub: GET /repos/acme/shop/actions/secrets',
      'GitHub: GET /repos/acme/shop/actions/secrets: 404, request without id',
    ])
  })

  test('does not follow a redirect', async () => {
    const server = await startLoopback(() => ({ status: 307, headers: { location: '/elsewhere' } }))
    expect(await refusalOf(connect(server).client.request(route, names))).toMatchObject({
      status: 307,
    })
    expect(server.routes()).toEqual(['GET /repos/acme/shop/actions/secrets'])
  })
})

describe('what the answers say of GitHub', () => {
  test('its clock, and how many requests are left, are null before the first answer', async () => {
    const { client } = connect(await startLoopback())
    expect([client.seen.serverTime, client.seen.remaining, client.seen.writes]).toEqual([
      null,
      null,
      0,
    ])
  })

  test.each([200, 404])('its clock and its limits are taken from an answer %i', async (status) => {
    const limits = { 'x-ratelimit-remaining': '17', 'x-ratelimit-reset': String(start / 1000 + 60) }
    const { client } = connect(await startLoopback(() => ({ status, headers: limits })))
    await client.request(route, names).catch(() => {})
    expect(client.seen.serverTime).toEqual(new Date(start))
    expect(client.seen.remaining).toEqual({ requests: 17, resetAt: new Date(start + 60_000) })
  })

  test('a time beyond all dates is left out', async () => {
    const headers = { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '9'.repeat(15) }
    const { client } = connect(await startLoopback(() => ({ headers })))
    await client.request(route, names)
    expect(client.seen.remaining).toBeNull()
  })

  test('a header that is no number or no date is left out', async () => {
    const headers = { 'x-ratelimit-remaining': 'many', 'x-ratelimit-reset': '1', date: 'today' }
    const { client } = connect(await startLoopback(() => ({ headers })))
    await client.request(route, names)
    expect([client.seen.serverTime, client.seen.remaining]).toEqual([null, null])
  })
})

describe('the count of writes', () => {
  test('contains every request that changes a secret or a variable, repetitions included', async () => {
    const server = await inOrder('drop', { status: 204 })
    const { client } = connect(server)
    await client.request('PUT /repos/{owner}/{repo}/actions/secrets/{secret_name}', names)
    await client.request('DELETE /orgs/{org}/actions/variables/{name}')
    await client.request(route, names)
    await client.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches')
    expect(client.seen.writes).toBe(3)
  })
})

describe('a request is sent again', () => {
  test.each<[string, Reaction]>([
    ['the connection was closed', 'drop'],
    ['GitHub answered 500', { status: 500 }],
    ['GitHub answered 408', { status: 408 }],
    ['GitHub’s own outage page came', { status: 502, headers: { 'content-type': 'text/html' } }],
  ])('when %s', async (_, first) => {
    const server = await inOrder(first, { body: { ok: true } })
    const { client, clock } = connect(server)
    expect(await client.request(route, names)).toEqual({ ok: true })
    expect(clock.pauses).toHaveLength(1)
  })

  test('three times at most, each time after a longer pause', async () => {
    const server = await inOrder({ status: 500 })
    const { client, clock } = connect(server)
    expect(await refusalOf(client.request(route, names))).toMatchObject({
      status: 500,
      uncertain: true,
    })
    expect(server.asked).toHaveLength(4)
    const [first = 0, second = 0, third = 0] = clock.pauses
    for (const [pause, least] of [
      [first, 1000],
      [second, 2000],
      [third, 4000],
    ] as const) {
      expect(pause).toBeGreaterThanOrEqual(least)
      expect(pause).toBeLessThanOrEqual(2 * least)
    }
  })

  test('when it hung for too long', async () => {
    const server = await inOrder('hang', { body: { ok: true } })
    const { client } = connect(server, { requestTimeout: 100 })
    expect(await client.request(route, names)).toEqual({ ok: true })
  })

  test.each([400, 401, 403, 404, 409, 410, 422, 451])(
    'never when GitHub answered %i',
    async (status) => {
      const server = await inOrder({ status, body: { message: 'no' } })
      expect(await refusalOf(connect(server).client.request(route, names))).toMatchObject({
        status,
        message: 'no',
        uncertain: false,
      })
      expect(server.asked).toHaveLength(1)
    },
  )

  test('never when it would have its effect twice', async () => {
    const server = await inOrder('drop')
    const { client } = connect(server)
    const refusal = await refusalOf(client.request(route, names, false))
    expect(refusal.uncertain).toBe(true)
    expect(server.asked).toHaveLength(1)
  })

  test('and an answer that was lost on the way leaves the final refusal uncertain', async () => {
    const server = await inOrder('drop', { status: 422 })
    expect(await refusalOf(connect(server).client.request(route, names))).toMatchObject({
      status: 422,
      uncertain: true,
    })
  })
})

describe('a rate limit', () => {
  const reset = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(start / 1000 + 30) }

  test.each<[string, Reaction, number]>([
    ['retry-after', { status: 429, headers: { 'retry-after': '7' } }, 7000],
    ['retry-after with 403', { status: 403, headers: { 'retry-after': '7' } }, 7000],
    ['retry-after of an outage', { status: 503, headers: { 'retry-after': '7' } }, 7000],
    ['the time at which the hour is over', { status: 403, headers: reset }, 30_000],
    ['nothing, for a minute', { status: 429 }, 60_000],
    [
      'nothing but words, for a minute',
      { status: 403, body: { message: 'You have exceeded a secondary rate limit.' } },
      60_000,
    ],
  ])('is waited for by %s', async (_, first, pause) => {
    const server = await inOrder(first, { body: { ok: true } })
    const { client, clock, told } = connect(server)
    expect(await client.request(route, names)).toEqual({ ok: true })
    expect(clock.pauses[0]).toBeGreaterThanOrEqual(pause)
    expect(told).toEqual([`GitHub asks for a pause of ${pause / 1000} seconds`])
  })

  test('that several requests meet together is told once', async () => {
    const limited = { status: 429, headers: { 'retry-after': '7' } }
    const server = await inOrder(limited, limited, limited, { body: {} })
    const clock = { now: () => new Date(start), sleep: async () => {} }
    const { client, told } = connect(server, { clock })
    await Promise.all([1, 2, 3].map(() => client.request(route, names)))
    expect(told).toEqual(['GitHub asks for a pause of 7 seconds'])
    expect(server.asked).toHaveLength(6)
  })

  test('with an end beyond all dates ends the request', async () => {
    const server = await inOrder({ status: 429, headers: { 'retry-after': '9'.repeat(30) } })
    expect(await refusalOf(connect(server).client.request(route, names))).toMatchObject({
      limited: true,
      limitedUntil: null,
    })
  })

  test('that outlasts the step ends the request at once, and says until when', async () => {
    const server = await inOrder({ status: 429, headers: { 'retry-after': '121' } })
    const { client, clock } = connect(server)
    expect(await refusalOf(client.request(route, names))).toMatchObject({
      limited: true,
      limitedUntil: new Date(start + 121_000),
      uncertain: false,
    })
    expect([server.asked.length, clock.pauses]).toEqual([1, []])
  })
})

describe('the end of the step', () => {
  test('ends a request that hangs', async () => {
    const end = new AbortController()
    const server = await startLoopback(() => {
      setImmediate(() => end.abort())
      return 'hang'
    })
    const { client } = connect(server, { deadline: { ...neverFires(), signal: end.signal } })
    expect(await refusalOf(client.request(route, names))).toMatchObject({
      status: null,
      message: 'the time of this step was over',
      uncertain: true,
    })
    expect(server.asked).toHaveLength(1)
  })

  test('lets no request begin after it', async () => {
    const server = await startLoopback()
    const deadline = { ...neverFires(), signal: AbortSignal.abort() }
    const { client } = connect(server, { deadline })
    expect(await refusalOf(client.request(route, names))).toMatchObject({
      message: 'the time of this step was over',
    })
    expect(server.asked).toEqual([])
  })
})

describe('the bounds of what is read', () => {
  const huge = Buffer.from(`"${'a'.repeat(10_000_000)}"`)

  test.each<[string, Reaction]>([
    [
      'that does not end',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const chunk = Buffer.alloc(65_536, 32)
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
        }
        response.on('drain', more)
        more()
      },
    ],
    [
      'that is small on the way and huge when unpacked',
      (response) => {
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
        })
        response.end(gzipSync(huge))
      },
    ],
    [
      'that comes with an error',
      (response) => {
        response.writeHead(404, { 'content-type': 'application/json' })
        response.end(huge)
      },
    ],
  ])('an answer %s is not read beyond 10 MB', async (_, reaction) => {
    const server = await startLoopback(() => reaction)
    expect(await refusalOf(connect(server).client.request(route, names))).toMatchObject({
      status: null,
      message: 'GitHub’s address sent an answer of more than 10 MB',
      uncertain: true,
    })
    expect(server.asked).toHaveLength(1)
  })

  test('an answer of just under 10 MB is read', async () => {
    const body = JSON.stringify({ long: 'a'.repeat(9_999_980) })
    const server = await startLoopback(() => ({ body }))
    await expect(connect(server).client.request(route, names)).resolves.toBeDefined()
  })

  test.each<[string, Reaction]>([
    ['a web page', { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }],
    ['a web page without a type', { headers: { 'content-type': '' }, body: '\n<!doctype html>' }],
    ['JSON that was cut', { body: '{"secrets": [' }],
    ['text', { headers: { 'content-type': 'text/plain' }, body: 'fine' }],
  ])('%s with status 200 is no answer', async (_, reaction) => {
    const server = await startLoopback(() => reaction)
    await refusalOf(connect(server).client.request(route, names))
    expect(server.asked).toHaveLength(1)
  })
})

describe('a list', () => {
  const pages = (length: number, total?: number) => (asked: { query: Record<string, string> }) => {
    const from = (Number(asked.query.page) - 1) * 100
    const items = Array.from({ length }, (_, id) => id).slice(from, from + 100)
    return { body: { items, total_count: total ?? length } }
  }

  test.each([
    [0, 1],
    [99, 1],
    [100, 1],
    [250, 3],
  ])('of %i items is read with %i requests', async (length, requests) => {
    const server = await startLoopback(pages(length))
    const list = await connect(server).client.list(route, names, 'items')
    expect([list.items.length, list.complete, server.asked.length]).toEqual([
      length,
      true,
      requests,
    ])
  })

  test('of a server that ignores the page is left after 100 pages', async () => {
    const items = Array.from({ length: 100 }, () => ({}))
    const server = await startLoopback(() => ({ body: { items, total_count: 1_000_000 } }))
    const list = await connect(server).client.list(route, names, 'items')
    expect([list.items.length, list.complete, server.asked.length]).toEqual([10_000, false, 100])
  })

  test('that is no list is refused', async () => {
    const server = await startLoopback(() => ({ body: { items: 'none' } }))
    expect(await refusalOf(connect(server).client.list(route, names, 'items'))).toMatchObject({
      status: null,
    })
  })
})
