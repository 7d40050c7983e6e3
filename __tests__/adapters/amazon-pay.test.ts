import { type EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAmazonPay } from '../../src/adapters/amazon-pay.ts'

const request = {
  method: 'GET',
  host: 'pay-api.amazon.eu',
  path: '/v2/chargePermissions/S00-0000000-0000000',
  headers: { accept: 'application/json', authorization: 'signed' },
  stringToSign: '',
} as const

let server: Server
let handler: (request: IncomingMessage, response: ServerResponse) => void

beforeEach(async () => {
  server = createServer((request, response) => handler(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const closing = (connection: EventEmitter) =>
  new Promise((resolve) => {
    connection.on('close', resolve)
  })
const address = () => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
/** Where no answer is expected, the limit is short; where one is, a busy machine has all the time it needs. */
const send = (timeout = 60_000) => createAmazonPay(address(), timeout).send(request)

test('a request arrives as it was signed, and the answer comes back whole', async () => {
  const seen: unknown[] = []
  handler = ({ method, url, headers }, response) => {
    seen.push(method, url, headers.accept, headers.authorization)
    response.writeHead(404, {
      'content-type': 'application/json',
      date: 'Tue, 24 Nov 2026 21:30:07 GMT',
      'x-amz-pay-request-id': '5a1c',
    })
    response.end('{"reasonCode":"ResourceNotFound"}')
  }
  expect(await send()).toEqual({
    status: 404,
    contentType: 'application/json',
    body: '{"reasonCode":"ResourceNotFound"}',
    date: 'Tue, 24 Nov 2026 21:30:07 GMT',
    requestId: '5a1c',
  })
  expect(seen).toEqual(['GET', request.path, 'application/json', 'signed'])
})

test('an answer without headers has none', async () => {
  handler = (_, response) => {
    response.sendDate = false
    response.writeHead(204).end()
  }
  expect(await send()).toEqual({
    status: 204,
    contentType: '',
    body: '',
    date: null,
    requestId: null,
  })
})

test('a redirect is not followed', async () => {
  let requests = 0
  handler = (_, response) => {
    requests += 1
    response.writeHead(302, { location: address().href }).end()
  }
  expect(await send()).toMatchObject({ status: 302 })
  expect(requests).toBe(1)
})

test('a server error is not asked for again here', async () => {
  let requests = 0
  handler = (_, response) => {
    requests += 1
    response.writeHead(503).end()
  }
  expect(await send()).toMatchObject({ status: 503 })
  expect(requests).toBe(1)
})

test('an answer of 64 KiB is read, and one that is a byte longer is none', async () => {
  handler = (_, response) => response.end('x'.repeat(64 * 1024))
  expect((await send())?.body).toHaveLength(64 * 1024)
  handler = (_, response) => response.end('x'.repeat(64 * 1024 + 1))
  expect(await send()).toBeNull()
})

test('an answer without end is no answer, and its connection is closed', async () => {
  let closed: Promise<unknown> | undefined
  handler = (_, response) => {
    closed = closing(response)
    const more = () => {
      while (response.write('x'.repeat(16 * 1024)));
    }
    response.on('drain', more)
    more()
  }
  expect(await send()).toBeNull()
  await closed
})

test.each<[string, typeof handler]>([
  ['that never begins', () => {}],
  ['whose body never ends', (_, response) => response.write('{')],
])('an answer %s is no answer, and its connection is closed', async (_, handle) => {
  let closed: Promise<unknown> | undefined
  handler = (request, response) => {
    closed = closing(request.socket)
    handle(request, response)
  }
  expect(await send(200)).toBeNull()
  await closed
})

test('a body that comes byte by byte is no answer after the time limit', async () => {
  let closed: Promise<unknown> | undefined
  handler = (request, response) => {
    const drip = setInterval(() => response.write(' '), 10)
    closed = closing(request.socket).then(() => clearInterval(drip))
  }
  expect(await send(200)).toBeNull()
  await closed
})

test('a connection that breaks is no answer', async () => {
  handler = ({ socket }) => socket.destroy()
  expect(await send()).toBeNull()
})

test('a server that is not there is no answer', async () => {
  const gone = address()
  await new Promise((resolve) => server.close(resolve))
  expect(await createAmazonPay(gone).send(request)).toBeNull()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
