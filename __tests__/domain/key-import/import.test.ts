import fc from 'fast-check'
import { readOpenSsh } from '../../../src/adapters/sshpk.ts'
import { privateKeyPem, publicKeyPem } from '../../../src/domain/key/pair.ts'
import { assertConsistent } from '../../../src/domain/key/policy.ts'
import {
  importPrivateKey,
  importPublicKey,
  looksLikeKeyMaterial,
  masksOf,
} from '../../../src/domain/key-import/import.ts'
import { Problem } from '../../../src/domain/problem.ts'
import { derOf, KeyWorkshop, passphrase } from './workshop.ts'

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

const seeded = { seed: 20261124 }

/** What can be around a text, one over the other in any order. Line breaks may go, since base64 has none. */
const textWrappings: Record<string, (text: string) => string> = {
  crlf: (text) => text.replace(/\r?\n/g, '\r\n'),
  cr: (text) => text.replace(/\r?\n/g, '\r'),
  literal: (text) => text.replaceAll('\n', '\\n'),
  literalCrlf: (text) => text.replace(/\r?\n/g, '\\r\\n'),
  blanksForLines: (text) => text.replace(/\s+/g, ' '),
  nothingForLines: (text) => text.replace(/[\r\n]+/g, ''),
  doubleQuotes: (text) => `"${text}"`,
  singleQuotes: (text) => `'${text}'`,
  backticks: (text) => `\`${text}\``,
  json: (text) => JSON.stringify(text),
  leading: (text) => `\n\t ${text}`,
  trailing: (text) => `${text} \r\n\n`,
  byteOrderMark: (text) => `\ufeff${text}`,
  shell: (text) => `export AMAZON_PAY_PRIVATE_KEY="${text}"`,
  dotenv: (text) => `AMAZON_PAY_PRIVATE_KEY=${text}`,
  yaml: (text) => `private_key: |\n${text.replace(/^/gm, '  ')}`,
  base64: (text) => Buffer.from(text).toString('base64'),
  base64Wrapped: (text) =>
    (
      Buffer.from(text)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n'),
  base64Url: (text) => Buffer.from(text).toString('base64url'),
  base64OfUtf16: (text) => Buffer.from(`\ufeff${text}`, 'utf16le').toString('base64'),
}

/** The bytes that the whole can be written as. */
const encodings: Record<string, (text: string) => string | Buffer> = {
  text: (text) => text,
  utf8: (text) => Buffer.from(text),
  utf16: (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  utf16BigEndian: (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  utf16Unmarked: (text) => Buffer.from(text, 'utf16le'),
}

const wrappings = fc.record({
  layers: fc.array(fc.constantFrom(...Object.keys(textWrappings)), { maxLength: 4 }),
  bytes: fc.constantFrom(...Object.keys(encodings)),
})

function wrapped(text: string, wrapping: { layers: string[]; bytes: string }): string | Buffer {
  const whole = wrapping.layers.reduce((inner, name) => textWrappings[name]?.(inner) ?? inner, text)
  return encodings[wrapping.bytes]?.(whole) ?? whole
}

function readPrivate(material: string | Buffer) {
  // Looking for primes in each of a thousand tries would take a minute.
  return importPrivateKey(material, { passphrase, readOpenSsh, assertPolicy: assertConsistent })
}

describe('any composition of encodings, quotes and line ends', () => {
  test('around a private key in any format leads to the same PKCS#8', async () => {
    const formats = [
      workshop.pkcs8(),
      workshop.pkcs1(),
      workshop.encryptedPkcs8(),
      workshop.encryptedPkcs1(),
      workshop.openSsh(),
      workshop.pkcs8().replace(/-----[^-]+-----\n/g, ''),
    ]
    const property = fc.asyncProperty(
      fc.constantFrom(...formats),
      wrappings,
      async (format, wrapping) => {
        const { pair } = await readPrivate(wrapped(format, wrapping))
        expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 120 })
  })

  test('around a public key in any format leads to the same SPKI', async () => {
    const formats = [workshop.spki(), workshop.pkcs1Public(), workshop.sshRsa(), workshop.ssh2()]
    const property = fc.asyncProperty(
      fc.constantFrom(...formats),
      wrappings,
      async (format, wrapping) => {
        const { publicKey } = await importPublicKey(wrapped(format, wrapping))
        expect(publicKeyPem(publicKey)).toBe(workshop.spki())
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 120 })
  })
})

describe('damage', () => {
  /** Imports, and allows two ends only: the key itself, or a Problem that shows nothing of it. */
  async function endsWell(material: string | Buffer): Promise<void> {
    masksOf(material)
    for (const read of [
      () => readPrivate(material).then(({ pair }) => privateKeyPem(pair)),
      () => importPublicKey(material).then(() => workshop.pkcs8()),
    ]) {
      const end = await read().catch((error: unknown) => error)
      if (end instanceof Problem) {
        expect(end.code).not.toBe('internal')
        expect(end.cause).toBeUndefined()
        continue
      }
      expect(end).toBe(workshop.pkcs8())
    }
  }

  const formats = () => [
    workshop.pkcs8(),
    workshop.pkcs1(),
    workshop.encryptedPkcs8(),
    workshop.encryptedPkcs1(),
    workshop.openSsh(),
    workshop.encryptedOpenSsh('aes256-cbc', 1),
    workshop.spki(),
    workshop.pkcs1Public(),
    workshop.sshRsa(),
    workshop.ssh2(),
    derOf(workshop.pkcs8()).toString('base64'),
  ]

  test('of a single character ends as the key or as a Problem', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...formats()),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.constantFrom('A', 'z', '0', '/', '+', '=', '-', ' ', '\n', '\0', '"', '\\', 'é', ''),
      async (format, where, character) => {
        const at = Math.floor(where * format.length)
        await endsWell(format.slice(0, at) + character + format.slice(at + 1))
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 250 })
  })

  test('of a single byte ends as the key or as a Problem', async () => {
    const ders = [
      workshop.pkcs8(),
      workshop.pkcs1(),
      workshop.encryptedPkcs8(),
      workshop.openSsh(),
      workshop.spki(),
    ].map(derOf)
    const property = fc.asyncProperty(
      fc.constantFrom(...ders),
      // Most of what matters to a reader is at the beginning.
      fc.oneof(fc.nat(60), fc.nat(1199)),
      fc.integer({ min: 0, max: 255 }),
      async (der, at, value) => {
        const damaged = Buffer.from(der)
        damaged[at % der.length] = value
        await endsWell(damaged)
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 250 })
  })

  test('of everything before or after a point ends as the key or as a Problem', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...formats()),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.boolean(),
      async (format, where, fromTheFront) => {
        const at = Math.floor(where * format.length)
        await endsWell(fromTheFront ? format.slice(at) : format.slice(0, at))
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 150 })
  })

  test('by one text inside another ends as the key or as a Problem', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...formats()),
      fc.constantFrom(...formats()),
      fc.nat(1800),
      async (first, second, at) => endsWell(first.slice(0, at) + second + first.slice(at)),
    )
    await fc.assert(property, { ...seeded, numRuns: 150 })
  })

  test('arbitrary texts and bytes end as a Problem', async () => {
    const pieces = fc.constantFrom(
      '-----BEGIN PRIVATE KEY-----',
      '-----END PRIVATE KEY-----',
      '---- BEGIN SSH2 PUBLIC KEY ----',
      '---- END SSH2 PUBLIC KEY ----',
      'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
      'Proc-Type: 4,ENCRYPTED\nDEK-Info: ',
      'ssh-rsa AAAAB3NzaC1yc2E',
      '{"kty":"RSA"}',
      '"',
      "'",
      '\\n',
      '=',
      '\n',
      ' ',
      '\ufeff',
      'é',
    )
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ maxLength: 500, unit: 'binary' }),
      fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.base64String({ maxLength: 2000 }),
    )
    const property = fc.asyncProperty(anything, async (material) => {
      const read = importPublicKey(material)
      await expect(read).rejects.toBeInstanceOf(Problem)
      await endsWell(material)
    })
    await fc.assert(property, { ...seeded, numRuns: 250 })
  })

  test.each<[string, (length: number) => string | Buffer]>([
    ['one character', (length) => 'A'.repeat(length)],
    ['blanks', (length) => ' '.repeat(length)],
    ['hyphens', (length) => '-'.repeat(length)],
    ['backslashes', (length) => '\\'.repeat(length)],
    ['escapes', (length) => '\\n'.repeat(length / 2)],
    ['quotes', (length) => '"'.repeat(length)],
    ['braces', (length) => '['.repeat(length)],
    ['NUL bytes', (length) => Buffer.alloc(length)],
    ['UTF-16', (length) => Buffer.from(' '.repeat(length / 2), 'utf16le')],
    ['first lines', (length) => '-----BEGIN PRIVATE KEY-----'.repeat(length / 27)],
    ['empty blocks', (length) => '-----BEGIN A----------END A-----\n'.repeat(length / 33)],
    [
      'header lines',
      (length) =>
        `---- BEGIN SSH2 PUBLIC KEY ----\n${'a: "\n'.repeat(length / 5 - 20)}---- END SSH2 PUBLIC KEY ----`,
    ],
    [
      'a header line of blanks',
      (length) =>
        `---- BEGIN SSH2 PUBLIC KEY ----\na:${' '.repeat(length - 70)}---- END SSH2 PUBLIC KEY ----`,
    ],
    ['ssh lines', (length) => 'ssh-rsa AAAA\n'.repeat(length / 13)],
    ['names', (length) => 'a='.repeat(length / 2)],
    ['sequences', (length) => Buffer.from('3080'.repeat(length / 2), 'hex')],
    ['base64 of base64', (length) => nested('A'.repeat(length / 10))],
  ])('a megabyte of one thing is answered: %s', async (_, make) => {
    for (const length of [2 ** 16 - 60, 2 ** 20]) await endsWell(make(length))
  })

  function nested(text: string): string {
    let inner = text
    for (let depth = 0; depth < 7; depth++) inner = Buffer.from(inner).toString('base64')
    return inner
  }
})

