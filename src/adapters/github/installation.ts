import { Problem } from '../../domain/problem.ts'
import type { GitHubClient, Parameters } from './client.ts'
import { members, unexpected } from './json.ts'
import { ownerAndName } from './location.ts'
import { type Permissions, titlesOf } from './permissions.ts'
import { hasStatus, wordsOf } from './refusal.ts'

/** What is read of a GitHub App's installation on an account. */
export interface Installation {
  readonly id: number
  readonly isSuspended: boolean
  /** Null where GitHub does not say. */
  readonly permissions: Readonly<Record<string, unknown>> | null
  /** Where the account's owner sets permissions and repositories. */
  readonly settings: string
}

/**
 * The installation that covers these repositories of an account; none: the account itself.
 * @throws GitHubError
 * @throws Problem `app-not-installed`
 */
export async function findInstallation(
  app: GitHubClient,
  owner: string,
  repositories: readonly string[],
): Promise<Installation> {
  const [first] = repositories
  const found = first
    ? await installationOn(app, first)
    : await lookUp(app, 'GET /orgs/{org}/installation', { org: owner })
  if (found?.isSuspended) throw suspended(owner, found)
  if (found) return found
  // Of a user or of an organization: this endpoint knows both.
  const ofAccount = await lookUp(app, 'GET /users/{username}/installation', { username: owner })
  if (ofAccount === null) throw await notInstalled(app, owner)
  if (ofAccount.isSuspended) throw suspended(owner, ofAccount)
  if (!first) return ofAccount
  throw await uncovered(app, ofAccount, repositories)
}

function installationOn(app: GitHubClient, repository: string): Promise<Installation | null> {
  return lookUp(app, 'GET /repos/{owner}/{repo}/installation', ownerAndName(repository))
}

async function lookUp(
  app: GitHubClient,
  route: string,
  parameters: Parameters,
): Promise<Installation | null> {
  try {
    return installationOf(await app.request(route, parameters))
  } catch (error) {
    if (hasStatus(error, 404) && !isUnknownApp(error)) return null
    throw error
  }
}

/** GitHub's words for a JWT whose issuer is no App; it answers 404 as for an App that is not installed. */
export function isUnknownApp(error: unknown): boolean {
  return hasStatus(error, 404) && /integration not found/i.test(wordsOf(error))
}

function installationOf(data: unknown): Installation {
  const { id, suspended_at: suspendedAt, permissions, html_url: page } = members(data)
  if (typeof id !== 'number') throw unexpected()
  return {
    id,
    isSuspended: typeof suspendedAt === 'string',
    permissions:
      typeof permissions === 'object' && permissions !== null ? members(permissions) : null,
    settings: linkOf(page) ?? 'the account’s Settings → GitHub Apps → Configure',
  }
}

/** Where an App is installed on another account, and where its permissions are set. */
async function readAppPages(app: GitHubClient): Promise<{ install: string; permissions: string }> {
  try {
    const { slug, html_url, owner } = members(await app.request('GET /app'))
    const page = linkOf(html_url)
    if (page !== null && typeof slug === 'string') {
      const settings = `${new URL(page).origin}${folderOf(owner)}/settings/apps/${encodeURIComponent(slug)}`
      return { install: `${page}/installations/new`, permissions: `${settings}/permissions` }
    }
  } catch {
    // Only for the hint of a problem: without an answer there are no links.
  }
  return {
    install: 'the page of the App, under Install App',
    permissions: 'its settings under Permissions & events',
  }
}

/** Below which path the settings of an App's owner are. */
function folderOf(owner: unknown): string {
  const { login, type, slug } = members(owner)
  // Only an enterprise has a slug.
  if (typeof slug === 'string') return `/enterprises/${encodeURIComponent(slug)}`
  return type === 'Organization' ? `/organizations/${login}` : ''
}

/** An address that can be printed and clicked. */
function linkOf(value: unknown): string | null {
  return typeof value === 'string' && /^https?:\/\/[\w.:[\]-]+\/[\w./-]*$/.test(value)
    ? value
    : null
}

export async function notInstalled(app: GitHubClient, owner: string): Promise<Problem> {
  const { install } = await readAppPages(app)
  return new Problem(
    'app-not-installed',
    `the GitHub App that app-client-id names is not installed on ${owner}`,
    `install it at ${install}, on ${owner}, for the target repositories`,
  )
}

/** Names the repositories that an installation does not cover. */
export async function uncovered(
  app: GitHubClient,
  { settings }: Installation,
  repositories: readonly string[],
): Promise<Problem> {
  const missing: string[] = []
  for (const repository of repositories) {
    if ((await installationOn(app, repository)) === null) missing.push(repository)
  }
  return new Problem(
    'app-not-installed',
    `the installation of the GitHub App does not cover ${missing.join(', ') || 'one of the target repositories'}`,
    `check the spelling of repository, and select it under Repository access at ${settings}`,
  )
}

export function suspended(owner: string, { settings }: Installation): Problem {
  return new Problem(
    'app-not-installed',
    `the installation of the GitHub App on ${owner} is suspended`,
    `unsuspend it at ${settings}`,
  )
}

export async function lacking(
  app: GitHubClient,
  owner: string,
  permissions: Permissions,
  { settings }: Installation,
): Promise<Problem> {
  const pages = await readAppPages(app)
  return new Problem(
    'token-forbidden',
    `the GitHub App lacks permissions on ${owner}: ${titlesOf(permissions)}`,
    `give the App these permissions at ${pages.permissions}, then accept them at ${settings}`,
  )
}
