import type { Region, View } from '../amazon-pay.ts'
import type { Form, Run } from '../run.ts'
import { openScene, type Scene } from '../scene.ts'
import { type SituationName, situationTitles } from '../situations.ts'
import { type FaultName, faultNames, makeTrouble } from '../trouble.ts'
import { type Html, html, time } from './html.ts'
import {
  type KeyNames,
  keysView,
  nameKeys,
  payKeysView,
  shopsView,
  storedView,
} from './key-view.ts'
import { nextStepOf } from './next-step.ts'
import type { Offer } from './offers.ts'
import { runSection } from './run-view.ts'

/** What was typed and ticked, by the names of the form's fields. */
export type Fields = Readonly<Record<string, unknown>>

/** What the page says to a request that it does not take. */
export class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The buttons of the page, and what they change. */
export interface Desk {
  press(button: string, fields: Fields): Promise<object>
  /** The parts of the page that change, by the ids of their elements. */
  view(shown: number): Promise<object>
  close(): Promise<void>
}

interface Table {
  scene: Scene
  names: KeyNames
  /** Faults that took effect, by the run. */
  readonly happened: Map<number, readonly FaultName[]>
  /** Views of runs that are complete. */
  readonly finished: Map<number, Html>
}

export async function openDesk(): Promise<Desk> {
  const table: Table = {
    scene: await openScene(),
    names: nameKeys(),
    happened: new Map(),
    finished: new Map(),
  }
  const selling = setInterval(() => {
    for (const shop of table.scene.shops) shop.sell().catch(() => {})
  }, 1000)
  return {
    async press(name, fields) {
      const button = Object.hasOwn(buttonActions, name) ? buttonActions[name] : undefined
      if (button === undefined) throw new Refusal(404, 'There is no such button.')
      refuseRealTokens(fields)
      return button(table, fields)
    },
    view: (shown) => view(table, shown),
    async close() {
      clearInterval(selling)
      await table.scene.close()
    },
  }
}

/** A rehearsal has no use for a token: one that arrives was pasted by mistake. */
function refuseRealTokens(fields: Fields): void {
  if (!/\b(?:gh[a-z]_|github_pat_)\w{20,}/.test(JSON.stringify(fields))) return
  throw new Refusal(
    400,
    'This looks like a real token, which the rehearsal does not accept. Nothing was done. If it is real, revoke it.',
  )
}

const buttonActions: Readonly<
  Record<string, (table: Table, fields: Fields) => object | Promise<object>>
> = {
  run(table, fields) {
    const run = start(table, fields)
    return { run: run.id }
  },
  approve({ scene, happened }, { run: id, comment }) {
    const run = scene.runs.find((one) => one.id === Number(id))
    if (run?.waitsFor == null) throw new Refusal(422, 'This run does not wait for a review.')
    run.approve(text(comment))
    happened.delete(run.id)
    void run.done.then(() => happened.set(run.id, []))
    return { run: run.id, said: 'Approved.' }
  },
  deploy({ scene }) {
    const [first] = scene.shops.map(({ repository }) => scene.deploy(repository))
    return { run: first?.id }
  },
  install({ scene }) {
    scene.situation.installation.repositories = null
    return { said: 'The App is installed on all repositories of acme.' }
  },
  exchange({ scene }, { region, view: payView, name, 'public-key': publicKey }) {
    const id = orRefuse(() =>
      scene.amazonPay.exchange({
        region: region as Region,
        view: payView as View,
        name: text(name),
        publicKey: text(publicKey),
      }),
    )
    return { id, said: 'Created: its Public Key ID is below.' }
  },
  delete({ scene }, { id, confirm }) {
    if (confirm !== 'DELETE') throw new Refusal(422, 'Type DELETE to delete these keys.')
    orRefuse(() => scene.amazonPay.deleteKey(text(id)))
    return {}
  },
  time({ scene }, { minutes }) {
    if (isBusy(scene)) throw new Refusal(409, 'A run is in progress: wait for its end.')
    const run = scene.pass(Number(minutes) * 60_000)
    return run === undefined
      ? {}
      : { run: run.id, said: 'A Monday has passed: the schedule runs status.' }
  },
  async reset(table, { situation }) {
    if (!isSituation(situation)) throw new Refusal(422, 'There is no such situation.')
    const { scene } = table
    Object.assign(table, { scene: await openScene(situation), names: nameKeys() })
    table.happened.clear()
    table.finished.clear()
    await scene.close()
    return { reset: true }
  },
}

