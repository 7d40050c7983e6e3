import sodium from 'libsodium-wrappers'
import { createTarget } from '../../../src/adapters/github/target.ts'
import { slotNames } from '../../../src/domain/rotation/slots.ts'
import type { TargetSpec } from '../../../src/ports.ts'
import { type Answer, type Asked, connect, startLoopback, thrownBy } from './loopback.ts'

beforeAll(() => sodium.ready)

const names = slotNames('AMAZON_PAY')
const dates = { created_at: '2026-11-24T21:30:00Z', updated_at: '2026-11-24T21:31:00Z' }
const stored = { createdAt: dates.created_at, updatedAt: dates.updated_at }
const shop: TargetSpec = { kind: 'repository', repository: 'acme/shop' }
const production: TargetSpec = {
  kind: 'environment',
  repository: 'acme/shop',
  environment: 'prod/eu 1',
}
const repositoryPath = '/repos/acme/shop/actions'
const environmentPath = '/repos/acme/shop/environments/prod%2Feu%201'

type Plain = Answer | 'drop'

/** Answers by `METHOD /path`, below the target's path or whole; what is not named is a 404. */
const connected = async (
  spec: TargetSpec,
  reactions: Readonly<Record<string, Plain | ((asked: Asked) => Plain)>> = {},
) => {
  const base = spec.kind === 'environment' ? environmentPath : repositoryPath
  const server = await startLoopback((asked) => {
    const short = `${asked.method} ${asked.path.replace(base, '')}`
    const found = reactions[short] ?? reactions[`${asked.method} ${asked.path}`]
    if (found === undefined) return { status: 404, body: { message: 'Not Found' } }
    return typeof found === 'function' ? found(asked) : found
  })
  const routes = () => server.routes().map((route) => route.replace(base, ''))
  return { server, routes, target: createTarget(connect(server).client, spec), ...connect(server) }
}

const noSecrets = { body: { total_count: 0, secrets: [] } }
const variable = (name: string, value: string) => ({ body: { name, value, ...dates } })
const codes = async (work: Promise<unknown>) => {
  const { all } = (await thrownBy(work)) as { all: readonly { code: string }[] }
  return all.map(({ code }) => code)
}

describe('a target names itself', () => {
  test.each<[TargetSpec, string, string | null, string]>([
    [shop, 'acme/shop', null, 'acme/shop'],
    [production, 'acme/shop', 'prod/eu 1', 'environment prod/eu 1 of acme/shop'],
    [
      { kind: 'organization', organization: 'acme', visibility: null, repositories: [] },
      'acme',
      null,
      'organization acme',
    ],
  ])('by its kind (%#)', async (spec, name, environment, label) => {
    const { target } = await connected(spec)
    expect(target).toMatchObject({ name, environment, label })
  })
})

