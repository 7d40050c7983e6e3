import type { PayKey } from '../amazon-pay.ts'
import { fingerprintsOf, isTorn, type Slot, slotsOf } from '../keys.ts'
import type { Run } from '../run.ts'
import type { Scene } from '../scene.ts'
import type { Shop } from '../shop.ts'
import { Html, html, list, time } from './html.ts'

/** Numbers the keys in the order of their appearance, so that one can be followed from slot to slot. */
export interface KeyNames {
  name(fingerprint: string | null): Html
}

const colourCount = 6

export function nameKeys(): KeyNames {
  const known = new Map<string, number>()
  return {
    name(fingerprint) {
      if (fingerprint === null) return html`<span class="muted">empty</span>`
      const number = known.get(fingerprint) ?? known.size + 1
      known.set(fingerprint, number)
      return html`<b class="chip chip-${number % colourCount}" title="${fingerprint}">K${number}</b>`
    },
  }
}

/** The three slots of each target; targets with the same keys are shown once. */
export function keysView(scene: Scene, names: KeyNames): Html {
  const labels = new Map<string, string[]>()
  for (const { label, scope } of scene.situation.targets) {
    const slots = Object.values(slotsOf(scope))
    const rows = html`${slots.map((slot) => slotView(scene, slot, names))}`.text
    labels.set(rows, [...(labels.get(rows) ?? []), label])
  }
  return html`${[...labels].map(
    ([rows, same]) => html`<table class="slots">
      <caption>${same.join(', ')}</caption>
      <thead class="hidden"><tr><th>Slot</th><th>Key and Public Key ID</th></tr></thead>
      <tbody>${new Html(rows)}</tbody></table>`,
  )}`
}

function slotView(scene: Scene, slot: Slot, names: KeyNames): Html {
  const { fingerprint, shortFingerprint, publicKeyId, record } = slot
  const days =
    record && Math.floor((scene.now().getTime() - Date.parse(record.madeAt)) / 86_400_000)
  const remark = isTorn(scene.amazonPay, slot)
    ? html`<b class="bad">torn: half old, half new</b>`
    : record?.change
      ? html`<b class="warn">${record.change} has begun</b>`
      : record
        ? html`<span class="muted">${days} ${days === 1 ? 'day' : 'days'} old</span>`
        : fingerprint !== null && html`<span class="warn">no record</span>`
  return html`<tr><th scope="row">${slot.slot}</th>
    <td>${names.name(fingerprint)} <code>${shortFingerprint}</code> ${remark}
      ${publicKeyId !== null && html`<br><code>${publicKeyId}</code>`}</td></tr>`
}

/** Integration Central’s “Existing API keys”: the newest first, and those last that are deleted. */
export const payKeysView = (keys: readonly PayKey[], names: KeyNames): Html => {
  const isDeleted = ({ status }: PayKey) => status === 'deleted'
  const sorted = keys.toReversed().toSorted((a, b) => Number(isDeleted(a)) - Number(isDeleted(b)))
  return list('No API keys yet.', sorted, (key) => {
    const { id, name, status, views } = key
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const chip = names.name(fingerprintsOf(pem).fingerprint)
    if (isDeleted(key)) {
      return html`<li class="key deleted">${chip} <code>${id}</code> <span class="muted">deleted</span></li>`
    }
    return html`<li class="key ${status}">${chip}
      <code>${id}</code> <button type="button" class="copy" data-copy="${id}" aria-label="Copy Public Key ID ${id}">Copy</button>
      <details name="manage"><summary><span class="muted">${name}, ${key.region.toUpperCase()} ${views.join(' and ')}</span> Manage</summary>
        <form data-post="delete" class="inline" id="key-${id}"><input type="hidden" name="id" value="${id}">
          <label>Type DELETE <input name="confirm" autocomplete="off" size="8" required pattern="DELETE" title="DELETE, in capital letters"></label>
          <button type="submit" class="danger" aria-label="Delete keys of ${id}">Delete keys</button>
          <p class="said wide" role="status"></p></form></details></li>`
  })
}

/** What each shop signs with, how its orders went, and its deploys. */
export const shopsView = (scene: Scene, names: KeyNames): Html =>
  html`${scene.shops.map((shop) => shopView(scene, shop, names))}`

function shopView({ runs, situation }: Scene, shop: Shop, names: KeyNames): Html {
  const { repository, pair, accepted, refused, orders } = shop
  const [last] = orders
  const deploys = runs.filter(
    (run) => run.workflow === situation.deploy && run.repository === repository,
  )
  const { fingerprint } = fingerprintsOf(pair?.privateKey)
  if (pair === undefined) {
    return html`<div class="shop"><p class="muted">${repository} has no key: it cannot sell with Amazon Pay yet.</p>
      ${deploys.length > 0 && html`<p>${deployView(deploys.at(-1))}</p>`}</div>`
  }
  return html`<div class="shop">
    <p>${repository} signs with ${names.name(fingerprint)}</p>
    <p class="counts"><span class="good"><b>${accepted}</b> accepted</span>
      <span class="${refused > 0 ? 'bad' : 'muted'}"><b>${refused}</b> refused</span></p>
    ${
      last !== undefined &&
      !last.accepted &&
      html`<p class="bad">Last order refused: ${last.reasonCode}</p>`
    }
    <p>${deployView(deploys.at(-1))}</p></div>`
}

function deployView(run: Run | undefined): Html {
  if (run === undefined) return html`<span class="muted">No deploy yet.</span>`
  const result = run.jobs.at(-1)?.result
  const code = result?.outputs['error-code'] ?? ''
  const how =
    run.conclusion === 'success'
      ? html`<span class="good">deployed</span>`
      : run.conclusion === 'failure'
        ? html`<b class="bad">stopped by its guard${code && `, ${code}`}</b>`
        : run.waitsFor
          ? html`waits for a reviewer`
          : html`its guard asks Amazon Pay …`
  return html`Deploy <button type="button" class="link" data-run="${run.id}">#${run.id}</button>: ${how}`
}

/** Everything that is stored, as GitHub lists it. */
export function storedView({ github, situation }: Scene, names: KeyNames): Html {
  return html`${situation.targets.map(
    ({ label, scope }) => html`<h3>${label}</h3>
    ${list('No secrets yet.', [...scope.secrets.values()], ({ name, value, updated_at }) => {
      // Not the App's key: it is none of those that are rotated.
      const { fingerprint } = fingerprintsOf(name.startsWith('AMAZON_PAY_') ? value : undefined)
      const shown =
        fingerprint === null
          ? html`<code>${name.endsWith('_ID') ? value : 'hidden'}</code>`
          : names.name(fingerprint)
      return html`<li>secret <code>${name}</code> ${shown} <span class="muted">${time(new Date(updated_at))}</span></li>`
    })}
    ${list(
      'No variables yet.',
      [...scope.variables.values()],
      ({ name, value }) => html`<li>variable <code>${name}</code>
      <pre class="record">${pretty(value)}</pre></li>`,
    )}`,
  )}
  <h3>Artifacts</h3>${list(
    'No artifacts yet.',
    github.artifacts,
    ({ id, name, bytes, mimeType }) => html`<li><a id="artifact-${id}" download="${name}"
      href="data:${mimeType || 'text/plain'};base64,${bytes.toString('base64')}">${name}</a></li>`,
  )}`
}

function pretty(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value), null, 2)
  } catch {
    return value
  }
}
