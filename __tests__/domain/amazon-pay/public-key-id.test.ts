import fc from 'fast-check'
import {
  clientSecretsIn,
  parsePublicKeyId,
  publicKeyIdsIn,
} from '../../../src/domain/amazon-pay/public-key-id.ts'
import { Problem } from '../../../src/domain/problem.ts'

const letters = 'AFVX7ULWSGBZ5535PCUQOY7B'
const sandbox = `SANDBOX-${letters}`
const live = `LIVE-${letters}`
const bare = 'AE7IYD6IQKEYXY7UO56MYSJI'
const secret = `amzn1.oa2-cs.v1.${'0a1b2c3d'.repeat(8)}`

describe('a Public Key ID alone', () => {
  test.each([
    [sandbox, 'sandbox'],
    [live, 'live'],
    [bare, null],
  ])('%s is for %s', (id, payEnvironment) => {
    const dressed = [
      id,
      ` ${id}\r\n`,
      `"${id}"`,
      `' ${id} '`,
      `\u00a0${id}`,
      `“${id}”`,
      `「${id}」`,
    ]
    for (const text of dressed) expect(parsePublicKeyId(text)).toEqual({ id, payEnvironment })
  })
})

describe('one Public Key ID is read in every way in which it arrives', () => {
  test.each([
    ['a non-breaking hyphen', `SANDBOX\u2011${letters}`, sandbox],
    ['an en dash', `SANDBOX\u2013${letters}`, sandbox],
    ['a minus sign', `SANDBOX\u2212${letters}`, sandbox],
    ['a Unicode hyphen', `LIVE\u2010${letters}`, live],
    ['an em dash', `LIVE\u2014${letters}`, live],
    ['a full-width hyphen', `LIVE\uff0d${letters}`, live],
    ['a small hyphen', `LIVE\ufe63${letters}`, live],
    ['the long vowel mark of a Japanese keyboard', `LIVEー${letters}`, live],
    ['spaces around the hyphen', `LIVE - ${letters}`, live],
    ['a line break after the hyphen', `SANDBOX-\n${letters}`, sandbox],
    ['full-width letters', 'ＬＩＶＥ-ＡＦＶＸ７ＵＬＷＳＧＢＺ５５３５ＰＣＵＱＯＹ７Ｂ', live],
    ['a zero-width space', `\u200b${sandbox}\u200b`, sandbox],
    ['a zero-width joiner inside', `SANDBOX-AFVX\u200d7ULWSGBZ5535PCUQOY7B`, sandbox],
    ['a byte order mark', `\ufeff${live}`, live],
    ['a word joiner', `LIVE\u2060-${letters}`, live],
    ['a soft hyphen inside', `LIVE-AFVX7ULW\u00adSGBZ5535PCUQOY7B`, live],
    ['a mark of writing direction', `\u200e${live}\u202c`, live],
    ['the name of the downloaded file', `AmazonPay_${live}.pem`, live],
    ['the name of the downloaded file, unprefixed ID', `AmazonPay_${bare}.pem`, bare],
    ['the name of a second download', `AmazonPay_${live} (1).pem`, live],
    ['the name of a second download in Safari', `AmazonPay_${live}-2.pem`, live],
    ['the name of a twelfth download in Safari', `AmazonPay_${live}-12.pem`, live],
    ['the name of the JSON download', `AmazonPay_${live}.json`, live],
    ['the path of the download', `C:\\Users\\me\\Downloads\\AmazonPay_${sandbox}.pem`, sandbox],
    ['the name without its end', `AmazonPay_${sandbox}`, sandbox],
    ['the file named by the ID', `${bare}.pem`, bare],
    ['the JSON download', `{"merchantId":"A1B2C3D4E5F6G7","publicKeyId":"${live}"}`, live],
    ['JSON over several lines', `{\n  "public_key_id" : "${bare}",\n  "store_id": "x"\n}`, bare],
    ['JSON with a client secret', `{"clientSecret":"${secret}","publicKeyId":"${live}"}`, live],
    ['a sentence', `the new ID is ${live}.`, live],
    ['a sentence with the ID twice', `${live} (I repeat: ${live})`, live],
    ['a label', `Public Key ID: ${bare}`, bare],
    ['a Markdown list', `- **${sandbox}**`, sandbox],
    ['Markdown code', `\`${sandbox}\` is it`, sandbox],
    ['Markdown in bold', `__${sandbox}__`, sandbox],
    ['the end of a sentence', `${live}...`, live],
    ['the environment before its prefix', `LIVE: ${live}`, live],
    ['a word that ends as a prefix', `ALIVE ${bare}`, bare],
    ['Markdown italics', `_${sandbox}_`, sandbox],
    ['an assignment', `AMAZON_PAY_PUBLIC_KEY_ID=${live}`, live],
    ['a Japanese sentence', `公開鍵IDは${live}です`, live],
    ['a question in parentheses', `(${bare})?`, bare],
  ])('%s', (_, text, id) => {
    expect(parsePublicKeyId(text).id).toBe(id)
    expect(publicKeyIdsIn(text).map((each) => each.id)).toEqual([id])
  })
})

