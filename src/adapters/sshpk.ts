import { createPrivateKey, type KeyObject } from 'node:crypto'
import { copyAgain, fromOrigin } from '../domain/key-import/hints.ts'
import { passphraseWrong } from '../domain/key-import/load.ts'
import { Problem } from '../domain/problem.ts'

/**
 * Reads an OpenSSH private key (RSA only) with sshpk, which is loaded when the first one arrives. The caller has
 * checked cipher and cost before: sshpk limits neither.
 * @throws Problem without a cause, since a library's message may quote its input
 */
export async function readOpenSsh(text: string, passphrase: string | null): Promise<KeyObject> {
  const { default: sshpk } = await import('sshpk')
  let numbers: Record<string, bigint>
  try {
    const key = sshpk.parsePrivateKey(
      text,
      'ssh-private',
      passphrase === null ? {} : { passphrase },
    )
    // The types of sshpk leave the key's parts out.
    const parts = key.parts as unknown as readonly { name: string; data: Buffer }[]
    numbers = Object.fromEntries(
      parts.map(({ name, data }) => [name, BigInt(`0x0${data.toString('hex')}`)]),
    )
  } catch {
    throw passphrase === null
      ? new Problem('key-unreadable', 'is a damaged OpenSSH private key', copyAgain)
      : passphraseWrong()
  }
  return rsaKey(numbers)
}

/** OpenSSH stores no dp and dq; the caller checks all numbers. */
function rsaKey(numbers: Record<string, bigint>): KeyObject {
  try {
    const { n, e, d, p, q, iqmp } = numbers as Record<'n' | 'e' | 'd' | 'p' | 'q' | 'iqmp', bigint>
    const jwk = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: iqmp }
    const entries = Object.entries(jwk).map(([name, number]) => [name, base64url(number)])
    return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(entries) }, format: 'jwk' })
  } catch {
    throw new Problem(
      'key-inconsistent',
      'is an OpenSSH private key with numbers that are not an RSA key',
      fromOrigin,
    )
  }
}

function base64url(number: bigint): string {
  if (number <= 0n) throw new RangeError('not above zero')
  const hex = number.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}
