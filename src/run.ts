import { getInput } from '@actions/core'
import {
  inputNames,
  keyInputs,
  type Order,
  type RawInputs,
  readOrder,
  unusedInputs,
} from './action/inputs.ts'
import { createBook } from './action/outputs.ts'
import { keyIsMisplaced } from './adapters/github/token.ts'
import { createRunner, type StepRunner } from './adapters/runner.ts'
import { emptyOutcome, execute, problemsOf } from './commands/execute.ts'
import { needsOf } from './commands/needs.ts'
import { clientSecretsIn } from './domain/amazon-pay/public-key-id.ts'
import { containsPrivateKey, masksOf } from './domain/key-import/import.ts'
import { Problem } from './domain/problem.ts'
import { slotNames } from './domain/rotation/slots.ts'
import type { Runner } from './ports.ts'
import { exchangeMarkdown } from './summary/exchange-page.ts'
import { nextStepLine } from './summary/next-step.ts'
import type { Book } from './summary/outcome.ts'
import { page } from './summary/page.ts'
import { createClock, formsOn, openWorld } from './wiring.ts'

/** No target is started after this long. GitHub's pace allows the ten writes of one target in twelve seconds. */
const lastStartMs = (targets: number): number => 120_000 + 12_000 * Math.max(0, targets - 1)
/** Extra time for the target that is being changed at that moment. */
const graceMs = 18_000
/** Extra time for the report. After that, the process exits even if something still hangs. */
const reportMs = 12_000

/** The life of a step: mask, read inputs, run the command, report, exit. */
export async function run(process: NodeJS.Process): Promise<void> {
  const startedAt = Date.now()
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  const runner = createRunner(process.env, stop.signal)
  const raw = takeInputs(process.env)
  maskAll(runner, raw)
  const book = createBook(runner, emptyOutcome(given(raw), runner))
  const ending = createEnding(process, runner, book)
  try {
    assertNoStrayKeys(raw)
    const order = readOrder(raw, formsOn(runner))
    const { inputs, targets } = order
    const { prefix, maxAgeDays, dryRun } = inputs
    book.record({ prefix, names: slotNames(prefix), maxAgeDays, dryRun })
    const last = lastStartMs(targets.length)
    setTimeout(() => stop.abort(), last).unref()
    setTimeout(ending.now, last + graceMs + reportMs).unref()
    const deadline = {
      signal: AbortSignal.timeout(last + graceMs),
      at: new Date(startedAt + last + graceMs),
    }
    await runCommand(order, raw, {
      runner,
      book,
      env: process.env,
      ending,
      clock: createClock(stop.signal),
      deadline,
    })
  } catch (error) {
    book.record({ problems: problemsOf(error) })
  }
  await ending.now()
}

async function runCommand(
  order: Order,
  raw: RawInputs,
  options: Omit<Parameters<typeof openWorld>[1], 'needs'> & { readonly ending: Ending },
): Promise<void> {
  const { book, ending } = options
  for (const warning of unusedInputs(raw, order.inputs.command)) book.warn(warning)
  const { world, close } = await openWorld(order, { ...options, needs: needsOf(order.inputs) })
  ending.before(close)
  await execute(order.inputs, world, book)
}

/** Takes the inputs out of the environment, so that no code that runs later can read a key there. */
function takeInputs(env: NodeJS.ProcessEnv): RawInputs {
  const raw = Object.fromEntries(
    inputNames.map((name) => [name, getInput(name, { trimWhitespace: false })]),
  ) as RawInputs
  for (const name of Object.keys(env)) if (name.startsWith('INPUT_')) delete env[name]
  // Read already, where it is a file: a library would wait for ever where it is a named pipe.
  delete env.GITHUB_EVENT_PATH
  return raw
}

/** Masks before anything can be printed, and without parsing: an unreadable key must be masked too. */
function maskAll(runner: Runner, raw: RawInputs): void {
  for (const name of inputNames) {
    const value = raw[name]
    const isKeyInput = (keyInputs as readonly string[]).includes(name)
    const secret = name === 'token' || name === 'private-key-passphrase'
    if (secret) for (const mask of [value, value.trim()]) runner.mask(mask)
    if (isKeyInput || name === 'public-key' || containsPrivateKey(value)) {
      for (const mask of masksOf(value)) runner.mask(mask)
    }
    for (const mask of clientSecretsIn(value)) runner.mask(mask)
  }
}

