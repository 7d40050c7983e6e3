import { regions } from '../domain/amazon-pay/region.ts'
import type { Runner } from '../ports.ts'
import { exchangeMarkdown } from '../summary/exchange-page.ts'
import type { Book, Outcome, TargetHealth } from '../summary/outcome.ts'

type SlotName = 'current' | 'next' | 'previous'

/** The outputs of action.yml, and where each value comes from. Null: not known. */
export const outputs = {
  command: ({ command }) => command,
  status: ({ status, problems }) => (problems.length > 0 ? 'failed' : status),
  'error-code': ({ problems, warnings }) =>
    [...problems, ...warnings].find(({ code }) => code)?.code ?? null,
  'new-key': ({ newKey }) => (newKey === null ? null : String(newKey)),
  'public-key': ({ key }) => key?.publicKey ?? null,
  'public-key-file': ({ publicKeyFile }) => publicKeyFile,
  fingerprint: ({ key }) => key?.fingerprint ?? null,
  'public-key-id': ({ publicKeyId }) => publicKeyId,
  'previous-public-key-id': ({ previousPublicKeyId }) => previousPublicKeyId,
  region: ({ region }) => region,
  'pay-environment': ({ payEnvironment }) => payEnvironment,
  'exchange-url': ({ region }) => (region ? regions[region].integrationCentral : null),
  'exchange-markdown': (outcome) => (outcome.exchange ? exchangeMarkdown(outcome) : null),
  'amazon-pay': ({ amazonPay }) => amazonPay?.answer ?? null,
  'secret-name': ({ secretName }) => secretName,
  targets: ({ targets }) => JSON.stringify(targets),
  'artifact-id': ({ artifact }) => artifact?.id ?? null,
  'artifact-url': ({ artifact }) => artifact?.url ?? null,
  'artifact-digest': ({ artifact }) => artifact?.digest ?? null,
  'made-at': ({ health }) => oldest(health, 'current')?.since ?? null,
  'age-days': ({ health }) => oldest(health, 'current')?.days ?? null,
  'rotation-due': ({ health }) =>
    health.length === 0 ? null : String(health.some(({ due }) => due)),
  'staged-since': ({ health }) => oldest(health, 'next')?.since ?? null,
  'previous-since': ({ health }) => oldest(health, 'previous')?.since ?? null,
} as const satisfies Record<string, (outcome: Outcome) => string | number | null>

type OutputName = keyof typeof outputs

export const outputNames = Object.keys(outputs) as OutputName[]

function oldest(health: readonly TargetHealth[], slot: SlotName): TargetHealth[SlotName] | null {
  const [first] = health
    .map((target) => target[slot])
    .filter(({ days }) => days !== null)
    .sort((one, other) => (other.days ?? 0) - (one.days ?? 0))
  return first ?? null
}

/** A book that writes each output as soon as its value is known or changes. */
export function createBook(runner: Runner, start: Outcome): Book {
  let outcome = start
  let broken = false
  const written = new Map<OutputName, string>()
  const changed = (): OutputName[] =>
    outputNames.filter((name) => (written.get(name) ?? '') !== String(outputs[name](outcome) ?? ''))
  const write = (book: Book): void => {
    if (broken) return
    try {
      for (const name of changed()) {
        const value = String(outputs[name](outcome) ?? '')
        runner.output(name, value)
        written.set(name, value)
      }
    } catch {
      // The command continues: stopping here could leave a key pair half written.
      broken = true
      book.warn({
        code: 'artifact-failed',
        fact: 'the outputs of this step could not be written (GITHUB_OUTPUT)',
        hint: 'read the values in the log and the summary; on a self-hosted runner, check the disk',
      })
    }
  }
  const book: Book = {
    get outcome() {
      return outcome
    },
    record(facts) {
      outcome = { ...outcome, ...facts }
      write(book)
    },
    warn(warning) {
      runner.warning(warning)
      book.record({ warnings: [...outcome.warnings, warning] })
    },
  }
  write(book)
  return book
}
