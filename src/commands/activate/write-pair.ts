import { Problem, problemIn } from '../../domain/problem.ts'
import type { PromotionRequest } from '../../domain/rotation/choice.ts'
import type { Promotion } from '../../domain/rotation/promotion.ts'
import type { Stored } from '../../domain/rotation/slots.ts'
import { changeIn } from '../../domain/rotation/view.ts'
import type { SealedSecret, Target } from '../../ports.ts'
import { type Step, timeOf } from '../shared/context.ts'
import { type LockedRow, TargetFailure } from '../shared/write.ts'

/** One target, and the change to make there. */
export interface TargetChange extends LockedRow<Promotion> {
  readonly request: PromotionRequest
}

/**
 * Writes the two secrets of a pair, one directly after the other. The Public Key ID goes first: if the private key then
 * cannot be written, the old ID can be put back from the record. An old private key could not be put back.
 */
export async function writePair(
  step: Step,
  change: TargetChange,
  sealed: { readonly publicKeyId: SealedSecret; readonly privateKey: SealedSecret },
): Promise<void> {
  const { target, view } = change
  const id = await write(step, target, sealed.publicKeyId, view.publicKeyId)
  if (id?.happened === 'no') {
    const after = `; the pair of ${target.label} was not changed`
    throw new TargetFailure('failed', id.problem.extend({ after }))
  }
  if (id?.happened === 'unknown') await putBack(step, change, id.problem)
  const key = await write(step, target, sealed.privateKey, view.slots.current.secret)
  if (key?.happened === 'no') await putBack(step, change, key.problem)
  if (key?.happened === 'unknown') {
    const fact = `, but it is unknown whether secret ${sealed.privateKey.name} contains the new private key`
    throw torn(step, target, fact, key.problem)
  }
}

/** A failed write: it did not happen, or it is unknown whether it happened. */
interface Failed {
  readonly happened: 'no' | 'unknown'
  readonly problem: Problem
}

/**
 * Writes a secret. Returns null on success. If GitHub's answer was lost, the date of the secret shows whether the write
 * happened.
 */
async function write(
  step: Step,
  target: Target,
  secret: SealedSecret,
  before: Stored | null,
): Promise<Failed | null> {
  const startedAt = timeOf(step).getTime()
  try {
    await target.putSecret(secret)
    return null
  } catch (error) {
    const problem = problemIn(error)
    if (!problem.uncertain) return { happened: 'no', problem }
    let after: Stored | null
    try {
      after = await target.secret(secret.name)
    } catch (error) {
      problemIn(error)
      return { happened: 'unknown', problem }
    }
    if (after !== null && after.updatedAt !== before?.updatedAt) return null
    // GitHub's dates have whole seconds: if the secret was last changed in the second in which the write began, the date
    // proves nothing.
    const sameSecond = before !== null && Date.parse(before.updatedAt) >= startedAt - 1000
    return { happened: sameSecond ? 'unknown' : 'no', problem }
  }
}

/** Puts the old Public Key ID back beside the old private key. Always throws. */
async function putBack(step: Step, change: TargetChange, cause: Problem): Promise<never> {
  const { target, plan, view } = change
  const { label } = target
  const secret = `secret ${step.names.privateKey.current}`
  const stored = storedKey(change)
  if (stored === 'unknown') {
    const fact = `, but it is unknown whether an interrupted run has written ${secret}`
    throw torn(step, target, fact, cause)
  }
  if (stored === 'new') {
    const after = `; an interrupted run had already written the private key, so the pair of ${label} is the new one`
    throw new TargetFailure('updated', cause.extend({ after }))
  }
  const old = plan.old?.publicKeyId?.id ?? null
  if (old === null && view.slots.current.secret !== null) {
    const fact = `, but ${secret} was not written and its own Public Key ID is unknown`
    throw torn(step, target, fact, cause)
  }
  const { publicKeyId } = step.names
  try {
    if (old === null) await target.deleteSecret(publicKeyId)
    else await target.putSecret(await target.seal(publicKeyId, old))
  } catch (error) {
    problemIn(error)
    const failed = old === null ? 'deleting it' : `putting ${old} back`
    throw torn(step, target, ` beside the old private key, because ${failed} failed`, cause)
  }
  const left =
    old === null ? `${label} has no pair, as before` : `the old pair of ${label} is current again`
  throw new TargetFailure('restored', cause.extend({ after: `; ${left}` }))
}

/**
 * Whether an interrupted run has written the new private key: then the secret is newer than its record. Null if the old one is
 * stored.
 */
function storedKey({ view, request }: TargetChange): 'new' | 'unknown' | null {
  const { secret, stored } = view.slots.current
  if (changeIn(view) === null || secret === null) return null
  // Without a record, it is the first pair, or after a leak a key that was never recorded.
  if (stored === null) return request.keepPrevious ? 'new' : 'unknown'
  const later = Date.parse(secret.updatedAt) - Date.parse(stored.updatedAt)
  if (later > 0) return 'new'
  return later === 0 ? 'unknown' : null
}

function torn({ names }: Step, { label }: Target, fact: string, cause: Problem): TargetFailure {
  // A limit of GitHub's says until when to wait, and to run this again then.
  const waits = /\bwait (?:for|until)\b|\bafter \d\d:\d\d/.test(cause.hint)
  const again = waits ? cause.hint : 'run this command again at once with the same inputs'
  const problem = new Problem(
    'pair-torn',
    `secret ${names.publicKeyId} of ${label} contains the new Public Key ID${fact} (${cause.fact})`,
    `${again}, which writes both secrets; ${label} may now have a mismatched key pair: do not deploy until the command has succeeded`,
  )
  return new TargetFailure('torn', problem)
}
