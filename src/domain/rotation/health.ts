import type { ProblemCode } from '../problem.ts'
import type { KeyRecord } from './record.ts'
import type { SlotNames, Stored } from './slots.ts'
import { changeIn, type SlotView, shownId, type TargetView } from './view.ts'

const dayMs = 86_400_000

/** From this age in days, a staged key is reported as waiting too long. */
export const maxStagedDays = 14
/** From this age in days, a previous key is reported as not retired. */
export const maxPreviousDays = 30

/** What to do next: a sentence, and the command to choose in the form. */
export interface NextStep {
  readonly text: string
  readonly command: 'generate' | 'activate' | 'rollback' | 'retire' | 'adopt' | 'status' | null
}

/** The state of one target's keys, and what to do next. */
export interface Health {
  readonly current: SlotHealth
  readonly next: SlotHealth
  readonly previous: SlotHealth
  /** Whether the current key has reached its maximum age; false if there is no key. */
  readonly due: boolean
  readonly findings: readonly Finding[]
  readonly nextStep: NextStep
}

export interface Finding {
  readonly fact: string
  /** Where a record cannot be believed. */
  readonly code?: ProblemCode
}

export interface SlotHealth extends SlotView {
  /** Since when the slot has contained its key; null for an empty slot. */
  readonly since: string | null
  /** Whole days since then. */
  readonly days: number | null
}

export function healthOf(
  view: TargetView,
  options: {
    readonly now: Date
    readonly maxAgeDays: number
    /** Whether another run changes this target now. */
    readonly locked: boolean
  },
): Health {
  const slot = (slot: SlotView, since: string | null): SlotHealth => ({
    ...slot,
    since,
    days: since === null ? null : daysSince(since, options.now),
  })
  const { current, next, previous } = view.slots
  const slots = {
    current: slot(current, madeAt(current)),
    next: slot(next, madeAt(next)),
    previous: slot(previous, changedAt(previous)),
  }
  const due = slots.current.days !== null && slots.current.days >= options.maxAgeDays
  const facts: Facts = { ...slots, ...options, due, view, names: view.names }
  const found = rules.filter(({ when }) => when(facts))
  return {
    ...slots,
    due,
    findings: found.flatMap(({ finding, code }) =>
      finding ? [{ fact: finding(facts), ...(code ? { code: code(facts) } : {}) }] : [],
    ),
    nextStep: found.map(({ next }) => next?.(facts)).find((step) => step) ?? {
      text: 'nothing to do',
      command: null,
    },
  }
}

/** The date in a record that was not compared may be forged, so GitHub's own date is used then. */
function madeAt({ record, compared, secret, stored }: SlotView): string | null {
  return (compared ? record?.madeAt : null) ?? changedAt({ secret, stored })
}

function changedAt({ secret, stored }: Pick<SlotView, 'secret' | 'stored'>): string | null {
  const found: Stored | null = secret ?? stored
  return found?.updatedAt ?? null
}

function daysSince(time: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(time)) / dayMs))
}

/** “1 day”, “2 days”. */
export function daysWords(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}

interface Facts {
  readonly current: SlotHealth
  readonly next: SlotHealth
  readonly previous: SlotHealth
  readonly due: boolean
  readonly locked: boolean
  readonly maxAgeDays: number
  readonly view: TargetView
  readonly names: SlotNames
}

interface Rule {
  readonly when: (facts: Facts) => boolean
  readonly finding?: (facts: Facts) => string
  readonly code?: (facts: Facts) => ProblemCode
  readonly next?: (facts: Facts) => NextStep
}

const step =
  (command: NextStep['command'], text: (facts: Facts) => string) =>
  (facts: Facts): NextStep => ({ command, text: text(facts) })

/** Null unless the record was compared: an ID in a forged record must not be shown. */
const idOf = (slot: SlotHealth): string | null => shownId(slot)

const isSame = (one: KeyRecord | null, other: KeyRecord | null): boolean =>
  one !== null && one.fingerprint === other?.fingerprint

const problemRule = (slot: 'current' | 'next' | 'previous'): Rule => ({
  when: (facts) => facts[slot].problem !== null,
  finding: (facts) => facts[slot].problem?.fact ?? '',
  code: (facts) => facts[slot].problem?.code ?? 'internal',
  next: step(null, (facts) => facts[slot].problem?.hint ?? ''),
})

/**
 * All rules, the most urgent first: finish what was interrupted, then repair what is missing, then renew what is old. The
 * first rule that applies and has a next step decides the next step.
 */
