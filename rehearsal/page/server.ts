import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { parse } from 'yaml'
import type { Region, View } from '../amazon-pay.ts'
import { openScene, REPOSITORY, type Run, secretsOf, steps } from '../scene.ts'
import { applyFaults, FAULTS, type Fault } from './faults.ts'
import {
  annotationsView,
  artifactsView,
  type Html,
  html,
  keysView,
  logView,
  secretsView,
  summaryView,
  time,
  variablesView,
} from './view.ts'

export interface Page {
  /** With the token without which nothing is answered. */
  address: string
  close(): Promise<void>
}

/** What the page says to a request that it does not take. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

type Fields = Record<string, unknown>

/** The rehearsal as a page on 127.0.0.1. */
export async function serve({ port = 0 } = {}): Promise<Page> {
  const scene = await openScene({ timeFactor: 20 })
  const { github, amazonPay } = scene
  const token = randomBytes(24).toString('base64url')
  const faults = new Set<Fault>()
  const summaries = new Map<number, Html>()
  const orders: { time: string; id: string; accepted: boolean; said: string }[] = []
  let accepted = 0
  let refused = 0

  // The shop goes on selling, whatever happens around it.
  const selling = setInterval(sell, 1000)
  const http = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const known = error instanceof Refusal
      if (!known) console.error(error)
      const message = known ? error.message : 'The rehearsal broke; the terminal says where.'
      send(response, known ? error.status : 500, 'application/json', JSON.stringify({ message }))
    })
  })
  const host = `127.0.0.1:${await listen(port)}`

  return {
    address: `http://${host}/#${token}`,
    async close() {
      clearInterval(selling)
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await scene.close()
    },
  }

  /** On the port that was asked for, or on any when that one is taken. */
  async function listen(wanted: number): Promise<number> {
    const tried = await new Promise<Error | undefined>((resolve) => {
      http.once('error', resolve)
      http.listen(wanted, '127.0.0.1', () => resolve(undefined))
    })
    if (tried !== undefined && wanted !== 0) return listen(0)
    if (tried !== undefined) throw tried
    return (http.address() as AddressInfo).port
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/', headers } = request
    // A name that was rebound to 127.0.0.1 arrives with its own Host.
    if (headers.host !== host) throw new Refusal(403, `This page is http://${host}, nothing else.`)
    const file = method === 'GET' ? FILES.get(url) : undefined
    if (file !== undefined) return send(response, 200, file.type, file.content())

    if (headers['x-rehearsal-token'] !== token) {
      throw new Refusal(403, 'Open the address that the terminal shows, with all that follows #.')
    }
    const { pathname, searchParams } = new URL(url, `http://${host}`)
    const json = async (value: unknown) =>
      send(response, 200, 'application/json', JSON.stringify(await value))
    if (method === 'GET' && pathname === '/view') return json(view(Number(searchParams.get('run'))))
    if (method !== 'POST') throw new Refusal(404, 'There is nothing here.')
    if (headers.origin !== `http://${host}`) {
      throw new Refusal(403, 'Another page may not press these buttons.')
    }
    const fields = await readFields(request)
    refuseRealTokens(fields)
    if (pathname === '/run') return json(start(fields))
    if (pathname === '/exchange') return json(exchange(fields))
    if (pathname === '/delete') return json(deleteKey(fields))
    if (pathname === '/faults') return json(setFaults(fields))
    throw new Refusal(404, 'There is nothing here.')
  }

  /** A token that a rehearsal has no use for is one that somebody pasted by mistake. */
  function refuseRealTokens(fields: Fields) {
    const found = JSON.stringify(fields).match(/\b(?:gh[a-z]_|github_pat_)\w{20,}/g) ?? []
    if (found.every((value) => github.tokens.has(value))) return
    throw new Refusal(
      400,
      'This looks like a real token. A rehearsal takes none: nothing was run. Revoke it if it is one.',
    )
  }

  /* ------------------------------------------------------------- buttons */

  function start({ command, more, ...typed }: Fields) {
    if (!isStep(command)) throw new Refusal(400, 'There is no such command.')
    if (current() !== undefined) throw new Refusal(409, 'A run is under way: wait for its end.')
    const given = { ...filled(typed), ...readMore(more) }
    const { prefix = 'AMAZON_PAY' } = given
    const preset = Object.fromEntries(
      Object.entries(steps[command]).map(([name, value]) => [
        name,
        value.replace('secrets.AMAZON_PAY_', `secrets.${prefix}_`),
      ]),
    )
    const previous = scene.slots(prefix).find(({ slot }) => slot === 'previous')
    const run = scene.start({
      ...preset,
      ...(command === 'rollBack' && { 'public-key-id': previous?.record?.publicKeyId ?? '' }),
      ...applyFaults(scene, faults, current),
      ...given,
    })
    run.running.done.catch((error: unknown) => console.error(error))
    return { run: run.id }
  }

  function exchange({ region, view, name, 'public-key': publicKey }: Fields) {
    try {
      const entry = { region: region as Region, view: view as View, name: String(name ?? '') }
      return { id: amazonPay.exchange({ ...entry, publicKey: String(publicKey ?? '') }) }
    } catch (error) {
      throw new Refusal(422, (error as Error).message)
    }
  }

  function deleteKey({ id, confirm }: Fields) {
    if (confirm !== 'DELETE') throw new Refusal(422, 'Type DELETE to delete these keys.')
    try {
      amazonPay.deleteKey(String(id))
    } catch (error) {
      throw new Refusal(422, (error as Error).message)
    }
    return {}
  }

  function setFaults(fields: Fields) {
    faults.clear()
    for (const fault of FAULTS) if (fields[fault]) faults.add(fault)
    return {}
  }

  async function sell() {
    const order = await scene.order().catch(() => undefined)
    if (order === undefined) return
    if (order.accepted) accepted += 1
    else refused += 1
    const { AMAZON_PAY_PUBLIC_KEY_ID: id = '' } = github.secretsFor(REPOSITORY)
    const said = order.accepted ? 'accepted' : `refused: ${order.reasonCode}`
    orders.unshift({ time: new Date().toISOString(), id, accepted: order.accepted, said })
    orders.splice(5)
  }

  function current(): Run | undefined {
    return scene.runs.find(({ result }) => result === undefined)
  }

  /* ---------------------------------------------------------------- view */

  /** Every part of the page that changes, by the id of its element. */
  async function view(wanted: number) {
    const repository = github.repository(REPOSITORY)
    const shown = scene.runs.find(({ id }) => id === wanted) ?? scene.runs.at(-1)
    const sections = {
      runs: runsView(shown),
      run: shown === undefined ? NO_RUN : await runView(shown),
      secrets: secretsView(secretsOf(repository)),
      variables: variablesView([...repository.variables.values()]),
      artifacts: artifactsView(github.artifacts.toReversed()),
      keys: keysView([...amazonPay.keys.values()].toReversed()),
      orders: ordersView(),
    }
    return {
      /** The last run that is over. */
      ended: scene.runs.findLast(({ result }) => result !== undefined)?.id ?? 0,
      sections: Object.fromEntries(
        Object.entries(sections).map(([name, section]) => [name, section.text]),
      ),
    }
  }

  async function runView({ id, command, lines, result }: Run) {
    if (result === undefined) {
      return html`<p class="verdict busy">Run #${id}, ${command}: in progress …</p>${logView(lines)}`
    }
    const { conclusion, outputs, duration, signal } = result
    const outcome = outputs['error-code'] || outputs.status
    const how = signal === 'SIGKILL' ? 'the runner was killed' : (outcome ?? '')
    return html`<p class="verdict ${conclusion}">Run #${id}, ${command}: <b>${conclusion}</b>${
      how && html`, <code>${how}</code>`
    } <span class="muted">${(duration / 1000).toFixed(1)} s</span></p>
      ${annotationsView(result)}
      <section class="summary" aria-labelledby="summary-title">
        <h3 id="summary-title">key summary</h3>
        ${result.summaryScrubbed ? await summaryOf(id, result.summaryScrubbed) : html`<p class="muted">The run left no summary.</p>`}
      </section>
      <h3>Log</h3>${logView(lines)}`
  }

  async function summaryOf(id: number, markdown: string) {
    const summary = summaries.get(id) ?? (await summaryView(markdown))
    summaries.set(id, summary)
    return summary
  }

  function runsView(shown: Run | undefined) {
    return html`${scene.runs.toReversed().map(
      ({ id, command, result }) => html`<button type="button" data-run="${id}"
        ${id === shown?.id && html`aria-current="true"`} class="${result?.conclusion ?? 'busy'}">#${id} ${command}</button>`,
    )}`
  }

  function ordersView() {
    if (orders.length === 0) return html`<p class="muted">The shop has no key yet.</p>`
    return html`<p><b>${accepted}</b> accepted, <b class="${refused > 0 && 'bad'}">${refused}</b> refused</p>
      <ul class="plain">${orders.map(
        ({ time: at, id, accepted, said }) => html`<li class="order ${accepted ? 'good' : 'bad'}">
          ${time(at)} <b>${said}</b> <code>${id}</code></li>`,
      )}</ul>`
  }
}

const NO_RUN = html`<p class="muted">Nothing has run yet. Start with <b>generate</b>.</p>`

const isStep = (name: unknown): name is keyof typeof steps =>
  typeof name === 'string' && Object.hasOwn(steps, name)

/** What was typed, without what was left empty: that keeps its preset. */
const filled = (fields: Fields) =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === 'string' && value.trim() !== '' ? [[name, value]] : [],
    ),
  )

/** `name: value` lines, as they stand below `with:`. */
function readMore(text: unknown): Record<string, string> {
  try {
    const read: unknown = parse(String(text ?? '')) ?? {}
    if (typeof read !== 'object' || Array.isArray(read)) throw new Error('not a mapping')
    return Object.fromEntries(
      Object.entries(read as object).map(([name, value]) => [name, String(value ?? '')]),
    )
  } catch {
    throw new Refusal(400, 'More inputs are read as YAML: one “name: value” a line.')
  }
}

async function readFields(request: IncomingMessage): Promise<Fields> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > 1024 * 1024) throw new Refusal(413, 'That is more than a megabyte.')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Fields
  } catch {
    throw new Refusal(400, 'That is not JSON.')
  }
}

const { resolve } = createRequire(import.meta.url)
const read = (path: string | URL) => () => readFileSync(path)
const own = (name: string) => read(new URL(name, import.meta.url))

const FILES = new Map<string, { type: string; content: () => Buffer }>([
  ['/', { type: 'text/html', content: own('index.html') }],
  ['/page.css', { type: 'text/css', content: own('page.css') }],
  ['/page.js', { type: 'text/javascript', content: own('page.js') }],
  ['/markdown.css', { type: 'text/css', content: read(resolve('github-markdown-css')) }],
])

function send(response: ServerResponse, status: number, type: string, content: string | Buffer) {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  })
  response.end(content)
}
