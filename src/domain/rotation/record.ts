import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { type PublicKeyId, parsePublicKeyId } from '../amazon-pay/public-key-id.ts'
import { type PayEnvironment, type Region, regionCodes } from '../amazon-pay/region.ts'
import { fingerprint } from '../key/fingerprint.ts'
import { type KeyPair, publicKeyPem } from '../key/pair.ts'
import { assertPublicPolicy } from '../key/policy.ts'
import { Problem } from '../problem.ts'
import type { Slot } from './slots.ts'

/** The mark: which command has begun to change the current pair and has not finished. */
export type Change = 'activate' | 'rollback'

/**
 * What is known about the key in a slot. GitHub secrets cannot be read back, so each has a variable beside it, with one line
 * of JSON that is signed by the key it describes. It contains public facts only.
 */
export interface KeyRecord {
  readonly publicKey: KeyObject
  readonly fingerprint: string
  /** Null while the key is only staged. */
  readonly publicKeyId: PublicKeyId | null
  readonly region: Region | null
  readonly payEnvironment: PayEnvironment | null
  /** UTC, to the second: `2026-11-24T21:30:00Z`. */
  readonly madeAt: string
  readonly activatedAt: string | null
  /** URL of the run that staged, activated or adopted the key; in `previous`, it is kept. */
  readonly run: string
  readonly change: Change | null
  /** When a rollback took this key out of use. */
  readonly rolledBackAt: string | null
  /** Members that this version does not know. They are kept. */
  readonly others: Readonly<Record<string, unknown>>
}

/** The record of a key without Public Key ID, activation or mark. */
export function newRecord(
  publicKey: KeyObject,
  facts: Pick<KeyRecord, 'region' | 'payEnvironment' | 'madeAt' | 'run'>,
): KeyRecord {
  return {
    publicKey,
    fingerprint: fingerprint(publicKey),
    publicKeyId: null,
    activatedAt: null,
    change: null,
    rolledBackAt: null,
    others: {},
    ...facts,
  }
}

/** A point in time, in the format of the records. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

const signatureMember = /^(\{.*),"signature":"([A-Za-z0-9+/]{342}==)"\}$/s

/** The text of the variable. The signature is the last member and covers everything before it. */
export function writeKeyRecord(record: KeyRecord, slot: Slot, { privateKey }: KeyPair): string {
  const { others, publicKey, publicKeyId, change, rolledBackAt, fingerprint, ...rest } = record
  const unsigned = JSON.stringify({
    version: 1,
    fingerprint,
    publicKey: publicKeyPem(publicKey),
    publicKeyId: publicKeyId?.id ?? null,
    ...rest,
    ...(change ? { change } : {}),
    ...(rolledBackAt ? { rolledBackAt } : {}),
    ...others,
  })
  const signature = sign('sha256', signedText(slot, unsigned), { key: privateKey, padding })
  return `${unsigned.slice(0, -1)},"signature":"${signature.toString('base64')}"}`
}

/**
 * Amazon Pay's requests are signed with PSS. With another padding here, a signature of a record can never be used for a
 * request, or the reverse. The slot is signed too, so that a record cannot be copied to another slot.
 */
const padding = constants.RSA_PKCS1_PADDING

function signedText(slot: Slot, unsigned: string): Buffer {
  return Buffer.from(['amazon-pay-keys key record', slot, unsigned].join('\n'))
}

/**
 * Reads a record strictly: an unexpected record is a reason to stop, never to overwrite it. A valid signature shows only that
 * the record was written with the key that it describes, which may be anyone's. Compare it with the ring before you rely on
 * it.
 * @throws Problem `record-unreadable` or `record-forged`
 */
