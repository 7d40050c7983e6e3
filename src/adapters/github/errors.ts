import { Problem, type ProblemCode } from '../../domain/problem.ts'
import { onOneLine } from '../../domain/text.ts'
import type { TargetSpec } from '../../ports.ts'
import type { Forms } from './forms.ts'
import { GitHubError, type Refusal } from './refusal.ts'

/** What was tried, for the message and the code. */
export interface Attempt {
  /** “read secrets”, “write variable AMAZON_PAY_KEY”. */
  readonly what: string
  /** “acme/shop”, “environment production of acme/shop”. */
  readonly where: string
  /** Default: a repository. */
  readonly kind?: TargetSpec['kind']
  /** What the request would have changed. Without it, it only reads. */
  readonly write?: 'secret' | 'variable' | undefined
  /** What the token needs, in GitHub's words, where it is not Secrets and Variables: “Actions: read”. */
  readonly needs?: string
  /** Where a credential with the permissions of this target is made. */
  readonly forms?: Forms
}

/**
 * Does the work of an attempt.
 * @throws Problem what GitHub's refusal means
 */
export async function attempt<T>(tried: Attempt, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(error, tried)
  }
}

/** What GitHub's refusal means for a person, and what to do next. What is not a refusal is thrown on. */
export function explain(error: unknown, attempt: Attempt): Problem {
  if (error instanceof Problem) return error
  if (!(error instanceof GitHubError)) throw error
  const { refusal } = error
  const { code, fact, hint } =
    unavailable(refusal) ?? refusedByStatus(refusal, attempt) ?? otherwise(refusal, attempt)
  return new Problem(code, fact ?? failed(refusal, attempt), hint, {
    uncertain: attempt.write !== undefined && refusal.uncertain,
  })
}

interface Explanation {
  readonly code: ProblemCode
  /** Without one: what was tried, and the answer. */
  readonly fact?: string
  readonly hint: string
}

function failed(refusal: Refusal, { what, where }: Attempt): string {
  return `could not ${what} of ${where}: ${answerOf(refusal)}`
}

/** “GitHub answered 403 “Resource not accessible by integration””. */
export function answerOf({ status, message, proxy }: Refusal): string {
  if (status === null || proxy) return message
  const said = onOneLine(message)
  return `GitHub answered ${status}${said && ` “${said}”`}`
}

/** GitHub did not decide: another time, or another way to it, may give another answer. */
function unavailable(refusal: Refusal): Explanation | null {
  const hint = unavailableHint(refusal)
  return hint === null ? null : { code: 'github-unavailable', hint }
}

function unavailableHint(refusal: Refusal): string | null {
  const { status, limitedUntil } = refusal
  if (refusal.proxy) {
    return 'a proxy between the runner and GitHub probably answered: check HTTPS_PROXY and NO_PROXY, and whether the proxy lets GITHUB_API_URL through without a login page'
  }
  if (refusal.limited) {
    const when = limitedUntil
      ? `wait until ${limitedUntil.toISOString().slice(0, 19)}Z`
      : 'wait a few minutes (up to an hour if it is an hourly limit)'
    return `this token has reached GitHub’s rate limit: ${when}, then run the same command again`
  }
  if (refusal.untrusted) {
    return 'if your proxy or GitHub Enterprise Server uses a private certificate authority, set NODE_EXTRA_CA_CERTS on the runner to the file with its certificate'
  }
  if (status === null || status === 408 || status >= 500) {
    return 'check GitHub’s status (githubstatus.com) and the runner’s network and proxy, then run the same command again: it continues where it was interrupted'
  }
  return null
}

function refusedByStatus(refusal: Refusal, attempt: Attempt): Explanation | null {
  const { status } = refusal
  const answer = answerOf(refusal)
  if (status === 401) {
    return {
      code: 'token-rejected',
      fact: `GitHub does not accept the token: ${answer}`,
      hint: 'the token is expired, revoked or truncated: pass app-client-id and app-private-key, so that this action gets a token itself, or a new token',
    }
  }
  if (status === 403) return forbidden(refusal, attempt)
  if (status === 404) return missing(refusal, attempt)
  if (status === 410) {
    return {
      code: 'target-not-found',
      fact: `${attempt.where} is not available: ${answer}`,
      hint: 'it was removed, or the feature is switched off there: correct the inputs repository, environment and organization',
    }
  }
  if (status === 451) {
    return {
      code: 'target-not-found',
      fact: `${attempt.where} is not available: ${answer}`,
      hint: 'GitHub has blocked it for legal reasons, which it has emailed to the owner; remove it from the inputs until it is available again',
    }
  }
  if (status !== null && status >= 300 && status < 400) {
    return {
      code: 'target-not-found',
      fact: `${attempt.where} has moved: ${answer}`,
      hint: 'set repository or organization to its new name (this action does not follow redirects with a token)',
    }
  }
  return null
}

