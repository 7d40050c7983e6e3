import { type PublicKeyId, parsePublicKeyId } from '../../../src/domain/amazon-pay/public-key-id.ts'
import { fingerprint } from '../../../src/domain/key/fingerprint.ts'
import {
  type KeyPair,
  keyPairOf,
  privateKeyPem,
  publicKeyPem,
} from '../../../src/domain/key/pair.ts'
import { nextKey } from '../../keys.ts'

/** A key pair, with the Public Key ID that it gets in Integration Central. */
export interface Key extends KeyPair {
  readonly pem: string
  readonly publicPem: string
  readonly fingerprint: string
  readonly id: string
  readonly publicKeyId: PublicKeyId
}

/** As many keys as a test file needs; their IDs differ in their letter. */
export function makeKeys(count: number): Key[] {
  return Array.from({ length: count }, (_, index): Key => {
    const pair = keyPairOf(nextKey())
    const id = payId(String.fromCharCode(65 + index))
    return {
      ...pair,
      pem: privateKeyPem(pair),
      publicPem: publicKeyPem(pair.publicKey),
      fingerprint: fingerprint(pair.publicKey),
      id,
      publicKeyId: parsePublicKeyId(id),
    }
  })
}

export function payId(letter: string, prefix: 'SANDBOX-' | 'LIVE-' | '' = 'LIVE-'): string {
  return prefix + letter.repeat(24)
}

/** Lines of a private key that contain nothing of its public half: none of them may ever be shown. */
export function secretLines(pem: string): string[] {
  return pem
    .split('\n')
    .filter((line) => /^[A-Za-z0-9+/]{64}$/.test(line))
    .slice(12)
}

/** Lines by which a public key can be recognised wherever it is shown. */
export function publicLines({ publicPem }: Key): string[] {
  return publicPem.split('\n').slice(2, -3)
}
