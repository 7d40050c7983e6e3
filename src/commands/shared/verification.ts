import type { PublicKeyId } from '../../domain/amazon-pay/public-key-id.ts'
import {
  type PayEnvironment,
  type PayScope,
  type Region,
  scopeName,
} from '../../domain/amazon-pay/region.ts'
import { answerWords, type Judgement, refusesControl } from '../../domain/amazon-pay/verdict.ts'
import type { KeyPair } from '../../domain/key/pair.ts'
import { Problem, type Warning } from '../../domain/problem.ts'
import type { AmazonPayCheck } from '../../ports.ts'
import {
  type AmazonPayWorld,
  type Asked,
  ask,
  type Claim,
  findElsewhere,
  type Patience,
} from './ask-amazon-pay.ts'

interface Base {
  /** The answer that decided the result. */
  readonly judgement: Judgement
  /** Warnings, such as a clock that had to be corrected. */
  readonly remarks: readonly Warning[]
}

/** Whether a private key and a Public Key ID belong together, by Amazon Pay's answers. */
export type Verification =
  | (Base & { readonly result: 'accepted' })
  /** They do, but the merchant account cannot take orders. */
  | (Base & { readonly result: 'account'; readonly problem: Problem })
  | (Base & {
      readonly result: 'rejected'
      /**
       * In this order: the private key does not belong to the ID; the ID is unknown here; a header was refused without
       * naming it; the pair belongs to another region or environment.
       */
      readonly reason: 'signature' | 'unknown' | 'unnamed' | 'elsewhere'
      /** Name of the region and environment that the ID belongs to. */
      readonly elsewhere: string | null
      readonly problem: Problem
    })
  | (Base & { readonly result: 'undecided' | 'clock'; readonly problem: Problem })

const patient: Patience = { busy: 4, unknown: 3 }
/** The control request must be refused, so a refusal is final. */
const asControl: Patience = { busy: 4, unknown: 1 }

/**
 * Asks Amazon Pay whether a private key and a Public Key ID belong together.
 * @param options.control a throwaway pair, whose signature Amazon must refuse first: a server that accepts it does not check
 *   keys, so its answers are inconclusive
 */
export async function verify(
  world: AmazonPayWorld,
  claim: Claim,
  options: { readonly control: KeyPair | null },
): Promise<Verification> {
  const { control } = options
  const first = control ? await ask(world, { ...claim, pair: control }, asControl) : null
  if (first && !refusesControl(first.judgement)) return controlFailed(first, world.runner.stop)
  const asked = await ask(world, claim, patient, first?.correction)
  const base: Base = { judgement: asked.judgement, remarks: clockRemarks(asked) }
  switch (asked.judgement.verdict) {
    case 'accepted':
      return { ...base, result: 'accepted' }
    case 'account':
      return { ...base, result: 'account', problem: accountProblem(asked.judgement) }
    case 'signature':
    case 'unknown':
    case 'unnamed': {
      const reason = asked.judgement.verdict
      const elsewhere = await findElsewhere(world, claim, {
        ...asked,
        proof: ['accepted', 'account'],
      })
      const problem = rejectedProblem(claim, asked.judgement, reason, elsewhere)
      return { ...base, result: 'rejected', reason, elsewhere, problem }
    }
    case 'refused': {
      const elsewhere = await findElsewhere(world, claim, { ...asked, proof: ['accepted'] })
      if (elsewhere === null) return undecided(base, world.runner.stop)
      const problem = rejectedProblem(claim, asked.judgement, 'elsewhere', elsewhere)
      return { ...base, result: 'rejected', reason: 'elsewhere', elsewhere, problem }
    }
    case 'clock':
      return { ...base, result: 'clock', problem: clockProblem(asked.judgement) }
    default:
      return undecided(base, world.runner.stop)
  }
}

/** What a verification means for a command. */
export interface Settled {
  /** Output `amazon-pay`. */
  readonly answer: 'accepted' | 'rejected' | 'undecided' | 'skipped'
  readonly judgement: Judgement | null
  readonly problem: Problem | null
  /** Whether the problem is only a warning here. Always true if there is none. */
  readonly tolerable: boolean
  readonly remarks: readonly Warning[]
}

