import { fingerprint } from '../domain/key/fingerprint.ts'
import { makeKeyPair } from '../domain/key/pair.ts'
import { Problem, Problems } from '../domain/problem.ts'
import type { KeyRecord } from '../domain/rotation/record.ts'
import { pairIsYounger, type TargetState } from '../domain/rotation/slots.ts'
import type { Target } from '../ports.ts'
import type { TargetResult } from '../summary/outcome.ts'
import { prove, tellProof, wordsOf } from './prove.ts'
import {
  inspectTargets,
  keyPairOfInput,
  knowPlace,
  pace,
  placeOf,
  placeOfProof,
  refuseIf,
  resultOf,
  type Step,
  warn,
} from './step.ts'

/**
 * Ends the previous key: Amazon Pay has to say that its Public Key ID is gone, and only then are the secret
 * and the record of the `previous` slot deleted. Nothing else is ever deleted.
 */
export async function retire(step: Step): Promise<void> {
  const { inputs, world, outcome } = step
  const states = await inspectTargets(step, {
    slots: ['current', 'next', 'previous'],
    publicKeyId: true,
    sealing: false,
  })
  world.runner.output('secret-name', outcome.names.privateKey.previous)
  const held = states.some(({ privateKey, records }) => privateKey.previous || records.previous)
  if (!held) {
    world.runner.notice('there is no previous key, so there is nothing to retire')
    outcome.targets = world.targets.map((target) =>
      resultOf(target, 'unchanged', 'there is no previous key'),
    )
    outcome.status = 'retired'
    return
  }
  const record = previousOf(step, states)
  outcome.targets = world.targets.map((target, index) => {
    const { privateKey, records } = states[index] as TargetState
    return privateKey.previous || records.previous
      ? resultOf(target, 'untouched', 'nothing was deleted')
      : resultOf(target, 'unchanged', 'there is no previous key')
  })
  outcome.record = record
  outcome.previousPublicKeyId = record.publicKeyId
  outcome.previousFingerprint = record.fingerprint
  world.runner.output('previous-public-key-id', record.publicKeyId ?? '')
  assertSamePlace(step, record)
  knowPlace(step, [record, ...states.map(({ records }) => records.current?.record)])

  // A retirement that was cut off after the secret: what is left is the record, and whether Amazon still
  // knows the ID can be asked with any key.
  const lone = states.every(({ privateKey }) => !privateKey.previous)
  const keyless = lone && inputs.previousPrivateKey.trim() === ''
  const pair = keyless ? await makeKeyPair() : await keyPairOfInput(step, 'previous-private-key')
  if (!keyless && fingerprint(pair.publicKey) !== record.fingerprint) {
    throw new Problem(
      'pair-changed',
      `previous-private-key is ${fingerprint(pair.publicKey)}, but variable ${outcome.names.record.previous} names ${record.fingerprint}`,
      `pass previous-private-key: \${{ secrets.${outcome.names.privateKey.previous} }} in a new run (not a re-run)`,
    )
  }
  if (record.publicKeyId === null) {
    throw new Problem(
      'public-key-id-invalid',
      `variable ${outcome.names.record.previous} does not know the Public Key ID of the previous key, so Amazon Pay cannot be asked`,
      `find the key in Integration Central, write its Public Key ID into the record by hand, or delete secret ${outcome.names.privateKey.previous} and that variable by hand`,
    )
  }
  await lookForOpenRuns(step, states)
  const claim = { pair, publicKeyId: record.publicKeyId, ...placeOfProof(step, record.publicKeyId) }
  const { story, problem } = await prove(world, claim, false)
  tellProof(step, story)
  const { verdict } = story.judgement
  const words = wordsOf(story.judgement)
  if (verdict === 'accepted' || verdict === 'account' || story.elsewhere) {
    throw new Problem(
      'still-accepted',
      `Amazon Pay still accepts the previous key, Public Key ID ${record.publicKeyId}${story.elsewhere ? ` (in ${story.elsewhere})` : ''}: ${words}`,
      'when every consumer is redeployed, delete it in Integration Central: API keys → Manage → Delete keys → type DELETE (immediate and irreversible); then run this again',
    )
  }
  // A wrong key would be refused just like that: it does not show that the ID is gone.
  if (verdict === 'signature') {
    throw new Problem(
      'amazon-pay-undecided',
      keyless
        ? `secret ${outcome.names.privateKey.previous} is gone, but Amazon Pay still knows its Public Key ID ${record.publicKeyId}: ${words}`
        : `Amazon Pay still knows Public Key ID ${record.publicKeyId}, but refuses the signature, which does not show that it was deleted: ${words}`,
      'look in Integration Central whether this ID is still listed under API keys; delete it there, then run this again',
    )
  }
  if (verdict !== 'unknown') throw problem
  world.runner.info(
    `Amazon Pay does not know Public Key ID ${record.publicKeyId} any more: ${words}`,
  )

  if (inputs.dryRun) {
    outcome.targets = outcome.targets.map((entry) =>
      entry.result === 'untouched'
        ? { ...entry, result: 'planned', message: 'the previous key would be deleted' }
        : entry,
    )
    for (const [index, target] of world.targets.entries()) {
      world.runner.info(`${placeOf(target)}: ${outcome.targets[index]?.message}`)
    }
    outcome.status = 'planned'
    return
  }
  await deletePrevious(step, states, record)
  outcome.status = 'retired'
}

