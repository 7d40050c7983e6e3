import { Problem } from '../../domain/problem.ts'
import type { GitHubClient } from './client.ts'
import { members, unexpected } from './json.ts'
import { ownerAndName } from './location.ts'
import { type Level, type Permission, type Permissions, permissionTitles } from './permissions.ts'
import { hasStatus, wordsOf } from './refusal.ts'

/** What is read of a GitHub App's installation on an account. */
export interface Installation {
  readonly id: number
  readonly suspended: boolean
  /** Null where GitHub does not say. */
  readonly permissions: Readonly<Record<string, unknown>> | null
  /** The page where the account's owner sets permissions and repositories. */
  readonly page: string | null
}

/**
 * The installation that covers a repository, or an account. Null where there is none.
 * @throws GitHubError
 */
export async function findInstallation(
  app: GitHubClient,
  owner: string,
  repositories: readonly string[],
): Promise<Installation | null> {
  const [first] = repositories
  if (first !== undefined) return installationOn(app, first)
  return (
    (await lookUp(app, 'GET /orgs/{org}/installation', { org: owner })) ??
    (await installationOfAccount(app, owner))
  )
}

export function installationOn(
  app: GitHubClient,
  repository: string,
): Promise<Installation | null> {
  return lookUp(app, 'GET /repos/{owner}/{repo}/installation', ownerAndName(repository))
}

/** Of a user or of an organization: this endpoint knows both. */
export function installationOfAccount(
  app: GitHubClient,
  owner: string,
): Promise<Installation | null> {
  return lookUp(app, 'GET /users/{username}/installation', { username: owner })
}

async function lookUp(
  app: GitHubClient,
  route: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Installation | null> {
  try {
    const { data } = await app.request(route, parameters)
    return installationOf(data)
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
    suspended: typeof suspendedAt === 'string',
    permissions:
      typeof permissions === 'object' && permissions !== null ? members(permissions) : null,
    page: linkOf(page),
  }
}

/** An App's own pages. */
interface AppPages {
  /** Where it is installed on another account. */
  readonly install: string | null
  /** Where its permissions are set. */
  readonly permissions: string | null
}

/** Only for the hint of a problem: without an answer there are no links. */
export async function readAppPages(app: GitHubClient): Promise<AppPages> {
  try {
    const { slug, html_url, owner } = members((await app.request('GET /app')).data)
    const page = linkOf(html_url)
    if (page === null || typeof slug !== 'string') return noPages
    const { login, type } = members(owner)
    const folder = type === 'Organization' ? `/organizations/${login}/settings` : '/settings'
    const settings = `${new URL(page).origin}${folder}/apps/${encodeURIComponent(slug)}`
    return { install: `${page}/installations/new`, permissions: `${settings}/permissions` }
  } catch {
    return noPages
  }
}

const noPages: AppPages = { install: null, permissions: null }

/** An address that can be printed and clicked. */
function linkOf(value: unknown): string | null {
  return typeof value === 'string' && /^https?:\/\/[\w.:[\]-]+\/[\w./-]*$/.test(value)
    ? value
    : null
}

/** Which of the permissions an installation does not have at the level that is needed. */
export function missingFrom(
  installation: Installation,
  wanted: Permissions,
): readonly Permission[] {
  const { permissions } = installation
  if (permissions === null) return []
  return namesOf(wanted).filter(
    // Every App has it, and GitHub does not always list it.
    (name) => name !== 'metadata' && rank(permissions[name]) < rank(wanted[name]),
  )
}

export function namesOf(permissions: Permissions): readonly Permission[] {
  return (Object.keys(permissionTitles) as Permission[]).filter((name) => permissions[name])
}

function rank(level: unknown): number {
  return ['read', 'write', 'admin'].indexOf(String(level))
}

/** “Secrets (repository): read and write, Actions (repository): read”. */
export function titlesOf(names: readonly Permission[], wanted: Permissions): string {
  const words: Readonly<Record<Level, string>> = { read: 'read', write: 'read and write' }
  return names
    .map((name) => `${permissionTitles[name]}: ${words[wanted[name] ?? 'read']}`)
    .join(', ')
}

export function notInstalled(owner: string, { install }: AppPages): Problem {
  return new Problem(
    'app-not-installed',
    `the GitHub App of app-client-id is not installed on ${owner}`,
    `install it at ${install ?? 'the page of the App, under Install App'}, on ${owner}, for the target repositories`,
  )
}

export function repositoryMissing(
  repositories: readonly string[],
  { page }: Installation,
): Problem {
  const which =
    repositories.length === 0 ? 'one of the target repositories' : repositories.join(', ')
  return new Problem(
    'app-not-installed',
    `the installation of the GitHub App does not cover ${which}`,
    `check the spelling of repository, and select it under Repository access at ${settingsOf(page)}`,
  )
}

export function suspendedInstallation(owner: string, { page }: Installation): Problem {
  return new Problem(
    'app-not-installed',
    `the installation of the GitHub App on ${owner} is suspended`,
    `unsuspend it at ${settingsOf(page)}`,
  )
}

export function lacking(
  titles: string,
  owner: string,
  pages: AppPages,
  { page }: Installation,
): Problem {
  return new Problem(
    'token-forbidden',
    `the GitHub App lacks permissions on ${owner}: ${titles}`,
    `give the App these permissions at ${pages.permissions ?? 'its settings under Permissions & events'}, then accept them at ${settingsOf(page)}`,
  )
}

export function settingsOf(page: string | null): string {
  return page ?? 'the account’s Settings → GitHub Apps → Configure'
}
