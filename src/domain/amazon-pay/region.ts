import { Problem } from '../problem.ts'
import { quoted } from '../text.ts'

export type Region = 'us' | 'eu' | 'jp'
export type PayEnvironment = 'live' | 'sandbox'

interface RegionFacts {
  readonly name: string
  /** What Amazon Pay's own SDKs call the region, and what is signed as `x-amz-pay-region`. */
  readonly payRegion: 'na' | 'eu' | 'jp'
  readonly apiHost: string
  readonly integrationCentral: string
}

/** Hosts and pages of the three Amazon Pay regions (Amazon Pay SDKs; developer.amazon.com, “Deleting a key pair”). */
export const regions: Readonly<Record<Region, RegionFacts>> = {
  us: {
    name: 'United States',
    payRegion: 'na',
    apiHost: 'pay-api.amazon.com',
    integrationCentral: 'https://sellercentral.amazon.com/gp/pyop/seller/integrationcentral/',
  },
  eu: {
    name: 'Europe and United Kingdom',
    payRegion: 'eu',
    apiHost: 'pay-api.amazon.eu',
    integrationCentral:
      'https://sellercentral-europe.amazon.com/gp/pyop/seller/integrationcentral/',
  },
  jp: {
    name: 'Japan',
    payRegion: 'jp',
    apiHost: 'pay-api.amazon.jp',
    integrationCentral: 'https://sellercentral-japan.amazon.com/gp/pyop/seller/integrationcentral/',
  },
}

export const regionCodes = Object.keys(regions) as Region[]

const aliases: Readonly<Record<string, Region>> = {
  us: 'us',
  na: 'us',
  eu: 'eu',
  uk: 'eu',
  de: 'eu',
  jp: 'jp',
}

/**
 * The region that a person wrote; null when nothing is written.
 * @throws Problem `input-invalid`
 */
export function readRegion(text: string): Region | null {
  const word = text.trim().toLowerCase()
  if (word === '') return null
  const region = Object.hasOwn(aliases, word) ? aliases[word] : undefined
  if (region) return region
  throw new Problem(
    'input-invalid',
    `region is ${quoted(text.trim())}, which is not an Amazon Pay region`,
    'set region to us (also na), eu (also uk, de) or jp',
  )
}

/**
 * Live or sandbox as a person wrote it; null when nothing is written.
 * @throws Problem `input-invalid`
 */
export function readPayEnvironment(text: string): PayEnvironment | null {
  const word = text.trim().toLowerCase()
  if (word === '') return null
  if (word === 'live' || word === 'sandbox') return word
  throw new Problem(
    'input-invalid',
    `pay-environment is ${quoted(text.trim())}`,
    'set pay-environment to live or sandbox',
  )
}
