import { readOpenSsh } from '../../../src/adapters/sshpk.ts'
import {
  containsPrivateKey,
  importPrivateKey,
  importPublicKey,
  masksOf,
} from '../../../src/domain/key-import/import.ts'
import { foreignTexts } from './foreign.ts'
import { derOf, KeyWorkshop } from './workshop.ts'

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

const rows = foreignTexts.map((each) => [each.kind, each.name, each] as const)

test.each(rows)('%s %s is called what it is, with a next step', async (_kind, _name, foreign) => {
  const refused = importPrivateKey(foreign.make(workshop), { passphrase: null, readOpenSsh })
  await expect(refused).rejects.toMatchObject({
    code: 'key-unreadable',
    fact: expect.stringMatching(foreign.fact),
    hint: expect.stringMatching(foreign.hint),
  })
})

const encodings = rows.filter(([, , { make }]) => make(workshop).length > 1000)

test.each(encodings)(
  '%s %s with a private key is recognised as one in public-key',
  async (_kind, _name, { make }) => {
    expect(containsPrivateKey(make(workshop))).toBe(true)
    await expect(importPublicKey(make(workshop))).rejects.toMatchObject({ code: 'key-wrong-half' })
  },
)

test.each(encodings)(
  '%s %s is masked line by line, and so are the lines of the key in it',
  (_kind, _name, { make }) => {
    const text = make(workshop)
    const masks = masksOf(text)
    const hidden = (part: string) => masks.some((mask) => mask.includes(part))
    const lines = text
      .split(/[\r\n]+/)
      .filter((line) => line.length >= 40 && !/^-----[^-]+-----$/.test(line))
    expect(lines.filter((line) => !hidden(line.trim()))).toEqual([])
  },
)

test.each([
  ['a repository', 'acme/shop'],
  ['repositories', 'acme/shop\nacme/a-second-shop-with-a-long-name\n'],
  [
    'sixty repositories',
    Array.from({ length: 60 }, (_, at) => `Acme/shop-of-region-${'x'.repeat(at % 7)}${at}`).join(
      '\n',
    ),
  ],
  ['an environment', 'production'],
  ['a Public Key ID', 'SANDBOX-AFVX7ULWSGBZ5535PCUQOY7B'],
  ['a fingerprint', `SHA256:${'aB3/'.repeat(10)}aB3`],
  ['a prefix', 'AMAZON_PAY_PRIVATE_KEY'],
  ['a path', '/home/runner/work/_temp/amazon-pay-public-key-us-sandbox-1a2b3c4d.pub'],
  ['a token', `github_pat_${'aB3'.repeat(27)}`],
  ['a sentence', 'the PRIVATE KEY is in the vault, and the PUBLIC KEY in the README'],
])('%s contains no private key', (_, text) => {
  expect(containsPrivateKey(text)).toBe(false)
})

test('public keys in every format contain no private key, and neither do their parts', () => {
  const publics = [workshop.spki(), workshop.pkcs1Public(), workshop.sshRsa(), workshop.ssh2()]
  for (const text of [...publics, workshop.certificate()]) {
    expect(containsPrivateKey(text)).toBe(false)
    expect(containsPrivateKey(text.slice(0, -60))).toBe(false)
    expect(containsPrivateKey(Buffer.from(text).toString('base64'))).toBe(false)
    expect(containsPrivateKey(JSON.stringify({ key: text }))).toBe(false)
  }
})

test('a private key is recognised by any of its parts', () => {
  const pem = workshop.pkcs8()
  const lines = pem.trimEnd().split('\n')
  const versionTwo = derOf(pem)
  versionTwo[6] = 1
  const parts = {
    'its beginning': lines.slice(0, 5).join('\n'),
    'its end': lines.slice(-5).join('\n'),
    'its bytes as version 2 of PKCS#8': versionTwo.toString('base64'),
    'its middle': lines.slice(3, 20).join('\n'),
    'its first line without BEGIN': lines[1] ?? '',
    'its body in reversed URL alphabet': derOf(pem).toString('base64url'),
    'an encrypted key': workshop.encryptedPkcs8().split('\n').slice(1, -2).join('\n'),
    'an OpenSSH key': workshop.openSsh().split('\n').slice(1, 4).join('\n'),
    'a PuTTY file': 'PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 14\nAAABAQ',
    XML: '<RSAKeyValue><D>MIIEvQIBADANBgkqhkiG9w0B</D></RSAKeyValue>',
    'openssl -text': 'privateExponent:\n    00:c9:1f',
  }
  const missed = Object.entries(parts).filter(([, text]) => !containsPrivateKey(text))
  expect(missed.map(([name]) => name)).toEqual([])
})
