import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { type Fault, type Hook, type Mishap, takeFault, takesEffect } from './faults.ts'
import { type Answer, type Recorded, record } from './request.ts'

export type { Fault, Hook, Mishap } from './faults.ts'
export type { Answer, Recorded } from './request.ts'

export interface Server {
  readonly url: string
  readonly requests: Recorded[]
  /** The first one that matches a request counts down. Tests add and remove them at any time. */
  faults: Fault[]
  onRequest: Hook | undefined
  /** Called when a request has arrived that gets no answer. */
  onSilence: ((request: Recorded) => void) | undefined
  close(): Promise<void>
}

interface Answering {
  /** Answers one request. Synchronous, so that concurrent requests cannot mix. */
  readonly handler: (request: Recorded) => Answer
  readonly headers?: (request: Recorded) => Readonly<Record<string, string>>
}

/** Starts an HTTP server on a free port of 127.0.0.1 that records every request and fails on demand. */
export async function startServer(answering: Answering): Promise<Server> {
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    serve(server, answering, incoming, response).catch((error: unknown) => {
      // The sender was killed in the middle of its request. Any other error is a defect of the rehearsal.
      if (incoming.destroyed && !incoming.complete) return
      if (!response.headersSent) response.writeHead(500, jsonType)
      response.end(JSON.stringify({ message: `The rehearsal broke: ${String(error)}` }))
    })
  }
  const http = createServer(listener)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const server: Server = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    faults: [],
    onRequest: undefined,
    onSilence: undefined,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }
  return server
}

const jsonType = { 'content-type': 'application/json; charset=utf-8' }

async function serve(
  server: Server,
  { handler, headers = () => ({}) }: Answering,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrived = await record(incoming)
  const request: Recorded = { ...arrived, number: server.requests.length + 1 }
  server.requests.push(request)
  let mishap = (await server.onRequest?.(request, 'before')) ?? takeFault(server.faults, request)
  const answer = mishap === undefined || takesEffect(mishap) ? handler(request) : undefined
  request.applied = answer !== undefined
  if (answer !== undefined) mishap = (await server.onRequest?.(request, 'after')) ?? mishap

  const reply: Reply = {
    response,
    send: ({ status, headers: own = {}, body }) => {
      request.status = status
      response.writeHead(status, { ...headers(request), ...jsonType, ...own })
      response.end(content(body))
    },
    begin: () => {
      request.status = 200
      response.writeHead(200, { ...headers(request), ...jsonType })
    },
  }
  if (mishap === undefined) return reply.send(answer ?? { status: 500 })
  await fail(mishap, reply)
  if (mishap === 'silent' || mishap === 'stalled') server.onSilence?.(request)
}

interface Reply {
  readonly response: ServerResponse
  send(answer: Answer): void
  /** Sends a status and headers, and no body yet. */
  begin(): void
}

async function fail(mishap: Mishap, { response, send, begin }: Reply): Promise<void> {
  if (mishap === 'silent') return
  if (mishap === 'drop' || mishap === 'lost') return void response.socket?.destroy()
  if (mishap === 'malformed') return send({ status: 200, body: '{"name": "broken off he' })
  if (mishap === 'stalled') {
    begin()
    return void response.write('{"name": "')
  }
  if (mishap === 'enormous') {
    begin()
    return pipeline(enormous, response)
  }
  if ('redirect' in mishap) {
    return send({ status: mishap.status ?? 307, headers: { location: mishap.redirect } })
  }
  return send(mishap)
}

function content(body: unknown): string | Buffer | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body
  return JSON.stringify(body)
}

function* enormous(): Generator<string> {
  yield '{"name": "'
  for (let sent = 0; sent < 64; sent += 1) yield 'a'.repeat(1024 * 1024)
  yield '"}'
}
