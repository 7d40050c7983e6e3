import type { PublicKeyId } from '../domain/amazon-pay/public-key-id.ts'
import { fingerprint } from '../domain/key/fingerprint.ts'
import type { KeyPair } from '../domain/key/pair.ts'
import { Problem, problemIn } from '../domain/problem.ts'
import { type Adoption, type AdoptionRequest, planAdoption } from '../domain/rotation/adoption.ts'
import { type KeyRecord, timestamp, writeKeyRecord } from '../domain/rotation/record.ts'
import type { Ring } from '../domain/rotation/ring.ts'
import { now, type Step } from './shared/context.ts'
import {
  assertIdOfEnvironment,
  recordKey,
  recordScope,
  requirePublicKeyId,
} from './shared/facts.ts'
import { readRing } from './shared/keys.ts'
import { underLock } from './shared/lock.ts'
import { assertWritable, eachTarget } from './shared/pace.ts'
import {
  inspectAll,
  named,
  planAll,
  type Row,
  recordResult,
  recordUntouched,
} from './shared/targets.ts'
import { verifyPair } from './shared/verify-pair.ts'

/** Take the lock, Public Key ID, record, give the lock back. */
const writesForOne = 4

type PlannedRow = Row & { readonly plan: Adoption }

/**
 * Adopts the pair that a shop uses already, or repairs its record. The private key is never written: the checkout is
 * signing with it.
 */
export async function adopt(step: Step): Promise<void> {
  const publicKeyId = await requirePublicKeyId(step)
  step.book.record({ publicKeyId: publicKeyId.id })
  assertIdOfEnvironment(step, publicKeyId)
  const inspection = await inspectAll(step, await readRing(step, ['current']))
  const { ring } = inspection
  const request: AdoptionRequest = {
    publicKeyId,
    region: step.inputs.region,
    payEnvironment: publicKeyId.payEnvironment ?? step.inputs.payEnvironment,
  }
  const rows = planAll(step, inspection, ({ view }) => planAdoption(view, ring, request))
  assertWritable(rows, writesForOne)

  const pair = currentPair(step, ring)
  recordKey(step, pair.publicKey)
  recordScope(
    step,
    rows.map(({ plan }) => plan.record),
    publicKeyId,
  )
  step.book.record({ secretName: step.names.privateKey.current })
  await verifyPair(step, {
    pair,
    publicKeyId,
    control: true,
    accountIsFine: false,
    advice: 'adoptedPair',
  })
  for (const { target, plan } of rows) {
    for (const { fact, hint } of plan.warnings) {
      step.book.warn({
        fact: step.world.targets.length === 1 ? fact : `${target.label}: ${fact}`,
        hint,
      })
    }
  }
  if (step.inputs.dryRun) return reportPlan(step, rows)
  await writeAll(step, rows, { pair, request, ring })
  step.book.record({ status: 'adopted' })
}

function currentPair({ names }: Step, ring: Ring): KeyPair {
  if (!ring.current) throw currentMissing(names.privateKey.current)
  return ring.current.pair
}

function currentMissing(secret: string): Problem {
  return new Problem(
    'current-key-missing',
    'current-private-key is empty, so there is no pair to adopt',
    `store the private key that your shop uses in secret ${secret}, pass current-private-key: \${{ secrets.${secret} }} and start a new run; if your shop has no key yet, run command: generate`,
  )
}

function reportPlan(step: Step, rows: readonly PlannedRow[]): void {
  const { names } = step
  for (const { target, plan } of rows) {
    const writes = [
      plan.writeId ? `secret ${names.publicKeyId}` : null,
      plan.writeRecord ? `variable ${names.record.current}` : null,
    ].filter((name) => name !== null)
    const message =
      writes.length === 0
        ? 'this pair is adopted already'
        : `${writes.join(' and ')} would be written`
    recordResult(step, target, 'planned', message)
  }
  step.book.record({ status: 'planned' })
}

async function writeAll(
  step: Step,
  rows: readonly PlannedRow[],
  options: { readonly pair: KeyPair; readonly request: AdoptionRequest; readonly ring: Ring },
): Promise<void> {
  const { pair, request, ring } = options
  const { publicKeyId } = request
  recordUntouched(step, rows)
  const todo = rows.filter(({ plan }) => plan.writeId || plan.writeRecord)
  for (const row of rows) {
    if (!todo.includes(row))
      recordResult(step, row.target, 'unchanged', 'this pair was adopted already')
  }
  if (todo.length === 0)
    step.world.runner.notice('this pair is adopted already; nothing was written')
  const { names } = step
  await eachTarget(step, todo, async ({ target }) => {
    try {
      await underLock(step, target, ring, async (view) => {
        const plan = planAdoption(view, ring, request)
        // The secret first: the record states that it exists.
        if (plan.writeId)
          await target.putSecret(await target.seal(names.publicKeyId, publicKeyId.id))
        if (plan.writeRecord) {
          const record = recordFor(step, pair, publicKeyId, plan)
          await target.saveVariable(names.record.current, writeKeyRecord(record, 'current', pair))
        }
        const kind = plan.record ? 'updated' : 'created'
        recordResult(step, target, kind, 'this pair is adopted')
      })
    } catch (error) {
      const problem = named(step, target, problemIn(error))
      const result = problem.code === 'locked' ? 'untouched' : 'failed'
      recordResult(step, target, result, problem.fact, problem.code)
      throw problem
    }
  })
}

function recordFor(
  step: Step,
  { publicKey }: KeyPair,
  publicKeyId: PublicKeyId,
  plan: Adoption,
): KeyRecord {
  const { region, payEnvironment } = step.book.outcome
  return {
    publicKey,
    fingerprint: fingerprint(publicKey),
    activatedAt: null,
    others: {},
    ...plan.record,
    madeAt: plan.record?.madeAt ?? (plan.since ? timestamp(new Date(plan.since)) : now(step)),
    publicKeyId,
    region,
    payEnvironment,
    run: step.world.runner.run.url,
    change: null,
    rolledBackAt: null,
  }
}
