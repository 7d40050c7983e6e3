import { exchangedPair, type Pair, plant } from './planting.ts'
import { annotated, page, plain, printed, secretsOf } from './reading.ts'
import { rehearse, type Shop, type StepOptions } from './support.ts'

let shop: Shop
let old: Pair
let staged: Pair

const names = ['acme/mobile', 'acme/shop'] as const
const redeploy = { redeploy: 'deploy.yml' }
const both: StepOptions = { with: { ...redeploy, repository: names.join('\n') } }
const one: StepOptions = { with: redeploy }

beforeEach(async () => {
  shop = await rehearse({ repositories: ['acme/shop', 'acme/mobile'] })
  old = exchangedPair(shop.amazonPay)
  staged = exchangedPair(shop.amazonPay)
  for (const name of names) {
    const repository = shop.github.repository(name)
    plant(shop.github, repository, 'current', old)
    plant(shop.github, repository, 'next', staged)
  }
})

afterEach(() => shop.close())

const activate = (more: StepOptions) =>
  shop.run({ command: 'activate', 'public-key-id': staged.id }, more)

const addWorkflows = (more = {}): void => {
  for (const name of names) shop.github.addWorkflow(name, 'deploy.yml', more)
}

const started = (): string[] =>
  shop.github.dispatches.map(({ repository, workflow, ref }) => `${repository} ${workflow} ${ref}`)

const deploys = names.map((name) => `${name} .github/workflows/deploy.yml main`)

test('an activation starts the deploy in every target repository, and says where it can be followed', async () => {
  addWorkflows()
  const ran = await activate(both)
  expect(ran.outputs.status).toBe('activated')
  expect(started()).toEqual(deploys)
  expect(page(ran)).toMatchSnapshot()
  expect(printed(ran)).toContain('acme/mobile: deploy deploy.yml was started')
  expect(printed(ran)).toContain('Next: wait until the deploys that this run started')
  expect(annotated(ran, 'warning')).toEqual([])
})

test('the repositories of an organization are deployed', async () => {
  addWorkflows()
  const acme = shop.github.addOrganization('acme')
  const pair = exchangedPair(shop.amazonPay)
  for (const name of names) {
    const { secrets, variables } = shop.github.repository(name)
    secrets.clear()
    variables.clear()
  }
  plant(shop.github, acme, 'next', pair)
  const ran = await shop.run(
    { command: 'activate', 'public-key-id': pair.id },
    { with: { ...redeploy, organization: 'acme', repository: names.join(',') } },
  )
  expect(ran.outputs.status).toBe('activated')
  expect(started().sort()).toEqual(deploys)
})

interface Obstacle {
  readonly title: string
  arrange(): void
  readonly says: string
}

describe('a deploy that cannot be started is a warning', () => {
  test.each<Obstacle>([
    {
      title: 'without the permission',
      arrange: () => {
        addWorkflows()
        const { github } = shop
        const token = github.tokens.get(github.token)
        github.addToken(github.token, { permissions: { ...token?.permissions, actions: 'read' } })
      },
      says: 'Actions: read and write',
    },
    { title: 'without the workflow', arrange: () => {}, says: 'was not found in acme/shop' },
    {
      title: 'with a disabled workflow',
      arrange: () => addWorkflows({ state: 'disabled_manually' }),
      says: 'enable it on its page under Actions',
    },
    {
      title: 'with a workflow that has no such trigger',
      arrange: () => addWorkflows({ dispatchable: false }),
      says: 'workflow_dispatch',
    },
  ])('$title', async ({ arrange, says }) => {
    arrange()
    const ran = await activate(one)
    expect(ran).toMatchObject({ conclusion: 'success', outputs: { status: 'activated' } })
    expect(secretsOf(shop.repository)).toMatchObject({ AMAZON_PAY_PUBLIC_KEY_ID: staged.id })
    expect(annotated(ran, 'warning').at(-1)).toContain(says)
    expect(started()).toEqual([])
  })
})

test('a deploy that will not start is known before the first write', async () => {
  const warned: boolean[] = []
  const running = await shop.start({ command: 'activate', 'public-key-id': staged.id }, one)
  shop.github.onRequest = async ({ method }, phase) => {
    if (method === 'GET' || phase === 'after' || warned.length > 0) return undefined
    // The step ends here, if the line does not come.
    await running.line('probably cannot be started')
    warned.push(true)
    return undefined
  }
  const ran = await running.done
  expect(ran.outputs.status).toBe('activated')
  expect(warned).toEqual([true])
})

test('a start whose answer is lost is not asked for again: the deploy would run twice', async () => {
  addWorkflows()
  const match = { method: 'POST', path: '/dispatches' }
  shop.github.faults.push({ match, times: Number.POSITIVE_INFINITY, do: 'lost' })
  const ran = await activate(one)
  expect(ran).toMatchObject({ conclusion: 'success', outputs: { status: 'activated' } })
  expect(started()).toEqual(deploys.slice(1))
  expect(plain(ran.summary)).toContain('was not started')
})
