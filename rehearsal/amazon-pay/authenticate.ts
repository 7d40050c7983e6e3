import type { Answer, Recorded } from '../request.ts'
import {
  type AmazonPayState,
  type CheckoutSession,
  hostOf,
  invalidHeader,
  missingHeader,
  payError,
  type Region,
  regionCodes,
  type UnknownBecause,
  type View,
} from './model.ts'
import { isSignature, stringToSign } from './signature.ts'

export type Caller = Omit<CheckoutSession, 'checkoutSessionId'>

const authorizationFormat =
  /^(AMZN-PAY-RSASSA-PSS(?:-V2)?) PublicKeyId=([^,\s]*), ?SignedHeaders=([^,\s]+), ?Signature=(\S+)$/

/** `20261124T213000Z` and `2026-11-24T21:30:00Z`: Amazon's own SDKs send both. */
const dateFormat = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)Z$/
const maxAgeMs = 5 * 60_000

/** Who signed a request, or why it is refused. */
export function callerOf(pay: AmazonPayState, request: Recorded): Answer | Caller {
  const { headers } = request
  if (headers.authorization === undefined) return missingHeader('authorization')
  const authorization = authorizationFormat.exec(headers.authorization)
  if (authorization === null) {
    return payError(403, 'InvalidAuthentication', 'The authorization header is malformed')
  }
  const [, algorithm = '', id = '', list = '', signature = ''] = authorization
  const signed = list.toLowerCase().split(';')
  const region = checkHeaders(pay, headers, signed)
  if (typeof region !== 'string') return region
  const view = viewOf(request, id)
  if (typeof view !== 'string') return view

  const key = pay.keys.get(id)
  const because = unknownBecause(pay, id, { region, view })
  if (key === undefined || because !== undefined) {
    return pay.unknownAnswers[because ?? 'mistyped'](id)
  }
  const toSign = stringToSign(request, algorithm, signed)
  if (!isSignature(toSign, algorithm, key.publicKey, signature)) {
    return payError(
      403,
      'InvalidRequestSignature',
      `Unable to verify signature, signing String [${toSign}] , signature [${signature}]`,
    )
  }
  return key.status === 'suspended'
    ? payError(403, 'InvalidAccountStatus', 'The merchant account is not in a valid state')
    : { publicKeyId: id, region, view }
}

/** The region of a request. Loopback serves all three, so the signed host decides. */
function checkHeaders(
  pay: AmazonPayState,
  headers: Recorded['headers'],
  signed: readonly string[],
): Region | Answer {
  for (const name of ['x-amz-pay-date', 'x-amz-pay-host', 'x-amz-pay-region']) {
    if (!signed.includes(name) || !headers[name]) return missingHeader(name)
  }
  const late = checkDate(pay, headers['x-amz-pay-date'] ?? '')
  if (late !== undefined) return late
  const host = headers['x-amz-pay-host'] ?? ''
  const region = regionCodes.find((candidate) => hostOf[candidate] === host)
  if (region === undefined) return invalidHeader(host, 'x-amz-pay-host')
  // The Java SDK sends it in upper case.
  const named = headers['x-amz-pay-region'] ?? ''
  return named.toLowerCase() === (region === 'us' ? 'na' : region)
    ? region
    : invalidHeader(named, 'x-amz-pay-region')
}

function checkDate(pay: AmazonPayState, text: string): Answer | undefined {
  const [, year, month, day, hour, minute, second] = dateFormat.exec(text) ?? []
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(time)) return invalidHeader(text, 'x-amz-pay-date')
  const age = clockOf(pay).getTime() - time
  const complaint = age < 0 ? 'in future' : age > maxAgeMs ? 'older than 5 minutes' : undefined
  return complaint === undefined
    ? undefined
    : payError(
        400,
        'InvalidHeaderValue',
        `The value ${text} provided for x-amz-pay-date should not be ${complaint}`,
      )
}

export const clockOf = ({ now, clockOffset }: Pick<AmazonPayState, 'now' | 'clockOffset'>): Date =>
  new Date(now().getTime() + clockOffset)

function viewOf({ rawPath }: Recorded, id: string): View | Answer {
  const inPath = /^\/(live|sandbox)\//.exec(rawPath)?.[1] as View | undefined
  const inId = /^(live|sandbox)-/i.exec(id)?.[1]?.toLowerCase() as View | undefined
  const view = inId ?? inPath
  if (view === undefined) {
    return payError(400, 'InvalidRequest', 'The path must begin with /live or /sandbox')
  }
  return view === (inPath ?? view) ? view : invalidHeader(id, 'PublicKeyId')
}

/** Counts down `unknownFor` of a new key. */
function unknownBecause(
  { keys }: AmazonPayState,
  id: string,
  { region, view }: { readonly region: Region; readonly view: View },
): UnknownBecause | undefined {
  const key = keys.get(id)
  if (key === undefined) return 'mistyped'
  if (key.status === 'deleted') return 'deleted'
  if (key.region !== region) return 'region'
  if (key.unknownFor > 0) {
    key.unknownFor -= 1
    return 'mistyped'
  }
  return key.views.includes(view) ? undefined : 'mistyped'
}
