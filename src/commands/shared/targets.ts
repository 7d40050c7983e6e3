import pMap from 'p-map'
import { Problem, problemIn, problemsIn, throwAll } from '../../domain/problem.ts'
import { isDead, locked } from '../../domain/rotation/lock.ts'
import type { Ring } from '../../domain/rotation/ring.ts'
import type { TargetState } from '../../domain/rotation/slots.ts'
import {
  changeIn,
  changeUnfinished,
  describeView,
  locateRing,
  type TargetView,
  viewOf,
} from '../../domain/rotation/view.ts'
import type { Target } from '../../ports.ts'
import type { TargetResult, TargetResultKind } from '../../summary/outcome.ts'
import { githubOf, type Step, timeOf } from './context.ts'

/** One target and its state. A command adds to the row what it finds out about the target. */
export interface Row {
  readonly target: Target
  readonly view: TargetView
}

/** A problem that prevents the command in one target. */
interface Finding {
  readonly target: Target
  readonly problem: Problem
}

/** The targets that could be inspected, and the problems with the others. */
export interface Inspection {
  /** The ring from the inputs, and the slots in which its keys were found. */
  readonly ring: Ring
  readonly rows: readonly Row[]
  readonly findings: readonly Finding[]
}

/** Reading requests may overlap, but only a few: GitHub limits concurrent requests. */
const concurrency = 4

/** Inspects every target before anything is written anywhere. */
export async function inspectAll(step: Step, ring: Ring): Promise<Inspection> {
  const looks = await pMap(step.world.targets, (target) => inspect(step, target), { concurrency })
  const seen = looks.flatMap(({ seen }) => seen ?? [])
  for (const { target } of seen) for (const remark of target.remarks) step.book.warn(remark)
  const first = seen.map(({ state }) => viewOf(state, ring, step.names))
  const located = locateRing(first, ring)
  const rows = seen.map(({ target, state }): Row => {
    const view = viewOf(state, located, step.names)
    step.world.runner.debug(`${target.label}: ${describeView(view)}`)
    return { target, view }
  })
  return { ring: located, rows, findings: looks.flatMap(({ findings }) => findings) }
}

interface Look {
  readonly seen: { readonly target: Target; readonly state: TargetState } | null
  readonly findings: readonly Finding[]
}

async function inspect(step: Step, target: Target): Promise<Look> {
  try {
    return { seen: { target, state: await target.inspect(step.names) }, findings: [] }
  } catch (error) {
    return { seen: null, findings: problemsIn(error).map((problem) => ({ target, problem })) }
  }
}

/**
 * Plans each row. If there is a problem in any target, ends the step before any write and shows all problems of all targets.
 */
export function planAll<P>(
  step: Step,
  { rows, findings }: Inspection,
  plan: (row: Row) => P,
): (Row & { readonly plan: P })[] {
  refuseUnless(step, rows, (row) => assertUnlocked(step, row))
  refuseUnless(step, rows, ({ view }) => {
    const mark = changeIn(view)
    if (mark && mark !== step.inputs.command) throw changeUnfinished(view)
  })
  const planned: (Row & { plan: P })[] = []
  const refused: Finding[] = [...findings]
  for (const row of rows) {
    try {
      planned.push({ ...row, plan: plan(row) })
    } catch (error) {
      for (const problem of problemsIn(error)) {
        refused.push({ target: row.target, problem: named(step, row.target, problem) })
      }
    }
  }
  refuse(step, refused)
  return planned
}

/** Problems that must be solved first. They are shown alone, because all others may look different afterwards. */
function refuseUnless(step: Step, rows: readonly Row[], assert: (row: Row) => void): void {
  const findings = rows.flatMap((row): Finding[] => {
    try {
      assert(row)
      return []
    } catch (error) {
      const problem = named(step, row.target, problemIn(error))
      return [{ target: row.target, problem }]
    }
  })
  refuse(step, findings)
}

/** @throws Problem `locked` if another run is changing this target */
function assertUnlocked(step: Step, { view }: Row): void {
  const { run } = step.world.runner
  if (view.lock && !isDead(view.lock, timeOf(step), run)) {
    throw locked(view.lock, step.names.lock, run)
  }
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
  step.book.record({
    targets: step.world.targets.map((target) => {
      const problem = findings.find((finding) => finding.target === target)?.problem
      return problem
        ? resultOf(target, 'untouched', problem.fact, problem.code)
        : resultOf(target, 'untouched', 'nothing was written')
    }),
  })
  const order = (finding: Finding): number => step.world.targets.indexOf(finding.target)
  throwAll([...findings].sort((a, b) => order(a) - order(b)).map(({ problem }) => problem))
}

export function resultOf(
  target: Target,
  result: TargetResultKind,
  message: string,
  code: TargetResult['code'] = null,
): TargetResult {
  return { target: target.name, environment: target.environment, result, code, message }
}

/** Records the result of a target, replacing an earlier one, and prints it to the log. */
export function recordResult(
  { book, world }: Step,
  target: Target,
  ...[result, message, code]: [TargetResultKind, string, TargetResult['code']?]
): void {
  const entry = resultOf(target, result, message, code ?? null)
  const isSame = ({ target: name, environment }: TargetResult): boolean =>
    name === entry.target && environment === entry.environment
  const { targets } = book.outcome
  book.record({
    targets: targets.some(isSame)
      ? targets.map((other) => (isSame(other) ? entry : other))
      : [...targets, entry],
  })
  if (result !== 'untouched') world.runner.info(`${target.label}: ${message}`)
}

/** Sets every target to `untouched` before the first write. */
export function recordUntouched({ book }: Step, rows: readonly Row[]): void {
  book.record({
    targets: rows.map(({ target }) => resultOf(target, 'untouched', 'nothing was written')),
  })
}

export function stopped(target: Target): Problem {
  return new Problem(
    'github-unavailable',
    `the step was stopped before ${target.label} was changed: the job was cancelled, or the step reached its time limit`,
    'run this command again to change the remaining targets',
  )
}

/** At least as many as one target needs, so that GitHub's hourly limit is not reached between the secrets of a pair. */
const requestsForOneTarget = 20

/** @throws Problem `github-unavailable` if GitHub's hourly limit could be reached in the middle of a target */
export function assertBudget(step: Step, target: Target): void {
  const { remaining } = githubOf(step)
  if (!remaining || remaining.requests >= requestsForOneTarget) return
  throw new Problem(
    'github-unavailable',
    `GitHub accepts only ${remaining.requests} more requests with this token, but ${target.label} needs up to ${requestsForOneTarget}; it was not changed`,
    `run this command again after ${remaining.resetAt.toISOString().slice(11, 19)} UTC`,
  )
}
