import type { KeyObject } from 'node:crypto'
import type { Answer } from '../request.ts'
import type { Server } from '../server.ts'

export type Region = 'us' | 'eu' | 'jp'

/** Live or sandbox. Integration Central calls it a view. */
export type View = 'sandbox' | 'live'

/** The host of each region. The signature covers it, although the request is sent to loopback. */
export const hostOf: Readonly<Record<Region, string>> = {
  us: 'pay-api.amazon.com',
  eu: 'pay-api.amazon.eu',
  jp: 'pay-api.amazon.jp',
}

export const regionCodes: readonly Region[] = ['us', 'eu', 'jp']

/** An API key as Integration Central lists it. */
export interface PayKey {
  readonly id: string
  /** A key works in one region only; the others do not know it. */
  readonly region: Region
  /** One view, or both for an old key whose ID has no prefix. */
  readonly views: readonly View[]
  readonly name: string
  readonly publicKey: KeyObject
  status: 'active' | 'suspended' | 'deleted'
  /** For this many more requests, Amazon Pay does not know it yet. */
  unknownFor: number
}

export interface CheckoutSession {
  readonly checkoutSessionId: string
  readonly publicKeyId: string
  readonly region: Region
  readonly view: View
}

/** Why Amazon Pay does not know a Public Key ID. */
export type UnknownBecause = 'mistyped' | 'deleted' | 'region'

/** The complete state of this Amazon Pay. */
export interface AmazonPayState extends Server {
  /** By Public Key ID. */
  readonly keys: Map<string, PayKey>
  /** Checkout sessions that a shop has created. */
  readonly orders: CheckoutSession[]
  now: () => Date
  /** By how many milliseconds Amazon's clock is ahead of `now`. */
  clockOffset: number
  /** Accepts every request without checking its signature. */
  acceptEverything: boolean
  /** `unknownFor` of keys that are created from now on. */
  mintDelay: number
  /** Amazon does not document its answer to an unknown ID, so tests can set each case. */
  readonly unknownAnswers: Record<UnknownBecause, (id: string) => Answer>
}

/** An answer in the form of Amazon Pay's refusals. */
export const payError = (status: number, reasonCode: string, message: string): Answer => ({
  status,
  body: { reasonCode, message },
})

export const missingHeader = (header: string): Answer =>
  payError(400, 'MissingHeader', `The required header ${header} is missing`)

export const invalidHeader = (value: string, header: string): Answer =>
  payError(400, 'InvalidHeaderValue', `The value ${value} provided for ${header} is invalid`)

/** Answers that have been suspected or reported for a Public Key ID that is not known. */
export const suspected = {
  invalidPublicKeyId: (id: string): Answer => invalidHeader(id, 'PublicKeyId'),
  invalidHeaderWithoutName: (): Answer =>
    payError(400, 'InvalidHeaderValue', 'The request contains an invalid header value'),
  unauthorizedAccess: (): Answer =>
    payError(401, 'UnauthorizedAccess', 'You are not authorized to perform this operation'),
  invalidAuthentication: (): Answer =>
    payError(403, 'InvalidAuthentication', 'The request could not be authenticated'),
  invalidSignature: (): Answer =>
    payError(403, 'InvalidRequestSignature', 'Unable to verify signature'),
}
