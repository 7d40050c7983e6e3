/**
 * Measures the built action as whole processes, against a floor and against what people do by hand, with GitHub
 * and Amazon Pay on this machine. `--write` puts the tables into docs/performance.md, `--runs 31` makes the
 * medians steadier, `--many 100` also stages in as many repositories, which takes more than a second for each, and
 * `--only generate` measures what is called so and nothing else.
 */
import { spawn } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import {
  accessSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { startAmazonPay } from '../rehearsal/amazon-pay.ts'
import { openedFingerprint, startGitHub } from '../rehearsal/github.ts'
import { runAction } from '../rehearsal/runner.ts'
import { table } from '../src/summary/markdown.ts'
import { countRoundTrips, delayAnswers, type Loaded, probe, type Span } from './timeline.ts'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '21' },
    write: { type: 'boolean', default: false },
    many: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
  },
})
const runs = Number(options.runs)
const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const slow = 25
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/* -------------------------------------------------------------- the servers */

const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
const servers = [github, amazonPay]
const shop = github.addRepository('acme/shop')

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string
  const id = amazonPay.exchange({ region: 'us', view: 'live', publicKey, name: 'bench' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { pem, publicKey, id, fingerprint: openedFingerprint(pem) }
}
const [current, next] = [newKey(), newKey()]

const recordOf = ({ fingerprint, publicKey, id }: typeof current, publicKeyId: string | null) =>
  JSON.stringify({
    version: 1,
    fingerprint,
    publicKey,
    publicKeyId,
    region: 'us',
    payEnvironment: 'live',
    madeAt: '2026-01-01T00:00:00Z',
    activatedAt: publicKeyId === id ? '2026-01-01T00:00:00Z' : null,
    run: 'https://github.com/acme/shop/actions/runs/1',
  })

/** A current pair, and a staged key that waits: what `activate` finds. */
function plantPairs(): void {
  github.setSecret(shop, 'AMAZON_PAY_PRIVATE_KEY', current.pem)
  github.setSecret(shop, 'AMAZON_PAY_PUBLIC_KEY_ID', current.id)
  github.setVariable(shop, 'AMAZON_PAY_KEY', recordOf(current, current.id))
  github.setSecret(shop, 'AMAZON_PAY_PRIVATE_KEY_NEXT', next.pem)
  github.setVariable(shop, 'AMAZON_PAY_KEY_NEXT', recordOf(next, null))
}

function empty(): void {
  for (const { secrets, variables } of github.repositories.values()) {
    secrets.clear()
    variables.clear()
  }
  github.artifacts.length = 0
  for (const server of servers) server.requests.length = 0
}

/* ------------------------------------------------------------- the processes */

interface Job {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly stdin?: string
}

/** Runs a process to its end, and tells how long it took. */
async function run({ file, args, env, stdin }: Job): Promise<number> {
  const began = performance.now()
  const child = spawn(file, args, { env, cwd: folder, stdio: 'pipe' })
  child.stdin.end(stdin)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
    })
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const wall = performance.now() - began
  if (code !== 0) {
    const harmless = printed.replaceAll(/^::add-mask::.*$/gm, '')
    throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${harmless}`)
  }
  return wall
}

const node = (args: readonly string[], env: Record<string, string> = {}): Job => ({
  file: process.execPath,
  args,
  env: { PATH: process.env.PATH ?? '', ...env },
})

const isInstalled = (program: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((place) => {
    try {
      accessSync(join(place, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** `gh` speaks plain HTTP with github.localhost only, and goes through a proxy that leads to our GitHub. */
const proxy = createServer((incoming, outgoing) => {
  const { pathname, search } = new URL(incoming.url ?? '/', github.url)
  const { method, headers } = incoming
  incoming.pipe(
    forward(github.url + pathname + search, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    }),
  )
})
await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))

const gh = (name: string, value: string): Job[] =>
  isInstalled('gh')
    ? [
        {
          file: 'gh',
          args: ['secret', 'set', name, '--repo', 'github.localhost/acme/shop'],
          env: {
            PATH: process.env.PATH ?? '',
            HOME: folder,
            GH_HOST: 'github.localhost',
            GH_ENTERPRISE_TOKEN: github.token,
            GH_TOKEN: github.token,
            HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
          },
          stdin: value,
        },
      ]
    : []

const openssl = (...args: string[]): Job => ({
  file: 'openssl',
  args,
  env: { PATH: process.env.PATH ?? '' },
})

/* --------------------------------------------------------------- the commands */

interface Contest {
  readonly label: string
  readonly command: 'generate' | 'validate' | 'activate'
  readonly inputs: Record<string, string>
  readonly keys: 'make' | 'read' | 'prove'
  /** What the action finds. */
  readonly prepare: () => void
  readonly byHand: readonly Job[]
  readonly hand: string
}

const ghHand = isInstalled('gh') ? ', `gh secret set`' : ''
const probed = join(folder, 'probed.json')
const keyFile = join(folder, 'privateKey.pem')
writeFileSync(keyFile, current.pem)

const staging = { token: github.token, region: 'us', 'pay-environment': 'live' }
const contests: readonly Contest[] = [
  {
    label: '`generate`, `artifact: false`',
    command: 'generate',
    inputs: { ...staging, artifact: 'false' },
    keys: 'make',
    prepare: empty,
    byHand: [],
    hand: '',
  },
  {
    label: '`generate`',
    command: 'generate',
    inputs: staging,
    keys: 'make',
    prepare: empty,
    byHand: [
      openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', keyFile),
      openssl('rsa', '-in', keyFile, '-pubout', '-out', join(folder, 'publicKey.pub')),
      ...gh('AMAZON_PAY_PRIVATE_KEY', current.pem),
    ],
    hand: `\`openssl genpkey\`, \`openssl rsa -pubout\`${ghHand}`,
  },
  {
    label: '`validate`',
    command: 'validate',
    inputs: { 'private-key': current.pem },
    keys: 'read',
    prepare: empty,
    byHand: [openssl('rsa', '-in', keyFile, '-check', '-noout')],
    hand: '`openssl rsa -check`',
  },
  {
    label: '`activate`',
    command: 'activate',
    inputs: {
      token: github.token,
      'private-key': next.pem,
      'public-key-id': next.id,
      'previous-private-key': current.pem,
    },
    keys: 'prove',
    prepare: () => {
      empty()
      plantPairs()
    },
    byHand: [...gh('AMAZON_PAY_PUBLIC_KEY_ID', next.id), ...gh('AMAZON_PAY_PRIVATE_KEY', next.pem)],
    hand: '`gh secret set` twice, without proof or rollback',
  },
]

