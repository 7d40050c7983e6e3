import { jest } from '@jest/globals'
import type { Inputs } from '../../src/ports.ts'
import { type Fault, type Key, makeKeys, type OnCall, type Place, payId, Scene } from './world.ts'

const keys = makeKeys(4) as [Key, Key, Key, Key]
const [old, young, oldest, foreign] = keys

const rotation = {
  privateKey: young.pem,
  publicKeyId: young.id,
  previousPrivateKey: old.pem,
  region: 'us',
} as const satisfies Partial<Inputs>

const activation = (key: Key) => ({
  privateKey: key.pem,
  publicKeyId: key.id,
  region: 'us' as const,
})
const first = { ...rotation, previousPrivateKey: '' }
const rollback = {
  privateKey: old.pem,
  publicKeyId: old.id,
  previousPrivateKey: young.pem,
} satisfies Partial<Inputs>

/** A shop with a current key, and its successor staged. */
function rotating(targets?: string[]): Scene {
  return new Scene(targets ? { targets } : {}).given({ current: old, next: young })
}

/** Lets a call go wrong by its words. */
function when(faults: Record<string, Fault>): OnCall {
  return ({ text }) => faults[text]
}

function expectPair(place: Place, key: Key, id = key.id): void {
  expect({ id: place.publicKeyId, key: place.privateKey('current') }).toEqual({ id, key: key.pem })
}

/** Nothing at all was written, in whichever slot. */
function expectUntouched(scene: Scene, before: Scene): void {
  for (const [index, place] of scene.places.entries()) {
    expect([...place.secrets]).toEqual([...(before.places[index]?.secrets ?? [])])
    expect([...place.variables]).toEqual([...(before.places[index]?.variables ?? [])])
  }
}

async function expectRefused(scene: Scene, inputs: Partial<Inputs>, code: string) {
  const before = scene.copy()
  const story = await scene.run('activate', inputs)
  expect({ code: story.code, effects: story.effects }).toEqual({ code, effects: [] })
  expectUntouched(scene, before)
  return story
}

describe('order of effects', () => {
  test('rotation', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation)
    expect(story.status).toBe('activated')
    expect(story.log).toEqual([
      'read state (current next previous id sealing)',
      'ask Amazon Pay',
      'ask Amazon Pay',
      ...['AMAZON_PAY_KEY_NEXT', 'AMAZON_PAY_KEY'].map((name) => `read ${name}`),
      ...['AMAZON_PAY_PUBLIC_KEY_ID', 'AMAZON_PAY_PRIVATE_KEY'].map((name) => `read ${name}`),
      'save AMAZON_PAY_KEY_NEXT',
      'wait 1',
      'read AMAZON_PAY_KEY',
      ...['AMAZON_PAY_PUBLIC_KEY_ID', 'AMAZON_PAY_PRIVATE_KEY'].map((name) => `read ${name}`),
      'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
      'save AMAZON_PAY_KEY_PREVIOUS',
      'wait 1',
      'put AMAZON_PAY_PUBLIC_KEY_ID',
      'put AMAZON_PAY_PRIVATE_KEY',
      'read AMAZON_PAY_KEY',
      'save AMAZON_PAY_KEY',
      'wait 1',
      'read AMAZON_PAY_KEY_NEXT',
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT',
      'delete AMAZON_PAY_KEY_NEXT',
      expect.stringMatching(/^file amazon-pay-public-key-us-sandbox-[0-9a-f]{8}\.pub$/),
    ])
    expectPair(scene.place, young)
    expect(scene.pairWorks()).toBe(true)
    expect(scene.place.privateKey('previous')).toBe(old.pem)
    expect(scene.place.privateKey('next')).toBeNull()
    expect(scene.place.record('next')).toBeNull()
  })

  test('what the records say after a rotation', async () => {
    const scene = rotating()
    const [madeAt, before] = [
      scene.place.record('next')?.madeAt,
      scene.place.record('current') ?? null,
    ]
    const now = scene.now
    const { outcome } = await scene.run('activate', rotation)
    expect(scene.place.record('current')).toEqual({
      version: 1,
      fingerprint: young.fingerprint,
      publicKey: young.publicPem,
      publicKeyId: young.id,
      region: 'us',
      payEnvironment: 'sandbox',
      madeAt,
      activatedAt: now,
      run: 'https://github.com/acme/shop/actions/runs/1',
    })
    expect(scene.place.record('previous')).toEqual(before)
    expect(outcome.record).toEqual(scene.place.record('current'))
  })

  test('a record keeps what this version does not know', async () => {
    const scene = rotating()
    scene.setRecord(scene.place, 'next', {
      ...scene.recordOf(young),
      keptForLater: 'yes',
    } as ReturnType<typeof scene.recordOf>)
    await scene.run('activate', rotation)
    expect(scene.place.record('current')).toMatchObject({ keptForLater: 'yes' })
  })

  test('rollback: the slot of the good key is written last', async () => {
    const scene = new Scene().given({ current: young, previous: old })
    const story = await scene.run('activate', rollback)
    expect(story.status).toBe('activated')
    expect(story.log.slice(-12)).toEqual([
      'wait 1',
      'read AMAZON_PAY_KEY',
      'read AMAZON_PAY_PUBLIC_KEY_ID',
      'read AMAZON_PAY_PRIVATE_KEY',
      'put AMAZON_PAY_PUBLIC_KEY_ID',
      'put AMAZON_PAY_PRIVATE_KEY',
      'read AMAZON_PAY_KEY',
      'save AMAZON_PAY_KEY',
      'wait 1',
      'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
      'save AMAZON_PAY_KEY_PREVIOUS',
      expect.stringMatching(/^file /),
    ])
    expectPair(scene.place, old)
    expect(scene.place.privateKey('previous')).toBe(young.pem)
    expect(scene.place.record('previous')?.publicKeyId).toBe(young.id)
  })

  test('first activation: no previous slot', async () => {
    const scene = new Scene().given({ next: young })
    const story = await scene.run('activate', first)
    expect(story.effects).toEqual([
      'save AMAZON_PAY_KEY_NEXT',
      'put AMAZON_PAY_PUBLIC_KEY_ID',
      'put AMAZON_PAY_PRIVATE_KEY',
      'save AMAZON_PAY_KEY',
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT',
      'delete AMAZON_PAY_KEY_NEXT',
    ])
    expect(story.outcome.targets).toMatchObject([
      { result: 'created', code: null, message: 'this pair is current now' },
    ])
    expectPair(scene.place, young)
  })

  test('a first key that was never staged gets a record for its mark', async () => {
    const scene = new Scene()
    scene.amazon.register(young)
    let mark: unknown
    const story = await scene.run('activate', first, {
      on: ({ text }) => {
        if (text === 'put AMAZON_PAY_PUBLIC_KEY_ID') mark = scene.place.record('next')
        return undefined
      },
    })
    expect(story.effects[0]).toBe('create AMAZON_PAY_KEY_NEXT')
    expect(mark).toMatchObject({ publicKeyId: young.id, activatedAt: null })
    expectPair(scene.place, young)
    expect(scene.place.record('next')).toBeNull()
  })

  test('two targets: all marks first, one target after the other, next is cleared at the very end', async () => {
    const scene = rotating(['acme/shop', 'acme/mobile'])
    const story = await scene.run('activate', rotation)
    const ofOne = (name: string) =>
      [
        'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
        'save AMAZON_PAY_KEY_PREVIOUS',
        'put AMAZON_PAY_PUBLIC_KEY_ID',
        'put AMAZON_PAY_PRIVATE_KEY',
        'save AMAZON_PAY_KEY',
      ].map((effect) => `${effect} of ${name}`)
    expect(story.effects).toEqual([
      'save AMAZON_PAY_KEY_NEXT of acme/shop',
      'save AMAZON_PAY_KEY_NEXT of acme/mobile',
      ...ofOne('acme/shop'),
      ...ofOne('acme/mobile'),
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT of acme/shop',
      'delete AMAZON_PAY_KEY_NEXT of acme/shop',
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT of acme/mobile',
      'delete AMAZON_PAY_KEY_NEXT of acme/mobile',
    ])
    expect(story.log.filter((line) => line === 'wait 1')).toHaveLength(6)
    expect(story.infos).toEqual([
      expect.stringMatching(/^Amazon Pay accepts the pair: 404 ResourceNotFound/),
      'acme/shop: this pair is current now',
      'acme/mobile: this pair is current now',
      `Key ${young.fingerprint} with Public Key ID ${young.id} is current. Next: redeploy every consumer; the summary of this run has the rest`,
    ])
  })

  test('never a pause between the secrets of a pair, nor inside a slot', async () => {
    for (const [scene, inputs] of [
      [rotating(['acme/shop', 'acme/mobile']), rotation],
      [new Scene().given({ current: young, previous: old }), rollback],
    ] as const) {
      const { log } = await scene.run('activate', inputs)
      const writes = log.filter((line) => !line.startsWith('read'))
      for (const [index, line] of writes.entries()) {
        const within = /^put \w+_(?:ID|PREVIOUS)\b|^put AMAZON_PAY_PRIVATE_KEY\b/.test(line)
        if (within) expect(writes[index + 1]).toMatch(/^(?:put|save)/)
      }
    }
  })

  test('dry run: everything is checked, nothing is written', async () => {
    const scene = rotating()
    const before = scene.copy()
    const story = await scene.run('activate', { ...rotation, dryRun: true })
    expect(story.status).toBe('planned')
    expect(story.log.filter((line) => line === 'ask Amazon Pay')).toHaveLength(2)
    expect(story.log.some((line) => /^(?:file|upload|wait)/.test(line))).toBe(false)
    expect(story.outcome.targets).toMatchObject([
      {
        result: 'planned',
        message:
          'the current pair would be kept as the previous one, and the new pair become current',
      },
    ])
    expectUntouched(scene, before)
  })

  test.each([
    ['first', new Scene().given({ next: young }), first, 'the pair would become current'],
    [
      'rollback',
      new Scene().given({ current: young, previous: old }),
      rollback,
      'the pair would become current again, and the current one be kept as the previous one',
    ],
    [
      'again',
      new Scene().given({ current: young }),
      rotation,
      'this pair is current already; what an earlier run left would be finished',
    ],
  ])('dry run in words: %s', async (_, scene, inputs, words) => {
    const story = await scene.run('activate', { ...inputs, dryRun: true })
    expect(story.outcome.targets).toMatchObject([{ result: 'planned', message: words }])
  })
})

