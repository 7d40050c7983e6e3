import { type Attempt, explain } from '../../../src/adapters/github/errors.ts'
import { GitHubError, refusalOf, refused } from '../../../src/adapters/github/refusal.ts'
import { connect, type Reaction, start, startLoopback, thrownBy } from './loopback.ts'

const attempts = {
  read: { what: 'read secrets', where: 'acme/shop', kind: 'repository' },
  secret: { what: 'write secret S', where: 'acme/shop', kind: 'repository', write: 'secret' },
  variable: { what: 'write variable V', where: 'acme/shop', kind: 'repository', write: 'variable' },
  environment: {
    what: 'read secrets',
    where: 'environment production of acme/shop',
    kind: 'environment',
  },
  organization: {
    what: 'write secret S',
    where: 'organization acme',
    kind: 'organization',
    write: 'secret',
  },
  workflow: {
    what: 'start workflow deploy.yml',
    where: 'acme/shop',
    kind: 'repository',
    needs: 'Actions: read and write',
  },
} satisfies Record<string, Attempt>

const explained = async (reaction: Reaction, tried: keyof typeof attempts) => {
  const server = await startLoopback(() => reaction)
  const { client } = connect(server)
  return explain(await thrownBy(client.request('GET /user')), attempts[tried])
}
const says = (status: number, message: string): Reaction => ({ status, body: { message } })
const page = (status: number): Reaction => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<html><title>Sign in to the proxy</title></html>',
})

describe('the code of a refusal', () => {
  test.each<[number, keyof typeof attempts, string]>([
    [301, 'read', 'target-not-found'],
    [307, 'environment', 'target-not-found'],
    [400, 'read', 'github-unavailable'],
    [400, 'secret', 'secret-write-failed'],
    [401, 'read', 'token-rejected'],
    [403, 'secret', 'token-forbidden'],
    [404, 'read', 'target-not-found'],
    [404, 'organization', 'target-not-found'],
    [404, 'environment', 'environment-not-found'],
    [409, 'variable', 'variable-write-failed'],
    [410, 'read', 'target-not-found'],
    [410, 'secret', 'target-not-found'],
    [410, 'environment', 'target-not-found'],
    [422, 'secret', 'secret-write-failed'],
    [429, 'secret', 'github-unavailable'],
    [451, 'read', 'target-not-found'],
    [451, 'variable', 'target-not-found'],
    [500, 'read', 'github-unavailable'],
    [503, 'secret', 'github-unavailable'],
  ])('with status %i, for an attempt on %s, is %s', async (status, tried, code) => {
    expect(await explained({ status }, tried)).toMatchObject({ code })
  })

  test('is github-unavailable without any answer', async () => {
    expect(await explained('drop', 'secret')).toMatchObject({ code: 'github-unavailable' })
  })
})

describe('a write whose answer was lost', () => {
  test.each<[Reaction, keyof typeof attempts, boolean]>([
    ['drop', 'secret', true],
    ['drop', 'read', false],
    [{ status: 500 }, 'variable', true],
    [{ status: 422 }, 'variable', false],
    [{ status: 429 }, 'secret', false],
    [page(200), 'secret', true],
    [page(403), 'secret', false],
  ])('is uncertain, and only that (%#)', async (reaction, tried, uncertain) => {
    expect(await explained(reaction, tried)).toMatchObject({ uncertain })
  })
})