/** Refuses a private key in an input that takes none: such an input may be printed or stored, so the key has leaked. */
function assertNoStrayKeys(raw: RawInputs): void {
  const takes: readonly string[] = [...keyInputs, 'public-key']
  const stray = inputNames.find((name) => !takes.includes(name) && isStrayKey(name, raw[name]))
  if (!stray) return
  throw new Problem(
    'key-wrong-half',
    `${stray} contains a private key, but this input does not take one`,
    stray === 'token' || stray === 'app-client-id'
      ? keyIsMisplaced
      : 'treat the key as compromised and generate a new one with command: generate; pass private keys only from secrets, in an input whose name ends in private-key',
  )
}

function isStrayKey(name: string, value: string): boolean {
  if (name === 'token' && mayBeToken(value.trim())) return false
  return containsPrivateKey(value)
}

/** A token may look like a part of a key. But it has GitHub's prefix, or is shorter than half of a key; and it is one word. */
function mayBeToken(value: string): boolean {
  const isWord = !/[\s{<]|PRIVATE/.test(value)
  return isWord && (value.length < 600 || /^(?:gh[a-z]|github_pat)_/.test(value))
}

/** What is shown before the inputs are checked. Long values are left out: they may be a secret in the wrong input. */
function given(raw: RawInputs): Parameters<typeof emptyOutcome>[0] {
  const command = raw.command.trim()
  const prefix = raw.prefix.trim()
  return {
    command: command.length > 60 || containsPrivateKey(command) ? '' : command,
    prefix: prefix.length > 100 || containsPrivateKey(prefix) ? '' : prefix,
    maxAgeDays: 0,
    dryRun: false,
  }
}

interface Ending {
  /** Ends the step. Later calls wait for the first one. */
  readonly now: () => Promise<never>
  /** Adds work that must be done before the report. */
  readonly before: (work: () => Promise<void>) => void
}

function createEnding(process: NodeJS.Process, runner: StepRunner, book: Book): Ending {
  const works: (() => Promise<void>)[] = []
  let ended: Promise<void> | null = null
  const end = async (): Promise<void> => {
    // Reporting must not hang either.
    setTimeout(() => process.exit(exitCode(book)), reportMs)
    for (const work of works) await work()
    await report(runner, book)
    process.exitCode = exitCode(book)
  }
  const now = async (): Promise<never> => {
    ended ??= end()
    await ended
    // A pending timer of a library must not keep the job running.
    process.stdout.write('', () => process.exit())
    return new Promise(() => {})
  }
  process.on('uncaughtException', (error) => {
    book.record({ problems: problemsOf(error) })
    void now()
  })
  return { now, before: (work) => works.push(work) }
}

function exitCode({ outcome }: Book): 0 | 1 {
  return outcome.problems.length > 0 || outcome.status === null ? 1 : 0
}

/** Reports how the step ended: annotations, the last outputs, the summary. */
async function report(runner: StepRunner, book: Book): Promise<void> {
  for (const problem of book.outcome.problems) runner.error(problem)
  if (book.outcome.problems.length === 0 && book.outcome.status === null) {
    // The watchdog ended the step: something hung although every request has a time-out.
    book.record({ problems: [outOfTime()] })
    runner.error(outOfTime())
  }
  const next = nextStepLine(book.outcome)
  if (next) runner.info(next)
  try {
    await runner.summary(page(book.outcome))
  } catch {
    // The work is done: a summary that cannot be written must not make it look failed.
    book.warn({
      code: 'artifact-failed',
      fact: 'the job summary could not be written',
      hint: 'read the log of this step instead',
    })
    const { exchange } = book.outcome
    const lines = exchange ? exchangeMarkdown(book.outcome).split('\n') : []
    for (const line of lines) runner.info(line)
  }
}

function outOfTime(): Problem {
  return new Problem(
    'github-unavailable',
    'the step exceeded its time limit and was ended',
    'run the same command again to finish what it began',
  )
}
