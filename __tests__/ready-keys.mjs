import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

// A key pair takes a tenth of a second to make, and nearly every test file needs some: they are made once,
// before all tests. keys.ts hands them out.

const pem = { type: 'pkcs8', format: 'pem' }

export default async function makeReadyKeys() {
  // Mutation testing begins the tests anew for each mutant, and brings the keys along.
  if (process.env.READY_KEYS) return
  const pairs = await Promise.all(
    Array.from({ length: 8 }, () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 })),
  )
  process.env.READY_KEYS = JSON.stringify(pairs.map(({ privateKey }) => privateKey.export(pem)))
}
