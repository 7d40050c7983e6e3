import { generateKeyPairSync } from 'node:crypto'
import { maskForms } from '../../../src/domain/key/masks.ts'
import { keyPairOf, publicKeyPem } from '../../../src/domain/key/pair.ts'
import { nextKey } from '../../keys.ts'

const pair = keyPairOf(nextKey())
const masks = maskForms(pair)
const hidden = (text: string) => masks.some((mask) => mask.includes(text))

describe.each(['pkcs8', 'pkcs1'] as const)('the private key as %s', (type) => {
  const pem = pair.privateKey.export({ type, format: 'pem' }).toString()
  const der = pair.privateKey.export({ type, format: 'der' })
  const forms: [string, string][] = [
    ['PEM', pem],
    ['PEM without its final newline', pem.trimEnd()],
    ['PEM with CRLF', pem.replaceAll('\n', '\r\n')],
    ['PEM with CRLF, without the final one', pem.trimEnd().replaceAll('\n', '\r\n')],
    ['PEM with literal \\n', pem.replaceAll('\n', '\\n')],
    ['PEM with literal \\n, without the final one', pem.trimEnd().replaceAll('\n', '\\n')],
    ['PEM on one line', pem.trimEnd().replaceAll('\n', ' ')],
    ['its body on one line', der.toString('base64')],
    ['its body in the URL alphabet', der.toString('base64url')],
    ['base64 of the PEM', Buffer.from(pem).toString('base64')],
    ['base64 of the PEM in the URL alphabet', Buffer.from(pem).toString('base64url')],
    ['base64 of the PEM without its final newline', Buffer.from(pem.trimEnd()).toString('base64')],
    ['base64 of the PEM with CRLF', Buffer.from(pem.replaceAll('\n', '\r\n')).toString('base64')],
  ]

  test.each(forms)('is masked as a whole: %s', (_, form) => {
    expect(masks).toContain(form)
  })

  test.each([
    ['base64 of the PEM', Buffer.from(pem).toString('base64')],
    ['its body', der.toString('base64')],
  ])('is masked line by line at 76 columns: %s', (_, base64) => {
    const lines = (base64.match(/.{1,76}/g) ?? []).filter((line) => line.length >= 16)
    const masked = masks.flatMap((mask) => mask.split('\n'))
    expect(lines.filter((line) => !masked.includes(line))).toEqual([])
  })
})

test('the last line of a form at 76 columns is masked only where it is long', () => {
  const sizes = Array.from({ length: 16 }, (_, index) => 512 + 32 * index)
  const all = sizes.flatMap((modulusLength) =>
    maskForms(generateKeyPairSync('rsa', { modulusLength })),
  )
  const lines = all.map((mask) => mask.split('\n')).filter(([first]) => first?.length === 76)
  const lengths = lines.map((each) => each.at(-1)?.length ?? 0)
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(16)
  // Some had a last line that was left out.
  expect(lengths.filter((length) => length === 76).length).toBeGreaterThan(3)
})

test('each private number is masked as base64url, base64 and hex', () => {
  const jwk = pair.privateKey.export({ format: 'jwk' })
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const) {
    const bytes = Buffer.from(jwk[name] ?? '', 'base64url')
    for (const encoding of ['base64url', 'base64', 'hex'] as const) {
      expect(masks).toContain(bytes.toString(encoding))
    }
  }
})

test('no mask is so short that it hides harmless text, and none hides a line of the public key', () => {
  expect(masks.filter((mask) => mask.length < 16)).toEqual([])
  const publicLines = publicKeyPem(pair.publicKey).trimEnd().split('\n')
  expect(
    publicLines.filter((line) => masks.flatMap((mask) => mask.split(/\r?\n/)).includes(line)),
  ).toEqual([])
  expect(hidden('no part of a key')).toBe(false)
})
