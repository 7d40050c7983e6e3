import {
  type Answer,
  answerWords,
  isRefusal,
  type Judgement,
  judge,
  refusesControl,
  type Verdict,
  verdictTable,
} from '../../../src/domain/amazon-pay/verdict.ts'

const hash = 'a'.repeat(64)
const other = 'b'.repeat(64)
const v2 = 'AMZN-PAY-RSASSA-PSS-V2'
const stringToSign = `${v2}\n${hash}`
const signedAt = new Date('2026-11-24T21:30:07.900Z')

const answer = (status: number, reasonCode: string | null, message = 'as Amazon says'): Answer => ({
  status,
  contentType: 'application/json;charset=utf-8',
  body: JSON.stringify({ reasonCode, message }),
  date: 'Tue, 24 Nov 2026 21:30:07 GMT',
  requestId: '5a1c',
})
const judged = (given: Answer | null): Judgement => judge(given, stringToSign, signedAt)
const echo = (digest: string) =>
  `Unable to verify signature, signing String [${v2}\n${digest}] , signature [${'x'.repeat(344)}]`
const html = (status: number): Answer => ({
  ...answer(status, 'ResourceNotFound'),
  contentType: 'text/html',
})
const body = (status: number, text: string): Answer => ({ ...answer(status, null), body: text })

const header = 'InvalidHeaderValue'
const clock = 'The value 20220125T140736Z provided for x-amz-pay-date should not be in future'

interface Meaning {
  readonly verdict: Verdict
  /** Whether it is the right answer to the control request. */
  readonly control: boolean
  /** Whether it counts as deleted for a person who typed the ID. */
  readonly deleted: boolean
}
const meaning = (verdict: Verdict, control: boolean, deleted: boolean): Meaning => ({
  verdict,
  control,
  deleted,
})
const accepted = meaning('accepted', false, false)
const account = meaning('account', false, false)
const signature = meaning('signature', true, true)
const misread = meaning('misread', true, true)
const atClock = meaning('clock', true, false)
const unknown = meaning('unknown', true, true)
const unnamed = meaning('unnamed', true, true)
const refused = meaning('refused', true, true)
const busy = meaning('busy', false, false)
const other4xx = meaning('undecided', false, true)
const nothing = meaning('undecided', false, false)

const namedHeaders = [
  'User-Agent is invalid',
  'the host header is invalid',
  'the "date" header is too old',
  'header "accept" is invalid',
  'header: host',
  'A value provided  for sellerId',
]
const noHeaders = [
  'The ghost header is invalid',
  'The update header',
  'header accepted',
  'max-age',
  'preauthorization',
  'authorizations',
  'provided for this header',
]

