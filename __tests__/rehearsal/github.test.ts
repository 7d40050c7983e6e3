import { generateKeyPairSync } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import {
  forbidden,
  type GitHub,
  openedFingerprint,
  primaryRateLimit,
  type Repository,
  secondaryRateLimit,
  startGitHub,
} from '../../rehearsal/github.ts'
import type { Mishap } from '../../rehearsal/server.ts'
import { askGitHub } from './ask.ts'

let github: GitHub
let shop: Repository
let time: Date

beforeEach(async () => {
  time = new Date('2026-11-24T21:30:00.700Z')
  github = await startGitHub({ now: () => time })
  shop = github.addRepository('acme/shop', { environments: ['production', 'prod/eu west (1)'] })
  github.addOrganization('acme')
})
afterEach(() => github.close())

const ask = (line: string, body?: unknown, token?: string) => askGitHub(github, line, body, token)

/** Seals as GitHub's documentation shows it, with the key of this place. */
async function seal(base: string, value: string) {
  const { body } = await ask(`GET ${base}/public-key`)
  const box = sodium.crypto_box_seal(Buffer.from(value), Buffer.from(body.key, 'base64'))
  return { encrypted_value: Buffer.from(box).toString('base64'), key_id: body.key_id }
}

const SECRETS = '/repos/acme/shop/actions/secrets'
const VARIABLES = '/repos/acme/shop/actions/variables'
const PLACES: [place: string, base: string, more: object][] = [
  ['repository', '/repos/acme/shop', {}],
  ['environment', '/repos/acme/shop/environments/prod%2Feu%20west%20%281%29', {}],
  ['organization', '/orgs/acme', { visibility: 'private' }],
]
const under = (base: string, kind: string) =>
  base.includes('/environments/') ? `${base}/${kind}` : `${base}/actions/${kind}`

describe.each(PLACES)('the secrets of the %s', (_, base, more) => {
  const secrets = under(base, 'secrets')

  test('secrets are created, replaced, listed and deleted', async () => {
    expect((await ask(`GET ${secrets}/MY_KEY`)).status).toBe(404)
    const created = await ask(`PUT ${secrets}/my_key`, { ...(await seal(secrets, 'one')), ...more })
    expect(created.status).toBe(201)
    time = new Date('2026-11-24T21:31:00Z')
    const updated = await ask(`PUT ${secrets}/MY_KEY`, { ...(await seal(secrets, 'two')), ...more })
    expect(updated.status).toBe(204)

    const view = {
      name: 'MY_KEY',
      created_at: '2026-11-24T21:30:00Z',
      updated_at: '2026-11-24T21:31:00Z',
      ...more,
    }
    expect((await ask(`GET ${secrets}/My_Key`)).body).toEqual(view)
    expect((await ask(`GET ${secrets}`)).body).toEqual({ total_count: 1, secrets: [view] })
    expect((await ask(`DELETE ${secrets}/MY_KEY`)).status).toBe(204)
    expect((await ask(`DELETE ${secrets}/MY_KEY`)).status).toBe(404)
    expect(github.writes.map(({ action, value }) => [action, value])).toEqual([
      ['created', 'one'],
      ['updated', 'two'],
      ['deleted', ''],
    ])
  })

  test('a secret that was sealed for another scope is refused', async () => {
    const other = secrets === SECRETS ? '/orgs/acme/actions/secrets' : SECRETS
    const sealed = await seal(other, 'value')
    expect(sealed.key_id).toBe((await seal(secrets, 'value')).key_id)
    const { status, body } = await ask(`PUT ${secrets}/KEY`, { ...sealed, ...more })
    expect(status).toBe(422)
    expect(body.message).toBe(
      'Bad request - validation failed due to an improperly encrypted secret',
    )
  })

  test.each([
    ['no value', { encrypted_value: undefined }],
    ['no key id', { key_id: undefined }],
    ['another key id', { key_id: '1' }],
    ['not base64', { encrypted_value: '?' }],
    ['not sealed', { encrypted_value: 'AAAA' }],
  ])('a secret with %s is refused', async (_, change) => {
    const sealed = await seal(secrets, 'value')
    expect((await ask(`PUT ${secrets}/KEY`, { ...sealed, ...more, ...change })).status).toBe(422)
    expect(github.writes).toEqual([])
  })

  test.each(['1KEY', 'GITHUB_KEY', 'MY-KEY'])('a secret named %s is refused', async (name) => {
    const sealed = await seal(secrets, 'value')
    expect((await ask(`PUT ${secrets}/${name}`, { ...sealed, ...more })).status).toBe(422)
  })
})

