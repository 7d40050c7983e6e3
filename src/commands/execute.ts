import { Problem, Problems } from '../domain/problem.ts'
import { slotNames } from '../domain/rotation/slots.ts'
import type { Command, Inputs, Runner, World } from '../ports.ts'
import type { Book, Outcome } from '../summary/outcome.ts'
import { activate } from './activate/command.ts'
import { adopt } from './adopt.ts'
import { generate } from './generate/command.ts'
import { retire } from './retire.ts'
import { rollback } from './rollback.ts'
import type { Step } from './shared/context.ts'
import { status } from './status.ts'
import { validate } from './validate.ts'

const commands: Readonly<Record<Command, (step: Step) => Promise<void>>> = {
  generate,
  validate,
  activate,
  rollback,
  retire,
  adopt,
  status,
}

/** Runs one command from beginning to end. Never throws: problems are in the book. */
export async function execute(inputs: Inputs, world: World, book: Book): Promise<void> {
  const targets = world.targets.toSorted((one, other) => (one.label < other.label ? -1 : 1))
  try {
    const names = slotNames(inputs.prefix)
    await commands[inputs.command]({ inputs, names, world: { ...world, targets }, book })
  } catch (error) {
    book.record({ problems: problemsOf(error) })
  }
}

/** What is known before the command starts. */
export function emptyOutcome(
  given: Pick<Inputs, 'prefix' | 'maxAgeDays' | 'dryRun'> & { readonly command: string },
  { run }: Pick<Runner, 'run'>,
): Outcome {
  const { command, prefix, maxAgeDays, dryRun } = given
  return {
    command,
    prefix,
    names: slotNames(prefix),
    run,
    maxAgeDays,
    dryRun,
    status: null,
    key: null,
    madeAt: null,
    activatedAt: null,
    newKey: null,
    region: null,
    payEnvironment: null,
    publicKeyId: null,
    previousPublicKeyId: null,
    previousFingerprint: null,
    previousKept: false,
    publicKeyFile: null,
    artifact: null,
    exchange: false,
    amazonPay: null,
    secretName: null,
    targets: [],
    health: [],
    openRuns: [],
    deploys: [],
    warnings: [],
    problems: [],
  }
}

/** A line of a stack trace: it ends with a position in a file. */
const frame =
  /\n {4}at ((?:[\w.<>[\] ]{1,80} \()?(?:file:|node:|[A-Z]?:?[\\/])[^\n()]{1,200}:\d+:\d+\)?)(?=\n|$)/

/** Turns everything that can be thrown into problems that are safe to show. */
export function problemsOf(error: unknown): readonly [Problem, ...Problem[]] {
  if (error instanceof Problems) return error.all
  if (error instanceof Problem) return [error]
  // The message of any other error could quote an input. Its name and its position in the code cannot.
  const { name, message, stack } =
    error instanceof Error ? error : { name: typeof error, message: '', stack: '' }
  const frames = `${stack}`.replace(`${message}`, '')
  const position = frame.exec(frames)?.[1] ?? 'an unknown position'
  return [
    new Problem(
      'internal',
      `an unexpected error occurred: ${/^\w{1,40}$/.test(name) ? name : 'Error'} at ${position}`,
      'run command: status to see the current state, then open an issue in amazon-pay-keys/amazon-pay-keys and include this line',
    ),
  ]
}
