import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

/** A request as it arrived, and how it ended. */
export interface Recorded {
  /** Counts from 1, in the order of arrival. */
  number: number
  method: string
  /** Percent-decoded, without the query. */
  path: string
  /** As it stood in the request line. */
  rawPath: string
  /** The decoded parts between the slashes: a slash inside a name stays inside its part. */
  segments: string[]
  query: URLSearchParams
  headers: Record<string, string>
  bytes: Buffer
  body: string
  time: Date
  /** What was answered; null as long as, or because, nothing was. */
  status: number | null
  /** Whether the request took effect, whatever the caller was told. */
  applied: boolean
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  /** A string or bytes as they are, anything else as JSON. */
  body?: unknown
}

/** What goes wrong instead of an answer. Unless said otherwise, the request has no effect. */
export type Mishap =
  /** The connection breaks, and the request has no effect. */
  | 'drop'
  /** The request has its effect, and the connection breaks before the answer. */
  | 'lost'
  /** Nothing is ever answered. */
  | 'silent'
  /** The request has its effect; its answer is JSON that breaks off, and says 200. */
  | 'malformed'
  /** The request has its effect; its answer is 64 MiB of JSON. */
  | 'enormous'
  | { redirect: string; status?: number }
  | (Answer & { applied?: boolean })

export interface Fault {
  /** A string is the end of the decoded path. Without `match`: every request. */
  match?: ((request: Recorded) => boolean) | { method?: string; path?: string | RegExp }
  /** How often; once unless said otherwise, `Infinity` for good. */
  times?: number
  /** How many matching requests pass unharmed before. */
  skip?: number
  do: Mishap
}

/**
 * Called before a request has its effect, and after, before it is answered. What it returns happens
 * instead of what would have: `'drop'` before the effect, or in place of the answer, stands for a
 * caller that is no longer there.
 */
export type Hook = (
  request: Recorded,
  phase: 'before' | 'after',
) => Mishap | undefined | Promise<Mishap | undefined>

export interface Server {
  url: string
  requests: Recorded[]
  /** The first that matches is consumed. Push, splice, or empty it at any time. */
  faults: Fault[]
  onRequest: Hook | undefined
  close(): Promise<void>
}

/** Answers one request. What it changes, it changes without awaiting, so that requests do not mix. */
export type Handler = (request: Recorded) => Answer

/** An HTTP server on a free port of 127.0.0.1, which records everything and fails when asked to. */
export async function startServer(
  handler: Handler,
  headers: (request: Recorded) => Record<string, string> = () => ({}),
): Promise<Server> {
  const server: Server = {
    url: '',
    requests: [],
    faults: [],
    onRequest: undefined,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }

  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await record(incoming, server.requests.length + 1)
    server.requests.push(request)
    let fault = (await server.onRequest?.(request, 'before')) ?? consume(server.faults, request)
    const answer = fault === undefined || takesEffect(fault) ? handler(request) : undefined
    request.applied = answer !== undefined
    if (answer !== undefined) fault = (await server.onRequest?.(request, 'after')) ?? fault

    const send = ({ status, headers: own = {}, body }: Answer) => {
      request.status = status
      response.writeHead(status, { ...headers(request), ...JSON_TYPE, ...own })
      response.end(content(body))
    }
    if (fault === undefined) return send(answer ?? { status: 500 })
    if (fault === 'silent') return
    if (fault === 'drop' || fault === 'lost') return void incoming.socket.destroy()
    if (fault === 'malformed') return send({ status: 200, body: '{"name": "broken off he' })
    if (fault === 'enormous') {
      request.status = 200
      response.writeHead(200, { ...headers(request), ...JSON_TYPE })
      return pipeline(enormous, response)
    }
    if ('redirect' in fault) {
      return send({ status: fault.status ?? 307, headers: { location: fault.redirect } })
    }
    return send(fault)
  }

  const http = createServer((incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      // A caller that was killed in the middle of its request is no news; anything else is a bug here.
      if (incoming.destroyed && !incoming.complete) return
      if (!response.headersSent) response.writeHead(500, JSON_TYPE)
      response.end(JSON.stringify({ message: `The rehearsal broke: ${String(error)}` }))
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return server
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

async function record(incoming: IncomingMessage, number: number): Promise<Recorded> {
  const time = new Date()
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const rawPath = incoming.url ?? '/'
  const [path = '/', query = ''] = rawPath.split(/\?(.*)/s)
  const segments = path.split('/').slice(1).map(decode)
  return {
    number,
    method: incoming.method ?? 'GET',
    path: `/${segments.join('/')}`,
    rawPath,
    segments,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    ),
    bytes,
    body: bytes.toString('utf8'),
    time,
    status: null,
    applied: false,
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function consume(faults: Fault[], request: Recorded): Mishap | undefined {
  for (const fault of faults) {
    if ((fault.times ?? 1) <= 0 || !matches(fault, request)) continue
    if (fault.skip !== undefined && fault.skip > 0) {
      fault.skip -= 1
      continue
    }
    fault.times = (fault.times ?? 1) - 1
    return fault.do
  }
  return undefined
}

function matches({ match }: Fault, request: Recorded): boolean {
  if (match === undefined) return true
  if (typeof match === 'function') return match(request)
  const { method, path } = match
  if (method !== undefined && method !== request.method) return false
  if (path === undefined) return true
  return typeof path === 'string' ? request.path.endsWith(path) : path.test(request.path)
}

const takesEffect = (fault: Mishap) =>
  typeof fault === 'string'
    ? fault === 'lost' || fault === 'malformed' || fault === 'enormous'
    : 'applied' in fault && fault.applied === true

function content(body: unknown): string | Buffer | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body
  return JSON.stringify(body)
}

function* enormous(): Generator<string> {
  yield '{"name": "'
  for (let sent = 0; sent < 64; sent += 1) yield 'a'.repeat(1024 * 1024)
  yield '"}'
}
