import { Problem } from '../../domain/problem.ts'
import { githubOf, type Step } from './context.ts'
import { type Row, stopped } from './targets.ts'

/** GitHub allows about 80 writes a minute and 500 an hour. This many are sent without pauses. */
const freeWrites = 10
const maxWrites = 450
const msForOneWrite = 1000

/**
 * Works on one target after the other. If many writes are needed, a target starts only when one second has passed for each
 * write of the target before it. Pauses never fall inside a target, where they would leave it half changed for longer.
 */
export async function eachTarget<R extends Row>(
  step: Step,
  rows: readonly R[],
  work: (row: R) => Promise<void>,
): Promise<void> {
  const github = githubOf(step)
  const { clock, runner } = step.world
  let before: { readonly startedAt: number; readonly writes: number } | null = null
  for (const row of rows) {
    if (before && github.writes >= freeWrites) {
      const passed = clock.now().getTime() - before.startedAt
      const wait = (github.writes - before.writes) * msForOneWrite - passed
      if (wait > 0) await clock.sleep(wait)
    }
    if (runner.stop.aborted) throw stopped(row.target)
    before = { startedAt: clock.now().getTime(), writes: github.writes }
    await work(row)
  }
}

/**
 * Refuses more writes than GitHub allows in an hour: the limit would be reached in the middle of a target.
 * @throws Problem `input-invalid`
 */
export function assertWritable(rows: readonly Row[], writesForOne: number): void {
  const max = Math.floor(maxWrites / writesForOne)
  if (rows.length <= max) return
  throw new Problem(
    'input-invalid',
    `repository names ${rows.length} repositories, but one step can change at most ${max} with this command`,
    `split them into several jobs of at most ${max}, or store the key in an organization secret (input organization)`,
  )
}