describe('what is told', () => {
  test('the private keys are masked in every form before anything else happens', async () => {
    const { maskForms } = await import('../../src/domain/key/pair.ts')
    const story = await rotating().run('activate', rotation)
    for (const form of [...maskForms(young), ...maskForms(old)]) {
      expect(story.masks).toContainEqual({ value: form, at: 0 })
    }
    expect(story.masks.some(({ value }) => value.includes(young.publicPem))).toBe(false)
  })

  test('outputs', async () => {
    const story = await rotating().run('activate', rotation)
    expect(story.outputs).toMatchObject({
      fingerprint: young.fingerprint,
      'public-key': young.publicPem,
      'public-key-file': expect.stringMatching(/^\/temp\/amazon-pay-public-key-us-sandbox/),
      'public-key-id': young.id,
      'previous-public-key-id': old.id,
      region: 'us',
      'pay-environment': 'sandbox',
      'exchange-url': expect.stringContaining('sellercentral.amazon.com'),
      'amazon-pay': 'accepted',
      'secret-name': 'AMAZON_PAY_PRIVATE_KEY',
    })
    expect(story.outputs).not.toHaveProperty('exchange-markdown')
    expect(story.outcome.previousFingerprint).toBe(old.fingerprint)
    expect(story.outcome.previousKept).toBe(true)
    expect(story.outcome.proof?.judgement?.reasonCode).toBe('ResourceNotFound')
  })

  test('an artifact only when asked for', async () => {
    const story = await rotating().run('activate', {
      ...rotation,
      artifact: true,
      retentionDays: 3,
    })
    expect(story.log.at(-1)).toMatch(/^upload \/temp\/amazon-pay-public-key-\S+ 3$/)
    expect(story.outputs).toMatchObject({
      'artifact-id': '7',
      'artifact-url': 'https://github.com/artifact/7',
      'artifact-digest': 'sha256:00',
    })
  })

  test('what inspecting remarks is a warning', async () => {
    const scene = rotating()
    scene.place.remarks.push({ fact: 'no protection', hint: 'protect' })
    const { warnings } = await scene.run('activate', rotation)
    expect(warnings).toEqual(['no code: no protection. Next: protect'])
  })

  test('nothing is kept: no rollback is promised', async () => {
    const { outcome } = await rotating().run('activate', { ...rotation, keepPrevious: false })
    expect(outcome.previousKept).toBe(false)
    const again = await new Scene().given({ next: young }).run('activate', first)
    expect(again.outcome.previousKept).toBe(false)
    expect(again.outputs['previous-public-key-id']).toBe('')
  })
})

describe('refused before any write', () => {
  test('the current key is not the one that the caller believes', async () => {
    const scene = new Scene().given({ current: foreign, next: young })
    const story = await expectRefused(scene, rotation, 'pair-changed')
    expect(story.trouble).toContain(foreign.fingerprint)
    expect(story.outcome.targets).toMatchObject([{ result: 'untouched', code: 'pair-changed' }])
    expect(scene.amazon.requests).toHaveLength(0)
  })

  test('no previous key is passed', async () => {
    await expectRefused(rotating(), first, 'previous-key-missing')
  })

  test('the previous key is the new one', async () => {
    const same = { ...rotation, previousPrivateKey: young.pem }
    await expectRefused(rotating(), same, 'previous-key-missing')
  })

  test('one of two targets does not fit: both are named, none is touched', async () => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile'] })
    scene.given({ current: old, next: young }, scene.places.slice(0, 1))
    scene.given({ current: foreign, next: young }, scene.places.slice(1))
    const story = await expectRefused(scene, rotation, 'pair-changed')
    expect(story.outcome.targets).toEqual([
      {
        target: 'acme/shop',
        environment: null,
        result: 'untouched',
        code: null,
        message: 'nothing was written',
      },
      {
        target: 'acme/mobile',
        environment: null,
        result: 'untouched',
        code: 'pair-changed',
        message: expect.stringContaining(foreign.fingerprint),
      },
    ])
  })

  test('several findings are all shown, the same one once', async () => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile', 'acme/blog'] })
    scene.given({ current: foreign }, scene.places.slice(0, 1))
    scene.given({ unrecorded: old }, scene.places.slice(1, 2))
    scene.given({ current: foreign }, scene.places.slice(2))
    const { outcome } = await expectRefused(scene, rotation, 'pair-changed')
    expect(outcome.problems.map(({ code }) => code)).toEqual([
      'pair-changed',
      'previous-key-missing',
    ])
  })

  test('region and environment are those of the current key', async () => {
    await expectRefused(rotating(), { ...rotation, region: 'eu' }, 'region-mismatch')
    const live = { ...rotation, publicKeyId: payId('B', 'LIVE-'), payEnvironment: 'live' } as const
    await expectRefused(rotating(), live, 'pay-environment-mismatch')
  })

  test('the Public Key ID belongs to the view that is named, or that the key was made for', async () => {
    const scene = new Scene().given({ next: young })
    await expectRefused(scene, { ...first, payEnvironment: 'live' }, 'pay-environment-mismatch')
    const live = { ...first, publicKeyId: payId('B', 'LIVE-') }
    const story = await expectRefused(scene, live, 'pay-environment-mismatch')
    expect(story.trouble).toContain('this key was made for sandbox')
  })

  test('the private key is there without a Public Key ID', async () => {
    const scene = rotating()
    scene.place.secrets.delete('AMAZON_PAY_PUBLIC_KEY_ID')
    await expectRefused(scene, rotation, 'public-key-id-elsewhere')
  })

  test('an ID that is none', async () => {
    const story = await expectRefused(
      rotating(),
      { ...rotation, publicKeyId: 'short' },
      'public-key-id-invalid',
    )
    expect(story.log).toEqual([])
    const previous = { ...rotation, previousPublicKeyId: 'short' }
    const other = await expectRefused(rotating(), previous, 'public-key-id-invalid')
    expect(other.trouble).toMatch(/^previous-public-key-id/)
  })

  test('a damaged key', async () => {
    await expectRefused(rotating(), { ...rotation, privateKey: ' ' }, 'key-empty')
    const cut = { ...rotation, previousPrivateKey: old.pem.slice(0, 800) }
    await expectRefused(rotating(), cut, 'key-truncated')
  })

  test('a key that was typed into the form', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, { dispatched: ['us', young.pem] })
    expect({ code: story.code, log: story.log }).toEqual({ code: 'key-exposed', log: [] })
    expect(story.trouble).toMatch(/^private-key was typed/)
    const other = await scene.run('activate', rotation, {
      dispatched: [old.pem.replaceAll('\n', ' ')],
    })
    expect(other.trouble).toMatch(/^previous-private-key was typed/)
    const none = await scene.run('activate', rotation, {
      dispatched: [foreign.pem, 'x'.repeat(2000)],
    })
    expect(none.code).toBeNull()
  })

  test('a passphrase that was typed into the form', async () => {
    const story = await rotating().run(
      'activate',
      { ...rotation, passphrase: 'correct horse' },
      { dispatched: ['correct horse '] },
    )
    expect({ code: story.code, log: story.log }).toEqual({ code: 'key-exposed', log: [] })
    expect(story.trouble).toMatch(/^private-key-passphrase was typed/)
  })

  test('no room for the secrets that are needed', async () => {
    const scene = new Scene().given({ next: young })
    scene.place.room = 1
    const story = await expectRefused(scene, first, 'secret-write-failed')
    expect(story.trouble).toContain('has room for 1 more secrets, and this needs 2')
    scene.place.room = 2
    expect((await scene.run('activate', first)).status).toBe('activated')
  })

  test('room for the previous slot counts only when it is written and not there', async () => {
    const full = rotating()
    full.place.room = 0
    await expectRefused(full, rotation, 'secret-write-failed')
    expect((await full.run('activate', { ...rotation, keepPrevious: false })).status).toBe(
      'activated',
    )
    const there = new Scene().given({ current: old, next: young, previous: oldest })
    there.place.room = 0
    expect((await there.run('activate', rotation)).status).toBe('activated')
  })

  test('a target that cannot be read', async () => {
    const scene = rotating(['acme/shop', 'acme/mobile'])
    const story = await scene.run('activate', rotation, {
      on: ({ text }) => (text.endsWith('of acme/mobile') ? 'refused' : undefined),
    })
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'github-unavailable',
      effects: [],
    })
    expect(story.outcome.targets.map(({ code }) => code)).toEqual([null, 'github-unavailable'])
  })

  test('an error that nobody foresaw is not taken for a finding', async () => {
    const story = await rotating().run('activate', rotation, {
      on: ({ text }) => (text.startsWith('read state') ? 'broken' : undefined),
    })
    expect(story.code).toBe('internal')
    expect(story.error).toBeInstanceOf(TypeError)
  })

  test('nor is one that comes up in planning', async () => {
    const scene = new Scene().given({ next: young })
    scene.place.room = {
      valueOf: () => {
        throw new TypeError('nobody foresaw this')
      },
    } as unknown as number
    const story = await scene.run('activate', first)
    expect({ code: story.code, effects: story.effects }).toEqual({ code: 'internal', effects: [] })
    expect(story.error).toBeInstanceOf(TypeError)
  })
})

