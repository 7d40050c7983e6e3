import { fingerprint } from '../domain/fingerprint.ts'
import { type KeyPair, privateKeyPem, publicKeyPem } from '../domain/key-pair.ts'
import { type KeyRecord, timestamp } from '../domain/key-record.ts'
import { Problem, Problems } from '../domain/problem.ts'
import { type Promotion, planPromotion } from '../domain/promotion.ts'
import { type PublicKeyId, readPublicKeyId } from '../domain/public-key-id.ts'
import type { PayEnvironment } from '../domain/region.ts'
import type { Stored, TargetState } from '../domain/slots.ts'
import type { SealedSecret, Target } from '../ports.ts'
import type { TargetResult } from '../summary/outcome.ts'
import { prove, skipped, wordsOf } from './prove.ts'
import {
  inspectTargets,
  keyPairOfInput,
  knowKey,
  knowPlace,
  knowPublicKeyId,
  pace,
  placeOf,
  placeOfProof,
  publish,
  refuseIf,
  resultOf,
  type Step,
  warn,
} from './step.ts'

/**
 * Makes an exchanged pair the current one: proved with Amazon Pay first, compared with what is current, and
 * written so that after every failure the current pair is wholly old or wholly new.
 */
export async function activate(step: Step): Promise<void> {
  const { inputs, world, outcome } = step
  const pair = await keyPairOfInput(step, 'private-key')
  const key = knowKey(step, pair.publicKey)
  const publicKeyId = await publicKeyIdOf(step)
  knowPublicKeyId(step, publicKeyId)
  const previous =
    inputs.previousPrivateKey.trim() === ''
      ? null
      : await keyPairOfInput(step, 'previous-private-key')
  const previousId =
    inputs.previousPublicKeyId === ''
      ? null
      : readPublicKeyId(inputs.previousPublicKeyId, { input: 'previous-public-key-id' })

  const states = await inspectTargets(step, {
    slots: ['current', 'next', 'previous'],
    publicKeyId: true,
    sealing: true,
  })
  outcome.targets = world.targets.map((target) => untouched(target))
  const own = states.map((state) => recordOf(state, key.fingerprint))
  knowPlace(step, [...own, ...states.map((state) => state.records.current?.record)])
  assertMeantFor(step, own, publicKeyId.payEnvironment)
  const plans = planAll(step, states, {
    fingerprint: key.fingerprint,
    publicKeyId: publicKeyId.id,
    previous: previous && fingerprint(previous.publicKey),
    previousPublicKeyId: previousId?.id ?? null,
  })
  const adopting = plans.some((plan) => plan.adopting)
  if (adopting) assertSameView(step, previousId)
  outcome.previousPublicKeyId =
    states
      .flatMap(({ records }) => [records.current, records.previous])
      .find((r) => r && r.record.fingerprint !== key.fingerprint)?.record.publicKeyId ??
    (previousId?.id !== publicKeyId.id ? previousId?.id : null) ??
    null
  outcome.previousKept =
    inputs.keepPrevious &&
    states.some(
      ({ records }, index) =>
        plans[index]?.previous !== 'not' ||
        (records.previous && records.previous.record.fingerprint !== key.fingerprint),
    )
  outcome.previousFingerprint = previous && fingerprint(previous.publicKey)
  world.runner.output('previous-public-key-id', outcome.previousPublicKeyId ?? '')
  world.runner.output('secret-name', outcome.names.privateKey.current)

  await proveNew(step, pair, publicKeyId.id, plans)
  if (outcome.proof?.answer !== 'accepted') assertNotOfAnother(step, states, publicKeyId.id)
  if (previous && previousId && adopting) await proveAdopted(step, previous, previousId.id)
  for (const plan of plans)
    for (const fact of plan.warnings) warn(step, { fact, hint: 'look at command: status' })

  const record = newRecord(step, states, key.fingerprint, publicKeyId.id)
  outcome.record = record
  if (inputs.dryRun) {
    outcome.targets = world.targets.map((target, index) =>
      resultOf(target, 'planned', planWords(plans[index])),
    )
    for (const [index, target] of world.targets.entries()) {
      world.runner.info(`${placeOf(target)}: ${outcome.targets[index]?.message}`)
    }
    outcome.status = 'planned'
    return
  }

  await assertUnchanged(step, states)
  const jobs = await Promise.all(
    world.targets.map((target, index) =>
      prepare(step, {
        target,
        state: states[index] as TargetState,
        plan: plans[index] as Promotion,
        pair,
        previous,
        previousId: previousId?.id ?? null,
        record,
      }),
    ),
  )
  await promoteAll(step, jobs)
  await clearNext(step, jobs, key.fingerprint)
  await publish(step)
  world.runner.info(
    `Key ${key.fingerprint} with Public Key ID ${publicKeyId.id} is current. Next: redeploy every consumer; the summary of this run has the rest`,
  )
  outcome.status = 'activated'
}

