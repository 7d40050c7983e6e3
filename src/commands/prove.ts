import { payEnvironmentOf } from '../domain/amazon-pay/public-key-id.ts'
import {
  type PayEnvironment,
  type Region,
  regionCodes,
  regions,
} from '../domain/amazon-pay/region.ts'
import { proofRequest } from '../domain/amazon-pay/signature.ts'
import { type Judgement, judge, refuses } from '../domain/amazon-pay/verdict.ts'
import { type KeyPair, makeKeyPair } from '../domain/key/pair.ts'
import { Problem } from '../domain/problem.ts'
import type { World } from '../ports.ts'
import type { ProofStory } from '../summary/outcome.ts'
import type { Step } from './step.ts'

/** A pair, and where Amazon Pay is to be asked about it. */
export interface Claim {
  readonly pair: KeyPair
  readonly publicKeyId: string
  readonly region: Region
  /** Only needed for an ID without prefix. */
  readonly payEnvironment: PayEnvironment | null
}

/** What came of a proof: the story to tell, and the problem when it is not a plain yes. */
export interface Proof {
  readonly story: ProofStory & { readonly judgement: Judgement }
  readonly problem: Problem | null
}

/** How often an answer that may change is asked for. */
interface Patience {
  readonly busy: number
  readonly unknown: number
}
const patient: Patience = { busy: 4, unknown: 3 }
/** The control is refused at once or never. */
const brief: Patience = { busy: 4, unknown: 1 }
/** Looking in other places is a courtesy. */
const once: Patience = { busy: 1, unknown: 1 }

/**
 * Asks Amazon Pay whether a private key and a Public Key ID belong together.
 * @param control whether to ask first with a throwaway key, which Amazon must refuse: an endpoint that
 *   accepts everything says nothing about keys
 */
export async function prove(world: World, claim: Claim, control: boolean): Promise<Proof> {
  if (control) {
    const throwaway = await makeKeyPair()
    const judgement = await ask(world, { ...claim, pair: throwaway }, brief)
    if (!refuses(judgement)) return undecided(judgement, controlFact(judgement))
  }
  const judgement = await ask(world, claim, patient)
  switch (judgement.verdict) {
    case 'accepted':
      return { story: { answer: 'accepted', judgement, elsewhere: null }, problem: null }
    case 'account':
      return {
        story: { answer: 'accepted', judgement, elsewhere: null },
        problem: new Problem(
          'amazon-pay-undecided',
          `Amazon Pay knows this pair, but its account is suspended or not set up to the end: ${wordsOf(judgement)}`,
          'look at the account in Seller Central, whether it can take orders; until then this pair must not replace one that works',
        ),
      }
    case 'signature':
    case 'unknown':
      return rejected(world, claim, judgement)
    case 'clock':
      return {
        story: { answer: 'undecided', judgement, elsewhere: null },
        problem: new Problem(
          'clock-skew',
          `Amazon Pay refuses the time of signing, twice; this machine's clock is ${skewOf(judgement)}: ${wordsOf(judgement)}`,
          'set the clock of the runner (a self-hosted one needs NTP), then run this again; nothing was changed',
        ),
      }
    default:
      return judgement.reasonCode === 'InvalidRequestSignature'
        ? undecided(
            judgement,
            `Amazon Pay read the request differently from how it was signed, so the fault is not the key's but this action's: ${wordsOf(judgement)}`,
            'open an issue at amazon-pay-keys/amazon-pay-keys with this line; nothing was changed',
          )
        : undecided(judgement, `Amazon Pay gave no usable answer: ${wordsOf(judgement)}`)
  }
}

/** The story of a proof that nobody asked for. */
export const skipped: ProofStory = { answer: 'skipped', judgement: null, elsewhere: null }

