import { type PayEnvironment, type PayScope, type Region, regions } from './region.ts'

/** One step for a person in Integration Central, in Markdown. Words that are on Amazon's page are **bold**. */
type PageStep = string

/** A page and the text of the link to it. */
interface PageLink {
  readonly text: string
  readonly url: string
}

/** Integration Central of the region, or of all regions if it is unknown. */
export function integrationCentralLinks(region: Region | null): readonly PageLink[] {
  const known = region ? [regions[region]] : Object.values(regions)
  return known.map(({ name, integrationCentral }) => ({
    text: `Integration Central, ${name}`,
    url: integrationCentral,
  }))
}

/** The path in Seller Central's menu, in case the link does not work any more. */
export const menuPath = '**Integration** → **Integration Central**'

/** API keys belong to the merchant's account, so not every user may change them. */
export const requiredRole =
  'Sign in with a Seller Central user that may manage Amazon Pay integrations.'

/** In case Amazon's page differs from these steps. */
export const otherPageNote =
  'If the page looks different: the first question may be called **Ecommerce provider or integration type**, another payment type may be selected, and **Create keys** may be called **Create key**. Only the section **API keys** and the option to use an existing public key matter.'

/**
 * The steps on the page, from Integration Central to the Public Key ID (Amazon Pay, “Manually generating key pairs”). The
 * caller puts a step before them that opens Integration Central.
 */
export function exchangeSteps(options: {
  readonly payEnvironment: PayEnvironment | null
  readonly keyName: string
}): PageStep[] {
  return [
    viewStep(options.payEnvironment),
    'If it asks for your integration channel, choose **Website or mobile**; then choose **Self-developed**.',
    'Keep the payment type **One-time Payments, Single Authorization** and press **Get instructions**.',
    'In the section **API keys**, press **Create keys**.',
    'Choose **Use an existing public key to create API credentials**.',
    'Paste the whole public key below, including its first and last line.',
    `Enter this name for the key, so that you can see later who uses it and for what: \`${options.keyName}\``,
    'Press **Create keys**, close the dialog, and copy the **Public Key ID** from **Existing API keys**.',
  ]
}

/** Live and sandbox are two views of Integration Central. A Public Key ID belongs to one of them. */
function viewStep(payEnvironment: PayEnvironment | null): PageStep {
  const choose = 'In the drop-down at the top of the page, choose'
  if (payEnvironment === 'sandbox') {
    return `${choose} **Amazon Pay (Sandbox View)**: this key is for the sandbox.`
  }
  if (payEnvironment === 'live') {
    return `${choose} **Amazon Pay (Production View)**: this key is for live orders.`
  }
  return `${choose} **Amazon Pay (Production View)** for live orders or **Amazon Pay (Sandbox View)** for the sandbox. A Public Key ID works in one of the two only.`
}

/** The steps to delete a key (developer.amazon.com, “Deleting a key pair”). */
export function deletionSteps(publicKeyId: string): PageStep[] {
  return [
    `Find the Public Key ID \`${publicKeyId}\` under **API keys**.`,
    'Press **Manage**, then **Delete keys**, and type `DELETE`. The key stops working immediately, and this cannot be undone.',
  ]
}

/** `acme/shop live 2026-11-26 1a2b3c4d`: who uses the key, for what, since when, and which key it is. */
export function proposedKeyName(options: {
  /** The repository or organization that stores the key. */
  readonly owner: string
  readonly payEnvironment: PayEnvironment | null
  readonly madeAt: string | null
  readonly shortFingerprint: string
}): string {
  const { owner, payEnvironment, madeAt, shortFingerprint } = options
  return [owner, payEnvironment, madeAt?.slice(0, 10), shortFingerprint]
    .filter((part) => part)
    .join(' ')
}

/** The name of a public key's file and artifact. */
export function publicKeyFileName(
  options: PayScope & {
    readonly shortFingerprint: string
  },
): string {
  const known = [options.region, options.payEnvironment, options.shortFingerprint]
  return `amazon-pay-public-key-${known.filter((part) => part !== null).join('-')}.pub`
}
