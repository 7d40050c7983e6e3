import sodium from 'libsodium-wrappers'
import { seal, sealingKeyBytes } from '../../../src/adapters/github/sealed-box.ts'

beforeAll(() => sodium.ready)

const pair = () => {
  const { publicKey, privateKey } = sodium.crypto_box_keypair()
  return {
    sealingKey: { keyId: 'same', key: Buffer.from(publicKey).toString('base64') },
    open: (sealed: string) =>
      Buffer.from(
        sodium.crypto_box_seal_open(Buffer.from(sealed, 'base64'), publicKey, privateKey),
      ).toString(),
  }
}
const never = () => Promise.reject(new Error('no second sealing key'))

test('a sealed value is opened by its recipient, byte for byte', async () => {
  const { sealingKey, open } = pair()
  const value = 'line\nZürich\n\n'
  const sealed = await seal('NAME', value, sealingKey, never)
  expect(open(sealed.value)).toBe(value)
  expect(sealed).toMatchObject({ name: 'NAME', sealingKeyId: 'same' })
  expect(Buffer.from(sealed.value, 'base64').length).toBe(Buffer.byteLength(value) + 48)
  expect(sealed.value).not.toContain('line')
})

test('it is opened by nobody else, though the other key has the same id', async () => {
  const sealed = await seal('NAME', 'value', pair().sealingKey, never)
  expect(() => pair().open(sealed.value)).toThrow()
})

test('the same value is sealed differently each time', async () => {
  const { sealingKey } = pair()
  const [one, other] = await Promise.all([1, 2].map(() => seal('N', 'value', sealingKey, never)))
  expect(one?.value).not.toBe(other?.value)
})

test('sealed again, it is for the key that is fetched then', async () => {
  const fresh = pair()
  const sealed = await seal('NAME', 'value', pair().sealingKey, async () => fresh.sealingKey)
  expect(fresh.open((await sealed.reseal()).value)).toBe('value')
})

test('a sealing key has as many bytes as libsodium says', () => {
  expect(sealingKeyBytes).toBe(sodium.crypto_box_PUBLICKEYBYTES)
})
