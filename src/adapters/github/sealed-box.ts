import type { SealedSecret } from '../../ports.ts'
import { meanwhile } from '../meanwhile.ts'

/** GitHub's X25519 public key of one place. Never shared: the same `key_id` can stand for different keys. */
export interface SealingKey {
  readonly keyId: string
  /** Base64 of 32 bytes. */
  readonly key: string
}

/** Of an X25519 public key. */
export const sealingKeyBytes = 32

const libsodium = () => import('libsodium-wrappers')

/** Ahead of sealing, since it takes a while. */
export function loadSealing(): void {
  meanwhile(libsodium)
}

/** libsodium's `crypto_box_seal`, the way that GitHub documents. Loaded when the first key is to be sealed. */
export async function seal(
  name: string,
  value: string,
  sealingKey: SealingKey,
  refresh: () => Promise<SealingKey>,
): Promise<SealedSecret> {
  const { default: sodium } = await libsodium()
  await sodium.ready
  const recipient = sodium.from_base64(sealingKey.key, sodium.base64_variants.ORIGINAL)
  const box = sodium.crypto_box_seal(value, recipient)
  return {
    name,
    value: sodium.to_base64(box, sodium.base64_variants.ORIGINAL),
    sealingKeyId: sealingKey.keyId,
    reseal: async () => seal(name, value, await refresh(), refresh),
  }
}
