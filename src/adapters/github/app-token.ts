import { Problem, type Warning } from '../../domain/problem.ts'
import { quoted } from '../../domain/text.ts'
import { type ClientOptions, createGitHubClient, type GitHubClient } from './client.ts'
import { explain } from './errors.ts'
import {
  findInstallation,
  type Installation,
  installationOfAccount,
  installationOn,
  isUnknownApp,
  lacking,
  missingFrom,
  namesOf,
  notInstalled,
  readAppPages,
  repositoryMissing,
  settingsOf,
  suspendedInstallation,
  titlesOf,
} from './installation.ts'
import { members, textOf } from './json.ts'
import { ownerAndName } from './location.ts'
import type { Permission, Permissions } from './permissions.ts'
import { GitHubError, hasStatus, wordsOf } from './refusal.ts'

export interface AppTokenOptions extends Omit<ClientOptions, 'token'> {
  /** Client ID, or numeric App ID. */
  readonly clientId: string
  /** The App's private key as PKCS#8 PEM. */
  readonly pem: string
  readonly owner: string
  /** `owner/name`; none: all that the installation covers. */
  readonly repositories: readonly string[]
  readonly permissions: Permissions
  /** Asked for as far as the App has them. */
  readonly optional: Permissions
}

export interface InstallationToken {
  readonly token: string
  readonly permissions: Permissions
  /** What was left out, and what that means. */
  readonly remarks: readonly Warning[]
  /** Makes the token useless. Never fails: without an answer, GitHub ends it within the hour. */
  revoke(): Promise<void>
}

/**
 * A token of a GitHub App's installation, for exactly these repositories and permissions.
 * @throws Problem `token-rejected`, `app-not-installed`, `token-forbidden`
 */
export async function getInstallationToken(options: AppTokenOptions): Promise<InstallationToken> {
  const app = createGitHubClient({ ...options, token: await createJwt(options) })
  try {
    const installation = await installationFor(app, options)
    const granted = await choosePermissions(app, installation, options)
    const token = await createToken(app, installation, granted.permissions, options)
    return { token, ...granted, revoke: () => revoke(token, options) }
  } catch (error) {
    const what = 'get a token for the GitHub App’s installation'
    throw rejected(error, options) ?? explain(error, { what, where: options.owner })
  }
}

/** GitHub accepts ten minutes from `iat`, and refuses an `iat` in its future: clocks may differ by a minute. */
async function createJwt({ clientId, pem, clock }: AppTokenOptions): Promise<string> {
  const { default: githubAppJwt } = await import('universal-github-app-jwt')
  // The library sets `iat` 30 seconds before `now`, and `exp` ten minutes after `iat`.
  const now = Math.floor(clock.now().getTime() / 1000) - 30
  return (await githubAppJwt({ id: clientId, privateKey: pem, now })).token
}

async function installationFor(
  app: GitHubClient,
  { owner, repositories }: AppTokenOptions,
): Promise<Installation> {
  const installation = await findInstallation(app, owner, repositories)
  if (installation?.suspended) throw suspendedInstallation(owner, installation)
  if (installation) return installation
  const ofAccount = repositories.length > 0 ? await installationOfAccount(app, owner) : null
  if (ofAccount === null) throw notInstalled(owner, await readAppPages(app))
  throw await uncovered(app, ofAccount, repositories)
}

/** Names the repositories that an installation does not cover. */
async function uncovered(
  app: GitHubClient,
  installation: Installation,
  repositories: readonly string[],
): Promise<Problem> {
  const missing: string[] = []
  for (const repository of repositories) {
    if ((await installationOn(app, repository)) === null) missing.push(repository)
  }
  return repositoryMissing(missing, installation)
}

type Granted = Pick<InstallationToken, 'permissions' | 'remarks'>

async function choosePermissions(
  app: GitHubClient,
  installation: Installation,
  { permissions, optional, owner }: AppTokenOptions,
): Promise<Granted> {
  const missing = missingFrom(installation, permissions)
  if (missing.length > 0) {
    const pages = await readAppPages(app)
    throw lacking(titlesOf(missing, permissions), owner, pages, installation)
  }
  const without = missingFrom(installation, optional)
  const granted = namesOf(optional).filter((name) => !without.includes(name))
  return {
    permissions: { ...permissions, ...only(granted, optional), ...readOnly(without, installation) },
    remarks: without.map((name) => remarkOn(name, optional, installation)),
  }
}

