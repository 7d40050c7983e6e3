import type { Inputs } from '../../src/ports.ts'
import { type Fault, type Key, makeKeys, type OnCall, type Place, payId, Scene } from './world.ts'

const keys = makeKeys(3) as [Key, Key, Key]
const [old, young, foreign] = keys

const inputs = { previousPrivateKey: old.pem } satisfies Partial<Inputs>

/** A shop whose previous key is ready to go: deleted at Amazon. */
function shop(targets?: string[]): Scene {
  const scene = new Scene(targets ? { targets } : {}).given({ current: young, previous: old })
  scene.amazon.set(old.id, 'deleted')
  return scene
}

function when(faults: Record<string, Fault>): OnCall {
  return ({ text }) => faults[text]
}

function expectRetired(place: Place): void {
  expect(place.privateKey('previous')).toBeNull()
  expect(place.record('previous')).toBeNull()
}

async function expectKept(scene: Scene, given: Partial<Inputs>, code: string) {
  const before = JSON.stringify(
    scene.places.map(({ secrets, variables }) => [[...secrets], [...variables]]),
  )
  const story = await scene.run('retire', given)
  expect({ code: story.code, effects: story.effects }).toEqual({ code, effects: [] })
  expect(
    JSON.stringify(scene.places.map(({ secrets, variables }) => [[...secrets], [...variables]])),
  ).toBe(before)
  return story
}

