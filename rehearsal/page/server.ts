import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type Desk, type Fields, openDesk, Refusal } from './desk.ts'

export interface Page {
  /** With the token without which nothing is answered. */
  readonly address: string
  close(): Promise<void>
}

/** What a request must show to be answered. */
interface Door {
  readonly host: string
  readonly token: string
  readonly desk: Desk
}

/** Serves the rehearsal as a page on 127.0.0.1. */
export async function serve({ port = 0 } = {}): Promise<Page> {
  const desk = await openDesk()
  const token = randomBytes(24).toString('base64url')
  const http = createServer((request, response) => {
    answer(door, request, response).catch((error: unknown) => {
      const isKnown = error instanceof Refusal
      if (!isKnown) console.error(error)
      const message = isKnown ? error.message : 'The rehearsal failed: see the terminal.'
      sendJson(response, isKnown ? error.status : 500, { message })
    })
  })
  const door: Door = { host: `127.0.0.1:${await listen(http, port)}`, token, desk }
  return {
    address: `http://${door.host}/#${token}`,
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await desk.close()
    },
  }
}

/** On the port that was asked for, or on any when that one is taken. */
async function listen(http: Server, wanted: number): Promise<number> {
  const problem = await new Promise<Error | undefined>((resolve) => {
    http.once('error', resolve)
    http.listen(wanted, '127.0.0.1', () => resolve(undefined))
  })
  if (problem !== undefined && wanted !== 0) return listen(http, 0)
  if (problem !== undefined) throw problem
  return (http.address() as AddressInfo).port
}

async function answer(
  { host, token, desk }: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = '/', headers } = request
  // A name that was rebound to 127.0.0.1 arrives with a Host of its own.
  if (headers.host !== host) throw new Refusal(403, `Open this page as http://${host}.`)
  const file = method === 'GET' ? servedFiles.get(url) : undefined
  if (file !== undefined) return send(response, 200, file.type, file.content())

  if (headers['x-rehearsal-token'] !== token) {
    throw new Refusal(403, 'Open the whole address that the terminal shows, with the part after #.')
  }
  const { pathname, searchParams } = new URL(url, `http://${host}`)
  if (method === 'GET' && pathname === '/view') {
    return sendJson(response, 200, await desk.view(Number(searchParams.get('run'))))
  }
  if (method !== 'POST') throw new Refusal(404, 'There is nothing here.')
  if (headers.origin !== `http://${host}`) {
    throw new Refusal(403, 'Requests from other pages are refused.')
  }
  sendJson(response, 200, await desk.press(pathname.slice(1), await readFields(request)))
}

async function readFields(request: IncomingMessage): Promise<Fields> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > 1024 * 1024) throw new Refusal(413, 'The request is larger than 1 MB.')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Fields
  } catch {
    throw new Refusal(400, 'That is not JSON.')
  }
}

const { resolve } = createRequire(import.meta.url)
const read = (path: string | URL) => () => readFileSync(path)
const own = (name: string) => read(new URL(name, import.meta.url))

const servedFiles = new Map<string, { readonly type: string; content(): Buffer }>([
  ['/', { type: 'text/html', content: own('index.html') }],
  ['/page.css', { type: 'text/css', content: own('page.css') }],
  ['/run.css', { type: 'text/css', content: own('run.css') }],
  ['/page.js', { type: 'text/javascript', content: own('page.js') }],
  ['/markdown.css', { type: 'text/css', content: read(resolve('github-markdown-css')) }],
])

const sendJson = (response: ServerResponse, status: number, value: object): void =>
  send(response, status, 'application/json', JSON.stringify(value))

function send(response: ServerResponse, status: number, type: string, content: string | Buffer) {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  })
  response.end(content)
}
