import type { Answer, Recorded } from '../request.ts'
import { failure, noContent, notFound, ok, page, readJson } from './answers.ts'
import type { GitHubState, Repository, WorkflowRun } from './model.ts'
import { addRun } from './scopes.ts'
import { runView, workflowView } from './views.ts'

/** `…/actions/runs`, `…/runs/{id}` and `…/runs/{id}/approvals`. */
export function runsRoute(
  request: Recorded,
  { runs }: Repository,
  [id, below]: readonly string[],
): Answer {
  if (request.method !== 'GET') return notFound
  if (id === undefined) return listRuns(request, runs)
  const run = runs.find((candidate) => candidate.id === Number(id))
  if (run === undefined) return notFound
  if (below === undefined) return ok(runView(run))
  return below === 'approvals' ? ok(run.approvals) : notFound
}

function listRuns(request: Recorded, runs: readonly WorkflowRun[]): Answer {
  const status = request.query.get('status')
  const isMeant = createdFilter(request.query.get('created'))
  const all = runs
    .filter((run) => status === null || run.status === status || run.conclusion === status)
    .filter((run) => isMeant(run.created_at))
    .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))
  const { items, headers } = page(request, all, { usual: 30, max: 100 })
  const body = { total_count: all.length, workflow_runs: items.map(runView) }
  return { status: 200, headers, body }
}

/** `created=`: `>=2026-11-24`, `<…`, `a..b`, or a day. */
function createdFilter(filter: string | null): (date: string) => boolean {
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
    return operator === '<' ? distance < 0 : date.startsWith(limit)
  }
}

/** `…/actions/workflows/{file or id}` and its `dispatches`. */
export function workflowsRoute(
  github: GitHubState,
  request: Recorded,
  repository: Repository,
  [id, below]: readonly string[],
): Answer {
  const workflow = repository.workflows.find(
    (one) => String(one.id) === id || one.path.endsWith(`/${id}`),
  )
  if (workflow === undefined) return notFound
  if (request.method === 'GET' && below === undefined) return ok(workflowView(workflow))
  if (request.method !== 'POST' || below !== 'dispatches') return notFound
  const { ref, inputs = {} } = readJson(request) ?? {}
  if (typeof ref !== 'string') return failure(422, '"ref" wasn\'t supplied.')
  if (ref.replace(/^refs\/heads\//, '') !== repository.defaultBranch) {
    return failure(422, `No ref found for: ${ref}`)
  }
  if (workflow.state !== 'active') {
    return failure(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
  }
  if (!workflow.dispatchable) {
    return failure(422, "Workflow does not have 'workflow_dispatch' trigger")
  }
  github.dispatches.push({
    repository: repository.fullName,
    workflow: workflow.path,
    ref,
    inputs: inputs as Record<string, string>,
  })
  addRun(github, repository, { name: workflow.name, event: 'workflow_dispatch' })
  return noContent
}
