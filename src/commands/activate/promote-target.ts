import { type KeyPair, privateKeyPem } from '../../domain/key/pair.ts'
import { Problem, problemIn } from '../../domain/problem.ts'
import type { PromotionRequest } from '../../domain/rotation/choice.ts'
import { type Change, type KeyRecord, writeKeyRecord } from '../../domain/rotation/record.ts'
import type { Target } from '../../ports.ts'
import type { TargetResultKind } from '../../summary/outcome.ts'
import { now, type Step } from '../shared/context.ts'
import { assertHeld } from '../shared/lock.ts'
import { recordResult } from '../shared/targets.ts'
import { TargetFailure } from '../shared/write.ts'
import { type TargetChange, writePair } from './write-pair.ts'

/**
 * Take the lock, mark, secret and record of `previous`, Public Key ID, private key, record of `current`, two deletions, give
 * the lock back. A rollback also writes the secret of `next`, and may first delete the secret and the record of another
 * staged key.
 */
export function writesForOne(change: Change, replaceStaged: string | null): number {
  if (change === 'activate') return 10
  return replaceStaged === null ? 11 : 13
}

/**
 * Writes in this order: the mark, `previous`, the pair, its record; then empties `next`. So each key that is kept is always
 * stored in a slot that is not being overwritten, and the mark shows the next run what was interrupted.
 * @param pair null if it was current in all targets already, so that it was not verified
 */
export async function promoteTarget(
  step: Step,
  change: TargetChange,
  pair: KeyPair | null,
): Promise<void> {
  const { target, plan, view, request } = change
  if (plan.finished) return removeLeftovers(step, change)
  if (!pair) throw changedMeanwhile()
  const { names } = step
  const untouched = `the pair of ${target.label} was not changed`
  const sealed = await during('failed', untouched, async () => {
    const sealed = await sealAll(step, change, pair)
    await discardStaged(step, change)
    // The mark before the secret: from then on, no other command takes this key for one that waits for its exchange.
    await writeMark(step, change, pair)
    if (sealed.next) await target.putSecret(sealed.next)
    // The secret before its record: the record states that the key is stored.
    if (sealed.previous) await target.putSecret(sealed.previous)
    await saveOldRecord(step, change)
    await assertHeld(step, target, change.lock)
    return sealed
  })
  await writePair(step, change, sealed)
  const activatedAt = now(step)
  step.book.record({ activatedAt })
  await during(
    'updated',
    `the new pair of ${target.label} is current, but its record was not updated`,
    () =>
      target.saveVariable(names.record.current, currentRecord(step, request, pair, activatedAt)),
  )
  await emptyNext(step, target)
  const verb = request.change === 'rollback' ? 'is current again' : 'is current now'
  recordResult(step, target, view.slots.current.secret ? 'updated' : 'created', `this pair ${verb}`)
}

function changedMeanwhile(): Problem {
  return new Problem(
    'pair-changed',
    'another run changed the current pair in the meantime; nothing was written',
    'run command: status; if this pair must still become current, run this command again',
  )
}

async function removeLeftovers(step: Step, { target, plan }: TargetChange): Promise<void> {
  const removed = plan.clear && (await emptyNext(step, target))
  const message = `this pair was current already${removed ? '; leftovers of an earlier run were removed' : ''}`
  recordResult(step, target, removed ? 'updated' : 'unchanged', message)
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

/** All secrets are sealed before the first write: sealing can fail, and must not fail between two writes. */
async function sealAll({ names }: Step, { target, plan, request }: TargetChange, pair: KeyPair) {
  const { privateKey } = names
  const pem = privateKeyPem(pair)
  const old = plan.keep && privateKeyPem(plan.keep.key.pair)
  return {
    publicKeyId: await target.seal(names.publicKeyId, request.publicKeyId.id),
    privateKey: await target.seal(privateKey.current, pem),
    previous: old && (await target.seal(privateKey.previous, old)),
    next: plan.stage ? await target.seal(privateKey.next, pem) : null,
  }
}

/** The secret first: a record alone is a leftover that the next run removes; a secret alone could not be identified. */
async function discardStaged({ names }: Step, { target, plan }: TargetChange): Promise<void> {
  if (!plan.discard) return
  await target.deleteSecret(names.privateKey.next)
  await target.deleteVariable(names.record.next)
}

/** Writes the mark into the record of `next`. Until it is removed, every other command refuses to write. */
async function writeMark(
  { names, world }: Step,
  { target, plan, view, request }: TargetChange,
  pair: KeyPair,
): Promise<void> {
  if (!plan.mark) return
  const { record } = view.slots.next
  const marked: KeyRecord = {
    // Until the pair is written, this target keeps what its own record says.
    ...(record?.fingerprint === request.record.fingerprint ? record : request.record),
    publicKeyId: request.publicKeyId,
    activatedAt: null,
    rolledBackAt: null,
    run: world.runner.run.url,
    change: request.change,
  }
  await target.saveVariable(names.record.next, writeKeyRecord(marked, 'next', pair))
}

async function saveOldRecord(step: Step, { target, plan, request }: TargetChange): Promise<void> {
  if (!plan.keep) return
  const { key, record } = plan.keep
  const rolledBackAt = request.change === 'rollback' ? now(step) : null
  const kept: KeyRecord = { ...record, change: null, rolledBackAt }
  await target.saveVariable(step.names.record.previous, writeKeyRecord(kept, 'previous', key.pair))
}

function currentRecord(
  step: Step,
  request: PromotionRequest,
  pair: KeyPair,
  activatedAt: string,
): string {
  const { region, payEnvironment } = step.book.outcome
  const current: KeyRecord = {
    ...request.record,
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

/**
 * The key is current now, so its copy is not needed, and a failure is only a warning. The record is deleted last, because it
 * contains the mark: until then, other commands refuse until this one has run again.
 */
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
