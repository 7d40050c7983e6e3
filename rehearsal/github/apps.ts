import { createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto'
import type { Answer, Recorded } from '../request.ts'
import { credentialsOf, suspended } from './access.ts'
import { failure, noContent, notFound, ok, readJson } from './answers.ts'
import type {
  App,
  GitHubState,
  Installation,
  Permission,
  Permissions,
  Repository,
} from './model.ts'
import { repositoryView } from './views.ts'

export interface Apps {
  addApp(app: {
    readonly clientId: string
    readonly id?: number
    readonly slug?: string
    /** The organization that registered it. */
    readonly owner?: string
    /** SPKI PEM. */
    readonly publicKey: string
    readonly permissions?: Permissions
  }): App
  installApp(
    app: App,
    account: string,
    options?: {
      readonly permissions?: Permissions
      readonly repositories?: readonly string[] | null
    },
  ): Installation
}

export const appsOf = (github: GitHubState): Apps => ({
  addApp({ clientId, id, slug, owner, publicKey, permissions }) {
    const app: App = {
      id: id ?? github.nextId(),
      clientId,
      slug: slug ?? 'amazon-pay-keys',
      owner: owner ?? 'acme',
      publicKey,
      permissions: permissions ?? everything,
    }
    github.apps.push(app)
    return app
  },
  installApp(app, account, { permissions, repositories } = {}) {
    const installation: Installation = {
      id: github.nextId(),
      app,
      account,
      permissions: permissions ?? app.permissions,
      repositories: repositories ?? null,
      suspended: false,
    }
    github.installations.push(installation)
    return installation
  },
})

/** All permissions that the action ever requests. */
export const everything: Permissions = {
  secrets: 'write',
  actions_variables: 'write',
  environments: 'write',
  actions: 'write',
  metadata: 'read',
  organization_secrets: 'write',
  organization_actions_variables: 'write',
}

/** Requests that are signed with an App's JWT, and the one that revokes an installation token. Undefined for any other. */
export function appRoute(
  github: GitHubState,
  request: Recorded,
  parts: readonly string[],
): Answer | undefined {
  const path = `${request.method} /${parts.join('/')}`
  if (path === 'DELETE /installation/token') return revoke(github, request)
  const asked = appPaths.find(({ pattern }) => pattern.test(path))
  if (asked === undefined) return undefined
  const app = authenticateApp(github, request)
  return 'status' in app ? app : asked.answer(github, app, request, parts)
}

const appPaths: readonly {
  readonly pattern: RegExp
  answer(github: GitHubState, app: App, request: Recorded, parts: readonly string[]): Answer
}[] = [
  {
    pattern: /^GET \/app$/,
    answer: (github, { id, clientId, slug, owner, permissions }) =>
      ok({
        id,
        client_id: clientId,
        slug,
        owner: accountView(github, owner),
        html_url: `${github.serverUrl}/${github.serverUrl === 'https://github.com' ? 'apps' : 'github-apps'}/${slug}`,
        permissions,
      }),
  },
  {
    pattern: /^GET \/repos\/[^/]+\/[^/]+\/installation$/,
    answer: (github, app, _, [, owner, name]) => {
      const found = installationFor(github, app, owner ?? '')
      const repository = github.repositories.get(`${owner}/${name}`.toLowerCase())
      const isCovered = found && repository && mayUse(found, repository)
      return isCovered ? ok(installationView(github, found)) : notFound
    },
  },
  {
    // The one for users knows organizations too.
    pattern: /^GET \/(?:orgs|users)\/[^/]+\/installation$/,
    answer: (github, app, _, [kind, account = '']) => {
      const found = installationFor(github, app, account)
      const isMeant = kind === 'users' || isOrganization(github, account)
      return found && isMeant ? ok(installationView(github, found)) : notFound
    },
  },
  {
    pattern: /^GET \/app\/installations\/\d+$/,
    answer: (github, app, _, [, , id]) => {
      const found = installationOf(github, app, id)
      return found ? ok(installationView(github, found)) : notFound
    },
  },
  {
    pattern: /^POST \/app\/installations\/\d+\/access_tokens$/,
    answer: (github, app, request, [, , id]) => {
      const found = installationOf(github, app, id)
      return found ? createToken(github, found, request) : notFound
    },
  },
]

const installationOf = ({ installations }: GitHubState, app: App, id: string | undefined) =>
  installations.find((one) => one.app === app && one.id === Number(id))

const installationFor = ({ installations }: GitHubState, app: App, account: string) =>
  installations.find(
    (one) => one.app === app && one.account.toLowerCase() === account.toLowerCase(),
  )

const mayUse = ({ account, repositories }: Installation, repository: Repository): boolean =>
  account.toLowerCase() === repository.owner.toLowerCase() &&
  (repositories === null ||
    repositories.some((name) => name.toLowerCase() === repository.fullName.toLowerCase()))

const isOrganization = ({ organizations }: GitHubState, login: string): boolean =>
  organizations.has(login.toLowerCase())

const accountView = (github: GitHubState, login: string) => ({
  login,
  type: isOrganization(github, login) ? 'Organization' : 'User',
})

const installationView = (
  github: GitHubState,
  { id, app, account, permissions, suspended, repositories }: Installation,
) => ({
  id,
  app_id: app.id,
  client_id: app.clientId,
  app_slug: app.slug,
  account: accountView(github, account),
  permissions,
  repository_selection: repositories === null ? 'all' : 'selected',
  suspended_at: suspended ? '2026-01-01T00:00:00Z' : null,
  html_url: `${github.serverUrl}${isOrganization(github, account) ? `/organizations/${account}` : ''}/settings/installations/${id}`,
})

const unreadableToken = failure(401, 'A JSON web token could not be decoded')

/** The App that signed the JWT of the request. Checks the claims and limits in GitHub's documentation. */
function authenticateApp(github: GitHubState, request: Recorded): App | Answer {
  const jwt = credentialsOf(request)
  if (jwt === undefined) return unreadableToken
  const [header = '', payload = '', signature = '', ...more] = jwt.split('.')
  const claims = readClaims(payload)
  const algorithm = readClaims(header)?.alg
  if (claims === undefined || algorithm !== 'RS256' || more.length > 0) return unreadableToken
  const issuer = String(claims.iss)
  const app = github.apps.find(({ id, clientId }) => issuer === clientId || issuer === String(id))
  if (app === undefined) return failure(404, 'Integration not found')
  const signed = Buffer.from(`${header}.${payload}`)
  const key: KeyObject = createPublicKey(app.publicKey)
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return unreadableToken
  return checkTimes(claims, github.now().getTime() / 1000) ?? app
}

function checkTimes({ iat, exp }: Record<string, unknown>, now: number): Answer | undefined {
  if (typeof iat !== 'number' || !Number.isInteger(iat) || iat > Math.ceil(now)) {
    return failure(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    )
  }
  if (typeof exp !== 'number' || exp <= now) {
    return failure(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    )
  }
  return exp > now + 600
    ? failure(401, "'Expiration time' claim ('exp') is too far in the future")
    : undefined
}

function readClaims(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Creates a token with exactly the requested permissions, but never more than the installation was granted. */
function createToken(github: GitHubState, installation: Installation, request: Recorded): Answer {
  if (installation.suspended) return suspended
  const body = request.body === '' ? {} : (readJson(request) ?? {})
  const repositories = chosenRepositories(github, installation, body)
  if (repositories === undefined) {
    return failure(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    )
  }
  const permissions = (body.permissions ?? installation.permissions) as Permissions
  if (!isSubset(permissions, installation.permissions)) {
    return failure(422, 'The permissions requested are not granted to this installation.')
  }
  const token = `ghs_${randomBytes(18).toString('hex')}`
  const expiresAt = new Date(github.now().getTime() + 3_600_000)
  const granted: Permissions = { ...permissions, metadata: 'read' }
  github.tokens.set(token, {
    kind: 'app',
    permissions: granted,
    repositories: repositories.map(({ fullName }) => fullName),
    expiresAt,
    installation,
  })
  const isSelection = body.repositories !== undefined || body.repository_ids !== undefined
  return {
    status: 201,
    body: {
      token,
      expires_at: `${expiresAt.toISOString().slice(0, 19)}Z`,
      permissions: granted,
      repository_selection: isSelection ? 'selected' : 'all',
      ...(isSelection && { repositories: repositories.map(repositoryView) }),
    },
  }
}

/** Undefined if the installation does not cover one of them. */
function chosenRepositories(
  { repositories }: GitHubState,
  installation: Installation,
  { repositories: names, repository_ids: ids }: Record<string, unknown>,
): Repository[] | undefined {
  const accessible = [...repositories.values()].filter((one) => mayUse(installation, one))
  if (names === undefined && ids === undefined) return accessible
  const wanted = [...list(names).map((name) => String(name).toLowerCase()), ...list(ids)]
  const chosen = wanted.map((one) =>
    accessible.find(({ id, name }) => id === one || name.toLowerCase() === one),
  )
  const found = chosen.filter((one) => one !== undefined)
  return found.length === chosen.length ? found : undefined
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const isSubset = (asked: Permissions, granted: Permissions): boolean =>
  Object.entries(asked).every(([name, access]) => {
    const allowed = name === 'metadata' ? 'read' : granted[name as Permission]
    return allowed === 'write' || allowed === access
  })

function revoke(github: GitHubState, request: Recorded): Answer {
  const token = credentialsOf(request) ?? ''
  if (github.tokens.get(token)?.installation === undefined) return failure(401, 'Bad credentials')
  github.tokens.delete(token)
  return noContent
}
