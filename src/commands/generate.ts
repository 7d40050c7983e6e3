import { fingerprint } from '../domain/key/fingerprint.ts'
import { assertConsistent, type KeyPair, makeKeyPair, privateKeyPem } from '../domain/key/pair.ts'
import { Problem, Problems } from '../domain/problem.ts'
import { type KeyRecord, timestamp } from '../domain/rotation/record.ts'
import type { TargetState } from '../domain/rotation/slots.ts'
import {
  planStaging,
  type StagingMove,
  type StagingPlan,
  stagedMeanwhile,
} from '../domain/rotation/staging.ts'
import type { SealedSecret, Target } from '../ports.ts'
import type { TargetResult } from '../summary/outcome.ts'
import {
  keyPairOfInput,
  knowKey,
  knowPlace,
  type Look,
  lookAtTargets,
  maskPair,
  pace,
  placeOf,
  publicKeyOfRecord,
  publish,
  refuseIf,
  resultOf,
  type Step,
  warn,
} from './step.ts'

/**
 * Stages a key pair: the private key waits, sealed, in the `next` slot of every target, while a person
 * exchanges the public key. Nothing but that slot is ever written, so the checkout never notices.
 */
export async function generate(step: Step): Promise<void> {
  const { inputs, world, outcome } = step
  const brought = inputs.privateKey.trim() === '' ? null : await keyPairOfInput(step, 'private-key')
  // Finding primes takes longest and needs nothing from GitHub; a refusal forgets the pair, which nobody saw.
  const making = brought ? Promise.resolve(brought) : makeKeyPair()
  const looks = await lookAtTargets(step, {
    slots: brought ? ['current', 'next', 'previous'] : ['current', 'next'],
    publicKeyId: false,
    sealing: true,
  })
  const { plan, states } = planOrRefuse(step, looks, brought)
  knowPlace(step, [plan.staged, ...states.map((state) => state.records.current?.record)])
  warnIfOutOfReach(step)

  if (plan.staged && plan.moves.every((move) => move === 'keep'))
    return showAgain(step, plan.staged, states)

  const pair = await making
  maskPair(step, pair)
  assertConsistent(pair, brought ? 'private-key' : 'the new key pair')
  outcome.newKey = !brought
  world.runner.output('new-key', String(outcome.newKey))

  if (inputs.dryRun) {
    // A pair that was made for the rehearsal is forgotten: its public key must not be exchanged.
    if (brought) knowKey(step, pair.publicKey)
    outcome.targets = world.targets.map((target, index) =>
      resultOf(target, 'planned', plannedWords[plan.moves[index] ?? 'stage']),
    )
    for (const [index, target] of world.targets.entries()) {
      world.runner.info(`${placeOf(target)}: ${outcome.targets[index]?.message}`)
    }
    outcome.status = 'planned'
    return
  }

  const key = knowKey(step, pair.publicKey)
  const record: KeyRecord = plan.staged
    ? { ...plan.staged, run: world.runner.run.url }
    : {
        version: 1,
        fingerprint: key.fingerprint,
        publicKey: key.publicKey,
        publicKeyId: null,
        region: outcome.region,
        payEnvironment: outcome.payEnvironment,
        madeAt: timestamp(world.clock.now()),
        activatedAt: null,
        run: world.runner.run.url,
      }
  outcome.record = record
  // Sealed for all before the first is written: a sealing key that does not work must not leave half a staging.
  const sealed = await sealForAll(step, pair)
  await stageEverywhere(
    step,
    world.targets.map((target, index) => ({
      target,
      move: plan.moves[index] ?? 'stage',
      seen: states[index]?.records.next?.record ?? null,
      secret: sealed[index] as SealedSecret,
    })),
    record,
  )
  world.runner.output('secret-name', outcome.names.privateKey.next)
  await publish(step, key)
  world.runner.info(
    `Key ${key.fingerprint} is staged. Next: exchange its public key in Integration Central; the summary of this run has the steps`,
  )
  outcome.status = 'staged'
}

const plannedWords: Readonly<Record<StagingMove, string>> = {
  stage: 'the key would be staged',
  'take-over': 'what an interrupted run left would be removed, and the key staged',
  replace: 'the staged key would be dropped, and the new one staged',
  keep: 'this key is staged already',
}

const doneWords: Readonly<Record<StagingMove, string>> = {
  stage: 'the key is staged',
  'take-over': 'what an interrupted run left was removed, and the key is staged',
  replace: 'the key staged before was dropped, and the new one is staged',
  keep: 'this key was staged already',
}

