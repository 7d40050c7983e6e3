import type { PublicKeyId } from '../domain/amazon-pay/public-key-id.ts'
import { answerWords } from '../domain/amazon-pay/verdict.ts'
import { Problem, problemIn } from '../domain/problem.ts'
import { planRetirement, type Retirement } from '../domain/rotation/retirement.ts'
import { findInRing, type Ring } from '../domain/rotation/ring.ts'
import { type TargetView, trusted } from '../domain/rotation/view.ts'
import { githubOf, type Step } from './shared/context.ts'
import { readPublicKeyId, recordScope } from './shared/facts.ts'
import { readRing } from './shared/keys.ts'
import {
  inspectAll,
  type Planned,
  planAll,
  type Row,
  recordPlans,
  recordResult,
  recordUntouched,
} from './shared/targets.ts'
import { scopeToVerify } from './shared/verification.ts'
import { verifyDeleted } from './shared/verify-deleted.ts'
import { recordAnswer } from './shared/verify-pair.ts'
import { writeAll } from './shared/write.ts'

/** Take the lock, secret, record, give the lock back. */
const writesForOne = 4

const nothing = 'there is no previous key'

/**
 * Retires the previous key. Amazon Pay must no longer know its Public Key ID, and must accept the current pair at the same
 * time; only then are the secret and the record of the `previous` slot deleted. Nothing else is ever deleted.
 */
export async function retire(step: Step): Promise<void> {
  const { book, inputs, names, world } = step
  const typed = await readPublicKeyId(step)
  const inspection = await inspectAll(step, await readRing(step, 'current', 'previous'))
  const { ring } = inspection
  const views = inspection.rows.map(({ view }) => view)
  const request = { targets: views, typed }
  const plans = planAll(step, inspection, writesForOne, ({ view }) =>
    planRetirement(view, ring, request),
  )
  const { rows } = plans
  assertOneKey(rows)
  recordUntouched(step)
  book.record({ secretName: names.privateKey.previous })
  const found = rows.find(({ plan }) => plan.kind !== 'nothing')
  if (!found) {
    world.runner.notice(`${nothing}, so there is nothing to retire`)
  } else {
    recordPrevious(step, found, views)
    await lookForOpenRuns(step, rows)
    await askAmazonPay(step, rows, ring, typed)
    if (inputs.dryRun) return recordPlans(step, plans, (plan) => plannedWords(step, plan))
  }
  await writeAll(step, plans, {
    unchanged: ({ kind }) => (kind === 'nothing' ? nothing : null),
    async write({ target, plan }, planned) {
      assertSamePlan(plan, planned)
      // The secret first: a record alone is harmless, and shows the next run what was interrupted.
      await target.deleteSecret(names.privateKey.previous)
      await target.deleteVariable(names.record.previous)
      recordResult(step, target, 'updated', doneWords(step, planned))
    },
  })
  book.record({ status: 'retired' })
}

/** Amazon Pay is asked about one key. */
function assertOneKey(rows: readonly Planned<Retirement>[]): void {
  const keys = rows.flatMap(({ plan }) => (plan.kind === 'key' ? plan.fingerprint : []))
  if (new Set(keys).size <= 1) return
  throw new Problem(
    'pair-changed',
    'the targets have different previous keys',
    'run command: retire for one target at a time (input repository)',
  )
}

/**
 * Asks whether the previous key was deleted. If the inputs lack it, a throwaway key signs; then only the answer that the ID is
 * unknown counts.
 */