describe.each(PLACES)('the variables of the %s', (_, base, more) => {
  const variables = under(base, 'variables')

  test('variables are created once, changed, listed and deleted', async () => {
    const variable = { name: 'my_key', value: 'one', ...more }
    expect((await ask(`PATCH ${variables}/MY_KEY`, { value: 'two' })).status).toBe(404)
    expect((await ask(`POST ${variables}`, variable)).status).toBe(201)
    const again = await ask(`POST ${variables}`, variable)
    expect([again.status, again.body.message]).toEqual([
      409,
      'Already exists - Variable already exists',
    ])
    time = new Date('2026-11-24T21:31:00Z')
    expect((await ask(`PATCH ${variables}/my_key`, { value: 'two' })).status).toBe(204)
    const view = {
      name: 'MY_KEY',
      value: 'two',
      created_at: '2026-11-24T21:30:00Z',
      updated_at: '2026-11-24T21:31:00Z',
      ...more,
    }
    expect((await ask(`GET ${variables}/MY_KEY`)).body).toEqual(view)
    expect((await ask(`GET ${variables}`)).body).toEqual({ total_count: 1, variables: [view] })
    expect((await ask(`DELETE ${variables}/MY_KEY`)).status).toBe(204)
    expect((await ask(`GET ${variables}/MY_KEY`)).status).toBe(404)
  })
})

describe('limits and pages', () => {
  test('a repository has room for 100 secrets, listed in pages of 30', async () => {
    for (let index = 0; index < 100; index += 1) github.setSecret(shop, `KEY_${index}`, 'value')
    const sealed = await seal(SECRETS, 'value')
    expect((await ask(`PUT ${SECRETS}/ONE_MORE`, sealed)).status).toBe(422)
    expect((await ask(`PUT ${SECRETS}/KEY_7`, sealed)).status).toBe(204)

    const first = await ask(`GET ${SECRETS}`)
    expect(first.body.secrets).toHaveLength(30)
    expect(first.headers.get('link')).toBe(
      `<${github.url}${SECRETS}?page=2>; rel="next", <${github.url}${SECRETS}?page=4>; rel="last"`,
    )
    const last = await ask(`GET ${SECRETS}?per_page=60&page=2`)
    expect(last.body.secrets).toHaveLength(40)
    expect((await ask(`GET ${SECRETS}?per_page=1000`)).body.secrets).toHaveLength(100)
  })

  test('variables are listed in pages of 30 at most', async () => {
    for (let index = 0; index < 40; index += 1) github.setVariable(shop, `KEY_${index}`, 'value')
    expect((await ask(`GET ${VARIABLES}`)).body.variables).toHaveLength(10)
    expect((await ask(`GET ${VARIABLES}?per_page=100`)).body.variables).toHaveLength(30)
  })

  test('a secret of more than 48 KiB is refused', async () => {
    const sealed = await seal(SECRETS, 'x'.repeat(48 * 1024 + 1))
    expect((await ask(`PUT ${SECRETS}/KEY`, sealed)).status).toBe(422)
  })
})

