import type { KeyObject } from 'node:crypto'

/** The numbers of an RSA private key of two primes (RFC 8017 §3.2). */
export interface RsaNumbers {
  readonly n: bigint
  readonly e: bigint
  readonly d: bigint
  readonly p: bigint
  readonly q: bigint
  readonly dp: bigint
  readonly dq: bigint
  readonly qi: bigint
}

export function numbersOf(privateKey: KeyObject): RsaNumbers {
  const jwk = privateKey.export({ format: 'jwk' }) as Record<keyof RsaNumbers, string>
  const [n, e, d, p] = [number(jwk.n), number(jwk.e), number(jwk.d), number(jwk.p)]
  const [q, dp, dq, qi] = [number(jwk.q), number(jwk.dp), number(jwk.dq), number(jwk.qi)]
  return { n, e, d, p, q, dp, dq, qi }
}

export function modulusOf(publicKey: KeyObject): bigint {
  return number((publicKey.export({ format: 'jwk' }) as { n: string }).n)
}

function number(member: string): bigint {
  return BigInt(`0x0${Buffer.from(member, 'base64url').toString('hex')}`)
}

/** Number of bits of a number that is not negative. */
export function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length
}

/** The largest integer whose square is not above a number (Newton's method). */
export function squareRoot(value: bigint): bigint {
  if (value === 0n) return 0n
  let root = 1n << BigInt(Math.ceil(bitLength(value) / 2))
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** All primes below a limit (sieve of Eratosthenes). */
export function primesBelow(limit: number): number[] {
  const composite = new Uint8Array(limit)
  const primes: number[] = []
  for (let candidate = 2; candidate < limit; candidate++) {
    if (composite[candidate]) continue
    primes.push(candidate)
    for (let multiple = candidate * candidate; multiple < limit; multiple += candidate) {
      composite[multiple] = 1
    }
  }
  return primes
}

/** A constant that is computed when it is first needed, and not when the module is loaded. */
export function computedOnce<T>(compute: () => T): () => T {
  let result: { readonly value: T } | null = null
  return () => {
    result ??= { value: compute() }
    return result.value
  }
}
