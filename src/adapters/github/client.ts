import { getOctokit } from '@actions/github'
import { onOneLine } from '../../domain/text.ts'
import type { GitHub } from '../../ports.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { listOf, members, unexpected } from './json.ts'
import {
  answerIn,
  dateOf,
  type GitHubAnswer,
  GitHubError,
  isWebPage,
  numberIn,
  pointInTime,
  refusalIn,
  refusalOf,
  refused,
} from './refusal.ts'
import { type RetryOptions, retried } from './retry.ts'

/** The API version that these requests were written for. */
const apiVersion = '2022-11-28'
const requestTimeout = 10_000
const pageSize = 100
const maxPages = 100

/** Values for a route's template; what the template does not name goes into the query or the body. */
export type Parameters = Readonly<Record<string, unknown>>

/** Sends requests to GitHub's REST API, and sends those again that failed for a moment. */
export interface GitHubClient {
  /** Scheme and host of GitHub's pages for people. */
  readonly serverUrl: string
  /** What the answers so far said of GitHub's clock and limits. */
  readonly seen: Seen
  /**
   * The data of the answer.
   * @param repeatable false: not sent again when the answer was lost, since it would happen twice
   * @throws GitHubError
   */
  request(route: string, parameters?: Parameters, repeatable?: boolean): Promise<unknown>
  /**
   * The items of a list, page by page.
   * @param member the member of each page that contains the items
   * @param pages how many pages are read at most
   * @throws GitHubError
   */
  list(route: string, parameters: Parameters, member: string, pages?: number): Promise<List>
}

type Seen = Pick<GitHub, 'serverTime' | 'writes' | 'remaining'>

interface List {
  readonly items: readonly unknown[]
  /** False: the list goes on after the last page that was read. */
  readonly complete: boolean
}

export interface ClientOptions extends RetryOptions {
  readonly token: string
  readonly apiUrl: string
  readonly serverUrl: string
  /** Says why nothing happens for a while. */
  readonly tell: (line: string) => void
  /** One line for each request and each answer. */
  readonly debug: (line: string) => void
  /** Milliseconds that one request may take. */
  readonly requestTimeout?: number
}

/**
 * Octokit with the retries of this action. The ready-made plugins do not fit: plugin-retry repeats a 409, which is an
 * answer here (the lock is a variable that can be created once), and plugin-throttling pauses between the two secrets
 * of one pair, which must be written back to back.
 */
export function createGitHubClient(options: ClientOptions): GitHubClient {
  const seen: Mutable<Seen> = { serverTime: null, writes: 0, remaining: null }
  const send = createSender(options, seen)
  const reportPause = createPauseReporter(options)
  const request: GitHubClient['request'] = (route, parameters = {}, repeatable = true) =>
    retried(() => send(route, parameters), { ...options, repeatable, reportPause })
  return {
    serverUrl: options.serverUrl,
    seen,
    request,
    async list(route, parameters, member, pages = maxPages) {
      const items: unknown[] = []
      for (let page = 1; page <= pages; page += 1) {
        const data = await request(route, { ...parameters, per_page: pageSize, page })
        const { [member]: found, total_count: total } = members(data)
        const onThisPage = listOf(found)
        items.push(...onThisPage)
        if (onThisPage.length < pageSize || items.length === total) return { items, complete: true }
      }
      return { items, complete: false }
    },
  }
}

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] }

/** Requests that run at the same time meet the same limit: it is reported once. */
function createPauseReporter({ clock, tell }: ClientOptions): (pause: number) => void {
  let reportedUntil = 0
  return (pause) => {
    const until = clock.now().getTime() + pause
    if (until - reportedUntil < 1000) return
    reportedUntil = until
    tell(`GitHub asks for a pause of ${Math.ceil(pause / 1000)} seconds`)
  }
}

/** Sends single requests, and remembers what the answers say of GitHub's clock and limits. */
function createSender(
  options: ClientOptions,
  seen: Mutable<Seen>,
): (route: string, parameters: Parameters) => Promise<unknown> {
  const octokit = createOctokit(options)
  return async (route, parameters) => {
    const line = `GitHub: ${describeRequest(route, parameters)}`
    const learn = ({ status, headers }: GitHubAnswer): void => {
      seen.serverTime = dateOf(headers) ?? seen.serverTime
      seen.remaining = remainingOf(headers) ?? seen.remaining
      options.debug(`${line}: ${describeAnswer(status, headers)}`)
    }
    if (isWrite(route)) seen.writes += 1
    options.debug(line)
    const timeout = AbortSignal.timeout(options.requestTimeout ?? requestTimeout)
    try {
      const answer = await octokit.request(route, {
        ...parameters,
        headers: { 'x-github-api-version': apiVersion },
        request: { signal: AbortSignal.any([timeout, options.deadline.signal]) },
      })
      learn(answer)
      return usable(answer)
    } catch (error) {
      const answer = answerIn(error)
      if (answer) learn(answer)
      else if (!(error instanceof GitHubError))
        options.debug(`${line}: ${refusalOf(error).message}`)
      throw error
    }
  }
}

function createOctokit({ token, apiUrl }: ClientOptions): ReturnType<typeof getOctokit> {
  const silent = (): void => {}
  return getOctokit(token, {
    baseUrl: apiUrl,
    userAgent: 'amazon-pay-keys',
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: {
      fetch: boundedFetch,
      // A redirect could lead the token, or a sealed key, to another address than the one that was named.
      redirect: 'manual',
      // Octokit warns here of what GitHub calls deprecated, on a stream of its own.
      log: { warn: silent },
    },
  })
}

/** The data of an answer that Octokit took for a success. */
function usable(answer: GitHubAnswer): unknown {
  const { status, data } = answer
  if (status >= 300) throw new GitHubError(refused(status, ''))
  if (isWebPage(answer)) throw new GitHubError(refusalIn(answer))
  // Octokit leaves a body as text that is not JSON. GitHub sends none such.
  if (typeof data === 'string' && data !== '') throw unexpected()
  return data
}

/** Requests that GitHub counts among those that create content, and wants to be paced. */
function isWrite(route: string): boolean {
  return !route.startsWith('GET ') && /\/(secrets|variables)\b/.test(route)
}

function remainingOf(headers: GitHubAnswer['headers']): GitHub['remaining'] {
  const requests = numberIn(headers, 'x-ratelimit-remaining')
  const resetAt = pointInTime(numberIn(headers, 'x-ratelimit-reset') * 1000)
  return Number.isSafeInteger(requests) && resetAt ? { requests, resetAt } : null
}

/** Method and path; never the query or the body. */
function describeRequest(route: string, parameters: Parameters): string {
  return onOneLine(
    route.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String(parameters[name] ?? '')),
    ),
  )
}

function describeAnswer(status: number, headers: GitHubAnswer['headers']): string {
  const id = String(headers['x-github-request-id'] ?? '')
  return `${status}, request ${/^[\w:.-]{1,100}$/.test(id) ? id : 'without id'}`
}
