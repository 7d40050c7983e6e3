import {
  findEnvironment,
  findRepository,
  type GitHubState,
  type Repository,
  type WorkflowRun,
} from './model.ts'
import { addRun } from './scopes.ts'
import { sharedWith, type Values, valuesOf } from './values.ts'

/** What a job receives. */
export interface JobValues {
  readonly secrets: Values
  readonly variables: Values
}

/** A run, with the values that GitHub read when it was queued. */
export interface QueuedRun {
  readonly repository: Repository
  readonly run: WorkflowRun
  /**
   * Starts a job. Secrets and variables of the repository and its organization were read when the run was queued. Those of the
   * environment are read now, and not again when another attempt runs the same job.
   */
  startJob(environment?: string, job?: string): JobValues
  /** Starts another attempt of the run, with the same values. */
  rerun(): void
}

export interface Jobs {
  queueRun(repository: Repository | string, run?: Partial<WorkflowRun>): QueuedRun
}

export const jobsOf = (github: GitHubState): Jobs => ({
  queueRun(given, more) {
    const repository = findRepository(github, given)
    const run = addRun(github, repository, {
      name: 'Amazon Pay key',
      event: 'workflow_dispatch',
      ...more,
    })
    const queued = readRepository(github, repository)
    const started = new Map<string, JobValues>()
    return {
      repository,
      run,
      startJob(environment, job = 'key') {
        run.status = 'in_progress'
        if (environment === undefined) return queued
        const values = started.get(job) ?? readEnvironment(repository, environment)
        started.set(job, values)
        return merge(queued, values)
      },
      rerun() {
        run.run_attempt += 1
        Object.assign(run, { status: 'queued', conclusion: null })
      },
    }
  },
})

const readRepository = (github: GitHubState, repository: Repository): JobValues => ({
  secrets: {
    ...valuesOf(sharedWith(github, repository, 'secrets')),
    ...valuesOf(repository.secrets.values()),
  },
  variables: {
    ...valuesOf(sharedWith(github, repository, 'variables')),
    ...valuesOf(repository.variables.values()),
  },
})

function readEnvironment(repository: Repository, name: string): JobValues {
  const environment = findEnvironment(repository, name)
  return {
    secrets: valuesOf(environment?.secrets.values() ?? []),
    variables: valuesOf(environment?.variables.values() ?? []),
  }
}

const merge = (outer: JobValues, inner: JobValues): JobValues => ({
  secrets: { ...outer.secrets, ...inner.secrets },
  variables: { ...outer.variables, ...inner.variables },
})
