import { getOctokit } from '@actions/github'
import pRetry from 'p-retry'
import { Problem } from '../../domain/problem.ts'
import type { Approval, Clock, GitHub, OpenRun, Run } from '../../ports.ts'

/** The API version that these requests were written for. */
const apiVersion = '2022-11-28'
const requestTimeout = 10_000
const retries = 3

/** One answer of GitHub that is not an error. */
export interface Reply {
  readonly status: number
  readonly data: unknown
}

/** What GitHub said instead of an answer. */
export interface Refusal {
  /** Null: no answer came, or none that could be read. */
  readonly status: number | null
  readonly message: string
  /** Permissions that the endpoint accepts, as GitHub writes them: `secrets=write`. */
  readonly accepted: string | null
  /** Whether this is a rate limit: the same request would be answered later. */
  readonly limited: boolean
  /** Whether any of the tries went without a clear answer: it may have had its effect. */
  readonly uncertain?: boolean
}

/** A request that failed for good. */
export class GitHubError extends Error {
  override readonly name = 'GitHubError'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(`GitHub: ${refusal.status ?? 'no answer'}`)
    this.refusal = refusal
  }
}

/** Sends one request to GitHub's REST API, retrying what is worth it. */
export interface GitHubClient {
  request(route: string, parameters?: Record<string, unknown>): Promise<Reply>
  readonly serverTime: Date | null
}

/**
 * Octokit with the retries of this action. The ready-made plugins do not fit: plugin-retry repeats a 409,
 * which is an answer here (the record is the lock), and plugin-throttling pauses between the two secrets of
 * one pair, which must be written back to back.
 */
export function createGitHubClient(options: {
  readonly token: string
  readonly apiUrl: string
  readonly clock: Clock
  /** Says why nothing happens for a while. */
  readonly tell: (line: string) => void
  /** Ends everything that is still under way when the step's time is up. */
  readonly deadline: { readonly signal: AbortSignal; readonly at: Date }
  /** Called when a request that changes something was sent. */
  readonly onWrite?: () => void
}): GitHubClient {
  const { clock, deadline } = options
  const silent = (): void => {}
  const octokit = getOctokit(options.token, {
    baseUrl: options.apiUrl,
    userAgent: 'amazon-pay-keys',
    log: { debug: silent, info: silent, warn: silent, error: silent },
  })
  let serverTime: Date | null = null

  const once = async (route: string, parameters: Record<string, unknown>): Promise<Reply> => {
    try {
      const { status, data, headers } = await octokit.request(route, {
        ...parameters,
        headers: { 'x-github-api-version': apiVersion },
        request: {
          signal: AbortSignal.any([AbortSignal.timeout(requestTimeout), deadline.signal]),
          // A redirect could lead the token, or a sealed key, to another place than was named.
          redirect: 'manual',
        },
      })
      if (headers.date) serverTime = new Date(headers.date)
      if (status >= 300) throw new GitHubError(refused(status, 'moved'))
      return { status, data: data as unknown }
    } catch (error) {
      throw error instanceof GitHubError ? error : new RetryableError(error)
    }
  }

  return {
    async request(route, parameters = {}) {
      let uncertain = false
      if (!route.startsWith('GET ')) options.onWrite?.()
      try {
        return await pRetry(() => once(route, parameters), {
          retries,
          minTimeout: 1000,
          factor: 2,
          randomize: true,
          signal: deadline.signal,
          shouldRetry: ({ error }) => error instanceof RetryableError && error.wait !== null,
          onFailedAttempt: async ({ error, retriesLeft }) => {
            if (error instanceof RetryableError) uncertain ||= isUnclear(error.refusal)
            if (!(error instanceof RetryableError) || !error.wait || retriesLeft === 0) return
            // No use in waiting for a rate limit that outlasts the step.
            if (clock.now().getTime() + error.wait > deadline.at.getTime()) throw error
            options.tell(
              `GitHub asks to wait ${Math.ceil(error.wait / 1000)} seconds before the next request`,
            )
            await clock.sleep(error.wait)
          },
        })
      } catch (error) {
        if (error instanceof GitHubError) throw error
        const refusal = refusalOf(error)
        throw new GitHubError({ ...refusal, uncertain: uncertain || isUnclear(refusal) })
      }
    },
    get serverTime() {
      return serverTime
    },
  }
}

