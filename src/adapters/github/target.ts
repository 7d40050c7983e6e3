import { problemIn, throwAll, type Warning } from '../../domain/problem.ts'
import type { Stored } from '../../domain/rotation/slots.ts'
import type { Target, TargetSpec } from '../../ports.ts'
import type { GitHubClient } from './client.ts'
import { listOf, members } from './json.ts'
import { type Location, locate } from './location.ts'
import { GitHubError } from './refusal.ts'
import { createSecrets } from './secrets.ts'
import { createVariables } from './variables.ts'
import { createVisibilities } from './visibility.ts'

/**
 * Secrets and variables of a repository, one of its environments, or an organization.
 * @param lacksActions known beforehand, and reported: what needs that permission is not tried
 */
export function createTarget(client: GitHubClient, spec: TargetSpec, lacksActions = false): Target {
  const location = locate(client, spec)
  const visibilities = createVisibilities(client, spec)
  const { findSecrets, ...secrets } = createSecrets(location, visibilities)
  const variables = createVariables(location, visibilities)
  let remarks: readonly Warning[] = []

  return {
    ...secrets,
    ...variables,
    name: location.name,
    environment: location.environment,
    label: location.label,
    readableBy: visibilities.covers,
    get remarks() {
      return remarks
    },
    async inspect({ privateKey, publicKeyId, record, lock }) {
      const reads = [
        // First, since its problems are shown first: it decides whether the target exists at all.
        findSecrets([...Object.values(privateKey), publicKeyId]),
        variables.variable(record.current),
        variables.variable(record.next),
        variables.variable(record.previous),
        variables.variable(lock),
        lacksActions ? [] : protectionRemarks(location),
      ] as const
      throwProblems(await Promise.allSettled(reads))
      const [{ stored, room }, current, next, previous, lockVariable, seen] =
        await Promise.all(reads)
      await visibilities.settle({ current: privateKey.current, lock })
      remarks = seen
      const secret = (name: string): Stored | null => stored.get(name) ?? null
      return {
        privateKey: {
          current: secret(privateKey.current),
          next: secret(privateKey.next),
          previous: secret(privateKey.previous),
        },
        publicKeyId: secret(publicKeyId),
        records: { current, next, previous },
        lock: lockVariable,
        room,
      }
    },
  }
}

/** One cause fails several reads; it is shown once, since what is to be done about it is the same. */
function throwProblems(results: readonly PromiseSettledResult<unknown>[]): void {
  const problems = results.flatMap((result) =>
    result.status === 'rejected' ? [problemIn(result.reason)] : [],
  )
  throwAll(
    problems.filter(
      ({ code, hint }, index) =>
        problems.findIndex((other) => other.code === code && other.hint === hint) === index,
    ),
  )
}

/** Whether a person must approve the jobs that receive an environment's secrets. */
async function protectionRemarks({ kind, label, call }: Location): Promise<readonly Warning[]> {
  if (kind !== 'environment') return []
  try {
    const data = await call('GET', '')
    if (listOf(members(data).protection_rules).length > 0) return []
    return [
      {
        fact: `${label} has no protection rules`,
        hint: 'add required reviewers under Settings → Environments, so that a person approves each job that can read the key',
      },
    ]
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error
    // Only a remark: the secrets' own answers decide whether the target can be used.
    return [
      {
        fact: `this token cannot read whether ${label} has protection rules`,
        hint: 'give the token Actions: read, or check under Settings → Environments that the environment has required reviewers',
      },
    ]
  }
}
