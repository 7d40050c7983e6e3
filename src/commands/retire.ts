import type { PublicKeyId } from '../domain/amazon-pay/public-key-id.ts'
import { Problem, problemIn } from '../domain/problem.ts'
import { planRetirement, type Retirement } from '../domain/rotation/retirement.ts'
import { findInRing, type Ring } from '../domain/rotation/ring.ts'
import { githubOf, type Step } from './shared/context.ts'
import { readPublicKeyId, recordScope } from './shared/facts.ts'
import { readRing } from './shared/keys.ts'
import { underLock } from './shared/lock.ts'
import { assertWritable, eachTarget } from './shared/pace.ts'
import {
  type Inspection,
  inspectAll,
  named,
  planAll,
  type Row,
  recordResult,
  recordUntouched,
} from './shared/targets.ts'
import { assertDeleted } from './shared/verify-pair.ts'

/** Take the lock, secret, record, give the lock back. */
const writesForOne = 4

type PlannedRow = Row & { readonly plan: Retirement }

/**
 * Retires the previous key. Amazon Pay must no longer know its Public Key ID, and must accept the current pair at the same
 * time; only then are the secret and the record of the `previous` slot deleted. Nothing else is ever deleted.
 */
export async function retire(step: Step): Promise<void> {
  const typed = await readPublicKeyId(step)
  const inspection = await inspectAll(step, await readRing(step, ['current', 'previous']))
  const { ring } = inspection
  const rows = plan(step, inspection, ring, typed)
  recordUntouched(step, rows)
  step.book.record({ secretName: step.names.privateKey.previous })
  if (rows.every(({ plan }) => plan.kind === 'nothing')) return reportNothing(step, rows)

  const keys = rows.flatMap((row) => (row.plan.kind === 'key' ? [{ ...row, plan: row.plan }] : []))
  const [first] = keys
  recordPrevious(step, rows)
  await lookForOpenRuns(step, rows)
  if (first) await askAmazonPay(step, first, ring, typed)
  if (step.inputs.dryRun) return reportPlan(step, rows)
  await deleteAll(step, rows, ring, typed)
  step.book.record({ status: 'retired' })
}

/** If the inputs lack the previous key, a throwaway key signs. Then only the answer that the ID is unknown counts. */
async function askAmazonPay(
  step: Step,
  { view, plan }: Row & { readonly plan: Extract<Retirement, { kind: 'key' }> },
  ring: Ring,
  typed: PublicKeyId | null,
): Promise<void> {
  const current = view.slots.current.record
  const control = current && findInRing(ring, current.fingerprint)
  await assertDeleted(step, {
    previous: {
      pair: plan.key?.pair ?? (await step.world.generateKeyPair()),
      publicKeyId: plan.id,
    },
    current:
      control && current.publicKeyId
        ? { pair: control.pair, publicKeyId: current.publicKeyId }
        : null,
    confirmed: typed !== null && plan.key !== null,
  })
}

function plan(
  step: Step,
  inspection: Inspection,
  ring: Ring,
  typed: PublicKeyId | null,
): PlannedRow[] {
  const rows = planAll(step, inspection, ({ view }) =>
    planRetirement(view, inspection.rows, ring, typed),
  )
  assertWritable(rows, writesForOne)
  const keys = rows.flatMap(({ plan }) => (plan.kind === 'key' ? plan.fingerprint : []))
  if (new Set(keys).size > 1) {
    throw new Problem(
      'pair-changed',
      'the targets have different previous keys',
      'run command: retire for one target at a time (input repository)',
    )
  }
  return rows
}

function reportNothing(step: Step, rows: readonly PlannedRow[]): void {
  step.world.runner.notice('there is no previous key, so there is nothing to retire')
  for (const { target } of rows) recordResult(step, target, 'unchanged', 'there is no previous key')
  step.book.record({ status: 'retired' })
}

