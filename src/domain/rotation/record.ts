import { createPublicKey, type KeyObject } from 'node:crypto'
import { type PayEnvironment, type Region, regionCodes } from '../amazon-pay/region.ts'
import { fingerprint } from '../key/fingerprint.ts'
import { publicKeyPem } from '../key/pair.ts'
import { Problem } from '../problem.ts'

/**
 * What is known of the key in a slot. GitHub secrets cannot be read back, so this stands beside each of them
 * in a variable, as one line of JSON. It holds public facts only.
 */
export interface KeyRecord {
  readonly version: 1
  readonly fingerprint: string
  /** SPKI PEM, LF, with a final newline. */
  readonly publicKey: string
  /** Null until an activation begins. */
  readonly publicKeyId: string | null
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
  /** UTC, to the second: `2026-11-24T21:30:00Z`. */
  readonly madeAt: string
  readonly activatedAt: string | null
  /** URL of the run that wrote the record. */
  readonly run: string
}

/** A point in time as records write it. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

/** The one written form. Members that this version does not know were kept by `readKeyRecord` and stay. */
export function writeKeyRecord(record: KeyRecord): string {
  return JSON.stringify(record)
}

/**
 * Reads a record strictly: a record that says something else than it should is a reason to stop and look,
 * never a reason to write over it.
 * @param variable name of the variable, for the message
 * @throws Problem `record-unreadable`
 */
export function readKeyRecord(text: string, variable: string): KeyRecord {
  const unreadable = (what: string): Problem =>
    new Problem(
      'record-unreadable',
      `the key record in variable ${variable} cannot be trusted: ${what}`,
      `compare it with what this action wrote in an earlier run; then correct variable ${variable}, or delete it together with its secret, by hand`,
    )
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unreadable('it is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable('it is not a JSON object')
  }
  const members = value as Record<string, unknown>
  if (members.version !== 1) {
    throw unreadable(
      'its version is not 1 (a newer amazon-pay-keys may have written it: use that one)',
    )
  }
  const misshapen = Object.entries(memberShapes).find(([name, fits]) => !fits(members[name]))
  if (misshapen) throw unreadable(`its member ${misshapen[0]} is missing or malformed`)
  const record = members as unknown as KeyRecord
  const publicKey = publicKeyOf(record.publicKey)
  if (!publicKey || fingerprint(publicKey) !== record.fingerprint) {
    throw unreadable('its publicKey does not hash to its fingerprint')
  }
  // Whatever stood around the key is not shown to anybody.
  return { ...record, publicKey: publicKeyPem(publicKey) }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isTime = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) &&
  !Number.isNaN(Date.parse(value))
const orNull =
  (fits: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || fits(value)

const isPublicKeyId = (value: unknown): boolean =>
  typeof value === 'string' && /^(?:(?:SANDBOX|LIVE)-)?[A-Z0-9]{24}$/.test(value)
/** It is shown, and anybody who may write variables may have written it. */
const isRun = (value: unknown): boolean => isText(value) && String(value).length <= 500

const memberShapes: Readonly<Record<string, (value: unknown) => boolean>> = {
  fingerprint: isText,
  publicKey: isText,
  publicKeyId: orNull(isPublicKeyId),
  region: orNull((value) => regionCodes.includes(value as Region)),
  payEnvironment: orNull((value) => value === 'live' || value === 'sandbox'),
  madeAt: isTime,
  activatedAt: orNull(isTime),
  run: isRun,
}

function publicKeyOf(publicKey: string): KeyObject | null {
  // createPublicKey would also take a private key and derive from it; a record never holds one.
  if (!publicKey.startsWith('-----BEGIN PUBLIC KEY-----\n')) return null
  try {
    return createPublicKey(publicKey)
  } catch {
    return null
  }
}
