import { onOneLine } from '../text.ts'

/** Amazon Pay's answer to a verification request. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** The `Date` header. */
  readonly date: string | null
  /** The `x-amz-pay-request-id` header, which Amazon's support asks for. */
  readonly requestId: string | null
}

/**
 * What an answer means for a private key and a Public Key ID:
 * - `accepted`: the two belong together
 * - `account`: they do, but the account is suspended, or its setup is incomplete
 * - `signature`: Amazon knows the ID, but this is not its key (or the ID belongs to another region)
 * - `unknown`: Amazon does not know the ID in this region and environment
 * - `unnamed`: a header was refused without naming it; probably the ID
 * - `clock`: the signing time was refused
 * - `misread`: Amazon verified a different text from the one that was signed
 * - `refused`: the request was refused for another reason than this ID and this key
 * - `busy`: no answer, or none about the request; asking again may help
 * - `undecided`: any other answer
 */
export type Verdict =
  | 'accepted'
  | 'account'
  | 'signature'
  | 'unknown'
  | 'unnamed'
  | 'clock'
  | 'misread'
  | 'refused'
  | 'busy'
  | 'undecided'

/** An answer with its verdict and Amazon's own words for it. */
export interface Judgement {
  readonly verdict: Verdict
  /** Null if no answer came. */
  readonly status: number | null
  /** Null if the answer is not JSON with a reasonCode; then it may not come from Amazon Pay at all. */
  readonly reasonCode: string | null
  readonly message: string | null
  readonly requestId: string | null
  /** Amazon's time minus the signing time, in seconds; null if the answer has no date. */
  readonly skew: number | null
}

interface Row {
  readonly status: number
  /** Null: any. */
  readonly reasonCode: string | null
  readonly message?: (message: string) => boolean
  readonly verdict: Verdict
}

/**
 * The first row that matches decides. The table comes from Amazon's documentation and from published code and logs; it was not
 * tried on Amazon's servers. `.github/workflows/probe.yml` records their real answers. If they differ, correct this table.
 */
export const verdictTable: readonly Row[] = [
  { status: 404, reasonCode: 'ResourceNotFound', verdict: 'accepted' },
  { status: 403, reasonCode: 'InvalidAccountStatus', verdict: 'account' },
  { status: 403, reasonCode: 'InvalidRequestSignature', verdict: 'signature' },
  { status: 400, reasonCode: 'InvalidHeaderValue', message: namesDate, verdict: 'clock' },
  { status: 400, reasonCode: 'InvalidHeaderValue', message: namesPublicKeyId, verdict: 'unknown' },
  { status: 400, reasonCode: 'InvalidHeaderValue', message: namesNoHeader, verdict: 'unnamed' },
  { status: 400, reasonCode: null, verdict: 'refused' },
  { status: 401, reasonCode: null, verdict: 'refused' },
  { status: 403, reasonCode: null, verdict: 'refused' },
]

/** Time-outs and throttling. Errors of the server (5xx) are retried as well. */
const retryable: ReadonlySet<number> = new Set([408, 425, 429])

function namesDate(message: string): boolean {
  return /x-amz-pay-date/i.test(message)
}