describe('the next step after a refusal', () => {
  test.each<[string, Reaction, keyof typeof attempts, RegExp]>([
    [
      'SAML single sign-on',
      says(
        403,
        'Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.',
      ),
      'secret',
      /Configure SSO/,
    ],
    [
      'an IP allow list',
      says(
        403,
        'Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.',
      ),
      'read',
      /IP allow list: run the job on a runner whose address/,
    ],
    [
      'a limit of the token’s lifetime',
      says(
        403,
        "The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 90 days. Please adjust your token's lifetime at the following URL: https://github.com/settings/personal-access-tokens/1",
      ),
      'read',
      /expires sooner/,
    ],
    [
      'an organization without classic tokens',
      says(403, '`acme` forbids access via a personal access token (classic).'),
      'read',
      /does not accept this kind of token/,
    ],
    [
      'an archived repository',
      says(403, 'Repository was archived so is read-only.'),
      'secret',
      /unarchive/,
    ],
    [
      'a suspended installation',
      says(403, 'This installation has been suspended'),
      'read',
      /unsuspend/,
    ],
    [
      'a suspended account',
      says(403, 'Sorry. Your account was suspended.'),
      'read',
      /another account/,
    ],
    ['a blocked repository', says(403, 'Repository access blocked'), 'read', /blocked access/],
    [
      'GITHUB_TOKEN, or an App without the permission',
      says(403, 'Resource not accessible by integration'),
      'secret',
      /give the GitHub App the repository permissions Secrets and Variables: read and write; GITHUB_TOKEN can never/,
    ],
    [
      'a personal access token without the permission',
      says(403, 'Resource not accessible by personal access token'),
      'environment',
      /give the token the repository permissions Secrets, Variables and Environments: read;/,
    ],
    [
      'an organization',
      { status: 403 },
      'organization',
      /organization permissions Secrets and Variables/,
    ],
    [
      'a workflow',
      { status: 403 },
      'workflow',
      /the repository permission Actions: read and write/,
    ],
    ['a takedown', says(451, 'Repository access blocked'), 'read', /legal reasons/],
    [
      'too many secrets',
      says(422, 'Maximum number of secrets exceeded'),
      'secret',
      /delete secrets/,
    ],
    ['a proxy’s login page with status 200', page(200), 'read', /proxy .*HTTPS_PROXY/],
    ['a proxy’s page with status 403', page(403), 'secret', /proxy .*HTTPS_PROXY/],
    [
      'a proxy’s page with status 502',
      (response) => {
        response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
      },
      'read',
      /proxy .*HTTPS_PROXY/,
    ],
    ['an outage', { status: 500 }, 'read', /githubstatus\.com/],
    [
      'a rate limit with its end',
      { status: 429, headers: { 'retry-after': '3600' } },
      'secret',
      /wait until 2026-11-24T22:30:00Z/,
    ],
    [
      'a rate limit with an end that GitHub gives as a point in time',
      {
        status: 403,
        headers: {
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(start / 1000 + 1800),
        },
      },
      'secret',
      /wait until 2026-11-24T22:00:00Z/,
    ],
  ])('by %s', async (_, reaction, tried, hint) => {
    expect((await explained(reaction, tried)).hint).toMatch(hint)
  })

  test('by a proxy that does not let the request to GitHub through', () => {
    const cause = new Error('Proxy response (403) !== 200 when HTTP Tunneling')
    const refusal = refusalOf(Object.assign(new Error('fetch failed'), { cause }))
    const problem = explain(new GitHubError(refusal), attempts.secret)
    expect(problem).toMatchObject({ code: 'github-unavailable', uncertain: false })
    expect(problem.fact).toMatch(/: a proxy did not let the request through$/)
    expect(problem.hint).toContain('HTTPS_PROXY')
  })

  test.each(['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED'])(
    'by a certificate that is not trusted (%s)',
    (code) => {
      const cause = Object.assign(new Error('fetch failed'), { cause: { code } })
      const refusal = refusalOf(Object.assign(new Error('fetch failed'), { cause }))
      const problem = explain(new GitHubError(refusal), attempts.secret)
      expect(problem).toMatchObject({ code: 'github-unavailable', uncertain: false })
      expect(problem.fact).toContain(code)
      expect(problem.hint).toContain('NODE_EXTRA_CA_CERTS')
    },
  )
})

describe('the fact of a refusal', () => {
  test.each<[Reaction, keyof typeof attempts, string]>([
    [
      says(422, 'Bad\n  request'),
      'secret',
      'could not write secret S of acme/shop: GitHub answered 422 “Bad request”',
    ],
    [{ status: 422 }, 'variable', 'could not write variable V of acme/shop: GitHub answered 422'],
    [
      { status: 403, headers: { 'x-accepted-github-permissions': 'secrets=write' } },
      'secret',
      'could not write secret S of acme/shop: GitHub answered 403 and accepts secrets=write',
    ],
    [
      says(401, 'Bad credentials'),
      'read',
      'GitHub does not accept the token: GitHub answered 401 “Bad credentials”',
    ],
    [
      page(403),
      'read',
      'could not read secrets of acme/shop: a web page came (status 403), not an answer from GitHub’s API',
    ],
    [{ status: 301 }, 'read', 'acme/shop has moved: GitHub answered 301'],
  ])('names what was tried and what GitHub answered (%#)', async (reaction, tried, fact) => {
    expect((await explained(reaction, tried)).fact).toBe(fact)
  })

  test('quotes no more than 300 characters of GitHub', async () => {
    const { fact } = await explained(says(422, 'a'.repeat(10_000)), 'secret')
    expect(fact.length).toBeLessThan(400)
  })
})

test.each([
  ['Resource not accessible by integration', 'use this pre-filled form: https://g/app'],
  [
    'Resource not accessible by personal access token',
    'create a new one (pre-filled form: https://g/token);',
  ],
])('a missing permission (“%s”) comes with the form for a new credential', (words, link) => {
  const refusal = refused(403, words)
  const forms = { app: 'https://g/app', token: 'https://g/token' }
  const { hint } = explain(new GitHubError(refusal), { ...attempts.secret, forms })
  expect(hint).toContain(link)
})

test('what is not a refusal of GitHub is thrown on', () => {
  expect(() => explain(new RangeError('a defect'), attempts.read)).toThrow(RangeError)
})
