import { keyPairOf } from '../../../src/domain/key/pair.ts'
import { isExposed } from '../../../src/domain/key-import/exposure.ts'
import { nextKey } from '../../keys.ts'

const pair = keyPairOf(nextKey())
const stranger = keyPairOf(nextKey())
const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const der = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
const { d = '', ...jwk } = pair.privateKey.export({ format: 'jwk' })

const exposed = (text: string, key = pair): Promise<boolean> =>
  isExposed([text], key, {
    passphrase: null,
    readOpenSsh: () => {
      throw new Error('no OpenSSH key here')
    },
  })

test.each([
  ['as it is', pem],
  ['inside of a sentence', `Please rotate ${JSON.stringify(pem)}, thanks`],
  ['one of its numbers', `d=${d}`],
  ['as hex', der.toString('hex')],
  ['at 70 columns', der.toString('base64').replaceAll(/.{70}/g, '$&\n')],
  ['as JWK', JSON.stringify({ ...jwk, d }, null, 2)],
])('a private key in the event of a run is found: %s', async (_, text) => {
  expect(await exposed(text)).toBe(true)
  expect(await exposed(text, stranger)).toBe(false)
})

test('a public key exposes nothing', async () => {
  const text = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  expect(await exposed(text)).toBe(false)
})