/** Asks as often as an answer is worth asking again, and once more with Amazon's time when ours is refused. */
async function ask(world: World, claim: Claim, tries: Patience): Promise<Judgement> {
  let correction: number | null = null
  let busy = 0
  let unknown = 0
  for (;;) {
    const at: Date = new Date(world.clock.now().getTime() + (correction ?? 0))
    const request = proofRequest({ ...claim, privateKey: claim.pair.privateKey, at })
    const judgement = judge(await world.amazonPay.send(request), request.stringToSign, at)
    if (judgement.verdict === 'busy' && ++busy < tries.busy && !world.runner.stop.aborted) {
      // Jitter, so that the jobs of a matrix do not come back together.
      await world.clock.sleep(1000 * 2 ** (busy - 1) * (0.75 + Math.random() / 2))
    } else if (judgement.verdict === 'clock' && correction === null && judgement.skew !== null) {
      // From the beginning of the second that was signed: what is signed next must not lie in Amazon's future.
      correction = judgement.skew * 1000 - (at.getTime() % 1000)
    } else if (judgement.verdict === 'unknown' && ++unknown < tries.unknown) {
      // The ID may have been made just now.
      await world.clock.sleep(5000)
    } else {
      // The skew of the clock, not of a signature that was corrected by it.
      const skew =
        judgement.skew === null ? null : judgement.skew + Math.ceil((correction ?? 0) / 1000)
      return { ...judgement, skew }
    }
  }
}

async function rejected(world: World, claim: Claim, judgement: Judgement): Promise<Proof> {
  const elsewhere = await findElsewhere(world, claim)
  const where = placeWords(claim)
  const fact =
    judgement.verdict === 'signature'
      ? `Amazon Pay refuses this pair in ${where}: the private key does not belong to Public Key ID ${claim.publicKeyId}`
      : `Amazon Pay does not know Public Key ID ${claim.publicKeyId} in ${where}`
  const hint = elsewhere
    ? `this ID lives in ${elsewhere}: correct region or pay-environment`
    : 'copy the Public Key ID again from the row in Integration Central that was made with this very public key (compare the name), in the same region and view; if that public key was not made by this workflow, delete it in Integration Central now'
  return {
    story: { answer: 'rejected', judgement, elsewhere },
    problem: new Problem('amazon-pay-rejected', `${fact}: ${wordsOf(judgement)}`, hint),
  }
}

/** The other regions and, for an ID without prefix, the other environment. Each is asked once. */
async function findElsewhere(world: World, claim: Claim): Promise<string | null> {
  const prefixed = payEnvironmentOf(claim.publicKeyId) !== null
  const environments: (PayEnvironment | null)[] = prefixed ? [null] : ['live', 'sandbox']
  for (const region of regionCodes) {
    for (const payEnvironment of environments) {
      const same = region === claim.region && (prefixed || payEnvironment === claim.payEnvironment)
      if (same || world.runner.stop.aborted) continue
      const place = { ...claim, region, payEnvironment }
      const { verdict } = await ask(world, place, once)
      if (verdict === 'accepted' || verdict === 'account') return placeWords(place)
    }
  }
  return null
}

function undecided(
  judgement: Judgement,
  fact: string,
  hint = 'this says nothing about the key; run it again later, and look at Amazon Pay’s status if it stays so',
): Proof {
  return {
    story: { answer: 'undecided', judgement, elsewhere: null },
    problem: new Problem('amazon-pay-undecided', fact, hint),
  }
}

function controlFact(judgement: Judgement): string {
  return judgement.verdict === 'busy'
    ? `Amazon Pay gave no usable answer to the control request: ${wordsOf(judgement)}`
    : `Amazon Pay did not refuse the control request, which was signed with a throwaway key: ${wordsOf(judgement)}`
}

function placeWords({ region, payEnvironment, publicKeyId }: Omit<Claim, 'pair'>): string {
  const view = payEnvironmentOf(publicKeyId) ?? payEnvironment
  return `${region.toUpperCase()} (${regions[region].name}, ${view})`
}

function skewOf({ skew }: Judgement): string {
  if (skew === null) return 'off by an unknown time'
  if (skew === 0) return 'right by the Date that it sent'
  return `${Math.abs(skew)} seconds ${skew < 0 ? 'ahead' : 'behind'} by the Date that it sent`
}

/** Amazon's own words on one line, cut, for support. */
export function wordsOf({ status, reasonCode, message, requestId }: Judgement): string {
  if (status === null) return 'no answer'
  return [
    String(status),
    reasonCode ?? 'no reasonCode',
    message && `“${message}”`,
    requestId && `x-amz-pay-request-id ${requestId.slice(0, 80)}`,
  ]
    .filter((part) => part)
    .join(' ')
}

/** Tells the story of a proof, in the output and on the summary. */
export function tellProof({ world, outcome }: Step, story: ProofStory): void {
  outcome.proof = story
  world.runner.output('amazon-pay', story.answer)
}
