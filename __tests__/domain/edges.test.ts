import { createHook } from 'node:async_hooks'
import {
  createPrivateKey,
  createPublicKey,
  generatePrimeSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { jest } from '@jest/globals'
import { readPublicKeyId } from '../../src/domain/amazon-pay/public-key-id.ts'
import { proofRequest } from '../../src/domain/amazon-pay/signature.ts'
import { judge, refuses } from '../../src/domain/amazon-pay/verdict.ts'
import {
  assertConsistent,
  beginKeyPair,
  keyPairOf,
  makeKeyPair,
  maskForms,
} from '../../src/domain/key/pair.ts'
import { Problem } from '../../src/domain/problem.ts'
import { type KeyRecord, readKeyRecord } from '../../src/domain/rotation/record.ts'
import {
  readPrefix,
  type Slot,
  slotNames,
  type TargetState,
} from '../../src/domain/rotation/slots.ts'
import { planStaging, type StagingWish } from '../../src/domain/rotation/staging.ts'
import { nextKey } from '../keys.ts'

// What mutation testing found that no other test would have noticed (docs/mutation.md).

const privateKey = nextKey()
const pair = keyPairOf(privateKey)
const jwk = privateKey.export({ format: 'jwk' }) as Required<JsonWebKey>

const numberOf = (name: string): bigint =>
  BigInt(`0x${Buffer.from(String(jwk[name]), 'base64url').toString('hex')}`)
const [n, e, d, p, q, dp, dq, qi] = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map(numberOf) as [
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
]

function problemOf(act: () => unknown): Problem {
  try {
    act()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('no problem')
}

/** The same key with other numbers, as OpenSSL takes it without a word. */
function damaged(numbers: Record<string, bigint>): KeyObject {
  const changed = Object.entries(numbers).map(([name, value]) => {
    const hex = value.toString(16)
    const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
    return [name, bytes.toString('base64url')]
  })
  return createPrivateKey({ key: { ...jwk, ...Object.fromEntries(changed) }, format: 'jwk' })
}

/** Made of fresh primes, OpenSSL refuses one now and then: then of others. */
function damagedSomehow(numbers: () => Record<string, bigint>, tries = 5): KeyObject {
  try {
    return damaged(numbers())
  } catch (error) {
    if (tries === 1) throw error
    return damagedSomehow(numbers, tries - 1)
  }
}

/** A key of two factors, each given by its primes, with which OpenSSL signs correctly in any case. */
function keyOf(ofP: readonly bigint[], ofQ: readonly bigint[]) {
  const [p, q] = [product(ofP), product(ofQ)]
  const order = [...ofP, ...ofQ].map((one) => one - 1n).reduce((a, b) => (a / gcd(a, b)) * b)
  const d = inverse(e, order)
  return { n: p * q, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) }
}

function product(numbers: readonly bigint[]): bigint {
  return numbers.reduce((a, b) => a * b)
}

function prime(bits: number): bigint {
  const found = generatePrimeSync(bits, { bigint: true })
  return (found - 1n) % e === 0n ? prime(bits) : found
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b)
}

function inverse(a: bigint, modulus: bigint): bigint {
  let [r, s, x, y] = [a % modulus, modulus, 1n, 0n]
  while (s !== 0n) {
    const quotient = r / s
    ;[r, s, x, y] = [s, r - quotient * s, y, x - quotient * y]
  }
  return ((x % modulus) + modulus) % modulus
}

