import { createPrivateKey, type KeyObject } from 'node:crypto'
import { Problem } from '../domain/problem.ts'

/**
 * Opens an OpenSSH private key (RSA only) with sshpk, which is loaded when the first one comes. Whoever calls
 * this has looked at cipher and cost before: sshpk bounds neither.
 * @throws Problem; its cause is left out on purpose, since a library's message may quote its input
 */
export async function readOpenSsh(
  text: string,
  passphrase: string | undefined,
): Promise<KeyObject> {
  const { default: sshpk } = await import('sshpk')
  let numbers: Record<string, bigint>
  try {
    const key = sshpk.parsePrivateKey(
      text,
      'ssh-private',
      passphrase === undefined ? {} : { passphrase },
    )
    const parts = key.parts as unknown as readonly { name: string; data: Buffer }[]
    numbers = Object.fromEntries(
      parts.map(({ name, data }) => [name, BigInt(`0x0${data.toString('hex')}`)]),
    )
  } catch {
    throw passphrase === undefined
      ? new Problem('key-unreadable', 'the OpenSSH key is damaged', 'copy it again, whole')
      : new Problem(
          'passphrase-wrong',
          'the passphrase does not open the OpenSSH key',
          'check it where it was made: `ssh-keygen -y -f privateKey.pem` asks for it',
        )
  }
  return rsaKey(numbers)
}

/** OpenSSH keeps no dp and dq; everything that it keeps is checked by whoever gets the key. */
function rsaKey(numbers: Record<string, bigint>): KeyObject {
  try {
    const { n, e, d, p, q, iqmp } = numbers as Record<'n' | 'e' | 'd' | 'p' | 'q' | 'iqmp', bigint>
    const jwk = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: iqmp }
    const entries = Object.entries(jwk).map(([name, number]) => [name, base64url(number)])
    return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(entries) }, format: 'jwk' })
  } catch {
    throw new Problem(
      'key-inconsistent',
      'the OpenSSH key holds numbers that are no RSA key',
      'take it again from where it was made',
    )
  }
}

function base64url(number: bigint): string {
  if (number <= 0n) throw new RangeError('not above zero')
  const hex = number.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}