function untouched(target: Target): TargetResult {
  return resultOf(target, 'untouched', 'nothing was written')
}

/** From the input, or from the comment with which a reviewer approved this very run. */
async function publicKeyIdOf(step: Step): Promise<ReturnType<typeof readPublicKeyId>> {
  const { inputs, world } = step
  if (inputs.publicKeyId !== 'from-approval') {
    return readPublicKeyId(inputs.publicKeyId, { input: 'public-key-id' })
  }
  const approved = (await world.github.approvals()).filter(({ state }) => state === 'approved')
  const { environment } = inputs
  const wanted =
    environment === null
      ? approved
      : approved
          .filter(({ environments }) =>
            environments.some((name) => name.toLowerCase() === environment.toLowerCase()),
          )
          .slice(0, 1)
  const ids = new Set(
    wanted.flatMap(({ comment }) => comment.match(/\b(?:(?:LIVE|SANDBOX)-)?[A-Z0-9]{24}\b/g) ?? []),
  )
  const [id, ...more] = ids
  if (id !== undefined && more.length === 0) {
    return readPublicKeyId(id, { input: 'public-key-id' })
  }
  const of = environment === null ? 'this run' : `environment ${environment}`
  const found =
    wanted.length === 0
      ? `nobody has approved ${of}`
      : `the approval of ${of} names ${ids.size === 0 ? 'no Public Key ID' : `${ids.size} Public Key IDs`}`
  throw new Problem(
    'public-key-id-invalid',
    `public-key-id is from-approval, and ${found}`,
    'start a new run and approve it with a comment that holds exactly one Public Key ID, or pass the ID itself as public-key-id',
  )
}

/** The staged key was made for one view of Integration Central, and exchanged in the other. */
function assertMeantFor(
  { inputs }: Step,
  own: readonly (KeyRecord | undefined)[],
  given: PayEnvironment | null,
): void {
  const meant = own.find((record) => record?.payEnvironment)?.payEnvironment
  if (inputs.payEnvironment || !given || !meant || given === meant) return
  throw new Problem(
    'pay-environment-mismatch',
    `public-key-id belongs to ${given} by its prefix, but by its record this key was made for ${meant}`,
    `exchange the public key in the ${meant} view of Integration Central and pass the Public Key ID from there; if ${given} was meant all along, set pay-environment: ${given}`,
  )
}

/** A pair that is taken over belongs to the same of live and sandbox as the one that follows it. */
function assertSameView({ outcome }: Step, previous: PublicKeyId | null): void {
  const { payEnvironment } = outcome
  if (!previous?.payEnvironment || !payEnvironment || previous.payEnvironment === payEnvironment) {
    return
  }
  throw new Problem(
    'pay-environment-mismatch',
    `the new pair is for ${payEnvironment}, but previous-public-key-id belongs to ${previous.payEnvironment} by its prefix`,
    'correct public-key-id, or give the sandbox a prefix of its own, for example AMAZON_PAY_SANDBOX',
  )
}

function recordOf(state: TargetState, fingerprint: string): KeyRecord | undefined {
  return Object.values(state.records)
    .map((stored) => stored?.record)
    .find((record) => record?.fingerprint === fingerprint)
}

function planAll(
  step: Step,
  states: readonly TargetState[],
  wish: {
    fingerprint: string
    publicKeyId: string
    previous: string | null
    previousPublicKeyId: string | null
  },
): Promotion[] {
  const { inputs, outcome, world } = step
  const plans: Promotion[] = []
  const findings = states.map((state, index): Problem[] => {
    try {
      const plan = planPromotion(state, {
        ...wish,
        names: outcome.names,
        keepPrevious: inputs.keepPrevious,
        region: outcome.region,
        payEnvironment: outcome.payEnvironment,
      })
      plans.push(plan)
      return roomFor(state, plan, placeOf(world.targets[index] as Target))
    } catch (error) {
      if (error instanceof Problem) return [error]
      throw error
    }
  })
  refuseIf(step, findings)
  return plans
}