/** All that speaks against it, of all targets, is told together. */
function planOrRefuse(
  step: Step,
  looks: readonly Look[],
  brought: KeyPair | null,
): { plan: StagingPlan; states: TargetState[] } {
  const { inputs, outcome, world } = step
  const seen = looks.flatMap(({ state }, index) => {
    const target = world.targets[index]
    return state && target ? [{ target, state, index }] : []
  })
  const states = seen.map(({ state }) => state)
  const planned = planStaging(states, {
    names: outcome.names,
    brought: brought && fingerprint(brought.publicKey),
    replaceStaged: inputs.replaceStaged,
    region: inputs.region,
    payEnvironment: inputs.payEnvironment,
    run: world.runner.run.url,
    now: world.clock.now(),
  })
  const findings = looks.map(({ findings }) => [...findings])
  for (const [at, { target, state, index }] of seen.entries()) {
    const found =
      'plan' in planned
        ? full(target, state, planned.plan.moves[at] ?? 'stage')
        : named(world.targets, target, planned.refusals[at] ?? null)
    if (found) findings[index]?.push(found)
  }
  refuseIf(step, findings)
  if ('plan' in planned) return { plan: planned.plan, states }
  throw new Error('a refusal without a finding')
}

/** Of several targets, a finding says which one is meant. */
function named(
  targets: readonly Target[],
  target: Target,
  refusal: Problem | null,
): Problem | null {
  if (refusal === null || targets.length === 1) return refusal
  return new Problem(refusal.code, `${placeOf(target)}: ${refusal.fact}`, refusal.hint)
}

/** GitHub answers a secret too many with 422, after the record is written: better asked before. */
function full(target: Target, { room }: TargetState, move: StagingMove): Problem | null {
  if (room === null || room > 0 || move === 'keep' || move === 'replace') return null
  return new Problem(
    'secret-write-failed',
    `${placeOf(target)} holds 100 secrets, which is all that GitHub allows`,
    'delete secrets there that nobody uses any more, or use an organization secret, then run this again',
  )
}

function warnIfOutOfReach(step: Step): void {
  const { run } = step.world.runner
  if (step.world.targets.some((target) => target.readableBy(run.repository))) return
  warn(step, {
    fact: `${run.repository}, where this workflow runs, receives the secrets of none of the targets`,
    hint: 'run command: activate in a workflow of a repository that does: only there can the staged private key be read',
  })
}

/** The staged key waits for its exchange: the page is shown again, and no second key is made. */
async function showAgain(
  step: Step,
  staged: KeyRecord,
  states: readonly TargetState[],
): Promise<void> {
  const { world, outcome } = step
  const key = knowKey(step, publicKeyOfRecord(staged))
  outcome.record = staged
  outcome.newKey = false
  outcome.publicKeyId = staged.publicKeyId
  world.runner.output('new-key', 'false')
  world.runner.output('public-key-id', staged.publicKeyId ?? '')
  world.runner.output('secret-name', outcome.names.privateKey.next)
  outcome.targets = world.targets.map((target) => resultOf(target, 'unchanged', doneWords.keep))
  const days = Math.floor((world.clock.now().getTime() - Date.parse(staged.madeAt)) / 86_400_000)
  world.runner.notice(
    `key ${staged.fingerprint} is staged since ${staged.madeAt} (${days === 1 ? '1 day' : `${days} days`}); no new key was made`,
  )
  warnIfActivationBegan(step, staged, states)
  if (!step.inputs.dryRun) await publish(step, key)
  outcome.status = 'staged'
}

/** Its public key has been exchanged: doing that again would only make a second Public Key ID. */
function warnIfActivationBegan(
  step: Step,
  staged: KeyRecord,
  states: readonly TargetState[],
): void {
  if (staged.publicKeyId === null) return
  const current = states.every(
    ({ records }) => records.current?.record.fingerprint === staged.fingerprint,
  )
  warn(step, {
    fact: `this key has Public Key ID ${staged.publicKeyId} already, and ${current ? 'is current' : 'its activation was begun'}`,
    hint: `do not exchange its public key again; run command: activate with public-key-id: ${staged.publicKeyId}, which finishes what is left`,
  })
}

async function sealForAll({ world, outcome }: Step, pair: KeyPair): Promise<SealedSecret[]> {
  const name = outcome.names.privateKey.next
  const pem = privateKeyPem(pair)
  return Promise.all(world.targets.map((target) => target.seal(name, pem)))
}

/** What is to be done in one target. */
interface Job {
  readonly target: Target
  readonly move: StagingMove
  /** The record that stood in the slot when it was looked at. */
  readonly seen: KeyRecord | null
  readonly secret: SealedSecret
}

