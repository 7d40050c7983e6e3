import { createPublicKey } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type GitHubClient, GitHubError, refused } from '../../../src/adapters/github/client.ts'
import { createTarget, type Place } from '../../../src/adapters/github/target.ts'
import { fingerprint } from '../../../src/domain/key/fingerprint.ts'
import type { KeyRecord } from '../../../src/domain/rotation/record.ts'
import { slotNames } from '../../../src/domain/rotation/slots.ts'
import { nextKey } from '../../keys.ts'

// What is loaded ahead of sealing is loaded a moment later: Jest must still be there.
afterAll(() => setTimeout(20))

const names = slotNames('AMAZON_PAY')
const publicKey = createPublicKey(nextKey())
const record: KeyRecord = {
  version: 1,
  fingerprint: fingerprint(publicKey),
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  publicKeyId: null,
  region: null,
  payEnvironment: null,
  madeAt: '2026-11-24T21:30:00Z',
  activatedAt: null,
  run: 'https://github.com/acme/shop/actions/runs/1',
}
const dates = { created_at: '2026-11-24T21:30:00Z', updated_at: '2026-11-24T21:30:00Z' }
const shop: Place = { kind: 'repository', repository: 'acme/shop' }
const acme: Place = {
  kind: 'organization',
  organization: 'acme',
  visibility: null,
  repositories: [],
}

interface Asked {
  route: string
  parameters: Record<string, unknown>
}

/** Answers by route; a number is a refusal. What is not named is a 404. */
function client(answers: Record<string, (parameters: Record<string, unknown>) => unknown>) {
  const asked: Asked[] = []
  const github: GitHubClient = {
    serverTime: null,
    async request(route, parameters = {}) {
      asked.push({ route, parameters })
      const found = Object.entries(answers).find(([end]) => route.endsWith(end))
      const answer = found ? found[1](parameters) : 404
      if (typeof answer === 'number') throw new GitHubError(refused(answer, ''))
      return { status: 200, data: answer }
    },
  }
  const routes = () => asked.map(({ route }) => route.replace('/repos/{owner}/{repo}/actions', ''))
  return { github, asked, routes }
}

const everything = {
  slots: ['current', 'next', 'previous'],
  publicKeyId: true,
  sealing: false,
} as const

describe('writing a record', () => {
  test('creates one that was not seen', async () => {
    const { github, routes } = client({
      'POST /repos/{owner}/{repo}/actions/variables': () => ({}),
    })
    await createTarget(github, shop, names).saveRecord('next', record)
    expect(routes()).toEqual(['POST /variables'])
  })

  test('updates one that was seen', async () => {
    const variable = { ...dates, value: JSON.stringify(record) }
    const { github, routes } = client({
      '/variables/{name}': (parameters) => (parameters.value === undefined ? variable : {}),
    })
    const target = createTarget(github, shop, names)
    expect(await target.record('next')).toEqual(record)
    await target.saveRecord('next', record)
    expect(routes()).toEqual(['GET /variables/{name}', 'PATCH /variables/{name}'])
  })

  test('creates one that is gone since it was seen', async () => {
    const variable = { ...dates, value: JSON.stringify(record) }
    const { github, routes } = client({
      'GET /repos/{owner}/{repo}/actions/variables/{name}': () => variable,
      'POST /repos/{owner}/{repo}/actions/variables': () => ({}),
    })
    const target = createTarget(github, shop, names)
    await target.record('next')
    await target.saveRecord('next', record)
    expect(routes().slice(1)).toEqual(['PATCH /variables/{name}', 'POST /variables'])
  })

  test('says no when there is one already', async () => {
    const { github } = client({ '/variables': () => 409 })
    expect(await createTarget(github, shop, names).createRecord('next', record)).toBe(false)
  })
})