describe('inspecting a repository', () => {
  test('finds what belongs to the prefix, and counts the room that is left', async () => {
    const { target } = await connected(shop, {
      'GET /secrets': {
        body: {
          total_count: 97,
          secrets: [
            { name: 'amazon_pay_private_key', ...dates },
            { name: 'AMAZON_PAY_PUBLIC_KEY_ID', ...dates },
            { name: 'OTHER', ...dates },
          ],
        },
      },
      'GET /variables/AMAZON_PAY_KEY': variable('AMAZON_PAY_KEY', 'whatever it contains'),
      'GET /variables/AMAZON_PAY_KEY_LOCK': variable('AMAZON_PAY_KEY_LOCK', 'a lock'),
    })
    expect(await target.inspect(names)).toEqual({
      privateKey: { current: stored, next: null, previous: null },
      publicKeyId: stored,
      records: {
        current: { ...stored, value: 'whatever it contains' },
        next: null,
        previous: null,
      },
      lock: { ...stored, value: 'a lock' },
      room: 3,
    })
    expect(target.remarks).toEqual([])
  })

  test('asks for nothing but the list of secrets and the variables of the prefix', async () => {
    const { target, routes } = await connected(shop, { 'GET /secrets': noSecrets })
    await target.inspect(names)
    expect(routes().sort()).toEqual([
      'GET /secrets',
      'GET /variables/AMAZON_PAY_KEY',
      'GET /variables/AMAZON_PAY_KEY_LOCK',
      'GET /variables/AMAZON_PAY_KEY_NEXT',
      'GET /variables/AMAZON_PAY_KEY_PREVIOUS',
    ])
  })

  test('looks up by name what one page of secrets does not show', async () => {
    const { target } = await connected(shop, {
      'GET /secrets': { body: { total_count: 101, secrets: [{ name: 'OTHER', ...dates }] } },
      'GET /secrets/AMAZON_PAY_PRIVATE_KEY': { body: dates },
    })
    expect(await target.inspect(names)).toMatchObject({
      privateKey: { current: stored, next: null },
      publicKeyId: null,
      room: 0,
    })
  })

  test('that does not exist is target-not-found, though variables only seem to be missing', async () => {
    const { target } = await connected(shop)
    expect(await codes(target.inspect(names))).toEqual(['target-not-found'])
  })

  test('shows one cause once', async () => {
    const server = await startLoopback(() => ({ status: 403, body: { message: 'no' } }))
    const target = createTarget(connect(server).client, shop)
    expect(await codes(target.inspect(names))).toEqual(['token-forbidden'])
  })

  test('shows different causes beside each other, that of the secrets first', async () => {
    const { target } = await connected(shop, {
      'GET /secrets': { status: 403 },
      'GET /variables/AMAZON_PAY_KEY': { status: 451 },
    })
    expect(await codes(target.inspect(names))).toEqual(['token-forbidden', 'target-not-found'])
  })

  test.each<[string, Plain]>([
    ['has no list', { body: { total_count: 0 } }],
    ['has a secret without a name', { body: { secrets: [dates] } }],
    ['has a secret without dates', { body: { secrets: [{ name: 'A' }] } }],
  ])('refuses an answer that %s', async (_, reaction) => {
    const { target } = await connected(shop, { 'GET /secrets': reaction })
    expect(await codes(target.inspect(names))).toEqual(['github-unavailable'])
  })

  test('refuses a variable without a value', async () => {
    const { target } = await connected(shop, {
      'GET /secrets': noSecrets,
      'GET /variables/AMAZON_PAY_KEY': { body: dates },
    })
    expect(await codes(target.inspect(names))).toEqual(['github-unavailable'])
  })

  test('throws a defect on as what it is', async () => {
    const { client } = await connected(shop)
    const broken = { ...client, request: () => Promise.reject(new RangeError('a defect')) }
    await expect(createTarget(broken, shop).inspect(names)).rejects.toThrow(RangeError)
  })
})

describe('inspecting an environment', () => {
  const environment = 'GET '
  test.each<[string, Plain, RegExp[]]>([
    ['protected', { body: { protection_rules: [{ type: 'required_reviewers' }] } }, []],
    [
      'without rules',
      { body: { protection_rules: [] } },
      [/^environment prod\/eu 1 of acme\/shop has no protection rules$/],
    ],
    [
      'that the token cannot read',
      { status: 403 },
      [/^this token cannot read whether environment prod/],
    ],
    ['described in an unknown way', { body: {} }, [/^this token cannot read/]],
  ])('%s says so in its remarks', async (_, reaction, facts) => {
    const { target } = await connected(production, {
      'GET /secrets': noSecrets,
      [environment]: reaction,
    })
    expect(await target.inspect(names)).toMatchObject({ room: 100 })
    expect(target.remarks.map(({ fact }) => fact)).toEqual(
      facts.map((fact) => expect.stringMatching(fact)),
    )
  })

  test('does not collect the remarks of earlier inspections', async () => {
    const { target } = await connected(production, { 'GET /secrets': noSecrets })
    await target.inspect(names)
    await target.inspect(names)
    expect(target.remarks).toHaveLength(1)
  })

  test('that does not exist is environment-not-found', async () => {
    const { target } = await connected(production)
    expect(await codes(target.inspect(names))).toEqual(['environment-not-found'])
  })
})

