import type { Answer, Recorded } from '../request.ts'
import { noContent, notFound, ok, page } from './answers.ts'
import type { GitHubState, Kind, Scope, Secret } from './model.ts'
import { selectionRoute } from './sharing.ts'
import { remove } from './values.ts'

export const limits = {
  bytes: 48 * 1024,
  repository: { secrets: 100, variables: 500 },
  environment: { secrets: 100, variables: 100 },
  organization: { secrets: 1000, variables: 1000 },
}

const pages = {
  secrets: { usual: 30, max: 100 },
  variables: { usual: 10, max: 30 },
}

export const isName = (name: string): boolean =>
  /^[A-Z_][A-Z0-9_]*$/i.test(name) && !/^GITHUB_/i.test(name)

/** Requests that are the same for secrets and variables: show, share or delete one. */
export function itemRoute(
  github: GitHubState,
  request: Recorded,
  scope: Scope,
  kind: Kind,
  [name = '', below, member]: readonly string[],
): Answer {
  const item = scope[kind].get(name.toUpperCase())
  if (item === undefined) return notFound
  if (below === 'repositories' && scope.level === 'organization') {
    return selectionRoute(github, request, { items: scope[kind], item, member })
  }
  if (below !== undefined) return notFound
  if (request.method === 'GET') return ok(itemView(github, item, kind, scope))
  if (request.method !== 'DELETE') return notFound
  remove(github, scope, kind === 'secrets' ? 'secret' : 'variable', item.name)
  return noContent
}

export const listItems = (
  github: GitHubState,
  request: Recorded,
  scope: Scope,
  kind: Kind,
): Answer => listOf(github, request, kind, { all: [...scope[kind].values()], scope })

/** Lists items, sorted by name. `scope` is needed where the answer shows the organization's visibility. */
export function listOf(
  github: GitHubState,
  request: Recorded,
  kind: Kind,
  { all, scope }: { readonly all: readonly Secret[]; readonly scope?: Scope },
): Answer {
  const sorted = [...all].sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, headers } = page(request, sorted, pages[kind])
  const views = items.map((item) => itemView(github, item, kind, scope))
  return { status: 200, headers, body: { total_count: all.length, [kind]: views } }
}

function itemView({ apiUrl }: GitHubState, item: Secret, kind: Kind, scope?: Scope) {
  const { name, value, created_at, updated_at, visibility } = item
  return {
    name,
    ...(kind === 'variables' && { value }),
    created_at,
    updated_at,
    ...(scope?.level === 'organization' && { visibility }),
    ...(visibility === 'selected' && {
      selected_repositories_url: `${apiUrl}/orgs/${scope?.title}/actions/${kind}/${name}/repositories`,
    }),
  }
}