describe('looking', () => {
  test('tells what is there, and how much room is left', async () => {
    const { github } = client({
      '/secrets': () => ({
        total_count: 97,
        secrets: [{ name: 'amazon_pay_private_key', ...dates }],
      }),
      '/variables/{name}': ({ name }) =>
        name === 'AMAZON_PAY_KEY' ? { ...dates, value: JSON.stringify(record) } : 404,
    })
    const stored = { createdAt: dates.created_at, updatedAt: dates.updated_at }
    expect(await createTarget(github, shop, names).inspect(everything)).toEqual({
      privateKey: { current: stored, next: null, previous: null },
      publicKeyId: null,
      records: { current: { ...stored, record }, next: null, previous: null },
      room: 3,
    })
  })

  test('tells one cause once, and others beside it', async () => {
    const { github } = client({
      '/secrets': () => 403,
      '/public-key': () => 403,
      '/variables/{name}': ({ name }) =>
        name === 'AMAZON_PAY_KEY' ? { ...dates, value: 'junk' } : 403,
    })
    const inspection = createTarget(github, shop, names).inspect({ ...everything, sealing: true })
    const { all } = (await inspection.catch((error: unknown) => error)) as {
      all: { code: string; fact: string }[]
    }
    expect(all.map(({ code }) => code)).toEqual(['token-forbidden', 'record-unreadable'])
  })

  test('lets through what is no answer of GitHub', async () => {
    const github: GitHubClient = {
      serverTime: null,
      request: () => Promise.reject(new RangeError('a bug')),
    }
    await expect(createTarget(github, shop, names).inspect(everything)).rejects.toThrow(RangeError)
  })
})

describe('an organization’s selection', () => {
  test('is read to its last page, and kept', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => index + 1)
    const { github, asked } = client({
      '/secrets/{secret_name}/repositories': ({ page }) => ({
        repositories: ids
          .slice((Number(page) - 1) * 100, Number(page) * 100)
          .map((id) => ({ id, full_name: `acme/r${id}` })),
      }),
      'GET /orgs/{org}/actions/secrets/{secret_name}': ({ secret_name }) =>
        secret_name === 'AMAZON_PAY_PRIVATE_KEY' ? { ...dates, visibility: 'selected' } : 404,
      'POST /orgs/{org}/actions/variables': () => ({}),
    })
    const target = createTarget(github, acme, names)
    await target.inspect(everything)
    await target.createRecord('next', record)
    expect(asked.at(-1)?.parameters).toMatchObject({
      visibility: 'selected',
      selected_repository_ids: ids,
    })
    expect([target.readableBy('Acme/R250'), target.readableBy('acme/r251')]).toEqual([true, false])
  })

  test('of another secret than the current one is kept for that one', async () => {
    const { github, asked } = client({
      'GET /orgs/{org}/actions/secrets/{secret_name}': ({ secret_name }) => ({
        ...dates,
        visibility: secret_name === 'AMAZON_PAY_PUBLIC_KEY_ID' ? 'all' : 'private',
      }),
      'PUT /orgs/{org}/actions/secrets/{secret_name}': () => ({}),
    })
    const target = createTarget(github, acme, names)
    await target.inspect(everything)
    for (const name of ['AMAZON_PAY_PUBLIC_KEY_ID', 'AMAZON_PAY_PRIVATE_KEY']) {
      const sealed = { name, value: '', sealingKeyId: '', reseal: () => Promise.reject() }
      await target.putSecret(sealed)
    }
    expect(asked.slice(-2).map(({ parameters }) => parameters.visibility)).toEqual([
      'all',
      'private',
    ])
  })
})

describe('who receives what is stored', () => {
  test('is the repository itself, in whatever case', () => {
    const target = createTarget(client({}).github, shop, names)
    expect([target.readableBy('ACME/Shop'), target.readableBy('acme/api')]).toEqual([true, false])
  })

  test('is every repository of an organization', () => {
    const target = createTarget(client({}).github, acme, names)
    expect([target.readableBy('acme/any'), target.readableBy('acmes/any')]).toEqual([true, false])
  })
})
