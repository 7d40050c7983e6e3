import type { Command } from '../../src/ports.ts'
import { type Key, makeKeys } from './world/keys.ts'
import { type Form, type Ran, Shop, type StartOptions } from './world/workflow.ts'

// What holds for every command: what it says of a target, which keys it needs, where it takes the region from, how many
// targets it changes at most.

const [old, young, other, made] = makeKeys(4) as [Key, Key, Key, Key]
const making = [made]

/** A state of the shop, and a command that works in it. */
interface Case {
  readonly command: Command
  readonly given: (shop: Shop) => unknown
  readonly form?: Form
  readonly with?: StartOptions['with']
}

const cases = {
  generate: { command: 'generate', given: (shop) => shop.given({ current: old }) },
  activate: {
    command: 'activate',
    given: (shop) => shop.given({ current: old, next: young }),
    form: { publicKeyId: young.id },
  },
  rollback: {
    command: 'rollback',
    given: (shop) => shop.given({ current: young, previous: old }),
  },
  adopt: {
    command: 'adopt',
    given: (shop) => {
      shop.given({ current: old })
      for (const target of shop.targets) target.describe('current', old)
    },
    form: { publicKeyId: old.id },
  },
  retire: {
    command: 'retire',
    given: (shop) => {
      shop.given({ current: young, previous: old })
      shop.amazon.set(old.id, 'deleted')
    },
  },
  status: { command: 'status', given: (shop) => shop.given({ current: young, previous: old }) },
  validate: { command: 'validate', given: (shop) => shop.given({ current: young }) },
} as const satisfies Record<Command, Case>

function play(
  { command, given, form, ...rest }: Case,
  more: StartOptions['with'] = {},
  shop = new Shop(),
): Promise<Ran> {
  given(shop)
  return shop.run(command, form, { making, with: { ...rest.with, ...more } })
}

const secret = 'AMAZON_PAY_PRIVATE_KEY'
const record = 'AMAZON_PAY_KEY'
const pair = `secrets ${secret} and AMAZON_PAY_PUBLIC_KEY_ID`
const kept = `, and the current key would be kept in secret ${secret}_PREVIOUS`
const stale = (shop: Shop): void => {
  shop.given({ current: young, previous: old })
  shop.target.place('next', young)
}

