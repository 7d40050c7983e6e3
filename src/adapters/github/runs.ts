import { Problem } from '../../domain/problem.ts'
import type { Approval, GitHub, OpenRun, Run } from '../../ports.ts'
import type { GitHubClient } from './client.ts'
import { attempt, explain } from './errors.ts'
import { listOf, members, textOf } from './json.ts'
import { orNull, ownerAndName } from './location.ts'
import { hasStatus, wordsOf } from './refusal.ts'

/** What most requests of this file need, in GitHub's words. */
const reading = 'Actions: read'

/** Every status of a run that is not completed. */
const openStatuses = ['queued', 'in_progress', 'waiting', 'pending', 'requested']
/** GitHub shows no more than the first 1,000 runs of a search. */
const maxRunPages = 10

/** What GitHub knows of runs and workflows, and of its own clock and limits. */
export function createGitHub(client: GitHubClient, run: Run, lacksActions = false): GitHub {
  return {
    lacksActions,
    get serverTime() {
      return client.seen.serverTime
    },
    get writes() {
      return client.seen.writes
    },
    get remaining() {
      return client.seen.remaining
    },
    approvals: () => readApprovals(client, run),
    openRuns: (repository, before) => readOpenRuns(client, repository, before),
    assertDispatchable: (repository, workflow) => assertDispatchable(client, repository, workflow),
    dispatch: (repository, workflow) => dispatch(client, repository, workflow),
  }
}

async function readApprovals(client: GitHubClient, run: Run): Promise<readonly Approval[]> {
  const route = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals'
  try {
    const data = await client.request(route, { ...ownerAndName(run.repository), run_id: run.id })
    return listOf(data).map(approvalOf)
  } catch (error) {
    const what = 'read the approvals'
    const problem = explain(error, { what, where: `run ${run.id}`, needs: reading })
    if (problem.code !== 'token-forbidden' && problem.code !== 'target-not-found') throw problem
    throw problem.extend({
      hint: `public-key-id: from-approval needs a token with Actions: read for ${run.repository}; or pass the Public Key ID itself`,
    })
  }
}

function approvalOf(value: unknown): Approval {
  const { state, comment, environments } = members(value)
  return {
    state: textOf(state),
    comment: typeof comment === 'string' ? comment : '',
    environments: listOf(environments).map((environment) => textOf(members(environment).name)),
  }
}

function readOpenRuns(
  client: GitHubClient,
  repository: string,
  before: Date,
): Promise<readonly OpenRun[]> {
  const route = 'GET /repos/{owner}/{repo}/actions/runs'
  const created = `<${before.toISOString().slice(0, 19)}Z`
  const what = 'list the open runs'
  return attempt({ what, where: repository, needs: reading }, async () => {
    const found: OpenRun[] = []
    for (const status of openStatuses) {
      const parameters = { ...ownerAndName(repository), status, created }
      const { items } = await client.list(route, parameters, 'workflow_runs', maxRunPages)
      found.push(...items.map(openRunOf))
    }
    return found
  })
}

function openRunOf(value: unknown): OpenRun {
  const { html_url: url, name, status, created_at: createdAt } = members(value)
  return {
    url: textOf(url),
    name: typeof name === 'string' ? name : '',
    status: textOf(status),
    createdAt: textOf(createdAt),
  }
}

async function assertDispatchable(
  client: GitHubClient,
  repository: string,
  workflow: string,
): Promise<void> {
  const route = 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}'
  const what = `read workflow ${workflow}`
  const state = await attempt({ what, where: repository, needs: reading }, async () => {
    const parameters = { ...ownerAndName(repository), workflow_id: workflow }
    const data = await orNull(client.request(route, parameters))
    if (data === null) throw noWorkflow(repository, workflow)
    return textOf(members(data).state)
  })
  if (state === 'active') return
  throw new Problem(
    'input-invalid',
    `workflow ${workflow} of ${repository} is disabled`,
    'enable it on its page under Actions, or remove redeploy',
  )
}

/** Not sent again when the answer is lost: the workflow would run twice. */
async function dispatch(
  client: GitHubClient,
  repository: string,
  workflow: string,
): Promise<string> {
  const names = ownerAndName(repository)
  const page = `${client.serverUrl}/${repository}/actions/workflows/${encodeURIComponent(workflow)}`
  try {
    const shown = await client.request('GET /repos/{owner}/{repo}', names)
    const ref = textOf(members(shown).default_branch)
    const answer = await client.request(
      'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
      { ...names, workflow_id: workflow, ref },
      false,
    )
    return startedRun(answer, client.serverUrl) ?? page
  } catch (error) {
    if (hasStatus(error, 404)) throw noWorkflow(repository, workflow)
    const needs = 'Actions: read and write'
    const what = `start workflow ${workflow}`
    const problem = explain(error, { what, where: repository, needs })
    throw hasStatus(error, 422) ? notDispatchable(problem, error, workflow) : problem
  }
}

/** The page of the run itself, where GitHub names it and it is on the same server. */
function startedRun(data: unknown, server: string): string | null {
  const { html_url: url } = members(data)
  return typeof url === 'string' && url.startsWith(`${server}/`) ? url : null
}

function notDispatchable(problem: Problem, error: unknown, workflow: string): Problem {
  const words = wordsOf(error)
  let hint = `add on: workflow_dispatch to ${workflow} on the default branch, or name another workflow in redeploy`
  if (/disabled/i.test(words)) hint = 'enable it on its page under Actions, or remove redeploy'
  else if (/input/i.test(words)) {
    hint = `give every required input under on: workflow_dispatch of ${workflow} a default value`
  }
  return problem.extend({ code: 'input-invalid', hint })
}

function noWorkflow(repository: string, workflow: string): Problem {
  return new Problem(
    'input-invalid',
    `workflow ${workflow} was not found in ${repository} with this token: GitHub answered 404`,
    'set redeploy to the file name of a workflow on the default branch, such as deploy.yml, and check that the token covers the repository',
  )
}
