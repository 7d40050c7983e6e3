import type { Problem } from '../problem.ts'
import { children, contentOf, count, type Der, DerError, membersOf, oid, tag } from './der.ts'
import { unreadable } from './faults.ts'
import { sshToPkcs8 } from './hints.ts'
import type { OpenSshHeader } from './openssh.ts'

/**
 * What decrypting a key may cost, so that it takes less than a second. The numbers are in the unencrypted part of the
 * file, and an attacker may have chosen them: they are checked before anything is computed. Measured on
 * two cores under Node 24: 0.1 to 0.6 s for a million rounds of PBKDF2 (SHA-256 to SHA3-512), 10 ms for a
 * round of bcrypt (sshpk has it in JavaScript), 0.2 s for 2^20 units of scrypt.
 */
const costLimits = {
  pbkdf2Iterations: 1_000_000,
  /** N·r·p. */
  scryptWork: 2 ** 21,
  /** 128·N·r, in bytes: OpenSSL refuses to take 32 MiB. */
  scryptMemory: 2 ** 25 - 1,
  bcryptRounds: 64,
} as const

const pbes2 = '1.2.840.113549.1.5.13'
const pbkdf2 = '1.2.840.113549.1.5.12'
const scrypt = '1.3.6.1.4.1.11591.4.11'

/** Schemes of PBES1 that OpenSSL still has: SHA-1 with Triple DES (PKCS #12). */
const pbes1Schemes: readonly string[] = ['1.2.840.113549.1.12.1.3', '1.2.840.113549.1.12.1.4']

/** Ciphers of PBES2 that OpenSSL has without its legacy provider: AES-CBC and Triple DES. */
const ciphers: readonly string[] = [
  '2.16.840.1.101.3.4.1.2',
  '2.16.840.1.101.3.4.1.22',
  '2.16.840.1.101.3.4.1.42',
  '1.2.840.113549.3.7',
]

/**
 * Whether an encrypted PKCS#8 key can be decrypted, and at what cost (RFC 8018, RFC 7914).
 * @throws Problem `key-unreadable`; DerError
 */
export function assertDecryptablePkcs8(der: Buffer): void {
  const [scheme, data] = membersOf(der)
  if (contentOf(data, tag.octetString).length === 0) throw new DerError('malformed')
  const [id, parameters] = children(scheme)
  // The key derivation and the cipher of PBES2, the salt and the iterations of PBES1.
  const [first, second] = children(parameters)
  if (oid(id) === pbes2) {
    assertKdf(first)
    const [cipher] = children(second)
    if (!ciphers.includes(oid(cipher))) throw outdated()
    return
  }
  if (!pbes1Schemes.includes(oid(id))) throw outdated()
  assertIterations(count(second))
}

function assertKdf(kdf: Der | undefined): void {
  const [id, parameters] = children(kdf)
  // The salt comes first. PBKDF2 may name a hash, scrypt has numbers only.
  const [, ...numbers] = children(parameters)
  if (oid(id) === pbkdf2) {
    assertIterations(count(numbers[0]))
    return
  }
  if (oid(id) !== scrypt) throw outdated()
  const [n = 0, r = 0, p = 0] = numbers.filter((each) => each.tag === tag.integer).map(count)
  const what = `scrypt with N = ${n}, r = ${r}, p = ${p}`
  if (128 * n * r > costLimits.scryptMemory) {
    throw costly(what, 'more memory than OpenSSL allows', 'the program that encrypted it')
  }
  if (n * r * p > costLimits.scryptWork) throw costly(what)
}

function assertIterations(iterations: number): void {
  if (iterations <= costLimits.pbkdf2Iterations) return
  throw costly(`a key derivation of ${iterations} iterations`)
}

const openSsl = '`openssl pkey -in privateKey.pem -out plain.pem`'

function costly(what: string, cost = 'longer than a second', program = openSsl): Problem {
  return unreadable(
    `is encrypted with ${what}: decrypting it would take ${cost}`,
    `decrypt it on the system where it was generated, with ${program}`,
  )
}

