import { type KeyPair, privateKeyPem } from '../../domain/key/pair.ts'
import { problemIn } from '../../domain/problem.ts'
import { type Change, type KeyRecord, writeKeyRecord } from '../../domain/rotation/record.ts'
import type { SealedSecret, Target } from '../../ports.ts'
import type { TargetResultKind } from '../../summary/outcome.ts'
import { now, type Step } from '../shared/context.ts'
import { assertHeld } from '../shared/lock.ts'
import { recordResult } from '../shared/targets.ts'
import { type SealedPair, type TargetChange, TargetFailure } from './target-change.ts'
import { writePair } from './write-pair.ts'

/**
 * Take the lock, mark, secret and record of `previous`, Public Key ID, private key, record of `current`, two deletions, give
 * the lock back. A rollback also writes the secret of `next`.
 */
export const writesForOne = (change: Change): number => (change === 'rollback' ? 11 : 10)

/**
 * Writes in this order: the mark, `previous`, the pair, its record; then empties `next`. So each key is always stored in a
 * slot that is not being overwritten, and the mark shows the next run what was interrupted.
 */
export async function promoteTarget(step: Step, change: TargetChange): Promise<void> {
  const { target, plan, pair, view } = change
  if (plan.finished || !pair) {
    const cleared = plan.clear && (await emptyNext(step, target))
    const message = cleared ? '; leftovers of an earlier run were removed' : ''
    return recordResult(
      step,
      target,
      cleared ? 'updated' : 'unchanged',
      `this pair was current already${message}`,
    )
  }
  const untouched = `the pair of ${target.label} was not changed`
  const sealed = await during('failed', untouched, () => sealAll(step, change, pair))
  await during('failed', untouched, () => writeMark(step, change, pair))
  const { next } = sealed
  if (next) await during('failed', untouched, () => target.putSecret(next))
  await during('failed', untouched, () => keepOld(step, change, sealed.previous))
  await during('failed', untouched, () => assertHeld(step, target, change.lock))
  await writePair(step, change, sealed)
  await during(
    'updated',
    `the new pair of ${target.label} is current, but its record was not updated`,
    () => target.saveVariable(step.names.record.current, currentRecord(step, change, pair)),
  )
  await emptyNext(step, target)
  const verb = change.request.change === 'rollback' ? 'is current again' : 'is current now'
  recordResult(step, target, view.slots.current.secret ? 'updated' : 'created', `this pair ${verb}`)
}

/** Adds to a failure what it means for the pair. */
async function during<T>(
  result: TargetResultKind,
  meaning: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new TargetFailure(result, problemIn(error).extend({ after: `; ${meaning}` }))
  }
}

async function sealAll(
  { names }: Step,
  { target, plan, request }: TargetChange,
  pair: KeyPair,
): Promise<SealedPair> {
  const pem = privateKeyPem(pair)
  return {
    publicKeyId: await target.seal(names.publicKeyId, request.publicKeyId.id),
    privateKey: await target.seal(names.privateKey.current, pem),
    previous: plan.keep
      ? await target.seal(names.privateKey.previous, privateKeyPem(plan.keep.key.pair))
      : null,
    next: plan.stage ? await target.seal(names.privateKey.next, pem) : null,
  }
}

/** Writes the mark into the record of `next`. Until it is removed, every other command refuses to write. */
async function writeMark(
  { names, world }: Step,
  { target, plan, view, request, record }: TargetChange,
  pair: KeyPair,
): Promise<void> {
  if (plan.discard) {
    await target.deleteSecret(names.privateKey.next)
    await target.deleteVariable(names.record.next)
  }
  if (!plan.mark) return
  const { next } = view.slots
  const staged = next.record?.fingerprint === request.key ? next.record : record
  const marked: KeyRecord = {
    ...staged,
    publicKeyId: request.publicKeyId,
    activatedAt: null,
    rolledBackAt: null,
    run: world.runner.run.url,
    change: request.change,
  }
  await target.saveVariable(names.record.next, writeKeyRecord(marked, 'next', pair))
}

/** The secret before its record: the record states that the key is stored. */
async function keepOld(
  step: Step,
  { target, plan, request }: TargetChange,
  secret: SealedSecret | null,
): Promise<void> {
  if (!plan.keep || !secret) return
  const { key, record } = plan.keep
  await target.putSecret(secret)
  const rolledBackAt = request.change === 'rollback' ? now(step) : null
  const kept: KeyRecord = { ...record, change: null, rolledBackAt }
  await target.saveVariable(step.names.record.previous, writeKeyRecord(kept, 'previous', key.pair))
}

function currentRecord(step: Step, { record, request }: TargetChange, pair: KeyPair): string {
  const { region, payEnvironment } = step.book.outcome
  const activatedAt = now(step)
  step.book.record({ activatedAt })
  const current: KeyRecord = {
    ...record,
    publicKeyId: request.publicKeyId,
    region,
    payEnvironment,
    activatedAt,
    run: step.world.runner.run.url,
    change: null,
    rolledBackAt: null,
  }
  return writeKeyRecord(current, 'current', pair)
}

/** The key is current now, so its copy is not needed. The record is deleted last, because it contains the mark. */
async function emptyNext({ names, book }: Step, target: Target): Promise<boolean> {
  try {
    await target.deleteSecret(names.privateKey.next)
    await target.deleteVariable(names.record.next)
    return true
  } catch (error) {
    const { code, fact } = problemIn(error)
    book.warn({
      code,
      fact: `the pair of ${target.label} is current, but secret ${names.privateKey.next} or variable ${names.record.next} could not be deleted: ${fact}`,
      hint: 'run this command again to remove them',
    })
    return false
  }
}
