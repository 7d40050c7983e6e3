import type { ProblemCode } from '../problem.ts'
import type { Change } from './record.ts'
import type { Slot } from './slots.ts'
import { changeIn, type SlotView, shownId, type TargetView, trusted } from './view.ts'

const dayMs = 86_400_000

/** From this age in days, a staged key is reported as waiting too long. */
const maxStagedDays = 14
/** From this age in days, a previous key is reported as not retired. */
const maxPreviousDays = 30

/** What to do next: a sentence, and the command to choose in the form. */
export interface NextStep {
  readonly text: string
  readonly command: 'generate' | 'activate' | 'rollback' | 'retire' | 'adopt' | 'status' | null
}

/** The state of one target's keys, and what to do next. */
export interface Health extends Readonly<Record<Slot, SlotHealth>> {
  /** Whether the current key has reached its maximum age; false if there is no key. */
  readonly due: boolean
  readonly findings: readonly Finding[]
  readonly nextStep: NextStep
}

interface Finding {
  readonly fact: string
  /** Where a record cannot be believed. */
  readonly code?: ProblemCode
  /** What to do about it; null if the next step of the target is that. */
  readonly next: string | null
}

export interface SlotHealth extends SlotView {
  /**
   * Of `current` and `next`, when the key was made; without a compared record, and of `previous`, when GitHub stored it. Null
   * for an empty slot.
   */
  readonly since: string | null
  /** Whole days since then. */
  readonly days: number | null
}

interface HealthOptions {
  readonly now: Date
  readonly maxAgeDays: number
  /** Whether another run changes this target now. */
  readonly locked: boolean
}

export function healthOf(view: TargetView, options: HealthOptions): Health {
  const withAge = (slot: SlotView, since: string | null): SlotHealth => ({
    ...slot,
    since,
    days: since === null ? null : daysSince(since, options.now),
  })
  const { current, next, previous } = view.slots
  const slots = {
    current: withAge(current, madeAt(current)),
    next: withAge(next, madeAt(next)),
    previous: withAge(previous, changedAt(previous)),
  }
  const due = (slots.current.days ?? -1) >= options.maxAgeDays
  const { publicKeyId, names } = view
  const state: State = { ...slots, ...options, due, publicKeyId, names, change: changeIn(view) }
  const found = rules.flatMap((rule) => rule(state) || [])
  return {
    ...slots,
    due,
    findings: found.flatMap(({ fact, code, next }) =>
      fact === undefined ? [] : { fact, next: next?.text ?? null, ...(code ? { code } : {}) },
    ),
    nextStep: found.find(({ next }) => next)?.next ?? { text: 'nothing to do', command: null },
  }
}

/** The date in a record that was not compared may be forged, so GitHub's own date is used then. */
function madeAt(slot: SlotView): string | null {
  return trusted(slot)?.madeAt ?? changedAt(slot)
}

function changedAt({ secret, stored }: SlotView): string | null {
  return (secret ?? stored)?.updatedAt ?? null
}

function daysSince(time: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(time)) / dayMs))
}

/** “1 day”, “2 days”. */
export function daysWords(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}

interface State
  extends Readonly<Record<Slot, SlotHealth>>,
    HealthOptions,
    Pick<TargetView, 'publicKeyId' | 'names'> {
  readonly due: boolean
  readonly change: Change | null
}

/** What applies to a target; false if nothing does. */
type Rule = (
  state: State,
) => false | (Partial<Omit<Finding, 'next'>> & { readonly next?: NextStep })

const run = (command: NextStep['command'], text: string): NextStep => ({ command, text })

const isSame = ({ record }: SlotView, other: SlotView): boolean =>
  record !== null && record.fingerprint === other.record?.fingerprint

const isUnrecorded = ({ secret, record, problem }: SlotView): boolean =>
  secret !== null && record === null && !problem

/** A secret without a believable record is left to rules that come first. */
const isStaged = ({ next, current }: State): boolean =>
  next.secret !== null && !isSame(next, current)

const problemRule =
  (slot: Slot): Rule =>
  ({ [slot]: { problem } }) =>
    problem !== null && {
      fact: problem.fact,
      code: problem.code,
      next: run(null, problem.hint),
    }

function unfinished(change: Change, id: string | null, locked: boolean) {
  const withId = id ? ` with public-key-id: ${id}` : ' with the same public-key-id'
  const again = `run command: ${change} again${change === 'activate' ? withId : ''}`
  return {
    fact: `command: ${change} ${locked ? 'has not finished' : 'was interrupted'}${id ? ` (Public Key ID ${id})` : ''}`,
    next: run(
      change,
      locked
        ? `wait until the run that is changing the keys has ended, at most three minutes; if status still says so, ${again}`
        : `${again} to finish it; do not deploy before it has succeeded`,
    ),
  }
}

/**
 * All rules, the most urgent first: finish what was interrupted, then repair what is missing, then renew what is old. The
 * first rule that applies and has a next step decides the next step.
 */
