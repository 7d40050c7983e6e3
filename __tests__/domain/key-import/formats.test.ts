import { createPrivateKey, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { readOpenSsh } from '../../../src/adapters/sshpk.ts'
import { readPublicKeyId } from '../../../src/domain/amazon-pay/public-key-id.ts'
import { privateKeyPem, publicKeyPem } from '../../../src/domain/key/pair.ts'
import { readPrivateKey, readPublicKey } from '../../../src/domain/key-import/import.ts'
import { Problem } from '../../../src/domain/problem.ts'
import { type Mistake, mistakes, type Outcome, renderMistakes } from './mistakes.ts'
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

const asPrivateKey = { input: 'private-key', readOpenSsh }
const asPublicKey = { input: 'public-key' }

/** What `openssl pkey` makes of the workshop's key: the witness for everything below. */
function theKey(): KeyObject {
  return createPrivateKey(workshop.pkcs8())
}

describe("the recipes of Amazon's page, word for word", () => {
  const recipes = [
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
  ] as const

  test.each(recipes)('%s', async (_, commands) => {
    workshop.shell(`rm -f privateKey.pem* publicKey.pub\n${commands}`)
    const { pair } = await readPrivateKey(workshop.fresh('privateKey.pem'), asPrivateKey)
    const { publicKey, warnings } = await readPublicKey(
      workshop.fresh('publicKey.pub'),
      asPublicKey,
    )

    expect(spkiOf(publicKey)).toEqual(spkiOf(pair.publicKey))
    expect(warnings).toEqual([])
    expect(privateKeyPem(pair)).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(publicKeyPem(publicKey)).toBe(workshop.fresh('publicKey.pub').toString())
  })

  test('Windows PowerShell 5.1 writes the public key as UTF-16 with CRLF', async () => {
    const written = Buffer.from(`\ufeff${workshop.spki().replaceAll('\n', '\r\n')}`, 'utf16le')
    const { publicKey, shape, warnings } = await readPublicKey(written, asPublicKey)

    expect(written.subarray(0, 2)).toEqual(Buffer.of(0xff, 0xfe))
    expect(publicKeyPem(publicKey)).toBe(workshop.spki())
    expect(shape).toEqual({ container: 'SPKI', dress: ['UTF-16', 'CRLF line ends'] })
    expect(warnings[0]?.fact).toContain('PowerShell 5.1')
    expect(warnings[0]?.hint).toContain('Out-File -Encoding ascii')
  })

  test('… and what a shell variable leaves of that, without its NUL bytes', async () => {
    const { publicKey } = await readPublicKey(`\ufffd\ufffd${workshop.spki()}`, asPublicKey)
    expect(publicKeyPem(publicKey)).toBe(workshop.spki())
  })

  test('… and when its last byte was lost', async () => {
    const written = Buffer.from(`\ufeff${workshop.spki()}`, 'utf16le').subarray(0, -11)
    await expect(readPublicKey(written, asPublicKey)).rejects.toMatchObject({
      code: 'key-truncated',
    })
  })
})

describe('private keys', () => {
  const shapes: [string, (w: KeyWorkshop) => string | Buffer, passphrase: string | undefined][] = [
    ['PKCS#8', (w) => w.pkcs8(), undefined],
    ['PKCS#1', (w) => w.pkcs1(), undefined],
    ['encrypted PKCS#8', (w) => w.encryptedPkcs8(), passphrase],
    ['encrypted PKCS#8', (w) => w.encryptedPkcs8('-v2 des3'), passphrase],
    [
      'encrypted PKCS#8',
      (w) => w.encryptedPkcs8('-v2 aes-128-cbc -v2prf hmacWithSHA512 -iter 100000'),
      passphrase,
    ],
    ['encrypted PKCS#8', (w) => w.encryptedPkcs8('-scrypt'), passphrase],
    ['encrypted PKCS#8', (w) => w.encryptedPkcs8('-v1 PBE-SHA1-3DES'), passphrase],
    ['encrypted PKCS#1', (w) => w.encryptedPkcs1('aes128'), passphrase],
    ['encrypted PKCS#1', (w) => w.encryptedPkcs1('aes256'), passphrase],
    ['encrypted PKCS#1', (w) => w.encryptedPkcs1('des3'), passphrase],
    ['encrypted PKCS#1', (w) => w.encryptedPkcs1('camellia192'), passphrase],
    ['OpenSSH', (w) => w.openSsh(), undefined],
    ['OpenSSH', (w) => w.encryptedOpenSsh('aes256-ctr'), passphrase],
    ['OpenSSH', (w) => w.encryptedOpenSsh('aes128-cbc'), passphrase],
    ['OpenSSH', (w) => w.encryptedOpenSsh('3des-cbc'), passphrase],
  ]

  test.each(shapes)('%s', async (container, make, phrase) => {
    const options = phrase === undefined ? asPrivateKey : { ...asPrivateKey, passphrase: phrase }
    const read = await readPrivateKey(make(workshop), options)

    expect(privateKeyPem(read.pair)).toBe(workshop.pkcs8())
    expect(spkiOf(read.pair.publicKey)).toEqual(spkiOf(theKey()))
    expect(read.shape).toEqual({ container, dress: [] })
    expect(read.warnings.length).toBe(container === 'PKCS#8' ? 0 : 1)
  })

  const dressed: [string, (pem: string) => string | Buffer][] = [
    ['CRLF line ends', (pem) => pem.replaceAll('\n', '\r\n')],
    ['CR line ends', (pem) => pem.replaceAll('\n', '\r')],
    ['literal \\n', (pem) => pem.replaceAll('\n', '\\n')],
    ['literal \\n', (pem) => pem.replaceAll('\n', '\\r\\n')],
    ['literal \\n', (pem) => pem.replaceAll('\n', '\\\\n')],
    ['everything on one line', (pem) => pem.trim().replaceAll('\n', ' ')],
    ['everything on one line', (pem) => pem.replaceAll('\n', '')],
    ['quotes', (pem) => `"${pem}"`],
    ['quotes', (pem) => `'${pem}'\n`],
    ['quotes', (pem) => `\`${pem.trim()}\``],
    ['quotes', (pem) => JSON.stringify(pem)],
    ['escapes', (pem) => pem.replaceAll('/', '\\/').replaceAll('+', '\\u002B')],
    ['leading blanks', (pem) => `\n  \n${pem}`],
    ['trailing blanks', (pem) => `${pem} \n\n`],
    ['byte order mark', (pem) => `\ufeff${pem}`],
    ['UTF-16', (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le')],
    ['UTF-16', (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le').swap16()],
    ['UTF-16', (pem) => Buffer.from(pem, 'utf16le')],
    ['UTF-16', (pem) => Buffer.from(pem, 'utf16le').swap16()],
    ['non-breaking spaces', (pem) => pem.trim().replaceAll('\n', '\u00a0')],
    ['base64', (pem) => Buffer.from(pem).toString('base64')],
    [
      'base64',
      (pem) =>
        (
          Buffer.from(pem)
            .toString('base64')
            .match(/.{1,76}/g) ?? []
        ).join('\n'),
    ],
    ['base64', (pem) => Buffer.from(pem).toString('base64url')],
    ['no first and last line', (pem) => derOf(pem).toString('base64')],
    ['no first and last line', (pem) => pem.replace(/-----[^-]+-----\n/g, '')],
    ['binary (DER)', (pem) => derOf(pem)],
    [
      'text before the key',
      (pem) => `Bag Attributes\n    localKeyID: 01 02\nKey Attributes: <No Attributes>\n${pem}`,
    ],
    ['text before the key', (pem) => `export AMAZON_PAY_PRIVATE_KEY="${pem}"\n`],
    ['text before the key', (pem) => `AMAZON_PAY_PRIVATE_KEY=${pem}`],
    ['text after the key', (pem) => `${pem}# the key of the shop\n`],
    ['indented lines', (pem) => `key: |\n${pem.replace(/^/gm, '  ')}`],
    ['a name in front', (pem) => `export KEY="${Buffer.from(pem).toString('base64')}"`],
    ['a name in front', (pem) => `key: |\n  ${Buffer.from(pem).toString('base64')}\n`],
  ]

  test.each(dressed)('%s (%#)', async (name, dress) => {
    for (const pem of [workshop.pkcs8(), workshop.pkcs1(), workshop.openSsh()]) {
      const { pair, shape, warnings } = await readPrivateKey(dress(pem), asPrivateKey)
      expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
      expect(shape.dress).toContain(name)
      expect(warnings.map(({ fact }) => fact).join()).toContain(name)
    }
  })

  test.each([
    ['literal \\n', (pem: string) => pem.replaceAll('\n', '\\n')],
    ['everything on one line', (pem: string) => pem.replaceAll('\n', ' ')],
    ['everything on one line', (pem: string) => pem.replaceAll('\n', '')],
    ['base64', (pem: string) => Buffer.from(pem).toString('base64')],
  ])('encrypted PKCS#1, with its header lines: %s (%#)', async (name, dress) => {
    for (const cipher of ['aes128', 'des3']) {
      const material = dress(workshop.encryptedPkcs1(cipher))
      const { pair, shape } = await readPrivateKey(material, { ...asPrivateKey, passphrase })
      expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
      expect(shape.dress).toContain(name)
    }
  })

  test('PKCS#8 with attributes', async () => {
    const attributes = der(
      0xa0,
      sequence(der(0x06, Buffer.from('2a864886f70d010914', 'hex')), der(0x31, Buffer.alloc(0))),
    )
    const pkcs8 = pemOf('PRIVATE KEY', pkcs8Of(derOf(workshop.pkcs1()), attributes))
    expect(pkcs8).not.toBe(workshop.pkcs8())
    const { pair } = await readPrivateKey(pkcs8, asPrivateKey)
    expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
  })

  test.each<[string, (w: KeyWorkshop) => string, string]>([
    ['the same block twice', (w) => w.pkcs8() + w.pkcs8(), 'the same private key twice'],
    ['in two shapes', (w) => w.pkcs8() + w.pkcs1() + w.openSsh(), 'the same private key twice'],
    ['its own public key beside it', (w) => w.pkcs8() + w.spki(), 'its own public key'],
    ['its own ssh-rsa line beside it', (w) => w.openSsh() + w.sshRsa(), 'its own public key'],
  ])('%s', async (_, make, told) => {
    const { pair, warnings } = await readPrivateKey(make(workshop), asPrivateKey)
    expect(privateKeyPem(pair)).toBe(workshop.pkcs8())
    expect(warnings[0]?.fact).toContain(told)
  })

  test.each<[string, (w: KeyWorkshop) => string, (w: KeyWorkshop) => string]>([
    [
      'PBKDF2',
      (w) => w.encryptedPkcs8('-v2prf hmacWithSHA512 -iter 1000000'),
      (w) => w.encryptedPkcs8('-v2prf hmacWithSHA512 -iter 1000001'),
    ],
    [
      'scrypt',
      (w) => w.encryptedPkcs8('-scrypt -scrypt_N 16384 -scrypt_r 8 -scrypt_p 16'),
      (w) => w.encryptedPkcs8('-scrypt -scrypt_N 16384 -scrypt_r 8 -scrypt_p 17'),
    ],
    [
      'bcrypt',
      (w) => w.encryptedOpenSsh('aes256-ctr', 64),
      (w) => w.encryptedOpenSsh('aes256-ctr', 65),
    ],
  ])('the cost of opening is bounded: %s', async (_, bearable, unbearable) => {
    const options = { ...asPrivateKey, passphrase }
    const { pair } = await readPrivateKey(bearable(workshop), options)
    expect(privateKeyPem(pair)).toBe(workshop.pkcs8())

    const costly = unbearable(workshop)
    const started = performance.now()
    await expect(readPrivateKey(costly, options)).rejects.toMatchObject({ code: 'key-unreadable' })
    expect(performance.now() - started).toBeLessThan(100)
  })

  test('a passphrase that is not needed, and a short one', async () => {
    const { warnings } = await readPrivateKey(workshop.pkcs8(), {
      ...asPrivateKey,
      passphrase: 'short',
    })
    expect(warnings.map(({ fact }) => fact)).toEqual([
      'private-key-passphrase is given, but private-key is not encrypted',
      expect.stringContaining('private-key-passphrase has fewer than 8 characters'),
    ])
  })

  test('a passphrase is taken as it is', async () => {
    const options = { ...asPrivateKey, passphrase: `${passphrase}\n` }
    await expect(readPrivateKey(workshop.encryptedPkcs8(), options)).rejects.toMatchObject({
      code: 'passphrase-wrong',
    })
  })
})

describe('public keys', () => {
  test.each<[string, (w: KeyWorkshop) => string]>([
    ['SPKI', (w) => w.spki()],
    ['PKCS#1 public', (w) => w.pkcs1Public()],
    ['ssh-rsa', (w) => w.sshRsa()],
    ['SSH2', (w) => w.ssh2()],
  ])('%s, in every dress', async (container, make) => {
    const plain = make(workshop)
    const dresses = [
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
    for (const material of dresses) {
      const { publicKey, shape } = await readPublicKey(material, asPublicKey)
      expect(publicKeyPem(publicKey)).toBe(workshop.spki())
      expect(shape.container).toBe(container)
    }
  })

  test('without a first and last line, as the automatic key exchange sends them', async () => {
    const bodies = [derOf(workshop.spki()), derOf(workshop.pkcs1Public())].map((each) =>
      each.toString('base64'),
    )
    const blob = workshop.sshRsa().split(' ')[1] ?? ''
    for (const material of [...bodies, blob, derOf(workshop.spki())]) {
      const { publicKey } = await readPublicKey(material, asPublicKey)
      expect(publicKeyPem(publicKey)).toBe(workshop.spki())
    }
  })

  test('the same key in several shapes is one key', async () => {
    const { publicKey, warnings } = await readPublicKey(
      workshop.spki() + workshop.sshRsa(),
      asPublicKey,
    )
    expect(publicKeyPem(publicKey)).toBe(workshop.spki())
    expect(warnings[0]?.fact).toContain('the same public key twice')
  })
})

describe('mistakes', () => {
  test.each(mistakes.map((mistake) => [mistake.input, mistake.name, mistake] as const))(
    '%s: %s',
    async (_input, _name, mistake) => {
      const problem = await refusal(mistake)
      expect(problem.code).toBe(mistake.code)
      expect(problem.fact.startsWith(mistake.input)).toBe(true)
      expect(problem.hint.length).toBeGreaterThan(10)
      expect(leaks(problem, mistake.make(workshop))).toEqual([])
    },
  )

  test('are told in docs/troubleshooting.md as the action tells them (UPDATE_DOCS=1 rewrites the table)', async () => {
    const outcomes: Outcome[] = []
    for (const mistake of mistakes) {
      const { fact, hint } = await refusal(mistake)
      outcomes.push({ mistake, fact, hint })
    }
    const page = new URL('../../../docs/troubleshooting.md', import.meta.url)
    const table = `<!-- mistakes -->\n\n${renderMistakes(outcomes)}\n<!-- /mistakes -->`
    if (process.env.UPDATE_DOCS) {
      const text = existsSync(page)
        ? readFileSync(page, 'utf8')
        : '# Troubleshooting\n\n<!-- mistakes --><!-- /mistakes -->\n'
      writeFileSync(
        page,
        text.replace(/<!-- mistakes -->.*<!-- \/mistakes -->/s, () => table),
      )
    }
    expect(readFileSync(page, 'utf8')).toContain(table)
  })
})

async function refusal(mistake: Mistake): Promise<Problem> {
  try {
    await handIn(mistake)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error(`${mistake.name} was accepted`)
}

async function handIn({ input, make, passphrase }: Mistake): Promise<unknown> {
  const material = make(workshop)
  if (input === 'public-key-id') return readPublicKeyId(String(material), { input })
  if (input === 'public-key') return readPublicKey(material, { input })
  return readPrivateKey(material, {
    input,
    readOpenSsh,
    ...(passphrase === undefined ? {} : { passphrase }),
  })
}

/** Runs of the material that a message shows; labels, names and IDs are shorter or public. */
function leaks(problem: Problem, material: string | Buffer): string[] {
  expect(problem.cause).toBeUndefined()
  const runs = String(material).match(/[A-Za-z0-9+/]{20,}/g) ?? []
  return problem.code === 'public-key-id-invalid'
    ? []
    : runs.filter((run) => problem.message.includes(run.slice(0, 20)))
}