/** The one previous key of all targets, which must not be current anywhere. */
function previousOf(step: Step, states: readonly TargetState[]): KeyRecord {
  const { names } = step.outcome
  const first = states.map(({ records }) => records.previous?.record).find((record) => record)
  refuseIf(
    step,
    states.map((state, index): Problem[] => {
      const where = placeOf(step.world.targets[index] as Target)
      const record = state.records.previous?.record
      if (!record && state.privateKey.previous) {
        return [
          new Problem(
            'pair-changed',
            `secret ${names.privateKey.previous} of ${where} has no record in variable ${names.record.previous}, so nobody knows which key it is`,
            'find out who stored it; delete it by hand when nobody needs it',
          ),
        ]
      }
      if (record && record.fingerprint !== first?.fingerprint) {
        return [
          new Problem(
            'pair-changed',
            `variable ${names.record.previous} of ${where} names another key than the other targets`,
            'retire these targets one after the other',
          ),
        ]
      }
      // A rollback that was cut off may have made it the current key, with the record not there yet.
      if (pairIsYounger(state)) {
        return [
          new Problem(
            'pair-changed',
            `the current pair of ${where} was written after variable ${names.record.current}, so an activation or a rollback may have been cut off, and the key in ${names.privateKey.previous} may be the current one`,
            'do not delete its Public Key ID at Amazon; run the activation or rollback again first, or activate the key that is to be current',
          ),
        ]
      }
      const inUse = states.some(({ records }) =>
        [records.current, records.next].some(
          (stored) => record && stored?.record.fingerprint === record.fingerprint,
        ),
      )
      if (!inUse) return []
      return [
        new Problem(
          'pair-changed',
          `the key in ${names.privateKey.previous} of ${where} is the current or the staged key as well`,
          `do not delete its Public Key ID at Amazon; delete secret ${names.privateKey.previous} and variable ${names.record.previous} by hand`,
        ),
      ]
    }),
  )
  if (!first) throw new Error('no previous record')
  return first
}

function assertSamePlace({ inputs }: Step, record: KeyRecord): void {
  if (inputs.region && record.region && inputs.region !== record.region) {
    throw new Problem(
      'region-mismatch',
      `region is ${inputs.region}, but the previous key belongs to ${record.region}`,
      'remove region: the record knows it',
    )
  }
  if (
    inputs.payEnvironment &&
    record.payEnvironment &&
    inputs.payEnvironment !== record.payEnvironment
  ) {
    throw new Problem(
      'pay-environment-mismatch',
      `pay-environment is ${inputs.payEnvironment}, but the previous key is for ${record.payEnvironment}`,
      'remove pay-environment: the record knows it',
    )
  }
}

/** Runs that were queued before the activation hold the previous key. What cannot be seen is said. */
async function lookForOpenRuns(step: Step, states: readonly TargetState[]): Promise<void> {
  const { world, outcome } = step
  const activatedAt = states
    .map(({ records }) => records.current?.record.activatedAt)
    .filter((time) => time != null)
    .sort()
    .at(-1)
  if (!activatedAt) return
  const repositories = world.targets.map(({ name }) => name).filter((name) => name.includes('/'))
  try {
    const open = await Promise.all(
      repositories.map((name) => world.github.openRuns(name, new Date(activatedAt))),
    )
    outcome.openRuns = open.flat()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    warn(step, {
      fact: `could not look whether runs from before the activation (${activatedAt}) are still open: ${error.fact}`,
      hint: 'give the token Actions: read, or look at the Actions tab yourself before the old key is deleted at Amazon',
    })
  }
  for (const run of outcome.openRuns) {
    warn(step, {
      fact: `a run from before the activation is still open and may hold the previous key: ${run.url} (${run.status}, ${run.createdAt})`,
      hint: 'let it end or cancel it before the old key is deleted at Amazon',
    })
  }
}

/** The secret first: a record alone is harmless and tells the next run what was going on. */
async function deletePrevious(
  step: Step,
  states: readonly TargetState[],
  record: KeyRecord,
): Promise<void> {
  const { world, outcome } = step
  const results: TargetResult[] = [...outcome.targets]
  outcome.targets = results
  let written = false
  for (const [index, target] of world.targets.entries()) {
    const { privateKey, records } = states[index] as TargetState
    if (!privateKey.previous && !records.previous) continue
    try {
      if (written) await pace(step)
      written = true
      const there = await target.record('previous')
      if (there && there.fingerprint !== record.fingerprint) {
        throw new Problem(
          'pair-changed',
          `another run changed the previous key of ${placeOf(target)} meanwhile`,
          'look at command: status; give the writing jobs one concurrency group',
        )
      }
      await target.deleteSecret(target.names.privateKey.previous)
      await target.deleteRecord('previous')
      results[index] = resultOf(
        target,
        'updated',
        'secret and record of the previous key are deleted',
      )
      world.runner.info(
        `${placeOf(target)}: secret ${target.names.privateKey.previous} and its record are deleted; this rotation is finished`,
      )
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      results[index] = resultOf(target, 'failed', error.fact, error.code)
      throw new Problems([error])
    }
  }
}
