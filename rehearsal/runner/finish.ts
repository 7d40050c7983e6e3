import { parseFileCommand, scrubSummary, summaryLimit } from '../file-commands.ts'
import type { StepLog } from '../log.ts'
import type { Masker } from '../masker.ts'
import { type CommandFiles, readText } from './folders.ts'
import type { RunResult } from './model.ts'

export type FileCommands = Pick<RunResult, 'env' | 'state' | 'outputs'> & {
  readonly areBroken: boolean
}

/** Reads the file commands. The runner does so after the process has ended. */
export function readFileCommands(files: CommandFiles, log: StepLog): FileCommands {
  let areBroken = false
  const pairs = (name: 'env' | 'state' | 'output') => {
    try {
      return parseFileCommand(readText(files[name]))
    } catch (error) {
      log.issue('error', `Unable to process file command '${name}' successfully.`)
      log.issue('error', (error as Error).message)
      areBroken = true
      return []
    }
  }
  const env: Record<string, string> = {}
  for (const [name, value] of pairs('env')) {
    if (name.toUpperCase() === 'NODE_OPTIONS') {
      log.issue('error', `Can't store ${name} output parameter using '$GITHUB_ENV' command.`)
    } else {
      env[name] = value
      log.debug(`${name}='${value}'`)
    }
  }
  const state = pairs('state')
  for (const [name, value] of state) log.debug(`Save intra-action state ${name} = ${value}`)
  const outputs = pairs('output')
  for (const [name, value] of outputs) log.debug(`Set output ${name} = ${value}`)
  return {
    env,
    state: { ...log.state, ...Object.fromEntries(state) },
    outputs: { ...log.outputs, ...Object.fromEntries(outputs) },
    areBroken,
  }
}

/** The summary as written, and as GitHub shows it. */
export function readSummary(
  { step_summary: path }: CommandFiles,
  log: StepLog,
  masker: Masker,
): Pick<RunResult, 'summary' | 'summaryScrubbed'> {
  const summary = readText(path)
  const size = Buffer.byteLength(summary)
  if (size <= summaryLimit) {
    return { summary, summaryScrubbed: scrubSummary(summary, masker.mask) }
  }
  log.issue(
    'error',
    `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${summaryLimit / 1024}k, got ${Math.floor(size / 1024)}k. For more information see: https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-markdown-summary`,
  )
  return { summary, summaryScrubbed: '' }
}

/** Outputs of the job. The runner drops those that contain a masked value. */
export function passOutputs(
  outputs: RunResult['outputs'],
  { mask }: Masker,
): Pick<RunResult, 'jobOutputs' | 'jobOutputWarnings'> {
  const given = Object.entries(outputs).filter(([, value]) => value !== '')
  const isPassed = ([, value]: [string, string]) => mask(value) === value
  return {
    jobOutputs: Object.fromEntries(given.filter(isPassed)),
    jobOutputWarnings: given
      .filter((output) => !isPassed(output))
      .map(([name]) => `Skip output '${name}' since it may contain secret.`),
  }
}
