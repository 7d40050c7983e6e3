import type { KeyPair } from '../domain/key/pair.ts'
import { type Adoption, type AdoptionRequest, planAdoption } from '../domain/rotation/adoption.ts'
import { type KeyRecord, newRecord, timestamp, writeKeyRecord } from '../domain/rotation/record.ts'
import type { Step } from './shared/context.ts'
import { recordKey, recordPublicKeyId, recordScope, requirePublicKeyId } from './shared/facts.ts'
import { readRing } from './shared/keys.ts'
import { inspectAll, planAll, recordPlans, recordResult } from './shared/targets.ts'
import { verifyPair } from './shared/verify-pair.ts'
import { writeAll } from './shared/write.ts'

/** Take the lock, Public Key ID, record, give the lock back. */
const writesForOne = 4

const adoptedAlready = 'this pair was adopted already'

/**
 * Adopts the pair that a shop uses already, or repairs its record. The private key is never written: the checkout is
 * signing with it.
 */
export async function adopt(step: Step): Promise<void> {
  const { book, inputs, names, world } = step
  const publicKeyId = await requirePublicKeyId(step)
  recordPublicKeyId(step, publicKeyId)
  const inspection = await inspectAll(step, await readRing(step, 'current'))
  const { ring } = inspection
  const request: AdoptionRequest = {
    publicKeyId,
    region: inputs.region,
    payEnvironment: publicKeyId.payEnvironment ?? inputs.payEnvironment,
  }
  const plans = planAll(step, inspection, writesForOne, ({ view }) =>
    planAdoption(view, ring, request),
  )
  const { rows } = plans
  const pair = ring.current?.pair
  if (!pair) throw new Error('an adoption was planned without a pair')

  recordKey(step, pair.publicKey)
  recordScope(
    step,
    rows.map(({ plan }) => plan.record),
    publicKeyId,
  )
  book.record({ secretName: names.privateKey.current })
  await verifyPair(step, {
    pair,
    publicKeyId,
    control: true,
    accountIsFine: false,
    advice: 'adoptedPair',
  })
  for (const { target, plan } of rows) {
    const before = rows.length === 1 ? '' : `${target.label}: `
    for (const { fact, hint } of plan.warnings) book.warn({ fact: `${before}${fact}`, hint })
  }
  if (inputs.dryRun) return recordPlans(step, plans, (plan) => plannedWords(step, plan))

  if (!rows.some(({ plan }) => isNeeded(plan)))
    world.runner.notice('this pair is adopted already; nothing was written')
  await writeAll(step, plans, {
    unchanged: (plan) => (isNeeded(plan) ? null : adoptedAlready),
    async write({ target, plan }) {
      // Another run has adopted it in the meantime.
      if (!isNeeded(plan)) return recordResult(step, target, 'unchanged', adoptedAlready)
      // The secret first: the record states that it exists.
      if (plan.writeId) await target.putSecret(await target.seal(names.publicKeyId, publicKeyId.id))
      if (plan.writeRecord) {
        const record: KeyRecord = { ...recordFor(step, pair, plan), publicKeyId }
        await target.saveVariable(names.record.current, writeKeyRecord(record, 'current', pair))
      }
      recordResult(step, target, plan.record ? 'updated' : 'created', 'this pair is adopted')
    },
  })
  book.record({ status: 'adopted' })
}

function isNeeded({ writeId, writeRecord }: Adoption): boolean {
  return writeId || writeRecord
}

function plannedWords({ names }: Step, { writeId, writeRecord }: Adoption): string {
  const writes = [
    ...(writeId ? [`secret ${names.publicKeyId}`] : []),
    ...(writeRecord ? [`variable ${names.record.current}`] : []),
  ]
  if (writes.length === 0) return 'this pair is adopted already'
  return `${writes.join(' and ')} would be written`
}

function recordFor(step: Step, { publicKey }: KeyPair, { record, since }: Adoption): KeyRecord {
  const { region, payEnvironment } = step.book.outcome
  const madeAt = timestamp(new Date(since))
  const facts = { region, payEnvironment, run: step.world.runner.run.url }
  const known = record ?? newRecord(publicKey, { ...facts, madeAt })
  return { ...known, ...facts, change: null, rolledBackAt: null }
}
