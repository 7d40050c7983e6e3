import { deletionSteps, integrationCentralLinks } from '../domain/amazon-pay/integration-central.ts'
import { regions } from '../domain/amazon-pay/region.ts'
import { exchangeSection } from './exchange-page.ts'
import { healthSection } from './health-page.ts'
import { cell, code, link, numbered, prose, table, text } from './markdown.ts'
import { type Outcome, serverOf } from './outcome.ts'

/** The job summary, after success and after failure: the state now, and what to do next. */
export function page(outcome: Outcome): string {
  const sections = [
    `## ${title(outcome)}`,
    problemsSection(outcome),
    ...body(outcome),
    targetsSection(outcome),
    warningsSection(outcome),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

const titles = {
  staged: 'An Amazon Pay key is staged',
  activated: 'The Amazon Pay key is activated',
  'rolled-back': 'The previous Amazon Pay key is current again',
  retired: 'The previous Amazon Pay key is retired',
  adopted: 'The Amazon Pay key is adopted',
  valid: 'The Amazon Pay key is valid',
  ok: 'Amazon Pay key status',
} as const

function title({ command, status, newKey, prefix, problems, targets }: Outcome): string {
  const of = prefix ? ` (${text(prefix)})` : ''
  if (problems.length > 0 || status === null) {
    return `Amazon Pay keys: ${text(command || 'the step')} failed${of}`
  }
  if (status === 'planned') return `Dry run of ${text(command)}: nothing was written${of}`
  if (status === 'retired' && !isChanged(targets)) return `There is no previous Amazon Pay key${of}`
  return `${status === 'staged' && newKey ? 'A new Amazon Pay key is staged' : titles[status]}${of}`
}

const isChanged = (targets: Outcome['targets']): boolean =>
  targets.some(({ result }) => result === 'updated')

function problemsSection(outcome: Outcome): string {
  const words = (value: string): string => prose(value, serverOf(outcome))
  return outcome.problems
    .map(({ code: name, fact, hint }) =>
      ['> [!CAUTION]', `> **${name}**: ${words(fact)}.`, '>', `> Next: ${words(hint)}.`].join('\n'),
    )
    .join('\n\n')
}

function body(outcome: Outcome): string[] {
  if (outcome.problems.length > 0) return failed(outcome)
  switch (outcome.status) {
    case 'staged':
      return staged(outcome)
    case 'activated':
    case 'rolled-back':
      return activated(outcome)
    case 'adopted':
      return adopted(outcome)
    case 'retired':
      return retired(outcome)
    case 'valid':
      return valid(outcome)
    case 'ok':
      return [healthSection(outcome), outcome.exchange ? exchangeSection(outcome) : '']
    default:
      return [outcome.key ? keyTable(outcome) : '']
  }
}

/** After a failure, no key is shown: it may have been staged and removed again, and must not be exchanged then. */
function failed(outcome: Outcome): string[] {
  const { amazonPay, problems } = outcome
  if (problems.some(({ code }) => code === 'still-accepted')) return [beforeDeletion(outcome)]
  // Otherwise the problem contains Amazon's answer already.
  return [amazonPay?.answer === 'accepted' ? amazonPaySection(outcome) : '']
}

function staged(outcome: Outcome): string[] {
  const { names, exchange } = outcome
  return [
    `The private key is stored in secret ${code(names.privateKey.next)}. Nothing uses it yet.`,
    outcome.key ? keyTable(outcome) : '',
    exchange ? exchangeSection(outcome) : '',
  ]
}

/** What is known about the key. */
function keyTable(outcome: Outcome): string {
  const { key, region, payEnvironment, publicKeyId, artifact, names, status } = outcome
  const rows: [string, string][] = []
  if (key) rows.push(['Fingerprint', cell(key.fingerprint)])
  if (publicKeyId) rows.push(['Public Key ID', cell(publicKeyId)])
  if (region) rows.push(['Region', text(regions[region].name)])
  if (payEnvironment) rows.push(['Environment', payEnvironment])
  if (outcome.madeAt) rows.push(['Created', text(outcome.madeAt)])
  if (outcome.activatedAt) rows.push(['Current since', text(outcome.activatedAt)])
  if (status === 'staged') rows.push(['Staged in', cell(names.privateKey.next)])
  if (artifact) {
    const { name, url } = artifact
    rows.push(['Public key file', url ? link(name, url) : cell(name)])
  }
  const hidden = publicKeyId
    ? [
        'If a value is shown as three asterisks, the job received it as a secret, and the runner masks it.',
      ]
    : []
  return [table(['Key', 'Value'], rows), ...hidden].join('\n\n')
}

function activated(outcome: Outcome): string[] {
  const { names } = outcome
  return [
    `The secrets ${code(names.privateKey.current)} and ${code(names.publicKeyId)} contain this pair now.`,
    keyTable(outcome),
    amazonPaySection(outcome),
    '### Next steps',
    numbered([...deploySteps(outcome), ...endOfOldKey(outcome), renewal(outcome)]),
    rollbackSection(outcome),
  ]
}

function deploySteps({ deploys }: Outcome): string[] {
  if (deploys.length === 0) return ['Redeploy everything that uses the key.']
  const started = deploys.map(({ repository, workflow, url }) =>
    link(`${workflow} of ${repository}`, url),
  )
  return [
    `Wait until the deploys that this run started have finished: ${started.join(', ')}. Redeploy everything else that uses the key.`,
  ]
}

function endOfOldKey(outcome: Outcome): string[] {
  const { previousPublicKeyId, previousKept, status } = outcome
  if (!previousPublicKeyId && !previousKept) return []
  const id = previousPublicKeyId ? `Public Key ID ${code(previousPublicKeyId)}` : 'the previous key'
  if (!previousKept) {
    return [
      `After that, delete ${id} in Integration Central (after a leak, at once). This key was not kept, so you cannot roll back to it.`,
    ]
  }
  const isRolledBack = status === 'rolled-back'
  const pair = isRolledBack ? 'pair that you rolled back from' : 'previous pair'
  const when = isRolledBack
    ? 'If you do not need the key that you rolled back from, and nothing uses it any more,'
    : 'When nothing uses the previous pair any more,'
  return [
    `Wait until runs that were queued before this one have ended. They use the ${pair}, which still works: GitHub reads repository and organization secrets when a run is *queued*, and environment secrets when a *job starts*.`,
    `${when} delete ${id} in Integration Central, then run ${command(outcome, 'retire')}.`,
  ]
}

function renewal(outcome: Outcome): string {
  const { madeAt, activatedAt } = outcome
  if (!madeAt) return 'Rotate the key again when `command: status` says so.'
  const due = new Date(Date.parse(madeAt) + 90 * 86_400_000).toISOString().slice(0, 10)
  if (activatedAt && due <= activatedAt) {
    return `This key is more than 90 days old: to replace it, run ${command(outcome, 'generate')}.`
  }
  return `Rotate the key again by ${due}, when it is 90 days old. \`command: status\` on a schedule reminds you.`
}

function rollbackSection(outcome: Outcome): string {
  const { previousKept, previousPublicKeyId: id, status } = outcome
  if (!previousKept) return ''
  if (status === 'rolled-back') {
    if (!id) return ''
    return [
      '### Undo the rollback',
      `To make the key that you rolled back from current again, run ${command(outcome, 'rollback')} with ${code(`public-key-id: ${id}`)}.`,
    ].join('\n\n')
  }
  return [
    '### Roll back',
    `If something is wrong with the new key, run ${command(outcome, 'rollback')}. The previous key becomes current again.`,
  ].join('\n\n')
}

/** A command, with a link to the form. */
function command({ run }: Outcome, name: string): string {
  const words = code(`command: ${name}`)
  return run.workflowUrl ? `${words} in ${link('this workflow', run.workflowUrl)}` : words
}

function adopted(outcome: Outcome): string[] {
  const { names } = outcome
  return [
    `This action now manages the pair in the secrets ${code(names.privateKey.current)} and ${code(names.publicKeyId)}. The private key was not changed.`,
    keyTable(outcome),
    amazonPaySection(outcome),
    '### Next steps',
    numbered([
      `Let everything that uses the key read the Public Key ID from the secret ${code(names.publicKeyId)}, together with the private key.`,
      `To replace the key, run ${command(outcome, 'generate')}.`,
    ]),
  ]
}

function valid(outcome: Outcome): string[] {
  return [
    'The key meets the requirements of Amazon Pay: RSA, 2048 bits, e = 65537.',
    keyTable(outcome),
    outcome.amazonPay?.answer === 'skipped' ? '' : amazonPaySection(outcome),
    outcome.exchange ? exchangeSection(outcome) : '',
  ]
}

function retired(outcome: Outcome): string[] {
  const { previousFingerprint, targets, names } = outcome
  if (!isChanged(targets)) return ['There was no previous key, so nothing was deleted.']
  const key = previousFingerprint ? ` (key ${code(previousFingerprint)})` : ''
  return [
    `The secret ${code(names.privateKey.previous)} and the variable ${code(names.record.previous)}${key} no longer exist. This rotation is finished.`,
    amazonPaySection(outcome),
  ]
}

function amazonPaySection({ amazonPay }: Outcome): string {
  if (!amazonPay) return ''
  const { answer, judgement, about } = amazonPay
  if (answer === 'skipped') return 'This pair was **not verified** with Amazon Pay.'
  const meaning = {
    accepted: `Amazon Pay **accepts** the ${about}: the private key and the Public Key ID belong together in a merchant account. The answer does not show whether the account is yours.`,
    rejected: `Amazon Pay **rejects** the ${about}.`,
    undecided: `Amazon Pay gave an **inconclusive** answer about the ${about}.`,
  }[answer]
  if (!judgement?.status) return `${meaning} It did not answer.`
  const { status, reasonCode, message, requestId } = judgement
  const words = [
    `It answered ${status} ${code(reasonCode ?? 'without reasonCode')}`,
    message ? ` “${text(message)}”` : '',
    requestId ? ` (${code('x-amz-pay-request-id')} ${code(requestId.slice(0, 80))})` : '',
    // Amazon looks for what the request asks for only if the key is right.
    status === 404 ? ', as expected: the request asks for something that does not exist' : '',
  ]
  return `${meaning} ${words.join('')}.`
}

/** A summary may have 1 MiB. */
const maxShownRuns = 20

function beforeDeletion(outcome: Outcome): string {
  const { previousPublicKeyId, openRuns, region } = outcome
  if (!previousPublicKeyId) return ''
  const shown = openRuns.slice(0, maxShownRuns).map((run) => link(run.name || run.url, run.url))
  const more = openRuns.length - shown.length
  const runs = more > 0 ? [...shown, `and ${more} more`] : shown
  return [
    '### Delete the previous key',
    numbered([
      'Redeploy everything that uses the key.',
      runs.length === 0
        ? 'In the Actions tab, check that every run that was queued before the activation has ended.'
        : `Wait until these runs, which were queued before the activation, have ended: ${runs.join(', ')}.`,
      `Open ${integrationCentralLinks(region)
        .map((page) => link(page.text, page.url))
        .join(' or ')}.`,
      ...deletionSteps(previousPublicKeyId),
      `Run ${command(outcome, 'retire')} again.`,
    ]),
  ].join('\n\n')
}

function targetsSection(outcome: Outcome): string {
  const { targets, status, problems } = outcome
  // A step that failed before it looked at targets has none. `status` shows a table for each target instead.
  if (targets.length === 0 || status === 'ok') return ''
  // Of one target, everything is said above already, but for what is planned or half done.
  const [only] = targets
  const isSaid = problems.length === 0 || only?.result === 'untouched'
  if (targets.length === 1 && isSaid && status !== 'planned') return ''
  const rows = targets.map(({ target, environment, result, code: name, message }) => [
    environment === null ? cell(target) : `${cell(target)}, environment ${cell(environment)}`,
    result === 'torn' ? '**torn**' : result,
    name ? cell(name) : '',
    prose(message, serverOf(outcome)),
  ])
  return ['### Targets', table(['Target', 'Result', 'Code', 'Message'], rows)].join('\n\n')
}

function warningsSection(outcome: Outcome): string {
  const { warnings } = outcome
  if (warnings.length === 0) return ''
  const words = (value: string): string => prose(value, serverOf(outcome))
  const lines = warnings.map(({ fact, hint }) => `- ${words(fact)}. Next: ${words(hint)}.`)
  return ['### Warnings', lines.join('\n')].join('\n\n')
}
