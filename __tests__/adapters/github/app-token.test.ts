import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { getInstallationToken } from '../../../src/adapters/github/app-token.ts'
import type { Permissions } from '../../../src/adapters/github/permissions.ts'
import { Problem } from '../../../src/domain/problem.ts'
import { nextKey } from '../../keys.ts'
import {
  type Answer,
  type Asked,
  heldClock,
  neverFires,
  start,
  startLoopback,
  thrownBy,
} from './loopback.ts'

const clientId = 'Iv23liABCDEFGHIJKLMN'
const appKey = nextKey()
const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string

interface App {
  /** Levels that the installation was granted. */
  readonly permissions?: Readonly<Record<string, string>> | null
  readonly repositories?: readonly string[]
  readonly suspended?: boolean
  /** Whether the owner is an organization; a user has no organization's endpoint. */
  readonly organization?: boolean
  readonly installed?: boolean
  /** Who registered it. */
  readonly owner?: object
}

const not = (status: number, message: string): Answer => ({ status, body: { message } })

/** GitHub's side of an App, with the words of its API. */
function createApp(app: App) {
  const permissions =
    app.permissions === undefined
      ? { secrets: 'write', actions_variables: 'write', actions: 'read', metadata: 'read' }
      : app.permissions
  const covered = app.repositories ?? ['acme/shop', 'acme/api']
  const installation = {
    id: 42,
    html_url: 'https://github.com/organizations/acme/settings/installations/42',
    suspended_at: app.suspended ? '2026-11-01T00:00:00Z' : null,
    ...(permissions ? { permissions } : {}),
  }
  const missing = not(404, 'Not Found')
  const installed = (yes: boolean): Answer =>
    yes && app.installed !== false ? { body: installation } : missing

  const createToken = ({ body }: Asked): Answer => {
    if (app.suspended) return not(403, 'This installation has been suspended')
    const names = (body.repositories ?? []) as string[]
    if (!names.every((name) => covered.includes(`acme/${name}`))) {
      return not(
        422,
        'There is at least one repository that does not exist or is not accessible to the parent installation.',
      )
    }
    const wanted = Object.keys((body.permissions ?? {}) as Permissions)
    if (permissions && wanted.some((name) => name !== 'metadata' && !(name in permissions))) {
      return not(422, 'The permissions requested are not granted to this installation.')
    }
    return { status: 201, body: { token: 'ghs_installation', permissions: body.permissions } }
  }

  return (asked: Asked): Answer => {
    const { method, path, headers } = asked
    if (method === 'DELETE' && path === '/installation/token') return { status: 204 }
    const refusal = refusalOf(String(headers.authorization))
    if (refusal) return refusal
    if (path === '/app') {
      const owner = app.owner ?? { login: 'acme', type: 'Organization' }
      return { body: { slug: 'keys', html_url: 'https://github.com/apps/keys', owner } }
    }
    if (path === '/app/installations/42/access_tokens') return createToken(asked)
    if (path === '/users/acme/installation') return installed(true)
    if (path === '/orgs/acme/installation') return installed(app.organization !== false)
    return installed(covered.some((name) => path === `/repos/${name}/installation`))
  }
}

/** What is wrong with a JWT, by GitHub's clock and words; null when nothing is. */
function refusalOf(authorization: string): Answer | null {
  const [header = '', payload = '', signature = ''] = authorization
    .replace(/^bearer /, '')
    .split('.')
  const [{ alg }, { iss, iat, exp }] = [header, payload].map((part) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()),
  ) as [{ alg: string }, { iss: string; iat: number; exp: number }]
  const signed = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    createPublicKey(appKey),
    Buffer.from(signature, 'base64url'),
  )
  if (iss !== clientId) return not(404, 'Integration not found')
  if (alg !== 'RS256' || !signed) return not(401, 'A JSON web token could not be decoded')
  const now = start / 1000
  if (exp > now + 600) {
    return not(401, "'Expiration time' claim ('exp') is too far in the future")
  }
  if (iat > now || exp <= now) return not(401, "'Issued at' claim ('iat') must be in the past")
  return null
}

const required: Permissions = { secrets: 'write', actions_variables: 'write' }

const ask = async (
  app: App,
  more: Partial<Parameters<typeof getInstallationToken>[0]> = {},
  clockAt = start,
) => {
  const server = await startLoopback(createApp(app))
  const debugged: string[] = []
  const work = getInstallationToken({
    clientId,
    pem: pemOf(appKey),
    apiUrl: server.url,
    serverUrl: 'https://github.com',
    owner: 'acme',
    repositories: ['acme/shop'],
    permissions: required,
    optional: { actions: 'read' },
    clock: heldClock(clockAt),
    tell: () => {},
    debug: (line) => debugged.push(line),
    deadline: neverFires(),
    ...more,
  })
  return { server, work, debugged }
}