const rules: readonly Rule[] = [
  {
    when: ({ view }) => changeIn(view) !== null,
    finding: ({ view, next }) =>
      `command: ${changeIn(view)} was interrupted${idOf(next) ? ` (Public Key ID ${idOf(next)})` : ''}`,
    next: (facts) => {
      const command = changeIn(facts.view) ?? 'activate'
      const id = idOf(facts.next)
      const words = id ? `public-key-id: ${id}` : 'the same public-key-id'
      const again = command === 'activate' ? `again with ${words}` : 'again'
      return { command, text: `run command: ${command} ${again} to finish it` }
    },
  },
  {
    when: ({ locked }) => locked,
    finding: ({ names }) => `another run is changing the keys now (variable ${names.lock})`,
    next: step('status', () => 'wait until that run has ended, then run command: status again'),
  },
  problemRule('current'),
  problemRule('next'),
  problemRule('previous'),
  {
    when: ({ current }) => current.record !== null && current.secret === null,
    finding: ({ names }) =>
      `variable ${names.record.current} describes a key, but secret ${names.privateKey.current} does not exist`,
    next: (facts) =>
      facts.previous.secret && !facts.next.secret
        ? {
            command: 'rollback',
            text: 'run command: rollback with leaked ticked in the form (keep-previous: false), or run command: generate',
          }
        : { command: 'generate', text: 'run command: generate to stage a new key' },
  },
  {
    when: ({ current }) => current.secret !== null && current.record === null && !current.problem,
    finding: ({ names, current }) =>
      `secret ${names.privateKey.current} has no key record in variable ${names.record.current}, so this action did not store it (last changed at ${current.secret?.updatedAt})`,
    next: step('adopt', () => 'run command: adopt with the Public Key ID that your shop uses now'),
  },
  {
    when: ({ current, view }) => current.secret !== null && view.publicKeyId === null,
    finding: ({ names }) =>
      `secret ${names.privateKey.current} exists, but secret ${names.publicKeyId} does not`,
    next: step(
      'adopt',
      ({ names }) =>
        `run command: adopt to store the Public Key ID in secret ${names.publicKeyId}, and let your shop read it from there`,
    ),
  },
  {
    when: ({ view, current }) =>
      view.publicKeyId !== null && !current.secret && !current.record && changeIn(view) === null,
    finding: ({ names }) =>
      `secret ${names.publicKeyId} exists, but secret ${names.privateKey.current} does not`,
  },
  {
    when: ({ next }) => next.secret !== null && next.record === null && !next.problem,
    finding: ({ names }) =>
      `secret ${names.privateKey.next} has no key record in variable ${names.record.next}`,
    next: step('generate', () => 'run command: generate to write the key record of the staged key'),
  },
  {
    when: ({ next, current }) => isSame(next.record, current.record),
    finding: () =>
      'the staged key is the current key: a leftover, which command: generate removes the next time',
  },
  {
    when: ({ next, view, current }) =>
      next.record !== null &&
      next.secret === null &&
      changeIn(view) === null &&
      !isSame(next.record, current.record),
    finding: ({ names }) =>
      `variable ${names.record.next} exists, but secret ${names.privateKey.next} does not: command: generate was interrupted`,
    next: step(
      'generate',
      () => 'run command: generate again to remove the leftover and stage a key',
    ),
  },
  {
    // An activation needs the slot of the previous key, also where only its record is left.
    when: ({ next, current, previous }) =>
      next.record !== null &&
      next.secret !== null &&
      (previous.secret !== null || previous.record !== null) &&
      !isSame(next.record, current.record) &&
      !isSame(previous.record, current.record),
    next: step(
      'retire',
      () =>
        'a key is staged, and command: activate needs the slot of the previous key: delete the previous key in Integration Central when nothing uses it any more, then run command: retire',
    ),
  },
  {
    when: ({ next, current }) =>
      next.record !== null && next.secret !== null && !isSame(next.record, current.record),
    next: step('activate', ({ next }) =>
      next.compared
        ? 'exchange the staged public key in Integration Central, then run command: activate with the Public Key ID'
        : 'start a new run of command: generate that passes next-private-key, which shows the exchange page of the staged key',
    ),
  },
  {
    when: ({ next, view }) => (next.days ?? 0) >= maxStagedDays && changeIn(view) === null,
    finding: ({ next }) => `the staged key has been waiting for ${daysWords(next.days ?? 0)}`,
  },
  {
    when: ({ current, previous }) => !current.secret && !current.record && !previous.secret,
    next: step('generate', () => 'run command: generate to stage the first key'),
  },
  {
    when: ({ previous }) =>
      previous.secret !== null && previous.record === null && !previous.problem,
    finding: ({ names }) =>
      `secret ${names.privateKey.previous} has no key record in variable ${names.record.previous}`,
    next: step(
      'retire',
      () =>
        'when nothing uses the previous key any more, delete it in Integration Central and run command: retire with its Public Key ID as public-key-id',
    ),
  },
  {
    when: ({ current, previous, view }) =>
      isSame(previous.record, current.record) && changeIn(view) === null,
    finding: () =>
      'the previous key is the current key: do not delete its Public Key ID in Integration Central',
    next: step('retire', () => 'run command: retire to remove the copy of the current key'),
  },
  {
    when: ({ previous, names }) =>
      previous.record !== null && previous.secret === null && names !== null,
    finding: ({ names }) =>
      `variable ${names.record.previous} exists, but secret ${names.privateKey.previous} does not: command: retire was interrupted`,
    next: step('retire', () => 'run command: retire again to finish it'),
  },
  {
    when: ({ previous }) => (previous.days ?? 0) >= maxPreviousDays,
    finding: ({ previous }) =>
      `the previous key has been kept for ${daysWords(previous.days ?? 0)}`,
  },
  {
    when: ({ previous }) => previous.record !== null,
    next: step(
      'retire',
      ({ previous }) =>
        `redeploy everything that uses the key, delete ${shownId(previous) ? `Public Key ID ${shownId(previous)}` : 'the previous key'} in Integration Central, then run command: retire`,
    ),
  },
  {
    when: ({ due }) => due,
    finding: ({ current, maxAgeDays }) =>
      `the current key is ${daysWords(current.days ?? 0)} old, and keys are due for rotation after ${daysWords(maxAgeDays)}`,
    next: step('generate', () => 'run command: generate to rotate the key'),
  },
]
