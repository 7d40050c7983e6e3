import { deletionSteps } from '../domain/amazon-pay/integration-central.ts'
import { regions } from '../domain/amazon-pay/region.ts'
import { daysWords, type SlotStanding } from '../domain/rotation/health.ts'
import { exchangeMarkdown } from './exchange-page.ts'
import { cell, checklist, code, fenced, link, table, text } from './markdown.ts'
import type { Outcome } from './outcome.ts'

/** The job summary: what is true now, and what a person does next. Written for success and failure alike. */
export function page(outcome: Outcome): string {
  const parts = [
    `## ${title(outcome)}`,
    problems(outcome),
    body(outcome),
    targets(outcome),
    warnings(outcome),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function title(outcome: Outcome): string {
  const { command, status, newKey, prefix } = outcome
  const what = {
    staged: newKey ? 'A new Amazon Pay key is staged' : 'An Amazon Pay key is staged',
    activated: 'The Amazon Pay key is activated',
    retired: 'The previous Amazon Pay key is retired',
    valid: 'The Amazon Pay key is valid',
    ok: 'Where the Amazon Pay keys stand',
    planned: `Dry run of ${command}: nothing was written`,
  } as const
  return status ? `${what[status]} (${text(prefix)})` : `Amazon Pay keys: ${text(command)} failed`
}

function problems({ problems }: Outcome): string {
  return problems
    .map(({ code: name, fact, hint }) =>
      ['> [!CAUTION]', `> **${name}**: ${text(fact)}.`, '>', `> Next: ${text(hint)}.`].join('\n'),
    )
    .join('\n\n')
}

function body(outcome: Outcome): string {
  const { status, command } = outcome
  if (status === 'staged') return staged(outcome)
  if (status === 'activated') return activated(outcome)
  if (status === 'valid') return valid(outcome)
  if (status === 'retired') return retired(outcome)
  if (status === 'ok') return standings(outcome)
  if (command === 'retire') return mustBeTrue(outcome)
  return outcome.key ? facts(outcome) : ''
}

function staged(outcome: Outcome): string {
  const { names } = outcome
  const where = `The private key waits, sealed, in secret ${code(names.privateKey.next)}. Nothing uses it yet: the current pair was not touched.`
  return [where, facts(outcome), exchangeMarkdown(outcome)].join('\n\n')
}

/** What is known of the key, as a table. */
function facts(outcome: Outcome): string {
  const { key, record, region, payEnvironment, publicKeyId, artifact, names, status } = outcome
  const rows: [string, string][] = []
  if (key) rows.push(['Fingerprint', cell(key.fingerprint)])
  if (publicKeyId) rows.push(['Public Key ID', cell(publicKeyId)])
  if (region) rows.push(['Region', text(regions[region].name)])
  if (payEnvironment) rows.push(['For', payEnvironment === 'live' ? 'live orders' : 'the sandbox'])
  if (record) rows.push(['Made', text(record.madeAt)])
  if (status === 'activated' && record?.activatedAt)
    rows.push(['Current since', text(record.activatedAt)])
  if (status === 'staged') rows.push(['Waits in', cell(names.privateKey.next)])
  if (artifact) {
    rows.push([
      'Public key file',
      artifact.url ? link(artifact.name, artifact.url) : cell(artifact.name),
    ])
  }
  return table(['Key', 'Value'], rows)
}

function activated(outcome: Outcome): string {
  const { names, record } = outcome
  return [
    `Secrets ${code(names.privateKey.current)} and ${code(names.publicKeyId)} hold this pair now.`,
    facts(outcome),
    proof(outcome),
    '### What follows',
    checklist([
      'Redeploy every consumer of the key.',
      ...endOfOldKey(outcome),
      `The next rotation is due on ${text(dueDate(record?.madeAt))}, 90 days after this key was made. ${code('command: status')} on a schedule reminds you.`,
    ]),
    wayBack(outcome),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** How the key that was current before comes to its end. */
function endOfOldKey({ previousPublicKeyId, previousKept }: Outcome): string[] {
  if (!previousPublicKeyId && !previousKept) return []
  const id = previousPublicKeyId ? `Public Key ID ${code(previousPublicKeyId)}` : 'the old key'
  return [
    'Wait for runs that may still hold the old pair: GitHub reads repository and organization secrets when a run is *queued*, environment secrets when a *job starts*. A run that was queued earlier signs with the old pair, which still works; a re-run may do so as well.',
    previousKept
      ? `When nothing uses the old pair any more, delete ${id} in Integration Central, then run ${code('command: retire')}.`
      : `Delete ${id} in Integration Central as soon as every consumer is redeployed, at once after a leak. It was not kept: there is no way back to it.`,
  ]
}

/** The step that goes back to the previous pair. */
function wayBack({ names, previousPublicKeyId, previousKept }: Outcome): string {
  if (!previousKept) return ''
  const step = [
    'command: activate',
    `public-key-id: ${previousPublicKeyId ?? '# from its record'}`,
    `private-key: \${{ secrets.${names.privateKey.previous} }}`,
    `previous-private-key: \${{ secrets.${names.privateKey.current} }}`,
  ].join('\n')
  return ['### To roll back until then', fenced('yaml', step)].join('\n\n')
}

function dueDate(madeAt: string | undefined): string {
  if (!madeAt) return 'a day that status tells'
  return new Date(Date.parse(madeAt) + 90 * 86_400_000).toISOString().slice(0, 10)
}

function proof({ proof }: Outcome): string {
  if (!proof) return ''
  const { answer, judgement } = proof
  if (answer === 'skipped') {
    return 'Amazon Pay was **not asked** about this pair.'
  }
  const said = judgement?.status
    ? ` It answered ${judgement.status} ${code(judgement.reasonCode ?? 'without reasonCode')}${judgement.message ? ` “${text(judgement.message)}”` : ''}${judgement.requestId ? ` (${code('x-amz-pay-request-id')} ${code(judgement.requestId.slice(0, 80))})` : ''}.`
    : ' It did not answer.'
  const meaning = {
    accepted:
      'Amazon Pay **accepts** the pair. This proves that this private key and this Public Key ID belong together in some merchant’s account; it does not prove that the account is yours.',
    rejected: 'Amazon Pay **rejects** the pair.',
    undecided: 'Amazon Pay left it **undecided**: nothing is said about the pair.',
  }[answer]
  return meaning + said
}

function valid(outcome: Outcome): string {
  return [
    'RSA, 2048 bits, e = 65537, and its numbers fit together. The normalised public key is in the output and in the file.',
    facts(outcome),
    outcome.proof?.answer === 'skipped' ? '' : proof(outcome),
    // With a Public Key ID it has been exchanged.
    outcome.publicKeyId === null ? exchangeMarkdown(outcome) : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function retired(outcome: Outcome): string {
  const { previousFingerprint, previousPublicKeyId, names } = outcome
  if (!previousFingerprint) return 'There was no previous key.'
  return [
    `Amazon Pay does not know Public Key ID ${code(previousPublicKeyId ?? '')} any more. Secret ${code(names.privateKey.previous)} and variable ${code(names.record.previous)} (key ${code(previousFingerprint)}) are deleted: this rotation is finished.`,
    proof(outcome),
  ].join('\n\n')
}

/** What must be true before the old key may go. */
function mustBeTrue(outcome: Outcome): string {
  const { previousPublicKeyId, openRuns, region } = outcome
  if (!previousPublicKeyId) return ''
  const central = region
    ? ` (${link(regions[region].name, regions[region].integrationCentral)})`
    : ''
  return [
    proof(outcome),
    `### Before the old key may go${central}`,
    checklist([
      'Every consumer of the key is redeployed.',
      openRuns.length === 0
        ? 'No run that was queued before the activation is still open.'
        : `These runs from before the activation are over: ${openRuns.map((run) => link(run.name || run.url, run.url)).join(', ')}.`,
      ...deletionSteps(previousPublicKeyId),
      `Run ${code('command: retire')} again.`,
    ]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** A table for each target: side by side, the slots would be too narrow to read. */
function standings({ standings, maxAgeDays, run }: Outcome): string {
  // A record may have been written by anybody: its link stays on this GitHub.
  const server = /^https?:\/\/[^/]+/.exec(run.url)?.[0] ?? ''
  return [
    ...standings.flatMap(({ target, environment, current, next, previous, due, nextStep }) => [
      `### ${environment === null ? code(target) : `${code(target)}, environment ${code(environment)}`}`,
      table(
        ['Slot', 'Key', 'Age'],
        [
          ['**Current**', slot(current, server), due ? `${age(current)}: **due**` : age(current)],
          ['**Next**', slot(next, server), age(next)],
          ['**Previous**', slot(previous, server), age(previous)],
        ],
      ),
      [due ? '> [!IMPORTANT]' : '> [!TIP]', `> Next step: ${text(nextStep)}.`].join('\n'),
    ]),
    `A key is due for rotation when it is ${daysWords(maxAgeDays)} old.`,
  ].join('\n\n')
}

function age({ days }: SlotStanding): string {
  return days === null ? '' : daysWords(days)
}

function slot({ record, secret }: SlotStanding, server: string): string {
  if (!record && !secret) return 'empty'
  if (!record) {
    return `secret without record, stored ${text(secret?.createdAt ?? '')}, changed ${text(secret?.updatedAt ?? '')}`
  }
  const since = [
    [record.region, record.payEnvironment].filter((known) => known).join(' '),
    `made ${record.madeAt.slice(0, 10)}`,
    record.activatedAt ? `activated ${record.activatedAt.slice(0, 10)}` : '',
  ]
  const run = record.run.startsWith(`${server}/`) ? link('run', record.run) : ''
  const lines = [
    cell(record.fingerprint),
    record.publicKeyId ? cell(record.publicKeyId) : 'no Public Key ID yet',
    [...since.filter((part) => part !== '').map(text), run]
      .filter((part) => part !== '')
      .join(', '),
    secret ? '' : '**its secret is gone**',
  ]
  return lines.filter((line) => line !== '').join('<br>')
}

function targets({ targets, status }: Outcome): string {
  // A refusal before anything was looked at has no targets; status has a table of its own.
  if (targets.length === 0 || status === 'ok') return ''
  if (targets.length === 1 && status !== null && status !== 'planned') return ''
  const rows = targets.map(({ target, environment, result, code: name, message }) => [
    place(target, environment),
    result === 'torn' ? '**torn**' : result,
    name ? cell(name) : '',
    text(message),
  ])
  return ['### Targets', table(['Target', 'Result', 'Code', 'Message'], rows)].join('\n\n')
}

function place(target: string, environment: string | null): string {
  return environment === null ? cell(target) : `${cell(target)}, environment ${cell(environment)}`
}

function warnings({ warnings }: Outcome): string {
  if (warnings.length === 0) return ''
  const lines = warnings.map(({ fact, hint }) => `- ${text(fact)}. Next: ${text(hint)}.`)
  return ['### Warnings', lines.join('\n')].join('\n\n')
}