describe('saving a variable', () => {
  const path = '/variables/V'

  test('creates one that was not seen', async () => {
    const { target, server } = await connected(shop, { 'POST /variables': { status: 201 } })
    await target.saveVariable('V', 'value')
    expect(server.asked).toMatchObject([
      { method: 'POST', path: `${repositoryPath}/variables`, body: { name: 'V', value: 'value' } },
    ])
  })

  test('updates one that was seen', async () => {
    const { target, routes } = await connected(shop, {
      [`GET ${path}`]: variable('V', 'old'),
      [`PATCH ${path}`]: { status: 204 },
    })
    expect(await target.variable('V')).toEqual({ ...stored, value: 'old' })
    await target.saveVariable('V', 'value')
    expect(routes()).toEqual([`GET ${path}`, `PATCH ${path}`])
  })

  test('updates one that it created', async () => {
    const { target, routes } = await connected(shop, {
      'POST /variables': { status: 201 },
      [`PATCH ${path}`]: { status: 204 },
    })
    await target.saveVariable('V', 'value')
    await target.saveVariable('V', 'another')
    expect(routes()).toEqual(['POST /variables', `PATCH ${path}`])
  })

  test('creates one that it deleted', async () => {
    const { target, routes } = await connected(shop, {
      'POST /variables': { status: 201 },
      [`DELETE ${path}`]: { status: 204 },
    })
    await target.saveVariable('V', 'value')
    await target.deleteVariable('V')
    await target.saveVariable('V', 'value')
    expect(routes()).toEqual(['POST /variables', `DELETE ${path}`, 'POST /variables'])
  })

  test('creates one that is gone since it was seen', async () => {
    const { target, routes } = await connected(shop, {
      [`GET ${path}`]: variable('V', 'old'),
      'POST /variables': { status: 201 },
    })
    await target.variable('V')
    await target.saveVariable('V', 'value')
    expect(routes()).toEqual([`GET ${path}`, `PATCH ${path}`, 'POST /variables'])
  })

  test('updates one that appeared since it was looked for', async () => {
    const { target, routes } = await connected(shop, {
      'POST /variables': { status: 409 },
      [`PATCH ${path}`]: { status: 204 },
    })
    await target.saveVariable('V', 'value')
    expect(routes()).toEqual(['POST /variables', `PATCH ${path}`])
  })

  test('does not go back and forth', async () => {
    const { target, routes } = await connected(shop, { 'POST /variables': { status: 409 } })
    await expect(target.saveVariable('V', 'value')).rejects.toMatchObject({
      code: 'target-not-found',
    })
    expect(routes()).toHaveLength(2)
  })

  test.each<[Plain, string, boolean]>([
    [{ status: 422 }, 'variable-write-failed', false],
    ['drop', 'github-unavailable', true],
  ])(
    'says what failed, and whether it may have happened (%#)',
    async (reaction, code, uncertain) => {
      const { target } = await connected(shop, { 'POST /variables': reaction })
      await expect(target.saveVariable('V', 'value')).rejects.toMatchObject({ code, uncertain })
    },
  )
})

describe('creating a variable', () => {
  /** Reacts to each POST in this order. */
  const posts = (...reactions: Plain[]) => {
    let next = 0
    return () => reactions[next++] ?? 'drop'
  }

  test.each<[string, Plain[], Plain, boolean]>([
    ['is done where there is none', [{ status: 201 }], 'drop', true],
    ['is refused where there is one', [{ status: 409 }], 'drop', false],
    [
      'is done when its first answer was lost, and the variable is its own',
      ['drop', { status: 409 }],
      variable('LOCK', 'mine'),
      true,
    ],
    [
      'is refused when its first answer was lost, and the variable is another’s',
      ['drop', { status: 409 }],
      variable('LOCK', 'theirs'),
      false,
    ],
  ])('%s', async (_, reactions, read, created) => {
    const { target } = await connected(shop, {
      'POST /variables': posts(...reactions),
      'GET /variables/LOCK': read,
    })
    expect(await target.createVariable('LOCK', 'mine')).toBe(created)
  })

  test.each<[string, Plain[]]>([
    ['all answers were lost', ['drop']],
    ['its answer was lost and the variable cannot be read', ['drop', { status: 409 }]],
  ])('is uncertain when %s', async (_, reactions) => {
    const { target } = await connected(shop, {
      'POST /variables': posts(...reactions),
      'GET /variables/LOCK': { status: 500 },
    })
    await expect(target.createVariable('LOCK', 'mine')).rejects.toMatchObject({
      code: 'github-unavailable',
      uncertain: true,
    })
  })
})

describe('deleting', () => {
  test.each([204, 404])('is done when GitHub answers %i', async (status) => {
    const { target, routes } = await connected(shop, {
      'DELETE /secrets/S': { status },
      'DELETE /variables/V': { status },
    })
    await target.deleteSecret('S')
    await target.deleteVariable('V')
    expect(routes()).toEqual(['DELETE /secrets/S', 'DELETE /variables/V'])
  })

  test('says what failed', async () => {
    const { target } = await connected(shop, {
      'DELETE /secrets/S': { status: 400 },
      'DELETE /variables/V': { status: 400 },
    })
    await expect(target.deleteSecret('S')).rejects.toMatchObject({ code: 'secret-write-failed' })
    await expect(target.deleteVariable('V')).rejects.toMatchObject({
      code: 'variable-write-failed',
    })
  })
})