describe('wrong passphrases', () => {
  // In about 1 of 256 tries the padding looks right, and OpenSSL ends with another error.
  test.each([
    ['PKCS#8', () => workshop.encryptedPkcs8('-iter 1')],
    ['PKCS#1', () => workshop.encryptedPkcs1()],
  ])('are recognised whatever error OpenSSL ends with: %s', async (_, make) => {
    const key = make()
    for (let turn = 0; turn < 400; turn++) {
      const options = { passphrase: `wrong ${turn}`, readOpenSsh }
      await expect(importPrivateKey(key, options)).rejects.toMatchObject({
        code: 'passphrase-wrong',
      })
    }
  })
})

describe('masks', () => {
  test.each<[string, (w: KeyWorkshop) => string]>([
    ['SPKI', (w) => w.spki()],
    ['PKCS#1', (w) => w.pkcs1Public()],
    ['ssh-rsa', (w) => w.sshRsa()],
    ['SSH2', (w) => w.ssh2()],
    ['a certificate', (w) => w.certificate()],
  ])('there are none for a public key: %s', (_, make) => {
    const plain = make(workshop)
    expect(masksOf(plain)).toEqual([])
    expect(masksOf(`"${plain.replaceAll('\n', '\r\n')}"`)).toEqual([])
    expect(masksOf(Buffer.from(`\ufeff${plain}`, 'utf16le'))).toEqual([])
    expect(masksOf(Buffer.from(plain).toString('base64'))).toEqual([])
  })

  test('a private key under BEGIN PUBLIC KEY is masked', () => {
    const disguised = workshop.pkcs8().replaceAll('PRIVATE', 'PUBLIC')
    expect(masksOf(disguised)).toEqual(expect.arrayContaining(bodyLines(workshop.pkcs8())))
  })

  test('what cannot be proven to be public is masked', () => {
    const cut = workshop.sshRsa().slice(0, 300)
    const zeroed = workshop.spki().replace('-----\nMIIB', '-----\nAAIB')
    for (const text of [cut, zeroed]) expect(masksOf(text).join()).toContain(text.slice(120, 150))
  })

  test('beside a private key, the lines of its public key stay readable', () => {
    for (const both of [
      workshop.pkcs8() + workshop.spki(),
      workshop.sshRsa() + workshop.openSsh(),
    ]) {
      const lines = masksOf(both).flatMap((mask) => mask.split('\n'))
      expect(lines).toEqual(
        expect.arrayContaining(
          bodyLines(both.includes('OPENSSH') ? workshop.openSsh() : workshop.pkcs8()),
        ),
      )
      for (const line of [...bodyLines(workshop.spki()), workshop.sshRsa().trim()])
        expect(lines).not.toContain(line)
    }
  })

  test('whatever is around them, the lines of the PEM and of the material are masked, and nothing short', async () => {
    const formats = [workshop.pkcs8(), workshop.encryptedPkcs8(), workshop.openSsh()]
    const property = fc.property(fc.constantFrom(...formats), wrappings, (format, wrapping) => {
      const material = wrapped(format, wrapping)
      const masks = masksOf(material)
      expect(masks.filter((mask) => mask.length < 16)).toEqual([])
      const hidden = (text: string) => masks.some((mask) => mask.includes(text))
      expect(bodyLines(format).filter((line) => line.length >= 16 && !hidden(line))).toEqual([])
      if (typeof material === 'string') {
        const lines = material.split(/[\r\n]+/).map((line) => line.trim())
        expect(
          lines.filter(
            (line) =>
              line.length >= 16 && !/^-----(?:BEGIN|END) [A-Z ]+-----$/.test(line) && !hidden(line),
          ),
        ).toEqual([])
      }
    })
    fc.assert(property, { ...seeded, numRuns: 150 })
  })

  test('importing adds the forms that came up on the way', async () => {
    const { masks } = await readPrivate(Buffer.from(workshop.encryptedPkcs1()).toString('base64'))
    const body = derOf(workshop.encryptedPkcs1().replace(/Proc-Type.*\nDEK-Info.*\n/, '')).toString(
      'base64',
    )
    expect(masks).toContain(body)
    expect(masks).toEqual(expect.arrayContaining(bodyLines(workshop.encryptedPkcs1()).slice(3)))
  })

  function bodyLines(pem: string): string[] {
    return pem.split('\n').filter((line) => line.length > 0 && !/^-----(?:BEGIN|END)/.test(line))
  }
})

describe('what cannot be the path of a file', () => {
  test('is a key in any format and encoding', () => {
    const formats = [
      workshop.pkcs8(),
      workshop.spki(),
      workshop.sshRsa(),
      derOf(workshop.spki()).toString('base64'),
    ]
    const property = fc.property(fc.constantFrom(...formats), wrappings, (format, wrapping) => {
      expect(looksLikeKeyMaterial(String(wrapped(format, wrapping)))).toBe(true)
    })
    fc.assert(property, { ...seeded, numRuns: 150 })
  })

  test.each([
    'public.pub',
    './keys/publicKey.pub',
    '/home/runner/work/_temp/amazon-pay-public-key-us-sandbox-1a2b3c4d.pub',
    'keys/amazon pay/public key.pem',
    'D:\\a\\_temp\\publicKey.pub',
    ' publicKey.pub\n',
  ])('%j can be a path', (path) => {
    expect(looksLikeKeyMaterial(path)).toBe(false)
  })
})
