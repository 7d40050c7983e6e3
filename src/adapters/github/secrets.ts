import type { Stored } from '../../domain/rotation/slots.ts'
import type { SealedSecret } from '../../ports.ts'
import type { Reply } from './client.ts'
import { explain } from './errors.ts'
import { listOf, members, textOf } from './json.ts'
import { type Location, orNull } from './location.ts'
import { hasStatus } from './refusal.ts'
import { readSealingKey, type SealingKey, seal } from './sealed-box.ts'
import type { Access, Visibilities } from './visibility.ts'

/** How many secrets GitHub takes at each level. */
const maxSecrets = { repository: 100, environment: 100, organization: 1000 }

/** Secrets that were found, and how many more GitHub will take. */
interface FoundSecrets {
  readonly stored: ReadonlyMap<string, Stored>
  readonly room: number | null
}

export interface Secrets {
  find(names: readonly string[]): Promise<FoundSecrets>
  get(name: string): Promise<Stored | null>
  seal(name: string, value: string): Promise<SealedSecret>
  put(secret: SealedSecret): Promise<void>
  delete(name: string): Promise<void>
}

/** Secrets of one target over GitHub's REST API. */
export function createSecrets(location: Location, visibilities: Visibilities): Secrets {
  const sealing = createSealing(location)
  const get = async (name: string): Promise<unknown> =>
    orNull(location.call('GET', '/secrets/{secret_name}', { secret_name: name }))

  return {
    find: (names) =>
      location.kind === 'organization'
        ? findByName(location, names, async (name) => {
            const data = await get(name)
            if (data === null) visibilities.forget(name)
            else await visibilities.learn(name, members(data).visibility)
            return data
          })
        : findInList(location, names, get),

    async get(name) {
      try {
        const data = await get(name)
        return data === null ? null : storedOf(data)
      } catch (error) {
        throw explain(error, location.attempt(`read secret ${name}`))
      }
    },

    seal: sealing.seal,
    put: (secret) => putSecret(location, secret, visibilities.of(secret.name)),

    async delete(name) {
      try {
        await orNull(location.call('DELETE', '/secrets/{secret_name}', { secret_name: name }))
      } catch (error) {
        throw explain(error, location.attempt(`delete secret ${name}`, 'secret'))
      }
    },
  }
}

/** The list decides whether the repository or the environment exists: a single secret that is missing answers 404 too. */
async function findInList(
  location: Location,
  names: readonly string[],
  read: (name: string) => Promise<unknown>,
): Promise<FoundSecrets> {
  try {
    const { data } = await location.call('GET', '/secrets', { per_page: 100 })
    const { secrets, total_count: total } = members(data)
    const list = listOf(secrets)
    const listed = list.map(
      (secret) => [textOf(members(secret).name).toUpperCase(), storedOf(secret)] as const,
    )
    // A server that takes more secrets than one page shows.
    const isWhole = typeof total !== 'number' || total <= list.length
    const others = isWhole ? [] : await readByName(names, read)
    return {
      stored: new Map([...listed, ...others]),
      room: roomAfter(location, total, list.length),
    }
  } catch (error) {
    throw explain(error, location.attempt('read secrets'))
  }
}

async function readByName(
  names: readonly string[],
  read: (name: string) => Promise<unknown>,
): Promise<readonly (readonly [string, Stored])[]> {
  const found = await Promise.all(names.map(async (name) => [name, await read(name)] as const))
  return found.flatMap(([name, data]) => (data === null ? [] : [[name, storedOf(data)] as const]))
}

/** An organization may have a thousand secrets, and only the answer about a single one names its visibility. */
async function findByName(
  location: Location,
  names: readonly string[],
  read: (name: string) => Promise<unknown>,
): Promise<FoundSecrets> {
  try {
    const [{ data }, stored] = await Promise.all([
      // As for repositories: the list decides whether the organization exists.
      location.call('GET', '/secrets', { per_page: 1 }),
      readByName(names, read),
    ])
    return { stored: new Map(stored), room: roomAfter(location, members(data).total_count, null) }
  } catch (error) {
    throw explain(error, location.attempt('read secrets'))
  }
}

function roomAfter({ kind }: Location, total: unknown, listed: number | null): number | null {
  const count = typeof total === 'number' ? total : listed
  return count === null ? null : Math.max(0, maxSecrets[kind] - count)
}

async function putSecret(location: Location, secret: SealedSecret, access: Access): Promise<void> {
  const put = (sealed: SealedSecret): Promise<Reply> =>
    location.call('PUT', '/secrets/{secret_name}', {
      secret_name: sealed.name,
      encrypted_value: sealed.value,
      key_id: sealed.sealingKeyId,
      ...access,
    })
  try {
    try {
      await put(secret)
    } catch (error) {
      // GitHub’s answer when the sealing key is not its own any more.
      if (!hasStatus(error, 422)) throw error
      await put(await secret.reseal())
    }
  } catch (error) {
    throw explain(error, location.attempt(`write secret ${secret.name}`, 'secret'))
  }
}

/** Seals with the target's key, which is fetched once, and again when GitHub does not know it any more. */
function createSealing(location: Location): Pick<Secrets, 'seal'> {
  let sealingKey: Promise<SealingKey> | null = null

  const fetchKey = async (): Promise<SealingKey> => {
    try {
      const { data } = await location.call('GET', '/secrets/public-key')
      return readSealingKey(data)
    } catch (error) {
      throw explain(error, location.attempt('read the sealing key'))
    }
  }
  const refresh = (): Promise<SealingKey> => {
    const fetched = fetchKey()
    sealingKey = fetched
    // A failure is not kept: the next secret asks again.
    fetched.catch(() => {
      sealingKey = null
    })
    return fetched
  }
  return {
    seal: async (name, value) => seal(name, value, await (sealingKey ?? refresh()), refresh),
  }
}

/** When GitHub stored something. */
export function storedOf(data: unknown): Stored {
  const { created_at: createdAt, updated_at: updatedAt } = members(data)
  return { createdAt: textOf(createdAt), updatedAt: textOf(updatedAt) }
}
