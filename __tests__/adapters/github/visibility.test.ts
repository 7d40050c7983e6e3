import { createTarget } from '../../../src/adapters/github/target.ts'
import { slotNames } from '../../../src/domain/rotation/slots.ts'
import type { TargetSpec, Visibility } from '../../../src/ports.ts'
import { connect, startLoopback, thrownBy } from './loopback.ts'

const names = slotNames('AMAZON_PAY')
const dates = { created_at: '2026-11-24T21:30:00Z', updated_at: '2026-11-24T21:30:00Z' }
const repositories: Readonly<Record<string, number>> = { shop: 1, api: 2, web: 3 }

interface Organization {
  /** By the secret's name: its visibility, or the ids of the selected repositories. */
  readonly secrets?: Readonly<Record<string, string | readonly number[]>>
  readonly missing?: boolean
}

const start = async (
  { secrets = {}, missing = false }: Organization,
  input: { visibility?: Visibility; repositories?: string[] } = {},
) => {
  const found = (name: string) => {
    const selected = secrets[name]
    if (selected === undefined) return { status: 404 }
    const visibility = typeof selected === 'string' ? selected : 'selected'
    return { body: { name, visibility, ...dates } }
  }
  const selection = (name: string, page: number) => {
    const selected = secrets[name]
    const ids = typeof selected === 'object' ? selected : []
    return {
      body: {
        total_count: ids.length,
        repositories: ids
          .slice((page - 1) * 100, page * 100)
          .map((id) => ({ id, full_name: `acme/r${id}` })),
      },
    }
  }
  const server = await startLoopback(({ method, path, query, body }) => {
    if (missing) return { status: 404 }
    if (method !== 'GET') return { status: 201, body }
    const [, root, owner, ...rest] = path.split('/')
    if (root === 'repos') {
      const id = repositories[rest[0] ?? '']
      return id === undefined ? { status: 404 } : { body: { id, full_name: `${owner}/${rest[0]}` } }
    }
    const [, kind, name, member] = rest
    if (kind === 'variables') return { status: 404 }
    if (name === undefined) return { body: { total_count: 990, secrets: [] } }
    return member === 'repositories' ? selection(name, Number(query.page)) : found(name)
  })
  const spec: TargetSpec = {
    kind: 'organization',
    organization: 'acme',
    visibility: input.visibility ?? null,
    repositories: input.repositories ?? [],
  }
  const target = createTarget(connect(server).client, spec)
  /** Who may read what is written now. */
  const written = async (name: string) => {
    await target.putSecret({
      name,
      value: '',
      sealingKeyId: '',
      reseal: () => Promise.reject(new Error('not asked for')),
    })
    const { visibility, selected_repository_ids: selected } = server.asked.at(-1)?.body ?? {}
    return selected ?? visibility
  }
  return { server, target, written }
}

const { current, next } = names.privateKey

describe('inspecting an organization', () => {
  test('finds secrets by their names, and counts the room that is left', async () => {
    const { target } = await start({ secrets: { [current]: 'private' } })
    expect(await target.inspect(names)).toMatchObject({
      privateKey: { current: { createdAt: dates.created_at }, next: null, previous: null },
      publicKeyId: null,
      room: 10,
    })
  })

  test('that does not exist is target-not-found', async () => {
    const { target } = await start({ missing: true })
    expect(await thrownBy(target.inspect(names))).toMatchObject({
      all: [{ code: 'target-not-found' }],
    })
  })

  test.each(['enterprise', ''])(
    'refuses a visibility that is not known (%p), which it could not keep',
    async (visibility) => {
      const { target } = await start({ secrets: { [current]: visibility } })
      expect(await thrownBy(target.inspect(names))).toMatchObject({
        all: [{ code: 'github-unavailable' }],
      })
    },
  )
})