describe('the arithmetic of a private key', () => {
  // Each breaks one rule and keeps the others.
  const dOfP = d + (p - 1n)
  const dOfQ = d + (q - 1n)
  const cases: [string, Record<string, bigint>][] = [
    ['n is not p·q', { n: n + 2n }],
    ['p is 1', { p: 1n, q: n, dp: 0n, dq: d % (n - 1n), qi: 0n }],
    ['q is 1', { p: n, q: 1n, dp: d % (n - 1n), dq: 0n, qi: 1n }],
    ['e·d is not 1 modulo q − 1', { d: dOfP, dq: dOfP % (q - 1n) }],
    ['e·d is not 1 modulo p − 1', { d: dOfQ, dp: dOfQ % (p - 1n) }],
    ['dp does not fit', { dp: dp + 1n }],
    ['dq does not fit', { dq: dq + 1n }],
    ['qi is not reduced', { qi: qi + p }],
    ['qi does not fit', { qi: qi === 2n ? 3n : qi - 1n }],
  ]

  test.each(cases)('%s', (_, numbers) => {
    const key = { privateKey: damaged(numbers), publicKey: pair.publicKey }
    expect(problemOf(() => assertConsistent(key, 'private-key')).code).toBe('key-inconsistent')
  })

  const onlyP = () => {
    const [p, q] = [2n ** 2048n - 1n, 1n]
    const d = inverse(e, p - 1n)
    return { n: p, d, p, q, dp: d, dq: 0n, qi: 1n }
  }
  // OpenSSL takes no d that is longer than n: here is room for one between the two.
  const unreduced = () => {
    const near = () => generatePrimeSync(1024, { add: 2n ** 64n, rem: 1n, bigint: true })
    const numbers = keyOf([near()], [near()])
    const [p1, q1] = [numbers.p - 1n, numbers.q - 1n]
    const order = (p1 / gcd(p1, q1)) * q1
    return { ...numbers, d: numbers.d + order * (numbers.n / order + 1n) }
  }
  // OpenSSL signs with each of these, or with some of them, as with a whole key.
  test.each<[string, () => Record<string, bigint>]>([
    ['q is 1, and all congruences hold', onlyP],
    ['q is another prime', () => ({ q: 3n, dq: d % 2n, qi: inverse(3n, p) })],
    ['p is a product of two primes', () => keyOf([prime(512), prime(512)], [prime(1024)])],
    ['q is a product of two primes', () => keyOf([prime(1024)], [prime(512), prime(512)])],
    ['d is not reduced', unreduced],
    ['d is 1', () => ({ e: 1n, d: 1n, dp: 1n, dq: 1n })],
    [
      'qi is not reduced, in primes of unequal length',
      () => {
        const numbers = keyOf([prime(1000)], [prime(1048)])
        return { ...numbers, qi: numbers.qi + numbers.p }
      },
    ],
  ])('%s, and it may sign all the same', (_, numbers) => {
    const key = keyPairOf(damagedSomehow(numbers))
    expect(problemOf(() => assertConsistent(key, 'private-key')).code).toBe('key-inconsistent')
  })

  test('primes of unequal length are no damage', () => {
    const key = keyPairOf(damaged(keyOf([prime(1000)], [prime(1048)])))
    expect(() => assertConsistent(key, 'private-key')).not.toThrow()
  })

  test('a whole one', () => {
    expect(e).toBe(65537n)
    assertConsistent(pair, 'private-key')
    expect(() =>
      assertConsistent({ privateKey: damaged({}), publicKey: pair.publicKey }, 'x'),
    ).not.toThrow()
  })

  test('the public half of another key', () => {
    const other = createPublicKey(nextKey())
    expect(
      problemOf(() => assertConsistent({ privateKey, publicKey: other }, 'private-key')).code,
    ).toBe('key-inconsistent')
  })
})

test('every spelling of a private key is masked', () => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const bare = pem.slice(0, -1)
  const crlf = pem.split('\n').join('\r\n')
  const texts = [pem, bare, crlf, crlf.slice(0, -2)]
  const members = ['d', 'p', 'q', 'dp', 'dq', 'qi'].map((name) => {
    const bytes = Buffer.from(String(jwk[name]), 'base64url')
    return [bytes.toString('base64url'), bytes.toString('base64'), bytes.toString('hex')]
  })
  const lines = bare.split('\n')
  expect(new Set(maskForms(pair))).toEqual(
    new Set([
      ...texts,
      ...texts.map((text) => Buffer.from(text).toString('base64')),
      pem.split('\n').join('\\n'),
      bare.split('\n').join('\\n'),
      lines.join(' '),
      lines.slice(1, -1).join(''),
      ...members.flat(),
    ]),
  )
})

test('a pair that was begun is the one that is made, once', async () => {
  let begun = 0
  const hook = createHook({
    init: (_, type) => {
      if (/KEYPAIRGEN/.test(type)) begun += 1
    },
  }).enable()
  const seen: number[] = []
  beginKeyPair()
  seen.push(begun)
  beginKeyPair()
  seen.push(begun)
  const first = await makeKeyPair()
  seen.push(begun)
  const second = await makeKeyPair()
  seen.push(begun)
  hook.disable()
  // A pair takes a tenth of a second to find: it is looked for while GitHub is asked.
  expect(seen).toEqual([1, 1, 1, 2])
  expect(first.publicKey.equals(second.publicKey)).toBe(false)
})

