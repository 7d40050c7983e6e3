import type { PublicKeyId } from '../../domain/amazon-pay/public-key-id.ts'
import { answerWords } from '../../domain/amazon-pay/verdict.ts'
import type { KeyPair } from '../../domain/key/pair.ts'
import type { Step } from './context.ts'
import { rejectionAdvice, scopeToVerify, settle, verify } from './verification.ts'
import { verifyDeleted } from './verify-deleted.ts'

/** A key pair and the Public Key ID that it may belong to. */
interface PairClaim {
  readonly pair: KeyPair
  readonly publicKeyId: PublicKeyId
}

/**
 * Asks Amazon Pay whether the key pair and the Public Key ID belong together, and records the answer.
 * @param options.control whether to ask with a throwaway key first, which Amazon must refuse
 * @param options.accountIsFine whether the pair of a suspended account may pass
 * @throws Problem if the command must not continue after this answer
 */
export async function verifyPair(
  step: Step,
  options: PairClaim & {
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
  const verification = await verify(world, claim, { control })
  const { judgement, remarks } = verification
  const { answer, problem, tolerable } = settle(verification, inputs.amazonPayCheck, {
    accountIsFine,
    advice: rejectionAdvice[options.advice],
  })
  book.record({ amazonPay: { answer, judgement } })
  for (const remark of remarks) book.warn(remark)
  if (problem && !tolerable) throw problem
  if (problem) book.warn(problem)
  if (answer === 'accepted') {
    world.runner.info(`Amazon Pay accepts the pair: ${answerWords(judgement)}`)
  }
}

export function skipVerification({ book }: Step): void {
  book.record({ amazonPay: { answer: 'skipped', judgement: null } })
}

/**
 * Asks Amazon Pay whether the previous key was deleted, and records the answer.
 * @param options.current the pair that Amazon Pay must accept at the same time
 * @param options.confirmed whether a person gave the ID of the key that they deleted
 * @throws Problem `still-accepted` or `amazon-pay-undecided`
 */
export async function assertDeleted(
  step: Step,
  options: {
    readonly previous: PairClaim
    readonly current: PairClaim | null
    readonly confirmed: boolean
  },
): Promise<void> {
  const { book, world } = step
  const { previous, current, confirmed } = options
  const claim = { ...previous, ...scopeToVerify(previous.publicKeyId, book.outcome) }
  const deletion = await verifyDeleted(world, claim, current, { confirmed })
  const { answer, judgement, remarks, problem } = deletion
  book.record({ amazonPay: { answer, judgement } })
  for (const remark of remarks) book.warn(remark)
  if (problem) throw problem
  world.runner.info(
    `Amazon Pay does not accept Public Key ID ${previous.publicKeyId.id} any more: ${answerWords(judgement)}`,
  )
}
