import type { KeyPair } from '../../domain/key/pair.ts'
import { Problem } from '../../domain/problem.ts'
import type { Choice, PromotionRequest } from '../../domain/rotation/choice.ts'
import { type Promotion, planPromotion } from '../../domain/rotation/promotion.ts'
import type { Change } from '../../domain/rotation/record.ts'
import { findInRing, type Ring } from '../../domain/rotation/ring.ts'
import { slots } from '../../domain/rotation/slots.ts'
import { type TargetView, trusted } from '../../domain/rotation/view.ts'
import type { Step } from '../shared/context.ts'
import { recordKey, recordScope } from '../shared/facts.ts'
import { readRing } from '../shared/keys.ts'
import { publish } from '../shared/publish.ts'
import { checkRedeploy, redeployAll } from '../shared/redeploy.ts'
import { inspectAll, type Planned, planAll, type Row, recordPlans } from '../shared/targets.ts'
import { skipVerification, verifyPair } from '../shared/verify-pair.ts'
import { writeAll } from '../shared/write.ts'
import { promoteTarget, writesForOne } from './promote-target.ts'

const words = {
  activate: { status: 'activated', keyMissing: 'staged-key-missing', slot: 'next' },
  rollback: { status: 'rolled-back', keyMissing: 'previous-key-missing', slot: 'previous' },
} as const

/**
 * Plans, verifies and writes: makes the chosen pair current in every target. `activate` and `rollback` differ only in how they
 * choose the key.
 */
export async function promote(
  step: Step,
  change: Change,
  choose: (rows: readonly Row[]) => Choice,
): Promise<void> {
  const { inputs, book, world } = step
  const { keepPrevious, replaceStaged, region, payEnvironment } = inputs
  const { slot, status } = words[change]
  const ring = await readRing(step, slot, ...(keepPrevious ? (['current'] as const) : []))
  const inspection = await inspectAll(step, ring)
  const requestOf = (choice: Choice): PromotionRequest => ({
    ...choice,
    change,
    keepPrevious,
    replaceStaged,
    region,
    payEnvironment,
  })
  // Always from the first look: the plan under a lock must not choose another key.
  const chosen = (): Choice => choose(inspection.rows)
  const plans = planAll(step, inspection, writesForOne(change, replaceStaged), ({ view }) =>
    planPromotion(view, inspection.ring, requestOf(chooseOrUnreadable(view, chosen))),
  )
  const { rows } = plans
  const request = requestOf(chosen())

  const finished = rows.every(({ plan }) => plan.finished)
  const pair = finished ? null : pairOf(step, request, inspection.ring)
  recordChoice(step, request, rows, inspection.ring)
  await verify(step, request, rows, pair)
  for (const { plan } of rows) for (const warning of plan.warnings) book.warn(warning)
  if (inputs.dryRun) return recordPlans(step, plans, (plan) => plannedWords(step, plan))

  await checkRedeploy(step)
  await writeAll(step, plans, {
    unchanged: ({ finished, clear }) =>
      finished && !clear ? 'this pair was current already' : null,
    write: (row) => promoteTarget(step, { ...row, request }, pair),
  })
  if (finished) world.runner.notice('this pair was current already, so it was not written')
  book.record({ status })
  await publish(step)
  await redeployAll(step)
}

/** Chooses. If no key is found, an unreadable record of this target is the likelier cause and is thrown instead. */
function chooseOrUnreadable<T>({ slots: seen }: TargetView, choose: () => T): T {
  try {
    return choose()
  } catch (error) {
    const unreadable = slots
      .map((slot) => seen[slot])
      .find(({ record, problem }) => problem && !record)
    throw unreadable?.problem ?? error
  }
}

async function verify(
  step: Step,
  { publicKeyId, change }: PromotionRequest,
  rows: readonly Planned<Promotion>[],
  pair: KeyPair | null,
): Promise<void> {
  if (!pair) return skipVerification(step)
  await verifyPair(step, {
    pair,
    publicKeyId,
    control: true,
    // A pair of a suspended or someone else's account must not replace a working one.
    accountIsFine: rows.every(({ plan }) => plan.first),
    advice: change === 'activate' ? 'newPair' : 'currentPair',
  })
}

/** Records what is known before the first write. Only of compared keys, because the summary says which key to delete. */
function recordChoice(
  step: Step,
  { record, publicKeyId, keepPrevious }: PromotionRequest,
  rows: readonly Planned<Promotion>[],
  ring: Ring,
): void {
  const { fingerprint, madeAt, activatedAt } = record
  if (findInRing(ring, fingerprint)) recordKey(step, record.publicKey)
  recordScope(step, [record, ...rows.map(({ plan }) => plan.old)], publicKeyId)
  const before = rows
    .flatMap(({ view: { slots } }) => [slots.current, slots.previous])
    .flatMap((slot) => trusted(slot) ?? [])
    .find((old) => old.fingerprint !== fingerprint)
  step.book.record({
    publicKeyId: publicKeyId.id,
    previousPublicKeyId: before?.publicKeyId?.id ?? null,
    previousFingerprint: before?.fingerprint ?? null,
    previousKept: keepPrevious && before !== undefined,
    secretName: step.names.privateKey.current,
    madeAt,
    activatedAt,
  })
}

/** The key pair itself, whichever slot input contains it. */
function pairOf(step: Step, { record, change }: PromotionRequest, ring: Ring): KeyPair {
  const { slot, keyMissing } = words[change]
  const key = record.fingerprint
  const found = findInRing(ring, key)
  if (found) return found.pair
  const given = ring[slot]
  throw new Problem(
    keyMissing,
    `${slot}-private-key is ${given ? `key ${given.fingerprint}, but the record of the ${slot} slot describes key ${key}` : 'empty, and no other input contains the key to make current'}`,
    `start a new run, since this one may have been queued before the secret was stored; check that it passes ${slot}-private-key: \${{ secrets.${step.names.privateKey[slot]} }} and that the job names the environment that stores the secret`,
  )
}

function plannedWords({ names }: Step, { finished, clear, keep }: Promotion): string {
  if (finished) {
    const left = clear ? '; leftovers of an earlier run would be removed' : ''
    return `this pair is current already${left}`
  }
  const kept = keep
    ? `, and the current key would be kept in secret ${names.privateKey.previous}`
    : ''
  return `the pair would be written to secrets ${names.privateKey.current} and ${names.publicKeyId}${kept}`
}
