// A preload for tests: `node --import …/compress-time.mjs` with TIME_FACTOR=50 lets timers end fifty
// times as early, so that a test of back-off takes no minutes. Timers of 20 ms and less and the clock
// are left alone, and the order of timers is kept. The product knows nothing of it.
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import promises from 'node:timers/promises'
import { promisify } from 'node:util'

const factor = Number(process.env.TIME_FACTOR ?? 1)

// A time-out guards work that takes as long as ever: 5 s and more leave it at least a quarter second, and
// what bounds a whole step leaves it seconds, also on a busy machine. Where no request may be sent twice
// because of that, TIME_FLOOR is what time-outs of 10 s and more are left at least.
const floor = Number(process.env.TIME_FLOOR ?? 0)
const least = (delay) => (delay < 5000 ? 20 : delay < 90_000 ? 250 : delay / 20)
const shortest = (delay) => (delay < 10_000 ? least(delay) : Math.max(floor, least(delay)))

const shorten = (delay) =>
  typeof delay === 'number' && delay > 20 ? Math.max(shortest(delay), delay / factor) : delay

if (factor > 1) {
  const { setTimeout, setInterval } = timers
  const { setTimeout: sleep, setInterval: every, scheduler } = promises
  const wait = scheduler.wait.bind(scheduler)
  const timeout = AbortSignal.timeout.bind(AbortSignal)

  promises.setTimeout = (delay, ...rest) => sleep(shorten(delay), ...rest)
  promises.setInterval = (delay, ...rest) => every(shorten(delay), ...rest)
  scheduler.wait = (delay, ...rest) => wait(shorten(delay), ...rest)
  timers.setTimeout = (callback, delay, ...rest) => setTimeout(callback, shorten(delay), ...rest)
  timers.setInterval = (callback, delay, ...rest) => setInterval(callback, shorten(delay), ...rest)
  timers.setTimeout[promisify.custom] = promises.setTimeout
  globalThis.setTimeout = timers.setTimeout
  globalThis.setInterval = timers.setInterval
  AbortSignal.timeout = (delay) => timeout(Math.round(shorten(delay)))
  syncBuiltinESMExports()
}
