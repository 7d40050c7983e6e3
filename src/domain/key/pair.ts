import {
  constants,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { promisify } from 'node:util'
import { Problem } from '../problem.ts'
import { spki } from './fingerprint.ts'
import { keyPolicy } from './policy.ts'

/**
 * The two halves of an Amazon Pay API key. Held as KeyObjects, which print as `[object KeyObject]`, so that
 * no log line, error or summary can show a private key by accident.
 */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A fresh pair under the key policy. Asynchronous: the primes are found on the thread pool. */
export async function makeKeyPair(): Promise<KeyPair> {
  const pair = begun ?? findKeyPair()
  begun = null
  return pair
}

/** Begins with the pair that `makeKeyPair` will be asked for next, so that other work can be done meanwhile. */
export function beginKeyPair(): void {
  begun ??= findKeyPair()
  // A failure is told to whoever asks for the pair.
  begun.catch(() => {})
}
let begun: Promise<KeyPair> | null = null

function findKeyPair(): Promise<KeyPair> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: keyPolicy.modulusLength,
    publicExponent: keyPolicy.publicExponent,
  })
}

/** The pair of a private key. The public half is derived, never believed. */
export function keyPairOf(privateKey: KeyObject): KeyPair {
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

/** Whether two public keys are the same key. */
export function sameKey(a: KeyObject, b: KeyObject): boolean {
  return spki(a).equals(spki(b))
}

/** PKCS#8 `BEGIN PRIVATE KEY` (RFC 5958): the one form that every Amazon Pay SDK and plugin takes. */
export function privateKeyPem(pair: KeyPair): string {
  return pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** SPKI `BEGIN PUBLIC KEY` (RFC 7468 §13): what is pasted into Integration Central. */
export function publicKeyPem(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }) as string
}

/**
 * Kind, modulus length and public exponent as Amazon Pay wants them.
 * @throws Problem `key-wrong-kind` or `key-policy`
 */
export function assertPolicy(key: KeyObject, input: string): void {
  if (key.asymmetricKeyType !== 'rsa') {
    throw new Problem(
      'key-wrong-kind',
      `${input} holds a key of type ${key.asymmetricKeyType}; Amazon Pay takes RSA keys (rsaEncryption) only`,
      'make one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`, or let `command: generate` make it',
    )
  }
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (modulusLength !== keyPolicy.modulusLength) {
    throw new Problem(
      'key-policy',
      `${input} holds an RSA key of ${modulusLength} bits; Amazon Pay keys have ${keyPolicy.modulusLength}`,
      'make a new one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048` (ssh-keygen needs `-b 2048`)',
    )
  }
  if (publicExponent !== BigInt(keyPolicy.publicExponent)) {
    throw new Problem(
      'key-policy',
      `${input} holds an RSA key with public exponent ${publicExponent}; Amazon Pay keys have ${keyPolicy.publicExponent}`,
      'make a new one without naming an exponent: `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`',
    )
  }
}

/**
 * Whether a private key is what it says: n = p·q, e·d ≡ 1, and dp, dq, qi fit (RFC 8017 §3.2); then one
 * signature with each of Amazon Pay's salts. The arithmetic comes first, because OpenSSL signs correctly
 * with a damaged d, dp, dq or qi: it falls back in silence.
 * @throws Problem `key-inconsistent`
 */
export function assertConsistent(pair: KeyPair, input: string): void {
  if (!arithmeticHolds(pair.privateKey) || !signsAndVerifies(pair)) {
    throw new Problem(
      'key-inconsistent',
      `${input} holds a damaged RSA private key: its numbers do not fit together`,
      'take it again from where it was made (`openssl pkey -check -noout -in privateKey.pem` tells whether that copy is whole), or stage a new one with `command: generate`',
    )
  }
}

function arithmeticHolds(privateKey: KeyObject): boolean {
  const jwk = privateKey.export({ format: 'jwk' })
  const [n, e, d, p, q, dp, dq, qi] = (['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const).map(
    (name) => integer(jwk, name),
  ) as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]
  const [p1, q1] = [p - 1n, q - 1n]
  // The last line holds p ≠ q as well: nothing has an inverse modulo itself.
  return (
    p > 1n &&
    q > 1n &&
    n === p * q &&
    d > 1n &&
    d < n &&
    (e * d) % p1 === 1n &&
    (e * d) % q1 === 1n &&
    dp === d % p1 &&
    dq === d % q1 &&
    qi < p &&
    (qi * q) % p === 1n
  )
}

function integer(jwk: JsonWebKey, name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi'): bigint {
  return BigInt(`0x0${Buffer.from(jwk[name] ?? '', 'base64url').toString('hex')}`)
}

function signsAndVerifies({ privateKey, publicKey }: KeyPair): boolean {
  const message = randomBytes(32)
  const padding = constants.RSA_PKCS1_PSS_PADDING
  // OpenSSL refuses to compute with numbers that only look like primes, such as even ones.
  try {
    return keyPolicy.saltLengths.every((saltLength) => {
      const signature = sign('sha256', message, { key: privateKey, padding, saltLength })
      return verify('sha256', message, { key: publicKey, padding, saltLength }, signature)
    })
  } catch {
    return false
  }
}

/**
 * Every form in which this private key could come back out of a log: the runner masks a value and each of
 * its lines, exactly as written, so each other spelling must be registered as well (actions/runner
 * ActionCommandManager.cs and ValueEncoders.cs: base64 is covered for a value as it stands only, a
 * value of one line is not split, and hex or JWK members are never recognised).
 */
export function maskForms(pair: KeyPair): string[] {
  const pem = privateKeyPem(pair)
  const bare = pem.trimEnd()
  const crlf = pem.replaceAll('\n', '\r\n')
  const texts = [pem, bare, crlf, crlf.trimEnd()]
  const body = bare.split('\n').slice(1, -1).join('')
  const jwk = pair.privateKey.export({ format: 'jwk' })
  const members = (['d', 'p', 'q', 'dp', 'dq', 'qi'] as const).flatMap((name) => {
    const value = Buffer.from(jwk[name] ?? '', 'base64url')
    return [jwk[name] ?? '', value.toString('base64'), value.toString('hex')]
  })
  return [
    ...texts,
    ...texts.map((text) => Buffer.from(text).toString('base64')),
    pem.replaceAll('\n', '\\n'),
    bare.replaceAll('\n', '\\n'),
    bare.replaceAll('\n', ' '),
    body,
    ...members,
  ]
}
