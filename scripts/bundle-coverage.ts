/**
 * What of the bundle is ever run: builds it unminified, walks every command through the rehearsal with
 * coverage on, and tells by package how much was loaded and executed. `--modules` tells it by file.
 */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sshpk from 'sshpk'
import { startAmazonPay } from '../rehearsal/amazon-pay.ts'
import { startGitHub } from '../rehearsal/github.ts'
import { runAction } from '../rehearsal/runner.ts'
import { trimLibraries } from './trim.ts'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'coverage/bundle')
const raw = join(folder, 'raw')
rmSync(folder, { recursive: true, force: true })
mkdirSync(raw, { recursive: true })
copyFileSync(join(root, 'action.yml'), join(folder, 'action.yml'))
const tool = (name: string, ...args: string[]): Buffer =>
  execFileSync(join(root, 'node_modules/.bin', name), args, { cwd: root, maxBuffer: 2 ** 26 })
tool('tsc', '-p', 'tsconfig.build.json', '--outDir', join(folder, 'lib'))
trimLibraries(join(folder, 'lib'))
tool('ncc', 'build', join(folder, 'lib/index.js'), '-o', join(folder, 'dist'), '-s')

await walk()
print(measure())

/** A key's whole life, in the shapes that load most, with what goes wrong now and then. */
async function walk(): Promise<void> {
  const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
  const shop = github.addRepository('acme/shop')
  github.addEnvironment(shop, 'production')
  github.addOrganization('acme')
  const run = async (inputs: Record<string, string>): Promise<void> => {
    const { outputs, log } = await runAction({
      inputs: { token: github.token, ...inputs },
      action: folder,
      github,
      amazonPay,
      timeFactor: 50,
      debug: true,
      env: { NODE_V8_COVERAGE: raw },
    })
    if (outputs.status === undefined) throw new Error(log)
    console.error(`${inputs.command}: ${outputs.status} ${outputs['error-code']}`)
  }
  const place = { region: 'us', 'pay-environment': 'sandbox' }
  const secret = (name: string): string => shop.secrets.get(`AMAZON_PAY_${name}`)?.value ?? ''
  const exchange = (): string => {
    const { publicKey } = JSON.parse(shop.variables.get('AMAZON_PAY_KEY_NEXT')?.value ?? '')
    return amazonPay.exchange({ region: 'us', view: 'sandbox', publicKey, name: 'key' })
  }
  await run({ command: 'status' })
  await run({ command: 'generate', ...place })
  await run({ command: 'generate', ...place })
  const first = exchange()
  github.faults.push({ do: { status: 502 } }, { skip: 9, do: 'drop' })
  await run({
    command: 'activate',
    'private-key': secret('PRIVATE_KEY_NEXT'),
    'public-key-id': first,
  })
  const passphrase = 'a long passphrase'
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pkcs1 = privateKey.export({ format: 'pem', type: 'pkcs1' })
  const openSsh = sshpk.parsePrivateKey(pkcs1, 'pem').toString('ssh-private' as 'pkcs8')
  await run({ command: 'generate', 'private-key': openSsh })
  await run({
    command: 'activate',
    'private-key': secret('PRIVATE_KEY_NEXT'),
    'previous-private-key': secret('PRIVATE_KEY'),
    'public-key-id': exchange(),
    artifact: 'true',
  })
  await run({ command: 'retire', 'previous-private-key': secret('PRIVATE_KEY_PREVIOUS') })
  amazonPay.deleteKey(first)
  await run({ command: 'retire', 'previous-private-key': secret('PRIVATE_KEY_PREVIOUS') })
  await run({ command: 'generate', environment: 'production' })
  await run({ command: 'generate', organization: 'acme', visibility: 'selected' })
  const encrypted = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase } as const
  await run({
    command: 'validate',
    'private-key': privateKey.export(encrypted).toString(),
    'private-key-passphrase': passphrase,
    'public-key-id': first,
    ...place,
  })
  github.artifactsDown = true
  await run({ command: 'validate', 'private-key': pkcs1.toString(), artifact: 'true' })
  await run({ command: 'status' })
  await Promise.all([github.close(), amazonPay.close()])
}

interface Measured {
  characters: number
  executed: number
}

interface Script {
  url: string
  functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[]
}

/** Characters of each source in the bundle, and how many of them were executed in any of the runs. */
function measure(): Map<string, Measured> {
  const sources = new Map<string, Measured>()
  const names = readdirSync(join(folder, 'dist')).filter((name) => name.endsWith('.js'))
  const covered = new Map(
    names.map((name) => [
      name,
      new Uint8Array(readFileSync(join(folder, 'dist', name), 'utf8').length),
    ]),
  )
  for (const file of readdirSync(raw)) {
    const { result } = JSON.parse(readFileSync(join(raw, file), 'utf8')) as { result: Script[] }
    for (const { url, functions } of result) {
      const own = url.startsWith('file:') ? covered.get(basename(fileURLToPath(url))) : undefined
      if (own === undefined || !url.includes('/coverage/bundle/dist/')) continue
      const once = new Uint8Array(own.length)
      // From the outside in: an inner range knows better.
      const ranges = functions
        .flatMap(({ ranges }) => ranges)
        .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
      for (const { startOffset, endOffset, count } of ranges) {
        once.fill(count > 0 ? 1 : 0, startOffset, endOffset)
      }
      for (const [index, value] of once.entries()) if (value) own[index] = 1
    }
  }
  for (const [name, bytes] of covered) {
    const text = readFileSync(join(folder, 'dist', name), 'utf8')
    const map = new SourceMap(JSON.parse(readFileSync(join(folder, 'dist', `${name}.map`), 'utf8')))
    let offset = 0
    for (const [number, line] of text.split('\n').entries()) {
      const entry = map.findEntry(number, line.search(/\S|$/))
      const source = 'originalSource' in entry ? entry.originalSource : 'ncc'
      const known = sources.get(source) ?? { characters: 0, executed: 0 }
      known.characters += line.length
      for (let at = offset; at < offset + line.length; at += 1) known.executed += bytes[at] ?? 0
      sources.set(source, known)
      offset += line.length + 1
    }
  }
  return sources
}

function print(sources: Map<string, Measured>): void {
  const byFile = process.argv.includes('--modules')
  const groups = new Map<string, Measured>()
  for (const [source, { characters, executed }] of sources) {
    const name = byFile ? source : packageOf(source)
    const group = groups.get(name) ?? { characters: 0, executed: 0 }
    group.characters += characters
    group.executed += executed
    groups.set(name, group)
  }
  const rows = [...groups].sort(([, a], [, b]) => b.characters - a.characters)
  const total = { characters: 0, executed: 0 }
  for (const [, { characters, executed }] of rows) {
    total.characters += characters
    total.executed += executed
  }
  for (const [name, { characters, executed }] of [['all', total] as const, ...rows]) {
    const part = Math.round((100 * executed) / Math.max(1, characters))
    console.log(
      `${String(Math.round(characters / 1000)).padStart(6)} kB ${String(part).padStart(4)} %  ${name}`,
    )
  }
}

function packageOf(source: string): string {
  const path = source.slice(source.lastIndexOf('node_modules/') + 13)
  if (!source.includes('node_modules/')) return /lib\/|src\//.test(source) ? 'this action' : 'ncc'
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/')
}