describe('order of effects', () => {
  test('asked, then the secret, then the record', async () => {
    const scene = shop()
    const story = await scene.run('retire', inputs)
    expect(story.status).toBe('retired')
    expect(story.log).toEqual([
      'read state (current next previous id false)',
      'read runs of acme/shop',
      'ask Amazon Pay',
      'wait 5',
      'ask Amazon Pay',
      'wait 5',
      'ask Amazon Pay',
      'ask Amazon Pay',
      'ask Amazon Pay',
      'read AMAZON_PAY_KEY_PREVIOUS',
      'delete AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
      'delete AMAZON_PAY_KEY_PREVIOUS',
    ])
    expectRetired(scene.place)
    expect(scene.pairWorks()).toBe(true)
    expect(story.infos).toContain(
      'acme/shop: secret AMAZON_PAY_PRIVATE_KEY_PREVIOUS and its record are deleted; this rotation is finished',
    )
    expect(story.outcome.targets).toMatchObject([
      { result: 'updated', message: 'secret and record of the previous key are deleted' },
    ])
    expect(story.outputs).toMatchObject({
      'secret-name': 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
      'previous-public-key-id': old.id,
      'amazon-pay': 'rejected',
      region: 'us',
    })
    expect(story.outcome).toMatchObject({
      previousPublicKeyId: old.id,
      previousFingerprint: old.fingerprint,
      record: { fingerprint: old.fingerprint },
    })
  })

  test('two targets, a second between them', async () => {
    const scene = shop(['acme/shop', 'acme/mobile'])
    const story = await scene.run('retire', inputs)
    expect(story.log.slice(-7)).toEqual([
      'read AMAZON_PAY_KEY_PREVIOUS of acme/shop',
      'delete AMAZON_PAY_PRIVATE_KEY_PREVIOUS of acme/shop',
      'delete AMAZON_PAY_KEY_PREVIOUS of acme/shop',
      'wait 1',
      'read AMAZON_PAY_KEY_PREVIOUS of acme/mobile',
      'delete AMAZON_PAY_PRIVATE_KEY_PREVIOUS of acme/mobile',
      'delete AMAZON_PAY_KEY_PREVIOUS of acme/mobile',
    ])
    for (const place of scene.places) expectRetired(place)
  })

  test('a target that holds none is passed over', async () => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile'] })
    scene.given({ current: young }, scene.places.slice(0, 1))
    scene.given({ current: young, previous: old }, scene.places.slice(1))
    scene.amazon.set(old.id, 'deleted')
    const story = await scene.run('retire', inputs)
    expect(story.status).toBe('retired')
    expect(story.effects).toHaveLength(2)
    expect(story.log).not.toContain('wait 1')
    expectRetired(scene.places[1] as Place)
  })

  test('of two targets, what each holds decides', async () => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile', 'acme/blog'] })
    scene.given({ current: young, previous: old }, scene.places.slice(0, 2))
    scene.given({ current: young }, scene.places.slice(2))
    scene.amazon.set(old.id, 'deleted')
    const unnamed = scene.copy()
    unnamed.place.variables.delete('AMAZON_PAY_KEY_PREVIOUS')
    await expectKept(unnamed, inputs, 'pair-changed')
    scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
    const planned = await scene.copy().run('retire', { ...inputs, dryRun: true })
    expect(planned.outcome.targets.map(({ result }) => result)).toEqual([
      'planned',
      'planned',
      'unchanged',
    ])
    expect(planned.infos.slice(-3)).toEqual([
      'acme/shop: the previous key would be deleted',
      'acme/mobile: the previous key would be deleted',
      'acme/blog: there is no previous key',
    ])
    const story = await scene.run('retire', inputs)
    expect(story.outcome.targets.map(({ result }) => result)).toEqual([
      'updated',
      'updated',
      'unchanged',
    ])
  })

  test('mistakes are told under the name of the input, and blanks are no key', async () => {
    const cut = await shop().run('retire', { previousPrivateKey: old.pem.slice(0, 900) })
    expect(cut.trouble).toMatch(/^previous-private-key /)
    const rest = shop()
    rest.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
    expect((await rest.run('retire', { previousPrivateKey: ' \n' })).status).toBe('retired')
  })

  test('the region of the current key serves when the previous one has none', async () => {
    const scene = shop()
    const record = scene.recordOf(old, { publicKeyId: old.id, region: null })
    scene.setRecord(scene.place, 'previous', record)
    expect((await scene.run('retire', inputs)).status).toBe('retired')
  })

  test('nothing to retire', async () => {
    const scene = new Scene().given({ current: young, next: foreign })
    const story = await scene.run('retire', {})
    expect(story).toMatchObject({ status: 'retired', effects: [], code: null })
    expect(story.notices).toEqual(['there is no previous key, so there is nothing to retire'])
    expect(story.outcome.targets).toEqual([
      {
        target: 'acme/shop',
        environment: null,
        result: 'unchanged',
        code: null,
        message: 'there is no previous key',
      },
    ])
    expect(scene.amazon.requests).toHaveLength(0)
  })

  test('dry run', async () => {
    const story = await expectPlanned(shop())
    expect(story.outcome.targets).toMatchObject([
      { result: 'planned', message: 'the previous key would be deleted' },
    ])
  })

  async function expectPlanned(scene: Scene) {
    const story = await scene.run('retire', { ...inputs, dryRun: true })
    expect(story).toMatchObject({ status: 'planned', effects: [] })
    expect(scene.place.privateKey('previous')).toBe(old.pem)
    return story
  }

  test('the key is masked in every form before it signs', async () => {
    const { maskForms } = await import('../../src/domain/key/pair.ts')
    const { masks } = await shop().run('retire', inputs)
    for (const form of maskForms(old)) expect(masks).toContainEqual({ value: form, at: 1 })
  })
})

