import { Problem } from '../problem.ts'
import { quoted } from '../text.ts'

export type Region = 'us' | 'eu' | 'jp'
export type PayEnvironment = 'live' | 'sandbox'

/** Region and environment of a key; null if unknown. */
export interface PayScope {
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
}

interface RegionFacts {
  readonly name: string
  /** The region's name in Amazon Pay's SDKs and in the signed header `x-amz-pay-region`. */
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
 * Reads the input region; null if it is empty.
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
 * Reads the input pay-environment; null if it is empty.
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

/** A value that one side does not know cannot differ. */
export function differs<T>(one: T | null, other: T | null): boolean {
  return one !== null && other !== null && one !== other
}

/**
 * Compares region and environment with those of a key.
 * @param subject where the key's values come from, such as `the key record`
 * @throws Problem `region-mismatch` or `pay-environment-mismatch`
 */
export function assertSameScope(
  given: PayScope,
  known: PayScope,
  subject = 'the key record',
): void {
  if (differs(given.region, known.region)) {
    throw new Problem(
      'region-mismatch',
      `region is ${given.region}, but ${subject} says ${known.region}`,
      `set region to ${known.region} or leave it empty; for a key of another region, use another prefix`,
    )
  }
  if (differs(given.payEnvironment, known.payEnvironment)) {
    throw new Problem(
      'pay-environment-mismatch',
      `pay-environment is ${given.payEnvironment}, but ${subject} says ${known.payEnvironment}`,
      `set pay-environment to ${known.payEnvironment} or leave it empty; for a key of the other environment, use another prefix`,
    )
  }
}

/** The name of a region and environment in messages: `EU (Europe and United Kingdom, live)`. */
export function scopeName(region: Region, payEnvironment: PayEnvironment): string {
  return `${region.toUpperCase()} (${regions[region].name}, ${payEnvironment})`
}
