import type { ChildProcess } from 'node:child_process'
import type { Annotation } from '../log.ts'

export interface RunOptions {
  /** `with:` of the step. Inputs that are missing get the defaults of action.yml; empty inputs stay empty. */
  readonly inputs: Readonly<Record<string, string>>
  /** `env:` of the step. `undefined` removes a variable that the runner sets. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The rehearsal's GitHub: API and artifact service. */
  readonly github?: {
    readonly url: string
    readonly apiUrl?: string
    readonly repositories?: ReadonlyMap<
      string,
      { readonly id: number; readonly visibility: 'private' | 'public' }
    >
  }
  readonly amazonPay?: { readonly url: string }
  /** `GITHUB_TOKEN` of the job. */
  readonly githubToken?: string
  /** Payload of the event, and its name: `workflow_dispatch` by default. */
  readonly event?: object
  readonly eventName?: string
  readonly repository?: string
  readonly runId?: number
  readonly runAttempt?: number
  readonly actor?: string
  readonly serverUrl?: string
  /** Secrets that the job received. The runner masks them before any step runs. */
  readonly secretsKnown?: readonly string[]
  /** `ACTIONS_STEP_DEBUG`. */
  readonly debug?: boolean
  /** Folders of the caller, which are not removed. By default, new ones are created and removed afterwards. */
  readonly workspace?: string
  readonly temp?: string
  /** Does not remove the new folders. */
  readonly keep?: boolean
  /** An action that still runs after this time is killed. Five minutes by default. */
  readonly timeoutMs?: number
  readonly nodeArgs?: readonly string[]
  /** Makes the action's pauses this many times shorter. Time-outs keep their length. */
  readonly pauseFactor?: number
  /** Lets `expire` end time-outs. */
  readonly controlTimeouts?: boolean
  /** Called with each entry of the masked log. */
  readonly onLine?: (line: string) => void
  /** Folder with an action.yml; this project's by default. */
  readonly action?: string
  /** How the workflow names the action. */
  readonly uses?: string
}

export interface RunResult {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
  readonly conclusion: 'success' | 'failure' | 'cancelled'
  /** Raw, with the mask commands. */
  readonly stdout: string
  readonly stderr: string
  /** The masked log file; `showLog` renders it as GitHub does. */
  readonly log: string
  readonly annotations: readonly Annotation[]
  /** Values and lines that the runner masks from now on in this job. */
  readonly masks: readonly string[]
  readonly outputs: Readonly<Record<string, string>>
  /** The outputs that could be passed to another job: without those that contain a masked value. */
  readonly jobOutputs: Readonly<Record<string, string>>
  readonly jobOutputWarnings: readonly string[]
  readonly summary: string
  /** What GitHub shows: masked line by line, empty when too large. */
  readonly summaryScrubbed: string
  readonly state: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  /** What is left in the folders, by `temp/…`, `workspace/…`, `home/…`. */
  readonly files: ReadonlyMap<string, Buffer>
  readonly temp: string
  readonly workspace: string
  /** What the process was started with. */
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly duration: number
}

export interface RunningAction {
  readonly child: ChildProcess
  done: Promise<RunResult>
  /** Sends a signal to the whole process group; SIGKILL by default. */
  kill(signal?: NodeJS.Signals): void
  /**
   * Cancels as the runner does: SIGINT, after 7.5 s SIGTERM, after 2.5 s more SIGKILL. `patience` replaces these pauses: it is
   * called with the signal that was sent, and the next signal is sent when its promise settles.
   */
  cancel(patience?: (sent: 'SIGINT' | 'SIGTERM') => Promise<unknown>): void
  /**
   * Waits for the first line of the masked log that contains or matches this. Rejects if the action ends without it.
   */
  line(wanted: string | RegExp): Promise<string>
  /** Ends the pending time-outs of this length at once. */
  expire(milliseconds: number): void
}
