import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

const ready: string[] = JSON.parse(process.env.READY_KEYS ?? '[]')

/** An RSA-2048 private key that this test file has not had yet: one of ready-keys.mjs as long as there are some. */
export function nextKey(): KeyObject {
  const pem = ready.shift()
  return pem === undefined
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : createPrivateKey(pem)
}
