import {
  exchangeSteps,
  proposedKeyName,
  publicKeyFileName,
} from '../domain/amazon-pay/integration-central.ts'
import { regionCodes, regions } from '../domain/amazon-pay/region.ts'
import { checklist, code, fenced, link, text } from './markdown.ts'
import type { KeyFacts, Outcome } from './outcome.ts'

/** The page from which a person exchanges a public key for a Public Key ID, without any other page. */
export function exchangeMarkdown(outcome: Outcome): string {
  const { key } = outcome
  if (!key) return ''
  return [
    '### Exchange this public key in Integration Central',
    checklist([
      openStep(outcome),
      ...exchangeSteps({
        region: outcome.region,
        payEnvironment: outcome.payEnvironment,
        keyName: keyName(outcome, key),
      }),
    ]),
    fenced('text', key.publicKey),
    nextLine(outcome),
    trustLines(outcome, key),
  ].join('\n\n')
}

export function keyName(outcome: Outcome, key: KeyFacts): string {
  return proposedKeyName({
    prefix: outcome.prefix,
    madeAt: outcome.record?.madeAt ?? null,
    shortFingerprint: key.shortFingerprint,
  })
}

function openStep({ region }: Outcome): string {
  if (region) {
    const { name, integrationCentral } = regions[region]
    return `Open ${link(`Integration Central, ${name}`, integrationCentral)} and sign in as somebody who may manage Amazon Pay.`
  }
  const links = regionCodes.map((code) =>
    link(regions[code].name, regions[code].integrationCentral),
  )
  return `Open Integration Central of the region that this key is for (${links.join(', ')}) and sign in as somebody who may manage Amazon Pay. A key works in one region only.`
}

function nextLine(outcome: Outcome): string {
  const { names } = outcome
  if (outcome.command === 'validate') {
    return `**Then** stage the private key with ${code('command: generate')} and this key as ${code('private-key')}, and make the pair current with ${code('command: activate')} and the Public Key ID.`
  }
  const activate = [
    'command: activate',
    'public-key-id: # the Public Key ID you copied',
    `private-key: \${{ secrets.${names.privateKey.next} }}`,
    `previous-private-key: \${{ secrets.${names.privateKey.current} }}`,
  ].join('\n')
  return [
    '**Then** start the workflow that activates, with the Public Key ID as its input; or, where a job waits for your approval, paste the Public Key ID into the approval comment. Until then the checkout goes on with the key it has. These lines of the step name the key:',
    fenced('yaml', activate),
  ].join('\n\n')
}

function trustLines(outcome: Outcome, key: KeyFacts): string {
  const file = publicKeyFileName({
    region: outcome.region,
    payEnvironment: outcome.payEnvironment,
    shortFingerprint: key.shortFingerprint,
  })
  const command = `openssl pkey -pubin -in ${file} -outform DER |\n  openssl dgst -sha256 -binary | openssl base64`
  return [
    `**Is this the right key?** Its fingerprint is ${code(key.fingerprint)}. Of the downloaded file, this prints the same, without ${code('SHA256:')} and with a ${code('=')} at the end:`,
    fenced('sh', command),
    `**Trust this page only** as the summary of ${link('a run', outcome.run.url)} of ${workflow(outcome)}. Whoever sends you a page like it by mail or chat may have put their own public key on it.`,
  ].join('\n\n')
}

/** The one workflow and branch whose page may be believed. */
function workflow({ run }: Outcome): string {
  const file = run.workflow ? `workflow ${code(run.workflow)}` : 'your own workflow'
  const branch = run.ref ? `branch ${code(run.ref)}` : 'the default branch'
  return `${file} on ${branch} of ${text(run.repository)}`
}
