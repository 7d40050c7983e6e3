import { getInput } from '@actions/core'
import { type Order, readOrder, sensitiveInputs, unusedInputs } from './action/inputs.ts'
import { createRunner } from './adapters/runner.ts'
import { activate } from './commands/activate.ts'
import { generate } from './commands/generate.ts'
import { retire } from './commands/retire.ts'
import { status } from './commands/status.ts'
import { type Step, warn } from './commands/step.ts'
import { validate } from './commands/validate.ts'
import { masksOf } from './domain/key-import/import.ts'
import { slotNames } from './domain/rotation/slots.ts'
import { emptyOutcome, problemsOf, report } from './report.ts'
import { createClock, createWorld } from './wiring.ts'

const commands = { generate, validate, activate, retire, status }

/**
 * No further target is begun after this long. GitHub asks for a second between writes, so that one target of `activate`
 * takes about four, and each further one makes the step longer.
 */
const lastStart = (targets: number): number => 100_000 + 6_000 * Math.max(0, targets - 1)
/** What is under way then gets this much more. */
const grace = 18_000

const startedAt = Date.now()
const stop = new AbortController()
process.on('SIGINT', () => stop.abort())
process.on('SIGTERM', () => stop.abort())

const raw = (name: string): string => getInput(name, { trimWhitespace: false })
const runner = createRunner(process.env, stop.signal)
// As given, unless it is no command by its length: a secret may have gone into the wrong input.
const given = raw('command').trim().length > 60 ? '' : raw('command').trim()
const outcome = emptyOutcome({
  command: given,
  prefix: raw('prefix').trim(),
  names: slotNames(raw('prefix').trim()),
  maxAgeDays: 0,
  runner,
})
const fail = (error: unknown): void => {
  outcome.problems = problemsOf(error)
  process.exitCode = 1
}
let reported: Promise<void> | undefined
const end = async (): Promise<never> => {
  reported ??= report(runner, outcome).catch(fail)
  await reported
  // A time-out that a library still waits for must not keep the job.
  process.stdout.write('', () => process.exit())
  return new Promise(() => {})
}
process.on('uncaughtException', (error) => {
  fail(error)
  void end()
})

try {
  // Before anything else, so that nothing of it can be printed.
  for (const { name, value } of sensitiveInputs(raw)) {
    const masks = name.endsWith('private-key') ? masksOf(value) : [value]
    for (const mask of masks) runner.mask(mask)
  }
  runner.output('command', given)
  const order: Order = readOrder(raw)
  const { inputs } = order
  outcome.prefix = inputs.prefix
  outcome.names = slotNames(inputs.prefix)
  outcome.maxAgeDays = inputs.maxAgeDays
  const last = lastStart(order.places.length)
  setTimeout(() => stop.abort(), last).unref()
  const world = await createWorld(order, runner, process.env, {
    clock: createClock(stop.signal),
    deadline: { signal: AbortSignal.timeout(last + grace), at: new Date(startedAt + last + grace) },
  })
  const step: Step = { inputs, world, outcome }
  for (const warning of unusedInputs(raw, inputs.command)) warn(step, warning)
  await commands[inputs.command](step)
} catch (error) {
  fail(error)
}
await end()
