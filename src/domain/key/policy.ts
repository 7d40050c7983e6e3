import { checkPrime, constants, type KeyObject, randomBytes, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { Problem } from '../problem.ts'
import { bitLength, modulusOf, numbersOf, type RsaNumbers } from './numbers.ts'
import { type KeyPair, keyParameters } from './pair.ts'
import { hasRocaFingerprint, roca, weaknessOf } from './weakness.ts'

/**
 * Whether a public key is one that Amazon Pay accepts, and not one that is easily broken.
 * @throws Problem `key-wrong-kind` or `key-policy`
 */
export function assertPublicPolicy(publicKey: KeyObject): void {
  assertKindAndSize(publicKey)
  assertStrongModulus(publicKey)
}

/**
 * The same for a private key, with everything that only its factors tell. A modulus that is not the product of the factors
 * comes before weakness: a damaged modulus has small factors, but is not a weak key.
 * @throws Problem `key-wrong-kind`, `key-policy` or `key-inconsistent`
 */
export async function assertPrivatePolicy(pair: KeyPair): Promise<void> {
  assertKindAndSize(pair.publicKey)
  const numbers = numbersOf(pair.privateKey)
  if (numbers.n !== numbers.p * numbers.q) throw inconsistent()
  // Primes are tested on other threads, while this one looks at the rest. Two primes of half the length need no trial
  // division.
  const arePrime = Promise.all([isPrime(numbers.p), isPrime(numbers.q)])
  assertStrongFactors(numbers)
  const damage = findDamage(pair)
  // Before damage: a factor that is not prime may also be why the numbers do not match.
  if ((await arePrime).includes(false)) throw weak('a factor that is not prime')
  if (damage) throw damage
}

/**
 * Whether the numbers of a private key fit together, and sign with each of Amazon Pay's salts. The arithmetic comes
 * first, because OpenSSL signs correctly with a damaged d, dp, dq or qi: it falls back silently.
 * @throws Problem `key-inconsistent`
 */
export function assertConsistent(pair: KeyPair): void {
  const damage = findDamage(pair)
  if (damage) throw damage
}

function findDamage(pair: KeyPair): Problem | null {
  if (!fits(numbersOf(pair.privateKey))) return inconsistent()
  // OpenSSL throws for numbers with which it cannot compute, such as even factors.
  try {
    if (saltLengths.every((saltLength) => signs(pair, saltLength))) return null
  } catch {}
  return inconsistent()
}

/** What GitHub accepts as the private key of a GitHub App: RSA of 2048 bits or more. */
export async function assertAppKeyPolicy(pair: KeyPair): Promise<void> {
  assertRsa(pair.publicKey, 'a GitHub App')
  const bits = bitLength(modulusOf(pair.publicKey))
  if (bits < 2048) {
    throw new Problem(
      'key-policy',
      `contains an RSA key of ${bits} bits; keys of GitHub Apps have 2048 or more`,
      anotherAppKey,
    )
  }
  assertConsistent(pair)
}

export const anotherAppKey =
  'on the settings page of the GitHub App, under “Private keys”, generate a key, and store the downloaded file'

export const makeAnother =
  'generate another with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`, or with `command: generate`'

function assertRsa(key: KeyObject, user: string): void {
  if (key.asymmetricKeyType === 'rsa') return
  throw new Problem(
    'key-wrong-kind',
    `contains a key of type ${key.asymmetricKeyType}; ${user} uses RSA keys (rsaEncryption) only`,
    makeAnother,
  )
}

function assertKindAndSize(key: KeyObject): void {
  assertRsa(key, 'Amazon Pay')
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (modulusLength !== keyParameters.modulusLength) {
    throw new Problem(
      'key-policy',
      `contains an RSA key of ${modulusLength} bits; Amazon Pay keys have ${keyParameters.modulusLength}`,
      `${makeAnother} (ssh-keygen needs \`-b 2048\`)`,
    )
  }
  if (publicExponent !== BigInt(keyParameters.publicExponent)) {
    throw new Problem(
      'key-policy',
      `contains an RSA key with public exponent ${shortened(publicExponent)}; Amazon Pay keys have ${keyParameters.publicExponent}`,
      `leave the exponent at its default: ${makeAnother}`,
    )
  }
}

/** The exponent of a damaged key can be as long as its modulus. */
function shortened(exponent: bigint | undefined): string {
  const digits = String(exponent)
  return digits.length <= 20 ? digits : `of ${digits.length} digits`
}

function assertStrongModulus(publicKey: KeyObject): void {
  const weakness = weaknessOf(modulusOf(publicKey))
  if (weakness !== null) throw weak(weakness)
}

function weak(what: string): Problem {
  return new Problem(
    'key-policy',
    `contains an RSA key that can be broken: it has ${what}`,
    `do not use this key; ${makeAnother}`,
  )
}

/** n = p·q, e·d ≡ 1, and dp, dq, qi fit (RFC 8017 §3.2). */
function fits({ n, e, d, p, q, dp, dq, qi }: RsaNumbers): boolean {
  const [p1, q1] = [p - 1n, q - 1n]
  // The last line also demands p ≠ q: nothing has an inverse modulo itself.
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

const isPrime = promisify(checkPrime)

/** Of the same length, far enough apart (FIPS 186-5, A.1.1), and not made by the flawed library. */
function assertStrongFactors({ n, p, q }: RsaNumbers): void {
  const bits = keyParameters.modulusLength / 2
  if (bitLength(p) !== bits || bitLength(q) !== bits) {
    const lengths = [bitLength(p), bitLength(q)].sort((a, b) => a - b).join(' and ')
    throw weak(`factors of ${lengths} bits, where ${bits} each are expected`)
  }
  const distance = p > q ? p - q : q - p
  if (bitLength(distance) <= bits - 100) {
    throw weak('two factors that are too close together (FIPS 186-5, A.1.1)')
  }
  if (hasRocaFingerprint(n)) throw weak(roca)
}

/** In bytes, of AMZN-PAY-RSASSA-PSS-V2 and AMZN-PAY-RSASSA-PSS. */
const saltLengths: readonly number[] = [32, 20]

function signs({ privateKey, publicKey }: KeyPair, saltLength: number): boolean {
  const message = randomBytes(32)
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const signature = sign('sha256', message, { key: privateKey, padding, saltLength })
  return verify('sha256', message, { key: publicKey, padding, saltLength }, signature)
}

export function inconsistent(
  fact = 'contains a damaged RSA private key: its numbers do not match',
): Problem {
  return new Problem(
    'key-inconsistent',
    fact,
    'copy it again from the system where it was generated (`openssl pkey -check -noout -in privateKey.pem` tells whether that copy is intact), or stage a new one with `command: generate`',
  )
}
