import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HOSTS, type Region } from '../../rehearsal/amazon-pay.ts'
import { openedFingerprint, type Scope } from '../../rehearsal/github.ts'
import type { RunOptions, RunResult } from '../../rehearsal/runner.ts'
import { activation, exchanged, held, makePair, plant, settled } from './pairs.ts'
import { annotated, openScene, printed, type Scene, secretsOf } from './support.ts'

// A self-hosted runner: the real names over TLS, and no way out but a proxy.

const api = 'api.github.com'
const results = 'results-receiver.actions.githubusercontent.com'
const storage = 'productionresultssa0.blob.core.windows.net'
const pairs = {
  us: makePair('AMERICA'),
  eu: makePair('EUROPE', { region: 'eu' }),
  jp: makePair('JAPAN', { region: 'jp', view: 'sandbox' }),
}

let scene: Scene
let shop: Scope
let authority: Authority
let proxy: Proxy
beforeAll(async () => {
  scene = await openScene()
  const { github, amazonPay } = scene
  const origins: Record<string, string> = {}
  for (const host of [api, results, storage]) origins[host] = github.url
  for (const host of Object.values(HOSTS)) origins[host] = amazonPay.url
  // Uploads are sent to where this says.
  github.url = `https://${storage}`
  authority = makeAuthority(Object.keys(origins))
  proxy = await startProxy(origins, authority)
})
beforeEach(() => {
  scene.reset('acme/shop')
  shop = scene.github.repository('acme/shop')
  exchanged(scene, ...Object.values(pairs))
  proxy.asked.length = 0
  proxy.authorizations.length = 0
  proxy.closed.clear()
  proxy.credentials = null
})
afterAll(async () => {
  await proxy.close()
  rmSync(authority.folder, { recursive: true })
  await scene.close()
})

/** Names resolve nowhere: a request that passes the proxy by says so, and fails. */
const nameless = `data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns'
  dns.lookup = (name, options, done) => {
    console.error('looked up ' + name)
    done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))
  }
`)}`

const run = (inputs: Record<string, string>, env: RunOptions['env'] = {}, more = {}) =>
  scene.run(inputs, {
    github: {
      url: `https://${results}`,
      apiUrl: `https://${api}`,
      repositories: scene.github.repositories,
    },
    nodeArgs: ['--import', nameless],
    ...more,
    env: {
      AMAZON_PAY_API_URL: undefined,
      NODE_EXTRA_CA_CERTS: authority.file,
      https_proxy: proxy.url,
      // Nothing is tried again because the machine is busy.
      TIME_FLOOR: '9000',
      ...env,
    },
  })
const generate = (env: RunOptions['env'] = {}, more = {}) => run({ command: 'generate' }, env, more)
const tunnels = () => [...new Set(proxy.asked)]
const expectStaged = ({ outputs }: RunResult) => {
  expect(outputs).toMatchObject({ status: 'staged', 'error-code': '' })
  const opened = openedFingerprint(outputs['public-key'] ?? '')
  expect(secretsOf(shop).AMAZON_PAY_PRIVATE_KEY_NEXT).toBe(opened)
  expect(scene.github.artifacts.map(({ bytes }) => String(bytes))).toEqual([outputs['public-key']])
}
const expectUnavailable = (result: RunResult) => {
  expect(result.exitCode).toBe(1)
  expect(result.outputs['error-code']).toBe('github-unavailable')
  expect(annotated(result, 'error').join('\n')).toContain('GitHub did not answer')
  expect(scene.github.requests).toEqual([])
  expect(scene.github.writes).toEqual([])
}

describe('through a proxy', () => {
  test.each(['https_proxy', 'HTTPS_PROXY'])('a key is staged, with %s', async (name) => {
    const result = await generate({ https_proxy: undefined, [name]: proxy.url })
    expectStaged(result)
    expect(result.stderr).toBe('')
    expect(tunnels()).toEqual([api, results, storage].map((host) => `${host}:443`))
  })

  test.each<Region>(['us', 'eu', 'jp'])('a pair of %s is proven and activated', async (region) => {
    const pair = pairs[region]
    plant(scene, shop, { next: pair })
    const result = await run(activation(pair))
    expect(result.stderr).toBe('')
    expect(result.outputs).toMatchObject({ status: 'activated', 'amazon-pay': 'accepted', region })
    expect(held(shop, [pair])).toEqual(settled(pair))
    expect(tunnels()).toEqual([`${api}:443`, `${HOSTS[region]}:443`])
    expect(scene.amazonPay.requests.map(({ headers }) => headers.host)).toEqual(
      scene.amazonPay.requests.map(() => HOSTS[region]),
    )
    expect(scene.amazonPay.requests).not.toEqual([])
  })

  test('nothing is activated when it keeps Amazon Pay closed', async () => {
    const pair = pairs.eu
    plant(scene, shop, { next: pair })
    proxy.closed.add(HOSTS.eu)
    const result = await run(activation(pair))
    expect(result.exitCode).toBe(1)
    expect(result.outputs['error-code']).toBe('amazon-pay-undecided')
    expect(scene.amazonPay.requests).toEqual([])
    expect(scene.github.writes).toEqual([])
  })
})

