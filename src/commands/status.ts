import { daysWords, standingOf } from '../domain/rotation/health.ts'
import type { TargetState } from '../domain/rotation/slots.ts'
import { exchangeMarkdown } from '../summary/exchange-page.ts'
import {
  inspectTargets,
  keyFacts,
  knowPlace,
  placeOf,
  publicKeyOfRecord,
  resultOf,
  type Step,
  warn,
} from './step.ts'

/** Shows where every key stands. Needs no key, writes nothing. */
export async function status(step: Step): Promise<void> {
  const { inputs, world, outcome } = step
  const states = await inspectTargets(step, {
    slots: ['current', 'next', 'previous'],
    publicKeyId: true,
    sealing: false,
  })
  const now = world.clock.now()
  const standings = world.targets.map((target, index) => ({
    target,
    standing: standingOf(target, states[index] as TargetState, outcome.names, {
      now,
      maxAgeDays: inputs.maxAgeDays,
    }),
  }))
  outcome.standings = standings.map(({ standing }) => standing)
  outcome.targets = standings.map(({ target, standing }) =>
    resultOf(target, 'unchanged', standing.nextStep),
  )
  const records = states.map(({ records }) => records.current?.record)
  knowPlace(step, records)
  const { runner } = world
  const known = records.find((record) => record)
  runner.output('fingerprint', known?.fingerprint ?? '')
  runner.output('public-key', known?.publicKey ?? '')
  runner.output('public-key-id', known?.publicKeyId ?? '')
  const previous = states.map(({ records }) => records.previous?.record).find((record) => record)
  runner.output('previous-public-key-id', previous?.publicKeyId ?? '')
  runner.output('secret-name', known ? outcome.names.privateKey.current : '')

  const oldest = oldestOf(outcome.standings.map(({ current }) => current))
  runner.output('made-at', oldest?.record?.madeAt ?? oldest?.secret?.updatedAt ?? '')
  runner.output('age-days', oldest?.days == null ? '' : String(oldest.days))
  runner.output('rotation-due', String(outcome.standings.some(({ due }) => due)))
  const waiting = oldestOf(outcome.standings.map(({ next }) => next))
  runner.output('staged-since', waiting?.record?.madeAt ?? waiting?.secret?.updatedAt ?? '')

  tellExchange(step)

  for (const { target, standing } of standings) {
    runner.info(`${placeOf(target)}: ${lineOf(standing)}`)
    for (const fact of standing.findings) {
      warn(step, { fact: `${placeOf(target)}: ${fact}`, hint: standing.nextStep })
    }
  }
  outcome.status = 'ok'
}

/** A staged key that waits: its exchange page, for the issue that reminds of it. */
function tellExchange({ world, outcome }: Step): void {
  const staged = outcome.standings.find(({ next }) => next.record && next.secret)?.next.record
  if (!staged) return
  const { region, payEnvironment } = outcome
  const exchange = {
    ...outcome,
    record: staged,
    key: keyFacts(publicKeyOfRecord(staged)),
    region: staged.region ?? region,
    payEnvironment: staged.payEnvironment ?? payEnvironment,
  }
  world.runner.output('exchange-markdown', exchangeMarkdown(exchange))
}

function oldestOf<T extends { readonly days: number | null }>(slots: readonly T[]): T | undefined {
  return slots
    .filter(({ days }) => days !== null)
    .sort((a, b) => (b.days ?? 0) - (a.days ?? 0))
    .at(0)
}

function lineOf(standing: ReturnType<typeof standingOf>): string {
  const slot = (name: 'current' | 'next' | 'previous'): string => {
    const { record, days } = standing[name]
    if (days === null) return `${name} empty`
    const id = record?.publicKeyId ? ` ${record.publicKeyId}` : ''
    return `${name} ${record?.fingerprint ?? 'without record'}${id}, ${daysWords(days)}`
  }
  return `${slot('current')}; ${slot('next')}; ${slot('previous')}. Next: ${standing.nextStep}`
}
