import type { Answer, Recorded } from '../request.ts'
import { failure, noContent, notFound, page, readJson } from './answers.ts'
import type { GitHubState, Scope, Secret, Shared } from './model.ts'
import { repositoryView } from './views.ts'

/** Visibility and selection of an organization's secret or variable, from the body of a request. */
export function readSharing(
  github: GitHubState,
  { visibility, selected_repository_ids: ids }: Record<string, unknown>,
  scope: Scope,
  isRequired: boolean,
): Shared | Answer {
  if (scope.level !== 'organization') return {}
  if (visibility === undefined && !isRequired) return {}
  if (visibility !== 'private' && visibility !== 'all' && visibility !== 'selected') {
    return failure(422, 'Invalid request. "visibility" must be one of: all, private, selected')
  }
  if (visibility !== 'selected') {
    return ids === undefined
      ? { visibility, selected: [] }
      : failure(422, 'selected_repository_ids may only be used with visibility selected')
  }
  // GitHub does not document what a missing list means. The worst case is assumed: the old list is deleted.
  const selected = ids ?? []
  return isListOfOwn(github, selected, scope.title)
    ? { visibility, selected: [...selected] }
    : failure(422, 'Validation Failed: selected_repository_ids')
}

function isListOfOwn({ repositories }: GitHubState, ids: unknown, owner: string): ids is number[] {
  const own = [...repositories.values()].filter(
    (repository) => repository.owner.toLowerCase() === owner.toLowerCase(),
  )
  return Array.isArray(ids) && ids.every((id) => own.some((repository) => repository.id === id))
}

/** `…/{name}/repositories` and `…/{name}/repositories/{id}`. */
export function selectionRoute(
  { repositories }: GitHubState,
  request: Recorded,
  {
    items,
    item,
    member,
  }: {
    readonly items: Map<string, Secret>
    readonly item: Secret
    readonly member: string | undefined
  },
): Answer {
  const { method } = request
  const chosen = item.selected ?? []
  const select = (selected: readonly number[]): Answer => {
    items.set(item.name, { ...item, selected })
    return noContent
  }
  if (method === 'GET' && member === undefined) {
    const all = [...repositories.values()].filter(({ id }) => chosen.includes(id))
    const listed = page(request, all, { usual: 30, max: 100 })
    const body = { total_count: all.length, repositories: listed.items.map(repositoryView) }
    return { status: 200, headers: listed.headers, body }
  }
  if (item.visibility !== 'selected') return failure(409, 'Visibility is not set to selected')
  if (method === 'PUT' && member === undefined) {
    const ids = readJson(request)?.selected_repository_ids
    return Array.isArray(ids)
      ? select(ids.map(Number))
      : failure(422, '"selected_repository_ids" wasn\'t supplied.')
  }
  if (method === 'PUT') return select([...new Set([...chosen, Number(member)])])
  return method === 'DELETE' ? select(chosen.filter((id) => id !== Number(member))) : notFound
}
