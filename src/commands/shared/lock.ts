import { randomUUID } from 'node:crypto'
import { Problem, problemIn } from '../../domain/problem.ts'
import { isDead, type Lock, locked, lockTrustMs, readLock } from '../../domain/rotation/lock.ts'
import type { Ring } from '../../domain/rotation/ring.ts'
import type { StoredVariable } from '../../domain/rotation/slots.ts'
import { type TargetView, viewOf } from '../../domain/rotation/view.ts'
import type { Target } from '../../ports.ts'
import { type Step, timeOf } from './context.ts'

/** A lock that is ours. */
export interface HeldLock {
  readonly id: string
  /** By the runner's own clock. */
  readonly takenAt: number
  /** Whether it replaced a dead lock. Another run may have done the same at the same moment. */
  readonly takenOver: boolean
}

/**
 * Works on one target while no other run can: takes the lock, inspects the target again, does the work, and always gives the
 * lock back. Inspects again because another run may have changed the target since the first look.
 */
export async function underLock<T>(
  step: Step,
  target: Target,
  ring: Ring,
  work: (view: TargetView, lock: HeldLock) => Promise<T>,
): Promise<T> {
  const lock = await take(step, target)
  try {
    const state = await target.inspect(step.names)
    return await work(viewOf(state, ring, step.names), lock)
  } finally {
    await giveBack(step, target, lock)
  }
}

async function take(step: Step, target: Target): Promise<HeldLock> {
  const { world, names, inputs } = step
  const { run } = world.runner
  const id = randomUUID()
  const lock: Lock = { id, run: run.url, attempt: run.attempt, command: inputs.command }
  const takenAt = world.clock.now().getTime()
  // If only the answer was lost, reading the variable shows whose lock it is.
  const create = async (): Promise<{ created: boolean; unheard: Problem | null }> => {
    try {
      return {
        created: await target.createVariable(names.lock, JSON.stringify(lock)),
        unheard: null,
      }
    } catch (error) {
      const problem = problemIn(error)
      if (!problem.uncertain) throw problem
      return { created: false, unheard: problem }
    }
  }

  const { created } = await create()
  const there = created ? null : await target.variable(names.lock)
  if (created || idIn(there) === id) return { id, takenAt, takenOver: false }
  if (there && !isDead(there, timeOf(step), run)) throw locked(there, names.lock, run)
  // An interrupted run left the lock, or it was given back just now. Two runs may replace it at the same moment: after two
  // seconds, only the newer lock exists.
  if (there) await target.deleteVariable(names.lock)
  const { unheard } = await create()
  await world.clock.sleep(2000)
  const newest = await target.variable(names.lock)
  if (idIn(newest) === id) return { id, takenAt, takenOver: true }
  throw newest === null && unheard ? unheard : anotherTookIt(names.lock)
}

function idIn(variable: StoredVariable | null): string | null {
  return variable && (readLock(variable.value)?.id ?? null)
}

function anotherTookIt(name: string): Problem {
  return new Problem(
    'locked',
    `is being changed by another run that took the lock at the same moment (variable ${name}); nothing was written`,
    'wait until that run has ended, then run this command again',
  )
}

/**
 * Checked before the two secrets of a pair are written: another run may take over a lock that is three minutes old, and both
 * secrets must be written by then.
 * @throws Problem `locked`
 */
export async function assertHeld(step: Step, target: Target, lock: HeldLock): Promise<void> {
  const { names, world } = step
  const age = world.clock.now().getTime() - lock.takenAt
  const ours =
    age < lockTrustMs && (!lock.takenOver || idIn(await target.variable(names.lock)) === lock.id)
  if (ours) return
  throw new Problem(
    'locked',
    `the lock of ${target.label} (variable ${names.lock}) is ${Math.round(age / 1000)} seconds old or was taken over by another run, so the pair was not changed`,
    'run this command again to continue',
  )
}

async function giveBack(
  { world, names, book }: Step,
  target: Target,
  lock: HeldLock,
): Promise<void> {
  try {
    const old = world.clock.now().getTime() - lock.takenAt >= lockTrustMs
    if ((lock.takenOver || old) && idIn(await target.variable(names.lock)) !== lock.id) return
    await target.deleteVariable(names.lock)
  } catch (error) {
    const { fact } = problemIn(error)
    book.warn({
      fact: `the lock of ${target.label} (variable ${names.lock}) could not be removed: ${fact}`,
      hint: 'no action is needed: other runs are refused for three minutes; after that, the next run removes the lock',
    })
  }
}