/** The state, what a dry run says of the target, what the command says of it, and its result. */
const said: [string, Case, string, string, string?][] = [
  [
    'a key is staged',
    cases.generate,
    `the key would be staged (secret ${secret}_NEXT)`,
    `the key is staged in ${secret}_NEXT`,
    'created',
  ],
  [
    'a staged key is replaced',
    { ...cases.generate, given: cases.activate.given, form: { replaceStaged: young.fingerprint } },
    `the staged key would be discarded, and the new one would be staged (secret ${secret}_NEXT)`,
    `the previously staged key was discarded, and the new one is staged in ${secret}_NEXT`,
  ],
  [
    'a leftover is in the slot of the staged key',
    {
      command: 'generate',
      given: (shop) => {
        shop.given({ current: old, next: young })
        shop.target.secrets.delete(`${secret}_NEXT`)
      },
    },
    `leftovers of an interrupted run would be removed, and the key would be staged (secret ${secret}_NEXT)`,
    `leftovers of an interrupted run were removed, and the key is staged in ${secret}_NEXT`,
  ],
  [
    'the staged key has no record',
    {
      command: 'generate',
      given: (shop) => {
        shop.given({ current: old, next: young })
        shop.target.variables.delete(`${record}_NEXT`)
      },
    },
    `the missing record of the staged key would be written (secret ${secret}_NEXT)`,
    `the missing record of the staged key was written in ${secret}_NEXT`,
  ],
  [
    'a key is staged already',
    { ...cases.generate, given: cases.activate.given },
    `this key was staged already in ${secret}_NEXT`,
    `this key was staged already in ${secret}_NEXT`,
    'unchanged',
  ],
  [
    'a pair becomes current',
    cases.activate,
    `the pair would be written to ${pair}${kept}`,
    'this pair is current now',
  ],
  [
    'the first pair becomes current',
    { ...cases.activate, given: (shop) => shop.given({ next: young }) },
    `the pair would be written to ${pair}`,
    'this pair is current now',
    'created',
  ],
  [
    'a pair is current already',
    { ...cases.activate, given: (shop) => shop.given({ current: young, previous: old }) },
    'this pair is current already',
    'this pair was current already',
    'unchanged',
  ],
  [
    'a pair is current already, and its staged copy is left',
    { ...cases.activate, given: stale },
    'this pair is current already; leftovers of an earlier run would be removed',
    'this pair was current already; leftovers of an earlier run were removed',
  ],
  [
    'a pair is rolled back to',
    cases.rollback,
    `the pair would be written to ${pair}${kept}`,
    'this pair is current again',
  ],
  [
    'a pair without an ID in its record is adopted',
    cases.adopt,
    `secret AMAZON_PAY_PUBLIC_KEY_ID and variable ${record} would be written`,
    'this pair is adopted',
  ],
  [
    'a pair without its Public Key ID is adopted',
    {
      ...cases.adopt,
      given: (shop) => {
        shop.given({ current: old })
        shop.target.secrets.delete('AMAZON_PAY_PUBLIC_KEY_ID')
      },
    },
    'secret AMAZON_PAY_PUBLIC_KEY_ID would be written',
    'this pair is adopted',
  ],
  [
    'a pair of another region in its record is adopted',
    {
      ...cases.adopt,
      given: (shop) => {
        shop.given({ current: old })
        shop.target.describe('current', old, { publicKeyId: old.publicKeyId, region: 'us' })
      },
    },
    `variable ${record} would be written`,
    'this pair is adopted',
  ],
  [
    'a pair without a record is adopted',
    {
      ...cases.adopt,
      given: (shop) => {
        shop.given({ current: old })
        shop.target.variables.delete(record)
      },
    },
    `secret AMAZON_PAY_PUBLIC_KEY_ID and variable ${record} would be written`,
    'this pair is adopted',
    'created',
  ],
  [
    'a pair is adopted already',
    { ...cases.adopt, given: (shop) => shop.given({ current: old }) },
    'this pair is adopted already',
    'this pair was adopted already',
    'unchanged',
  ],
  [
    'the previous key is retired',
    cases.retire,
    `secret ${secret}_PREVIOUS and variable ${record}_PREVIOUS would be deleted`,
    `secret ${secret}_PREVIOUS and variable ${record}_PREVIOUS are deleted; this rotation is finished`,
  ],
  [
    'the previous key is a copy of the current one',
    { ...cases.retire, given: (shop) => shop.given({ current: young, previous: young }) },
    `secret ${secret}_PREVIOUS and variable ${record}_PREVIOUS would be deleted`,
    `${secret}_PREVIOUS contained a copy of a key that is in use; the copy was deleted`,
  ],
  [
    'only the record of the previous key is left',
    {
      ...cases.retire,
      given: (shop) => {
        shop.given({ current: young, previous: old })
        shop.target.secrets.delete(`${secret}_PREVIOUS`)
      },
    },
    `secret ${secret}_PREVIOUS and variable ${record}_PREVIOUS would be deleted`,
    `variable ${record}_PREVIOUS was deleted; its secret no longer existed; it named Public Key ID ${old.id}`,
  ],
  [
    'there is no previous key',
    { ...cases.retire, given: (shop) => shop.given({ current: young }) },
    'there is no previous key',
    'there is no previous key',
    'unchanged',
  ],
]

test.each<(typeof said)[number]>(said)(
  'what is said of the target where %s',
  async (_, situation, planned, done, result = 'updated') => {
    const dry = await play(situation, { 'dry-run': 'true' })
    const ran = await play(situation)
    expect([dry.trouble, dry.effects, ran.trouble]).toEqual(['', [], ''])
    const entries = [dry, ran].map(({ outcome }) => outcome.targets[0])
    expect(entries.map((entry) => entry?.message)).toEqual([planned, done])
    // Where there is nothing to do, a dry run is no different.
    const first = planned === done ? result : 'planned'
    expect(entries.map((entry) => entry?.result)).toEqual([first, result])
    if (result === 'unchanged') expect(ran.effects).toEqual([])
    expect(ran.infos).toContain(`acme/shop: ${done}`)
    // A green run that does not write what it is there for says so beside the run.
    const idle = result === 'unchanged' || situation.given === stale
    expect(ran.notices).toHaveLength(idle ? 1 : 0)
  },
)