describe('a secret', () => {
  const recipient = () => {
    const { publicKey, privateKey } = sodium.crypto_box_keypair()
    return {
      answer: (id: string) => ({
        body: { key_id: id, key: Buffer.from(publicKey).toString('base64') },
      }),
      open: (sealed: unknown) =>
        Buffer.from(
          sodium.crypto_box_seal_open(Buffer.from(String(sealed), 'base64'), publicKey, privateKey),
        ).toString(),
    }
  }

  test('is sealed with the target’s key, which is fetched once, and written', async () => {
    const github = recipient()
    const { target, routes, server } = await connected(production, {
      'GET /secrets/public-key': github.answer('7'),
      'PUT /secrets/A': { status: 201 },
      'PUT /secrets/B': { status: 204 },
    })
    for (const name of ['A', 'B']) await target.putSecret(await target.seal(name, `of ${name}`))
    expect(routes()).toEqual(['GET /secrets/public-key', 'PUT /secrets/A', 'PUT /secrets/B'])
    expect(server.asked[1]?.body.key_id).toBe('7')
    expect(github.open(server.asked[1]?.body.encrypted_value)).toBe('of A')
    expect(Object.keys(server.asked[1]?.body ?? {}).sort()).toEqual(['encrypted_value', 'key_id'])
  })

  test('is sealed and written again when GitHub has another sealing key by now', async () => {
    const [before, after] = [recipient(), recipient()]
    let fetched = 0
    const { target, server } = await connected(shop, {
      'GET /secrets/public-key': () => (fetched++ === 0 ? before.answer('1') : after.answer('2')),
      'PUT /secrets/A': ({ body }) => ({ status: body.key_id === '2' ? 204 : 422 }),
    })
    await target.putSecret(await target.seal('A', 'value'))
    expect(after.open(server.asked.at(-1)?.body.encrypted_value)).toBe('value')
    await target.putSecret(await target.seal('A', 'value'))
    expect(fetched).toBe(2)
  })

  test('is not written a third time', async () => {
    const { target, routes } = await connected(shop, {
      'GET /secrets/public-key': recipient().answer('1'),
      'PUT /secrets/A': { status: 422 },
    })
    await expect(target.putSecret(await target.seal('A', 'value'))).rejects.toMatchObject({
      code: 'secret-write-failed',
    })
    expect(routes().filter((route) => route.startsWith('PUT'))).toHaveLength(2)
  })

  test('is not sealed with a weak sealing key, which is GitHub’s fault', async () => {
    const key = Buffer.alloc(32).toString('base64')
    const { target } = await connected(shop, {
      'GET /secrets/public-key': { body: { key_id: '1', key } },
    })
    await expect(target.seal('A', 'value')).rejects.toMatchObject({ code: 'github-unavailable' })
  })

  test('that could not be sealed is sealed when the sealing key can be fetched', async () => {
    let fetched = 0
    const { target } = await connected(shop, {
      'GET /secrets/public-key': () =>
        fetched++ === 0 ? { status: 403 } : recipient().answer('1'),
    })
    await expect(target.seal('A', 'value')).rejects.toMatchObject({ code: 'token-forbidden' })
    expect(await target.seal('A', 'value')).toMatchObject({ sealingKeyId: '1' })
  })

  test('whose answer was lost may have been written', async () => {
    const { target } = await connected(shop, {
      'GET /secrets/public-key': recipient().answer('1'),
      'PUT /secrets/A': 'drop',
    })
    await expect(target.putSecret(await target.seal('A', 'value'))).rejects.toMatchObject({
      code: 'github-unavailable',
      uncertain: true,
    })
  })

  test('is looked up by its name', async () => {
    const { target } = await connected(shop, { 'GET /secrets/A': { body: dates } })
    expect([await target.secret('A'), await target.secret('B')]).toEqual([stored, null])
  })
})

describe('a secret of a repository can be read', () => {
  test.each([
    ['ACME/Shop', true],
    ['acme/api', false],
  ])('by workflows of %s: %s', async (repository, readable) => {
    const { target } = await connected(shop)
    expect(target.readableBy(repository)).toBe(readable)
  })
})
