import { createGitHub } from '../../../src/adapters/github/runs.ts'
import type { Run } from '../../../src/ports.ts'
import { connect, type Reaction, start, startLoopback } from './loopback.ts'

const run: Run = {
  repository: 'acme/shop',
  id: '7',
  attempt: 1,
  url: 'https://ghe.example/acme/shop/actions/runs/7',
  workflow: null,
  ref: null,
  workflowUrl: null,
}

const connected = async (react: Parameters<typeof startLoopback>[0]) => {
  const server = await startLoopback(react)
  return {
    server,
    github: createGitHub(connect(server, { serverUrl: 'https://ghe.example' }).client, run),
  }
}

test('GitHub’s clock, limits and the count of writes are those of the client', async () => {
  const headers = { 'x-ratelimit-remaining': '4', 'x-ratelimit-reset': String(start / 1000) }
  const { github } = await connected(() => ({ headers, body: [] }))
  expect([github.serverTime, github.remaining, github.writes]).toEqual([null, null, 0])
  await github.approvals()
  expect([github.serverTime, github.remaining, github.writes]).toEqual([
    new Date(start),
    { requests: 4, resetAt: new Date(start) },
    0,
  ])
})

describe('the approvals of the run', () => {
  test('are read as GitHub gives them', async () => {
    const { github, server } = await connected(() => ({
      body: [
        { state: 'approved', comment: 'ok', environments: [{ name: 'production' }, { name: 'b' }] },
        { state: 'rejected', comment: null, environments: [] },
      ],
    }))
    expect(await github.approvals()).toEqual([
      { state: 'approved', comment: 'ok', environments: ['production', 'b'] },
      { state: 'rejected', comment: '', environments: [] },
    ])
    expect(server.routes()).toEqual(['GET /repos/acme/shop/actions/runs/7/approvals'])
  })

  test.each<[string, Reaction, string, RegExp]>([
    ['may not be read', { status: 403 }, 'token-forbidden', /Actions: read for acme\/shop/],
    ['are not found', { status: 404 }, 'target-not-found', /Actions: read for acme\/shop/],
    ['are no list', { body: {} }, 'github-unavailable', /githubstatus/],
    ['have no state', { body: [{}] }, 'github-unavailable', /githubstatus/],
  ])('that %s are a problem', async (_, reaction, code, hint) => {
    const { github } = await connected(() => reaction)
    await expect(github.approvals()).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(hint),
    })
  })
})

describe('runs that are still open', () => {
  const openRun = (status: string) => ({
    html_url: `https://ghe.example/runs/${status}`,
    name: null,
    status,
    created_at: '2026-11-24T21:00:00Z',
  })

  test('are asked for by each status that is not completed, and by their time', async () => {
    const { github, server } = await connected(({ query }) => ({
      body: { total_count: 1, workflow_runs: [openRun(query.status ?? '')] },
    }))
    const open = await github.openRuns('acme/api', new Date('2026-11-24T21:30:00.500Z'))
    const statuses = ['queued', 'in_progress', 'waiting', 'pending', 'requested']
    expect(open.map(({ status }) => status)).toEqual(statuses)
    expect(open[0]).toEqual({
      url: 'https://ghe.example/runs/queued',
      name: '',
      status: 'queued',
      createdAt: '2026-11-24T21:00:00Z',
    })
    expect(server.asked[0]).toMatchObject({
      path: '/repos/acme/api/actions/runs',
      query: { created: '<2026-11-24T21:30:00Z', per_page: '100', page: '1' },
    })
  })

  test('are read page by page, up to the thousand that GitHub shows of each status', async () => {
    const page = Array.from({ length: 100 }, () => openRun('queued'))
    const { github, server } = await connected(() => ({
      body: { total_count: 5000, workflow_runs: page },
    }))
    expect(await github.openRuns('acme/api', new Date(start))).toHaveLength(5000)
    expect(server.asked).toHaveLength(50)
  })

  test('that may not be read are a problem that names the permission', async () => {
    const { github } = await connected(() => ({ status: 403 }))
    await expect(github.openRuns('acme/api', new Date(start))).rejects.toMatchObject({
      code: 'token-forbidden',
      hint: expect.stringContaining('Actions: read'),
    })
  })
})

