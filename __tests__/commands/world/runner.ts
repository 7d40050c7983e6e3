import { createHash } from 'node:crypto'
import { Problem, type ProblemCode, type Warning } from '../../../src/domain/problem.ts'
import type { ArtifactStore, Clock, Run, Runner, StoredArtifact } from '../../../src/ports.ts'

/** The time of everything in memory. It goes on only when something happens. */
export class TestClock {
  milliseconds = Date.parse('2026-11-24T21:30:00Z')
  /** How long each call takes. */
  callMs = 250

  get iso(): string {
    return `${new Date(this.milliseconds).toISOString().slice(0, 19)}Z`
  }

  /** As GitHub's `Date` header says it. */
  get second(): Date {
    return new Date(this.iso)
  }

  pass(milliseconds: number): void {
    this.milliseconds += milliseconds
  }
}

/** The runner died: nothing that this run does afterwards has an effect. */
export class Killed extends Error {}

/**
 * What can go wrong with one call:
 * - `refused`: the answer is no, and nothing happens
 * - `lost`: it happens, and the answer does not arrive
 * - `unheard`: the request does not arrive either
 * - `killed before`, `killed after`: the runner dies
 * - `broken`: an error that is not foreseen
 */
export type Fault = 'refused' | 'lost' | 'unheard' | 'killed before' | 'killed after' | 'broken'

export interface Call {
  /** `put AMAZON_PAY_PRIVATE_KEY_NEXT`, `read target in acme/shop`, `ask Amazon Pay` */
  readonly text: string
  /** Counted from 0 among the writes of the run; null for a call that only reads. */
  readonly write: number | null
}

/** What happens before a call: the test may let it fail, or wait for its turn. */
export interface Interference {
  readonly before?: (call: Call) => Fault | undefined | Promise<Fault | undefined>
  /** In place of a pause in which only this run's time passes. */
  readonly sleep?: (milliseconds: number) => Promise<void>
}

/** What all calls of one run go through. */
export class Line {
  readonly clock: TestClock
  readonly log: string[] = []
  dead = false
  readonly #interference: Interference
  #writes = 0

  constructor(clock: TestClock, interference: Interference) {
    this.clock = clock
    this.#interference = interference
  }

  async call<T>(
    { text, writes }: { text: string; writes: boolean },
    effect: () => T | Promise<T>,
    refusedAs: ProblemCode,
  ): Promise<T> {
    this.assertAlive()
    const write = writes ? this.#writes : null
    if (writes) this.#writes += 1
    const fault = await this.#interference.before?.({ text, write })
    this.assertAlive()
    if (fault === 'killed before') throw this.die()
    this.clock.pass(this.clock.callMs)
    this.log.push(text)
    if (fault === 'refused') throw new Problem(refusedAs, `${text}: refused`, 'try again')
    if (fault === 'broken') throw new TypeError('not foreseen')
    if (fault === 'unheard') throw noAnswer(text)
    const result = await effect()
    if (fault === 'killed after') throw this.die()
    if (fault === 'lost') throw noAnswer(text)
    return result
  }

  async sleep(milliseconds: number): Promise<void> {
    this.assertAlive()
    this.log.push(`sleep ${Math.round(milliseconds / 1000)}`)
    if (this.#interference.sleep) await this.#interference.sleep(milliseconds)
    else this.clock.pass(milliseconds)
    this.assertAlive()
  }

  assertAlive(): void {
    if (this.dead) throw new Killed()
  }

  die(): Killed {
    this.dead = true
    return new Killed()
  }
}

function noAnswer(text: string): Problem {
  return new Problem('github-unavailable', `${text}: no answer`, 'try again', { uncertain: true })
}

export function clockOf(line: Line): Clock {
  return {
    now: () => new Date(line.clock.milliseconds),
    sleep: (milliseconds) => line.sleep(milliseconds),
  }
}

/** Everything that a step leaves behind where people can see it. */
export interface Traces {
  readonly outputs: Record<string, string>
  readonly infos: string[]
  readonly notices: string[]
  readonly warnings: Warning[]
  readonly masks: string[]
  /** Public key files by name. */
  readonly files: Map<string, string>
  readonly artifacts: Map<string, string>
}

export function noTraces(): Traces {
  return {
    outputs: {},
    infos: [],
    notices: [],
    warnings: [],
    masks: [],
    files: new Map(),
    artifacts: new Map(),
  }
}

export interface RunnerOptions {
  readonly run: Run
  readonly stop: AbortSignal
  readonly eventTexts: readonly string[]
  readonly files: Readonly<Record<string, Buffer>>
}

export function createTestRunner(line: Line, traces: Traces, options: RunnerOptions): Runner {
  const { run, stop, eventTexts, files } = options
  const alive = (work: () => void): void => {
    if (!line.dead) work()
  }
  return {
    run,
    stop,
    eventTexts,
    mask: (value) => alive(() => traces.masks.push(value)),
    debug: () => {},
    info: (text) => alive(() => traces.infos.push(text)),
    notice: (text) => alive(() => traces.notices.push(text)),
    warning: (warning) => alive(() => traces.warnings.push(warning)),
    output: (name, value) =>
      alive(() => {
        traces.outputs[name] = value
      }),
    publicKeyFile: (name, pem) =>
      line.call(
        { text: `file ${name}`, writes: false },
        () => {
          traces.files.set(name, pem)
          return `/temp/${name}`
        },
        'artifact-failed',
      ),
    readFile: async (path, input) => {
      const file = files[path]
      if (file) return file
      throw new Problem('input-invalid', `${input} is a path without a file`, 'check the path')
    },
  }
}

/** The artifacts of one run: what was uploaded under a name stays. */
export function createTestArtifacts(line: Line, traces: Traces): ArtifactStore {
  return {
    upload: (path, _retentionDays, sha256) =>
      line.call(
        { text: `upload ${path}`, writes: false },
        (): StoredArtifact | null => {
          const name = path.replace('/temp/', '')
          if (traces.artifacts.has(name)) return null
          const content = traces.files.get(name) ?? ''
          const hash = createHash('sha256').update(content).digest('hex')
          if (hash !== sha256) throw new Problem('artifact-failed', 'another digest', 'try again')
          traces.artifacts.set(name, content)
          return { id: '7', url: 'https://github.com/artifact/7', digest: `sha256:${hash}` }
        },
        'artifact-failed',
      ),
  }
}
