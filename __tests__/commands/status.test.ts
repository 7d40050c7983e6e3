import { type Key, makeKeys, Scene } from './world.ts'

const keys = makeKeys(3) as [Key, Key, Key]
const [old, young, oldest] = keys

const two = ['acme/shop', 'acme/mobile']

test('nothing there: what to do first', async () => {
  const scene = new Scene()
  const story = await scene.run('status')
  expect(story).toMatchObject({ status: 'ok', code: null, warnings: [] })
  expect(story.log).toEqual(['read state (current next previous id false)'])
  expect(story.outputs).toEqual({
    fingerprint: '',
    'public-key': '',
    'public-key-id': '',
    'previous-public-key-id': '',
    region: '',
    'pay-environment': '',
    'exchange-url': '',
    'secret-name': '',
    'made-at': '',
    'age-days': '',
    'rotation-due': 'false',
    'staged-since': '',
  })
  expect(story.infos).toEqual([
    'acme/shop: current empty; next empty; previous empty. Next: make the first key with command: generate',
  ])
  expect(story.outcome.targets).toMatchObject([
    { result: 'unchanged', message: 'make the first key with command: generate' },
  ])
})

test('all three slots', async () => {
  const scene = new Scene().given({ current: old, next: young, previous: oldest })
  const story = await scene.run('status')
  expect(story.outputs).toMatchObject({
    fingerprint: old.fingerprint,
    'public-key': old.publicPem,
    'public-key-id': old.id,
    'previous-public-key-id': oldest.id,
    region: 'us',
    'pay-environment': 'sandbox',
    'exchange-url': expect.stringContaining('sellercentral'),
    'secret-name': 'AMAZON_PAY_PRIVATE_KEY',
    'made-at': '2026-11-24T21:30:00Z',
    'age-days': '1',
    'rotation-due': 'false',
    'staged-since': '2026-11-24T21:30:00Z',
    'exchange-markdown': expect.stringContaining(young.publicPem),
  })
  expect(story.infos[0]).toContain(
    `current ${old.fingerprint} ${old.id}, 1 day; next ${young.fingerprint}, 1 day; previous ${oldest.fingerprint} ${oldest.id}, 1 day. Next:`,
  )
})

test('the oldest key of all targets counts, and any that is due', async () => {
  const scene = new Scene({ targets: two })
  scene.given({ current: old, next: young }, scene.places.slice(0, 1))
  scene.pass(9 * 86_400_000)
  scene.given({ current: old, next: young }, scene.places.slice(1))
  const story = await scene.run('status', { maxAgeDays: 11 })
  expect(story.outputs).toMatchObject({
    'made-at': '2026-11-24T21:30:00Z',
    'age-days': '11',
    'rotation-due': 'true',
    'staged-since': '2026-11-24T21:30:00Z',
  })
  expect(story.warnings).toEqual([
    expect.stringMatching(
      /^no code: acme\/shop: the current key is 11 days old; it is due from 11 days\. Next: /,
    ),
  ])
  expect((await scene.run('status', { maxAgeDays: 12 })).outputs['rotation-due']).toBe('false')
  expect(story.infos).toHaveLength(2)
  expect(story.outcome.standings).toHaveLength(2)

  const turned = new Scene({ targets: two })
  turned.given({ current: old, next: young }, turned.places.slice(1))
  turned.pass(9 * 86_400_000)
  turned.given({ current: old, next: young }, turned.places.slice(0, 1))
  expect((await turned.run('status')).outputs).toMatchObject({
    'made-at': '2026-11-24T21:30:00Z',
    'age-days': '11',
  })
})

test('secrets without records: their dates', async () => {
  const scene = new Scene().given({ unrecorded: old })
  scene.setSecret(scene.place, 'next', young)
  const story = await scene.run('status')
  expect(story.outputs).toMatchObject({
    fingerprint: '',
    'secret-name': '',
    'made-at': '2026-11-24T21:30:00Z',
    'staged-since': '2026-11-25T21:30:00Z',
  })
  expect(story.outputs).not.toHaveProperty('exchange-markdown')
  expect(story.infos[0]).toContain('current without record, 1 day; next without record, 0 days')
  expect(story.warnings).toHaveLength(2)
})

test('a staged key whose record says less takes the place from the current one', async () => {
  const scene = new Scene().given({ current: old, next: young })
  const record = scene.recordOf(young, { region: null, payEnvironment: null })
  scene.setRecord(scene.place, 'next', record)
  const story = await scene.run('status')
  const full = await new Scene().given({ current: old, next: young }).run('status')
  expect(story.outputs['exchange-markdown']).toContain('sellercentral.amazon.com')
  expect(full.outputs['exchange-markdown']).toContain('sellercentral.amazon.com')
})

test('a record without its secret has no page', async () => {
  const scene = new Scene().given({ current: old, next: young })
  scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY_NEXT')
  const story = await scene.run('status')
  expect(story.outputs).not.toHaveProperty('exchange-markdown')
  expect(story.warnings[0]).toContain('a staging was cut off')
})

test('a target that cannot be read', async () => {
  const scene = new Scene({ targets: two }).given({ current: old })
  for (const place of scene.places) place.remarks.push({ fact: place.name, hint: 'protect' })
  const story = await scene.run(
    'status',
    {},
    {
      on: ({ text }) => (text.endsWith('of acme/mobile') ? 'refused' : undefined),
    },
  )
  expect(story).toMatchObject({ status: 'failed', code: 'github-unavailable' })
  // What was not looked at to the end is not remarked upon.
  expect(story.warnings).toEqual(['no code: acme/shop. Next: protect'])
  expect(story.outcome.targets.map(({ result, code }) => [result, code])).toEqual([
    ['untouched', null],
    ['untouched', 'github-unavailable'],
  ])
})

