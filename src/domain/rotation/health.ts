import type { KeyRecord } from './record.ts'
import { pairIsYounger, type SlotNames, type Stored, type TargetState } from './slots.ts'

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
  /** Whether the current pair is younger than its record: somebody began to change it and did not finish. */
  readonly unfinished: boolean
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
    unfinished: pairIsYounger(state),
  }
  return {
    ...standing,
    findings: findingsOf(standing, state, names, options.maxAgeDays),
    nextStep: nextStepOf(standing, state, names),
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

/** “1 day”, “2 days”. */
export function daysWords(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}

type Slots = Pick<Standing, 'current' | 'next' | 'previous' | 'due' | 'unfinished'>

/** A staged key that is the current one already: only clearing the slot is left. */
function isActivated({ current, next }: Slots): boolean {
  return next.record !== null && next.record.fingerprint === current.record?.fingerprint
}

/** An activation of the staged key that was begun and not finished. */
function isBegun(standing: Slots): boolean {
  return Boolean(standing.next.record?.publicKeyId) && !isActivated(standing)
}

/** The previous slot holds the current key, and nobody is about to change that: it must not be retired. */
function isSameTwice(standing: Slots): boolean {
  const { current, previous, unfinished } = standing
  const same =
    previous.record !== null && previous.record.fingerprint === current.record?.fingerprint
  return same && !unfinished && !isBegun(standing)
}

function findingsOf(
  standing: Slots,
  state: TargetState,
  names: SlotNames,
  maxAgeDays: number,
): string[] {
  const { current, next, previous, due, unfinished } = standing
  const findings: string[] = []
  if (unfinished) {
    findings.push(
      `secret ${names.privateKey.current} or ${names.publicKeyId} was written after variable ${names.record.current}: an activation or a rollback was cut off, or somebody stored them by hand, and the two may not belong together`,
    )
  }
  if (due && current.days !== null) {
    findings.push(
      `the current key is ${daysWords(current.days)} old; it is due from ${daysWords(maxAgeDays)}`,
    )
  }
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
  if (state.publicKeyId && !current.secret && !current.record) {
    findings.push(`secret ${names.publicKeyId} is there without secret ${names.privateKey.current}`)
  }
  if (next.secret && !next.record) {
    findings.push(`secret ${names.privateKey.next} has no record in variable ${names.record.next}`)
  }
  if (isActivated(standing)) {
    findings.push(
      `variable ${names.record.next} still names the key that is current now: its activation was cut off at the very end${next.secret ? '' : ', which is harmless: the next command: generate replaces it'}`,
    )
  } else if (next.record && !next.secret) {
    findings.push(
      `variable ${names.record.next} is there without secret ${names.privateKey.next}: a staging was cut off`,
    )
  } else if (isBegun(standing)) {
    findings.push(
      `an activation of the staged key with Public Key ID ${next.record?.publicKeyId} was begun and not finished`,
    )
  } else if (next.days !== null && next.days >= stagedTooLong) {
    findings.push(`the staged key has waited for its exchange for ${daysWords(next.days)}`)
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
  if (isSameTwice(standing)) {
    findings.push(
      `variable ${names.record.previous} names the current key as well: an activation or a rollback was cut off; do not delete its Public Key ID at Amazon`,
    )
  } else if (previous.days !== null && previous.days >= previousTooLong) {
    findings.push(`the previous key has been kept for ${daysWords(previous.days)}`)
  }
  return findings
}

/** One step at a time: what is begun is finished first, then what is old is renewed. */
function nextStepOf(standing: Slots, state: TargetState, names: SlotNames): string {
  const { current, next, previous, due, unfinished } = standing
  if (current.secret && !state.publicKeyId) {
    return `store the Public Key ID as secret ${names.publicKeyId}, beside the private key, and let the workflows read it from there`
  }
  if (next.record?.publicKeyId && next.secret) {
    return `finish the activation: run command: activate with public-key-id: ${next.record.publicKeyId}`
  }
  if (unfinished) {
    return 'stop deploys, and run the activation or rollback that was cut off again, with the same inputs; when somebody stored a secret by hand, activate the key that is to be current'
  }
  if (next.record && next.secret) {
    return 'exchange the staged public key in Integration Central (command: generate shows its page again), then run command: activate with the Public Key ID'
  }
  if (next.record && !isActivated(standing)) {
    return 'run command: generate again: it takes over the staging that was cut off'
  }
  if (next.secret && !next.record) {
    return `find out what secret ${names.privateKey.next} is; delete it by hand when nobody needs it`
  }
  if (current.secret && !current.record) {
    return 'take this pair over: run command: generate, exchange the public key, then run command: activate with previous-private-key and previous-public-key-id'
  }
  if (current.record && !current.secret) {
    return previous.secret
      ? `go back to the previous key: run command: activate with private-key: \${{ secrets.${names.privateKey.previous} }} and public-key-id: ${previous.record?.publicKeyId ?? 'its Public Key ID'}; or make a new one with command: generate`
      : 'make a new key with command: generate'
  }
  if (!current.secret) return 'make the first key with command: generate'
  if (isSameTwice(standing)) {
    return `delete secret ${names.privateKey.previous} and variable ${names.record.previous} by hand`
  }
  if (previous.secret && !previous.record) {
    return `find out what secret ${names.privateKey.previous} is; delete it by hand when nobody needs it`
  }
  if (previous.record) {
    return previous.record.publicKeyId
      ? `redeploy everything that uses the key, delete Public Key ID ${previous.record.publicKeyId} in Integration Central, then run command: retire`
      : `look up the previous key in Integration Central, and write its Public Key ID into variable ${names.record.previous} by hand, which command: retire needs`
  }
  if (due) return 'rotate the key: run command: generate'
  return 'nothing to do'
}
