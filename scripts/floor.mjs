/**
 * The least that a program can do for one step: as many round trips, as many requests at once in each, and the same
 * work with keys. No dependencies, nothing checked, nothing reported.
 *
 * Environment: FLOOR, JSON of `{ keys, url, trips, pem }`: the work with keys (`make`, `read` or `verify`), where to
 * send requests, how many in each round trip, and a private key.
 */
import {
  checkPrime,
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  verify,
} from 'node:crypto'
import { promisify } from 'node:util'

const { keys, url, trips, pem } = JSON.parse(process.env.FLOOR ?? '{}')
// Node.js loads its HTTP client in some ten milliseconds: only where it is needed.
const { Agent, get } = trips.length > 0 ? await import('node:http') : {}
const agent = Agent && new Agent({ keepAlive: true })
const makePair = () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 })

const ask = () =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject)
  })

async function check({ privateKey, publicKey }) {
  for (const saltLength of [20, 32]) {
    const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    const signature = sign('sha256', Buffer.from('floor'), { key: privateKey, ...options })
    if (!verify('sha256', Buffer.from('floor'), { key: publicKey, ...options }, signature)) {
      throw new Error('a signature does not verify')
    }
  }
  const { p, q } = privateKey.export({ format: 'jwk' })
  const isPrime = (factor) => promisify(checkPrime)(Buffer.from(factor, 'base64url'))
  await Promise.all([p, q].map(isPrime))
}

async function readPair() {
  const privateKey = createPrivateKey(pem)
  const pair = { privateKey, publicKey: createPublicKey(privateKey) }
  await check(pair)
  return pair.publicKey.export({ type: 'spki', format: 'pem' })
}

// A step that makes a pair needs it when the reads are back; it is found on another thread meanwhile.
const making = keys === 'read' ? null : makePair()
if (keys !== 'make') await readPair()
for (const [index, width] of trips.entries()) {
  await Promise.all(Array.from({ length: width }, ask))
  if (index === 0 && making) await check(await making)
}
agent?.destroy()
