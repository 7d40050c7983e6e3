import { execFileSync } from 'node:child_process'
import { constants, createHash, type KeyObject, verify } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Sdk } from '../../../../src/domain/key-import/compatibility.ts'

/** Which of the given texts an SDK reads as the private key of a public key, shown by a signature that it made. */
export type Witness = (texts: readonly string[], publicKey: KeyObject) => boolean[]

const folder = import.meta.dirname
const payload = '{}'
const maxOutput = 64 * 2 ** 20

/** The official SDK for Node.js, a development dependency. */
export const nodeSdk: Witness = (texts, publicKey) => {
  const { WebStoreClient } = createRequire(import.meta.url)(
    '@amazonpay/amazon-pay-api-sdk-nodejs',
  ) as { WebStoreClient: new (config: object) => { generateButtonSignature(of: string): string } }
  return texts.map((privateKey) => {
    try {
      const client = new WebStoreClient({
        publicKeyId: `SANDBOX-${'A'.repeat(24)}`,
        privateKey,
        region: 'eu',
        sandbox: true,
      })
      return isSignature(client.generateButtonSignature(payload), publicKey)
    } catch {
      return false
    }
  })
}

/**
 * The official SDK for Java with the libraries that it needs, as `mvn dependency:copy-dependencies` leaves them in a
 * folder; null where there is no Java or no such folder.
 */
export function javaSdk(libraries: string | undefined): Witness | null {
  if (!libraries || !existsSync(libraries) || !runs('java', ['-version'])) return null
  const source = join(folder, 'ButtonSignatures.java')
  return (texts, publicKey) =>
    signaturesBy('java', ['-cp', join(libraries, '*'), source], texts, publicKey)
}

/** phpseclib, which the official SDK for PHP reads keys with; null where the machine has none. */
export function phpSdk(): Witness | null {
  const present = runs('php', ['-r', "require 'phpseclib3/autoload.php';"])
  const script = join(folder, 'button-signatures.php')
  return present ? (texts, publicKey) => signaturesBy('php', [script], texts, publicKey) : null
}

/** Every SDK that this machine has. */
export function sdksHere(): Partial<Record<Sdk, Witness>> {
  const java = javaSdk(process.env.AMAZON_PAY_JAVA_SDK)
  const php = phpSdk()
  return { 'Node.js': nodeSdk, ...(java ? { Java: java } : {}), ...(php ? { PHP: php } : {}) }
}

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function signaturesBy(
  command: string,
  args: readonly string[],
  texts: readonly string[],
  publicKey: KeyObject,
): boolean[] {
  const input = texts.map((text) => `${Buffer.from(text).toString('base64')}\n`).join('')
  const output = execFileSync(command, args, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: maxOutput,
  })
  const lines = output.split('\n')
  return texts.map((_, index) => isSignature(lines[index] ?? '', publicKey))
}

function isSignature(base64: string, publicKey: KeyObject): boolean {
  const hash = createHash('sha256').update(payload).digest('hex')
  const key = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 20 }
  const text = Buffer.from(`AMZN-PAY-RSASSA-PSS\n${hash}`)
  return base64 !== '' && verify('sha256', text, key, Buffer.from(base64, 'base64'))
}
