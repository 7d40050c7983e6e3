import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { View } from '../../../rehearsal/amazon-pay.ts'

export type Algorithm = 'AMZN-PAY-RSASSA-PSS' | 'AMZN-PAY-RSASSA-PSS-V2'

/** The verification request as this project builds it, and what an SDK needs to sign the same one. */
export interface Request {
  readonly publicKeyId: string
  readonly privateKey: string
  readonly algorithm: Algorithm
  readonly payRegion: string
  readonly view: View
  readonly host: string
  readonly path: string
  /** Those that this project signs. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Signed {
  /** Those that the SDK sends, the signature included. */
  readonly headers: Readonly<Record<string, string>>
  /** Java only: what it signs when the headers are those of this project. */
  readonly stringToSign?: string
  /** PHP only: its signature when the headers are those of this project. */
  readonly signature?: string
}

export type Sdk = (requests: readonly Request[]) => Promise<Signed[]>

const folder = import.meta.dirname
const { AMAZON_PAY_JAVA_SDK: java = '', AMAZON_PAY_PHP_SDK: php = '' } = process.env

/** Every official SDK that scripts/witnesses.ts has found or installed. */
export const sdksHere: Readonly<Record<string, Sdk>> = {
  'Node.js': nodeSdk,
  ...(existsSync(java) && {
    Java: program('java', ['-cp', join(java, '*'), join(folder, 'SignedRequests.java')]),
  }),
  ...(existsSync(php) && { PHP: program('php', [join(folder, 'signed-requests.php')]) }),
}

function program(command: string, args: readonly string[]): Sdk {
  return async (requests) => {
    const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('')
    const { output } = await run(command, args, input)
    const lines = output.toString().trimEnd().split('\n')
    return lines.map((line) => JSON.parse(line) as Signed)
  }
}

interface Ended {
  readonly status: number | null
  readonly output: Buffer
}

/** Runs a program beside the rehearsal, which must go on answering in this process. */
export function run(
  command: string,
  args: readonly string[],
  input: string,
  cwd = folder,
): Promise<Ended> {
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'ignore'] })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child
      .once('error', reject)
      .once('close', (status) => resolve({ status, output: Buffer.concat(output) }))
  })
}

async function nodeSdk(requests: readonly Request[]): Promise<Signed[]> {
  const { WebStoreClient } = createRequire(import.meta.url)(
    '@amazonpay/amazon-pay-api-sdk-nodejs',
  ) as {
    WebStoreClient: new (
      config: object,
    ) => { getSignedHeaders(options: object): Record<string, string> }
  }
  return requests.map(({ payRegion, view, path, ...config }) => {
    const client = new WebStoreClient({ ...config, region: payRegion, sandbox: view === 'sandbox' })
    // It puts the version, and for an ID without prefix the environment, in front by itself.
    const urlFragment = path.replace(/^.*\/v2\//, '')
    return { headers: client.getSignedHeaders({ method: 'GET', urlFragment, headers: {} }) }
  })
}
