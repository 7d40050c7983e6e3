import { createHash, generateKeyPairSync } from 'node:crypto'
import { Problem } from '../../../src/domain/problem.ts'
import {
  type KeyRecord,
  readKeyRecord,
  timestamp,
  writeKeyRecord,
} from '../../../src/domain/rotation/record.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const der = Buffer.from(publicKey.split('\n').slice(1, -2).join(''), 'base64')
const fingerprint = `SHA256:${createHash('sha256').update(der).digest('base64').slice(0, 43)}`

const record: KeyRecord = {
  version: 1,
  fingerprint,
  publicKey,
  publicKeyId: 'SANDBOX-AEXAMPLEEXAMPLEEXAMPLEEX',
  region: 'eu',
  payEnvironment: 'sandbox',
  madeAt: '2026-11-24T21:30:00Z',
  activatedAt: null,
  run: 'https://github.com/acme/shop/actions/runs/1',
}
const read = (value: unknown) =>
  readKeyRecord(typeof value === 'string' ? value : JSON.stringify(value), 'AMAZON_PAY_KEY')

describe('a key record', () => {
  test('is one line of JSON', () => {
    expect(writeKeyRecord(record)).not.toContain('\n')
    expect(JSON.parse(writeKeyRecord(record))).toEqual(record)
  })

  test('comes back as it was written', () => {
    expect(read(writeKeyRecord(record))).toEqual(record)
  })

  test('keeps members that a newer version may have added', () => {
    const more = { ...record, note: { by: 'somebody' } }
    expect(JSON.parse(writeKeyRecord(read(more)))).toEqual(more)
  })

  test('may know little', () => {
    const little = { ...record, publicKeyId: null, region: null, payEnvironment: null }
    expect(read(little)).toEqual(little)
  })

  test.each<[string, unknown]>([
    ['no JSON', 'junk'],
    ['nothing', ''],
    ['null', null],
    ['a list', []],
    ['text', '"text"'],
    ['another version', { ...record, version: 2 }],
    ['no version', { ...record, version: undefined }],
    ['a fingerprint that is not its key’s', { ...record, fingerprint: `SHA256:${'A'.repeat(43)}` }],
    ['no fingerprint', { ...record, fingerprint: '' }],
    ['no public key', { ...record, publicKey: 'junk' }],
    ['a private key', { ...record, publicKey: privateKey }],
    ['a region that there is not', { ...record, region: 'na' }],
    ['an environment that there is not', { ...record, payEnvironment: 'test' }],
    ['a Public Key ID that is a number', { ...record, publicKeyId: 1 }],
    ['a time with an offset', { ...record, madeAt: '2026-11-24T21:30:00+01:00' }],
    ['a time that there is not', { ...record, madeAt: '2026-13-24T21:30:00Z' }],
    ['an activation that is no time', { ...record, activatedAt: 'yesterday' }],
    ['no run', { ...record, run: undefined }],
  ])('is not believed with %s', (_, value) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({
        code: 'record-unreadable',
        fact: expect.stringContaining('variable AMAZON_PAY_KEY'),
      }),
    )
  })

  test('that is refused quotes none of its content', () => {
    let problem: unknown
    try {
      read({ ...record, publicKey: privateKey })
    } catch (error) {
      problem = error
    }
    expect(problem).toBeInstanceOf(Problem)
    expect(String((problem as Problem).message)).not.toContain(privateKey.split('\n')[3])
  })
})

test('times are UTC, to the second', () => {
  expect(timestamp(new Date('2026-11-24T22:30:00.999+01:00'))).toBe('2026-11-24T21:30:00Z')
})
