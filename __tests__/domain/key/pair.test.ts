import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import {
  assertConsistent,
  assertPolicy,
  keyPairOf,
  makeKeyPair,
  maskForms,
  privateKeyPem,
  publicKeyPem,
  sameKey,
} from '../../../src/domain/key/pair.ts'
import { KeyWorkshop, pkcs1With } from '../key-import/workshop.ts'

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

test('a fresh pair is under the policy and consistent, and openssl finds it whole', async () => {
  const pair = await makeKeyPair()
  expect(() => assertPolicy(pair.privateKey, 'private-key')).not.toThrow()
  expect(() => assertPolicy(pair.publicKey, 'public-key')).not.toThrow()
  expect(() => assertConsistent(pair, 'private-key')).not.toThrow()
  workshop.write('made.pem', privateKeyPem(pair))
  expect(workshop.shell('openssl pkey -in made.pem -check -noout')).toContain('valid')
  expect(workshop.shell('openssl pkey -in made.pem -pubout')).toBe(publicKeyPem(pair.publicKey))
})

test('the public half is derived from the private one', () => {
  const pair = keyPairOf(createPrivateKey(workshop.pkcs8()))
  expect(publicKeyPem(pair.publicKey)).toBe(workshop.spki())
  expect(sameKey(pair.publicKey, createPublicKey(workshop.spki()))).toBe(true)
  expect(sameKey(pair.publicKey, createPublicKey(workshop.otherSpki()))).toBe(false)
})

test('a pair that is printed shows no number', () => {
  const pair = keyPairOf(createPrivateKey(workshop.pkcs8()))
  expect(inspect(pair, { depth: 9, showHidden: true })).not.toMatch(/[0-9A-Za-z+/]{40}/)
  expect(JSON.stringify(pair)).toBe('{"privateKey":{},"publicKey":{}}')
})

test.each([
  ['n', 'a number that is not p·q'],
  ['d', 'another exponent'],
])('%s: %s', (name) => {
  const jwk = createPrivateKey(workshop.pkcs8()).export({ format: 'jwk' }) as Record<string, string>
  const value = BigInt(`0x${Buffer.from(jwk[name] ?? '', 'base64url').toString('hex')}`) + 2n
  const damaged = createPrivateKey({
    key: pkcs1With(workshop.pkcs8(), { [name]: value }),
    format: 'der',
    type: 'pkcs1',
  })
  expect(() => assertConsistent(keyPairOf(damaged), 'private-key')).toThrow(
    expect.objectContaining({ code: 'key-inconsistent' }),
  )
})

test('numbers that fit one another, but are no primes, end as a Problem too', () => {
  // p = 2^1024 - 2 is even; all congruences hold, and OpenSSL refuses to sign with it.
  const p = 2n ** 1024n - 2n
  const q = nextFitting(2n ** 1023n + 1n, p)
  const [e, p1, q1] = [65537n, p - 1n, q - 1n]
  const d = inverse(e, (p1 * q1) / gcd(p1, q1))
  const numbers = { n: p * q, e, d, p, q, dp: d % p1, dq: d % q1, qi: inverse(q, p) }
  const key = createPrivateKey({
    key: pkcs1With(workshop.pkcs8(), numbers),
    format: 'der',
    type: 'pkcs1',
  })
  expect(() => assertConsistent(keyPairOf(key), 'private-key')).toThrow(
    expect.objectContaining({ code: 'key-inconsistent' }),
  )
})

test.each([
  ['RSA-PSS', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }), 'key-wrong-kind'],
  ['Ed25519', () => generateKeyPairSync('ed25519'), 'key-wrong-kind'],
  ['1024 bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 }), 'key-policy'],
  [
    'e = 3',
    () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
    'key-policy',
  ],
] as const)('%s is refused', (_, make, code) => {
  const { privateKey, publicKey } = make()
  for (const key of [privateKey, publicKey]) {
    expect(() => assertPolicy(key, 'private-key')).toThrow(expect.objectContaining({ code }))
  }
})

test('every form to be masked is long enough to hide nothing else, and none is public', () => {
  const forms = maskForms(keyPairOf(createPrivateKey(workshop.pkcs8())))
  expect(forms.filter((form) => form.length < 16)).toEqual([])
  const publicLines = workshop
    .spki()
    .split('\n')
    .filter((line) => line !== '')
  const lines = forms.flatMap((form) => form.split(/\r?\n/))
  expect(publicLines.filter((line) => lines.includes(line))).toEqual([])
})

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b)
}

function nextFitting(from: bigint, p: bigint): bigint {
  let q = from
  while (gcd(q, p) !== 1n || gcd(65537n, q - 1n) !== 1n || (p * q).toString(2).length !== 2048)
    q += 2n
  return q
}

function inverse(a: bigint, modulus: bigint): bigint {
  let [r, s, x, y] = [a % modulus, modulus, 1n, 0n]
  while (s !== 0n) {
    const quotient = r / s
    ;[r, s, x, y] = [s, r - quotient * s, y, x - quotient * y]
  }
  return ((x % modulus) + modulus) % modulus
}
