import { setImmediate as turn } from 'node:timers/promises'
import type { AmazonPay } from './amazon-pay.ts'
import { type Environment, findEnvironment } from './github/model.ts'
import type { Values } from './github/values.ts'
import type { GitHub, QueuedRun } from './github.ts'
import { type RunningAction, type RunResult, startAction } from './runner.ts'
import { evaluateStep } from './workflow.ts'
import type { WorkflowFile, WorkflowJob } from './workflows.ts'

/** The form of the workflow, as a person fills it in. */
export interface Form {
  readonly command: string
  readonly 'public-key-id'?: string
  readonly leaked?: boolean
  readonly 'replace-staged'?: string
}

/** A run of a workflow: its jobs begin one after another. */
export interface Run {
  readonly id: number
  readonly workflow: WorkflowFile
  readonly repository: string
  readonly event: 'workflow_dispatch' | 'schedule'
  readonly form: Form
  readonly time: Date
  readonly jobs: readonly JobRun[]
  /** The environment whose reviewer must approve the next job. */
  readonly waitsFor: string | null
  /** Null as long as the run is not complete. */
  readonly conclusion: 'success' | 'failure' | null
  /** Resolves when the run waits for a reviewer, or is complete. */
  readonly paused: Promise<void>
  readonly done: Promise<void>
  approve(comment: string): void
  kill(): void
}

export interface JobRun {
  readonly name: string
  readonly command: string
  /** The masked log, as far as it has grown. */
  readonly lines: readonly string[]
  readonly result: RunResult | null
}

/** What runs talk to. */
export interface Servers {
  readonly github: GitHub
  readonly amazonPay: AmazonPay
  now(): Date
  /** How far the clock of a runner is ahead, in milliseconds. */
  ahead(): number
}

export interface Start {
  readonly queued: QueuedRun
  readonly workflow: WorkflowFile
  readonly event: Run['event']
  readonly form: Form
  /** How wrong the runner's clock is, in milliseconds. */
  readonly clockError?: number
  /** Called when a job has succeeded, with the secrets that it had. */
  readonly onSuccess?: (secrets: Values) => void
}

interface Progress {
  readonly jobs: (JobRun & { result: RunResult | null })[]
  waitsFor: string | null
  conclusion: Run['conclusion']
  running: RunningAction | undefined
}

/** Plays a queued run to its end. */
export function playRun(servers: Servers, start: Start): Run {
  const { queued, workflow, event, form } = start
  const progress: Progress = { jobs: [], waitsFor: null, conclusion: null, running: undefined }
  const paused = signal()
  const approved = signal()

  const review = async ({ step: { environment } }: WorkflowJob) => {
    const found = findEnvironment(queued.repository, environment ?? '')
    if (found?.protected !== true) return
    progress.waitsFor = found.name
    queued.run.status = 'waiting'
    paused.give()
    await approved.given
    progress.waitsFor = null
  }
  const done = playJobs(servers, start, progress, review).finally(paused.give)
  return {
    id: queued.run.id,
    workflow,
    repository: queued.repository.fullName,
    event,
    form,
    time: servers.now(),
    jobs: progress.jobs,
    get waitsFor() {
      return progress.waitsFor
    },
    get conclusion() {
      return progress.conclusion
    },
    paused: paused.given,
    done,
    approve(comment) {
      const environment = findEnvironment(queued.repository, progress.waitsFor ?? '')
      if (environment === undefined) throw new Error('This run does not wait for a review.')
      queued.run.approvals.push(approval(environment, comment))
      approved.give()
    },
    kill: () => progress.running?.kill(),
  }
}

/** Something that happens once. */
function signal(): { readonly given: Promise<void>; give(): void } {
  let give = () => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

const approval = ({ id, name }: Environment, comment: string) => ({
  state: 'approved' as const,
  comment,
  environments: [{ id, name }],
  user: { login: 'octocat', id: 1 },
})

async function playJobs(
  servers: Servers,
  start: Start,
  progress: Progress,
  review: (job: WorkflowJob) => Promise<void>,
): Promise<void> {
  const { run } = start.queued
  for (const job of start.workflow.jobs) {
    await review(job)
    // The caller has the run in its list before anything of it can be seen.
    await turn()
    const result = await playJob(servers, start, job, progress)
    progress.conclusion = result.conclusion === 'success' ? null : 'failure'
    if (progress.conclusion !== null) break
  }
  progress.conclusion ??= 'success'
  Object.assign(run, { status: 'completed', conclusion: progress.conclusion })
}

async function playJob(
  servers: Servers,
  { queued, form, event, clockError = 0, onSuccess }: Start,
  { name, step }: WorkflowJob,
  progress: Progress,
): Promise<RunResult> {
  const { github, amazonPay } = servers
  const { secrets, variables } = queued.startJob(step.environment ?? undefined, name)
  const inputs = event === 'schedule' ? {} : { ...form }
  const evaluated = evaluateStep(step, { secrets, vars: variables, inputs })
  const lines: string[] = []
  const running = startAction({
    github,
    amazonPay,
    repository: queued.repository.fullName,
    runId: queued.run.id,
    runAttempt: queued.run.run_attempt,
    ...eventOf(queued, event, inputs),
    inputs: evaluated.inputs,
    env: evaluated.env,
    secretsKnown: evaluated.secretsKnown,
    pauseFactor: pauseShortening,
    nodeArgs: ['--import', clock(servers.ahead() + clockError)],
    onLine: (line) => lines.push(line),
  })
  progress.running = running
  const command = evaluated.inputs.command ?? ''
  const job: Progress['jobs'][number] = { name, command, lines, result: null }
  progress.jobs.push(job)
  job.result = await running.done
  if (job.result.conclusion === 'success') onSuccess?.(secrets)
  return job.result
}

/** So much shorter are the action's pauses. */
export const pauseShortening = 20

const clock = (ahead: number): string => new URL(`clock.mjs?ahead=${ahead}`, import.meta.url).href

function eventOf({ repository }: QueuedRun, eventName: Run['event'], inputs: object) {
  const { id, fullName } = repository
  const more =
    eventName === 'schedule' ? { schedule: '17 6 * * 1' } : { inputs, ref: 'refs/heads/main' }
  return { eventName, event: { ...more, repository: { id, full_name: fullName } } }
}