test('what the staged record says counts more than the current one, for its page', async () => {
  const scene = new Scene().given({ current: old, next: young })
  scene.setRecord(
    scene.place,
    'next',
    scene.recordOf(young, { region: 'jp', payEnvironment: 'live' }),
  )
  const page = (await scene.run('status')).outputs['exchange-markdown']
  expect(page).toContain('sellercentral-japan')
  expect(page).toContain('Production View')
  const silent = scene.recordOf(young, { region: null, payEnvironment: null })
  scene.setRecord(scene.place, 'next', silent)
  const other = (await scene.run('status')).outputs['exchange-markdown']
  expect(other).not.toContain('sellercentral-japan')
  expect(other).toContain('Sandbox View')
  expect(other).not.toContain('Production View')
})

test('a target without key, before one with a key, does not hide its age', async () => {
  const scene = new Scene({ targets: [...two, 'acme/blog'] })
  scene.given({ current: old, next: young }, scene.places.slice(1, 2))
  scene.pass(86_400_000)
  const story = await scene.run('status')
  expect(story.outputs).toMatchObject({ 'age-days': '2', 'staged-since': '2026-11-24T21:30:00Z' })
  expect(story.outcome.targets.map(({ message }) => message)).toEqual(
    story.outcome.standings.map(({ nextStep }) => nextStep),
  )
})

test('nor one that was made just now', async () => {
  const scene = new Scene({ targets: two })
  scene.time = 'stopped'
  scene.given({ current: old }, scene.places.slice(1))
  const story = await scene.run('status')
  expect(story.outputs).toMatchObject({ 'age-days': '0', 'made-at': '2026-11-24T21:30:00Z' })
})

test('no more than four targets are looked at at once: GitHub slows down who asks for more', async () => {
  const targets = Array.from({ length: 10 }, (_, index) => `acme/shop-${index}`)
  let open = 0
  let most = 0
  const story = await new Scene({ targets }).run(
    'status',
    {},
    {
      on: async () => {
        open += 1
        most = Math.max(most, open)
        await new Promise((resolve) => setTimeout(resolve, 5))
        open -= 1
        return undefined
      },
    },
  )
  expect(story.status).toBe('ok')
  expect(most).toBe(4)
})

test('a previous record whose secret is gone has its age from the record', async () => {
  const scene = new Scene().given({ current: old, previous: oldest })
  scene.place.secrets.delete('AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
  const story = await scene.run('status')
  expect(story.infos[0]).toContain(`previous ${oldest.fingerprint} ${oldest.id}, 1 day.`)
})

test('a staged key of a shop without current one: its own place', async () => {
  const scene = new Scene().given({ next: young })
  scene.setRecord(
    scene.place,
    'next',
    scene.recordOf(young, { region: 'jp', payEnvironment: 'live' }),
  )
  const story = await scene.run('status')
  expect(story.outputs['exchange-markdown']).toContain('sellercentral-japan')
  expect(story.outputs['exchange-markdown']).toContain('Production View')
})

test('a current record without its secret has no age to compare', async () => {
  const scene = new Scene({ targets: two })
  scene.given({ current: old }, scene.places.slice(1))
  const story = await scene.run('status')
  expect(story.outputs).toMatchObject({ 'age-days': '1', 'made-at': '2026-11-24T21:30:00Z' })
  expect(story.infos[0]).toContain('current empty')
})

test('several findings of one target are all told', async () => {
  const { Problem, Problems } = await import('../../src/domain/problem.ts')
  const scene = new Scene({ targets: two }).given({ current: old })
  const [one, another] = ['one', 'another'].map(
    (fact) => new Problem('record-unreadable', fact, 'look'),
  ) as [InstanceType<typeof Problem>, InstanceType<typeof Problem>]
  const story = await scene.run(
    'status',
    {},
    {
      on: ({ text }) => {
        if (text.endsWith('of acme/shop')) throw new Problems([one, another])
        return undefined
      },
    },
  )
  expect(story.outcome.problems.map(({ fact }) => fact)).toEqual(['one', 'another'])
  expect(story.outcome.targets.map(({ code }) => code)).toEqual(['record-unreadable', null])
})

test('the place is what the first record that says anything says', async () => {
  const scene = new Scene({ targets: two }).given({ current: old })
  scene.setRecord(
    scene.place,
    'current',
    scene.recordOf(old, { publicKeyId: old.id, region: null, payEnvironment: null }),
  )
  const story = await scene.run('status')
  expect(story.outputs).toMatchObject({ region: 'us', 'pay-environment': 'sandbox' })
})

test('nothing is ever written', async () => {
  const scene = new Scene({ targets: two }).given({ current: old, next: young, previous: oldest })
  const before = JSON.stringify(
    scene.places.map(({ secrets, variables }) => [[...secrets], [...variables]]),
  )
  const story = await scene.run('status')
  expect(story.effects).toEqual([])
  expect(
    JSON.stringify(scene.places.map(({ secrets, variables }) => [[...secrets], [...variables]])),
  ).toBe(before)
  expect(scene.amazon.requests).toHaveLength(0)
})