test('a key that signs with one of Amazon’s two salts only is damaged', async () => {
  jest.resetModules()
  const crypto = await import('node:crypto')
  let salts: unknown[] = []
  let broken = 0
  jest.unstable_mockModule('node:crypto', () => ({
    ...crypto,
    verify: (...args: Parameters<typeof crypto.verify>) => {
      const { saltLength } = args[2] as { saltLength: number }
      salts.push(saltLength)
      return saltLength !== broken && crypto.verify(...args)
    },
  }))
  const fresh = await import('../../src/domain/key/pair.ts')
  fresh.assertConsistent(pair, 'private-key')
  expect(salts).toEqual([32, 20])
  for (broken of [32, 20]) {
    salts = []
    expect(() => fresh.assertConsistent(pair, 'private-key')).toThrow('its numbers do not fit')
  }
})

describe('a key record', () => {
  const record: KeyRecord = {
    version: 1,
    fingerprint: '',
    publicKey: '',
    publicKeyId: 'LIVE-AAAAAAAAAAAAAAAAAAAAAAAA',
    region: 'us',
    payEnvironment: 'live',
    madeAt: '2026-11-24T21:30:00Z',
    activatedAt: '2026-11-24T21:30:00Z',
    run: 'https://github.com/acme/shop/actions/runs/1',
  }
  const whole = async () => {
    const { fingerprint } = await import('../../src/domain/key/fingerprint.ts')
    const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string
    return { ...record, fingerprint: fingerprint(pair.publicKey), publicKey }
  }
  const read = (value: unknown) => readKeyRecord(JSON.stringify(value), 'AMAZON_PAY_KEY')

  test.each([
    ['live', { payEnvironment: 'live' }],
    ['an ID without prefix', { publicKeyId: 'A'.repeat(24) }],
    ['a run of 500 characters', { run: 'x'.repeat(500) }],
  ])('may hold %s', async (_, more) => {
    expect(read({ ...(await whole()), ...more })).toMatchObject(more)
  })

  test.each([
    ['run', { run: '' }],
    ['run', { run: 'x'.repeat(501) }],
    ['run', { run: 7 }],
    ['publicKeyId', { publicKeyId: `x${'A'.repeat(24)}` }],
    ['publicKeyId', { publicKeyId: `${'A'.repeat(24)}\n` }],
    ['publicKeyId', { publicKeyId: `${'A'.repeat(24)}x` }],
    ['publicKeyId', { publicKeyId: ['A'.repeat(24)] }],
    ['publicKeyId', { publicKeyId: 'SANDBOX-' }],
    ['madeAt', { madeAt: ' 2026-11-24T21:30:00Z' }],
    ['madeAt', { madeAt: '2026-11-24T21:30:00Z ' }],
    // A year of six digits, and what Date.parse reads no further than.
    ['madeAt', { madeAt: '+002026-11-24T21:30:00Z' }],
    ['madeAt', { madeAt: '2026-11-24T21:30:00Z\0look elsewhere' }],
    ['madeAt', { madeAt: ['2026-11-24T21:30:00Z'] }],
    ['madeAt', { madeAt: '2026-13-24T21:30:00Z' }],
    ['payEnvironment', { payEnvironment: '' }],
  ])('refused for its %s: %j', async (member, more) => {
    const value = { ...(await whole()), ...more }
    expect(problemOf(() => read(value)).fact).toContain(`its member ${member} is missing`)
  })

  test('no JSON, and other JSON, each in its own words', () => {
    expect(problemOf(() => readKeyRecord('{', 'X')).fact).toContain('it is not JSON')
    for (const text of ['7', 'null', '"text"', '[]', 'true']) {
      expect(problemOf(() => readKeyRecord(text, 'X')).fact).toContain('it is not a JSON object')
    }
  })

  test('a public key that is none', async () => {
    const junk = '-----BEGIN PUBLIC KEY-----\njunk\n-----END PUBLIC KEY-----\n'
    const value = { ...(await whole()), publicKey: junk }
    expect(problemOf(() => read(value)).fact).toContain('does not hash to its fingerprint')
  })
})

