import type { RawInputs } from '../../../src/action/inputs.ts'
import type { Command } from '../../../src/ports.ts'
import type { Outcome, TargetResult } from '../../../src/summary/outcome.ts'
import { page } from './commands.ts'
import type { Line, Traces } from './runner.ts'

/** A run that was queued: the secrets of the repository were read at that moment. */
export interface QueuedRun {
  readonly id: string
  readonly attempt: number
  readonly command: Command
  readonly inputs: RawInputs
}

/** What one run did and said. */
export interface Ran extends Traces {
  /** The runner died; then nothing else here means much. */
  readonly killed: boolean
  readonly status: Outcome['status'] | 'failed'
  /** Codes of all problems, in order. */
  readonly codes: readonly string[]
  readonly code: string | null
  /** Fact and hint of every problem. */
  readonly trouble: string
  readonly outcome: Outcome
  readonly page: string
  /** Output `targets`: result and code of each. */
  readonly targets: Readonly<Record<string, string>>
  readonly queued: QueuedRun
  /** Every call and pause, in order. */
  readonly log: readonly string[]
  /** The calls that change something on GitHub. */
  readonly effects: readonly string[]
  /** The same without lock and deploys: what is written to the slots. */
  readonly written: readonly string[]
}

/** Everything of a run that people can read. */
export function visible({
  outputs,
  infos,
  notices,
  warnings,
  page,
  files,
  artifacts,
  trouble,
}: Ran) {
  return [
    ...Object.values(outputs),
    ...infos,
    ...notices,
    ...warnings.map(({ fact, hint }) => `${fact}\n${hint}`),
    page,
    trouble,
    ...files.values(),
    ...artifacts.values(),
  ].join('\n')
}

export function describeRun(parts: {
  queued: QueuedRun
  line: Line
  traces: Traces
  outcome: Outcome
}): Ran {
  const { queued, line, traces, outcome } = parts
  const { problems, targets } = outcome
  const effects = line.log.filter((text) => /^(?:create|save|put|delete|dispatch) /.test(text))
  return {
    ...traces,
    queued,
    outcome,
    killed: line.dead,
    status: problems.length > 0 ? 'failed' : outcome.status,
    codes: problems.map(({ code }) => code),
    code: problems[0]?.code ?? null,
    trouble: problems.map(({ message }) => message).join('\n'),
    page: page(outcome),
    targets: Object.fromEntries(targets.map((entry) => [entry.target, resultWords(entry)])),
    log: line.log,
    effects,
    written: effects.filter((text) => !/_LOCK\b|^dispatch/.test(text)),
  }
}

function resultWords({ result, code }: TargetResult): string {
  return code === null ? result : `${result} ${code}`
}
