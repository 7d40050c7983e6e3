// A preload for tests: `node --import …/pauses.mjs`. The action itself contains no code for it.
//
// PAUSE_FACTOR=1000 makes pauses 1000 times shorter, so that a test of back-off does not take minutes. Time-outs keep their
// length, because the work that they limit does not get faster. A pause is recognised by its form: node:timers/promises, or a
// timer that only resolves a promise.
//
// If the process has a channel to its parent, the parent can end time-outs: `{ expire: 10_000 }` ends every pending time-out
// of 10 s. So a test of a time-out only waits for the request that is never answered.
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import promises from 'node:timers/promises'
import { promisify } from 'node:util'

const factor = Number(process.env.PAUSE_FACTOR ?? 1)
delete process.env.PAUSE_FACTOR

const { setTimeout, clearTimeout } = timers
const { setTimeout: pause, scheduler } = promises
const wait = scheduler.wait.bind(scheduler)
const timeout = AbortSignal.timeout.bind(AbortSignal)
const shorten = (delay) => (typeof delay === 'number' ? delay / factor : delay)

/**
 * Recognises a pause by the function that its timer calls: a promise's own resolve function, a function that only calls one
 * (@actions/http-client), or one that first removes an abort listener (p-retry, Azure). Other timers keep their length.
 */
const isPause = (callback) => {
  const text = Function.prototype.toString.call(callback)
  return (
    (callback.name === '' && text === 'function () { [native code] }') ||
    /^\(\) ?=> ?[\w$]+\(\)$/.test(text) ||
    /removeListeners\(\)|removeEventListener\(["']abort["']/.test(text)
  )
}

/** Time-outs that the parent may end: `{ milliseconds, end, timer }`. */
const pending = new Set()
const isControlled = process.channel !== undefined

if (isControlled) {
  process.on('message', ({ expire }) => {
    for (const one of [...pending]) if (one.milliseconds === expire) one.end()
  })
  // The channel must not keep the action running.
  process.channel.unref()
}

promises.setTimeout = (delay, ...rest) => pause(shorten(delay), ...rest)
scheduler.wait = (delay, ...rest) => wait(shorten(delay), ...rest)

timers.setTimeout = (callback, delay, ...rest) => {
  if (typeof callback === 'function' && isPause(callback)) {
    return setTimeout(callback, shorten(delay), ...rest)
  }
  if (!isControlled || typeof callback !== 'function') return setTimeout(callback, delay, ...rest)
  const call = () => {
    pending.delete(one)
    callback(...rest)
  }
  const timer = setTimeout(call, delay)
  const one = {
    milliseconds: delay,
    timer,
    end: () => {
      clearTimeout(timer)
      call()
    },
  }
  pending.add(one)
  return timer
}
timers.setTimeout[promisify.custom] = promises.setTimeout

timers.clearTimeout = (timer) => {
  // Libraries also clear undefined timers, and the time-outs of signals have no timer.
  for (const one of pending) if (one.timer && one.timer === timer) pending.delete(one)
  clearTimeout(timer)
}

if (isControlled) {
  AbortSignal.timeout = (milliseconds) => {
    const early = new AbortController()
    const one = {
      milliseconds,
      end: () => {
        pending.delete(one)
        early.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
      },
    }
    pending.add(one)
    return AbortSignal.any([timeout(milliseconds), early.signal])
  }
}

globalThis.setTimeout = timers.setTimeout
globalThis.clearTimeout = timers.clearTimeout
syncBuiltinESMExports()
