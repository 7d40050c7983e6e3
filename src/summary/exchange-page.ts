import {
  exchangeSteps,
  integrationCentralLinks,
  menuPath,
  otherPageNote,
  proposedKeyName,
  publicKeyFileName,
  requiredRole,
} from '../domain/amazon-pay/integration-central.ts'
import { checklist, code, fenced, link, numbered, text } from './markdown.ts'
import type { KeyFacts, Outcome } from './outcome.ts'

/** The exchange page for an issue or a chat, where boxes can be ticked. */
export function exchangeMarkdown(outcome: Outcome): string {
  return exchangePage(outcome, checklist)
}

/** The same for the job summary. */
export function exchangeSection(outcome: Outcome): string {
  return exchangePage(outcome, numbered)
}

function exchangePage(outcome: Outcome, list: (items: readonly string[]) => string): string {
  const { key } = outcome
  if (!key) return ''
  return [
    title(outcome),
    list([
      openStep(outcome),
      ...exchangeSteps({ ...outcome, keyName: keyName(outcome, key) }),
      nextStep(outcome),
    ]),
    otherPageNote,
    fenced('text', key.publicKey),
    isUnstaged(outcome) ? '' : 'Your shop does not use this key until you activate it.',
    '#### Before you paste: check that this is the right key',
    `The fingerprint of this key is ${code(key.fingerprint)}. Run this command on the downloaded public key file; it must print the same:`,
    fenced('sh', fingerprintCommand(outcome, key)),
    `Trust this page only on GitHub, in the summary of ${link('a run', outcome.run.url)} of ${workflowOf(outcome)}. Do not trust a copy sent by email or chat: it may contain someone else's public key.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** A key that was only validated. It is not known whether it was exchanged before. */
const isUnstaged = ({ status }: Outcome): boolean => status === 'valid'

function title(outcome: Outcome): string {
  return isUnstaged(outcome)
    ? '### Exchange the public key, if it has no Public Key ID yet'
    : '### Exchange the public key'
}

function openStep({ region }: Outcome): string {
  const links = integrationCentralLinks(region).map(({ text, url }) => link(text, url))
  const which = region ? '' : ', for the region of your shop (a key works in one region only)'
  return `Open ${links.join(' or ')}${which}. If the link does not work, use the menu: ${menuPath}. ${requiredRole}`
}

/** The name for the key in Integration Central: who uses it, for what, since when, and which key it is. */
function keyName(outcome: Outcome, key: KeyFacts): string {
  return proposedKeyName({
    owner: outcome.targets[0]?.target ?? outcome.run.repository,
    payEnvironment: outcome.payEnvironment,
    madeAt: outcome.madeAt,
    shortFingerprint: key.shortFingerprint,
  })
}

function nextStep(outcome: Outcome): string {
  const { run } = outcome
  const form = run.workflowUrl ? link('this workflow', run.workflowUrl) : 'this workflow'
  if (isUnstaged(outcome)) {
    return `Start ${form} with ${code('command: generate')} and this key as ${code('private-key')} (from a secret), then with ${code('command: activate')} and the Public Key ID.`
  }
  return `Open ${form}, press **Run workflow**, choose command ${code('activate')} and paste the Public Key ID. If a job of this run is waiting for your approval, paste it into the approval comment instead.`
}

function fingerprintCommand(outcome: Outcome, { shortFingerprint }: KeyFacts): string {
  const file = publicKeyFileName({ ...outcome, shortFingerprint })
  return `echo "SHA256:$(openssl pkey -pubin -in ${file} -outform DER |\n  openssl dgst -sha256 -binary | openssl base64 | tr -d =)"`
}

/** The workflow and branch whose page can be trusted: a run of another branch may use a changed workflow. */
function workflowOf({ run }: Outcome): string {
  const file = run.workflow ? `workflow ${code(run.workflow)}` : 'your own workflow'
  const branch = run.ref ? `branch ${code(run.ref)}` : 'the default branch'
  return `${file} on ${branch} of ${text(run.repository)}`
}
