import { createPublicKey } from 'node:crypto'
import { inspect } from 'node:util'
import {
  generateKeyPair,
  keyPairOf,
  privateKeyPem,
  publicKeyPem,
  sameKey,
} from '../../../src/domain/key/pair.ts'
import { nextKey } from '../../keys.ts'
import { KeyWorkshop } from '../key-import/workshop.ts'

const pair = keyPairOf(nextKey())

test('openssl finds a generated key pair intact, and prints the same public key', async () => {
  const workshop = new KeyWorkshop()
  const fresh = await generateKeyPair()
  workshop.write('made.pem', privateKeyPem(fresh))
  expect(workshop.shell('openssl pkey -in made.pem -check -noout')).toContain('valid')
  expect(workshop.shell('openssl pkey -in made.pem -pubout')).toBe(publicKeyPem(fresh.publicKey))
  workshop.close()
})

test('two generated key pairs are different keys', async () => {
  const [one, other] = [await generateKeyPair(), await generateKeyPair()]
  expect(sameKey(one.publicKey, other.publicKey)).toBe(false)
})

test('the public key is derived from the private key', () => {
  expect(sameKey(pair.publicKey, createPublicKey(pair.privateKey))).toBe(true)
  expect(sameKey(pair.publicKey, createPublicKey(nextKey()))).toBe(false)
})

test('keys are written as PEM with LF, 64 columns, from byte 0 to one newline', () => {
  const pem = (label: string) =>
    new RegExp(`^-----BEGIN ${label}-----\n([^\n]{64}\n)+[^\n]{1,64}\n-----END ${label}-----\n$`)
  expect(privateKeyPem(pair)).toMatch(pem('PRIVATE KEY'))
  expect(publicKeyPem(pair.publicKey)).toMatch(pem('PUBLIC KEY'))
})

test('a key pair that is printed shows no number', () => {
  expect(inspect(pair, { depth: 9, showHidden: true })).not.toMatch(/[0-9A-Za-z+/]{40}/)
  expect(JSON.stringify(pair)).toBe('{"privateKey":{},"publicKey":{}}')
})
