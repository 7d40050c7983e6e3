import { rmSync } from 'node:fs'
import { hostOf, type Region, type View } from '../../rehearsal/amazon-pay.ts'
import {
  type Authority,
  type CorporateProxy,
  makeAuthority,
  startProxy,
} from './corporate-proxy.ts'
import { exchangedPair, plant } from './planting.ts'
import { annotated, printed, secretsOf } from './reading.ts'
import { type Form, rehearse, type Shop, type ShopRun, type StepOptions } from './support.ts'

// A self-hosted runner: the real names over TLS, and no way out but a proxy.

const api = 'api.github.com'
const results = 'results-receiver.actions.githubusercontent.com'
const storage = 'productionresultssa0.blob.core.windows.net'
const hosts = [api, results, storage, ...Object.values(hostOf)]

let shop: Shop
let authority: Authority
let proxy: CorporateProxy

beforeAll(() => {
  authority = makeAuthority(hosts)
})

beforeEach(async () => {
  shop = await rehearse()
  const { github, amazonPay } = shop
  const origins = [
    ...[api, results, storage].map((host) => [host, github.url] as const),
    ...Object.values(hostOf).map((host) => [host, amazonPay.url] as const),
  ]
  proxy = await startProxy(Object.fromEntries(origins), authority)
  // Uploads are sent to where this says.
  Object.assign(github, { url: `https://${storage}` })
})

afterEach(async () => {
  await proxy.close()
  await shop.close()
})

afterAll(() => rmSync(authority.folder, { recursive: true }))

/** Names resolve nowhere: a request that passes the proxy by says so, and fails. */
const nameless = `data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns'
  dns.lookup = (name, options, done) => {
    console.error('looked up ' + name)
    done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))
  }
`)}`

const run = (form: Form, env: StepOptions['env'] = {}, more: StepOptions = {}): Promise<ShopRun> =>
  shop.run(form, {
    github: {
      url: `https://${results}`,
      apiUrl: `https://${api}`,
      repositories: shop.github.repositories,
    },
    nodeArgs: ['--import', nameless],
    ...more,
    env: {
      AMAZON_PAY_API_URL: undefined,
      NODE_EXTRA_CA_CERTS: authority.file,
      https_proxy: proxy.url,
      ...env,
    },
  })

const generate = (env?: StepOptions['env'], more?: StepOptions): Promise<ShopRun> =>
  run({ command: 'generate' }, env, more)

const tunnels = (): string[] => [...new Set(proxy.asked)]

const ports = (names: readonly string[]): string[] => names.map((name) => `${name}:443`)

function isStaged({ outputs }: ShopRun): void {
  expect(outputs.status).toBe('staged')
  expect(secretsOf(shop.repository)).toEqual({ AMAZON_PAY_PRIVATE_KEY_NEXT: outputs.fingerprint })
  expect(shop.github.artifacts.map(({ bytes }) => String(bytes))).toEqual([outputs['public-key']])
}

function isUnavailable(ran: ShopRun): void {
  expect(ran).toMatchObject({ exitCode: 1, outputs: { 'error-code': 'github-unavailable' } })
  expect(shop.github.requests).toEqual([])
}