describe('no Public Key ID is read out of', () => {
  test.each([
    ['a longer word', `X${bare}`],
    ['a longer word at its end', `${bare}X`],
    ['another prefix', `PROD-${letters}`],
    ['another prefix after the right one', `SANDBOX-LIVE-${letters}`],
    ['a prefix with an underscore', `SANDBOX_${letters}`],
    ['a prefix with a colon', `SANDBOX: ${letters}`],
    ['a prefix with a full stop', `LIVE . ${letters}`],
    ['a backup of the download', `AmazonPay_${live}.pem.bak`],
    ['a download with three digits', `AmazonPay_${live}-123.pem`],
    ['a prefix with a slash', `SANDBOX/${letters}`],
    ['a prefix without a hyphen', `LIVE ${letters}`],
    ['a doubled hyphen', `SANDBOX--${letters}`],
    ['a percent-encoded hyphen', `LIVE%2D${letters}`],
    ['a file of another name', `Other_${bare}.pem`],
    ['a word with an accent', `É${bare}`],
    ['a word with a Cyrillic letter', `\u0410${bare}`],
    ['a domain', `${bare}.example.com`],
    ['lower case', live.toLowerCase()],
    ['a UUID', '0f8fad5b-d9cb-469f-a165-70867728950e'],
    ['a store ID', 'amzn1.application-oa2-client.0123456789abcdef0123456789abcdef'],
    ['a client secret', secret],
    ['nothing', ''],
    ['plain words', 'approved, go ahead'],
  ])('%s', (_, text) => {
    expect(publicKeyIdsIn(text)).toEqual([])
    expect(() => parsePublicKeyId(text)).toThrow(
      expect.objectContaining({ code: 'public-key-id-invalid' }),
    )
  })
})

test('all different Public Key IDs of a text are found, in their order, with what their prefixes say', () => {
  expect(publicKeyIdsIn(`${live}, ${bare}\n${sandbox}; again ${bare}`)).toEqual([
    { id: live, payEnvironment: 'live' },
    { id: bare, payEnvironment: null },
    { id: sandbox, payEnvironment: 'sandbox' },
  ])
})

test('two Public Key IDs are named and refused', () => {
  expect(() => parsePublicKeyId(`${live} or ${sandbox}`)).toThrow(
    expect.objectContaining({
      code: 'public-key-id-invalid',
      fact: `contains 2 Public Key IDs: ${live}, ${sandbox}`,
    }),
  )
})

test('of many Public Key IDs, four are named', () => {
  const ids = ['A', 'B', 'C', 'D', 'E'].map((letter) => letter.repeat(24))
  const four = ids.slice(0, 4)
  expect(problemOf(ids.join()).fact).toBe(`contains 5 Public Key IDs: ${four.join(', ')} …`)
  expect(problemOf(four.join()).fact).toBe(`contains 4 Public Key IDs: ${four.join(', ')}`)
})

const key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A'.repeat(4)

