import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AmazonPay,
  type Region,
  startAmazonPay,
  type View,
} from '../../rehearsal/amazon-pay.ts'
import type { Artifact } from '../../rehearsal/artifacts.ts'
import {
  type App,
  type GitHub,
  type Installation,
  type Permissions,
  type QueuedRun,
  type Repository,
  startGitHub,
} from '../../rehearsal/github.ts'
import {
  type RunningAction,
  type RunOptions,
  type RunResult,
  startAction,
} from '../../rehearsal/runner.ts'
import type { Recorded } from '../../rehearsal/server.ts'
import { type OrderResult, placeOrder } from '../../rehearsal/shop.ts'
import { evaluateStep, readWorkflowStep, type WorkflowStep } from '../../rehearsal/workflow.ts'
import { makeKey } from './planting.ts'
import { takeTurn } from './turns.ts'

const root = join(import.meta.dirname, '../..')

/** The one workflow that every shop has. */
const workflow = readWorkflowStep(
  readFileSync(join(root, 'rehearsal', 'amazon-pay-key.yml'), 'utf8'),
)

/** The key pair of the App; every shop of a test file has the same one. */
export const appKey = makeKey()

/** The form of the workflow, as a person fills it in. */
export interface Form {
  readonly command: string
  readonly 'public-key-id'?: string
  readonly leaked?: boolean
  readonly 'replace-staged'?: string
}

export interface RehearsalOptions {
  /** `acme/shop` by default; the workflow runs in the first one. */
  readonly repositories?: readonly string[]
  /** Environment of the first repository that stores the keys: of the workflow's job, and the step's target. */
  readonly environment?: string
  readonly organization?: string
  /** With a GitHub App, which may do everything or only this; otherwise with a token. */
  readonly app?: boolean | Permissions
}

export interface StepOptions extends Partial<Omit<RunOptions, 'inputs'>> {
  /** Another job of the same run, which reads the environment's secrets anew. */
  readonly job?: string
  /** Inputs that this workflow sets otherwise, or in addition. */
  readonly with?: Readonly<Record<string, string>>
  /** Time-outs that end when a request gets no answer, in milliseconds: that of a request by default. */
  readonly silence?: readonly number[]
}

export interface ShopRun extends RunResult {
  /** What this run asked GitHub and Amazon Pay. */
  readonly requests: readonly Recorded[]
  readonly payRequests: readonly Recorded[]
  /** What this run uploaded. */
  readonly artifacts: readonly Artifact[]
}

export interface StartedRun extends Omit<RunningAction, 'done'> {
  readonly done: Promise<ShopRun>
}

/** A run that waits in the queue: repository secrets are read already, those of an environment are not. */
export interface Queued extends Omit<QueuedRun, 'rerun' | 'startJob'> {
  start(more?: StepOptions): Promise<StartedRun>
  toEnd(more?: StepOptions): Promise<ShopRun>
  /** Another attempt, with the secrets of the run's creation. */
  rerun(more?: StepOptions): Promise<ShopRun>
}

export interface Shop {
  readonly github: GitHub
  readonly amazonPay: AmazonPay
  /** Where the workflow runs. */
  readonly repository: Repository
  /** The step of its workflow. */
  readonly step: WorkflowStep
  readonly app: App | undefined
  readonly installation: Installation | undefined
  /** Fills in the form and runs the workflow to its end; without a form, as every Monday. */
  run(form?: Form, more?: StepOptions): Promise<ShopRun>
  start(form?: Form, more?: StepOptions): Promise<StartedRun>
  queue(form?: Form, more?: StepOptions): Queued
  /** A person exchanges the public key that a run has shown: its output, or a PEM. */
  exchange(
    shown: Pick<RunResult, 'outputs'> | string,
    where?: { region?: Region; view?: View },
  ): string
  /** The shop signs an order with the stored pair. Undefined as long as there is none. */
  order(): Promise<OrderResult | undefined>
  /** Ends what is still running, and the servers. */
  close(): Promise<void>
}

interface Stage extends Shop {
  /** What runs at this moment, and the time-outs of each that end when a request gets no answer. */
  readonly running: Map<RunningAction, readonly number[]>
}

/** A shop on a GitHub and an Amazon Pay of its own. `afterEach` or `afterAll` closes it. */
export async function rehearse(options: RehearsalOptions = {}): Promise<Shop> {
  const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
  const [first = 'acme/shop', ...others] = options.repositories ?? []
  const repository = github.addRepository(first)
  for (const name of others) github.addRepository(name)
  if (options.organization !== undefined) github.addOrganization(options.organization)
  const environment = options.environment ?? workflow.environment ?? ''
  const access = grantAccess(github, repository, environment, options.app ?? false)
  const step = withToken(workflow, access.app)

  const shop: Stage = {
    running: new Map(),
    github,
    amazonPay,
    repository,
    step: {
      ...step,
      environment,
      with: { ...step.with, ...(options.environment && { environment }) },
    },
    ...access,
    queue: (form, more) => queue(shop, form, more),
    start: (form, more) => shop.queue(form, more).start(),
    run: (form, more) => shop.queue(form, more).toEnd(),
    exchange(shown, { region = 'eu', view = 'live' } = {}) {
      const publicKey = typeof shown === 'string' ? shown : (shown.outputs['public-key'] ?? '')
      return amazonPay.exchange({ region, view, publicKey, name: `${first} ${view}` })
    },
    order: () => order(shop),
    async close() {
      for (const action of shop.running.keys()) action.kill()
      await Promise.all([...shop.running.keys()].map(({ done }) => done))
      await Promise.all([github.close(), amazonPay.close()])
    },
  }
  for (const server of [github, amazonPay]) {
    server.onSilence = () => {
      for (const [action, silence] of shop.running) silence.forEach(action.expire)
    }
  }
  return shop
}

