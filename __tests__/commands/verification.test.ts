import { constants, verify as verifySignature } from 'node:crypto'
import { jest } from '@jest/globals'
import type { AmazonPayWorld, Claim } from '../../src/commands/shared/ask-amazon-pay.ts'
import {
  rejectionAdvice,
  scopeToVerify,
  settle,
  type Verification,
  verify,
} from '../../src/commands/shared/verification.ts'
import { type Deletion, verifyDeleted } from '../../src/commands/shared/verify-deleted.ts'
import { parsePublicKeyId } from '../../src/domain/amazon-pay/public-key-id.ts'
import type { PayEnvironment, Region } from '../../src/domain/amazon-pay/region.ts'
import type { SignedRequest } from '../../src/domain/amazon-pay/signature.ts'
import type { Answer } from '../../src/domain/amazon-pay/verdict.ts'
import { type KeyPair, keyPairOf } from '../../src/domain/key/pair.ts'
import { nextKey } from '../keys.ts'

const pair = keyPairOf(nextKey())
const otherPair = keyPairOf(nextKey())
const throwaway = keyPairOf(nextKey())
const id = `LIVE-${'A'.repeat(24)}`
const bareId = 'B'.repeat(24)
const otherId = `LIVE-${'C'.repeat(24)}`

const claimOf = (
  text = id,
  region: Region = 'us',
  payEnvironment: PayEnvironment = 'live',
): Claim => ({ pair, publicKeyId: parsePublicKeyId(text), region, payEnvironment })
const current = { pair: otherPair, publicKeyId: parsePublicKeyId(otherId) }

/** One request as Amazon Pay sees it. */
interface Seen {
  readonly host: string
  readonly path: string
  readonly date: string
  readonly id: string
  readonly by: 'pair' | 'current' | 'throwaway' | 'unknown'
}

type Answering = (seen: Seen, count: number) => Answer | null

const start = Date.parse('2026-11-24T21:30:07.000Z')

/** A world in which time passes only in pauses, and Amazon Pay answers as a test says. */
function worldOf(answering: Answering, options: { readonly milliseconds?: number } = {}) {
  const seen: Seen[] = []
  const pauses: number[] = []
  const debug: string[] = []
  const stop = new AbortController()
  let time = options.milliseconds ?? start
  const world: AmazonPayWorld = {
    amazonPay: {
      async send(request) {
        const one = seenOf(request)
        seen.push(one)
        return answering(one, seen.length)
      },
    },
    clock: {
      now: () => new Date(time),
      async sleep(milliseconds) {
        pauses.push(milliseconds)
        time += milliseconds
      },
    },
    runner: { debug: (line) => debug.push(line), stop: stop.signal },
  }
  const pass = (milliseconds: number) => {
    time += milliseconds
  }
  return { world, seen, pauses, debug, pass, stop: () => stop.abort() }
}

