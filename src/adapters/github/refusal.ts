import { OversizedAnswer } from './bounded-fetch.ts'

/** What came instead of the answer that was asked for. */
export interface Refusal {
  /** Null: no answer, or none that can be used. */
  readonly status: number | null
  /** GitHub's own words on one line; without an answer, what happened instead. */
  readonly message: string
  /** Permissions that the endpoint accepts, as GitHub writes them: `secrets=write`. */
  readonly accepted: string | null
  /** A rate limit: the same request will be answered later. */
  readonly limited: boolean
  /** When GitHub will answer again, by its own clock. */
  readonly limitedUntil: Date | null
  /** Milliseconds before the same request may be sent again, on top of the back-off; null when that would not help. */
  readonly retryAfter: number | null
  /** A proxy answered in GitHub's place, often with a web page to log in, or did not let the request through. */
  readonly proxy: boolean
  /** The server's certificate was not accepted. */
  readonly untrusted: boolean
  /** Whether one of the tries got no clear answer: the request may have had its effect. */
  readonly uncertain: boolean
  /** The `Date` of the answer. */
  readonly date: Date | null
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

/** A refusal of which nothing more is known. */
export function refused(status: number | null, message: string): Refusal {
  return {
    status,
    message,
    accepted: null,
    limited: false,
    limitedUntil: null,
    retryAfter: null,
    proxy: false,
    untrusted: false,
    uncertain: false,
    date: null,
  }
}

/** Whether an error is GitHub's answer with this status. */
export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof GitHubError && error.refusal.status === status
}

/** GitHub's own words in a refusal. */
export function wordsOf(error: unknown): string {
  return error instanceof GitHubError ? error.refusal.message : ''
}

/** An answer, or the part of one that is looked at. */
export interface GitHubAnswer {
  readonly status: number
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | number | undefined>>
  readonly data?: unknown
}

type AnswerHeaders = GitHubAnswer['headers']

/** The answer that Octokit made an error of; null where there was none. */
export function answerIn(error: unknown): GitHubAnswer | null {
  const { response } = (error ?? {}) as { readonly response?: GitHubAnswer }
  return response ?? null
}

/** What GitHub, or the way to it, gave for one try. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof GitHubError) return error.refusal
  const answer = answerIn(error)
  return answer ? refusalIn(answer) : unanswered(causeOf(error))
}

/** Octokit and fetch each wrap what went wrong in an error of their own. */
function causeOf(error: unknown): unknown {
  let innermost = error
  for (let depth = 0; depth < 5; depth += 1) {
    const { cause } = (innermost ?? {}) as { readonly cause?: unknown }
    if (cause === undefined) break
    innermost = cause
  }
  return innermost
}

/** The refusal that an answer means. */
export function refusalIn(answer: GitHubAnswer): Refusal {
  const { status, headers, data } = answer
  const proxy = isWebPage(answer) && !isGitHubsOwn(status, headers)
  const said = (data as { message?: unknown } | null | undefined)?.message
  const words = typeof said === 'string' ? said.replaceAll(/\s+/g, ' ').trim().slice(0, 300) : ''
  const message = proxy
    ? `a web page came (status ${status}), not an answer from GitHub’s API`
    : words
  const limited = !proxy && isLimited(status, headers, message)
  const date = dateOf(headers)
  const pause = pauseOf(headers, date)
  const failing = !proxy && (status === 408 || status >= 500)
  return {
    ...refused(status, message),
    accepted: text(headers, 'x-accepted-github-permissions')?.slice(0, 200) ?? null,
    limited,
    limitedUntil: limited && pause !== null && date ? pointInTime(date.getTime() + pause) : null,
    retryAfter: limited ? (pause ?? unnamedPause) : failing ? (pause ?? 0) : null,
    proxy,
    // Whether a try with this status may have had its effect.
    uncertain: status < 300 || status === 408 || status >= 500,
    date,
  }
}

export function dateOf(headers: AnswerHeaders): Date | null {
  return pointInTime(Date.parse(text(headers, 'date') ?? ''))
}

/** HTML, by its type or, where a proxy names none, by its first character. */
export function isWebPage({ headers, data }: GitHubAnswer): boolean {
  const type = text(headers, 'content-type') ?? ''
  return /^text\/html\b/i.test(type) || (typeof data === 'string' && /^\s*</.test(data))
}

/** GitHub's own outage page is a web page too, and carries a request id. */
function isGitHubsOwn(status: number, headers: AnswerHeaders): boolean {
  return status >= 500 && headers['x-github-request-id'] !== undefined
}

function isLimited(status: number, headers: AnswerHeaders, message: string): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  return (
    headers['retry-after'] !== undefined ||
    numberIn(headers, 'x-ratelimit-remaining') === 0 ||
    /rate limit|abuse/i.test(message)
  )
}

/** Null for a time that is further away than a Date can say. */
export function pointInTime(milliseconds: number): Date | null {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? null : date
}

const unnamedPause = 60_000

/** Milliseconds until GitHub takes requests again: `retry-after`, else `x-ratelimit-reset`; null without either. */
function pauseOf(headers: AnswerHeaders, now: Date | null): number | null {
  const after = numberIn(headers, 'retry-after')
  if (Number.isFinite(after)) return Math.max(0, after * 1000)
  const reset = numberIn(headers, 'x-ratelimit-reset')
  const exhausted = numberIn(headers, 'x-ratelimit-remaining') === 0
  if (!exhausted || !Number.isFinite(reset) || now === null) return null
  return Math.max(0, reset * 1000 - now.getTime())
}

/** Why there was no answer, in words; the codes are those of Node.js and OpenSSL. */
function unanswered(cause: unknown): Refusal {
  if (cause instanceof OversizedAnswer) {
    return { ...refused(null, `GitHub’s address sent ${cause.message}`), uncertain: true }
  }
  const { code, name, message: words } = (cause ?? {}) as Readonly<Record<string, unknown>>
  // The words of undici for a proxy that wants a password, or refuses the address.
  if (/^Proxy response \(4\d\d\)/.test(String(words))) {
    return { ...refused(null, 'a proxy did not let the request through'), proxy: true }
  }
  const known = typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : null
  const untrusted = known !== null && /CERT|SIGNATURE|SELF_SIGNED/.test(known)
  const because = known ?? (name === 'TimeoutError' ? 'no answer in time' : null)
  const message = untrusted
    ? `the certificate of GitHub’s address is not trusted (${known})`
    : `GitHub did not answer${because === null ? '' : ` (${because})`}`
  return { ...refused(null, message), retryAfter: 0, untrusted, uncertain: !untrusted }
}

function text(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  return value === undefined ? undefined : String(value)
}

/** NaN without such a header. */
export function numberIn(headers: AnswerHeaders, name: string): number {
  return Number(headers[name] ?? Number.NaN)
}
