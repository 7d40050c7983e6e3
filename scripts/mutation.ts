/**
 * Mutation testing, unit by unit (stryker.config.js): `node scripts/mutation.ts [unit…]`. Prints the score of
 * each unit and every mutant that no test notices; exits with 1 when there is one that docs/mutation.md does
 * not explain, or one more of the same kind. `--report` prints what the last run found.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import units from './mutation-units.json' with { type: 'json' }

interface Mutant {
  status: string
  mutatorName: string
  replacement?: string
  location: { start: Position; end: Position }
}
interface Position {
  line: number
  column: number
}
interface Report {
  files: Record<string, { source: string; mutants: Mutant[] }>
}

const names = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const wanted = names.length > 0 ? names : Object.keys(units)
const known = readFileSync('docs/mutation.md', 'utf8')
let strangers = 0

for (const unit of wanted) {
  if (!process.argv.includes('--report')) {
    const { status, stderr, stdout } = spawnSync('npx', ['stryker', 'run'], {
      env: { ...process.env, MUTATION_UNIT: unit },
      encoding: 'utf8',
    })
    if (status !== 0) {
      console.error(`${stdout}${stderr}`)
      process.exit(1)
    }
  }
  const report = JSON.parse(readFileSync(`reports/mutation/${unit}.json`, 'utf8')) as Report
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    const tried = mutants.filter(({ status }) => !['Ignored', 'CompileError'].includes(status))
    const alive = tried.filter(({ status }) => ['Survived', 'NoCoverage'].includes(status))
    const score = ((tried.length - alive.length) / tried.length) * 100
    console.log(`${file}: ${score.toFixed(1)} %, ${alive.length} of ${tried.length} survive`)
    for (const [line, at] of byLine(source, alive)) {
      const entry = `${unit}: ${line}${at.length > 1 ? ` × ${at.length}` : ''}`
      const isKnown = known.includes(entry)
      if (!isKnown) strangers += at.length
      console.log(`  ${isKnown ? ' ' : '!'} ${at.join(', ')}: ${entry}`)
    }
  }
}
if (strangers > 0) {
  console.log(`${strangers} survivors are not explained in docs/mutation.md`)
  process.exitCode = 1
}

/** Mutants that read the same, with the lines where they stand. */
function byLine(source: string, mutants: readonly Mutant[]): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const mutant of mutants) {
    const line = described(source, mutant)
    found.set(line, [...(found.get(line) ?? []), mutant.location.start.line])
  }
  return found
}

/** `what stands there` → `what the mutant has instead`, on one line. */
function described(source: string, { location, replacement = '' }: Mutant): string {
  const lines = source.split('\n').slice(location.start.line - 1, location.end.line)
  const [first = ''] = lines
  const last = lines.length - 1
  lines[last] = (lines[last] ?? '').slice(0, location.end.column - 1)
  lines[0] = (last === 0 ? (lines[0] ?? '') : first).slice(location.start.column - 1)
  const short = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, 120)
  return `\`${short(lines.join('\n'))}\` → \`${short(replacement)}\``
}
