import { constants, createHash, type KeyObject, sign } from 'node:crypto'
import { keyPolicy } from '../key/policy.ts'
import { payEnvironmentOf } from './public-key-id.ts'
import { type PayEnvironment, type Region, regions } from './region.ts'

const algorithm = 'AMZN-PAY-RSASSA-PSS-V2'
const saltLength = keyPolicy.saltLengths[0]

/** A signed request, ready to send. `stringToSign` is what Amazon echoes when it refuses the signature. */
export interface SignedRequest {
  readonly method: 'GET'
  readonly host: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly stringToSign: string
}

/**
 * The proof request of the contract: reads a charge permission that cannot exist. It changes nothing, returns
 * nothing about the merchant, and is answered differently for a good and for a bad pair.
 */
export function proofRequest(options: {
  readonly privateKey: KeyObject
  readonly publicKeyId: string
  readonly region: Region
  /** Only for an ID without prefix: those are served below /live or /sandbox. */
  readonly payEnvironment: PayEnvironment | null
  readonly at: Date
}): SignedRequest {
  const { apiHost, payRegion } = regions[options.region]
  const prefixed = payEnvironmentOf(options.publicKeyId) !== null
  const path = `${prefixed ? '' : `/${options.payEnvironment}`}/v2/chargePermissions/S00-0000000-0000000`
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'x-amz-pay-date': `${options.at.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z`,
    'x-amz-pay-host': apiHost,
    'x-amz-pay-region': payRegion,
  }
  const stringToSign = `${algorithm}\n${sha256(canonicalRequest('GET', path, headers, ''))}`
  const signature = sign('sha256', Buffer.from(stringToSign), {
    key: options.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength,
  })
  const authorization = `${algorithm} PublicKeyId=${options.publicKeyId}, SignedHeaders=${signedHeaders(headers)}, Signature=${signature.toString('base64')}`
  return {
    method: 'GET',
    host: apiHost,
    path,
    headers: { ...headers, authorization },
    stringToSign,
  }
}

/**
 * Canonical request of Amazon Pay API v2: method, path, query (none here), each header on its own line in
 * the order of their names, the list of those names, and the hash of the body.
 */
export function canonicalRequest(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): string {
  const lines = Object.keys(headers)
    .sort()
    .map((name) => `${name}:${headers[name]}\n`)
  return [method, path, '', `${lines.join('')}`, signedHeaders(headers), sha256(body)].join('\n')
}

function signedHeaders(headers: Readonly<Record<string, string>>): string {
  return Object.keys(headers).sort().join(';')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
