import type { createArtifactService } from '../artifacts.ts'
import type { Answer, Recorded } from '../request.ts'
import { covers, guarded, tokenOf } from './access.ts'
import { forbidden, notFound, ok, primaryRateLimit, readJson } from './answers.ts'
import { appRoute } from './apps.ts'
import { listOf } from './items.ts'
import {
  findEnvironment,
  type GitHubState,
  type Kind,
  type Permission,
  type Repository,
  type Scope,
  type Token,
} from './model.ts'
import { runsRoute, workflowsRoute } from './runs.ts'
import { secretsRoute } from './secrets.ts'
import { sharedWith } from './values.ts'
import { variablesRoute } from './variables.ts'
import { environmentView, repositoryView } from './views.ts'

type Artifacts = ReturnType<typeof createArtifactService>

/** Answers every request to this GitHub. */
export function route(github: GitHubState, artifacts: Artifacts, request: Recorded): Answer {
  const { rateLimit } = github
  const parts = [...request.segments]
  if (parts[0] === 'twirp' || parts[0] === 'storage') return artifacts.answer(request)
  // Paths of GitHub Enterprise Server begin with /api/v3 or /api.
  if (parts[0] === 'api') parts.splice(0, parts[1] === 'v3' ? 2 : 1)
  if (rateLimit.remaining <= 0) return primaryRateLimit(rateLimit.reset ?? anHourFrom(github.now()))
  rateLimit.remaining -= 1

  const asApp = appRoute(github, request, parts)
  if (asApp !== undefined) return asApp
  const token = tokenOf(github, request)
  if ('status' in token) return token
  const [kind, ...rest] = parts
  if (kind === 'repos') return repositoryRoute({ github, artifacts, request, token }, rest)
  if (kind === 'repositories') {
    // By number, as gh asks for variables of an environment.
    const [id, ...below] = rest
    const named = [...github.repositories.values()].find((each) => String(each.id) === id)
    const { owner = '', name = '' } = named ?? {}
    return repositoryRoute({ github, artifacts, request, token }, [owner, name, ...below])
  }
  if (kind === 'orgs') return organizationRoute({ github, artifacts, request, token }, rest)
  return kind === 'graphql' ? graphql(github, request) : notFound
}

const anHourFrom = (now: Date): Date => new Date(now.getTime() + 3_600_000)

interface Asked {
  readonly github: GitHubState
  readonly artifacts: Artifacts
  readonly request: Recorded
  readonly token: Token
}

function repositoryRoute(asked: Asked, parts: readonly string[]): Answer {
  const { github, request } = asked
  const [owner = '', name = '', area, ...rest] = parts
  const repository = github.repositories.get(`${owner}/${name}`.toLowerCase())
  const isCovered = repository !== undefined && covers(asked.token, repository)
  if (repository === undefined || (!isCovered && repository.visibility === 'private')) {
    return notFound
  }
  if (request.method !== 'GET' && repository.archived) return forbidden.archived()
  // A token has no permissions outside its repositories, but can see public ones.
  const token = isCovered ? asked.token : { ...asked.token, permissions: {} }
  if (area === undefined && request.method === 'GET') return ok(repositoryView(repository))
  if (area === 'environments') return environmentsRoute({ ...asked, token }, repository, rest)
  return area === 'actions' ? actionsRoute({ ...asked, token }, repository, rest) : notFound
}

/**
 * GitHub documents secrets of an environment under Environments “with additional permissions”. It is unclear whether one or
 * both permissions are needed. Here both are, so that tests notice if the action requests too little.
 */
function environmentsRoute(
  { github, request, token }: Asked,
  repository: Repository,
  [name = '', kind, ...below]: readonly string[],
): Answer {
  const environment = findEnvironment(repository, name)
  if (kind === undefined && request.method === 'GET') {
    return guarded(request, token, ['actions'], () =>
      environment === undefined ? notFound : ok(environmentView(environment)),
    )
  }
  if (kind !== 'secrets' && kind !== 'variables') return notFound
  return guarded(request, token, ['environments', permissionFor[kind]], () =>
    environment === undefined ? notFound : itemsRoute(github, request, environment, kind, below),
  )
}

const permissionFor: Record<Kind, Permission> = {
  secrets: 'secrets',
  variables: 'actions_variables',
}

function actionsRoute(
  { github, artifacts, request, token }: Asked,
  repository: Repository,
  [kind, ...below]: readonly string[],
): Answer {
  const guard = (permission: Permission, answer: () => Answer) =>
    guarded(request, token, [permission], answer)
  switch (kind) {
    case 'secrets':
    case 'variables':
      return guard(permissionFor[kind], () => itemsRoute(github, request, repository, kind, below))
    case 'organization-secrets':
    case 'organization-variables': {
      const shared = kind === 'organization-secrets' ? 'secrets' : 'variables'
      const all = sharedWith(github, repository, shared)
      return guard(permissionFor[shared], () => listOf(github, request, shared, { all }))
    }
    case 'runs':
      return guard('actions', () =>
        below[1] === 'artifacts'
          ? artifacts.list(repository.fullName, Number(below[0]))
          : runsRoute(request, repository, below),
      )
    case 'workflows':
      return guard('actions', () => workflowsRoute(github, request, repository, below))
    case 'artifacts':
      return guard('actions', () => artifacts.view(repository.fullName, Number(below[0])))
    default:
      return notFound
  }
}

function organizationRoute({ github, request, token }: Asked, parts: readonly string[]): Answer {
  const [login = '', area, kind, ...below] = parts
  const organization = github.organizations.get(login.toLowerCase())
  if (organization === undefined || area !== 'actions') return notFound
  if (kind !== 'secrets' && kind !== 'variables') return notFound
  const permission = kind === 'secrets' ? 'organization_secrets' : 'organization_actions_variables'
  return guarded(request, token, [permission], () =>
    itemsRoute(github, request, organization, kind, below),
  )
}

function itemsRoute(
  github: GitHubState,
  request: Recorded,
  scope: Scope,
  kind: Kind,
  parts: readonly string[],
): Answer {
  return kind === 'secrets'
    ? secretsRoute(github, request, scope, parts)
    : variablesRoute(github, request, scope, parts)
}

/** The GraphQL queries that gh sends here: identities of repositories, one by variables or several by aliases. */
function graphql({ repositories }: GitHubState, request: Recorded): Answer {
  const { query = '', variables } = readJson(request) ?? {}
  const aliases = [
    ...String(query).matchAll(/(\w+): repository\(owner: "([^"]*)", name: "([^"]*)"\)/g),
  ]
  const { owner, name } = (variables ?? {}) as Record<string, unknown>
  const asked =
    aliases.length > 0 ? aliases.map(([, ...each]) => each) : [['repository', owner, name]]
  const data = Object.fromEntries(
    asked.map(([alias, owner, name]) => [
      alias,
      identity(repositories.get(`${owner}/${name}`.toLowerCase())),
    ]),
  )
  const isComplete = Object.values(data).every((repository) => repository !== null)
  return ok({ data, ...(!isComplete && { errors: [{ type: 'NOT_FOUND', message: 'Not Found' }] }) })
}

function identity(repository: Repository | undefined) {
  if (repository === undefined) return null
  const { id, owner: login, name, fullName, defaultBranch } = repository
  return {
    id: `R_${id}`,
    databaseId: id,
    name,
    nameWithOwner: fullName,
    owner: { id: `O_${login}`, login },
    defaultBranchRef: { name: defaultBranch },
    viewerPermission: 'ADMIN',
  }
}