/** Everything about one command that does not depend on the network. */
interface Facts {
  readonly action: Job
  readonly trips: readonly number[]
  /** Milliseconds that the action pauses between writes, as GitHub asks for. */
  readonly pauses: number
  readonly before: number
  readonly loaded: readonly string[]
  readonly memory: number
}

async function factsOf({ command, inputs, prepare }: Contest): Promise<Facts> {
  const [temp, workspace] = ['temp-', 'work-'].map((name) => mkdtempSync(join(folder, name))) as [
    string,
    string,
  ]
  prepare()
  const trips = countRoundTrips(servers)
  const rehearsed = await runAction({
    inputs: { command, ...inputs },
    github,
    amazonPay,
    temp,
    workspace,
    keep: true,
  })
  if (rehearsed.exitCode !== 0) throw new Error(rehearsed.log)
  const action = node([join(dist, 'index.js')], rehearsed.environment)
  const asked = async (what: 'memory' | 'files') => {
    prepare()
    const args = ['--import', probe(what), ...action.args]
    await run({ ...action, args, env: { ...action.env, PROBE: probed } })
    return JSON.parse(readFileSync(probed, 'utf8')) as unknown
  }
  let pauses = 0
  let loaded: Loaded[] = []
  const before: number[] = []
  for (let count = 0; count < 3; count += 1) {
    const spans = delayAnswers(servers, slow)
    loaded = (await asked('files')) as Loaded[]
    pauses = 1000 * pausesIn(spans)
    const first = spans.find(({ request }) => request.method !== 'GET')?.request
    const effect = first?.time.getTime() ?? Number.POSITIVE_INFINITY
    before.push(sum(loaded.filter(({ at }) => at <= effect).map(({ name }) => bytesOf(name))))
  }
  const memory = [await asked('memory'), await asked('memory'), await asked('memory')]
  return {
    action,
    trips,
    pauses,
    before: median(before),
    loaded: loaded.map(({ name }) => name),
    memory: median(memory.map(Number)) * 1024,
  }
}

/** Gaps of nearly a second between an answer and the next request. */
function pausesIn(spans: readonly Span[]): number {
  return spans.filter(({ begin }, index) => {
    const before = spans[index - 1]
    return before !== undefined && begin - before.end > 900
  }).length
}