const refusal = async (...options: Parameters<typeof ask>): Promise<Problem> => {
  const { work } = await ask(...options)
  const error = await thrownBy(work)
  if (error instanceof Problem) return error
  throw error
}

describe('an installation token', () => {
  test('is for exactly these repositories and permissions', async () => {
    const { server, work } = await ask({}, { repositories: ['acme/shop', 'acme/api'] })
    expect(await work).toMatchObject({
      token: 'ghs_installation',
      permissions: { ...required, actions: 'read' },
      remarks: [],
    })
    expect(server.routes()).toEqual([
      'GET /repos/acme/shop/installation',
      'POST /app/installations/42/access_tokens',
    ])
    expect(server.asked[1]?.body).toEqual({
      repositories: ['shop', 'api'],
      permissions: { ...required, actions: 'read' },
    })
  })

  test.each([true, false])(
    'without repositories is for all that the installation covers (organization: %s)',
    async (organization) => {
      const permissions: Permissions = { organization_secrets: 'write', metadata: 'read' }
      const granted = { organization_secrets: 'write' }
      const { server, work } = await ask(
        { organization, permissions: granted },
        { repositories: [], permissions, optional: {} },
      )
      expect(await work).toMatchObject({ token: 'ghs_installation', permissions })
      expect(server.asked.at(-1)?.body).toEqual({ permissions })
    },
  )

  test('is asked for with a JWT from a minute ago that ends nine minutes from now', async () => {
    const { server, work } = await ask({})
    await work
    const payload = String(server.asked[0]?.headers.authorization).split('.')[1] ?? ''
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual({
      iss: clientId,
      iat: start / 1000 - 60,
      exp: start / 1000 + 540,
    })
  })

  test.each([-59_000, 59_000])('is given to a clock that is off by %i ms', async (skew) => {
    const { work } = await ask({}, {}, start + skew)
    await expect(work).resolves.toMatchObject({ token: 'ghs_installation' })
  })

  test('is revoked with itself', async () => {
    const { server, work } = await ask({})
    await (await work).revoke()
    expect(server.asked.at(-1)).toMatchObject({
      method: 'DELETE',
      path: '/installation/token',
      headers: { authorization: 'token ghs_installation' },
    })
  })

  test('is revoked though the time of the step is over', async () => {
    const end = new AbortController()
    const { server, work } = await ask({}, { deadline: { ...neverFires(), signal: end.signal } })
    const { revoke } = await work
    end.abort()
    await revoke()
    expect(server.routes().at(-1)).toBe('DELETE /installation/token')
  })

  test('that cannot be revoked fails nothing, and is tried once', async () => {
    const { server, work, debugged } = await ask({})
    const { revoke } = await work
    server.react = () => 'drop'
    await revoke()
    expect(server.routes().filter((route) => route.startsWith('DELETE'))).toHaveLength(1)
    expect(debugged.at(-1)).toMatch(/was not revoked/)
  })

  test('leaves neither itself, nor the JWT, nor the key in debug lines', async () => {
    const { server, work, debugged } = await ask({})
    await (await work).revoke()
    const jwt = String(server.asked[0]?.headers.authorization).replace(/^bearer /, '')
    const lines = debugged.join('\n')
    for (const secret of ['ghs_installation', jwt, jwt.split('.')[2] ?? jwt, 'PRIVATE KEY']) {
      expect(lines).not.toContain(secret)
    }
  })
})

describe('a permission that only helps', () => {
  const granted = { secrets: 'write', actions_variables: 'admin', metadata: 'read' }

  test.each<[string, Permissions, Record<string, string>, Permissions, RegExp[]]>([
    [
      'is left out where the App lacks it',
      { actions: 'read' },
      granted,
      required,
      [/lacks the permission Actions \(repository\): read, so protection rules/],
    ],
    [
      'is asked for at the level that the App has',
      { actions: 'write' },
      { ...granted, actions: 'read' },
      { ...required, actions: 'read' },
      [/lacks the permission Actions \(repository\): read and write, so redeploy/],
    ],
    [
      'is asked for where the App has more',
      { actions: 'read' },
      { ...granted, actions: 'write' },
      { ...required, actions: 'read' },
      [],
    ],
  ])('%s', async (_, optional, permissions, asked, facts) => {
    const { server, work } = await ask({ permissions }, { optional })
    const { remarks, permissions: got } = await work
    expect(got).toEqual(asked)
    expect(server.asked.at(-1)?.body.permissions).toEqual(asked)
    expect(remarks).toEqual(
      facts.map((fact) => ({
        fact: expect.stringMatching(fact),
        hint: expect.stringContaining('/settings/installations/42'),
      })),
    )
  })
})

