import pMap from 'p-map'
import { Problem, problemsIn, throwAll } from '../../domain/problem.ts'
import { isDead, locked } from '../../domain/rotation/lock.ts'
import type { Ring } from '../../domain/rotation/ring.ts'
import {
  assertNoOtherChange,
  describeView,
  locateRing,
  type TargetView,
  viewOf,
} from '../../domain/rotation/view.ts'
import type { Target } from '../../ports.ts'
import type { TargetResult, TargetResultKind } from '../../summary/outcome.ts'
import { type Step, timeOf } from './context.ts'

/** One target and its state. */
export interface Row {
  readonly target: Target
  readonly view: TargetView
}

/** One target and what the command will do there. */
export interface Planned<P> extends Row {
  readonly plan: P
}

/** The plans of a command for all targets. */
export interface Plans<P> {
  readonly ring: Ring
  readonly rows: readonly Planned<P>[]
  /** Plans a target again: another run may have changed it since the first look. */
  readonly plan: (row: Row) => P
}

/** A problem that prevents the command in one target. */
interface Finding {
  readonly target: Target
  readonly problem: Problem
}

/** The targets that could be inspected, and the problems with the others. */
interface Inspection {
  /** The ring from the inputs, and the slots in which its keys were found. */
  readonly ring: Ring
  readonly rows: readonly Row[]
  readonly findings: readonly Finding[]
}

/** Reading requests may overlap, but only a few: GitHub limits concurrent requests. */
const concurrency = 4

/** Inspects every target before anything is written anywhere. */
export async function inspectAll(step: Step, ring: Ring): Promise<Inspection> {
  const { names, world, book } = step
  const inspect = async (target: Target) => {
    try {
      return { target, state: await target.inspect(names), problems: [] }
    } catch (error) {
      return { target, state: null, problems: problemsIn(error) }
    }
  }
  const looks = await pMap(world.targets, inspect, { concurrency })
  const findings = looks.flatMap(({ target, problems }) =>
    problems.map((problem) => ({ target, problem })),
  )
  const seen = looks.flatMap(({ target, state }) => (state ? [{ target, state }] : []))
  for (const { target } of seen) for (const remark of target.remarks) book.warn(remark)
  // Twice: only all views together show in which slots the keys of the ring were found.
  const views = seen.map(({ state }) => viewOf(state, ring, names))
  const located = locateRing(views, ring)
  const rows = seen.map(({ target, state }): Row => {
    const view = viewOf(state, located, names)
    world.runner.debug(`${target.label}: ${describeView(view)}`)
    return { target, view }
  })
  return { ring: located, rows, findings }
}

/**
 * Plans each row. If there is a problem in any target, ends the step before any write and shows all problems of all targets.
 * Locks and unfinished changes are shown alone, because all other problems may look different afterwards.
 */
export function planAll<P>(
  step: Step,
  { ring, rows, findings }: Inspection,
  writesForOne: number,
  plan: (row: Row) => P,
): Plans<P> {
  forAll(step, rows, [], (row) => assertUnlocked(step, row))
  forAll(step, rows, [], ({ view }) => assertNoOtherChange(view, step.inputs.command))
  const planned = forAll(step, rows, findings, (row) => ({ ...row, plan: plan(row) }))
  assertWritable(rows.length, writesForOne)
  return { ring, rows: planned, plan }
}

/** @throws Problems all problems, also the ones that were found before */
function forAll<T>(
  step: Step,
  rows: readonly Row[],
  before: readonly Finding[],
  work: (row: Row) => T,
): T[] {
  const findings = [...before]
  const results = rows.flatMap((row) => {
    const { target } = row
    try {
      return [work(row)]
    } catch (error) {
      const problems = problemsIn(error).map((problem) => named(step, target, problem))
      findings.push(...problems.map((problem) => ({ target, problem })))
      return []
    }
  })
  refuse(step, findings)
  return results
}

/** @throws Problem `locked` if another run is changing this target */
function assertUnlocked(step: Step, { view }: Row): void {
  const { run } = step.world.runner
  if (view.lock && !isDead(view.lock, timeOf(step), run)) {
    throw locked(view.lock, step.names.lock, run)
  }
}

/** GitHub allows 500 writes in an hour: the limit must not be reached in the middle of a target. */
const maxWrites = 450

function assertWritable(targets: number, writesForOne: number): void {
  const max = Math.floor(maxWrites / writesForOne)
  if (targets <= max) return
  throw new Problem(
    'input-invalid',
    `repository names ${targets} repositories, but one step can change at most ${max} with this command`,
    `split them into several jobs of at most ${max}, or store the key in an organization secret (input organization)`,
  )
}

/** Puts the target's name in front if the fact needs a subject, or if there are several targets. */
export function named(step: Step, target: Target, problem: Problem): Problem {
  if (/^(?:is|has|contains) /.test(problem.fact))
    return problem.extend({ before: `${target.label} ` })
  const alone = step.world.targets.length === 1 || problem.fact.includes(target.label)
  return alone ? problem : problem.extend({ before: `${target.label}: ` })
}

/** Ends the step if there is any finding. Nothing was written by then. */
export function refuse(step: Step, findings: readonly Finding[]): void {
  if (findings.length === 0) return
  recordUntouched(step, findings)
  const order = ({ target }: Finding): number => step.world.targets.indexOf(target)
  throwAll([...findings].sort((a, b) => order(a) - order(b)).map(({ problem }) => problem))
}

/** Records every target as untouched, before the first write. */
export function recordUntouched({ book, world }: Step, findings: readonly Finding[] = []): void {
  const targets = world.targets.map((target) => {
    const problem = findings.find((finding) => finding.target === target)?.problem
    return resultOf(target, 'untouched', problem?.fact ?? 'nothing was written', problem?.code)
  })
  book.record({ targets })
}

function resultOf(
  { name, environment }: Target,
  ...[result, message, code = null]: [TargetResultKind, string, TargetResult['code']?]
): TargetResult {
  return { target: name, environment, result, code, message }
}

/** Records the result of a target, replacing an earlier one, and prints it to the log. All are in one environment, or in none. */
export function recordResult(
  { book, world }: Step,
  target: Target,
  ...[result, message, code]: [TargetResultKind, string, TargetResult['code']?]
): void {
  const entry = resultOf(target, result, message, code)
  const { targets } = book.outcome
  const index = targets.findIndex((other) => other.target === entry.target)
  book.record({ targets: index < 0 ? [...targets, entry] : targets.with(index, entry) })
  if (result !== 'untouched') world.runner.info(`${target.label}: ${message}`)
}

/** The results of a dry run. */
export function recordPlans<P>(step: Step, { rows }: Plans<P>, words: (plan: P) => string): void {
  for (const { target, plan } of rows) recordResult(step, target, 'planned', words(plan))
  step.book.record({ status: 'planned' })
}
