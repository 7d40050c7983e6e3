import { Problem, Problems, type Warning } from '../../domain/problem.ts'
import { readKeyRecord, writeKeyRecord } from '../../domain/rotation/record.ts'
import {
  type Slot,
  type SlotNames,
  type Stored,
  type StoredRecord,
  slots,
} from '../../domain/rotation/slots.ts'
import type { SealedSecret, Target } from '../../ports.ts'
import {
  type Attempt,
  explain,
  type GitHubClient,
  GitHubError,
  type Reply,
  refused,
} from './client.ts'
import { loadSealing, type SealingKey, seal, sealingKeyBytes } from './sealed-box.ts'

/** A repository, one of its environments, or an organization. */
export type Place =
  | { readonly kind: 'repository'; readonly repository: string }
  | { readonly kind: 'environment'; readonly repository: string; readonly environment: string }
  | {
      readonly kind: 'organization'
      readonly organization: string
      /** As the input says; null: inherited from the current secret. */
      readonly visibility: Visibility | null
      /** Repositories for `selected`. */
      readonly repositories: readonly string[]
    }

export type Visibility = 'all' | 'private' | 'selected'

/** Who may read an organization's secret; nothing at the other levels. */
interface Access {
  readonly visibility?: Visibility
  readonly selected_repository_ids?: readonly number[]
}

/** GitHub allows this many secrets in a repository and in an environment. */
const mostSecrets = 100