describe('each answer has one meaning for a verification, the control and a deletion', () => {
  test.each<readonly [string, Answer | null, Meaning]>([
    ['the charge permission does not exist', answer(404, 'ResourceNotFound'), accepted],
    ['the account is suspended', answer(403, 'InvalidAccountStatus'), account],
    [
      'the account’s state with another status',
      answer(400, 'InvalidAccountStatus'),
      { verdict: 'refused', control: false, deleted: false },
    ],
    ['the signature is refused', answer(403, 'InvalidRequestSignature'), signature],
    ['the signature over our text', answer(403, 'InvalidRequestSignature', echo(hash)), signature],
    [
      'the signature over our text, in capitals',
      answer(403, 'InvalidRequestSignature', echo(hash.toUpperCase())),
      signature,
    ],
    [
      'the signature over our text, escaped',
      answer(403, 'InvalidRequestSignature', `signing String [${v2}\\n${hash}]`),
      signature,
    ],
    [
      'the signature over another text',
      answer(403, 'InvalidRequestSignature', echo(other)),
      misread,
    ],
    [
      'the signature over another text, escaped',
      answer(403, 'InvalidRequestSignature', `signing String [${v2}\\n${other}]`),
      misread,
    ],
    [
      'the signature over another text, by the older algorithm',
      answer(403, 'InvalidRequestSignature', `[AMZN-PAY-RSASSA-PSS\n${other}]`),
      misread,
    ],
    [
      'the signature over another text, after several spaces',
      answer(403, 'InvalidRequestSignature', `[${v2}  \\n  ${other}]`),
      misread,
    ],
    [
      'the signature over another text, without a space',
      answer(403, 'InvalidRequestSignature', `[${v2}${other}]`),
      misread,
    ],
    ['another reason, with a text that was not signed', answer(400, 'Odd', echo(other)), refused],
    ['the time is in the future', answer(400, header, clock), atClock],
    ['the time is too old', answer(400, header, 'X-Amz-Pay-Date is too old'), atClock],
    [
      'the ID is refused',
      answer(400, header, 'The value X provided for PublicKeyId is invalid'),
      unknown,
    ],
    [
      'the ID is refused in quotes',
      answer(400, header, "provided for 'PublicKeyId' is invalid"),
      unknown,
    ],
    [
      'the ID is refused in typographic quotes',
      answer(400, header, 'provided for “Public Key ID”'),
      unknown,
    ],
    ['the ID is refused in lower case', answer(400, header, 'Provided  for publickeyid'), unknown],
    ['a refused header has no name', answer(400, header, 'A header value is invalid'), unnamed],
    ['a refused header has no words', answer(400, header, ''), unnamed],
    ['a refused header without a message', body(400, `{"reasonCode":"${header}"}`), unnamed],
    [
      'a refused header is only called one',
      answer(400, header, 'The value provided for the header is invalid'),
      unnamed,
    ],
    ['the ID is named, and no header', answer(400, header, 'PublicKeyId is invalid'), unnamed],
    [
      'the region is refused',
      answer(400, header, 'The value X provided for x-amz-pay-region is invalid'),
      refused,
    ],
    ['the host is refused', answer(400, header, 'x-amz-pay-host is invalid'), refused],
    [
      'the authorization is refused',
      answer(400, header, 'The value provided for authorization is invalid'),
      refused,
    ],
    [
      'the content type is refused',
      answer(400, header, 'Content-Type must be application/json'),
      refused,
    ],
    ['the accept header is refused', answer(400, header, 'The accept header is invalid'), refused],
    [
      'a header of another name is refused',
      answer(400, header, 'The value provided for sellerId is invalid'),
      refused,
    ],
    ...namedHeaders.map((words) => [words, answer(400, header, words), refused] as const),
    ...noHeaders.map((words) => [words, answer(400, header, words), unnamed] as const),
    ['another 400', answer(400, 'InvalidRequest'), refused],
    [
      'another 400 about the ID',
      answer(400, 'InvalidParameterValue', 'provided for PublicKeyId'),
      refused,
    ],
    ['401, which may come with a good key', answer(401, 'UnauthorizedAccess'), refused],
    ['another 403', answer(403, 'InvalidAuthentication'), refused],
    ['403 of a token', answer(403, 'InvalidAuthorizationToken'), refused],
    ['another 404', answer(404, 'NotFound'), other4xx],
    ['405', answer(405, 'UnsupportedOperation'), other4xx],
    ['410', answer(410, 'Gone'), other4xx],
    ['422', answer(422, 'InvalidChargeStatus'), other4xx],
    ['426', answer(426, 'TLSVersionNotSupported'), other4xx],
    ['success, which this request cannot have', answer(200, 'Fine'), nothing],
    ['a redirect', answer(302, 'Found'), nothing],
    ['429', answer(429, 'TooManyRequests'), busy],
    ['408', answer(408, 'RequestTimeout'), busy],
    ['425', answer(425, 'TooEarly'), busy],
    ['500', answer(500, 'InternalServerError'), busy],
    ['503', answer(503, 'ServiceUnavailable'), busy],
    ['503 of a proxy', html(503), busy],
    ['no answer', null, busy],
    ['a page with status 404', html(404), nothing],
    ['a page with status 403', html(403), nothing],
    ['truncated JSON', body(404, '{"reasonCode":"Res'), nothing],
    ['JSON without a reasonCode', answer(404, null), nothing],
    ['an empty reasonCode', answer(403, ''), nothing],
    ['a reasonCode that is a sentence', answer(403, 'not a word'), nothing],
    ['a reasonCode that is a number', body(403, '{"reasonCode":403}'), nothing],
    ['a message that is a number', body(403, '{"reasonCode":"Odd","message":5}'), refused],
    ['JSON that is null', body(403, 'null'), nothing],
    ['JSON that is a list', body(403, '[]'), nothing],
  ])('%s', (_, given, expected) => {
    const judgement = judged(given)
    expect({
      verdict: judgement.verdict,
      control: refusesControl(judgement),
      deleted: isRefusal(judgement),
    }).toEqual(expected)
  })
})

