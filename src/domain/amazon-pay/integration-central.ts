import type { PayEnvironment, Region } from './region.ts'

/** What the exchange page needs to know. */
export interface Exchange {
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
  readonly keyName: string
}

/** One step that a person takes in Integration Central, with words in **bold** as they stand on Amazon's page. */
export type ExchangeStep = string

/**
 * From the opened Integration Central to the Public Key ID (Amazon Pay, “Manually generating key pairs”).
 * Data only: opening the right Integration Central is the first step of the page, which knows the links.
 */
export function exchangeSteps(exchange: Exchange): ExchangeStep[] {
  return [
    viewStep(exchange.payEnvironment),
    'Where it asks how you integrate, choose **Self-developed** in the drop-down.',
    'Keep the payment type **One-time Payments, Single Authorization**.',
    'Press **Get instructions**.',
    'In the section **API keys**, press **Create keys**.',
    'Choose **Use an existing public key to create API credentials**.',
    'Paste the public key below, whole, with its first and last line.',
    `Name the key, so that it can be told apart later by who uses it and for what. Proposal: \`${exchange.keyName}\``,
    'Press **Create keys**, close the dialog, and copy the **Public Key ID** from **Existing API keys**.',
  ]
}

function viewStep(payEnvironment: PayEnvironment | null): ExchangeStep {
  if (payEnvironment === 'sandbox') {
    return 'In the drop-down at the top of the page choose **Amazon Pay (Sandbox View)**: this key is for the sandbox.'
  }
  if (payEnvironment === 'live') {
    return 'In the drop-down at the top of the page choose **Amazon Pay (Production View)**: this key is for live orders.'
  }
  return 'In the drop-down at the top of the page choose **Amazon Pay (Sandbox View)** or **Amazon Pay (Production View)**, whichever this key is for: they are two separate Integration Centrals, and a Public Key ID belongs to one of them.'
}

/** Steps to delete a key pair at Amazon (developer.amazon.com, “Deleting a key pair”). */
export function deletionSteps(publicKeyId: string): ExchangeStep[] {
  return [
    `Open Integration Central and find the Public Key ID \`${publicKeyId}\` under **API keys**.`,
    'Press **Manage**, then **Delete keys**, and type `DELETE`. It takes effect at once and cannot be undone.',
  ]
}

/** A name for the key in Integration Central that carries what it is, when it was made and which key it is. */
export function proposedKeyName(options: {
  readonly prefix: string
  /** Null where nobody knows. */
  readonly madeAt: string | null
  readonly shortFingerprint: string
}): string {
  const owner = options.prefix.toLowerCase().replaceAll('_', '-')
  const date = options.madeAt?.slice(0, 10)
  return [owner, date, options.shortFingerprint].filter((part) => part).join(' ')
}

/** File and artifact name of a public key. */
export function publicKeyFileName(options: {
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
  readonly shortFingerprint: string
}): string {
  const known = [options.region, options.payEnvironment, options.shortFingerprint]
  return `amazon-pay-public-key-${known.filter((part) => part !== null).join('-')}.pub`
}