function orRefuse<Value>(attempt: () => Value): Value {
  try {
    return attempt()
  } catch (error) {
    throw new Refusal(422, error instanceof Error ? error.message : 'This was refused.')
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const isSituation = (name: unknown): name is SituationName =>
  typeof name === 'string' && Object.hasOwn(situationTitles, name)
const isBusy = ({ runs }: Scene): boolean =>
  runs.some(({ conclusion, waitsFor }) => conclusion === null && waitsFor === null)

const commandNames = ['status', 'generate', 'activate', 'rollback', 'retire', 'adopt', 'validate']

function start({ scene, happened }: Table, fields: Fields): Run {
  const form: Form = {
    command: text(fields.command),
    'public-key-id': text(fields['public-key-id']),
    leaked: fields.leaked === 'on',
    'replace-staged': text(fields['replace-staged']),
  }
  if (!commandNames.includes(form.command)) throw new Refusal(400, 'There is no such command.')
  if (isBusy(scene)) throw new Refusal(409, 'A run is in progress: wait for its end.')
  const faults = new Set(faultNames.filter((name) => fields[`fault-${name}`] === 'on'))
  let run: Run | undefined
  const trouble = makeTrouble(scene, faults, () => run)
  run = scene.start(form, { clockError: trouble.clockError })
  const { id, paused } = run
  void paused.then(() => {
    trouble.end()
    happened.set(id, [...trouble.happened])
  })
  return run
}

async function view(table: Table, wanted: number): Promise<object> {
  const { scene, names, happened } = table
  const shown = scene.runs.find(({ id }) => id === wanted) ?? scene.runs.at(-1)
  const sections = {
    clock: html`${time(scene.now())} UTC`,
    next: nextView(scene),
    runs: runsView(scene.runs, shown),
    run: shown === undefined ? noRun : await cachedRun(table, shown),
    keys: keysView(scene, names),
    stored: storedView(scene, names),
    'pay-keys': payKeysView([...scene.amazonPay.keys.values()], names),
    shops: shopsView(scene, names),
  }
  return {
    situation: scene.situation.name,
    sections: Object.fromEntries(Object.entries(sections).map(([id, part]) => [id, part.text])),
    over: scene.runs
      .filter(({ id }) => happened.has(id))
      .map((run) => ({ id: run.id, ...endOf(run, happened.get(run.id) ?? []) })),
  }
}

/** How a run ended, in a few words: why is said once, in the run itself. */
function endOf(run: Run, faults: readonly FaultName[]): object {
  const how = run.waitsFor === null ? `: ${run.conclusion}` : ' waits for a reviewer'
  const clock = faults.includes('clock') && run.conclusion === 'success'
  return {
    faults,
    failed: run.conclusion === 'failure',
    said: `Run #${run.id}${how}${clock ? '. The slow clock was corrected: see Warnings' : ''}`,
  }
}

/** A run that is complete does not change any more. */
async function cachedRun({ finished }: Table, run: Run): Promise<Html> {
  const drawn = finished.get(run.id) ?? (await runSection(run))
  if (run.conclusion !== null && run.jobs.at(-1)?.result) finished.set(run.id, drawn)
  return drawn
}

const noRun = html`<p class="muted">Nothing has run yet. Fill in the form, or take what the line above offers.</p>`

function nextView(scene: Scene): Html {
  const { text: words, offers } = nextStepOf(scene)
  return html`<p><b>Next:</b> ${words}</p>${offers.map(
    (offer, index) => html`<button type="button" class="${index === 0 && 'primary'}"
      data-offer="${JSON.stringify(offer satisfies Offer)}">${offer.label}</button>`,
  )}`
}

const runsView = (runs: readonly Run[], shown: Run | undefined): Html =>
  html`${runs.toReversed().map(
    ({
      id,
      form,
      event,
      repository,
      conclusion,
      waitsFor,
    }) => html`<button type="button" data-run="${id}"
      ${id === shown?.id && html`aria-current="true"`} class="${conclusion ?? 'busy'}">#${id} ${form.command}${
        repository !== 'acme/shop' && ` ${repository}`
      }${event === 'schedule' && ', by schedule'}${waitsFor && ', waits'}</button>`,
  )}`
