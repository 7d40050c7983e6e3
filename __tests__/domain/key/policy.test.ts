import * as crypto from 'node:crypto'
import {
  checkPrimeSync,
  createPublicKey,
  generateKeyPairSync,
  generatePrimeSync,
  type KeyObject,
} from 'node:crypto'
import { jest } from '@jest/globals'
import { bitLength, numbersOf, primesBelow, squareRoot } from '../../../src/domain/key/numbers.ts'
import { generateKeyPair, type KeyPair, keyPairOf } from '../../../src/domain/key/pair.ts'
import {
  assertAppKeyPolicy,
  assertConsistent,
  assertPrivatePolicy,
  assertPublicPolicy,
} from '../../../src/domain/key/policy.ts'
import { weaknessOf } from '../../../src/domain/key/weakness.ts'
import { nextKey } from '../../keys.ts'
import {
  gcd,
  inverse,
  keyOf,
  power,
  prime,
  primeNear,
  product,
  publicKeyOf,
  withNumbers,
} from './numbers.ts'

const privateKey = nextKey()
const pair = keyPairOf(privateKey)
const { n, e, d, p, q, dp, dq, qi } = numbersOf(privateKey)

const isPrime = (candidate: bigint) => checkPrimeSync(candidate, { checks: 4 })
const [p1024, q1024] = [p, numbersOf(nextKey()).q]

/** Made of fresh primes, OpenSSL refuses a key now and then: then it is made of others. */
function made(make: () => KeyObject, tries = 5): KeyPair {
  try {
    return keyPairOf(make())
  } catch (error) {
    if (tries === 1) throw error
    return made(make, tries - 1)
  }
}

test('a generated key pair is under the policy, for Amazon Pay and for a GitHub App', async () => {
  const fresh = await generateKeyPair()
  expect(() => assertPublicPolicy(fresh.publicKey)).not.toThrow()
  expect(() => assertConsistent(fresh)).not.toThrow()
  await expect(assertPrivatePolicy(fresh)).resolves.toBeUndefined()
  await expect(assertAppKeyPolicy(fresh)).resolves.toBeUndefined()
})

describe('kind and size', () => {
  test.each([
    ['RSA-PSS', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }), 'key-wrong-kind'],
    ['Ed25519', () => generateKeyPairSync('ed25519'), 'key-wrong-kind'],
    ['RSA of 1024 bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 }), 'key-policy'],
    [
      'public exponent 3',
      () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
      'key-policy',
    ],
  ] as const)('%s is refused as a public and as a private key', async (_, make, code) => {
    const key = make()
    expect(() => assertPublicPolicy(key.publicKey)).toThrow(expect.objectContaining({ code }))
    await expect(assertPrivatePolicy(key)).rejects.toMatchObject({ code })
  })

  test.each([
    [3n, 'public exponent 3;'],
    [10n ** 19n + 1n, 'public exponent 10000000000000000001;'],
    [10n ** 20n + 1n, 'public exponent of 21 digits;'],
  ])('an exponent of %s is named', (exponent, words) => {
    expect(() => assertPublicPolicy(publicKeyOf(n, exponent))).toThrow(words)
  })

  test('a GitHub App may have a key with another exponent, and none of 1024 bits or of another kind', async () => {
    const other3 = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })
    const smaller = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const other = generateKeyPairSync('ed25519')
    await expect(assertAppKeyPolicy(other3)).resolves.toBeUndefined()
    await expect(assertAppKeyPolicy(smaller)).rejects.toMatchObject({ code: 'key-policy' })
    await expect(assertAppKeyPolicy(other)).rejects.toMatchObject({ code: 'key-wrong-kind' })
  })
})

/** Primes that the flawed library may have made: each is a power of 65537 modulo all small primes. */
const rocaPrimes = [1234n, 4321n].map((exponent) => {
  const modulus = product(primesBelow(168).map(BigInt))
  const power65537 = power(65537n, exponent, modulus)
  let k = ((3n << 1022n) + exponent * (1n << 1000n)) / modulus
  while (!isPrime(k * modulus + power65537)) k++
  return k * modulus + power65537
})

