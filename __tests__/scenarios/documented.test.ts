import { parse, stringify } from 'yaml'
import { type AmazonPay, startAmazonPay } from '../../rehearsal/amazon-pay.ts'
import { type GitHub, type QueuedRun, startGitHub } from '../../rehearsal/github.ts'
import { type RunResult, startAction } from '../../rehearsal/runner.ts'
import { evaluateStep, readWorkflowStep } from '../../rehearsal/workflow.ts'
import { allWorkflows, blocks, read } from '../documents.ts'
import { makeKey } from './planting.ts'
import { takeTurn } from './turns.ts'

// The workflows that users copy, word for word, set up as the documents say.

let github: GitHub
let amazonPay: AmazonPay

beforeEach(async () => {
  ;[github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
  github.addRepository('acme/shop')
})

afterEach(async () => {
  await Promise.all([github.close(), amazonPay.close()])
})

/** Runs one job of a workflow, as GitHub would within this run. */
async function runJob(
  workflow: string,
  queued: QueuedRun,
  inputs: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  const step = readWorkflowStep(workflow)
  const [job] = Object.keys(parse(workflow).jobs)
  const { secrets, variables } = queued.startJob(step.environment ?? undefined, job)
  const evaluated = evaluateStep(step, { secrets, vars: variables, inputs })
  const end = await takeTurn()
  try {
    const { done } = await startAction({
      github,
      amazonPay,
      repository: 'acme/shop',
      runId: queued.run.id,
      runAttempt: queued.run.run_attempt,
      event: { inputs, ref: 'refs/heads/main' },
      pauseFactor: 1000,
      secretsKnown: evaluated.secretsKnown,
      inputs: evaluated.inputs,
      env: evaluated.env,
    })
    return await done
  } finally {
    end()
  }
}

const run = (workflow: string, inputs?: Readonly<Record<string, string>>): Promise<RunResult> =>
  runJob(workflow, github.queueRun('acme/shop'), inputs)

function exchange(shown: RunResult): string {
  const publicKey = shown.outputs['public-key'] ?? ''
  return amazonPay.exchange({ region: 'eu', view: 'live', publicKey, name: 'acme/shop' })
}

const oneWorkflow = (): string => blocks('README.md', 'yaml')[0]?.text ?? ''

/** The workflow with the token, as the Quick start says. */
function withToken(): string {
  const [line = ''] = /token: \$\{\{ secrets\.KEYS_TOKEN \}\}/.exec(read('README.md')) ?? []
  const [first, ...lines] = oneWorkflow().split(/^( *)app-client-id:.*\n.*app-private-key:.*\n/m)
  return `${first}${lines[0]}${line}\n${lines[1]}`
}

test('the rehearsal plays the workflow of README.md', () => {
  expect(read('rehearsal/amazon-pay-key.yml')).toBe(oneWorkflow())
})

test('the Quick start of README.md ends with a key that the deploy guard accepts', async () => {
  const repository = github.repository('acme/shop')
  // GitHub creates the environment at the first run.
  github.addEnvironment(repository, 'amazon-pay-keys-admin', { protected: false })
  github.setSecret(repository, 'KEYS_TOKEN', github.token)

  const generated = await run(withToken(), { command: 'generate' })
  expect(generated).toMatchObject({ conclusion: 'success', outputs: { status: 'staged' } })
  const id = exchange(generated)
  const activated = await run(withToken(), { command: 'activate', 'public-key-id': id })
  expect(activated).toMatchObject({ conclusion: 'success', outputs: { status: 'activated' } })

  const guard = allWorkflows().find(
    ({ document, text }) => document === 'docs/using-the-pair.md' && text.includes('validate'),
  )
  github.addEnvironment(repository, 'production', { protected: true })
  const guarded = await run(guard?.text ?? '')
  expect(guarded).toMatchObject({ conclusion: 'success', outputs: { 'amazon-pay': 'accepted' } })
})

describe.each([
  ['many repositories', 'acme/refunds', ['acme/orders', 'acme/refunds', 'acme/shop']],
  ['an organization', 'organization: acme', ['acme']],
])('the workflow of docs/rotation.md for %s', (_, mark, targets) => {
  const workflow = allWorkflows().find(({ text }) => text.includes(mark))?.text ?? ''

  test('generates and activates one key for all of them', async () => {
    for (const name of ['acme/orders', 'acme/refunds']) github.addRepository(name)
    github.addOrganization('acme')
    const repository = github.repository('acme/shop')
    const admin = github.addEnvironment(repository, 'amazon-pay-keys-admin', { protected: true })
    const { privateKey, publicKey } = makeKey()
    const app = github.addApp({ clientId: 'Iv23liRehearsal00000', publicKey })
    github.installApp(app, 'acme')
    github.setVariable(repository, 'KEYS_APP_CLIENT_ID', app.clientId)
    github.setSecret(admin, 'KEYS_APP_PRIVATE_KEY', privateKey)

    const generated = await run(workflow, { command: 'generate' })
    const form = { command: 'activate', 'public-key-id': exchange(generated) }
    const activated = await run(workflow, form)
    expect(activated).toMatchObject({ conclusion: 'success', outputs: { status: 'activated' } })
    const results: { target: string }[] = JSON.parse(activated.outputs.targets ?? '[]')
    expect(results.map(({ target }) => target).sort()).toEqual(targets)
  })
})

describe('one run with approval, as docs/rotation.md sets it up', () => {
  const workflow = parse(
    allWorkflows().find(({ text }) => text.includes('from-approval'))?.text ?? '',
  )
  const job = (name: string): string =>
    stringify({ ...workflow, jobs: { [name]: workflow.jobs[name] } })

  beforeEach(() => {
    const repository = github.repository('acme/shop')
    const admin = github.addEnvironment(repository, 'amazon-pay-keys-admin', { protected: true })
    const production = github.addEnvironment(repository, 'production', { protected: true })
    const { privateKey, publicKey } = makeKey()
    const app = github.addApp({ clientId: 'Iv23liRehearsal00000', publicKey })
    github.installApp(app, 'acme')
    github.setVariable(repository, 'KEYS_APP_CLIENT_ID', app.clientId)
    for (const place of [admin, production]) {
      github.setSecret(place, 'KEYS_APP_PRIVATE_KEY', privateKey)
    }
  })

  const approve = (queued: QueuedRun, comment: string): void => {
    const environments = [{ id: 1, name: 'production' }]
    const user = { login: 'octocat', id: 1 }
    queued.run.approvals.push({ state: 'approved', comment, environments, user })
  }

  test('activates the ID of the comment', async () => {
    const queued = github.queueRun('acme/shop')
    const generated = await runJob(job('generate'), queued)
    expect(generated).toMatchObject({ conclusion: 'success', outputs: { status: 'staged' } })
    approve(queued, `Exchanged: ${exchange(generated)}, thanks`)
    const activated = await runJob(job('activate'), queued)
    expect(activated).toMatchObject({ conclusion: 'success', outputs: { status: 'activated' } })
  })

  test('can be started again after an approval without an ID', async () => {
    const queued = github.queueRun('acme/shop')
    const generated = await runJob(job('generate'), queued)
    approve(queued, 'looks good')
    const failed = await runJob(job('activate'), queued)
    expect(failed.outputs['error-code']).toBe('public-key-id-invalid')

    const again = github.queueRun('acme/shop')
    const shown = await runJob(job('generate'), again)
    // The job of generate cannot read the secrets of production, so the key is named and not shown.
    expect(shown.outputs).toMatchObject({ status: 'staged', 'new-key': 'false' })
    expect(shown.log).toContain(generated.outputs.fingerprint)
    expect(shown.outputs['public-key']).toBeUndefined()
    approve(again, exchange(generated))
    const activated = await runJob(job('activate'), again)
    expect(activated).toMatchObject({ conclusion: 'success', outputs: { status: 'activated' } })
  })
})