async function askAmazonPay(
  step: Step,
  rows: readonly Planned<Retirement>[],
  ring: Ring,
  typed: PublicKeyId | null,
): Promise<void> {
  const { world, book } = step
  const row = rows.find(({ plan }) => plan.kind === 'key')
  if (row?.plan.kind !== 'key') return
  const { key, id: publicKeyId } = row.plan
  const pair = key?.pair ?? (await world.generateKeyPair())
  const claim = { pair, publicKeyId, ...scopeToVerify(publicKeyId, book.outcome) }
  const { record } = row.view.slots.current
  const current = record && findInRing(ring, record.fingerprint)
  const control = current &&
    record.publicKeyId && { pair: current.pair, publicKeyId: record.publicKeyId }
  const confirmed = typed !== null && key !== null
  const { problem, ...answer } = await verifyDeleted(world, claim, control, { confirmed })
  recordAnswer(step, { ...answer, about: 'previous pair' })
  if (problem) throw problem
  world.runner.info(
    `Amazon Pay does not accept Public Key ID ${publicKeyId.id} any more: ${answerWords(answer.judgement)}`,
  )
}

function recordPrevious(
  step: Step,
  { plan, view: { slots } }: Planned<Retirement>,
  views: readonly TargetView[],
): void {
  const key = plan.kind === 'key' ? plan : null
  const record = trusted(slots.previous)
  const id = key?.id ?? record?.publicKeyId ?? null
  step.book.record({
    previousPublicKeyId: id?.id ?? null,
    previousFingerprint: key?.fingerprint ?? record?.fingerprint ?? null,
  })
  recordScope(step, [record, ...views.map(({ slots: { current } }) => current.record)], id)
}

/** GitHub shows ten warnings of a step. */
const maxShownRuns = 5

/** Runs that were queued before the activation use the previous key. If they cannot be listed, a warning says so. */
async function lookForOpenRuns(step: Step, rows: readonly Row[]): Promise<void> {
  const { book } = step
  const activatedAt = rows
    .flatMap(({ view }) => view.slots.current.record?.activatedAt ?? [])
    .sort()
    .at(-1)
  if (!activatedAt || githubOf(step).lacksActions) return
  try {
    for (const repository of step.inputs.repositories) {
      const open = await githubOf(step).openRuns(repository, new Date(activatedAt))
      // This run itself is open too, but there is no need to wait for it.
      const others = open.filter(({ url }) => url !== step.world.runner.run.url)
      book.record({ openRuns: [...book.outcome.openRuns, ...others] })
    }
  } catch (error) {
    const { fact } = problemIn(error)
    book.warn({
      fact: `could not check whether runs from before the activation (${activatedAt}) are still open: ${fact}`,
      hint: 'give the token the permission Actions: read, or check the Actions tab before you delete the previous key',
    })
  }
  for (const { url, status, createdAt } of book.outcome.openRuns.slice(0, maxShownRuns)) {
    book.warn({
      fact: `a run from before the activation is still open and may use the previous key: ${url} (${status}, ${createdAt})`,
      hint: 'wait until it has ended, or cancel it, before you delete the previous key in Integration Central',
    })
  }
}

/** The key that is deleted must be the key that Amazon Pay was asked about. */
function assertSamePlan(plan: Retirement, planned: Retirement): void {
  const fingerprint = 'fingerprint' in plan ? plan.fingerprint : null
  const asked = 'fingerprint' in planned ? planned.fingerprint : null
  if (plan.kind === planned.kind && fingerprint === asked) return
  throw new Problem(
    'pair-changed',
    'another run changed the previous key in the meantime; nothing was deleted',
    'run command: status; if the previous key must still be retired, run command: retire again',
  )
}

function plannedWords({ names }: Step, { kind }: Retirement): string {
  if (kind === 'nothing') return nothing
  return `secret ${names.privateKey.previous} and variable ${names.record.previous} would be deleted`
}

function doneWords({ names }: Step, plan: Retirement): string {
  const { privateKey, record } = names
  if (plan.kind === 'copy') {
    return `${privateKey.previous} contained a copy of a key that is in use; the copy was deleted`
  }
  if (plan.kind === 'record') {
    const named = plan.id ? `; it named Public Key ID ${plan.id.id}` : ''
    return `variable ${record.previous} was deleted; its secret no longer existed${named}`
  }
  return `secret ${privateKey.previous} and variable ${record.previous} are deleted; this rotation is finished`
}
