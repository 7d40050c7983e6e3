import type { Answer, Recorded } from './request.ts'

/** A failure in place of the usual answer. Unless noted, the request has no effect. */
export type Mishap =
  /** The connection breaks. */
  | 'drop'
  /** The request takes effect; the connection breaks before the answer. */
  | 'lost'
  /** No answer is ever sent. */
  | 'silent'
  /** The request takes effect; its answer begins and never ends. */
  | 'stalled'
  /** The request takes effect; its answer is truncated JSON with status 200. */
  | 'malformed'
  /** The request takes effect; its answer is 64 MiB of JSON. */
  | 'enormous'
  | { readonly redirect: string; readonly status?: number }
  | (Answer & { readonly applied?: boolean })

export interface Fault {
  /** A string matches the end of the decoded path. Without `match`, every request matches. */
  readonly match?:
    | ((request: Recorded) => boolean)
    | { readonly method?: string; readonly path?: string | RegExp }
  /** How many requests fail: 1 by default, `Infinity` for all. Counts down. */
  times?: number
  /** How many matching requests are answered normally first. Counts down. */
  skip?: number
  readonly do: Mishap
}

/**
 * Called before a request takes effect, and again before it is answered. If it returns a mishap, that happens instead. `'drop'`
 * simulates a sender that was killed: before its request arrived, or before the answer did.
 */
export type Hook = (
  request: Recorded,
  phase: 'before' | 'after',
) => Mishap | undefined | Promise<Mishap | undefined>

/** The mishap of the first fault that matches. Counts the fault down. */
export function takeFault(faults: readonly Fault[], request: Recorded): Mishap | undefined {
  for (const fault of faults) {
    if ((fault.times ?? 1) <= 0 || !matches(fault, request)) continue
    if (fault.skip !== undefined && fault.skip > 0) {
      fault.skip -= 1
      continue
    }
    fault.times = (fault.times ?? 1) - 1
    return fault.do
  }
  return undefined
}

function matches({ match }: Fault, request: Recorded): boolean {
  if (match === undefined) return true
  if (typeof match === 'function') return match(request)
  const { method, path } = match
  if (method !== undefined && method !== request.method) return false
  if (path === undefined) return true
  return typeof path === 'string' ? request.path.endsWith(path) : path.test(request.path)
}

export function takesEffect(mishap: Mishap): boolean {
  if (typeof mishap === 'string') return mishap !== 'drop' && mishap !== 'silent'
  return 'applied' in mishap && mishap.applied === true
}
