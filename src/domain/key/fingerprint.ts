import { createHash, type KeyObject } from 'node:crypto'

/** DER of the SubjectPublicKeyInfo (RFC 5280 §4.1). */
export function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

/** `SHA256:` and the unpadded base64 of the SHA-256 of the SPKI DER: one name for a key everywhere. */
export function fingerprint(publicKey: KeyObject): string {
  const digest = createHash('sha256').update(spki(publicKey)).digest('base64')
  // 32 bytes end in one `=`.
  return `SHA256:${digest.slice(0, -1)}`
}

/** First 8 hex digits of the same digest: for names of files and keys, where base64 does not fit. */
export function shortFingerprint(publicKey: KeyObject): string {
  return createHash('sha256').update(spki(publicKey)).digest('hex').slice(0, 8)
}
