import { createPrivateKey } from 'node:crypto'
import { readOpenSsh } from '../../../src/adapters/sshpk.ts'
import { privateKeyPem, publicKeyPem } from '../../../src/domain/key/pair.ts'
import { assertConsistent } from '../../../src/domain/key/policy.ts'
import {
  importAppKey,
  importPrivateKey,
  importPublicKey,
} from '../../../src/domain/key-import/import.ts'
import type { Problem } from '../../../src/domain/problem.ts'
import {
  der,
  derOf,
  KeyWorkshop,
  passphrase,
  pemOf,
  pkcs8Of,
  sequence,
  spkiOf,
} from './workshop.ts'

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

const clear = { passphrase: null, readOpenSsh }
/** Where the policy is not the subject, looking for primes would only take time. */
const quick = { ...clear, assertPolicy: assertConsistent }

describe("the recipes of Amazon's page, word for word, give a key pair without warnings", () => {
  test.each([
    [
      'Terminal, and Git Bash',
      'openssl genpkey -algorithm RSA -out privateKey.pem -pkeyopt rsa_keygen_bits:2048\nopenssl rsa -in privateKey.pem -pubout > publicKey.pub',
    ],
    [
      'Windows',
      'ssh-keygen -t rsa -b 2048 -m PKCS8 -f privateKey.pem\nssh-keygen -f privateKey.pem -e -m PKCS8 > publicKey.pub',
    ],
    [
      'Windows, as the READMEs of the SDKs still print it',
      'ssh-keygen -t rsa -b 2048 -f privateKey.pem\nssh-keygen -f privateKey.pem -e -m PKCS8 > publicKey.pub',
    ],
    [
      'the READMEs of the SDKs',
      'openssl genrsa -out privateKey.pem 2048\nopenssl rsa -in privateKey.pem -pubout > publicKey.pub',
    ],
  ])('%s', async (_, commands) => {
    workshop.shell(`rm -f privateKey.pem* publicKey.pub\n${commands}`)
    const { pair, warnings: ofPrivate } = await importPrivateKey(
      workshop.fresh('privateKey.pem'),
      clear,
    )
    const { publicKey, warnings } = await importPublicKey(workshop.fresh('publicKey.pub'))

    expect(spkiOf(publicKey)).toEqual(spkiOf(pair.publicKey))
    expect(warnings).toEqual([])
    expect(ofPrivate.length).toBe(
      commands.includes('-m PKCS8 -f') || commands.includes('openssl') ? 0 : 1,
    )
    expect(privateKeyPem(pair)).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(publicKeyPem(publicKey)).toBe(workshop.fresh('publicKey.pub').toString())
  })

  test('a public key that Windows PowerShell 5.1 wrote is UTF-16, and is read with a warning', async () => {
    const written = Buffer.from(`\ufeff${workshop.spki().replaceAll('\n', '\r\n')}`, 'utf16le')
    const { publicKey, warnings } = await importPublicKey(written)

    expect(written.subarray(0, 2)).toEqual(Buffer.of(0xff, 0xfe))
    expect(publicKeyPem(publicKey)).toBe(workshop.spki())
    expect(warnings[0]?.fact).toContain('PowerShell 5.1')
    expect(warnings[0]?.hint).toContain('Out-File -Encoding ascii')
  })

  test('what a shell variable leaves of UTF-16, without its NUL bytes, is read', async () => {
    const { publicKey } = await importPublicKey(`\ufffd\ufffd${workshop.spki()}`)
    expect(publicKeyPem(publicKey)).toBe(workshop.spki())
  })

  test('UTF-16 that lost its end is truncated', async () => {
    const written = Buffer.from(`\ufeff${workshop.spki()}`, 'utf16le').subarray(0, -31)
    await expect(importPublicKey(written)).rejects.toMatchObject({ code: 'key-truncated' })
  })
})

