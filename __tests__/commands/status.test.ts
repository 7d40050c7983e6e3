import type { Command } from '../../src/ports.ts'
import { type Key, makeKeys, publicLines } from './world/keys.ts'
import { type Ran, Shop, visible } from './world/workflow.ts'

const [old, young, staged] = makeKeys(3) as [Key, Key, Key]
const dayMs = 86_400_000

const nextOf = ({ outcome }: Ran) => outcome.health.map(({ nextStep }) => nextStep.command)
const warningsOf = ({ warnings }: Ran): string => warnings.map(({ fact }) => fact).join('\n')

interface State {
  readonly name: string
  readonly given: (shop: Shop) => void
  readonly next: Command | null
  /** What a warning says. */
  readonly finds?: string
}

const states: readonly State[] = [
  { name: 'a new shop', given: () => {}, next: 'generate' },
  {
    name: 'a shop whose key is young',
    given: (shop) => shop.given({ current: young }),
    next: null,
  },
  {
    name: 'a key that is due',
    given: (shop) => {
      shop.given({ current: young })
      shop.clock.pass(90 * dayMs)
    },
    next: 'generate',
    finds: '91 days',
  },
  {
    name: 'a staged key',
    given: (shop) => shop.given({ current: old, next: young }),
    next: 'activate',
  },
  {
    name: 'a staged key beside a previous one, which activate refuses',
    given: (shop) => shop.given({ current: old, next: young, previous: staged }),
    next: 'retire',
  },
  {
    name: 'a staged key that has waited for long',
    given: (shop) => {
      shop.given({ current: old, next: young })
      shop.clock.pass(20 * dayMs)
    },
    next: 'activate',
    finds: '21 days',
  },
  {
    name: 'a previous key',
    given: (shop) => shop.given({ current: young, previous: old }),
    next: 'retire',
  },
  {
    name: 'an activation that was interrupted',
    given: (shop) => {
      shop.given({ current: old, next: young })
      shop.target.describe('next', young, { publicKeyId: young.publicKeyId, change: 'activate' })
    },
    next: 'activate',
    finds: 'command: activate',
  },
  {
    name: 'a rollback that was interrupted',
    given: (shop) => {
      shop.given({ current: young, previous: old })
      shop.target.place('next', old, { publicKeyId: old.publicKeyId, change: 'rollback' })
    },
    next: 'rollback',
    finds: 'command: rollback',
  },
  {
    name: 'a pair without a record',
    given: (shop) => {
      shop.given({ current: young })
      shop.target.variables.delete('AMAZON_PAY_KEY')
    },
    next: 'adopt',
    finds: 'AMAZON_PAY_PRIVATE_KEY',
  },
  {
    name: 'a pair without its Public Key ID',
    given: (shop) => {
      shop.given({ current: young })
      shop.target.clear('AMAZON_PAY_PUBLIC_KEY_ID')
    },
    next: 'adopt',
    finds: 'AMAZON_PAY_PUBLIC_KEY_ID',
  },
  {
    name: 'a retirement that was interrupted',
    given: (shop) => {
      shop.given({ current: young, previous: old })
      shop.target.clear('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
    },
    next: 'retire',
    finds: 'AMAZON_PAY_KEY_PREVIOUS',
  },
  {
    name: 'a staging that was interrupted',
    given: (shop) => {
      shop.given({ current: old, next: young })
      shop.target.clear('AMAZON_PAY_PRIVATE_KEY_NEXT')
    },
    next: 'generate',
    finds: 'AMAZON_PAY_KEY_NEXT',
  },
  {
    name: 'a copy of the current key in previous',
    given: (shop) => shop.given({ current: young, previous: young }),
    next: 'retire',
    finds: 'do not delete',
  },
  {
    name: 'a current secret of another key than its record',
    given: (shop) => {
      shop.given({ current: young })
      shop.target.putSecret('AMAZON_PAY_PRIVATE_KEY', staged.pem)
    },
    next: null,
    finds: 'AMAZON_PAY_KEY',
  },
  {
    name: 'a current record that was edited',
    given: (shop) => {
      shop.given({ current: young })
      const text = shop.target.recordText('current') ?? ''
      shop.target.putVariable('AMAZON_PAY_KEY', text.replace('"eu"', '"us"'))
    },
    next: null,
    finds: 'AMAZON_PAY_KEY',
  },
]

test.each(states)('$name: names the next command, and writes nothing', async (state) => {
  const shop = new Shop()
  state.given(shop)
  const before = shop.content
  const ran = await shop.run('status')
  expect([ran.status, ran.trouble, ran.effects]).toEqual(['ok', '', []])
  expect(shop.content).toEqual(before)
  expect(shop.amazon.requests).toEqual([])
  expect(nextOf(ran)).toEqual([state.next])
  expect(warningsOf(ran)).toContain(state.finds ?? '')
  // What is found first is what comes next.
  expect(ran.warnings[0]?.hint ?? '').not.toMatch(/^first, /)
})

test('the outputs say whose key is where, and since when', async () => {
  const shop = new Shop().given({ previous: old })
  shop.clock.pass(9 * dayMs)
  shop.given({ current: young })
  shop.clock.pass(4 * dayMs)
  shop.given({ next: staged })
  const ran = await shop.run('status')
  expect(ran.outputs).toMatchObject({
    command: 'status',
    status: 'ok',
    'public-key-id': young.id,
    'previous-public-key-id': old.id,
    region: 'eu',
    'pay-environment': 'live',
    'age-days': '6',
    'rotation-due': 'false',
    'made-at': '2026-12-04T21:30:00Z',
    'staged-since': '2026-12-09T21:30:00Z',
    'previous-since': '2026-11-24T21:30:00Z',
    'secret-name': 'AMAZON_PAY_PRIVATE_KEY',
    // Of the staged key, so that a reminder can include its exchange page.
    'public-key': staged.publicPem,
    'exchange-url': expect.stringMatching(/^https:/),
  })
  expect(ran.outcome).toMatchObject({ exchange: true, madeAt: '2026-12-09T21:30:00Z' })
})

test.each<[string, (shop: Shop) => unknown, Key | null]>([
  ['of the current key, where none is staged', (shop) => shop.given({ current: young }), young],
  [
    'of the current key, where the staged one is exchanged already',
    ({ target }) => {
      target.place('current', young)
      target.place('next', staged, { publicKeyId: staged.publicKeyId, change: 'activate' })
    },
    young,
  ],
  [
    'of the current key, where the staged one is its copy',
    (shop) => shop.given({ current: young, next: young }),
    young,
  ],
  [
    'of a current key without a Public Key ID',
    (shop) => {
      shop.given({ current: young })
      shop.target.describe('current', young)
    },
    young,
  ],
  ['of the staged key, where it is the first', (shop) => shop.given({ next: staged }), staged],
  ['of no key, where there is none', () => {}, null],
])('the public key is shown %s', async (_, given, key) => {
  const shop = new Shop()
  given(shop)
  const ran = await shop.run('status')
  expect([ran.trouble, ran.outputs['public-key'] ?? '']).toEqual(['', key?.publicPem ?? ''])
  expect(ran.outcome.exchange).toBe(key === staged)
  expect(ran.outputs['secret-name'] ?? '').toBe(
    shop.target.recordText('current') ? 'AMAZON_PAY_PRIVATE_KEY' : '',
  )
})

test('the line of a target in the log names each slot, and whether its record was compared', async () => {
  const shop = new Shop().given({ current: young, next: staged, previous: old })
  shop.target.describe('previous', old)
  shop.target.variables.delete('AMAZON_PAY_KEY_NEXT')
  const ran = await shop.run('status', {}, { with: { 'current-private-key': '' } })
  expect(ran.infos.join()).toContain(
    `acme/shop: current ${young.fingerprint} (not compared), 1 day; next without a readable record, 1 day; previous ${old.fingerprint}, 1 day. Next: `,
  )
  const all = await new Shop().given({ current: young }).run('status')
  expect(all.infos.join()).toContain(
    `current ${young.fingerprint} ${young.id}, 1 day; next empty; previous empty. Next: `,
  )
  expect(all.targets).toEqual({ 'acme/shop': 'unchanged' })
})

test('the prefix of the Public Key ID decides the environment', async () => {
  const shop = new Shop().given({ current: young })
  const record = { publicKeyId: young.publicKeyId, payEnvironment: null }
  shop.target.describe('current', young, record)
  const ran = await shop.run('status', {}, { with: { 'pay-environment': '' } })
  expect(ran.outputs['pay-environment']).toBe('live')
})

test('of several targets, the oldest key counts, and any that is due', async () => {
  const shop = new Shop({ repositories: ['acme/shop', 'acme/web'] })
  shop.targetNamed('acme/web').place('current', young)
  shop.clock.pass(100 * dayMs)
  shop.targetNamed('acme/shop').place('current', young)
  const ran = await shop.run('status')
  expect(ran.outputs).toMatchObject({ 'age-days': '100', 'rotation-due': 'true' })
  expect(nextOf(ran)).toHaveLength(2)
})

test('what has to wait says what comes first', async () => {
  const shop = new Shop().given({ current: old, next: young })
  shop.clock.pass(100 * dayMs)
  const ran = await shop.run('status')
  const hints = ran.warnings.map(({ fact, hint }) => [
    /waiting|due for rotation/.exec(fact)?.[0],
    hint,
  ])
  const exchange =
    'exchange the staged public key in Integration Central, then run command: activate with the Public Key ID'
  expect(hints).toEqual([
    ['waiting', exchange],
    ['due for rotation', `first, ${exchange}`],
  ])
})

test('max-age-days decides when a key is due', async () => {
  const shop = new Shop().given({ current: young })
  shop.clock.pass(30 * dayMs)
  const ran = await shop.run('status', {}, { with: { 'max-age-days': '30' } })
  expect(ran.outputs['rotation-due']).toBe('true')
})

test('a lock of another run is told', async () => {
  const shop = new Shop().given({ current: young })
  const run = 'https://github.com/acme/shop/actions/runs/9'
  shop.target.putVariable(
    'AMAZON_PAY_KEY_LOCK',
    JSON.stringify({ id: 'x', run, attempt: 1, command: 'activate' }),
  )
  const ran = await shop.run('status', {}, { after: 1000 })
  expect(warningsOf(ran)).toContain('AMAZON_PAY_KEY_LOCK')
  const later = await shop.run('status')
  expect(warningsOf(later)).not.toContain('another run')
})

test('a key that is not among the inputs is named by its fingerprint only', async () => {
  const shop = new Shop().given({ current: old, next: young })
  const ran = await shop.run('status', {}, { with: { 'next-private-key': '' } })
  const said = visible(ran)
  expect(said).toContain(young.fingerprint)
  for (const line of publicLines(young)) expect(said).not.toContain(line)
})

test('an input of blanks is an empty one', async () => {
  const blank = { with: { 'next-private-key': ' \n' } }
  expect((await new Shop().given({ current: young }).run('status', {}, blank)).warnings).toEqual([])
})

test('the next step has a link to this very workflow', async () => {
  const ran = await new Shop().given({ current: old, next: young }).run('status')
  expect(ran.page).toContain('https://github.com/acme/shop/actions/workflows/amazon-pay-key.yml')
})
