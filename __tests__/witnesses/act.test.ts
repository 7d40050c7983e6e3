import { spawn } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blocks } from '../documents.ts'
import { makeKey } from '../scenarios/planting.ts'
import { type Form, rehearse, type Shop } from '../scenarios/support.ts'

// nektos/act reads the workflow, evaluates its expressions, applies masks and passes outputs on, with code of its own.
// Here it runs the one workflow of the README, on this machine instead of in a container.

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'act-'))
const [checkout, action, home] = ['checkout', 'action', 'home'].map((name) =>
  join(folder, name),
) as [string, string, string]
/** The first whole workflow of the README. */
const workflow = blocks('README.md', 'yaml').find(({ text }) => /^jobs:/m.test(text))?.text ?? ''
let shop: Shop

/** The same workflow, whose job hands three outputs to a later one. */
function withOutputs(text: string): string {
  const names = ['status', 'fingerprint', 'public-key']
  const outputs = names.map((name) => `      ${name}: \${{ steps.key.outputs.${name} }}\n`).join('')
  const env = names.map((name) => `          ${name}: \${{ needs.key.outputs.${name} }}\n`).join('')
  return `${text
    .replace(/^ {4}steps:\n/m, `    outputs:\n${outputs}$&`)
    .replace('- uses:', '- id: key\n        uses:')
    .trimEnd()}
  later:
    needs: key
    runs-on: ubuntu-latest
    steps:
      - run: env | sed -n '/^status=/p; /^fingerprint=/p; /^public-key=/,/END PUBLIC KEY/p'
        env:
${env}`
}

const stored = join(folder, 'stored.txt')

const storedKeys = (): string[] =>
  [...shop.repository.secrets.values()]
    .map(({ value }) => value)
    .filter((value) => value.includes('PRIVATE KEY'))

beforeAll(async () => {
  mkdirSync(join(checkout, '.github/workflows'), { recursive: true })
  mkdirSync(join(home, 'temp'), { recursive: true })
  // A later step, which prints its environment and, by mistake, the keys that are stored by then: on one line, since act
  // does not mask the lines of a value one by one, as the runner does.
  const later = `      - run: env | sort && echo "LATER $(grep -v PRIVATE "$STORED" | tr -d '\\n')"`
  writeFileSync(join(checkout, '.github/workflows/key.yml'), `${workflow.trimEnd()}\n${later}\n`)
  writeFileSync(join(checkout, '.github/workflows/outputs.yml'), withOutputs(workflow))
  for (const file of ['action.yml', 'dist'])
    cpSync(join(root, file), join(action, file), { recursive: true })
  await run('git', ['init', '-q', '.'])
  await run('git', ['remote', 'add', 'origin', 'https://github.com/acme/shop'])
  await run('git', ['add', '-A'])
  const author = ['-c', 'user.name=one', '-c', 'user.email=one@example.com']
  await run('git', [...author, 'commit', '-qm', 'one'])
  shop = await rehearse({ app: true })
  writeFileSync(stored, '')
  shop.github.onRequest = async (_, phase) => {
    if (phase === 'after') writeFileSync(stored, storedKeys().at(-1) ?? '')
    return undefined
  }
})

afterAll(async () => {
  await shop.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly log: string
}

function run(file: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: join(home, 'temp'), ...more }
  const child = spawn(file, args, { cwd: checkout, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      log += text.toString()
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, log }))
  })
}

/** A person starts the workflow with this form. Secrets and variables are what they are now. */
async function start(form: Form, file = 'key.yml'): Promise<Ended> {
  const { secrets, variables } = shop.github
    .queueRun(shop.repository, { event: 'workflow_dispatch' })
    .startJob('amazon-pay-keys-admin')
  const flags = {
    '--secret-file': entries('secrets', secrets),
    '--var-file': entries('variables', variables),
    '--env-file': entries('env', {
      GITHUB_API_URL: shop.github.url,
      AMAZON_PAY_API_URL: shop.amazonPay.url,
      STORED: stored,
    }),
    '--artifact-server-path': join(folder, 'artifacts'),
    '--artifact-server-addr': '127.0.0.1',
    '--artifact-server-port': '0',
    '--local-repository': `amazon-pay-keys/amazon-pay-keys@v1=${action}`,
    '-P': 'ubuntu-latest=-self-hosted',
    '-W': `.github/workflows/${file}`,
  }
  const inputs = Object.entries({ leaked: false, ...form })
  const fields = inputs.flatMap(([name, value]) => ['--input', `${name}=${value}`])
  const options = [...fields, '--no-cache-server', '--action-offline-mode', '--rm']
  const result = await run('act', [
    'workflow_dispatch',
    ...options,
    ...Object.entries(flags).flat(),
  ])
  everything.push(result.log)
  return result
}