describe('a Public Key ID', () => {
  const fact = (text: string) => problemOf(() => readPublicKeyId(text, { input: 'x' })).fact

  test.each([
    [`"${'A'.repeat(24)}" "`, 'holds quotes inside'],
    [`x"${'A'.repeat(24)}"`, 'begins before its quotes'],
    [`"${'A'.repeat(24)}"x`, 'ends after its quotes'],
    [`x-SANDBOX-${'A'.repeat(24)}`, 'has something before its prefix'],
    [`${'A'.repeat(24)}-SANDBOX`, 'has its prefix behind'],
  ])('%s %s', (text) => {
    expect(fact(text)).toMatch(/^x /)
  })

  test('is quoted whole or not at all', () => {
    expect(fact('B'.repeat(64))).toContain('B'.repeat(64))
    expect(fact('B'.repeat(65))).toContain('65 characters')
    expect(fact('B'.repeat(65))).not.toContain('BBB')
    expect(fact('a_b*c')).not.toContain('a_b*c')
  })

  test.each([
    ['nota amzn1.application-oa2-client.1', /is a store ID/],
    ['nota amzn1.2', /another Amazon ID/],
    ['xAKIAABCDEFGHIJKLMNOP', /access key ID/],
    ['AKIAABCDEFGHIJKLMNOPQ', /access key ID/],
    ['not SHA256:abc', /is the fingerprint/],
    ['notfrom-approval', /is from-approval/],
    ['from-approvals', /is from-approval/],
    [`SANDBOX-${'A'.repeat(23)}`, /is too short: 15 /],
  ])('%s is not taken for what only resembles it', (text, words) => {
    expect(fact(text)).not.toMatch(words)
  })

  test('a prefix of somebody else is one only at the beginning', () => {
    expect(fact(`LIVES-${'A'.repeat(24)}`)).toContain('prefix other than')
    expect(fact(`1-LIVES-${'A'.repeat(24)}`)).not.toContain('prefix other than')
    expect(fact(`AB-LIVE-${'A'.repeat(20)}`)).toContain('too long: 28 ')
  })

  test('what it looks like decides the hint', () => {
    const hint = (text: string) => problemOf(() => readPublicKeyId(text, { input: 'x' })).hint
    expect(hint(`SHA256:${'a'.repeat(43)}`)).toContain('Amazon does not know it')
  })

  test('the length that is told is without the prefix', () => {
    expect(fact(`SANDBOX-${'A'.repeat(23)}`)).toContain('23 characters instead of 24')
    expect(fact(`LIVE-${'A'.repeat(25)}`)).toContain('25 characters instead of 24')
  })
})

