/**
 * Measures steps over many targets, with their pauses and 25 ms of latency: requests, writes, the writes of the busiest
 * minute, time and memory. All of it takes a quarter of an hour, since GitHub takes 80 writes a minute; `--targets 3` measures
 * both commands with three. `--write` puts the table into docs/performance.md.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startAmazonPay } from '../rehearsal/amazon-pay.ts'
import { startGitHub } from '../rehearsal/github.ts'
import { answerLate } from '../rehearsal/latency.ts'
import { generateInputs, prepareActivation } from '../rehearsal/rotation.ts'
import { runAction } from '../rehearsal/runner.ts'
import { mib, ms, report, table } from './report.ts'

const options = { targets: { type: 'string', multiple: true }, write: { type: 'boolean' } } as const
const { targets, write } = parseArgs({ options }).values
const given = targets?.map(Number)
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
const observed = join(folder, 'observed.json')
process.on('exit', () => rmSync(folder, { recursive: true }))

/** A row of the table. */
async function measure(command: 'generate' | 'activate', targets: number): Promise<string[]> {
  console.error(`${command}, ${targets} targets`)
  const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
  for (let shop = 1; shop <= targets; shop += 1) github.addRepository(`acme/shop-${shop}`)
  const inputs =
    command === 'activate' ? await prepareActivation(github, amazonPay) : generateInputs(github)
  for (const { requests } of [github, amazonPay]) requests.length = 0
  github.rateLimit.remaining = github.rateLimit.limit
  answerLate([github, amazonPay], 25)
  const { duration, exitCode, log } = await runAction({
    ...{ github, amazonPay, inputs },
    nodeArgs: ['--import', join(import.meta.dirname, 'observe.mjs')],
    env: { OBSERVED: observed },
    timeoutMs: 3_600_000,
  })
  await Promise.all([github.close(), amazonPay.close()])
  if (exitCode !== 0) throw new Error(log)

  const { peak } = JSON.parse(readFileSync(observed, 'utf8'))
  const requests = github.requests.length + amazonPay.requests.length
  const writes = github.requests
    .filter(({ method, path }) => method !== 'GET' && /\/(secrets|variables)\b/.test(path))
    .map(({ time }) => time.getTime())
  const inMinute = writes.map(
    (first) => writes.filter((time) => time >= first && time < first + 60_000).length,
  )
  const counts = [targets, requests, writes.length, Math.max(...inMinute)].map(String)
  return [`\`${command}\``, ...counts, ms(duration), mib(peak)]
}

const rows = [
  ['command', 'targets', 'requests', 'writes', 'most writes in a minute', 'wall', 'peak memory'],
]
for (const targets of given ?? [10, 100]) rows.push(await measure('generate', targets))
for (const targets of given ?? [10, 45]) rows.push(await measure('activate', targets))
report('bench-many', `25 ms of latency, one run each.\n\n${table(rows)}`, write)