describe('what Amazon Pay says', () => {
  test('still accepted', async () => {
    const scene = shop()
    scene.amazon.set(old.id, 'active')
    const story = await expectKept(scene, inputs, 'still-accepted')
    expect(story.trouble).toContain(
      `still accepts the previous key, Public Key ID ${old.id}: 404 ResourceNotFound`,
    )
    expect(story.trouble).toContain('Manage → Delete keys → type DELETE')
    expect(story.outputs['amazon-pay']).toBe('accepted')
    expect(story.outcome.targets).toMatchObject([
      { result: 'untouched', message: 'nothing was deleted' },
    ])
  })

  test('accepted for a suspended account', async () => {
    const scene = shop()
    scene.amazon.set(old.id, 'suspended')
    await expectKept(scene, inputs, 'still-accepted')
  })

  test('accepted elsewhere', async () => {
    const scene = shop()
    scene.amazon.register(old, { region: 'jp' })
    const story = await expectKept(scene, inputs, 'still-accepted')
    expect(story.trouble).toContain(`Public Key ID ${old.id} (in JP (Japan, sandbox))`)
  })

  test('a refused signature is not enough', async () => {
    const scene = shop()
    scene.amazon.register(foreign, { id: old.id })
    const story = await expectKept(scene, inputs, 'amazon-pay-undecided')
    expect(story.trouble).toContain('does not show that it was deleted')
  })

  test.each([
    ['no answer', 'amazon-pay-undecided', null],
    ['a page of somebody else', 'amazon-pay-undecided', { status: 200, body: '<html>' }],
    ['a wrong clock', 'clock-skew', { status: 400, body: '' }],
  ] as const)('%s', async (_, code, answer) => {
    const scene = shop()
    scene.amazon.instead = () => {
      if (answer === null) return null
      return answer.status === 400
        ? scene.amazon.answer(400, 'InvalidHeaderValue', 'x-amz-pay-date')
        : { ...scene.amazon.answer(200, '', ''), body: answer.body, contentType: 'text/html' }
    }
    await expectKept(scene, inputs, code)
  })
})

describe('refused before Amazon Pay is asked', () => {
  const unasked = async (scene: Scene, given: Partial<Inputs>, code: string) => {
    const story = await expectKept(scene, given, code)
    expect(scene.amazon.requests).toHaveLength(0)
    return story
  }

  test('another key than the previous one', async () => {
    const story = await unasked(shop(), { previousPrivateKey: young.pem }, 'pair-changed')
    expect(story.trouble).toContain(`previous-private-key is ${young.fingerprint}`)
  })

  test('no key', async () => {
    await unasked(shop(), {}, 'key-empty')
  })

  test('a secret without record', async () => {
    const scene = shop()
    scene.place.variables.delete('AMAZON_PAY_KEY_PREVIOUS')
    const story = await unasked(scene, inputs, 'pair-changed')
    expect(story.trouble).toContain('nobody knows which key it is')
  })

  test('targets with different previous keys', async () => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile'] })
    scene.given({ previous: old }, scene.places.slice(0, 1))
    scene.given({ previous: foreign }, scene.places.slice(1))
    const story = await unasked(scene, inputs, 'pair-changed')
    expect(story.trouble).toContain('of acme/mobile names another key than the other targets')
  })

  test.each(['current', 'next'] as const)('the key is the %s one as well', async (slot) => {
    const scene = new Scene({ targets: ['acme/shop', 'acme/mobile'] })
    scene.given({ current: young, previous: old }, scene.places.slice(0, 1))
    scene.given({ [slot]: old }, scene.places.slice(1))
    scene.amazon.set(old.id, 'deleted')
    const story = await unasked(scene, inputs, 'pair-changed')
    expect(story.trouble).toContain('is the current or the staged key as well')
    expect(story.outcome.targets[1]).toMatchObject({ code: null })
  })

  test.each([
    ['private key', (scene: Scene) => scene.setSecret(scene.place, 'current', old)],
    [
      'Public Key ID',
      (scene: Scene) => scene.put(scene.place.secrets, 'AMAZON_PAY_PUBLIC_KEY_ID', old.id),
    ],
  ])('a rollback to it may have been cut off: its %s is current', async (_, write) => {
    const scene = shop()
    write(scene)
    const story = await unasked(scene, inputs, 'pair-changed')
    expect(story.trouble).toContain('may be the current one')
    expect(story.trouble).toContain('do not delete its Public Key ID at Amazon')
  })

  test('another region or environment than the record’s', async () => {
    await unasked(shop(), { ...inputs, region: 'eu' }, 'region-mismatch')
    await unasked(shop(), { ...inputs, payEnvironment: 'live' }, 'pay-environment-mismatch')
    const same = { ...inputs, region: 'us', payEnvironment: 'sandbox' } as const
    expect((await shop().run('retire', same)).status).toBe('retired')
  })

  test('the record does not know the ID', async () => {
    const scene = shop()
    scene.setRecord(scene.place, 'previous', scene.recordOf(old))
    const story = await unasked(scene, inputs, 'public-key-id-invalid')
    expect(story.trouble).toContain('does not know the Public Key ID')
    expect(story.outputs['previous-public-key-id']).toBe('')
  })

  test('nobody says in which region', async () => {
    const scene = shop()
    for (const [slot, key] of [
      ['previous', old],
      ['current', young],
    ] as const) {
      scene.setRecord(scene.place, slot, scene.recordOf(key, { publicKeyId: key.id, region: null }))
    }
    await unasked(scene, inputs, 'input-missing')
  })

  test('in which view is asked only of an ID without prefix', async () => {
    const records = (scene: Scene, id: string) => {
      for (const [slot, key, publicKeyId] of [
        ['previous', old, id],
        ['current', young, young.id],
      ] as const) {
        const record = scene.recordOf(key, { publicKeyId, payEnvironment: null })
        scene.setRecord(scene.place, slot, record)
      }
      return scene
    }
    await unasked(records(shop(), payId('A', '')), inputs, 'input-missing')
    expect((await records(shop(), old.id).run('retire', inputs)).status).toBe('retired')
  })
})

