import { createPublicKey, generateKeyPair as generate, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { spki } from './fingerprint.ts'

/**
 * An Amazon Pay API key. Both keys are KeyObjects, which print as `[object KeyObject]`, so that no log line, error or
 * summary can show a private key by accident.
 */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/**
 * What Amazon Pay accepts, as far as anything published says: RSA of 2048 bits, e = 65537. Other sizes are documented
 * nowhere as accepted, so nothing else is let through.
 */
export const keyParameters = { modulusLength: 2048, publicExponent: 65537 } as const

/** A new key pair. Asynchronous: the primes are found on the thread pool. */
export function generateKeyPair(): Promise<KeyPair> {
  return promisify(generate)('rsa', keyParameters)
}

/** The key pair of a private key. The public key is always derived, never taken from elsewhere. */
export function keyPairOf(privateKey: KeyObject): KeyPair {
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

/** Whether two public keys are the same key. */
export function sameKey(a: KeyObject, b: KeyObject): boolean {
  return spki(a).equals(spki(b))
}

/** PKCS#8 `BEGIN PRIVATE KEY` (RFC 5958): the one format that every Amazon Pay SDK and plugin takes. */
export function privateKeyPem({ privateKey }: KeyPair): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** SPKI `BEGIN PUBLIC KEY` (RFC 7468 §13): what is pasted into Integration Central. */
export function publicKeyPem(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}
