import {
  type Attempt,
  createGitHub,
  explain,
  type GitHubClient,
  GitHubError,
  type Refusal,
} from '../../../src/adapters/github/client.ts'

const refusal = (status: number | null, more: Partial<Refusal> = {}): GitHubError =>
  new GitHubError({ status, message: '', accepted: null, limited: false, ...more })
const attempt: Attempt = {
  what: 'write secret S',
  where: 'acme/shop',
  environment: null,
  write: 'secret',
}
const inEnvironment = { ...attempt, where: 'environment e of acme/shop', environment: 'e' }

describe('what GitHub answers means', () => {
  test.each<[GitHubError, Attempt, string, boolean]>([
    [refusal(401), attempt, 'token-rejected', false],
    [refusal(403), attempt, 'token-forbidden', false],
    [refusal(403, { limited: true }), attempt, 'github-unavailable', false],
    [refusal(429, { limited: true }), attempt, 'github-unavailable', false],
    [refusal(404), attempt, 'target-not-found', false],
    [refusal(404), inEnvironment, 'environment-not-found', false],
    [refusal(301), inEnvironment, 'target-not-found', false],
    [refusal(422), attempt, 'secret-write-failed', false],
    [refusal(409), { ...attempt, write: 'variable' }, 'variable-write-failed', false],
    [refusal(500, { uncertain: true }), attempt, 'github-unavailable', true],
    [refusal(null), attempt, 'github-unavailable', false],
    [refusal(422, { uncertain: true }), attempt, 'secret-write-failed', true],
    [refusal(500, { uncertain: true }), { ...attempt, write: null }, 'github-unavailable', false],
  ])('%#', (error, tried, code, uncertain) => {
    expect(explain(error, tried)).toMatchObject({ code, uncertain })
  })

  test.each<[string, GitHubError, Attempt]>([
    ['the permission that is missing', refusal(403, { accepted: 'secrets=write' }), attempt],
    ['those of an environment', refusal(403), inEnvironment],
    ['those of an organization', refusal(403), { ...attempt, where: 'organization acme' }],
    [
      'that a job’s own token never can',
      refusal(403, { message: 'Resource not accessible by integration' }),
      attempt,
    ],
    ['that nothing more fits', refusal(422, { message: 'Maximum number exceeded' }), attempt],
  ])('and says %s', (_, error, tried) => {
    const { fact, hint } = explain(error, tried)
    expect(`${fact}. Next: ${hint}`).toMatchSnapshot()
  })

  test('nothing, when it is no answer of GitHub', () => {
    expect(() => explain(new RangeError('a bug'), attempt)).toThrow(RangeError)
  })
})

describe('what else is asked of GitHub', () => {
  const run = { repository: 'acme/shop', id: '7', url: '', workflow: null, ref: null }
  const client = (answer: (parameters: Record<string, unknown>) => unknown): GitHubClient => ({
    serverTime: null,
    request: async (_, parameters = {}) => ({ status: 200, data: answer(parameters) }),
  })

  test('approvals of this run', async () => {
    const asked: unknown[] = []
    const approvals = await createGitHub(
      client((parameters) => {
        asked.push(parameters)
        return [{ state: 'approved', comment: 'ok', environments: [{ name: 'production' }] }, null]
      }),
      run,
    ).approvals()
    expect(asked).toEqual([{ owner: 'acme', repo: 'shop', run_id: '7' }])
    expect(approvals).toEqual([
      { state: 'approved', comment: 'ok', environments: ['production'] },
      { state: '', comment: '', environments: [] },
    ])
  })

  test('approvals, with a token that may not read them', async () => {
    const github = createGitHub(
      { serverTime: null, request: () => Promise.reject(refusal(403)) },
      run,
    )
    await expect(github.approvals()).rejects.toMatchObject({
      code: 'token-forbidden',
      hint: expect.stringContaining('Actions: read for acme/shop'),
    })
  })

  test('runs that are open in any way, from before a point in time', async () => {
    const open = await createGitHub(
      client(({ status, created }) => ({
        workflow_runs: [{ html_url: `u/${status}`, name: created, status, created_at: 'then' }],
      })),
      run,
    ).openRuns('acme/api', new Date('2026-11-24T21:30:00.500Z'))
    expect(open.map(({ status }) => status)).toEqual([
      'queued',
      'in_progress',
      'waiting',
      'pending',
      'requested',
    ])
    expect(open[0]).toEqual({
      url: 'u/queued',
      name: '<2026-11-24T21:30:00Z',
      status: 'queued',
      createdAt: 'then',
    })
  })
})
