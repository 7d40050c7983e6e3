import { answerWords, isRefusal, type Judgement } from '../../domain/amazon-pay/verdict.ts'
import { Problem, type Warning } from '../../domain/problem.ts'
import type { AmazonPayWorld, Claim } from './ask-amazon-pay.ts'
import { type Verification, verify } from './verification.ts'

/** Whether a key was deleted in Integration Central. */
export type Deletion = {
  /** Amazon's answer about the previous key. */
  readonly judgement: Judgement
  readonly remarks: readonly Warning[]
} & (
  | { readonly result: 'deleted'; readonly answer: 'rejected' }
  | {
      readonly result: 'still-accepted'
      readonly answer: 'accepted' | 'rejected'
      readonly problem: Problem
    }
  | { readonly result: 'undecided'; readonly answer: 'undecided'; readonly problem: Problem }
)

/**
 * Asks Amazon Pay whether a key was deleted. It was if Amazon Pay does not know its Public Key ID and accepts the current pair
 * in the same region and environment at the same time. If it does not accept the current pair either, the first answer may be
 * about the account, the request or the network.
 * @param current the pair that must be accepted; null if there is none
 * @param options.confirmed whether a person who deleted the key has given its Public Key ID: then any refusal counts, because
 *   Amazon's answer for a deleted key is not documented
 */
export async function verifyDeleted(
  world: AmazonPayWorld,
  previous: Claim,
  current: Pick<Claim, 'pair' | 'publicKeyId'> | null,
  options: { readonly confirmed: boolean },
): Promise<Deletion> {
  const verification = await verify(world, previous, { control: null })
  const { judgement, remarks } = verification
  const base = { judgement, remarks }
  if (verification.result === 'accepted') {
    const problem = stillAccepted(previous, judgement, null)
    return { ...base, result: 'still-accepted', answer: 'accepted', problem }
  }
  if (verification.result === 'rejected' && verification.elsewhere !== null) {
    const problem = stillAccepted(previous, judgement, verification.elsewhere)
    return { ...base, result: 'still-accepted', answer: 'rejected', problem }
  }
  const undecided = (problem: Problem): Deletion => ({
    ...base,
    result: 'undecided',
    answer: 'undecided',
    problem,
  })
  const gone = judgement.verdict === 'unknown' || (options.confirmed && isRefusal(judgement))
  if (!gone) return undecided(inconclusive(previous, verification, options.confirmed))
  if (!current) return undecided(noControl(judgement))
  const control = await verify(world, { ...previous, ...current }, { control: null })
  if (control.result !== 'accepted') return undecided(controlFailed(judgement, control.judgement))
  return { ...base, result: 'deleted', answer: 'rejected' }
}

function stillAccepted(
  { publicKeyId }: Claim,
  judgement: Judgement,
  elsewhere: string | null,
): Problem {
  const where = elsewhere ? ` in ${elsewhere}` : ''
  return new Problem(
    'still-accepted',
    `Amazon Pay still accepts the previous key, Public Key ID ${publicKeyId.id}${where}: ${answerWords(judgement)}`,
    'when nothing uses the previous key any more, delete it in Integration Central: API keys → Manage → Delete keys → type DELETE (immediate and irreversible); then run command: retire again',
  )
}

/** The way out for a person who has deleted the key, whatever Amazon answers. */
function wayOut({ publicKeyId }: Claim): string {
  return `check in Integration Central whether ${publicKeyId.id} is still listed under API keys; if it is, delete it there when nothing uses it any more; then run command: retire with public-key-id: ${publicKeyId.id}`
}

function inconclusive(
  previous: Claim,
  verification: Exclude<Verification, { readonly result: 'accepted' }>,
  confirmed: boolean,
): Problem {
  const { judgement, problem } = verification
  if (verification.result !== 'rejected') {
    const helps = isRefusal(judgement) && !confirmed
    return helps ? problem.extend({ hint: wayOut(previous) }) : problem
  }
  const { id } = previous.publicKeyId
  const fact =
    verification.reason === 'signature'
      ? `Amazon Pay refuses the signature for Public Key ID ${id}, which does not show that it was deleted`
      : `Amazon Pay refuses a header without naming it, which does not show that Public Key ID ${id} was deleted`
  return new Problem('amazon-pay-undecided', `${fact}: ${answerWords(judgement)}`, wayOut(previous))
}

function noControl(judgement: Judgement): Problem {
  return new Problem(
    'amazon-pay-undecided',
    `Amazon Pay refuses the previous key (${answerWords(judgement)}), but there is no current pair with a Public Key ID to compare the answer with`,
    'pass current-private-key in a new run; if the current pair has no key record, run command: adopt first',
  )
}

function controlFailed(judgement: Judgement, control: Judgement): Problem {
  return new Problem(
    'amazon-pay-undecided',
    `Amazon Pay refuses the previous key (${answerWords(judgement)}), but does not accept the current pair either (${answerWords(control)}), which does not show that the previous key was deleted`,
    'check the current pair with command: validate, then run command: retire again',
  )
}
