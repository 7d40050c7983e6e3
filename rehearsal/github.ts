import { createHash, createPublicKey, randomBytes, randomUUID } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { type Artifact, type ArtifactService, createArtifactService } from './artifacts.ts'
import { type Answer, type Recorded, type Server, startServer } from './server.ts'

export type Visibility = 'private' | 'all' | 'selected'

/** A secret, opened. GitHub never shows `value` again; a test and the play may. */
export interface Secret {
  name: string
  value: string
  created_at: string
  updated_at: string
  /** Of an organization's secret or variable. */
  visibility?: Visibility
  /** Ids of the repositories that may read it, with visibility `selected`. */
  selected?: number[]
}

export type Variable = Secret

/** A place that holds secrets and variables, with a sealing key of its own. */
export interface Scope {
  level: 'repository' | 'environment' | 'organization'
  /** `acme/shop`, `acme/shop/production` or `acme`. */
  title: string
  secrets: Map<string, Secret>
  variables: Map<string, Variable>
  /** The id says nothing about the key: other scopes use the same one for theirs. */
  sealing: { keyId: string; publicKey: Uint8Array; privateKey: Uint8Array }
}

export interface Environment extends Scope {
  level: 'environment'
  name: string
  /** Whether somebody must approve a job that names it. */
  protected: boolean
}

export interface Repository extends Scope {
  level: 'repository'
  id: number
  owner: string
  name: string
  fullName: string
  visibility: 'private' | 'public'
  environments: Map<string, Environment>
  runs: Run[]
}

export interface Organization extends Scope {
  level: 'organization'
  login: string
}

export interface Approval {
  state: 'approved' | 'rejected' | 'pending'
  comment: string
  environments: { id: number; name: string }[]
  user: { login: string; id: number }
}

export interface Run {
  id: number
  name: string
  status: string
  conclusion: string | null
  created_at: string
  head_branch: string
  event: string
  run_attempt: number
  html_url: string
  approvals: Approval[]
}

export type Access = 'read' | 'write'
export type Permission =
  | 'secrets'
  | 'variables'
  | 'environments'
  | 'actions'
  | 'organization_secrets'
  | 'organization_variables'

export interface Token {
  /** An App's installation token, a fine-grained or a classic personal one, or a job's own. */
  kind: 'app' | 'pat' | 'classic' | 'github-token'
  /** Full names; without them, every repository. */
  repositories?: string[]
  permissions: Partial<Record<Permission, Access | 'none'>>
}

/** One change of a secret or a variable, with its value in the clear. */
export interface Write {
  time: string
  /** Title of the scope. */
  scope: string
  kind: 'secret' | 'variable'
  action: 'created' | 'updated' | 'deleted'
  name: string
  value: string
}

export interface GitHub extends Server, ArtifactService {
  apiUrl: string
  /** A token of kind `app` that may do everything. */
  token: string
  tokens: Map<string, Token>
  /** By full name in lower case. */
  repositories: Map<string, Repository>
  /** By login in lower case. */
  organizations: Map<string, Organization>
  /** Every change, whoever made it. */
  writes: Write[]
  now: () => Date
  addRepository(
    fullName: string,
    options?: { visibility?: 'private' | 'public'; environments?: string[] },
  ): Repository
  addEnvironment(
    repository: Repository | string,
    name: string,
    options?: { protected?: boolean },
  ): Environment
  /** The one that is there already, if so. */
  addOrganization(login: string): Organization
  addToken(value: string, token?: Partial<Token>): string
  addRun(repository: Repository | string, run?: Partial<Run>): Run
  /** By full name, which must be known. */
  repository(fullName: string): Repository
  /** Another writer: what the API does, without asking it. */
  setSecret(scope: Scope, name: string, value: string, shared?: Shared): Secret
  setVariable(scope: Scope, name: string, value: string, shared?: Shared): Variable
  deleteSecret(scope: Scope, name: string): boolean
  deleteVariable(scope: Scope, name: string): boolean
  /** What a job of this repository receives: environment before repository before organization. */
  secretsFor(fullName: string, environment?: string): Record<string, string>
  variablesFor(fullName: string, environment?: string): Record<string, string>
}

