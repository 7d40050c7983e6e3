import { Problem, problemIn } from '../../domain/problem.ts'
import { assertNoOtherChange } from '../../domain/rotation/view.ts'
import type { Target } from '../../ports.ts'
import type { TargetResultKind } from '../../summary/outcome.ts'
import { githubOf, type Step } from './context.ts'
import { type HeldLock, underLock } from './lock.ts'
import { named, type Planned, type Plans, recordResult, recordUntouched } from './targets.ts'

/** GitHub allows about 80 writes a minute. This many are sent without pauses. */
const freeWrites = 10
const msForOneWrite = 1000
/**
 * More than any target needs (23 for a rollback in an organization), so that GitHub's hourly limit is not reached between the
 * secrets of a pair.
 */
const requestsForOneTarget = 30

/** A target to change, as it is under its lock. */
export interface LockedRow<P> extends Planned<P> {
  readonly lock: HeldLock
}

/** What a command writes in each target. */
interface Writing<P> {
  /** The result of a target in which nothing has to be written; null for the others. */
  readonly unchanged: (plan: P) => string | null
  /** @param planned the plan of the first look, of which a person was informed */
  readonly write: (row: LockedRow<P>, planned: P) => Promise<void>
}

/** A write that failed, with the state of the target afterwards. */
export class TargetFailure extends Error {
  readonly result: TargetResultKind
  readonly problem: Problem

  constructor(result: TargetResultKind, problem: Problem) {
    super(problem.message)
    this.result = result
    this.problem = problem
  }
}

/**
 * Writes target by target, each under its lock. The first failure ends the step; a new run continues from there. If many
 * writes are needed, a target starts only when one second has passed for each write of the target before it. Pauses never fall
 * inside a target, where they would leave it half changed for longer.
 */
export async function writeAll<P>(step: Step, plans: Plans<P>, writing: Writing<P>): Promise<void> {
  recordUntouched(step)
  const todo = plans.rows.filter(({ target, plan }) => {
    const message = writing.unchanged(plan)
    if (message !== null) recordResult(step, target, 'unchanged', message)
    return message === null
  })
  const github = githubOf(step)
  const { clock, runner } = step.world
  let before: { readonly startedAt: number; readonly writes: number } | null = null
  for (const row of todo) {
    if (before && github.writes >= freeWrites) {
      const passed = clock.now().getTime() - before.startedAt
      const wait = (github.writes - before.writes) * msForOneWrite - passed
      if (wait > 0) await clock.sleep(wait)
    }
    if (runner.stop.aborted) throw stopped(row.target)
    before = { startedAt: clock.now().getTime(), writes: github.writes }
    await writeOne(step, row, plans, writing)
  }
}

function stopped({ label }: Target): Problem {
  return new Problem(
    'github-unavailable',
    `the step was stopped before ${label} was changed: the job was cancelled, or the step reached its time limit`,
    'run this command again to change the remaining targets',
  )
}

async function writeOne<P>(
  step: Step,
  { target, plan: planned }: Planned<P>,
  { ring, plan }: Plans<P>,
  { write }: Writing<P>,
): Promise<void> {
  let result: TargetResultKind = 'untouched'
  try {
    assertBudget(step, target)
    await underLock(step, target, ring, async (view, lock) => {
      assertNoOtherChange(view, step.inputs.command)
      const row = { target, view, lock, plan: plan({ target, view }) }
      // From here on, something may have been written.
      result = 'failed'
      await write(row, planned)
    })
  } catch (error) {
    const failure = error instanceof TargetFailure ? error : null
    const problem = named(step, target, failure?.problem ?? problemIn(error))
    recordResult(step, target, failure?.result ?? result, problem.fact, problem.code)
    throw problem
  }
}

/** @throws Problem `github-unavailable` if GitHub's hourly limit could be reached in the middle of a target */
function assertBudget(step: Step, { label }: Target): void {
  const { remaining } = githubOf(step)
  if (!remaining || remaining.requests >= requestsForOneTarget) return
  throw new Problem(
    'github-unavailable',
    `GitHub accepts only ${remaining.requests} more requests with this token, but ${label} needs up to ${requestsForOneTarget}; it was not changed`,
    `run this command again after ${remaining.resetAt.toISOString().slice(11, 19)} UTC`,
  )
}