describe('what is written to an organization', () => {
  test.each<[string, Organization, Parameters<typeof start>[1], string, unknown]>([
    ['is private where nothing says otherwise', {}, {}, next, 'private'],
    ['is what the input says', {}, { visibility: 'all' }, current, 'all'],
    ['has what the current secret has', { secrets: { [current]: 'all' } }, {}, next, 'all'],
    [
      'keeps what it has, where the current secret has another',
      { secrets: { [current]: 'private', [names.publicKeyId]: 'all' } },
      {},
      names.publicKeyId,
      'all',
    ],
    [
      'has the repositories of the current secret',
      { secrets: { [current]: [4, 5] } },
      {},
      next,
      [4, 5],
    ],
    [
      'has the repositories of the input',
      {},
      { visibility: 'selected', repositories: ['acme/shop', 'acme/web'] },
      next,
      [1, 3],
    ],
    [
      'has the repositories of the input, in whatever order the secret has them',
      { secrets: { [current]: [3, 1] } },
      { visibility: 'selected', repositories: ['acme/shop', 'acme/web'] },
      next,
      [3, 1],
    ],
  ])('%s', async (_, organization, input, name, expected) => {
    const { target, written } = await start(organization, input)
    await target.inspect(names)
    expect(await written(name)).toEqual(expected)
  })

  test('has a selection that was read to its last page', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => index + 1)
    const { target, written } = await start({ secrets: { [current]: ids } })
    await target.inspect(names)
    expect(await written(next)).toEqual(ids)
    expect([target.readableBy('Acme/R250'), target.readableBy('acme/r251')]).toEqual([true, false])
  })

  test('has no selection that does not end', async () => {
    const { target, server } = await start({ secrets: { [current]: [1] } })
    const { react } = server
    const endless = Array.from({ length: 100 }, (_, id) => ({ id, full_name: `acme/r${id}` }))
    server.react = (asked) =>
      asked.path.endsWith('/repositories') ? { body: { repositories: endless } } : react(asked)
    expect(await thrownBy(target.inspect(names))).toMatchObject({
      all: [{ code: 'github-unavailable' }],
    })
    expect(server.routes().filter((route) => route.endsWith('/repositories'))).toHaveLength(100)
  })

  test('is a lock that only private repositories see, whatever the secrets have', async () => {
    const { target, server } = await start({ secrets: { [current]: 'all' } })
    await target.inspect(names)
    await target.createVariable(names.lock, '{}')
    expect(server.asked.at(-1)?.body).toEqual({
      name: names.lock,
      value: '{}',
      visibility: 'private',
    })
    await target.createVariable(names.record.next, '{}')
    expect(server.asked.at(-1)?.body.visibility).toBe('all')
  })

  test('forgets what a secret had that was deleted', async () => {
    const secrets: Record<string, string> = { [current]: 'private', [next]: 'all' }
    const { target, written } = await start({ secrets })
    await target.inspect(names)
    delete secrets[next]
    await target.inspect(names)
    expect(await written(next)).toBe('private')
  })
})

describe('the input visibility', () => {
  test.each<[string, Organization, Parameters<typeof start>[1], RegExp]>([
    [
      'is not what the current secret has',
      { secrets: { [current]: 'private' } },
      { visibility: 'all' },
      /^visibility is all, but secret AMAZON_PAY_PRIVATE_KEY of organization acme has visibility private$/,
    ],
    [
      'selects, where the current secret has all repositories',
      { secrets: { [current]: 'all' } },
      { visibility: 'selected', repositories: ['acme/shop'] },
      /^visibility is selected, but/,
    ],
    [
      'selects fewer repositories than the current secret',
      { secrets: { [current]: [1, 2] } },
      { visibility: 'selected', repositories: ['acme/shop'] },
      /^repository does not name the same repositories/,
    ],
    [
      'selects other repositories than the current secret',
      { secrets: { [current]: [1, 2] } },
      { visibility: 'selected', repositories: ['acme/shop', 'acme/web'] },
      /^repository does not name the same repositories/,
    ],
  ])('that %s is refused', async (_, organization, input, fact) => {
    const { target } = await start(organization, input)
    await expect(target.inspect(names)).rejects.toMatchObject({
      code: 'input-invalid',
      fact: expect.stringMatching(fact),
    })
  })

  test('with a repository that does not exist is refused', async () => {
    const { target } = await start({}, { visibility: 'selected', repositories: ['acme/none'] })
    await expect(target.inspect(names)).rejects.toMatchObject({ code: 'target-not-found' })
  })
})

describe('a secret of an organization can be read', () => {
  test.each<[Organization, Parameters<typeof start>[1], string, boolean]>([
    [{}, {}, 'acme/any', true],
    [{}, {}, 'ACME/any', true],
    [{}, {}, 'acmes/any', false],
    [{ secrets: { [current]: [4] } }, {}, 'acme/r4', true],
    [{ secrets: { [current]: [4] } }, {}, 'acme/r5', false],
    [{}, { visibility: 'selected', repositories: ['acme/shop'] }, 'acme/Shop', true],
    [{}, { visibility: 'selected', repositories: ['acme/shop'] }, 'acme/api', false],
  ])(
    'by workflows of the repositories that its visibility names (%#)',
    async (organization, input, repository, readable) => {
      const { target } = await start(organization, input)
      await target.inspect(names)
      expect(target.readableBy(repository)).toBe(readable)
    },
  )
})