describe('the message says what it is instead', () => {
  test.each([
    ['', 'is empty', 'environment'],
    ['  ""  ', 'is empty', 'environment'],
    ['\u200b', 'is empty', 'environment'],
    [bare.slice(1), `is too short: 23 characters instead of 24: “${bare.slice(1)}”`, ''],
    [`${bare}A`, `is too long: 25 characters instead of 24: “${bare}A”`, ''],
    [sandbox.slice(0, -2), 'is too short: 22 characters after SANDBOX- instead of 24', ''],
    [`${live}XY`, 'is too long: 26 characters after LIVE- instead of 24', ''],
    [`LIVE\u2011${letters.slice(1)}`, 'is too short: 23 characters after LIVE-', ''],
    [bare.toLowerCase(), 'is written in lower case', 'upper case'],
    [`live-${letters}`, `is written in lower case: “live-${letters}”`, 'upper case'],
    [`PROD-${letters}`, 'has a prefix other than LIVE- and SANDBOX-', 'LIVE-'],
    [`SANDBOX_${letters}`, 'has a prefix other than LIVE- and SANDBOX-', 'LIVE-'],
    [`SANDBOX${letters}`, 'has no hyphen after its prefix', 'LIVE-'],
    [`LIVE ${letters}`, 'has no hyphen after its prefix', 'LIVE-'],
    [`LIVE: ${letters}`, 'has no hyphen after its prefix', 'LIVE-'],
    ['AE7I YD6I QKEY XY7U O56M YSJI', 'contains spaces or line breaks', 'remove them'],
    ['AE7IYD6IQKEYXY7UO56MYS.I', 'has characters other than A–Z and 0–9', ''],
    ['A1B2C3D4E5F6G', 'is a merchant ID', 'Integration Central'],
    ['A1B2C3D4E5F6G7', 'is a merchant ID (seller ID)', 'Integration Central'],
    ['amzn1.application-oa2-client.0123456789abcdef', 'is a store ID (client ID)', ''],
    ['amzn1.account.ABC', 'is another Amazon ID', ''],
    ['AKIAIOSFODNN7EXAMPLE', 'is an access key ID of MWS or AWS', ''],
    ['S01-1234567-1234567', 'is the ID of an order or a charge permission', ''],
    ['P02-1234567-1234567-C012345', 'is the ID of an order or a charge permission', ''],
    ['SHA256:zTqGk', 'is the fingerprint of a key', 'computed by this action'],
    ['0f8fad5b-d9cb-469f-a165-70867728950e', 'is a UUID', ''],
    ['from-approval', 'is from-approval, which only `command: activate`', ''],
    ['FROM-APPROVAL', 'is from-approval', ''],
    ['***', 'is ***, which the runner shows in place of a secret', 'key record'],
    [`\${{ secrets.PAY_ID }}`, 'is a placeholder or an expression that was not evaluated', ''],
    ['$PAY_ID', 'is a placeholder', ''],
    ['$(cat id.txt)', 'is a placeholder', ''],
    ['<public-key-id>', 'is a placeholder', ''],
    ['%PAY_ID%', 'is a placeholder', ''],
    ['http://shop.example', 'is the address of a web page', ''],
    ['null', 'is what a program prints for a missing value', ''],
    ['" null "', 'is what a program prints for a missing value', ''],
    ['[object Object]', 'is what a program prints for a missing value', ''],
    ['https://sellercentral.amazon.com/home', 'is the address of a web page', ''],
    [`-----BEGIN PUBLIC KEY-----\n${key}\n`, 'contains a key', 'private-key or public-key'],
    [key, 'contains a key', 'private-key or public-key'],
    [`{"publicKeyId":"${live}","privateKey":"-----BEGIN PRIVATE KEY-----"}`, 'contains a key', ''],
    ['ssh-rsa AAAA', 'contains a key', ''],
    ['acme/shop live 2026-11-26 1a2b3c4d', 'contains no Public Key ID', 'Existing API keys'],
    [secret, 'contains a client secret (amzn1.oa2-cs.…)', 'replace that client secret'],
    [`secret ${secret}`, 'contains a client secret', 'replace that client secret'],
    [`{"clientSecret":"${secret}"}`, 'contains a client secret', 'replace that client secret'],
  ])('%j', (text, fact, hint) => {
    expect(() => parsePublicKeyId(text)).toThrow(
      expect.objectContaining({
        code: 'public-key-id-invalid',
        fact: expect.stringContaining(fact),
        hint: expect.stringContaining(hint),
      }),
    )
  })
})