test('only a prefix at the beginning says where an ID is served', () => {
  const { path } = proofRequest({
    privateKey,
    publicKeyId: 'XLIVE-AAAAAAAAAAAAAAAAAAAAAAAA',
    region: 'us',
    payEnvironment: 'sandbox',
    at: new Date(0),
  })
  expect(path).toMatch(/^\/sandbox\//)
})

test('an empty prefix is called empty', () => {
  expect(problemOf(() => readPrefix(' ')).fact).toBe('prefix is empty')
})

describe('staging', () => {
  const stored = { createdAt: '2026-11-20T00:00:00Z', updatedAt: '2026-11-20T00:00:00Z' }
  const names = slotNames('AMAZON_PAY')
  const wish: StagingWish = {
    names,
    brought: null,
    replaceStaged: null,
    region: null,
    payEnvironment: null,
    run: 'run 2',
    now: new Date('2026-11-24T21:30:00Z'),
  }
  const holding = (slot: Slot, more: Partial<KeyRecord>): TargetState => {
    const record: KeyRecord = {
      version: 1,
      fingerprint: 'SHA256:one',
      publicKey: '',
      publicKeyId: null,
      region: 'us',
      payEnvironment: 'live',
      madeAt: '2026-11-20T00:00:00Z',
      activatedAt: null,
      run: 'run 1',
      ...more,
    }
    const none = { current: null, next: null, previous: null }
    return {
      privateKey: { ...none, [slot]: stored },
      publicKeyId: null,
      records: { ...none, [slot]: { ...stored, record } },
      room: null,
    }
  }
  const refusal = (state: TargetState, more: Partial<StagingWish>): Problem => {
    const planned = planStaging([state], { ...wish, ...more })
    const [problem] = 'refusals' in planned ? planned.refusals : []
    if (!problem) throw new Error('no refusal')
    return problem
  }

  test.each([
    ['current', 'make a new pair', 'to go back'],
    ['previous', 'to go back to the previous key', 'nothing of the kind'],
  ] as const)('the %s key is brought: what to do instead', (slot, hint, not) => {
    const problem = refusal(holding(slot, {}), { brought: 'SHA256:one' })
    expect(problem.hint).toContain(hint)
    expect(problem.hint).not.toContain(not)
  })

  test.each([
    ['next', 'staged'],
    ['current', 'current'],
  ] as const)('the place of the key in %s is another', (slot, called) => {
    const region = refusal(holding(slot, {}), { region: 'eu' })
    expect(region.code).toBe('region-mismatch')
    expect(region.fact).toMatch(/^region is eu, but variable \w+ says us for the /)
    expect(region.fact).toContain(`the ${called} key`)
    expect(region.fact).toContain(names.record[slot])
    const view = refusal(holding(slot, {}), { payEnvironment: 'sandbox' })
    expect(view.code).toBe('pay-environment-mismatch')
    expect(view.fact).toMatch(/^pay-environment is sandbox, but .* says live for the /)
  })

  test('consent to drop the staged key is none to move the current one', () => {
    const { records, ...rest } = holding('current', {})
    const both = { ...rest, records: { ...records, next: records.current } }
    const staged = { ...both, privateKey: { ...both.privateKey, next: stored } }
    const region = refusal(staged, { region: 'eu', replaceStaged: 'SHA256:one' })
    expect(region.code).toBe('region-mismatch')
    expect(region.fact).toContain('the current key')
  })

  test('nothing is brought: no key is the one that is brought', () => {
    const none = { current: null, next: null, previous: null }
    const empty: TargetState = { privateKey: none, publicKeyId: null, records: none, room: null }
    expect(planStaging([empty], wish)).toEqual({ plan: { moves: ['stage'], staged: null } })
  })
})

describe('what Amazon answers', () => {
  const stringToSign = `AMZN-PAY-RSASSA-PSS-V2\n${'a'.repeat(64)}`
  const answered = (status: number, reasonCode: string, message: unknown) =>
    judge(
      {
        status,
        contentType: 'application/json',
        body: JSON.stringify({ reasonCode, message }),
        date: null,
        requestId: null,
      },
      stringToSign,
      new Date(0),
    )

  test.each([
    ['\n', 'a', 'signature'],
    ['\\n', 'a', 'signature'],
    ['\\n  ', 'a', 'signature'],
    [' \n ', 'b', 'undecided'],
    ['', 'b', 'undecided'],
    ['\\n', 'b', 'undecided'],
    [' \\n', 'b', 'undecided'],
    ['\\n ', 'b', 'undecided'],
  ])('an echo after %j of %s', (gap, letter, verdict) => {
    for (const algorithm of ['AMZN-PAY-RSASSA-PSS', 'AMZN-PAY-RSASSA-PSS-V2']) {
      const echo = `signing String [${algorithm}${gap}${letter.toUpperCase().repeat(64)}]`
      expect(answered(403, 'InvalidRequestSignature', echo).verdict).toBe(verdict)
    }
  })

  test('an echo beside another refusal means nothing', () => {
    const echo = `[AMZN-PAY-RSASSA-PSS-V2\n${'b'.repeat(64)}]`
    expect(answered(401, 'InvalidRequestSignature', echo).verdict).toBe('unknown')
    expect(answered(404, 'ResourceNotFound', echo).verdict).toBe('accepted')
  })

  test('its message on one line, cut, and without the signature', () => {
    const { message } = answered(
      403,
      'InvalidRequestSignature',
      `Unable  to\n\n verify signature [${'x'.repeat(344)}] ${'y '.repeat(300)}`,
    )
    expect(message).toMatch(/^Unable to verify signature \[…\] y y/)
    expect(message).toHaveLength(300)
    expect(answered(403, 'X', `signature [${'x'.repeat(500)}`).message).toBe('signature […]')
  })

  test('a refusal without a message echoes nothing', () => {
    expect(answered(403, 'InvalidRequestSignature', 7).verdict).toBe('signature')
  })

  test('a message that is no text is none', () => {
    expect(answered(403, 'X', 7).message).toBeNull()
    expect(answered(403, 'X', { a: 1 }).message).toBeNull()
  })

  test('no answer refuses nothing', () => {
    expect(refuses(judge(null, stringToSign, new Date(0)))).toBe(false)
  })

  test('a body that is no JSON says nothing', () => {
    const answer = {
      status: 404,
      contentType: 'application/json',
      body: '{',
      date: null,
      requestId: null,
    }
    expect(judge(answer, stringToSign, new Date(0))).toMatchObject({
      verdict: 'undecided',
      reasonCode: null,
      message: null,
    })
  })
})
