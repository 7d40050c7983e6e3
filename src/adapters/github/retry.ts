import type { Clock } from '../../ports.ts'
import { GitHubError, refusalOf, refused } from './refusal.ts'

const firstBackOff = 1000

export interface RetryOptions {
  readonly clock: Clock
  /** Ends everything that is still under way when the step's time is up. */
  readonly deadline: { readonly signal: AbortSignal; readonly at: Date }
  /** How often a request that failed for a moment is sent again. */
  readonly retries?: number
}

interface Request extends RetryOptions {
  /** False: not sent again when the answer was lost, since it would happen twice. */
  readonly repeatable: boolean
  /** Says that GitHub asks for a pause of so many milliseconds. */
  readonly reportPause: (pause: number) => void
}

/**
 * Sends a request until it is answered, or until sending it again would not help.
 * @throws GitHubError
 */
export async function retried<T>(
  send: () => Promise<T>,
  { clock, deadline, retries = 3, repeatable, reportPause }: Request,
): Promise<T> {
  let last = refused(null, '')
  let uncertain = false
  for (let tries = 1; !deadline.signal.aborted; tries += 1) {
    try {
      return await send()
    } catch (error) {
      last = refusalOf(error)
      uncertain ||= last.uncertain
      const pause = last.retryAfter
      // A rate limit means that nothing has happened yet.
      const mayRepeat = repeatable || last.limited
      // A pause that outlasts the step is not begun.
      const isTimeLeft = clock.now().getTime() + (pause ?? 0) < deadline.at.getTime()
      if (pause === null || tries > retries || !mayRepeat || !isTimeLeft) break
      if (pause > 0) reportPause(pause)
      await clock.sleep(pause + firstBackOff * 2 ** (tries - 1) * (1 + Math.random()))
    }
  }
  const isOver = deadline.signal.aborted && last.status === null
  const message = isOver ? 'the time of this step was over' : last.message
  throw new GitHubError({ ...last, message, uncertain })
}
