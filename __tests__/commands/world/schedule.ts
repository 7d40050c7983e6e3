import type { Interference, TestClock } from './runner.ts'
import type { QueuedRun, Ran, Shop, StartOptions } from './workflow.ts'

/** One call of one run that waits for its turn. */
interface Waiting {
  readonly run: number
  readonly number: number
  readonly notBefore: number
  readonly go: () => void
}

/** From this age of a step no target is begun, and a little later no request is sent: run.ts sees to it. */
const lastStartMs = 120_000
const lastRequestMs = 138_000

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Lets several runs take turns at every call, in an order that a seed decides. */
export class Schedule {
  readonly #clock: TestClock
  readonly #random: () => number
  /** The longest that a call may take. */
  readonly #slowest: number
  readonly #waiting: Waiting[] = []
  #live = new Set<number>()
  #calls = 0

  constructor(clock: TestClock, seed: number) {
    this.#clock = clock
    this.#random = seeded(seed)
    this.#slowest = [0, 1000, 4000][Math.floor(this.#random() * 3)] ?? 0
  }

  /** Starts all runs at the same moment and lets them end. */
  async start(
    shop: Shop,
    runs: readonly { readonly queued: QueuedRun; readonly options?: StartOptions }[],
  ): Promise<Ran[]> {
    this.#live = new Set(runs.keys())
    const started = runs.map(async ({ queued, options }, run) => {
      const stop = new AbortController()
      try {
        return await shop.start(queued, { ...options, after: 0, stop, ...this.#turns(run, stop) })
      } finally {
        this.#live.delete(run)
      }
    })
    const ended = Promise.all(started)
    // What went wrong is thrown below.
    ended.catch(() => {})
    while (this.#live.size > 0) await this.#next()
    return ended
  }

  #turns(run: number, stop: AbortController): Interference {
    const startedAt = this.#clock.milliseconds
    return {
      before: async () => {
        await this.#turn(run, this.#random() * this.#slowest)
        const age = this.#clock.milliseconds - startedAt
        if (age > lastStartMs) stop.abort()
        return age > lastRequestMs ? 'unheard' : undefined
      },
      sleep: (milliseconds) => this.#turn(run, milliseconds),
    }
  }

  #turn(run: number, milliseconds: number): Promise<void> {
    const notBefore = this.#clock.milliseconds + milliseconds
    this.#calls += 1
    const number = this.#calls
    return new Promise((go) => this.#waiting.push({ run, number, notBefore, go }))
  }

  /** Waits until every run waits, and lets one of them go on. */
  async #next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    const waits = new Set(this.#waiting.map(({ run }) => run))
    if ([...this.#live].some((run) => !waits.has(run))) return
    if (this.#waiting.length === 0) return
    const earliest = Math.min(...this.#waiting.map(({ notBefore }) => notBefore))
    this.#clock.milliseconds = Math.max(this.#clock.milliseconds, earliest)
    const ready = this.#waiting.filter(({ notBefore }) => notBefore <= this.#clock.milliseconds)
    const chosen = ready[Math.floor(this.#random() * ready.length)]
    if (!chosen) return
    this.#waiting.splice(this.#waiting.indexOf(chosen), 1)
    chosen.go()
  }
}
