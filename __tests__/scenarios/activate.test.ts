import type { Scope } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import {
  activation,
  exchanged,
  type Held,
  held,
  makePair,
  makePairs,
  order,
  type Pair,
  plant,
  settled,
} from './pairs.ts'
import {
  annotated,
  asked,
  openScene,
  plain,
  printed,
  type Scene,
  targetsOf,
  variablesOf,
} from './support.ts'

const [old, young, third] = makePairs('OLD', 'YOUNG', 'THIRD') as [Pair, Pair, Pair]
const sandbox: Pair = { ...young, ...{ id: `SANDBOX-${'BOX'.padStart(24, 'A')}`, view: 'sandbox' } }
const pairs = [old, young, third]

let scene: Scene
let shop: Scope
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => {
  scene.reset('acme/shop', 'acme/api')
  exchanged(scene, old, young, third, sandbox)
  shop = scene.github.repository('acme/shop')
})
afterAll(() => scene.close())

const now = (scope: Scope = shop): Held => held(scope, pairs)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))
const run = (inputs: Record<string, string>, more = {}) => scene.run(inputs, more)
const codeOf = ({ outputs }: RunResult) => outputs['error-code']

describe('a first activation', () => {
  let result: RunResult
  beforeEach(async () => {
    plant(scene, shop, { next: young }, { ago: 2 })
    result = await run(activation(young))
  })

  test('makes the staged key current, and says what follows', () => {
    expect(result.exitCode).toBe(0)
    expect(result.stderr).toBe('')
    expect(now()).toEqual(settled(young))
    expect(printed(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect(asked(scene.github.requests)).toMatchSnapshot()
    expect(asked(scene.amazonPay.requests)).toMatchSnapshot()
  })

  test('says all of it in its outputs', () => {
    const { 'public-key': publicKey, 'public-key-file': file, targets, ...rest } = result.outputs
    expect(publicKey).toBe(young.publicKey)
    expect(file).toMatch(/amazon-pay-public-key-us-live-[0-9a-f]{8}\.pub$/)
    expect(rest).toMatchObject({
      command: 'activate',
      status: 'activated',
      'error-code': '',
      fingerprint: young.fingerprint,
      'public-key-id': young.id,
      'previous-public-key-id': '',
      region: 'us',
      'pay-environment': 'live',
      'amazon-pay': 'accepted',
      'secret-name': 'AMAZON_PAY_PRIVATE_KEY',
    })
    expect(rest).not.toHaveProperty('exchange-markdown')
    expect(JSON.parse(targets ?? '')).toEqual([
      {
        target: 'acme/shop',
        environment: null,
        result: 'created',
        code: null,
        message: 'this pair is current now',
      },
    ])
  })

  test('keeps what the record knew', () => {
    const { AMAZON_PAY_KEY: record } = variablesOf(shop)
    expect(record).toMatchObject({
      publicKeyId: young.id,
      region: 'us',
      payEnvironment: 'live',
      run: 'https://github.com/acme/shop/actions/runs/4711',
    })
    expect(
      Date.parse(String(record?.activatedAt)) - Date.parse(String(record?.madeAt)),
    ).toBeGreaterThan(86_400_000)
  })

  test('is found done by a second run, which changes nothing', async () => {
    scene.github.requests.length = 0
    const again = await run(activation(young, young))
    expect(again.outputs).toMatchObject({ status: 'activated', 'error-code': '' })
    expect(targetsOf(again)).toMatchObject([{ result: 'unchanged' }])
    expect(printed(again)).toMatchSnapshot()
    expect(writes()).toEqual([])
    expect(now()).toEqual(settled(young))
  })
})

describe('a rotation', () => {
  beforeEach(() => plant(scene, shop, { current: old, next: young }))

  test('keeps the old pair, and writes the new one back to back', async () => {
    const result = await run(activation(young, old))
    expect(result.exitCode).toBe(0)
    expect(now()).toEqual(settled(young, old))
    expect(printed(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect(result.outputs['previous-public-key-id']).toBe(old.id)
    expect(writes()).toEqual(
      [
        'PATCH variables/AMAZON_PAY_KEY_NEXT',
        'PUT secrets/AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
        'POST variables',
        'PUT secrets/AMAZON_PAY_PUBLIC_KEY_ID',
        'PUT secrets/AMAZON_PAY_PRIVATE_KEY',
        'PATCH variables/AMAZON_PAY_KEY',
        'DELETE secrets/AMAZON_PAY_PRIVATE_KEY_NEXT',
        'DELETE variables/AMAZON_PAY_KEY_NEXT',
      ].map((line) => expect.stringContaining(line.replace(' ', ' /repos/acme/shop/actions/'))),
    )
  })

  test('proves the pair before it writes, with a control that Amazon must refuse', async () => {
    const order: string[] = []
    scene.github.onRequest = ({ method }, phase) => {
      if (phase === 'before') order.push(method === 'GET' ? 'read' : 'write')
      return undefined
    }
    scene.amazonPay.onRequest = (_, phase) => {
      if (phase === 'before') order.push('proof')
      return undefined
    }
    await run(activation(young, old))
    expect(order.filter((step, index) => step !== order[index - 1]).slice(0, 4)).toEqual([
      'read',
      'proof',
      'read',
      'write',
    ])
    expect(scene.amazonPay.requests.map(({ status }) => status)).toEqual([403, 404])
    const [control, proof] = scene.amazonPay.requests
    expect(control?.path).toBe(proof?.path)
    expect(control?.headers.authorization).not.toBe(proof?.headers.authorization)
  })

  test('pauses between a pair and what is not of it, and never inside', async () => {
    await run(activation(young, old))
    const time = (name: string) =>
      Number(
        scene.github.requests.find(({ method, path }) => method !== 'GET' && path.endsWith(name))
          ?.time,
      )
    // A second, as GitHub asks, of which a fiftieth passes.
    const pause = 18
    expect(time('_PRIVATE_KEY_PREVIOUS') - time('_KEY_NEXT')).toBeGreaterThanOrEqual(pause)
    expect(time('_PUBLIC_KEY_ID') - time('_PRIVATE_KEY_PREVIOUS')).toBeGreaterThanOrEqual(pause)
    expect(time('_PRIVATE_KEY_NEXT') - time('/AMAZON_PAY_KEY')).toBeGreaterThanOrEqual(pause)
  })

  test('in a dry run proves the pair, and writes nothing', async () => {
    const result = await run(activation(young, old, { 'dry-run': 'true' }))
    expect(result.outputs).toMatchObject({ status: 'planned', 'amazon-pay': 'accepted' })
    expect(printed(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('tells of a third key in its way', async () => {
    plant(scene, shop, { previous: third })
    const result = await run(activation(young, old))
    expect(annotated(result, 'warning')).toMatchSnapshot()
    expect(result.log).toContain(third.id)
    expect(now()).toEqual(settled(young, old))
  })

  test('leaves a key alone that was staged in the meantime', async () => {
    const { activate } = { activate: scene.start(activation(young, old)) }
    scene.github.onRequest = ({ method, path }, phase) => {
      if (phase === 'after' && method === 'PATCH' && path.endsWith('/AMAZON_PAY_KEY')) {
        plant(scene, shop, { next: third })
      }
      return undefined
    }
    expect((await activate.done).exitCode).toBe(0)
    expect(now()).toEqual(settled(young, old, third))
  })

  test('of a key that was never staged leaves what is staged alone', async () => {
    const result = await run(activation(third, old))
    expect(result.exitCode).toBe(0)
    expect(now()).toEqual(settled(third, old, young))
  })

  test('uploads the public key when asked', async () => {
    await run(activation(young, old, { artifact: 'true' }))
    expect(scene.github.artifacts.map(({ name }) => plain(name))).toEqual([
      'amazon-pay-public-key-us-live-<short>.pub',
    ])
  })

  test('is told when the staged key cannot be cleared: the pair is current', async () => {
    scene.github.faults.push({
      match: { method: 'DELETE' },
      times: Infinity,
      do: { status: 403, body: { message: 'no' } },
    })
    const result = await run(activation(young, old))
    expect(result.outputs).toMatchObject({ status: 'activated', 'error-code': 'token-forbidden' })
    expect(annotated(result, 'warning')).toMatchSnapshot()
  })
})

describe('what the caller believes', () => {
  beforeEach(() => plant(scene, shop, { current: old, next: young }))

  test.each<[string, string, () => Record<string, string>]>([
    ['no previous key', 'previous-key-missing', () => activation(young)],
    ['another key than the current one', 'pair-changed', () => activation(young, third)],
    ['another region', 'region-mismatch', () => activation(young, old, { region: 'jp' })],
    ['a sandbox ID for a live shop', 'pay-environment-mismatch', () => activation(sandbox, old)],
    [
      'a sandbox ID and live',
      'pay-environment-mismatch',
      () => activation(sandbox, old, { 'pay-environment': 'live' }),
    ],
    ['no key', 'key-empty', () => activation({ ...young, privateKey: '' }, old)],
    [
      'a public key',
      'key-wrong-half',
      () => activation({ ...young, privateKey: young.publicKey }, old),
    ],
  ])('%s: %s', async (_, code, inputs) => {
    const result = await run(inputs())
    expect(result.exitCode).toBe(1)
    expect(codeOf(result)).toBe(code)
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
    expect(scene.amazonPay.requests).toEqual([])
  })

  test('a staged key that was made for the other view', async () => {
    scene.reset('acme/shop')
    exchanged(scene, young)
    shop = scene.github.repository('acme/shop')
    plant(scene, shop, { next: sandbox })
    const refused = await run(activation(young))
    expect(codeOf(refused)).toBe('pay-environment-mismatch')
    expect(annotated(refused, 'error')).toMatchSnapshot()
    const meant = await run(activation(young, null, { 'pay-environment': 'live' }))
    expect(meant.exitCode).toBe(0)
    expect(variablesOf(shop).AMAZON_PAY_KEY).toMatchObject({ payEnvironment: 'live' })
  })

  test('a private key whose Public Key ID is elsewhere', async () => {
    scene.github.deleteSecret(shop, 'AMAZON_PAY_PUBLIC_KEY_ID')
    const result = await run(activation(young, old))
    expect(codeOf(result)).toBe('public-key-id-elsewhere')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('nothing, after a leak: nothing is kept, and what was kept before is named', async () => {
    plant(scene, shop, { previous: third })
    const result = await run(activation(young, null, { 'keep-previous': 'false' }))
    expect(result.exitCode).toBe(0)
    expect(now()).toEqual(settled(young, third))
    expect(annotated(result, 'warning')).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
  })
})

describe('where it cannot know where to ask', () => {
  const bare = makePair('BARE', { view: 'both' })
  const record = { region: null, payEnvironment: null }
  const start = (more: Record<string, string> = {}) => {
    exchanged(scene, bare)
    plant(scene, shop, { next: bare }, { more: record })
    return run(activation(bare, null, more))
  }

  test.each<[string, Record<string, string>]>([
    ['region', { 'pay-environment': 'live' }],
    ['pay-environment', { region: 'us' }],
  ])('%s is missing', async (input, given) => {
    const result = await start(given)
    expect(codeOf(result)).toBe('input-missing')
    expect(annotated(result, 'error')[0]).toContain(`input-missing: ${input} is empty`)
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test.each(['live', 'sandbox'])('an ID without prefix is proved below /%s', async (view) => {
    const result = await start({ region: 'us', 'pay-environment': view })
    expect(result.exitCode).toBe(0)
    const paths = scene.amazonPay.requests.map(({ path }) => path)
    expect(new Set(paths)).toEqual(new Set([`/${view}/v2/chargePermissions/S00-0000000-0000000`]))
  })

  test('nothing is missing when nobody is asked', async () => {
    const result = await start({ 'amazon-pay-check': 'off' })
    expect(result.outputs).toMatchObject({ status: 'activated', 'amazon-pay': 'skipped' })
    expect(scene.amazonPay.requests).toEqual([])
    expect(plain(result.summary)).toMatchSnapshot()
  })
})

describe('public-key-id: from-approval', () => {
  const approval = (
    state: 'approved' | 'rejected',
    comment: string,
    environment = 'production',
  ) => ({
    state,
    comment,
    environments: [{ id: 1, name: environment }],
    user: { login: 'octocat', id: 1 },
  })
  const { id } = young
  const start = (approvals: ReturnType<typeof approval>[], more: Record<string, string> = {}) => {
    scene.github.addRun('acme/shop', { id: 4711, approvals })
    plant(scene, shop, { next: young })
    return run(activation(young, null, { 'public-key-id': 'from-approval', ...more }))
  }

  test.each<[string, ReturnType<typeof approval>[]]>([
    ['the comment', [approval('approved', `Exchanged: ${id}, see you`)]],
    ['the same in two comments', [approval('approved', id), approval('approved', id, 'staging')]],
    ['beside a rejection', [approval('rejected', third.id), approval('approved', id)]],
  ])('takes it from %s', async (_, approvals) => {
    const result = await start(approvals)
    expect(result.outputs).toMatchObject({ status: 'activated', 'public-key-id': id })
  })

  test.each<[string, ReturnType<typeof approval>[]]>([
    ['no approval', []],
    ['two IDs', [approval('approved', `${id} not ${third.id}`)]],
    ['an ID in lower case', [approval('approved', id.toLowerCase())]],
  ])('does not guess with %s', async (_, approvals) => {
    const result = await start(approvals)
    expect(codeOf(result)).toBe('public-key-id-invalid')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  describe('with an environment', () => {
    const inEnvironment = (approvals: ReturnType<typeof approval>[]) => {
      const environment = scene.github.addEnvironment('acme/shop', 'production')
      plant(scene, environment, { next: young })
      scene.github.addRun('acme/shop', { id: 4711, approvals })
      return run(
        activation(young, null, { 'public-key-id': 'from-approval', environment: 'production' }),
      )
    }

    test('takes the newest approval of that environment', async () => {
      const result = await inEnvironment([
        approval('approved', third.id, 'staging'),
        approval('rejected', third.id),
        approval('approved', id, 'Production'),
        approval('approved', third.id),
      ])
      expect(result.outputs).toMatchObject({ status: 'activated', 'public-key-id': id })
    })

    test('does not go back to an older one', async () => {
      const result = await inEnvironment([approval('approved', 'go'), approval('approved', id)])
      expect(codeOf(result)).toBe('public-key-id-invalid')
      expect(annotated(result, 'error')).toMatchSnapshot()
    })
  })

  test('needs a token that may read it', async () => {
    const permissions = { secrets: 'write', variables: 'write' } as const
    const token = scene.github.addToken('ghs_narrow', { permissions })
    const result = await start([approval('approved', id)], { token })
    expect(codeOf(result)).toBe('token-forbidden')
    expect(annotated(result, 'error')).toMatchSnapshot()
  })
})

describe('several targets', () => {
  const both = { repository: 'acme/shop, acme/api' }
  let api: Scope
  beforeEach(() => {
    api = scene.github.repository('acme/api')
  })

  test('become new one after the other, and are cleared at the end', async () => {
    for (const place of [shop, api]) plant(scene, place, { current: old, next: young })
    const result = await run(activation(young, old, both))
    expect(result.exitCode).toBe(0)
    expect([now(shop), now(api)]).toEqual([settled(young, old), settled(young, old)])
    expect(printed(result)).toMatchSnapshot()
    expect(writes()).toMatchSnapshot()
  })

  test('go on where one was done before', async () => {
    plant(scene, shop, { current: young, previous: old })
    plant(scene, api, { current: old, next: young })
    const result = await run(activation(young, old, both))
    expect(targetsOf(result).map(({ result }) => result)).toEqual(['unchanged', 'updated'])
    expect([now(shop), now(api)]).toEqual([settled(young, old), settled(young, old)])
    expect(writes().filter((line) => line.includes('/acme/shop/'))).toEqual([])
  })

  test('must agree: all findings are told, and nothing is written', async () => {
    plant(scene, shop, { current: old, next: young })
    plant(scene, api, { current: third })
    const result = await run(activation(young, old, both))
    expect(codeOf(result)).toBe('pair-changed')
    expect(targetsOf(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('that differ in kind are each treated as they are', async () => {
    plant(scene, shop, { current: old, next: young })
    const result = await run(activation(young, old, both))
    expect(targetsOf(result).map(({ result }) => result)).toEqual(['updated', 'created'])
    expect([now(shop), now(api)]).toEqual([settled(young, old), settled(young)])
  })
})

describe('other levels', () => {
  test('an environment', async () => {
    const environment = scene.github.addEnvironment('acme/shop', 'production')
    plant(scene, environment, { current: old, next: young })
    const result = await run(activation(young, old, { environment: 'production' }))
    expect(result.exitCode).toBe(0)
    expect(now(environment)).toEqual(settled(young, old))
    expect(shop.secrets.size + shop.variables.size).toBe(0)
    expect(targetsOf(result)).toMatchObject([{ target: 'acme/shop', environment: 'production' }])
  })

  test('an organization, whose current secret says who may read', async () => {
    const organization = scene.github.addOrganization('acme')
    plant(scene, organization, { current: old, next: young })
    const selected = [scene.github.repository('acme/api').id]
    for (const secret of organization.secrets.values()) {
      Object.assign(secret, { visibility: 'selected', selected })
    }
    const result = await run(activation(young, old, { organization: 'acme' }))
    expect(result.exitCode).toBe(0)
    expect(now(organization)).toEqual(settled(young, old))
    for (const { visibility, selected: own } of organization.secrets.values()) {
      expect([visibility, own]).toEqual(['selected', selected])
    }
  })

  test('an organization is not opened in passing', async () => {
    const organization = scene.github.addOrganization('acme')
    plant(scene, organization, { current: old, next: young })
    const result = await run(activation(young, old, { organization: 'acme', visibility: 'all' }))
    expect(codeOf(result)).toBe('input-invalid')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('a prefix of its own', async () => {
    const place = { ...shop, secrets: new Map(), variables: new Map() }
    plant(scene, place, { next: young })
    for (const kind of ['secrets', 'variables'] as const) {
      for (const [name, item] of place[kind])
        shop[kind].set(name.replace('PAY_', 'PAY_EU_'), {
          ...item,
          name: name.replace('PAY_', 'PAY_EU_'),
        })
    }
    const result = await run(activation(young, null, { prefix: 'AMAZON_PAY_EU' }))
    expect(result.outputs['secret-name']).toBe('AMAZON_PAY_EU_PRIVATE_KEY')
    expect([...shop.secrets.keys(), ...shop.variables.keys()].sort()).toEqual([
      'AMAZON_PAY_EU_KEY',
      'AMAZON_PAY_EU_PRIVATE_KEY',
      'AMAZON_PAY_EU_PUBLIC_KEY_ID',
    ])
  })
})

test('the shop takes orders with the pair', async () => {
  plant(scene, shop, { current: old, next: young })
  expect(await order(scene, shop)).toMatchObject({ accepted: true })
  await run(activation(young, old))
  expect(await order(scene, shop)).toMatchObject({ accepted: true })
  expect(scene.amazonPay.orders.map(({ publicKeyId }) => publicKeyId)).toEqual([old.id, young.id])
})
