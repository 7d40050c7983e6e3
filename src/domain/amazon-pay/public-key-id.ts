import { looksLikeKeyMaterial } from '../key-import/masks.ts'
import { Problem } from '../problem.ts'
import { markup, onOneLine } from '../text.ts'
import type { PayEnvironment } from './region.ts'

/** What Integration Central lists under “Existing API keys”, and what a prefix says about it. */
export interface PublicKeyId {
  readonly id: string
  /** Null for an ID without prefix, which is valid in both. */
  readonly payEnvironment: PayEnvironment | null
}

const shape = /^(?:(?:SANDBOX|LIVE)-)?[A-Z0-9]{24}$/

const whereItIs =
  'copy the Public Key ID from Integration Central, “Existing API keys”: 24 characters of A–Z and 0–9, in newer ones after `LIVE-` or `SANDBOX-`'

/**
 * Reads a Public Key ID; blanks and quotes around it are taken off.
 * @throws Problem `public-key-id-invalid`
 */
export function readPublicKeyId(text: string, options: { readonly input: string }): PublicKeyId {
  const id = bare(text)
  if (!shape.test(id)) throw invalid(`${options.input} ${mistakeIn(id)}`, hintFor(id))
  return { id, payEnvironment: payEnvironmentOf(id) }
}

/** What the prefix of an ID says; null for one without, which is valid in both. */
export function payEnvironmentOf(id: string): PayEnvironment | null {
  const prefix = /^(LIVE|SANDBOX)-/.exec(id)?.[1]
  return prefix ? (prefix.toLowerCase() as PayEnvironment) : null
}

function bare(text: string): string {
  const trimmed = text.trim()
  const quoted = /^(["'`])(.*)\1$/s.exec(trimmed)
  return (quoted?.[2] ?? trimmed).trim()
}

interface LookAlike {
  readonly is: RegExp
  readonly what: string
  readonly hint: string
}

/** Other things that stand beside a Public Key ID in Amazon's pages and mails. */
const lookAlikes: readonly LookAlike[] = [
  {
    is: /^amzn1\.application-oa2-client\./i,
    what: 'is a store ID (client ID), which names the shop and not a key',
    hint: whereItIs,
  },
  { is: /^amzn1\./i, what: 'is another Amazon ID (amzn1.…)', hint: whereItIs },
  { is: /^A[A-Z0-9]{12,13}$/i, what: 'is a merchant ID (seller ID)', hint: whereItIs },
  {
    is: /^(?:AKIA|ASIA)[A-Z0-9]{16}$/i,
    what: 'is an access key ID of MWS or AWS, which Amazon Pay API v2 does not use',
    hint: whereItIs,
  },
  {
    is: /^(?:SHA256|MD5):/,
    what: 'is the fingerprint of a key',
    hint: `${whereItIs}; the fingerprint is ours, and Amazon does not know it`,
  },
  {
    is: /^(?:from-approval)$/i,
    what: 'is from-approval, which only command: activate understands, and in lower case',
    hint: whereItIs,
  },
]

function mistakeIn(id: string): string {
  if (id === '') return 'is empty'
  if (looksLikeKeyMaterial(id))
    return 'holds a key or other text of several lines; expected was an ID'
  const lookAlike = lookAlikes.find(({ is }) => is.test(id))
  if (lookAlike) return `${lookAlike.what}: ${quoted(id)}`
  if (shape.test(id.toUpperCase())) return `is written in lower case: ${quoted(id)}`
  if (/^[A-Z]{1,16}-[A-Z0-9]{24}$/i.test(id)) {
    return `has a prefix other than LIVE- and SANDBOX-: ${quoted(id)}`
  }
  const { length } = id.replace(/^(?:SANDBOX|LIVE)-/i, '')
  if (length < 24) return `is too short: ${length} characters instead of 24 in ${quoted(id)}`
  if (length > 24) return `is too long: ${length} characters instead of 24 in ${quoted(id)}`
  return `has characters other than A–Z and 0–9: ${quoted(id)}`
}

function hintFor(id: string): string {
  if (id === '') {
    return `${whereItIs}; when it comes from a secret or variable: does the job name the environment that holds it?`
  }
  if (looksLikeKeyMaterial(id)) return `${whereItIs}; keys go into private-key or public-key`
  if (shape.test(id.toUpperCase())) return `write it as Amazon does: ${quoted(id.toUpperCase())}`
  return lookAlikes.find(({ is }) => is.test(id))?.hint ?? whereItIs
}

/** An ID is public, but what was pasted in its place may be a secret: whole, as the runner knows it, or not at all. */
function quoted(id: string): string {
  const whole = id.length <= 64 && id.search(markup) === -1
  return whole ? `“${onOneLine(id)}”` : `${id.length} characters`
}

function invalid(fact: string, hint: string): Problem {
  return new Problem('public-key-id-invalid', fact, hint)
}
