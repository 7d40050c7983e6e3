import type { Command, Inputs } from '../../src/ports.ts'
import { type Key, makeKeys, type Place, Scene, type Time } from './world.ts'

// The runner dies before and after every write of a command; then somebody runs it again, with the inputs of
// then (a re-run of the job) or with fresh ones (a new run, which reads the secrets as they are now).

const keys = makeKeys(3) as [Key, Key, Key]
const [old, young, oldest] = keys

/** How the second run ends where it does not end like an undisturbed one. */
interface Otherwise {
  readonly code: string | null
  /** The secrets and variables that differ then; null where that depends on how far the first run came. */
  readonly differs: readonly string[] | null
  /** What a third run is told by the second one, and then ends like an undisturbed one. */
  readonly hint?: (scene: Scene) => Partial<Inputs>
}

interface Case {
  readonly name: string
  readonly command: Command
  readonly targets?: string[]
  readonly given: (scene: Scene) => void
  readonly inputs: Partial<Inputs>
  /** What the workflow's expressions give now. */
  readonly fresh: (place: Place) => Partial<Inputs>
  readonly making?: Key
  /** The key that must stand in a secret whatever happens. */
  readonly precious: Key
  /** It stands outside of the slots as well. */
  readonly elsewhere?: true
  /** By the last write before the death. */
  readonly otherwise?: (last: string, again: 'then' | 'fresh', time: Time) => Otherwise | undefined
}

/** A new run finds `next` empty, when the death came after that was deleted: the pair is the new one by then. */
const nextIsGone = (last: string, again: string): Otherwise | undefined =>
  again === 'fresh' && last.startsWith('delete AMAZON_PAY_')
    ? {
        code: 'key-empty',
        differs: null,
        hint: ({ place }) =>
          activation(young, null, {
            privateKey: place.privateKey('current') ?? '',
            previousPrivateKey: place.privateKey('current') ?? '',
          }),
      }
    : undefined

