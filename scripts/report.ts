/** How the benchmarks write numbers and tables, and where. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

const count = (number: number): string => Math.round(number).toLocaleString('en')
export const ms = (duration: number): string => `${count(duration)} ms`
export const kb = (bytes: number): string => `${count(bytes / 1000)} kB`
export const mib = (kib: number): string => `${count(kib / 1024)} MiB`

/** In Markdown. The first row has the titles. */
export const table = ([titles = [], ...rows]: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

/** Prints a text, and with `write` puts it between the marks of this name in docs/performance.md. */
export function report(name: string, text: string, write = false): void {
  const [cpu] = cpus()
  const machine = `${cpus().length} × ${cpu?.model.trim()}, Node.js ${process.versions.node}`
  const whole = `\nMeasured on ${machine}; ${text}\n`
  console.log(whole)
  if (!write) return
  const page = join(import.meta.dirname, '../docs/performance.md')
  const marked = new RegExp(`(?<=<!-- ${name} -->\\n)[\\s\\S]*(?=\\n<!-- /${name} -->)`)
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(marked, () => whole),
  )
}