describe('a public key that is easily broken', () => {
  const apart = (bits: bigint) => primeNear(p1024 + 2n ** bits, isPrime)
  test.each<[string, () => bigint, RegExp]>([
    ['an even modulus', () => n - 1n, /even modulus/],
    ['a factor of 3', () => 3n * p1024, /divisible by 3$/],
    ['a factor of 65539', () => 65539n * p1024, /divisible by 65539$/],
    ['the largest prime below 2^17', () => 131071n * p1024, /divisible by 131071$/],
    ['a square', () => p1024 * p1024, /\(nearly\) equal/],
    ['two neighbours', () => p1024 * primeNear(p1024 + 2n, isPrime), /\(nearly\) equal/],
    ['primes that are close together', () => p1024 * apart(515n), /\(nearly\) equal/],
    ['the fingerprint of ROCA', () => product(rocaPrimes), /ROCA/],
  ])('%s is named', (_, make, words) => {
    expect(weaknessOf(make())).toMatch(words)
  })

  test('small factors are found by a program that has just begun', async () => {
    jest.resetModules()
    const fresh = await import('../../../src/domain/key/weakness.ts')
    for (const factor of [3n, 251n, 65539n, 131071n]) {
      expect(fresh.weaknessOf(factor * p1024)).toBe(`a modulus that is divisible by ${factor}`)
    }
    expect(fresh.weaknessOf(n)).toBeNull()
  })

  test('primes that are further apart are left to the test of the factors', () => {
    expect(weaknessOf(p1024 * apart(530n))).toBeNull()
  })

  test('a weak modulus of 2048 bits is refused', () => {
    expect(() => assertPublicPolicy(publicKeyOf(n - (n % 3n)))).toThrow(
      expect.objectContaining({
        code: 'key-policy',
        fact: expect.stringContaining('can be broken'),
      }),
    )
  })

  test('an ordinary modulus has no weakness', () => {
    expect(weaknessOf(n)).toBeNull()
    expect(() => assertPublicPolicy(publicKeyOf(n))).not.toThrow()
  })
})

describe('the factors of a private key', () => {
  const longer = primeNear(2n ** 1024n, isPrime)
  const shorter = primeNear(5n * 2n ** 1021n, isPrime)
  // FIPS 186-5 asks for a distance of more than 2^924. The next prime is some hundreds away.
  const above = (side: bigint) => primeNear(p1024 + 2n ** 924n + side * 2n ** 40n, isPrime)
  const below = (side: bigint) => primeNear(p1024 - 2n ** 924n - side * 2n ** 40n, isPrime)
  const cases: [string, () => KeyObject, RegExp][] = [
    ['p = 3', () => keyOf([3n], [p1024, prime(1022)]), /2 and 2046 bits/],
    ['p = 65539', () => keyOf([65539n], [p1024, prime(1008)]), /17 and 2032 bits/],
    ['a prime of 64 bits', () => keyOf([prime(64)], [p1024, prime(960)]), /64 and 1984 bits/],
    ['primes of unequal length', () => keyOf([prime(1000)], [prime(1048)]), /1000 and 1048/],
    ['a p of two primes', () => keyOf([prime(512), prime(512)], [q1024]), /not prime/],
    ['a q of two primes', () => keyOf([p1024], [prime(512), prime(512)]), /not prime/],
    ['a p that is one bit longer', () => keyOf([longer], [shorter]), /of 1024 and 1025 bits/],
    ['a q that is one bit longer', () => keyOf([shorter], [longer]), /of 1024 and 1025 bits/],
    ['a q that is too close above p', () => keyOf([p1024], [above(-1n)]), /too close together/],
    ['a q that is too close below p', () => keyOf([p1024], [below(-1n)]), /too close together/],
    [
      'primes of the flawed library',
      () => keyOf([rocaPrimes[0] ?? 0n], [rocaPrimes[1] ?? 0n]),
      /ROCA/,
    ],
  ]

  test.each(cases)('%s: refused as key-policy', async (_, make, words) => {
    const key = madeOf2048Bits(make)
    await expect(assertPrivatePolicy(key)).rejects.toMatchObject({
      code: 'key-policy',
      fact: expect.stringMatching(words),
    })
  })

  test('a factor that is not prime comes before damage', async () => {
    const whole = madeOf2048Bits(() => keyOf([prime(512), prime(512)], [q1024]))
    const { dp } = numbersOf(whole.privateKey)
    const key = keyPairOf(withNumbers(whole.privateKey, { dp: dp + 1n }))
    await expect(assertPrivatePolicy(key)).rejects.toMatchObject({ code: 'key-policy' })
    expect(() => assertConsistent(key)).toThrow('its numbers do not match')
  })

  test.each([above, below])('primes that are far enough apart are no fault', async (far) => {
    const key = made(() => keyOf([p1024], [far(1n)]))
    await expect(assertPrivatePolicy(key)).resolves.toBeUndefined()
  })

  function madeOf2048Bits(make: () => KeyObject, tries = 40): KeyPair {
    const key = made(make)
    const is2048 = key.publicKey.asymmetricKeyDetails?.modulusLength === 2048
    return is2048 || tries === 1 ? key : madeOf2048Bits(make, tries - 1)
  }
})

