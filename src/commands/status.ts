import { daysWords, healthOf } from '../domain/rotation/health.ts'
import { isDead } from '../domain/rotation/lock.ts'
import type { KeyRecord } from '../domain/rotation/record.ts'
import { type Slot, slots } from '../domain/rotation/slots.ts'
import { shownId, trusted } from '../domain/rotation/view.ts'
import type { TargetHealth } from '../summary/outcome.ts'
import { type Step, timeOf } from './shared/context.ts'
import { recordKey, recordScope } from './shared/facts.ts'
import { readRing } from './shared/keys.ts'
import { inspectAll, type Row, recordResult, refuse } from './shared/targets.ts'

/** Shows the state of each target's keys and the next step. Writes nothing. */
export async function status(step: Step): Promise<void> {
  const ring = await readRing(step)
  const { rows, findings } = await inspectAll(step, ring)
  refuse(step, findings)
  const checked = rows.map((row) => ({ ...row, health: healthOfRow(step, row) }))
  step.book.record({ health: checked.map(({ health }) => health) })
  recordFacts(step, rows)
  for (const { target, health } of checked) {
    recordResult(step, target, 'unchanged', lineOf(health))
    const { text } = health.nextStep
    for (const { fact, next, ...code } of health.findings) {
      const hint = next === null || next === text ? text : `first, ${text}`
      step.book.warn({ ...code, fact: `${target.label}: ${fact}`, hint })
    }
  }
  step.book.record({ status: 'ok' })
}

function healthOfRow(step: Step, { target, view }: Row): TargetHealth {
  const now = timeOf(step)
  const locked = view.lock !== null && !isDead(view.lock, now, step.world.runner.run)
  const { maxAgeDays } = step.inputs
  return { label: target.label, ...healthOf(view, { now, maxAgeDays, locked }) }
}

/** Sets the outputs from the first compared record of each slot: a record that was not compared may be forged. */
function recordFacts(step: Step, rows: readonly Row[]): void {
  const { book, names } = step
  const first = (slot: Slot): KeyRecord | null =>
    rows.map(({ view }) => trusted(view.slots[slot])).find((record) => record !== null) ?? null
  const [current, next, previous] = [first('current'), first('next'), first('previous')]
  recordScope(step, [current, next, previous], current?.publicKeyId ?? null)
  book.record({
    publicKeyId: current?.publicKeyId?.id ?? null,
    previousPublicKeyId: previous?.publicKeyId?.id ?? null,
    secretName: current ? names.privateKey.current : null,
  })
  const waiting = next && next.publicKeyId === null && next.fingerprint !== current?.fingerprint
  if (waiting) {
    // So that a reminder in an issue or a chat can include the exchange page.
    recordKey(step, next.publicKey)
    book.record({ exchange: true, madeAt: next.madeAt })
  } else if (current) {
    recordKey(step, current.publicKey)
  }
}

function lineOf(health: TargetHealth): string {
  const parts = slots.map((slot) => {
    const { record, compared, days, since } = health[slot]
    if (since === null) return `${slot} empty`
    const id = shownId(health[slot])
    const key = record
      ? `${record.fingerprint}${compared ? '' : ' (not compared)'}`
      : 'without a readable record'
    return `${slot} ${key}${id ? ` ${id}` : ''}, ${daysWords(days ?? 0)}`
  })
  return `${parts.join('; ')}. Next: ${health.nextStep.text}`
}
