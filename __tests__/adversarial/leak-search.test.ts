import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { searchFor } from './leak-search.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const search = searchFor({
  privateKeys: [privateKey],
  passphrases: ['correct horse *battery* <staple>'],
  tokens: ['ghs_0123456789abcdefghij'],
})
const whats = (text: string | Buffer): string =>
  search('here', text)
    .map(({ what }) => what)
    .join()

const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1'): string =>
  key.export({ format: 'pem', type }).toString()
const der = (key: KeyObject, type: 'pkcs8' | 'pkcs1'): Buffer =>
  key.export({ format: 'der', type }) as Buffer
const jwk = privateKey.export({ format: 'jwk' }) as Record<string, string>
const d = Buffer.from(jwk.d ?? '', 'base64url')
const rewrapped = (text: string, width: number): string =>
  text.replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\n')
const pkcs8 = pem(privateKey, 'pkcs8')

describe('a private key is found', () => {
  test.each<[string, string | Buffer]>([
    ['as PKCS#8', pkcs8],
    ['as PKCS#1', pem(privateKey, 'pkcs1')],
    ['by one of its lines', pkcs8.split('\n')[12] ?? ''],
    ['by 16 characters of a line', `key ${pkcs8.split('\n')[12]?.slice(20, 36)} ends`],
    ['with CRLF', pkcs8.replaceAll('\n', '\r\n')],
    ['in JSON', JSON.stringify({ pkcs8 })],
    ['in JSON twice', JSON.stringify(JSON.stringify({ pkcs8 }))],
    ['in JSON that escapes slashes', JSON.stringify(pkcs8).replaceAll('/', '\\/')],
    ['in a URL', `https://x.example/?k=${encodeURIComponent(pkcs8)}`],
    ['in a URL twice', encodeURIComponent(encodeURIComponent(pkcs8))],
    ['in HTML', pkcs8.replaceAll('+', '&#43;').replaceAll('/', '&#x2F;')],
    ['in lines of 24', rewrapped(der(privateKey, 'pkcs8').toString('base64'), 24)],
    ['in lines of 5', rewrapped(der(privateKey, 'pkcs1').toString('base64'), 5)],
    ['in base64 of the PEM', Buffer.from(pkcs8).toString('base64')],
    ['in wrapped base64 of the PEM', rewrapped(Buffer.from(pkcs8).toString('base64'), 76)],
    ['in base64 of the PEM behind a byte', Buffer.from(`x${pkcs8}`).toString('base64')],
    ['in base64 of the CRLF PEM', Buffer.from(pkcs8.replaceAll('\n', '\r\n')).toString('base64')],
    ['in base64 of UTF-16', Buffer.from(pkcs8, 'utf16le').toString('base64')],
    ['in UTF-16', Buffer.from(pkcs8, 'utf16le')],
    ['in base64url of its DER', der(privateKey, 'pkcs8').toString('base64url')],
    ['in hex', der(privateKey, 'pkcs8').toString('hex')],
    ['in hex, in capitals', d.toString('hex').toUpperCase()],
    ['in hex with colons', rewrapped(d.toString('hex'), 2).replaceAll('\n', ':')],
    [
      'as Node.js shows a buffer',
      `<Buffer ${rewrapped(d.toString('hex'), 2).replaceAll('\n', ' ')}>`,
    ],
    [
      'as an array of hex',
      [...d].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', '),
    ],
    ['in hex of the PEM', Buffer.from(pkcs8).toString('hex')],
    ['as JSON shows a buffer', JSON.stringify(d)],
    ['as JSON shows a buffer, with blanks', JSON.stringify(d, null, 2)],
    ['as a number', BigInt(`0x${d.toString('hex')}`).toString()],
    ['as bytes in a file', Buffer.concat([Buffer.from('file'), der(privateKey, 'pkcs8')])],
  ])('%s', (_, text) => {
    expect(whats(text)).not.toBe('')
  })

  test.each(['d', 'p', 'q', 'dp', 'dq', 'qi'])('by its %s alone', (name) => {
    expect(whats(`{"${name}":"${jwk[name]}"}`)).toContain(`${name} as base64`)
  })
})

describe('what is not private is not found', () => {
  test.each<[string, string | Buffer]>([
    ['its public key', publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    [
      'its public key in base64',
      (publicKey.export({ format: 'der', type: 'spki' }) as Buffer).toString('base64'),
    ],
    ['its modulus', `${jwk.n} ${Buffer.from(jwk.n ?? '', 'base64url').toString('hex')}`],
    ['the first lines of its PEM', pkcs8.split('\n').slice(0, 6).join('\n')],
    ['another private key', pem(other, 'pkcs8')],
    ['15 characters', pkcs8.split('\n')[12]?.slice(20, 35) ?? ''],
    ['words', 'the pair is current, and the passphrase is correct'],
  ])('%s', (_, text) => {
    expect(whats(text)).toBe('')
  })
})

test('a key in any container is one key', () => {
  const again = createPrivateKey(pem(privateKey, 'pkcs1'))
  expect(searchFor({ privateKeys: [again] })('here', pkcs8)).not.toEqual([])
})

test('an encrypted key is found by its body', () => {
  const encrypted = privateKey
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const find = searchFor({ armoured: [encrypted] })
  expect(find('here', encrypted.split('\n')[5] ?? '')).toEqual([
    { what: 'armoured key', where: 'here' },
  ])
  expect(find('here', Buffer.from(encrypted).toString('base64'))).not.toEqual([])
  expect(find('here', '-----BEGIN ENCRYPTED PRIVATE KEY-----')).toEqual([])
})

describe('passphrase and token are found', () => {
  test.each([
    ['as they are', 'it was "correct horse *battery* <staple>".', 'passphrase'],
    ['in Markdown', 'correct horse \\*battery\\* &#60;staple>', 'passphrase'],
    ['in a URL', 'p=correct%20horse%20%2Abattery%2A%20%3Cstaple%3E', 'passphrase'],
    ['in hex', Buffer.from('correct horse *battery* <staple>').toString('hex'), 'passphrase'],
    [
      'in Basic authorization',
      Buffer.from('u:ghs_0123456789abcdefghij').toString('base64'),
      'token',
    ],
    ['in a header', 'authorization: token ghs_0123456789abcdefghij', 'token'],
    ['in Markdown with underscores', 'ghs\\_0123456789abcdefghij', 'token'],
  ])('%s', (_, text, what) => {
    expect(whats(text)).toBe(what)
  })
})
