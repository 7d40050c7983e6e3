import { type Key, makeKeys } from './world/keys.ts'
import type { Call, Fault } from './world/runner.ts'
import { type Form, type Ran, Shop, type StartOptions } from './world/workflow.ts'

const [old, young, oldest, made] = makeKeys(4) as [Key, Key, Key, Key]
const making = [made]
const repositories = ['acme/shop', 'acme/mobile', 'acme/web']

function facts({ warnings, notices }: Ran): string {
  return [...warnings.map(({ fact, hint }) => `${fact}. ${hint}`), ...notices].join('\n')
}

describe('a new key pair', () => {
  test('is written record first, under the lock, and then shown', async () => {
    const shop = new Shop().given({ current: old })
    const ran = await shop.run('generate', {}, { making })
    expect(ran.effects).toEqual([
      'create AMAZON_PAY_KEY_LOCK',
      'save AMAZON_PAY_KEY_NEXT',
      'put AMAZON_PAY_PRIVATE_KEY_NEXT',
      'delete AMAZON_PAY_KEY_LOCK',
    ])
    expect(ran.log.filter((text) => /^(?:file|upload|ask)/.test(text))).toEqual([
      expect.stringMatching(/^file amazon-pay-public-key-eu-live-[0-9a-f]{8}\.pub$/),
      expect.stringMatching(/^upload /),
    ])
    expect(shop.target.privateKey('next')).toBe(made.pem)
    expect(shop.target.record('next')).toMatchObject({
      fingerprint: made.fingerprint,
      publicKeyId: null,
      region: 'eu',
      payEnvironment: 'live',
      change: null,
      run: 'https://github.com/acme/shop/actions/runs/2',
    })
  })

  test('sets the outputs that a person needs to exchange it', async () => {
    const ran = await new Shop().run('generate', {}, { making })
    expect(ran.outputs).toMatchObject({
      command: 'generate',
      status: 'staged',
      'new-key': 'true',
      'public-key': made.publicPem,
      fingerprint: made.fingerprint,
      region: 'eu',
      'pay-environment': 'live',
      'secret-name': 'AMAZON_PAY_PRIVATE_KEY_NEXT',
      'artifact-digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    })
    expect(ran.outputs['exchange-url']).toMatch(/^https:\/\/sellercentral-europe\.amazon\.com\//)
    expect(ran.outputs['exchange-markdown']).toContain(made.publicPem.trim())
    expect([...ran.files.values()]).toEqual([made.publicPem])
    expect([...ran.artifacts.values()]).toEqual([made.publicPem])
  })

  test('is masked before anything else is said', async () => {
    const ran = await new Shop().run('generate', {}, { making })
    expect(ran.masks).toContain(made.pem)
  })

  test('is not uploaded when artifact is false', async () => {
    const ran = await new Shop().run('generate', {}, { making, with: { artifact: 'false' } })
    expect([ran.files.size, ran.artifacts.size, ran.status]).toEqual([1, 0, 'staged'])
  })

  test('is forgotten in a dry run', async () => {
    const shop = new Shop().given({ current: old })
    const ran = await shop.run('generate', {}, { making, with: { 'dry-run': 'true' } })
    expect([ran.status, ran.effects, ran.files.size, ran.artifacts.size]).toEqual([
      'planned',
      [],
      0,
      0,
    ])
    expect(ran.targets).toEqual({ 'acme/shop': 'planned' })
    expect(JSON.stringify([ran.page, ran.outputs])).not.toContain(made.publicPem.split('\n')[2])
    const brought = { 'dry-run': 'true', 'private-key': made.pem }
    const shown = await shop.run('generate', {}, { with: brought })
    expect([shown.effects, shown.outputs.fingerprint]).toEqual([[], made.fingerprint])
  })

  test('is staged in each of several targets, in the order of their names', async () => {
    const shop = new Shop({ repositories })
    const ran = await shop.run('generate', {}, { making })
    expect(ran.written).toEqual(
      ['acme/mobile', 'acme/shop', 'acme/web'].flatMap((name) => [
        `save AMAZON_PAY_KEY_NEXT in ${name}`,
        `put AMAZON_PAY_PRIVATE_KEY_NEXT in ${name}`,
      ]),
    )
    expect(Object.values(ran.targets)).toEqual(['created', 'created', 'created'])
  })
})

describe('a staged key', () => {
  test('is shown again, and nothing is written', async () => {
    const shop = new Shop().given({ current: old, next: young })
    const ran = await shop.run('generate', {}, { making })
    expect([ran.status, ran.effects, ran.outputs['new-key']]).toEqual(['staged', [], 'false'])
    expect(ran.outputs['public-key']).toBe(young.publicPem)
    expect([...ran.artifacts.values()]).toEqual([young.publicPem])
    expect(ran.notices.join()).toContain('1 day')
    expect([ran.outcome.madeAt, ran.outcome.exchange]).toEqual([
      shop.target.record('next')?.madeAt,
      true,
    ])
    const dry = await shop.run('generate', {}, { making, with: { 'dry-run': 'true' } })
    expect([dry.files.size, dry.outputs['public-key']]).toEqual([0, young.publicPem])
  })

  test('that is not among the inputs is named by its fingerprint only', async () => {
    const shop = new Shop().given({ current: old, next: young })
    const ran = await shop.run('generate', {}, { making, with: { 'next-private-key': '' } })
    expect([ran.status, ran.effects, ran.files.size, ran.artifacts.size]).toEqual([
      'staged',
      [],
      0,
      0,
    ])
    expect(facts(ran)).toContain(young.fingerprint)
    expect(facts(ran)).toContain('new run')
    expect(ran.outputs['public-key'] ?? '').toBe('')
  })

  test('is discarded with consent, secret first', async () => {
    const shop = new Shop().given({ current: old, next: young })
    const ran = await shop.run('generate', { replaceStaged: young.fingerprint }, { making })
    expect(ran.written).toEqual([
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT',
      'delete AMAZON_PAY_KEY_NEXT',
      'save AMAZON_PAY_KEY_NEXT',
      'put AMAZON_PAY_PRIVATE_KEY_NEXT',
    ])
    expect(ran.targets).toEqual({ 'acme/shop': 'updated' })
    expect(shop.target.privateKey('next')).toBe(made.pem)
  })

  test('that is current already is a leftover, which is removed', async () => {
    const shop = new Shop().given({ current: old, next: old })
    const ran = await shop.run('generate', {}, { making })
    expect(ran.status).toBe('staged')
    expect(shop.target.privateKey('next')).toBe(made.pem)
    expect(shop.deploy()).toBe('accepted')
  })

  test('without a record gets one from next-private-key', async () => {
    const shop = new Shop().given({ current: old, next: young })
    shop.target.clear(shop.target.names.record.next)
    const ran = await shop.run('generate', {}, { making })
    expect([ran.status, ran.written]).toEqual(['staged', ['save AMAZON_PAY_KEY_NEXT']])
    expect(shop.target.record('next')?.fingerprint).toBe(young.fingerprint)
  })

  test('is filled in where it is missing', async () => {
    const shop = new Shop({ repositories }).given({ current: old })
    const facts = { publicKeyId: young.publicKeyId, madeAt: '2026-11-01T00:00:00Z' }
    shop.target.place('next', young, facts)
    const ran = await shop.run('generate', {}, { making })
    for (const target of shop.targets) expect(target.record('next')).toMatchObject(facts)
    expect(ran.outcome).toMatchObject({ madeAt: facts.madeAt, publicKeyId: young.id })
    expect([ran.status, ran.outputs['new-key']]).toEqual(['staged', 'false'])
    expect(shop.targets.map((target) => target.privateKey('next'))).toEqual([
      young.pem,
      young.pem,
      young.pem,
    ])
    // Not even its lock is taken.
    expect(ran.effects.some((text) => text.endsWith(`in ${shop.target.name}`))).toBe(false)
  })
})

test('a key of a person is staged like a made one, once it is in a supported format', async () => {
  const shop = new Shop().given({ current: old })
  const text = made.pem.replaceAll('\n', '\\n')
  const ran = await shop.run('generate', {}, { with: { 'private-key': text } })
  expect([ran.status, ran.outputs['new-key']]).toEqual(['staged', 'false'])
  expect(shop.target.privateKey('next')).toBe(made.pem)
})

test('a passphrase that is not in the event of the run is no secret of it', async () => {
  const given = { 'private-key': made.pem, 'private-key-passphrase': 'a passphrase' }
  const options = { with: given, eventTexts: ['something else'] }
  expect((await new Shop().run('generate', {}, options)).status).toBe('staged')
})

test('a previous key that was not retired is a warning', async () => {
  const ran = await new Shop()
    .given({ current: old, previous: oldest })
    .run('generate', {}, { making })
  expect(ran.status).toBe('staged')
  expect(facts(ran)).toContain('command: retire')
})

test('targets that no workflow of this repository can read are a warning; one that it can read is enough', async () => {
  const ran = await new Shop().run('generate', {}, { making, repository: 'acme/admin' })
  expect(ran.status).toBe('staged')
  expect(facts(ran)).toContain('acme/admin')
  const some = await new Shop({ repositories }).run('generate', {}, { making })
  expect([some.status, some.warnings]).toEqual(['staged', []])
})

interface Refusal {
  readonly name: string
  readonly given: (shop: Shop) => void
  readonly form?: Form
  readonly with?: StartOptions['with']
  readonly eventTexts?: readonly string[]
  readonly code: string
  readonly says: string
}

const staged = (shop: Shop) => shop.given({ current: old, next: young })
const refusals: readonly Refusal[] = [
  {
    name: 'another key is staged than the one to discard',
    given: staged,
    form: { replaceStaged: made.fingerprint },
    code: 'staged-key-exists',
    says: young.fingerprint,
  },
  {
    name: 'another key is staged than the one that is brought',
    given: staged,
    with: { 'private-key': made.pem },
    code: 'staged-key-exists',
    says: young.fingerprint,
  },
  {
    name: 'a staged secret has no record and is not among the inputs',
    given: (shop) => {
      staged(shop)
      shop.target.clear(shop.target.names.record.next)
    },
    with: { 'next-private-key': '' },
    code: 'staged-key-exists',
    says: 'next-private-key',
  },
  {
    name: 'the staged secret is of another key than its record',
    given: (shop) => {
      staged(shop)
      shop.target.putSecret(shop.target.names.privateKey.next, made.pem)
    },
    code: 'pair-changed',
    says: 'AMAZON_PAY_KEY_NEXT',
  },
  {
    name: 'the key that is brought is current',
    given: staged,
    with: { 'private-key': old.pem },
    code: 'input-invalid',
    says: 'current',
  },
  {
    name: 'the key that is brought is previous',
    given: (shop) => shop.given({ current: old, previous: oldest }),
    with: { 'private-key': oldest.pem },
    code: 'input-invalid',
    says: 'rollback',
  },
  {
    name: 'the key that is brought is in the event of the run',
    given: () => {},
    with: { 'private-key': made.pem },
    eventTexts: [made.pem.replaceAll('\n', ' ')],
    code: 'key-exposed',
    says: 'compromised',
  },
  {
    name: 'the passphrase of the key that is brought is in the event of the run',
    given: () => {},
    with: { 'private-key': made.pem, 'private-key-passphrase': ' a passphrase ' },
    eventTexts: ['something else', ' a passphrase\n'],
    code: 'key-exposed',
    says: 'private-key-passphrase',
  },
  {
    name: 'the key that is brought is no key',
    given: () => {},
    with: { 'private-key': 'hello' },
    code: 'key-unreadable',
    says: 'private-key',
  },
  {
    name: 'an activation has begun',
    given: (shop) => {
      staged(shop)
      shop.target.describe('next', young, { publicKeyId: young.publicKeyId, change: 'activate' })
    },
    form: { replaceStaged: young.fingerprint },
    code: 'change-unfinished',
    says: 'command: activate',
  },
  {
    name: 'the record of the staged key is no record',
    given: (shop) => {
      staged(shop)
      shop.target.putVariable(shop.target.names.record.next, 'hello')
    },
    code: 'record-unreadable',
    says: 'AMAZON_PAY_KEY_NEXT',
  },
  {
    name: 'the record of the staged key was edited',
    given: (shop) => {
      staged(shop)
      const text = shop.target.recordText('next') ?? ''
      shop.target.putVariable(shop.target.names.record.next, text.replace('"eu"', '"us"'))
    },
    code: 'record-forged',
    says: 'AMAZON_PAY_KEY_NEXT',
  },
  {
    name: 'the staged key is of another region',
    given: staged,
    with: { region: 'jp' },
    code: 'region-mismatch',
    says: 'eu',
  },
  {
    name: 'the staged key is of the sandbox',
    given: (shop) => {
      staged(shop)
      shop.target.describe('next', young, { payEnvironment: 'sandbox' })
    },
    code: 'pay-environment-mismatch',
    says: 'sandbox',
  },
  {
    name: 'another run holds the lock',
    given: (shop) => {
      shop.target.putVariable(
        shop.target.names.lock,
        JSON.stringify({
          id: 'x',
          run: 'https://github.com/acme/shop/actions/runs/9',
          attempt: 1,
          command: 'activate',
        }),
      )
    },
    code: 'locked',
    says: 'actions/runs/9',
  },
  {
    name: 'the target has a hundred secrets',
    given: (shop) => {
      shop.target.room = 0
    },
    code: 'secret-write-failed',
    says: '100',
  },
]

test.each(refusals)('refused, and nothing is written, when $name', async (refusal) => {
  const shop = new Shop()
  refusal.given(shop)
  const ran = await shop.run('generate', refusal.form, {
    making,
    with: refusal.with ?? {},
    eventTexts: refusal.eventTexts ?? [],
    after: 1000,
  })
  expect({ code: ran.code, effects: ran.effects }).toEqual({ code: refusal.code, effects: [] })
  expect(ran.trouble).toContain(refusal.says)
  expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': refusal.code })
  expect([ran.files.size, ran.artifacts.size]).toEqual([0, 0])
})

test.each([
  {
    name: 'it is staged in some targets, and is not among the inputs',
    given: (shop: Shop) => shop.target.place('next', young),
    with: { 'next-private-key': '' },
  },
  {
    name: 'different keys are staged in the targets',
    given: (shop: Shop) => {
      shop.targets[1]?.place('next', young)
      shop.targets[2]?.place('next', made)
    },
    with: {},
  },
])('staged-key-partial, when $name', async (refusal) => {
  const shop = new Shop({ repositories }).given({ current: old })
  refusal.given(shop)
  const ran = await shop.run('generate', {}, { making, with: refusal.with })
  expect([ran.code, ran.effects]).toEqual(['staged-key-partial', []])
  expect(Object.keys(ran.targets)).toHaveLength(3)
})

test('all refusals of all targets are shown together', async () => {
  const shop = new Shop({ repositories }).given({ current: old })
  shop.targetNamed('acme/mobile').putVariable('AMAZON_PAY_KEY_NEXT', 'hello')
  shop.targetNamed('acme/web').room = 0
  const ran = await shop.run('generate', {}, { making })
  expect(ran.codes).toEqual(['record-unreadable', 'secret-write-failed'])
  expect(ran.trouble).toContain('acme/mobile')
  expect(ran.trouble).toContain('acme/web')
  expect(ran.effects).toEqual([])
})

test('when one target fails for good, what this run staged elsewhere is removed', async () => {
  const shop = new Shop({ repositories }).given({ current: old })
  const before = shop.content
  const ran = await shop.run(
    'generate',
    {},
    {
      making,
      before: ({ text }) =>
        text === 'put AMAZON_PAY_PRIVATE_KEY_NEXT in acme/web' ? 'refused' : undefined,
    },
  )
  expect(ran.code).toBe('secret-write-failed')
  expect(shop.content).toEqual(before)
  expect(ran.targets).toEqual({
    'acme/mobile': 'restored',
    'acme/shop': 'restored',
    'acme/web': 'failed secret-write-failed',
  })
  const messages = ran.outcome.targets.map(({ message }) => message)
  const removed = 'what this run had written was removed again'
  expect(messages.slice(0, 2)).toEqual(Array(2).fill(`another target failed; ${removed}`))
  expect(messages[2]).toMatch(/^put .*: refused; what this run had written was removed again$/)
})

describe('when the staging of a target fails', () => {
  /** A run in which calls have faults, by their text. */
  const failing = (
    faults: Readonly<Record<string, Fault>>,
    options: StartOptions & { readonly given?: (shop: Shop) => unknown; readonly form?: Form } = {},
  ) => {
    const shop = new Shop()
    options.given?.(shop)
    const before = ({ text }: Call): Fault | undefined => faults[text]
    return shop.run('generate', options.form, { making, before, ...options })
  }
  const entryOf = ({ outcome }: Ran) => outcome.targets[0]

  test('before its first write, nothing is left behind', async () => {
    const ran = await failing({ 'save AMAZON_PAY_KEY_NEXT': 'refused' })
    expect(entryOf(ran)).toMatchObject({ result: 'failed', code: 'variable-write-failed' })
    expect(entryOf(ran)?.message).toMatch(/; this run left nothing behind$/)
  })

  test('after another staged key was discarded, that is said', async () => {
    const ran = await failing(
      { 'put AMAZON_PAY_PRIVATE_KEY_NEXT': 'refused' },
      {
        given: (shop) => shop.given({ current: old, next: young }),
        form: { replaceStaged: young.fingerprint },
      },
    )
    expect(entryOf(ran)?.message).toMatch(
      /removed again, and the previously staged key was discarded$/,
    )
  })

  test('and what it wrote cannot be removed, that is said with its own code', async () => {
    const ran = await failing({
      'put AMAZON_PAY_PRIVATE_KEY_NEXT': 'refused',
      'delete AMAZON_PAY_KEY_NEXT': 'refused',
    })
    expect(entryOf(ran)).toMatchObject({ result: 'failed', code: 'secret-write-failed' })
    expect(entryOf(ran)?.message).toContain(
      'this run may have left secret AMAZON_PAY_PRIVATE_KEY_NEXT or variable AMAZON_PAY_KEY_NEXT behind',
    )
  })

  test('after only its record was missing, the secret of before stays', async () => {
    const shop = new Shop({ repositories }).given({ current: old, next: young })
    shop.targetNamed('acme/mobile').clear('AMAZON_PAY_KEY_NEXT')
    shop.targetNamed('acme/web').clear('AMAZON_PAY_KEY_NEXT')
    const ran = await shop.run(
      'generate',
      {},
      {
        before: ({ text }) =>
          text === 'save AMAZON_PAY_KEY_NEXT in acme/web' ? 'refused' : undefined,
      },
    )
    expect(ran.targets).toEqual({
      'acme/mobile': 'restored',
      'acme/shop': 'unchanged',
      'acme/web': 'failed variable-write-failed',
    })
    for (const target of shop.targets) expect(target.privateKey('next')).toBe(young.pem)
  })

  test.each([
    ['another', young],
    ['the same', made],
  ])('%s key that another run has staged in the meantime stays', async (_, key) => {
    const shop = new Shop()
    const ran = await shop.run(
      'generate',
      {},
      {
        making,
        before: ({ text }) => {
          if (text !== 'put AMAZON_PAY_PRIVATE_KEY_NEXT') return undefined
          shop.target.place('next', key)
          return 'refused'
        },
      },
    )
    expect(entryOf(ran)?.message).toMatch(/; this run left nothing behind$/)
    expect(shop.target.privateKey('next')).toBe(key.pem)
  })

  test('a key that another run was quicker to stage is not touched again', async () => {
    const shop = new Shop({ repositories }).given({ current: old })
    const lock = 'create AMAZON_PAY_KEY_LOCK in acme/mobile'
    const options: StartOptions = {
      with: { 'private-key': made.pem },
      before: ({ text }) => {
        if (text === lock) shop.targetNamed('acme/mobile').place('next', made)
        return text === 'save AMAZON_PAY_KEY_NEXT in acme/shop' ? 'refused' : undefined
      },
    }
    const ran = await shop.run('generate', {}, options)
    expect(entryOf(ran)).toMatchObject({
      result: 'unchanged',
      message: 'this key was staged already in AMAZON_PAY_PRIVATE_KEY_NEXT',
    })
    expect(ran.effects.filter((text) => text === lock)).toHaveLength(1)
    expect(shop.targetNamed('acme/mobile').privateKey('next')).toBe(made.pem)
  })

  test('and another target cannot be cleaned, that one has failed too, with its own code', async () => {
    const shop = new Shop({ repositories })
    const faults: Readonly<Record<string, Fault>> = {
      'save AMAZON_PAY_KEY_NEXT in acme/shop': 'refused',
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT in acme/mobile': 'refused',
    }
    const before = ({ text }: Call) => faults[text]
    const ran = await shop.run('generate', {}, { making, before })
    expect(ran.targets).toEqual({
      'acme/mobile': 'failed secret-write-failed',
      'acme/shop': 'failed variable-write-failed',
      'acme/web': 'untouched',
    })
  })

  test.each([
    ['is there', 'staged', 'lost', undefined, made.pem],
    ['is not there', 'failed', 'unheard', undefined, null],
    ['cannot be looked for', 'failed', 'lost', 'refused', null],
  ] as const)(
    'a secret whose answer is lost and that %s: %s',
    async (_, status, put, read, pem) => {
      const shop = new Shop()
      const faults: Readonly<Record<string, Fault | undefined>> = {
        'put AMAZON_PAY_PRIVATE_KEY_NEXT': put,
        'read AMAZON_PAY_PRIVATE_KEY_NEXT': read,
      }
      const before = ({ text }: Call) => faults[text]
      const ran = await shop.run('generate', {}, { making, before })
      expect([ran.status, shop.target.privateKey('next')]).toEqual([status, pem])
    },
  )
})

test('a run that has uploaded this key already uploads nothing, with a notice', async () => {
  // A re-run gets the staged key from its environment.
  const shop = new Shop({ environment: 'production' })
  const queued = shop.queue('generate')
  const ran = await shop.start(queued, { making })
  const again = await shop.rerun(queued)
  const artifacts = [ran, again].map(({ outcome }) => outcome.artifact)
  expect(artifacts).toEqual([
    { name: expect.any(String), id: '7', url: expect.any(String), digest: expect.any(String) },
    { name: artifacts[0]?.name, id: '', url: '', digest: null },
  ])
  const said = ([ran, again] as const).map(({ notices }) => notices.join().includes('already has'))
  expect(said).toEqual([false, true])
})

test('what fails after the staging is a warning, and the page is still shown', async () => {
  const ran = await new Shop().run(
    'generate',
    {},
    {
      making,
      before: ({ text }) => (text.startsWith('upload') ? 'refused' : undefined),
    },
  )
  expect([ran.status, ran.outputs['error-code']]).toEqual(['staged', 'artifact-failed'])
  expect(ran.page).toContain(made.publicPem.trim())
})

test('after ten writes, each target begins a second for each write after the one before', async () => {
  const many = Array.from({ length: 5 }, (_, index) => `acme/shop-${index}`)
  const ran = await new Shop({ repositories: many }).run('generate', {}, { making })
  expect(ran.status).toBe('staged')
  const pauses = ran.log.filter((text) => /^sleep|LOCK/.test(text))
  const [one, two, three, four, five] = ran.log
    .map((text, index) => ({ text, index }))
    .filter(({ text }) => text.startsWith('create AMAZON_PAY_KEY_LOCK'))
    .map(({ index }) => ran.log[index - 1] ?? '')
  expect([one, two, three]).not.toContainEqual(expect.stringMatching(/^sleep/))
  expect([four, five]).toEqual([expect.stringMatching(/^sleep/), expect.stringMatching(/^sleep/)])
  expect(pauses.filter((text) => text.startsWith('sleep'))).toHaveLength(2)
})
