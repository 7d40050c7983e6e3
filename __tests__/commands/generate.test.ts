import type { Inputs } from '../../src/ports.ts'
import {
  type Fault,
  type Key,
  makeKeys,
  type OnCall,
  type Place,
  type RunOptions,
  Scene,
  type Story,
} from './world.ts'

const keys = makeKeys(4) as [Key, Key, Key, Key]
const [old, young, other, another] = keys

const two = ['acme/shop', 'acme/mobile']
const shop = (targets?: string[]) => new Scene(targets ? { targets } : {}).given({ current: old })

/** The command finds `young` when it makes a pair. */
function generate(
  scene: Scene,
  inputs: Partial<Inputs> = {},
  options: RunOptions = {},
): Promise<Story> {
  return scene.run('generate', inputs, { making: young, ...options })
}

function when(faults: Record<string, Fault>): OnCall {
  return ({ text }) => faults[text]
}

function expectStaged(place: Place | undefined, key: Key): void {
  expect(place?.privateKey('next')).toBe(key.pem)
  expect(place?.record('next')?.fingerprint).toBe(key.fingerprint)
}

function expectNothingStaged(place: Place | undefined): void {
  expect(place?.privateKey('next')).toBeNull()
  expect(place?.record('next')).toBeNull()
}

const everything = (scene: Scene) =>
  JSON.stringify(scene.places.map(({ secrets, variables }) => [[...secrets], [...variables]]))

async function expectRefused(
  scene: Scene,
  inputs: Partial<Inputs>,
  code: string,
  options: RunOptions = {},
): Promise<Story> {
  const before = everything(scene)
  const story = await generate(scene, inputs, options)
  expect({ code: story.code, effects: story.effects }).toEqual({ code, effects: [] })
  expect(everything(scene)).toBe(before)
  return story
}

describe('order of effects', () => {
  test('one target: looked at, record, secret, file, artifact', async () => {
    const scene = shop()
    const now = scene.now
    const story = await generate(scene)
    expect(story.status).toBe('staged')
    expect(story.log).toEqual([
      'read state (current next false sealing)',
      'create AMAZON_PAY_KEY_NEXT',
      'put AMAZON_PAY_PRIVATE_KEY_NEXT',
      expect.stringMatching(/^file amazon-pay-public-key-us-sandbox-[0-9a-f]{8}\.pub$/),
      expect.stringMatching(/^upload \/temp\/amazon-pay-public-key-us-sandbox-[0-9a-f]{8}\.pub 0$/),
    ])
    expectStaged(scene.place, young)
    expect(scene.place.record('next')).toEqual({
      version: 1,
      fingerprint: young.fingerprint,
      publicKey: young.publicPem,
      publicKeyId: null,
      region: 'us',
      payEnvironment: 'sandbox',
      madeAt: now,
      activatedAt: null,
      run: 'https://github.com/acme/shop/actions/runs/1',
    })
    expect(scene.place.privateKey('current')).toBe(old.pem)
    expect(scene.pairWorks()).toBe(true)
  })

  test('two targets: one after the other, a second between them', async () => {
    const scene = shop(two)
    const story = await generate(scene)
    expect(story.log.slice(2, -2)).toEqual([
      'create AMAZON_PAY_KEY_NEXT of acme/shop',
      'put AMAZON_PAY_PRIVATE_KEY_NEXT of acme/shop',
      'wait 1',
      'create AMAZON_PAY_KEY_NEXT of acme/mobile',
      'put AMAZON_PAY_PRIVATE_KEY_NEXT of acme/mobile',
    ])
    for (const place of scene.places) expectStaged(place, young)
    expect(story.outcome.targets).toEqual(
      two.map((target) => ({
        target,
        environment: null,
        result: 'created',
        code: null,
        message: 'the key is staged',
      })),
    )
    expect(story.infos.slice(0, 2)).toEqual(
      two.map((name) => `${name}: the key is staged in AMAZON_PAY_PRIVATE_KEY_NEXT`),
    )
  })

  test('an environment is named in what is told', async () => {
    const scene = new Scene({ environment: 'production' })
    const story = await generate(scene)
    expect(story.infos[0]).toMatch(/^environment production of acme\/shop: the key is staged/)
    expect(story.outcome.targets).toMatchObject([{ environment: 'production' }])
  })

  test('dry run: a pair is made, judged and forgotten', async () => {
    const scene = shop()
    const before = everything(scene)
    const story = await generate(scene, { dryRun: true })
    expect(story.status).toBe('planned')
    expect(story.log).toEqual(['read state (current next false sealing)'])
    expect(story.outputs).not.toHaveProperty('public-key')
    expect(story.outputs).toMatchObject({ 'new-key': 'true' })
    expect(story.outcome.targets).toMatchObject([
      { result: 'planned', message: 'the key would be staged' },
    ])
    expect(everything(scene)).toBe(before)
  })

  test.each([
    ['take-over', 'what an interrupted run left would be removed, and the key staged'],
    ['replace', 'the staged key would be dropped, and the new one staged'],
    ['fill', 'this key is staged already'],
  ])('dry run in words: %s', async (move, words) => {
    const scene = move === 'fill' ? shop(two) : shop()
    scene.given({ next: other }, scene.places.slice(0, 1))
    if (move === 'take-over') scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY_NEXT')
    const inputs = {
      replace: { replaceStaged: other.fingerprint },
      fill: { privateKey: other.pem },
      'take-over': {},
    }[move]
    const story = await generate(scene, { ...inputs, dryRun: true })
    expect(story.outcome.targets[0]).toMatchObject({ result: 'planned', message: words })
    expect(story.outputs.fingerprint).toBe(move === 'fill' ? other.fingerprint : undefined)
    expect(story.infos[0]).toBe(`acme/shop: ${words}`)
  })
})

