import { type Key, makeKeys } from './world/keys.ts'
import { type Form, Shop, type StartOptions } from './world/workflow.ts'

const [old, young, staged, other] = makeKeys(4) as [Key, Key, Key, Key]

const rotated = (shop = new Shop()): Shop => shop.given({ current: young, previous: old })
const rolledBackAt = '2026-11-20T00:00:00Z'

/** A shop that has rolled back from the key in `previous`. */
function rolledBack(): Shop {
  const shop = rotated()
  shop.target.describe('previous', old, { publicKeyId: old.publicKeyId, rolledBackAt })
  return shop
}

test('the previous key is staged again and becomes current; the current one is kept', async () => {
  const shop = rotated()
  const ran = await shop.run('rollback')
  expect(ran.effects).toEqual([
    'create AMAZON_PAY_KEY_LOCK',
    'save AMAZON_PAY_KEY_NEXT',
    'put AMAZON_PAY_PRIVATE_KEY_NEXT',
    'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
    'save AMAZON_PAY_KEY_PREVIOUS',
    'put AMAZON_PAY_PUBLIC_KEY_ID',
    'put AMAZON_PAY_PRIVATE_KEY',
    'save AMAZON_PAY_KEY',
    'delete AMAZON_PAY_PRIVATE_KEY_NEXT',
    'delete AMAZON_PAY_KEY_NEXT',
    'delete AMAZON_PAY_KEY_LOCK',
  ])
  expect(ran.outputs).toMatchObject({
    status: 'rolled-back',
    fingerprint: old.fingerprint,
    'public-key-id': old.id,
    'previous-public-key-id': young.id,
    'amazon-pay': 'accepted',
    'secret-name': 'AMAZON_PAY_PRIVATE_KEY',
  })
  expect(shop.target.record('current')).toMatchObject({
    fingerprint: old.fingerprint,
    rolledBackAt: null,
    change: null,
  })
  expect(shop.target.record('previous')).toMatchObject({
    fingerprint: young.fingerprint,
    rolledBackAt: expect.any(String),
    change: null,
  })
  expect(shop.deploy()).toBe('accepted')
})

test('the page says how to undo it, and never to rotate by a date that has passed', async () => {
  const shop = rotated()
  const madeAt = '2026-01-01T00:00:00Z'
  shop.target.describe('previous', old, { publicKeyId: old.publicKeyId, madeAt })
  const { page } = await shop.run('rollback')
  expect(page).toContain(`\`public-key-id: ${young.id}\``)
  expect(page).toContain('more than 90 days old')
  expect(page).not.toContain('Rotate the key again by')
})

test('a second click does not bring the bad key back, unless its ID is passed', async () => {
  const shop = rotated()
  await shop.run('rollback')
  const again = await shop.run('rollback')
  expect([again.code, again.effects]).toEqual(['nothing-to-roll-back', []])
  expect(again.trouble).toContain(young.id)
  const meant = await shop.run('rollback', { publicKeyId: young.id })
  expect([meant.status, shop.target.privateKey('current')]).toEqual(['rolled-back', young.pem])
})

test('a staged key is discarded when replace-staged names it', async () => {
  const shop = new Shop().given({ current: young, previous: old, next: staged })
  const ran = await shop.run('rollback', { replaceStaged: staged.fingerprint })
  expect([ran.status, ran.trouble]).toEqual(['rolled-back', ''])
  expect(ran.written.slice(0, 2)).toEqual([
    'delete AMAZON_PAY_PRIVATE_KEY_NEXT',
    'delete AMAZON_PAY_KEY_NEXT',
  ])
})

test('keep-previous: false does not keep the key that is left', async () => {
  const shop = rotated()
  const ran = await shop.run('rollback', { leaked: true })
  expect([ran.status, shop.deploy()]).toEqual(['rolled-back', 'accepted'])
  const keys = [...shop.target.secrets.values()].map(({ value }) => value)
  expect(keys).not.toContain(young.pem)
})

test('the deploys of all targets are started', async () => {
  const repositories = ['acme/shop', 'acme/mobile']
  const shop = rotated(new Shop({ repositories }))
  const ran = await shop.run('rollback', {}, { with: { redeploy: 'deploy.yml' } })
  expect(ran.effects.slice(-2)).toEqual([
    'dispatch deploy.yml of acme/mobile',
    'dispatch deploy.yml of acme/shop',
  ])
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
    name: 'there is no previous key',
    given: () => new Shop().given({ current: young }),
    code: 'nothing-to-roll-back',
    says: 'command: generate',
  },
  {
    name: 'the previous key was itself rolled back from',
    given: rolledBack,
    code: 'nothing-to-roll-back',
    says: old.id,
  },
  {
    name: 'another ID is passed than that of the previous key',
    given: rolledBack,
    form: { publicKeyId: other.id },
    code: 'nothing-to-roll-back',
    says: old.id,
  },
  {
    name: 'another key is staged',
    given: () => new Shop().given({ current: young, previous: old, next: staged }),
    code: 'staged-key-exists',
    says: staged.fingerprint,
  },
  {
    name: 'another key is staged than the one that may be discarded',
    given: () => new Shop().given({ current: young, previous: old, next: staged }),
    form: { replaceStaged: other.fingerprint },
    code: 'staged-key-exists',
    says: staged.fingerprint,
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
    name: 'the previous secret is of another key than its record',
    given: () => {
      const shop = rotated()
      shop.target.putSecret('AMAZON_PAY_PRIVATE_KEY_PREVIOUS', other.pem)
      return shop
    },
    code: 'pair-changed',
    says: 'AMAZON_PAY_KEY_PREVIOUS',
  },
  {
    name: 'the record of the previous key was edited',
    given: () => {
      const shop = rolledBack()
      const text = shop.target.recordText('previous') ?? ''
      shop.target.putVariable('AMAZON_PAY_KEY_PREVIOUS', text.replace('2026-11-20', '2026-11-21'))
      return shop
    },
    code: 'record-forged',
    says: 'AMAZON_PAY_KEY_PREVIOUS',
  },
  {
    name: 'the current pair has no record',
    given: () => {
      const shop = rotated()
      shop.target.variables.delete('AMAZON_PAY_KEY')
      return shop
    },
    code: 'pair-unmanaged',
    says: 'command: adopt',
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
    name: 'the previous key was deleted at Amazon Pay',
    given: () => {
      const shop = rotated()
      shop.amazon.set(old.id, 'deleted')
      return shop
    },
    code: 'amazon-pay-rejected',
    says: 'if this pair has worked before',
  },
]

test.each(refusals)('refused, and nothing is written, when $name', async (refusal) => {
  const shop = refusal.given()
  const ran = await shop.run('rollback', refusal.form, { with: refusal.with ?? {} })
  expect({ code: ran.code, effects: ran.effects }).toEqual({ code: refusal.code, effects: [] })
  expect(ran.trouble).toContain(refusal.says)
  expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': refusal.code })
})
