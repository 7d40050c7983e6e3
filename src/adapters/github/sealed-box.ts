import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import type { SealedSecret } from '../../ports.ts'
import { members } from './json.ts'
import { GitHubError, refused } from './refusal.ts'

/** GitHub's X25519 public key of one target. Never shared: the same `key_id` can name different keys. */
export interface SealingKey {
  readonly keyId: string
  /** Base64 of 32 bytes. */
  readonly key: string
}

const sealingKeyBytes = 32

/**
 * The sealing key in GitHub's answer. What is sealed for a weak key can be opened by others, so one is refused.
 * @throws GitHubError
 */
export function readSealingKey(data: unknown): SealingKey {
  const { key_id: keyId, key } = members(data)
  if (typeof keyId !== 'string' || keyId === '' || typeof key !== 'string') {
    throw unusable('has no key, or no key_id')
  }
  const bytes = Buffer.from(key, 'base64')
  if (bytes.toString('base64') !== key) throw unusable('is not canonical base64')
  if (bytes.length !== sealingKeyBytes) {
    throw unusable(`has ${bytes.length} bytes instead of ${sealingKeyBytes}`)
  }
  if (hasLowOrder(bytes)) throw unusable('is a weak X25519 key (all zero, or of low order)')
  return { keyId, key }
}

/** RFC 7748 §6.1: with a point of low order the shared secret is all zero, which OpenSSL refuses. */
function hasLowOrder(bytes: Buffer): boolean {
  const { privateKey } = generateKeyPairSync('x25519')
  const x = bytes.toString('base64url')
  try {
    const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x } })
    diffieHellman({ privateKey, publicKey })
    return false
  } catch {
    return true
  }
}

function unusable(what: string): GitHubError {
  return new GitHubError(refused(null, `the sealing key that GitHub’s address sent ${what}`))
}

/**
 * libsodium's `crypto_box_seal`, as GitHub documents it.
 * @param refresh fetches the sealing key anew
 */
export async function seal(
  name: string,
  value: string,
  sealingKey: Promise<SealingKey>,
  refresh: () => Promise<SealingKey>,
): Promise<SealedSecret> {
  // Loaded when the first secret is to be sealed, while the sealing key is on its way.
  const [{ default: sodium }, { keyId, key }] = await Promise.all([
    import('libsodium-wrappers'),
    sealingKey,
  ])
  await sodium.ready
  const recipient = sodium.from_base64(key, sodium.base64_variants.ORIGINAL)
  const box = sodium.crypto_box_seal(value, recipient)
  return {
    name,
    value: sodium.to_base64(box, sodium.base64_variants.ORIGINAL),
    sealingKeyId: keyId,
    reseal: () => seal(name, value, refresh(), refresh),
  }
}