/** Target by target; when one fails for good, what this run made in any of them is removed again. */
async function stageEverywhere(step: Step, jobs: readonly Job[], record: KeyRecord): Promise<void> {
  const { world, outcome } = step
  outcome.targets = jobs.map(({ target, move }) =>
    move === 'keep'
      ? resultOf(target, 'unchanged', doneWords.keep)
      : resultOf(target, 'untouched', 'nothing was written'),
  )
  const begun: Job[] = []
  for (const job of jobs.filter(({ move }) => move !== 'keep')) {
    const { target, move, secret } = job
    try {
      if (begun.length > 0) await pace(step)
      if (world.runner.stop.aborted) throw stopped(target)
      begun.push(job)
      await stageInto(job, record)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const kind = begun.includes(job) ? 'failed' : 'untouched'
      outcome.targets[jobs.indexOf(job)] = resultOf(target, kind, error.fact, error.code)
      for (const [index, each] of begun.entries()) {
        // A step that has to end now does not wait.
        if (index > 0) await pace(step)
        const failure = each === job ? error : null
        outcome.targets[jobs.indexOf(each)] = await undo(step, each, record, failure)
      }
      throw new Problems([error])
    }
    world.runner.info(`${placeOf(target)}: ${doneWords[move]} in ${secret.name}`)
    const kind = move === 'stage' ? 'created' : 'updated'
    outcome.targets[jobs.indexOf(job)] = resultOf(target, kind, doneWords[move])
  }
}

function stopped(target: Target): Problem {
  return new Problem(
    'github-unavailable',
    `the step was stopped before ${placeOf(target)} was written: the job was cancelled, or the time of the step is up`,
    'run this again; with many targets, spread them over a matrix',
  )
}

/**
 * The record first: creating a variable that exists is refused, which makes it the lock. Then the secret. A
 * run that dies in between leaves a record without secret, which the next run recognises.
 */
async function stageInto(job: Job, record: KeyRecord): Promise<void> {
  const { target, move, secret } = job
  if (move !== 'stage') await clear(job)
  await claim(job, record)
  try {
    await target.putSecret(secret)
  } catch (error) {
    // Only the answer may have been lost: the slot was empty and is locked, so what is there now is ours.
    if (!(error instanceof Problem && error.uncertain)) throw error
    const stored = await target.secret(secret.name).catch(() => null)
    if (stored === null) throw error
  }
}

/** Empties the slot, if it still holds what was looked at. */
async function clear({ target, move, seen, secret }: Job): Promise<void> {
  const there = await target.record('next')
  if (there && !isSameStaging(there, seen)) throw stagedMeanwhile(there, target.names)
  if (move === 'replace') await target.deleteSecret(secret.name)
  await target.deleteRecord('next')
}

function isSameStaging(one: KeyRecord, other: KeyRecord | null): boolean {
  return one.fingerprint === other?.fingerprint && one.run === other.run
}

async function claim({ target, move }: Job, record: KeyRecord): Promise<void> {
  let problem: Problem | null = null
  try {
    const created = await target.createRecord('next', record)
    // Of two runs that clear the same slot, one may have deleted the record of the other: only reading tells.
    if (created && move === 'stage') return
  } catch (error) {
    if (!(error instanceof Problem && error.uncertain)) throw error
    problem = error
  }
  const there = await target.record('next')
  if (there && isSameStaging(there, record)) return
  if (there) throw stagedMeanwhile(there, target.names)
  throw (
    problem ??
    new Problem(
      'variable-write-failed',
      `variable ${target.names.record.next} of ${placeOf(target)} was there and is gone again`,
      'another run is at work in the same slot: wait for it, then run this again',
    )
  )
}

/** Removes what this run staged: only under a record that is ours, the secret before the record. */
async function undo(
  { world }: Step,
  { target, move, seen, secret }: Job,
  record: KeyRecord,
  failure: Problem | null,
): Promise<TargetResult> {
  const before = failure ? `${failure.fact}; ` : 'another target failed: '
  let left: string
  try {
    const there = await target.record('next')
    const stored = there && (await target.secret(secret.name))
    const untouched = there && stored && isSameStaging(there, seen)
    const dropped = move === 'replace' && !untouched ? ', and the key staged before is gone' : ''
    if (there === null || !isSameStaging(there, record)) {
      left = `nothing of this run is left here${dropped}`
    } else {
      if (stored) await target.deleteSecret(secret.name)
      await target.deleteRecord('next')
      left = `what this run had written was removed again${dropped}`
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const names = `secret ${secret.name} or variable ${target.names.record.next}`
    left = `${names} of this run may be left here (${error.fact})`
    world.runner.info(`${placeOf(target)}: ${left}`)
    return resultOf(target, 'failed', before + left, failure?.code ?? error.code)
  }
  world.runner.info(`${placeOf(target)}: ${left}`)
  return failure
    ? resultOf(target, 'failed', before + left, failure.code)
    : resultOf(target, 'restored', before + left)
}
