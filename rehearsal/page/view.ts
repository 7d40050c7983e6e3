import type { PayKey } from '../amazon-pay.ts'
import type { Artifact } from '../artifacts.ts'
import type { RunResult } from '../runner.ts'
import type { Slot, secretsOf } from '../scene.ts'
import { renderMarkdown } from './markdown.ts'

/** Markup, as opposed to text. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | Part[] | string | number | false | null | undefined

/** A template whose values are text, unless they are markup themselves. */
export const html = (strings: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(strings.map((string, index) => string + markup(parts[index])).join(''))

function markup(part: Part): string {
  if (part === undefined || part === null || part === false) return ''
  if (part instanceof Html) return part.text
  if (Array.isArray(part)) return part.map(markup).join('')
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** The job summary in GitHub's clothes. */
export async function summaryView(markdown: string): Promise<Html> {
  const body = new Html(await renderMarkdown(markdown))
  return html`<div class="markdown-body">${body}</div>`
}

const MARKS: Record<string, string> = { error: 'Error', warning: 'Warning', notice: 'Notice' }

/** The log as GitHub's page shows it: groups folded, annotations by name, every line with its number. */
export function logView(lines: string[]): Html {
  let number = 0
  const groups: Html[] = []
  let inside: Html[] | undefined
  let title = html``
  const close = () => {
    if (inside === undefined) return
    groups.push(html`<details><summary>${title}</summary>${inside}</details>`)
    inside = undefined
  }
  for (const entry of lines) {
    const [, tag = '', rest = ''] = /^##\[(\w+)\](.*)$/s.exec(entry) ?? []
    if (tag === 'endgroup') {
      close()
      continue
    }
    const label = MARKS[tag]
    const text = label === undefined ? entry : rest
    const line = html`<p class="line ${tag}"><span class="number">${++number}</span><span class="text">${
      label && html`<b>${label}:</b> `
    }${tag === 'group' ? rest : text}</span></p>`
    if (tag === 'group') {
      close()
      title = line
      inside = []
    } else {
      ;(inside ?? groups).push(line)
    }
  }
  close()
  return html`<div class="log">${groups}</div>`
}

/** What stands above the log of a run. */
export const annotationsView = ({ annotations }: RunResult): Html =>
  html`${annotations.map(
    ({ level, title, message }) => html`<div class="annotation ${level}">
      <p><b>${title || MARKS[level]}</b></p><p>${message}</p></div>`,
  )}`

/** Slot by slot, what the secret holds and what the record says. */
export const slotsView = (slots: Slot[]): Html => html`<table class="slots">
  <thead><tr><th>Slot</th><th>Secret holds</th><th>Record says</th><th>Public Key ID</th></tr></thead>
  <tbody>${slots.map(
    ({ slot, fingerprint, record, publicKeyId }) => html`<tr>
      <th scope="row">${slot}</th>
      <td><code>${fingerprint ?? '–'}</code></td>
      <td><code>${record?.fingerprint ?? '–'}</code></td>
      <td><code>${publicKeyId ?? record?.publicKeyId ?? '–'}</code></td></tr>`,
  )}</tbody></table>`

export const secretsView = (secrets: ReturnType<typeof secretsOf>): Html =>
  list(
    'No secrets yet.',
    secrets,
    ({ name, updatedAt, shows }) => html`<li><b><code>${name}</code></b>
      <span class="muted">updated ${time(updatedAt)}</span><code class="value">${shows}</code></li>`,
  )

export const variablesView = (variables: { name: string; value: string; updated_at: string }[]) =>
  list(
    'No variables yet.',
    variables,
    ({ name, value, updated_at }) => html`<li><b><code>${name}</code></b>
      <span class="muted">updated ${time(updated_at)}</span>
      <dl class="record">${fields(value).map(
        ([member, text]) => html`<dt>${member}</dt><dd>${text}</dd>`,
      )}</dl></li>`,
  )

export const artifactsView = (artifacts: Artifact[]): Html =>
  list(
    'No artifacts yet.',
    artifacts,
    ({ id, name, bytes, runId, mimeType }) => html`<li>
      <a id="artifact-${id}" download="${name}"
        href="data:${mimeType || 'text/plain'};base64,${bytes.toString('base64')}">${name}</a>
      <span class="muted">${bytes.length} bytes, of run #${runId}</span></li>`,
  )

/** Integration Central’s “Existing API keys”. */
export const keysView = (keys: PayKey[]): Html =>
  list(
    'No API keys yet.',
    keys,
    ({ id, name, region, views, status }) => html`<li class="key ${status}">
      <b>${name}</b> <span class="muted">${region.toUpperCase()}, ${views.join(' and ')}</span>
      <span class="state">${status}</span>
      <span class="id"><code>${id}</code>
        <button type="button" class="copy" data-copy="${id}" aria-label="Copy Public Key ID ${id}">Copy</button></span>
      ${
        status === 'active' &&
        html`<form data-post="delete" class="inline"><input type="hidden" name="id" value="${id}">
          <label class="confirm">Type DELETE <input name="confirm" autocomplete="off" size="8" required pattern="DELETE"></label>
          <button type="submit" class="danger" aria-label="Delete keys of ${id}">Delete keys</button></form>`
      }</li>`,
  )

function list<Item>(empty: string, items: Item[], each: (item: Item) => Html): Html {
  if (items.length === 0) return html`<p class="muted">${empty}</p>`
  return html`<ul class="plain">${items.map(each)}</ul>`
}

/** The members of a record; the public key is long, and told by its fingerprint. */
function fields(value: string): [string, string][] {
  try {
    const record = JSON.parse(value) as Record<string, unknown>
    return Object.entries(record)
      .filter(([name]) => name !== 'publicKey' && name !== 'version')
      .map(([name, member]) => [name, String(member ?? '–')])
  } catch {
    return [['value', value]]
  }
}

export const time = (iso: string) =>
  html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`
