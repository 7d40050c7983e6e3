import { type Key, makeKeys, payId } from './world/keys.ts'
import { type Form, type Ran, Shop, type StartOptions } from './world/workflow.ts'

const [old, young, other] = makeKeys(3) as [Key, Key, Key]
const form = { publicKeyId: old.id }

const warningsOf = ({ warnings }: Ran): string => warnings.map(({ fact }) => fact).join('\n')

/** A pair that people stored by hand. */
function unmanaged(shop = new Shop()): Shop {
  shop.given({ current: old })
  for (const { variables } of shop.targets) variables.delete('AMAZON_PAY_KEY')
  return shop
}

test('the pair of the shop gets a record', async () => {
  const shop = unmanaged()
  const ran = await shop.run('adopt', form)
  expect(ran.effects).toEqual([
    'create AMAZON_PAY_KEY_LOCK',
    'put AMAZON_PAY_PUBLIC_KEY_ID',
    'save AMAZON_PAY_KEY',
    'delete AMAZON_PAY_KEY_LOCK',
  ])
  expect(ran.outputs).toMatchObject({
    status: 'adopted',
    'secret-name': 'AMAZON_PAY_PRIVATE_KEY',
    fingerprint: old.fingerprint,
    'public-key-id': old.id,
    'amazon-pay': 'accepted',
  })
  expect(shop.target.record('current')).toMatchObject({
    fingerprint: old.fingerprint,
    publicKeyId: { id: old.id },
    region: 'eu',
    payEnvironment: 'live',
  })
  expect([shop.target.publicKeyId, ran.outcome.previousKept]).toEqual([old.id, false])
})

test.each<[string, (shop: Shop) => unknown, string]>([
  [
    'its Public Key ID',
    ({ target }) => target.clear('AMAZON_PAY_PUBLIC_KEY_ID'),
    'put AMAZON_PAY_PUBLIC_KEY_ID',
  ],
  [
    'the environment of its Public Key ID in its record',
    ({ target }) =>
      target.describe('current', old, { publicKeyId: old.publicKeyId, payEnvironment: 'sandbox' }),
    'save AMAZON_PAY_KEY',
  ],
])('of a pair that lacks only %s, nothing else is written', async (_, change, written) => {
  const shop = new Shop().given({ current: old })
  change(shop)
  const ran = await shop.run('adopt', form, { with: { 'pay-environment': '' } })
  expect([ran.trouble, ran.written]).toEqual(['', [written]])
  expect(shop.target.record('current')?.payEnvironment).toBe('live')
  expect(shop.deploy()).toBe('accepted')
})

test('nothing is written where another run has adopted the pair before this one has the lock', async () => {
  const shop = unmanaged()
  const ran = await shop.run('adopt', form, {
    before: ({ text }) => {
      if (text === 'create AMAZON_PAY_KEY_LOCK') shop.target.place('current', old)
      return undefined
    },
  })
  expect([ran.status, ran.written, ran.targets]).toEqual([
    'adopted',
    [],
    { 'acme/shop': 'unchanged' },
  ])
})

test('where there are several targets, a warning names its own', async () => {
  const shop = new Shop({ repositories: ['acme/shop', 'acme/web'] }).given({ current: old })
  shop.targetNamed('acme/web').putVariable('AMAZON_PAY_KEY', 'hello')
  const ran = await shop.run('adopt', form)
  expect(warningsOf(ran)).toMatch(/^acme\/web: variable AMAZON_PAY_KEY /)
  expect([ran.targets, ran.notices]).toEqual([
    { 'acme/shop': 'unchanged', 'acme/web': 'created' },
    [],
  ])
})

