import { printProblem, writeSummary } from './adapters/runner.ts'
import { Problem, Problems } from './domain/problem.ts'
import type { SlotNames } from './domain/rotation/slots.ts'
import type { Runner } from './ports.ts'
import type { Outcome } from './summary/outcome.ts'
import { page } from './summary/page.ts'

export function emptyOutcome(options: {
  command: string
  prefix: string
  names: SlotNames
  maxAgeDays: number
  runner: Runner
}): Outcome {
  const { runner, ...rest } = options
  return {
    ...rest,
    run: runner.run,
    status: null,
    key: null,
    record: null,
    newKey: false,
    region: null,
    payEnvironment: null,
    publicKeyId: null,
    previousPublicKeyId: null,
    previousFingerprint: null,
    previousKept: false,
    artifact: null,
    publicKeyFile: null,
    proof: null,
    targets: [],
    standings: [],
    openRuns: [],
    warnings: [],
    problems: [],
  }
}

/** A line of a stack, by the place in a file at its end: nothing else is believed to be one. */
const frame =
  /\n {4}at ((?:[\w.<>[\] ]{1,80} \()?(?:file:|node:|[A-Z]?:?[\\/])[^\n()]{1,200}:\d+:\d+\)?)(?=\n|$)/

/** Everything that can be thrown, as problems that a person may see. */
export function problemsOf(error: unknown): readonly [Problem, ...Problem[]] {
  if (error instanceof Problems) return error.all
  if (error instanceof Problem) return [error]
  // The message of a foreign error could quote an input: its name and place in the code cannot.
  const { name, message, stack } =
    error instanceof Error ? error : { name: typeof error, message: '', stack: '' }
  const frames = `${stack}`.replace(`${message}`, '')
  const place = frame.exec(frames)?.[1] ?? 'an unknown place'
  return [
    new Problem(
      'internal',
      `something went wrong that this action did not foresee: ${/^\w{1,40}$/.test(name) ? name : 'Error'} at ${place}`,
      'look at command: status for what is there now, then open an issue at amazon-pay-keys/amazon-pay-keys with this line',
    ),
  ]
}

/** Tells how a step ended: annotations, the last outputs, the summary. */
export async function report(runner: Runner, outcome: Outcome): Promise<void> {
  for (const problem of outcome.problems) printProblem(problem)
  const failed = outcome.problems.length > 0
  const code = [...outcome.problems, ...outcome.warnings].find(({ code }) => code)?.code
  runner.output('status', failed ? 'failed' : (outcome.status ?? 'failed'))
  runner.output('error-code', code ?? '')
  runner.output('targets', JSON.stringify(outcome.targets))
  await writeSummary(page(outcome))
}