describe('whether a workflow can be started', () => {
  test('is known from its state', async () => {
    const { github, server } = await connected(() => ({ body: { state: 'active' } }))
    await github.assertDispatchable('acme/api', 'deploy.yml')
    expect(server.routes()).toEqual(['GET /repos/acme/api/actions/workflows/deploy.yml'])
  })

  test.each<[string, Reaction, string, RegExp]>([
    ['does not exist', { status: 404 }, 'input-invalid', /workflow deploy\.yml was not found/],
    [
      'is disabled',
      { body: { state: 'disabled_manually' } },
      'input-invalid',
      /^workflow deploy\.yml of acme\/api is disabled$/,
    ],
    [
      'may not be read',
      { status: 403 },
      'token-forbidden',
      /read workflow deploy\.yml of acme\/api/,
    ],
    ['has no state', { body: {} }, 'github-unavailable', /read workflow/],
  ])('and one that %s is a problem', async (_, reaction, code, fact) => {
    const { github } = await connected(() => reaction)
    await expect(github.assertDispatchable('acme/api', 'deploy.yml')).rejects.toMatchObject({
      code,
      fact: expect.stringMatching(fact),
    })
  })
})

describe('starting a workflow', () => {
  const workflow = '/repos/acme/api/actions/workflows/deploy.yml'
  const page = 'https://ghe.example/acme/api/actions/workflows/deploy.yml'
  const answering = (reaction: Reaction) =>
    connected(({ method }) => (method === 'GET' ? { body: { default_branch: 'trunk' } } : reaction))

  test.each<[string, Reaction, string]>([
    ['the workflow, where GitHub names no run', { status: 204 }, page],
    [
      'the run, where GitHub names it',
      { status: 200, body: { html_url: 'https://ghe.example/acme/api/actions/runs/9' } },
      'https://ghe.example/acme/api/actions/runs/9',
    ],
    [
      'the workflow, where the run is said to be on another server',
      { status: 200, body: { html_url: 'https://ghe.example.evil/acme/api/actions/runs/9' } },
      page,
    ],
  ])('on the default branch returns the page of %s', async (_, reaction, address) => {
    const { github, server } = await answering(reaction)
    expect(await github.dispatch('acme/api', 'deploy.yml')).toBe(address)
    expect(server.routes()).toEqual(['GET /repos/acme/api', `POST ${workflow}/dispatches`])
    expect(server.asked[1]?.body).toEqual({ ref: 'trunk' })
  })

  test.each<[string, Reaction, string, RegExp]>([
    [
      'without the trigger',
      { status: 422, body: { message: "Workflow does not have 'workflow_dispatch' trigger" } },
      'input-invalid',
      /add on: workflow_dispatch/,
    ],
    [
      'with a required input',
      { status: 422, body: { message: "Required input 'stage' not provided" } },
      'input-invalid',
      /default value/,
    ],
    ['that does not exist', { status: 404 }, 'input-invalid', /file name/],
    ['without the permission', { status: 403 }, 'token-forbidden', /Actions: read and write/],
    ['during an outage', { status: 500 }, 'github-unavailable', /githubstatus/],
  ])('%s is a problem', async (_, reaction, code, hint) => {
    const { github } = await answering(reaction)
    await expect(github.dispatch('acme/api', 'deploy.yml')).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(hint),
    })
  })

  test('is not tried again when the answer was lost', async () => {
    const { github, server } = await answering('drop')
    await expect(github.dispatch('acme/api', 'deploy.yml')).rejects.toMatchObject({
      code: 'github-unavailable',
    })
    expect(server.asked).toHaveLength(2)
  })
})