describe('repairs the record, with a warning', () => {
  test.each([
    { name: 'is no record', text: () => 'hello' },
    { name: 'was edited', text: (text: string) => text.replace('"eu"', '"us"') },
    { name: 'has no signature', text: (text: string) => text.replace(/,"signature".*/, '}') },
  ])('that $name', async ({ text }) => {
    const shop = new Shop().given({ current: old })
    shop.target.putVariable('AMAZON_PAY_KEY', text(shop.target.recordText('current') ?? ''))
    const ran = await shop.run('adopt', form)
    expect([ran.status, ran.trouble]).toEqual(['adopted', ''])
    expect(warningsOf(ran)).toMatch(/^variable AMAZON_PAY_KEY /)
    expect(shop.target.record('current')?.fingerprint).toBe(old.fingerprint)
  })

  test('and the secret, where the Public Key ID was mistyped', async () => {
    const shop = new Shop().given({ current: old })
    const wrong = payId('X')
    shop.target.describe('current', old, {
      publicKeyId: { id: wrong, payEnvironment: 'live' },
    })
    shop.target.putSecret('AMAZON_PAY_PUBLIC_KEY_ID', wrong)
    const ran = await shop.run('adopt', form)
    expect(ran.status).toBe('adopted')
    expect(warningsOf(ran)).toContain(wrong)
    expect([shop.target.publicKeyId, shop.deploy()]).toEqual([old.id, 'accepted'])
  })
})

test('the private key is never written', async () => {
  const shop = unmanaged(new Shop({ repositories: ['acme/shop', 'acme/web'] }))
  const ran = await shop.run('adopt', form)
  expect(ran.written.filter((text) => text.includes('PRIVATE_KEY'))).toEqual([])
  expect(Object.values(ran.targets)).toEqual(['created', 'created'])
})

interface Refusal {
  readonly name: string
  readonly given: (shop: Shop) => void
  readonly form?: Form
  readonly with?: StartOptions['with']
  readonly code: string
  readonly says: string
}

const refusals: readonly Refusal[] = [
  {
    name: 'there is no Public Key ID',
    given: unmanaged,
    form: {},
    code: 'public-key-id-invalid',
    says: 'public-key-id',
  },
  {
    name: 'there is no pair',
    given: () => {},
    code: 'current-key-missing',
    says: 'AMAZON_PAY_PRIVATE_KEY',
  },
  {
    name: 'the key is not among the inputs',
    given: unmanaged,
    with: { 'current-private-key': '' },
    code: 'current-key-missing',
    says: 'current-private-key',
  },
  {
    name: 'the record is of another key',
    given: (shop) => {
      unmanaged(shop)
      shop.target.describe('current', other, { publicKeyId: other.publicKeyId })
    },
    code: 'pair-changed',
    says: 'AMAZON_PAY_KEY',
  },
  {
    name: 'an activation has begun',
    given: (shop) => {
      unmanaged(shop)
      shop.target.place('next', young, { publicKeyId: young.publicKeyId, change: 'activate' })
    },
    code: 'change-unfinished',
    says: 'command: activate',
  },
  {
    name: 'the ID is of another key',
    given: (shop) => {
      unmanaged(shop)
      shop.amazon.exchange(other)
    },
    form: { publicKeyId: other.id },
    code: 'amazon-pay-rejected',
    says: other.id,
  },
  {
    name: 'Amazon Pay does not know the ID',
    given: unmanaged,
    form: { publicKeyId: payId('Y') },
    code: 'amazon-pay-rejected',
    says: 'look up which private key and which Public Key ID your shop uses now',
  },
  {
    name: 'the account of the pair is suspended',
    given: (shop) => unmanaged(shop).amazon.set(old.id, 'suspended'),
    code: 'amazon-pay-undecided',
    says: 'suspended',
  },
  {
    name: 'Amazon Pay accepts the control',
    given: (shop) => {
      const { amazon } = unmanaged(shop)
      amazon.instead = () => amazon.answer(404, 'ResourceNotFound', 'not there')
    },
    code: 'amazon-pay-undecided',
    says: 'control',
  },
  {
    name: 'the ID is one of the sandbox',
    given: unmanaged,
    form: { publicKeyId: payId('A', 'SANDBOX-') },
    code: 'pay-environment-mismatch',
    says: 'sandbox',
  },
]

test.each(refusals)('refused, and nothing is written, when $name', async (refusal) => {
  const shop = new Shop()
  refusal.given(shop)
  const ran = await shop.run('adopt', refusal.form ?? form, { with: refusal.with ?? {} })
  expect({ code: ran.code, effects: ran.effects }).toEqual({ code: refusal.code, effects: [] })
  expect(ran.trouble).toContain(refusal.says)
})
