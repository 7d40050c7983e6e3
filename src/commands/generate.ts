import { fingerprint } from '../domain/fingerprint.ts'
import { assertConsistent, type KeyPair, makeKeyPair, privateKeyPem } from '../domain/key-pair.ts'
import { type KeyRecord, timestamp } from '../domain/key-record.ts'
import { Problem, Problems } from '../domain/problem.ts'
import type { TargetState } from '../domain/slots.ts'
import { planStaging, type StagingMove, stagedMeanwhile } from '../domain/staging.ts'
import type { SealedSecret, Target } from '../ports.ts'
import type { TargetResult } from '../summary/outcome.ts'
import {
  inspectTargets,
  keyPairOfInput,
  knowKey,
  knowPlace,
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
  const states = await inspectTargets(step, {
    slots: brought ? ['current', 'next', 'previous'] : ['current', 'next'],
    publicKeyId: false,
    sealing: true,
  })
  const { plan } = refuseOr(
    step,
    planStaging(states, {
      names: outcome.names,
      brought: brought && fingerprint(brought.publicKey),
      replaceStaged: inputs.replaceStaged,
      run: world.runner.run.url,
      now: world.clock.now(),
    }),
  )
  assertRoom(step, states, plan.moves)
  knowPlace(step, [plan.staged, ...states.map((state) => state.records.current?.record)])
  warnIfOutOfReach(step)
  world.runner.output('secret-name', outcome.names.privateKey.next)

  if (plan.staged && plan.moves.every((move) => move === 'keep'))
    return showAgain(step, plan.staged)

  const pair = await making
  maskPair(step, pair)
  assertConsistent(pair, brought ? 'private-key' : 'the new key pair')
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
  outcome.newKey = !brought
  world.runner.output('new-key', String(outcome.newKey))

  if (inputs.dryRun) {
    outcome.targets = world.targets.map((target, index) =>
      resultOf(target, 'planned', plannedWords[plan.moves[index] ?? 'stage']),
    )
    outcome.status = 'planned'
    return
  }

  // Sealed for all before the first is written: a sealing key that does not work must not leave half a staging.
  const sealed = await sealForAll(step, pair)
  await stageEverywhere(step, plan.moves, record, sealed)
  await publish(step)
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

function refuseOr(step: Step, planned: ReturnType<typeof planStaging>) {
  if ('plan' in planned) return planned
  refuseIf(
    step,
    planned.refusals.map((refusal) => (refusal ? [refusal] : [])),
  )
  throw new Error('a refusal without a finding')
}

/** GitHub answers a secret too many with 422, after the record is written: better asked before. */
function assertRoom(
  step: Step,
  states: readonly TargetState[],
  moves: readonly StagingMove[],
): void {
  refuseIf(
    step,
    states.map(({ room }, index) => {
      const target = step.world.targets[index]
      if (!target || room === null || room > 0 || moves[index] === 'keep') return []
      if (moves[index] === 'replace') return []
      return [
        new Problem(
          'secret-write-failed',
          `${placeOf(target)} holds 100 secrets, which is all that GitHub allows`,
          'delete secrets there that nobody uses any more, or use an organization secret, then run this again',
        ),
      ]
    }),
  )
}

function warnIfOutOfReach(step: Step): void {
  const { run } = step.world.runner
  const [owner] = run.repository.split('/')
  const reachable = step.world.targets.some(({ name }) =>
    [run.repository, owner].some((own) => own?.toLowerCase() === name.toLowerCase()),
  )
  if (reachable) return
  warn(step, {
    fact: `none of the targets belongs to ${run.repository}, where this workflow runs`,
    hint: 'run command: activate in a workflow of one of the targets: only there can the staged private key be read',
  })
}

/** The staged key waits for its exchange: the page is shown again, and no second key is made. */
async function showAgain(step: Step, staged: KeyRecord): Promise<void> {
  const { world, outcome } = step
  knowKey(step, publicKeyOfRecord(staged))
  outcome.record = staged
  outcome.newKey = false
  outcome.publicKeyId = staged.publicKeyId
  world.runner.output('new-key', 'false')
  world.runner.output('public-key-id', staged.publicKeyId ?? '')
  outcome.targets = world.targets.map((target) => resultOf(target, 'unchanged', doneWords.keep))
  const days = Math.floor((world.clock.now().getTime() - Date.parse(staged.madeAt)) / 86_400_000)
  world.runner.notice(
    `key ${staged.fingerprint} is staged since ${staged.madeAt} (${days} days) and waits for its exchange; no new key was made`,
  )
  if (!step.inputs.dryRun) await publish(step)
  outcome.status = 'staged'
}

async function sealForAll({ world, outcome }: Step, pair: KeyPair): Promise<SealedSecret[]> {
  const name = outcome.names.privateKey.next
  const pem = privateKeyPem(pair)
  return Promise.all(world.targets.map((target) => target.seal(name, pem)))
}

/** Target by target; when one fails for good, what this run made in any of them is removed again. */
async function stageEverywhere(
  step: Step,
  moves: readonly StagingMove[],
  record: KeyRecord,
  sealed: readonly SealedSecret[],
): Promise<void> {
  const { world, outcome } = step
  const results: TargetResult[] = world.targets.map((target) =>
    resultOf(target, 'untouched', 'nothing was written'),
  )
  outcome.targets = results
  const begun: number[] = []
  for (const [index, target] of world.targets.entries()) {
    const move = moves[index] ?? 'stage'
    const secret = sealed[index]
    if (!secret) continue
    try {
      if (move !== 'keep') {
        if (begun.length > 0) await pace(step)
        if (world.runner.stop.aborted) throw stopped(target)
        begun.push(index)
        await stageInto(target, move, record, secret)
        world.runner.info(`${placeOf(target)}: ${doneWords[move]} in ${secret.name}`)
      }
      const kind = {
        stage: 'created',
        'take-over': 'updated',
        replace: 'updated',
        keep: 'unchanged',
      } as const
      results[index] = resultOf(target, kind[move], doneWords[move])
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      results[index] = resultOf(target, 'failed', error.fact, error.code)
      for (const undo of begun) {
        const target = world.targets[undo]
        if (target) results[undo] = await remove(target, record, moves[undo] ?? 'stage', error)
      }
      throw new Problems([error])
    }
  }
}

function stopped(target: Target): Problem {
  return new Problem(
    'github-unavailable',
    `the step was stopped before ${placeOf(target)} was written: the job was cancelled, or its two minutes are up`,
    'run this again; with many targets, spread them over a matrix',
  )
}

/**
 * The record first: creating a variable that exists is refused, which makes it the lock. Then the secret. A
 * run that dies in between leaves a record without secret, which the next run recognises.
 */
async function stageInto(
  target: Target,
  move: StagingMove,
  record: KeyRecord,
  secret: SealedSecret,
): Promise<void> {
  if (move === 'replace') await target.deleteSecret(secret.name)
  if (move !== 'stage') await removeOldRecord(target, record)
  await claim(target, record)
  try {
    await target.putSecret(secret)
  } catch (error) {
    // Only the answer may have been lost: the slot was empty and is locked, so what is there now is ours.
    if (!(error instanceof Problem && error.uncertain)) throw error
    const stored = await target.secret(secret.name).catch(() => null)
    if (stored === null) throw error
  }
}

async function removeOldRecord(target: Target, record: KeyRecord): Promise<void> {
  const there = await target.record('next')
  const fresh = there !== null && Date.parse(there.madeAt) >= Date.parse(record.madeAt)
  if (there && fresh && there.fingerprint !== record.fingerprint) {
    throw stagedMeanwhile(there, target.names)
  }
  await target.deleteRecord('next')
}

async function claim(target: Target, record: KeyRecord): Promise<void> {
  let problem: Problem | null = null
  try {
    if (await target.createRecord('next', record)) return
  } catch (error) {
    if (!(error instanceof Problem && error.uncertain)) throw error
    problem = error
  }
  const there = await target.record('next')
  if (there?.fingerprint === record.fingerprint && there.run === record.run) return
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
async function remove(
  target: Target,
  record: KeyRecord,
  move: StagingMove,
  cause: Problem,
): Promise<TargetResult> {
  const lost = move === 'replace' ? '; the key staged before had been dropped already' : ''
  try {
    const there = await target.record('next')
    if (there === null || there.fingerprint !== record.fingerprint || there.run !== record.run) {
      return resultOf(
        target,
        'failed',
        `${cause.fact}; nothing of this run is left there${lost}`,
        cause.code,
      )
    }
    await target.deleteSecret(target.names.privateKey.next)
    await target.deleteRecord('next')
    return resultOf(
      target,
      'restored',
      `what this run had written was removed again${lost}`,
      cause.code,
    )
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return resultOf(
      target,
      'failed',
      `secret ${target.names.privateKey.next} or variable ${target.names.record.next} of this run may be left there: ${error.fact}${lost}`,
      error.code,
    )
  }
}