/** A failed try, with the time to wait before the next one: null when another try would not help. */
class RetryableError extends Error {
  override readonly name = 'RetryableError'
  readonly refusal: Refusal
  /** Milliseconds that GitHub asks to wait, on top of the back-off. */
  readonly wait: number | null

  constructor(cause: unknown) {
    super('GitHub request failed')
    this.refusal = refusalOf(cause)
    this.wait = waitOf(cause, this.refusal)
  }
}

interface OctokitFailure {
  status?: number
  message?: string
  response?: { headers?: Record<string, string | undefined>; data?: { message?: unknown } }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof RetryableError) return error.refusal
  const { status, response } = (error ?? {}) as OctokitFailure
  if (!response) return refused(null, 'GitHub did not answer')
  // GitHub's own words, cut, on one line: they are quoted in a message.
  const said = response.data?.message
  const message = typeof said === 'string' ? said.replaceAll(/\s+/g, ' ').slice(0, 200) : ''
  const headers = response.headers ?? {}
  return {
    status: status ?? null,
    message,
    accepted: headers['x-accepted-github-permissions'] ?? null,
    limited:
      status === 429 ||
      (status === 403 &&
        (headers['retry-after'] !== undefined ||
          headers['x-ratelimit-remaining'] === '0' ||
          /rate limit|abuse/i.test(message))),
  }
}

function isUnclear({ status }: Refusal): boolean {
  return status === null || status >= 500
}

/** A refusal that says nothing about permissions or limits. */
export function refused(status: number | null, message: string): Refusal {
  return { status, message, accepted: null, limited: false }
}

/** GitHub's rules for rate limits: `retry-after`, else `x-ratelimit-reset`, else a minute. */
function waitOf(error: unknown, { status, limited }: Refusal): number | null {
  const headers = (error as OctokitFailure | null)?.response?.headers ?? {}
  if (limited) {
    const after = Number(headers['retry-after'])
    if (headers['retry-after'] !== undefined && Number.isFinite(after)) return after * 1000
    const reset = Number(headers['x-ratelimit-reset'])
    const now = Date.parse(headers.date ?? '')
    if (headers['x-ratelimit-remaining'] === '0' && reset > 0 && now > 0) {
      return Math.max(0, reset * 1000 - now)
    }
    return 60_000
  }
  return status === null || status >= 500 || status === 408 ? 0 : null
}

/** What was tried, for the message and the code. */
export interface Attempt {
  /** “read secrets”, “write variable AMAZON_PAY_KEY”. */
  readonly what: string
  /** “acme/shop”, “environment production of acme/shop”. */
  readonly where: string
  readonly environment: string | null
  readonly write: 'secret' | 'variable' | null
}

/** What GitHub's refusal means for a person, and what to do next. */
export function explain(error: unknown, attempt: Attempt): Problem {
  if (!(error instanceof GitHubError)) throw error
  const { refusal } = error
  const { status, message } = refusal
  const answered = `answered ${status}${message && ` “${message}”`}`
  const fact = `could not ${attempt.what} of ${attempt.where}: ${status === null ? message : `GitHub ${answered}`}`
  const uncertain = attempt.write !== null && refusal.uncertain === true
  const make = (code: Problem['code'], text: string, hint: string): Problem =>
    new Problem(code, text, hint, { uncertain })

  if (refusal.limited) {
    return make(
      'github-unavailable',
      fact,
      'this token has used up what GitHub allows for now: wait for some minutes, after an hourly limit for up to an hour, then run this again',
    )
  }
  if (status === null || status >= 500) {
    return make(
      'github-unavailable',
      fact,
      'look at GitHub’s status (githubstatus.com) and run this again: it goes on where it was cut off',
    )
  }
  if (status === 401) {
    return make(
      'token-rejected',
      `GitHub does not accept the token: it ${answered}`,
      'token is expired, revoked or cut off; take a fresh one in this very job, for example from actions/create-github-app-token',
    )
  }
  if (status === 403) return forbidden(attempt, refusal, fact, make)
  if (status === 404 || (status >= 300 && status < 400)) return missing(attempt, status, make)
  const full = /limit|maximum|too many/i.test(message)
  return make(
    attempt.write === 'variable' ? 'variable-write-failed' : 'secret-write-failed',
    fact,
    full
      ? `delete ${attempt.write ?? 'secret'}s that nobody uses any more, then run this again`
      : 'check prefix and the named target under Settings → Secrets and variables, then run this again',
  )
}

