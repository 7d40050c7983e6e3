import { setTimeout as pause } from 'node:timers/promises'
import type { Credentials, Order } from './action/inputs.ts'
import { readAmazonPayUrl, readApiUrl } from './action/values.ts'
import type { AppTokenOptions, InstallationToken } from './adapters/github/app-token.ts'
import { type Forms, formsFor } from './adapters/github/forms.ts'
import { requiredPermissions } from './adapters/github/permissions.ts'
import { assertToken } from './adapters/github/token.ts'
import { readOpenSsh } from './adapters/sshpk.ts'
import type { Needs } from './commands/needs.ts'
import { maskForms } from './domain/key/masks.ts'
import { generateKeyPair, type KeyPair, privateKeyPem } from './domain/key/pair.ts'
import { exposed, isExposed } from './domain/key-import/exposure.ts'
import { importAppKey } from './domain/key-import/import.ts'
import { naming, Problem } from './domain/problem.ts'
import type { Clock, GitHub, Inputs, Run, Runner, Target, TargetSpec, World } from './ports.ts'
import type { Book } from './summary/outcome.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface Options {
  readonly runner: Runner
  readonly book: Book
  readonly env: Environment
  readonly clock: Clock
  readonly deadline: { readonly signal: AbortSignal; readonly at: Date }
  /** What the command is sure to need. */
  readonly needs: Needs
}

interface OpenWorld {
  readonly world: World
  /** Revokes the token that was requested with the App's credentials. */
  readonly close: () => Promise<void>
}

/** The forms of GitHub that create a credential for an order's targets. */
export function formsOn(
  runner: Runner,
): (targets: readonly TargetSpec[], redeploy: boolean) => Forms {
  const server = serverOf(runner.run)
  return (targets, redeploy) => formsFor(targets, { server, redeploy })
}

/** Scheme and host of GitHub's pages for people. */
function serverOf({ url }: Run): string {
  return URL.canParse(url) ? new URL(url).origin : 'https://github.com'
}

/** Creates the adapters that this command needs. Others are not loaded, so that the step starts fast. */
export async function openWorld(order: Order, options: Options): Promise<OpenWorld> {
  const { runner, book, env, clock, needs } = options
  const apiUrl = readApiUrl('GITHUB_API_URL', env.GITHUB_API_URL || 'https://api.github.com')
  const amazonPayUrl = readAmazonPayUrl(env.AMAZON_PAY_API_URL, apiUrl)
  checkTls(env, book)
  // Finding primes is slow and runs on another thread: begun now, it overlaps with loading the adapters.
  const makePair = keyPairs(needs.keyPair)
  const { targets, github, close } = await openGitHub(order, apiUrl, options)
  // The largest library by far: what will need it loads it while primes are found.
  const loadArtifacts = () => import('./adapters/artifact.ts')
  if (needs.artifacts) loadArtifacts().catch(() => {})
  const world: World = {
    runner,
    clock,
    targets,
    github,
    generateKeyPair: makePair,
    artifacts: {
      async upload(...upload) {
        const { createArtifactStore } = await loadArtifacts()
        return createArtifactStore(runner.run.url, runner.stop).upload(...upload)
      },
    },
    amazonPay: {
      async send(request) {
        const { createAmazonPay } = await import('./adapters/amazon-pay.ts')
        return createAmazonPay(amazonPayUrl).send(request)
      },
    },
    readOpenSsh,
  }
  return { world, close }
}

/** Starts generating the first pair early if one is needed. */
function keyPairs(needed: boolean): () => Promise<KeyPair> {
  let begun = needed ? generateKeyPair() : null
  begun?.catch(() => {})
  return () => {
    const pair = begun ?? generateKeyPair()
    begun = null
    return pair
  }
}

/** Without certificate checks, a server in between could read a key or answer in place of GitHub. */
function checkTls(env: Environment, book: Book): void {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    throw new Problem(
      'input-invalid',
      'NODE_TLS_REJECT_UNAUTHORIZED is 0 in the environment of this step, which turns certificate checks off',
      'remove it, and find out which earlier step set it; to trust a private certificate authority, set NODE_EXTRA_CA_CERTS',
    )
  }
  const proxy = ['HTTPS_PROXY', 'https_proxy'].find((name) => env[name])
  const system = env.NODE_USE_SYSTEM_CA === '1' ? ['SSL_CERT_FILE', 'SSL_CERT_DIR'] : []
  const certificates = ['NODE_EXTRA_CA_CERTS', ...system].find((name) => env[name])
  if (proxy && certificates) {
    book.warn({
      fact: `${proxy} and ${certificates} are both set: the proxy can read everything that this step sends and receives`,
      hint: 'check that both are set by your own runner, and not by an earlier step of this job',
    })
  }
}

