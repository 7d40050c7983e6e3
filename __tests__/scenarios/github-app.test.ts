import { type App, type GitHub, secondaryRateLimit } from '../../rehearsal/github.ts'
import { searchFor } from '../adversarial/leak-search.ts'
import { KeyWorkshop } from '../domain/key-import/workshop.ts'
import { sample } from '../sample.ts'
import { exchangedPair, makeKey, plant } from './planting.ts'
import { annotated, changes, printed } from './reading.ts'
import {
  appKey,
  type Form,
  type RehearsalOptions,
  rehearse,
  type Shop,
  type ShopRun,
  type StepOptions,
} from './support.ts'

let shop: Shop

const open = async (options: RehearsalOptions = {}): Promise<void> => {
  shop = await rehearse({ app: true, ...options })
}

afterEach(() => shop.close())

/** What the step asked an installation token for. */
const askedFor = ({ requests }: Pick<ShopRun, 'requests'>): unknown[] =>
  requests
    .filter(({ method, path }) => method === 'POST' && path.endsWith('/access_tokens'))
    .map(({ body }) => JSON.parse(body))

const installationTokens = ({ tokens }: GitHub) =>
  [...tokens.values()].filter(({ installation }) => installation !== undefined)

const write = { secrets: 'write', actions_variables: 'write' }
const read = { secrets: 'read', actions_variables: 'read' }
const inEnvironment = { environment: 'production' }
const ofOrganization = { organization: 'acme', repository: 'acme/shop', visibility: 'selected' }
const organizationWrite = {
  organization_secrets: 'write',
  organization_actions_variables: 'write',
  metadata: 'read',
}
const organizationRead = {
  organization_secrets: 'read',
  organization_actions_variables: 'read',
  metadata: 'read',
}

describe('a token is asked for with exactly the permissions of', () => {
  const asked: [string, Form, Record<string, string>, object][] = [
    ['generate', { command: 'generate' }, {}, write],
    ['activate', { command: 'activate', 'public-key-id': 'ID' }, {}, write],
    ['rollback', { command: 'rollback' }, {}, write],
    ['adopt', { command: 'adopt', 'public-key-id': 'ID' }, {}, write],
    ['retire', { command: 'retire' }, {}, { ...write, actions: 'read' }],
    ['status', { command: 'status' }, {}, read],
    ['validate', { command: 'validate' }, {}, read],
    [
      'generate in an environment',
      { command: 'generate' },
      inEnvironment,
      { ...write, environments: 'write', actions: 'read' },
    ],
    [
      'status in an environment',
      { command: 'status' },
      inEnvironment,
      { ...read, environments: 'read', actions: 'read' },
    ],
    [
      'activate with an ID from an approval',
      { command: 'activate', 'public-key-id': 'from-approval' },
      {},
      { ...write, actions: 'read' },
    ],
    [
      'activate with a redeploy',
      { command: 'activate', 'public-key-id': 'ID' },
      { redeploy: 'deploy.yml' },
      { ...write, actions: 'write' },
    ],
  ]

  test.each(sample(asked, 3))('%s', async (_, form, given, permissions) => {
    await open()
    shop.github.addEnvironment(shop.repository, 'production', { protected: true })
    const id = exchangedPair(shop.amazonPay).id
    const filled = form['public-key-id'] === 'ID' ? { ...form, 'public-key-id': id } : form
    const ran = await shop.run(filled, { with: given })
    expect(askedFor(ran)).toEqual([{ permissions, repositories: ['shop'] }])
    expect(annotated(ran, 'error').filter((text) => text.startsWith('token-'))).toEqual([])
    expect(installationTokens(shop.github)).toEqual([])
  })

  const deploy = { redeploy: 'deploy.yml' }
  const askedOfOrganization: [string, Form, Record<string, string>, object][] = [
    [
      'generate for an organization',
      { command: 'generate' },
      {},
      { permissions: organizationWrite },
    ],
    ['status of an organization', { command: 'status' }, {}, { permissions: organizationRead }],
    [
      'retire for an organization',
      { command: 'retire' },
      {},
      { permissions: { ...organizationWrite, actions: 'read' } },
    ],
    [
      'rollback for an organization, with a redeploy',
      { command: 'rollback' },
      deploy,
      { permissions: { ...organizationWrite, actions: 'write' }, repositories: ['shop'] },
    ],
  ]

  test.each(sample(askedOfOrganization, 3))('%s', async (_, form, more, asked) => {
    await open({ organization: 'acme' })
    const given = form.command === 'generate' ? ofOrganization : { organization: 'acme' }
    const ran = await shop.run(form, { with: { ...given, ...more } })
    expect(askedFor(ran)).toEqual([asked])
    expect(annotated(ran, 'error').filter((text) => text.startsWith('token-'))).toEqual([])
  })

  test('several repositories, which are named one by one', async () => {
    await open({ repositories: ['acme/shop', 'acme/orders', 'acme/secret'] })
    const ran = await shop.run(
      { command: 'generate' },
      { with: { repository: 'acme/shop, acme/orders' } },
    )
    expect(ran.outputs.status).toBe('staged')
    expect(askedFor(ran)).toEqual([{ permissions: write, repositories: ['orders', 'shop'] }])
  })
})

