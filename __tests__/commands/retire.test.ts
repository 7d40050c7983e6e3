import { refusal as gitHubRefusal } from './world/github.ts'
import { type Key, makeKeys } from './world/keys.ts'
import { type Form, type Ran, Shop, type StartOptions } from './world/workflow.ts'

const [old, young, staged, other] = makeKeys(4) as [Key, Key, Key, Key]

const warningsOf = ({ warnings }: Ran): string =>
  warnings.map(({ fact, hint }) => `${fact}. ${hint}`).join('\n')

/** A shop whose previous key a person has deleted in Integration Central, or not. */
function rotated(state: 'deleted' | 'active' | 'suspended' = 'deleted', shop = new Shop()): Shop {
  shop.given({ current: young, previous: old })
  shop.amazon.set(old.id, state)
  return shop
}

test('a deleted key goes, secret first', async () => {
  const shop = rotated()
  const ran = await shop.run('retire')
  expect(ran.effects).toEqual([
    'create AMAZON_PAY_KEY_LOCK',
    'delete AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
    'delete AMAZON_PAY_KEY_PREVIOUS',
    'delete AMAZON_PAY_KEY_LOCK',
  ])
  expect(ran.outputs).toMatchObject({
    status: 'retired',
    'previous-public-key-id': old.id,
    'amazon-pay': 'rejected',
  })
  expect([shop.target.privateKey('previous'), shop.target.recordText('previous')]).toEqual([
    null,
    null,
  ])
  expect(shop.deploy()).toBe('accepted')
})

test('the current pair is verified in the same place at the same moment', async () => {
  const shop = rotated()
  await shop.run('retire')
  const asked = shop.amazon.requests.map(({ headers, host }) => [
    host,
    /PublicKeyId=([^,]+)/.exec(headers.authorization ?? '')?.[1],
  ])
  expect(asked).toContainEqual(['pay-api.amazon.eu', old.id])
  expect(asked.at(-1)).toEqual(['pay-api.amazon.eu', young.id])
})

test.each([
  { name: 'in several targets', options: { repositories: ['acme/shop', 'acme/web'] } },
  { name: 'in an environment', options: { environment: 'production' } },
  { name: 'in an organization', options: { organization: 'acme' } },
])('it goes $name', async ({ options }) => {
  const shop = rotated('deleted', new Shop(options))
  const ran = await shop.run('retire')
  expect([ran.status, ran.trouble]).toEqual(['retired', ''])
  for (const target of shop.targets) expect(target.privateKey('previous')).toBeNull()
})

test('where there is nothing to retire, it is green: a notice', async () => {
  const ran = await new Shop().given({ current: young }).run('retire')
  expect([ran.status, ran.effects, ran.targets]).toEqual([
    'retired',
    [],
    { 'acme/shop': 'unchanged' },
  ])
  expect(ran.notices).toHaveLength(1)
})

