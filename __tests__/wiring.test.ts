import { jest } from '@jest/globals'
import { type GitHub, startGitHub } from '../rehearsal/github.ts'
import { type InputName, inputNames, inputUse, readOrder } from '../src/action/inputs.ts'
import type { Command, Runner } from '../src/ports.ts'
import type { Book } from '../src/summary/outcome.ts'
import { createClock, formsOn, openWorld } from '../src/wiring.ts'
import { makeKey } from './scenarios/planting.ts'

const appKey = makeKey()

let github: GitHub

beforeEach(async () => {
  github = await startGitHub()
  for (const name of ['acme/shop', 'acme/orders']) {
    github.addEnvironment(github.addRepository(name), 'production')
  }
  github.addOrganization('acme')
  const app = github.addApp({ clientId: 'Iv23liTest', publicKey: appKey.publicKey })
  github.installApp(app, 'acme')
})
afterEach(() => github.close())

const masked = jest.fn<Runner['mask']>()
const silent = (): void => {}
const runner = {
  run: { repository: 'acme/shop', url: 'https://github.com/acme/shop/actions/runs/7' },
  eventTexts: [],
  mask: masked,
  info: silent,
  debug: silent,
} as unknown as Runner

/** What a step with these inputs requests, over HTTP; its token is revoked afterwards. */
async function requested(given: Partial<Record<InputName, string>>): Promise<unknown[]> {
  const raw = Object.fromEntries(
    inputNames.map((name) => [name, given[name] ?? inputUse[name].otherwise ?? 'acme/shop']),
  ) as Record<InputName, string>
  const app = { 'app-client-id': 'Iv23liTest', 'app-private-key': appKey.privateKey }
  const { close } = await openWorld(readOrder({ ...raw, ...app }, formsOn(runner)), {
    needs: { keyPair: false, artifacts: false },
    runner,
    book: { warn: silent } as unknown as Book,
    env: { GITHUB_API_URL: github.apiUrl },
    clock: createClock(new AbortController().signal),
    deadline: { signal: new AbortController().signal, at: new Date(Date.now() + 120_000) },
  })
  await close()
  expect(github.requests.at(-1)).toMatchObject({ path: '/installation/token', status: 204 })
  return github.requests
    .filter(({ path }) => path.endsWith('/access_tokens'))
    .map(({ body }) => JSON.parse(body))
}

const write = { secrets: 'write', actions_variables: 'write' }
const read = { secrets: 'read', actions_variables: 'read' }
const helps = { actions: 'read' }
const metadata = { metadata: 'read' }
const orgWrite = {
  organization_secrets: 'write',
  organization_actions_variables: 'write',
  ...metadata,
}
const orgRead = {
  organization_secrets: 'read',
  organization_actions_variables: 'read',
  ...metadata,
}
const environments = { environments: 'write' }
const readEnvironments = { environments: 'read' }

describe('of a GitHub App, a step requests exactly the permissions of its command', () => {
  test.each<[Command, repository: object, environment: object, organization: object]>([
    ['generate', write, { ...write, ...environments, ...helps }, orgWrite],
    ['activate', write, { ...write, ...environments, ...helps }, orgWrite],
    ['rollback', write, { ...write, ...environments, ...helps }, orgWrite],
    ['adopt', write, { ...write, ...environments, ...helps }, orgWrite],
    [
      'retire',
      { ...write, ...helps },
      { ...write, ...environments, ...helps },
      { ...orgWrite, ...helps },
    ],
    ['status', read, { ...read, ...readEnvironments, ...helps }, orgRead],
    ['validate', read, { ...read, ...readEnvironments, ...helps }, orgRead],
  ])('%s', async (command, ...rows) => {
    const [ofRepository, ofEnvironment, ofOrganization] = rows
    const repositories = ['shop']
    await requested({ command })
    await requested({ command, environment: 'production' })
    expect(await requested({ command, organization: 'acme' })).toEqual([
      { permissions: ofRepository, repositories },
      { permissions: ofEnvironment, repositories },
      { permissions: ofOrganization },
    ])
  })

  test('and Actions: read for an ID from an approval, also of the repository of the run', async () => {
    const given = { command: 'activate', 'public-key-id': 'from-approval' }
    expect(await requested({ ...given, repository: 'acme/orders' })).toEqual([
      { permissions: { ...write, ...helps }, repositories: ['orders', 'shop'] },
    ])
  })

  test.each<[Command, boolean]>([
    ['activate', true],
    ['rollback', true],
    ['generate', false],
    ['adopt', false],
    ['status', false],
    ['validate', false],
  ])('and for redeploy Actions: write, if it starts one: %s', async (command, starts) => {
    await requested({ command, redeploy: 'deploy.yml' })
    const organization = { organization: 'acme', repository: 'acme/shop, acme/orders' }
    const permissions = command === 'status' || command === 'validate' ? read : write
    const ofOrganization = permissions === read ? orgRead : orgWrite
    const deploys = starts ? { actions: 'write' } : {}
    expect(await requested({ command, redeploy: 'deploy.yml', ...organization })).toEqual([
      { permissions: { ...permissions, ...deploys }, repositories: ['shop'] },
      {
        permissions: { ...ofOrganization, ...deploys },
        ...(starts && { repositories: ['orders', 'shop'] }),
      },
    ])
  })

  test('for the target repositories only', async () => {
    expect(await requested({ command: 'generate', repository: 'acme/shop, acme/orders' })).toEqual([
      { permissions: write, repositories: ['orders', 'shop'] },
    ])
  })
})

test('of a GitHub App, the token is masked before it is used', async () => {
  const token = new Promise<string>((resolve) => {
    github.onRequest = ({ path }, phase) => {
      if (phase === 'after' && path.endsWith('/access_tokens')) {
        resolve([...github.tokens.keys()].at(-1) ?? '')
      }
      return undefined
    }
  })
  await requested({ command: 'status' })
  expect(masked).toHaveBeenCalledWith(await token)
})