describe('Public Key ID from the approval', () => {
  const approval = (comment: string, environments = ['production'], state = 'approved') => ({
    comment,
    environments,
    state,
  })
  const inputs = { ...rotation, publicKeyId: 'from-approval' }

  test.each([
    ['alone', null, [approval(young.id)]],
    ['in a sentence', null, [approval(`exchanged: ${young.id}, by me`)]],
    ['said twice', null, [approval(`${young.id} ${young.id}`), approval(young.id, ['other'])]],
    ['beside a refusal', null, [approval(old.id, ['x'], 'rejected'), approval(young.id)]],
    ['of the environment', 'Production', [approval(old.id, ['x']), approval(young.id)]],
    ['the newest of the environment', 'production', [approval(young.id), approval(old.id)]],
  ])('%s', async (_, environment, approvals) => {
    const scene = rotating()
    scene.approvals = approvals
    const story = await scene.run('activate', { ...inputs, environment })
    expect(story.status).toBe('activated')
    expect(story.outputs['public-key-id']).toBe(young.id)
  })

  test.each([
    ['no approval', null, [], 'nobody has approved this run'],
    ['no ID', null, [approval('go')], 'names no Public Key ID'],
    ['two IDs', null, [approval(`${young.id} ${old.id}`)], 'names 2 Public Key IDs'],
    ['two approvals', null, [approval(young.id), approval(old.id)], 'names 2 Public Key IDs'],
    [
      'only refused',
      null,
      [approval(young.id, ['production'], 'rejected')],
      'nobody has approved this run',
    ],
    [
      'another environment',
      'production',
      [approval(young.id, ['staging'])],
      'nobody has approved environment production',
    ],
    ['part of a longer word', null, [approval(`X${young.id}Y`)], 'names no Public Key ID'],
  ])('refused: %s', async (_, environment, approvals, words) => {
    const scene = rotating()
    scene.approvals = approvals
    const story = await scene.run('activate', { ...inputs, environment })
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'public-key-id-invalid',
      effects: [],
    })
    expect(story.trouble).toContain(words)
  })
})

describe('the proof', () => {
  test('the control first, signed with another key; then the pair', async () => {
    const scene = rotating()
    await scene.run('activate', rotation)
    expect(scene.amazon.answers).toEqual([403, 404])
    for (const { host, path } of scene.amazon.requests) {
      expect({ host, path }).toEqual({
        host: 'pay-api.amazon.com',
        path: '/v2/chargePermissions/S00-0000000-0000000',
      })
    }
  })

  test('an endpoint that accepts everything proves nothing', async () => {
    const scene = rotating()
    scene.amazon.instead = () => scene.amazon.answer(404, 'ResourceNotFound', 'no')
    const story = await scene.run('activate', rotation)
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'amazon-pay-undecided',
      effects: [],
    })
    expect(story.trouble).toContain('did not refuse the control request')
    expect(story.outputs['amazon-pay']).toBe('undecided')
    expect(scene.amazon.requests).toHaveLength(1)
  })

  test('a key that does not belong to the ID', async () => {
    const scene = rotating()
    scene.amazon.register(foreign, { id: young.id })
    const story = await scene.run('activate', rotation)
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'amazon-pay-rejected',
      effects: [],
    })
    expect(story.outputs['amazon-pay']).toBe('rejected')
    expect(story.trouble).toContain(`does not belong to Public Key ID ${young.id}`)
    expect(story.trouble).toContain('403 InvalidRequestSignature')
    expect(story.trouble).toContain('delete it in Integration Central now')
    // Control, pair, and the two other regions.
    expect(scene.amazon.requests).toHaveLength(4)
  })

  test('an ID that Amazon does not know is asked for three times over ten seconds', async () => {
    const scene = rotating()
    scene.amazon.keys.delete(young.id)
    const story = await scene.run('activate', rotation)
    expect(story.code).toBe('amazon-pay-rejected')
    expect(story.trouble).toContain(`does not know Public Key ID ${young.id} in US`)
    expect(story.log.filter((line) => line.startsWith('wait'))).toEqual(['wait 5', 'wait 5'])
    expect(scene.amazon.requests).toHaveLength(1 + 3 + 2)
  })

  test('an ID that was made just now', async () => {
    const scene = rotating()
    scene.amazon.instead = (_, count) =>
      count === 2 || count === 3 ? scene.amazon.answer(401, 'Unknown', 'no') : undefined
    expect((await scene.run('activate', rotation)).status).toBe('activated')
  })

  test('an ID that lives elsewhere', async () => {
    const scene = rotating()
    scene.amazon.register(young, { region: 'eu' })
    const story = await scene.run('activate', rotation)
    expect(story.code).toBe('amazon-pay-rejected')
    expect(story.trouble).toContain('this ID lives in EU (Europe and United Kingdom, sandbox)')
    expect(story.outcome.proof?.elsewhere).toContain('EU')
  })

  test('an ID without prefix: the environment decides the path, and the other one is looked at', async () => {
    const scene = new Scene().given({ next: young })
    const id = payId('B', '')
    scene.amazon.register(young, { id, environments: ['live'] })
    const inputs = { ...first, publicKeyId: id, payEnvironment: 'sandbox' } as const
    const story = await scene.run('activate', inputs)
    expect(story.code).toBe('amazon-pay-rejected')
    expect(story.trouble).toContain('this ID lives in US (United States, live)')
    expect(scene.amazon.requests[1]?.path).toMatch(/^\/sandbox\/v2\//)
    scene.amazon.register(young, { id, environments: ['live', 'sandbox'] })
    expect((await scene.run('activate', inputs)).status).toBe('activated')
  })

  test.each([
    ['require', 'amazon-pay-undecided', 'failed'],
    ['warn', null, 'activated'],
  ] as const)('no answer, and amazon-pay-check: %s', async (amazonPayCheck, code, status) => {
    const jitter = jest.spyOn(Math, 'random').mockReturnValue(0.5)
    const scene = rotating()
    scene.amazon.instead = (_, count) => (count === 1 ? undefined : null)
    const story = await scene.run('activate', { ...rotation, amazonPayCheck })
    jitter.mockRestore()
    expect(story).toMatchObject({ code, status })
    expect(scene.amazon.requests).toHaveLength(1 + 4)
    const waits = story.log.filter((line) => line.startsWith('wait'))
    expect(waits.slice(0, 3)).toEqual(['wait 1', 'wait 2', 'wait 4'])
    if (status === 'activated') {
      expect(story.warnings[0]).toMatch(/^amazon-pay-undecided: Amazon Pay gave no usable answer/)
      expect(story.outputs['amazon-pay']).toBe('undecided')
    }
  })

  test('rejected fails with amazon-pay-check: warn, too', async () => {
    const scene = rotating()
    scene.amazon.register(foreign, { id: young.id })
    const story = await scene.run('activate', { ...rotation, amazonPayCheck: 'warn' })
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'amazon-pay-rejected',
      effects: [],
    })
  })

  test('off: nobody is asked', async () => {
    const scene = rotating()
    const story = await scene.run('activate', { ...rotation, amazonPayCheck: 'off' })
    expect(story.status).toBe('activated')
    expect(story.outputs['amazon-pay']).toBe('skipped')
    expect(scene.amazon.requests).toHaveLength(0)
  })

  test.each(['off', 'warn'] as const)(
    'without an answer, an ID that is another key’s by the records is refused: %s',
    async (amazonPayCheck) => {
      // The workflow of a rollback, run again with what the secrets hold after it.
      const scene = new Scene().given({ current: young, previous: old })
      await scene.run('activate', rollback)
      const again = { ...rollback, privateKey: young.pem, previousPrivateKey: old.pem }
      const inputs = { ...again, amazonPayCheck, region: 'us' } as const
      // The control is refused, and the pair gets no answer.
      let control = true
      scene.amazon.instead = () => {
        const answer = control ? undefined : null
        control = false
        return answer
      }
      const story = await expectRefused(scene, inputs, 'pair-mismatch')
      control = true
      expect(story.trouble).toContain('belongs to the current key by variable AMAZON_PAY_KEY')
      const other = { ...inputs, privateKey: foreign.pem, publicKeyId: young.id }
      const previous = await expectRefused(scene, other, 'pair-mismatch')
      expect(previous.trouble).toContain('the previous key by variable AMAZON_PAY_KEY_PREVIOUS')
    },
  )

  test('a suspended account becomes the first pair with a warning, and never replaces one', async () => {
    const scene = new Scene().given({ next: young })
    scene.amazon.set(young.id, 'suspended')
    const story = await scene.run('activate', first)
    expect(story).toMatchObject({ status: 'activated', code: null })
    expect(story.outputs['amazon-pay']).toBe('accepted')
    expect(story.warnings[0]).toContain('its account is suspended')

    const other = rotating()
    other.amazon.set(young.id, 'suspended')
    const refused = await other.run('activate', rotation)
    expect({ code: refused.code, effects: refused.effects }).toEqual({
      code: 'amazon-pay-undecided',
      effects: [],
    })
    expect(refused.outputs['amazon-pay']).toBe('undecided')
    const warned = await other.run('activate', { ...rotation, amazonPayCheck: 'warn' })
    expect(warned.status).toBe('activated')
  })

  test('a clock that is off is set by Amazon’s once', async () => {
    const scene = rotating()
    scene.amazon.offset = 3_600_000
    const story = await scene.run('activate', rotation)
    expect(story.status).toBe('activated')
    expect(scene.amazon.requests).toHaveLength(4)
  })

  test('a clock that stays refused', async () => {
    const scene = rotating()
    scene.amazon.instead = (_, count) =>
      count > 1
        ? scene.amazon.answer(400, 'InvalidHeaderValue', 'x-amz-pay-date is wrong')
        : undefined
    scene.amazon.offset = 100_000
    const story = await scene.run('activate', { ...rotation, amazonPayCheck: 'require' })
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'clock-skew',
      effects: [],
    })
    expect(story.trouble).toContain('100 seconds behind')
    expect(story.outputs['amazon-pay']).toBe('undecided')
    expect(scene.amazon.requests).toHaveLength(3)
  })

  test('our own mistake in signing is not the key’s', async () => {
    const scene = rotating()
    const echo = `signing String [AMZN-PAY-RSASSA-PSS-V2\\n${'0'.repeat(64)}]`
    scene.amazon.instead = (_, count) =>
      count > 1 ? scene.amazon.answer(403, 'InvalidRequestSignature', echo) : undefined
    const story = await scene.run('activate', rotation)
    expect(story.code).toBe('amazon-pay-undecided')
    expect(story.trouble).toContain('the fault is not the key')
  })

  test.each([
    ['region', { region: null }],
    ['pay-environment', { publicKeyId: payId('B', '') }],
  ])('nobody says where to ask: %s', async (input, more) => {
    const scene = new Scene()
    const story = await scene.run('activate', { ...first, ...more })
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'input-missing',
      effects: [],
    })
    expect(story.trouble).toMatch(new RegExp(`^${input} is empty`))
    const off = await scene.run('activate', { ...first, ...more, amazonPayCheck: 'off' })
    expect(off.status).toBe('activated')
  })
})

