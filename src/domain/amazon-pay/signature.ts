import { constants, createHash, type KeyObject, sign } from 'node:crypto'
import type { PublicKeyId } from './public-key-id.ts'
import { type PayEnvironment, type Region, regions } from './region.ts'

/** The newer of Amazon's two algorithms: RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes. */
const algorithm = 'AMZN-PAY-RSASSA-PSS-V2'
const saltLength = 32

/** A signed request, ready to send. Amazon echoes the `stringToSign` when it refuses a signature. */
export interface SignedRequest {
  readonly method: 'GET'
  readonly host: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly stringToSign: string
}

/**
 * The request that verifies a key pair with Amazon Pay. It reads a charge permission that cannot exist, so it changes nothing
 * and returns nothing about the merchant; but the answer differs between a right and a wrong pair.
 */
export function verificationRequest(options: {
  readonly privateKey: KeyObject
  readonly publicKeyId: PublicKeyId
  readonly region: Region
  /** Only used for a Public Key ID without prefix. */
  readonly payEnvironment: PayEnvironment
  readonly at: Date
}): SignedRequest {
  const { privateKey, publicKeyId, region, payEnvironment, at } = options
  const { apiHost, payRegion } = regions[region]
  // Without a prefix in the ID, the environment must be in the path.
  const environmentPath = publicKeyId.payEnvironment === null ? `/${payEnvironment}` : ''
  const path = `${environmentPath}/v2/chargePermissions/S00-0000000-0000000`
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'x-amz-pay-date': `${at.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z`,
    'x-amz-pay-host': apiHost,
    'x-amz-pay-region': payRegion,
  }
  const stringToSign = `${algorithm}\n${sha256(canonicalRequest('GET', path, headers, ''))}`
  const signature = sign('sha256', Buffer.from(stringToSign), {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength,
  })
  const authorization = `${algorithm} PublicKeyId=${publicKeyId.id}, SignedHeaders=${signedHeaders(headers)}, Signature=${signature.toString('base64')}`
  return {
    method: 'GET',
    host: apiHost,
    path,
    headers: { ...headers, authorization },
    stringToSign,
  }
}

/**
 * Canonical request of Amazon Pay API v2 (“Signing requests”): method, path, query (none here), the headers sorted by name and
 * one on each line, the list of their names, and the hash of the body.
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
  return [method, path, '', lines.join(''), signedHeaders(headers), sha256(body)].join('\n')
}

function signedHeaders(headers: Readonly<Record<string, string>>): string {
  return Object.keys(headers).sort().join(';')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
