import { fingerprint } from '../domain/key/fingerprint.ts'
import { type KeyPair, privateKeyPem, publicKeyPem } from '../domain/key/pair.ts'
import { Problem, Problems } from '../domain/problem.ts'
import type { Promotion } from '../domain/rotation/promotion.ts'
import { type KeyRecord, timestamp } from '../domain/rotation/record.ts'
import type { Stored, TargetState } from '../domain/rotation/slots.ts'
import type { SealedSecret, Target } from '../ports.ts'
import type { TargetResult } from '../summary/outcome.ts'
import { pace, placeOf, refuseIf, resultOf, type Step, warn } from './step.ts'

/** The record of a key, in whichever slot it stands. */
export function recordOf(state: TargetState, fingerprint: string): KeyRecord | undefined {
  return Object.values(state.records)
    .map((stored) => stored?.record)
    .find((record) => record?.fingerprint === fingerprint)
}

/** Asking Amazon Pay took a while: what was compared must still be true when the first write begins. */
export async function assertUnchanged(step: Step, states: readonly TargetState[]): Promise<void> {
  const findings = await Promise.all(
    step.world.targets.map(async (target, index) => {
      const before = states[index] as TargetState
      const [next, same] = await Promise.all([target.record('next'), isUnchanged(target, before)])
      return same && next?.fingerprint === before.records.next?.record.fingerprint
        ? []
        : [changedMeanwhile(target)]
    }),
  )
  refuseIf(step, findings)
}

/** Whether the current pair and its record are still what they were. */
async function isUnchanged(target: Target, before: TargetState): Promise<boolean> {
  const { names } = target
  const [record, publicKeyId, privateKey] = await Promise.all([
    target.record('current'),
    target.secret(names.publicKeyId),
    target.secret(names.privateKey.current),
  ])
  return (
    isSameKey(record, before.records.current?.record) &&
    publicKeyId?.updatedAt === before.publicKeyId?.updatedAt &&
    privateKey?.updatedAt === before.privateKey.current?.updatedAt
  )
}

function isSameKey(one: KeyRecord | null, other: KeyRecord | null | undefined): boolean {
  return one?.fingerprint === other?.fingerprint && one?.publicKeyId === other?.publicKeyId
}

function changedMeanwhile(target: Target): Problem {
  return new Problem(
    'pair-changed',
    `somebody else changed the current pair or a key record of ${placeOf(target)} while this run was under way`,
    'look at command: status, then start a new run if this pair is still to become current; give the writing jobs one concurrency group',
  )
}

/** The record of a pair that becomes current: its Public Key ID is known. */
export type CurrentRecord = KeyRecord & { readonly publicKeyId: string }

/** Everything that one target needs, sealed before the first write anywhere. */
export interface Job {
  readonly target: Target
  readonly state: TargetState
  readonly plan: Promotion
  readonly record: CurrentRecord
  readonly publicKeyId: SealedSecret
  readonly privateKey: SealedSecret
  readonly previous: { readonly secret: SealedSecret; readonly record: KeyRecord } | null
}

export async function prepare(
  step: Step,
  options: {
    target: Target
    state: TargetState
    plan: Promotion
    pair: KeyPair
    previous: KeyPair | null
    previousId: string | null
    record: CurrentRecord
  },
): Promise<Job> {
  const { target, state, plan, pair, previous, record } = options
  const { names } = target
  return {
    target,
    state,
    plan,
    record,
    publicKeyId: await target.seal(names.publicKeyId, record.publicKeyId),
    privateKey: await target.seal(names.privateKey.current, privateKeyPem(pair)),
    previous:
      plan.previous === 'not' || previous === null
        ? null
        : {
            secret: await target.seal(names.privateKey.previous, privateKeyPem(previous)),
            record: previousRecord(step, state, previous, options.previousId),
          },
  }
}

/** What is known of the key that is kept: its own record, or what the adopting caller says. */
function previousRecord(
  step: Step,
  state: TargetState,
  previous: KeyPair,
  publicKeyId: string | null,
): KeyRecord {
  const name = fingerprint(previous.publicKey)
  const known = recordOf(state, name)
  if (known?.publicKeyId) return known
  const { world, outcome } = step
  if (publicKeyId === null) {
    warn(step, {
      fact: `no record knows the Public Key ID of previous-private-key (${name}), so it is kept without`,
      hint: 'pass it as previous-public-key-id and run this again, or write it into the record by hand before command: retire',
    })
  }
  if (known) return { ...known, publicKeyId }
  const since = state.privateKey.current?.createdAt
  return {
    version: 1,
    fingerprint: name,
    publicKey: publicKeyPem(previous.publicKey),
    publicKeyId,
    region: outcome.region,
    payEnvironment: outcome.payEnvironment,
    madeAt: timestamp(since ? new Date(since) : world.clock.now()),
    activatedAt: null,
    run: world.runner.run.url,
  }
}