describe('what only resembles something else is not called that', () => {
  test.each([
    ['note amzn1.application-oa2-client.1', /store ID|another Amazon ID/],
    ['xAKIAABCDEFGHIJKLMNOP', /access key ID/],
    ['AKIAABCDEFGHIJKLMNOPQ', /access key ID/],
    ['not SHA256:abc', /is the fingerprint/],
    ['from-approvals', /is from-approval/],
    ['A1B2C3D4E5F6G7H', /merchant ID/],
    ['nullable', /missing value/],
    ['say "null"', /missing value/],
    ['nonnull', /missing value/],
    ['0A1B2C3D4E5F6G7', /merchant ID/],
    ['XS01-1234567-1234567', /order/],
    ['x***', /is \*\*\*/],
    ['***x', /is \*\*\*/],
    ['pay$id', /placeholder/],
    ['x%ID%', /placeholder/],
    ['%ID%x', /placeholder/],
    ['a<b>', /placeholder/],
    ['<a>b', /placeholder/],
    ['xhttps://shop.example', /address/],
    [`XLIVE${letters}`, /no hyphen/],
    [`LIVE${letters}BB`, /no hyphen/],
    [`LIVE: ${letters}B`, /no hyphen/],
    [`XSANDBOX-${letters.slice(1)}`, /after SANDBOX-/],
    ['"null" they say', /missing value/],
    [`1-LIVES-${letters}`, /prefix other than/],
    [`LIVE${letters.slice(4)}B`, /no hyphen/],
  ])('%s', (text, words) => {
    expect(problemOf(text).fact).not.toMatch(words)
  })
})

test.each([
  ['amzn1.application-oa2-client.0123456789abcdef0123456789abcdef', true],
  [`amzn1.${'x'.repeat(80)}`, true],
  [`amzn1.${'x'.repeat(81)}`, false],
  ['amzn1.account.A/B', false],
  ['amzn1.account.AB\nC', false],
  ['amzn1.account:0123456789abcdef0123456789abcdef', false],
])('whether %j is shown: %s', (text, shown) => {
  const { fact } = problemOf(text)
  expect(fact).toMatch(shown ? /: “amzn1\.[^”]*”$/ : /^is another Amazon ID \(amzn1\.…\)$/)
})

describe('what may be a secret is never shown', () => {
  test.each([
    ['a client secret', secret],
    ['a client secret in a sentence', `it is ${secret} I think`],
    ['a client secret with another hyphen', secret.replace('oa2-cs', 'oa2\u2011cs')],
    ['a client secret with a zero-width space', secret.replace('oa2', 'oa\u200b2')],
    ['a secret access key', 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab'],
    ['a base64 secret', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
    ['a hex secret', '0a1b2c3d'.repeat(8)],
    ['a key', key],
  ])('%s', (_, text) => {
    const { fact, hint } = problemOf(text)
    const shown = `${fact} ${hint}`
    expect(shown).not.toContain(text)
    for (const part of text.match(/[A-Za-z0-9/+]{20,}/g) ?? []) expect(shown).not.toContain(part)
  })
})

describe('client secrets are found to be masked', () => {
  test.each([
    ['alone', secret, [secret]],
    ['in JSON', `{"clientSecret":"${secret}","x":1}`, [secret]],
    ['an old one', 'amzn1.oa2-cs.0123abcd', ['amzn1.oa2-cs.0123abcd']],
    ['two of them', `${secret} amzn1.oa2-cs.v1.ff`, [secret, 'amzn1.oa2-cs.v1.ff']],
    ['with a hyphen that has to be normalized', secret.replace('oa2-', 'oa2\u2011'), [secret]],
    ['a store ID is none', 'amzn1.application-oa2-client.0123', []],
  ])('%s', (_, text, secrets) => {
    expect(clientSecretsIn(text)).toEqual(secrets)
  })
})

test('any other text is refused in a short message without control characters', () => {
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), (text) => {
    const { code, fact } = problemOf(text)
    expect(code).toBe('public-key-id-invalid')
    expect(fact.length).toBeLessThan(220)
    expect(fact).not.toMatch(/\p{Cc}/u)
  })
  fc.assert(property, { seed: 20261124, numRuns: 500 })
})

function problemOf(text: string): Problem {
  try {
    parsePublicKeyId(text)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('it was read as a Public Key ID')
}
