import { Problem } from '../problem.ts'
import type { Half } from './detect.ts'
import { isGzip } from './normalize.ts'
import { copyAgain } from './pem.ts'

/** Most bytes that a key may come in; the largest RSA key under all its dress is a tenth of it. */
export const mostBytes = 64 * 1024

interface Recognition {
  readonly is: (text: string, bytes: Buffer) => boolean
  readonly what: string
  readonly hint: string
}

const secretExpression = `\`\${{ secrets.NAME }}\``
const rewritten =
  'write it as PEM where it was made, and keep that file: for a private key `openssl pkey -in privateKey.pem`, for its public half add `-pubout`'

/**
 * Things that are handed in as keys and are none, by what gives them away. The first that fits is told.
 * No expression here looks back: a megabyte of anything is passed through once.
 */
const recognitions: readonly Recognition[] = [
  {
    is: (_, bytes) => isGzip(bytes),
    what: 'a gzip archive',
    hint: 'unpack it first (`gunzip`, `tar -xzf`) and hand in the key file itself',
  },
  {
    is: (_, bytes) => bytes.subarray(0, 4).toString('latin1') === 'PK\x03\x04',
    what: 'a ZIP archive',
    hint: 'unpack it first (`unzip`) and hand in the key file itself',
  },
  {
    is: (text) => text.includes('\0'),
    what: 'NUL bytes, and so data rather than text',
    hint: `a key in PEM is plain text; ${rewritten}`,
  },
  {
    is: (text) => text.startsWith('PuTTY-User-Key-File'),
    what: 'a PuTTY key file (.ppk)',
    hint: 'convert it: `puttygen key.ppk -O private-openssh -o privateKey.pem`, or in PuTTYgen: Conversions → Export OpenSSH key',
  },
  {
    is: (text) => text.startsWith('<') && text.includes('<Modulus>'),
    what: 'an RSA key as XML (.NET)',
    hint: 'write it as PEM: `rsa.ExportPkcs8PrivateKeyPem()` for the private key, `rsa.ExportSubjectPublicKeyInfoPem()` for the public one',
  },
  {
    is: (text) => members(text).some((member) => member === 'kty' || member === 'keys'),
    what: 'a key as JSON (JWK)',
    hint: 'write it as PEM: in Node.js `crypto.createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "pkcs8", format: "pem" })`; for a public key `createPublicKey` and "spki"',
  },
  {
    is: (text) =>
      members(text).some((member) => /^(?:public_?key_?id|merchant_?id|store_?id)$/i.test(member)),
    what: 'the JSON download of Integration Central, which names a key and does not hold it',
    hint: 'the Public Key ID in it belongs into public-key-id; the private key is in the file privateKey.pem or AmazonPay_….pem, from where it was made',
  },
  {
    is: (text) => members(text).length > 0,
    what: 'JSON',
    hint: 'hand in the key alone: the value of the member that holds it',
  },
  {
    is: (text) =>
      /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d][\u2010-\u2015\u2212\ufe58\ufe63\uff0d -]{0,8}(?:BEGIN|END) /.test(
        text,
      ),
    what: 'a key whose hyphens were turned into typographic dashes',
    hint: 'mail programs and word processors do that; copy the key from the file itself, opened in a plain text editor',
  },
  {
    is: (text) =>
      /(?:BEGIN|END)[ _-]{0,3}(?:[A-Z0-9]{2,12} ?){0,3}(?:PRIVATE|PUBLIC) ?KEY/.test(text),
    what: 'a first or last line that is not whole: it takes five hyphens, BEGIN or END, a blank, the label and five hyphens',
    hint: `a hyphen or a blank was lost; ${copyAgain}`,
  },
  {
    is: (text) => /\$\{\{|\}\}/.test(text),
    what: 'an expression that was not evaluated',
    hint: `write it in a workflow file, as it stands there: ${secretExpression}`,
  },
  {
    is: (text) => /^\$\{?[A-Za-z_]\w{0,100}\}?$|^%\w{1,100}%$/.test(text),
    what: 'the name of a variable rather than its value',
    hint: `inputs are not run by a shell; use ${secretExpression}`,
  },
  {
    is: (text) => /^\*{3,}$/.test(text),
    what: 'the three asterisks that the runner shows in place of a secret',
    hint: 'take the key from where it was made',
  },
  {
    is: (text) => /^(?:(?:SANDBOX|LIVE)-)?[A-Z0-9]{24}$/.test(text),
    what: 'a Public Key ID',
    hint: 'it belongs into public-key-id; here goes the key itself',
  },
  {
    is: (text) => text.startsWith('amzn1.') || /^A[A-Z0-9]{12,13}$/.test(text),
    what: 'a store ID or merchant ID',
    hint: 'here goes the key itself, beginning with BEGIN',
  },
  {
    is: (text) => /^(?:SHA256|MD5):[A-Za-z0-9+/:]{40,50}=?$/.test(text),
    what: 'the fingerprint of a key',
    hint: 'here goes the key itself, beginning with BEGIN',
  },
  {
    is: (text) => /^[A-Za-z0-9+/=\s]{600,}$/.test(text),
    what: 'base64 of something that does not say which key it is',
    hint: 'an encrypted PKCS#1 key needs its header lines (Proc-Type, DEK-Info) and every key its first and last line: hand in the whole file',
  },
  {
    is: (text) =>
      /^(?:[~.]{0,2}[\\/]|[A-Za-z]:\\|file:)[^\n]{1,300}$|^[^\s]{1,200}\.(?:pem|key|pub|der|txt|p8|ppk|p12|pfx)$/i.test(
        text,
      ),
    what: 'what looks like the path of a file',
    hint: 'hand in the content of the file: `gh secret set NAME < privateKey.pem` stores it',
  },
]

