import { type KeyPair, privateKeyPem } from './pair.ts'

/**
 * Every form in which this private key could come back out of a log. The runner masks a value and each of its lines,
 * exactly as written, so each other spelling is registered as well (actions/runner ActionCommandManager.cs and
 * ValueEncoders.cs: of base64 only that of a whole value is covered, and hex or JWK members never are).
 */
export function maskForms(pair: KeyPair): string[] {
  const pkcs1 = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const pems = [privateKeyPem(pair), pkcs1]
  return [...new Set([...pems.flatMap(pemForms), ...memberForms(pair)])]
}

function pemForms(pem: string): string[] {
  const bare = pem.trimEnd()
  const crlf = pem.replaceAll('\n', '\r\n')
  const texts = [pem, bare, crlf, crlf.trimEnd()]
  const body = bare.split('\n').slice(1, -1).join('')
  return [
    ...texts,
    ...texts.flatMap(base64Forms),
    pem.replaceAll('\n', '\\n'),
    bare.replaceAll('\n', '\\n'),
    bare.replaceAll('\n', ' '),
    ...inUrlAlphabet(body),
    wrapped(body),
  ]
}

/** As `base64 -w0`, `base64` and a base64url function print a text. */
function base64Forms(text: string): string[] {
  const line = Buffer.from(text).toString('base64')
  return [...inUrlAlphabet(line), wrapped(line)]
}

function inUrlAlphabet(base64: string): string[] {
  return [base64, Buffer.from(base64, 'base64').toString('base64url')]
}

/** At 76 columns, as `base64` and MIME write it; the last line only where masking it hides nothing else. */
function wrapped(base64: string): string {
  const lines = base64.match(/.{1,76}/g) ?? []
  return lines.filter((line) => line.length >= minMaskLength).join('\n')
}

/** A shorter mask would hide harmless text: the runner replaces it wherever it occurs. */
export const minMaskLength = 16

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const

function memberForms({ privateKey }: KeyPair): string[] {
  const jwk = privateKey.export({ format: 'jwk' }) as Record<
    (typeof privateMembers)[number],
    string
  >
  return privateMembers.flatMap((name) => {
    const bytes = Buffer.from(jwk[name], 'base64url')
    return [bytes.toString('base64url'), bytes.toString('base64'), bytes.toString('hex')]
  })
}
