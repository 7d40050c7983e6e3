import { Problem } from '../../domain/problem.ts'
import type { TargetSpec, Visibility } from '../../ports.ts'
import type { GitHubClient } from './client.ts'
import { explain } from './errors.ts'
import { members, textOf, unexpected } from './json.ts'
import { isSameName, ownerAndName } from './location.ts'
import { GitHubError, refused } from './refusal.ts'

/** Who may read an organization's secret or variable, as requests say it; empty at the other levels. */
export interface Access {
  readonly visibility?: Visibility
  readonly selected_repository_ids?: readonly number[]
}

/** Who may read what is stored in a target. */
export interface Visibilities {
  /** Remembers what a secret has, by GitHub's answer about it. */
  learn(name: string, visibility: unknown): Promise<void>
  /** For a secret that does not exist. */
  forget(name: string): void
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
    forget: () => {},
    settle: async () => {},
    of: () => ({}),
    covers: (repository) => isSameName(spec.repository, repository),
  }
}

/**
 * What an existing secret has is kept; new secrets and records get what the current private key has. Neither is widened
 * or narrowed in passing.
 */
function ofOrganization(client: GitHubClient, spec: OrganizationSpec): Visibilities {
  const known = new Map<string, Access>()
  /** Names of repositories by their ids, as far as they were seen. */
  const names = new Map<number, string>()
  let settled: Access = { visibility: 'private' }
  let lock: string | null = null

  return {
    async learn(name, visibility) {
      if (visibility === 'all' || visibility === 'private') known.set(name, { visibility })
      else if (visibility !== 'selected') throw unexpected()
      else {
        const selected = await selectedRepositories(client, spec.organization, name)
        for (const [id, repository] of selected) names.set(id, repository)
        known.set(name, { visibility, selected_repository_ids: selected.map(([id]) => id) })
      }
    },

    forget(name) {
      known.delete(name)
    },

    async settle({ current, lock: lockName }) {
      lock = lockName
      const access = known.get(current) ?? null
      const wanted = await accessOf(client, spec)
      for (const [id, repository] of wanted.selected) names.set(id, repository)
      if (access) assertSame(access, wanted.access, spec, current)
      settled = access ?? wanted.access ?? { visibility: 'private' }
    },

    // Only this action reads the lock, and by a token: nothing is gained by showing it to more workflows.
    of: (name) => (name === lock ? { visibility: 'private' } : (known.get(name) ?? settled)),

    covers(repository) {
      if (!isSameName(spec.organization, ownerAndName(repository).owner)) return false
      const ids = settled.selected_repository_ids
      return ids === undefined || ids.some((id) => isSameName(names.get(id) ?? '', repository))
    },
  }
}

type Selected = readonly (readonly [id: number, repository: string])[]

async function selectedRepositories(
  client: GitHubClient,
  org: string,
  secret: string,
): Promise<Selected> {
  const route = 'GET /orgs/{org}/actions/secrets/{secret_name}/repositories'
  const { items, complete } = await client.list(route, { org, secret_name: secret }, 'repositories')
  // An incomplete list would take the key away from the repositories that are missing in it.
  if (!complete) {
    throw new GitHubError(
      refused(null, `the list of repositories that may read secret ${secret} does not end`),
    )
  }
  return items.map((item) => {
    const { id, full_name: name } = members(item)
    return [idOf(id), textOf(name)] as const
  })
}

/** What the input visibility asks for; null when it is empty. */
async function accessOf(
  client: GitHubClient,
  spec: OrganizationSpec,
): Promise<{ readonly access: Access | null; readonly selected: Selected }> {
  const { visibility } = spec
  if (visibility !== 'selected') {
    return { access: visibility === null ? null : { visibility }, selected: [] }
  }
  const selected = await Promise.all(
    spec.repositories.map(
      async (repository) => [await repositoryId(client, repository), repository] as const,
    ),
  )
  return { access: { visibility, selected_repository_ids: selected.map(([id]) => id) }, selected }
}

function assertSame(
  access: Access,
  wanted: Access | null,
  { organization }: OrganizationSpec,
  secret: string,
): void {
  if (wanted === null) return
  const of = `secret ${secret} of organization ${organization}`
  if (wanted.visibility !== access.visibility) {
    throw differs(
      `visibility is ${wanted.visibility}, but ${of} has visibility ${access.visibility}`,
    )
  }
  const ids = access.selected_repository_ids ?? []
  const wantedIds = wanted.selected_repository_ids ?? []
  if (ids.length !== wantedIds.length || !ids.every((id) => wantedIds.includes(id))) {
    throw differs(`repository does not name the same repositories that may read ${of}`)
  }
}

function differs(fact: string): Problem {
  return new Problem(
    'input-invalid',
    fact,
    'leave visibility empty to keep what the secret has; to change who may read the key, change the secret first, under Settings → Secrets and variables → Actions',
  )
}

async function repositoryId(client: GitHubClient, repository: string): Promise<number> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}', ownerAndName(repository))
    return idOf(members(data).id)
  } catch (error) {
    throw explain(error, { what: 'read the id', where: repository })
  }
}

function idOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unexpected()
  return value
}
