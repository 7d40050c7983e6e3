import { Problem } from '../problem.ts'
import { children, count, type Der, DerError, octets, oid, soleElement, tag } from './der.ts'
import type { OpenSshHeader } from './openssh.ts'
import { pemOf } from './pem.ts'

/**
 * What opening a key may cost, so that it takes less than a second. The numbers stand in the clear part of
 * the file, and whoever wrote it chose them: they are looked at before anything is computed. Measured on
 * two cores under Node 24: 0.1 to 0.6 s for a million rounds of PBKDF2 (SHA-256 to SHA3-512), 10 ms for a
 * round of bcrypt (sshpk has it in JavaScript), 0.2 s for 2^20 units of scrypt.
 */
export const costLimits = {
  pbkdf2Iterations: 1_000_000,
  /** N·r·p. */
  scryptWork: 2 ** 21,
  /** 128·N·r, in bytes: OpenSSL refuses to take 32 MiB. */
  scryptMemory: 2 ** 25 - 1,
  bcryptRounds: 64,
} as const

const oids = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  scrypt: '1.3.6.1.4.1.11591.4.11',
} as const

/** Password-based schemes of one piece that OpenSSL still has: SHA-1 with Triple DES (PKCS #12). */
const triedSchemes: readonly string[] = ['1.2.840.113549.1.12.1.3', '1.2.840.113549.1.12.1.4']

/** Ciphers of PBES2 that OpenSSL has without its legacy provider: AES-CBC and Triple DES. */
const ciphers: readonly string[] = [
  '2.16.840.1.101.3.4.1.2',
  '2.16.840.1.101.3.4.1.22',
  '2.16.840.1.101.3.4.1.42',
  '1.2.840.113549.3.7',
]

/**
 * Whether an encrypted PKCS#8 key can be opened, and at what cost (RFC 8018, RFC 7914).
 * @throws Problem `key-unreadable`; DerError
 */
export function assertOpenablePkcs8(der: Buffer, input: string): void {
  const [scheme, data] = children(soleElement(der))
  if (octets(data).length === 0) throw new DerError('malformed')
  const [id, parameters] = children(scheme)
  if (oid(id) !== oids.pbes2) {
    if (!triedSchemes.includes(oid(id))) throw outdated(input)
    const [, iterations] = children(parameters)
    assertIterations(count(iterations), input)
    return
  }
  const [kdf, cipher] = children(parameters)
  assertKdf(kdf, input)
  const [cipherId] = children(cipher)
  if (!ciphers.includes(oid(cipherId))) throw outdated(input)
}

function assertKdf(kdf: Der | undefined, input: string): void {
  const [id, parameters] = children(kdf)
  const [, ...numbers] = children(parameters)
  if (oid(id) === oids.pbkdf2) {
    assertIterations(count(numbers[0]), input)
    return
  }
  if (oid(id) !== oids.scrypt) throw outdated(input)
  const [n = 0, r = 0, p = 0] = numbers.filter((each) => each.tag === tag.integer).map(count)
  if (128 * n * r > costLimits.scryptMemory || n * r * p > costLimits.scryptWork) {
    throw costly(input, `scrypt with N = ${n}, r = ${r}, p = ${p}`)
  }
}

function assertIterations(iterations: number, input: string): void {
  if (iterations > costLimits.pbkdf2Iterations) {
    throw costly(input, `a key derivation of ${iterations} iterations`)
  }
}

function costly(input: string, what: string): Problem {
  return new Problem(
    'key-unreadable',
    `${input} is encrypted with ${what}: opening it would take longer than a second or too much memory`,
    `decrypt it where it was made: ${decryptCommand}`,
  )
}

function outdated(input: string): Problem {
  return new Problem(
    'key-unreadable',
    `${input} is encrypted in a way that OpenSSL 3 no longer opens (such as DES, RC2 or RC4), or does not know`,
    'decrypt it where it was made: `openssl pkey -provider legacy -provider default -in privateKey.pem -out plain.pem`',
  )
}

