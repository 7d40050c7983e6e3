import { Problem, throwAll, type Warning } from '../../domain/problem.ts'
import type { SlotNames, TargetState } from '../../domain/rotation/slots.ts'
import type { Target, TargetSpec } from '../../ports.ts'
import type { GitHubClient } from './client.ts'
import { listOf, members } from './json.ts'
import { type Location, locate } from './location.ts'
import { GitHubError } from './refusal.ts'
import { createSecrets, type Secrets } from './secrets.ts'
import { createVariables, type Variables } from './variables.ts'
import { createVisibilities, type Visibilities } from './visibility.ts'

/** Secrets and variables of a repository, one of its environments, or an organization. */
export function createTarget(client: GitHubClient, spec: TargetSpec): Target {
  const location = locate(client, spec)
  const visibilities = createVisibilities(client, spec)
  const secrets = createSecrets(location, visibilities)
  const variables = createVariables(location, visibilities)
  let remarks: readonly Warning[] = []

  return {
    name: location.name,
    environment: location.environment,
    label: location.label,
    readableBy: visibilities.covers,
    get remarks() {
      return remarks
    },
    async inspect(names) {
      const seen = await inspect({ location, secrets, variables, visibilities }, names)
      remarks = seen.remarks
      return seen.state
    },
    seal: secrets.seal,
    putSecret: secrets.put,
    deleteSecret: secrets.delete,
    secret: secrets.get,
    variable: variables.get,
    createVariable: variables.create,
    saveVariable: variables.save,
    deleteVariable: variables.delete,
  }
}

interface Parts {
  readonly location: Location
  readonly secrets: Secrets
  readonly variables: Variables
  readonly visibilities: Visibilities
}

/** Everything that belongs to a prefix. */
async function inspect(
  { location, secrets, variables, visibilities }: Parts,
  { privateKey, publicKeyId, record, lock }: SlotNames,
): Promise<{ readonly state: TargetState; readonly remarks: readonly Warning[] }> {
  const wanted = [privateKey.current, privateKey.next, privateKey.previous, publicKeyId]
  const reads = [
    // First, since its problems are shown first: it decides whether the target exists at all.
    secrets.find(wanted),
    variables.get(record.current),
    variables.get(record.next),
    variables.get(record.previous),
    variables.get(lock),
    protectionRemarks(location),
  ] as const
  throwProblems(await Promise.allSettled(reads))
  const [{ stored, room }, current, next, previous, lockVariable, remarks] =
    await Promise.all(reads)
  await visibilities.settle({ current: privateKey.current, lock })
  return {
    state: {
      privateKey: {
        current: stored.get(privateKey.current) ?? null,
        next: stored.get(privateKey.next) ?? null,
        previous: stored.get(privateKey.previous) ?? null,
      },
      publicKeyId: stored.get(publicKeyId) ?? null,
      records: { current, next, previous },
      lock: lockVariable,
      room,
    },
    remarks,
  }
}

/** One cause fails several reads; it is shown once, since what is to be done about it is the same. */
function throwProblems(results: readonly PromiseSettledResult<unknown>[]): void {
  const reasons = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  )
  const defect = reasons.find((reason) => !(reason instanceof Problem))
  if (defect !== undefined) throw defect
  const problems = reasons.filter((reason) => reason instanceof Problem)
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
    const { data } = await call('GET', '')
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
