import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Played } from '../play.ts'
import { annotationsView, Html, html, logView, slotsView, summaryView } from './view.ts'

/** The whole play as one file: every log and every summary as GitHub shows them. */
export async function report(story: Played[]): Promise<string> {
  const parts: Html[] = []
  for (const [index, step] of story.entries()) {
    if (step.act !== story[index - 1]?.act) parts.push(html`<h2>${step.act}</h2>`)
    parts.push(await stepView(step, index + 1))
  }
  const failed = story.filter(({ complaints }) => complaints.length > 0).length
  const verdict = failed === 0 ? 'Every step went as it should.' : `${failed} steps did not.`
  const styles = read(resolve('github-markdown-css')) + read(new URL('page.css', import.meta.url))
  const hash = createHash('sha256').update(SCRIPT).digest('base64')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; img-src data:">
<title>Rehearsal of amazon-pay-keys</title>
<style>${new Html(styles)}</style>
</head>
<body>
<header><h1>amazon-pay-keys <span class="badge">Rehearsal</span></h1>
<p>A key’s whole life, played against stand-ins of GitHub and Amazon Pay on one machine by the real action. No key here opens anything. ${verdict}</p></header>
<main class="report">${parts}</main>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text
}

async function stepView(step: Played, number: number): Promise<Html> {
  const { title, command, outcome, run, complaints, slots, order } = step
  const ok = complaints.length === 0
  const head = html`<span class="${ok ? 'good' : 'bad'}">${ok ? '✓' : '✗'}</span>
    ${number}. <b>${command}</b> ${title} <code>${outcome}</code>`
  if (run === undefined) return html`<div class="step"><p class="head">${head}</p></div>`
  const sold = order === undefined ? 'has no key yet' : order.accepted ? 'accepted' : 'refused'
  return html`<details class="step" ${number === 1 && html`open`}>
    <summary class="head">${head}</summary>
    <div class="inner">
      ${complaints.map((complaint) => html`<p class="bad">${complaint}</p>`)}
      ${annotationsView(run)}
      <section class="summary" aria-label="Summary of step ${number}">
        <h3>Summary</h3>${await summaryView(run.summaryScrubbed)}
      </section>
      <h3>Log</h3>${logView(run.log.trimEnd().split('\n'))}
      <h3>What stands where <span class="muted">the shop’s order: ${sold}</span></h3>
      <div class="scroll">${slotsView(slots)}</div>
    </div>
  </details>`
}

const { resolve } = createRequire(import.meta.url)
const read = (path: string | URL) => readFileSync(path, 'utf8')

const SCRIPT = `for (const button of document.querySelectorAll('.copy')) button.onclick = async () => {
  await navigator.clipboard.writeText(button.parentElement.querySelector('pre').textContent)
  button.classList.add('copied')
}
const reachable = () => {
  for (const one of document.querySelectorAll('pre, table, .scroll'))
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0
}
addEventListener('toggle', reachable, true)
reachable()`