describe('runs that are still open', () => {
  const run = {
    url: 'https://github.com/acme/shop/actions/runs/5',
    name: 'deploy',
    status: 'queued',
    createdAt: '2026-11-24T20:00:00Z',
  }

  test('each is a warning', async () => {
    const scene = shop()
    const asked: unknown[] = []
    scene.openRuns = async (repository, before) => {
      asked.push([repository, before.toISOString()])
      return [run]
    }
    const story = await scene.run('retire', inputs)
    expect(asked).toEqual([['acme/shop', '2026-11-24T21:30:00.000Z']])
    expect(story.warnings).toEqual([
      expect.stringContaining(`${run.url} (queued, ${run.createdAt})`),
    ])
    expect(story.outcome.openRuns).toEqual([run])
    expect(story.status).toBe('retired')
  })

  test('the last activation of all targets counts', async () => {
    const scene = shop(['acme/shop', 'acme/mobile'])
    const record = scene.recordOf(young, {
      publicKeyId: young.id,
      activatedAt: '2026-11-25T01:02:03Z',
    })
    scene.setRecord(scene.place, 'current', record)
    const asked: string[] = []
    scene.openRuns = async (repository, before) => {
      asked.push(`${repository} ${before.toISOString()}`)
      return []
    }
    await scene.run('retire', inputs)
    expect(asked).toEqual([
      'acme/shop 2026-11-25T01:02:03.000Z',
      'acme/mobile 2026-11-25T01:02:03.000Z',
    ])
  })

  test('a target without current key does not hide the activation of another', async () => {
    const scene = shop(['acme/shop', 'acme/mobile'])
    scene.places[1]?.variables.delete('AMAZON_PAY_KEY')
    const story = await scene.run('retire', inputs)
    expect(story.log).toContain('read runs of acme/mobile')
  })

  test('they cannot be seen: that is told', async () => {
    const scene = shop()
    const story = await scene.run('retire', inputs, {
      on: when({ 'read runs of acme/shop': 'refused' }),
    })
    expect(story.status).toBe('retired')
    expect(story.warnings).toEqual([expect.stringContaining('could not look whether runs')])
    const broken = await shop().run('retire', inputs, {
      on: when({ 'read runs of acme/shop': 'broken' }),
    })
    expect(broken.error).toBeInstanceOf(TypeError)
  })

  test('an organization has no runs of its own, and no activation none from before', async () => {
    const organization = shop(['acme'])
    const story = await organization.run('retire', inputs, { repository: 'acme/shop' })
    expect(story.log.join()).not.toContain('read runs')
    expect(story.status).toBe('retired')
    const scene = shop()
    scene.place.variables.delete('AMAZON_PAY_KEY')
    const other = await scene.run('retire', { ...inputs, region: 'us' })
    expect(other.log.join()).not.toContain('read runs')
  })
})

