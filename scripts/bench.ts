/**
 * Measures the built action as whole processes: against a floor (floor.mjs), against the work by hand, and against the
 * start of other actions. GitHub and Amazon Pay are on this machine. `--write` puts the tables into docs/performance.md,
 * `--runs 31` steadies the medians, `--many` adds steps over many targets, which take minutes, and `--other FILE`
 * (repeatable) is the built entry file of another action.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { isInstalled, timeIn } from './bench-process.ts'
import { openShop, type Work } from './bench-shop.ts'
import { kb, median, mib, ms, sum, table } from './bench-table.ts'
import { countRoundTrips, delayAnswers, type Loaded, probe } from './timeline.ts'

const { runs, write, many, other } = parseArgs({
  options: {
    runs: { type: 'string', default: '21' },
    write: { type: 'boolean', default: false },
    many: { type: 'boolean', default: false },
    other: { type: 'string', multiple: true, default: [] },
  },
}).values
const root = join(import.meta.dirname, '..')
const entry = join(root, 'dist/index.js')
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const shop = await openShop(folder)
const time = timeIn(folder)

/* -------------------------------------------------------------- processes */

/** Runs the entry with `probe`, and returns what it wrote. */
async function probed(env: NodeJS.ProcessEnv, what: 'memory' | 'files'): Promise<unknown> {
  const file = join(folder, 'probed.json')
  await time({ args: ['--import', probe(what), entry], env: { ...env, PROBE: file } })
  return JSON.parse(readFileSync(file, 'utf8'))
}

const bytes = (name: string): number => statSync(join(root, 'dist', name)).size

/* ------------------------------------------------------------------ tables */

const wall = [['command', 'latency', 'action', 'floor', 'ratio', 'by hand', 'ratio']]
const cost = [['command', 'requests', 'round trips', 'code loaded', 'peak memory']]
for (const work of shop.works) {
  const env = await shop.environment(work)
  work.prepare()
  const trips = countRoundTrips(shop.servers)
  await time({ args: [entry], env })
  delayAnswers(shop.servers, 0)
  const loaded = (await prepared(work, () => probed(env, 'files'))) as Loaded[]
  const peaks = []
  for (const _ of [1, 2, 3]) peaks.push(Number(await prepared(work, () => probed(env, 'memory'))))
  const code = sum(loaded.map(({ name }) => bytes(name)))
  cost.push([work.label, `${sum(trips)}`, `${trips.length}`, kb(code), mib(median(peaks))])
  for (const latency of [0, 25]) wall.push(await race(work, env, trips, latency))
}

function prepared<T>(work: Work, act: () => Promise<T>): Promise<T> {
  work.prepare()
  return act()
}

/** The action, the floor and the hand in turn, so that a busy moment meets all three. */
async function race(work: Work, env: NodeJS.ProcessEnv, trips: number[], latency: number) {
  console.error(`${work.label}, ${latency} ms`)
  delayAnswers(shop.servers, latency)
  const floor = JSON.stringify({ keys: work.keys, url: shop.url, trips, pem: shop.pem })
  const floorJob = { args: [join(import.meta.dirname, 'floor.mjs')], env: { FLOOR: floor } }
  const byHand = work.byHand.every(({ file }) => isInstalled(file)) ? work.byHand : []
  const times: [number[], number[], number[]] = [[], [], []]
  for (let count = 0; count < Number(runs); count += 1) {
    times[0].push(await prepared(work, () => time({ args: [entry], env })))
    times[1].push(await time(floorJob))
    let hand = 0
    for (const job of byHand) hand += await time(job)
    times[2].push(hand)
  }
  const [action, least, hand] = times.map(median) as [number, number, number]
  const ratio = (than: number): string => `${(action / than).toFixed(2)} ×`
  const manual = hand === 0 ? ['–', '–'] : [`${ms(hand)} (${work.hand})`, ratio(hand)]
  return [work.label, ms(latency), ms(action), ms(least), `**${ratio(least)}**`, ...manual]
}

const starts = [['action, without inputs', 'entry file', 'start to end']]
for (const file of [entry, ...other]) {
  const walls = []
  for (let count = 0; count < Number(runs); count += 1)
    walls.push(await time({ args: [file], mayFail: true }))
  const name = file === entry ? 'amazon-pay-keys' : basename(dirname(dirname(file)))
  starts.push([name, kb(statSync(file).size), ms(median(walls))])
}

const growth = [
  ['command', 'targets', 'requests', 'writes', 'most writes in a minute', 'wall', 'peak memory'],
]
for (const work of many ? shop.manyTargets : []) {
  console.error(`${work.label}, ${work.targets} targets`)
  work.prepare()
  const env = await shop.environment(work)
  const spans = delayAnswers(shop.servers, 25)
  const began = performance.now()
  const peak = Number(await probed(env, 'memory'))
  const duration = performance.now() - began
  const writes = spans.filter(({ request }) => shop.isWrite(request)).map(({ begin }) => begin)
  const inMinute = writes.map((at) => writes.filter((one) => one >= at && one < at + 60_000).length)
  const counts = [work.targets, spans.length, writes.length, Math.max(0, ...inMinute)].map(String)
  growth.push([work.label, ...counts, ms(duration), mib(peak)])
}
await shop.close()

const dist = readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.js'))
const { model = 'unknown processor' } = cpus()[0] ?? {}
const text = `
Measured on ${cpus().length} × ${model.trim()}, Node.js ${process.versions.node}; medians of ${runs} interleaved runs.

${[wall, cost, starts, ...(many ? [growth] : [])].map(table).join('\n\n')}

Entry ${kb(bytes('index.js'))}, all code ${kb(sum(dist.map(bytes)))} in ${dist.length} files.
`
console.log(text)
if (write) {
  const page = join(root, 'docs/performance.md')
  const marked = /(?<=<!-- bench -->\n)[\s\S]*(?=\n<!-- \/bench -->)/
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(marked, () => text),
  )
}
