import { Problem } from '../problem.ts'
import type { KeyType } from './detect.ts'
import { encodedKind, isKeyText } from './encodings.ts'
import { unreadable } from './faults.ts'
import {
  type Foreign,
  type ForeignTexts,
  foreignAmong,
  foreignDocuments,
  foreignTexts,
} from './foreign.ts'
import { copyAgain } from './hints.ts'
import { type JsonText, parsedJson, textsIn } from './json.ts'
import { isGzip, maxBytes, type Normalized } from './normalize.ts'

const writeAsPem =
  'write it as PEM on the system where it was generated: for a private key `openssl pkey -in privateKey.pem`, for its public key add `-pubout`'

/** Names what a text without any key is. As it came, it says more than without its quotes and names. */
export function foreignText(text: string, { bytes, layers }: Normalized, type: KeyType): Problem {
  const texts = [...new Set([layers[0]?.trim() ?? text, text])]
  const kind = dataKind(bytes, texts) ?? encodedKind(texts) ?? foreignAmong(foreignTexts, texts)
  if (kind) return foreign(kind, type)
  return unreadable(
    `contains no key (${bytes.length} bytes); expected ${expected(type)}`,
    type === 'private' ? copyAgain : writeAsPem,
  )
}

/** What is no text. */
function dataKind(bytes: Buffer, texts: readonly string[]): Foreign | null {
  if (isGzip(bytes)) {
    return {
      what: 'a gzip archive',
      hint: 'unpack it first (`gunzip FILE.gz` or `tar -xzf FILE.tar.gz`), and use the key file itself',
    }
  }
  if (bytes.subarray(0, 4).toString('latin1') === 'PK\x03\x04') {
    return {
      what: 'a ZIP archive',
      hint: 'unpack it first (`unzip FILE.zip`), and use the key file itself',
    }
  }
  if (!texts.some((text) => text.includes('\0'))) return null
  return {
    what: 'NUL bytes, so it is data rather than text',
    hint: `a key in PEM is plain text; ${writeAsPem}`,
  }
}

/** A document that is not read, whatever is in it. */
export function foreignDocument(text: string, type: KeyType): Problem | null {
  const json = parsedJson(text)
  const kind = json ? jsonKind(json) : foreignAmong(foreignDocuments, [text])
  return kind ? foreign(kind, type) : null
}

export function foreign({ what, hint }: Foreign, type: KeyType): Problem {
  return unreadable(`contains ${what}; expected ${expected(type)}`, hint)
}

/** A text that is too large to be one key. */
export function tooLarge(bytes: number, type: KeyType): Problem {
  return unreadable(
    `contains ${bytes} bytes, and a key is never larger than ${maxBytes}; expected ${expected(type)}`,
    'use the key file alone: `wc -c privateKey.pem` prints its size, which is about 1700 bytes',
  )
}

/** Nothing at all, which in GitHub Actions has a few usual reasons. */
export function empty(): Problem {
  return new Problem(
    'key-empty',
    'is empty',
    'check that the job names the environment that has the secret (`environment:`), that the run was queued after the secret was stored (start a new run), and that the secret still exists (`gh secret list`; a staged key’s secret is deleted once the key is current); runs of forks and of Dependabot get no secrets',
  )
}

export function expected(type: KeyType): string {
  return type === 'private'
    ? 'an RSA private key in PEM (BEGIN PRIVATE KEY)'
    : 'an RSA public key in PEM (BEGIN PUBLIC KEY)'
}

/** JSON by the names of its members. */
const jsonDocuments: ForeignTexts = {
  'the encrypted payload of the key exchange of an Amazon Pay plugin, in which there is no API key':
    [
      /^encrypted_?(?:key|payload)$/im,
      'the plugin that requested it keeps the private key; for this action generate a key pair with `command: generate`',
    ],
  'the JSON download of Integration Central, which names a key and does not contain it': [
    /^(?:public_?key_?id|merchant_?id|store_?id)$/im,
    'the Public Key ID in it belongs in public-key-id; the private key is in the file privateKey.pem or AmazonPay_….pem, where it was generated',
  ],
  'JSON without a key': [/^/, 'use the key itself, beginning with BEGIN'],
}

const jwk: ForeignTexts = {
  'a key as JSON (JWK)': [
    /^(?:kty|keys)$/m,
    'write it as PEM: in Node.js `crypto.createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "pkcs8", format: "pem" })`; for a public key `createPublicKey` and "spki"',
  ],
}

function jsonKind(json: object): Foreign | null {
  const names = [Object.keys((Array.isArray(json) ? json[0] : json) ?? {}).join('\n')]
  const key = textsIn(json).find(({ text }) => isKeyText(text))
  const kind = key ? memberKind(key) : foreignAmong(jsonDocuments, names)
  return foreignAmong(jwk, names) ?? kind
}

function memberKind({ member }: JsonText): Foreign {
  return {
    what: `JSON with a key in ${member ? `its member ${member.path}` : 'one of its members'}`,
    hint: member
      ? `use that member alone: \`\${{ ${member.expression} }}\``
      : 'use the value of that member alone',
  }
}
