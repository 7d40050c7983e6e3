import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate authority of a company, and a server certificate for all the names that its proxy speaks for. */
export interface Authority {
  readonly folder: string
  /** Its own certificate, for those that are to trust it. */
  readonly file: string
  readonly key: Buffer
  readonly cert: Buffer
}

export function makeAuthority(hosts: readonly string[]): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'))
  const openssl = (command: string) =>
    execFileSync('openssl', command.split(' '), { cwd: folder, stdio: 'pipe' })
  writeFileSync(
    join(folder, 'settings'),
    `[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
[server]
subjectAltName = ${hosts.map((host) => `DNS:${host}`).join(', ')}
`,
  )
  const newKey = '-config settings -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
  openssl(
    `req -x509 ${newKey} -extensions authority -subj /CN=authority -keyout ca.key -out ca.pem -days 2`,
  )
  openssl(`req -new ${newKey} -subj /CN=server -keyout server.key -out server.csr`)
  openssl(
    'x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile settings -extensions server -days 2 -out server.pem',
  )
  const read = (name: string) => readFileSync(join(folder, name))
  return { folder, file: join(folder, 'ca.pem'), key: read('server.key'), cert: read('server.pem') }
}

export interface CorporateProxy {
  readonly url: string
  /** `host:port` of every tunnel that was asked for. */
  readonly asked: string[]
  /** What came with each as `Proxy-Authorization`. */
  readonly authorizations: (string | undefined)[]
  /** `user:password` that it expects. */
  credentials: string | null
  /** Hosts that it does not let through. */
  readonly closed: Set<string>
  close(): Promise<void>
}

/** A proxy that opens TLS, as the one of a company does, and asks the origin of that host. */
export async function startProxy(
  origins: Readonly<Record<string, string>>,
  { key, cert }: Authority,
): Promise<CorporateProxy> {
  const tunnelled = createTlsServer({ key, cert }, (incoming, response) =>
    forward(origins[incoming.headers.host ?? ''], incoming, response),
  )
  // A server no longer counts a connection as its own when it has become a tunnel.
  const open = new Set<Socket>()
  const http = createServer((_, response) => response.writeHead(502).end())
  http.on('connect', ({ url = '', headers }: IncomingMessage, socket: Socket, head: Buffer) => {
    const authorization = headers['proxy-authorization']
    proxy.asked.push(url)
    proxy.authorizations.push(authorization)
    open.add(socket)
    // A client that does not trust the certificate hangs up.
    socket.on('error', () => {})
    const { credentials } = proxy
    const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
    if (expected && authorization !== expected) {
      return refuse(socket, '407 Proxy Authentication Required')
    }
    const [host = '', port] = url.split(':')
    const isOpen = origins[host] !== undefined && port === '443' && !proxy.closed.has(host)
    if (!isOpen) return refuse(socket, '502 Bad Gateway')
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.unshift(head)
    tunnelled.emit('connection', socket)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const proxy: CorporateProxy = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked: [],
    authorizations: [],
    credentials: null,
    closed: new Set(),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
  return proxy
}

const refuse = (socket: Socket, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\n\r\n`)
}

function forward(
  origin: string | undefined,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  if (origin === undefined) return void response.writeHead(502).end()
  const { method, url, headers } = incoming
  const onward = request(`${origin}${url}`, { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => incoming.destroy())
  incoming.pipe(onward)
}