function recordPrevious(step: Step, rows: readonly PlannedRow[]): void {
  const { book } = step
  const found = rows.find(({ plan }) => plan.kind !== 'nothing')
  const plan = found?.plan
  const record = plan && plan.kind !== 'nothing' ? plan.record : null
  const compared = found?.view.slots.previous.compared ?? false
  const currents = rows.map(({ view }) => view.slots.current.record)
  const id = plan?.kind === 'key' ? plan.id : compared ? record?.publicKeyId : null
  book.record({
    previousPublicKeyId: id?.id ?? null,
    previousFingerprint:
      plan?.kind === 'key' ? plan.fingerprint : compared ? (record?.fingerprint ?? null) : null,
  })
  recordScope(step, [compared ? record : null, ...currents], id ?? null)
}

/** GitHub shows ten warnings of a step. */
const maxShownRuns = 5

/** Runs that were queued before the activation use the previous key. If they cannot be listed, a warning says so. */
async function lookForOpenRuns(step: Step, rows: readonly PlannedRow[]): Promise<void> {
  const { book } = step
  const activatedAt = rows
    .map(({ view }) => view.slots.current.record?.activatedAt)
    .filter((time) => time != null)
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
  const { openRuns } = book.outcome
  for (const { url, status, createdAt } of openRuns.slice(0, maxShownRuns)) {
    book.warn({
      fact: `a run from before the activation is still open and may use the previous key: ${url} (${status}, ${createdAt})`,
      hint: 'wait until it has ended, or cancel it, before you delete the previous key in Integration Central',
    })
  }
}

function reportPlan(step: Step, rows: readonly PlannedRow[]): void {
  const { privateKey, record } = step.names
  for (const { target, plan } of rows) {
    const message =
      plan.kind === 'nothing'
        ? 'there is no previous key'
        : `secret ${privateKey.previous} and variable ${record.previous} would be deleted`
    recordResult(step, target, 'planned', message)
  }
  step.book.record({ status: 'planned' })
}

async function deleteAll(
  step: Step,
  rows: readonly PlannedRow[],
  ring: Ring,
  typed: PublicKeyId | null,
): Promise<void> {
  const { names } = step
  for (const { target, plan } of rows) {
    if (plan.kind === 'nothing') recordResult(step, target, 'unchanged', 'there is no previous key')
  }
  const todo = rows.filter(({ plan }) => plan.kind !== 'nothing')
  await eachTarget(step, todo, async ({ target, plan }) => {
    try {
      await underLock(step, target, ring, async (view) => {
        const again = planRetirement(
          view,
          rows.filter((row) => row.target !== target),
          ring,
          typed,
        )
        assertSamePlan(plan, again)
        // The secret first: a record alone is harmless, and shows the next run what was interrupted.
        await target.deleteSecret(names.privateKey.previous)
        await target.deleteVariable(names.record.previous)
        recordResult(step, target, 'updated', wordsFor(plan, step))
      })
    } catch (error) {
      const problem = named(step, target, problemIn(error))
      const result = problem.code === 'locked' ? 'untouched' : 'failed'
      recordResult(step, target, result, problem.fact, problem.code)
      throw problem
    }
  })
}

/** The key that is deleted must be the key that Amazon Pay was asked about. */
function assertSamePlan(plan: Retirement, again: Retirement): void {
  const same =
    plan.kind === again.kind &&
    (plan.kind !== 'key' || again.kind !== 'key' || plan.fingerprint === again.fingerprint)
  if (same) return
  throw new Problem(
    'pair-changed',
    'another run changed the previous key in the meantime; nothing was deleted',
    'run command: status; if the previous key must still be retired, run command: retire again',
  )
}

function wordsFor(plan: Retirement, { names }: Step): string {
  const { privateKey, record } = names
  if (plan.kind === 'copy') {
    return `${privateKey.previous} contained a copy of a key that is in use; the copy was deleted`
  }
  if (plan.kind === 'record') {
    // Not an ID that is in use: anybody with write access may have written this record.
    const id = plan.record?.publicKeyId?.id
    const named = id && !plan.used ? `; it named Public Key ID ${id}` : ''
    return `variable ${record.previous} was deleted; its secret no longer existed${named}`
  }
  return `secret ${privateKey.previous} and variable ${record.previous} are deleted; this rotation is finished`
}