describe('organizations', () => {
  const base = '/orgs/acme/actions/secrets'

  test('an organization secret needs a visibility, and a selection only with `selected`', async () => {
    const sealed = await seal(base, 'value')
    const put = (more: object) => ask(`PUT ${base}/KEY`, { ...sealed, ...more })
    expect((await put({})).status).toBe(422)
    expect((await put({ visibility: 'some' })).status).toBe(422)
    expect((await put({ visibility: 'all', selected_repository_ids: [shop.id] })).status).toBe(422)
    expect((await put({ visibility: 'selected', selected_repository_ids: [1] })).status).toBe(422)
    expect((await put({ visibility: 'selected', selected_repository_ids: [shop.id] })).status).toBe(
      201,
    )
    const { body } = await ask(`GET ${base}/KEY`)
    expect(body.selected_repositories_url).toBe(`${github.url}${base}/KEY/repositories`)
    const selection = await ask(`GET ${base}/KEY/repositories`)
    expect(selection.body).toMatchObject({
      total_count: 1,
      repositories: [{ id: shop.id, full_name: 'acme/shop', private: true }],
    })
    expect(
      (await ask(`PUT ${base}/KEY/repositories`, { selected_repository_ids: [] })).status,
    ).toBe(204)
    expect((await ask(`GET ${base}/KEY/repositories`)).body.total_count).toBe(0)
    expect((await ask(`PUT ${base}/KEY/repositories/${shop.id}`)).status).toBe(204)
    expect((await ask(`GET ${base}/KEY/repositories`)).body.total_count).toBe(1)
  })

  test('a selection can be changed only with visibility `selected`', async () => {
    github.setSecret(github.addOrganization('acme'), 'KEY', 'value', { visibility: 'all' })
    const change = { selected_repository_ids: [shop.id] }
    expect((await ask(`PUT ${base}/KEY/repositories`, change)).status).toBe(409)
  })

  test('a job reads environment before repository before organization', () => {
    const acme = github.addOrganization('acme')
    const other = github.addRepository('acme/blog', { visibility: 'public' })
    github.setSecret(acme, 'A', 'organization')
    github.setSecret(acme, 'B', 'organization')
    github.setSecret(acme, 'C', 'organization')
    github.setSecret(acme, 'D', 'selected', { visibility: 'selected', selected: [other.id] })
    github.setSecret(shop, 'B', 'repository')
    github.setSecret(shop, 'C', 'repository')
    const production = shop.environments.get('production')
    if (production) github.setSecret(production, 'C', 'environment')
    expect(github.secretsFor('acme/shop')).toEqual({
      A: 'organization',
      B: 'repository',
      C: 'repository',
    })
    expect(github.secretsFor('acme/shop', 'Production').C).toBe('environment')
    expect(github.secretsFor('acme/blog')).toEqual({ D: 'selected' })
  })
})

describe('who may do what', () => {
  test.each([
    ['an unknown token', 'ghs_unknown', 401, 'Bad credentials'],
    ['a token for another repository', 'elsewhere', 404, 'Not Found'],
    ["a job's own token", 'own', 403, 'Resource not accessible by integration'],
    ['an App without permission', 'app', 403, 'Resource not accessible by integration'],
    ['a fine-grained token', 'pat', 403, 'Resource not accessible by personal access token'],
    ['a classic token without scope', 'classic', 404, 'Not Found'],
  ])('the answer to %s names its reason', async (_, token, status, message) => {
    github.addToken('elsewhere', { repositories: ['acme/other'] })
    github.addToken('own', { kind: 'github-token' })
    github.addToken('app', { permissions: { actions_variables: 'write' } })
    github.addToken('pat', { kind: 'pat', permissions: { secrets: 'none' } })
    github.addToken('classic', { kind: 'classic', permissions: {} })
    const reply = await ask(`GET ${SECRETS}/public-key`, undefined, token)
    expect([reply.status, reply.body.message]).toEqual([status, message])
    expect(reply.headers.get('x-accepted-github-permissions')).toBe(
      status === 403 ? 'secrets=read' : null,
    )
  })

  test('a request without a token is refused', async () => {
    const response = await fetch(`${github.apiUrl}${SECRETS}`)
    expect(response.status).toBe(401)
  })

  test('a token that may only read passes the reads and fails at the write', async () => {
    github.addToken('reader', { permissions: { secrets: 'read' } })
    const read = await ask(`GET ${SECRETS}/public-key`, undefined, 'reader')
    expect(read.status).toBe(200)
    expect(read.headers.get('x-accepted-github-permissions')).toBe('secrets=read')
    const write = await ask(`DELETE ${SECRETS}/KEY`, undefined, 'reader')
    expect(write.status).toBe(403)
    expect(write.headers.get('x-accepted-github-permissions')).toBe('secrets=write')
  })

  test.each([
    ['/repos/acme/shop/actions/variables/KEY', 'actions_variables=read'],
    ['/repos/acme/shop/environments/production/secrets', 'environments=read,secrets=read'],
    [
      '/repos/acme/shop/environments/production/variables',
      'environments=read,actions_variables=read',
    ],
    ['/repos/acme/shop/environments/production', 'actions=read'],
    ['/orgs/acme/actions/secrets', 'organization_secrets=read'],
    ['/orgs/acme/actions/variables', 'organization_actions_variables=read'],
    ['/repos/acme/shop/actions/runs', 'actions=read'],
  ])('%s needs the permission %s, and says so', async (path, permission) => {
    github.addToken('bare', { permissions: {} })
    const { status, headers } = await ask(`GET ${path}`, undefined, 'bare')
    expect([status, headers.get('x-accepted-github-permissions')]).toEqual([403, permission])
  })

  test('a public repository is visible to every token, its secrets are not', async () => {
    github.addRepository('acme/blog', { visibility: 'public' })
    github.addToken('elsewhere', { repositories: ['acme/shop'] })
    expect((await ask('GET /repos/acme/blog', undefined, 'elsewhere')).status).toBe(200)
    expect((await ask('GET /repos/acme/blog/actions/secrets', undefined, 'elsewhere')).status).toBe(
      403,
    )
  })
})

