import type { KeyObject } from 'node:crypto'
import { type PublicKeyId, parsePublicKeyId } from '../../domain/amazon-pay/public-key-id.ts'
import { assertSameScope, type PayScope } from '../../domain/amazon-pay/region.ts'
import { naming } from '../../domain/problem.ts'
import type { KeyRecord } from '../../domain/rotation/record.ts'
import { keyFacts } from '../../summary/outcome.ts'
import type { Step } from './context.ts'

/** Records which key the command works on. */
export function recordKey({ book }: Step, publicKey: KeyObject): void {
  book.record({ key: keyFacts(publicKey) })
}

/** The ID in the input; null if it is empty. */
export async function readPublicKeyId(step: Step): Promise<PublicKeyId | null> {
  return step.inputs.publicKeyId === null ? null : requirePublicKeyId(step)
}

/** @throws Problem `public-key-id-invalid` if it is empty */
export async function requirePublicKeyId({ inputs }: Step): Promise<PublicKeyId> {
  return naming('public-key-id', () => parsePublicKeyId(inputs.publicKeyId ?? ''))
}

/** @throws Problem `pay-environment-mismatch` if the ID's prefix differs from the input */
export function recordPublicKeyId(
  { book, inputs }: Step,
  { id, payEnvironment }: PublicKeyId,
): void {
  book.record({ publicKeyId: id })
  assertSameScope(inputs, { region: null, payEnvironment }, `the prefix of public-key-id ${id}`)
}

/**
 * Records region and environment. The prefix of the Public Key ID decides the environment; otherwise the inputs decide, and
 * then the first record that has a value.
 */
export function recordScope(
  { book, inputs }: Step,
  records: readonly (KeyRecord | null)[],
  publicKeyId: PublicKeyId | null = null,
): void {
  const known: readonly PayScope[] = [inputs, ...records.filter((record) => record !== null)]
  book.record({
    region: known.find(({ region }) => region)?.region ?? null,
    payEnvironment:
      publicKeyId?.payEnvironment ??
      known.find(({ payEnvironment }) => payEnvironment)?.payEnvironment ??
      null,
  })
}
