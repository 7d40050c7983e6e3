import { computedOnce, primesBelow, squareRoot } from './numbers.ts'

/** What makes a modulus easy to factor, as far as the public key alone tells; null where nothing was found. */
export function weaknessOf(modulus: bigint): string | null {
  if (modulus % 2n === 0n) return 'an even modulus'
  const factor = smallFactorOf(modulus)
  if (factor !== null) return `a modulus that is divisible by ${factor}`
  if (isNearSquare(modulus)) return 'a modulus whose two factors are (nearly) equal'
  if (hasRocaFingerprint(modulus)) return roca
  return null
}

export const roca =
  'a modulus with the fingerprint of ROCA (CVE-2017-15361), a flaw of some smart cards and TPMs'

/** Trial division goes this far; a record's key is checked for every target, so it has to take milliseconds. */
const smallFactorLimit = 2 ** 17

/** Dividing a number of 2048 bits is slow, so primes are taken in threes, whose product is still an exact number. */
const primeGroups = computedOnce(() => groupsOf(primesBelow(smallFactorLimit)))

function groupsOf(primes: readonly number[]): { primes: number[]; product: bigint }[] {
  const groups: number[][] = []
  for (let at = 0; at < primes.length; at += 3) groups.push(primes.slice(at, at + 3))
  return groups.map((group) => ({ primes: group, product: BigInt(group.reduce((a, b) => a * b)) }))
}

function smallFactorOf(modulus: bigint): number | null {
  for (const { primes, product } of primeGroups()) {
    const remainder = Number(modulus % product)
    const factor = primes.find((prime) => remainder % prime === 0)
    if (factor !== undefined) return factor
  }
  return null
}

/** Steps of Fermat's method: it finds factors whose difference is small compared with their fourth root. */
const fermatSteps = 100

/** What a square can be modulo 16: it spares three of four square roots. */
const squaresModulo16 = new Set([0n, 1n, 4n, 9n])

function isNearSquare(modulus: bigint): boolean {
  // The square root, rounded up.
  let a = squareRoot(modulus - 1n) + 1n
  for (let step = 0; step < fermatSteps; step++, a++) {
    const square = a * a - modulus
    if (!squaresModulo16.has(square & 15n)) continue
    const root = squareRoot(square)
    if (root * root === square) return true
  }
  return false
}

/** The primes by which the fingerprint is recognised (Nemec and others, “The Return of Coppersmith's Attack”, 2017). */
const rocaPrimes = primesBelow(168)

/** Primes of the flawed library are a power of 65537 modulo each small prime, and so is their product. */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return rocaPrimes.every((prime) => isPowerOf65537(Number(modulus % BigInt(prime)), prime))
}

function isPowerOf65537(value: number, prime: number): boolean {
  let power = 1
  do {
    if (power === value) return true
    power = (power * 65537) % prime
  } while (power !== 1)
  return false
}
