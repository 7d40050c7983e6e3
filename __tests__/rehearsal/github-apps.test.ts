import { sign } from 'node:crypto'
import { type App, type GitHub, type Installation, startGitHub } from '../../rehearsal/github.ts'
import { makeKey } from '../scenarios/planting.ts'
import { askGitHub } from './ask.ts'

const key = makeKey()
const foreign = makeKey()

let github: GitHub
let app: App
let installation: Installation
let time: Date

beforeEach(async () => {
  time = new Date('2026-11-24T21:30:00.700Z')
  github = await startGitHub({ now: () => time })
  for (const name of ['acme/shop', 'acme/blog', 'other/shop']) github.addRepository(name)
  github.addOrganization('acme')
  app = github.addApp({ clientId: 'Iv23liTest', id: 7, publicKey: key.publicKey })
  installation = github.installApp(app, 'acme')
})
afterEach(() => github.close())

const seconds = (offset: number) => Math.floor(time.getTime() / 1000) + offset

/** A JWT as a library makes it: issued a minute ago, for nine minutes. */
function jwt(claims: object = {}, { privateKey = key.privateKey, alg = 'RS256' } = {}) {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = { iat: seconds(-60), exp: seconds(480), iss: 'Iv23liTest', ...claims }
  const signed = `${part({ alg, typ: 'JWT' })}.${part(body)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
}

const ask = (line: string, body?: unknown, credential = jwt()) =>
  askGitHub(github, line, body, credential)
const tokens = () => `POST /app/installations/${installation.id}/access_tokens`

test.each([
  ['its client ID', 'Iv23liTest'],
  ['its id as a number', 7],
  ['its id as text', '7'],
])('an App is known by %s', async (_, iss) => {
  const { status, body } = await ask('GET /app', undefined, jwt({ iss }))
  expect([status, body.client_id]).toEqual([200, 'Iv23liTest'])
})

test('an App has a page, and an organization that registered it', async () => {
  expect((await ask('GET /app')).body).toMatchObject({
    slug: 'amazon-pay-keys',
    html_url: 'https://github.com/apps/amazon-pay-keys',
    owner: { login: 'acme', type: 'Organization' },
  })
})

test('pages are on the server, of an organization or of a user', async () => {
  github.serverUrl = 'https://github.acme.example'
  github.installApp(app, 'other')
  const { body } = await ask('GET /app')
  expect(body.html_url).toBe('https://github.acme.example/github-apps/amazon-pay-keys')
  const pages = []
  for (const path of ['acme/shop', 'other/shop']) {
    pages.push((await ask(`GET /repos/${path}/installation`)).body.html_url)
  }
  expect(pages).toEqual([
    expect.stringMatching(/^https:..github.acme.example.organizations.acme.settings.installations/),
    expect.stringMatching(/^https:..github.acme.example.settings.installations/),
  ])
  expect((await ask('GET /users/other/installation')).body.account.type).toBe('User')
  expect((await ask('GET /orgs/other/installation')).status).toBe(404)
})

test.each<[string, () => string, number, string]>([
  ['a key of another App', () => jwt({}, foreign), 401, 'A JSON web token could not be decoded'],
  [
    'another algorithm',
    () => jwt({}, { alg: 'none' }),
    401,
    'A JSON web token could not be decoded',
  ],
  ['no JWT', () => 'ghs_token', 401, 'A JSON web token could not be decoded'],
  ['an unknown App', () => jwt({ iss: 'Iv23liOther' }), 404, 'Integration not found'],
  ['a clock five minutes ahead', () => jwt({ iat: seconds(240) }), 401, "'Issued at' claim"],
  ['a clock ten minutes behind', () => jwt({ exp: seconds(-120) }), 401, "'Expiration time' claim"],
  ['more than ten minutes', () => jwt({ exp: seconds(660) }), 401, 'too far in the future'],
])('a JWT with %s is refused', async (_, credential, status, message) => {
  const reply = await ask('GET /repos/acme/shop/installation', undefined, credential())
  expect([reply.status, reply.body.message]).toEqual([status, expect.stringContaining(message)])
})

test('an installation is found by repository, organization and user', async () => {
  for (const path of ['repos/acme/shop', 'orgs/Acme', 'users/acme', 'repos/acme/blog']) {
    expect((await ask(`GET /${path}/installation`)).body).toMatchObject({
      id: installation.id,
      app_slug: 'amazon-pay-keys',
      account: { login: 'acme' },
      repository_selection: 'all',
    })
  }
  for (const path of ['repos/other/shop', 'repos/acme/none', 'orgs/other']) {
    expect((await ask(`GET /${path}/installation`)).status).toBe(404)
  }
})

test('an installation on some repositories does not have the others', async () => {
  installation.repositories = ['acme/blog']
  expect((await ask('GET /repos/acme/blog/installation')).status).toBe(200)
  expect((await ask('GET /repos/acme/shop/installation')).status).toBe(404)
})

test('a token can do exactly what was asked for, where it was asked for', async () => {
  const asked = { repositories: ['shop'], permissions: { secrets: 'read', actions: 'read' } }
  const { status, body } = await ask(tokens(), asked)
  expect(status).toBe(201)
  expect(body).toMatchObject({
    token: expect.stringMatching(/^ghs_/),
    expires_at: '2026-11-24T22:30:00Z',
    permissions: { secrets: 'read', actions: 'read', metadata: 'read' },
    repository_selection: 'selected',
    repositories: [{ full_name: 'acme/shop' }],
  })
  const use = async (line: string) => (await ask(line, {}, body.token)).status
  expect(await use('DELETE /repos/acme/shop/actions/secrets/KEY')).toBe(403)
  expect(await use('DELETE /repos/acme/blog/actions/secrets/KEY')).toBe(404)
  const read = async (path: string) => (await ask(`GET ${path}`, undefined, body.token)).status
  expect(await read('/repos/acme/shop/actions/secrets')).toBe(200)
  expect(await read('/repos/acme/shop/actions/variables')).toBe(403)
  expect(await read('/repos/acme/blog')).toBe(404)
})

test('a token may be asked for by repository ids, and without any limit', async () => {
  const { id } = github.repository('acme/blog')
  expect((await ask(tokens(), { repository_ids: [id] })).body.repositories).toHaveLength(1)
  const { body } = await ask(tokens())
  expect(body).toMatchObject({ permissions: app.permissions, repository_selection: 'all' })
  expect((await ask('GET /repos/acme/blog', undefined, body.token)).status).toBe(200)
})

test.each([
  ['a repository of another owner', { repositories: ['none'] }, 'at least one repository'],
  ['a permission that it lacks', { permissions: { actions: 'read' } }, 'permissions requested'],
  ['more than it was granted', { permissions: { secrets: 'write' } }, 'permissions requested'],
])('a token for %s is refused with 422', async (_, asked, message) => {
  installation.permissions = { secrets: 'read' }
  const { status, body } = await ask(tokens(), asked)
  expect([status, body.message]).toEqual([422, expect.stringContaining(message)])
})

test('a suspended installation gives no token, and those that it gave stop working', async () => {
  const { body } = await ask(tokens())
  installation.suspended = true
  const refusal = [403, 'This installation has been suspended']
  const again = await ask(tokens())
  expect([again.status, again.body.message]).toEqual(refusal)
  const use = await ask('GET /repos/acme/shop', undefined, body.token)
  expect([use.status, use.body.message]).toEqual(refusal)
})

test('a token ends when it is revoked, and after an hour', async () => {
  const use = async (token: string) => (await ask('GET /repos/acme/shop', undefined, token)).status
  const [first, second] = [(await ask(tokens())).body.token, (await ask(tokens())).body.token]
  expect((await ask('DELETE /installation/token', undefined, first)).status).toBe(204)
  expect([await use(first), await use(second)]).toEqual([401, 200])
  expect((await ask('DELETE /installation/token', undefined, first)).status).toBe(401)
  time = new Date(time.getTime() + 3_600_000)
  expect(await use(second)).toBe(401)
})

test('what belongs to the App is refused to a token, and the other way round', async () => {
  expect((await ask('GET /app', undefined, github.token)).status).toBe(401)
  expect((await ask('GET /repos/acme/shop')).status).toBe(401)
})