describe('a private key is read from every supported key format', () => {
  const formats: [string, (w: KeyWorkshop) => string | Buffer, passphrase: string | null][] = [
    ['PKCS#8', (w) => w.pkcs8(), null],
    ['PKCS#1', (w) => w.pkcs1(), null],
    ['encrypted PKCS#8', (w) => w.encryptedPkcs8(), passphrase],
    ['encrypted PKCS#8 (3DES)', (w) => w.encryptedPkcs8('-v2 des3'), passphrase],
    [
      'encrypted PKCS#8 (SHA-512)',
      (w) => w.encryptedPkcs8('-v2 aes-128-cbc -v2prf hmacWithSHA512 -iter 100000'),
      passphrase,
    ],
    ['encrypted PKCS#8 (scrypt)', (w) => w.encryptedPkcs8('-scrypt'), passphrase],
    ['encrypted PKCS#8 (PBES1)', (w) => w.encryptedPkcs8('-v1 PBE-SHA1-3DES'), passphrase],
    ['encrypted PKCS#1 (AES-128)', (w) => w.encryptedPkcs1('aes128'), passphrase],
    ['encrypted PKCS#1 (AES-256)', (w) => w.encryptedPkcs1('aes256'), passphrase],
    ['encrypted PKCS#1 (3DES)', (w) => w.encryptedPkcs1('des3'), passphrase],
    ['encrypted PKCS#1 (Camellia)', (w) => w.encryptedPkcs1('camellia192'), passphrase],
    ['OpenSSH', (w) => w.openSsh(), null],
    ['encrypted OpenSSH (CTR)', (w) => w.encryptedOpenSsh('aes256-ctr'), passphrase],
    ['encrypted OpenSSH (CBC)', (w) => w.encryptedOpenSsh('aes128-cbc'), passphrase],
    ['encrypted OpenSSH (3DES)', (w) => w.encryptedOpenSsh('3des-cbc'), passphrase],
  ]

  test.each(formats)('%s', async (_, make, phrase) => {
    const { pair } = await importPrivateKey(make(workshop), { ...quick, passphrase: phrase })
    expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
    expect(spkiOf(pair.publicKey)).toEqual(spkiOf(createPrivateKey(workshop.pkcs8())))
  })

  const wrapped: [string, (pem: string) => string | Buffer][] = [
    ['CRLF line ends', (pem) => pem.replaceAll('\n', '\r\n')],
    ['CR line ends', (pem) => pem.replaceAll('\n', '\r')],
    ['literal \\n', (pem) => pem.replaceAll('\n', '\\n')],
    ['literal \\r\\n', (pem) => pem.replaceAll('\n', '\\r\\n')],
    ['literal \\\\n, escaped twice', (pem) => pem.replaceAll('\n', '\\\\n')],
    ['spaces for line breaks', (pem) => pem.trim().replaceAll('\n', ' ')],
    ['no line breaks', (pem) => pem.replaceAll('\n', '')],
    ['double quotes', (pem) => `"${pem}"`],
    ['single quotes', (pem) => `'${pem}'\n`],
    ['backticks', (pem) => `\`${pem.trim()}\``],
    ['a JSON string', (pem) => JSON.stringify(pem)],
    ['escapes', (pem) => pem.replaceAll('/', '\\/').replaceAll('+', '\\u002B')],
    ['leading whitespace', (pem) => `\n  \n${pem}`],
    ['trailing whitespace', (pem) => `${pem} \n\n`],
    ['a byte order mark', (pem) => `\ufeff${pem}`],
    ['UTF-16, little endian', (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le')],
    ['UTF-16, big endian', (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', (pem) => Buffer.from(pem, 'utf16le')],
    ['UTF-16 without a mark, big endian', (pem) => Buffer.from(pem, 'utf16le').swap16()],
    ['non-breaking spaces', (pem) => pem.trim().replaceAll('\n', '\u00a0')],
    ['base64', (pem) => Buffer.from(pem).toString('base64')],
    ['base64 in lines', (pem) => wrappedAt76(Buffer.from(pem).toString('base64'))],
    ['base64 in the URL alphabet', (pem) => Buffer.from(pem).toString('base64url')],
    ['its body on one line', (pem) => derOf(pem).toString('base64')],
    ['its body in lines', (pem) => pem.replace(/-----[^-]+-----\n/g, '')],
    ['DER', (pem) => derOf(pem)],
    [
      'text before the key',
      (pem) => `Bag Attributes\n    localKeyID: 01 02\nKey Attributes: <No Attributes>\n${pem}`,
    ],
    ['a shell assignment', (pem) => `export AMAZON_PAY_PRIVATE_KEY="${pem}"\n`],
    ['a line of .env', (pem) => `AMAZON_PAY_PRIVATE_KEY=${pem}`],
    ['text after the key', (pem) => `${pem}# the key of the shop\n`],
    ['YAML', (pem) => `key: |\n${pem.replace(/^/gm, '  ')}`],
    [
      'base64 in a shell assignment',
      (pem) => `export KEY="${Buffer.from(pem).toString('base64')}"`,
    ],
    ['base64 in YAML', (pem) => `key: |\n  ${Buffer.from(pem).toString('base64')}\n`],
  ]

  test.each(wrapped)('with %s', async (_, wrap) => {
    for (const pem of [workshop.pkcs8(), workshop.pkcs1(), workshop.openSsh()]) {
      const { pair } = await importPrivateKey(wrap(pem), quick)
      expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
    }
  })

  test.each([
    ['literal \\n', (pem: string) => pem.replaceAll('\n', '\\n')],
    ['spaces for line breaks', (pem: string) => pem.replaceAll('\n', ' ')],
    ['no line breaks', (pem: string) => pem.replaceAll('\n', '')],
    ['base64', (pem: string) => Buffer.from(pem).toString('base64')],
  ])('encrypted PKCS#1, with its header lines, with %s', async (_, wrap) => {
    for (const cipher of ['aes128', 'des3']) {
      const material = wrap(workshop.encryptedPkcs1(cipher))
      const { pair } = await importPrivateKey(material, { ...quick, passphrase })
      expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
    }
  })

  test('PKCS#8 with attributes', async () => {
    const attributes = der(
      0xa0,
      sequence(der(0x06, Buffer.from('2a864886f70d010914', 'hex')), der(0x31, Buffer.alloc(0))),
    )
    const pkcs8 = pemOf('PRIVATE KEY', pkcs8Of(derOf(workshop.pkcs1()), attributes))
    expect(pkcs8).not.toBe(workshop.pkcs8())
    const { pair } = await importPrivateKey(pkcs8, quick)
    expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
  })

  test.each<[string, (w: KeyWorkshop) => string, string]>([
    ['the same block twice', (w) => w.pkcs8() + w.pkcs8(), 'the same private key twice'],
    [
      'the same key in three formats',
      (w) => w.pkcs8() + w.pkcs1() + w.openSsh(),
      'the same private key twice',
    ],
    ['its own public key beside it', (w) => w.pkcs8() + w.spki(), 'its own public key'],
    ['its own ssh-rsa line beside it', (w) => w.openSsh() + w.sshRsa(), 'its own public key'],
  ])('%s is one key, with a warning', async (_, make, words) => {
    const { pair, warnings } = await importPrivateKey(make(workshop), quick)
    expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
    expect(warnings[0]?.fact).toContain(words)
  })

  function wrappedAt76(text: string): string {
    return (text.match(/.{1,76}/g) ?? []).join('\n')
  }
})

describe('decrypting', () => {
  // Numbers in the unencrypted part, as they are written there: of this key, the largest that is allowed, and the next.
  test.each<[string, (w: KeyWorkshop) => string, from: string, limit: string, beyond: string]>([
    ['PBKDF2', (w) => w.encryptedPkcs8('-iter 65536'), '0203010000', '02030f4240', '02030f4241'],
    [
      "scrypt's work",
      (w) => w.encryptedPkcs8('-scrypt -scrypt_N 16384 -scrypt_r 8 -scrypt_p 1'),
      '020108020101',
      '020108020110',
      '020108020111',
    ],
    [
      "scrypt's memory",
      (w) => w.encryptedPkcs8('-scrypt -scrypt_N 16384 -scrypt_r 15 -scrypt_p 1'),
      '02010f020101',
      '02010f020101',
      '020110020101',
    ],
    [
      'bcrypt',
      (w) => w.encryptedOpenSsh('aes256-ctr', 2),
      '0000000200000001',
      '0000004000000001',
      '0000004100000001',
    ],
  ])(
    'stops at a fixed cost of %s, which is checked before the passphrase',
    async (_, make, from, limit, beyond) => {
      const { pair } = await importPrivateKey(make(workshop), { ...quick, passphrase })
      expect(privateKeyPem(pair)).toBe(workshop.pkcs8())

      const hex = derOf(make(workshop)).toString('hex')
      expect(hex).toContain(from)
      const refused = (to: string, given: string | null) =>
        importPrivateKey(Buffer.from(hex.replace(from, to), 'hex'), { ...quick, passphrase: given })
      await expect(refused(limit, null)).rejects.toMatchObject({ code: 'passphrase-missing' })
      for (const given of [passphrase, null]) {
        await expect(refused(beyond, given)).rejects.toMatchObject({ code: 'key-unreadable' })
      }
    },
  )

  test('a passphrase that is not needed and a short one are each a warning', async () => {
    const { warnings } = await importPrivateKey(workshop.pkcs8(), { ...quick, passphrase: 'short' })
    expect(warnings.map(({ fact }) => fact)).toEqual([
      'is not encrypted, but a passphrase was given',
      expect.stringContaining('has a passphrase of fewer than 8 characters'),
    ])
  })

  test('a newline at the end of a passphrase is significant', async () => {
    const options = { ...quick, passphrase: `${passphrase}\n` }
    await expect(importPrivateKey(workshop.encryptedPkcs8(), options)).rejects.toMatchObject({
      code: 'passphrase-wrong',
    })
  })
})

describe("a GitHub App's key", () => {
  test('is read as GitHub hands it out, PKCS#1, without a word about SDKs', async () => {
    const { warnings } = await importAppKey(workshop.pkcs1().replaceAll('\n', '\\n'), readOpenSsh)
    expect(warnings).toEqual([])
  })

  test('may have more than 2048 bits', async () => {
    const larger = workshop.genpkey('app.pem', '-algorithm RSA -pkeyopt rsa_keygen_bits:2304')
    const { pair } = await importAppKey(larger, readOpenSsh)
    expect(pair.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2304)
    await expect(importPrivateKey(larger, clear)).rejects.toMatchObject({ code: 'key-policy' })
  })

  test.each<[string, (w: KeyWorkshop) => string, string]>([
    [
      'an EC key',
      (w) => w.genpkey('ec.pem', '-algorithm EC -pkeyopt ec_paramgen_curve:P-256'),
      'key-wrong-kind',
    ],
    ['an ssh-ed25519 key', (w) => w.sshKeygen('id_ed25519', '-t ed25519'), 'key-wrong-kind'],
    ['a certificate', (w) => w.certificate(), 'key-wrong-kind'],
    ['a public key', (w) => w.spki(), 'key-wrong-half'],
    [
      'a key of 1024 bits',
      (w) => w.genpkey('small.pem', '-algorithm RSA -pkeyopt rsa_keygen_bits:1024'),
      'key-policy',
    ],
    [
      'a PGP key',
      () => '-----BEGIN PGP PRIVATE KEY BLOCK-----\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----',
      'key-unreadable',
    ],
  ])('where there is %s, the hint is about the App', async (_, make, code) => {
    const { fact, hint, ...problem } = (await importAppKey(make(workshop), readOpenSsh).catch(
      (error: unknown) => error,
    )) as Problem
    expect(problem.code).toBe(code)
    expect(hint).toContain('settings page of the GitHub App')
    expect(fact + hint).not.toMatch(/Amazon|command: generate/)
  })

  test('that is damaged is copied again', async () => {
    const cut = importAppKey(workshop.pkcs1().slice(0, 900), readOpenSsh)
    await expect(cut).rejects.toMatchObject({
      hint: expect.stringContaining('copy the whole file again'),
    })
  })
})

describe('a public key is read from every supported key format', () => {
  test.each<[string, (w: KeyWorkshop) => string]>([
    ['SPKI', (w) => w.spki()],
    ['PKCS#1', (w) => w.pkcs1Public()],
    ['an ssh-rsa line', (w) => w.sshRsa()],
    ['SSH2', (w) => w.ssh2()],
  ])('%s, in every encoding', async (_, make) => {
    const plain = make(workshop)
    const encoded = [
      plain,
      `\ufeff${plain}`,
      plain.replaceAll('\n', '\r\n'),
      plain.replaceAll('\n', '\\n'),
      plain.replaceAll('\n', ' '),
      plain.replaceAll('\n', ''),
      `"${plain.trim()}"`,
      `  ${plain}  `,
      Buffer.from(plain).toString('base64'),
      Buffer.from(`\ufeff${plain.replaceAll('\n', '\r\n')}`, 'utf16le'),
    ]
    for (const material of encoded) {
      const { publicKey } = await importPublicKey(material)
      expect(publicKeyPem(publicKey)).toBe(workshop.spki())
    }
  })

  test.each<[string, (w: KeyWorkshop) => string, string[]]>([
    ['plain PEM', (w) => w.spki(), []],
    ['CRLF', (w) => w.spki().replaceAll('\n', '\r\n'), []],
    ['PKCS#1', (w) => w.pkcs1Public(), ['is in PKCS#1 format (BEGIN RSA PUBLIC KEY)']],
    ['an ssh-rsa line', (w) => w.sshRsa(), ['is in SSH format']],
    ['quotes', (w) => `"${w.spki().trim()}"`, ['has other characters around or inside the key']],
    ['base64', (w) => Buffer.from(w.spki()).toString('base64'), ['has other characters around']],
    ['a byte order mark', (w) => `\ufeff${w.spki()}`, ['has other characters around']],
  ])('what may be pasted into Integration Central: %s', async (_, make, facts) => {
    const { warnings } = await importPublicKey(make(workshop))
    expect(warnings.map(({ fact }) => fact)).toEqual(
      facts.map((fact) => expect.stringContaining(fact)),
    )
  })

  test('without BEGIN and END lines, as the automatic key exchange sends them', async () => {
    const bodies = [derOf(workshop.spki()), derOf(workshop.pkcs1Public())].map((each) =>
      each.toString('base64'),
    )
    const blob = workshop.sshRsa().split(' ')[1] ?? ''
    for (const material of [...bodies, blob, derOf(workshop.spki())]) {
      const { publicKey } = await importPublicKey(material)
      expect(publicKeyPem(publicKey)).toBe(workshop.spki())
    }
  })

  test('the same key in several formats is one key, with a warning', async () => {
    const { publicKey, warnings } = await importPublicKey(workshop.spki() + workshop.sshRsa())
    expect(publicKeyPem(publicKey)).toBe(workshop.spki())
    expect(warnings[0]?.fact).toContain('the same public key twice')
  })
})
