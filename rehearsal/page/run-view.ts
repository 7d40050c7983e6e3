import type { JobRun, Run } from '../run.ts'
import type { RunResult } from '../runner.ts'
import { type Html, html } from './html.ts'
import { renderSummary } from './markdown.ts'

/** A run as GitHub's page shows it: each job with its summary and its log. */
export async function runSection(run: Run): Promise<Html> {
  const jobs = await Promise.all(run.jobs.map((job) => jobView(run, job)))
  return html`${jobs.toReversed().map((job, index) => (index === 0 ? [reviewView(run), job] : job))}
    ${run.jobs.length === 0 && reviewView(run)}`
}

/** “Run #1009, generate: success, staged”. */
export function verdictOf(
  { id, form, repository }: Run,
  { command: name, result }: JobRun,
): string {
  const command = form.command === 'deploy' ? `guard of ${repository}’s deploy` : name
  if (result === null) return `Run #${id}, ${command}: in progress …`
  const { outputs, conclusion, signal } = result
  const how =
    signal === 'SIGKILL' ? 'the runner was killed' : outputs['error-code'] || outputs.status
  return `Run #${id}, ${command}: ${conclusion}${how ? `, ${how}` : ''}`
}

async function jobView(run: Run, job: JobRun): Promise<Html> {
  const { result, lines, command } = job
  if (result === null) {
    return html`<p class="verdict busy">${verdictOf(run, job)}</p>${logView(lines)}`
  }
  return html`<p class="verdict ${result.conclusion}">${verdictOf(run, job)}
      <span class="muted">${(result.duration / 1000).toFixed(1)} s</span></p>
    ${result.summaryScrubbed === '' ? annotationsView(result) : await summaryView(result, command)}
    <details class="fold"><summary>Log of ${command}</summary>${logView(lines)}</details>`
}

/** The job summary, drawn as GitHub does. What went wrong is at its top, so that it is not repeated above. */
export async function summaryView({ summaryScrubbed }: RunResult, command: string): Promise<Html> {
  return html`<section class="summary" aria-label="Summary of ${command}">
    <h3>${command} summary</h3>
    <div class="markdown-body">${await renderSummary(summaryScrubbed)}</div></section>`
}

/** “Review deployments”. */
function reviewView({ id, waitsFor }: Run): Html | false {
  if (waitsFor === null) return false
  return html`<form data-post="approve" class="review">
    <p class="verdict busy">Run #${id} waits for a reviewer of environment <b>${waitsFor}</b>.</p>
    <input type="hidden" name="run" value="${id}">
    <label class="wide">Comment <textarea name="comment" rows="2" spellcheck="false"></textarea></label>
    <button type="submit" class="primary">Approve and deploy</button>
    <p class="said wide" role="status"></p></form>`
}

const marks: Readonly<Record<string, string>> = {
  error: 'Error',
  warning: 'Warning',
  notice: 'Notice',
}

/** What GitHub shows beside a summary. */
export const annotationsView = ({ annotations }: RunResult): Html =>
  html`${annotations.map(
    ({ level, title, message }) => html`<div class="annotation ${level}">
      <p><b>${title || marks[level]}</b></p><p>${message}</p></div>`,
  )}`

/** The log as GitHub's page shows it: groups folded, annotations by name, each line with its number. */
export function logView(lines: readonly string[]): Html {
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
    number += 1
    const line = lineView(number, tag, { entry, rest })
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

function lineView(number: number, tag: string, { entry, rest }: { entry: string; rest: string }) {
  const label = marks[tag]
  const text = label === undefined && tag !== 'group' ? entry : rest
  return html`<p class="line ${tag}"><span class="number">${number}</span><span class="text">${
    label && html`<b>${label}:</b> `
  }${text}</span></p>`
}
