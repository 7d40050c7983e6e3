import { createHash, createPublicKey, randomBytes, randomUUID } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { type Artifact, createArtifactService } from './artifacts.ts'
import { type Apps, appsOf, everything } from './github/apps.ts'
import { type Jobs, jobsOf } from './github/jobs.ts'
import type {
  App,
  Dispatch,
  GitHubState,
  Installation,
  Organization,
  Repository,
  Token,
  Write,
} from './github/model.ts'
import { route } from './github/routes.ts'
import { type Scopes, scopesOf } from './github/scopes.ts'
import { type Writer, writerOf } from './github/values.ts'
import { startServer } from './server.ts'

export { forbidden, primaryRateLimit, secondaryRateLimit } from './github/answers.ts'
export type { JobValues, QueuedRun } from './github/jobs.ts'
export type * from './github/model.ts'

export interface GitHub extends GitHubState, Scopes, Writer, Jobs, Apps {
  /** An installation token with all permissions in all repositories. */
  readonly token: string
  addToken(value: string, token?: Partial<Token>): string
}

export interface GitHubOptions {
  readonly now?: () => Date
}

/** The part of GitHub that the action uses, on one port of 127.0.0.1. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  await sodium.ready
  const server = await startServer({
    handler: (request) => route(state, artifacts, request),
    headers: () => headersOf(state),
  })
  let lastId = 1000
  const state: GitHubState = Object.assign(server, {
    apiUrl: server.url,
    serverUrl: 'https://github.com',
    now: options.now ?? (() => new Date()),
    repositories: new Map<string, Repository>(),
    organizations: new Map<string, Organization>(),
    tokens: new Map<string, Token>(),
    apps: [] as App[],
    installations: [] as Installation[],
    writes: [] as Write[],
    dispatches: [] as Dispatch[],
    artifacts: [] as Artifact[],
    artifactsDown: false,
    rateLimit: { limit: 5000, remaining: 5000, reset: null as Date | null },
    nextId: () => ++lastId,
  })
  const artifacts = createArtifactService(state)
  const addToken: GitHub['addToken'] = (value, { kind, permissions, ...more } = {}) => {
    state.tokens.set(value, {
      kind: kind ?? 'app',
      permissions: permissions ?? everything,
      ...more,
    })
    return value
  }
  return Object.assign(state, {
    ...scopesOf(state),
    ...writerOf(state),
    ...jobsOf(state),
    ...appsOf(state),
    addToken,
    token: addToken(`ghs_rehearsal${randomBytes(12).toString('hex')}`),
  })
}

function headersOf({ now, rateLimit: { limit, remaining, reset } }: GitHubState) {
  const at = reset?.getTime() ?? now().getTime() + 3_600_000
  return {
    date: now().toUTCString(),
    'x-github-request-id': randomUUID(),
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-used': String(limit - remaining),
    'x-ratelimit-reset': String(Math.ceil(at / 1000)),
    'x-ratelimit-resource': 'core',
  }
}

/** The fingerprint of a key, computed independently of the action: unpadded base64 of the SHA-256 of its SPKI. */
export function openedFingerprint(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`
}
