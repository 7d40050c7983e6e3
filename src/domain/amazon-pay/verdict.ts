/** Amazon Pay's answer to a proof request, or null when none came. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** The `Date` header. */
  readonly date: string | null
  /** The `x-amz-pay-request-id` header: what Amazon's support asks for. */
  readonly requestId: string | null
}

/**
 * What an answer says about a key and a Public Key ID:
 * - `accepted`: the two belong together
 * - `account`: they do, but the account behind them is suspended or not fully set up
 * - `signature`: Amazon knows the ID, and this key is not its key (or the ID lives in another region)
 * - `unknown`: Amazon does not know the ID there
 * - `clock`: the time of signing was refused
 * - `busy`: no answer about anything; worth asking again
 * - `undecided`: an answer that says nothing about the pair
 */
export type Verdict =
  | 'accepted'
  | 'account'
  | 'signature'
  | 'unknown'
  | 'clock'
  | 'busy'
  | 'undecided'

/** An answer with its verdict and Amazon's own words for it. */
export interface Judgement {
  readonly verdict: Verdict
  readonly reasonCode: string | null
  readonly message: string | null
  readonly status: number | null
  readonly requestId: string | null
  /** Amazon's clock minus the time of signing, in seconds; null when it did not tell. */
  readonly skew: number | null
}

interface Row {
  readonly status: number
  readonly reasonCode: string | 'any'
  readonly message?: RegExp
  readonly verdict: Verdict
}

/**
 * The verdict table; the first row that fits decides. Taken from Amazon's documentation and from other
 * people's code and logs, not tried on Amazon's servers from here: `.github/workflows/probe.yml` records the
 * real answers, and this table is the one place to correct.
 */
export const verdictTable: readonly Row[] = [
  { status: 404, reasonCode: 'ResourceNotFound', verdict: 'accepted' },
  { status: 403, reasonCode: 'InvalidAccountStatus', verdict: 'account' },
  { status: 403, reasonCode: 'InvalidRequestSignature', verdict: 'signature' },
  { status: 400, reasonCode: 'InvalidHeaderValue', message: /x-amz-pay-date/i, verdict: 'clock' },
  { status: 400, reasonCode: 'InvalidHeaderValue', verdict: 'unknown' },
  { status: 401, reasonCode: 'any', verdict: 'unknown' },
  { status: 403, reasonCode: 'any', verdict: 'unknown' },
]

const retryable = new Set([408, 425, 429])

/**
 * Reads Amazon's answer.
 * @param stringToSign what we signed: when Amazon echoes another one in refusing a signature, our canonical
 *   request is at fault and nothing is said about the key
 * @param signedAt time of signing
 */
export function judge(answer: Answer | null, stringToSign: string, signedAt: Date): Judgement {
  if (answer === null) {
    return {
      verdict: 'busy',
      reasonCode: null,
      message: null,
      status: null,
      requestId: null,
      skew: null,
    }
  }
  const { reasonCode, message } = wordsOf(answer)
  const amazonTime = Date.parse(answer.date ?? '')
  return {
    verdict: verdictOf(answer.status, reasonCode, message, stringToSign),
    reasonCode,
    message: message && readable(message),
    status: answer.status,
    requestId: answer.requestId,
    // Both count in whole seconds: what is signed is cut off, and so is the header.
    skew: Number.isNaN(amazonTime)
      ? null
      : Math.floor(amazonTime / 1000) - Math.floor(signedAt.getTime() / 1000),
  }
}

function verdictOf(
  status: number,
  reasonCode: string | null,
  message: string | null,
  stringToSign: string,
): Verdict {
  if (retryable.has(status) || status >= 500) return 'busy'
  if (reasonCode === null) return 'undecided'
  const row = verdictTable.find(
    (row) =>
      row.status === status &&
      (row.reasonCode === 'any' || row.reasonCode === reasonCode) &&
      (row.message === undefined || row.message.test(message ?? '')),
  )
  if (row?.verdict === 'signature' && echoesAnother(message, stringToSign)) return 'undecided'
  return row?.verdict ?? 'undecided'
}

/** Amazon's message on one line, without the signature that it echoes. */
function readable(message: string): string {
  return message
    .replaceAll(/\s+/g, ' ')
    .replace(/signature \[[^\]]{40,}\]?/i, 'signature […]')
    .slice(0, 300)
}

/** Amazon's message quotes the string-to-sign as `signing String [ALGORITHM\n<64 hex digits>]`. */
function echoesAnother(message: string | null, stringToSign: string): boolean {
  const echo = /\[AMZN-PAY-RSASSA-PSS(?:-V2)?\s*(?:\\n)?\s*([0-9a-f]{64})\]/i
  const hash = message?.match(echo)?.[1]
  return hash !== undefined && !stringToSign.endsWith(hash.toLowerCase())
}

function wordsOf(answer: Answer): { reasonCode: string | null; message: string | null } {
  if (!/\bjson\b/i.test(answer.contentType)) return { reasonCode: null, message: null }
  try {
    const body: unknown = JSON.parse(answer.body)
    const { reasonCode, message } = (body ?? {}) as { reasonCode?: unknown; message?: unknown }
    return {
      // A word of Amazon's table; anything longer or stranger comes from somebody else.
      reasonCode:
        typeof reasonCode === 'string' && /^\w{1,100}$/.test(reasonCode) ? reasonCode : null,
      message: typeof message === 'string' ? message : null,
    }
  } catch {
    return { reasonCode: null, message: null }
  }
}

/** Whether Amazon refused a request that it must refuse: 400, 401 or 403 with any reason but the account's. */
export function refuses(judgement: Judgement): boolean {
  return (
    judgement.status !== null &&
    [400, 401, 403].includes(judgement.status) &&
    judgement.reasonCode !== null &&
    judgement.reasonCode !== 'InvalidAccountStatus'
  )
}