describe('what is wrong with an App', () => {
  test.each<[string, App, Partial<Parameters<typeof ask>[1]>, string, RegExp, RegExp]>([
    [
      'is its key',
      {},
      { pem: pemOf(nextKey()) },
      'token-rejected',
      /app-private-key is not a private key of the App .* 401 “A JSON web token could not be decoded”/,
      /Private keys.*: https:\/\/github\.com\/organizations\/acme\/settings\/apps \(or https:\/\/github\.com\/settings\/apps,/,
    ],
    [
      'is its Client ID',
      {},
      { clientId: 'Iv1.unknown' },
      'token-rejected',
      /knows no App with the app-client-id "Iv1\.unknown"/,
      /copy the Client ID .*: https:\/\/github\.com\/organizations\/acme\/settings\/apps/,
    ],
    [
      'is that it is not installed',
      { installed: false },
      {},
      'app-not-installed',
      /is not installed on acme$/,
      /https:\/\/github\.com\/apps\/keys\/installations\/new/,
    ],
    [
      'is that it is not installed on an organization',
      { installed: false },
      { repositories: [] },
      'app-not-installed',
      /is not installed on acme$/,
      /https:\/\/github\.com\/apps\/keys\/installations\/new/,
    ],
    [
      'is that it does not cover the first repository',
      {},
      { repositories: ['acme/other', 'acme/shop'] },
      'app-not-installed',
      /does not cover acme\/other$/,
      /https:\/\/github\.com\/organizations\/acme\/settings\/installations\/42/,
    ],
    [
      'is that it does not cover further repositories',
      {},
      { repositories: ['acme/shop', 'acme/one', 'acme/two'] },
      'app-not-installed',
      /does not cover acme\/one, acme\/two$/,
      /Repository access at https/,
    ],
    [
      'is that it is suspended',
      { suspended: true },
      {},
      'app-not-installed',
      /on acme is suspended$/,
      /unsuspend it at https/,
    ],
    [
      'is a permission that it lacks',
      { permissions: { secrets: 'read', metadata: 'read' } },
      {},
      'token-forbidden',
      /lacks permissions on acme: Secrets \(repository\): read and write, Variables \(repository\): read and write$/,
      /https:\/\/github\.com\/organizations\/acme\/settings\/apps\/keys\/permissions, then accept them at https:\/\/github\.com\/organizations\/acme\/settings\/installations\/42$/,
    ],
  ])('%s', async (_, app, more, code, fact, hint) => {
    expect(await refusal(app, more)).toMatchObject({
      code,
      fact: expect.stringMatching(fact),
      hint: expect.stringMatching(hint),
    })
  })

  test.each([
    ['a person', { login: 'jo', type: 'User' }, '/settings/apps/keys/permissions'],
    ['an organization', undefined, '/organizations/acme/settings/apps/keys/permissions'],
    ['an enterprise', { slug: 'acme-inc' }, '/enterprises/acme-inc/settings/apps/keys/permissions'],
  ])('is mended on the settings page of %s that owns it', async (_, owner, path) => {
    const { hint } = await refusal({ permissions: {}, ...(owner && { owner }) })
    expect(hint).toContain(` at https://github.com${path}, then`)
  })

  test.each([
    [300, 'ahead of'],
    [-700, 'behind'],
  ])('is a clock that is %i seconds off', async (seconds, direction) => {
    expect(await refusal({}, {}, start + seconds * 1000)).toMatchObject({
      code: 'token-rejected',
      fact: expect.stringContaining(`${Math.abs(seconds)} seconds ${direction} GitHub’s`),
      hint: expect.stringContaining('clock'),
    })
  })

  test('is never told with its key', async () => {
    const problem = await refusal({}, { pem: pemOf(nextKey()) })
    expect(problem.message).not.toMatch(/BEGIN|MII/)
  })

  test('is not its key when a proxy asks for a login', async () => {
    const { server, work } = await ask({})
    server.react = () => ({ status: 401, headers: { 'content-type': 'text/html' }, body: '<html>' })
    await expect(work).rejects.toMatchObject({
      code: 'github-unavailable',
      hint: expect.stringContaining('HTTPS_PROXY'),
    })
  })

  test('may be GitHub’s own', async () => {
    const { server, work } = await ask({})
    server.react = () => ({ status: 500 })
    await expect(work).rejects.toMatchObject({ code: 'github-unavailable' })
  })
})
