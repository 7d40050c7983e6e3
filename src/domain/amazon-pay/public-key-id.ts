import { Problem } from '../problem.ts'
import { publicKeyIdFormat } from '../text.ts'
import type { PayEnvironment } from './region.ts'

/** What Integration Central lists under “Existing API keys”. */
export interface PublicKeyId {
  readonly id: string
  /** From the prefix of the ID; null for an ID without prefix, which is valid in both environments. */
  readonly payEnvironment: PayEnvironment | null
}

const idLength = 24

/**
 * Reads a Public Key ID as people paste it: alone, in quotes, with the hyphens and invisible characters of an email or a chat,
 * as the name or the JSON of Amazon's download, or in a sentence. The text must contain exactly one.
 * @throws Problem `public-key-id-invalid`
 */
export function parsePublicKeyId(text: string): PublicKeyId {
  const plain = unquoted(withPlainCharacters(text))
  if (containsKey(plain)) throw invalid('contains a key; expected a Public Key ID', keyHint)
  const [id, ...others] = publicKeyIdsIn(plain)
  if (id && others.length === 0) return id
  if (id) {
    const ids = [id, ...others].map((each) => each.id).slice(0, 4)
    throw invalid(
      `contains ${others.length + 1} Public Key IDs: ${ids.join(', ')}${others.length > 3 ? ' …' : ''}`,
      'keep the one that belongs to this key',
    )
  }
  const mistake = mistakes.find(({ is }) => is(plain)) ?? otherLength(plain)
  throw invalid(withValue(mistake.fact, plain), mistake.hint ?? whereToFind)
}

/**
 * All different Public Key IDs in a text, such as an approval comment. Only whole words count: never 24 characters of a longer
 * word, and never an ID without the prefix that was written before it.
 */
export function publicKeyIdsIn(text: string): PublicKeyId[] {
  const words = withPlainCharacters(text)
    .replaceAll(/\b(SANDBOX|LIVE)\s*[-ー]\s*(?=[A-Z0-9])/gi, '$1-')
    .split(wordBreak)
    .map((word) => withoutFileName(word.replaceAll(/^[._-]+|[._-]+$/g, '')))
    .filter((word) => word !== '')
  const ids = words.flatMap((word, index) => {
    const id = parse(word)
    // “SANDBOX: A…” or “LIVE A…”: the ID probably has this prefix. Without it, it would be another ID.
    const before = words[index - 1]
    const lostPrefix = !id?.payEnvironment && (before === 'SANDBOX' || before === 'LIVE')
    return id && !lostPrefix ? [id] : []
  })
  return ids.filter(({ id }, index) => ids.findIndex((other) => other.id === id) === index)
}

/**
 * Client secrets of Login with Amazon in a text. They are on the same page and in the same JSON as the Public Key ID, and must
 * be masked wherever they appear.
 */
export function clientSecretsIn(text: string): string[] {
  const secrets = [text, withPlainCharacters(text)].flatMap(
    (each) => each.match(/amzn1\.oa2-cs\.[\w.~+/=-]*/gi) ?? [],
  )
  return [...new Set(secrets)]
}

function parse(word: string): PublicKeyId | null {
  const match = publicKeyIdFormat.exec(word)
  if (!match) return null
  const prefix = match[1]
  if (prefix === undefined) return { id: word, payEnvironment: null }
  return { id: word, payEnvironment: prefix === 'LIVE' ? 'live' : 'sandbox' }
}

/** Everything that cannot be part of an ID. Chinese and Japanese text is written without spaces around an ID. */
const wordBreak =
  /[^\p{L}\p{N}\p{M}._-]+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+/u

/** `AmazonPay_<Public Key ID>.pem` is the name of the file that Integration Central offers for download. */
function withoutFileName(word: string): string {
  const name =
    /^(?:AmazonPay_)?((?:(?:SANDBOX|LIVE)-)?[A-Z0-9]{24})(?:-\d{1,2})?\.(?:pem|json|txt)$/i
  return (name.exec(word)?.[1] ?? word).replace(/^AmazonPay_/i, '')
}

const invisible = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g
const hyphens = /[\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]/g
const fullWidth = /[\uff01-\uff5e]/g

/** Converts what word processors, chats and Japanese keyboards insert back to ASCII. */
function withPlainCharacters(text: string): string {
  return text
    .replaceAll(invisible, '')
    .replaceAll(hyphens, '-')
    .replaceAll(fullWidth, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0))
}