export function readKeyRecord(text: string, slot: Slot): KeyRecord {
  const record = parse(text, slot)
  const signed = signatureMember.exec(text)
  if (signed && isSignedBy(record.publicKey, slot, signed)) return record
  throw new Problem(
    'record-forged',
    signed
      ? `has no valid signature of the key that it describes for the ${slot} slot: it was edited, or copied from another variable`
      : 'has no signature as its last member, so this action did not write it',
    repair(slot),
  )
}

function isSignedBy(key: KeyObject, slot: Slot, [, head, signature]: RegExpExecArray): boolean {
  const bytes = Buffer.from(`${signature}`, 'base64')
  return verify('sha256', signedText(slot, `${head}}`), { key, padding }, bytes)
}

function repair(slot: Slot): string {
  const by = {
    current: 'run command: adopt to replace it with a record of the pair that your shop uses',
    next: 'delete the variable and run command: generate to write a new record of the staged key',
    previous:
      'when nothing uses the previous key any more, delete it in Integration Central and run command: retire with its Public Key ID as public-key-id',
  }[slot]
  return `find out who changed this variable (an organization has an audit log), then ${by}`
}

function parse(text: string, slot: Slot): KeyRecord {
  const unreadable = (what: string): Problem => new Problem('record-unreadable', what, repair(slot))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unreadable('is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable('is not a JSON object')
  }
  const members = value as Record<string, unknown>
  if (members.version !== 1) {
    throw unreadable(
      'does not have version 1; if a newer version of amazon-pay-keys wrote it, use that version',
    )
  }
  const misshapen = Object.entries(memberChecks).find(([name, fits]) => !fits(members[name]))
  if (misshapen) throw unreadable(`has no member ${misshapen[0]}, or a malformed one`)
  const publicKey = publicKeyOf(members.publicKey as string)
  if (publicKey === null || fingerprint(publicKey) !== members.fingerprint) {
    throw unreadable('has a publicKey that does not match its fingerprint')
  }
  const known = members as unknown as KeyRecord
  return {
    publicKey,
    fingerprint: known.fingerprint,
    publicKeyId: idOf(members.publicKeyId),
    region: known.region,
    payEnvironment: known.payEnvironment,
    madeAt: known.madeAt,
    activatedAt: known.activatedAt,
    run: known.run,
    change: known.change ?? null,
    rolledBackAt: known.rolledBackAt ?? null,
    others: Object.fromEntries(
      Object.entries(members).filter(([name]) => !(name in memberChecks || ownMembers.has(name))),
    ),
  }
}

const ownMembers = new Set(['version', 'signature'])

const maxRunLength = 500
const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isTime = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) &&
  !Number.isNaN(Date.parse(value))
const orNull =
  (fits: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || fits(value)
const orMissing =
  (fits: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || fits(value)

const memberChecks: Readonly<Record<string, (value: unknown) => boolean>> = {
  fingerprint: isText,
  publicKey: isText,
  publicKeyId: orNull((value) => idOf(value) !== null),
  region: orNull((value) => regionCodes.includes(value as Region)),
  payEnvironment: orNull((value) => value === 'live' || value === 'sandbox'),
  madeAt: isTime,
  activatedAt: orNull(isTime),
  run: (value) => isText(value) && String(value).length <= maxRunLength,
  change: orMissing((value) => value === 'activate' || value === 'rollback'),
  rolledBackAt: orMissing(isTime),
}

/** Accepts an ID only in the form in which this action writes it, without the repairs of an input. */
function idOf(value: unknown): PublicKeyId | null {
  try {
    const parsed = parsePublicKeyId(String(value))
    return parsed.id === value ? parsed : null
  } catch {
    return null
  }
}

/** Accepts a key only in the form in which this action writes it, and only under the key policy. */
function publicKeyOf(pem: string): KeyObject | null {
  try {
    const publicKey = createPublicKey(pem)
    assertPublicPolicy(publicKey)
    // Not so for a private key, from which createPublicKey derives the public one.
    return publicKeyPem(publicKey) === pem ? publicKey : null
  } catch {
    return null
  }
}
