import { parse } from 'yaml'
import { type Contexts, evaluateText, secretsIn } from './expression.ts'

/** The workflow step that uses the action. Its expressions are not evaluated yet. */
export interface WorkflowStep {
  readonly with: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  /** Environment of its job; null if the job names none. */
  readonly environment: string | null
}

interface Job {
  readonly environment?: string | { readonly name: string }
  readonly steps?: readonly {
    readonly uses?: string
    readonly with?: Readonly<Record<string, unknown>>
    readonly env?: Readonly<Record<string, unknown>>
  }[]
}

/**
 * Finds the step that uses the action in the text of a workflow file.
 * @throws if there is none
 */
export function readWorkflowStep(workflow: string): WorkflowStep {
  const { jobs } = parse(workflow) as { readonly jobs: Readonly<Record<string, Job>> }
  for (const { environment, steps = [] } of Object.values(jobs)) {
    const step = steps.find(({ uses }) => uses?.includes('amazon-pay-keys'))
    if (step === undefined) continue
    const name = typeof environment === 'object' ? environment.name : environment
    return { with: texts(step.with), env: texts(step.env), environment: name ?? null }
  }
  throw new Error('The workflow has no step that uses amazon-pay-keys')
}

const texts = (values: Readonly<Record<string, unknown>> = {}) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))

/** The step's inputs as the runner passes them, and the secrets that the job receives for it. */
export function evaluateStep(
  step: WorkflowStep,
  contexts: Contexts & { readonly secrets: Readonly<Record<string, string>> },
) {
  const evaluated = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(values).map(([name, text]) => [name, evaluateText(text, contexts)]),
    )
  const named = [step.with, step.env].flatMap((values) => Object.values(values).flatMap(secretsIn))
  const secrets = named.map((name) => contexts.secrets[name.toUpperCase()] ?? '')
  return {
    inputs: evaluated(step.with),
    env: evaluated(step.env),
    secretsKnown: secrets.filter((value) => value !== ''),
  }
}
