import {
  type Answer,
  type Judgement,
  judge,
  refuses,
  verdictTable,
} from '../../../src/domain/amazon-pay/verdict.ts'

const hash = 'a'.repeat(64)
const stringToSign = `AMZN-PAY-RSASSA-PSS-V2\n${hash}`
const signedAt = new Date('2026-11-24T21:30:07.900Z')

const answer = (status: number, reasonCode: string | null, message = 'as Amazon says'): Answer => ({
  status,
  contentType: 'application/json;charset=utf-8',
  body: JSON.stringify({ reasonCode, message }),
  date: 'Tue, 24 Nov 2026 21:30:07 GMT',
  requestId: '5a1c',
})
const judged = (given: Answer | null): Judgement => judge(given, stringToSign, signedAt)
const echo = (algorithm: string, digest: string) =>
  `Unable to verify signature, signing String [${algorithm}\n${digest}] , signature [${'x'.repeat(344)}]`

const clock = 'The value 20220125T140736Z provided for x-amz-pay-date should not be in future'

test.each<[string, Answer | null, Judgement['verdict']]>([
  ['the charge permission does not exist', answer(404, 'ResourceNotFound'), 'accepted'],
  ['some other 404', answer(404, 'NotFound'), 'undecided'],
  ['the account is suspended', answer(403, 'InvalidAccountStatus'), 'account'],
  ['the signature is refused', answer(403, 'InvalidRequestSignature'), 'signature'],
  [
    'the signature is refused, over our text',
    answer(403, 'InvalidRequestSignature', echo('AMZN-PAY-RSASSA-PSS-V2', hash)),
    'signature',
  ],
  [
    'the signature is refused, over our text in capitals',
    answer(403, 'InvalidRequestSignature', echo('AMZN-PAY-RSASSA-PSS-V2', hash.toUpperCase())),
    'signature',
  ],
  [
    'the signature is refused, over our text with a written line end',
    answer(403, 'InvalidRequestSignature', `signing String [AMZN-PAY-RSASSA-PSS-V2\\n${hash}]`),
    'signature',
  ],
  [
    'the signature is refused, over another text',
    answer(403, 'InvalidRequestSignature', echo('AMZN-PAY-RSASSA-PSS-V2', 'b'.repeat(64))),
    'undecided',
  ],
  ['the time is refused', answer(400, 'InvalidHeaderValue', clock), 'clock'],
  ['another header is refused', answer(400, 'InvalidHeaderValue', 'PublicKeyId'), 'unknown'],
  ['a header is refused without a word', answer(400, 'InvalidHeaderValue', ''), 'unknown'],
  ['another 400', answer(400, 'InvalidRequest'), 'undecided'],
  ['401', answer(401, 'UnauthorizedAccess'), 'unknown'],
  ['another 403', answer(403, 'InvalidAuthentication'), 'unknown'],
  ['success, which this request cannot have', answer(200, 'Fine'), 'undecided'],
  ['405', answer(405, 'UnsupportedOperation'), 'undecided'],
  ['422', answer(422, 'InvalidChargeStatus'), 'undecided'],
  ['426', answer(426, 'TLSVersionNotSupported'), 'undecided'],
  ['a redirect', { ...answer(302, null), contentType: 'text/html' }, 'undecided'],
  ['429', answer(429, 'TooManyRequests'), 'busy'],
  ['408', answer(408, 'RequestTimeout'), 'busy'],
  ['425', answer(425, 'TooEarly'), 'busy'],
  ['500', answer(500, 'InternalServerError'), 'busy'],
  ['503 of a proxy', { ...answer(503, null), contentType: 'text/html' }, 'busy'],
  ['no answer', null, 'busy'],
  ['a 404 page', { ...answer(404, 'ResourceNotFound'), contentType: 'text/html' }, 'undecided'],
  ['a 403 page', { ...answer(403, null), contentType: 'text/html', body: '<p>no' }, 'undecided'],
  ['JSON that breaks off', { ...answer(404, null), body: '{"reasonCode":"Res' }, 'undecided'],
  ['JSON without reasonCode', answer(404, null), 'undecided'],
  ['an empty reasonCode', answer(403, ''), 'undecided'],
  ['a reasonCode that is a sentence', answer(403, 'not a word'), 'undecided'],
  ['JSON that is null', { ...answer(403, null), body: 'null' }, 'undecided'],
  ['JSON that is a list', { ...answer(403, null), body: '[]' }, 'undecided'],
])('%s', (_, given, verdict) => {
  expect(judged(given).verdict).toBe(verdict)
})

test('every row of the table is reached', () => {
  for (const { status, reasonCode, message, verdict } of verdictTable) {
    const given = answer(
      status,
      reasonCode === 'any' ? 'SomeReason' : reasonCode,
      message ? clock : 'as Amazon says',
    )
    expect(judged(given).verdict).toBe(verdict)
  }
})

test('Amazon’s own words are kept, on one line and without the signature', () => {
  const given = answer(403, 'InvalidRequestSignature', echo('AMZN-PAY-RSASSA-PSS-V2', hash))
  expect(judged(given)).toEqual({
    verdict: 'signature',
    status: 403,
    reasonCode: 'InvalidRequestSignature',
    message: `Unable to verify signature, signing String [AMZN-PAY-RSASSA-PSS-V2 ${hash}] , signature […]`,
    requestId: '5a1c',
    skew: 0,
  })
})

test.each<[string, string | null, number | null]>([
  ['as ours', 'Tue, 24 Nov 2026 21:30:07 GMT', 0],
  ['ahead', 'Tue, 24 Nov 2026 21:35:07 GMT', 300],
  ['behind', 'Tue, 24 Nov 2026 21:30:06 GMT', -1],
  ['not told', null, null],
  ['nonsense', 'soon', null],
])('Amazon’s clock is %s', (_, date, skew) => {
  expect(judged({ ...answer(400, 'InvalidHeaderValue', clock), date }).skew).toBe(skew)
})

test.each<[number, string | null, boolean]>([
  [400, 'InvalidHeaderValue', true],
  [401, 'UnauthorizedAccess', true],
  [403, 'InvalidRequestSignature', true],
  [403, 'InvalidAuthentication', true],
  [403, 'InvalidAccountStatus', false],
  [403, null, false],
  [404, 'ResourceNotFound', false],
  [200, 'Fine', false],
  [500, 'InternalServerError', false],
])('%s %s refuses the control: %s', (status, reasonCode, expected) => {
  expect(refuses(judged(answer(status, reasonCode)))).toBe(expected)
})

test('no answer does not refuse the control', () => {
  expect(refuses(judged(null))).toBe(false)
})