/** One target after the other; the first failure ends it, and a new run goes on from there. */
export async function promoteAll(step: Step, jobs: readonly Job[]): Promise<void> {
  const { world, outcome } = step
  const assertNotStopped = (target: Target): void => {
    if (!world.runner.stop.aborted) return
    throw new Problem(
      'github-unavailable',
      `the step was stopped before ${placeOf(target)} was written: the job was cancelled, or the time of the step is up`,
      'run this again: it goes on with the targets that are left; with many targets, spread them over a matrix',
    )
  }
  // The write-ahead mark, everywhere before the first pair changes: it tells a killed activation from a
  // pair that somebody else stored.
  for (const job of jobs) {
    assertNotStopped(job.target)
    await failing(step, jobs, job, () => during(mark(job), 'failed', 'no pair was touched'))
  }
  for (const [index, job] of jobs.entries()) {
    await pace(step)
    assertNotStopped(job.target)
    const result = await failing(step, jobs, job, () => promote(step, job))
    outcome.targets[index] = result
    world.runner.info(`${placeOf(job.target)}: ${result.message}`)
  }
}

async function failing<T>(
  { outcome }: Step,
  jobs: readonly Job[],
  job: Job,
  effect: () => Promise<T>,
): Promise<T> {
  try {
    return await effect()
  } catch (error) {
    const problem = error instanceof PairFailure ? error.problem : error
    if (!(problem instanceof Problem)) throw error
    const kind = error instanceof PairFailure ? error.kind : 'failed'
    outcome.targets[jobs.indexOf(job)] = resultOf(job.target, kind, problem.fact, problem.code)
    throw new Problems([problem])
  }
}

async function mark({ target, plan, record, state }: Job): Promise<void> {
  if (plan.mark === 'none') return
  const staged = state.records.next?.record ?? record
  const marked = { ...staged, publicKeyId: record.publicKeyId, activatedAt: null }
  if (plan.mark === 'update') return target.saveRecord('next', marked)
  // A record that is there all of a sudden is our own, when only the answer was lost, or of a key that
  // somebody staged in this very moment.
  if (await target.createRecord('next', marked)) return
  if (!isSameKey(await target.record('next'), marked)) throw changedMeanwhile(target)
}

async function promote(step: Step, job: Job): Promise<TargetResult> {
  const { target, plan, record, state } = job
  const { names } = target
  const where = placeOf(target)
  const touched = plan.pair || plan.previous !== 'not'
  if (touched && !(await isUnchanged(target, state))) throw changedMeanwhile(target)
  if (plan.displaced) {
    warn(step, {
      fact: `secret ${names.privateKey.previous} of ${where} still held a key that nobody retired (Public Key ID ${plan.displaced.publicKeyId ?? 'unknown'}); it is replaced now`,
      hint: 'delete that Public Key ID in Integration Central when nothing uses it any more',
    })
  }
  // Before the pair, so that a kill cannot lose the key that is current now.
  if (plan.previous === 'before') {
    await during(keepPrevious(job), 'failed', `the pair of ${where} was not touched`)
    await pace(step)
  }
  const isNew = `the pair of ${where} is the new one already`
  if (plan.pair) {
    await writePair(job)
    await holdAgainstOthers(step, job)
    // Last of the three: as long as it names the old key, a re-run knows that the pair may be unfinished.
    await during(
      target.saveRecord('current', record),
      'updated',
      `${isNew}, but its record could not be written`,
    )
  }
  // In a rollback the good key stands only in this slot until the pair is written.
  if (plan.previous === 'after') {
    await pace(step)
    await during(keepPrevious(job), 'updated', `${isNew}, but the key before it is not kept yet`)
  }
  const before = state.privateKey.current
  if (!plan.pair && plan.previous === 'not') {
    return resultOf(target, 'unchanged', 'this pair was current already')
  }
  if (!plan.pair)
    return resultOf(target, 'updated', 'this pair was current already; what was left is finished')
  return resultOf(target, before ? 'updated' : 'created', 'this pair is current now')
}

async function keepPrevious({ target, previous }: Job): Promise<void> {
  if (!previous) return
  await target.putSecret(previous.secret)
  await target.saveRecord('previous', previous.record)
}

/** A failure on the way, told with what it means for the pair. */
async function during(
  effect: Promise<void>,
  kind: 'failed' | 'updated',
  meaning: string,
): Promise<void> {
  try {
    await effect
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { code, fact, hint } = error
    throw new PairFailure(kind, new Problem(code, `${fact}; ${meaning}`, hint))
  }
}

/**
 * Another run may have come between the two secrets: its record, there before ours, betrays it. The pair is
 * written once more then, so that it is wholly of one run.
 */
async function holdAgainstOthers(step: Step, job: Job): Promise<void> {
  const { target, state, record } = job
  const before = state.records.current?.record
  const there = await target.record('current').catch(() => before ?? null)
  if (isSameKey(there, before) || isSameKey(there, record)) return
  warn(step, {
    code: 'pair-changed',
    fact: `another run made key ${there?.fingerprint ?? 'unknown'} (Public Key ID ${there?.publicKeyId ?? 'unknown'}) current in ${placeOf(target)} at the same time; this run came last, and that key is not kept`,
    hint: 'activate that key again if it was to win; give the writing jobs one concurrency group',
  })
  await writePair(job)
}

