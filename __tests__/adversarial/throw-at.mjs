// A preload for tests: something goes wrong that nobody foresaw, with everything private in its message,
// when the action sends its request number THROW_AT. THROW_KIND says what: an exception, a rejection, or a
// thing that is no error at all.
import diagnostics from 'node:diagnostics_channel'
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'

const { THROW_AT, THROW_KIND } = process.env
const secrets = [
  'PRIVATE-KEY',
  'CURRENT-PRIVATE-KEY',
  'NEXT-PRIVATE-KEY',
  'APP-PRIVATE-KEY',
  'PRIVATE-KEY-PASSPHRASE',
  'TOKEN',
]
  .map((name) => process.env[`INPUT_${name}`] ?? '')
  .join('\n    at ')

class Unforeseen extends Error {
  name = `Unforeseen ${secrets}`
  secrets = secrets
}

const things = {
  exception: () => new Error(`it was ${secrets}\n    at ${secrets}`, { cause: secrets }),
  rejection: () => new Error(`it was ${secrets}\n    at ${secrets}`),
  named: () => new Unforeseen(secrets),
  text: () => secrets,
  object: () => ({
    name: secrets,
    message: secrets,
    stack: `x\n    at ${secrets}`,
    toString: () => secrets,
  }),
  nothing: () => undefined,
}

let count = 0
const strike = () => {
  count += 1
  if (count !== Number(THROW_AT)) return
  const thing = things[THROW_KIND]()
  if (THROW_KIND === 'rejection') Promise.reject(thing)
  else
    setImmediate(() => {
      throw thing
    })
}
diagnostics.subscribe('undici:request:create', strike)
const { request } = http
http.request = (...args) => {
  strike()
  return request(...args)
}
syncBuiltinESMExports()
