import { Problem, type Warning } from '../../domain/problem.ts'
import { quoted } from '../../domain/text.ts'
import { type ClientOptions, createGitHubClient, type GitHubClient } from './client.ts'
import { answerOf, explain } from './errors.ts'
import {
  findInstallation,
  type Installation,
  isUnknownApp,
  lacking,
  notInstalled,
  suspended,
  uncovered,
} from './installation.ts'
import { members, textOf } from './json.ts'
import { ownerAndName } from './location.ts'
import { missingFrom, type Permissions, titlesOf } from './permissions.ts'
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
  /** Asked for as far as the App has it. */
  readonly optional: Pick<Permissions, 'actions'>
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
  const { owner, repositories } = options
  const app = createGitHubClient({ ...options, token: await createJwt(options) })
  try {
    const installation = await findInstallation(app, owner, repositories)
    const granted = await choosePermissions(app, installation, options)
    const token = await createToken(app, installation, granted.permissions, options)
    return { token, ...granted, revoke: () => revoke(token, options) }
  } catch (error) {
    const what = 'get a token for the GitHub App’s installation'
    throw rejected(error, options) ?? explain(error, { what, where: owner })
  }
}

/** GitHub accepts ten minutes from `iat`, and refuses an `iat` in its future: clocks may differ by a minute. */
async function createJwt({ clientId, pem, clock }: AppTokenOptions): Promise<string> {
  const { default: githubAppJwt } = await import('universal-github-app-jwt')
  // The library sets `iat` 30 seconds before `now`, and `exp` ten minutes after `iat`.
  const now = Math.floor(clock.now().getTime() / 1000) - 30
  return (await githubAppJwt({ id: clientId, privateKey: pem, now })).token
}

async function choosePermissions(
  app: GitHubClient,
  installation: Installation,
  { permissions, optional, owner }: AppTokenOptions,
): Promise<Pick<InstallationToken, 'permissions' | 'remarks'>> {
  const everything = { ...permissions, ...optional }
  const granted = installation.permissions ?? everything
  const missing = missingFrom(granted, permissions)
  if (Object.keys(missing).length > 0) throw await lacking(app, owner, missing, installation)
  const { actions: lacks } = missingFrom(granted, optional)
  if (!lacks) return { permissions: everything, remarks: [] }
  // Where writing is wanted and reading is granted, reading is asked for.
  const canRead = lacks === 'write' && !missingFrom(granted, { actions: 'read' }).actions
  return {
    permissions: { ...permissions, ...(canRead && { actions: 'read' }) },
    remarks: [
      {
        fact: `the GitHub App lacks the permission ${titlesOf({ actions: lacks })}, ${lost[lacks]}`,
        hint: `add it to the App under Permissions & events, then accept it at ${installation.settings}`,
      },
    ],
  }
}

const lost = {
  read: 'so protection rules of environments and open runs are not checked',
  write: 'so redeploy cannot start a workflow',
}

async function createToken(
  app: GitHubClient,
  installation: Installation,
  permissions: Permissions,
  { owner, repositories, permissions: required }: AppTokenOptions,
): Promise<string> {
  const names = repositories.map((repository) => ownerAndName(repository).repo)
  try {
    const data = await app.request('POST /app/installations/{installation_id}/access_tokens', {
      installation_id: installation.id,
      permissions,
      ...(names.length > 0 && { repositories: names }),
    })
    return textOf(members(data).token)
  } catch (error) {
    const words = wordsOf(error)
    if (hasStatus(error, 404)) throw await notInstalled(app, owner)
    if (hasStatus(error, 403) && /suspended/i.test(words)) throw suspended(owner, installation)
    if (!hasStatus(error, 422)) throw error
    if (/repositor/i.test(words)) throw await uncovered(app, installation, repositories)
    throw await lacking(app, owner, required, installation)
  }
}

const maxSkew = 60_000

/** What is wrong with the JWT; null when GitHub accepted it. */
function rejected(error: unknown, options: AppTokenOptions): Problem | null {
  const { clientId, clock } = options
  if (isUnknownApp(error)) {
    return new Problem(
      'token-rejected',
      `GitHub knows no App with the app-client-id ${quoted(clientId)}`,
      `copy the Client ID from the App’s settings page: ${appPages(options)}`,
    )
  }
  if (!(error instanceof GitHubError)) return null
  const { status, proxy, date } = error.refusal
  if (status !== 401 || proxy) return null
  const answer = answerOf(error.refusal)
  const skew = date === null ? 0 : date.getTime() - clock.now().getTime()
  if (Math.abs(skew) > maxSkew) {
    const seconds = Math.round(Math.abs(skew) / 1000)
    return new Problem(
      'token-rejected',
      `the runner’s clock is ${seconds} seconds ${skew > 0 ? 'behind' : 'ahead of'} GitHub’s, so GitHub rejects requests that are signed with app-private-key: ${answer}`,
      'set the runner’s clock (for example by NTP), then run the same command again',
    )
  }
  return new Problem(
    'token-rejected',
    `app-private-key is not a private key of the App that app-client-id names: ${answer}`,
    `compare both with the App’s settings page (Client ID under About, fingerprints under Private keys); if in doubt, generate a new private key there: ${appPages(options)}`,
  )
}

/** Where a person finds the App. Its own page is not known, since GitHub shows it only to the App. */
function appPages({ serverUrl, owner }: AppTokenOptions): string {
  const ofOrganization = `${serverUrl}/organizations/${encodeURIComponent(owner)}/settings/apps`
  return `${ofOrganization} (or ${serverUrl}/settings/apps, if a person owns the App)`
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
