import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ClientOptions, createGitHubClient } from '../../../src/adapters/github/client.ts'
import type { Clock } from '../../../src/ports.ts'

export interface Asked {
  readonly method: string
  /** Path without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly body: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON; a text is sent as it is. */
  readonly body?: unknown
}

/** `drop` closes the connection, `hang` never answers. */
export type Reaction = Answer | 'drop' | 'hang' | ((response: ServerResponse) => void)

export interface Loopback {
  readonly url: string
  readonly asked: readonly Asked[]
  /** `METHOD /path` of all requests. */
  routes(): string[]
  react: (asked: Asked) => Reaction
}

const servers: (() => void)[] = []

afterAll(() => {
  for (const close of servers) close()
})

/** A server on loopback whose answers a test decides. */
export async function startLoopback(
  react: Loopback['react'] = () => ({ status: 404 }),
): Promise<Loopback> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '/', 'http://loopback')
    const one: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === '' ? {} : JSON.parse(text),
    }
    asked.push(one)
    const reaction = loopback.react(one)
    if (typeof reaction === 'function') reaction(response)
    else if (reaction === 'drop') response.destroy()
    else if (reaction !== 'hang') answer(response, reaction)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const loopback: Loopback = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    routes: () => asked.map(({ method, path }) => `${method} ${path}`),
    react,
  }
  return loopback
}

function answer(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    date: new Date(start).toUTCString(),
    'x-github-request-id': 'ABCD:1234',
    ...headers,
  })
  response.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
}

export const start = Date.parse('2026-11-24T21:30:00Z')

export interface HeldClock extends Clock {
  /** Every pause that was asked for, in milliseconds. */
  readonly pauses: number[]
}

/** A clock that moves only by the pauses that are asked for, and makes none. */
export function heldClock(at = start): HeldClock {
  let now = at
  const pauses: number[] = []
  return {
    pauses,
    now: () => new Date(now),
    sleep: async (milliseconds) => {
      pauses.push(milliseconds)
      now += milliseconds
    },
  }
}

export interface Connected {
  readonly client: ReturnType<typeof createGitHubClient>
  readonly clock: HeldClock
  readonly told: string[]
  readonly debugged: string[]
}

/** A client for a loopback server, with a deadline two minutes away on a held clock. */
export function connect(
  server: { readonly url: string },
  more: Partial<ClientOptions> = {},
): Connected {
  const clock = heldClock()
  const told: string[] = []
  const debugged: string[] = []
  const client = createGitHubClient({
    token: 'ghs_token',
    apiUrl: server.url,
    serverUrl: 'https://github.com',
    clock,
    tell: (line) => told.push(line),
    debug: (line) => debugged.push(line),
    deadline: neverFires(),
    ...more,
  })
  return { client, clock, told, debugged }
}

export function neverFires(at = start + 120_000): ClientOptions['deadline'] {
  return { signal: new AbortController().signal, at: new Date(at) }
}

/** What an expected failure threw. */
export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