describe('the token is revoked', () => {
  beforeEach(() => open())

  const revoked = (ran: ShopRun): void => {
    expect(changes(ran.requests).at(-1)).toBe('DELETE /installation/token 204')
    expect(installationTokens(shop.github)).toEqual([])
  }

  test('after success', async () => {
    const ran = await shop.run({ command: 'generate' })
    expect(ran.conclusion).toBe('success')
    revoked(ran)
  })

  test('after a refusal', async () => {
    const ran = await shop.run({ command: 'rollback' })
    expect(ran.outputs['error-code']).toBe('nothing-to-roll-back')
    revoked(ran)
  })

  test('after a failure', async () => {
    const match = { method: 'PUT', path: /\/secrets\// }
    shop.github.faults.push({
      match,
      times: Infinity,
      do: { status: 422, body: { message: 'No' } },
    })
    const ran = await shop.run({ command: 'generate' })
    expect(ran.outputs['error-code']).toBe('secret-write-failed')
    revoked(ran)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('after %s', async (signal) => {
    const started = await shop.start({ command: 'generate' })
    shop.github.onRequest = ({ method, path }, phase) => {
      if (phase === 'before' && method === 'PUT' && path.includes('/secrets/')) started.kill(signal)
      return undefined
    }
    const ran = await started.done
    expect(ran.signal).toBeNull()
    revoked(ran)
  })

  test('after a signal that comes with the token', async () => {
    const started = await shop.start({ command: 'generate' })
    shop.github.onRequest = ({ path }, phase) => {
      if (phase === 'after' && path.endsWith('/access_tokens')) started.kill('SIGTERM')
      return undefined
    }
    revoked(await started.done)
    expect(shop.github.writes.filter(({ name }) => name.startsWith('AMAZON_PAY'))).toEqual([])
  })

  // No target is begun after two minutes; requests end 18 seconds later, and the step after 12 more.
  test.each([
    [120_000, '/access_tokens', 'the step reached its time limit'],
    [138_000, '/variables/', 'the time of this step was over'],
    [150_000, '/variables/', 'the step exceeded its time limit'],
  ])('after a time limit of %i ms', async (limit, during, says) => {
    const started = await shop.start({ command: 'generate' }, { silence: [] })
    shop.github.onRequest = ({ path }, phase) => {
      if (phase === 'after' || !path.includes(during)) return undefined
      started.expire(limit)
      // What is read hangs until the time is over.
      return during === '/variables/' ? 'silent' : undefined
    }
    const ran = await started.done
    expect(annotated(ran, 'error').join()).toContain(says)
    revoked(ran)
  })

  test('unless GitHub does not answer: then the step ends all the same', async () => {
    shop.github.faults.push({ match: { path: '/installation/token' }, do: 'silent' })
    const ran = await shop.run({ command: 'generate' }, { silence: [5000] })
    expect(ran.conclusion).toBe('success')
    expect(installationTokens(shop.github)).toHaveLength(1)
  })
})

const withoutActions = { ...write, environments: 'write', metadata: 'read' } as App['permissions']
const remarks = (ran: ShopRun): string[] =>
  annotated(ran, 'warning').filter((text) => /Actions|protection rules|deploy/.test(text))

test.each(['generate', 'status'])(
  '%s in an environment: an App without Actions works, with one remark',
  async (command) => {
    await open({ app: withoutActions, environment: 'production', organization: 'acme' })
    const ran = await shop.run({ command })
    expect(ran.conclusion).toBe('success')
    expect(askedFor(ran)).toEqual([
      {
        permissions:
          command === 'status'
            ? { ...read, environments: 'read' }
            : { ...write, environments: 'write' },
        repositories: ['shop'],
      },
    ])
    expect(remarks(ran)).toEqual([
      expect.stringMatching(
        /lacks the permission Actions \(repository\): read, .*accept it at https:..github\.com.organizations.acme.settings.installations./,
      ),
    ])
  },
)

test('redeploy with an App without Actions: a remark before the first write, and a link afterwards', async () => {
  await open({ app: withoutActions })
  shop.github.addWorkflow(shop.repository, 'deploy.yml')
  const pair = exchangedPair(shop.amazonPay)
  plant(shop.github, shop.repository, 'next', pair)
  const form = { command: 'activate', 'public-key-id': pair.id }
  const ran = await shop.run(form, { with: { redeploy: 'deploy.yml' } })
  expect(ran.outputs.status).toBe('activated')
  expect(askedFor(ran)).toEqual([{ permissions: write, repositories: ['shop'] }])
  expect(remarks(ran)).toEqual([
    expect.stringContaining('so redeploy cannot start a workflow'),
    expect.stringContaining(
      'start it here: https://github.com/acme/shop/actions/workflows/deploy.yml',
    ),
  ])
})

test('retire: an App without Actions works, with one remark', async () => {
  await open({ app: withoutActions })
  const pair = exchangedPair(shop.amazonPay)
  const old = exchangedPair(shop.amazonPay)
  plant(shop.github, shop.repository, 'current', pair)
  plant(shop.github, shop.repository, 'previous', old)
  shop.amazonPay.deleteKey(old.id)
  const ran = await shop.run({ command: 'retire' })
  expect(ran.outputs.status).toBe('retired')
  expect(askedFor(ran)).toEqual([{ permissions: write, repositories: ['shop'] }])
  expect(remarks(ran)).toHaveLength(1)
})

interface Refusal {
  readonly title: string
  arrange(): void
  readonly more?: StepOptions
  readonly form?: Form
  readonly code: string
  /** What the message must say, and the page where it is mended. */
  readonly says: readonly (string | RegExp)[]
}

const settings = 'https://github.com/organizations/acme/settings/installations/<number>'
const server = 'https://github.acme.example'

describe('what is wrong with an App is said in words and with the page to mend it', () => {
  beforeEach(() => open({ repositories: ['acme/shop', 'acme/orders'], organization: 'acme' }))

  const refusals: Refusal[] = [
    {
      title: 'a private key of another App',
      arrange: () => setAppKey(makeKey().privateKey),
      code: 'token-rejected',
      says: [
        'app-private-key is not a private key of the App',
        'generate a new private key there: https://github.com/organizations/acme/settings/apps',
      ],
    },
    {
      title: 'a Client ID of no App',
      arrange: () => setClientId('Iv23liUnknown0000000'),
      code: 'token-rejected',
      says: [
        'GitHub knows no App',
        'Iv23liUnknown0000000',
        'https://github.com/organizations/acme/settings/apps',
      ],
    },
    {
      title: 'an App that is not installed',
      arrange: () => void shop.github.installations.splice(0),
      code: 'app-not-installed',
      says: ['not installed on acme', 'https://github.com/apps/amazon-pay-keys/installations/new'],
    },
    {
      title: 'a suspended installation',
      arrange: () => Object.assign(shop.installation ?? {}, { suspended: true }),
      code: 'app-not-installed',
      says: ['suspended', settings],
    },
    {
      title: 'an installation without one of the repositories',
      arrange: () => Object.assign(shop.installation ?? {}, { repositories: ['acme/shop'] }),
      more: { with: { repository: 'acme/shop, acme/orders' } },
      code: 'app-not-installed',
      says: ['does not cover acme/orders', settings],
    },
    {
      title: 'an App without a permission',
      arrange: () => Object.assign(shop.installation ?? {}, { permissions: { secrets: 'write' } }),
      code: 'token-forbidden',
      says: [
        'Variables (repository): read and write',
        'https://github.com/organizations/acme/settings/apps/amazon-pay-keys/permissions',
        settings,
      ],
    },
    {
      title: 'an App without Actions, where an approval must be read',
      arrange: () => Object.assign(shop.installation ?? {}, { permissions: withoutActions }),
      form: { command: 'activate', 'public-key-id': 'from-approval' },
      code: 'token-forbidden',
      says: ['lacks permissions on acme: Actions (repository): read.', settings],
    },
    {
      title: 'an App of GitHub Enterprise Server that is not installed',
      arrange: () => {
        shop.github.serverUrl = server
        shop.github.installations.splice(0)
      },
      more: { serverUrl: server },
      code: 'app-not-installed',
      says: [`${server}/github-apps/amazon-pay-keys/installations/new`],
    },
    {
      title: 'a private key of another App on GitHub Enterprise Server',
      arrange: () => setAppKey(makeKey().privateKey),
      more: { serverUrl: server },
      code: 'token-rejected',
      says: [`${server}/organizations/acme/settings/apps`],
    },
    {
      title: 'a clock that is five minutes ahead',
      arrange: () => {
        shop.github.now = () => new Date(Date.now() - 300_000)
      },
      code: 'token-rejected',
      says: [/clock is (299|300|301) seconds ahead of GitHub’s/, 'NTP'],
    },
  ]

  test.each(sample(refusals, 2))('$title', async ({ arrange, form, more, code, says }) => {
    arrange()
    const ran = await shop.run(form ?? { command: 'generate' }, { debug: true, ...more })
    expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': code })
    const [error = ''] = annotated(ran, 'error')
    for (const text of says)
      expect(error).toMatch(text instanceof RegExp ? text : new RegExp(literally(text)))
    expect(shop.github.writes.filter(({ name }) => name.startsWith('AMAZON_PAY'))).toEqual([])
    expect(installationTokens(shop.github)).toEqual([])
    const search = searchFor({ privateKeys: [appKey.privateKey], armoured: [] })
    expect(search('log', ran.log + ran.summary + JSON.stringify(ran.outputs))).toEqual([])
  })

  const literally = (text: string): string => text.replaceAll(/[.?*+^$()[\]{}|\\]/g, '\\$&')
})

test('a clock that is five minutes behind is no obstacle', async () => {
  await open()
  shop.github.now = () => new Date(Date.now() + 300_000)
  const ran = await shop.run({ command: 'generate' })
  expect(ran.outputs.status).toBe('staged')
})

test.each([
  ['GitHub Enterprise Server', '/api/v3', 'https://github.acme.example'],
  ['a ghe.com host', '', 'https://acme.ghe.com'],
])('on %s it works the same, and every link leads there', async (_, path, serverUrl) => {
  await open({ app: withoutActions, environment: 'production' })
  shop.github.serverUrl = serverUrl
  const { url, repositories } = shop.github
  const github = { url, apiUrl: url + path, repositories }
  const ran = await shop.run({ command: 'generate' }, { github, serverUrl })
  expect(ran.outputs.status).toBe('staged')
  for (const { path: asked } of ran.requests) {
    expect(asked).toMatch(new RegExp(`^(?:${path}/|/(?:twirp|storage)/)`))
  }
  expect(ran.requests.at(-1)).toMatchObject({ path: `${path}/installation/token`, status: 204 })
  expect(remarks(ran)).toEqual([expect.stringContaining(`${serverUrl}/settings/installations/`)])
  expect(printed(ran) + ran.summary).not.toContain('https://github.com/')
})

describe('without a credential, the message links to GitHub’s forms', () => {
  test.each([
    ['github.com', {}, 'https://github.com'],
    ['GitHub Enterprise Server', { serverUrl: server }, server],
  ])('on %s', async (_, more, host) => {
    await open({ app: false })
    const given = { token: ' ', organization: 'acme' }
    const ran = await shop.run({ command: 'status' }, { ...more, with: given })
    expect(ran.outputs['error-code']).toBe('token-missing')
    expect(ran.requests).toEqual([])
    const said = annotated(ran, 'error').join()
    const permissions =
      'organization_secrets=write&organization_actions_variables=write&actions=read'
    expect(said).toContain(`${host}/organizations/acme/settings/apps/new?`)
    expect(said).toContain(`&webhook_active=false&${permissions})`)
    expect(said).toContain(`${host}/settings/personal-access-tokens/new?`)
    expect(said).toContain(`&expires_in=30&${permissions})`)
    // In the summary, they can be clicked.
    expect(ran.summary).toContain(`<${host}/organizations/acme/settings/apps/new?`)
  })
})

test('GITHUB_TOKEN is refused with the form for an App', async () => {
  await open({ app: false })
  const token = shop.github.addToken('ghs_job', { kind: 'github-token' })
  const ran = await shop.run({ command: 'status' }, { with: { token } })
  expect(ran.outputs['error-code']).toBe('token-forbidden')
  const said = annotated(ran, 'error').join()
  expect(said).toContain('GITHUB_TOKEN can never')
  expect(said).toMatch(
    /https:..github\.com.settings.apps.new\?\S*&secrets=write&actions_variables=write&actions=read/,
  )
})

test('targets of two owners are refused, and nothing is asked', async () => {
  await open({ repositories: ['acme/shop', 'bmce/shop'] })
  const ran = await shop.run(
    { command: 'generate' },
    { with: { repository: 'acme/shop, bmce/shop' } },
  )
  expect(ran.outputs['error-code']).toBe('input-invalid')
  expect(annotated(ran, 'error').join()).toContain('of acme and of bmce')
  expect(ran.requests).toEqual([])
})

test('an App and a token together are refused, and nothing is asked', async () => {
  await open()
  const ran = await shop.run({ command: 'status' }, { with: { token: shop.github.token } })
  expect(ran.outputs['error-code']).toBe('input-invalid')
  expect(ran.requests).toEqual([])
})

test('GitHub that asks the App to slow down is waited for', async () => {
  await open()
  shop.github.faults.push({ match: { path: '/access_tokens' }, do: secondaryRateLimit(2) })
  const ran = await shop.run({ command: 'status' })
  expect(ran.outputs.status).toBe('ok')
  expect(printed(ran)).toContain('GitHub asks for a pause of 2 seconds')
})

describe('a token that cannot be one is refused before any request:', () => {
  const impossible = [
    ['a line break', 'ghs_abcdefgh\nijklmnop', 'line break'],
    ['a space', 'ghs_abcdefgh ijklmnop', 'space'],
    ['quotes', '"ghs_abcdefghijklmnop"', 'quotes'],
    ['Bearer in front', 'Bearer ghs_abcdefghijklmnop', 'authentication scheme'],
    ['token in front', 'token ghs_abcdefghijklmnop', 'authentication scheme'],
    ['only a Client ID', 'Iv23liABCDEFGHIJKLMN', 'Client ID'],
    ['an expression', `\${{ secrets.KEYS_TOKEN }}`, 'expression that was not evaluated'],
    ['a private key', makeKey().privateKey, 'private key'],
  ] as const

  test.each(sample(impossible, 5))('%s', async (_, token, says) => {
    await open({ app: false })
    const ran = await shop.run({ command: 'status' }, { with: { token } })
    expect(['token-rejected', 'key-wrong-half']).toContain(ran.outputs['error-code'])
    expect(annotated(ran, 'error').join()).toContain(says)
    expect(ran.requests).toEqual([])
    expect(printed(ran) + ran.summary).not.toContain(token)
  })
})

test.each(['token', 'app-client-id'])(
  'the private key of the App in %s is refused before any request, and the message names its input',
  async (input) => {
    await open()
    const ran = await shop.run({ command: 'status' }, { with: { [input]: appKey.privateKey } })
    expect(ran.outputs['error-code']).toBe('key-wrong-half')
    expect(annotated(ran, 'error').join()).toMatch(
      new RegExp(`${input} contains a private key.*of a GitHub App as app-private-key`),
    )
    expect(ran.requests).toEqual([])
  },
)

describe('the private key of the App is read from', () => {
  const workshop = new KeyWorkshop()
  afterAll(() => workshop.close())

  const formats: readonly [string, () => string][] = [
    ['PKCS#8', () => appKey.privateKey],
    [
      'PKCS#1, as GitHub lets you download it',
      () => workshop.text('one', `${from} openssl rsa -in app -traditional -out one`),
    ],
    [
      'OpenSSH',
      () => workshop.text('ssh', `${from} cp app ssh; ssh-keygen -q -p -f ssh -P '' -N ''`),
    ],
    ['a PEM with literal \\n', () => appKey.privateKey.replaceAll('\n', '\\n')],
    ['base64 of a PEM', () => Buffer.from(appKey.privateKey).toString('base64')],
  ]
  const from = 'chmod 600 app;'

  test.each(sample(formats, 2))('%s, and shown nowhere', async (_, format) => {
    workshop.write('app', appKey.privateKey)
    await open()
    const text = format()
    setAppKey(text)
    const ran = await shop.run({ command: 'generate' }, { debug: true })
    expect(ran.outputs.status).toBe('staged')
    // The other formats have what every public key has as well.
    const armoured = text.includes('OPENSSH') ? [text] : []
    const search = searchFor({ privateKeys: [appKey.privateKey], armoured })
    const shown = { log: ran.log, summary: ran.summary, outputs: JSON.stringify(ran.outputs) }
    const bodies = ran.requests.map(({ bytes }) => bytes.toString('latin1')).join('\n')
    for (const [where, what] of Object.entries({ ...shown, bodies })) {
      expect(search(where, what)).toEqual([])
    }
    for (const [path, bytes] of ran.files) expect(search(path, bytes)).toEqual([])
    expect(ran.log).not.toMatch(/ghs_[0-9a-f]{36}/)
    // Masked before anything else is printed.
    const lines = ran.stdout.split('\n')
    const masked = lines.slice(
      0,
      lines.findIndex((line) => !line.startsWith('::add-mask::')),
    )
    expect(masked).toContain(`::add-mask::${text.trim().replaceAll('\n', '%0A')}`)
  })
})

const admin = () => shop.repository.environments.get('amazon-pay-keys-admin')

function setAppKey(privateKey: string): void {
  const environment = admin()
  if (environment) shop.github.setSecret(environment, 'KEYS_APP_PRIVATE_KEY', privateKey)
}

function setClientId(clientId: string): void {
  const environment = admin()
  if (environment) shop.github.setVariable(environment, 'KEYS_APP_CLIENT_ID', clientId)
}
