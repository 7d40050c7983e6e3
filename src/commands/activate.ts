import { type PublicKeyId, readPublicKeyId } from '../domain/amazon-pay/public-key-id.ts'
import type { PayEnvironment } from '../domain/amazon-pay/region.ts'
import { fingerprint } from '../domain/key/fingerprint.ts'
import type { KeyPair } from '../domain/key/pair.ts'
import { Problem } from '../domain/problem.ts'
import { type Promotion, planPromotion } from '../domain/rotation/promotion.ts'
import { type KeyRecord, timestamp } from '../domain/rotation/record.ts'
import type { TargetState } from '../domain/rotation/slots.ts'
import type { Target } from '../ports.ts'
import type { KeyFacts, ProofStory, TargetResult } from '../summary/outcome.ts'
import {
  assertUnchanged,
  type CurrentRecord,
  clearNext,
  prepare,
  promoteAll,
  recordOf,
} from './promote.ts'
import { prove, skipped, tellProof, wordsOf } from './prove.ts'
import {
  inspectTargets,
  keyPairOfInput,
  knowKey,
  knowPlace,
  knowPublicKeyId,
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
    (plans.some((plan) => plan.previous !== 'not') ||
      states.some(
        ({ records }) =>
          records.previous && records.previous.record.fingerprint !== key.fingerprint,
      ))
  outcome.previousFingerprint = previous && fingerprint(previous.publicKey)
  world.runner.output('previous-public-key-id', outcome.previousPublicKeyId ?? '')
  world.runner.output('secret-name', outcome.names.privateKey.current)

  const answer = await proveNew(step, pair, publicKeyId.id, plans)
  if (answer !== 'accepted') assertNotOfAnother(step, states, key.fingerprint, publicKeyId.id)
  if (previous && previousId && adopting) await proveAdopted(step, previous, previousId.id)
  for (const plan of plans)
    for (const fact of plan.warnings) warn(step, { fact, hint: 'look at command: status' })

  const record = newRecord(step, states, key, publicKeyId.id)
  outcome.record = record
  if (inputs.dryRun) {
    outcome.targets = plans.map((plan, index) =>
      resultOf(world.targets[index] as Target, 'planned', planWords(plan)),
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
  await publish(step, key)
  world.runner.info(
    `Key ${key.fingerprint} with Public Key ID ${publicKeyId.id} is current. Next: redeploy every consumer; the summary of this run has the rest`,
  )
  outcome.status = 'activated'
}

function untouched(target: Target): TargetResult {
  return resultOf(target, 'untouched', 'nothing was written')
}

/** From the input, or from the comment with which a reviewer approved this very run. */
async function publicKeyIdOf(step: Step): Promise<PublicKeyId> {
  const { publicKeyId } = step.inputs
  const text = publicKeyId === 'from-approval' ? await approvedId(step) : publicKeyId
  return readPublicKeyId(text, { input: 'public-key-id' })
}

async function approvedId({ inputs, world }: Step): Promise<string> {
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
  if (id !== undefined && more.length === 0) return id
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
): Promise<ProofStory['answer']> {
  const { inputs, world } = step
  if (inputs.amazonPayCheck === 'off') {
    tellProof(step, skipped)
    return skipped.answer
  }
  const place = placeOfProof(step, publicKeyId)
  const { story, problem } = await prove(world, { pair, publicKeyId, ...place }, true)
  if (!problem) {
    world.runner.info(`Amazon Pay accepts the pair: ${wordsOf(story.judgement)}`)
  }
  const first = plans.every((plan) => plan.first)
  const account = story.judgement.verdict === 'account'
  // A suspended or foreign account may become the first pair, but must not replace one that works.
  const told: ProofStory = account && !first ? { ...story, answer: 'undecided' } : story
  tellProof(step, told)
  if (!problem) return told.answer
  const tolerable =
    (account && first) || (inputs.amazonPayCheck === 'warn' && told.answer === 'undecided')
  if (!tolerable) throw problem
  warn(step, problem)
  return told.answer
}

/** Without Amazon's word the records decide: a Public Key ID belongs to one key only. */
function assertNotOfAnother(
  step: Step,
  states: readonly TargetState[],
  fingerprint: string,
  publicKeyId: string,
): void {
  const { names } = step.outcome
  refuseIf(
    step,
    states.map(({ records }): Problem[] => {
      const slot = (['current', 'previous'] as const).find((slot) => {
        const record = records[slot]?.record
        return record?.publicKeyId === publicKeyId && record.fingerprint !== fingerprint
      })
      if (!slot) return []
      return [
        new Problem(
          'pair-mismatch',
          `public-key-id ${publicKeyId} belongs to the ${slot} key by variable ${names.record[slot]}, and private-key is another one (${fingerprint})`,
          `pass the two halves of one key; after a rollback, secret ${names.privateKey.previous} holds the key that it went back from`,
        ),
      ]
    }),
  )
}

/** The pair that a shop brings with it is kept for a rollback: it has to be one. */
async function proveAdopted(step: Step, pair: KeyPair, publicKeyId: string): Promise<void> {
  if (step.inputs.amazonPayCheck === 'off') return
  const place = placeOfProof(step, publicKeyId)
  const { story, problem } = await prove(step.world, { pair, publicKeyId, ...place }, false)
  if (!problem) {
    step.world.runner.info(
      `Amazon Pay accepts the pair that is current so far: ${wordsOf(story.judgement)}`,
    )
    return
  }
  const fact = `previous-private-key and previous-public-key-id: ${problem.fact}`
  // A suspended account says all the same that the two belong together, which is what is asked here.
  const belongs = story.judgement.verdict === 'account'
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
  { fingerprint, publicKey }: KeyFacts,
  publicKeyId: string,
): CurrentRecord {
  const now = timestamp(world.clock.now())
  const known = states.map((state) => recordOf(state, fingerprint)).find((record) => record)
  const activated = states
    .map((state) => state.records.current?.record)
    .find((r) => r?.fingerprint === fingerprint && r.publicKeyId === publicKeyId)
  return {
    ...known,
    version: 1,
    fingerprint,
    publicKey,
    publicKeyId,
    region: outcome.region,
    payEnvironment: outcome.payEnvironment,
    madeAt: known?.madeAt ?? now,
    activatedAt: activated?.activatedAt ?? now,
    run: world.runner.run.url,
  }
}

function planWords(plan: Promotion): string {
  if (!plan.pair) return 'this pair is current already; what an earlier run left would be finished'
  return {
    before: 'the current pair would be kept as the previous one, and the new pair become current',
    after: 'the pair would become current again, and the current one be kept as the previous one',
    not: 'the pair would become current',
  }[plan.previous]
}