/** “The value … provided for PublicKeyId is invalid”, with any spaces and quotes. */
function namesPublicKeyId(message: string): boolean {
  return message
    .replaceAll(/[\s"'`´“”„‘’‚«»]/g, '')
    .toLowerCase()
    .includes('providedforpublickeyid')
}

const headerName =
  /\bx-[a-z]|\bauthorization\b|\bcontent-type\b|\buser-agent\b|\b(?:accept|host|date)\W{0,2} header\b|\bheader\W{1,4}(?:accept|host|date)\b|provided\s+for\s+(?!(?:(?:the|this|a)\s+)?header\b)/i

function namesNoHeader(message: string): boolean {
  return !headerName.test(message)
}

/**
 * Judges an answer; null means that none came.
 * @param stringToSign the text that was signed. If Amazon echoes a different one, our canonical request is wrong and the answer
 *   is not about the key
 * @param signedAt signing time
 */
export function judge(answer: Answer | null, stringToSign: string, signedAt: Date): Judgement {
  if (answer === null) {
    const nothing = { status: null, reasonCode: null, message: null, requestId: null, skew: null }
    return { verdict: 'busy', ...nothing }
  }
  const { reasonCode, message } = wordsOf(answer)
  return {
    verdict: verdictOf(answer.status, reasonCode, message ?? '', stringToSign),
    status: answer.status,
    reasonCode,
    message: message && readable(message),
    requestId: answer.requestId && onOneLine(answer.requestId).slice(0, 80),
    skew: skewOf(answer.date, signedAt),
  }
}

/** In whole seconds, because the signed time and the Date header have no fractions. */
function skewOf(date: string | null, signedAt: Date): number | null {
  const amazonTime = Date.parse(date ?? '')
  if (Number.isNaN(amazonTime)) return null
  return Math.floor(amazonTime / 1000) - Math.floor(signedAt.getTime() / 1000)
}

function verdictOf(
  status: number,
  reasonCode: string | null,
  message: string,
  stringToSign: string,
): Verdict {
  if (retryable.has(status) || status >= 500) return 'busy'
  if (reasonCode === null) return 'undecided'
  const row = verdictTable.find(
    (row) =>
      row.status === status &&
      (row.reasonCode === null || row.reasonCode === reasonCode) &&
      (row.message === undefined || row.message(message)),
  )
  if (row?.verdict === 'signature' && echoesAnother(message, stringToSign)) return 'misread'
  return row?.verdict ?? 'undecided'
}

/** Amazon's message quotes the string-to-sign as `signing String [ALGORITHM\n<64 hex digits>]`. */
function echoesAnother(message: string, stringToSign: string): boolean {
  const echo = /\[AMZN-PAY-RSASSA-PSS(?:-V2)?\s*(?:\\n)?\s*([0-9a-f]{64})\]/i
  const hash = echo.exec(message)?.[1]
  return hash !== undefined && !stringToSign.endsWith(hash.toLowerCase())
}

/** Amazon's message on one line, without the signature that it may echo. */
function readable(message: string): string {
  return onOneLine(message)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[A-Za-z0-9+/=_-]{100,}/g, '…')
    .slice(0, 300)
}

function wordsOf(answer: Answer): { reasonCode: string | null; message: string | null } {
  if (!/\bjson\b/i.test(answer.contentType)) return { reasonCode: null, message: null }
  try {
    const body: unknown = JSON.parse(answer.body)
    const { reasonCode, message } = (body ?? {}) as { reasonCode?: unknown; message?: unknown }
    return {
      // Amazon's reason codes are single words; anything else comes from another server.
      reasonCode:
        typeof reasonCode === 'string' && /^\w{1,100}$/.test(reasonCode) ? reasonCode : null,
      message: typeof message === 'string' ? message : null,
    }
  } catch {
    return { reasonCode: null, message: null }
  }
}

/**
 * Whether Amazon refused the control request, which is signed with a throwaway key. An answer about the account does not
 * count: it does not show that the signature was checked.
 */
export function refusesControl({ status, reasonCode }: Judgement): boolean {
  return (
    (status === 400 || status === 401 || status === 403) &&
    reasonCode !== null &&
    reasonCode !== 'InvalidAccountStatus'
  )
}

/**
 * Whether Amazon refused a request for a reason that fits a deleted key. The signing time, the account and throttling do not
 * fit.
 */
export function isRefusal({ verdict, status, reasonCode }: Judgement): boolean {
  const excepted: readonly Verdict[] = ['accepted', 'clock', 'busy']
  return (
    (status ?? 0) >= 400 &&
    reasonCode !== null &&
    reasonCode !== 'InvalidAccountStatus' &&
    !excepted.includes(verdict)
  )
}

/** Amazon's own words on one line, for messages and logs: `404 ResourceNotFound “…” x-amz-pay-request-id …`. */
export function answerWords({ status, reasonCode, message, requestId }: Judgement): string {
  if (status === null) return 'no answer'
  return [
    String(status),
    reasonCode ?? 'no reasonCode',
    message && `“${message}”`,
    requestId && `x-amz-pay-request-id ${requestId}`,
  ]
    .filter((part) => part)
    .join(' ')
}
