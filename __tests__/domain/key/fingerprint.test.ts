import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { fingerprint, shortFingerprint } from '../../../src/domain/key/fingerprint.ts'
import { nextKey } from '../../keys.ts'

const publicKey = createPublicKey(nextKey())
const pem = publicKey.export({ type: 'spki', format: 'pem' })
const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: pem })
const digest = execFileSync('openssl', ['dgst', '-sha256', '-binary'], { input: der })

test('a fingerprint is the unpadded base64 of the digest that OpenSSL computes', () => {
  expect(fingerprint(publicKey)).toBe(`SHA256:${digest.toString('base64').slice(0, 43)}`)
})

test('a short fingerprint is the first 8 hex digits of the same digest', () => {
  expect(shortFingerprint(publicKey)).toBe(digest.toString('hex').slice(0, 8))
})
