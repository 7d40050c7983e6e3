import { generateKeyPairSync } from 'node:crypto'
import { createMasker, encoders } from '../../rehearsal/masker.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('the eleven encoded forms', () => {
  const cases: [form: string, value: string, encoded: string[]][] = [
    ['base64', 'abc', ['YWJj', 'YmM=', 'Yw==']],
    ['base64 of fewer bytes than it skips', 'a', ['YQ==', 'YQ==', 'YQ==']],
    ['base64 of bytes, not of letters', 'é1', ['w6kx', 'qTE=', 'MQ==']],
  ]
  test.each(cases)('the encoder knows %s', (_, value, encoded) => {
    expect(encoders.slice(0, 3).map((encode) => encode(value))).toEqual(encoded)
  })

  test.each([
    [3, 'say "hi"', 'say \\"hi\\"'],
    [4, "it's", "it''s"],
    [5, '"\\/\b\f\n\r\t\u0001\u007F\u2028é', '\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u007F\\u2028é'],
    [6, "a b+/=!'()*~_.-é", 'a%20b%2B%2F%3D%21%27%28%29%2A~_.-%C3%A9'],
    [7, `<a b="c" d='e'>&`, '&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;'],
    [8, '"1234567"', '1234567'],
    [8, '"123456"', ''],
    [8, '12345678"', ''],
    [9, 'first&second&third', 'first&second&'],
    [9, 'first&+second&third', 'first&+'],
    [9, 'abc&de', ''],
    [9, 'no ampersand', ''],
    [10, 'first&second&third!', 'third!'],
    [10, 'first&+second&third', 'econd&third'],
    [10, 'first&third', ''],
    [10, 'first&+x', ''],
    [10, 'no ampersand', ''],
  ])('encoder %i encodes %j as the runner does', (index, value, encoded) => {
    expect(encoders[index]?.(value)).toBe(encoded)
  })

  test('there are eleven encoders', () => expect(encoders).toHaveLength(11))
})

describe('what is registered', () => {
  test('a value is registered whole, and every line of it trimmed', () => {
    const masker = createMasker()
    expect(masker.add(' one\r\n\n  two \rthree ')).toBe(true)
    expect([...masker.values]).toEqual([' one\r\n\n  two \rthree ', 'one', 'two', 'three'])
    expect(masker.mask('two of three')).toBe('*** of ***')
  })

  test('a secret of the job is trimmed, a masked value is not', () => {
    const masker = createMasker()
    masker.addSecret('  secret\n')
    expect([...masker.values]).toEqual(['secret'])
  })

  test('spaces alone are not masked', () => {
    const masker = createMasker()
    expect(masker.add(' \n\t')).toBe(false)
    expect(masker.values.size).toBe(0)
  })

  test('a single character is masked: there is no minimum', () => {
    const masker = createMasker()
    masker.add('x')
    expect(masker.mask('axbxc')).toBe('a***b***c')
  })

  test('a single value can be registered without its lines', () => {
    const masker = createMasker()
    masker.addValue('a\nb')
    expect(masker.mask('a b, a\nb')).toBe('a b, ***')
  })
})

describe('what is replaced', () => {
  test.each([
    ['overlapping values become one', ['abcd', 'cdef'], '-abcdef-', '-***-'],
    ['adjacent values become one', ['abcd', 'efgh'], '-abcdefgh-', '-***-'],
    ['a value inside another one disappears in it', ['abcdef', 'cd'], '-abcdef-', '-***-'],
    ['a value that overlaps itself becomes one', ['aba'], '-ababa-', '-***-'],
    ['every occurrence is replaced', ['key'], 'key and key', '*** and ***'],
    ['case matters', ['Key'], 'KEY key Key', 'KEY key ***'],
    ['a text without a value is unchanged', ['key'], 'lock', 'lock'],
    ['an empty text is unchanged', ['key'], '', ''],
  ])('masking: %s', (_, values, text, masked) => {
    const masker = createMasker()
    for (const value of values) masker.add(value)
    expect(masker.mask(text)).toBe(masked)
  })

  test.each([
    ['base64', (text: string) => base64(text)],
    ['base64 behind one letter', (text: string) => base64(`x${text}`)],
    ['base64 behind two letters', (text: string) => base64(`xy${text}`)],
    ['JSON', (text: string) => JSON.stringify(text)],
    ['a URL', encodeURIComponent],
  ])('%s of the value does not show it', (_, encode) => {
    const masker = createMasker()
    const secret = 'pass "word" & more ünïcode'
    masker.add(secret)
    expect(masker.mask(encode(secret))).toMatch(/^.{0,4}\*\*\*.{0,4}$/)
  })
})

describe('a masked private key', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const spki = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const masker = createMasker()
  masker.add(pem)

  test('a private key is masked whole and line by line', () => {
    expect(masker.mask(pem).trim()).toBe('***')
    for (const line of pem.trim().split('\n')) expect(masker.mask(line)).toBe('***')
  })

  test('the mask of a private key leaves its public key intact', () => {
    expect(masker.mask(spki)).toBe(spki)
    for (const line of spki.split('\n')) expect(masker.mask(line)).toBe(line)
  })

  test('the mask of a private key damages its ssh-rsa line, whose base64 has the same groups', () => {
    const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
    const part = (bytes: Buffer) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return Buffer.concat([length, bytes])
    }
    const blob = Buffer.concat([
      part(Buffer.from('ssh-rsa')),
      part(Buffer.from(e, 'base64url')),
      part(Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')])),
    ])
    expect(masker.mask(`ssh-rsa ${blob.toString('base64')}`)).toContain('***')
  })
})