/** The policy with other functions in place of OpenSSL's. */
async function policyWith(functions: object) {
  jest.resetModules()
  jest.unstable_mockModule('node:crypto', () => ({ ...crypto, ...functions }))
  return import('../../../src/domain/key/policy.ts')
}

describe('the arithmetic of a private key', () => {
  // Each breaks one rule and keeps the others.
  const dOfP = d + (p - 1n)
  const dOfQ = d + (q - 1n)
  const dOfN = inverse(e, n - 1n)
  const cases: [string, Parameters<typeof withNumbers>[1]][] = [
    ['n is not p·q', { n: n + 2n }],
    ['p is 1', { p: 1n, q: n, dp: 0n, dq: d % (n - 1n), qi: 0n }],
    ['q is 1', { p: n, q: 1n, d: dOfN, dp: dOfN, dq: 0n, qi: 1n }],
    ['e·d is not 1 modulo q − 1', { d: dOfP, dq: dOfP % (q - 1n) }],
    ['e·d is not 1 modulo p − 1', { d: dOfQ, dp: dOfQ % (p - 1n) }],
    ['dp does not fit', { dp: dp + 1n }],
    ['dq does not fit', { dq: dq + 1n }],
    ['qi is not reduced', { qi: qi + p }],
    ['qi does not fit', { qi: qi === 2n ? 3n : qi - 1n }],
    ['q is another prime', { q: 3n, dq: d % 2n, qi: inverse(3n, p) }],
  ]

  test.each(cases)('%s: damaged, although OpenSSL may sign with it', async (_, numbers) => {
    const key = { privateKey: withNumbers(privateKey, numbers), publicKey: pair.publicKey }
    const problem = expect.objectContaining({ code: 'key-inconsistent' })
    expect(() => assertConsistent(key)).toThrow(problem)
    await expect(assertPrivatePolicy(key)).rejects.toMatchObject({
      code: numbers.p === 1n || numbers.q === 1n ? 'key-policy' : 'key-inconsistent',
    })
  })

  test.each(cases)('%s: damaged, whatever OpenSSL signs with it', async (_, numbers) => {
    const sign = () => Buffer.alloc(256)
    const { assertConsistent } = await policyWith({ sign, verify: () => true })
    const key = { privateKey: withNumbers(privateKey, numbers), publicKey: pair.publicKey }
    expect(() => assertConsistent(key)).toThrow('its numbers do not match')
    expect(() => assertConsistent(pair)).not.toThrow()
  })

  test('d = 1 with e = 1 satisfies every congruence and is damaged all the same', () => {
    const key = withNumbers(privateKey, { e: 1n, d: 1n, dp: 1n, dq: 1n })
    expect(() => assertConsistent(keyPairOf(key))).toThrow('its numbers do not match')
  })

  test('a d that is not reduced modulo n is damaged', () => {
    // OpenSSL takes no d that is longer than n: where p − 1 and q − 1 share 2^64, there is room for one between the two.
    const near = () => generatePrimeSync(1024, { add: 2n ** 64n, rem: 1n, bigint: true })
    const key = made(() => {
      const whole = keyOf([near()], [near()])
      const numbers = numbersOf(whole)
      const [p1, q1] = [numbers.p - 1n, numbers.q - 1n]
      const order = (p1 / gcd(p1, q1)) * q1
      return withNumbers(whole, { d: numbers.d + order * (numbers.n / order + 1n) })
    })
    expect(() => assertConsistent(key)).toThrow('its numbers do not match')
  })

  test('factors with which OpenSSL cannot compute end as a Problem too', () => {
    // p is even; all congruences hold, and OpenSSL refuses to sign.
    const even = 2n ** 1024n - 2n
    let odd = 2n ** 1023n + 1n
    while (gcd(odd, even) !== 1n || gcd(e, odd - 1n) !== 1n) odd += 2n
    const [p1, q1] = [even - 1n, odd - 1n]
    const d = inverse(e, (p1 * q1) / gcd(p1, q1))
    const numbers = { n: even * odd, d, p: even, q: odd, dp: d % p1, dq: d % q1 }
    const key = keyPairOf(withNumbers(privateKey, { ...numbers, qi: inverse(odd, even) }))
    expect(() => assertConsistent(key)).toThrow(
      expect.objectContaining({ code: 'key-inconsistent' }),
    )
  })

  test('an undamaged key is consistent', () => {
    expect(() => assertConsistent(pair)).not.toThrow()
    expect(() => assertConsistent(keyPairOf(withNumbers(privateKey, {})))).not.toThrow()
  })

  test('the public key of another pair does not fit', () => {
    const other = createPublicKey(nextKey())
    expect(() => assertConsistent({ privateKey, publicKey: other })).toThrow(
      expect.objectContaining({ code: 'key-inconsistent' }),
    )
  })

  test('a key that signs with one of Amazon’s two salts only is damaged', async () => {
    let salts: unknown[] = []
    let broken = 0
    const fresh = await policyWith({
      verify: (...args: Parameters<typeof crypto.verify>) => {
        const { saltLength } = args[2] as { saltLength: number }
        salts.push(saltLength)
        return saltLength !== broken && crypto.verify(...args)
      },
    })
    fresh.assertConsistent(pair)
    expect(salts).toEqual([32, 20])
    for (broken of [32, 20]) {
      salts = []
      expect(() => fresh.assertConsistent(pair)).toThrow('its numbers do not match')
    }
  })
})

test('primes are listed up to a limit, and without it', () => {
  expect(primesBelow(2)).toEqual([])
  expect(primesBelow(29)).toEqual([2, 3, 5, 7, 11, 13, 17, 19, 23])
  expect(primesBelow(50)).toEqual([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47])
})

test('bits are counted', () => {
  expect([0n, 1n, 2n, 255n, 256n].map(bitLength)).toEqual([0, 1, 2, 8, 9])
})

test('square roots are whole numbers, rounded down', () => {
  for (const [value, root] of [
    [0n, 0n],
    [1n, 1n],
    [3n, 1n],
    [4n, 2n],
    [24n, 4n],
    [25n, 5n],
  ]) {
    expect(squareRoot(value ?? 0n)).toBe(root)
  }
  expect(squareRoot(p * p)).toBe(p)
  expect(squareRoot(p * p - 1n)).toBe(p - 1n)
})