const previousSlot = ['AMAZON_PAY_KEY_PREVIOUS', 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS']

/**
 * The key that a rollback goes back from is kept last. A re-run can keep it still, but its Public Key ID
 * stood in the record that was replaced; a new run cannot read it any more.
 */
const rollbackCutOff = (last: string, again: string, time: Time): Otherwise | undefined => {
  if (again === 'then') {
    const forgotten = /^(?:save AMAZON_PAY_KEY|put AMAZON_PAY_PRIVATE_KEY_PREVIOUS)$/.test(last)
    return forgotten ? { code: null, differs: ['AMAZON_PAY_KEY_PREVIOUS'] } : undefined
  }
  if (last === 'put AMAZON_PAY_PRIVATE_KEY') {
    // When all of the past lies in this very second, nothing tells the new pair from the old one.
    return time === 'stopped'
      ? { code: 'previous-key-missing', differs: ['AMAZON_PAY_KEY', ...previousSlot] }
      : { code: null, differs: previousSlot }
  }
  if (last === 'save AMAZON_PAY_KEY') return { code: null, differs: previousSlot }
  // The previous secret holds the other key by now, and Amazon Pay does not take it for this Public Key ID.
  if (last === 'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS') {
    return { code: 'amazon-pay-rejected', differs: ['AMAZON_PAY_KEY_PREVIOUS'] }
  }
  return last === 'save AMAZON_PAY_KEY_PREVIOUS'
    ? { code: 'amazon-pay-rejected', differs: [] }
    : undefined
}

/**
 * The first target has the new pair, the second one does not, and a new run reads the first one's secrets:
 * what is current in the second must be told.
 */
const betweenTargets = (last: string, again: string): Otherwise | undefined => {
  if (again === 'fresh' && between.includes(last)) {
    return {
      code: 'previous-key-missing',
      differs: null,
      hint: ({ place }) =>
        activation(young, old, {
          privateKey: place.privateKey('next') ?? '',
          previousPrivateKey: place.privateKey('previous') ?? '',
        }),
    }
  }
  return nextIsGone(last, again)
}
const between = [
  'put AMAZON_PAY_PRIVATE_KEY of acme/shop',
  'save AMAZON_PAY_KEY of acme/shop',
  'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS of acme/mobile',
]

/** A lone record is of a run that may still be at work, for a quarter of an hour. */
const stagedJustNow = (last: string, again: string, time: Time): Otherwise | undefined =>
  time === 'stopped' && again === 'fresh' && last.startsWith('create AMAZON_PAY_KEY_NEXT')
    ? { code: 'staged-key-exists', differs: null }
    : undefined

/** A new pair would be another one: the rest is filled with the key that is staged. */
const stagedInOne = (last: string, again: string, time: Time): Otherwise | undefined =>
  again === 'then' &&
  /^put AMAZON_PAY_PRIVATE_KEY_NEXT of acme.shop|^create .* of acme.mobile/.test(last)
    ? {
        code: 'staged-key-partial',
        differs: null,
        hint: ({ place }) => ({ privateKey: place.privateKey('next') ?? '' }),
      }
    : stagedJustNow(last, again, time)

/** Consent was for one key, and that one is gone. */
const replaced = (last: string, again: string, time: Time): Otherwise | undefined => {
  if (last === 'put AMAZON_PAY_PRIVATE_KEY_NEXT') return { code: 'staged-key-exists', differs: [] }
  if (time === 'stopped' && last === 'delete AMAZON_PAY_PRIVATE_KEY_NEXT') {
    return {
      code: 'staged-key-exists',
      differs: ['AMAZON_PAY_KEY_NEXT', 'AMAZON_PAY_PRIVATE_KEY_NEXT'],
    }
  }
  return stagedJustNow(last, again, time)
}

const activation = (key: Key, previous: Key | null, more: Partial<Inputs> = {}) => ({
  privateKey: key.pem,
  publicKeyId: key.id,
  previousPrivateKey: previous?.pem ?? '',
  region: 'us' as const,
  ...more,
})
const freshActivation =
  (key: Key, slot: 'next' | 'previous', more: Partial<Inputs> = {}) =>
  (place: Place): Partial<Inputs> => ({
    privateKey: place.privateKey(slot) ?? '',
    publicKeyId: key.id,
    previousPrivateKey: place.privateKey('current') ?? '',
    region: 'us' as const,
    ...more,
  })

const cases: Case[] = [
  {
    name: 'first activation',
    command: 'activate',
    given: (scene) => scene.given({ next: young }),
    inputs: activation(young, null),
    fresh: freshActivation(young, 'next'),
    precious: young,
    otherwise: nextIsGone,
  },
  {
    name: 'first activation of a key that was never staged',
    command: 'activate',
    given: (scene) => scene.amazon.register(young),
    inputs: activation(young, null),
    fresh: () => activation(young, null),
    precious: young,
    // It comes from an input that is the same each time.
    elsewhere: true,
  },
  {
    name: 'rotation',
    command: 'activate',
    given: (scene) => scene.given({ current: old, next: young }),
    inputs: activation(young, old),
    fresh: freshActivation(young, 'next'),
    precious: old,
    otherwise: nextIsGone,
  },
  {
    name: 'rotation with a key in previous that nobody retired',
    command: 'activate',
    given: (scene) => scene.given({ current: old, next: young, previous: oldest }),
    inputs: activation(young, old),
    fresh: freshActivation(young, 'next'),
    precious: old,
    otherwise: nextIsGone,
  },
  {
    name: 'rollback',
    command: 'activate',
    given: (scene) => scene.given({ current: young, previous: old }),
    inputs: activation(old, young),
    fresh: freshActivation(old, 'previous'),
    precious: old,
    otherwise: rollbackCutOff,
  },
  {
    name: 'rollback while another key is staged',
    command: 'activate',
    given: (scene) => scene.given({ current: young, previous: old, next: oldest }),
    inputs: activation(old, young),
    fresh: freshActivation(old, 'previous'),
    precious: old,
    otherwise: rollbackCutOff,
  },
  {
    name: 'adoption',
    command: 'activate',
    given: (scene) => scene.given({ unrecorded: old, next: young }),
    inputs: activation(young, old, { previousPublicKeyId: old.id }),
    fresh: freshActivation(young, 'next', { previousPublicKeyId: old.id }),
    precious: old,
    otherwise: nextIsGone,
  },
  {
    name: 'rotation of two targets',
    command: 'activate',
    targets: ['acme/shop', 'acme/mobile'],
    given: (scene) => scene.given({ current: old, next: young }),
    inputs: activation(young, old),
    fresh: freshActivation(young, 'next'),
    precious: old,
    otherwise: betweenTargets,
  },
  {
    name: 'staging',
    command: 'generate',
    given: (scene) => scene.given({ current: old }),
    inputs: {},
    fresh: () => ({}),
    making: young,
    precious: old,
    otherwise: stagedJustNow,
  },
  {
    name: 'replacing what is staged',
    command: 'generate',
    given: (scene) => scene.given({ current: old, next: oldest }),
    inputs: { replaceStaged: oldest.fingerprint },
    fresh: () => ({ replaceStaged: oldest.fingerprint }),
    making: young,
    precious: old,
    otherwise: replaced,
  },
  {
    name: 'staging in two targets',
    command: 'generate',
    targets: ['acme/shop', 'acme/mobile'],
    given: (scene) => scene.given({ current: old }),
    inputs: {},
    fresh: (place) => ({ privateKey: place.privateKey('next') ?? '' }),
    making: young,
    precious: old,
    otherwise: stagedInOne,
  },
  {
    name: 'retirement',
    command: 'retire',
    given: (scene) => {
      scene.given({ current: young, previous: old })
      scene.amazon.set(old.id, 'deleted')
    },
    inputs: { previousPrivateKey: old.pem },
    fresh: (place) => ({ previousPrivateKey: place.privateKey('previous') ?? '' }),
    precious: young,
  },
]

const times: Time[] = ['ticking', 'still', 'stopped']
let deaths = 0
let healings = 0
afterAll(() => {
  process.stdout.write(`kill points: ${deaths} deaths, ${healings} runs after them\n`)
})

describe.each(times)('in %s time', (time) => {
  test.each(cases)('killed at every point: $name', async (story) => {
    const start = new Scene({ time, ...(story.targets ? { targets: story.targets } : {}) })
    story.given(start)
    const making = story.making ? { making: story.making } : {}
    const whole = start.copy()
    const undisturbed = await whole.run(story.command, story.inputs, making)
    expect(undisturbed.trouble).toBe('')
    const { effects } = undisturbed

    const points = effects.flatMap((effect, write) => [
      { fault: 'killed before' as const, write, last: effects[write - 1] ?? 'nothing' },
      { fault: 'killed after' as const, write, last: effect },
    ])
    // Where time does not matter to what is left, one side of each gap is enough.
    const tried = points.filter(
      ({ fault, write }) => time === 'ticking' || fault === 'killed after' || write === 0,
    )
    for (const { fault, write, last } of tried) {
      const scene = start.copy()
      const killed = await scene.run(story.command, story.inputs, {
        ...making,
        run: 'killed',
        on: (call) => (call.write === write ? fault : undefined),
      })
      expect(killed.killed).toBe(true)
      deaths += 1
      for (const [index, place] of scene.places.entries()) {
        expectWhole(place, start.places[index] as Place, whole.places[index] as Place, last)
        if (!story.elsewhere)
          expect([...place.secrets.values()].map(({ value }) => value)).toContain(
            story.precious.pem,
          )
      }
      for (const again of ['then', 'fresh'] as const) {
        const next = scene.copy()
        const inputs = again === 'then' ? story.inputs : story.fresh(next.place)
        healings += 1
        const healed = await next.run(story.command, inputs, {
          ...making,
          ...(again === 'then' ? { run: 'killed' } : {}),
        })
        const otherwise = story.otherwise?.(last, again, time)
        const point = `${fault} ${effects[write]}, ${again}`
        expect({ point, code: healed.code }).toEqual({ point, code: otherwise?.code ?? null })
        if (otherwise?.differs !== null) {
          const differs = otherwise?.differs ?? []
          expect({ point, differs: differences(next, whole) }).toEqual({ point, differs })
        }
        if (otherwise?.hint) {
          const third = await next.run(story.command, otherwise.hint(next), { run: 'killed' })
          expect({ point, trouble: third.trouble }).toEqual({ point, trouble: '' })
          expect({ point, differs: differences(next, whole) }).toEqual({ point, differs: [] })
        }
        for (const place of next.places) {
          if (place.privateKey('current')) expect(next.pairWorks(place)).toBe(true)
        }
      }
    }
  })
})

/** The pair is wholly that of before or of after, but for the one gap between its secrets. */
function expectWhole(place: Place, before: Place, after: Place, last: string): void {
  const pairs = [before, after].map((p) => [p.publicKeyId, p.privateKey('current')])
  const pair = [place.publicKeyId, place.privateKey('current')]
  const gap = last.startsWith('put AMAZON_PAY_PUBLIC_KEY_ID')
  if (gap) pairs.push([after.publicKeyId, before.privateKey('current')])
  expect(pairs).toContainEqual(pair)
}

/** Secrets that differ, and records that differ in what they say of the key. */
function differences(scene: Scene, other: Scene): string[] {
  const names = scene.places.flatMap((place, index) => {
    const [one, two] = [place.content, other.places[index]?.content ?? {}]
    return Object.keys({ ...one, ...two }).filter((name) => one[name] !== two[name])
  })
  return [...new Set(names)].sort()
}