/** Every log so far. */
const everything: string[] = []

function entries(name: string, values: Readonly<Record<string, string>>): string {
  const file = join(folder, `${name}.env`)
  const lines = Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  writeFileSync(file, lines.join('\n'))
  return file
}

const outputOf = ({ log }: Ended, name: string): string | undefined =>
  new RegExp(`::set-output:: ${name}=(.*)`).exec(log)?.[1]?.trim()

const exchange = (): string => {
  const record = shop.repository.variables.get('AMAZON_PAY_KEY_NEXT')?.value ?? '{}'
  return shop.exchange(JSON.parse(record).publicKey)
}

const files = (below: string): string[] =>
  readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** Runs of 16 characters of the private keys in this text that their public keys do not have. */
function leaksIn(text: string, keys: readonly string[]): string[] {
  return keys.flatMap((pem) => {
    const body = (key: string): string => key.replaceAll(/-----[^-]+-----|\s/g, '')
    const shared = body(createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString())
    const secret = body(pem)
    const found: string[] = []
    for (let at = 0; at + 16 <= secret.length; at += 8) {
      const run = secret.slice(at, at + 16)
      if (text.includes(run) && !shared.includes(run) && !isHeader(at)) found.push(`at ${at}`)
    }
    return found
  })
}

/** The first bytes are the same in every key of this size: ASN.1 headers and the algorithm. */
const isHeader = (at: number): boolean => at < 48

test('act runs the whole life of a key, and no log, file or environment contains a private key', async () => {
  const { repository, amazonPay, order } = shop
  const keys = new Set<string>()
  const step = async (form: Form, status: string, code = ''): Promise<Ended> => {
    const ended = await start(form)
    for (const key of storedKeys()) keys.add(key)
    expect([
      form.command,
      outputOf(ended, 'status'),
      outputOf(ended, 'error-code') ?? '',
      ended.code,
    ]).toEqual([form.command, status, code, 0])
    return ended
  }
  // act's artifact service does not know the type of a plain file.
  await step({ command: 'generate' }, 'staged', 'artifact-failed')
  const first = exchange()
  await step({ command: 'activate', 'public-key-id': first }, 'activated')
  expect((await order())?.accepted).toBe(true)
  await step({ command: 'generate' }, 'staged', 'artifact-failed')
  const second = exchange()
  await step({ command: 'activate', 'public-key-id': second }, 'activated')
  expect(repository.secrets.get('AMAZON_PAY_PUBLIC_KEY_ID')?.value).toBe(second)
  await step({ command: 'rollback' }, 'rolled-back')
  expect(repository.secrets.get('AMAZON_PAY_PUBLIC_KEY_ID')?.value).toBe(first)
  amazonPay.deleteKey(second)
  await step({ command: 'retire' }, 'retired')
  const { log } = await step({ command: 'status' }, 'ok')
  expect(log).toContain('Summary - ')

  const failed = await start({ command: 'activate', 'public-key-id': second })
  expect([failed.code, outputOf(failed, 'error-code')]).toEqual([1, 'staged-key-missing'])

  // Secrets go to act in a file, and come to the later step in another.
  const left = files(folder).filter(
    (file) => !/\/(?:(?:secrets|variables|env)\.env|stored\.txt)$/.test(file),
  )
  const places = [...everything, ...left.map((file) => readFileSync(file, 'latin1'))]
  expect(keys.size).toBe(2)
  expect(places.flatMap((text) => leaksIn(text, [...keys]))).toEqual([])
  expect(everything.join()).toContain('LATER ***')
}, 600_000)

test('act passes outputs of the job on to a later one, the public key whole', async () => {
  const { code, log } = await start({ command: 'generate' }, 'outputs.yml')
  expect(code).toBe(0)
  const record = JSON.parse(shop.repository.variables.get('AMAZON_PAY_KEY_NEXT')?.value ?? '{}')
  const later = log.split('\n').flatMap((line) => /\[.*later\s*\] +\| (.*)/.exec(line)?.[1] ?? [])
  expect(later).toContain('status=staged')
  expect(later).toContain(`fingerprint=${record.fingerprint}`)
  expect(later.join('\n')).toContain(`public-key=${record.publicKey.trim()}`)
}, 600_000)

test('the search finds a private key that is printed', () => {
  const { privateKey } = makeKey()
  expect(leaksIn(`printed: ${privateKey.replaceAll('\n', '')}`, [privateKey])).not.toEqual([])
})