test('the table says nothing about an InvalidHeaderValue, a 401 or another 403 in general', () => {
  const general = verdictTable.filter(({ message, reasonCode }) => !message && reasonCode === null)
  expect(general.map(({ status, verdict }) => [status, verdict])).toEqual([
    [400, 'refused'],
    [401, 'refused'],
    [403, 'refused'],
  ])
})

describe('Amazon’s own words', () => {
  test('are kept on one line, without the signature', () => {
    const judgement = judged(answer(403, 'InvalidRequestSignature', echo(hash)))
    expect(judgement).toEqual({
      verdict: 'signature',
      status: 403,
      reasonCode: 'InvalidRequestSignature',
      message: `Unable to verify signature, signing String [${v2} ${hash}] , signature […]`,
      requestId: '5a1c',
      skew: 0,
    })
  })

  test('are kept without an echoed authorization header', () => {
    const value = `${v2} PublicKeyId=A, Signature=${'x/+='.repeat(86)}`
    const { message } = judged(answer(400, header, `The value ${value} is invalid`))
    expect(message).toBe(`The value ${v2} PublicKeyId=A, … is invalid`)
  })

  test.each<[string, Answer | null, string]>([
    [
      'all of them',
      answer(403, 'Strange', 'said so'),
      '403 Strange “said so” x-amz-pay-request-id 5a1c',
    ],
    [
      'without message and request ID',
      { ...body(403, '{"reasonCode":"Strange"}'), requestId: null },
      '403 Strange',
    ],
    ['of another server', { ...html(403), requestId: null }, '403 no reasonCode'],
    ['none', null, 'no answer'],
    [
      'a long request ID',
      { ...answer(404, 'ResourceNotFound', ''), requestId: 'R'.repeat(100) },
      `404 ResourceNotFound x-amz-pay-request-id ${'R'.repeat(80)}`,
    ],
    [
      'control characters',
      answer(403, 'Strange', '\u001b[31mred\r\n::error::x'),
      '403 Strange “ [31mred ::error::x” x-amz-pay-request-id 5a1c',
    ],
    [
      'a long message',
      answer(403, 'Strange', 'word '.repeat(100)),
      `403 Strange “${'word '.repeat(60)}” x-amz-pay-request-id 5a1c`,
    ],
  ])('are shown in one line: %s', (_, given, words) => {
    expect(answerWords(judged(given))).toBe(words)
  })
})

test.each<[string, string | null, number | null]>([
  ['the same', 'Tue, 24 Nov 2026 21:30:07 GMT', 0],
  ['ahead of ours', 'Tue, 24 Nov 2026 21:35:07 GMT', 300],
  ['behind ours', 'Tue, 24 Nov 2026 21:30:06 GMT', -1],
  ['not in the answer', null, null],
  ['unreadable', 'soon', null],
])('the skew is measured where Amazon’s time is %s', (_, date, skew) => {
  expect(judged({ ...answer(400, header, clock), date }).skew).toBe(skew)
})
