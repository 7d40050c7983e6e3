import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { readOpenSsh } from '../../../src/adapters/sshpk.ts'
import { compatibilityWarnings } from '../../../src/domain/key-import/compatibility.ts'
import { importPrivateKey, importPublicKey } from '../../../src/domain/key-import/import.ts'
import { storedForms } from './stored-forms.ts'
import { KeyWorkshop, passphrase } from './workshop.ts'

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

const stored = join(workshop.folder, 'stored')
workshop.write('gh', `#!/bin/sh\nprintf '%s\\n' "$*" > '${stored}.args'\ncat > '${stored}'\n`)
workshop.shell('chmod 755 gh')

/** Runs a printed command with a file as privateKey.pem, and returns what reached `gh secret set`. */
function storedBy(command: string, file: string): { value: string; args: string } | null {
  for (const path of [stored, `${stored}.args`]) rmSync(path, { force: true })
  workshop.write('privateKey.pem', file)
  // Without a terminal, openssl and ssh-keygen ask for the passphrase on standard input.
  spawnSync('setsid', ['sh', '-c', command], {
    cwd: workshop.folder,
    input: `${passphrase}\n`,
    env: {
      ...process.env,
      PATH: `${workshop.folder}${delimiter}${process.env.PATH}`,
      SSH_ASKPASS_REQUIRE: 'never',
    },
  })
  if (!existsSync(stored)) return null
  return {
    value: readFileSync(stored, 'utf8'),
    args: readFileSync(`${stored}.args`, 'utf8').trim(),
  }
}

function commandsIn(hint: string): string[] {
  return [...hint.matchAll(/`([^`]*gh secret set [^`]*)`/g)].map((match) => match[1] ?? '')
}

const warned = storedForms.filter(({ refusedBy }) => refusedBy.length > 0)

test.each(warned.map((each) => [each.name, each] as const))(
  'the command printed for %s stores plain PEM from that very file',
  (_, { make }) => {
    const text = make(workshop)
    const warnings = compatibilityWarnings(text, 'SHOP_KEY')
    expect(warnings.length).toBeGreaterThan(0)
    for (const { hint } of warnings) {
      const [command = ''] = commandsIn(hint)
      const file = hint.includes('as it was generated') ? asGenerated(text) : text
      expect(storedBy(command, file)).toEqual({
        value: workshop.pkcs8(),
        args: expect.stringContaining('secret set SHOP_KEY'),
      })
    }
  },
)

test('a long text is read once: what takes the square of its length would take an hour here', () => {
  const judge = () => compatibilityWarnings('anything '.repeat(100_000)).length
  expect(runInNewContext('judge()', { judge }, { timeout: 60_000 })).toBe(1)
})

test('few commands need the file as it was generated', () => {
  const needed = warned.filter(({ make }) =>
    compatibilityWarnings(make(workshop)).some(({ hint }) => hint.includes('as it was generated')),
  )
  expect(needed.map(({ name }) => name).sort()).toEqual([
    'PKCS#8 with a public key (version 2)',
    'double quotes',
    'escaped slashes',
  ])
})

test.each([
  ['OpenSSH', (w: KeyWorkshop) => w.encryptedOpenSsh()],
  ['PKCS#8', (w: KeyWorkshop) => w.encryptedPkcs8()],
  ['PKCS#1', (w: KeyWorkshop) => w.encryptedPkcs1()],
  ['PKCS#8 in base64', (w: KeyWorkshop) => Buffer.from(w.encryptedPkcs8()).toString('base64')],
])(
  'an encrypted key without a passphrase (%s) comes with a command that stores it',
  async (_, make) => {
    const text = make(workshop)
    const options = { passphrase: null, readOpenSsh, secret: 'SHOP_KEY' }
    const problem = await importPrivateKey(text, options).catch((error: unknown) => error)
    const { code, hint } = problem as { code: string; hint: string }
    expect(code).toBe('passphrase-missing')
    const [command = ''] = commandsIn(hint)
    expect(command).toContain('gh secret set SHOP_KEY')
    if (text.includes('BEGIN')) expect(storedBy(command, text)?.value).toBe(workshop.pkcs8())
  },
)

test('no printed command stores anything where the file is damaged', () => {
  const hints = warned.flatMap(({ make }) => compatibilityWarnings(make(workshop)))
  const commands = new Set(hints.flatMap(({ hint }) => commandsIn(hint)))
  expect(commands.size).toBeGreaterThan(3)
  for (const command of commands) {
    for (const file of [workshop.pkcs8().slice(0, 600), workshop.openSsh().slice(0, 600), '']) {
      expect(storedBy(command, file)).toBeNull()
    }
  }
})

function asGenerated(text: string): string {
  return text.includes('OPENSSH') ? workshop.openSsh() : workshop.pkcs8()
}

describe('a command in a hint works on the file that the hint is about', () => {
  const rows: [string, (w: KeyWorkshop) => string | Buffer, string, 'private' | 'public'][] = [
    ['a certificate', (w) => w.certificate(), 'file.crt', 'public'],
    ['a certificate request', (w) => w.request(), 'file.csr', 'public'],
    ['a PKCS#12 file', (w) => w.pkcs12(), 'file.p12', 'public'],
    ['a PKCS#12 file', (w) => w.pkcs12(), 'file.p12', 'private'],
    ['a private key', (w) => w.pkcs8(), 'privateKey.pem', 'public'],
    [
      'a private key and a certificate',
      (w) => w.pkcs8() + w.certificate(),
      'privateKey.pem',
      'private',
    ],
  ]

  test.each(rows)('%s (%#)', async (_, make, file, type) => {
    const imported =
      type === 'public'
        ? importPublicKey(make(workshop))
        : importPrivateKey(make(workshop), { passphrase: null, readOpenSsh })
    const { hint } = (await imported.catch((error: unknown) => error)) as { hint: string }
    const command = /`((?:openssl)[^`]*)`/.exec(hint)?.[1] ?? ''
    workshop.write(file, make(workshop))
    const { stdout } = spawnSync('setsid', ['sh', '-c', command], {
      cwd: workshop.folder,
      input: `${passphrase}\n`,
      encoding: 'utf8',
    })
    expect(stdout).toContain(type === 'public' ? workshop.spki() : workshop.pkcs8())
  })
})