/** Secrets and variables of one place over GitHub's REST API. */
export function createTarget(client: GitHubClient, place: Place, names: SlotNames): Target {
  const { path, parameters, where, environment } = addressOf(place)
  const remarks: Warning[] = []
  let sealingKey: SealingKey | null = null
  const access = createAccess(client, place)

  const call = (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    rest: string,
    more: Record<string, unknown> = {},
  ): Promise<Reply> => client.request(`${method} ${path}${rest}`, { ...parameters, ...more })

  const attempt = (what: string, write: Attempt['write'] = null): Attempt => ({
    what,
    where,
    environment,
    write,
  })

  const fetchSealingKey = async (): Promise<SealingKey> => {
    loadSealing()
    try {
      const { data } = await call('GET', '/secrets/public-key')
      const { key_id, key } = members(data)
      if (typeof key_id !== 'string' || typeof key !== 'string') throw unreadable()
      if (Buffer.from(key, 'base64').length !== sealingKeyBytes) throw unreadable()
      return { keyId: key_id, key }
    } catch (error) {
      throw explain(error, attempt('read the sealing key'))
    }
  }

  const getSecret = async (name: string): Promise<Stored | null> => {
    try {
      const { data } = await orNull(call('GET', '/secrets/{secret_name}', { secret_name: name }))
      if (data === null) return null
      if (place.kind === 'organization') await access.learn(name, members(data).visibility)
      return storedOf(data)
    } catch (error) {
      throw explain(error, attempt(`read secret ${name}`))
    }
  }

  /** Records that were seen: writing them updates, writing others creates, without a request to find out. */
  const seen = new Set<Slot>()

  const getRecord = async (slot: Slot): Promise<StoredRecord | null> => {
    const name = names.record[slot]
    try {
      const { data } = await orNull(call('GET', '/variables/{name}', { name }))
      if (data === null) return null
      const { value } = members(data)
      if (typeof value !== 'string') throw unreadable()
      seen.add(slot)
      return { ...storedOf(data), record: readKeyRecord(value, `${name} of ${where}`) }
    } catch (error) {
      throw error instanceof Problem ? error : explain(error, attempt(`read variable ${name}`))
    }
  }

  /** Repositories and environments hold at most 100 secrets, one page; organizations hold 1,000. */
  const listSecrets = async (wanted: readonly string[]): Promise<Map<string, Stored>> => {
    if (place.kind === 'organization') {
      const found = await Promise.all(wanted.map(async (n) => [n, await getSecret(n)] as const))
      return new Map(found.filter((entry): entry is [string, Stored] => entry[1] !== null))
    }
    try {
      const { data } = await call('GET', '/secrets', { per_page: mostSecrets })
      const { secrets, total_count } = members(data)
      if (!Array.isArray(secrets)) throw unreadable()
      room = mostSecrets - (typeof total_count === 'number' ? total_count : secrets.length)
      return new Map(
        secrets.map((secret) => [String(members(secret).name).toUpperCase(), storedOf(secret)]),
      )
    } catch (error) {
      throw explain(error, attempt('read secrets'))
    }
  }
  let room: number | null = null

  const lookAtProtection = async (): Promise<void> => {
    if (place.kind !== 'environment') return
    remarks.push(...(await protectionRemarks(client, place, where)))
  }

  return {
    name: place.kind === 'organization' ? place.organization : place.repository,
    environment,
    names,
    remarks,

    readableBy(repository) {
      if (place.kind !== 'organization') return isSame(place.repository, repository)
      return isSame(place.organization, repository.split('/')[0] ?? '') && access.covers(repository)
    },

    async inspect(options) {
      remarks.length = 0
      const results = await Promise.allSettled([
        listSecrets([
          ...options.slots.map((slot) => names.privateKey[slot]),
          ...(options.publicKeyId ? [names.publicKeyId] : []),
        ]),
        options.sealing ? fetchSealingKey() : null,
        ...slots.map((slot) => (options.slots.includes(slot) ? getRecord(slot) : null)),
        lookAtProtection(),
      ] as const)
      throwProblems(results)
      const [secrets, key, current, next, previous] = results.map((result) =>
        result.status === 'fulfilled' ? result.value : null,
      ) as [Map<string, Stored>, SealingKey | null, ...(StoredRecord | null)[]]
      sealingKey = key
      await access.settle(names.privateKey.current, secrets.has(names.privateKey.current))
      const stored = (name: string): Stored | null => secrets.get(name) ?? null
      return {
        privateKey: {
          current: stored(names.privateKey.current),
          next: stored(names.privateKey.next),
          previous: stored(names.privateKey.previous),
        },
        publicKeyId: stored(names.publicKeyId),
        records: { current: current ?? null, next: next ?? null, previous: previous ?? null },
        room,
      }
    },

    async seal(name, value) {
      sealingKey ??= await fetchSealingKey()
      return seal(name, value, sealingKey, async () => {
        sealingKey = await fetchSealingKey()
        return sealingKey
      })
    },

    async putSecret(secret) {
      const put = (sealed: SealedSecret): Promise<Reply> =>
        call('PUT', '/secrets/{secret_name}', {
          secret_name: sealed.name,
          encrypted_value: sealed.value,
          key_id: sealed.sealingKeyId,
          ...access.of(sealed.name),
        })
      try {
        await put(secret)
      } catch (error) {
        const stale = error instanceof GitHubError && error.refusal.status === 422
        try {
          if (!stale) throw error
          await put(await secret.reseal())
        } catch (error) {
          if (error instanceof Problem) throw error
          throw explain(error, attempt(`write secret ${secret.name}`, 'secret'))
        }
      }
    },

    async deleteSecret(name) {
      try {
        await orNull(call('DELETE', '/secrets/{secret_name}', { secret_name: name }))
      } catch (error) {
        throw explain(error, attempt(`delete secret ${name}`, 'secret'))
      }
    },

    secret: getSecret,
    record: async (slot) => (await getRecord(slot))?.record ?? null,

    async createRecord(slot, record) {
      const name = names.record[slot]
      try {
        await call('POST', '/variables', {
          name,
          value: writeKeyRecord(record),
          ...access.of(name),
        })
        return true
      } catch (error) {
        if (error instanceof GitHubError && error.refusal.status === 409) return false
        throw explain(error, attempt(`write variable ${name}`, 'variable'))
      }
    },

    async saveRecord(slot, record) {
      // A record that appeared since it was looked for is our own, of a try whose answer was lost: the
      // caller compared right before.
      if (!seen.has(slot) && (await this.createRecord(slot, record))) return
      const name = names.record[slot]
      try {
        await call('PATCH', '/variables/{name}', { name, value: writeKeyRecord(record) })
      } catch (error) {
        const gone = error instanceof GitHubError && error.refusal.status === 404
        if (gone && (await this.createRecord(slot, record))) return
        throw explain(error, attempt(`write variable ${name}`, 'variable'))
      }
    },

    async deleteRecord(slot) {
      const name = names.record[slot]
      try {
        await orNull(call('DELETE', '/variables/{name}', { name }))
      } catch (error) {
        throw explain(error, attempt(`delete variable ${name}`, 'variable'))
      }
    },

    get serverTime() {
      return client.serverTime
    },
  }
}

function addressOf(place: Place): {
  path: string
  parameters: Record<string, unknown>
  where: string
  environment: string | null
} {
  if (place.kind === 'organization') {
    const where = `organization ${place.organization}`
    return {
      path: '/orgs/{org}/actions',
      parameters: { org: place.organization },
      where,
      environment: null,
    }
  }
  const [owner, repo] = place.repository.split('/')
  if (place.kind === 'repository') {
    return {
      path: '/repos/{owner}/{repo}/actions',
      parameters: { owner, repo },
      where: place.repository,
      environment: null,
    }
  }
  return {
    path: '/repos/{owner}/{repo}/environments/{environment_name}',
    parameters: { owner, repo, environment_name: place.environment },
    where: `environment ${place.environment} of ${place.repository}`,
    environment: place.environment,
  }
}

/**
 * Who may read what is written to an organization: what an existing secret has is kept, new ones get what
 * the current private key has. Never widened or narrowed in passing.
 */
