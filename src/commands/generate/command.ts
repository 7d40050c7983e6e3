import { fingerprint } from '../../domain/key/fingerprint.ts'
import type { KeyPair } from '../../domain/key/pair.ts'
import { assertConsistent } from '../../domain/key/policy.ts'
import { Problems, problemsIn } from '../../domain/problem.ts'
import { daysWords } from '../../domain/rotation/health.ts'
import type { KeyRecord } from '../../domain/rotation/record.ts'
import { findInRing, type Ring } from '../../domain/rotation/ring.ts'
import {
  assertStageable,
  chooseStagedKey,
  planStaging,
  type StagingMove,
  type StagingRequest,
} from '../../domain/rotation/staging.ts'
import { now, type Step, timeOf } from '../shared/context.ts'
import { recordKey, recordScope } from '../shared/facts.ts'
import { maskPair, readGivenKey, readRing } from '../shared/keys.ts'
import { assertWritable } from '../shared/pace.ts'
import { publish } from '../shared/publish.ts'
import { type Inspection, inspectAll, planAll, type Row, recordResult } from '../shared/targets.ts'
import { plannedWords, stageAll, writesForOne } from './stage.ts'

/** One move for each target, and the one key that all of them get. */
interface Plan {
  readonly rows: readonly (Row & { readonly plan: StagingMove })[]
  /** Fingerprint of the key; null if a new one must be generated. */
  readonly key: string | null
}

/**
 * Stages a key pair: stores the private key in the `next` slot of every target, where it waits until a person has exchanged
 * the public key. Only that slot is ever written, so the checkout is not affected.
 */
export async function generate(step: Step): Promise<void> {
  // Read. Generating starts first because it takes longest. If the command is refused, the pair is discarded.
  const given = await readGivenKey(step)
  const generating = given ? null : step.world.generateKeyPair()
  generating?.catch(() => {})
  const inputsRing = await readRing(step, [])

  // Inspect and plan.
  const request = requestOf(step, given)
  const inspection = await inspectAll(step, inputsRing)
  const { ring } = inspection
  const { rows, key } = plan(step, inspection, ring, request)
  recordScope(step, recordsOf(rows))
  warnAbout(step, rows)
  const staged = rows.map(({ view }) => view.slots.next.record).find((r) => r?.fingerprint === key)
  if (rows.every(({ plan }) => plan === 'keep') && staged) return showAgain(step, rows, staged)

  // Check, then write.
  const inRing = key === null ? null : findInRing(ring, key)
  const pair = given ?? inRing?.pair ?? (await (generating ?? step.world.generateKeyPair()))
  maskPair(step.world, pair)
  assertConsistent(pair)
  step.book.record({ newKey: !given && !inRing })
  if (step.inputs.dryRun) return reportPlan(step, rows, given ?? inRing?.pair ?? null)
  const facts = recordKey(step, pair.publicKey)
  const record = recordFor(step, pair, staged ?? null)
  step.book.record({ madeAt: record.madeAt, publicKeyId: record.publicKeyId?.id ?? null })
  await stageAll(step, { rows, ring, request, pair, record })
  step.book.record({ secretName: step.names.privateKey.next, status: 'staged', exchange: true })
  await publish(step, facts)
}

function requestOf({ inputs, world }: Step, given: KeyPair | null): StagingRequest {
  return {
    brought: given && fingerprint(given.publicKey),
    replaceStaged: inputs.replaceStaged,
    region: inputs.region,
    payEnvironment: inputs.payEnvironment,
    run: world.runner.run.url,
  }
}

function plan(step: Step, inspection: Inspection, ring: Ring, request: StagingRequest): Plan {
  let key: string | null = null
  let refused: Problems | null = null
  try {
    key = chooseStagedKey(inspection.rows, ring, request)
  } catch (error) {
    refused = new Problems(problemsIn(error))
  }
  const rows = planAll(step, inspection, ({ view }) => {
    if (refused === null) return planStaging(view, ring, request, key)
    // A problem of the target itself comes before one that concerns all targets.
    assertStageable(view, ring, request)
    throw refused
  })
  assertWritable(rows, writesForOne)
  return { rows, key }
}

function recordsOf(rows: readonly Row[]): (KeyRecord | null)[] {
  return (['next', 'current'] as const).flatMap((slot) =>
    rows.map(({ view }) => (view.slots[slot].compared ? view.slots[slot].record : null)),
  )
}

function warnAbout(step: Step, rows: readonly Row[]): void {
  const { run } = step.world.runner
  if (rows.length > 0 && !rows.some(({ target }) => target.readableBy(run.repository))) {
    step.book.warn({
      fact: `workflows in ${run.repository} cannot read secrets from any of the targets`,
      hint: 'run command: activate in a workflow of a repository that can read them, because it needs the staged private key',
    })
  }
  const unretired = rows.find(({ view }) => view.slots.previous.secret)
  if (unretired) {
    step.book.warn({
      fact: `the previous key of ${unretired.target.label} was not retired, but command: activate needs its slot`,
      hint: 'when nothing uses the previous key any more, delete it in Integration Central and run command: retire, then command: activate',
    })
  }
}

/** A pair that was generated for a dry run is discarded and not shown, because its public key must not be exchanged. */
function reportPlan(step: Step, rows: Plan['rows'], known: KeyPair | null): void {
  if (known) recordKey(step, known.publicKey)
  for (const { target, plan } of rows) {
    recordResult(
      step,
      target,
      'planned',
      `${plannedWords[plan]} (secret ${step.names.privateKey.next})`,
    )
  }
  step.book.record({ status: 'planned' })
}

function recordFor(step: Step, pair: KeyPair, staged: KeyRecord | null): KeyRecord {
  const { region, payEnvironment } = step.book.outcome
  const { run } = step.world.runner
  if (staged) return { ...staged, run: run.url }
  return {
    publicKey: pair.publicKey,
    fingerprint: fingerprint(pair.publicKey),
    publicKeyId: null,
    region,
    payEnvironment,
    madeAt: now(step),
    activatedAt: null,
    run: run.url,
    change: null,
    rolledBackAt: null,
    others: {},
  }
}

/** Shows the exchange page of the staged key again. No second key is generated. */
async function showAgain(step: Step, rows: readonly Row[], staged: KeyRecord): Promise<void> {
  const { world, book, inputs, names } = step
  for (const { target } of rows) {
    recordResult(
      step,
      target,
      'unchanged',
      `this key was staged already in ${names.privateKey.next}`,
    )
  }
  const days = Math.floor((timeOf(step).getTime() - Date.parse(staged.madeAt)) / 86_400_000)
  world.runner.notice(
    `key ${staged.fingerprint} has been staged since ${staged.madeAt} (${daysWords(Math.max(0, days))}); no new key was generated`,
  )
  book.record({ newKey: false, secretName: names.privateKey.next })
  const compared = rows.some(
    ({ view }) =>
      view.slots.next.compared && view.slots.next.record?.fingerprint === staged.fingerprint,
  )
  if (!compared) {
    // Everyone with write access can write such a record: its public key must not be exchanged.
    book.warn({
      fact: `next-private-key does not contain the staged key ${staged.fingerprint}, so its record could not be checked and its public key is not shown`,
      hint: `start a new run that passes next-private-key: \${{ secrets.${names.privateKey.next} }}`,
    })
    book.record({ status: 'staged' })
    return
  }
  const facts = recordKey(step, staged.publicKey)
  book.record({ madeAt: staged.madeAt, status: 'staged', exchange: true })
  if (!inputs.dryRun) await publish(step, facts)
}