/** GitHub answers a secret too many with 422, in the middle of a pair: better counted before. */
function roomFor(state: TargetState, plan: Promotion, where: string): Problem[] {
  if (state.room === null) return []
  const needed = [
    plan.pair && !state.publicKeyId,
    plan.pair && !state.privateKey.current,
    plan.previous !== 'not' && !state.privateKey.previous,
  ].filter((missing) => missing).length
  if (needed <= state.room) return []
  return [
    new Problem(
      'secret-write-failed',
      `${where} has room for ${state.room} more secrets, and this needs ${needed}: GitHub allows 100`,
      'delete secrets there that nobody uses any more, then run this again',
    ),
  ]
}

async function proveNew(
  step: Step,
  pair: KeyPair,
  publicKeyId: string,
  plans: readonly Promotion[],
): Promise<void> {
  const { inputs, world, outcome } = step
  if (inputs.amazonPayCheck === 'off') {
    tellProof(step, skipped)
    return
  }
  const place = placeOfProof(step, publicKeyId)
  const { story, problem } = await prove(world, { pair, publicKeyId, ...place }, true)
  if (story.answer === 'accepted') {
    world.runner.info(`Amazon Pay accepts the pair: ${story.judgement && wordsOf(story.judgement)}`)
  }
  const first = plans.every((plan) => plan.first)
  const account = story.judgement?.verdict === 'account'
  // A suspended or foreign account may become the first pair, but must not replace one that works.
  tellProof(step, account && !first ? { ...story, answer: 'undecided' } : story)
  if (!problem) return
  const tolerable =
    (account && first) ||
    (inputs.amazonPayCheck === 'warn' && outcome.proof?.answer === 'undecided')
  if (!tolerable) throw problem
  warn(step, problem)
}

/** Without Amazon's word the records decide: a Public Key ID belongs to one key only. */
function assertNotOfAnother(step: Step, states: readonly TargetState[], publicKeyId: string): void {
  const { names, key } = step.outcome
  refuseIf(
    step,
    states.map(({ records }): Problem[] => {
      const slot = (['current', 'previous'] as const).find((slot) => {
        const record = records[slot]?.record
        return record?.publicKeyId === publicKeyId && record.fingerprint !== key?.fingerprint
      })
      if (!slot) return []
      return [
        new Problem(
          'pair-mismatch',
          `public-key-id ${publicKeyId} belongs to the ${slot} key by variable ${names.record[slot]}, and private-key is another one (${key?.fingerprint})`,
          `pass the two halves of one key; after a rollback, secret ${names.privateKey.previous} holds the key that it went back from`,
        ),
      ]
    }),
  )
}

export function tellProof({ world, outcome }: Step, story: typeof skipped): void {
  outcome.proof = story
  world.runner.output('amazon-pay', story.answer)
}

/** The pair that a shop brings with it is kept for a rollback: it has to be one. */
async function proveAdopted(step: Step, pair: KeyPair, publicKeyId: string): Promise<void> {
  if (step.inputs.amazonPayCheck === 'off') return
  const place = placeOfProof(step, publicKeyId)
  const { story, problem } = await prove(step.world, { pair, publicKeyId, ...place }, false)
  if (!problem) {
    step.world.runner.info(
      `Amazon Pay accepts the pair that is current so far: ${story.judgement && wordsOf(story.judgement)}`,
    )
    return
  }
  const fact = `previous-private-key and previous-public-key-id: ${problem.fact}`
  // A suspended account says all the same that the two belong together, which is what is asked here.
  const belongs = story.judgement?.verdict === 'account'
  const rejected = problem.code === 'amazon-pay-rejected'
  if (belongs || (step.inputs.amazonPayCheck === 'warn' && !rejected)) {
    warn(step, { code: problem.code, fact, hint: problem.hint })
    return
  }
  throw new Problem(
    problem.code,
    fact,
    // Unlike a new key, this one may be what the checkout signs with: nothing of it is to be deleted.
    rejected && !story.elsewhere
      ? 'look up which private key and Public Key ID the shop uses now, and pass these two; when nobody knows, keep-previous: false goes on without a way back'
      : problem.hint,
  )
}

