import type { Stored } from '../../domain/rotation/slots.ts'
import type { SealedSecret, Target } from '../../ports.ts'
import { listOf, members, textOf } from './json.ts'
import { type Location, orNull } from './location.ts'
import { hasStatus } from './refusal.ts'
import { readSealingKey, type SealingKey, seal } from './sealed-box.ts'
import type { Visibilities } from './visibility.ts'

/** How many secrets GitHub takes at each level. */
const maxSecrets = { repository: 100, environment: 100, organization: 1000 }

/** Secrets that were found, and how many more GitHub will take. */
interface FoundSecrets {
  readonly stored: ReadonlyMap<string, Stored | null>
  readonly room: number
}

type Secrets = Pick<Target, 'secret' | 'seal' | 'putSecret' | 'deleteSecret'> & {
  findSecrets(names: readonly string[]): Promise<FoundSecrets>
}

/** Secrets of one target over GitHub's REST API. */
export function createSecrets(location: Location, visibilities: Visibilities): Secrets {
  const read = (name: string): Promise<unknown> =>
    orNull(location.call('GET', '/secrets/{secret_name}', { secret_name: name }))
  const put = ({ name, value, sealingKeyId }: SealedSecret): Promise<unknown> =>
    location.call('PUT', '/secrets/{secret_name}', {
      secret_name: name,
      encrypted_value: value,
      key_id: sealingKeyId,
      ...visibilities.of(name),
    })
  return {
    findSecrets: (names) =>
      location.attempt('read secrets', () =>
        findSecrets(location, names, async (name) => {
          const data = await read(name)
          await visibilities.learn(name, data)
          return storedOrNull(data)
        }),
      ),
    secret: (name) =>
      location.attempt(`read secret ${name}`, async () => storedOrNull(await read(name))),
    seal: createSealing(location),
    async putSecret(secret) {
      const work = async (): Promise<void> => {
        try {
          await put(secret)
        } catch (error) {
          // GitHub’s answer when the sealing key is not its own any more.
          if (!hasStatus(error, 422)) throw error
          await put(await secret.reseal())
        }
      }
      await location.attempt(`write secret ${secret.name}`, work, 'secret')
    },
    async deleteSecret(name) {
      const work = (): Promise<unknown> =>
        orNull(location.call('DELETE', '/secrets/{secret_name}', { secret_name: name }))
      await location.attempt(`delete secret ${name}`, work, 'secret')
    },
  }
}

/**
 * The list decides whether the target exists: a single secret that is missing answers 404 too. An organization may have a
 * thousand secrets, and only the answer about a single one names its visibility, so that each is read by its name there.
 */
async function findSecrets(
  location: Location,
  names: readonly string[],
  read: (name: string) => Promise<Stored | null>,
): Promise<FoundSecrets> {
  const readByName = (): Promise<(readonly [string, Stored | null])[]> =>
    Promise.all(names.map(async (name) => [name, await read(name)] as const))
  const isOrganization = location.kind === 'organization'
  const [page, byName] = await Promise.all([
    location.call('GET', '/secrets', { per_page: isOrganization ? 1 : 100 }),
    isOrganization ? readByName() : null,
  ])
  const { secrets, total_count: total } = members(page)
  const listed = listOf(secrets).map(
    (secret) => [textOf(members(secret).name).toUpperCase(), storedOf(secret)] as const,
  )
  const count = typeof total === 'number' ? total : listed.length
  // A server that takes more secrets than one page shows.
  const found = byName ?? (count > listed.length ? await readByName() : [])
  return {
    stored: new Map([...found, ...listed]),
    room: Math.max(0, maxSecrets[location.kind] - count),
  }
}

/** Seals with the target's key, which is fetched once, and again when GitHub does not know it any more. */
function createSealing(location: Location): Secrets['seal'] {
  let sealingKey: Promise<SealingKey> | null = null
  const refresh = (): Promise<SealingKey> => {
    const fetched = location.attempt('read the sealing key', async () =>
      readSealingKey(await location.call('GET', '/secrets/public-key')),
    )
    sealingKey = fetched
    // A failure is not kept: the next secret asks again.
    fetched.catch(() => {
      sealingKey = null
    })
    return fetched
  }
  return (name, value) => seal(name, value, sealingKey ?? refresh(), refresh)
}

function storedOrNull(data: unknown): Stored | null {
  return data === null ? null : storedOf(data)
}

/** When GitHub stored something. */
export function storedOf(data: unknown): Stored {
  const { created_at: createdAt, updated_at: updatedAt } = members(data)
  return { createdAt: textOf(createdAt), updatedAt: textOf(updatedAt) }
}
