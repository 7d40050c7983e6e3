import { privateKeyPem } from '../../../src/domain/key/pair.ts'
import {
  newRecord,
  readKeyRecord,
  timestamp,
  writeKeyRecord,
} from '../../../src/domain/rotation/record.ts'
import { makeKeys, outcomeOf, recordOf } from './views.ts'

const [key, stranger] = makeKeys(2) as [
  ReturnType<typeof makeKeys>[number],
  ReturnType<typeof makeKeys>[number],
]
const text = writeKeyRecord(recordOf(key), 'current', key.pair)
const members = JSON.parse(text) as Record<string, unknown>
const code = (changed: string, slot: 'current' | 'next' = 'current') =>
  outcomeOf(() => readKeyRecord(changed, slot))
const edited = (change: Record<string, unknown>): string => {
  const { signature, ...rest } = { ...members, ...change }
  return JSON.stringify({ ...rest, signature })
}

test('a record is read as it was written', () => {
  const record = recordOf(key, {
    change: 'rollback',
    rolledBackAt: '2026-11-02T00:00:00Z',
    others: { note: 'kept' },
  })
  const read = readKeyRecord(writeKeyRecord(record, 'next', key.pair), 'next')
  expect({ ...read, publicKey: null }).toEqual({ ...record, publicKey: null })
  expect(read.publicKey.equals(record.publicKey)).toBe(true)
})

test('the record of a new key has no Public Key ID, no activation and no mark', () => {
  const { publicKey, region, payEnvironment, madeAt, run } = recordOf(key)
  const record = newRecord(publicKey, { region, payEnvironment, madeAt, run })
  expect(record).toEqual(recordOf(key, { publicKeyId: null }))
})

test('a time is written in UTC, to the second', () => {
  expect(timestamp(new Date('2026-11-24T22:30:00.999+01:00'))).toBe('2026-11-24T21:30:00Z')
})

test('the text of a record has version first and signature last, on one line', () => {
  expect(text).toMatch(
    /^\{"version":1,"fingerprint":"SHA256:[^\n]*,"signature":"[A-Za-z0-9+/]{342}=="\}$/,
  )
})

test('a member that this version does not know stays and is signed', () => {
  const written = writeKeyRecord(recordOf(key, { others: { note: 'kept' } }), 'current', key.pair)
  expect(written).toContain('"note":"kept","signature":')
  expect(code(written.replace('kept', 'edit'))).toBe('record-forged')
})

test.each([
  ['fingerprint', stranger.fingerprint, 'record-unreadable'],
  [
    'publicKey',
    JSON.parse(writeKeyRecord(recordOf(stranger), 'current', stranger.pair)).publicKey,
    'record-unreadable',
  ],
  ['publicKeyId', stranger.id.id, 'record-forged'],
  ['region', 'us', 'record-forged'],
  ['payEnvironment', 'live', 'record-forged'],
  ['madeAt', '2026-11-02T00:00:00Z', 'record-forged'],
  ['activatedAt', '2026-11-02T00:00:00Z', 'record-forged'],
  ['run', 'https://github.com/evil/shop', 'record-forged'],
  ['change', 'activate', 'record-forged'],
  ['rolledBackAt', '2026-11-02T00:00:00Z', 'record-forged'],
  ['signature', 'AAAA', 'record-forged'],
])('an edited %s is found out', (member, value, expected) => {
  expect(code(edited({ [member]: value }))).toBe(expected)
})

test.each([
  ['no JSON', 'not a record'],
  ['a list', '[]'],
  ['another version', JSON.stringify({ ...members, version: 2 })],
  ['a member that is missing', JSON.stringify({ ...members, madeAt: undefined })],
  ['an ID that is none', edited({ publicKeyId: 'A1B2' })],
  ['an ID in lower case', edited({ publicKeyId: key.id.id.toLowerCase() })],
  ['a region that is none', edited({ region: 'uk' })],
  ['a time without zone', edited({ madeAt: '2026-11-02 00:00:00' })],
  ['a mark that is none', edited({ change: 'retire' })],
  ['an environment that is none', edited({ payEnvironment: 'test' })],
  ['an ID with a space', edited({ publicKeyId: ` ${key.id.id}` })],
  ['an ID in a list', edited({ publicKeyId: [key.id.id] })],
  ['a time after text', edited({ madeAt: 'x2026-11-02T00:00:00Z' })],
  ['a time before text', edited({ madeAt: '2026-11-02T00:00:00Zx' })],
  ['a time in a list', edited({ madeAt: ['2026-11-02T00:00:00Z'] })],
  ['a day that does not exist', edited({ madeAt: '2026-13-02T00:00:00Z' })],
  ['a private key', edited({ publicKey: privateKeyPem(key.pair) })],
  ['no run', edited({ run: '' })],
  ['a number as its run', edited({ run: 5 })],
  ['a number as its public key', edited({ publicKey: 5 })],
  ['a run that is too long', edited({ run: 'x'.repeat(501) })],
  ['a public key that is none', edited({ publicKey: '-----BEGIN PUBLIC KEY-----\nx' })],
  ['a public key with text around it', edited({ publicKey: `x\n${members.publicKey}` })],
])('a record with %s is unreadable', (_, changed) => {
  expect(code(changed)).toBe('record-unreadable')
})

test.each([
  ['null', 'is not a JSON object'],
  ['"text"', 'is not a JSON object'],
  ['5', 'is not a JSON object'],
  ['[{"version":1}]', 'is not a JSON object'],
  ['{', 'is not JSON'],
  ['{"version":2}', 'does not have version 1'],
  ['{"version":1}', 'has no member fingerprint, or a malformed one'],
  [edited({ fingerprint: stranger.fingerprint }), 'a publicKey that does not match'],
  [JSON.stringify({ ...members, signature: undefined }), 'has no signature as its last member'],
  [edited({ region: 'us' }), 'has no valid signature of the key that it describes for the current'],
])('what is wrong with %s is said', (changed, fact) => {
  expect(() => readKeyRecord(changed, 'current')).toThrow(fact)
})

test.each([
  ['current', 'command: adopt'],
  ['next', 'command: generate'],
  ['previous', 'command: retire'],
] as const)('a record of %s that is not believed is repaired with %s', (slot, command) => {
  expect(() => readKeyRecord('{}', slot)).toThrow(command)
})

test('a run of 500 characters is read', () => {
  const record = recordOf(key, { run: 'x'.repeat(500) })
  expect(readKeyRecord(writeKeyRecord(record, 'current', key.pair), 'current').run).toHaveLength(
    500,
  )
})

test('a record that was copied from another slot is forged', () => {
  expect(code(text, 'next')).toBe('record-forged')
})

test('a record without signature is forged', () => {
  const { signature, ...rest } = members
  expect(signature).toBeDefined()
  expect(code(JSON.stringify(rest))).toBe('record-forged')
})

test.each([` ${text}`, `${text}\n`])('a record with space around it is forged', (changed) => {
  expect(code(changed)).toBe('record-forged')
})

test('a signature that is not the last member is forged', () => {
  const { signature, ...rest } = members
  expect(code(JSON.stringify({ signature, ...rest }))).toBe('record-forged')
})

test('a signature of another key is forged', () => {
  expect(code(writeKeyRecord(recordOf(key), 'current', stranger.pair))).toBe('record-forged')
})