describe('adoption of a pair without record', () => {
  const inputs = { ...rotation, previousPublicKeyId: old.id }
  const shop = () => new Scene().given({ unrecorded: old, next: young })

  test('both pairs are proved, and the old one is kept with a record', async () => {
    const scene = shop()
    const createdAt = scene.place.secrets.get('AMAZON_PAY_PRIVATE_KEY')?.createdAt
    const story = await scene.run('activate', inputs)
    expect(story.status).toBe('activated')
    expect(scene.amazon.requests).toHaveLength(3)
    expectPair(scene.place, young)
    expect(scene.place.privateKey('previous')).toBe(old.pem)
    expect(scene.place.record('previous')).toEqual({
      version: 1,
      fingerprint: old.fingerprint,
      publicKey: old.publicPem,
      publicKeyId: old.id,
      region: 'us',
      payEnvironment: 'sandbox',
      madeAt: createdAt,
      activatedAt: null,
      run: story.outcome.run.url,
    })
    expect(story.outputs['previous-public-key-id']).toBe(old.id)
  })

  test('the old halves must belong together', async () => {
    const scene = shop()
    scene.amazon.register(foreign, { id: old.id })
    const story = await expectRefused(scene, inputs, 'amazon-pay-rejected')
    expect(story.trouble).toMatch(/^previous-private-key and previous-public-key-id: Amazon Pay/)
    await expectRefused(scene, { ...inputs, amazonPayCheck: 'warn' }, 'amazon-pay-rejected')
    const off = await scene.run('activate', { ...inputs, amazonPayCheck: 'off' })
    expect(off.status).toBe('activated')
  })

  test.each([
    ['require', 'amazon-pay-undecided'],
    ['warn', null],
  ] as const)(
    'undecided about the old pair, and amazon-pay-check: %s',
    async (amazonPayCheck, code) => {
      const scene = shop()
      scene.amazon.instead = (_, count) => (count > 2 ? null : undefined)
      const story = await scene.run('activate', { ...inputs, amazonPayCheck })
      expect(story.code).toBe(code)
      expect(story.effects.length > 0).toBe(code === null)
    },
  )

  test('a suspended account says that the two belong together', async () => {
    const scene = shop()
    scene.amazon.set(old.id, 'suspended')
    const story = await scene.run('activate', inputs)
    expect(story.status).toBe('activated')
    expect(story.warnings[0]).toContain('suspended')
  })

  test('without its ID or its key nobody knows what it is', async () => {
    await expectRefused(shop(), rotation, 'previous-key-missing')
    await expectRefused(shop(), { ...first, previousPublicKeyId: old.id }, 'previous-key-missing')
  })

  test('another view than the new pair', async () => {
    const live = { ...inputs, previousPublicKeyId: payId('A', 'LIVE-') }
    await expectRefused(shop(), live, 'pay-environment-mismatch')
  })

  test('after a leak it is replaced without being compared', async () => {
    const scene = shop()
    const story = await scene.run('activate', { ...first, keepPrevious: false })
    expect(story.status).toBe('activated')
    expectPair(scene.place, young)
    expect(scene.place.privateKey('previous')).toBeNull()
  })

  test('as it is: the same pair twice', async () => {
    const scene = new Scene().given({ unrecorded: old })
    const same = {
      privateKey: old.pem,
      publicKeyId: old.id,
      previousPrivateKey: old.pem,
      previousPublicKeyId: old.id,
      region: 'us',
    } as const
    const story = await scene.run('activate', same)
    expect(story.status).toBe('activated')
    expectPair(scene.place, old)
    expect(scene.place.record('current')?.publicKeyId).toBe(old.id)
    expect(scene.place.privateKey('previous')).toBeNull()
    expect(story.outputs['previous-public-key-id']).toBe('')
  })
})

describe('previous slot', () => {
  test('a key that nobody retired is replaced, and named', async () => {
    const scene = new Scene().given({ current: old, next: young, previous: oldest })
    const story = await scene.run('activate', rotation)
    expect(story.warnings).toEqual([
      `no code: secret AMAZON_PAY_PRIVATE_KEY_PREVIOUS of acme/shop still held a key that nobody retired (Public Key ID ${oldest.id}); it is replaced now. Next: delete that Public Key ID in Integration Central when nothing uses it any more`,
    ])
    expect(scene.place.privateKey('previous')).toBe(old.pem)
  })

  test('keep-previous: false leaves it alone, and says so', async () => {
    const scene = new Scene().given({ current: old, next: young, previous: oldest })
    const story = await scene.run('activate', { ...first, keepPrevious: false })
    expect(story.status).toBe('activated')
    expect(scene.place.privateKey('previous')).toBe(oldest.pem)
    expect(story.warnings[0]).toContain(`(Public Key ID ${oldest.id}) is left alone`)
    expect(story.effects.join()).not.toContain('PREVIOUS')
  })
})

describe('a previous slot whose secret is younger than its record', () => {
  /** A rollback from `young` that failed at its very last write: `previous` holds `young` and names `old`. */
  const torn = async () => {
    const scene = new Scene().given({ current: young, previous: old })
    await scene.run('activate', rollback, {
      on: when({ 'save AMAZON_PAY_KEY_PREVIOUS': 'refused' }),
    })
    expect(scene.place.privateKey('previous')).toBe(young.pem)
    expect(scene.place.record('previous')?.fingerprint).toBe(old.fingerprint)
    return scene
  }

  test('the key in it is activated: it is not written over before it is current', async () => {
    const scene = await torn()
    const story = await scene.run('activate', rotation)
    expect(story.effects).toEqual([
      'put AMAZON_PAY_PUBLIC_KEY_ID',
      'put AMAZON_PAY_PRIVATE_KEY',
      'save AMAZON_PAY_KEY',
      'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
      'save AMAZON_PAY_KEY_PREVIOUS',
    ])
    expectPair(scene.place, young)
    expect(scene.place.privateKey('previous')).toBe(old.pem)
  })

  test('and cut off again: the rest is finished', async () => {
    const scene = await torn()
    await scene.run('activate', rotation, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS': 'refused' }),
    })
    const story = await scene.run('activate', rotation)
    expect(story.effects).toEqual([
      'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
      'save AMAZON_PAY_KEY_PREVIOUS',
    ])
    expect(scene.place.privateKey('previous')).toBe(old.pem)
    expect(scene.place.record('previous')?.fingerprint).toBe(old.fingerprint)
  })

  test('a staged key is activated: what is current is kept first, as ever', async () => {
    const scene = await torn()
    scene.given({ next: foreign })
    const story = await scene.run('activate', {
      ...activation(foreign),
      previousPrivateKey: old.pem,
    })
    expect(story.status).toBe('activated')
    const kept = story.effects.indexOf('put AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
    expect(kept).toBeLessThan(story.effects.indexOf('put AMAZON_PAY_PUBLIC_KEY_ID'))
    expect(scene.place.privateKey('previous')).toBe(old.pem)
  })
})

