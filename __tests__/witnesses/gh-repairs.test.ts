import { spawn } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import type { Scope } from '../../rehearsal/github.ts'
import { runAction } from '../../rehearsal/runner.ts'
import { compatibilityWarnings } from '../../src/domain/key-import/compatibility.ts'
import { blocks } from '../documents.ts'
import { storedForms } from '../domain/key-import/stored-forms.ts'
import { KeyWorkshop, passphrase } from '../domain/key-import/workshop.ts'
import { type GhHost, type Level, levels, startGhHost } from './gh-host.ts'

// The commands that the built action prints for a secret in a format that an SDK refuses are run as a person would: with
// openssl, ssh-keygen and gh, on the very file that they are printed for.

const secret = 'AMAZON_PAY_PRIVATE_KEY'
const workshop = new KeyWorkshop()
let host: GhHost

beforeAll(async () => {
  host = await startGhHost()
})

afterAll(async () => {
  await host.close()
  workshop.close()
})

/** The commands in what `validate` prints about a stored secret. */
async function printedFor(stored: string): Promise<{ hint: string; command: string }[]> {
  const { annotations, conclusion } = await runAction({
    github: host.github,
    secretsKnown: [stored],
    inputs: { command: 'validate', 'current-private-key': stored },
  })
  const encrypted = stored.includes('ENCRYPTED')
  expect(conclusion).toBe(encrypted ? 'failure' : 'success')
  return annotations.flatMap(({ message }) =>
    [...message.matchAll(/`([^`]*gh secret set [^`]*)`/g)].map(([, command = '']) => ({
      hint: message,
      command,
    })),
  )
}

/** Without a terminal, openssl and ssh-keygen ask for a passphrase on standard input. */
function runOn(file: string, command: string, typed = `${passphrase}\n`): Promise<number | null> {
  workshop.write('privateKey.pem', file)
  const child = spawn('setsid', ['--wait', 'sh', '-c', command], {
    cwd: workshop.folder,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...host.env, SSH_ASKPASS_REQUIRE: 'never' },
  })
  // What asks for nothing may have ended before.
  child.stdin.once('error', () => {}).end(typed)
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
}

const opened = ({ secrets }: Scope): string | undefined => secrets.get(secret)?.value

/** As a shop reads it: gh takes one newline from the end. */
const isTheKey = (value: string | undefined): boolean =>
  value !== undefined &&
  `${value.trimEnd()}\n` === workshop.pkcs8() &&
  createPrivateKey(value).asymmetricKeyType === 'rsa' &&
  compatibilityWarnings(value).length === 0

const warned = storedForms.filter(({ refusedBy }) => refusedBy.length > 0)

test.each(warned.map((form) => [form.name, form] as const))(
  'what is printed for %s stores plain PEM',
  async (_, { make }) => {
    const text = make(workshop)
    const commands = await printedFor(text)
    expect(commands.length).toBeGreaterThan(0)
    for (const { hint, command } of commands) {
      host.github.setSecret(host.shop, secret, text)
      const generated = text.includes('OPENSSH') ? workshop.openSsh() : workshop.pkcs8()
      const file = hint.includes('as it was generated') ? generated : text
      expect([command, await runOn(file, command)]).toEqual([command, 0])
      expect([command, isTheKey(opened(host.shop))]).toEqual([command, true])
    }
  },
)

describe.each(levels)('in $name', ({ flags, scope }: Level) => {
  const withFlags = (command: string): string => [command, ...flags].join(' ')

  test.each([
    ['literal \\n', (pem: string) => pem.replaceAll('\n', '\\n')],
    ['CR line ends', (pem: string) => pem.replaceAll('\n', '\r')],
    ['base64', (pem: string) => Buffer.from(pem).toString('base64')],
  ])(
    'what is printed for %s stores plain PEM, and nothing from a damaged file',
    async (_, change) => {
      const text = change(workshop.pkcs8())
      const [{ command } = { command: '' }] = await printedFor(text)
      const place = scope(host)
      host.github.setSecret(place, secret, text)
      for (const damaged of ['', 'no key', change(workshop.pkcs8().slice(0, 600))]) {
        expect(await runOn(damaged, withFlags(command))).not.toBe(0)
        expect(opened(place)).toBe(text)
      }
      expect(await runOn(text, withFlags(command))).toBe(0)
      expect(isTheKey(opened(place))).toBe(true)
    },
  )
})

test('the commands of docs/rotation.md store a pair', async () => {
  const found = blocks('docs/rotation.md', '').find(({ text }) => text.includes('gh secret set'))
  const [key = '', id = ''] = (found?.text ?? '').trim().split('\n')
  expect(await runOn(workshop.pkcs8(), key.trim())).toBe(0)
  expect(isTheKey(opened(host.shop))).toBe(true)
  expect(await runOn('', id.trim(), 'LIVE-AEXAMPLEEXAMPLEEXAMPLEAA\n')).toBe(0)
  expect(host.shop.secrets.get('AMAZON_PAY_PUBLIC_KEY_ID')?.value).toBe(
    'LIVE-AEXAMPLEEXAMPLEEXAMPLEAA',
  )
})

test('the command for a wrong passphrase stores it with its spaces', async () => {
  const { annotations } = await runAction({
    github: host.github,
    inputs: {
      command: 'validate',
      'private-key': workshop.encryptedPkcs8(),
      'private-key-passphrase': 'another passphrase',
    },
  })
  const messages = annotations.map(({ message }) => message).join()
  const [, command = ''] = /`(printf [^`]*gh secret set NAME)`/.exec(messages) ?? []
  expect(await runOn('', `passphrase=' two words '; ${command}`)).toBe(0)
  expect(host.shop.secrets.get('NAME')?.value).toBe(' two words ')
})
