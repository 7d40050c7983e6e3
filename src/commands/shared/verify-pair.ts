import type { PublicKeyId } from '../../domain/amazon-pay/public-key-id.ts'
import { answerWords } from '../../domain/amazon-pay/verdict.ts'
import type { KeyPair } from '../../domain/key/pair.ts'
import type { Step } from './context.ts'
import {
  rejectionAdvice,
  scopeToVerify,
  settle,
  type Verification,
  verify,
} from './verification.ts'
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
  const verification =
    inputs.amazonPayCheck === 'off' ? null : await ask(step, options, options.control)
  const { answer, judgement, problem, tolerable, remarks } = settle(
    verification,
    inputs.amazonPayCheck,
    { accountIsFine: options.accountIsFine, advice: rejectionAdvice[options.advice] },
  )
  book.record({ amazonPay: { answer, judgement } })
  for (const remark of remarks) book.warn(remark)
  if (problem && !tolerable) throw problem
  if (problem) book.warn(problem)
  if (answer === 'accepted' && judgement) {
    world.runner.info(`Amazon Pay accepts the pair: ${answerWords(judgement)}`)
  }
}

async function ask(
  step: Step,
  { pair, publicKeyId }: PairClaim,
  control: boolean,
): Promise<Verification> {
  const { world, book } = step
  const scope = scopeToVerify(publicKeyId, book.outcome)
  const throwaway = control ? await world.generateKeyPair() : null
  return verify(world, { pair, publicKeyId, ...scope }, { control: throwaway })
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
  const scope = scopeToVerify(previous.publicKeyId, book.outcome)
  const deletion = await verifyDeleted(world, { ...previous, ...scope }, current, { confirmed })
  const { answer, judgement, remarks } = deletion
  book.record({ amazonPay: { answer, judgement } })
  for (const remark of remarks) book.warn(remark)
  if (deletion.result !== 'deleted') throw deletion.problem
  world.runner.info(
    `Amazon Pay does not accept Public Key ID ${previous.publicKeyId.id} any more: ${answerWords(judgement)}`,
  )
}
