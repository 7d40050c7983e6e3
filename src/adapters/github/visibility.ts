import { Problem } from '../../domain/problem.ts'
import type { TargetSpec, Visibility } from '../../ports.ts'
import type { GitHubClient } from './client.ts'
import { attempt } from './errors.ts'
import { members, textOf, unexpected } from './json.ts'
import { isSameName, ownerAndName } from './location.ts'
import { GitHubError, refused } from './refusal.ts'

/** Who may read an organization's secret or variable, as requests say it; empty at the other levels. */
interface Access {
  readonly visibility?: Visibility
  readonly selected_repository_ids?: readonly number[]
}

/** Who may read what is stored in a target. */
export interface Visibilities {
  /** Remembers what a secret has, by GitHub's answer about it; null when it does not exist. */
  learn(name: string, secret: unknown): Promise<void>
  /**
   * Settles what new secrets and variables get.
   * @throws Problem `input-invalid` when the input differs from what the current secret has
   */
  settle(names: { readonly current: string; readonly lock: string }): Promise<void>
  /** For a request that writes a secret or a variable. */
  of(name: string): Access
  /** Whether workflows of a repository receive what is stored. */
  covers(repository: string): boolean
}

type OrganizationSpec = Extract<TargetSpec, { kind: 'organization' }>

export function createVisibilities(client: GitHubClient, spec: TargetSpec): Visibilities {
  if (spec.kind === 'organization') return ofOrganization(client, spec)
  return {
    learn: async () => {},
    settle: async () => {},
    of: () => ({}),
    covers: (repository) => isSameName(spec.repository, repository),
  }
}

interface Readers {
  readonly visibility: Visibility
  /** With `selected`: names of the repositories by their ids. */
  readonly repositories?: ReadonlyMap<number, string>
}

/**
 * What an existing secret has is kept; new secrets and records get what the current private key has. Neither is widened
 * or narrowed in passing.
 */
function ofOrganization(client: GitHubClient, spec: OrganizationSpec): Visibilities {
  const known = new Map<string, Readers>()
  let settled: Readers = { visibility: 'private' }
  let lock: string | null = null

  return {
    async learn(name, secret) {
      if (secret === null) known.delete(name)
      else known.set(name, await readersOf(client, spec.organization, name, secret))
    },
    async settle({ current, lock: lockName }) {
      lock = lockName
      const found = known.get(current) ?? null
      const wanted = await wantedReaders(client, spec)
      if (found && wanted)
        assertSame(found, wanted, `${current} of organization ${spec.organization}`)
      settled = found ?? wanted ?? { visibility: 'private' }
    },
    of(name) {
      // Only this action reads the lock, and by a token: nothing is gained by showing it to more workflows.
      if (name === lock) return { visibility: 'private' }
      const { visibility, repositories } = known.get(name) ?? settled
      return {
        visibility,
        ...(repositories && { selected_repository_ids: [...repositories.keys()] }),
      }
    },
    covers(repository) {
      if (!isSameName(spec.organization, ownerAndName(repository).owner)) return false
      const { repositories } = settled
      if (repositories === undefined) return true
      return [...repositories.values()].some((name) => isSameName(name, repository))
    },
  }
}

async function readersOf(
  client: GitHubClient,
  org: string,
  name: string,
  secret: unknown,
): Promise<Readers> {
  const { visibility } = members(secret)
  if (visibility === 'all' || visibility === 'private') return { visibility }
  if (visibility !== 'selected') throw unexpected()
  const route = 'GET /orgs/{org}/actions/secrets/{secret_name}/repositories'
  const { items, complete } = await client.list(route, { org, secret_name: name }, 'repositories')
  // An incomplete list would take the key away from the repositories that are missing in it.
  if (!complete) {
    throw new GitHubError(
      refused(null, `the list of repositories that may read secret ${name} does not end`),
    )
  }
  const selected = items
    .map(members)
    .map(({ id, full_name }) => [idOf(id), textOf(full_name)] as const)
  return { visibility, repositories: new Map(selected) }
}

/** What the input visibility asks for; null when it is empty. */
async function wantedReaders(
  client: GitHubClient,
  { visibility, repositories }: OrganizationSpec,
): Promise<Readers | null> {
  if (visibility !== 'selected') return visibility && { visibility }
  const selected = await Promise.all(
    repositories.map(async (name) => [await repositoryId(client, name), name] as const),
  )
  return { visibility, repositories: new Map(selected) }
}

function assertSame(found: Readers, wanted: Readers, secret: string): void {
  if (wanted.visibility !== found.visibility) {
    throw differs(
      `visibility is ${wanted.visibility}, but secret ${secret} has visibility ${found.visibility}`,
    )
  }
  const [ids = [], wantedIds = []] = [found, wanted].map(({ repositories }) =>
    [...(repositories?.keys() ?? [])].sort(),
  )
  if (ids.join() !== wantedIds.join()) {
    throw differs(`repository does not name the same repositories that may read secret ${secret}`)
  }
}

function differs(fact: string): Problem {
  return new Problem(
    'input-invalid',
    fact,
    'leave visibility empty to keep what the secret has; to change who may read the key, change the secret first, under Settings → Secrets and variables → Actions',
  )
}

function repositoryId(client: GitHubClient, repository: string): Promise<number> {
  return attempt({ what: 'read the id', where: repository }, async () => {
    const data = await client.request('GET /repos/{owner}/{repo}', ownerAndName(repository))
    return idOf(members(data).id)
  })
}

function idOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unexpected()
  return value
}
