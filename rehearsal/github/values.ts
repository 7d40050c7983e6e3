import {
  findEnvironment,
  findRepository,
  type GitHubState,
  type Kind,
  type Repository,
  type Scope,
  type Secret,
  type Shared,
  timestamp,
  type Variable,
  type Write,
} from './model.ts'

export type Values = Readonly<Record<string, string>>

export interface Writer {
  /** Changes a value as through the API, but without a request: simulates another writer. */
  setSecret(scope: Scope, name: string, value: string, shared?: Shared): Secret
  setVariable(scope: Scope, name: string, value: string, shared?: Shared): Variable
  deleteSecret(scope: Scope, name: string): boolean
  deleteVariable(scope: Scope, name: string): boolean
  /** What a job of this repository can read. The environment wins over the repository, and that over the organization. */
  secretsFor(fullName: string, environment?: string): Values
  variablesFor(fullName: string, environment?: string): Values
}

export const writerOf = (github: GitHubState): Writer => ({
  setSecret: (scope, name, value, shared) => set(github, scope, 'secret', { name, value, shared }),
  setVariable: (scope, name, value, shared) =>
    set(github, scope, 'variable', { name, value, shared }),
  deleteSecret: (scope, name) => remove(github, scope, 'secret', name),
  deleteVariable: (scope, name) => remove(github, scope, 'variable', name),
  secretsFor: (fullName, environment) => valuesFor(github, 'secrets', fullName, environment),
  variablesFor: (fullName, environment) => valuesFor(github, 'variables', fullName, environment),
})

const itemsOf = (scope: Scope, kind: Write['kind']) =>
  kind === 'secret' ? scope.secrets : scope.variables

export function set(
  github: GitHubState,
  scope: Scope,
  kind: Write['kind'],
  { name, value, shared }: { name: string; value: string; shared?: Shared | undefined },
): Secret {
  const key = name.toUpperCase()
  const items = itemsOf(scope, kind)
  const old = items.get(key)
  const time = timestamp(github)
  const item: Secret = {
    ...(scope.level === 'organization' && { visibility: 'private' as const }),
    ...old,
    ...shared,
    name: key,
    value,
    created_at: old?.created_at ?? time,
    updated_at: time,
  }
  items.set(key, item)
  const action = old === undefined ? 'created' : 'updated'
  github.writes.push({ time, scope: scope.title, kind, action, name: key, value })
  return item
}

export function remove(
  github: GitHubState,
  scope: Scope,
  kind: Write['kind'],
  given: string,
): boolean {
  const name = given.toUpperCase()
  const existed = itemsOf(scope, kind).delete(name)
  if (existed) {
    const time = timestamp(github)
    github.writes.push({ time, scope: scope.title, kind, action: 'deleted', name, value: '' })
  }
  return existed
}

/** The organization's items that a repository can read. */
export function sharedWith(github: GitHubState, repository: Repository, kind: Kind): Secret[] {
  const organization = github.organizations.get(repository.owner.toLowerCase())
  return [...(organization?.[kind].values() ?? [])].filter(
    ({ visibility, selected }) =>
      visibility === 'all' ||
      (visibility === 'private' && repository.visibility === 'private') ||
      (visibility === 'selected' && selected?.includes(repository.id)),
  )
}

export const valuesOf = (items: Iterable<Secret>): Values =>
  Object.fromEntries([...items].map(({ name, value }) => [name, value]))

function valuesFor(
  github: GitHubState,
  kind: Kind,
  fullName: string,
  environment: string | undefined,
): Values {
  const repository = findRepository(github, fullName)
  const own = environment === undefined ? undefined : findEnvironment(repository, environment)
  return {
    ...valuesOf(sharedWith(github, repository, kind)),
    ...valuesOf(repository[kind].values()),
    ...valuesOf(own?.[kind].values() ?? []),
  }
}