test.each(Object.values(cases))(
  '$command takes region and environment from the records, where the inputs have none',
  async (situation) => {
    const shop = new Shop()
    situation.given(shop)
    for (const slot of ['current', 'previous'] as const) {
      const key = [old, young].find(({ pem }) => pem === shop.target.privateKey(slot))
      const region = slot === 'current' ? 'jp' : null
      if (key) shop.target.describe(slot, key, { publicKeyId: key.publicKeyId, region })
    }
    const unknown = { region: null, payEnvironment: null }
    if (shop.target.privateKey('next')) shop.target.describe('next', young, unknown)
    for (const key of [old, young]) {
      const state = situation.command === 'retire' && key === old ? 'deleted' : 'active'
      shop.amazon.exchange(key, { region: 'jp' })
      shop.amazon.set(key.id, state)
    }
    const ran = await shop.run(situation.command, 'form' in situation ? situation.form : {}, {
      making,
      with: { region: '', 'pay-environment': '' },
    })
    expect([ran.trouble, ran.outputs.region, ran.outputs['pay-environment']]).toEqual([
      '',
      'jp',
      'live',
    ])
  },
)

const slotInputs = ['current', 'next', 'previous'] as const
const needed: Readonly<Record<Command, readonly string[]>> = {
  generate: [],
  activate: ['current', 'next'],
  rollback: ['current', 'previous'],
  adopt: ['current'],
  retire: ['current', 'previous'],
  status: [],
  validate: ['current'],
}

describe.each(Object.values(cases))('$command', (situation) => {
  test.each(slotInputs)(
    'with junk in %s-private-key, is refused only if it needs it',
    async (slot) => {
      const ran = await play(situation, { [`${slot}-private-key`]: 'hello' })
      const warned = ran.warnings.map(({ fact }) => fact).join()
      if (needed[situation.command].includes(slot)) {
        expect([ran.code, ran.effects]).toEqual(['key-unreadable', []])
        expect(ran.trouble).toContain(`${slot}-private-key`)
      } else {
        expect([ran.code, ran.codes]).not.toContainEqual('key-unreadable')
        const says = `; the ${slot} key was not compared with its record`
        expect(warned.includes(says)).toBe(situation.command !== 'validate')
      }
    },
  )

  test('refuses a key that is in the event of the run, whether it needs it or not', async () => {
    for (const slot of slotInputs) {
      if (situation.command === 'validate' && slot !== 'current') continue
      const shop = new Shop()
      situation.given(shop)
      const ran = await shop.run(situation.command, 'form' in situation ? situation.form : {}, {
        with: { [`${slot}-private-key`]: other.pem },
        eventTexts: [other.pem],
      })
      expect([ran.code, ran.effects]).toEqual(['key-exposed', []])
    }
  })
})

test.each<[Command, number, Form?]>([
  ['generate', 112],
  ['generate', 75, { replaceStaged: young.fingerprint }],
  ['activate', 45],
  ['rollback', 40],
  ['rollback', 34, { replaceStaged: other.fingerprint }],
  ['adopt', 112],
  ['retire', 112],
])(
  '%s changes at most %d targets in one step: GitHub allows 500 writes in an hour',
  async (command, max, form = {}) => {
    const situation = form.replaceStaged && command === 'generate' ? cases.activate : cases[command]
    for (const [count, code] of [
      [max, null],
      [max + 1, 'input-invalid'],
    ] as const) {
      const names = Array.from({ length: count }, (_, index) => `acme/shop-${index}`)
      const shop = new Shop({ repositories: names })
      const own = 'form' in cases[command] ? (cases[command] as Case).form : {}
      const ran = await play(
        { command, given: situation.given, form: { ...own, ...form } },
        { 'dry-run': 'true' },
        shop,
      )
      expect([ran.code, ran.effects]).toEqual([code, []])
      if (code) expect(ran.trouble).toContain(`at most ${max} `)
    }
  },
)
