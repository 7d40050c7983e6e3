import { randomUUID } from 'node:crypto'
import { type Caller, callerOf, clockOf } from './amazon-pay/authenticate.ts'
import { type IntegrationCentral, integrationCentralOf } from './amazon-pay/integration-central.ts'
import {
  type AmazonPayState,
  type CheckoutSession,
  type PayKey,
  payError,
  suspected,
} from './amazon-pay/model.ts'
import type { Answer, Recorded } from './request.ts'
import { startServer } from './server.ts'

export {
  type CheckoutSession,
  hostOf,
  type PayKey,
  payError,
  type Region,
  suspected,
  type UnknownBecause,
  type View,
} from './amazon-pay/model.ts'

export interface AmazonPay extends AmazonPayState, IntegrationCentral {}

export interface AmazonPayOptions {
  readonly now?: () => Date
}

/** Amazon Pay's API v2 of all regions, live and sandbox, on one port of 127.0.0.1. */
export async function startAmazonPay(options: AmazonPayOptions = {}): Promise<AmazonPay> {
  const server = await startServer({
    handler: (request) => answer(state, request),
    headers: () => ({ date: clockOf(state).toUTCString(), 'x-amz-pay-request-id': randomUUID() }),
  })
  const state: AmazonPayState = Object.assign(server, {
    keys: new Map<string, PayKey>(),
    orders: [] as CheckoutSession[],
    now: options.now ?? (() => new Date()),
    ...usualAnswers(),
  })
  return Object.assign(state, integrationCentralOf(state))
}

/** The defaults, unless a test sets something else. */
export const usualAnswers = () => ({
  clockOffset: 0,
  acceptEverything: false,
  mintDelay: 0,
  unknownAnswers: {
    mistyped: suspected.invalidPublicKeyId,
    deleted: suspected.invalidPublicKeyId,
    region: suspected.invalidPublicKeyId,
  },
})

function answer(pay: AmazonPayState, request: Recorded): Answer {
  if (pay.acceptEverything) return operate(pay, request)
  const caller = callerOf(pay, request)
  return 'status' in caller ? caller : operate(pay, request, caller)
}

function operate(pay: AmazonPayState, request: Recorded, caller?: Caller): Answer {
  const resource = /^\/(?:live\/|sandbox\/)?v2\/([^?]*)/.exec(request.rawPath)?.[1]
  if (resource === undefined) return payError(400, 'InvalidAPIVersion', 'Unknown API version')
  if (request.method === 'POST' && resource === 'checkoutSessions') {
    const checkoutSessionId = randomUUID()
    if (caller !== undefined) pay.orders.push({ checkoutSessionId, ...caller })
    return {
      status: 201,
      body: { checkoutSessionId, statusDetails: { state: 'Open', reasonCode: null } },
    }
  }
  return request.method === 'GET'
    ? payError(404, 'ResourceNotFound', `The requested resource ${resource} does not exist`)
    : payError(405, 'UnsupportedOperation', 'This operation is not supported')
}