interface Shared {
  visibility?: Visibility
  selected?: number[]
}

/** Everything that the action asks of GitHub, on one port of 127.0.0.1. */
export async function startGitHub(options: { now?: () => Date } = {}): Promise<GitHub> {
  await sodium.ready
  let remaining = 5000
  let lastId = 1000

  const iso = () => `${github.now().toISOString().slice(0, 19)}Z`
  const server = await startServer(
    (request) => route(request),
    () => ({
      date: github.now().toUTCString(),
      'x-github-request-id': randomUUID(),
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-used': String(5000 - remaining),
      'x-ratelimit-reset': String(Math.floor(github.now().getTime() / 1000) + 3600),
      'x-ratelimit-resource': 'core',
    }),
  )
  const host = Object.assign(server, {
    artifacts: [] as Artifact[],
    artifactsDown: false,
    now: options.now ?? (() => new Date()),
  })
  const artifacts = createArtifactService(host)
  const github: GitHub = Object.assign(host, {
    apiUrl: server.url,
    token: `ghs_rehearsal${randomBytes(12).toString('hex')}`,
    tokens: new Map<string, Token>(),
    repositories: new Map<string, Repository>(),
    organizations: new Map<string, Organization>(),
    writes: [] as Write[],

    addRepository(fullName, { visibility, environments } = {}) {
      const [owner = '', name = ''] = fullName.split('/')
      const repository: Repository = {
        ...scope('repository', fullName),
        id: ++lastId,
        owner,
        name,
        fullName,
        visibility: visibility ?? 'private',
        environments: new Map(),
        runs: [],
      }
      github.repositories.set(fullName.toLowerCase(), repository)
      for (const environment of environments ?? []) github.addEnvironment(repository, environment)
      return repository
    },
    addEnvironment(repository, name, { protected: isProtected } = {}) {
      const { environments, fullName } = find(repository)
      const environment: Environment = {
        ...scope('environment', `${fullName}/${name}`),
        name,
        protected: isProtected ?? true,
      }
      environments.set(name, environment)
      return environment
    },
    addOrganization(login) {
      const known = github.organizations.get(login.toLowerCase())
      if (known !== undefined) return known
      const organization: Organization = { ...scope('organization', login), login }
      github.organizations.set(login.toLowerCase(), organization)
      return organization
    },
    addToken(value, { kind, permissions, repositories } = {}) {
      github.tokens.set(value, {
        kind: kind ?? 'app',
        permissions: permissions ?? { ...EVERYTHING },
        ...(repositories && { repositories }),
      })
      return value
    },
    addRun(repository, run = {}) {
      const { runs, fullName } = find(repository)
      const id = run.id ?? ++lastId
      const added: Run = {
        id,
        name: 'CI',
        status: 'queued',
        conclusion: null,
        created_at: iso(),
        head_branch: 'main',
        event: 'push',
        run_attempt: 1,
        html_url: `https://github.com/${fullName}/actions/runs/${id}`,
        approvals: [],
        ...run,
      }
      runs.push(added)
      return added
    },
    repository: (fullName) => find(fullName),

    setSecret: (scope, name, value, shared) => set(scope, 'secret', name, value, shared),
    setVariable: (scope, name, value, shared) => set(scope, 'variable', name, value, shared),
    deleteSecret: (scope, name) => remove(scope, 'secret', name),
    deleteVariable: (scope, name) => remove(scope, 'variable', name),
    secretsFor: (fullName, environment) => seenBy(fullName, environment, 'secrets'),
    variablesFor: (fullName, environment) => seenBy(fullName, environment, 'variables'),
  } satisfies Omit<GitHub, keyof typeof host>)
  github.addToken(github.token)
  return github

  function find(repository: Repository | string): Repository {
    if (typeof repository !== 'string') return repository
    const found = github.repositories.get(repository.toLowerCase())
    if (found === undefined) throw new Error(`The rehearsal knows no repository ${repository}`)
    return found
  }

  function scope<Level extends Scope['level']>(level: Level, title: string) {
    const { publicKey, privateKey } = sodium.crypto_box_keypair()
    const sealing = { keyId: '3380204578043523366', publicKey, privateKey }
    return { level, title, secrets: new Map(), variables: new Map(), sealing }
  }

  function set(scope: Scope, kind: Write['kind'], name: string, value: string, shared?: Shared) {
    const key = name.toUpperCase()
    const items = kind === 'secret' ? scope.secrets : scope.variables
    const old = items.get(key)
    const item: Secret = {
      ...(scope.level === 'organization' && { visibility: 'private' as const }),
      ...old,
      ...shared,
      name: key,
      value,
      created_at: old?.created_at ?? iso(),
      updated_at: iso(),
    }
    items.set(key, item)
    log(scope, kind, old === undefined ? 'created' : 'updated', key, value)
    return item
  }

  function remove(scope: Scope, kind: Write['kind'], name: string) {
    const items = kind === 'secret' ? scope.secrets : scope.variables
    const existed = items.delete(name.toUpperCase())
    if (existed) log(scope, kind, 'deleted', name.toUpperCase(), '')
    return existed
  }

  function log(
    { title }: Scope,
    kind: Write['kind'],
    action: Write['action'],
    name: string,
    value: string,
  ) {
    github.writes.push({ time: iso(), scope: title, kind, action, name, value })
  }

  function seenBy(fullName: string, environment: string | undefined, kind: Kind) {
    const repository = find(fullName)
    const seen: Record<string, string> = {}
    const take = ({ name, value }: Secret) => {
      seen[name] = value
    }
    visibleTo(repository, kind).forEach(take)
    repository[kind].forEach(take)
    if (environment !== undefined) named(repository, environment)?.[kind].forEach(take)
    return seen
  }

  function visibleTo(repository: Repository, kind: Kind): Secret[] {
    const organization = github.organizations.get(repository.owner.toLowerCase())
    return [...(organization?.[kind].values() ?? [])].filter(
      ({ visibility, selected }) =>
        visibility === 'all' ||
        (visibility === 'private' && repository.visibility === 'private') ||
        (visibility === 'selected' && selected?.includes(repository.id)),
    )
  }

  /* ---------------------------------------------------------------- REST */

  function route(request: Recorded): Answer {
    const parts = [...request.segments]
    if (parts[0] === 'twirp' || parts[0] === 'storage') return artifacts.answer(request)
    if (parts[0] === 'api' && parts[1] === 'v3') parts.splice(0, 2) // as Enterprise Server is asked
    remaining = Math.max(0, remaining - 1)

    const credentials = /^(?:token|bearer) (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const token = github.tokens.get(credentials ?? '')
    if (token === undefined) {
      return failure(401, credentials ? 'Bad credentials' : 'Requires authentication')
    }
    const [kind, ...rest] = parts
    if (kind === 'repos') return repositoryRoute(request, token, rest)
    if (kind === 'orgs') return organizationRoute(request, token, rest)
    return failure(404, 'Not Found')
  }

  function repositoryRoute(request: Recorded, token: Token, parts: string[]): Answer {
    const [owner = '', name = '', area, ...rest] = parts
    const repository = github.repositories.get(`${owner}/${name}`.toLowerCase())
    const covered = repository !== undefined && covers(token, repository)
    if (repository === undefined || (!covered && repository.visibility === 'private')) {
      return failure(404, 'Not Found')
    }
    const guard = (permission: Permission, answer: () => Answer) =>
      guarded(request, covered ? token : { ...token, permissions: {} }, permission, answer)

    if (area === undefined && request.method === 'GET') {
      return { status: 200, body: repositoryView(repository) }
    }
    if (area === 'environments') {
      const [environmentName = '', kind, ...below] = rest
      const environment = named(repository, environmentName)
      const within = (answer: (environment: Environment) => Answer) => () =>
        environment === undefined ? failure(404, 'Not Found') : answer(environment)
      if (kind === undefined && request.method === 'GET') {
        return guard(
          'actions',
          within((found) => ({ status: 200, body: environmentView(found) })),
        )
      }
      if (kind === 'secrets' || kind === 'variables') {
        return guard(
          'environments',
          within((found) => items(request, found, kind, below)),
        )
      }
    }
    if (area === 'actions') {
      const [kind, ...below] = rest
      if (kind === 'secrets' || kind === 'variables') {
        return guard(kind, () => items(request, repository, kind, below))
      }
      if (kind === 'organization-secrets' || kind === 'organization-variables') {
        const shared = kind === 'organization-secrets' ? 'secrets' : 'variables'
        return guard(shared, () => list(request, shared, visibleTo(repository, shared)))
      }
      if (kind === 'runs') return guard('actions', () => runs(request, repository, below))
      if (kind === 'artifacts') {
        return guard('actions', () => artifacts.view(repository.fullName, Number(below[0])))
      }
    }
    return failure(404, 'Not Found')
  }

  function organizationRoute(request: Recorded, token: Token, parts: string[]): Answer {
    const [login = '', area, kind, ...below] = parts
    const organization = github.organizations.get(login.toLowerCase())
    if (organization === undefined || area !== 'actions') return failure(404, 'Not Found')
    if (kind !== 'secrets' && kind !== 'variables') return failure(404, 'Not Found')
    return guarded(request, token, `organization_${kind}`, () =>
      items(request, organization, kind, below),
    )
  }

  /** Secrets or variables of one scope. */
  function items(request: Recorded, scope: Scope, kind: Kind, parts: string[]): Answer {
    const [name, below, member] = parts
    if (name === undefined) {
      if (request.method === 'GET') return list(request, kind, [...scope[kind].values()], scope)
      if (request.method === 'POST' && kind === 'variables') return createVariable(request, scope)
      return failure(404, 'Not Found')
    }
    if (kind === 'secrets' && name === 'public-key' && request.method === 'GET') {
      const key = Buffer.from(scope.sealing.publicKey).toString('base64')
      return { status: 200, body: { key_id: scope.sealing.keyId, key } }
    }
    const item = scope[kind].get(name.toUpperCase())
    if (below === 'repositories' && scope.level === 'organization') {
      return item === undefined ? failure(404, 'Not Found') : selection(request, item, member)
    }
    if (below !== undefined) return failure(404, 'Not Found')
    if (request.method === 'PUT' && kind === 'secrets') return putSecret(request, scope, name)
    if (item === undefined) return failure(404, 'Not Found')
    if (request.method === 'GET') return { status: 200, body: view(item, kind, scope) }
    if (request.method === 'PATCH' && kind === 'variables') return patch(request, scope, item)
    if (request.method === 'DELETE') {
      remove(scope, kind === 'secrets' ? 'secret' : 'variable', item.name)
      return { status: 204 }
    }
    return failure(404, 'Not Found')
  }

  function putSecret(request: Recorded, scope: Scope, name: string): Answer {
    const body = parse(request)
    if (body === undefined) return failure(400, 'Problems parsing JSON')
    if (!isName(name)) return failure(422, 'Failed to add secret. Name is invalid')
    const { encrypted_value: sealed, key_id: keyId } = body
    if (typeof sealed !== 'string') return failure(422, '"encrypted_value" wasn\'t supplied.')
    if (typeof keyId !== 'string') return failure(422, '"key_id" wasn\'t supplied.')
    const shared = sharing(body, scope, true)
    if ('status' in shared) return shared
    const value = keyId === scope.sealing.keyId ? open(sealed, scope) : undefined
    if (value === undefined) {
      return failure(422, 'Bad request - validation failed due to an improperly encrypted secret')
    }
    if (Buffer.byteLength(value) > 48 * 1024) return failure(422, 'Secret value is too large')
    const old = scope.secrets.get(name.toUpperCase())
    if (old === undefined && scope.secrets.size >= LIMITS[scope.level].secrets) {
      return failure(422, 'Failed to add secret. Maximum number of secrets exceeded')
    }
    set(scope, 'secret', name, value, shared)
    return old === undefined ? { status: 201, body: {} } : { status: 204 }
  }

  function createVariable(request: Recorded, scope: Scope): Answer {
    const body = parse(request)
    if (body === undefined) return failure(400, 'Problems parsing JSON')
    const { name, value } = body
    if (typeof name !== 'string') return failure(422, '"name" wasn\'t supplied.')
    if (typeof value !== 'string') return failure(422, '"value" wasn\'t supplied.')
    if (!isName(name)) return failure(422, 'Failed to add variable. Name is invalid')
    if (Buffer.byteLength(value) > 48 * 1024) return failure(422, 'Variable value is too large')
    const shared = sharing(body, scope, true)
    if ('status' in shared) return shared
    if (scope.variables.has(name.toUpperCase())) {
      return failure(409, 'Already exists - Variable already exists')
    }
    if (scope.variables.size >= LIMITS[scope.level].variables) {
      return failure(422, 'Failed to add variable. Maximum number of variables exceeded')
    }
    set(scope, 'variable', name, value, shared)
    return { status: 201, body: {} }
  }

  function patch(request: Recorded, scope: Scope, variable: Variable): Answer {
    const body = parse(request)
    if (body === undefined) return failure(400, 'Problems parsing JSON')
    const { name = variable.name, value = variable.value } = body
    if (typeof name !== 'string' || !isName(name) || typeof value !== 'string') {
      return failure(422, 'Validation Failed')
    }
    const shared = sharing(body, scope, false)
    if ('status' in shared) return shared
    set(scope, 'variable', variable.name, value, shared)
    if (name.toUpperCase() !== variable.name) {
      scope.variables.delete(variable.name)
      set(scope, 'variable', name, value, shared)
    }
    return { status: 204 }
  }

  /** Visibility and selection of what an organization holds. */
  function sharing(
    body: Record<string, unknown>,
    scope: Scope,
    required: boolean,
  ): Shared | Answer {
    if (scope.level !== 'organization') return {}
    const { visibility, selected_repository_ids: ids } = body
    if (visibility === undefined && !required) return {}
    if (visibility !== 'private' && visibility !== 'all' && visibility !== 'selected') {
      return failure(422, 'Invalid request. "visibility" must be one of: all, private, selected')
    }
    if (visibility !== 'selected') {
      if (ids !== undefined) {
        return failure(422, 'selected_repository_ids may only be used with visibility selected')
      }
      return { visibility, selected: [] }
    }
    // Without a list the worst is assumed: what was selected before is not kept.
    const selected = ids === undefined ? [] : ids
    if (!ownRepositories(selected, scope.title)) {
      return failure(422, 'Validation Failed: selected_repository_ids')
    }
    return { visibility, selected: [...selected] }
  }

  function ownRepositories(ids: unknown, owner: string): ids is number[] {
    const own = [...github.repositories.values()].filter(
      (repository) => repository.owner.toLowerCase() === owner.toLowerCase(),
    )
    return Array.isArray(ids) && ids.every((id) => own.some((repository) => repository.id === id))
  }

  function selection(request: Recorded, item: Secret, member: string | undefined): Answer {
    const chosen = item.selected ?? []
    if (request.method === 'GET' && member === undefined) {
      const all = [...github.repositories.values()].filter(({ id }) => chosen.includes(id))
      const { items, link } = page(request, all, 30, 100)
      return {
        status: 200,
        headers: link,
        body: { total_count: all.length, repositories: items.map(repositoryView) },
      }
    }
    if (item.visibility !== 'selected') return failure(409, 'Visibility is not set to selected')
    if (request.method === 'PUT' && member === undefined) {
      const ids = parse(request)?.selected_repository_ids
      if (!Array.isArray(ids)) return failure(422, '"selected_repository_ids" wasn\'t supplied.')
      item.selected = ids.map(Number)
      return { status: 204 }
    }
    if (request.method === 'PUT') {
      item.selected = [...new Set([...chosen, Number(member)])]
      return { status: 204 }
    }
    if (request.method === 'DELETE') {
      item.selected = chosen.filter((id) => id !== Number(member))
      return { status: 204 }
    }
    return failure(404, 'Not Found')
  }

  function list(request: Recorded, kind: Kind, all: Secret[], scope?: Scope): Answer {
    const sorted = [...all].sort((a, b) => (a.name < b.name ? -1 : 1))
    const [fallback, most] = kind === 'secrets' ? [30, 100] : [10, 30]
    const { items, link } = page(request, sorted, fallback, most)
    const body = { total_count: all.length, [kind]: items.map((item) => view(item, kind, scope)) }
    return { status: 200, headers: link, body }
  }

  function view(item: Secret, kind: Kind, scope?: Scope) {
    const { name, value, created_at, updated_at, visibility } = item
    return {
      name,
      ...(kind === 'variables' && { value }),
      created_at,
      updated_at,
      ...(scope?.level === 'organization' && { visibility }),
      ...(visibility === 'selected' && {
        selected_repositories_url: `${github.apiUrl}/orgs/${scope?.title}/actions/${kind}/${name}/repositories`,
      }),
    }
  }

  function runs(request: Recorded, repository: Repository, parts: string[]): Answer {
    if (request.method !== 'GET') return failure(404, 'Not Found')
    const [id, below] = parts
    if (id === undefined) {
      const status = request.query.get('status')
      const isMeant = created(request.query.get('created'))
      const all = repository.runs
        .filter((run) => status === null || run.status === status || run.conclusion === status)
        .filter((run) => isMeant(run.created_at))
        .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))
      const { items, link } = page(request, all, 30, 100)
      return {
        status: 200,
        headers: link,
        body: { total_count: all.length, workflow_runs: items.map(runView) },
      }
    }
    const run = repository.runs.find((candidate) => candidate.id === Number(id))
    if (below === 'artifacts') return artifacts.list(repository.fullName, Number(id))
    if (run === undefined) return failure(404, 'Not Found')
    if (below === undefined) return { status: 200, body: runView(run) }
    if (below === 'approvals') return { status: 200, body: run.approvals }
    return failure(404, 'Not Found')
  }
}

