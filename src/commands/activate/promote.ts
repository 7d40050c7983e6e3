import type { KeyPair } from '../../domain/key/pair.ts'
import { Problem, problemIn, problemsIn } from '../../domain/problem.ts'
import type { Choice, PromotionRequest } from '../../domain/rotation/choice.ts'
import { type Promotion, planPromotion } from '../../domain/rotation/promotion.ts'
import type { Change, KeyRecord } from '../../domain/rotation/record.ts'
import { findInRing, type Ring } from '../../domain/rotation/ring.ts'
import type { KeyFacts } from '../../summary/outcome.ts'
import type { Step } from '../shared/context.ts'
import { recordKey, recordScope } from '../shared/facts.ts'
import { underLock } from '../shared/lock.ts'
import { assertWritable, eachTarget } from '../shared/pace.ts'
import { publish } from '../shared/publish.ts'
import { checkRedeploy, redeployAll } from '../shared/redeploy.ts'
import {
  assertBudget,
  type Inspection,
  named,
  planAll,
  type Row,
  recordResult,
  recordUntouched,
} from '../shared/targets.ts'
import { verifyPair } from '../shared/verify-pair.ts'
import { promoteTarget, writesForOne } from './promote-target.ts'
import { TargetFailure } from './target-change.ts'

/** `activate` and `rollback` differ only in how they choose the key. */
export interface ChangeOptions {
  readonly change: Change
  readonly inspection: Inspection
  readonly choose: (rows: readonly Row[]) => Choice
}

type PlannedRow = Row & { readonly plan: Promotion }

const words = {
  activate: { status: 'activated', keyMissing: 'staged-key-missing', slot: 'next' },
  rollback: { status: 'rolled-back', keyMissing: 'previous-key-missing', slot: 'previous' },
} as const

/** Plans, verifies and writes: makes the chosen pair current in every target. */
export async function promoteAll(step: Step, options: ChangeOptions): Promise<void> {
  const { change } = options
  const { ring } = options.inspection
  const { choice, rows, request } = plan(step, options)
  const finished = rows.every(({ plan }) => plan.finished)
  const pair = finished ? null : pairOf(step, choice, ring, change)
  const key = recordChoice(step, choice, rows, ring)

  await verify(step, change, choice, rows, pair)
  for (const { plan } of rows) for (const warning of plan.warnings) step.book.warn(warning)
  if (step.inputs.dryRun) return reportPlan(step, rows)

  await checkRedeploy(step)
  await writeAll(step, rows, { request, ring, pair, record: choice.record })
  if (finished) {
    step.world.runner.notice('this pair was current already, so it was not written')
  }
  step.book.record({ status: words[change].status })
  if (key) await publish(step, key)
  await redeployAll(step)
}

async function verify(
  step: Step,
  change: Change,
  { publicKeyId }: Choice,
  rows: readonly PlannedRow[],
  pair: KeyPair | null,
): Promise<void> {
  if (!pair) return step.book.record({ amazonPay: { answer: 'skipped', judgement: null } })
  await verifyPair(step, {
    pair,
    publicKeyId,
    control: true,
    // A pair of a suspended or someone else's account must not replace a working one.
    accountIsFine: rows.every(({ plan }) => plan.first),
    advice: change === 'activate' ? 'newPair' : 'currentPair',
  })
}

function plan(
  step: Step,
  { change, inspection, choose }: ChangeOptions,
): { choice: Choice; rows: readonly PlannedRow[]; request: PromotionRequest } {
  const { inputs } = step
  const { ring } = inspection
  let choice: Choice | null = null
  let refused: readonly Problem[] = []
  try {
    choice = choose(inspection.rows)
  } catch (error) {
    refused = problemsIn(error)
  }
  const chosen = choice
  const request = chosen && {
    change,
    key: chosen.key,
    publicKeyId: chosen.publicKeyId,
    keepPrevious: inputs.keepPrevious,
    replaceStaged: inputs.replaceStaged,
    resumed: chosen.resumed,
    region: inputs.region,
    payEnvironment: inputs.payEnvironment,
  }
  const rows = planAll(step, inspection, ({ view }) => {
    if (request) return planPromotion(view, ring, request)
    // A record that cannot be read may be the one that was not found.
    const { current, next, previous } = view.slots
    for (const { record, problem } of [current, next, previous])
      if (problem && !record) throw problem
    throw refused[0] ?? new Error('no choice and no refusal')
  })
  if (!chosen || !request) throw new Error('a choice without targets')
  assertWritable(rows, writesForOne(change))
  return { choice: chosen, rows, request }
}