const nothing = async (): Promise<void> => {}

interface OpenGitHub {
  readonly targets: readonly Target[]
  readonly github: GitHub | null
  readonly close: () => Promise<void>
}

async function openGitHub(order: Order, apiUrl: URL, options: Options): Promise<OpenGitHub> {
  const { credentials, targets: specs } = order
  if (credentials.kind === 'none') return { targets: [], github: null, close: nothing }
  const { runner, clock, deadline } = options
  const api = await import('./adapters/github/index.ts')
  const connection = {
    apiUrl: apiUrl.href.replace(/\/$/, ''),
    serverUrl: serverOf(runner.run),
    clock,
    deadline,
    tell: runner.info,
    debug: runner.debug,
  }
  const { token, lacksActions, close } =
    credentials.kind === 'token'
      ? { token: await checkedToken(credentials.token), lacksActions: false, close: nothing }
      : await requestToken(order, credentials, options, (app) =>
          api.getInstallationToken({ ...connection, ...app }),
        )
  const client = api.createGitHubClient({ ...connection, token })
  return {
    targets: specs.map((spec) => api.createTarget(client, spec, lacksActions)),
    github: api.createGitHub(client, runner.run, lacksActions),
    close,
  }
}

/** Checked before any request: GitHub would answer 401 without saying why. */
function checkedToken(text: string): Promise<string> {
  return naming('token', () => {
    assertToken(text.trim())
    return text.trim()
  })
}

type AppCredentials = Extract<Credentials, { kind: 'app' }>
type AppToken = Pick<
  AppTokenOptions,
  'clientId' | 'pem' | 'permissions' | 'optional' | 'owner' | 'repositories'
>

/** Requests a token for exactly these targets and exactly the permissions of the command. */
async function requestToken(
  { inputs, targets }: Order,
  { clientId, privateKey }: AppCredentials,
  { runner, book }: Options,
  request: (app: AppToken) => Promise<InstallationToken>,
): Promise<{ token: string; lacksActions: boolean; close: () => Promise<void> }> {
  const { pair, masks } = await naming('app-private-key', () =>
    importAppKey(privateKey, readOpenSsh),
  )
  for (const mask of [...masks, ...maskForms(pair)]) runner.mask(mask)
  if (await isExposed(runner.eventTexts, pair, { passphrase: null, readOpenSsh })) {
    throw exposed('app-private-key')
  }
  const { required, optional } = requiredPermissions(inputs.command, targets, {
    fromApproval: inputs.publicKeyId === 'from-approval',
    redeploy: inputs.redeploy !== null,
  })
  const granted = await request({
    clientId,
    pem: privateKeyPem(pair),
    permissions: required,
    optional,
    ...ownerOf(inputs, targets, {
      approved: required.actions ? runner.run.repository : null,
      starts: optional.actions === 'write',
    }),
  })
  runner.mask(granted.token)
  for (const remark of granted.remarks) book.warn(remark)
  const lacksActions = granted.permissions.actions === undefined
  return { token: granted.token, lacksActions, close: granted.revoke }
}

/**
 * The one owner of all targets, and its repositories; none for an organization of which only secrets are meant.
 * @param needs approved: the repository of this run, whose approvals are read; starts: a workflow of each repository is started
 */
function ownerOf(
  { repositories }: Inputs,
  targets: readonly TargetSpec[],
  { approved, starts }: { readonly approved: string | null; readonly starts: boolean },
): { owner: string; repositories: string[] } {
  const organization = targets.find((target) => target.kind === 'organization')?.organization
  const owners = [...(organization ? [organization] : []), ...repositories.map(ownerIn)]
  const [owner = ''] = owners
  const other = owners.find((name) => name.toLowerCase() !== owner.toLowerCase())
  if (other !== undefined && !organization) {
    throw new Problem(
      'input-invalid',
      `repository names repositories of ${owner} and of ${other}, but a GitHub App token covers one owner only`,
      'use one step for each owner, or pass a token that covers both',
    )
  }
  const own = (name: string): boolean => ownerIn(name).toLowerCase() === owner.toLowerCase()
  const all = [...repositories, ...(approved ? [approved] : [])].filter(own)
  return {
    owner,
    repositories: organization && !approved && !starts ? [] : [...new Set(all)],
  }
}

function ownerIn(repository: string): string {
  return repository.split('/')[0] ?? ''
}

/** A clock whose pauses end early when the step must stop. */
export function createClock(stop: AbortSignal): Clock {
  return {
    now: () => new Date(),
    sleep: (milliseconds) => pause(milliseconds, undefined, { signal: stop }).catch(() => {}),
  }
}
