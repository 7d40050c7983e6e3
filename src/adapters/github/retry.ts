import type { Clock } from '../../ports.ts'
import { GitHubError, pauseBeforeRetry, type Refusal, refusalOf, refused } from './refusal.ts'

const firstBackOff = 1000

export interface RetryOptions {
  readonly clock: Clock
  /** Ends everything that is still under way when the step's time is up. */
  readonly deadline: { readonly signal: AbortSignal; readonly at: Date }
  /** How often a request that failed for a moment is sent again. */
  readonly retries?: number
}

interface Retryable<T> {
  send(): Promise<T>
  /** False: not sent again when the answer was lost, since it would happen twice. */
  readonly repeatable: boolean
  /** Says that GitHub asks for a pause of so many milliseconds. */
  reportPause(pause: number): void
}

/**
 * Sends a request until it is answered, or until sending it again would not help.
 * @throws GitHubError
 */
export async function retried<T>(request: Retryable<T>, options: RetryOptions): Promise<T> {
  const { clock, deadline, retries = 3 } = options
  let last = refused(null, '')
  let uncertain = false
  for (let tries = 1; !deadline.signal.aborted; tries += 1) {
    try {
      return await request.send()
    } catch (error) {
      last = refusalOf(error)
      uncertain ||= last.uncertain
      const wanted = pauseBeforeRetry(error, last)
      if (wanted === null || tries > retries || !isWorthwhile(wanted, last, request, options)) break
      if (wanted > 0) request.reportPause(wanted)
      await clock.sleep(wanted + firstBackOff * 2 ** (tries - 1) * (1 + Math.random()))
    }
  }
  const isOver = deadline.signal.aborted && last.status === null
  const message = isOver ? 'the time of this step was over' : last.message
  throw new GitHubError({ ...last, message, uncertain })
}

/** A pause that outlasts the step is not begun. A rate limit means that nothing has happened yet. */
function isWorthwhile(
  pause: number,
  { limited }: Refusal,
  { repeatable }: Pick<Retryable<unknown>, 'repeatable'>,
  { clock, deadline }: RetryOptions,
): boolean {
  return (repeatable || limited) && clock.now().getTime() + pause < deadline.at.getTime()
}
