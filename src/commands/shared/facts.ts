import type { KeyObject } from 'node:crypto'
import { type PublicKeyId, parsePublicKeyId } from '../../domain/amazon-pay/public-key-id.ts'
import { assertSameScope, type PayScope } from '../../domain/amazon-pay/region.ts'
import { naming } from '../../domain/problem.ts'
import type { KeyRecord } from '../../domain/rotation/record.ts'
import { type KeyFacts, keyFacts } from '../../summary/outcome.ts'
import type { Step } from './context.ts'

/** Records which key the command works on. */
export function recordKey({ book }: Step, publicKey: KeyObject): KeyFacts {
  const key = keyFacts(publicKey)
  book.record({ key })
  return key
}

/** The ID in the input; null if it is empty. */
export async function readPublicKeyId({ inputs }: Step): Promise<PublicKeyId | null> {
  if (inputs.publicKeyId === '') return null
  return naming('public-key-id', () => parsePublicKeyId(inputs.publicKeyId))
}

/** @throws Problem `public-key-id-invalid` if it is empty */
export async function requirePublicKeyId({ inputs }: Step): Promise<PublicKeyId> {
  return naming('public-key-id', () => parsePublicKeyId(inputs.publicKeyId))
}

/**
 * Records region and environment. The prefix of the Public Key ID decides the environment; otherwise the inputs decide, and
 * then the first record that has a value.
 */
export function recordScope(
  { book, inputs }: Step,
  records: readonly (KeyRecord | null | undefined)[],
  publicKeyId: PublicKeyId | null = null,
): PayScope {
  const known = records.filter((record) => record != null)
  const scope = {
    region: inputs.region ?? known.find(({ region }) => region !== null)?.region ?? null,
    payEnvironment:
      publicKeyId?.payEnvironment ??
      inputs.payEnvironment ??
      known.find(({ payEnvironment }) => payEnvironment !== null)?.payEnvironment ??
      null,
  }
  book.record(scope)
  return scope
}

/** @throws Problem `pay-environment-mismatch` if the ID's prefix differs from the input */
export function assertIdOfEnvironment({ inputs }: Step, { id, payEnvironment }: PublicKeyId): void {
  assertSameScope(inputs, { region: null, payEnvironment }, `the prefix of public-key-id ${id}`)
}