/** What a maintainer has set up once: an App or a token, in the environment of the workflow's job. */
function grantAccess(
  github: GitHub,
  repository: Repository,
  environment: string,
  app: boolean | Permissions,
) {
  const admin = github.addEnvironment(repository, environment, { protected: false })
  if (app === false) {
    github.setSecret(admin, 'KEYS_TOKEN', github.token)
    return { app: undefined, installation: undefined }
  }
  const { privateKey, publicKey } = appKey
  const permissions = app === true ? {} : { permissions: app }
  const added = github.addApp({ clientId: 'Iv23liRehearsal00000', publicKey, ...permissions })
  github.setVariable(admin, 'KEYS_APP_CLIENT_ID', added.clientId)
  github.setSecret(admin, 'KEYS_APP_PRIVATE_KEY', privateKey)
  return { app: added, installation: github.installApp(added, repository.owner) }
}

function queue(shop: Stage, form: Form | undefined, usual: StepOptions = {}): Queued {
  const queued = shop.github.queueRun(shop.repository, {
    event: form === undefined ? 'schedule' : 'workflow_dispatch',
  })
  const start = async (more: StepOptions = {}) => {
    const end = await takeTurn()
    try {
      const started = startStep(shop, queued, form, { ...usual, ...more })
      void started.done.finally(end).catch(() => {})
      return started
    } catch (error) {
      end()
      throw error
    }
  }
  const toEnd = async (more?: StepOptions) => (await start(more)).done
  return {
    repository: queued.repository,
    run: queued.run,
    start,
    toEnd,
    rerun(more) {
      queued.rerun()
      return toEnd(more)
    },
  }
}

function startStep(
  shop: Stage,
  queued: QueuedRun,
  form: Form | undefined,
  { job, with: given = {}, silence = [10_000], ...more }: StepOptions,
): StartedRun {
  const { github, amazonPay } = shop
  const { secrets, variables } = queued.startJob(shop.step.environment ?? undefined, job)
  const step = evaluateStep(shop.step, {
    secrets,
    vars: variables,
    inputs: { ...form },
  })
  const before = [github.requests.length, amazonPay.requests.length, github.artifacts.length]
  const running = startAction({
    github,
    amazonPay,
    repository: shop.repository.fullName,
    runId: queued.run.id,
    runAttempt: queued.run.run_attempt,
    ...eventOf(shop.repository, form),
    pauseFactor: 1000,
    controlTimeouts: true,
    secretsKnown: step.secretsKnown,
    ...more,
    inputs: { ...step.inputs, ...given },
    env: { ...step.env, ...more.env },
  })
  shop.running.set(running, silence)
  const done = running.done.then((result): ShopRun => {
    shop.running.delete(running)
    Object.assign(queued.run, { status: 'completed', conclusion: result.conclusion })
    return {
      ...result,
      requests: github.requests.slice(before[0]),
      payRequests: amazonPay.requests.slice(before[1]),
      artifacts: github.artifacts.slice(before[2]),
    }
  })
  return { ...running, done }
}

/** Without an App, the step passes a token instead. */
function withToken(step: WorkflowStep, app: App | undefined): WorkflowStep {
  if (app !== undefined) return step
  const { 'app-client-id': _, 'app-private-key': __, ...rest } = step.with
  return { ...step, with: { ...rest, token: `\${{ secrets.KEYS_TOKEN }}` } }
}

function eventOf({ id, fullName }: Repository, form: Form | undefined) {
  const repository = { id, full_name: fullName }
  return form === undefined
    ? { eventName: 'schedule', event: { schedule: '17 6 * * 1', repository } }
    : { event: { inputs: { ...form }, ref: 'refs/heads/main', repository } }
}

async function order({ github, amazonPay, repository }: Shop): Promise<OrderResult | undefined> {
  const secrets = github.secretsFor(repository.fullName)
  const { AMAZON_PAY_PRIVATE_KEY: privateKey, AMAZON_PAY_PUBLIC_KEY_ID: publicKeyId } = secrets
  if (privateKey === undefined || publicKeyId === undefined) return undefined
  const region = amazonPay.keys.get(publicKeyId)?.region ?? 'eu'
  return placeOrder({ url: amazonPay.url, region, publicKeyId, privateKey })
}