const rules: readonly Rule[] = [
  ({ change, next, locked }) => change !== null && unfinished(change, shownId(next), locked),
  ({ locked, names }) =>
    locked && {
      fact: `another run is changing the keys now (variable ${names.lock})`,
      next: run('status', 'wait until that run has ended, then run command: status again'),
    },
  problemRule('current'),
  problemRule('next'),
  problemRule('previous'),
  ({ current, next, previous, names }) =>
    current.record !== null &&
    current.secret === null && {
      fact: `variable ${names.record.current} describes a key, but secret ${names.privateKey.current} does not exist`,
      next:
        previous.secret && !next.secret
          ? run(
              'rollback',
              'run command: rollback with leaked ticked in the form (keep-previous: false), or run command: generate',
            )
          : run('generate', 'run command: generate to stage a new key'),
    },
  ({ current, names }) =>
    isUnrecorded(current) && {
      fact: `secret ${names.privateKey.current} has no key record in variable ${names.record.current}, so this action did not store it (last changed at ${current.secret?.updatedAt})`,
      next: run('adopt', 'run command: adopt with the Public Key ID that your shop uses now'),
    },
  ({ current, publicKeyId, names }) =>
    current.secret !== null &&
    publicKeyId === null && {
      fact: `secret ${names.privateKey.current} exists, but secret ${names.publicKeyId} does not`,
      next: run(
        'adopt',
        `run command: adopt to store the Public Key ID in secret ${names.publicKeyId}, and let your shop read it from there`,
      ),
    },
  ({ current, publicKeyId, change, names }) =>
    publicKeyId !== null &&
    !current.secret &&
    !current.record &&
    !change && {
      fact: `secret ${names.publicKeyId} exists, but secret ${names.privateKey.current} does not`,
    },
  ({ next, names }) =>
    isUnrecorded(next) && {
      fact: `secret ${names.privateKey.next} has no key record in variable ${names.record.next}`,
      next: run('generate', 'run command: generate to write the key record of the staged key'),
    },
  ({ next, current }) =>
    isSame(next, current) && {
      fact: 'the staged key is already the current key; the next run of command: generate removes this leftover',
    },
  ({ next, current, change, names }) =>
    next.record !== null &&
    next.secret === null &&
    !change &&
    !isSame(next, current) && {
      fact: `variable ${names.record.next} exists, but secret ${names.privateKey.next} does not: command: generate was interrupted`,
      next: run('generate', 'run command: generate again to remove the leftover and stage a key'),
    },
  // An activation needs the slot of the previous key, also where only its record is left.
  (state) =>
    isStaged(state) &&
    (state.previous.secret !== null || state.previous.record !== null) &&
    !isSame(state.previous, state.current) && {
      next: run(
        'retire',
        'when nothing uses the previous key any more, delete it in Integration Central and run command: retire: command: activate needs its slot for the staged key',
      ),
    },
  (state) =>
    isStaged(state) && {
      next: state.next.compared
        ? run(
            'activate',
            'exchange the staged public key in Integration Central, then run command: activate with the Public Key ID',
          )
        : run(
            'generate',
            'start a new run of command: generate that passes next-private-key, which shows the exchange page of the staged key',
          ),
    },
  ({ next: { days }, change }) =>
    (days ?? 0) >= maxStagedDays &&
    !change && { fact: `the staged key has been waiting for ${daysWords(days ?? 0)}` },
  ({ current, previous }) =>
    !current.secret &&
    !previous.secret && {
      next: run('generate', 'run command: generate to stage the first key'),
    },
  ({ previous, names }) =>
    isUnrecorded(previous) && {
      fact: `secret ${names.privateKey.previous} has no key record in variable ${names.record.previous}`,
      next: run(
        'retire',
        'when nothing uses the previous key any more, delete it in Integration Central and run command: retire with its Public Key ID as public-key-id',
      ),
    },
  ({ current, previous, change }) =>
    isSame(previous, current) &&
    !change && {
      fact: 'the previous key is the current key: do not delete its Public Key ID in Integration Central',
      next: run('retire', 'run command: retire to remove the copy of the current key'),
    },
  ({ previous, names }) =>
    previous.record !== null &&
    previous.secret === null && {
      fact: `variable ${names.record.previous} exists, but secret ${names.privateKey.previous} does not: command: retire was interrupted`,
      next: run('retire', 'run command: retire again to finish it'),
    },
  ({ previous: { days } }) =>
    (days ?? 0) >= maxPreviousDays && {
      fact: `the previous key has been kept for ${daysWords(days ?? 0)}`,
    },
  ({ previous }) => {
    const id = shownId(previous)
    return (
      previous.record !== null && {
        next: run(
          'retire',
          `redeploy everything that uses the key, delete ${id ? `Public Key ID ${id}` : 'the previous key'} in Integration Central, then run command: retire`,
        ),
      }
    )
  },
  ({ due, current, maxAgeDays }) =>
    due && {
      fact: `the current key is ${daysWords(current.days ?? 0)} old, and keys are due for rotation after ${daysWords(maxAgeDays)}`,
      next: run('generate', 'run command: generate to rotate the key'),
    },
]