/**
 * Decides whether a command may continue.
 * @param verification null if Amazon Pay was not asked
 * @param options.accountIsFine whether a pair of a suspended account may pass; it must not replace a working pair
 * @param options.advice what to do after a rejection, besides correcting the input; see `rejectionAdvice`
 */
export function settle(
  verification: Verification | null,
  check: AmazonPayCheck,
  options: { readonly accountIsFine: boolean; readonly advice?: string },
): Settled {
  if (verification === null) {
    return { answer: 'skipped', judgement: null, problem: null, tolerable: true, remarks: [] }
  }
  const { judgement, remarks } = verification
  const base = { judgement, remarks }
  switch (verification.result) {
    case 'accepted':
      return { ...base, answer: 'accepted', problem: null, tolerable: true }
    case 'rejected': {
      const { problem } = verification
      const { advice } = options
      const advised = advice ? problem.extend({ hint: `${problem.hint}; ${advice}` }) : problem
      return { ...base, answer: 'rejected', problem: advised, tolerable: false }
    }
    case 'account':
      if (options.accountIsFine) {
        return { ...base, answer: 'accepted', problem: verification.problem, tolerable: true }
      }
  }
  const { problem } = verification
  return { ...base, answer: 'undecided', problem, tolerable: check !== 'require' }
}

/** What to do after a rejection, depending on which pair was verified. */
export const rejectionAdvice = {
  /** A pair that was just exchanged. Someone may have exchanged another public key than this workflow's. */
  newPair:
    'if that public key was not generated by this workflow, delete it in Integration Central now',
  /** The pair that a shop uses. An interrupted activation is more likely than a wrong key, so nothing must be deleted. */
  currentPair:
    'if this pair has worked before, an activation may have been interrupted between its two secrets, or this run was queued during one: run command: status and follow its next step, then start a new run (not a re-run)',
  /** The pair that a shop used before this action. */
  adoptedPair:
    'look up which private key and which Public Key ID your shop uses now, and pass these two',
} as const

/**
 * The region and environment to ask in: the environment from the prefix of the ID, otherwise from inputs and records.
 * @throws Problem `input-missing`
 */
export function scopeToVerify(
  publicKeyId: PublicKeyId,
  scope: PayScope,
): { readonly region: Region; readonly payEnvironment: PayEnvironment } {
  const { region } = scope
  const payEnvironment = publicKeyId.payEnvironment ?? scope.payEnvironment
  const missing = (input: string, what: string, values: string): Problem =>
    new Problem(
      'input-missing',
      `${input} is empty, and neither the key record nor the Public Key ID shows ${what}`,
      `set ${input} to ${values} in the workflow`,
    )
  if (region === null) throw missing('region', 'which region the key belongs to', 'us, eu or jp')
  if (payEnvironment === null) {
    throw missing('pay-environment', 'whether the key is for live or sandbox', 'live or sandbox')
  }
  return { region, payEnvironment }
}

function rejectedProblem(
  claim: Claim,
  judgement: Judgement,
  reason: 'signature' | 'unknown' | 'unnamed' | 'elsewhere',
  elsewhere: string | null,
): Problem {
  const { id } = claim.publicKeyId
  const scope = scopeName(claim.region, claim.publicKeyId.payEnvironment ?? claim.payEnvironment)
  const fact = {
    signature: `Amazon Pay rejects this pair in ${scope}: the private key does not belong to Public Key ID ${id}`,
    unknown: `Amazon Pay does not know Public Key ID ${id} in ${scope}`,
    unnamed: `Amazon Pay refuses a header in ${scope} without naming it; most likely it does not know Public Key ID ${id}`,
    elsewhere: `Amazon Pay refuses this pair in ${scope}, but accepts it in ${elsewhere}`,
  }[reason]
  const copyAgain =
    'copy the Public Key ID again from Integration Central, in the same region and view, from the key that was created with this public key (compare its name)'
  const soon = reason === 'signature' ? '' : '; a new key may take a minute to become known'
  const hint = elsewhere
    ? `this Public Key ID belongs to ${elsewhere}: correct region or pay-environment, or exchange the public key in the region and view that they name`
    : `${copyAgain}${soon}`
  return new Problem('amazon-pay-rejected', `${fact}: ${answerWords(judgement)}`, hint)
}

