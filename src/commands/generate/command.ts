import { fingerprint } from '../../domain/key/fingerprint.ts'
import type { KeyPair } from '../../domain/key/pair.ts'
import { assertConsistent } from '../../domain/key/policy.ts'
import { daysWords } from '../../domain/rotation/health.ts'
import { type KeyRecord, newRecord } from '../../domain/rotation/record.ts'
import { findInRing } from '../../domain/rotation/ring.ts'
import { chooseStagedKey, planStaging, type StagingRequest } from '../../domain/rotation/staging.ts'
import { trusted } from '../../domain/rotation/view.ts'
import { now, type Step, timeOf } from '../shared/context.ts'
import { recordKey, recordScope } from '../shared/facts.ts'
import { maskPair, readGivenKey, readRing } from '../shared/keys.ts'
import { publish } from '../shared/publish.ts'
import { inspectAll, planAll, type Row, recordPlans, recordResult } from '../shared/targets.ts'
import { plannedWords, stageAll, writesForOne } from './stage.ts'

/**
 * Stages a key pair: stores the private key in the `next` slot of every target, where it waits until a person has exchanged
 * the public key. Only that slot is ever written, so the checkout is not affected.
 */
export async function generate(step: Step): Promise<void> {
  const { book, inputs, names, world } = step
  // Generating starts first because it takes longest. If the command is refused, the pair is discarded.
  const given = await readGivenKey(step)
  const generating = given ? Promise.resolve(given) : world.generateKeyPair()
  generating.catch(() => {})
  const inspection = await inspectAll(step, await readRing(step))
  const { ring } = inspection
  const request: StagingRequest = {
    brought: given && fingerprint(given.publicKey),
    replaceStaged: inputs.replaceStaged,
    region: inputs.region,
    payEnvironment: inputs.payEnvironment,
    run: world.runner.run.url,
  }
  const chosen = (): string | null => chooseStagedKey(inspection.rows, ring, request)
  const plans = planAll(step, inspection, writesForOne(inputs.replaceStaged), ({ view }) =>
    planStaging(view, ring, { ...request, choose: chosen }),
  )
  const { rows } = plans
  const key = chosen()
  recordScope(step, comparedRecords(rows))
  warnAbout(step, rows)
  const staged = rows.map(({ view }) => view.slots.next.record).find((r) => r?.fingerprint === key)
  if (rows.every(({ plan }) => plan === 'keep') && staged) return showAgain(step, rows, staged)

  const known = given ?? findInRing(ring, key)?.pair ?? null
  const pair = known ?? (await generating)
  maskPair(world, pair)
  assertConsistent(pair)
  book.record({ newKey: known === null })
  if (inputs.dryRun) {
    // A pair that was generated for a dry run is discarded and not shown, because its public key must not be exchanged.
    if (known) recordKey(step, known.publicKey)
    return recordPlans(
      step,
      plans,
      (move) => `${plannedWords[move]} (secret ${names.privateKey.next})`,
    )
  }
  recordKey(step, pair.publicKey)
  const record = recordFor(step, pair, staged)
  book.record({ madeAt: record.madeAt, publicKeyId: record.publicKeyId?.id ?? null })
  await stageAll(step, { plans, pair, record })
  book.record({ secretName: names.privateKey.next, status: 'staged', exchange: true })
  await publish(step)
}

function comparedRecords(rows: readonly Row[]): (KeyRecord | null)[] {
  return (['next', 'current'] as const).flatMap((slot) =>
    rows.map(({ view }) => trusted(view.slots[slot])),
  )
}

function warnAbout({ book, world }: Step, rows: readonly Row[]): void {
  const { repository } = world.runner.run
  if (!rows.some(({ target }) => target.readableBy(repository))) {
    book.warn({
      fact: `workflows in ${repository} cannot read secrets from any of the targets`,
      hint: 'run command: activate in a workflow of a repository that can read them, because it needs the staged private key',
    })
  }
  const unretired = rows.find(({ view }) => view.slots.previous.secret)
  if (unretired) {
    book.warn({
      fact: `the previous key of ${unretired.target.label} was not retired, but command: activate needs its slot`,
      hint: 'when nothing uses the previous key any more, delete it in Integration Central and run command: retire, then command: activate',
    })
  }
}

function recordFor(step: Step, { publicKey }: KeyPair, staged?: KeyRecord | null): KeyRecord {
  const { region, payEnvironment } = step.book.outcome
  const run = step.world.runner.run.url
  if (staged) return { ...staged, run }
  return newRecord(publicKey, { region, payEnvironment, madeAt: now(step), run })
}

/** Shows the exchange page of the staged key again. No second key is generated. */
async function showAgain(step: Step, rows: readonly Row[], staged: KeyRecord): Promise<void> {
  const { world, book, inputs, names } = step
  const secret = names.privateKey.next
  for (const { target } of rows) {
    recordResult(step, target, 'unchanged', `this key was staged already in ${secret}`)
  }
  const days = Math.floor((timeOf(step).getTime() - Date.parse(staged.madeAt)) / 86_400_000)
  world.runner.notice(
    `key ${staged.fingerprint} has been staged since ${staged.madeAt} (${daysWords(Math.max(0, days))}); no new key was generated`,
  )
  book.record({ newKey: false, secretName: secret, status: 'staged' })
  if (!rows.some(({ view }) => view.slots.next.compared)) {
    // Everyone with write access can write such a record: its public key must not be exchanged.
    return book.warn({
      fact: `next-private-key does not contain the staged key ${staged.fingerprint}, so its record could not be checked and its public key is not shown`,
      hint: `start a new run that passes next-private-key: \${{ secrets.${secret} }}`,
    })
  }
  recordKey(step, staged.publicKey)
  book.record({ madeAt: staged.madeAt, exchange: true })
  if (!inputs.dryRun) await publish(step)
}
