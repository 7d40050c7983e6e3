import { answerWords, isRefusal, type Judgement } from '../../domain/amazon-pay/verdict.ts'
import { Problem, type Warning } from '../../domain/problem.ts'
import type { AmazonPayWorld, Claim } from './ask-amazon-pay.ts'
import { type Verification, verify } from './verification.ts'

/** Whether a key was deleted in Integration Central. */
export interface Deletion {
  /** Amazon's answer about the previous key. */
  readonly judgement: Judgement
  readonly answer: 'accepted' | 'rejected' | 'undecided'
  readonly remarks: readonly Warning[]
  /** `still-accepted` or `amazon-pay-undecided`; null if the key was deleted. */
  readonly problem: Problem | null
}

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
  const { confirmed } = options
  const verification = await verify(world, previous, null)
  const { result, judgement, remarks } = verification
  const elsewhere = result === 'rejected' ? verification.elsewhere : null
  const conclude = (answer: Deletion['answer'], problem: Problem | null): Deletion => ({
    judgement,
    answer,
    remarks,
    problem,
  })
  const words = answerWords(judgement)
  if (result === 'accepted' || elsewhere !== null) {
    const where = elsewhere ? ` in ${elsewhere}` : ''
    const problem = new Problem(
      'still-accepted',
      `Amazon Pay still accepts the previous key, Public Key ID ${previous.publicKeyId.id}${where}: ${words}`,
      'when nothing uses the previous key any more, delete it in Integration Central: API keys → Manage → Delete keys → type DELETE (immediate and irreversible); then run command: retire again',
    )
    return conclude(elsewhere ? 'rejected' : 'accepted', problem)
  }
  const gone = judgement.verdict === 'unknown' || (confirmed && isRefusal(judgement))
  if (!gone) return conclude('undecided', inconclusive(previous, verification, confirmed))
  const control = current && (await verify(world, { ...previous, ...current }, null))
  if (control?.result === 'accepted') return conclude('rejected', null)
  const problem = new Problem(
    'amazon-pay-undecided',
    control
      ? `Amazon Pay refuses the previous key (${words}), but does not accept the current pair either (${answerWords(control.judgement)}), which does not show that the previous key was deleted`
      : `Amazon Pay refuses the previous key (${words}), but there is no current pair with a Public Key ID to compare the answer with`,
    control
      ? 'check the current pair with command: validate, then run command: retire again'
      : 'pass current-private-key in a new run; if the current pair has no key record, run command: adopt first',
  )
  return conclude('undecided', problem)
}

function inconclusive(
  { publicKeyId: { id } }: Claim,
  { result, judgement, problem }: Verification,
  confirmed: boolean,
): Problem | null {
  // The way out for a person who has deleted the key, whatever Amazon answers.
  const hint = `check in Integration Central whether ${id} is still listed under API keys; if it is, delete it there when nothing uses it any more; then run command: retire with public-key-id: ${id}`
  if (result !== 'rejected') {
    return problem && isRefusal(judgement) && !confirmed ? problem.extend({ hint }) : problem
  }
  const fact =
    judgement.verdict === 'signature'
      ? `Amazon Pay refuses the signature for Public Key ID ${id}, which does not show that it was deleted`
      : `Amazon Pay refuses a header without naming it, which does not show that Public Key ID ${id} was deleted`
  return new Problem('amazon-pay-undecided', `${fact}: ${answerWords(judgement)}`, hint)
}
