import { type GitHub, type Repository, startGitHub } from '../../rehearsal/github.ts'
import { askGitHub } from './ask.ts'

let github: GitHub
let shop: Repository

beforeEach(async () => {
  github = await startGitHub()
  shop = github.addRepository('acme/shop', { environments: ['production'] })
})
afterEach(() => github.close())

const ask = (line: string, body?: unknown, token?: string) => askGitHub(github, line, body, token)

describe('workflows', () => {
  const path = '/repos/acme/shop/actions/workflows/deploy.yml'

  test('a workflow is shown by its file name or its id', async () => {
    const { id } = github.addWorkflow(shop, 'deploy.yml')
    const view = { id, path: '.github/workflows/deploy.yml', state: 'active' }
    expect((await ask(`GET ${path}`)).body).toMatchObject(view)
    expect((await ask(`GET ${path.replace('deploy.yml', String(id))}`)).body).toMatchObject(view)
    expect((await ask(`GET ${path.replace('deploy', 'other')}`)).status).toBe(404)
  })

  test('a dispatched workflow is a new run', async () => {
    github.addWorkflow(shop, 'deploy.yml')
    const answer = await ask(`POST ${path}/dispatches`, { ref: 'main', inputs: { a: 'b' } })
    expect(answer.status).toBe(204)
    expect(github.dispatches).toEqual([
      {
        repository: 'acme/shop',
        workflow: '.github/workflows/deploy.yml',
        ref: 'main',
        inputs: { a: 'b' },
      },
    ])
    expect(shop.runs).toMatchObject([{ event: 'workflow_dispatch', status: 'queued' }])
  })

  test.each([
    ['another branch', {}, { ref: 'other' }, 'No ref found for: other'],
    ['no branch', {}, {}, '"ref" wasn\'t supplied.'],
    ['no such trigger', { dispatchable: false }, { ref: 'main' }, "'workflow_dispatch' trigger"],
    ['a switch set to off', { state: 'disabled_manually' as const }, { ref: 'main' }, 'disabled'],
  ])('a workflow with %s cannot be dispatched', async (_, workflow, body, message) => {
    github.addWorkflow(shop, 'deploy.yml', workflow)
    const reply = await ask(`POST ${path}/dispatches`, body)
    expect([reply.status, reply.body.message]).toEqual([422, expect.stringContaining(message)])
    expect(github.dispatches).toEqual([])
  })

  test('a token that may only read actions cannot dispatch', async () => {
    github.addWorkflow(shop, 'deploy.yml')
    github.addToken('reader', { permissions: { actions: 'read' } })
    const reply = await ask(`POST ${path}/dispatches`, { ref: 'main' }, 'reader')
    expect(reply.headers.get('x-accepted-github-permissions')).toBe('actions=write')
    expect(reply.status).toBe(403)
  })
})

test('approvals come in the order in which the test has put them', async () => {
  const approval = (comment: string) => ({
    state: 'approved' as const,
    comment,
    environments: [{ id: 1, name: 'production' }],
    user: { login: 'octocat', id: 1 },
  })
  const approvals = [approval('of the second attempt'), approval('of the first attempt')]
  const run = github.addRun(shop, { approvals })
  const path = `/repos/acme/shop/actions/runs/${run.id}/approvals`
  expect((await ask(`GET ${path}`)).body).toEqual(approvals)
  run.approvals.reverse()
  expect((await ask(`GET ${path}`)).body[0].comment).toBe('of the first attempt')
})

test.each([
  ['secrets', 'environments'],
  ['secrets', 'secrets'],
  ['variables', 'environments'],
  ['variables', 'actions_variables'],
])('the %s of an environment cannot be read with %s alone', async (kind, permission) => {
  const path = `GET /repos/acme/shop/environments/production/${kind}`
  github.addToken('some', { permissions: { [permission]: 'write' } })
  expect((await ask(path, undefined, 'some')).status).toBe(403)
  expect((await ask(path)).status).toBe(200)
})

describe('what a job receives', () => {
  const set = (value: string) => {
    github.setSecret(shop, 'REPOSITORY', value)
    github.setSecret(github.addOrganization('acme'), 'ORGANIZATION', value)
    github.setVariable(shop, 'VARIABLE', value)
    const production = shop.environments.get('production')
    if (production) github.setSecret(production, 'ENVIRONMENT', value)
  }

  test('repository and organization are read when the run is queued, the environment when the job starts', () => {
    set('queued')
    const queued = github.queueRun(shop)
    set('started')
    const job = queued.startJob('Production')
    expect(job.secrets).toEqual({
      REPOSITORY: 'queued',
      ORGANIZATION: 'queued',
      ENVIRONMENT: 'started',
    })
    expect(job.variables).toEqual({ VARIABLE: 'queued' })
    expect(queued.startJob().secrets).not.toHaveProperty('ENVIRONMENT')
  })

  test('a later job of the same run reads the environment anew, and the repository not', () => {
    set('first')
    const queued = github.queueRun(shop)
    queued.startJob('production', 'stage')
    set('second')
    expect(queued.startJob('production', 'activate').secrets).toMatchObject({
      REPOSITORY: 'first',
      ENVIRONMENT: 'second',
    })
    set('third')
    queued.rerun()
    expect(queued.startJob('production', 'activate').secrets.ENVIRONMENT).toBe('second')
  })

  test('another attempt keeps the values of the run', () => {
    set('first')
    const queued = github.queueRun(shop, { id: 42 })
    const job = queued.startJob('production')
    set('second')
    queued.rerun()
    expect(queued.run).toMatchObject({ id: 42, run_attempt: 2, status: 'queued' })
    expect(queued.startJob('production')).toEqual(job)
    expect(github.queueRun(shop).startJob('production').secrets.ENVIRONMENT).toBe('second')
  })
})

test('gh can ask GraphQL who a repository is', async () => {
  const variables = { owner: 'acme', name: 'shop' }
  const { body } = await ask('POST /api/graphql', { query: 'query …', variables })
  expect(body.data.repository).toMatchObject({ name: 'shop', owner: { login: 'acme' } })
  const none = await ask('POST /graphql', { query: '', variables: { owner: 'a', name: 'b' } })
  expect(none.body.data.repository).toBeNull()
})

test('a newer gh asks for several repositories, and then for one by its number', async () => {
  const query =
    'query Map { repo_000: repository(owner: "acme", name: "shop") { databaseId } repo_001: repository(owner: "a", name: "b") { databaseId } }'
  const { body } = await ask('POST /api/graphql', { query })
  expect(body.data).toMatchObject({ repo_000: { databaseId: shop.id }, repo_001: null })
  expect(body.errors).toHaveLength(1)
  const below = 'environments/production/variables'
  expect((await ask(`GET /repositories/${shop.id}/${below}`)).status).toBe(200)
  expect((await ask(`GET /repositories/1/${below}`)).status).toBe(404)
})
