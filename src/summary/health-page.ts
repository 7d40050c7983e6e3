import { daysWords, type NextStep, type SlotHealth } from '../domain/rotation/health.ts'
import type { Slot } from '../domain/rotation/slots.ts'
import { cell, code, link, table, text } from './markdown.ts'
import { type Outcome, serverOf } from './outcome.ts'

/** One table for each target, one row for each slot: as columns, the slots would be too narrow to read. */
export function healthSection(outcome: Outcome): string {
  const { health, maxAgeDays } = outcome
  const server = serverOf(outcome)
  return [
    ...health.flatMap(({ label, current, next, previous, due, nextStep }) => [
      `### ${code(label)}`,
      table(
        ['Slot', 'Key', 'Age'],
        [
          [
            '**Current**',
            slot('current', current, server),
            due ? `${age(current)}: **due**` : age(current),
          ],
          ['**Next**', slot('next', next, server), age(next)],
          ['**Previous**', slot('previous', previous, server), timeInSlot(previous)],
        ],
      ),
      [due ? '> [!IMPORTANT]' : '> [!TIP]', `> Next step: ${step(nextStep, outcome)}.`].join('\n'),
    ]),
    `A key is due for rotation when it is ${daysWords(maxAgeDays)} old (input ${code('max-age-days')}).`,
  ].join('\n\n')
}

/** With a link to the form if the step is a command. */
function step({ text: words, command }: NextStep, { run }: Outcome): string {
  const form = command && run.workflowUrl ? ` (${link('open the form', run.workflowUrl)})` : ''
  return `${text(words)}${form}`
}

function age({ days }: SlotHealth): string {
  return days === null ? '' : daysWords(days)
}

/** A previous key may be older: what counts is how long it has been kept. */
function timeInSlot(health: SlotHealth): string {
  return health.days === null ? '' : `kept for ${age(health)}`
}

function slot(name: Slot, health: SlotHealth, server: string): string {
  const { record, secret, stored, compared } = health
  if (!secret && !stored) return 'empty'
  if (!record) {
    return `no readable key record; last changed ${text(secret?.updatedAt ?? stored?.updatedAt ?? '')}`
  }
  // Everyone with write access can write a record of a key of their own, so nothing is shown that a person could act on.
  if (!compared) {
    const why = secret
      ? `not compared with its secret: start a new run that passes ${code(`${name}-private-key`)}`
      : '**its secret does not exist**'
    return `${cell(record.fingerprint)}<br>${why}`
  }
  const since = [
    [record.region, record.payEnvironment].filter((known) => known).join(' '),
    `created ${record.madeAt.slice(0, 10)}`,
    record.activatedAt ? `activated ${record.activatedAt.slice(0, 10)}` : '',
    record.rolledBackAt ? `rolled back ${record.rolledBackAt.slice(0, 10)}` : '',
  ]
  const run = server && record.run.startsWith(`${server}/`) ? link('run', record.run) : ''
  const lines = [
    cell(record.fingerprint),
    record.publicKeyId ? cell(record.publicKeyId.id) : 'no Public Key ID yet',
    [...since.filter((part) => part !== '').map(text), run]
      .filter((part) => part !== '')
      .join(', '),
    secret ? '' : '**its secret does not exist**',
  ]
  return lines.filter((line) => line !== '').join('<br>')
}
