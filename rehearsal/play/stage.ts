import { isTorn, slotsOf } from '../keys.ts'
import type { Form, Run } from '../run.ts'
import type { RunResult } from '../runner.ts'
import type { Scene } from '../scene.ts'
import type { Line, Played } from './line.ts'

export interface Expected {
  readonly status?: string
  readonly code?: string
  readonly outputs?: Readonly<Record<string, string>>
  /** The runner is killed in the middle of it. */
  readonly killed?: boolean
  readonly check?: () => readonly string[]
}

/** What the acts are written with. */
export interface Stage {
  readonly scene: Scene
  readonly played: readonly Played[]
  /** The next steps belong to this act. */
  begin(act: string): void
  /** Runs the workflow, and the deploys that it starts. Resolves with the result of its last job. */
  run(title: string, form: Form, expected: Expected): Promise<RunResult>
  /** A run that was started elsewhere, or waits. */
  follow(title: string, run: Run, expected: Expected): Promise<RunResult>
  /** A deploy by hand. */
  deploy(title: string, expected: Expected): Promise<RunResult>
  person(title: string, deed: () => string): Promise<string>
  /** Integration Central: a public key in, a Public Key ID out. */
  exchange(shown: Pick<RunResult, 'outputs'>): Promise<string>
}

export function stageOf(scene: Scene, tell: (line: Line) => void): Stage {
  const played: Played[] = []
  const names = namesOf()
  let act = ''
  const finish = async (step: Step) => {
    const all = await complete(scene, names, { ...step, act }, played)
    played.push(all)
    tell({ step: all })
  }
  const follow: Stage['follow'] = async (title, run, expected) => {
    tell({ progress: `${run.form.command}: ${title} …` })
    await run.paused
    const job = run.jobs.at(-1)
    const result = job?.result
    if (!job || !result) throw new Error(`Run #${run.id} has no result`)
    await deploysOf(scene)
    await finish({
      who: run.workflow === scene.situation.deploy ? 'deploy' : job.command,
      title,
      outcome: outcomeOf(result),
      run: job,
      isRefusal: expected.code !== undefined,
      complaints: [...differences(result, expected), ...(expected.check?.() ?? [])],
    })
    return result
  }
  const person: Stage['person'] = async (title, deed) => {
    const outcome = deed()
    await finish({ who: 'a person', title, outcome, run: null, isRefusal: false, complaints: [] })
    return outcome
  }
  return {
    scene,
    played,
    begin(title) {
      act = title
      tell({ act: title })
    },
    follow,
    person,
    run: (title, form, expected) => follow(title, scene.start(form), expected),
    deploy: (title, expected) => follow(title, scene.deploy('acme/shop'), expected),
    exchange: ({ outputs: { 'public-key': publicKey = '' } }) =>
      person('exchanges the public key in Integration Central', () =>
        scene.amazonPay.exchange({ region: 'eu', view: 'live', publicKey, name: 'acme/shop live' }),
      ),
  }
}

type Step = Pick<Played, 'who' | 'title' | 'outcome' | 'run' | 'isRefusal' | 'complaints'>

/** Adds what is stored after the step, and one order of each shop. */
async function complete(
  scene: Scene,
  names: (shortFingerprint: string | null) => string,
  step: Step & Pick<Played, 'act'>,
  played: readonly Played[],
): Promise<Played> {
  const orders = await sellEverywhere(scene)
  const refused = orders.filter(({ accepted }) => !accepted)
  const slots = slotLines(scene, names)
  const [shop] = scene.shops
  const signsWith = shop?.pair ? names(shop.shortFingerprint) : 'no key'
  const before = played.at(-1)
  return {
    ...step,
    number: played.length + 1,
    complaints: [
      ...step.complaints,
      ...refused.map(({ reasonCode }) => `an order was refused: ${reasonCode}`),
    ],
    slots,
    signsWith,
    hasChanged: `${before?.slots}${before?.signsWith}` !== `${slots}${signsWith}`,
    orders: { accepted: orders.length - refused.length, refused: refused.length },
  }
}

/** Deploys that the command has started end before the next step; one that waits for its reviewer does not. */
async function deploysOf({ runs, situation }: Scene): Promise<void> {
  const deploys = runs.filter(({ workflow }) => workflow === situation.deploy)
  await Promise.all(deploys.map(({ paused }) => paused))
}

async function sellEverywhere({ shops }: Scene) {
  const orders = await Promise.all(shops.map((shop) => shop.sell()))
  return orders.filter((order) => order !== undefined)
}

/** `K1` for the key that appeared first, and so on. */
function namesOf(): (shortFingerprint: string | null) => string {
  const known = new Map<string, string>()
  return (shortFingerprint) => {
    if (shortFingerprint === null) return '–'
    const name = known.get(shortFingerprint) ?? `K${known.size + 1}`
    known.set(shortFingerprint, name)
    return name
  }
}

const slotLines = (
  { situation, amazonPay }: Scene,
  name: (shortFingerprint: string | null) => string,
): readonly string[] =>
  situation.targets.map(({ repository, scope }) => {
    const parts = Object.values(slotsOf(scope)).map(
      (slot) =>
        `${slot.slot} ${name(slot.shortFingerprint)}${isTorn(amazonPay, slot) ? ' (torn)' : ''}`,
    )
    const start = situation.targets.length > 1 ? `${repository}: ` : ''
    return `${start}${parts.join('  ')}`
  })

const outcomeOf = ({ outputs, signal }: RunResult): string =>
  signal === 'SIGKILL' ? 'killed' : outputs['error-code'] || outputs.status || 'no status'

function differences(
  { exitCode, outputs, signal }: RunResult,
  expected: Expected,
): readonly string[] {
  if (expected.killed) return signal === 'SIGKILL' ? [] : ['the runner was not killed']
  const { code } = expected
  const status = code === undefined ? expected.status : 'failed'
  const wanted = { status, 'error-code': code ?? '', ...expected.outputs }
  const wrong = Object.entries(wanted).filter(([name, value]) => (outputs[name] ?? '') !== value)
  const exit = code === undefined ? 0 : 1
  return [
    ...(exitCode === exit ? [] : [`exit code ${exitCode} instead of ${exit}`]),
    ...wrong.map(
      ([name, value]) => `output ${name} is “${outputs[name] ?? ''}” instead of “${value}”`,
    ),
  ]
}
