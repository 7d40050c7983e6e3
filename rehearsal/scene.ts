import { type AmazonPay, startAmazonPay } from './amazon-pay.ts'
import type { Hook } from './faults.ts'
import { type GitHub, type QueuedRun, startGitHub } from './github.ts'
import { type Form, playRun, type Run, type Servers } from './run.ts'
import { openShop, type Shop } from './shop.ts'
import { type Situation, type SituationName, setUp } from './situations.ts'

/** A GitHub, an Amazon Pay, and the shops between them. */
export interface Scene extends Servers {
  readonly github: GitHub
  readonly amazonPay: AmazonPay
  readonly situation: Situation
  readonly shops: readonly Shop[]
  /** In the order in which they were started. */
  readonly runs: readonly Run[]
  /** Called at every request to GitHub, to make it fail. */
  interrupt: Hook | undefined
  /** Fills in the form of the workflow and runs it. */
  start(form: Form, options?: { readonly clockError?: number }): Run
  deploy(repository: string): Run
  /** Lets time pass. Returns the scheduled run that became due meanwhile. */
  pass(milliseconds: number): Run | undefined
  close(): Promise<void>
}

/** Opens a scene, which is set up as the situation says. */
export async function openScene(name: SituationName = 'new'): Promise<Scene> {
  let ahead = 0
  const now = () => new Date(Date.now() + ahead)
  const [github, amazonPay] = await Promise.all([startGitHub({ now }), startAmazonPay({ now })])
  const situation = setUp(github, amazonPay, name)
  const runs: Run[] = []
  const scene: Scene = {
    github,
    amazonPay,
    situation,
    shops: situation.targets.map(({ repository }) => openShop(repository, amazonPay)),
    runs,
    interrupt: undefined,
    now,
    ahead: () => ahead,
    start: (form, options) => begin(scene, runs, form, options),
    deploy: (repository) => deploy(scene, runs, github.queueRun(repository, { name: 'Deploy' })),
    pass(milliseconds) {
      const before = now()
      ahead += milliseconds
      return situation.scheduled && isMondayBetween(before, now())
        ? beginScheduled(scene, runs)
        : undefined
    },
    async close() {
      for (const run of runs) run.kill()
      await Promise.all(runs.filter(({ waitsFor }) => waitsFor === null).map(({ done }) => done))
      await Promise.all([github.close(), amazonPay.close()])
    },
  }
  if (name === 'existing') scene.shops[0]?.deploy(github.secretsFor('acme/shop'))
  watchDispatches(scene, runs)
  return scene
}

function begin(
  scene: Scene,
  runs: Run[],
  form: Form,
  options: { readonly clockError?: number } = {},
): Run {
  const { github, situation } = scene
  const workflow = form.command === 'generate' ? situation.generate : situation.workflow
  const queued = github.queueRun('acme/shop', { name: workflow.name })
  const run = playRun(scene, { queued, workflow, event: 'workflow_dispatch', form, ...options })
  runs.push(run)
  return run
}

function beginScheduled(scene: Scene, runs: Run[]): Run {
  const { workflow } = scene.situation
  const queued = scene.github.queueRun('acme/shop', { name: workflow.name, event: 'schedule' })
  const form = { command: 'status' }
  const run = playRun(scene, { queued, workflow, event: 'schedule', form })
  runs.push(run)
  return run
}

/** The deploy checks its key pair first; then the shop signs with it. */
function deploy(scene: Scene, runs: Run[], queued: QueuedRun): Run {
  const shop = scene.shops.find(({ repository }) => repository === queued.repository.fullName)
  const run = playRun(scene, {
    queued,
    workflow: scene.situation.deploy,
    event: 'workflow_dispatch',
    form: { command: 'deploy' },
    onSuccess: (secrets) => shop?.deploy(secrets),
  })
  runs.push(run)
  return run
}

/** A workflow that the action has started is queued at that moment, with the secrets of that moment. */
function watchDispatches(scene: Scene, runs: Run[]): void {
  const { github } = scene
  let seen = 0
  github.onRequest = (request, phase) => {
    for (const { repository: name } of github.dispatches.slice(seen)) {
      const repository = github.repository(name)
      const index = repository.runs.findLastIndex(({ status }) => status === 'queued')
      const [started] = repository.runs.splice(index, 1)
      deploy(scene, runs, github.queueRun(repository, started))
    }
    seen = github.dispatches.length
    return scene.interrupt?.(request, phase)
  }
}

/** The schedule of the workflow: Monday, 06:17 UTC. */
export function isMondayBetween(from: Date, to: Date): boolean {
  const next = new Date(from)
  next.setUTCHours(6, 17, 0, 0)
  next.setUTCDate(next.getUTCDate() + ((8 - next.getUTCDay()) % 7))
  if (next <= from) next.setUTCDate(next.getUTCDate() + 7)
  return next <= to
}