type Kind = 'secrets' | 'variables'

/** `SHA256:` and the unpadded base64 of the SHA-256 of the SPKI: tells a key without showing it. */
export function openedFingerprint(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`
}

/** GitHub asks to slow down; it says how long to wait, or does not. */
export function secondaryRateLimit(retryAfter?: number, status: 403 | 429 = 403): Answer {
  return {
    status,
    headers: { ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) },
    body: {
      message:
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
      documentation_url:
        'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
    },
  }
}

/** The hour's requests are used up until `reset`. */
export function primaryRateLimit(reset: Date, status: 403 | 429 = 403): Answer {
  return {
    status,
    headers: {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.ceil(reset.getTime() / 1000)),
    },
    body: {
      message: 'API rate limit exceeded for installation ID 1.',
      documentation_url: 'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api',
    },
  }
}

const EVERYTHING: Token['permissions'] = {
  secrets: 'write',
  variables: 'write',
  environments: 'write',
  actions: 'read',
  organization_secrets: 'write',
  organization_variables: 'write',
}

const LIMITS = {
  repository: { secrets: 100, variables: 500 },
  environment: { secrets: 100, variables: 100 },
  organization: { secrets: 1000, variables: 1000 },
}

/** As the header spells them. */
const PERMISSION_NAMES: Record<Permission, string> = {
  secrets: 'secrets',
  variables: 'actions_variables',
  environments: 'environments',
  actions: 'actions',
  organization_secrets: 'organization_secrets',
  organization_variables: 'organization_actions_variables',
}

function guarded(
  request: Recorded,
  token: Token,
  permission: Permission,
  answer: () => Answer,
): Answer {
  const needed: Access = request.method === 'GET' ? 'read' : 'write'
  const granted = token.kind === 'github-token' && permission !== 'actions' ? 'none' : undefined
  const access = granted ?? token.permissions[permission] ?? 'none'
  const headers = { 'x-accepted-github-permissions': `${PERMISSION_NAMES[permission]}=${needed}` }
  if (access === 'write' || access === needed) {
    const given = answer()
    return { ...given, headers: { ...headers, ...given.headers } }
  }
  if (token.kind === 'classic') {
    return { ...failure(404, 'Not Found'), headers: { 'x-oauth-scopes': 'read:org' } }
  }
  const who = token.kind === 'pat' ? 'personal access token' : 'integration'
  return { ...failure(403, `Resource not accessible by ${who}`), headers }
}

const covers = ({ repositories }: Token, { fullName }: Repository) =>
  repositories === undefined ||
  repositories.some((name) => name.toLowerCase() === fullName.toLowerCase())

const named = ({ environments }: Repository, name: string) =>
  [...environments.values()].find(
    (environment) => environment.name.toLowerCase() === name.toLowerCase(),
  )

const isName = (name: string) => /^[A-Z_][A-Z0-9_]*$/i.test(name) && !/^GITHUB_/i.test(name)

function failure(status: number, message: string): Answer {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: `${status}` }
  return { status, body }
}

function parse({ body }: Recorded): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Undefined when it was not sealed with this scope's key. */
function open(sealed: string, { sealing }: Scope): string | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(sealed)) {
    return undefined
  }
  try {
    const box = Buffer.from(sealed, 'base64')
    const opened = sodium.crypto_box_seal_open(box, sealing.publicKey, sealing.privateKey)
    return Buffer.from(opened).toString('utf8')
  } catch {
    return undefined
  }
}

function page<T>(request: Recorded, all: T[], fallback: number, most: number) {
  const number = (name: string, otherwise: number) =>
    Math.max(1, Number(request.query.get(name) ?? otherwise) || otherwise)
  const size = Math.min(most, number('per_page', fallback))
  const current = number('page', 1)
  const last = Math.max(1, Math.ceil(all.length / size))
  const link = (rel: string, to: number) => {
    const query = new URLSearchParams(request.query)
    query.set('page', String(to))
    return `<http://${request.headers.host}${request.rawPath.split('?')[0]}?${query}>; rel="${rel}"`
  }
  const links = [
    ...(current > 1 ? [link('prev', current - 1), link('first', 1)] : []),
    ...(current < last ? [link('next', current + 1), link('last', last)] : []),
  ]
  return {
    items: all.slice((current - 1) * size, current * size),
    link: (links.length > 0 ? { link: links.join(', ') } : {}) as Record<string, string>,
  }
}

