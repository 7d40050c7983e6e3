// A preload for tests, after rehearsal/pauses.mjs: the parent decides when a pause ends. `{ pause: 9000 }` goes to the
// parent when a pause of nine seconds begins, and `{ resume: true }` ends it.

import { syncBuiltinESMExports } from 'node:module'
import promises from 'node:timers/promises'

promises.setTimeout = (delay, value, { signal } = {}) =>
  new Promise((resolve, reject) => {
    // Without it the process would end: what waits for a message does not keep it.
    const alive = setInterval(() => {}, 60_000)
    const end = (settle) => {
      clearInterval(alive)
      process.off('message', onMessage)
      settle()
    }
    const onMessage = ({ resume }) => {
      if (resume) end(() => resolve(value))
    }
    process.on('message', onMessage)
    process.channel.unref()
    signal?.addEventListener('abort', () => end(() => reject(signal.reason)), { once: true })
    process.send({ pause: delay })
  })
syncBuiltinESMExports()