function seenOf({ host, path, headers, stringToSign }: SignedRequest): Seen {
  const [, id = '', signature = ''] =
    /PublicKeyId=(\S+?), .*Signature=(\S+)$/.exec(headers.authorization ?? '') ?? []
  const isBy = ({ publicKey }: KeyPair) =>
    verifySignature(
      'sha256',
      Buffer.from(stringToSign),
      { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
      Buffer.from(signature, 'base64'),
    )
  const pairs = { pair, current: otherPair, throwaway }
  const by = (['pair', 'current', 'throwaway'] as const).find((name) => isBy(pairs[name]))
  return { host, path, id, by: by ?? 'unknown', date: headers['x-amz-pay-date'] ?? '' }
}

function answer(
  status: number,
  reasonCode: string | null,
  message = '',
  more: Partial<Answer> = {},
) {
  return {
    status,
    contentType: 'application/json',
    body: JSON.stringify({ reasonCode, message }),
    date: new Date(start).toUTCString(),
    requestId: null,
    ...more,
  }
}

const header = 'InvalidHeaderValue'
const accepted = answer(404, 'ResourceNotFound')
const account = answer(403, 'InvalidAccountStatus')
const signature = answer(403, 'InvalidRequestSignature', 'Unable to verify signature')
const misread = answer(
  403,
  'InvalidRequestSignature',
  `signing String [AMZN-PAY-RSASSA-PSS-V2\n${'b'.repeat(64)}] , signature [x]`,
)
const unknown = answer(400, header, 'The value X provided for PublicKeyId is invalid')
const unnamed = answer(400, header, 'A header is invalid')
const dateRefused = answer(400, header, 'The value X provided for x-amz-pay-date is invalid')
const unauthorized = answer(401, 'UnauthorizedAccess')

const us = 'pay-api.amazon.com'
/** Amazon Pay, but for the pair in the US, which gets the answer of the test. */
const usually =
  (given: Answer | null): Answering =>
  ({ by, host }) => {
    if (by === 'throwaway') return signature
    if (by === 'current') return accepted
    return host === us ? given : unknown
  }

beforeEach(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => {
  jest.restoreAllMocks()
})

const verifyWith = (given: Answer | null, control: KeyPair | null = throwaway) =>
  verify(worldOf(usually(given)).world, claimOf(), control)
const problemOf = ({ problem }: Verification) => problem

/** What `retire` concludes. */
const deletedOrNot = ({ problem }: Deletion) => {
  if (problem === null) return 'deleted'
  return problem.code === 'still-accepted' ? problem.code : 'undecided'
}

/** How a command goes on: `go`, `warn` or `stop`, and output amazon-pay where that differs from the result. */
function outcome(...settling: Parameters<typeof settle>): string {
  const { answer, problem, tolerable } = settle(...settling)
  return `${answer}: ${!tolerable ? 'stop' : problem ? 'warn' : 'go'}`
}

describe('each answer has one meaning for each command', () => {
  const none = 'undecided'
  const gone = 'deleted'
  const rows: [
    name: string,
    answer: Answer | null,
    result: Verification['result'],
    code: string | null,
    activate: string,
    firstActivation: string,
    validate: string,
    retire: string,
    retireWithTypedId: string,
  ][] = [
    [
      '404 ResourceNotFound',
      accepted,
      'accepted',
      null,
      'accepted: go',
      'accepted: go',
      'accepted: go',
      'still-accepted',
      'still-accepted',
    ],
    [
      '403 InvalidAccountStatus',
      account,
      'account',
      'amazon-pay-undecided',
      'undecided: stop',
      'accepted: warn',
      'accepted: warn',
      none,
      none,
    ],
    [
      '403 InvalidRequestSignature',
      signature,
      'rejected',
      'amazon-pay-rejected',
      'rejected: stop',
      'rejected: stop',
      'rejected: stop',
      none,
      gone,
    ],
    [
      '403 InvalidRequestSignature of another text',
      misread,
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      gone,
    ],
    [
      '400 of the date',
      dateRefused,
      'undecided',
      'clock-skew',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      none,
    ],
    [
      '400 of the ID',
      unknown,
      'rejected',
      'amazon-pay-rejected',
      'rejected: stop',
      'rejected: stop',
      'rejected: stop',
      gone,
      gone,
    ],
    [
      '400 of no header',
      unnamed,
      'rejected',
      'amazon-pay-rejected',
      'rejected: stop',
      'rejected: stop',
      'rejected: stop',
      none,
      gone,
    ],
    [
      '400 of another header',
      answer(400, header, 'provided for x-amz-pay-region'),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      gone,
    ],
    [
      '400 InvalidRequest',
      answer(400, 'InvalidRequest'),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      gone,
    ],
    [
      '401 UnauthorizedAccess',
      unauthorized,
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      gone,
    ],
    [
      '403 InvalidAuthentication',
      answer(403, 'InvalidAuthentication'),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      gone,
    ],
    [
      '422',
      answer(422, 'InvalidChargeStatus'),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      gone,
    ],
    [
      '404 of another reason',
      answer(404, 'NotFound'),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      gone,
    ],
    [
      '403 without a reasonCode',
      answer(403, null),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      none,
    ],
    [
      'a page of a proxy',
      answer(403, 'Denied', '', { contentType: 'text/html' }),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      none,
    ],
    [
      '200',
      answer(200, 'Fine'),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      none,
    ],
    [
      '429',
      answer(429, 'TooManyRequests'),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      none,
    ],
    [
      '503',
      answer(503, 'ServiceUnavailable'),
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      none,
    ],
    [
      'no answer',
      null,
      'undecided',
      'amazon-pay-undecided',
      'undecided: stop',
      'undecided: stop',
      'undecided: warn',
      none,
      none,
    ],
  ]

  test.each(rows)(
    '%s',
    async (_, given, result, code, activate, first, validate, retire, typed) => {
      const verification = await verifyWith(given)
      const deletion = (confirmed: boolean) =>
        verifyDeleted(worldOf(usually(given)).world, claimOf(), current, { confirmed })
      expect([
        verification.result,
        problemOf(verification)?.code ?? null,
        outcome(verification, 'require', { accountIsFine: false }),
        outcome(verification, 'require', { accountIsFine: true }),
        outcome(verification, 'warn', { accountIsFine: true }),
        deletedOrNot(await deletion(false)),
        deletedOrNot(await deletion(true)),
      ]).toEqual([result, code, activate, first, validate, retire, typed])
    },
  )
})

describe('what a rejection advises', () => {
  test.each([
    ['of a new pair', rejectionAdvice.newPair, /delete it in Integration Central now$/],
    ['of the current pair', rejectionAdvice.currentPair, /run command: status/],
    ['of a pair to adopt', rejectionAdvice.adoptedPair, /your shop uses now/],
  ])('%s', async (_, advice, expected) => {
    const { problem } = settle(await verifyWith(unknown), 'warn', { accountIsFine: true, advice })
    expect(problem?.hint).toMatch(expected)
    expect(problem?.hint).toContain('copy the Public Key ID again')
  })

  test('only a new pair is ever said to be deleted', async () => {
    const answers = [account, signature, misread, dateRefused, unknown, unnamed, unauthorized, null]
    const advices = [undefined, rejectionAdvice.currentPair, rejectionAdvice.adoptedPair]
    for (const given of answers) {
      const verification = await verifyWith(given)
      for (const advice of advices) {
        const options = { accountIsFine: true, ...(advice ? { advice } : {}) }
        const hint = settle(verification, 'require', options).problem?.hint
        expect(hint).not.toMatch(/delete/i)
      }
    }
  })

  test('an unknown ID may be a new one', async () => {
    expect(problemOf(await verifyWith(unknown))?.hint).toContain('may take a minute')
    // It is the end of the hint.
    expect(problemOf(await verifyWith(signature))?.hint).toMatch(/\(compare the name of the key\)$/)
  })
})

describe('Amazon’s own words are in every problem', () => {
  test.each<[string, Answer | null, string]>([
    [
      'a rejection',
      signature,
      `Amazon Pay rejects this pair in US (United States, live): the private key does not belong to Public Key ID ${id}: 403 InvalidRequestSignature “Unable to verify signature”`,
    ],
    [
      'an unknown ID',
      unknown,
      `Amazon Pay does not know Public Key ID ${id} in US (United States, live): 400 InvalidHeaderValue “The value X provided for PublicKeyId is invalid”`,
    ],
    [
      'a refused request',
      { ...unauthorized, requestId: 'R1' },
      'Amazon Pay refuses the request for a reason other than this Public Key ID: 401 UnauthorizedAccess x-amz-pay-request-id R1',
    ],
    [
      'a suspended account',
      account,
      'Amazon Pay knows this pair, but the account is suspended, or its setup is incomplete: 403 InvalidAccountStatus',
    ],
    [
      'an outage',
      answer(503, 'ServiceUnavailable'),
      'Amazon Pay is unavailable: 503 ServiceUnavailable',
    ],
    [
      'another server',
      answer(407, null),
      'the answer does not look like an answer of Amazon Pay: 407 no reasonCode',
    ],
    ['silence', null, 'Amazon Pay did not answer'],
    [
      'a request that was read differently',
      misread,
      'Amazon Pay verified a different request from the one that was signed, so the fault is in this action and not in the key: 403 InvalidRequestSignature',
    ],
    ['anything else', answer(200, 'Fine'), 'Amazon Pay gave an inconclusive answer: 200 Fine'],
  ])('%s', async (_, given, fact) => {
    expect(problemOf(await verifyWith(given))?.fact).toContain(fact)
  })

  test('although the step was asked to stop meanwhile', async () => {
    const { world, stop } = worldOf(() => {
      stop()
      return unauthorized
    })
    const { problem } = await verify(world, claimOf(), null)
    expect(problem?.fact).toContain('401 UnauthorizedAccess')
    expect(problem?.fact).not.toContain('had to stop')
  })

  test('although the step was asked to stop in the pause after it', async () => {
    const { world, stop, seen } = worldOf(() => answer(503, 'ServiceUnavailable'))
    const clock = { ...world.clock, sleep: async () => stop() }
    const { problem } = await verify({ ...world, clock }, claimOf(), null)
    expect(problem?.fact).toMatch(/had to stop before Amazon Pay answered: 503 ServiceUnavailable$/)
    expect(seen).toHaveLength(1)
  })

  test('debug lines say what was asked and answered, without a signature', async () => {
    const { world, debug } = worldOf(usually(accepted))
    await verify(world, claimOf(), throwaway)
    expect(debug).toEqual([
      `Amazon Pay: GET https://${us}/v2/chargePermissions/S00-0000000-0000000 for Public Key ID ${id}, signed at 20261124T213007Z`,
      'Amazon Pay: 403 InvalidRequestSignature “Unable to verify signature”: signature, clock skew 0 s',
      `Amazon Pay: GET https://${us}/v2/chargePermissions/S00-0000000-0000000 for Public Key ID ${id}, signed at 20261124T213007Z`,
      'Amazon Pay: 404 ResourceNotFound: accepted, clock skew 0 s',
    ])
  })
})

describe('the control', () => {
  test('is signed with a throwaway key, for the same ID, before the pair', async () => {
    const { world, seen } = worldOf(usually(accepted))
    await verify(world, claimOf(), throwaway)
    expect(seen.map(({ by, id }) => [by, id])).toEqual([
      ['throwaway', id],
      ['pair', id],
    ])
  })

  test.each<[string, Answer]>([
    ['the signature', signature],
    ['the ID', unknown],
    ['the request', unauthorized],
  ])('may be refused because of %s', async (_, refusal) => {
    const { world, seen } = worldOf(({ by }) => (by === 'throwaway' ? refusal : accepted))
    const { result } = await verify(world, claimOf(), throwaway)
    expect(result).toBe('accepted')
    expect(seen).toHaveLength(2)
  })

  test.each<[string, Answer | null, number, string, string?]>([
    ['is accepted', accepted, 1, 'did not refuse the control request', 'a test server'],
    [
      'is answered with the account’s state',
      account,
      1,
      'did not refuse the control request',
      'while the account is suspended',
    ],
    [
      'is answered with success',
      answer(200, 'Fine'),
      1,
      'did not refuse the control request',
      'a test server',
    ],
    ['is not answered for an outage', answer(503, 'Down'), 4, 'Amazon Pay is unavailable'],
    [
      'is answered by another server',
      answer(403, null),
      1,
      'does not look like an answer of Amazon Pay',
    ],
    ['is never answered', null, 4, 'did not answer'],
  ])('decides nothing when it %s', async (_, given, requests, fact, hint = '') => {
    const { world, seen } = worldOf(({ by }) => (by === 'throwaway' ? given : accepted))
    const verification = await verify(world, claimOf(), throwaway)
    expect(verification.result).toBe('undecided')
    expect(problemOf(verification)).toMatchObject({ code: 'amazon-pay-undecided' })
    expect(problemOf(verification)?.fact).toContain(fact)
    expect(problemOf(verification)?.hint).toContain(hint)
    expect(seen.map(({ by }) => by)).toEqual(Array(requests).fill('throwaway'))
  })
})

describe('how often Amazon Pay is asked', () => {
  test('without an answer: four times, with growing pauses and jitter', async () => {
    for (const [random, pauses] of [
      [0, [750, 1500, 3000]],
      [1, [1250, 2500, 5000]],
    ] as const) {
      jest.spyOn(Math, 'random').mockReturnValue(random)
      const busy = worldOf(() => null)
      await verify(busy.world, claimOf(), null)
      expect(busy.seen).toHaveLength(4)
      expect(busy.pauses).toEqual(pauses)
    }
  })

  test('until it answers', async () => {
    const { world, seen } = worldOf((_, count) => (count < 3 ? answer(503, 'X') : accepted))
    expect((await verify(world, claimOf(), null)).result).toBe('accepted')
    expect(seen).toHaveLength(3)
  })

  test.each<[string, Answer]>([
    ['an unknown ID', unknown],
    ['a refused header without a name', unnamed],
  ])('for %s: three times over ten seconds', async (_, given) => {
    const { world, seen, pauses } = worldOf(usually(given))
    await verify(world, claimOf(), null)
    expect(pauses).toEqual([5000, 5000])
    expect(seen.filter(({ host }) => host === us)).toHaveLength(3)
  })

  test('until a new ID is known', async () => {
    const { world, seen } = worldOf((_, count) => (count < 3 ? unknown : accepted))
    expect((await verify(world, claimOf(), null)).result).toBe('accepted')
    expect(seen).toHaveLength(3)
  })

  test('not at all after the step was asked to stop', async () => {
    const { world, seen, stop } = worldOf(() => accepted)
    stop()
    const verification = await verify(world, claimOf(), null)
    expect(seen).toEqual([])
    expect(verification.result).toBe('undecided')
    expect(problemOf(verification)?.fact).toContain('had to stop before Amazon Pay answered')
  })

  test.each<[string, Answer | null]>([
    ['no answer', null],
    ['an unknown ID', unknown],
    ['a refused date', { ...dateRefused, date: new Date(start + 90_000).toUTCString() }],
    ['a refused request', unauthorized],
  ])(
    'not again, nor elsewhere, when the step was asked to stop meanwhile: %s',
    async (_, given) => {
      const { world, seen, pauses, stop } = worldOf(() => {
        stop()
        return given
      })
      await verify(world, claimOf(), null)
      expect(seen).toHaveLength(1)
      expect(pauses).toEqual([])
    },
  )
})

describe('another region or environment is asked', () => {
  const hosts = (seen: readonly Seen[]) =>
    seen.map(({ host, path }) => `${host}${path.replace(/\/v2.*/, '')}`)

  test.each<[string, Answer, number]>([
    ['a refused signature', signature, 1],
    ['an unknown ID', unknown, 3],
    ['a refused header without a name', unnamed, 3],
    ['a refused request', unauthorized, 1],
  ])('after %s, once in each of the other regions', async (_, given, here) => {
    const { world, seen } = worldOf(({ host }) => (host === us ? given : null))
    await verify(world, claimOf(), null)
    expect(hosts(seen)).toEqual([...Array(here).fill(us), 'pay-api.amazon.eu', 'pay-api.amazon.jp'])
  })

  test('and the prefix of an ID decides which environment that is', async () => {
    const { world, seen } = worldOf(() => signature)
    const { problem } = await verify(world, claimOf(id, 'us', 'sandbox'), null)
    expect(problem?.fact).toContain('in US (United States, live)')
    expect(hosts(seen)).toEqual([us, 'pay-api.amazon.eu', 'pay-api.amazon.jp'])
  })

  test('and both environments for an ID without prefix', async () => {
    const { world, seen } = worldOf(() => signature)
    await verify(world, claimOf(bareId, 'eu', 'sandbox'), null)
    expect(hosts(seen)).toEqual([
      'pay-api.amazon.eu/sandbox',
      `${us}/live`,
      `${us}/sandbox`,
      'pay-api.amazon.eu/live',
      'pay-api.amazon.jp/live',
      'pay-api.amazon.jp/sandbox',
    ])
  })

  test.each<[string, Answer]>([
    ['no answer', answer(503, 'X')],
    ['a suspended account', account],
    ['a misread request', misread],
    ['a refused date', dateRefused],
    ['an acceptance', accepted],
    ['another status', answer(422, 'X')],
  ])('but not after %s', async (_, given) => {
    const { world, seen } = worldOf(() => given)
    await verify(world, claimOf(), null)
    expect(new Set(hosts(seen))).toEqual(new Set([us]))
  })

  test.each<[string, Answer]>([
    ['a refused signature', signature],
    ['an unknown ID', unknown],
    ['a refused header without a name', unnamed],
    ['a refused request', unauthorized],
  ])('and accepted there means rejected here: %s', async (_, given) => {
    const { world } = worldOf(({ host }) => (host === 'pay-api.amazon.jp' ? accepted : given))
    const verification = await verify(world, claimOf(), null)
    expect(verification).toMatchObject({ result: 'rejected', elsewhere: 'JP (Japan, live)' })
    expect(problemOf(verification)).toMatchObject({
      code: 'amazon-pay-rejected',
      hint: 'this Public Key ID belongs to JP (Japan, live): correct region or pay-environment, or exchange the public key in the region and view that they name',
    })
  })

  test('and a suspended account there is found after a rejection, but does not make a refusal one', async () => {
    const elsewhere = (here: Answer) =>
      verify(worldOf(({ host }) => (host === us ? here : account)).world, claimOf(), null)
    expect(await elsewhere(signature)).toMatchObject({
      result: 'rejected',
      elsewhere: 'EU (Europe and United Kingdom, live)',
    })
    expect((await elsewhere(unauthorized)).result).toBe('undecided')
  })

  test('and the other environment of the same region is named', async () => {
    const { world } = worldOf(({ host, path }) =>
      host === us && path.startsWith('/sandbox') ? accepted : unknown,
    )
    const verification = await verify(world, claimOf(bareId), null)
    expect(verification).toMatchObject({ elsewhere: 'US (United States, sandbox)' })
  })
})

describe('a clock that is off', () => {
  const refusedAt = (skew: number | null): Answer => ({
    ...dateRefused,
    date: skew === null ? null : new Date(start + skew * 1000).toUTCString(),
  })

  test.each([
    ['without a Date header', null, 1, 'is off by an unknown amount'],
    ['by a Date that is ours', 0, 2, 'is correct according to the time'],
    ['by a second', -1, 2, 'is 1 second ahead of the time'],
    ['ahead', -90, 2, 'is 90 seconds ahead of the time'],
    ['behind', 90, 2, 'is 90 seconds behind the time'],
  ] as const)('is refused %s, and at most once more', async (_, skew, requests, words) => {
    const { world, seen } = worldOf(() => refusedAt(skew))
    const verification = await verify(world, claimOf(), null)
    expect(verification.result).toBe('undecided')
    expect(problemOf(verification)).toMatchObject({ code: 'clock-skew' })
    expect(problemOf(verification)?.fact).toContain(words)
    expect(verification.judgement.skew).toBe(skew)
    expect(verification.remarks).toEqual([])
    expect(seen).toHaveLength(requests)
  })

  test('is corrected by the Date that Amazon sends, and said to be off', async () => {
    const { world, seen } = worldOf((_, count) => (count === 1 ? refusedAt(-90) : accepted))
    const verification = await verify(world, claimOf(), null)
    expect(verification.result).toBe('accepted')
    expect(seen.map(({ date }) => date)).toEqual(['20261124T213007Z', '20261124T212837Z'])
    expect(verification.remarks).toEqual([
      expect.objectContaining({ fact: expect.stringContaining('is 90 seconds ahead of the time') }),
    ])
  })

  test('is corrected once for control, pair and the other regions', async () => {
    const { world, seen } = worldOf(({ by, date }) => {
      if (date > '20261124T213000Z') return refusedAt(-90)
      return by === 'throwaway' ? signature : unauthorized
    })
    await verify(world, claimOf(), throwaway)
    expect(seen.map(({ by }) => by)).toEqual(['throwaway', 'throwaway', 'pair', 'pair', 'pair'])
  })

  test('is never corrected into Amazon’s future, not even by a fraction of a second', async () => {
    const late = worldOf(
      (_, count) => {
        // The second request would otherwise be signed at 21:28:38.1, in a second that Amazon has not reached.
        late.pass(200)
        return count === 1 ? refusedAt(-90) : accepted
      },
      { milliseconds: start + 900 },
    )
    await verify(late.world, claimOf(), null)
    expect(late.seen[1]?.date).toBe('20261124T212837Z')
  })

  test('that drifts is corrected anew, from the correction before', async () => {
    const { world, seen } = worldOf((_, count) => {
      if (count === 1) return refusedAt(-90)
      if (count === 2) return signature
      return count === 3 ? refusedAt(-95) : accepted
    })
    await verify(world, claimOf(), throwaway)
    expect(seen[3]?.date).toBe('20261124T212832Z')
  })

  test('by less than a second is said to be so', async () => {
    const { world } = worldOf((_, count) => (count === 1 ? refusedAt(0) : accepted), {
      milliseconds: start + 900,
    })
    const { remarks } = await verify(world, claimOf(), null)
    expect(remarks.map(({ fact }) => fact).join()).toMatch(/clock is slightly ahead of the time/)
  })

  test('that is right needs no remark', async () => {
    expect((await verifyWith(accepted)).remarks).toEqual([])
  })

  test.each([
    [60, false],
    [-61, true],
    [300, true],
  ])(
    'is mentioned beside an inconclusive answer from a minute on: %s s',
    async (skew, mentioned) => {
      const date = new Date(start + skew * 1000).toUTCString()
      const fact = problemOf(await verifyWith({ ...unauthorized, date }))?.fact
      expect(fact?.includes("this machine's clock is")).toBe(mentioned)
      if (!mentioned) expect(fact).toMatch(/: 401 UnauthorizedAccess$/)
    },
  )
})

describe('whether a key was deleted', () => {
  const deletion = (
    answering: Answering,
    confirmed = false,
    other: typeof current | null = current,
  ) => verifyDeleted(worldOf(answering).world, claimOf(), other, { confirmed })

  test('is asked of the current pair in the same region and environment', async () => {
    const { world, seen } = worldOf(usually(unknown))
    await verifyDeleted(world, claimOf(), current, { confirmed: false })
    expect(seen.at(-1)).toMatchObject({ by: 'current', id: otherId, host: us })
  })

  test('is not decided without a current pair', async () => {
    const result = await deletion(usually(unknown), true, null)
    expect(result.answer).toBe('undecided')
    expect(result).toMatchObject({ problem: { code: 'amazon-pay-undecided' } })
  })

  test.each<[string, Answer | null]>([
    ['unknown', unknown],
    ['of a suspended account', account],
    ['refused', unauthorized],
    ['rejected', signature],
    ['not answered', null],
  ])('is not decided while the current pair is %s', async (_, given) => {
    for (const confirmed of [false, true]) {
      const answering: Answering = ({ by }) => (by === 'current' ? given : unknown)
      const result = await deletion(answering, confirmed)
      expect(result).toMatchObject({
        answer: 'undecided',
        problem: {
          code: 'amazon-pay-undecided',
          fact: expect.stringContaining('does not accept the current pair either'),
        },
      })
    }
  })

  test('is not so while another region accepts it, whoever typed the ID', async () => {
    for (const given of [unknown, unauthorized, signature]) {
      const answering: Answering = ({ by, host }) =>
        by === 'current' || host !== us ? accepted : given
      expect(await deletion(answering, true)).toMatchObject({
        answer: 'rejected',
        problem: { code: 'still-accepted', fact: expect.stringContaining('in EU') },
      })
    }
  })

  test('is not so while Amazon accepts it, and the hint says how to delete it', async () => {
    expect(await deletion(usually(accepted), true)).toMatchObject({
      answer: 'accepted',
      problem: {
        code: 'still-accepted',
        fact: `Amazon Pay still accepts the previous key, Public Key ID ${id}: 404 ResourceNotFound`,
        hint: expect.stringContaining('Delete keys'),
      },
    })
  })

  test.each<[string, Answer]>([
    [`refuses the signature for Public Key ID ${id}, which does not show`, signature],
    ['refuses a header without naming it, which does not show', unnamed],
    ['refuses the request for a reason other than this Public Key ID', unauthorized],
    ['verified a different request from the one that was signed', misread],
  ])('can be said by a person who typed the ID where Amazon Pay %s', async (words, given) => {
    const result = await deletion(usually(given))
    expect(result).toMatchObject({
      answer: 'undecided',
      problem: {
        code: 'amazon-pay-undecided',
        fact: expect.stringContaining(`Amazon Pay ${words}`),
        hint: expect.stringContaining(`run command: retire with public-key-id: ${id}`),
      },
    })
    expect(await deletion(usually(given), true)).toMatchObject({
      answer: 'rejected',
      problem: null,
    })
  })

  test('is not offered to be said where Amazon did not refuse', async () => {
    for (const given of [null, account, answer(503, 'X'), dateRefused]) {
      const result = await deletion(usually(given))
      expect(result).toMatchObject({
        problem: { hint: expect.not.stringContaining('public-key-id') },
      })
    }
  })
})

describe('where a pair is verified', () => {
  test.each([
    [id, { region: 'eu', payEnvironment: null }, { region: 'eu', payEnvironment: 'live' }],
    [id, { region: 'eu', payEnvironment: 'sandbox' }, { region: 'eu', payEnvironment: 'live' }],
    [
      bareId,
      { region: 'jp', payEnvironment: 'sandbox' },
      { region: 'jp', payEnvironment: 'sandbox' },
    ],
  ] as const)('%s with %j: %j', (text, scope, expected) => {
    expect(scopeToVerify(parsePublicKeyId(text), scope)).toEqual(expected)
  })

  test.each([
    [id, { region: null, payEnvironment: 'live' }, /^region is empty/, 'us, eu or jp'],
    [
      bareId,
      { region: 'us', payEnvironment: null },
      /^pay-environment is empty/,
      'live or sandbox',
    ],
  ] as const)('%s with %j is not enough', (text, scope, fact, hint) => {
    expect(() => scopeToVerify(parsePublicKeyId(text), scope)).toThrow(
      expect.objectContaining({
        code: 'input-missing',
        fact: expect.stringMatching(fact),
        hint: expect.stringContaining(hint),
      }),
    )
  })
})
