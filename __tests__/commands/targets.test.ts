import { type Key, makeKeys } from './world/keys.ts'
import type { Call, Fault } from './world/runner.ts'
import { type Ran, Shop } from './world/workflow.ts'

// What is said of several targets when one of them cannot be changed, and how the lock of a target is taken and given back.

const [old, young, made] = makeKeys(3) as [Key, Key, Key]
const making = [made]
const repositories = ['acme/shop', 'acme/mobile', 'acme/web']

const failing =
  (faults: Readonly<Record<string, Fault>>) =>
  ({ text }: Call): Fault | undefined =>
    faults[text]
const messagesOf = ({ outcome }: Ran) =>
  Object.fromEntries(outcome.targets.map(({ target, message }) => [target, message]))

describe('when one of several targets is refused', () => {
  test('every problem of every target is shown, in the order of their names, and the others were not touched', async () => {
    const shop = new Shop({ repositories }).given({ current: old })
    shop.targetNamed('acme/mobile').putVariable('AMAZON_PAY_KEY_NEXT', 'hello')
    const before = failing({ 'read target in acme/mobile': 'refused' })
    // A target that cannot be read is known first, but shown in its place.
    shop.targetNamed('acme/web').room = 0
    const ran = await shop.run('generate', {}, { making, before })
    expect([ran.codes, ran.effects]).toEqual([['github-unavailable', 'secret-write-failed'], []])
    expect(ran.targets).toEqual({
      'acme/mobile': 'untouched github-unavailable',
      'acme/shop': 'untouched',
      'acme/web': 'untouched secret-write-failed',
    })
    expect(messagesOf(ran)).toEqual({
      'acme/mobile': expect.stringContaining('read target in acme/mobile: refused'),
      'acme/shop': 'nothing was written',
      'acme/web': expect.stringMatching(/^acme\/web/),
    })
  })

  test('a problem that was found first stays in the order of the targets', async () => {
    const shop = new Shop({ repositories }).given({ current: old })
    shop.targetNamed('acme/mobile').room = 0
    const before = failing({ 'read target in acme/web': 'refused' })
    const ran = await shop.run('generate', {}, { making, before })
    expect(ran.codes).toEqual(['secret-write-failed', 'github-unavailable'])
  })

  test('a lock is shown alone, and by the name of its target', async () => {
    for (const [options, label] of [
      [{ repositories }, 'acme/web'],
      [{}, 'acme/shop'],
    ] as const) {
      const shop = new Shop(options).given({ current: old })
      shop.targetNamed(label).putVariable('AMAZON_PAY_KEY_LOCK', lockOf('another'))
      shop.target.room = 0
      const ran = await shop.run('generate', {}, { making, after: 1000 })
      expect(ran.codes).toEqual(['locked'])
      expect(ran.outcome.problems[0]?.fact).toMatch(new RegExp(`^${label} is being changed by`))
    }
  })

  test('a problem names its target where there are several, once', async () => {
    const next = 'AMAZON_PAY_KEY_NEXT'
    const one = new Shop().given({ current: old })
    one.target.putVariable(next, 'hello')
    const several = new Shop({ repositories }).given({ current: old })
    several.targetNamed('acme/web').putVariable(next, 'hello')
    const facts = [await one.run('generate'), await several.run('generate')].map(
      ({ outcome }) => outcome.problems[0]?.fact ?? '',
    )
    expect(facts[0]).toMatch(/^variable AMAZON_PAY_KEY_NEXT /)
    expect(facts[1]).toBe(`acme/web: ${facts[0]}`)
  })
})

const lockOf = (id: string): string =>
  JSON.stringify({
    id,
    run: 'https://github.com/acme/shop/actions/runs/9',
    attempt: 1,
    command: 'activate',
  })
const lock = 'AMAZON_PAY_KEY_LOCK'
const rotating = () => new Shop().given({ current: old, next: young })
const form = { publicKeyId: young.id }
const lockIn = ({ target }: Shop) => target.variables.get(lock)?.value ?? null