/** Says by name what a material without any key is. */
export function foreignMaterial(text: string, bytes: Buffer, input: string, half: Half): Problem {
  const found = recognitions.find(({ is }) => is(text, bytes))
  if (found) {
    return new Problem(
      'key-unreadable',
      `${input} holds ${found.what}; expected was ${expected(half)}`,
      found.hint,
    )
  }
  return new Problem(
    'key-unreadable',
    `${input} holds ${bytes.length} bytes in which no key was found; expected was ${expected(half)}`,
    half === 'private' ? copyAgain : rewritten,
  )
}

/** Documents that could hold a PEM key somewhere inside, and are refused all the same. */
export function foreignDocument(
  text: string,
  bytes: Buffer,
  input: string,
  half: Half,
): Problem | null {
  const isDocument = text.startsWith('PuTTY-User-Key-File') || members(text).length > 0
  return isDocument ? foreignMaterial(text, bytes, input, half) : null
}

/** A material that is too large to be one key. */
export function tooLarge(bytes: number, input: string, half: Half): Problem {
  return new Problem(
    'key-unreadable',
    `${input} holds ${bytes} bytes, and a key never more than ${mostBytes}; expected was ${expected(half)}`,
    'hand in the key file alone: `wc -c privateKey.pem` tells its size, which is about 1700 bytes',
  )
}

/** Nothing at all, which in GitHub Actions has three usual reasons. */
export function nothing(input: string): Problem {
  return new Problem(
    'key-empty',
    `${input} is empty`,
    'does the job name the environment that holds the secret (`environment:`)? Is the secret gone because its key is current already (`gh secret list`)? Runs of forks and Dependabot get no secrets',
  )
}

export function expected(half: Half): string {
  return half === 'private'
    ? 'an RSA private key in PEM (BEGIN PRIVATE KEY)'
    : 'an RSA public key in PEM (BEGIN PUBLIC KEY)'
}

/** The names of a JSON object's members; of an array's first object. */
function members(text: string): string[] {
  if (!/^[{[]/.test(text)) return []
  try {
    const value: unknown = JSON.parse(text)
    const object: unknown = Array.isArray(value) ? value[0] : value
    return Object.keys((object ?? {}) as object)
  } catch {
    return []
  }
}