/** A target that could not be written to the end, with what became of its pair. */
class PairFailure extends Error {
  readonly kind: 'failed' | 'restored' | 'torn' | 'updated'
  readonly problem: Problem

  constructor(kind: PairFailure['kind'], problem: Problem) {
    super(problem.message)
    this.kind = kind
    this.problem = problem
  }
}

/**
 * The two secrets of a pair, back to back. The Public Key ID goes first: it can be put back from the record
 * when the private key cannot be written, which the other way round nobody could.
 */
async function writePair(job: Job): Promise<void> {
  const { target, state, publicKeyId, privateKey } = job
  const id = await write(target, publicKeyId, state.publicKeyId)
  if (id?.happened === 'no') {
    await during(
      Promise.reject(id.problem),
      'failed',
      `the pair of ${placeOf(target)} was not touched`,
    )
  }
  if (id?.happened === 'unknown') await putBack(job, id.problem)
  const key = await write(target, privateKey, state.privateKey.current)
  if (key?.happened === 'no') await putBack(job, key.problem)
  if (key?.happened === 'unknown') {
    throw torn(
      job,
      `secret ${publicKeyId.name} of ${placeOf(target)} holds the new Public Key ID, and whether secret ${privateKey.name} holds the new private key cannot be found out`,
      key.problem,
    )
  }
}

/** A write that failed: it did not happen, or nobody can tell. */
interface Failed {
  readonly happened: 'no' | 'unknown'
  readonly problem: Problem
}

/**
 * Writes a secret; null when that is done. When the answer was lost, GitHub's date of the secret says whether
 * it happened.
 */
async function write(
  target: Target,
  secret: SealedSecret,
  before: Stored | null,
): Promise<Failed | null> {
  const startedAt = target.serverTime
  try {
    await target.putSecret(secret)
    return null
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem
    if (!problem.uncertain) return { happened: 'no', problem }
    let after: Stored | null
    try {
      after = await target.secret(secret.name)
    } catch {
      return { happened: 'unknown', problem }
    }
    if (after !== null && after.updatedAt !== before?.updatedAt) return null
    // GitHub counts in seconds: a secret that was changed in the second in which we began says nothing.
    const sameSecond =
      before !== null &&
      (startedAt === null || Date.parse(before.updatedAt) >= startedAt.getTime() - 1000)
    return { happened: sameSecond ? 'unknown' : 'no', problem }
  }
}

/** Puts the old Public Key ID back beside the old private key, and ends. */
async function putBack(job: Job, cause: Problem): Promise<never> {
  const { target, plan } = job
  const name = target.names.publicKeyId
  const old = plan.oldPublicKeyId
  if (old === undefined) {
    throw torn(
      job,
      `secret ${name} of ${placeOf(target)} holds the new Public Key ID, secret ${target.names.privateKey.current} was not written, and the Public Key ID that belongs to it is not known here`,
      cause,
    )
  }
  try {
    if (old === null) await target.deleteSecret(name)
    else await target.putSecret(await target.seal(name, old))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw torn(
      job,
      `secret ${name} of ${placeOf(target)} holds the new Public Key ID beside the old private key, and ${old === null ? 'deleting it' : `putting ${old} back`} failed`,
      cause,
    )
  }
  const where = placeOf(target)
  const left =
    old === null
      ? `${where} has no pair, as before`
      : `the pair of ${where} is ${old === job.record.publicKeyId ? 'the new one, as an earlier run left it' : 'the old one again'}`
  throw new PairFailure('restored', new Problem(cause.code, `${cause.fact}; ${left}`, cause.hint))
}

function torn({ target }: Job, fact: string, cause: Problem): PairFailure {
  return new PairFailure(
    'torn',
    new Problem(
      'pair-torn',
      `${fact} (${cause.fact})`,
      `run this again at once with the same inputs, which writes both halves; until then ${placeOf(target)} may sign with a pair that does not belong together, so stop deploys that start now`,
    ),
  )
}

/** The staged key is current now. What cannot be deleted is harmless, so it is only told. */
export async function clearNext(
  step: Step,
  jobs: readonly Job[],
  activated: string,
): Promise<void> {
  for (const { target, plan } of jobs) {
    if (!plan.clearNext) continue
    const { names } = target
    try {
      await pace(step)
      // Read once more: another key may have been staged meanwhile, and that one stays.
      const there = await target.record('next')
      if (there?.fingerprint !== activated) continue
      await target.deleteSecret(names.privateKey.next)
      await target.deleteRecord('next')
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      warn(step, {
        code: error.code,
        fact: `the pair is current, but secret ${names.privateKey.next} or variable ${names.record.next} of ${placeOf(target)} could not be deleted: ${error.fact}`,
        hint: 'run this again, or delete them by hand: they hold the key that is current now',
      })
    }
  }
}