function only(names: readonly Permission[], of: Permissions): Permissions {
  return Object.fromEntries(names.map((name) => [name, of[name]]))
}

/** Where writing is wanted and reading is granted, reading is asked for. */
function readOnly(names: readonly Permission[], installation: Installation): Permissions {
  const readable = names.filter(
    (name) => missingFrom(installation, { [name]: 'read' }).length === 0,
  )
  return Object.fromEntries(readable.map((name) => [name, 'read']))
}

function remarkOn(name: Permission, wanted: Permissions, { page }: Installation): Warning {
  const title = titlesOf([name], wanted)
  const loss =
    wanted[name] === 'write'
      ? 'so redeploy cannot start a workflow'
      : 'so protection rules of environments and open runs are not checked'
  return {
    fact: `the GitHub App lacks the permission ${title}, ${loss}`,
    hint: `add it to the App under Permissions & events, then accept it at ${settingsOf(page)}`,
  }
}

async function createToken(
  app: GitHubClient,
  installation: Installation,
  permissions: Permissions,
  { owner, repositories, permissions: required }: AppTokenOptions,
): Promise<string> {
  try {
    const { data } = await app.request('POST /app/installations/{installation_id}/access_tokens', {
      installation_id: installation.id,
      permissions,
      ...(repositories.length > 0
        ? { repositories: repositories.map((repository) => ownerAndName(repository).repo) }
        : {}),
    })
    return textOf(members(data).token)
  } catch (error) {
    if (hasStatus(error, 404)) throw notInstalled(owner, await readAppPages(app))
    if (isSuspension(error)) throw suspendedInstallation(owner, installation)
    if (!hasStatus(error, 422)) throw error
    if (/repositor/i.test(wordsOf(error))) throw await uncovered(app, installation, repositories)
    const titles = titlesOf(namesOf(required), required)
    throw lacking(titles, owner, await readAppPages(app), installation)
  }
}

function isSuspension(error: unknown): boolean {
  return hasStatus(error, 403) && /suspended/i.test(wordsOf(error))
}

const maxSkew = 60_000

/** What is wrong with the JWT; null when GitHub accepted it. */
function rejected(error: unknown, { clientId, clock }: AppTokenOptions): Problem | null {
  if (isUnknownApp(error)) {
    return new Problem(
      'token-rejected',
      `GitHub knows no App with the app-client-id ${quoted(clientId)}`,
      'copy the Client ID from the page of the App (Settings → Developer settings → GitHub Apps)',
    )
  }
  if (!(error instanceof GitHubError) || error.refusal.status !== 401) return null
  const { message, date } = error.refusal
  const answer = `GitHub answered 401${message && ` “${message}”`}`
  const skew = date === null ? 0 : date.getTime() - clock.now().getTime()
  if (Math.abs(skew) > maxSkew) {
    const seconds = Math.round(Math.abs(skew) / 1000)
    return new Problem(
      'token-rejected',
      `the runner’s clock is ${seconds} seconds ${skew > 0 ? 'behind' : 'ahead of'} GitHub’s, so GitHub does not accept what the App signs: ${answer}`,
      'set the runner’s clock (for example by NTP), then run this again',
    )
  }
  return new Problem(
    'token-rejected',
    `GitHub does not accept app-private-key as a key of the App of app-client-id: ${answer}`,
    'compare both with the page of the App: the Client ID under About, the key’s fingerprint under Private keys; generate a new private key there if in doubt',
  )
}

const revocationTimeout = 5000

/** One try of its own: the step may have used up its time, and its signal may have fired. */
async function revoke(token: string, options: AppTokenOptions): Promise<void> {
  const at = new Date(options.clock.now().getTime() + revocationTimeout)
  const client = createGitHubClient({
    ...options,
    token,
    deadline: { signal: new AbortController().signal, at },
    retries: 0,
    requestTimeout: revocationTimeout,
  })
  try {
    await client.request('DELETE /installation/token')
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error
    options.debug('GitHub: the token was not revoked; it expires within the hour')
  }
}
