import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { readWorkflowStep, type WorkflowStep } from './workflow.ts'

/** A workflow file, as far as the rehearsal plays it: one step of each job uses the action. */
export interface WorkflowFile {
  readonly file: string
  readonly name: string
  readonly jobs: readonly WorkflowJob[]
}

export interface WorkflowJob {
  readonly name: string
  readonly step: WorkflowStep
}

interface File {
  readonly name: string
  readonly jobs: Readonly<Record<string, object>>
}

/** Reads a workflow file of this folder. */
export function readWorkflow(file: string): WorkflowFile {
  const { name, jobs } = parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as File
  return {
    file,
    name,
    jobs: Object.entries(jobs).map(([job, definition]) => ({
      name: job,
      step: readWorkflowStep(stringify({ jobs: { [job]: definition } })),
    })),
  }
}

/** The same workflow with some lines more below `with:`, and another environment of its jobs. */
export const vary = (
  workflow: WorkflowFile,
  given: Readonly<Record<string, string>>,
  { job: only, environment }: { readonly job?: string; readonly environment?: string } = {},
): WorkflowFile => ({
  ...workflow,
  jobs: workflow.jobs.map((job) => {
    if (only !== undefined && job.name !== only) return job
    const { with: inputs, environment: usual } = job.step
    const step = {
      ...job.step,
      with: { ...inputs, ...given },
      environment: environment ?? usual,
    }
    return { ...job, step }
  }),
})
