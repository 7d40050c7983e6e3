import { decodeBody } from '../../../src/domain/key-import/base64.ts'
import { encapsulatedTexts, hasBoundary, pemOf } from '../../../src/domain/key-import/pem.ts'

const bytes = Buffer.from(Array.from({ length: 100 }, (_, index) => index))
const pem = pemOf('PRIVATE KEY', bytes)

test('a block is written with LF, 64 columns, from byte 0 to one newline', () => {
  expect(pem).toMatch(
    /^-----BEGIN PRIVATE KEY-----\n[^\n]{64}\n[^\n]{64}\n[^\n]{1,64}\n-----END PRIVATE KEY-----\n$/,
  )
})

test('what was written is read again, wherever it stands and with other text around it', () => {
  const text = `before ${pem.replaceAll('\n', ' ')} after ${pem}`
  const blocks = encapsulatedTexts(text)
  expect(blocks.map(({ label }) => label)).toEqual(['PRIVATE KEY', 'PRIVATE KEY'])
  for (const { text: body, label } of blocks) {
    expect(decodeBody(body, label)).toEqual(bytes)
  }
  expect(blocks.map(({ start, end }) => text.slice(start, end).length)).toEqual([
    pem.length - 1,
    pem.length - 1,
  ])
})

test.each([
  ['-----BEGIN PRIVATE KEY-----', true],
  ['-----END PRIVATE KEY-----', true],
  ['---- BEGIN SSH2 PUBLIC KEY ----', true],
  ['----BEGIN PRIVATE KEY-----', false],
  ['-----BEGIN-----', false],
  ['-----begin private key-----', false],
  [`-----BEGIN ${'A'.repeat(65)}-----`, false],
])('%s is a boundary: %s', (text, expected) => {
  expect(hasBoundary(text)).toBe(expected)
})

test.each([
  ['BEGIN without END', '-----BEGIN A-----\nAAAA', 'key-truncated'],
  [
    'BEGIN inside a block',
    '-----BEGIN A-----\nAAAA\n-----BEGIN B-----\n-----END B-----',
    'key-truncated',
  ],
  [
    'BEGIN directly after BEGIN',
    '-----BEGIN A-----\n-----BEGIN B-----\n-----END B-----',
    'key-unreadable',
  ],
  ['END without BEGIN', 'AAAA\n-----END A-----', 'key-truncated'],
  [
    'a BEGIN that lost a hyphen',
    '----BEGIN A KEY-----\nAAAA\n-----END A KEY-----',
    'key-unreadable',
  ],
  [
    'an END that lost a hyphen',
    '-----BEGIN A KEY-----\nAAAA\n-----END A KEY----',
    'key-unreadable',
  ],
  ['another END', '-----BEGIN A-----\nAAAA\n-----END B-----', 'key-unreadable'],
])('%s', (_, text, code) => {
  expect(() => encapsulatedTexts(text)).toThrow(expect.objectContaining({ code }))
})

test.each([
  ['nothing', ' \n', 'key-truncated', 'there is nothing between'],
  ['a group cut', 'AAAAA', 'key-truncated', '(5 is not'],
  ['padding missing', 'AAA', 'key-truncated', '(3 is not'],
  ['padding inside', 'AA==AAAA', 'key-unreadable', '2 characters'],
  ['too much padding', 'A===', 'key-unreadable', '1 character '],
  ['stray bits at the end', 'AB==', 'key-unreadable', 'last base64 group'],
  ['the URL alphabet', 'AA-_', 'key-unreadable', '2 characters'],
  ['a star from a log', 'AA***AAA', 'key-unreadable', '3 characters'],
])('a body with %s', (_, body, code, told) => {
  expect(() => decodeBody(body, 'PRIVATE KEY')).toThrow(
    expect.objectContaining({ code, fact: expect.stringContaining(told) }),
  )
})

test('an odd label is not repeated in a message', () => {
  const secret = 'c2VjcmV0IHN0dWZm'
  expect(() => encapsulatedTexts(`-----BEGIN ${secret}-----`)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(secret) }),
  )
})