function unquoted(text: string): string {
  const trimmed = text.trim()
  const inside = /^(["'`“”„‘’«»「])(.*)(["'`“”‘’«»」])$/s.exec(trimmed)?.[2]
  return (inside ?? trimmed).trim()
}

function containsKey(text: string): boolean {
  return /-----BEGIN|(?:PRIVATE|PUBLIC) KEY-|PuTTY-User-Key|ssh-(?:rsa|ed25519) |[A-Za-z0-9+/=_]{100,}/.test(
    text,
  )
}

const whereToFind =
  'copy the Public Key ID from Integration Central, “Existing API keys”: 24 characters A–Z and 0–9, in newer IDs after the prefix `LIVE-` or `SANDBOX-`'
const keyHint = `${whereToFind}; keys belong in private-key or public-key`

interface Mistake {
  readonly is: (text: string) => boolean
  /** Ends in `{value}` if the text may be shown. */
  readonly fact: string
  readonly hint?: string
}

const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text)

/** Other values that people mistake for a Public Key ID: from the same pages, emails and workflows. */
const mistakes: readonly Mistake[] = [
  {
    is: (text) => text === '',
    fact: 'is empty',
    hint: `${whereToFind}; if it comes from a secret or variable, check that the job names the environment that stores it`,
  },
  {
    is: matches(/amzn1\.oa2-cs\./i),
    fact: 'contains a client secret (amzn1.oa2-cs.…), not a Public Key ID',
    hint: `if other people can read this run, replace that client secret in Integration Central; then ${whereToFind}`,
  },
  {
    is: matches(/^amzn1\.application-oa2-client\./i),
    fact: 'is a store ID (client ID), which identifies the shop and not a key: {value}',
  },
  { is: matches(/^amzn1\./i), fact: 'is another Amazon ID (amzn1.…): {value}' },
  {
    is: matches(/^A[A-Z0-9]{12,13}$/i),
    fact: 'is a merchant ID (seller ID), which identifies the account and not a key: {value}',
  },
  {
    is: matches(/^(?:AKIA|ASIA)[A-Z0-9]{16}$/i),
    fact: 'is an access key ID of MWS or AWS, which Amazon Pay API v2 does not use: {value}',
  },
  {
    is: matches(/^[SPB]\d{2}-\d{7}-\d{7}/i),
    fact: 'is the ID of an order or a charge permission: {value}',
  },
  {
    is: matches(/^(?:SHA256|MD5):/),
    fact: 'is the fingerprint of a key: {value}',
    hint: `${whereToFind}; the fingerprint is computed by this action, and Amazon does not know it`,
  },
  {
    is: matches(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i),
    fact: 'is a UUID, not a Public Key ID: {value}',
  },
  {
    is: matches(/^from-approval$/i),
    fact: 'is from-approval, which only `command: activate` accepts, and only in lower case',
  },
  {
    is: matches(/^\*+$/),
    fact: 'is ***, which the runner shows in place of a secret',
    hint: `${whereToFind}; the key record (a variable) contains it too`,
  },
  {
    is: matches(/\$\{\{|^\$[\w({]|^%\w+%$|^<[^>]*>$/),
    fact: 'is a placeholder or an expression that was not evaluated',
    hint: `pass the value itself; ${whereToFind}`,
  },
  {
    is: matches(/^(?:null|undefined|none|nil|true|false|\[object \w+\])$/i),
    fact: 'is what a program prints for a missing value: {value}',
    hint: `find out why it is missing; ${whereToFind}`,
  },
  { is: matches(/^https?:/i), fact: 'is the address of a web page' },
  {
    is: (text) => parse(text.toUpperCase()) !== null,
    fact: 'is written in lower case: {value}',
    hint: 'write it in upper case, as Amazon does',
  },
  {
    is: (text) => parse(text.replaceAll(/\s+/g, '')) !== null,
    fact: 'contains spaces or line breaks',
    hint: 'remove them',
  },
  {
    is: matches(/\b(?:SANDBOX|LIVE)\b[^A-Z0-9-]+[A-Z0-9]{24}(?![A-Z0-9])/),
    fact: 'has no hyphen after its prefix',
    hint: 'write it as Amazon does: `LIVE-` or `SANDBOX-`, then 24 characters',
  },
  {
    is: matches(/^(?:SANDBOX|LIVE)[A-Z0-9]{24}$/i),
    fact: 'has no hyphen after its prefix: {value}',
    hint: 'write it as Amazon does: `LIVE-` or `SANDBOX-`, then 24 characters',
  },
  {
    is: matches(/^[A-Z]{1,16}[-_][A-Z0-9]{24}$/i),
    fact: 'has a prefix other than LIVE- and SANDBOX-: {value}',
  },
  { is: matches(/\s/), fact: 'contains no Public Key ID' },
]

function otherLength(text: string): Omit<Mistake, 'is'> {
  const prefix = /^(?:SANDBOX|LIVE)-/i.exec(text)?.[0] ?? ''
  const where = prefix === '' ? '' : ` after ${prefix.toUpperCase()}`
  const length = [...text.slice(prefix.length)].length
  if (length === idLength) return { fact: 'has characters other than A–Z and 0–9: {value}' }
  return {
    fact: `is too ${length < idLength ? 'short' : 'long'}: ${length} characters${where} instead of ${idLength}: {value}`,
  }
}

/**
 * An ID is public, but a secret may have been pasted by mistake. So a value is shown only if it has about the length and the
 * characters of an ID, and always completely, because the runner masks a secret only where it appears completely.
 */
function withValue(fact: string, text: string): string {
  const showable = /^[A-Za-z0-9.:-]{1,34}$/.test(text) || /^amzn1\.[\w.-]{1,80}$/.test(text)
  return fact.replace(/: \{value\}$/, showable ? `: “${text}”` : '')
}

function invalid(fact: string, hint: string): Problem {
  return new Problem('public-key-id-invalid', fact, hint)
}