/** `created=` of a search: `>=2026-11-24`, `<…`, `a..b`, or one day. */
function created(filter: string | null): (date: string) => boolean {
  if (filter === null || filter === '') return () => true
  const [from, to] = filter.split('..')
  if (from !== undefined && to !== undefined) {
    return (date) =>
      (from === '*' || Date.parse(date) >= Date.parse(from)) &&
      (to === '*' || Date.parse(date) <= Date.parse(to))
  }
  const [, operator = '', limit = ''] = /^(>=|<=|>|<)?(.*)$/.exec(filter) ?? []
  return (date) => {
    const distance = Date.parse(date) - Date.parse(limit)
    if (operator === '>=') return distance >= 0
    if (operator === '<=') return distance <= 0
    if (operator === '>') return distance > 0
    if (operator === '<') return distance < 0
    return date.startsWith(limit)
  }
}

function repositoryView({ id, owner, name, fullName, visibility }: Repository) {
  return {
    id,
    name,
    full_name: fullName,
    private: visibility === 'private',
    visibility,
    html_url: `https://github.com/${fullName}`,
    owner: { login: owner, type: 'Organization' },
  }
}

function environmentView({ name, protected: isProtected }: Environment) {
  return {
    id: 1,
    name,
    protection_rules: isProtected ? [{ id: 2, type: 'required_reviewers', reviewers: [] }] : [],
    deployment_branch_policy: null,
  }
}

function runView({ approvals: _, ...run }: Run) {
  return run
}