function createAccess(
  client: GitHubClient,
  place: Place,
): {
  learn(name: string, visibility: unknown): Promise<void>
  settle(currentName: string, exists: boolean): Promise<void>
  of(name: string): Access
  covers(repository: string): boolean
} {
  const known = new Map<string, Access>()
  let base: Access = {}
  if (place.kind !== 'organization') {
    return { learn: async () => {}, settle: async () => {}, of: () => base, covers: () => true }
  }
  /** Names of repositories by their ids, as far as they were seen. */
  const names = new Map<number, string>()
  const org = place.organization
  const where = `organization ${org}`

  return {
    async learn(name, visibility) {
      if (visibility !== 'selected') {
        known.set(name, { visibility: visibility === 'all' ? 'all' : 'private' })
        return
      }
      const ids: number[] = []
      for (let page = 1; ; page += 1) {
        const route = 'GET /orgs/{org}/actions/secrets/{secret_name}/repositories'
        const { data } = await client.request(route, {
          org,
          secret_name: name,
          per_page: 100,
          page,
        })
        const { repositories } = members(data)
        if (!Array.isArray(repositories)) throw unreadable()
        for (const repository of repositories.map(members)) {
          ids.push(Number(repository.id))
          names.set(Number(repository.id), String(repository.full_name))
        }
        if (repositories.length < 100) break
      }
      known.set(name, { visibility, selected_repository_ids: ids })
    },

    async settle(currentName, exists) {
      const current = exists ? known.get(currentName) : undefined
      if (current && place.visibility && place.visibility !== current.visibility) {
        throw differs(
          `visibility is ${place.visibility}, but secret ${currentName} of ${where} has visibility ${current.visibility}`,
        )
      }
      if (place.visibility !== 'selected') {
        base = current ?? { visibility: place.visibility ?? 'private' }
        return
      }
      const ids = await Promise.all(
        place.repositories.map(async (repository) => {
          const id = await repositoryId(client, repository)
          names.set(id, repository)
          return id
        }),
      )
      if (current && !sameIds(ids, current.selected_repository_ids ?? [])) {
        throw differs(
          `the repositories in repository are not those that may read secret ${currentName} of ${where}`,
        )
      }
      base = { visibility: 'selected', selected_repository_ids: ids }
    },

    of: (name) => known.get(name) ?? base,

    covers(repository) {
      const ids = base.selected_repository_ids
      return ids === undefined || ids.some((id) => isSame(names.get(id) ?? '', repository))
    },
  }
}

function differs(fact: string): Problem {
  return new Problem(
    'input-invalid',
    fact,
    'leave visibility empty to keep what is there; to change who may read the key, change it under Settings → Secrets and variables → Actions first',
  )
}

/** GitHub's names do not tell upper from lower case. */
function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id))
}

async function repositoryId(client: GitHubClient, repository: string): Promise<number> {
  const [owner, repo] = repository.split('/')
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}', { owner, repo })
    const { id } = members(data)
    if (typeof id !== 'number') throw unreadable()
    return id
  } catch (error) {
    throw explain(error, { what: 'look up', where: repository, environment: null, write: null })
  }
}

async function protectionRemarks(
  client: GitHubClient,
  place: { readonly repository: string; readonly environment: string },
  where: string,
): Promise<Warning[]> {
  const [owner, repo] = place.repository.split('/')
  const hint =
    'add required reviewers under Settings → Environments, so that a person releases the job that can read the key'
  try {
    const { data } = await client.request(
      'GET /repos/{owner}/{repo}/environments/{environment_name}',
      {
        owner,
        repo,
        environment_name: place.environment,
      },
    )
    const rules = members(data).protection_rules
    if (!Array.isArray(rules)) throw unreadable()
    return rules.length > 0 ? [] : [{ fact: `${where} has no protection rules`, hint }]
  } catch {
    // Only a remark: what decides about the environment is whether its secrets can be reached.
    return [
      {
        fact: `whether ${where} is protected could not be read with this token (it needs Actions: read)`,
        hint,
      },
    ]
  }
}

/**
 * What went wrong, secrets first: they decide whether the place is there at all. One cause fails several
 * reads; it is told once, as what is to be done about it is the same.
 */
function throwProblems(results: readonly PromiseSettledResult<unknown>[]): void {
  const reasons = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []))
  const foreign = reasons.find((reason) => !(reason instanceof Problem))
  if (foreign) throw foreign
  const [first, ...rest] = (reasons as Problem[]).filter(
    ({ code, hint }, index, all) =>
      all.findIndex((other) => other.code === code && other.hint === hint) === index,
  )
  if (first) throw new Problems([first, ...rest])
}

async function orNull(reply: Promise<Reply>): Promise<{ data: unknown }> {
  try {
    return { data: (await reply).data ?? {} }
  } catch (error) {
    if (error instanceof GitHubError && error.refusal.status === 404) return { data: null }
    throw error
  }
}

function members(data: unknown): Record<string, unknown> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}

function storedOf(data: unknown): Stored {
  const { created_at, updated_at } = members(data)
  if (typeof created_at !== 'string' || typeof updated_at !== 'string') throw unreadable()
  return { createdAt: created_at, updatedAt: updated_at }
}

function unreadable(): GitHubError {
  return new GitHubError(refused(null, 'GitHub gave an answer that cannot be read'))
}