describe('credentials of a proxy', () => {
  const user = 'runner@acme'
  const password = 'p:a/s#s w%rd'
  const sent = Buffer.from(`${user}:${password}`).toString('base64')
  const guarded = (secret = password) =>
    proxy.url.replace('//', `//${encodeURIComponent(user)}:${encodeURIComponent(secret)}@`)
  const expectUntold = (result: RunResult) => {
    const { stdout, stderr, summary, outputs, state, env, files } = result
    const contents = [...files.values()].map(String)
    const said = [printed(result), stdout, stderr, summary, ...contents].join('\n')
    const kept = JSON.stringify([outputs, state, env])
    for (const text of [user, encodeURIComponent(user), password, encodeURIComponent(password)]) {
      expect(said).not.toContain(text)
      expect(kept).not.toContain(text)
    }
    expect(said + kept).not.toContain(sent)
  }

  test('reach it with every tunnel, and nobody else', async () => {
    proxy.credentials = `${user}:${password}`
    const staged = await generate({ https_proxy: guarded() }, { debug: true })
    expectStaged(staged)
    expectUntold(staged)

    const pair = pairs.us
    scene.reset('acme/shop')
    shop = scene.github.repository('acme/shop')
    exchanged(scene, pair)
    plant(scene, shop, { next: pair })
    const activated = await run(activation(pair), { https_proxy: guarded() }, { debug: true })
    expect(activated.outputs.status).toBe('activated')
    expectUntold(activated)

    expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${sent}`]))
    for (const { headers } of [...scene.github.requests, ...scene.amazonPay.requests]) {
      expect(headers).not.toHaveProperty('proxy-authorization')
    }
  })

  test('are not told when it refuses them', async () => {
    proxy.credentials = `${user}:another`
    const result = await generate({ https_proxy: guarded() }, { debug: true })
    expectUnavailable(result)
    expectUntold(result)
    expect(tunnels()).toEqual([`${api}:443`])
  })
})

describe('GitHub is told to be out of reach', () => {
  test('past the proxy, where no_proxy names it', async () => {
    const result = await generate({ no_proxy: `localhost,${api}` })
    expectUnavailable(result)
    expect(result.stderr).toContain(`looked up ${api}`)
    expect(proxy.asked).toEqual([])
  })

  test('when the proxy lets nothing through', async () => {
    proxy.closed.add(api)
    const result = await generate()
    expectUnavailable(result)
    expect(result.stderr).toBe('')
    expect(tunnels()).toEqual([`${api}:443`])
  })

  test('when nobody vouches for the certificate that the proxy shows', async () => {
    const result = await generate({ NODE_EXTRA_CA_CERTS: undefined })
    expectUnavailable(result)
    expect(result.stderr).toBe('')
    expect(tunnels()).toEqual([`${api}:443`])
  })
})

interface Authority {
  folder: string
  /** Its own certificate, for those who are to trust it. */
  file: string
  /** Of a server that goes by all the names. */
  key: Buffer
  cert: Buffer
}

function makeAuthority(hosts: string[]): Authority {
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
  const fresh = '-config settings -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
  openssl(
    `req -x509 ${fresh} -extensions authority -subj /CN=authority -keyout ca.key -out ca.pem -days 2`,
  )
  openssl(`req -new ${fresh} -subj /CN=server -keyout server.key -out server.csr`)
  openssl(
    'x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile settings -extensions server -days 2 -out server.pem',
  )
  const read = (name: string) => readFileSync(join(folder, name))
  return { folder, file: join(folder, 'ca.pem'), key: read('server.key'), cert: read('server.pem') }
}

interface Proxy {
  url: string
  /** `host:port` of every tunnel that somebody wanted. */
  asked: string[]
  /** What came with it as `Proxy-Authorization`. */
  authorizations: (string | undefined)[]
  /** `user:password` that it wants to see. */
  credentials: string | null
  /** Hosts that it does not let through. */
  closed: Set<string>
  close(): Promise<void>
}

/** A proxy that opens TLS, as the one of a company does, and asks the origin of that host. */
async function startProxy(
  origins: Readonly<Record<string, string>>,
  { key, cert }: Authority,
): Promise<Proxy> {
  const tunnelled = createTlsServer({ key, cert }, (incoming, response) =>
    forward(origins[incoming.headers.host ?? ''], incoming, response),
  )
  // A server no longer counts a connection as its own once it has become a tunnel.
  const open = new Set<Socket>()
  const http = createServer((_, response) => response.writeHead(502).end())
  http.on('connect', ({ url = '', headers }: IncomingMessage, socket: Socket, head: Buffer) => {
    const authorization = headers['proxy-authorization']
    proxy.asked.push(url)
    proxy.authorizations.push(authorization)
    open.add(socket)
    // Who does not trust the certificate just hangs up.
    socket.on('error', () => {})
    const wanted = proxy.credentials && `Basic ${Buffer.from(proxy.credentials).toString('base64')}`
    const refuse = (status: string): void => {
      socket.end(`HTTP/1.1 ${status}\r\n\r\n`)
    }
    if (wanted && authorization !== wanted) return refuse('407 Proxy Authentication Required')
    const [host = '', port] = url.split(':')
    const known = origins[host] !== undefined && port === '443'
    if (!known || proxy.closed.has(host)) return refuse('502 Bad Gateway')
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.unshift(head)
    tunnelled.emit('connection', socket)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const proxy: Proxy = {
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

function forward(origin: string | undefined, incoming: IncomingMessage, response: ServerResponse) {
  const { method, url, headers } = incoming
  if (origin === undefined) return response.writeHead(502).end()
  const onward = request(`${origin}${url}`, { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => incoming.destroy())
  return incoming.pipe(onward)
}