describe('through a proxy', () => {
  test.each(['https_proxy', 'HTTPS_PROXY'])('a key is staged, with %s', async (name) => {
    const ran = await generate({ https_proxy: undefined, [name]: proxy.url })
    isStaged(ran)
    expect(ran.stderr).toBe('')
    expect(tunnels()).toEqual(ports([api, results, storage]))
    expect(annotated(ran, 'warning').join()).toContain(
      `${name} and NODE_EXTRA_CA_CERTS are both set`,
    )
  })

  test.each<[Region, View]>([
    ['us', 'live'],
    ['eu', 'live'],
    ['jp', 'sandbox'],
  ])('a pair of %s %s is verified and activated', async (region, view) => {
    const pair = exchangedPair(shop.amazonPay, { region, view })
    plant(shop.github, shop.repository, 'next', pair)
    const more = { with: { region, 'pay-environment': view } }
    const ran = await run({ command: 'activate', 'public-key-id': pair.id }, {}, more)
    expect(ran.stderr).toBe('')
    expect(ran.outputs).toMatchObject({ status: 'activated', 'amazon-pay': 'accepted', region })
    expect(tunnels().sort()).toEqual(ports([api, hostOf[region]]).sort())
    const asked = shop.amazonPay.requests.map(({ headers }) => headers.host)
    expect(new Set(asked)).toEqual(new Set([hostOf[region]]))
  })

  test('nothing is activated when it keeps Amazon Pay closed', async () => {
    const pair = exchangedPair(shop.amazonPay)
    plant(shop.github, shop.repository, 'next', pair)
    const before = shop.github.writes.length
    proxy.closed.add(hostOf.eu)
    const ran = await run({ command: 'activate', 'public-key-id': pair.id })
    expect(ran).toMatchObject({ exitCode: 1, outputs: { 'error-code': 'amazon-pay-undecided' } })
    expect(shop.github.writes).toHaveLength(before)
  })
})

describe('credentials of a proxy', () => {
  const user = 'runner@acme'
  const password = 'p:a/s#s w%rd'
  const sent = Buffer.from(`${user}:${password}`).toString('base64')

  const withCredentials = (): string =>
    proxy.url.replace('//', `//${encodeURIComponent(user)}:${encodeURIComponent(password)}@`)

  function areShownNowhere(ran: ShopRun): void {
    const { stdout, stderr, summary, outputs, state, env, files } = ran
    const contents = [...files.values()].map(String)
    const kept = JSON.stringify([outputs, state, env])
    const shown = [printed(ran), stdout, stderr, summary, kept, ...contents].join('\n')
    for (const text of [user, password, sent]) {
      expect(shown).not.toContain(text)
      expect(shown).not.toContain(encodeURIComponent(text))
    }
  }

  test('reach it with every tunnel, and no other server', async () => {
    proxy.credentials = `${user}:${password}`
    const staged = await generate({ https_proxy: withCredentials() }, { debug: true })
    isStaged(staged)
    areShownNowhere(staged)
    const id = shop.exchange(staged)
    const form = { command: 'activate', 'public-key-id': id }
    const activated = await run(form, { https_proxy: withCredentials() }, { debug: true })
    expect(activated.outputs.status).toBe('activated')
    areShownNowhere(activated)
    expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${sent}`]))
    for (const { headers } of [...shop.github.requests, ...shop.amazonPay.requests]) {
      expect(headers).not.toHaveProperty('proxy-authorization')
    }
  })

  test('are not shown when it refuses them', async () => {
    proxy.credentials = `${user}:another`
    const ran = await generate({ https_proxy: withCredentials() }, { debug: true })
    isUnavailable(ran)
    areShownNowhere(ran)
    expect(tunnels()).toEqual(ports([api]))
  })
})

describe('GitHub is out of reach', () => {
  test('past the proxy, where no_proxy names it', async () => {
    const ran = await generate({ no_proxy: `localhost,${api}` })
    isUnavailable(ran)
    expect(ran.stderr).toContain(`looked up ${api}`)
    expect(proxy.asked).toEqual([])
  })

  test('when the proxy lets nothing through', async () => {
    proxy.closed.add(api)
    const ran = await generate()
    isUnavailable(ran)
    expect(annotated(ran, 'error').join()).toMatch(/proxy/i)
    expect(tunnels()).toEqual(ports([api]))
  })

  test('when the certificate of the proxy is from an authority that is not known', async () => {
    const ran = await generate({ NODE_EXTRA_CA_CERTS: undefined })
    isUnavailable(ran)
    expect(annotated(ran, 'error').join()).toContain('NODE_EXTRA_CA_CERTS')
    expect(tunnels()).toEqual(ports([api]))
  })
})

test('switched-off verification of certificates is refused before any request', async () => {
  const ran = await generate({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })
  expect(ran.outputs['error-code']).toBe('input-invalid')
  expect(proxy.asked).toEqual([])
})
