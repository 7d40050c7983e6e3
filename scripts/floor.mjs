/**
 * The least that a program can do for one step: as many round trips one after the other, as many requests at
 * once in each, the same work with keys, the same pauses. No dependencies, nothing checked, nothing told.
 *
 * Environment: FLOOR, JSON of `{ keys, url, trips, pauses }`: which work with keys (`make`, `read` or `prove`),
 * where to ask, how many requests each round trip has, and milliseconds to pause.
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  verify,
} from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const { keys, url, trips, pauses } = JSON.parse(process.env.FLOOR ?? '{}')
// Node loads its HTTP client in some ten milliseconds: only where it is needed.
const { Agent, get } = trips.length > 0 ? await import('node:http') : {}
const agent = Agent && new Agent({ keepAlive: true })
const makePair = () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 })

const ask = () =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject)
  })

function signAndVerify({ privateKey, publicKey }) {
  for (const saltLength of [20, 32]) {
    const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    const signature = sign('sha256', Buffer.from('floor'), { key: privateKey, ...options })
    if (!verify('sha256', Buffer.from('floor'), { key: publicKey, ...options }, signature)) {
      throw new Error('a signature does not verify')
    }
  }
}

function readPair() {
  const privateKey = createPrivateKey(process.env['INPUT_PRIVATE-KEY'])
  const pair = { privateKey, publicKey: createPublicKey(privateKey) }
  signAndVerify(pair)
  return pair.publicKey.export({ type: 'spki', format: 'pem' })
}

// A step that makes a pair needs it when the reads are back; found on another thread meanwhile.
const making = keys === 'read' ? null : makePair()
if (keys !== 'make') readPair()
for (const [index, width] of trips.entries()) {
  await Promise.all(Array.from({ length: width }, ask))
  if (index === 0 && making) signAndVerify(await making)
}
await sleep(pauses)
agent?.destroy()
