import { problemIn } from '../../domain/problem.ts'
import type { StoredVariable } from '../../domain/rotation/slots.ts'
import type { Target } from '../../ports.ts'
import { members, textOf } from './json.ts'
import { type Location, orNull } from './location.ts'
import { GitHubError, hasStatus } from './refusal.ts'
import { storedOf } from './secrets.ts'
import type { Visibilities } from './visibility.ts'

type Variables = Pick<Target, 'variable' | 'createVariable' | 'saveVariable' | 'deleteVariable'>

/** Variables of one target over GitHub's REST API. */
export function createVariables(location: Location, visibilities: Visibilities): Variables {
  /** Variables that exist: they are updated, others are created, without a request to find out. */
  const seen = new Set<string>()

  const variable: Target['variable'] = (name) =>
    location.attempt(`read variable ${name}`, async () => {
      const data = await orNull(location.call('GET', '/variables/{name}', { name }))
      if (data === null) {
        seen.delete(name)
        return null
      }
      seen.add(name)
      return { ...storedOf(data), value: textOf(members(data).value) }
    })
  const post = async (name: string, value: string): Promise<void> => {
    await location.call('POST', '/variables', { name, value, ...visibilities.of(name) })
    seen.add(name)
  }
  const patch = async (name: string, value: string): Promise<void> => {
    await location.call('PATCH', '/variables/{name}', { name, value })
    seen.add(name)
  }

  return {
    variable,
    createVariable(name, value) {
      const work = async (): Promise<boolean> => {
        try {
          await post(name, value)
          return true
        } catch (error) {
          if (!hasStatus(error, 409)) throw error
          return isOwn(error, value, () => variable(name))
        }
      }
      return location.attempt(`create variable ${name}`, work, 'variable')
    },
    saveVariable(name, value) {
      const [first, second, switched] = seen.has(name) ? [patch, post, 404] : [post, patch, 409]
      const work = async (): Promise<void> => {
        try {
          await first(name, value)
        } catch (error) {
          // It was deleted, or created, since it was looked for.
          if (!hasStatus(error, switched)) throw error
          await second(name, value)
        }
      }
      return location.attempt(`write variable ${name}`, work, 'variable')
    },
    deleteVariable(name) {
      const work = async (): Promise<void> => {
        await orNull(location.call('DELETE', '/variables/{name}', { name }))
        seen.delete(name)
      }
      return location.attempt(`delete variable ${name}`, work, 'variable')
    },
  }
}

/**
 * After a 409: whether the variable is the one that an earlier try created, whose answer was lost. Values are compared,
 * so that is known only of values that nothing else writes, such as a lock's.
 */
async function isOwn(
  conflict: unknown,
  value: string,
  read: () => Promise<StoredVariable | null>,
): Promise<boolean> {
  if (!(conflict instanceof GitHubError) || !conflict.refusal.uncertain) return false
  try {
    return (await read())?.value === value
  } catch (error) {
    throw problemIn(error).extend({ uncertain: true })
  }
}
