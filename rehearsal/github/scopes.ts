import sodium from 'libsodium-wrappers'
import {
  type Environment,
  findRepository,
  type GitHubState,
  type Organization,
  type Repository,
  type Scope,
  timestamp,
  type Workflow,
  type WorkflowRun,
} from './model.ts'

export interface Scopes {
  addRepository(
    fullName: string,
    options?: {
      readonly visibility?: 'private' | 'public'
      readonly environments?: readonly string[]
      readonly archived?: boolean
      readonly defaultBranch?: string
    },
  ): Repository
  addEnvironment(
    repository: Repository | string,
    name: string,
    options?: { readonly protected?: boolean },
  ): Environment
  /** Returns the one that exists already. */
  addOrganization(login: string): Organization
  addRun(repository: Repository | string, run?: Partial<WorkflowRun>): WorkflowRun
  addWorkflow(
    repository: Repository | string,
    file: string,
    workflow?: Partial<Pick<Workflow, 'state' | 'dispatchable' | 'name'>>,
  ): Workflow
  /** @throws if the repository is unknown */
  repository(fullName: string): Repository
}

/** Creates repositories, environments and organizations, and the runs and workflows of a repository. */
export const scopesOf = (github: GitHubState): Scopes => ({
  addRepository: (fullName, options) => addRepository(github, fullName, options),
  addEnvironment: (repository, name, options) =>
    addEnvironment(github, findRepository(github, repository), name, options),
  addOrganization(login) {
    const known = github.organizations.get(login.toLowerCase())
    if (known !== undefined) return known
    const organization: Organization = { ...scope('organization', login), login }
    github.organizations.set(login.toLowerCase(), organization)
    return organization
  },
  addRun: (repository, run) => addRun(github, findRepository(github, repository), run),
  addWorkflow(repository, file, workflow = {}) {
    const added: Workflow = {
      id: github.nextId(),
      name: file,
      path: `.github/workflows/${file}`,
      state: 'active',
      dispatchable: true,
      ...workflow,
    }
    findRepository(github, repository).workflows.push(added)
    return added
  },
  repository: (fullName) => findRepository(github, fullName),
})

function addRepository(
  github: GitHubState,
  fullName: string,
  options: Parameters<Scopes['addRepository']>[1] = {},
): Repository {
  const [owner = '', name = ''] = fullName.split('/')
  const repository: Repository = {
    ...scope('repository', fullName),
    id: github.nextId(),
    owner,
    name,
    fullName,
    visibility: options.visibility ?? 'private',
    defaultBranch: options.defaultBranch ?? 'main',
    archived: options.archived ?? false,
    environments: new Map(),
    runs: [],
    workflows: [],
  }
  github.repositories.set(fullName.toLowerCase(), repository)
  for (const environment of options.environments ?? []) {
    addEnvironment(github, repository, environment)
  }
  return repository
}

function addEnvironment(
  github: GitHubState,
  { environments, fullName }: Repository,
  name: string,
  { protected: isProtected = true }: { readonly protected?: boolean } = {},
): Environment {
  const environment: Environment = {
    ...scope('environment', `${fullName}/${name}`),
    id: github.nextId(),
    name,
    protected: isProtected,
  }
  environments.set(name, environment)
  return environment
}

export function addRun(
  github: GitHubState,
  { runs, fullName }: Repository,
  run: Partial<WorkflowRun> = {},
): WorkflowRun {
  const id = run.id ?? github.nextId()
  const added: WorkflowRun = {
    id,
    name: 'CI',
    status: 'queued',
    conclusion: null,
    created_at: timestamp(github),
    head_branch: 'main',
    event: 'push',
    run_attempt: 1,
    html_url: `https://github.com/${fullName}/actions/runs/${id}`,
    approvals: [],
    ...run,
  }
  runs.push(added)
  return added
}

function scope<Level extends Scope['level']>(level: Level, title: string) {
  const { publicKey, privateKey } = sodium.crypto_box_keypair()
  const sealing = { keyId: '3380204578043523366', publicKey, privateKey }
  return { level, title, secrets: new Map(), variables: new Map(), sealing }
}