describe('writes that fail', () => {
  test.each([
    ['delete AMAZON_PAY_PRIVATE_KEY_PREVIOUS of acme/shop', 'secret-write-failed'],
    ['delete AMAZON_PAY_KEY_PREVIOUS of acme/shop', 'variable-write-failed'],
    ['read AMAZON_PAY_KEY_PREVIOUS of acme/shop', 'github-unavailable'],
  ])('%s: the rest is untouched, and a re-run ends it', async (call, code) => {
    const scene = shop(['acme/shop', 'acme/mobile'])
    const story = await scene.run('retire', inputs, { on: when({ [call]: 'refused' }) })
    expect(story.code).toBe(code)
    expect(story.outcome.targets.map(({ result }) => result)).toEqual(['failed', 'untouched'])
    expect(scene.places[1]?.privateKey('previous')).toBe(old.pem)
    expect((await scene.run('retire', inputs)).status).toBe('retired')
    for (const place of scene.places) expectRetired(place)
  })

  test('an error that nobody foresaw stays one', async () => {
    const story = await shop().run('retire', inputs, {
      on: when({ 'delete AMAZON_PAY_KEY_PREVIOUS': 'broken' }),
    })
    expect(story.error).toBeInstanceOf(TypeError)
  })

  test('another key came into the slot meanwhile: it stays', async () => {
    const scene = shop()
    const story = await scene.run('retire', inputs, {
      on: ({ text }) => {
        if (text === 'read AMAZON_PAY_KEY_PREVIOUS') scene.given({ previous: foreign })
        return undefined
      },
    })
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'pair-changed',
      effects: [],
    })
    expect(scene.place.privateKey('previous')).toBe(foreign.pem)
  })

  test('the record went meanwhile: the secret goes, too', async () => {
    const scene = shop()
    const story = await scene.run('retire', inputs, {
      on: ({ text }) => {
        if (text.startsWith('read AMAZON')) scene.place.variables.delete('AMAZON_PAY_KEY_PREVIOUS')
        return undefined
      },
    })
    expect(story.status).toBe('retired')
    expectRetired(scene.place)
  })
})

describe('what a retirement left that was cut off after the secret', () => {
  const rest = () => {
    const scene = shop()
    scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
    return scene
  }

  test('is ended without the key, which is gone', async () => {
    const scene = rest()
    const story = await scene.run('retire', {})
    expect(story.status).toBe('retired')
    expectRetired(scene.place)
  })

  test('but not while Amazon knows the ID', async () => {
    const scene = rest()
    scene.amazon.set(old.id, 'active')
    const story = await expectKept(scene, {}, 'amazon-pay-undecided')
    expect(story.trouble).toContain('is gone, but Amazon Pay still knows its Public Key ID')
    await expectKept(scene, inputs, 'still-accepted')
  })

  test('another key is refused all the same', async () => {
    await expectKept(rest(), { previousPrivateKey: young.pem }, 'pair-changed')
  })

  test('where one of two targets still has the secret, its key is needed', async () => {
    const scene = shop(['acme/shop', 'acme/mobile'])
    scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
    await expectKept(scene, {}, 'key-empty')
  })
})