describe('again on what is there', () => {
  test('an activated pair is left as it is', async () => {
    const scene = rotating()
    await scene.run('activate', rotation)
    const record = scene.place.record('current')
    const story = await scene.run('activate', rotation)
    expect(story.status).toBe('activated')
    expect(story.effects).toEqual([])
    // Where nothing is to be written there is nothing to compare once more.
    expect(story.log.filter((line) => line === 'read AMAZON_PAY_KEY')).toHaveLength(1)
    expect(story.outcome.targets).toMatchObject([
      { result: 'unchanged', message: 'this pair was current already' },
    ])
    expect(scene.place.record('current')).toEqual(record)
    expect(story.outcome.record?.activatedAt).toBe(record?.activatedAt)
  })

  test('next that was left is cleared', async () => {
    const scene = new Scene().given({ current: young, next: young, previous: old })
    const story = await scene.run('activate', rotation)
    expect(story.effects.filter((effect) => effect.startsWith('delete'))).toHaveLength(2)
    expect(scene.place.record('next')).toBeNull()
  })

  test('the rest of a rollback is told as finished', async () => {
    const scene = new Scene().given({ current: old, previous: old })
    const story = await scene.run('activate', rollback)
    expect(story.outcome.targets).toMatchObject([
      {
        result: 'updated',
        message: 'this pair was current already; what was left is finished',
      },
    ])
    expect(scene.place.privateKey('previous')).toBe(young.pem)
  })

  test('another staged key is not touched', async () => {
    const scene = new Scene().given({ current: young, previous: old, next: oldest })
    await scene.run('activate', rollback)
    expect(scene.place.privateKey('next')).toBe(oldest.pem)
    expect(scene.place.record('next')?.publicKeyId).toBeNull()
  })
})

describe('writes that fail', () => {
  test('the mark: nothing else happens', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: when({ 'save AMAZON_PAY_KEY_NEXT': 'refused' }),
    })
    expect(story.code).toBe('variable-write-failed')
    expect(story.effects).toEqual(['save AMAZON_PAY_KEY_NEXT'])
    expect(story.outcome.targets).toMatchObject([
      { result: 'failed', code: 'variable-write-failed' },
    ])
  })

  test('the previous slot: the pair was not touched', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS': 'refused' }),
    })
    expect(story.code).toBe('secret-write-failed')
    expect(story.trouble).toContain('the pair of acme/shop was not touched')
    expect(story.outcome.targets).toMatchObject([{ result: 'failed' }])
    expectPair(scene.place, old)
  })

  test('the Public Key ID: the pair was not touched', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: when({ 'put AMAZON_PAY_PUBLIC_KEY_ID': 'refused' }),
    })
    expect(story.outcome.targets).toMatchObject([{ result: 'failed', code: 'secret-write-failed' }])
    expect(story.trouble).toContain('the pair of acme/shop was not touched')
    expectPair(scene.place, old)
    expect(scene.place.record('current')?.fingerprint).toBe(old.fingerprint)
  })

  test('the private key: the Public Key ID is put back', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY': 'refused' }),
    })
    expect(story.code).toBe('secret-write-failed')
    expect(story.trouble).toContain('the pair of acme/shop is the old one again')
    expect(story.outcome.targets).toMatchObject([{ result: 'restored' }])
    expectPair(scene.place, old)
    expect(scene.pairWorks()).toBe(true)
    expect((await scene.run('activate', rotation)).status).toBe('activated')
  })

  test('a refusal is no lost answer: nothing is looked up', async () => {
    for (const name of ['AMAZON_PAY_PUBLIC_KEY_ID', 'AMAZON_PAY_PRIVATE_KEY']) {
      const story = await rotating().run('activate', rotation, {
        on: when({ [`put ${name}`]: 'refused' }),
      })
      const after = story.log.slice(story.log.indexOf(`put ${name}`))
      expect(after).not.toContain(`read ${name}`)
    }
  })

  test('an error that nobody foresaw while putting back stays one', async () => {
    let puts = 0
    const story = await rotating().run('activate', rotation, {
      on: ({ text }) => {
        if (text === 'put AMAZON_PAY_PRIVATE_KEY') return 'refused'
        return text === 'put AMAZON_PAY_PUBLIC_KEY_ID' && ++puts === 2 ? 'broken' : undefined
      },
    })
    expect(story.error).toBeInstanceOf(TypeError)
  })

  test('the private key of a first pair: the Public Key ID is deleted again', async () => {
    const scene = new Scene().given({ next: young })
    const story = await scene.run('activate', first, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY': 'refused' }),
    })
    expect(story.outcome.targets).toMatchObject([{ result: 'restored' }])
    expect(story.trouble).toContain('has no pair, as before')
    expect(scene.place.publicKeyId).toBeNull()
  })

  test('the private key, where an ID stood alone: nobody knows what to put back', async () => {
    const scene = new Scene().given({ next: young })
    scene.put(scene.place.secrets, 'AMAZON_PAY_PUBLIC_KEY_ID', foreign.id)
    scene.pass(1000)
    const story = await scene.run('activate', first, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY': 'refused' }),
    })
    expect(story.warnings[0]).toContain('it is overwritten')
    expect(story.code).toBe('pair-torn')
    expect(story.outcome.targets).toMatchObject([{ result: 'torn', code: 'pair-torn' }])
  })

  test.each(['put AMAZON_PAY_PUBLIC_KEY_ID', 'delete AMAZON_PAY_PUBLIC_KEY_ID'])(
    'putting back fails as well: torn (%s)',
    async (back) => {
      const begin = back.startsWith('delete') ? new Scene().given({ next: young }) : rotating()
      let puts = 0
      const story = await begin.run('activate', back.startsWith('delete') ? first : rotation, {
        on: ({ text }) => {
          if (text === 'put AMAZON_PAY_PRIVATE_KEY') return 'refused'
          return text === back && (back.startsWith('delete') || ++puts === 2)
            ? 'refused'
            : undefined
        },
      })
      expect(story.code).toBe('pair-torn')
      expect(story.trouble).toContain('beside the old private key, and')
      expect(story.trouble).toContain(
        back.startsWith('delete') ? 'deleting it failed' : `putting ${old.id} back failed`,
      )
      expect(story.outcome.targets).toMatchObject([{ result: 'torn' }])
    },
  )

  test('the record: the pair is the new one already', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: when({ 'save AMAZON_PAY_KEY': 'refused' }),
    })
    expect(story.code).toBe('variable-write-failed')
    expect(story.trouble).toContain('is the new one already')
    expect(story.outcome.targets).toMatchObject([{ result: 'updated' }])
    expect(scene.pairWorks()).toBe(true)
    expect((await scene.run('activate', rotation)).status).toBe('activated')
  })

  test('previous after a rollback: the pair is the new one already', async () => {
    const scene = new Scene().given({ current: young, previous: old })
    const story = await scene.run('activate', rollback, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS': 'refused' }),
    })
    expect(story.trouble).toContain('but the key before it is not kept yet')
    expect(story.outcome.targets).toMatchObject([{ result: 'updated' }])
    expectPair(scene.place, old)
  })

  test('the first failure ends it: later targets are untouched', async () => {
    const scene = rotating(['acme/shop', 'acme/mobile', 'acme/blog'])
    const story = await scene.run('activate', rotation, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY of acme/mobile': 'refused' }),
    })
    expect(story.outcome.targets.map(({ result }) => result)).toEqual([
      'updated',
      'restored',
      'untouched',
    ])
    expectPair(scene.places[0] as Place, young)
    expectPair(scene.places[1] as Place, old)
    expectPair(scene.places[2] as Place, old)
    expect(scene.places.map((place) => place.privateKey('next'))).toEqual(
      [young, young, young].map(({ pem }) => pem),
    )
    const again = await scene.run('activate', rotation)
    expect(again.outcome.targets.map(({ result }) => result)).toEqual([
      'unchanged',
      'updated',
      'updated',
    ])
  })

  test.each([
    'delete AMAZON_PAY_PRIVATE_KEY_NEXT',
    'delete AMAZON_PAY_KEY_NEXT',
    'read AMAZON_PAY_KEY_NEXT',
  ])('next cannot be cleared: a warning (%s)', async (call) => {
    const scene = rotating()
    let reads = 0
    const story = await scene.run('activate', rotation, {
      on: ({ text }) =>
        text === call && (text.startsWith('delete') || ++reads === 2) ? 'refused' : undefined,
    })
    expect(story).toMatchObject({ status: 'activated', code: null })
    expect(story.warnings).toEqual([
      expect.stringMatching(/^(?:secret|variable)-write-failed|^github-unavailable/),
    ])
    expect(story.warnings[0]).toContain('could not be deleted')
  })

  test.each([
    'save AMAZON_PAY_KEY_NEXT',
    'put AMAZON_PAY_PUBLIC_KEY_ID',
    'put AMAZON_PAY_PRIVATE_KEY',
    'save AMAZON_PAY_KEY',
    'delete AMAZON_PAY_KEY_NEXT',
  ])('an error that nobody foresaw stays one: %s', async (call) => {
    const story = await rotating().run('activate', rotation, { on: when({ [call]: 'broken' }) })
    expect(story.error).toBeInstanceOf(TypeError)
    expect(story.code).toBe('internal')
  })
})

