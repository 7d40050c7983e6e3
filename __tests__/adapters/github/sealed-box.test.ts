import sodium from 'libsodium-wrappers'
import { GitHubError } from '../../../src/adapters/github/refusal.ts'
import { readSealingKey, seal } from '../../../src/adapters/github/sealed-box.ts'

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

describe('a sealed value', () => {
  test('is opened by its recipient, byte for byte', async () => {
    const { sealingKey, open } = pair()
    const value = 'line\nZürich\n\n'
    const sealed = await seal('NAME', value, Promise.resolve(sealingKey), never)
    expect(open(sealed.value)).toBe(value)
    expect(sealed).toMatchObject({ name: 'NAME', sealingKeyId: 'same' })
    expect(Buffer.from(sealed.value, 'base64').length).toBe(Buffer.byteLength(value) + 48)
  })

  test('is not opened with another key, though that has the same id', async () => {
    const sealed = await seal('NAME', 'value', Promise.resolve(pair().sealingKey), never)
    expect(() => pair().open(sealed.value)).toThrow()
  })

  test('is different each time', async () => {
    const { sealingKey } = pair()
    const [one, other] = await Promise.all(
      [1, 2].map(() => seal('N', 'value', Promise.resolve(sealingKey), never)),
    )
    expect(one?.value).not.toBe(other?.value)
  })

  test('is, when sealed again, for the key that is fetched then', async () => {
    const fresh = pair()
    const sealed = await seal(
      'NAME',
      'value',
      Promise.resolve(pair().sealingKey),
      async () => fresh.sealingKey,
    )
    expect(fresh.open((await sealed.reseal()).value)).toBe('value')
  })
})

describe('a sealing key', () => {
  const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
  const good = 'CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk='

  test('of 32 bytes in base64 is taken', () => {
    expect(readSealingKey({ key_id: '1', key: good })).toEqual({ keyId: '1', key: good })
  })

  test.each<[string, unknown]>([
    ['no object', 'key'],
    ['no key', { key_id: '1' }],
    ['no id', { key: good }],
    ['an empty id', { key_id: '', key: good }],
    ['a number as its id', { key_id: 1, key: good }],
    ['31 bytes', { key_id: '1', key: base64('09'.repeat(31)) }],
    ['33 bytes', { key_id: '1', key: base64('09'.repeat(33)) }],
    ['no padding', { key_id: '1', key: good.replace('=', '') }],
    ['more padding', { key_id: '1', key: `${good}===` }],
    ['padding, then more', { key_id: '1', key: `${good}CQkJ` }],
    ['a line break at its end', { key_id: '1', key: `${good}\n` }],
    ['the URL alphabet', { key_id: '1', key: Buffer.alloc(32, 0xff).toString('base64url') }],
    ['bits that are cut off', { key_id: '1', key: good.replace('k=', 'l=') }],
    ['only zeros', { key_id: '1', key: base64('00'.repeat(32)) }],
    ['order 1', { key_id: '1', key: base64(`01${'00'.repeat(31)}`) }],
    [
      'order 8',
      {
        key_id: '1',
        key: base64('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'),
      },
    ],
    [
      'order 8, the other one',
      {
        key_id: '1',
        key: base64('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'),
      },
    ],
    ['p − 1', { key_id: '1', key: base64(`ec${'ff'.repeat(30)}7f`) }],
    ['p, which is zero again', { key_id: '1', key: base64(`ed${'ff'.repeat(30)}7f`) }],
    ['p + 1, with its unused bit set', { key_id: '1', key: base64(`ee${'ff'.repeat(31)}`) }],
  ])('with %s is refused', (_, data) => {
    expect(() => readSealingKey(data)).toThrow(GitHubError)
  })
})