describe('what else there is', () => {
  test('repositories and environments are shown, with the protection of an environment', async () => {
    expect((await ask('GET /repos/Acme/Shop')).body).toMatchObject({
      id: shop.id,
      private: true,
      visibility: 'private',
      owner: { login: 'acme' },
    })
    github.addEnvironment('acme/shop', 'staging', { protected: false })
    const [production, staging, none] = await Promise.all(
      ['production', 'STAGING', 'none'].map((name) =>
        ask(`GET /repos/acme/shop/environments/${name}`),
      ),
    )
    expect(production?.body.protection_rules).toHaveLength(1)
    expect(staging?.body.protection_rules).toHaveLength(0)
    expect(none?.status).toBe(404)
    expect((await ask('GET /repos/acme/shop/environments/none/secrets/public-key')).status).toBe(
      404,
    )
  })

  test('runs are listed by status and age, and shown with their approvals', async () => {
    const at = (created_at: string, status: string) => github.addRun(shop, { created_at, status })
    const old = at('2026-11-24T20:00:00Z', 'queued')
    at('2026-11-24T21:00:00Z', 'completed')
    at('2026-11-24T22:00:00Z', 'queued')
    const runs = async (query: string) =>
      (await ask(`GET /repos/acme/shop/actions/runs?${query}`)).body.workflow_runs.map(
        (run: { created_at: string }) => run.created_at.slice(11, 13),
      )
    expect(await runs('')).toEqual(['22', '21', '20'])
    expect(await runs('status=queued')).toEqual(['22', '20'])
    expect(await runs('status=queued&created=%3C2026-11-24T21:30:00Z')).toEqual(['20'])
    expect(await runs('created=%3E%3D2026-11-24T21:00:00Z')).toEqual(['22', '21'])
    expect(await runs('created=2026-11-24T20:30:00Z..2026-11-24T21:30:00Z')).toEqual(['21'])
    expect(await runs('created=2026-11-24')).toHaveLength(3)

    old.approvals.push({
      state: 'approved',
      comment: 'SANDBOX-A',
      environments: [{ id: 1, name: 'production' }],
      user: { login: 'octocat', id: 1 },
    })
    expect((await ask(`GET /repos/acme/shop/actions/runs/${old.id}`)).body.status).toBe('queued')
    expect((await ask(`GET /repos/acme/shop/actions/runs/${old.id}/approvals`)).body).toEqual(
      old.approvals,
    )
  })

  test('the paths of Enterprise Server work as well', async () => {
    expect((await ask('GET /api/v3/repos/acme/shop')).status).toBe(200)
  })

  test('every request is recorded with its answer', async () => {
    await ask(`GET ${SECRETS}?per_page=1`)
    await ask('GET /repos/acme/shop/environments/prod%2Feu%20west%20%281%29')
    expect(github.requests.map(({ number, rawPath }) => [number, rawPath])).toEqual([
      [1, `${SECRETS}?per_page=1`],
      [2, '/repos/acme/shop/environments/prod%2Feu%20west%20%281%29'],
    ])
    expect(github.requests[1]).toMatchObject({
      method: 'GET',
      path: '/repos/acme/shop/environments/prod/eu west (1)',
      status: 200,
      applied: true,
      body: '',
      headers: { authorization: `token ${github.token}` },
    })
  })

  test('an answer says the time of the clock, and how many requests are left', async () => {
    const { headers } = await ask('GET /repos/acme/shop')
    expect(headers.get('date')).toBe('Tue, 24 Nov 2026 21:30:00 GMT')
    expect(headers.get('x-ratelimit-remaining')).toBe('4999')
    expect(headers.get('x-github-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('a private key and its public key have the same fingerprint', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const text = openedFingerprint(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
    expect(text).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
    expect(openedFingerprint(publicKey.export({ type: 'spki', format: 'pem' }) as string)).toBe(
      text,
    )
  })
})

describe('faults', () => {
  const variable = { name: 'KEY', value: 'one' }
  const broken = () => expect(ask(`POST ${VARIABLES}`, variable)).rejects.toThrow()

  test('a dropped request has no answer and no effect', async () => {
    github.faults.push({ match: { method: 'POST' }, do: 'drop' })
    await broken()
    expect(github.writes).toHaveLength(0)
    expect(github.requests[0]).toMatchObject({ status: null, applied: false })
    expect((await ask(`POST ${VARIABLES}`, variable)).status).toBe(201)
  })

  test('a lost answer leaves the effect of its request', async () => {
    github.faults.push({ match: { path: '/variables' }, do: 'lost' })
    await broken()
    expect(github.requests[0]).toMatchObject({ status: null, applied: true })
    expect((await ask(`POST ${VARIABLES}`, variable)).status).toBe(409)
  })

  test.each<[Mishap, boolean]>([
    ['silent', false],
    ['stalled', true],
  ])('a %s request is an event for the test', async (mishap, applied) => {
    github.faults.push({ do: mishap })
    const sender = new AbortController()
    github.onSilence = (request) => {
      expect(request.applied).toBe(applied)
      sender.abort()
    }
    const url = `${github.apiUrl}${VARIABLES}`
    const headers = { authorization: `token ${github.token}` }
    const body = JSON.stringify(variable)
    const reading = fetch(url, { method: 'POST', headers, body, signal: sender.signal })
    await expect(reading.then((answer) => answer.text())).rejects.toThrow('aborted')
    expect(shop.variables.size).toBe(applied ? 1 : 0)
  })

  test('a fault can be a status, with or without effect, for some requests after others', async () => {
    github.faults.push({
      match: { path: /variables$/ },
      skip: 1,
      times: 2,
      do: { status: 500, body: { message: 'no' } },
    })
    github.faults.push({
      match: ({ body }) => body.includes('"KEY_4"'),
      do: { status: 502, applied: true },
    })
    const answers = []
    for (const name of ['KEY_1', 'KEY_2', 'KEY_3', 'KEY_4']) {
      answers.push((await ask(`POST ${VARIABLES}`, { name, value: '' })).status)
    }
    expect(answers).toEqual([201, 500, 500, 502])
    expect([...shop.variables.keys()]).toEqual(['KEY_1', 'KEY_4'])
  })

  test('a fault can last until it is removed', async () => {
    github.faults.push({ times: Number.POSITIVE_INFINITY, do: { status: 503 } })
    for (let index = 0; index < 3; index += 1) {
      expect((await ask('GET /repos/acme/shop')).status).toBe(503)
    }
    github.faults.length = 0
    expect((await ask('GET /repos/acme/shop')).status).toBe(200)
  })

  test('an answer can be a redirect, malformed or enormous', async () => {
    github.faults.push({ do: { redirect: 'http://127.0.0.1:1/', status: 302 } })
    github.faults.push({ do: 'malformed' })
    github.faults.push({ do: 'enormous' })
    const url = `${github.apiUrl}/repos/acme/shop`
    const headers = { authorization: `token ${github.token}` }
    const redirect = await fetch(url, { redirect: 'manual', headers })
    expect([redirect.status, redirect.headers.get('location')]).toEqual([
      302,
      'http://127.0.0.1:1/',
    ])
    await expect((await fetch(url, { headers })).json()).rejects.toThrow('JSON')
    const { name } = (await (await fetch(url, { headers })).json()) as { name: string }
    expect(name).toHaveLength(64 * 1024 * 1024)
  })

  test('rate limits have the headers and words of GitHub', async () => {
    github.faults.push({ do: secondaryRateLimit(7) })
    github.faults.push({ do: primaryRateLimit(new Date('2026-11-24T22:00:00Z'), 429) })
    const secondary = await ask('GET /repos/acme/shop')
    expect([secondary.status, secondary.headers.get('retry-after')]).toEqual([403, '7'])
    expect(secondary.body.message).toMatch(/secondary rate limit/)
    const primary = await ask('GET /repos/acme/shop')
    expect([primary.status, primary.headers.get('x-ratelimit-remaining')]).toEqual([429, '0'])
    expect(primary.headers.get('x-ratelimit-reset')).toBe('1795557600')
  })

  test('the hour ends when its requests are used up', async () => {
    github.rateLimit.remaining = 1
    github.rateLimit.reset = new Date('2026-11-24T22:00:00Z')
    expect((await ask('GET /repos/acme/shop')).status).toBe(200)
    const refused = await ask('GET /repos/acme/shop')
    expect([refused.status, refused.headers.get('x-ratelimit-reset')]).toEqual([403, '1795557600'])
    expect(refused.body.message).toMatch(/^API rate limit exceeded/)
  })

  test.each([
    ['SAML single sign-on', forbidden.samlSingleSignOn('acme'), 'SAML'],
    ['an IP allow list', forbidden.ipAllowList('acme'), 'IP allow list'],
    ['a policy for token lifetimes', forbidden.tokenLifetime('acme'), 'lifetime'],
  ])('the refusal by %s has its own words', async (_, answer, word) => {
    github.faults.push({ do: answer })
    const { status, body } = await ask('GET /repos/acme/shop')
    expect([status, body.message]).toEqual([403, expect.stringContaining(word)])
  })

  test('an archived repository can be read, and not written', async () => {
    shop.archived = true
    expect((await ask(`GET ${VARIABLES}`)).status).toBe(200)
    const { status, body } = await ask(`POST ${VARIABLES}`, variable)
    expect([status, body.message]).toEqual([403, 'Repository was archived so is read-only.'])
  })

  test('a hook may write before a request takes effect, or play the death of its sender', async () => {
    const seen: string[] = []
    github.onRequest = (request, phase) => {
      seen.push(`${request.number} ${phase} ${shop.variables.size}`)
      if (request.number === 1 && phase === 'before') github.setVariable(shop, 'KEY', 'faster')
      if (request.number === 2 && phase === 'before') return 'drop'
      if (request.number === 3 && phase === 'after') return 'drop'
      return undefined
    }
    expect((await ask(`POST ${VARIABLES}`, variable)).status).toBe(409)
    await expect(ask(`POST ${VARIABLES}`, { name: 'B', value: '' })).rejects.toThrow()
    await expect(ask(`POST ${VARIABLES}`, { name: 'C', value: '' })).rejects.toThrow()
    expect([...shop.variables.keys()]).toEqual(['KEY', 'C'])
    expect(seen).toEqual(['1 before 0', '1 after 1', '2 before 1', '3 before 1', '3 after 2'])
  })
})