/** Records what is known before the first write. Only of compared keys, because the summary says which key to delete. */
function recordChoice(
  step: Step,
  choice: Choice,
  rows: readonly PlannedRow[],
  ring: Ring,
): KeyFacts | null {
  const { inputs, names, book } = step
  const { record, publicKeyId } = choice
  const key = findInRing(ring, choice.key) ? recordKey(step, record.publicKey) : null
  recordScope(step, [record, ...rows.map(({ plan }) => plan.old)], publicKeyId)
  const known = rows.flatMap(({ view }) => [view.slots.current, view.slots.previous])
  const before = known.find(
    (slot) => slot.compared && slot.record?.fingerprint !== choice.key,
  )?.record
  book.record({
    publicKeyId: publicKeyId.id,
    previousPublicKeyId: before?.publicKeyId?.id ?? null,
    previousFingerprint: before?.fingerprint ?? null,
    previousKept: inputs.keepPrevious && before !== undefined,
    secretName: names.privateKey.current,
    madeAt: record.madeAt,
    activatedAt: record.activatedAt,
  })
  return key
}

/** The key pair itself, whichever slot input contains it. */
function pairOf(step: Step, { key }: Choice, ring: Ring, change: Change): KeyPair {
  const { slot, keyMissing } = words[change]
  const found = findInRing(ring, key)
  if (found) return found.pair
  const given = ring[slot]
  throw new Problem(
    keyMissing,
    `${slot}-private-key is ${given ? `key ${given.fingerprint}, but the record of the ${slot} slot describes key ${key}` : 'empty, and no other input contains the key to make current'}`,
    `start a new run, since this one may have been queued before the secret was stored; check that it passes ${slot}-private-key: \${{ secrets.${step.names.privateKey[slot]} }} and that the job names the environment that stores the secret`,
  )
}

function reportPlan(step: Step, rows: readonly PlannedRow[]): void {
  const { names } = step
  for (const { target, plan } of rows) {
    const kept = plan.keep
      ? `, and the current key would be kept in secret ${names.privateKey.previous}`
      : ''
    const left = plan.clear ? '; leftovers of an earlier run would be removed' : ''
    recordResult(
      step,
      target,
      'planned',
      plan.finished
        ? `this pair is current already${left}`
        : `the pair would be written to secrets ${names.privateKey.current} and ${names.publicKeyId}${kept}`,
    )
  }
  step.book.record({ status: 'planned' })
}

/** One target after the other. The first failure ends the step; a new run continues from there. */
async function writeAll(
  step: Step,
  rows: readonly PlannedRow[],
  options: {
    readonly request: PromotionRequest
    readonly ring: Ring
    readonly pair: KeyPair | null
    readonly record: KeyRecord
  },
): Promise<void> {
  const { request, ring } = options
  recordUntouched(step, rows)
  for (const { target, plan } of rows) {
    if (plan.finished) recordResult(step, target, 'unchanged', 'this pair was current already')
  }
  const todo = rows.filter(({ plan }) => !plan.finished || plan.clear)
  await eachTarget(step, todo, async ({ target }) => {
    try {
      assertBudget(step, target)
      await underLock(step, target, ring, async (view, lock) => {
        const plan = planPromotion(view, ring, request)
        await promoteTarget(step, { ...options, target, view, lock, plan })
      })
    } catch (error) {
      const failure = error instanceof TargetFailure ? error : null
      const problem = named(step, target, failure?.problem ?? problemIn(error))
      // Only a TargetFailure comes from a write.
      recordResult(step, target, failure?.result ?? 'untouched', problem.fact, problem.code)
      throw problem
    }
  })
}