describe('what is told', () => {
  test('the new private key is masked in every form before it goes anywhere', async () => {
    const { maskForms } = await import('../../src/domain/key/pair.ts')
    const story = await generate(shop())
    for (const form of maskForms(young)) expect(story.masks).toContainEqual({ value: form, at: 1 })
  })

  test('blanks are no key that is brought', async () => {
    const story = await generate(shop(), { privateKey: ' \n' })
    expect(story.outputs['new-key']).toBe('true')
  })

  test('a brought key that is damaged is called by its input', async () => {
    const cut = await generate(shop(), { privateKey: other.pem.slice(0, 900) })
    expect(cut.trouble).toMatch(/^private-key /)
  })

  test('a key that is brought is masked before anything is looked at', async () => {
    const { maskForms } = await import('../../src/domain/key/pair.ts')
    const story = await generate(shop(), { privateKey: other.pem })
    for (const form of maskForms(other)) expect(story.masks).toContainEqual({ value: form, at: 0 })
  })

  test('outputs', async () => {
    const story = await generate(shop(), { retentionDays: 9 })
    expect(story.outputs).toMatchObject({
      'new-key': 'true',
      'public-key': young.publicPem,
      'public-key-file': expect.stringMatching(/^\/temp\//),
      fingerprint: young.fingerprint,
      region: 'us',
      'pay-environment': 'sandbox',
      'exchange-url': expect.stringContaining('sellercentral.amazon.com'),
      'exchange-markdown': expect.stringContaining(young.publicPem),
      'secret-name': 'AMAZON_PAY_PRIVATE_KEY_NEXT',
      'artifact-id': '7',
      'artifact-url': 'https://github.com/artifact/7',
      'artifact-digest': 'sha256:00',
    })
    expect(story.log.at(-1)).toMatch(/ 9$/)
    expect(story.infos.at(-1)).toBe(
      `Key ${young.fingerprint} is staged. Next: exchange its public key in Integration Central; the summary of this run has the steps`,
    )
  })

  test('the inputs say more than the record of the current key', async () => {
    const scene = new Scene()
    const story = await generate(scene, { region: 'eu', payEnvironment: 'live' })
    expect(scene.place.record('next')).toMatchObject({ region: 'eu', payEnvironment: 'live' })
    expect(story.outputs).toMatchObject({ region: 'eu', 'pay-environment': 'live' })
    const nothing = await generate(new Scene())
    expect(nothing.outputs).toMatchObject({ region: '', 'pay-environment': '', 'exchange-url': '' })
  })

  test('no target is where this workflow runs', async () => {
    const story = await generate(shop(two), {}, { repository: 'acme/tools' })
    expect(story.warnings).toEqual([expect.stringContaining('receives the secrets of none')])
    const reachable = await generate(shop(two), {}, { repository: 'acme/mobile' })
    expect(reachable.warnings).toEqual([])
  })

  test('the artifact is there already: a notice', async () => {
    const story = await generate(shop(), {}, { upload: async () => null })
    expect(story.status).toBe('staged')
    expect(story.notices).toEqual([expect.stringContaining('this run already has the artifact')])
    expect(story.outputs).not.toHaveProperty('artifact-id')
    expect(story.outcome.artifact?.url).toBe('')
  })

  test('a digest that is not known is empty', async () => {
    const story = await generate(
      shop(),
      {},
      { upload: async () => ({ id: '8', url: 'https://x', digest: null }) },
    )
    expect(story.outputs).toMatchObject({ 'artifact-id': '8', 'artifact-digest': '' })
  })

  test('the artifact fails: a warning with its code', async () => {
    const { Problem } = await import('../../src/domain/problem.ts')
    const scene = shop()
    const story = await generate(
      scene,
      {},
      { upload: () => Promise.reject(new Problem('artifact-failed', 'no store', 'try again')) },
    )
    expect(story.status).toBe('staged')
    expect(story.warnings).toEqual(['artifact-failed: no store. Next: try again'])
    expectStaged(scene.place, young)
    const broken = await generate(
      shop(),
      {},
      { upload: () => Promise.reject(new TypeError('no such thing')) },
    )
    expect(broken.code).toBe('internal')
  })

  test('no artifact', async () => {
    const story = await generate(shop(), { artifact: false })
    expect(story.log.join()).not.toContain('upload')
  })
})

describe('a staged key is there already', () => {
  const staged = () => new Scene().given({ current: old, next: other })

  test('it is shown again, without its private key', async () => {
    const scene = staged()
    const before = everything(scene)
    const story = await generate(scene)
    expect(story.status).toBe('staged')
    expect(story.effects).toEqual([])
    expect(everything(scene)).toBe(before)
    expect(story.outputs).toMatchObject({
      'new-key': 'false',
      'public-key-id': '',
      'public-key': other.publicPem,
      fingerprint: other.fingerprint,
      'secret-name': 'AMAZON_PAY_PRIVATE_KEY_NEXT',
      'exchange-markdown': expect.stringContaining(other.publicPem),
      'artifact-id': '7',
    })
    expect(story.notices).toEqual([
      `key ${other.fingerprint} is staged since 2026-11-24T21:30:00Z (1 day); no new key was made`,
    ])
    expect(story.outcome.targets).toMatchObject([
      { result: 'unchanged', message: 'this key was staged already' },
    ])
    expect(story.outcome).toMatchObject({
      newKey: false,
      record: { fingerprint: other.fingerprint },
    })
    expect(story.warnings).toEqual([])
    // The pair that was made meanwhile is nobody's.
    expect(story.masks).toEqual([])
  })

  test('its age is told in days', async () => {
    const scene = staged()
    scene.pass(86_400_000)
    expect((await generate(scene)).notices[0]).toContain('(2 days)')
  })

  test('the same key is brought: the same', async () => {
    const story = await generate(staged(), { privateKey: other.pem })
    expect(story).toMatchObject({ status: 'staged', effects: [] })
    expect(story.outputs['new-key']).toBe('false')
  })

  test('dry run: shown, and nothing is left on the runner', async () => {
    const story = await generate(staged(), { dryRun: true })
    expect(story.status).toBe('staged')
    expect(story.log).toEqual(['read state (current next false sealing)'])
  })

  test('its activation was begun: it must not be exchanged again', async () => {
    const scene = staged()
    scene.setRecord(scene.place, 'next', scene.recordOf(other, { publicKeyId: other.id }))
    const story = await generate(scene)
    // The page stays: whoever asks for it again gets it, with the warning.
    expect(story.outputs['exchange-markdown']).toContain(other.publicPem)
    expect(story.outputs['public-key-id']).toBe(other.id)
    expect(story.warnings).toEqual([expect.stringContaining('its activation was begun')])
    const done = new Scene().given({ current: other, next: other })
    done.setRecord(done.place, 'next', done.recordOf(other, { publicKeyId: other.id }))
    expect((await generate(done)).warnings).toEqual([expect.stringContaining('and is current')])
    const first = new Scene().given({ next: other })
    first.setRecord(first.place, 'next', first.recordOf(other, { publicKeyId: other.id }))
    expect((await generate(first)).warnings).toEqual([
      expect.stringContaining('its activation was begun'),
    ])
  })

  test('another key is brought', async () => {
    const story = await expectRefused(staged(), { privateKey: young.pem }, 'staged-key-exists')
    expect(story.trouble).toContain(`replace-staged: ${other.fingerprint}`)
    expect(story.outcome.targets).toMatchObject([
      { result: 'untouched', code: 'staged-key-exists' },
    ])
  })

  test('consent for another key is none', async () => {
    const inputs = { replaceStaged: young.fingerprint }
    const story = await expectRefused(staged(), inputs, 'staged-key-exists')
    expect(story.trouble).toContain(other.fingerprint)
  })

  test('consent for a key where none is staged does not matter', async () => {
    const scene = shop()
    expect((await generate(scene, { replaceStaged: other.fingerprint })).status).toBe('staged')
    expectStaged(scene.place, young)
  })

  test('replaced with consent: secret, record, then anew', async () => {
    const scene = staged()
    const story = await generate(scene, { replaceStaged: other.fingerprint })
    expect(story.effects).toEqual([
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT',
      'delete AMAZON_PAY_KEY_NEXT',
      'create AMAZON_PAY_KEY_NEXT',
      'put AMAZON_PAY_PRIVATE_KEY_NEXT',
    ])
    expectStaged(scene.place, young)
    expect(story.outputs['new-key']).toBe('true')
    expect(story.outcome.targets).toMatchObject([
      {
        result: 'updated',
        message: 'the key staged before was dropped, and the new one is staged',
      },
    ])
  })
})

describe('a key that is brought', () => {
  test('is staged like a made one', async () => {
    const scene = shop()
    const story = await generate(scene, { privateKey: other.pem })
    expect(story.log[0]).toBe('read state (current next previous false sealing)')
    expect(story.outputs['new-key']).toBe('false')
    expectStaged(scene.place, other)
  })

  test.each(['current', 'previous'] as const)('is not the %s one', async (slot) => {
    const scene = new Scene().given({ [slot]: other })
    const story = await expectRefused(scene, { privateKey: other.pem }, 'input-invalid')
    expect(story.trouble).toContain(`private-key holds the ${slot} key`)
  })

  test('is not one that was typed into the form', async () => {
    const story = await generate(shop(), { privateKey: other.pem }, { dispatched: [other.pem] })
    expect({ code: story.code, log: story.log }).toEqual({ code: 'key-exposed', log: [] })
  })

  test('is one that is whole', async () => {
    await expectRefused(shop(), { privateKey: other.publicPem }, 'key-wrong-half')
  })
})

test('a made pair that is damaged is not staged', async () => {
  const story = await generate(shop(), {}, { making: { ...young, publicKey: other.publicKey } })
  expect({ code: story.code, effects: story.effects }).toEqual({
    code: 'key-inconsistent',
    effects: [],
  })
  expect(story.trouble).toMatch(/^the new key pair/)
})

describe('what others left', () => {
  const lone = (madeAt: string, run = 'https://github.com/acme/shop/actions/runs/0') => {
    const scene = shop()
    scene.setRecord(scene.place, 'next', scene.recordOf(other, { madeAt, run }))
    return scene
  }
  const minutesAgo = (minutes: number) =>
    `${new Date(shop().milliseconds - minutes * 60_000).toISOString().slice(0, 19)}Z`

  test('a secret without record', async () => {
    const scene = shop()
    scene.setSecret(scene.place, 'next', other)
    const story = await expectRefused(scene, {}, 'staged-key-exists')
    expect(story.trouble).toContain('delete secret AMAZON_PAY_PRIVATE_KEY_NEXT by hand')
  })

  test('a young record without secret', async () => {
    const story = await expectRefused(lone(minutesAgo(15)), {}, 'staged-key-exists')
    expect(story.trouble).toContain('another run is staging key')
  })

  test('an old record without secret is taken over', async () => {
    const scene = lone(minutesAgo(16))
    const story = await generate(scene)
    expect(story.status).toBe('staged')
    expect(story.log.slice(1, 6)).toEqual([
      'read AMAZON_PAY_KEY_NEXT',
      'delete AMAZON_PAY_KEY_NEXT',
      'create AMAZON_PAY_KEY_NEXT',
      'read AMAZON_PAY_KEY_NEXT',
      'put AMAZON_PAY_PRIVATE_KEY_NEXT',
    ])
    expectStaged(scene.place, young)
    expect(story.outcome.targets).toMatchObject([
      {
        result: 'updated',
        message: 'what an interrupted run left was removed, and the key is staged',
      },
    ])
  })

  test('a young one of this very run is taken over', async () => {
    const scene = lone(minutesAgo(1), 'https://github.com/acme/shop/actions/runs/77')
    expect((await generate(scene, {}, { run: '77' })).status).toBe('staged')
    expectStaged(scene.place, young)
  })

  test('staged in one of two: filled with the staged key, or refused', async () => {
    const scene = shop(two)
    scene.given({ next: other }, scene.places.slice(0, 1))
    const refused = await expectRefused(scene, {}, 'staged-key-partial')
    expect(refused.outcome.problems).toHaveLength(2)
    const record = scene.place.record('next')
    const story = await generate(scene, { privateKey: other.pem })
    expect(story.status).toBe('staged')
    expect(story.effects.every((effect) => effect.endsWith('of acme/mobile'))).toBe(true)
    expect(story.log.join()).not.toContain('wait')
    expect(story.outcome.targets.map(({ result }) => result)).toEqual(['unchanged', 'created'])
    expectStaged(scene.places[1], other)
    expect(scene.place.record('next')).toEqual(record)
    expect(scene.places[1]?.record('next')).toEqual({
      ...record,
      run: story.outcome.run.url,
    })
  })

  test('different keys staged', async () => {
    const scene = shop(two)
    scene.given({ next: other }, scene.places.slice(0, 1))
    scene.given({ next: another }, scene.places.slice(1))
    await expectRefused(scene, { privateKey: other.pem }, 'staged-key-partial')
    await expectRefused(scene, { replaceStaged: other.fingerprint }, 'staged-key-partial')
  })

  test('of several targets, a finding says which one is meant; of one it need not', async () => {
    const scene = shop(two)
    scene.given({ next: other }, scene.places.slice(1))
    const story = await expectRefused(scene, { privateKey: young.pem }, 'staged-key-exists')
    expect(story.trouble).toMatch(/^acme\/mobile: private-key holds/)
    const alone = new Scene().given({ next: other })
    const refused = await expectRefused(alone, { privateKey: young.pem }, 'staged-key-exists')
    expect(refused.trouble).toMatch(/^private-key holds/)
  })

  test('a target that cannot be read, and one that refuses: both are told', async () => {
    const scene = shop(two)
    scene.given({ next: other }, scene.places.slice(1))
    const story = await expectRefused(scene, { privateKey: young.pem }, 'github-unavailable', {
      on: ({ text }) => (text.endsWith('of acme/shop') ? 'refused' : undefined),
    })
    expect(story.outcome.problems.map(({ code }) => code)).toEqual([
      'github-unavailable',
      'staged-key-exists',
    ])
  })

  test('begun in one of two targets, current in the other: begun', async () => {
    const scene = new Scene({ targets: two })
    scene.given({ next: other, current: other }, scene.places.slice(0, 1))
    scene.given({ next: other, current: old }, scene.places.slice(1))
    const marked = scene.recordOf(other, { publicKeyId: other.id })
    for (const place of scene.places) scene.setRecord(place, 'next', marked)
    const story = await generate(scene)
    expect(story.warnings).toEqual([expect.stringContaining('its activation was begun')])
  })

  test('no room for another secret', async () => {
    const scene = shop(two)
    const [one, another] = scene.places as [Place, Place]
    for (const place of scene.places) place.room = 0
    const story = await expectRefused(scene, {}, 'secret-write-failed')
    expect(story.trouble).toContain('acme/shop holds 100 secrets')
    one.room = 1
    await expectRefused(scene, {}, 'secret-write-failed')
    another.room = 1
    expect((await generate(scene)).status).toBe('staged')
  })

  test('room is not needed for a key that is there', async () => {
    const scene = new Scene().given({ next: other })
    scene.place.room = 0
    expect((await generate(scene)).status).toBe('staged')
    const replaced = await generate(scene, { replaceStaged: other.fingerprint })
    expect(replaced.status).toBe('staged')
  })

  test('region and environment of one prefix do not change', async () => {
    await expectRefused(shop(), { region: 'eu' }, 'region-mismatch')
    await expectRefused(shop(), { payEnvironment: 'live' }, 'pay-environment-mismatch')
  })
})

describe('writes that fail', () => {
  test('the record: nothing is left', async () => {
    const scene = shop()
    const story = await generate(
      scene,
      {},
      { on: when({ 'create AMAZON_PAY_KEY_NEXT': 'refused' }) },
    )
    expect(story.code).toBe('variable-write-failed')
    expect(story.log.slice(1)).toEqual(['create AMAZON_PAY_KEY_NEXT', 'read AMAZON_PAY_KEY_NEXT'])
    expectNothingStaged(scene.place)
    expect(story.outcome.targets).toMatchObject([
      { result: 'failed', code: 'variable-write-failed' },
    ])
    expect(story.outcome.targets[0]?.message).toContain('nothing of this run is left here')
    expect(story.log.join()).not.toContain('file')
    expect(story.outputs).not.toHaveProperty('secret-name')
  })

  test('the secret: the record is removed again', async () => {
    const scene = shop()
    const story = await generate(
      scene,
      {},
      { on: when({ 'put AMAZON_PAY_PRIVATE_KEY_NEXT': 'refused' }) },
    )
    expect(story.code).toBe('secret-write-failed')
    // A refusal is no lost answer: nothing is looked up before what was made is removed.
    expect(story.log.slice(1)).toEqual([
      'create AMAZON_PAY_KEY_NEXT',
      'put AMAZON_PAY_PRIVATE_KEY_NEXT',
      'read AMAZON_PAY_KEY_NEXT',
      'read AMAZON_PAY_PRIVATE_KEY_NEXT',
      'delete AMAZON_PAY_KEY_NEXT',
    ])
    expectNothingStaged(scene.place)
    expect(story.outcome.targets[0]?.message).toContain(
      'what this run had written was removed again',
    )
    expect((await generate(scene)).status).toBe('staged')
  })

  test('in the second target: both are as before', async () => {
    const scene = shop(two)
    const story = await generate(
      scene,
      {},
      { on: when({ 'put AMAZON_PAY_PRIVATE_KEY_NEXT of acme/mobile': 'refused' }) },
    )
    expect(story.outcome.targets.map(({ result, code }) => [result, code])).toEqual([
      ['restored', null],
      ['failed', 'secret-write-failed'],
    ])
    expect(story.outcome.targets[0]?.message).toMatch(/^another target failed: what this run/)
    for (const place of scene.places) expectNothingStaged(place)
    expect(story.infos.at(-1)).toContain('acme/mobile: what this run had written was removed')
  })

  test('targets that were not reached are not cleaned', async () => {
    const scene = shop([...two, 'acme/blog'])
    const story = await generate(
      scene,
      {},
      { on: when({ 'create AMAZON_PAY_KEY_NEXT of acme/mobile': 'refused' }) },
    )
    expect(story.outcome.targets.map(({ result }) => result)).toEqual([
      'restored',
      'failed',
      'untouched',
    ])
    expect(story.effects.join()).not.toContain('acme/blog')
    // GitHub asks for a second between the targets, in undoing as well; before the first there is none.
    const after = story.log.slice(
      story.log.indexOf('create AMAZON_PAY_KEY_NEXT of acme/mobile') + 1,
    )
    expect(after.filter((line) => !line.startsWith('read'))).toEqual([
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT of acme/shop',
      'delete AMAZON_PAY_KEY_NEXT of acme/shop',
      'wait 1',
    ])
  })

  test('a staged key that the run only filled up around stays', async () => {
    const scene = shop(two)
    scene.given({ next: other }, scene.places.slice(0, 1))
    const story = await generate(
      scene,
      { privateKey: other.pem },
      { on: when({ 'put AMAZON_PAY_PRIVATE_KEY_NEXT of acme/mobile': 'refused' }) },
    )
    expect(story.outcome.targets.map(({ result }) => result)).toEqual(['unchanged', 'failed'])
    expectStaged(scene.places[0], other)
    expectNothingStaged(scene.places[1])
  })

  test('cleaning up fails as well: what may be left is named', async () => {
    const scene = shop(two)
    const story = await generate(
      scene,
      {},
      {
        on: when({
          'put AMAZON_PAY_PRIVATE_KEY_NEXT of acme/mobile': 'refused',
          'delete AMAZON_PAY_PRIVATE_KEY_NEXT of acme/shop': 'refused',
        }),
      },
    )
    expect(story.code).toBe('secret-write-failed')
    expect(story.outcome.targets[0]).toMatchObject({
      result: 'failed',
      code: 'secret-write-failed',
    })
    expect(story.outcome.targets[0]?.message).toContain('of this run may be left here')
    expectStaged(scene.places[0], young)
  })

  test.each([
    ['create AMAZON_PAY_KEY_NEXT', 'lost', true],
    ['put AMAZON_PAY_PRIVATE_KEY_NEXT', 'lost', true],
    ['create AMAZON_PAY_KEY_NEXT', 'unheard', false],
    ['put AMAZON_PAY_PRIVATE_KEY_NEXT', 'unheard', false],
  ] as const)('an answer that is lost: %s %s', async (call, fault, there) => {
    const scene = shop()
    const story = await generate(scene, {}, { on: when({ [call]: fault }) })
    expect(story.code).toBe(there ? null : 'github-unavailable')
    if (there) expectStaged(scene.place, young)
    else expectNothingStaged(scene.place)
  })

  test('whether the secret is there cannot be read: taken for a failure, and removed', async () => {
    const scene = shop()
    let reads = 0
    const story = await generate(
      scene,
      {},
      {
        on: ({ text }) => {
          if (text === 'put AMAZON_PAY_PRIVATE_KEY_NEXT') return 'lost'
          if (text === 'read AMAZON_PAY_PRIVATE_KEY_NEXT' && ++reads === 1) return 'refused'
          return undefined
        },
      },
    )
    expect(story.code).toBe('github-unavailable')
    expectNothingStaged(scene.place)
  })

  test.each(['create AMAZON_PAY_KEY_NEXT', 'put AMAZON_PAY_PRIVATE_KEY_NEXT'])(
    'an error that nobody foresaw stays one: %s',
    async (call) => {
      const story = await generate(shop(), {}, { on: when({ [call]: 'broken' }) })
      expect(story.error).toBeInstanceOf(TypeError)
    },
  )

  test('and so while cleaning up', async () => {
    const story = await generate(
      shop(),
      {},
      {
        on: when({
          'put AMAZON_PAY_PRIVATE_KEY_NEXT': 'refused',
          'delete AMAZON_PAY_KEY_NEXT': 'broken',
        }),
      },
    )
    expect(story.error).toBeInstanceOf(TypeError)
  })

  test('replacing fails after the old key is dropped: that is told', async () => {
    const scene = new Scene().given({ next: other })
    const story = await generate(
      scene,
      { replaceStaged: other.fingerprint },
      { on: when({ 'put AMAZON_PAY_PRIVATE_KEY_NEXT': 'refused' }) },
    )
    expect(story.outcome.targets[0]?.message).toContain('and the key staged before is gone')
    expectNothingStaged(scene.place)
  })

  test.each([
    ['put AMAZON_PAY_PRIVATE_KEY_NEXT', 'unheard', 1],
    ['create AMAZON_PAY_KEY_NEXT', 'unheard', 0],
    ['put AMAZON_PAY_PRIVATE_KEY_NEXT', 'refused', 1],
  ] as const)('%s %s: only what is there is deleted', async (call, fault, deletions) => {
    const scene = shop()
    const story = await generate(scene, {}, { on: when({ [call]: fault }) })
    expect(story.effects.filter((effect) => effect.startsWith('delete'))).toHaveLength(deletions)
    expect(story.outcome.targets[0]?.message).toMatch(
      /; (?:nothing of this run is left here|what this run had written was removed again)$/,
    )
  })

  test('replacing fails between the two: the old key is gone, and its record stays', async () => {
    const scene = new Scene().given({ next: other })
    const story = await generate(
      scene,
      { replaceStaged: other.fingerprint },
      { on: when({ 'delete AMAZON_PAY_KEY_NEXT': 'refused' }) },
    )
    expect(story.outcome.targets[0]?.message).toMatch(
      /; nothing of this run is left here, and the key staged before is gone$/,
    )
    expect(scene.place.privateKey('next')).toBeNull()
  })

  test('an error that nobody foresaw while cleaning up leaves the target as failed', async () => {
    const story = await generate(
      shop(),
      {},
      {
        on: when({
          'put AMAZON_PAY_PRIVATE_KEY_NEXT': 'refused',
          'read AMAZON_PAY_KEY_NEXT': 'broken',
        }),
      },
    )
    expect(story.error).toBeInstanceOf(TypeError)
    expect(story.outcome.targets).toMatchObject([{ result: 'failed', code: 'secret-write-failed' }])
  })

  test('replacing fails before: the old key stays, and is not said to be gone', async () => {
    const scene = new Scene().given({ next: other })
    const story = await generate(
      scene,
      { replaceStaged: other.fingerprint },
      { on: when({ 'delete AMAZON_PAY_PRIVATE_KEY_NEXT': 'refused' }) },
    )
    expect(story.outcome.targets[0]?.message).not.toContain('is gone')
    expectStaged(scene.place, other)
  })
})

describe('cancelled', () => {
  test('before the first target', async () => {
    const scene = shop()
    const story = await generate(scene, {}, { stopped: true })
    expect({ code: story.code, effects: story.effects }).toEqual({
      code: 'github-unavailable',
      effects: [],
    })
    expect(story.trouble).toContain('the step was stopped before acme/shop was written')
    expectNothingStaged(scene.place)
  })

  test('within a target: the slot is finished, then all is undone', async () => {
    const scene = shop(two)
    const stop = new AbortController()
    const story = await generate(
      scene,
      {},
      {
        stop,
        on: ({ text }) => {
          if (text === 'create AMAZON_PAY_KEY_NEXT of acme/shop') stop.abort()
          return undefined
        },
      },
    )
    expect(story.code).toBe('github-unavailable')
    expect(story.effects).toContain('put AMAZON_PAY_PRIVATE_KEY_NEXT of acme/shop')
    expect(story.outcome.targets.map(({ result }) => result)).toEqual(['restored', 'untouched'])
    for (const place of scene.places) expectNothingStaged(place)
  })
})

describe('somebody else at the same time', () => {
  const stagedByOthers = (scene: Scene, record: Partial<ReturnType<Scene['recordOf']>> = {}) =>
    scene.setRecord(
      scene.place,
      'next',
      scene.recordOf(another, { run: 'https://github.com/acme/shop/actions/runs/99', ...record }),
    )

  test('another run is faster: its record stays', async () => {
    const scene = shop()
    const story = await generate(
      scene,
      {},
      {
        on: ({ text }) => {
          if (text.startsWith('create')) stagedByOthers(scene)
          return undefined
        },
      },
    )
    expect(story.code).toBe('staged-key-exists')
    expect(story.trouble).toContain(`another run was faster: variable AMAZON_PAY_KEY_NEXT`)
    expect(scene.place.record('next')?.fingerprint).toBe(another.fingerprint)
    expect(story.effects).toEqual(['create AMAZON_PAY_KEY_NEXT'])
  })

  test('the same key, of another run: not ours', async () => {
    const scene = shop()
    const story = await generate(
      scene,
      { privateKey: other.pem },
      {
        on: ({ text }) => {
          if (text.startsWith('create')) scene.setRecord(scene.place, 'next', scene.recordOf(other))
          return undefined
        },
      },
    )
    expect(story.code).toBe('staged-key-exists')
    expect(story.effects).toEqual(['create AMAZON_PAY_KEY_NEXT'])
  })

  test('a record that comes and goes', async () => {
    const scene = shop()
    const story = await generate(
      scene,
      {},
      {
        on: ({ text }) => {
          if (text.startsWith('create')) stagedByOthers(scene)
          if (text.startsWith('read AMAZON_PAY_KEY_NEXT')) {
            scene.place.variables.delete('AMAZON_PAY_KEY_NEXT')
          }
          return undefined
        },
      },
    )
    expect(story.code).toBe('variable-write-failed')
    expect(story.trouble).toContain('was there and is gone again')
  })

  test('what is to be replaced was replaced meanwhile: the secret there stays', async () => {
    const scene = new Scene().given({ next: other })
    const story = await generate(
      scene,
      { replaceStaged: other.fingerprint },
      {
        on: ({ text }) => {
          if (text === 'read AMAZON_PAY_KEY_NEXT') {
            stagedByOthers(scene, { madeAt: '2026-01-01T00:00:00Z' })
            scene.setSecret(scene.place, 'next', another)
          }
          return undefined
        },
      },
    )
    expect(story.code).toBe('staged-key-exists')
    expect(story.effects).toEqual([])
    expectStaged(scene.place, another)
  })

  test('it is gone meanwhile: staged all the same', async () => {
    const scene = new Scene().given({ next: other })
    const story = await generate(
      scene,
      { replaceStaged: other.fingerprint },
      {
        on: ({ text }) => {
          if (text.startsWith('read AMAZON') && scene.place.record('next')?.run.endsWith('/0')) {
            scene.place.variables.delete('AMAZON_PAY_KEY_NEXT')
          }
          return undefined
        },
      },
    )
    expect(story.status).toBe('staged')
  })

  test('two runs clear the same slot: the one whose record was deleted gives up', async () => {
    const scene = new Scene().given({ next: other })
    const story = await generate(
      scene,
      { replaceStaged: other.fingerprint },
      {
        on: ({ text }) => {
          // After our record is made, the other run deletes it and makes its own.
          if (
            text === 'read AMAZON_PAY_KEY_NEXT' &&
            scene.place.record('next')?.run.endsWith('/1')
          ) {
            stagedByOthers(scene)
          }
          return undefined
        },
      },
    )
    expect(story.code).toBe('staged-key-exists')
    expect(story.effects.at(-1)).toBe('create AMAZON_PAY_KEY_NEXT')
    expect(scene.place.record('next')?.fingerprint).toBe(another.fingerprint)
  })
})