describe('answers that are lost', () => {
  test.each([
    'save AMAZON_PAY_KEY_NEXT',
    'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
    'save AMAZON_PAY_KEY_PREVIOUS',
    'save AMAZON_PAY_KEY',
  ])('where a re-run settles it: %s', async (call) => {
    for (const fault of ['lost', 'unheard'] as const) {
      const scene = rotating()
      const story = await scene.run('activate', rotation, { on: when({ [call]: fault }) })
      expect(story.code).toBe('github-unavailable')
      expect(scene.pairWorks()).toBe(true)
      expect((await scene.run('activate', rotation)).status).toBe('activated')
      expectPair(scene.place, young)
      expect(scene.place.privateKey('previous')).toBe(old.pem)
    }
  })

  test.each(['put AMAZON_PAY_PUBLIC_KEY_ID', 'put AMAZON_PAY_PRIVATE_KEY'])(
    'the date of the secret tells that it was written: %s',
    async (call) => {
      const scene = rotating()
      const story = await scene.run('activate', rotation, { on: when({ [call]: 'lost' }) })
      expect(story.status).toBe('activated')
      expect(story.log).toContain(`read ${call.slice(4)}`)
      expectPair(scene.place, young)
    },
  )

  test('and for a secret that was not there before', async () => {
    const scene = new Scene().given({ next: young })
    const faults = when({
      'put AMAZON_PAY_PUBLIC_KEY_ID': 'lost',
      'put AMAZON_PAY_PRIVATE_KEY': 'lost',
    })
    expect((await scene.run('activate', first, { on: faults })).status).toBe('activated')
    expectPair(scene.place, young)
  })

  test.each(['put AMAZON_PAY_PUBLIC_KEY_ID', 'put AMAZON_PAY_PRIVATE_KEY'])(
    'a first pair of which nothing arrived leaves nothing: %s',
    async (call) => {
      const scene = new Scene().given({ next: young })
      const story = await scene.run('activate', first, { on: when({ [call]: 'unheard' }) })
      expect(story.code).toBe('github-unavailable')
      expect(scene.place.publicKeyId).toBeNull()
      expect(scene.place.privateKey('current')).toBeNull()
      expect((await scene.run('activate', first)).status).toBe('activated')
    },
  )

  test('a secret that is gone after a lost answer was not written', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: ({ text }) => {
        if (text !== 'put AMAZON_PAY_PRIVATE_KEY') return undefined
        scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY')
        return 'unheard'
      },
    })
    expect(story.outcome.targets).toMatchObject([{ result: 'restored' }])
  })

  test('the date tells that the private key was not written: the ID is put back', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY': 'unheard' }),
    })
    expect(story.outcome.targets).toMatchObject([
      { result: 'restored', code: 'github-unavailable' },
    ])
    expectPair(scene.place, old)
  })

  test('the date tells that the ID was not written', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: when({ 'put AMAZON_PAY_PUBLIC_KEY_ID': 'unheard' }),
    })
    expect(story.outcome.targets).toMatchObject([{ result: 'failed', code: 'github-unavailable' }])
    expect(story.trouble).toContain('the pair of acme/shop was not touched')
    expect(story.effects.at(-1)).toBe('put AMAZON_PAY_PUBLIC_KEY_ID')
    expectPair(scene.place, old)
  })

  /** The answer to a write is lost, and what stands there cannot be read any more either. */
  const blind = (secret: string, fault: Fault): OnCall => {
    let lost = false
    return ({ text }) => {
      if (text === `put ${secret}`) {
        const before = lost
        lost = true
        return before ? undefined : fault
      }
      return lost && text === `read ${secret}` ? 'refused' : undefined
    }
  }

  test.each(['lost', 'unheard'] as const)(
    'the private key (%s), and nobody can tell: torn, and one re-run heals it',
    async (fault) => {
      const scene = rotating()
      const story = await scene.run('activate', rotation, {
        on: blind('AMAZON_PAY_PRIVATE_KEY', fault),
      })
      expect(story.code).toBe('pair-torn')
      expect(story.trouble).toContain('cannot be found out')
      expect(story.outcome.targets).toMatchObject([{ result: 'torn', code: 'pair-torn' }])
      expect(scene.place.publicKeyId).toBe(young.id)
      expect((await scene.run('activate', rotation)).status).toBe('activated')
      expectPair(scene.place, young)
    },
  )

  test.each(['lost', 'unheard'] as const)(
    'the ID (%s), and nobody can tell: the old one is put back',
    async (fault) => {
      const scene = rotating()
      const story = await scene.run('activate', rotation, {
        on: blind('AMAZON_PAY_PUBLIC_KEY_ID', fault),
      })
      expect(story.outcome.targets).toMatchObject([{ result: 'restored' }])
      expectPair(scene.place, old)
    },
  )

  test.each([
    ['with dates from GitHub', true],
    ['without', false],
  ])(
    'a secret that changed in the second of the write says nothing: %s',
    async (_, datesArrive) => {
      // All in one second: the secret is as old as the write whose answer is lost.
      const scene = new Scene({ time: 'stopped' }).given({ current: old, next: young })
      scene.datesArrive = datesArrive
      const story = await scene.run('activate', rotation, {
        on: when({ 'put AMAZON_PAY_PRIVATE_KEY': 'lost' }),
      })
      expect(story.code).toBe('pair-torn')
    },
  )

  test('a second earlier it does', async () => {
    for (const [age, result] of [
      [1000, 'torn'],
      [2000, 'restored'],
    ] as const) {
      const scene = rotating()
      scene.time = 'stopped'
      const before = scene.place.secrets.get('AMAZON_PAY_PRIVATE_KEY')
      const at = `${new Date(scene.milliseconds - age).toISOString().slice(0, 19)}Z`
      if (before) scene.place.secrets.set('AMAZON_PAY_PRIVATE_KEY', { ...before, updatedAt: at })
      const record = scene.place.record('current')
      if (record) scene.setRecord(scene.place, 'current', record)
      const story = await scene.run('activate', rotation, {
        on: when({ 'put AMAZON_PAY_PRIVATE_KEY': 'unheard' }),
      })
      expect(story.outcome.targets).toMatchObject([{ result }])
    }
  })
})

describe('a previous key whose Public Key ID nobody knows', () => {
  test('is kept without, and that is told', async () => {
    const scene = new Scene().given({ current: old, previous: old })
    const story = await scene.run('activate', rollback)
    expect(scene.place.record('previous')).toMatchObject({
      fingerprint: young.fingerprint,
      publicKeyId: null,
      madeAt: scene.place.secrets.get('AMAZON_PAY_PRIVATE_KEY')?.createdAt,
    })
    expect(story.warnings).toEqual([
      expect.stringContaining('no record knows the Public Key ID of previous-private-key'),
    ])
  })

  test('has no date of its own where the current secret was deleted since', async () => {
    const scene = new Scene().given({ current: old, previous: old })
    scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY')
    const { now } = scene
    const story = await scene.run('activate', rollback)
    expect(story.status).toBe('activated')
    expectPair(scene.place, old)
    expect(scene.place.privateKey('previous')).toBe(young.pem)
    expect(scene.place.record('previous')?.madeAt).toBe(now)
  })

  test('is no matter where nothing is kept', async () => {
    const scene = new Scene().given({ current: young })
    expect((await scene.run('activate', rotation)).warnings).toEqual([])
    const other = rotating()
    const kept = await other.run('activate', { ...rotation, keepPrevious: false })
    expect(kept.warnings).toEqual([])
  })

  test('is kept where even the current secret is gone', async () => {
    const scene = new Scene().given({ current: old, next: young })
    scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY')
    const story = await scene.run('activate', rotation)
    expect(story.status).toBe('activated')
    expect(scene.place.privateKey('previous')).toBe(old.pem)
  })
})