/* ------------------------------------------------------------------ measuring */

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0)
const quantile = (numbers: readonly number[], part: number): number =>
  [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length * part)] ?? Number.NaN
const median = (numbers: readonly number[]): number => quantile(numbers, 0.5)
/** What a busy machine spoils least. */
const quartile = (numbers: readonly number[]): number => quantile(numbers, 0.25)
const bytesOf = (name: string): number => statSync(join(dist, name)).size
const ms = (time: number): string => `${Math.round(time)} ms`
const times = (one: number, other: number): string => `${(one / other).toFixed(2)} ×`
const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
const kb = (bytes: number): string => `${Math.round(bytes / 1000).toLocaleString('en')} kB`
const say = (line: string): void => void process.stderr.write(`${line}\n`)

interface Race {
  readonly action: number[]
  readonly floor: number[]
  readonly byHand: number[]
  readonly phases: number[][]
}

/** Runs of the action, the floor and the hand in turn, so that a busy moment hits all three. */
async function race(contest: Contest, facts: Facts, latency: number): Promise<Race> {
  const { trips, pauses } = facts
  const floor = node([join(import.meta.dirname, 'floor.mjs')], {
    'INPUT_PRIVATE-KEY': next.pem,
    FLOOR: JSON.stringify({ keys: contest.keys, url: github.url, trips, pauses }),
  })
  const result: Race = { action: [], floor: [], byHand: [], phases: [] }
  for (let count = 0; count < runs; count += 1) {
    contest.prepare()
    const spans = delayAnswers(servers, latency)
    const began = performance.now()
    const wall = await run(facts.action)
    result.action.push(wall)
    result.phases.push(phasesOf(spans, began, began + wall))
    result.floor.push(await run(floor))
    const hand = []
    for (const job of contest.byHand) hand.push(await run(job))
    if (hand.length > 0) result.byHand.push(sum(hand))
  }
  return result
}

const phaseNames = [
  'Node starts; entry, inputs, key begun, HTTP client loaded',
  'reads, together',
  'key found and checked, masked, sealed',
  'record and secret',
  'artifact client loaded, as far as it was not yet',
  'artifact: create, upload, commit, finalize',
  'outputs, summary, end',
]

/** Where the time of one `generate` went, seen from the servers. */
function phasesOf(spans: readonly Span[], began: number, ended: number): number[] {
  const isTwirp = ({ request }: Span): boolean => /^\/(twirp|storage)/.test(request.rawPath)
  const ofApi = spans.filter((span) => !isTwirp(span))
  const reads = ofApi.filter(({ request }) => request.method === 'GET')
  const writes = ofApi.filter(({ request }) => request.method !== 'GET')
  const upload = spans.filter(isTwirp)
  const marks = [
    began,
    reads[0]?.begin ?? ended,
    Math.max(...reads.map(({ end }) => end)),
    writes[0]?.begin ?? ended,
    writes.at(-1)?.end ?? ended,
    upload[0]?.begin ?? ended,
    upload.at(-1)?.end ?? ended,
    ended,
  ]
  return marks.slice(1).map((mark, index) => mark - (marks[index] ?? 0))
}

/** `generate` for many repositories, once, with GitHub's second between writes. */
async function growth(count: number): Promise<string[]> {
  for (let index = 1; index <= count; index += 1) {
    if (!github.repositories.has(`acme/shop-${index}`)) github.addRepository(`acme/shop-${index}`)
  }
  empty()
  const spans = delayAnswers(servers, slow)
  const repository = Array.from({ length: count }, (_, index) => `acme/shop-${index + 1}`).join(',')
  const began = performance.now()
  const result = await runAction({
    inputs: { command: 'generate', ...staging, repository },
    github,
    amazonPay,
    nodeArgs: ['--import', probe('memory')],
    env: { PROBE: probed },
    timeoutMs: 180_000,
  })
  const wall = performance.now() - began
  const memory = Number(readFileSync(probed, 'utf8')) * 1024
  const status = result.outputs.status ?? ''
  const paused = 1000 * (count - 1)
  return [
    String(count),
    String(spans.length),
    ms(wall),
    ms(wall - paused),
    ms((wall - paused) / count),
    mib(memory),
    status,
  ]
}
/* -------------------------------------------------------------------- telling */

