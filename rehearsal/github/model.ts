import type { ArtifactService } from '../artifacts.ts'
import type { Server } from '../server.ts'

export type Visibility = 'private' | 'all' | 'selected'

/** Who may read an organization's secret or variable. */
export interface Shared {
  readonly visibility?: Visibility
  /** Ids of the repositories, with visibility `selected`. */
  readonly selected?: readonly number[]
}

/** A secret with its value. GitHub never shows the value; only tests and the rehearsal's own code read it. */
export interface Secret extends Shared {
  readonly name: string
  readonly value: string
  readonly created_at: string
  readonly updated_at: string
}

export type Variable = Secret

export type Kind = 'secrets' | 'variables'

/** A repository, environment or organization: it stores secrets and variables, and has its own sealing key. */
export interface Scope {
  readonly level: 'repository' | 'environment' | 'organization'
  /** `acme/shop`, `acme/shop/production` or `acme`. */
  readonly title: string
  readonly secrets: Map<string, Secret>
  readonly variables: Map<string, Variable>
  /** The id does not identify the key: GitHub uses the same id for keys of different scopes. */
  readonly sealing: {
    readonly keyId: string
    readonly publicKey: Uint8Array
    readonly privateKey: Uint8Array
  }
}

export interface Environment extends Scope {
  readonly level: 'environment'
  readonly id: number
  readonly name: string
  /** Whether a job that names it must be approved by a reviewer. */
  readonly protected: boolean
}

export interface Repository extends Scope {
  readonly level: 'repository'
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly fullName: string
  readonly visibility: 'private' | 'public'
  readonly defaultBranch: string
  /** Whether it is read-only. */
  archived: boolean
  readonly environments: Map<string, Environment>
  readonly runs: WorkflowRun[]
  readonly workflows: Workflow[]
}

export interface Organization extends Scope {
  readonly level: 'organization'
  readonly login: string
}

export interface Workflow {
  readonly id: number
  readonly name: string
  readonly path: string
  readonly state: 'active' | 'disabled_manually'
  /** Whether it has a `workflow_dispatch` trigger. */
  readonly dispatchable: boolean
}

export interface Approval {
  readonly state: 'approved' | 'rejected' | 'pending'
  readonly comment: string
  readonly environments: readonly { readonly id: number; readonly name: string }[]
  readonly user: { readonly login: string; readonly id: number }
}

export interface WorkflowRun {
  readonly id: number
  readonly name: string
  status: string
  conclusion: string | null
  readonly created_at: string
  readonly head_branch: string
  readonly event: string
  run_attempt: number
  readonly html_url: string
  /** In the order of GitHub's list, which is not documented. */
  readonly approvals: Approval[]
}

export type Access = 'read' | 'write'

/** The names in GitHub's API and in the header `x-accepted-github-permissions`. */
export type Permission =
  | 'secrets'
  | 'actions_variables'
  | 'environments'
  | 'actions'
  | 'metadata'
  | 'organization_secrets'
  | 'organization_actions_variables'

export type Permissions = Readonly<Partial<Record<Permission, Access | 'none'>>>

export interface Token {
  /** An App's installation token, a fine-grained or classic personal access token, or a job's `GITHUB_TOKEN`. */
  readonly kind: 'app' | 'pat' | 'classic' | 'github-token'
  /** Full names; undefined means every repository. */
  readonly repositories?: readonly string[]
  readonly permissions: Permissions
  /** An installation token works for an hour, but not longer than its installation exists. */
  readonly expiresAt?: Date
  readonly installation?: Installation
}

export interface App {
  readonly id: number
  readonly clientId: string
  readonly slug: string
  /** The organization that registered it. */
  readonly owner: string
  /** PEM of the public key. The App's owner has downloaded the private key. */
  readonly publicKey: string
  /** The permissions that it requests now. An installation may only have granted those of an earlier time. */
  readonly permissions: Permissions
}

export interface Installation {
  readonly id: number
  readonly app: App
  /** Login of the organization or user. */
  readonly account: string
  permissions: Permissions
  /** Full names; null means all repositories of the account. */
  repositories: readonly string[] | null
  suspended: boolean
}

/** One change of a secret or a variable, with its value. */
export interface Write {
  readonly time: string
  /** Title of the scope. */
  readonly scope: string
  readonly kind: 'secret' | 'variable'
  readonly action: 'created' | 'updated' | 'deleted'
  readonly name: string
  readonly value: string
}

/** A workflow that was started through the API. */
export interface Dispatch {
  readonly repository: string
  readonly workflow: string
  readonly ref: string
  readonly inputs: Readonly<Record<string, string>>
}

/** The complete state of this GitHub. */
export interface GitHubState extends Server, ArtifactService {
  now: () => Date
  readonly apiUrl: string
  /** Scheme and host of the pages for people; another one than github.com for GitHub Enterprise. */
  serverUrl: string
  /** By full name in lower case. */
  readonly repositories: Map<string, Repository>
  /** By login in lower case. */
  readonly organizations: Map<string, Organization>
  readonly tokens: Map<string, Token>
  readonly apps: App[]
  readonly installations: Installation[]
  /** Every change of a secret or variable, through the API or made by a test. */
  readonly writes: Write[]
  readonly dispatches: Dispatch[]
  /** The requests of the hour. When none remain, every request is refused until `reset`. */
  readonly rateLimit: { limit: number; remaining: number; reset: Date | null }
  nextId(): number
}

/** GitHub's times have whole seconds. */
export const timestamp = ({ now }: Pick<GitHubState, 'now'>): string =>
  `${now().toISOString().slice(0, 19)}Z`

/** @throws if the repository is unknown */
export function findRepository(
  { repositories }: Pick<GitHubState, 'repositories'>,
  repository: Repository | string,
): Repository {
  if (typeof repository !== 'string') return repository
  const found = repositories.get(repository.toLowerCase())
  if (found === undefined) throw new Error(`The rehearsal knows no repository ${repository}`)
  return found
}

export const findEnvironment = (
  { environments }: Repository,
  name: string,
): Environment | undefined =>
  [...environments.values()].find(
    (environment) => environment.name.toLowerCase() === name.toLowerCase(),
  )
