import { constants, createHash, type KeyObject, verify } from 'node:crypto'
import type { Recorded } from '../request.ts'

/** The two algorithms differ only in the length of the salt. Another length is refused. */
const salts: Readonly<Record<string, number>> = {
  'AMZN-PAY-RSASSA-PSS': 20,
  'AMZN-PAY-RSASSA-PSS-V2': 32,
}

/** The text that a request's signature must cover. */
export function stringToSign(
  request: Recorded,
  algorithm: string,
  signed: readonly string[],
): string {
  const names = [...signed].sort()
  const parameters = [...request.query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
  const canonical = [
    request.method,
    request.rawPath.split('?')[0],
    parameters.join('&'),
    ...names.map((name) => `${name}:${request.headers[name] ?? ''}`),
    '',
    names.join(';'),
    sha256(request.bytes),
  ]
  return `${algorithm}\n${sha256(canonical.join('\n'))}`
}

export function isSignature(
  text: string,
  algorithm: string,
  key: KeyObject,
  signature: string,
): boolean {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const saltLength = salts[algorithm] ?? 0
  const bytes = Buffer.from(signature, 'base64')
  return verify('sha256', Buffer.from(text), { key, padding, saltLength }, bytes)
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')

/** RFC 3986. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