const wallRows: string[][] = []
const costRows: string[][] = []
let phaseRows: string[][] = []
for (const contest of contests.filter(({ label }) => label.includes(options.only))) {
  const facts = await factsOf(contest)
  costRows.push([
    contest.label,
    String(sum(facts.trips)),
    `${facts.trips.length} (${facts.trips.join(' + ') || '0'})`,
    kb(facts.before),
    kb(sum(facts.loaded.map(bytesOf))),
    mib(facts.memory),
  ])
  for (const latency of [0, slow]) {
    say(`${contest.label}, ${latency} ms, ${runs} runs`)
    const { action, floor, byHand, phases } = await race(contest, facts, latency)
    const [ours, least, hands] = [median(action), median(floor), median(byHand)]
    wallRows.push([
      contest.label,
      ms(latency),
      ms(ours),
      ms(least),
      `**${times(ours, least)}**`,
      times(quartile(action), quartile(floor)),
      facts.pauses > 0
        ? `${ms(facts.pauses)}; without them ${times(ours - facts.pauses, least - facts.pauses)}`
        : 'none',
      byHand.length > 0 ? `${ms(hands)} (${contest.hand})` : '–',
      byHand.length > 0 ? times(ours, hands) : '–',
    ])
    if (contest.label === '`generate`' && latency === slow) {
      const waits = [0, 1, 0, 2, 0, facts.trips.length - 3, 0]
      phaseRows = phaseNames.map((name, index) => [
        name,
        ms(median(phases.map((one) => one[index] ?? 0))),
        ms((waits[index] ?? 0) * latency),
      ])
    }
  }
}
const bare = []
for (let count = 0; count < runs; count += 1) bare.push(await run(node(['-e', '0'])))
phaseRows.unshift(['(`node -e 0`, for comparison)', ms(median(bare)), ms(0)])

const growthRows = []
const counts = [1, 10, ...(options.many ? [Number(options.many)] : [])]
for (const count of options.only ? [] : counts) {
  say(`generate, ${count} repositories`)
  growthRows.push(await growth(count))
}
await Promise.all([...servers.map((server) => server.close()), proxy.close()])

const marks: readonly (readonly [RegExp, string])[] = [
  [/FinalizeArtifact/, 'artifact client: loaded while the first write is under way'],
  [/crypto_box_seal_open/, 'libsodium: loaded while the reads are under way'],
  [/UND_ERR_CONNECT_TIMEOUT/, 'HTTP client and Octokit: loaded while the primes are sought'],
  [/openssh-key-v1/, 'OpenSSH reader: loaded for an OpenSSH key'],
  [/class BearerCredentialHandler/, 'keeps the token of the artifact client at home'],
]
const distRows = readdirSync(dist)
  .filter((name) => name.endsWith('.js'))
  .map((name) => {
    const text = readFileSync(join(dist, name), 'utf8')
    const what =
      name === 'index.js'
        ? 'entry: always loaded'
        : (marks.find(([mark]) => mark.test(text))?.[1] ?? 'what is asked of GitHub and Amazon Pay')
    return [`\`${name}\``, kb(bytesOf(name)), what]
  })

const { model = 'unknown processor' } = cpus()[0] ?? {}
const tables = `Measured on ${cpus().length} × ${model.trim()}, Node ${process.versions.node}; medians of ${runs} interleaved runs of whole processes.

### Wall time

${table(['command', 'latency', 'action', 'floor', 'ratio', 'of lower quartiles', 'pauses in both', 'by hand', 'ratio'], wallRows)}

### Requests, bytes, memory

${table(['command', 'requests', 'round trips in sequence (requests in each)', 'loaded before the first effect', 'loaded in all', 'peak memory'], costRows)}

### Where the time of \`generate\` goes, at ${slow} ms

${table(['phase', 'median', 'of it network latency'], phaseRows)}

### Many repositories: \`generate\` at ${slow} ms, one run each

${table(['repositories', 'requests', 'wall', 'without pauses', 'a repository', 'peak memory', 'status'], growthRows)}

### dist

${table(['file', 'size', 'what'], [...distRows, ['in all', kb(sum(readdirSync(dist).map(bytesOf))), '']])}
`
console.log(tables)
if (options.write && !options.only) {
  const path = join(root, 'docs/performance.md')
  const page = readFileSync(path, 'utf8')
  const [begin, end] = ['<!-- bench -->\n', '<!-- /bench -->\n']
  const [before = '', rest = ''] = page.split(begin)
  writeFileSync(path, `${before}${begin}\n${tables}\n${end}${rest.split(end)[1] ?? ''}`)
}
