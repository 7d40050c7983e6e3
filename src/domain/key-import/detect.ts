import {
  bits,
  children,
  contentOf,
  count,
  type Der,
  DerError,
  membersOf,
  oid,
  positive,
  tag,
} from './der.ts'
import { isOpenSsh, isSshBlob } from './openssh.ts'

export type KeyType = 'private' | 'public'

type Row = readonly [type: KeyType | null, words: string, ...labels: string[]]

/**
 * Each format with the type of its keys (null for what is not a key), its name in a message, and the labels under which
 * it comes, the usual one first (RFC 7468 §4, RFC 4716, OpenSSL, OpenSSH). A new one also needs a case in load.ts and, if its
 * keys are private, in masks.ts.
 */
const formats = {
  'PKCS#8': ['private', 'a PKCS#8 private key', 'PRIVATE KEY'],
  'PKCS#1': ['private', 'a PKCS#1 RSA private key', 'RSA PRIVATE KEY'],
  'encrypted PKCS#8': ['private', 'an encrypted PKCS#8 private key', 'ENCRYPTED PRIVATE KEY'],
  OpenSSH: ['private', 'an OpenSSH private key', 'OPENSSH PRIVATE KEY'],
  SEC1: ['private', 'an EC private key', 'EC PRIVATE KEY'],
  'traditional DSA': ['private', 'a DSA private key', 'DSA PRIVATE KEY'],
  SPKI: ['public', 'a public key (SPKI)', 'PUBLIC KEY'],
  'PKCS#1 public': ['public', 'a PKCS#1 RSA public key', 'RSA PUBLIC KEY'],
  'SSH public': ['public', 'an SSH public key', 'SSH2 PUBLIC KEY'],
  certificate: [null, 'a certificate', 'CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'],
  'certificate request': [
    null,
    'a certificate request (CSR)',
    'CERTIFICATE REQUEST',
    'NEW CERTIFICATE REQUEST',
  ],
  'PKCS#12': [null, 'a PKCS#12 file'],
  'PKCS#7': [null, 'a PKCS#7 file', 'PKCS7'],
  parameters: [
    null,
    'parameters of DH, DSA or EC, not a key',
    'DH PARAMETERS',
    'X9.42 DH PARAMETERS',
    'EC PARAMETERS',
    'DSA PARAMETERS',
  ],
} as const satisfies Readonly<Record<string, Row>>

/** What bytes are, decided by their structure and never by a label. */
export type KeyFormat = keyof typeof formats

/** Which type of key a format is for; null for what is not a key. */
export function typeOf(format: KeyFormat): KeyType | null {
  return formats[format][0]
}

/** A format in words. */
export function describe(format: KeyFormat): string {
  return formats[format][1]
}

export function formatOfLabel(label: string): KeyFormat | null {
  const all = Object.keys(formats) as KeyFormat[]
  return all.find((format) => labelsOf(format).includes(label)) ?? null
}

/** The label under which a private key's format is written. */
export function labelOf(format: KeyFormat): string {
  return labelsOf(format)[0] ?? 'PRIVATE KEY'
}

function labelsOf(format: KeyFormat): readonly string[] {
  const [, , ...labels]: Row = formats[format]
  return labels
}

/** Formats by the elements of their outermost SEQUENCE, each written as its letter. */
const structures: readonly (readonly [RegExp, KeyFormat])[] = [
  [/^isb/, 'PKCS#8'],
  [/^i{9}s?$/, 'PKCS#1'],
  [/^i{6}$/, 'traditional DSA'],
  [/^ii$/, 'PKCS#1 public'],
  [/^st$/, 'SPKI'],
  [/^sb$/, 'encrypted PKCS#8'],
  [/^ib/, 'SEC1'],
  [/^iss?$/, 'PKCS#12'],
  [/^oa$/, 'PKCS#7'],
]

const letters: Readonly<Record<number, string>> = {
  [tag.integer]: 'i',
  [tag.sequence]: 's',
  [tag.octetString]: 'b',
  [tag.bitString]: 't',
  [tag.oid]: 'o',
  [tag.context0]: 'a',
  [tag.context1]: 'p',
  [tag.primitive1]: 'p',
}

function structureOf(elements: readonly Der[]): string {
  return elements.map((element) => letters[element.tag] ?? 'x').join('')
}

/**
 * What the bytes are; null when they are something else.
 * @throws DerError when they are truncated, continue after their end, or are not strict DER
 */
export function formatOf(bytes: Buffer): KeyFormat | null {
  if (isOpenSsh(bytes)) return 'OpenSSH'
  if (isSshBlob(bytes)) return 'SSH public'
  const members = membersOf(bytes)
  const structure = structureOf(members)
  if (structure === 'sst') {
    // A certificate has a validity, a request has not.
    const isCertificate = /^a?is{5}/.test(structureOf(children(members[0])))
    return isCertificate ? 'certificate' : 'certificate request'
  }
  return structures.find(([pattern]) => pattern.test(structure))?.[1] ?? null
}

const rsaEncryption = '1.2.840.113549.1.1.1'

/** Algorithms by their usual names. */
const algorithms: Readonly<Record<string, string>> = {
  [rsaEncryption]: 'RSA',
  '1.2.840.113549.1.1.7': 'RSA-OAEP',
  '1.2.840.113549.1.1.10': 'RSA-PSS',
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.113549.1.3.1': 'DH',
  '1.2.840.10046.2.1': 'DH',
  '1.2.840.10045.2.1': 'EC',
  '1.3.101.110': 'X25519',
  '1.3.101.111': 'X448',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
}

/** A key inside an AlgorithmIdentifier: its algorithm by name, and for RSA its PKCS#1 form. */
export interface TypedKey {
  readonly algorithm: string
  readonly pkcs1: Buffer
}

/** RFC 5958 §2. Attributes and a public key may follow, and nothing else; they are ignored. */
export function parsePkcs8(bytes: Buffer): TypedKey {
  const [version, algorithm, key, ...more] = membersOf(bytes)
  if (count(version) > 1 || !/^a?p?$/.test(structureOf(more))) throw new DerError('malformed')
  return { pkcs1: contentOf(key, tag.octetString), algorithm: algorithmOf(algorithm) }
}

/** RFC 5280 §4.1. */
export function parseSpki(bytes: Buffer): TypedKey {
  const [algorithm, key] = membersOf(bytes)
  return { algorithm: algorithmOf(algorithm), pkcs1: bits(key) }
}

function algorithmOf(identifier: Der | undefined): string {
  const [id, parameters, ...more] = children(identifier)
  const name = oid(id)
  if (name === rsaEncryption) {
    const isNull = !parameters || contentOf(parameters, tag.null).length === 0
    if (!isNull || more.length > 0) throw new DerError('malformed')
  }
  return algorithms[name] ?? 'unknown'
}

/** Number of primes of an RSAPrivateKey, whose numbers must all be there and above zero (RFC 8017 A.1.2). */
export function primesOf(pkcs1: Buffer): number {
  const [version, ...numbers] = membersOf(pkcs1)
  if (count(version) > 1) throw new DerError('malformed')
  const others = count(version) === 1 ? children(numbers.pop()) : []
  assertNumbers(numbers, 8)
  return 2 + others.length
}

/** Throws unless the bytes are an RSAPublicKey with two numbers above zero. */
export function assertRsaPublicKey(pkcs1: Buffer): void {
  assertNumbers(membersOf(pkcs1), 2)
}

function assertNumbers(numbers: readonly Der[], expected: number): void {
  if (numbers.length !== expected) throw new DerError('malformed')
  for (const number of numbers) positive(contentOf(number, tag.integer))
}
