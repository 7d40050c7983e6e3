import type { Recorded, Server } from '../rehearsal/server.ts'

/**
 * Counts round trips: holds requests until no other has come for a while, and answers them together, so that
 * what is asked at once is one round trip. The list grows with the number of requests in each.
 */
export function countRoundTrips(servers: readonly Server[], quiet = 150): number[] {
  const trips: number[] = []
  let held: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined
  const release = (): void => {
    trips.push(held.length)
    for (const answer of held) answer()
    held = []
  }
  for (const server of servers) {
    server.onRequest = async (_, phase) => {
      if (phase === 'after') return
      clearTimeout(timer)
      timer = setTimeout(release, quiet)
      await new Promise<void>((resolve) => held.push(resolve))
      return
    }
  }
  return trips
}

/** A request between its arrival and its answer, in milliseconds of `performance.now()`. */
export interface Span {
  readonly request: Recorded
  readonly begin: number
  end: number
}

/** Delays every answer, as a network would, and tells when each request came and was answered. */
export function delayAnswers(servers: readonly Server[], latency: number): Span[] {
  const spans: Span[] = []
  for (const server of servers) {
    server.onRequest = async (request, phase) => {
      if (phase === 'before') {
        spans.push({ request, begin: performance.now(), end: 0 })
        if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency))
        return
      }
      const span = spans.find((span) => span.request === request)
      if (span) span.end = performance.now()
      return
    }
  }
  return spans
}

/** A file of dist that a process loaded, and when (`Date.now()`). */
export interface Loaded {
  readonly name: string
  readonly at: number
}

/**
 * For `node --import`: at its end the process writes as JSON to the file `PROBE` how much memory it had at most,
 * in kB, or with `files` what it loaded. The kernel's high-water mark of `getrusage` also
 * knows the parent, whose memory the child shared before it became Node; VmHWM does not.
 */
export function probe(what: 'memory' | 'files'): string {
  const memory = `
    import { readFileSync, writeFileSync } from 'node:fs'
    const peak = () => {
      try { return Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) }
      catch { return process.resourceUsage().maxRSS }
    }
    process.on('exit', () => writeFileSync(process.env.PROBE, JSON.stringify(peak())))`
  const files = `
    import { writeFileSync } from 'node:fs'
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load(url, context, next) {
      if (url.includes('/dist/')) loaded.push({ name: url.split('/').at(-1), at: Date.now() })
      return next(url, context)
    } })
    process.on('exit', () => writeFileSync(process.env.PROBE, JSON.stringify(loaded)))`
  return `data:text/javascript,${encodeURIComponent(what === 'memory' ? memory : files)}`
}