function outdated(): Problem {
  return unreadable(
    'is encrypted with an algorithm that OpenSSL 3 no longer supports (such as DES, RC2 or RC4)',
    'decrypt it on the system where it was generated: `openssl pkey -provider legacy -provider default -in privateKey.pem -out plain.pem`',
  )
}

/** The `DEK-Info` of a PEM block that was encrypted in the traditional way (RFC 1421 §4.6.1.3). */
export interface DekInfo {
  readonly cipher: string
  readonly iv: string
}

const dekInfo =
  /^\s*Proc-Type:\s{0,8}4,\s{0,8}ENCRYPTED\s{0,8}DEK-Info:\s{0,8}([A-Za-z0-9-]{1,32}),([0-9A-Fa-f]*)/

/** Hex digits of the initialisation vector: on one line, the body follows it without a mark. */
const ivDigits = (cipher: string): number => (/^(?:DES|RC2|BF|CAST|IDEA)/.test(cipher) ? 16 : 32)

/** Splits a block's text into its encryption headers, if it has them, and its body. */
export function splitHeaders(text: string): { encryption: DekInfo | null; body: string } {
  const match = dekInfo.exec(text)
  if (!match) return { encryption: null, body: text }
  const cipher = (match[1] ?? '').toUpperCase()
  const iv = (match[2] ?? '').slice(0, ivDigits(cipher))
  const headers = match[0].length - (match[2] ?? '').length + iv.length
  return { encryption: { cipher, iv }, body: text.slice(headers) }
}

/** @throws Problem `key-unreadable` */
export function assertDecryptableDek({ cipher, iv }: DekInfo): void {
  if (!/^(?:(?:AES|CAMELLIA|ARIA)-(?:128|192|256)-CBC|DES-EDE3-CBC)$/.test(cipher)) throw outdated()
  if (iv.length !== ivDigits(cipher)) throw new DerError('malformed')
}

/** The header lines again as OpenSSL reads them. */
export function headersOf({ cipher, iv }: DekInfo): string {
  return `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${cipher},${iv.toUpperCase()}\n\n`
}

/** OpenSSH ciphers that sshpk supports, with their block size. */
const sshCiphers: Readonly<Record<string, number>> = {
  none: 8,
  'aes128-ctr': 16,
  'aes192-ctr': 16,
  'aes256-ctr': 16,
  'aes128-cbc': 16,
  'aes192-cbc': 16,
  'aes256-cbc': 16,
  '3des-cbc': 8,
}

/**
 * Whether an OpenSSH key can be decrypted, and at what cost.
 * @throws Problem `key-unreadable`; DerError
 */
export function assertDecryptableSsh(header: OpenSshHeader): void {
  const blockSize = Object.hasOwn(sshCiphers, header.cipher) ? sshCiphers[header.cipher] : undefined
  if (blockSize === undefined || !['none', 'bcrypt'].includes(header.kdf)) {
    throw unsupportedSsh(`${shownCipher(header.cipher)}, which this action does not support`)
  }
  if (header.rounds > costLimits.bcryptRounds) {
    throw unsupportedSsh(
      `${header.rounds} rounds of bcrypt: decrypting it would take longer than a second`,
    )
  }
  if ((header.cipher === 'none') !== (header.kdf === 'none')) throw new DerError('malformed')
  if (header.trailing > 0) throw new DerError('trailing', header.trailing)
  if (header.secretLength % blockSize !== 0) throw new DerError('malformed')
}

function unsupportedSsh(encryption: string): Problem {
  return unreadable(
    `is an OpenSSH private key encrypted with ${encryption}`,
    `convert it on the system where it was generated: \`${sshToPkcs8}\``,
  )
}

function shownCipher(cipher: string): string {
  return /^(?:aes|3des|blowfish|chacha20|cast128|arcfour)[a-z0-9@.-]{0,40}$/.test(cipher)
    ? cipher
    : 'an unknown cipher'
}
