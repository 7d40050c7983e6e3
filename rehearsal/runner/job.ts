import { createHash, randomBytes } from 'node:crypto'
import type { RunOptions } from './model.ts'

const homeRepository = 'acme/shop'

/** The variables and contexts of a job. */
export interface Job {
  readonly runtimeToken: string
  /** Variables of every step. */
  readonly environment: Readonly<Record<string, string>>
  /** By path, for expressions: `github.repository`. */
  readonly context: Readonly<Record<string, string>>
}

export function describeJob(
  options: RunOptions,
  { githubToken, workspace }: { readonly githubToken: string; readonly workspace: string },
): Job {
  const github = githubContext(options, workspace)
  const runner = { os: 'Linux', arch: 'X64', name: 'rehearsal', environment: 'github-hosted' }
  const attempt = uuid(`${github.repository}#${github.run_id}#${github.run_attempt}`)
  const runtimeToken = jwt({
    scp: `Actions.Results:${attempt}:${uuid(`${attempt}#key`)}`,
    repository: github.repository,
    run_id: github.run_id,
  })
  return {
    runtimeToken,
    environment: {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      ...prefixed('GITHUB_', github),
      ...prefixed('RUNNER_', runner),
      ACTIONS_RUNTIME_TOKEN: runtimeToken,
      ...(options.github && {
        ACTIONS_RUNTIME_URL: `${options.github.url}/`,
        ACTIONS_RESULTS_URL: `${options.github.url}/`,
      }),
    },
    context: Object.fromEntries([
      ...Object.entries(github).map(([name, value]) => [`github.${name}`, value]),
      ...Object.entries(runner).map(([name, value]) => [`runner.${name}`, value]),
      ['github.token', githubToken],
    ]),
  }
}

function githubContext(options: RunOptions, workspace: string) {
  const repository = options.repository ?? homeRepository
  const url = options.github?.url ?? 'https://api.github.com'
  const actor = options.actor ?? 'octocat'
  return {
    action: '__amazon-pay-keys',
    actor,
    api_url: options.github?.apiUrl ?? url,
    event_name: options.eventName ?? 'workflow_dispatch',
    graphql_url: `${url}/graphql`,
    job: 'key',
    ref: 'refs/heads/main',
    ref_name: 'main',
    ref_protected: 'true',
    ref_type: 'branch',
    repository,
    repository_id: String(known(options)?.id ?? 1),
    repository_owner: repository.split('/')[0] ?? '',
    retention_days: '90',
    run_attempt: String(options.runAttempt ?? 1),
    run_id: String(options.runId ?? 4711),
    run_number: '7',
    server_url: options.serverUrl ?? 'https://github.com',
    sha: 'f00dfeedf00dfeedf00dfeedf00dfeedf00dfeed',
    triggering_actor: actor,
    workflow: 'Amazon Pay key',
    workflow_ref: `${repository}/.github/workflows/amazon-pay-key.yml@refs/heads/main`,
    workflow_sha: 'f00dfeedf00dfeedf00dfeedf00dfeedf00dfeed',
    workspace,
  }
}

const known = ({ github, repository = homeRepository }: RunOptions) =>
  github?.repositories?.get(repository.toLowerCase())

/** The event of a person who started the workflow with its form. */
export function describeEvent(options: RunOptions): object {
  if (options.event !== undefined) return options.event
  const { inputs, eventName = 'workflow_dispatch', repository = homeRepository } = options
  const { id = 1, visibility = 'private' } = known(options) ?? {}
  return {
    ...(eventName === 'workflow_dispatch' && {
      inputs: { command: inputs.command ?? '' },
      ref: 'refs/heads/main',
      workflow: '.github/workflows/amazon-pay-key.yml',
    }),
    repository: { id, full_name: repository, private: visibility === 'private', visibility },
    sender: { login: options.actor ?? 'octocat' },
  }
}

const prefixed = (prefix: string, values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}${name.toUpperCase()}`, value]),
  )

/** Derived from a text, so that every step of a run has the same id for the run. */
const uuid = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${randomBytes(32).toString('base64url')}`
}
