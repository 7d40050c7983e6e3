import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createLog, type StepLog } from './log.ts'
import { createMasker, type Masker } from './masker.ts'
import { passOutputs, readFileCommands, readSummary } from './runner/finish.ts'
import { type Folders, makeFolders } from './runner/folders.ts'
import { describeEvent, describeJob } from './runner/job.ts'
import type { RunningAction, RunOptions, RunResult } from './runner/model.ts'
import { type Ending, type StepProcess, startProcess } from './runner/process.ts'
import {
  describeStep,
  type Manifest,
  projectFolder,
  readManifest,
  type Step,
} from './runner/step.ts'

export type { RunningAction, RunOptions, RunResult } from './runner/model.ts'

/** Runs the action once, as a step of a job. */
export const runAction = async (options: RunOptions): Promise<RunResult> =>
  startAction(options).done

/** Starts the action as a step of a job. The result can interrupt it. */
export function startAction(options: RunOptions): RunningAction {
  const began = performance.now()
  const folders = makeFolders(options)
  const githubToken = options.githubToken ?? `ghs_job${randomBytes(15).toString('hex')}`
  const job = describeJob(options, { githubToken, workspace: folders.workspace })
  const manifest = readManifest(options.action ?? projectFolder)
  const step = describeStep(options, { manifest, job, folders })
  writeFileSync(folders.eventPath, JSON.stringify(describeEvent(options), null, 2))

  const masker = createMasker()
  for (const secret of [githubToken, job.runtimeToken, ...(options.secretsKnown ?? [])]) {
    masker.addSecret(secret)
  }
  const lines = createLineWatch()
  const log = createLog({
    masker,
    debug: options.debug === true,
    onLine: (line) => {
      options.onLine?.(line)
      lines.see(line)
    },
  })
  const running = start()
  printHeader(log, options, { manifest, step }) // still first in the log: output of the process arrives later

  const done = running.ended
    .then((ending): RunResult => finish({ ending, folders, log, masker, step, began }))
    .finally(() => {
      lines.end()
      folders.remove()
    })
  return {
    child: running.child,
    done,
    kill: running.kill,
    expire: running.expire,
    line: lines.line,
    cancel(patience) {
      if (running.cancel(patience)) log.issue('error', 'The operation was canceled.')
    },
  }

  function start(): StepProcess {
    try {
      return startProcess(step, folders.workspace, options, log.line)
    } catch (error) {
      folders.remove()
      throw error
    }
  }
}

function printHeader(
  log: StepLog,
  options: RunOptions,
  { manifest, step }: { readonly manifest: Manifest; readonly step: Step },
): void {
  log.write(`##[group]Run ${options.uses ?? 'amazon-pay-keys/amazon-pay-keys@v1'}`)
  const shown = [...step.inputs].filter(([, value]) => value !== '')
  if (shown.length > 0) log.write('with:')
  for (const [name, value] of shown) log.write(`  ${name}: ${value}`)
  const variables = Object.entries(step.env).filter(([, value]) => value !== undefined)
  if (variables.length > 0) log.write('env:')
  for (const [name, value] of variables) log.write(`  ${name}: ${value}`)
  log.write('##[endgroup]')

  const known = Object.keys(manifest.inputs ?? {})
  const unknown = Object.keys(options.inputs).filter(
    (name) => !known.some((other) => other.toLowerCase() === name.toLowerCase()),
  )
  if (unknown.length > 0) {
    log.issue(
      'warning',
      `Unexpected input(s) '${unknown.join("', '")}', valid inputs are ['${known.join("', '")}']`,
    )
  }
}

function finish(ended: {
  readonly ending: Ending
  readonly folders: Folders
  readonly log: StepLog
  readonly masker: Masker
  readonly step: Step
  readonly began: number
}): RunResult {
  const { ending, folders, log, masker, step, began } = ended
  const { exitCode, signal, timedOut, isCancelled, stdout, stderr } = ending
  const { areBroken, ...commands } = readFileCommands(folders.commandFiles, log)
  const summary = readSummary(folders.commandFiles, log, masker)
  log.debug(`Node Action run completed with exit code ${exitCode}`)
  const hasFailed = exitCode !== 0 || areBroken || log.broken
  return {
    exitCode,
    signal,
    timedOut,
    conclusion: isCancelled ? 'cancelled' : hasFailed ? 'failure' : 'success',
    stdout,
    stderr,
    log: log.text,
    annotations: log.annotations,
    masks: [...masker.values],
    ...commands,
    ...passOutputs(commands.outputs, masker),
    ...summary,
    files: folders.read(),
    temp: folders.temp,
    workspace: folders.workspace,
    args: step.args,
    environment: step.environment,
    duration: performance.now() - began,
  }
}

/** Lets tests wait for a log line instead of a time. */
function createLineWatch() {
  const seen: string[] = []
  const waiting = new Set<{ wanted: string | RegExp; found(line: string): void; end(): void }>()
  let hasEnded = false
  return {
    see(line: string) {
      seen.push(line)
      for (const one of waiting) if (says(line, one.wanted)) one.found(line)
    },
    end() {
      hasEnded = true
      for (const one of waiting) one.end()
    },
    line: (wanted: string | RegExp): Promise<string> => {
      const known = seen.find((line) => says(line, wanted))
      if (known !== undefined) return Promise.resolve(known)
      return new Promise((resolve, reject) => {
        const end = () => reject(new Error(`The action ended without the line ${wanted}`))
        if (hasEnded) end()
        else waiting.add({ wanted, found: resolve, end })
      })
    },
  }
}

const says = (line: string, wanted: RegExp | string): boolean =>
  typeof wanted === 'string' ? line.includes(wanted) : wanted.test(line)
