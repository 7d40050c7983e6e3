import { Problem } from '../problem.ts'
import type { StoredVariable } from './slots.ts'

/**
 * The lock keeps two runs from changing one target at the same time. It is a variable, because GitHub refuses to create one
 * that exists. It does not protect against people who may edit variables.
 */
export interface Lock {
  /** Random, so that a run recognises its own lock. */
  readonly id: string
  /** URL of the run. */
  readonly run: string
  readonly attempt: number
  readonly command: string
}

/** From this age, a lock is dead: its run was interrupted. */
const lockLifetimeMs = 180_000
/** From this age, its run starts no pair: both secrets must be written before another run may take over the lock. */
export const lockTrustMs = 120_000

/** Parses a lock. Null if the text is not a lock; then only its age is known. */
export function readLock(text: string): Omit<Lock, 'command'> | null {
  try {
    const { id, run, attempt } = JSON.parse(text) as Partial<Lock>
    const valid = typeof id === 'string' && typeof run === 'string' && typeof attempt === 'number'
    return valid ? { id, run, attempt } : null
  } catch {
    return null
  }
}

/**
 * Whether the run that took a lock is gone: by GitHub's clock the lock is too old, or it belongs to an earlier attempt of this
 * run. Only one attempt of a run is active at a time.
 */
export function isDead(
  variable: StoredVariable,
  now: Date,
  run: { readonly url: string; readonly attempt: number },
): boolean {
  const lock = readLock(variable.value)
  if (lock?.run === run.url && lock.attempt < run.attempt) return true
  return now.getTime() - Date.parse(variable.createdAt) >= lockLifetimeMs
}

/** The problem that another run is changing this target now. */
export function locked(
  variable: StoredVariable,
  name: string,
  run: { readonly url: string },
): Problem {
  const lock = readLock(variable.value)
  const until = new Date(Date.parse(variable.createdAt) + lockLifetimeMs)
    .toISOString()
    .slice(11, 19)
  // Everyone with write access can write a lock, so it must not lead to another server.
  const server = /^https?:\/\/[^/]+\//.exec(run.url)?.[0]
  const safe = lock && server && lock.run.startsWith(server) && /^[\w/.:-]{1,200}$/.test(lock.run)
  const by = safe ? `the run ${lock.run}` : 'another run'
  return new Problem(
    'locked',
    `is being changed by ${by} (variable ${name}); nothing was written`,
    `wait until that run has ended, or until ${until} UTC, when the lock of an interrupted run expires; then run this command again`,
  )
}