function newRecord(
  { world, outcome }: Step,
  states: readonly TargetState[],
  fingerprint: string,
  publicKeyId: string,
): KeyRecord {
  const now = timestamp(world.clock.now())
  const known = states.map((state) => recordOf(state, fingerprint)).find((record) => record)
  const activated = states
    .map((state) => state.records.current?.record)
    .find((r) => r?.fingerprint === fingerprint && r.publicKeyId === publicKeyId)
  return {
    ...known,
    version: 1,
    fingerprint,
    publicKey: outcome.key?.publicKey ?? '',
    publicKeyId,
    region: outcome.region,
    payEnvironment: outcome.payEnvironment,
    madeAt: known?.madeAt ?? now,
    activatedAt: activated?.activatedAt ?? now,
    run: world.runner.run.url,
  }
}

function planWords(plan: Promotion | undefined): string {
  if (!plan?.pair) return 'this pair is current already; what an earlier run left would be finished'
  return {
    before: 'the current pair would be kept as the previous one, and the new pair become current',
    after: 'the pair would become current again, and the current one be kept as the previous one',
    not: 'the pair would become current',
  }[plan.previous]
}

/** Asking Amazon Pay took a while: what was compared must still be true when the first write begins. */
async function assertUnchanged(step: Step, states: readonly TargetState[]): Promise<void> {
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

/** Everything that one target needs, sealed before the first write anywhere. */
interface Job {
  readonly target: Target
  readonly state: TargetState
  readonly plan: Promotion
  readonly record: KeyRecord
  readonly publicKeyId: SealedSecret
  readonly privateKey: SealedSecret
  readonly previous: { readonly secret: SealedSecret; readonly record: KeyRecord } | null
}

async function prepare(
  step: Step,
  options: {
    target: Target
    state: TargetState
    plan: Promotion
    pair: KeyPair
    previous: KeyPair | null
    previousId: string | null
    record: KeyRecord
  },
): Promise<Job> {
  const { target, state, plan, pair, previous, record } = options
  const { names } = target
  return {
    target,
    state,
    plan,
    record,
    publicKeyId: await target.seal(names.publicKeyId, record.publicKeyId ?? ''),
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
async function promoteAll(step: Step, jobs: readonly Job[]): Promise<void> {
  const { world, outcome } = step
  const assertNotStopped = (target: Target): void => {
    if (!world.runner.stop.aborted) return
    throw new Problem(
      'github-unavailable',
      `the step was stopped before ${placeOf(target)} was written: the job was cancelled, or its two minutes are up`,
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
  if (id.happened === 'no') {
    await during(
      Promise.reject(id.problem),
      'failed',
      `the pair of ${placeOf(target)} was not touched`,
    )
  }
  if (id.happened === 'unknown') await putBack(job, id.problem)
  const key = await write(target, privateKey, state.privateKey.current)
  if (key.happened === 'no') await putBack(job, key.problem)
  if (key.happened === 'unknown') {
    throw torn(
      job,
      `secret ${publicKeyId.name} of ${placeOf(target)} holds the new Public Key ID, and whether secret ${privateKey.name} holds the new private key cannot be found out`,
      key.problem,
    )
  }
}

type Written =
  | { readonly happened: 'yes' }
  | { readonly happened: 'no' | 'unknown'; readonly problem: Problem }

/** Writes a secret. When the answer was lost, GitHub's date of the secret says whether it happened. */
async function write(
  target: Target,
  secret: SealedSecret,
  before: Stored | null,
): Promise<Written> {
  const startedAt = target.serverTime
  try {
    await target.putSecret(secret)
    return { happened: 'yes' }
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem
    if (!problem.uncertain) return { happened: 'no', problem }
    let after: Stored | null
    try {
      after = await target.secret(secret.name)
    } catch {
      return { happened: 'unknown', problem }
    }
    if (after !== null && after.updatedAt !== before?.updatedAt) return { happened: 'yes' }
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
async function clearNext(step: Step, jobs: readonly Job[], activated: string): Promise<void> {
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
