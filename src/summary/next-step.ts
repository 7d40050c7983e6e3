import type { NextStep } from '../domain/rotation/health.ts'
import type { Outcome } from './outcome.ts'

const redeploy = 'redeploy everything that uses the key'
/** Instead, where this run has started deploys. */
const awaitDeploys =
  'wait until the deploys that this run started have finished, and redeploy everything else that uses the key'

const steps = {
  staged: {
    command: 'activate',
    text: 'exchange the public key in Integration Central (steps in the summary of this run), then run command: activate with the Public Key ID',
  },
  activated: {
    command: 'retire',
    text: `${redeploy}; when nothing uses the previous key any more, delete it in Integration Central and run command: retire`,
  },
  'rolled-back': {
    command: 'retire',
    text: `${redeploy}; if you do not need the key that you rolled back from, delete it in Integration Central and run command: retire`,
  },
  adopted: {
    command: 'generate',
    text: 'let your shop read the Public Key ID from the secret; to replace the key, run command: generate',
  },
  retired: { command: null, text: 'nothing to do; no previous key is left' },
} as const satisfies Partial<Record<string, NextStep>>

/** What to do after a command that succeeded: the next command in the form, if there is one. */
function nextStepOf(outcome: Outcome): NextStep | null {
  const { status, problems, health, previousKept } = outcome
  if (problems.length > 0 || status === null) return null
  if (status === 'ok') return health.find(({ nextStep }) => nextStep.command)?.nextStep ?? null
  if (status === 'staged' && !outcome.exchange) {
    return {
      command: 'generate',
      text: 'start a new run of command: generate, which shows the exchange page of the staged key',
    }
  }
  if ((status === 'activated' || status === 'rolled-back') && !previousKept) {
    const id = outcome.previousPublicKeyId
    const deletion = `; then delete Public Key ID ${id} in Integration Central (after a leak, at once)`
    return { command: null, text: `${redeploy}${id ? deletion : ''}` }
  }
  return status in steps ? steps[status as keyof typeof steps] : null
}

/** The same as a log line, with the URL of the form. */
export function nextStepLine(outcome: Outcome): string | null {
  const step = nextStepOf(outcome)
  if (!step) return null
  const { deploys } = outcome
  const text = deploys.length > 0 ? step.text.replace(redeploy, awaitDeploys) : step.text
  const form = step.command && outcome.run.workflowUrl ? `: ${outcome.run.workflowUrl}` : ''
  return `Next: ${text}${form}`
}
