import fc from 'fast-check'
import { readPublicKeyId } from '../../../src/domain/amazon-pay/public-key-id.ts'
import { Problem } from '../../../src/domain/problem.ts'

const input = 'public-key-id'

test.each([
  ['SANDBOX-AFVX7ULWSGBZ5535PCUQOY7B', 'sandbox'],
  ['LIVE-AFVX7ULWSGBZ5535PCUQOY7B', 'live'],
  ['AE7IYD6IQKEYXY7UO56MYSJI', null],
])('%s is for %s', (id, payEnvironment) => {
  for (const text of [id, ` ${id}\r\n`, `"${id}"`, `' ${id} '`, `\u00a0${id}`]) {
    expect(readPublicKeyId(text, { input })).toEqual({ id, payEnvironment })
  }
})

test.each([
  ['', 'is empty', 'environment'],
  ['  ""  ', 'is empty', 'environment'],
  ['AE7IYD6IQKEYXY7UO56MYSJ', 'too short: 23', 'Integration Central'],
  ['AE7IYD6IQKEYXY7UO56MYSJIA', 'too long: 25', 'Integration Central'],
  ['ae7iyd6iqkeyxy7uo56mysji', 'lower case', 'AE7IYD6IQKEYXY7UO56MYSJI'],
  ['live-AE7IYD6IQKEYXY7UO56MYSJI', 'lower case', 'LIVE-AE7IYD6IQKEYXY7UO56MYSJI'],
  ['PROD-AE7IYD6IQKEYXY7UO56MYSJI', 'prefix', 'LIVE-'],
  ['AE7IYD6IQKEYXY7UO56MYS.I', 'other than A–Z', 'Integration Central'],
  ['A1B2C3D4E5F6G', 'merchant ID', 'Integration Central'],
  ['A1B2C3D4E5F6G7', 'merchant ID', 'Integration Central'],
  ['amzn1.application-oa2-client.0123456789abcdef', 'store ID', 'Integration Central'],
  ['amzn1.account.ABC', 'another Amazon ID', 'Integration Central'],
  ['AKIAIOSFODNN7EXAMPLE', 'access key ID of MWS', 'Integration Central'],
  ['SHA256:zTqGk', 'fingerprint', 'Integration Central'],
  ['from-approval', 'command: activate', 'Integration Central'],
  ['-----BEGIN PUBLIC KEY-----\nMIIB\n', 'holds a key', 'public-key'],
  ['two words', 'too short', 'Integration Central'],
])('%j', (text, fact, hint) => {
  expect(() => readPublicKeyId(text, { input })).toThrow(
    expect.objectContaining({
      code: 'public-key-id-invalid',
      fact: expect.stringContaining(fact),
      hint: expect.stringContaining(hint),
    }),
  )
})

test('anything else is refused in a short message without control characters', () => {
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), (text) => {
    try {
      readPublicKeyId(text, { input })
    } catch (error) {
      const { code, fact } = error as Problem
      expect(error).toBeInstanceOf(Problem)
      expect(code).toBe('public-key-id-invalid')
      expect(fact.length).toBeLessThan(220)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(fact).not.toMatch(/[\0-\x1f\x7f]/)
    }
  })
  fc.assert(property, { seed: 20261124, numRuns: 500 })
})
