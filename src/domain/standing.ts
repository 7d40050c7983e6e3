import type { KeyRecord } from './key-record.ts'
import type { SlotNames, Stored, TargetState } from './slots.ts'

const day = 86_400_000

/** From this age, in days, a staged key that still waits is worth a warning. */
export const stagedTooLong = 14
/** The same for a previous key that nobody retired. */
export const previousTooLong = 30

/** Where the keys of one target stand, and what to do next. */
export interface Standing {
  readonly target: string
  readonly environment: string | null
  readonly current: SlotStanding
  readonly next: SlotStanding
  readonly previous: SlotStanding
  /** Whether the current key is older than it should be; false where there is none. */
  readonly due: boolean
  readonly findings: readonly string[]
  readonly nextStep: string
}

/** One slot: what its record says, and since when its secret is there. */
export interface SlotStanding {
  readonly record: KeyRecord | null
  readonly secret: Stored | null
  /** Whole days since the key was made, staged or replaced; null for an empty slot. */
  readonly days: number | null
}

/** Reads a target's state as a person would who was on holiday. */
export function standingOf(
  target: { readonly name: string; readonly environment: string | null },
  state: TargetState,
  names: SlotNames,
  options: { readonly now: Date; readonly maxAgeDays: number },
): Standing {
  const slot = (name: 'current' | 'next' | 'previous', since: Since): SlotStanding => {
    const record = state.records[name]?.record ?? null
    const secret = state.privateKey[name]
    const from = since(record, state.records[name], secret)
    return { record, secret, days: from === null ? null : daysSince(from, options.now) }
  }
  const current = slot(
    'current',
    (record, _, secret) => record?.madeAt ?? secret?.updatedAt ?? null,
  )
  const next = slot('next', (record, _, secret) => record?.madeAt ?? secret?.updatedAt ?? null)
  const previous = slot(
    'previous',
    (_, stored, secret) => secret?.updatedAt ?? stored?.updatedAt ?? null,
  )
  const due = current.days !== null && current.days >= options.maxAgeDays
  const standing = {
    target: target.name,
    environment: target.environment,
    current,
    next,
    previous,
    due,
  }
  return {
    ...standing,
    findings: findingsOf(standing, state, names, options.maxAgeDays),
    nextStep: nextStepOf(standing, names),
  }
}

type Since = (
  record: KeyRecord | null,
  stored: Stored | null,
  secret: Stored | null,
) => string | null

function daysSince(time: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(time)) / day))
}

type Slots = Pick<Standing, 'current' | 'next' | 'previous' | 'due'>

function findingsOf(
  { current, next, previous, due }: Slots,
  state: TargetState,
  names: SlotNames,
  maxAgeDays: number,
): string[] {
  const findings: string[] = []
  if (due)
    findings.push(`the current key is ${current.days} days old; it is due from ${maxAgeDays} days`)
  if (current.secret && !current.record) {
    findings.push(
      `secret ${names.privateKey.current} has no record in variable ${names.record.current}: stored by hand at ${current.secret.createdAt}, last changed at ${current.secret.updatedAt}`,
    )
  }
  if (current.record && !current.secret) {
    findings.push(
      `variable ${names.record.current} names a key, but secret ${names.privateKey.current} is gone`,
    )
  }
  if (current.secret && !state.publicKeyId) {
    findings.push(`secret ${names.privateKey.current} is there without secret ${names.publicKeyId}`)
  }
  if (next.secret && !next.record) {
    findings.push(`secret ${names.privateKey.next} has no record in variable ${names.record.next}`)
  }
  if (next.record && !next.secret) {
    findings.push(
      `variable ${names.record.next} is there without secret ${names.privateKey.next}: a staging was cut off`,
    )
  }
  if (next.record?.publicKeyId && next.secret) {
    findings.push(
      `an activation of the staged key with Public Key ID ${next.record.publicKeyId} was begun and not finished`,
    )
  }
  if (next.days !== null && next.days >= stagedTooLong) {
    findings.push(`the staged key waits for its exchange since ${next.days} days`)
  }
  if (previous.secret && !previous.record) {
    findings.push(
      `secret ${names.privateKey.previous} has no record in variable ${names.record.previous}`,
    )
  }
  if (previous.record && !previous.secret) {
    findings.push(
      `variable ${names.record.previous} is there without secret ${names.privateKey.previous}`,
    )
  }
  if (previous.record && previous.record.fingerprint === current.record?.fingerprint) {
    findings.push(
      `secret ${names.privateKey.previous} holds the current key as well: do not delete its Public Key ID at Amazon`,
    )
  } else if (previous.days !== null && previous.days >= previousTooLong) {
    findings.push(`the previous key still stands since ${previous.days} days`)
  }
  return findings
}

/** One step at a time: what is begun is finished first, then what is old is renewed. */
function nextStepOf({ current, next, previous, due }: Slots, names: SlotNames): string {
  if (next.record?.publicKeyId && next.secret) {
    return `finish the activation: command: activate with public-key-id: ${next.record.publicKeyId}`
  }
  if (next.record && next.secret) {
    return 'exchange the staged public key in Integration Central (command: generate shows its page again), then command: activate with the Public Key ID'
  }
  if (next.secret) {
    return `find out what secret ${names.privateKey.next} is; delete it by hand when nobody needs it`
  }
  if (current.secret && !current.record) {
    return 'take this pair over: command: generate, exchange, then command: activate with previous-private-key and previous-public-key-id'
  }
  if (current.secret === null) {
    return 'make the first key: command: generate'
  }
  if (previous.record && previous.record.fingerprint === current.record?.fingerprint) {
    return `delete secret ${names.privateKey.previous} and variable ${names.record.previous} by hand`
  }
  if (previous.secret || previous.record) {
    return `redeploy everything that uses the key, delete Public Key ID ${previous.record?.publicKeyId ?? 'of the previous key'} in Integration Central, then command: retire`
  }
  if (due) return 'rotate: command: generate'
  return 'nothing to do'
}
