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
    'secret-name': 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
    'amazon-pay': 'rejected',
  })
  expect(ran.outcome.previousFingerprint).toBe(old.fingerprint)
  expect(ran.page).toContain('Amazon Pay **rejects** the previous pair.')
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

test('a record without its secret is removed', async () => {
  const shop = rotated()
  shop.target.clear('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
  const ran = await shop.run('retire')
  expect([ran.status, shop.target.recordText('previous')]).toEqual(['retired', null])
  expect(shop.amazon.requests).toEqual([])
  // It could not be compared with its key, so it is not believed.
  expect(ran.outcome).toMatchObject({ previousPublicKeyId: null, previousFingerprint: null })
  shop.target.describe('previous', old, { publicKeyId: null })
  expect((await shop.run('retire')).infos).toContain(
    'acme/shop: variable AMAZON_PAY_KEY_PREVIOUS was deleted; its secret no longer existed',
  )
})

test('a deletion that GitHub refuses is a failure of its target', async () => {
  const ran = await rotated().run(
    'retire',
    {},
    {
      before: ({ text }) => (text.startsWith('delete AMAZON_PAY_PRIVATE') ? 'refused' : undefined),
    },
  )
  expect(ran.targets).toEqual({ 'acme/shop': 'failed secret-write-failed' })
})

test('a target without a previous key is passed over', async () => {
  const repositories = ['acme/shop', 'acme/mobile']
  const shop = rotated('deleted', new Shop({ repositories }))
  const mobile = shop.targetNamed('acme/mobile')
  mobile.clear('AMAZON_PAY_PRIVATE_KEY_PREVIOUS', 'AMAZON_PAY_KEY_PREVIOUS')
  const dry = await shop.run('retire', {}, { with: { 'dry-run': 'true' } })
  expect(dry.infos).toContain('acme/mobile: there is no previous key')
  const ran = await shop.run('retire')
  expect([ran.targets, ran.notices, ran.outputs['previous-public-key-id']]).toEqual([
    { 'acme/mobile': 'unchanged', 'acme/shop': 'updated' },
    [],
    old.id,
  ])
  expect(ran.outputs['amazon-pay']).toBe('rejected')
})

test.each<[string, (shop: Shop) => unknown, (shop: Shop) => unknown]>([
  [
    'has another key under the same ID now',
    () => {},
    ({ target }) => target.place('previous', other, { publicKeyId: old.publicKeyId }),
  ],
  ['is a copy of the current one now', () => {}, ({ target }) => target.place('previous', young)],
  ['has gone', () => {}, ({ target }) => target.clear('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')],
  [
    'is there again, as a copy',
    ({ target }) => target.clear('AMAZON_PAY_PRIVATE_KEY_PREVIOUS'),
    ({ target }) => target.place('previous', young),
  ],
])(
  'nothing is deleted where the previous key %s, between the first look and the lock',
  async (_, first, then) => {
    const shop = rotated()
    first(shop)
    const form = { publicKeyId: old.id }
    const ran = await shop.run('retire', form, {
      before: ({ text }) => {
        if (text === 'create AMAZON_PAY_KEY_LOCK') then(shop)
        return undefined
      },
    })
    expect([ran.code, ran.written]).toEqual(['pair-changed', []])
    expect(ran.trouble).toContain('another run changed the previous key in the meantime')
  },
)

test.each([
  { name: 'current', given: { current: young, previous: young } },
  { name: 'staged', given: { current: young, next: staged, previous: staged } },
] as const)('a copy of the $name key is deleted without asking Amazon Pay', async ({ given }) => {
  const shop = new Shop().given(given)
  const ran = await shop.run('retire')
  expect([ran.status, ran.trouble, shop.amazon.requests]).toEqual(['retired', '', []])
  expect(ran.outcome.previousFingerprint).toBe(given.previous.fingerprint)
  expect(shop.target.privateKey('previous')).toBeNull()
  expect(shop.deploy()).toBe('accepted')
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

  test('of the latest activation are looked for, in every repository', async () => {
    const shop = new Shop({ repositories: ['acme/shop', 'acme/web'] })
    shop.targetNamed('acme/shop').place('current', young)
    shop.clock.pass(60_000)
    shop.targetNamed('acme/shop').place('current', young)
    shop.clock.pass(-60_000)
    shop.targetNamed('acme/web').place('current', young)
    for (const target of shop.targets) target.place('previous', old)
    shop.amazon.exchange(young)
    const asked: [string, Date][] = []
    shop.github.openRuns = async (repository, before) => {
      asked.push([repository, before])
      return []
    }
    await shop.run('retire')
    const latest = new Date(shop.targetNamed('acme/shop').record('current')?.activatedAt ?? '')
    expect(asked).toEqual([
      ['acme/shop', latest],
      ['acme/web', latest],
    ])
  })

  test('are counted without this run, and at most five are warnings', async () => {
    const shop = rotated()
    const base = 'https://github.com/acme/shop/actions/runs'
    const runs = ['2', '11', '12', '13', '14', '15', '16'].map((id) => `${base}/${id}`)
    shop.github.openRuns = async () =>
      runs.map((url) => ({ url, name: 'deploy', status: 'queued', createdAt: '2026-11-20' }))
    const ran = await shop.run('retire')
    expect(ran.queued.id).toBe('2')
    expect(ran.outcome.openRuns.map(({ url }) => url)).toEqual(runs.slice(1))
    expect(ran.warnings).toHaveLength(5)
  })

  test('are not looked for where the token says that it may not, or the activation is unknown', async () => {
    const shop = rotated()
    shop.github.lacksActions = true
    const ran = await shop.run('retire')
    expect([ran.status, warningsOf(ran)]).toEqual(['retired', ''])
    expect(ran.log).not.toContain('read runs of acme/shop')
    const alone = rotated()
    alone.target.clear('AMAZON_PAY_PRIVATE_KEY', 'AMAZON_PAY_PUBLIC_KEY_ID', 'AMAZON_PAY_KEY')
    // A secret of that name belongs to somebody else.
    alone.target.putSecret('AMAZON_PAY_KEY', 'not ours')
    const refused = await alone.run('retire')
    expect([refused.code, refused.effects]).toEqual(['amazon-pay-undecided', []])
    expect(refused.trouble).toContain('there is no current pair with a Public Key ID')
    expect(refused.log).not.toContain('read runs of acme/shop')
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

  test('counts when a person who deleted the key typed its ID, and the key itself has signed', async () => {
    const ran = await strange().run('retire', { publicKeyId: old.id })
    expect([ran.status, ran.trouble]).toEqual(['retired', ''])
    const without = { with: { 'previous-private-key': '' } }
    const refused = await strange().run('retire', { publicKeyId: old.id }, without)
    expect([refused.code, refused.effects]).toEqual(['amazon-pay-undecided', []])
  })
})

test('the typed ID stands in for a record that is missing or forged', async () => {
  for (const text of [null, 'hello']) {
    const shop = rotated()
    if (text === null) shop.target.variables.delete('AMAZON_PAY_KEY_PREVIOUS')
    else shop.target.putVariable('AMAZON_PAY_KEY_PREVIOUS', text)
    const ran = await shop.run('retire', { publicKeyId: old.id })
    expect([ran.status, ran.trouble]).toEqual(['retired', ''])
    expect(ran.outcome).toMatchObject({
      previousPublicKeyId: old.id,
      previousFingerprint: old.fingerprint,
    })
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
  {
    name: 'the targets have different previous keys',
    given: () => {
      const shop = rotated('deleted', new Shop({ repositories: ['acme/shop', 'acme/web'] }))
      shop.targetNamed('acme/web').place('previous', other, { publicKeyId: old.publicKeyId })
      return shop
    },
    form: { publicKeyId: old.id },
    code: 'pair-changed',
    says: 'different previous keys',
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
