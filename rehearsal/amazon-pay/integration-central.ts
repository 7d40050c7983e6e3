import { createPublicKey, type KeyObject, randomInt } from 'node:crypto'
import { type AmazonPayState, type PayKey, type Region, regionCodes, type View } from './model.ts'

export interface IntegrationCentral {
  /**
   * “Use an existing public key”: a public key in, a Public Key ID out.
   * @throws the error that the page would show
   */
  exchange(entry: {
    readonly region: Region
    readonly view: View
    readonly publicKey: string
    readonly name: string
    /** `false` creates an ID without prefix, like those of old accounts. */
    readonly prefixed?: boolean
  }): string
  /** Manage → Delete keys: immediate, irreversible. */
  deleteKey(id: string): void
  /** Suspends the account of the key, or ends the suspension. */
  suspend(id: string, suspended?: boolean): void
}

export const integrationCentralOf = (pay: AmazonPayState): IntegrationCentral => ({
  exchange({ region, view, publicKey, name, prefixed = true }) {
    if (!regionCodes.includes(region))
      throw new Error(`There is no Integration Central for ${region}.`)
    if (name.trim() === '') throw new Error('Give the key a name.')
    const id = `${prefixed ? `${view.toUpperCase()}-` : ''}A${letters(23)}`
    pay.keys.set(id, {
      id,
      region,
      views: prefixed ? [view] : ['sandbox', 'live'],
      name,
      publicKey: readPublicKey(publicKey),
      status: 'active',
      unknownFor: pay.mintDelay,
    })
    return id
  },
  deleteKey(id) {
    find(pay, id).status = 'deleted'
  },
  suspend(id, suspended = true) {
    find(pay, id).status = suspended ? 'suspended' : 'active'
  },
})

function find({ keys }: AmazonPayState, id: string): PayKey {
  const key = keys.get(id)
  if (key === undefined || key.status === 'deleted') throw new Error(`There is no key ${id}.`)
  return key
}

/** The key formats that the page accepts. */
function readPublicKey(text: string): KeyObject {
  if (/PRIVATE KEY/.test(text)) {
    throw new Error('This is a private key. Paste the public key, and make a new pair.')
  }
  const pem = text.trim().replace(/\r\n/g, '\n')
  if (!/^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PUBLIC KEY-----$/.test(pem)) {
    throw new Error('This is not a public key that begins with -----BEGIN PUBLIC KEY-----.')
  }
  const key = parseKey(pem)
  if (key.asymmetricKeyType !== 'rsa') throw new Error('This is not an RSA key.')
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits !== 2048) throw new Error(`The key must have 2048 bits; this one has ${bits}.`)
  return key
}

function parseKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch {
    throw new Error('The public key is damaged: copy it again.')
  }
}

const letters = (count: number): string =>
  Array.from({ length: count }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'[randomInt(36)]).join(
    '',
  )
