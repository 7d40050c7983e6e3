import { createPrivateKey, createPublicKey, generatePrimeSync, type KeyObject } from 'node:crypto'
import { numbersOf, type RsaNumbers } from '../../../src/domain/key/numbers.ts'

const e = 65537n

/** The same key with other numbers, as OpenSSL takes it without a word. */
export function withNumbers(key: KeyObject, numbers: Partial<RsaNumbers>): KeyObject {
  const all = { ...numbersOf(key), ...numbers }
  const entries = Object.entries(all).map(([name, value]) => [name, base64url(value)])
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(entries) }, format: 'jwk' })
}

/** A key of two factors, each given by its primes, with which OpenSSL may well sign correctly. */
export function keyOf(ofP: readonly bigint[], ofQ: readonly bigint[]): KeyObject {
  const [p, q] = [product(ofP), product(ofQ)]
  const order = [...ofP, ...ofQ].map((one) => one - 1n).reduce((a, b) => (a / gcd(a, b)) * b)
  const d = inverse(e, order)
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) }
  const entries = Object.entries(numbers).map(([name, value]) => [name, base64url(value)])
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(entries) }, format: 'jwk' })
}

/** Nothing but a modulus and an exponent. */
export function publicKeyOf(n: bigint, exponent = e): KeyObject {
  return createPublicKey({
    key: { kty: 'RSA', n: base64url(n), e: base64url(exponent) },
    format: 'jwk',
  })
}

export function prime(bits: number): bigint {
  const found = generatePrimeSync(bits, { bigint: true })
  return (found - 1n) % e === 0n ? prime(bits) : found
}

/** The next prime from a number on. */
export function primeNear(from: bigint, isPrime: (candidate: bigint) => boolean): bigint {
  let candidate = from | 1n
  while (!isPrime(candidate) || (candidate - 1n) % e === 0n) candidate += 2n
  return candidate
}

export function product(numbers: readonly bigint[]): bigint {
  return numbers.reduce((a, b) => a * b, 1n)
}

export function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b)
}

export function inverse(a: bigint, modulus: bigint): bigint {
  let [r, s, x, y] = [a % modulus, modulus, 1n, 0n]
  while (s !== 0n) {
    const quotient = r / s
    ;[r, s, x, y] = [s, r - quotient * s, y, x - quotient * y]
  }
  return ((x % modulus) + modulus) % modulus
}

/** base^exponent modulo a number. */
export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus]
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

function base64url(value: bigint): string {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url')
}