describe('what an earlier run left', () => {
  const names = ({ effects }: { effects: readonly string[] }) => effects.join('; ')

  test('the ID of a kept key is added when it becomes known', async () => {
    const scene = new Scene().given({ current: young, previous: old })
    const nameless = scene.recordOf(old, { region: null })
    scene.setRecord(scene.place, 'previous', nameless)
    scene.pass(1000)
    const unknown = await scene.run('activate', rotation)
    expect(names(unknown)).toBe('')
    const told = { ...rotation, previousPublicKeyId: old.id }
    const story = await scene.run('activate', told)
    expect(names(story)).toBe('put AMAZON_PAY_PRIVATE_KEY_PREVIOUS; save AMAZON_PAY_KEY_PREVIOUS')
    expect(scene.place.record('previous')).toEqual({ ...nameless, publicKeyId: old.id })
    expect(names(await scene.run('activate', told))).toBe('')
  })

  test('but not of another key', async () => {
    const scene = new Scene().given({ current: young, previous: oldest })
    scene.setRecord(scene.place, 'previous', scene.recordOf(oldest))
    scene.pass(1000)
    const told = { ...rotation, previousPublicKeyId: old.id }
    expect(names(await scene.run('activate', told))).toBe('')
  })

  test.each([
    ['keep-previous is false', { keepPrevious: false }],
    ['no previous key is passed', { previousPrivateKey: '' }],
    ['the previous key is the new one', { previousPrivateKey: old.pem }],
  ])('the rest of a rollback is not finished when %s', async (_, more) => {
    const scene = new Scene().given({ current: old, previous: old })
    const story = await scene.run('activate', { ...rollback, ...more })
    expect(names(story)).toBe('')
    expect(story.outcome.targets).toMatchObject([{ result: 'unchanged' }])
  })

  test('a rollback that is finished needs no warning, one that lost a key has two', async () => {
    const scene = new Scene().given({ current: old, previous: old })
    const whole = { ...rollback, previousPublicKeyId: young.id }
    expect((await scene.copy().run('activate', whole)).warnings).toEqual([])
    const fresh = { ...rollback, previousPrivateKey: old.pem }
    expect((await scene.run('activate', fresh)).warnings).toHaveLength(2)
    const killed = new Scene().given({ current: young, previous: old })
    await killed.run('activate', rollback, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY': 'killed after' }),
    })
    expect((await killed.run('activate', fresh)).warnings).toHaveLength(2)
  })

  test('a staged key that waits does not make the current pair unfinished', async () => {
    const scene = new Scene().given({ current: young, previous: old, next: foreign })
    expect(names(await scene.run('activate', rotation))).toBe('')
  })

  test('an unrecorded pair is not replaced by half a belief', async () => {
    const scene = new Scene().given({ unrecorded: old, next: young })
    await expectRefused(scene, { ...rotation, keepPrevious: false }, 'previous-key-missing')
  })

  test('a previous secret without record is mentioned when it is replaced, and only then', async () => {
    const shop = () => {
      const scene = rotating()
      scene.setSecret(scene.place, 'previous', oldest)
      scene.pass(1000)
      return scene
    }
    const replaced = await shop().run('activate', rotation)
    expect(replaced.warnings).toEqual([expect.stringContaining('whichever key it holds')])
    const kept = await shop().run('activate', { ...rotation, keepPrevious: false })
    expect(kept.warnings).toEqual([])
    expect((await rotating().run('activate', rotation)).warnings).toEqual([])
    const scene = rotating()
    await scene.run('activate', rotation, {
      on: when({ 'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS': 'killed after' }),
    })
    expect((await scene.run('activate', rotation)).warnings).toEqual([])
  })
})

describe('what is known, and from where', () => {
  test('region and environment come from the current record when the key has none', async () => {
    const scene = new Scene().given({ current: old })
    scene.amazon.register(young)
    const story = await scene.run('activate', { ...rotation, region: null })
    expect(story.status).toBe('activated')
    expect(scene.place.record('current')).toMatchObject({ region: 'us' })
  })

  test('the ID before: of the current pair, on a re-run of the previous one', async () => {
    const scene = rotating()
    await scene.run('activate', rotation)
    const again = await scene.run('activate', rotation)
    expect(again.outputs['previous-public-key-id']).toBe(old.id)
    expect(again.outcome.previousKept).toBe(true)
    const alone = new Scene().given({ current: young })
    const story = await alone.run('activate', rotation)
    expect(story.outputs['previous-public-key-id']).toBe('')
    expect(story.outcome.previousKept).toBe(false)
    const adopted = await alone.run('activate', { ...rotation, previousPublicKeyId: young.id })
    expect(adopted.outputs['previous-public-key-id']).toBe('')
    const twice = new Scene().given({ current: young, previous: young })
    const same = { ...rotation, previousPrivateKey: young.pem }
    expect((await twice.run('activate', same)).outcome.previousKept).toBe(false)
  })

  test('one of two targets has a previous key: it is kept', async () => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile'] })
    scene.given({ next: young }, scene.places.slice(0, 1))
    scene.given({ next: young, current: old }, scene.places.slice(1))
    const story = await scene.run('activate', rotation)
    expect(story.status).toBe('activated')
    expect(story.outcome.previousKept).toBe(true)
    expect(story.outcome.targets.map(({ result }) => result)).toEqual(['created', 'updated'])
    // So it is told when it runs again and finds nothing to do.
    const again = await scene.run('activate', rotation)
    expect(again).toMatchObject({ status: 'activated', effects: [] })
    expect(again.outcome.previousKept).toBe(true)
  })

  test('one of two targets is adopted: its pair is proved', async () => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile'] })
    scene.given({ next: young, current: old }, scene.places.slice(0, 1))
    scene.given({ next: young, unrecorded: old }, scene.places.slice(1))
    const inputs = { ...rotation, previousPublicKeyId: old.id }
    const proofs = scene.copy()
    await proofs.run('activate', inputs)
    expect(proofs.amazon.requests).toHaveLength(3)
    scene.amazon.register(foreign, { id: old.id })
    await expectRefused(scene, inputs, 'amazon-pay-rejected')
  })

  test('a pair with a record is not proved again, whatever is said of its ID', async () => {
    for (const previousPublicKeyId of [old.id, payId('A', 'LIVE-')]) {
      const scene = rotating()
      const story = await scene.run('activate', { ...rotation, previousPublicKeyId })
      expect(story.status).toBe('activated')
      expect(scene.amazon.requests).toHaveLength(2)
      expect(scene.place.record('previous')?.publicKeyId).toBe(old.id)
    }
  })

  test('one of two targets has a pair: a suspended account does not replace it', async () => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile'] })
    scene.given({ next: young }, scene.places.slice(0, 1))
    scene.given({ next: young, current: old }, scene.places.slice(1))
    scene.amazon.set(young.id, 'suspended')
    const refused = await expectRefused(scene, rotation, 'amazon-pay-undecided')
    expect(refused.infos.join()).not.toContain('accepts the pair')
  })

  test('Amazon’s word counts more than a record that is wrong', async () => {
    const scene = rotating()
    scene.setRecord(scene.place, 'current', scene.recordOf(old, { publicKeyId: young.id }))
    scene.pass(1000)
    expect((await scene.run('activate', rotation)).status).toBe('activated')
  })

  test('without it, the same key under its own ID is no contradiction', async () => {
    const scene = rotating()
    await scene.run('activate', rotation)
    const again = await scene.run('activate', { ...rotation, amazonPayCheck: 'off' })
    expect(again.status).toBe('activated')
  })

  test('a view that is named decides over the one that the key was made for', async () => {
    const scene = new Scene().given({ next: young })
    const id = scene.amazon.register(young, { id: payId('B', 'LIVE-') })
    const inputs = { ...first, publicKeyId: id, payEnvironment: 'live' } as const
    expect((await scene.run('activate', inputs)).status).toBe('activated')
    expect(scene.place.record('current')?.payEnvironment).toBe('live')
  })

  test('an adopted pair whose ID has no prefix fits either view', async () => {
    const scene = new Scene().given({ unrecorded: old, next: young })
    const id = scene.amazon.register(old, { id: payId('Z', ''), environments: ['sandbox'] })
    scene.put(scene.place.secrets, 'AMAZON_PAY_PUBLIC_KEY_ID', id)
    scene.pass(1000)
    const story = await scene.run('activate', { ...rotation, previousPublicKeyId: id })
    expect(story.status).toBe('activated')
    expect(scene.place.record('previous')?.publicKeyId).toBe(id)
  })

  test('a key under another ID is activated anew', async () => {
    const scene = new Scene().given({ current: young })
    const id = scene.amazon.register(young, { id: payId('Y') })
    const now = scene.now
    const story = await scene.run('activate', { ...first, publicKeyId: id, previousPrivateKey: '' })
    expect(story.status).toBe('activated')
    expect(scene.place.record('current')).toMatchObject({ publicKeyId: id, activatedAt: now })
    expectPair(scene.place, young, id)
  })

  test('a mistake in the ID is told under the name of its input', async () => {
    const story = await rotating().run('activate', { ...rotation, publicKeyId: 'short' })
    expect(story.trouble).toMatch(/^public-key-id is too short/)
  })

  test('an approval may name several environments, and an ID without prefix', async () => {
    const scene = new Scene().given({ next: young })
    const id = scene.amazon.register(young, { id: payId('Q', ''), environments: ['sandbox'] })
    scene.approvals = [
      { state: 'approved', comment: `it is ${id}`, environments: ['staging', 'production'] },
    ]
    const inputs = { ...first, publicKeyId: 'from-approval', environment: 'production' }
    const story = await scene.run('activate', inputs)
    expect(story.status).toBe('activated')
    expect(story.outputs['public-key-id']).toBe(id)
  })

  test('blanks are no previous key', async () => {
    const scene = new Scene().given({ next: young })
    expect((await scene.run('activate', { ...first, previousPrivateKey: ' \n' })).status).toBe(
      'activated',
    )
  })

  test('a dry run says for each target what would be done', async () => {
    const story = await rotating().run('activate', { ...rotation, dryRun: true })
    expect(story.infos.at(-1)).toMatch(/^acme\/shop: the current pair would be kept/)
  })

  test('a rejected old pair says what to do with it, and where it lives', async () => {
    const scene = new Scene().given({ unrecorded: old, next: young })
    const inputs = { ...rotation, previousPublicKeyId: old.id }
    scene.amazon.keys.delete(old.id)
    const gone = await expectRefused(scene, inputs, 'amazon-pay-rejected')
    expect(gone.trouble).not.toContain('delete it in Integration Central')
    scene.amazon.register(old, { region: 'eu' })
    const elsewhere = await expectRefused(scene, inputs, 'amazon-pay-rejected')
    expect(elsewhere.trouble).toContain('this ID lives in EU')
  })
})