type Make = (code: Problem['code'], fact: string, hint: string) => Problem

function forbidden(attempt: Attempt, refusal: Refusal, fact: string, make: Make): Problem {
  const wants = refusal.accepted ? ` and accepts a token with ${refusal.accepted}` : ''
  const permissions = attempt.environment
    ? 'Secrets: write, Variables: write and Environments: write for this target'
    : attempt.where.startsWith('organization ')
      ? 'the organization permissions Secrets: write and Variables: write'
      : 'Secrets: write and Variables: write for this target'
  const app = /integration/i.test(refusal.message)
  return make(
    'token-forbidden',
    `${fact}${wants}`,
    app
      ? `give the App ${permissions}, and ask for them when its token is made (docs/permissions.md shows the step); GITHUB_TOKEN can never read or write secrets, whatever \`permissions\` say`
      : `give the token ${permissions}; runs of forks and of Dependabot get no secrets and so no token`,
  )
}

function missing(attempt: Attempt, status: number, make: Make): Problem {
  if (status !== 404) {
    return make(
      'target-not-found',
      `${attempt.where} has moved: GitHub answered ${status}`,
      'name it in repository as it is called now; the token is not sent after a redirect',
    )
  }
  if (attempt.environment) {
    return make(
      'environment-not-found',
      `${attempt.where} was not found with this token: GitHub answered 404`,
      'check environment and repository for spelling, and create the environment with its required reviewers under Settings → Environments: this action never does; a token that does not cover the repository gets 404 as well',
    )
  }
  return make(
    'target-not-found',
    `${attempt.where} was not found with this token: GitHub answered 404`,
    'check repository or organization for spelling, and whether the token covers it: a private repository that it does not cover answers 404 as well, and so does everything to a classic token without the scope repo (admin:org for an organization)',
  )
}

/** What GitHub knows of runs. */
export function createGitHub(client: GitHubClient, run: Run): GitHub {
  const [owner, repo] = run.repository.split('/')
  return {
    async approvals() {
      const route = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals'
      const attempt = { what: 'read the approvals', where: `run ${run.id}`, environment: null }
      try {
        const { data } = await client.request(route, { owner, repo, run_id: run.id })
        return listOf(data).map(readApproval)
      } catch (error) {
        const problem = explain(error, { ...attempt, write: null })
        if (problem.code !== 'token-forbidden' && problem.code !== 'target-not-found') throw problem
        throw new Problem(
          problem.code,
          problem.fact,
          `public-key-id: from-approval needs a token with Actions: read for ${run.repository}; or pass the Public Key ID itself`,
        )
      }
    },
    async openRuns(repository, before) {
      const [owner, repo] = repository.split('/')
      const created = `<${before.toISOString().slice(0, 19)}Z`
      const found: OpenRun[] = []
      try {
        for (const status of ['queued', 'in_progress', 'waiting', 'pending', 'requested']) {
          const route = 'GET /repos/{owner}/{repo}/actions/runs'
          const parameters = { owner, repo, status, created, per_page: 100 }
          const { data } = await client.request(route, parameters)
          found.push(...listOf((data as { workflow_runs?: unknown })?.workflow_runs).map(readRun))
        }
      } catch (error) {
        const attempt = { what: 'list the open runs', where: repository, environment: null }
        throw explain(error, { ...attempt, write: null })
      }
      return found
    },
  }
}

function readApproval(value: unknown): Approval {
  const { state, comment, environments } = (value ?? {}) as Record<string, unknown>
  return {
    state: String(state ?? ''),
    comment: String(comment ?? ''),
    environments: listOf(environments).map((e) => String((e as { name?: unknown })?.name ?? '')),
  }
}

function readRun(value: unknown): OpenRun {
  const run = (value ?? {}) as Record<string, unknown>
  return {
    url: String(run.html_url ?? ''),
    name: String(run.name ?? ''),
    status: String(run.status ?? ''),
    createdAt: String(run.created_at ?? ''),
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