/** How an encrypted PEM key is written in the clear. */
export const decryptCommand = '`openssl pkey -in privateKey.pem -out plain.pem`'

/** The `DEK-Info` of a PEM block that was encrypted in the old way (RFC 1421 §4.6.1.3). */
export interface DekInfo {
  readonly cipher: string
  readonly iv: string
}

const dekInfo =
  /^\s*Proc-Type:\s{0,8}4,\s{0,8}ENCRYPTED\s{0,8}DEK-Info:\s{0,8}([A-Za-z0-9-]{1,32}),([0-9A-Fa-f]*)/

/** Hex digits of the initialisation vector: on one line, the body follows it without a mark. */
const ivDigits = (cipher: string): number => (/^(?:DES|RC2|BF|CAST|IDEA)/.test(cipher) ? 16 : 32)

/** Parts a block's text into its encryption headers, if it has them, and its body. */
export function partEncapsulated(text: string): { encryption: DekInfo | null; body: string } {
  const match = dekInfo.exec(text)
  if (!match) return { encryption: null, body: text }
  const cipher = (match[1] ?? '').toUpperCase()
  const iv = (match[2] ?? '').slice(0, ivDigits(cipher))
  const headers = match[0].length - (match[2] ?? '').length + iv.length
  return { encryption: { cipher, iv }, body: text.slice(headers) }
}

/** @throws Problem `key-unreadable` */
export function assertOpenableDek({ cipher, iv }: DekInfo, input: string): void {
  if (!/^(?:(?:AES|CAMELLIA|ARIA)-(?:128|192|256)-CBC|DES-EDE3-CBC)$/.test(cipher))
    throw outdated(input)
  if (iv.length !== ivDigits(cipher)) throw new DerError('malformed')
}

/** The block again as OpenSSL reads it. */
export function pemOfEncrypted(label: string, { cipher, iv }: DekInfo, der: Buffer): string {
  const headers = `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${cipher},${iv.toUpperCase()}\n\n`
  return pemOf({ label, der }).replace('\n', `\n${headers}`)
}

/** OpenSSH ciphers that sshpk has, with their block size. */
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
 * Whether an OpenSSH key can be opened, and at what cost.
 * @throws Problem `key-unreadable`; DerError
 */
export function assertOpenableSsh(header: OpenSshHeader, input: string): void {
  const blockSize = Object.hasOwn(sshCiphers, header.cipher) ? sshCiphers[header.cipher] : undefined
  if (blockSize === undefined || !['none', 'bcrypt'].includes(header.kdf)) {
    throw new Problem(
      'key-unreadable',
      `${input} is an OpenSSH key encrypted with ${shownCipher(header.cipher)}, which is not read here`,
      `write it anew where it was made: ${sshToPkcs8}`,
    )
  }
  if (header.rounds > costLimits.bcryptRounds) {
    throw new Problem(
      'key-unreadable',
      `${input} is an OpenSSH key whose passphrase is stretched by ${header.rounds} rounds of bcrypt: opening it would take longer than a second`,
      `write it anew where it was made: ${sshToPkcs8}`,
    )
  }
  if ((header.cipher === 'none') !== (header.kdf === 'none')) throw new DerError('malformed')
  if (header.trailing > 0) throw new DerError('trailing', header.trailing)
  if (header.secretLength % blockSize !== 0) throw new DerError('malformed')
}

/** How an OpenSSH key becomes a PKCS#8 one, in place (OpenSSH 8.1 and later). */
export const sshToPkcs8 = "`ssh-keygen -p -m PKCS8 -N '' -f privateKey.pem`"

function shownCipher(cipher: string): string {
  return /^(?:aes|3des|blowfish|chacha20|cast128|arcfour)[a-z0-9@.-]{0,40}$/.test(cipher)
    ? cipher
    : 'an unknown cipher'
}