describe('cancelled', () => {
  test('before the first write', async () => {
    const scene = rotating()
    const before = scene.copy()
    const story = await scene.run('activate', rotation, { stopped: true })
    expect(story.code).toBe('github-unavailable')
    expect(story.trouble).toContain('the step was stopped before acme/shop was written')
    expectUntouched(scene, before)
  })

  test('within a pair: it is finished, and no further target is begun', async () => {
    const scene = rotating(['acme/shop', 'acme/mobile'])
    const stop = new AbortController()
    const story = await scene.run('activate', rotation, {
      stop,
      on: ({ text }) => {
        if (text === 'put AMAZON_PAY_PUBLIC_KEY_ID of acme/shop') stop.abort()
        return undefined
      },
    })
    expect(story.code).toBe('github-unavailable')
    expect(story.outcome.targets.map(({ result }) => result)).toEqual(['updated', 'untouched'])
    expectPair(scene.places[0] as Place, young)
    expect(scene.places[0]?.record('current')?.fingerprint).toBe(young.fingerprint)
    expectPair(scene.places[1] as Place, old)
    expect((await scene.run('activate', rotation)).status).toBe('activated')
  })

  test('between the marks: no further one', async () => {
    const scene = rotating(['acme/shop', 'acme/mobile'])
    const stop = new AbortController()
    const story = await scene.run('activate', rotation, {
      stop,
      on: ({ text }) => {
        if (text.startsWith('save AMAZON_PAY_KEY_NEXT')) stop.abort()
        return undefined
      },
    })
    expect(story.effects).toEqual(['save AMAZON_PAY_KEY_NEXT of acme/shop'])
    expect(story.trouble).toContain('before acme/mobile was written')
  })
})

describe('somebody else at the same time', () => {
  const changes: [string, (scene: Scene) => void][] = [
    [
      'the current record',
      (scene) =>
        scene.setRecord(
          scene.place,
          'current',
          scene.recordOf(foreign, { publicKeyId: foreign.id }),
        ),
    ],
    [
      'the key of the current record',
      (scene) =>
        scene.setRecord(scene.place, 'current', scene.recordOf(foreign, { publicKeyId: old.id })),
    ],
    [
      'the Public Key ID of the current record',
      (scene) =>
        scene.setRecord(scene.place, 'current', scene.recordOf(old, { publicKeyId: foreign.id })),
    ],
    ['the current private key', (scene) => scene.setSecret(scene.place, 'current', foreign)],
    [
      'the current Public Key ID',
      (scene) => scene.put(scene.place.secrets, 'AMAZON_PAY_PUBLIC_KEY_ID', foreign.id),
    ],
    ['a deleted record', (scene) => void scene.place.variables.delete('AMAZON_PAY_KEY')],
  ]
  const stagedChanges: typeof changes = [
    ['the staged record', (scene) => scene.setRecord(scene.place, 'next', scene.recordOf(foreign))],
    [
      'a staged record that is gone',
      (scene) => void scene.place.variables.delete('AMAZON_PAY_KEY_NEXT'),
    ],
  ]

  test.each([...changes, ...stagedChanges])(
    'while Amazon Pay is asked: %s changes',
    async (_, change) => {
      const scene = rotating()
      let after: Scene | null = null
      scene.amazon.instead = (_request, count) => {
        if (count !== 2) return undefined
        scene.pass(1000)
        change(scene)
        after = scene.copy()
        return undefined
      }
      const story = await scene.run('activate', rotation)
      expect({ code: story.code, effects: story.effects }).toEqual({
        code: 'pair-changed',
        effects: [],
      })
      expect(story.outcome.targets).toMatchObject([{ result: 'untouched', code: 'pair-changed' }])
      expectUntouched(scene, after as unknown as Scene)
    },
  )

  test.each(changes)('after the mark: %s changes', async (_, change) => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: ({ text }) => {
        if (text === 'save AMAZON_PAY_KEY_NEXT') {
          scene.pass(1000)
          change(scene)
        }
        return undefined
      },
    })
    expect(story.code).toBe('pair-changed')
    expect(story.effects).toEqual(['save AMAZON_PAY_KEY_NEXT'])
    expect(story.trouble).toContain('while this run was under way')
    expect(story.outcome.targets).toMatchObject([{ result: 'failed', code: 'pair-changed' }])
  })

  test.each(changes)('before the rest of a rollback: %s changes', async (_, change) => {
    const scene = new Scene().given({ current: old, previous: old })
    let looks = 0
    const story = await scene.run('activate', rollback, {
      on: ({ text }) => {
        // Right before the second look.
        if (text === 'read AMAZON_PAY_KEY' && ++looks === 2) {
          scene.pass(1000)
          change(scene)
        }
        return undefined
      },
    })
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'pair-changed',
      effects: [],
    })
  })

  test('a key is staged while a first activation makes its mark', async () => {
    const scene = new Scene()
    scene.amazon.register(young)
    const story = await scene.run('activate', first, {
      on: ({ text }) => {
        if (text === 'create AMAZON_PAY_KEY_NEXT') scene.given({ next: foreign })
        return undefined
      },
    })
    expect(story.code).toBe('pair-changed')
    expect(story.effects).toEqual(['create AMAZON_PAY_KEY_NEXT'])
    expect(scene.place.privateKey('next')).toBe(foreign.pem)
  })

  test('a mark whose answer was lost is our own', async () => {
    const scene = new Scene()
    scene.amazon.register(young)
    // As the client would try again after a lost answer: the record is there by then.
    const story = await scene.run('activate', first, {
      on: ({ text }) => {
        if (text === 'create AMAZON_PAY_KEY_NEXT') {
          scene.setRecord(scene.place, 'next', scene.recordOf(young, { publicKeyId: young.id }))
        }
        return undefined
      },
    })
    expect(story.status).toBe('activated')
  })

  test('another key is staged while the old one is being cleared: it stays', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: ({ text }) => {
        if (text === 'save AMAZON_PAY_KEY') scene.given({ next: foreign })
        return undefined
      },
    })
    expect(story.status).toBe('activated')
    expect(scene.place.privateKey('next')).toBe(foreign.pem)
    expect(scene.place.record('next')?.fingerprint).toBe(foreign.fingerprint)
  })

  test('the staged record goes while the pair is written: nothing is left to clear', async () => {
    const scene = rotating()
    const story = await scene.run('activate', rotation, {
      on: ({ text }) => {
        if (text === 'save AMAZON_PAY_KEY') scene.place.variables.delete('AMAZON_PAY_KEY_NEXT')
        return undefined
      },
    })
    expect(story).toMatchObject({ status: 'activated', warnings: [] })
    expectPair(scene.place, young)
    expect(story.effects.at(-1)).toBe('save AMAZON_PAY_KEY')
  })

  test('another activation comes between the two secrets: the pair is written once more', async () => {
    const scene = new Scene().given({ current: old, next: young })
    scene.amazon.register(foreign)
    const story = await scene.run('activate', rotation, {
      on: async ({ text }) => {
        if (text !== 'put AMAZON_PAY_PRIVATE_KEY' || scene.place.publicKeyId !== young.id) return
        if (scene.place.record('current')?.fingerprint !== old.fingerprint) return
        scene.put(scene.place.secrets, 'AMAZON_PAY_PUBLIC_KEY_ID', foreign.id)
        scene.setSecret(scene.place, 'current', foreign)
        scene.setRecord(
          scene.place,
          'current',
          scene.recordOf(foreign, { publicKeyId: foreign.id }),
        )
      },
    })
    expect(story.status).toBe('activated')
    expect(story.warnings).toEqual([expect.stringContaining('another run made key')])
    expect(story.warnings[0]).toContain(foreign.fingerprint)
    expect(story.warnings[0]).toMatch(/^pair-changed/)
    expectPair(scene.place, young)
    expect(scene.pairWorks()).toBe(true)
  })

  test('that cannot be read: the record is written as planned', async () => {
    const scene = rotating()
    let written = false
    const story = await scene.run('activate', rotation, {
      on: ({ text }) => {
        if (text === 'put AMAZON_PAY_PRIVATE_KEY') written = true
        return written && text === 'read AMAZON_PAY_KEY' ? 'refused' : undefined
      },
    })
    expect(story.status).toBe('activated')
    expect(story.effects.filter((effect) => effect === 'put AMAZON_PAY_PRIVATE_KEY')).toHaveLength(
      1,
    )
  })
})
