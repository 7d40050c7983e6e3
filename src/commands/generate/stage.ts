import { type KeyPair, privateKeyPem } from '../../domain/key/pair.ts'
import { type Problem, problemIn } from '../../domain/problem.ts'
import { type KeyRecord, writeKeyRecord } from '../../domain/rotation/record.ts'
import type { StagingMove } from '../../domain/rotation/staging.ts'
import type { SealedSecret, Target } from '../../ports.ts'
import type { Step } from '../shared/context.ts'
import { underLock } from '../shared/lock.ts'
import { named, type Planned, type Plans, recordResult } from '../shared/targets.ts'
import { writeAll } from '../shared/write.ts'

/** Take the lock, record, secret, give the lock back; another staged key is deleted with its record first. */
export const writesForOne = (replaceStaged: string | null): number =>
  replaceStaged === null ? 4 : 6

export const plannedWords: Readonly<Record<StagingMove, string>> = {
  stage: 'the key would be staged',
  clear: 'leftovers of an interrupted run would be removed, and the key would be staged',
  replace: 'the staged key would be discarded, and the new one would be staged',
  record: 'the missing record of the staged key would be written',
  keep: 'this key is staged already',
}

const doneWords: Readonly<Record<StagingMove, string>> = {
  stage: 'the key is staged',
  clear: 'leftovers of an interrupted run were removed, and the key is staged',
  replace: 'the previously staged key was discarded, and the new one is staged',
  record: 'the missing record of the staged key was written',
  keep: 'this key was staged already',
}

/** What to stage, and where. */
interface Staging {
  readonly plans: Plans<StagingMove>
  readonly pair: KeyPair
  readonly record: KeyRecord
}

/** Stages target by target. If one fails, what this run wrote in any target is removed again. */
export async function stageAll(step: Step, staging: Staging): Promise<void> {
  const begun: Planned<StagingMove>[] = []
  const finished = new Set<Target>()
  try {
    await writeAll(step, staging.plans, {
      unchanged: (move) => (move === 'keep' ? doneWords.keep : null),
      async write(row) {
        if (row.plan !== 'keep') begun.push(row)
        await stageInto(step, row, staging)
        finished.add(row.target)
      },
    })
  } catch (error) {
    const problem = problemIn(error)
    for (const row of begun) {
      await undo(step, row, staging, finished.has(row.target) ? null : problem)
    }
    throw problem
  }
}

/** The record before the secret: if the run is interrupted in between, the record shows the next run what was begun. */
async function stageInto(
  step: Step,
  { target, view, plan: move }: Planned<StagingMove>,
  { pair, record }: Staging,
): Promise<void> {
  const { names } = step
  const { next } = names.privateKey
  const done = `${doneWords[move]} in ${next}`
  if (move === 'keep') return recordResult(step, target, 'unchanged', done)
  // Sealed before the first write: if sealing fails, nothing must be left behind.
  const secret = move === 'record' ? null : await target.seal(next, privateKeyPem(pair))
  if (move === 'replace') await target.deleteSecret(next)
  if (view.slots.next.stored) await target.deleteVariable(names.record.next)
  await target.saveVariable(names.record.next, writeKeyRecord(record, 'next', pair))
  if (secret) await putStaged(target, secret)
  recordResult(step, target, move === 'stage' ? 'created' : 'updated', done)
}

/** If only the answer was lost and the secret exists now, it is ours: the slot was empty and is locked. */
async function putStaged(target: Target, secret: SealedSecret): Promise<void> {
  try {
    await target.putSecret(secret)
  } catch (error) {
    if (!problemIn(error).uncertain) throw error
    if ((await target.secret(secret.name).catch(() => null)) === null) throw error
  }
}

/**
 * Removes what this run staged, and records what is left.
 * @param problem why this target failed; null if another one did
 */
async function undo(
  step: Step,
  { target, plan: move }: Planned<StagingMove>,
  staging: Staging,
  problem: Problem | null,
): Promise<void> {
  const before = problem ? problem.fact : 'another target failed'
  const discarded = move === 'replace' ? ', and the previously staged key was discarded' : ''
  try {
    const undone = await removeOwn(step, target, move, staging)
    const left = undone
      ? 'what this run had written was removed again'
      : 'this run left nothing behind'
    const message = `${before}; ${left}${discarded}`
    recordResult(step, target, problem ? 'failed' : 'restored', message, problem?.code)
  } catch (error) {
    const { fact, code } = named(step, target, problemIn(error))
    const { privateKey, record } = step.names
    const left = `this run may have left secret ${privateKey.next} or variable ${record.next} behind (${fact})`
    recordResult(step, target, 'failed', `${before}; ${left}`, problem?.code ?? code)
  }
}

/** Only if the record is ours. The secret is deleted first: a secret without a record could not be identified. */
async function removeOwn(
  step: Step,
  target: Target,
  move: StagingMove,
  { plans, record }: Staging,
): Promise<boolean> {
  return underLock(step, target, plans.ring, async ({ slots }) => {
    const { next } = slots
    const ours = next.record?.fingerprint === record.fingerprint && next.record.run === record.run
    if (!ours) return false
    // If only the record was missing, the secret existed before this run.
    if (move !== 'record') await target.deleteSecret(step.names.privateKey.next)
    await target.deleteVariable(step.names.record.next)
    return true
  })
}