test('a record without its secret is removed', async () => {
  const shop = rotated()
  shop.target.clear('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
  const ran = await shop.run('retire')
  expect([ran.status, shop.target.recordText('previous')]).toEqual(['retired', null])
  expect(shop.amazon.requests).toEqual([])
})

test.each([
  { name: 'current', given: { current: young, previous: young } },
  { name: 'staged', given: { current: young, next: staged, previous: staged } },
] as const)('a copy of the $name key is deleted without asking Amazon Pay', async ({ given }) => {
  const shop = new Shop().given(given)
  const ran = await shop.run('retire')
  expect([ran.status, ran.trouble, shop.amazon.requests]).toEqual(['retired', '', []])
  expect(shop.target.privateKey('previous')).toBeNull()
  expect(shop.deploy()).toBe('accepted')
})

test('nothing is deleted in a dry run', async () => {
  const ran = await rotated().run('retire', {}, { with: { 'dry-run': 'true' } })
  expect([ran.status, ran.effects, ran.targets]).toEqual([
    'planned',
    [],
    { 'acme/shop': 'planned' },
  ])
})

describe('runs that were queued before the activation', () => {
  test('are shown', async () => {
    const shop = rotated('active')
    const url = 'https://github.com/acme/shop/actions/runs/77'
    const asked: Date[] = []
    shop.github.openRuns = async (_, before) => {
      asked.push(before)
      return [{ url, name: 'deploy', status: 'queued', createdAt: '2026-11-20T00:00:00Z' }]
    }
    const ran = await shop.run('retire')
    expect(ran.code).toBe('still-accepted')
    expect(warningsOf(ran)).toContain(url)
    expect(asked).toEqual([new Date(shop.target.record('current')?.activatedAt ?? '')])
  })

  test('that the token may not see are a warning', async () => {
    const shop = rotated()
    shop.github.openRuns = async () => {
      throw gitHubRefusal('the token lacks Actions: read')
    }
    const ran = await shop.run('retire')
    expect(ran.status).toBe('retired')
    expect(warningsOf(ran)).toContain('Actions: read')
  })
})

describe('an undocumented answer', () => {
  const strange = (): Shop => {
    const shop = rotated()
    const { judge } = shop.amazon
    shop.amazon.instead = (request) =>
      request.headers.authorization?.includes(old.id)
        ? shop.amazon.answer(403, 'AccessDenied', 'no such key')
        : judge.call(shop.amazon, request)
    return shop
  }

  test('deletes nothing, and names the way out', async () => {
    const ran = await strange().run('retire')
    expect([ran.code, ran.effects]).toEqual(['amazon-pay-undecided', []])
    expect(ran.trouble).toContain(`public-key-id: ${old.id}`)
  })

  test('counts when a person who deleted the key typed its ID', async () => {
    const ran = await strange().run('retire', { publicKeyId: old.id })
    expect([ran.status, ran.trouble]).toEqual(['retired', ''])
  })
})

test('the typed ID stands in for a record that is missing or forged', async () => {
  for (const text of [null, 'hello']) {
    const shop = rotated()
    if (text === null) shop.target.variables.delete('AMAZON_PAY_KEY_PREVIOUS')
    else shop.target.putVariable('AMAZON_PAY_KEY_PREVIOUS', text)
    const ran = await shop.run('retire', { publicKeyId: old.id })
    expect([ran.status, ran.trouble]).toEqual(['retired', ''])
    expect(shop.target.recordText('previous')).toBeNull()
  }
})

interface Refusal {
  readonly name: string
  readonly given: () => Shop
  readonly form?: Form
  readonly with?: StartOptions['with']
  readonly code: string
  readonly says: string
}

const refusals: readonly Refusal[] = [
  {
    name: 'Amazon Pay still accepts the key',
    given: () => rotated('active'),
    code: 'still-accepted',
    says: 'DELETE',
  },
  {
    name: 'Amazon Pay still accepts the key whose ID a person typed',
    given: () => rotated('active'),
    form: { publicKeyId: old.id },
    code: 'still-accepted',
    says: old.id,
  },
  {
    name: 'the account is suspended',
    given: () => rotated('suspended'),
    form: { publicKeyId: old.id },
    code: 'amazon-pay-undecided',
    says: 'suspended',
  },
  {
    name: 'Amazon Pay does not accept the current pair either',
    given: () => {
      const shop = rotated()
      shop.amazon.set(young.id, 'deleted')
      return shop
    },
    code: 'amazon-pay-undecided',
    says: 'current pair',
  },
  {
    name: 'Amazon Pay does not answer',
    given: () => {
      const shop = rotated()
      shop.amazon.instead = () => null
      return shop
    },
    code: 'amazon-pay-undecided',
    says: 'answer',
  },
  {
    name: 'the key is accepted in another region',
    given: () => {
      const shop = rotated()
      shop.amazon.exchange(old, { region: 'jp' })
      return shop
    },
    code: 'still-accepted',
    says: 'JP',
  },
  {
    name: 'the typed ID is of another key',
    given: rotated,
    form: { publicKeyId: other.id },
    code: 'pair-mismatch',
    says: old.id,
  },
  {
    name: 'the record is forged and no ID is typed',
    given: () => {
      const shop = rotated()
      const text = shop.target.recordText('previous') ?? ''
      shop.target.putVariable('AMAZON_PAY_KEY_PREVIOUS', text.replace('"eu"', '"us"'))
      return shop
    },
    code: 'record-forged',
    says: 'public-key-id',
  },
  {
    name: 'the record is missing and no ID is typed',
    given: () => {
      const shop = rotated()
      shop.target.variables.delete('AMAZON_PAY_KEY_PREVIOUS')
      return shop
    },
    code: 'public-key-id-invalid',
    says: 'public-key-id',
  },
  {
    name: 'the previous key is not among the inputs',
    given: rotated,
    with: { 'previous-private-key': '' },
    code: 'previous-key-missing',
    says: 'previous-private-key',
  },
  {
    name: 'the current key is not among the inputs',
    given: rotated,
    with: { 'current-private-key': '' },
    code: 'current-key-missing',
    says: 'current-private-key',
  },
  {
    name: 'an activation has begun',
    given: () => {
      const shop = rotated()
      shop.target.place('next', staged, { publicKeyId: staged.publicKeyId, change: 'activate' })
      return shop
    },
    code: 'change-unfinished',
    says: 'command: activate',
  },
  {
    name: 'the key is current in another target',
    given: () => {
      const shop = rotated('deleted', new Shop({ repositories: ['acme/shop', 'acme/web'] }))
      const web = shop.targetNamed('acme/web')
      web.clear('AMAZON_PAY_PRIVATE_KEY_PREVIOUS', 'AMAZON_PAY_KEY_PREVIOUS')
      web.place('current', old)
      return shop
    },
    code: 'pair-changed',
    says: 'Integration Central',
  },
]

test.each(refusals)('refused, and nothing is deleted, when $name', async (refusal) => {
  const shop = refusal.given()
  const ran = await shop.run('retire', refusal.form, { with: refusal.with ?? {} })
  expect({ codes: ran.codes, effects: ran.effects }).toEqual({
    codes: expect.arrayContaining([refusal.code]),
    effects: [],
  })
  expect(ran.trouble).toContain(refusal.says)
})