describe('the lock of a target', () => {
  test('that cannot be taken is not tried for again', async () => {
    const before = failing({ [`create ${lock}`]: 'refused' })
    const ran = await rotating().run('activate', form, { before })
    expect([ran.code, ran.effects]).toEqual(['variable-write-failed', [`create ${lock}`]])
  })

  test('whose answer was lost is found to be its own', async () => {
    const before = failing({ [`create ${lock}`]: 'lost' })
    const ran = await rotating().run('activate', form, { before })
    expect([ran.status, ran.effects.filter((text) => text.includes(lock))]).toEqual([
      'activated',
      [`create ${lock}`, `delete ${lock}`],
    ])
    expect(ran.log).not.toContain('sleep 2')
  })

  test('that another run takes between the first look and the write is respected', async () => {
    const shop = rotating()
    const ran = await shop.run('activate', form, {
      before: ({ text }) => {
        if (text === `create ${lock}`) shop.target.putVariable(lock, lockOf('another'))
        return undefined
      },
    })
    expect([ran.code, ran.effects, lockIn(shop)]).toEqual([
      'locked',
      [`create ${lock}`],
      lockOf('another'),
    ])
    // The log says what was done, not what was left alone.
    expect(ran.infos.join()).not.toContain('acme/shop')
    expect(ran.trouble).toContain('actions/runs/9')
  })

  test.each([
    ['another run', lockOf('another'), 'locked', 'took the lock at the same moment'],
    ['somebody who writes no lock', 'hello', 'locked', 'took the lock at the same moment'],
  ])(
    'of a dead run, which %s replaces at the same moment, is left to it',
    async (_, text, code, says) => {
      const shop = rotating()
      shop.target.putVariable(lock, lockOf('dead'))
      shop.clock.pass(600_000)
      const ran = await shop.run('activate', form, {
        sleep: async () => shop.target.putVariable(lock, text),
      })
      expect([ran.code, ran.written, lockIn(shop)]).toEqual([code, [], text])
      expect(ran.trouble).toContain(says)
    },
  )

  test('is another run’s when its own answer was lost and the other lock is there', async () => {
    const shop = rotating()
    const ran = await shop.run('activate', form, {
      before: failing({ [`create ${lock}`]: 'unheard' }),
      sleep: async () => shop.target.putVariable(lock, lockOf('another')),
    })
    expect([ran.code, lockIn(shop)]).toEqual(['locked', lockOf('another')])
    expect(ran.trouble).toContain('took the lock at the same moment')
  })

  test('that was given back while it was taken is free, and nobody else’s', async () => {
    const shop = rotating()
    let isTaken = false
    const ran = await shop.run('activate', form, {
      before: ({ text }) => {
        if (text === `read ${lock}`) shop.target.clear(lock)
        if (text !== `create ${lock}` || isTaken) return undefined
        isTaken = true
        shop.target.putVariable(lock, lockOf('done'))
        return undefined
      },
      // A deletion in the pause, by a run that also found a dead lock.
      sleep: async () => shop.target.clear(lock),
    })
    expect(ran.code).toBe('locked')
    expect(ran.trouble).toContain('took the lock at the same moment')
  })

  test('that cannot be given back is a warning', async () => {
    const before = failing({ [`delete ${lock}`]: 'refused' })
    const ran = await rotating().run('activate', form, { before })
    expect([ran.status, ran.warnings]).toEqual([
      'activated',
      [
        {
          fact: `the lock of acme/shop (variable ${lock}) could not be removed: delete ${lock}: refused`,
          hint: expect.stringContaining('other runs are refused for three minutes'),
        },
      ],
    ])
  })

  test.each([
    ['stays where another run has taken it over', 'another', false],
    ['goes where it is still its own', null, true],
  ])('that became two minutes old %s', async (_, other, isFree) => {
    const shop = rotating()
    shop.clock.callMs = 0
    const ran = await shop.run('activate', form, {
      before: ({ text }) => {
        if (text !== 'save AMAZON_PAY_KEY_PREVIOUS') return undefined
        shop.clock.pass(120_000)
        if (other) shop.target.putVariable(lock, lockOf(other))
        return undefined
      },
    })
    expect([ran.code, shop.target.isLocked]).toEqual(['locked', !isFree])
  })

  test('is not read again where it is its own and young', async () => {
    expect((await rotating().run('activate', form)).log).not.toContain(`read ${lock}`)
  })
})

test.each([
  [29, 'github-unavailable'],
  [30, null],
])('with %d requests left until GitHub’s limit, a target ends with %s', async (requests, code) => {
  const shop = rotating()
  shop.github.remaining = { requests, resetAt: new Date('2026-11-27T01:02:03Z') }
  const ran = await shop.run('activate', form)
  expect(ran.code).toBe(code)
  expect(ran.trouble.includes('run this command again after 01:02:03 UTC')).toBe(code !== null)
  if (code) expect(ran.targets).toEqual({ 'acme/shop': `untouched ${code}` })
})

test('targets are read four at a time', async () => {
  const names = Array.from({ length: 9 }, (_, index) => `acme/shop-${index}`)
  let reading = 0
  const seen: number[] = []
  await new Shop({ repositories: names }).run(
    'status',
    {},
    {
      before: async ({ text }) => {
        if (!text.startsWith('read target')) return undefined
        reading += 1
        seen.push(reading)
        await new Promise(setImmediate)
        reading -= 1
        return undefined
      },
    },
  )
  expect([seen.length, Math.max(...seen)]).toEqual([9, 4])
})

test('after ten writes, a target begins as many seconds after the one before as that one needed writes', async () => {
  const shop = new Shop({ repositories }).given({ current: old, next: young })
  const ran = await shop.run('activate', form)
  // Ten writes and one look take a quarter of a second each.
  expect(ran.log.filter((text) => text.startsWith('sleep'))).toEqual(['sleep 7', 'sleep 7'])
  const slow = new Shop({ repositories }).given({ current: old, next: young })
  slow.clock.callMs = 1500
  const late = await slow.run('activate', form)
  expect([late.status, late.log.join()]).toEqual([
    'activated',
    expect.not.stringContaining('sleep'),
  ])
})