function accountProblem(judgement: Judgement): Problem {
  return new Problem(
    'amazon-pay-undecided',
    `Amazon Pay knows this pair, but the account is suspended, or its setup is incomplete: ${answerWords(judgement)}`,
    'check in Seller Central whether the account can take orders; until then, do not replace a working pair with this one',
  )
}

function clockProblem(judgement: Judgement): Problem {
  return new Problem(
    'clock-skew',
    `Amazon Pay refused the signing time twice; this machine's clock is ${skewWords(judgement.skew)}: ${answerWords(judgement)}`,
    'correct the clock of the runner (a self-hosted runner needs NTP), then run this command again',
  )
}

function controlFailed({ judgement }: Asked, stop: AbortSignal): Verification {
  if (judgement.verdict === 'busy' || judgement.reasonCode === null) {
    return undecided({ judgement, remarks: [] }, stop)
  }
  const fact = `Amazon Pay did not refuse the control request, which was signed with a throwaway key: ${answerWords(judgement)}`
  const hint =
    judgement.verdict === 'account'
      ? 'its answers are inconclusive while the account is suspended or its setup is incomplete; check the account in Seller Central'
      : 'its answers are inconclusive; check whether a proxy or a test server answers instead of Amazon Pay, then try again'
  const problem = new Problem('amazon-pay-undecided', fact, hint)
  return { result: 'undecided', judgement, remarks: [], problem }
}

function undecided(base: Base, stop: AbortSignal): Verification {
  const { judgement } = base
  const words = answerWords(judgement)
  const inconclusive = (fact: string, hint: string): Verification => ({
    ...base,
    result: 'undecided',
    problem: new Problem('amazon-pay-undecided', `${fact}${skewNote(judgement)}`, hint),
  })
  const later = 'the answer is inconclusive; try again in a few minutes'
  if (judgement.verdict === 'busy' && stop.aborted) {
    return inconclusive(
      `the step had to stop before Amazon Pay answered: ${words}`,
      'run this command again',
    )
  }
  if (judgement.status === null) {
    return inconclusive(
      'Amazon Pay did not answer',
      'check whether the runner can reach pay-api.amazon.com, pay-api.amazon.eu or pay-api.amazon.jp (proxy, firewall), and try again in a few minutes',
    )
  }
  if (judgement.verdict === 'busy')
    return inconclusive(`Amazon Pay is unavailable: ${words}`, later)
  if (judgement.reasonCode === null) {
    return inconclusive(
      `the answer does not look like an answer of Amazon Pay: ${words}`,
      'check whether a proxy between the runner and Amazon Pay answered instead, and try again in a few minutes',
    )
  }
  if (judgement.verdict === 'misread') {
    return inconclusive(
      `Amazon Pay verified a different request from the one that was signed, so the fault is in this action and not in the key: ${words}`,
      'open an issue in amazon-pay-keys/amazon-pay-keys and include this line',
    )
  }
  if (judgement.verdict === 'refused') {
    return inconclusive(
      `Amazon Pay refuses the request for a reason other than this Public Key ID: ${words}`,
      `check the account in Seller Central; ${later}`,
    )
  }
  return inconclusive(`Amazon Pay gave an inconclusive answer: ${words}`, later)
}

/** From this many seconds, the clock may be the reason for a refusal. */
const notableSkew = 60

function skewNote({ skew }: Judgement): string {
  if (skew === null || Math.abs(skew) <= notableSkew) return ''
  return `; this machine's clock is ${skewWords(skew)}`
}

function clockRemarks({ correction, judgement }: Asked): Warning[] {
  if (correction === 0 || judgement.verdict === 'clock') return []
  const seconds = Math.ceil(correction / 1000)
  const skew = seconds === 0 ? 'slightly ahead of the time that Amazon sent' : skewWords(seconds)
  return [
    {
      fact: `Amazon Pay refused the signing time, so the request was signed again with Amazon's time; this machine's clock is ${skew}`,
      hint: 'correct the clock of the runner (a self-hosted runner needs NTP)',
    },
  ]
}

function skewWords(skew: number | null): string {
  if (skew === null) return 'off by an unknown amount'
  if (skew === 0) return 'correct according to the time that Amazon sent'
  const seconds = Math.abs(skew) === 1 ? '1 second' : `${Math.abs(skew)} seconds`
  return `${seconds} ${skew < 0 ? 'ahead of' : 'behind'} the time that Amazon sent`
}
