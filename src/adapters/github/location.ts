import type { TargetSpec } from '../../ports.ts'
import type { GitHubClient, Parameters } from './client.ts'
import { type Attempt, attempt } from './errors.ts'
import { formsFor } from './forms.ts'
import { hasStatus } from './refusal.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Where GitHub's API keeps the secrets and variables of one target. */
export interface Location {
  /** `acme/shop`, or the organization's name. */
  readonly name: string
  readonly environment: string | null
  readonly label: string
  readonly kind: TargetSpec['kind']
  /** One request below the target's path, such as `/secrets/{secret_name}`. */
  call(method: Method, path: string, parameters?: Parameters): Promise<unknown>
  /**
   * Work that may fail as a whole.
   * @throws Problem
   */
  attempt<T>(what: string, work: () => Promise<T>, write?: Attempt['write']): Promise<T>
}

export function locate(client: GitHubClient, spec: TargetSpec): Location {
  const { path, parameters } = routeOf(spec)
  const { kind } = spec
  const label = labelOf(spec)
  const forms = formsFor([spec], { server: client.serverUrl })
  return {
    name: kind === 'organization' ? spec.organization : spec.repository,
    environment: kind === 'environment' ? spec.environment : null,
    label,
    kind,
    call: (method, rest, more) =>
      client.request(`${method} ${path}${rest}`, { ...parameters, ...more }),
    attempt: (what, work, write) => attempt({ what, where: label, kind, write, forms }, work),
  }
}

function routeOf(spec: TargetSpec): { readonly path: string; readonly parameters: Parameters } {
  if (spec.kind === 'organization') {
    return { path: '/orgs/{org}/actions', parameters: { org: spec.organization } }
  }
  const parameters = ownerAndName(spec.repository)
  if (spec.kind === 'repository') return { path: '/repos/{owner}/{repo}/actions', parameters }
  return {
    path: '/repos/{owner}/{repo}/environments/{environment_name}',
    parameters: { ...parameters, environment_name: spec.environment },
  }
}

function labelOf(spec: TargetSpec): string {
  if (spec.kind === 'organization') return `organization ${spec.organization}`
  if (spec.kind === 'repository') return spec.repository
  return `environment ${spec.environment} of ${spec.repository}`
}

/** `acme/shop` as the parameters of a route. */
export function ownerAndName(repository: string): {
  readonly owner: string
  readonly repo: string
} {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo }
}

/** GitHub's names do not tell upper from lower case. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** The answer's data; null when GitHub answers 404. */
export async function orNull(data: Promise<unknown>): Promise<unknown> {
  try {
    return await data
  } catch (error) {
    if (hasStatus(error, 404)) return null
    throw error
  }
}
