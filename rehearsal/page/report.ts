import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Played } from '../play/line.ts'
import { Html, html } from './html.ts'
import { annotationsView, logView, summaryView } from './run-view.ts'

/** The whole play as one file: every log and every summary as GitHub shows them. */
export async function report(played: readonly Played[]): Promise<string> {
  const parts: Html[] = []
  for (const [index, step] of played.entries()) {
    if (step.act !== played[index - 1]?.act) parts.push(html`<h2>${step.act}</h2>`)
    parts.push(await stepView(step, index === 1))
  }
  const failed = played.filter(({ complaints }) => complaints.length > 0).length
  const verdict =
    failed === 0 ? 'Every step ended as expected.' : `${failed} steps did not end as expected.`
  const styles = [
    resolve('github-markdown-css'),
    new URL('page.css', import.meta.url),
    new URL('run.css', import.meta.url),
  ]
  const hash = createHash('sha256').update(pageScript).digest('base64')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; img-src data:">
<title>Rehearsal of amazon-pay-keys</title>
<style>${new Html(styles.map(read).join(''))}</style>
</head>
<body>
<header><div><h1>amazon-pay-keys <span class="badge">Rehearsal</span></h1>
<p>The action is real; GitHub, Amazon Pay and the shop ran on one machine, and no key here is used anywhere. ${verdict}</p></div></header>
<main class="report">${parts}</main>
<script>${new Html(pageScript)}</script>
</body>
</html>
`.text
}

async function stepView(step: Played, isOpen: boolean): Promise<Html> {
  const { number, who, title, outcome, run, complaints, slots, orders, signsWith } = step
  const result = run?.result
  return html`<details class="step" ${isOpen && html`open`}>
    <summary>${markView(step)} ${number}. <b>${who}</b> ${title} <code>${outcome}</code></summary>
    <div class="inner">
      ${complaints.map((complaint) => html`<p class="bad">${complaint}</p>`)}
      <p>${slots.map((line) => html`<code>${line}</code><br>`)}
        ${signsWith === 'no key' ? 'The shop has no key.' : html`The shop signs with ${signsWith}; its next ${orders.accepted + orders.refused === 1 ? 'order was' : 'orders were'} ${orders.refused > 0 ? 'refused' : 'accepted'}.`}</p>
      ${
        result &&
        html`${
          result.summaryScrubbed === ''
            ? annotationsView(result)
            : await summaryView(result, `step ${number}, ${who}`)
        }<details class="fold"><summary>Log of step ${number}</summary>${logView(result.log.trimEnd().split('\n'))}</details>`
      }
    </div>
  </details>`
}

function markView({ complaints, isRefusal }: Played): Html {
  if (complaints.length > 0) return html`<b class="bad">✗ not as expected</b>`
  return isRefusal
    ? html`<b class="warn">⊘ refused, as expected</b>`
    : html`<span class="good">✓</span>`
}

const { resolve } = createRequire(import.meta.url)
const read = (path: string | URL) => readFileSync(path, 'utf8')

const pageScript = `for (const button of document.querySelectorAll('.copy')) button.onclick = async () => {
  await navigator.clipboard.writeText(button.parentElement.querySelector('pre').textContent)
  button.classList.add('copied')
}
const reachable = () => {
  for (const one of document.querySelectorAll('pre, table'))
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0
}
addEventListener('toggle', reachable, true)
reachable()`
