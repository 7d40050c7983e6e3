import fc from 'fast-check'
import { readOpenSsh } from '../../../src/adapters/sshpk.ts'
import { privateKeyPem, publicKeyPem } from '../../../src/domain/key/pair.ts'
import {
  looksLikeKeyMaterial,
  masksOf,
  readPrivateKey,
  readPublicKey,
} from '../../../src/domain/key-import/import.ts'
import { Problem } from '../../../src/domain/problem.ts'
import { derOf, KeyWorkshop, passphrase } from './workshop.ts'

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

const seeded = { seed: 20261124 }

/** What a text can wear, one over the other in any order. Blanks between lines may go, since base64 has none. */
const textDresses: Record<string, (text: string) => string> = {
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

/** What the whole can come in, as bytes. */
const byteDresses: Record<string, (text: string) => string | Buffer> = {
  text: (text) => text,
  utf8: (text) => Buffer.from(text),
  utf16: (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  utf16BigEndian: (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  utf16Unmarked: (text) => Buffer.from(text, 'utf16le'),
}

const outfits = fc.record({
  worn: fc.array(fc.constantFrom(...Object.keys(textDresses)), { maxLength: 4 }),
  bytes: fc.constantFrom(...Object.keys(byteDresses)),
})

function dressed(text: string, outfit: { worn: string[]; bytes: string }): string | Buffer {
  const whole = outfit.worn.reduce((inner, name) => textDresses[name]?.(inner) ?? inner, text)
  return byteDresses[outfit.bytes]?.(whole) ?? whole
}

function readPrivate(material: string | Buffer) {
  return readPrivateKey(material, { input: 'private-key', passphrase, readOpenSsh })
}

describe('any composition of dresses', () => {
  test('of a private key in any shape ends as the same PKCS#8', async () => {
    const shapes = [
      workshop.pkcs8(),
      workshop.pkcs1(),
      workshop.encryptedPkcs8(),
      workshop.encryptedPkcs1(),
      workshop.openSsh(),
      workshop.pkcs8().replace(/-----[^-]+-----\n/g, ''),
    ]
    const property = fc.asyncProperty(
      fc.constantFrom(...shapes),
      outfits,
      async (shape, outfit) => {
        const { pair } = await readPrivate(dressed(shape, outfit))
        expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 600 })
  })

  test('of a public key in any shape ends as the same SPKI', async () => {
    const shapes = [workshop.spki(), workshop.pkcs1Public(), workshop.sshRsa(), workshop.ssh2()]
    const property = fc.asyncProperty(
      fc.constantFrom(...shapes),
      outfits,
      async (shape, outfit) => {
        const { publicKey } = await readPublicKey(dressed(shape, outfit), { input: 'public-key' })
        expect(publicKeyPem(publicKey)).toBe(workshop.spki())
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 600 })
  })
})

describe('damage', () => {
  /** Reads, and allows two ends only: the key itself, or a Problem that shows nothing of it. */
  async function endsWell(material: string | Buffer): Promise<void> {
    const started = performance.now()
    masksOf(material)
    for (const read of [
      () => readPrivate(material).then(({ pair }) => privateKeyPem(pair)),
      () => readPublicKey(material, { input: 'public-key' }).then(() => workshop.pkcs8()),
    ]) {
      const end = await read().catch((error: unknown) => error)
      if (end instanceof Problem) {
        expect(end.code).not.toBe('internal')
        expect(end.cause).toBeUndefined()
        continue
      }
      expect(end).toBe(workshop.pkcs8())
    }
    expect(performance.now() - started).toBeLessThan(1000)
  }

  const shapes = () => [
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

  test('of a single character', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...shapes()),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.constantFrom('A', 'z', '0', '/', '+', '=', '-', ' ', '\n', '\0', '"', '\\', 'é', ''),
      async (shape, where, character) => {
        const at = Math.floor(where * shape.length)
        await endsWell(shape.slice(0, at) + character + shape.slice(at + 1))
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 800 })
  })

  test('of a single byte', async () => {
    const ders = [
      workshop.pkcs8(),
      workshop.pkcs1(),
      workshop.encryptedPkcs8(),
      workshop.openSsh(),
      workshop.spki(),
    ].map(derOf)
    const property = fc.asyncProperty(
      fc.constantFrom(...ders),
      // Most of what matters to a reader stands in front.
      fc.oneof(fc.nat(60), fc.nat(1199)),
      fc.integer({ min: 0, max: 255 }),
      async (der, at, value) => {
        const damaged = Buffer.from(der)
        damaged[at % der.length] = value
        await endsWell(damaged)
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 800 })
  })

  test('of whatever stands after a point', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...shapes()),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.boolean(),
      async (shape, where, fromTheFront) => {
        const at = Math.floor(where * shape.length)
        await endsWell(fromTheFront ? shape.slice(at) : shape.slice(0, at))
      },
    )
    await fc.assert(property, { ...seeded, numRuns: 300 })
  })

  test('two texts run into each other', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...shapes()),
      fc.constantFrom(...shapes()),
      fc.nat(1800),
      async (first, second, at) => endsWell(first.slice(0, at) + second + first.slice(at)),
    )
    await fc.assert(property, { ...seeded, numRuns: 150 })
  })

  test('arbitrary texts and bytes', async () => {
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
      const read = readPublicKey(material, { input: 'public-key' })
      await expect(read).rejects.toBeInstanceOf(Problem)
      await endsWell(material)
    })
    await fc.assert(property, { ...seeded, numRuns: 1000 })
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
  ])('much of one thing: %s', async (_, make) => {
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
  ])('are told from every other mistake: %s', async (_, make) => {
    const key = make()
    for (let turn = 0; turn < 1500; turn++) {
      const options = { input: 'private-key', passphrase: `wrong ${turn}`, readOpenSsh }
      await expect(readPrivateKey(key, options)).rejects.toMatchObject({ code: 'passphrase-wrong' })
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

  test('a private key that calls itself public is masked', () => {
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

  test('whatever is worn, the lines of the PEM and of the material are masked, and nothing short', async () => {
    const shapes = [workshop.pkcs8(), workshop.encryptedPkcs8(), workshop.openSsh()]
    const property = fc.property(fc.constantFrom(...shapes), outfits, (shape, outfit) => {
      const material = dressed(shape, outfit)
      const masks = masksOf(material)
      expect(masks.filter((mask) => mask.length < 16)).toEqual([])
      const hidden = (text: string) => masks.some((mask) => mask.includes(text))
      expect(bodyLines(shape).filter((line) => line.length >= 16 && !hidden(line))).toEqual([])
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
    fc.assert(property, { ...seeded, numRuns: 300 })
  })

  test('reading adds the spellings that came up on the way', async () => {
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

describe('what cannot be a path', () => {
  test('keys in any dress', () => {
    const shapes = [
      workshop.pkcs8(),
      workshop.spki(),
      workshop.sshRsa(),
      derOf(workshop.spki()).toString('base64'),
    ]
    const property = fc.property(fc.constantFrom(...shapes), outfits, (shape, outfit) => {
      expect(looksLikeKeyMaterial(String(dressed(shape, outfit)))).toBe(true)
    })
    fc.assert(property, { ...seeded, numRuns: 300 })
  })

  test.each([
    'public.pub',
    './keys/publicKey.pub',
    '/home/runner/work/_temp/amazon-pay-public-key-us-sandbox-1a2b3c4d.pub',
    'keys/amazon pay/public key.pem',
    'D:\\a\\_temp\\publicKey.pub',
    ' publicKey.pub\n',
  ])('%j can', (path) => {
    expect(looksLikeKeyMaterial(path)).toBe(false)
  })
})
