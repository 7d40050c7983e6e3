/**
 * Measures each command for one target as a whole process, in turn with the least that a program can do (floor.mjs) and
 * with the commands that people type instead; and the start of other actions. GitHub and Amazon Pay are on this machine;
 * `openssl` and `gh` have to be there too. `--write` puts the tables into docs/performance.md, `--runs 31` steadies the
 * medians, `--other FOLDER/dist/main.js` (repeatable) is the built entry of another action.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { startAmazonPay } from '../rehearsal/amazon-pay.ts'
import { ghEnvironment } from '../rehearsal/gh.ts'
import { startGitHub } from '../rehearsal/github.ts'
import { answerLate } from '../rehearsal/latency.ts'
import { generateInputs, prepareActivation } from '../rehearsal/rotation.ts'
import { runAction } from '../rehearsal/runner.ts'
import { kb, mib, ms, report, table } from './report.ts'

const { runs, write, other } = parseArgs({
  options: {
    runs: { type: 'string', default: '21' },
    write: { type: 'boolean' },
    other: { type: 'string', multiple: true, default: [] },
  },
}).values
const dist = join(import.meta.dirname, '../dist')
const entry = join(dist, 'index.js')
const floor = join(import.meta.dirname, 'floor.mjs')
const observer = join(import.meta.dirname, 'observe.mjs')
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))

const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
const servers = [github, amazonPay]
const shop = github.addRepository('acme/shop')
const emptyShop = structuredClone(shop)
const generate = { ...generateInputs(github), artifact: 'false' }
const activate = await prepareActivation(github, amazonPay)
const { 'public-key-id': id, 'current-private-key': pem } = activate
const gh = ghEnvironment(github, { repository: shop.fullName, home: folder })
writeFileSync(join(folder, 'private.pem'), pem)

const storeKey = 'gh secret set AMAZON_PAY_PRIVATE_KEY < private.pem'
const works = [
  {
    label: '`validate`',
    inputs: { command: 'validate', 'private-key': pem },
    keys: 'read',
    byHand: 'openssl rsa -check -noout -in private.pem',
  },
  { label: '`generate`, `artifact: false`', inputs: generate, keys: 'make' },
  {
    label: '`generate`',
    inputs: { ...generate, artifact: 'true' },
    keys: 'make',
    byHand: `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem &&
      openssl rsa -in private.pem -pubout -out public.pem && ${storeKey}`,
  },
  {
    label: '`activate`',
    inputs: activate,
    keys: 'verify',
    byHand: `gh secret set AMAZON_PAY_PUBLIC_KEY_ID --body ${id} && ${storeKey}`,
  },
]

/** Only `activate` finds something in the shop. Each step has GitHub's hourly budget to itself. */
function prepare(inputs: object): void {
  github.repositories.set('acme/shop', structuredClone(inputs === activate ? shop : emptyShop))
  github.rateLimit.remaining = github.rateLimit.limit
}

/** The action as a step of a job: what it was started with, what it loaded and asked for, and how much memory it had. */
async function observe(inputs: Readonly<Record<string, string>>) {
  prepare(inputs)
  const trips = answerLate(servers, 400)
  const env = { OBSERVED: join(folder, 'observed.json') }
  const job = { github, amazonPay, temp: folder, workspace: folder, env }
  const step = await runAction({ ...job, inputs, nodeArgs: ['--import', observer] })
  if (step.exitCode !== 0) throw new Error(step.log)
  const { loaded, peak } = JSON.parse(readFileSync(env.OBSERVED, 'utf8'))
  return { environment: step.environment, trips, code: sum(loaded.map(sizeOf)), peak }
}

/** Milliseconds from the start of a process to its end. */
async function time(file: string, args: string[], env: NodeJS.ProcessEnv, mayFail = false) {
  const began = performance.now()
  const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } }
  await promisify(execFile)(file, args, options).catch((error) => {
    if (!mayFail) throw error
  })
  return performance.now() - began
}

/** The medians of processes that take turns, so that a busy moment meets all of them. */
async function race(racers: readonly (() => Promise<number>)[], prepareRound = () => {}) {
  const times = racers.map((): number[] => [])
  for (let round = 0; round < Number(runs); round += 1) {
    prepareRound()
    for (const [index, racer] of racers.entries()) times[index]?.push(await racer())
  }
  return times.map((all) => all.sort((one, other) => one - other)[all.length >> 1] ?? Number.NaN)
}

const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0)
const sizeOf = (file: string) => statSync(join(dist, file)).size

const wall = [['command', 'latency', 'action', 'floor', 'ratio', 'by hand', 'ratio']]
const cost = [['command', 'requests', 'round trips', 'code loaded', 'peak memory']]
for (const { label, inputs, keys, byHand } of works) {
  console.error(label)
  const { environment, trips, code, peak } = await observe(inputs)
  cost.push([label, `${sum(trips)}`, `${trips.length}`, kb(code), mib(peak)])
  const FLOOR = JSON.stringify({ keys, url: github.url, trips, pem })
  for (const latency of [0, 25]) {
    answerLate(servers, latency)
    const racers = [
      () => time(process.execPath, [entry], environment),
      () => time(process.execPath, [floor], { FLOOR }),
      ...(byHand ? [() => time('sh', ['-c', byHand], gh)] : []),
    ]
    const [action = 0, least = 0, hand] = await race(racers, () => prepare(inputs))
    const ratio = (than: number) => `${(action / than).toFixed(2)} ×`
    const manual = hand ? [ms(hand), ratio(hand)] : ['–', '–']
    wall.push([label, ms(latency), ms(action), ms(least), `**${ratio(least)}**`, ...manual])
  }
}

const entries = [entry, ...other.map((file) => resolve(file))]
const medians = await race(entries.map((file) => () => time(process.execPath, [file], {}, true)))
const starts = entries.map((file, index) => {
  const name = file === entry ? 'amazon-pay-keys' : /([^/]+)\/dist\//.exec(file)?.[1]
  return [name ?? file, kb(statSync(file).size), ms(medians[index] ?? 0)]
})
await Promise.all(servers.map((server) => server.close()))

const code = readdirSync(dist).filter((name) => name.endsWith('.js'))
const text = `medians of ${runs} interleaved runs.

${table(wall)}

${table(cost)}

${table([['action, without inputs', 'entry file', 'start to end'], ...starts])}

Entry ${kb(sizeOf('index.js'))}, all code ${kb(sum(code.map(sizeOf)))} in ${code.length} files.`
report('bench', text, write)
