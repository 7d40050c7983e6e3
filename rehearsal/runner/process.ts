import { type ChildProcess, spawn } from 'node:child_process'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as pause } from 'node:timers/promises'
import { createLineReader } from '../log.ts'
import type { RunningAction, RunOptions } from './model.ts'
import { nodePath, type Step } from './step.ts'

export interface Ending {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
  readonly isCancelled: boolean
  readonly stdout: string
  readonly stderr: string
}

export interface StepProcess extends Pick<RunningAction, 'child' | 'kill' | 'expire'> {
  cancel(patience?: Parameters<RunningAction['cancel']>[0]): boolean
  readonly ended: Promise<Ending>
}

/**
 * Starts the process of a step in a process group of its own, so that its child processes can be killed with it.
 * @throws if the system refuses an environment variable: NUL bytes, more than 128 KiB
 */
export function startProcess(
  { args, environment }: Step,
  cwd: string,
  options: Pick<RunOptions, 'timeoutMs' | 'controlTimeouts'>,
  onLine: (line: string) => void,
): StepProcess {
  const child = spawn(nodePath, args, {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(options.controlTimeouts ? (['ipc'] as const) : [])],
  })
  const kill = (signal: NodeJS.Signals = 'SIGKILL') => killGroup(child, signal)
  const over = new AbortController()
  let timedOut = false
  let isCancelled = false
  const limit = setTimeout(() => {
    timedOut = true
    kill()
  }, options.timeoutMs ?? 300_000)
  const onExit = () => kill()
  process.once('exit', onExit)

  const stdout = read(child.stdout, onLine)
  const stderr = read(child.stderr, onLine)
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) =>
      resolve({ exitCode, signal, timedOut, isCancelled, stdout: stdout.raw, stderr: stderr.raw }),
    )
  }).finally(() => {
    clearTimeout(limit)
    over.abort()
    process.removeListener('exit', onExit)
  })
  return {
    child,
    kill,
    ended,
    cancel(patience = runnersPatience(over.signal)) {
      if (isCancelled) return false
      isCancelled = true
      void insist(kill, patience)
      return true
    },
    expire: (milliseconds) => {
      if (child.connected) child.send({ expire: milliseconds }, () => {})
    },
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It ended just before the signal.
  }
}

async function insist(
  kill: (signal: NodeJS.Signals) => void,
  patience: (sent: 'SIGINT' | 'SIGTERM') => Promise<unknown>,
): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    kill(signal)
    // Rejects if the process ends in the meantime; then the next signals have no effect.
    await patience(signal).catch(() => {})
  }
  kill('SIGKILL')
}

/** How long the runner waits after each signal. */
const runnersPatience = (signal: AbortSignal) => (sent: 'SIGINT' | 'SIGTERM') =>
  pause(sent === 'SIGINT' ? 7500 : 2500, undefined, { signal })

function read(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8')
  const lines = createLineReader(onLine)
  const output = { raw: '' }
  stream?.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk)
    output.raw += text
    lines.push(text)
  })
  stream?.on('end', () => lines.end())
  return output
}
