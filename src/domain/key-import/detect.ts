import {
  bits,
  children,
  count,
  type Der,
  DerError,
  oid,
  soleElement,
  tag,
  unsigned,
} from './der.ts'
import { isSshBlob } from './normalize.ts'

/** What bytes can hold, told by their structure and never by a label. */
export type Content =
  | 'PKCS#8'
  | 'PKCS#1'
  | 'encrypted PKCS#8'
  | 'OpenSSH'
  | 'SEC1'
  | 'traditional DSA'
  | 'SPKI'
  | 'PKCS#1 public'
  | 'SSH public'
  | 'certificate'
  | 'certificate request'
  | 'PKCS#12'
  | 'PKCS#7'
  | 'parameters'

export type Half = 'private' | 'public'

/** Which half of a pair a content is; null for what is no key. */
export const halves: Readonly<Record<Content, Half | null>> = {
  'PKCS#8': 'private',
  'PKCS#1': 'private',
  'encrypted PKCS#8': 'private',
  OpenSSH: 'private',
  SEC1: 'private',
  'traditional DSA': 'private',
  SPKI: 'public',
  'PKCS#1 public': 'public',
  'SSH public': 'public',
  certificate: null,
  'certificate request': null,
  'PKCS#12': null,
  'PKCS#7': null,
  parameters: null,
}

/** The labels that are known, and what must stand under each (RFC 7468 §4, RFC 4716, OpenSSL, OpenSSH). */
const labels: Readonly<Record<string, Content>> = {
  'PRIVATE KEY': 'PKCS#8',
  'RSA PRIVATE KEY': 'PKCS#1',
  'ENCRYPTED PRIVATE KEY': 'encrypted PKCS#8',
  'OPENSSH PRIVATE KEY': 'OpenSSH',
  'EC PRIVATE KEY': 'SEC1',
  'DSA PRIVATE KEY': 'traditional DSA',
  'PUBLIC KEY': 'SPKI',
  'RSA PUBLIC KEY': 'PKCS#1 public',
  'SSH2 PUBLIC KEY': 'SSH public',
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'TRUSTED CERTIFICATE': 'certificate',
  'CERTIFICATE REQUEST': 'certificate request',
  'NEW CERTIFICATE REQUEST': 'certificate request',
  PKCS7: 'PKCS#7',
  'DH PARAMETERS': 'parameters',
  'X9.42 DH PARAMETERS': 'parameters',
  'EC PARAMETERS': 'parameters',
  'DSA PARAMETERS': 'parameters',
}

export function contentOfLabel(label: string): Content | null {
  return Object.hasOwn(labels, label) ? (labels[label] ?? null) : null
}

/** The label under which a content is written. */
export function labelOf(content: Content): string {
  const [label] = Object.entries(labels).find(([, each]) => each === content) ?? ['PRIVATE KEY']
  return label
}

/**
 * What the bytes are; null when they are something else.
 * @throws DerError when they are cut, go on after their end, or are no strict DER
 */
export function contentOf(bytes: Buffer): Content | null {
  if (bytes.subarray(0, 15).toString('latin1') === 'openssh-key-v1\0') return 'OpenSSH'
  if (isSshBlob(bytes)) return 'SSH public'
  const members = children(soleElement(bytes))
  const shape = members.map(letter).join('')
  const shapes: readonly [RegExp, Content, boolean?][] = [
    [/^isb/, 'PKCS#8'],
    [/^i{9}s?$/, 'PKCS#1'],
    [/^i{6}$/, 'traditional DSA'],
    [/^ii$/, 'PKCS#1 public'],
    [/^st$/, 'SPKI'],
    [/^sb$/, 'encrypted PKCS#8'],
    [/^ib/, 'SEC1'],
    [/^iss?$/, 'PKCS#12'],
    [/^o0$/, 'PKCS#7'],
  ]
  if (shape === 'sst') return signedContent(members[0])
  return shapes.find(([pattern]) => pattern.test(shape))?.[1] ?? null
}

/** A signed structure: a certificate has a validity, a request has not. */
function signedContent(signed: Der | undefined): Content {
  const shape = children(signed).map(letter).join('')
  return /^0?is{5}/.test(shape) ? 'certificate' : 'certificate request'
}

function letter({ tag: each }: Der): string {
  const letters: Readonly<Record<number, string>> = {
    [tag.integer]: 'i',
    [tag.sequence]: 's',
    [tag.octetString]: 'b',
    [tag.bitString]: 't',
    [tag.oid]: 'o',
    [tag.context0]: '0',
  }
  return letters[each] ?? 'x'
}

const rsaEncryption = '1.2.840.113549.1.1.1'

/** Algorithms by the names that people know. */
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

/** RFC 5958 §2. Attributes and a public key may follow; they are not believed. */
export function openPkcs8(bytes: Buffer): TypedKey {
  const [version, algorithm, key, ...more] = children(soleElement(bytes))
  if (count(version) > 1) throw new DerError('malformed')
  // RFC 5958 §2: nothing but attributes [0] and a public key [1].
  if (!/^0?1?$/.test(more.map(optional).join(''))) throw new DerError('malformed')
  if (key?.tag !== tag.octetString) throw new DerError('malformed')
  return { algorithm: algorithmOf(algorithm), pkcs1: key.content }
}

function optional({ tag: each }: Der): string {
  return each === tag.context0 ? '0' : [tag.context1, 0x81].includes(each) ? '1' : 'x'
}

/** RFC 5280 §4.1. */
export function openSpki(bytes: Buffer): TypedKey {
  const [algorithm, key] = children(soleElement(bytes))
  return { algorithm: algorithmOf(algorithm), pkcs1: bits(key) }
}

function algorithmOf(identifier: Der | undefined): string {
  const [id, parameters, ...more] = children(identifier)
  const name = oid(id)
  if (name === rsaEncryption) {
    const isNull =
      parameters === undefined || (parameters.tag === tag.null && !parameters.content.length)
    if (!isNull || more.length > 0) throw new DerError('malformed')
  }
  return algorithms[name] ?? 'unknown'
}

/** Number of primes of an RSAPrivateKey, whose numbers must all be there and above zero (RFC 8017 A.1.2). */
export function primesOf(pkcs1: Buffer): number {
  const [version, ...numbers] = children(soleElement(pkcs1))
  if (count(version) > 1) throw new DerError('malformed')
  const others = count(version) === 1 ? children(numbers.pop()) : []
  if (numbers.length !== 8 || numbers.some((each) => unsigned(each).length === 0)) {
    throw new DerError('malformed')
  }
  return 2 + others.length
}

/** Throws unless the bytes are an RSAPublicKey with two numbers above zero. */
export function assertRsaPublicKey(pkcs1: Buffer): void {
  const numbers = children(soleElement(pkcs1))
  if (numbers.length !== 2 || numbers.some((each) => unsigned(each).length === 0)) {
    throw new DerError('malformed')
  }
}