function otherwise(refusal: Refusal, attempt: Attempt): Explanation {
  if (attempt.write === undefined) {
    return {
      code: 'github-unavailable',
      hint: 'this answer is unexpected: run the same command again; if it happens again, check GITHUB_API_URL and any proxy between the runner and GitHub',
    }
  }
  const isFull = /limit|maximum|too many/i.test(refusal.message)
  return {
    code: attempt.write === 'variable' ? 'variable-write-failed' : 'secret-write-failed',
    hint: isFull
      ? `delete ${attempt.write}s that are not used any more, then run the same command again`
      : 'check prefix, and the target under Settings → Secrets and variables → Actions, then run the same command again',
  }
}

/** Refusals that have nothing to do with permissions, by GitHub's own words. */
const refusalsByWords: readonly (readonly [words: RegExp, hint: string])[] = [
  [
    /SAML|single sign-on/i,
    'the organization requires SAML single sign-on: authorize this token for it (Settings → Developer settings → Personal access tokens → Configure SSO), or pass app-client-id and app-private-key, which need no authorization',
  ],
  [
    /IP allow list|IP address/i,
    'the organization has an IP allow list: run the job on a runner whose address is on it, or have an owner add the address under Settings → Authentication security',
  ],
  [
    /lifetime/i,
    'the organization limits the lifetime of tokens: create a token that expires sooner, or pass app-client-id and app-private-key',
  ],
  [
    /forbids access via|OAuth App access restrictions/i,
    'the organization does not accept this kind of token: pass app-client-id and app-private-key, or have an owner allow it under Settings → Third-party Access',
  ],
  [
    /archived/i,
    'the repository is archived, so nothing in it can be changed: unarchive it under Settings → General, or remove it from repository',
  ],
  [
    /installation has been suspended/i,
    'the installation of the GitHub App is suspended: unsuspend it under Settings → GitHub Apps',
  ],
  [
    /account (was|is|has been) (suspended|flagged)/i,
    'the account of this token is suspended: pass a token of another account, or app-client-id and app-private-key',
  ],
  [
    /access blocked|repository .*(disabled|blocked)/i,
    'GitHub has blocked access to this repository: its owner finds the reason on the repository’s page',
  ],
]

function forbidden(refusal: Refusal, attempt: Attempt): Explanation {
  const code = 'token-forbidden'
  const byWords = refusalsByWords.find(([words]) => words.test(refusal.message))
  if (byWords) return { code, hint: byWords[1] }
  const accepted = refusal.accepted ? ` and accepts ${onOneLine(refusal.accepted)}` : ''
  const permissions = permissionsOf(attempt)
  const { forms } = attempt
  const newApp = forms ? `; to register an App, use this pre-filled form: ${forms.app}` : ''
  const newToken = forms ? `, or create a new one (pre-filled form: ${forms.token})` : ''
  return {
    code,
    fact: `${failed(refusal, attempt)}${accepted}`,
    hint: /by integration/i.test(refusal.message)
      ? `give the GitHub App ${permissions}; GITHUB_TOKEN can never read or write secrets, whatever \`permissions\` say${newApp}`
      : `give the token ${permissions}${newToken}; runs from forks and of Dependabot receive no secrets`,
  }
}

/** In GitHub's words for its settings pages. */
function permissionsOf({ kind = 'repository', write, needs }: Attempt): string {
  if (needs) return `the repository permission ${needs}`
  const level = write === undefined ? 'read' : 'read and write'
  return {
    repository: `the repository permissions Secrets and Variables: ${level}`,
    environment: `the repository permissions Secrets, Variables and Environments: ${level}`,
    organization: `the organization permissions Secrets and Variables: ${level}`,
  }[kind]
}

function missing(refusal: Refusal, { where, kind = 'repository' }: Attempt): Explanation {
  const hint = {
    repository:
      'check the spelling of repository, and that the token covers it: without access to a private repository, GitHub also answers 404 (a classic token needs the scope repo)',
    environment:
      'check the spelling of environment and repository; create the environment under Settings → Environments, since this action never does; GitHub also answers 404 if the token does not cover the repository',
    organization:
      'check the spelling of organization, and that the token covers it: without access, GitHub also answers 404 (a classic token needs the scope admin:org)',
  }[kind]
  return {
    code: kind === 'environment' ? 'environment-not-found' : 'target-not-found',
    fact: `${where} was not found with this token: ${answerOf(refusal)}`,
    hint,
  }
}
