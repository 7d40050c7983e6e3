import { Problem } from '../problem.ts'
import type { KeyType } from './detect.ts'
import { encodedKind, isKeyText } from './encodings.ts'
import { type Foreign, foreignDocuments, foreignTexts } from './foreign.ts'
import { copyAgain } from './hints.ts'
import { isGzip, maxBytes, type Normalized, parsedJson } from './normalize.ts'

const writeAsPem =
  'write it as PEM on the system where it was generated: for a private key `openssl pkey -in privateKey.pem`, for its public key add `-pubout`'

/** Names what a text without any key is. As it came, it says more than without its quotes and names. */
export function foreignText({ text, innermost, layers }: Normalized, type: KeyType): Problem {
  const texts = [...new Set([layers[0]?.trim() ?? text, text])]
  const kind =
    dataKind(innermost, texts) ??
    encodedKind(texts) ??
    foreignTexts.find(({ sign }) => texts.some((each) => sign.test(each)))
  if (kind) return foreign(kind, type)
  return new Problem(
    'key-unreadable',
    `contains no key (${innermost.length} bytes); expected ${expected(type)}`,
    type === 'private' ? copyAgain : writeAsPem,
  )
}

/** What is no text. */
function dataKind(bytes: Buffer, texts: readonly string[]): Foreign | null {
  if (isGzip(bytes)) {
    return {
      what: 'a gzip archive',
      hint: 'unpack it first (`gunzip`, `tar -xzf`), and use the key file itself',
    }
  }
  if (bytes.subarray(0, 4).toString('latin1') === 'PK\x03\x04') {
    return { what: 'a ZIP archive', hint: 'unpack it first (`unzip`), and use the key file itself' }
  }
  if (!texts.some((text) => text.includes('\0'))) return null
  return {
    what: 'NUL bytes, so it is data rather than text',
    hint: `a key in PEM is plain text; ${writeAsPem}`,
  }
}

/** A document that is not read, whatever is in it. */
export function foreignDocument({ text }: Normalized, type: KeyType): Problem | null {
  const json = parsedJson(text)
  const kind = json === null ? foreignDocuments.find(({ sign }) => sign.test(text)) : jsonKind(json)
  return kind ? foreign(kind, type) : null
}

export function foreign({ what, hint }: Foreign, type: KeyType): Problem {
  return new Problem('key-unreadable', `contains ${what}; expected ${expected(type)}`, hint)
}

/** A text that is too large to be one key. */
export function tooLarge(bytes: number, type: KeyType): Problem {
  return new Problem(
    'key-unreadable',
    `contains ${bytes} bytes, and a key is never larger than ${maxBytes}; expected ${expected(type)}`,
    'use the key file alone: `wc -c privateKey.pem` prints its size, which is about 1700 bytes',
  )
}

/** Nothing at all, which in GitHub Actions has a few usual reasons. */
export function empty(): Problem {
  return new Problem(
    'key-empty',
    'is empty',
    'check that the job names the environment that has the secret (`environment:`), that the run was queued after the secret was stored (start a new run), and that the secret still exists (`gh secret list`): it is deleted once its key is current; runs of forks and of Dependabot get no secrets',
  )
}

export function expected(type: KeyType): string {
  return type === 'private'
    ? 'an RSA private key in PEM (BEGIN PRIVATE KEY)'
    : 'an RSA public key in PEM (BEGIN PUBLIC KEY)'
}

function jsonKind(json: object): Foreign {
  const names = Object.keys((Array.isArray(json) ? json[0] : json) ?? {})
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name))
  const kind = (what: string, hint: string): Foreign => ({ what, hint })
  if (has(/^(?:kty|keys)$/)) {
    return kind(
      'a key as JSON (JWK)',
      'write it as PEM: in Node.js `crypto.createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "pkcs8", format: "pem" })`; for a public key `createPublicKey` and "spki"',
    )
  }
  const path = pathToKey(json, 4)
  if (path !== null) {
    const expression = `\`\${{ fromJSON(secrets.NAME).${path} }}\``
    return path === ''
      ? kind('JSON with a key in one of its members', 'use the value of that member alone')
      : kind(`JSON with a key in its member ${path}`, `use that member alone: ${expression}`)
  }
  if (has(/^encrypted_?(?:key|payload)$/i)) {
    return kind(
      'the encrypted payload of the key exchange of an Amazon Pay plugin, in which there is no API key',
      'the plugin that requested it keeps the private key; for this action generate a key pair with `command: generate`',
    )
  }
  if (has(/^(?:public_?key_?id|merchant_?id|store_?id)$/i)) {
    return kind(
      'the JSON download of Integration Central, which names a key and does not contain it',
      'the Public Key ID in it belongs in public-key-id; the private key is in the file privateKey.pem or AmazonPay_….pem, where it was generated',
    )
  }
  return kind('JSON without a key', 'use the key itself, beginning with BEGIN')
}

/** Where in a JSON value a key is: `data.key`; an empty text where the way there cannot be shown. */
function pathToKey(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return pathInText(value, depth)
  if (typeof value !== 'object' || value === null || depth < 0) return null
  for (const [name, member] of Object.entries(value)) {
    const path = pathToKey(member, depth - 1)
    if (path !== null) return Array.isArray(value) ? '' : joinPath(name, path, member)
  }
  return null
}

/** JSON in a text is read once more, but the way into it is not shown. */
function pathInText(value: string, depth: number): string | null {
  const inner = depth > 0 ? parsedJson(value.trim()) : null
  const isKey = inner ? pathToKey(inner, depth - 1) !== null : isKeyText(value)
  return isKey ? '' : null
}

function joinPath(name: string, path: string, member: unknown): string {
  const isName = /^[A-Za-z_][\w-]{0,60}$/.test(name)
  if (!isName || (path === '' && typeof member !== 'string')) return ''
  return path === '' ? name : `${name}.${path}`
}
