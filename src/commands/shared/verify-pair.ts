import { answerWords } from '../../domain/amazon-pay/verdict.ts'
import type { Warning } from '../../domain/problem.ts'
import type { AmazonPayAnswer } from '../../summary/outcome.ts'
import type { Claim } from './ask-amazon-pay.ts'
import type { Step } from './context.ts'
import { rejectionAdvice, scopeToVerify, settle, verify } from './verification.ts'

/**
 * Asks Amazon Pay whether the key pair and the Public Key ID belong together, and records the answer.
 * @param options.control whether to ask with a throwaway key first, which Amazon must refuse
 * @param options.accountIsFine whether the pair of a suspended account may pass
 * @throws Problem if the command must not continue after this answer
 */
export async function verifyPair(
  step: Step,
  options: Pick<Claim, 'pair' | 'publicKeyId'> & {
    readonly control: boolean
    readonly accountIsFine: boolean
    readonly advice: keyof typeof rejectionAdvice
  },
): Promise<void> {
  const { inputs, book, world } = step
  if (inputs.amazonPayCheck === 'off') return skipVerification(step)
  const { pair, publicKeyId, accountIsFine } = options
  const claim = { pair, publicKeyId, ...scopeToVerify(publicKeyId, book.outcome) }
  const control = options.control ? await world.generateKeyPair() : null
  const verification = await verify(world, claim, control)
  const { judgement, remarks } = verification
  const { answer, problem, tolerable } = settle(verification, inputs.amazonPayCheck, {
    accountIsFine,
    advice: rejectionAdvice[options.advice],
  })
  recordAnswer(step, { answer, judgement, remarks, about: 'pair' })
  if (problem && !tolerable) throw problem
  if (problem) book.warn(problem)
  if (answer === 'accepted') {
    world.runner.info(`Amazon Pay accepts the pair: ${answerWords(judgement)}`)
  }
}

export function recordAnswer(
  { book }: Step,
  { remarks, ...amazonPay }: AmazonPayAnswer & { readonly remarks: readonly Warning[] },
): void {
  book.record({ amazonPay })
  for (const remark of remarks) book.warn(remark)
}

export function skipVerification({ book }: Step): void {
  book.record({ amazonPay: { answer: 'skipped', judgement: null, about: 'pair' } })
}
