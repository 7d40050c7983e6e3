import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

const ready = process.env.READY_KEYS?.split(' ') ?? []

/** An RSA-2048 private key that this test file has not had yet: one of ready-keys.mjs as long as there are some. */
export function nextKey(): KeyObject {
  const pkcs8 = ready.shift()
  return pkcs8 === undefined
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), type: 'pkcs8', format: 'der' })
}
