import fc from 'fast-check'
import type { Command, Inputs } from '../../src/ports.ts'
import { type Key, makeKeys, Scene, type Story } from '../commands/world.ts'

// Two runs at the same time, in the same shop. GitHub has no transactions: what cannot be prevented must be
// noticed, and the current pair must be wholly of one run.

const keys = makeKeys(5) as [Key, Key, Key, Key, Key]
const [old, young, oldest, other, another] = keys

interface Run {
  readonly command: Command
  readonly inputs: Partial<Inputs>
  readonly making?: Key
}

const generating = (making: Key, inputs: Partial<Inputs> = {}): Run => ({
  command: 'generate',
  inputs,
  making,
})
const activating = (key: Key, previous: Key): Run => ({
  command: 'activate',
  inputs: {
    privateKey: key.pem,
    publicKeyId: key.id,
    previousPrivateKey: previous.pem,
    region: 'us',
  },
})

const rotated = () => new Scene().given({ current: old, next: young, previous: oldest })

interface Meeting {
  readonly name: string
  readonly given: () => Scene
  readonly one: Run
  readonly two: Run
  readonly gaps?: Gap[]
}

const interrupted = () => {
  const scene = new Scene().given({ current: old })
  scene.setRecord(scene.place, 'next', scene.recordOf(oldest))
  scene.pass(3_600_000)
  return scene
}

const meetings: Meeting[] = [
  {
    name: 'two generates',
    given: () => new Scene().given({ current: old }),
    one: generating(young),
    two: generating(other),
  },
  {
    name: 'two generates that replace the same staged key',
    given: rotated,
    one: generating(other, { replaceStaged: young.fingerprint }),
    two: generating(another, { replaceStaged: young.fingerprint }),
    gaps: ['staged secret of another key than the record'],
  },
  {
    name: 'two generates that take over what an interrupted one left',
    given: interrupted,
    one: generating(young),
    two: generating(other),
    gaps: ['staged secret of another key than the record'],
  },
  {
    name: 'generate during activate',
    given: rotated,
    one: activating(young, old),
    two: generating(other),
    gaps: ['staged secret without record'],
  },
  {
    name: 'activate during generate',
    given: rotated,
    one: generating(other),
    two: activating(young, old),
    gaps: ['staged secret without record'],
  },
  {
    name: 'a replacing generate during activate',
    given: rotated,
    one: activating(young, old),
    two: generating(other, { replaceStaged: young.fingerprint }),
    gaps: ['staged secret without record', 'staged secret of another key than the record'],
  },
  {
    name: 'the same activation twice',
    given: rotated,
    one: activating(young, old),
    two: activating(young, old),
    gaps: ['staged record without secret'],
  },
  {
    name: 'a rotation and a rollback',
    given: rotated,
    one: activating(young, old),
    two: activating(oldest, old),
    gaps: ['record of the other activation'],
  },
  {
    name: 'a rollback and a rotation',
    given: rotated,
    one: activating(oldest, old),
    two: activating(young, old),
    gaps: ['record of the other activation'],
  },
  {
    name: 'retire during a rollback',
    given: rotated,
    one: activating(oldest, old),
    two: { command: 'retire', inputs: { previousPrivateKey: oldest.pem } },
  },
]

/**
 * What GitHub without transactions cannot prevent when the second run comes exactly between a look and the
 * write after it. One concurrency group for the writing jobs, as the docs ask for, prevents all of them.
 */
type Gap =
  /** Two activations of different keys: the pair is wholly one's, and the record the other's. */
  | 'record of the other activation'
  /** `next` is staged again while an activation clears it. */
  | 'staged secret without record'
  /** A mark is made while another run clears `next`. */
  | 'staged record without secret'
  /** Two runs clear the same slot at once. */
  | 'staged secret of another key than the record'

/** Checks what must hold when both runs are over, and tells which gap they fell into. */
function gapsOf(scene: Scene, stories: readonly Story[]): Gap[] {
  const { place } = scene
  const gaps: Gap[] = []
  for (const { code } of stories) expect(code).not.toBe('internal')
  // Whatever happens, deploy jobs can sign, and the pair is one that a run said to be current, or the old one.
  expect(scene.pairWorks()).toBe(true)
  const current = nameOf(place.privateKey('current'))
  const activated = stories
    .filter(({ status }) => status === 'activated')
    .map(({ outcome }) => outcome.key?.fingerprint)
  expect(activated.length > 0 ? activated : [old.fingerprint]).toContain(current)
  const recorded = place.record('current')
  if (recorded?.fingerprint !== current) {
    expect(activated).toHaveLength(2)
    expect(activated).toContain(recorded?.fingerprint)
    gaps.push('record of the other activation')
  } else {
    expect(recorded?.publicKeyId).toBe(place.publicKeyId)
  }
  const staged = nameOf(place.privateKey('next'))
  const described = place.record('next')?.fingerprint
  if (staged && !described) gaps.push('staged secret without record')
  if (described && !staged) gaps.push('staged record without secret')
  if (staged && described && staged !== described) {
    gaps.push('staged secret of another key than the record')
  }
  return gaps
}

function nameOf(pem: string | null): string | undefined {
  return keys.find((key) => key.pem === pem)?.fingerprint
}

function start(scene: Scene, { command, inputs, making }: Run, on?: () => Promise<undefined>) {
  return scene.run(command, inputs, {
    beside: true,
    ...(making ? { making } : {}),
    ...(on ? { on } : {}),
  })
}

describe.each(meetings)('$name', ({ given, one, two, gaps: known = [] }) => {
  test('the second run comes whole, between any two calls of the first', async () => {
    let calls = 0
    await start(given(), one, async () => {
      calls += 1
      return undefined
    })
    const gaps: Gap[] = []
    for (let at = 0; at < calls; at++) {
      const scene = given()
      let seen = 0
      let second: Story | null = null
      const first = await start(scene, one, async () => {
        if (seen++ === at) second = await start(scene, two)
        return undefined
      })
      gaps.push(...gapsOf(scene, [first, second as unknown as Story]))
    }
    // Each at one single point.
    expect(gaps.length).toBeLessThanOrEqual(known.length)
    expect(known).toEqual(expect.arrayContaining(gaps))
  })

  test('call by call, in random order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const scene = given()
        const turn = async () => {
          await scheduler.schedule(Promise.resolve())
          return undefined
        }
        const both = Promise.all([start(scene, one, turn), start(scene, two, turn)])
        const stories = await scheduler.waitFor(both)
        expect(known).toEqual(expect.arrayContaining(gapsOf(scene, stories)))
      }),
      { seed: 20261124, numRuns: 30 },
    )
  })
})

test('of two generates that meet in an empty slot one stages, and the other tells who was faster', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const scene = new Scene().given({ current: old })
      const turn = async () => {
        await scheduler.schedule(Promise.resolve())
        return undefined
      }
      const runs = [generating(young), generating(other)]
      const stories = await scheduler.waitFor(
        Promise.all(runs.map((run) => start(scene, run, turn))),
      )
      const shown = stories.filter(({ status }) => status === 'staged')
      expect(shown.length).toBeGreaterThan(0)
      for (const { outputs } of shown) {
        expect(outputs.fingerprint).toBe(nameOf(scene.place.privateKey('next')))
      }
      for (const { status, code } of stories) {
        if (status !== 'staged') expect(code).toBe('staged-key-exists')
      }
    }),
    { seed: 20261124, numRuns: 40 },
  )
})

test('a run that was queued before an activation cannot bring its old key back', async () => {
  const scene = new Scene().given({ current: old, next: young })
  const stale = activating(young, old).inputs
  await scene.run('activate', stale)
  await scene.run('generate', {}, { making: other })
  scene.amazon.register(other)
  await scene.run('activate', activating(other, young).inputs)
  const before = scene.copy()
  const story = await scene.run('activate', stale)
  expect({ code: story.code, effects: story.effects }).toEqual({
    code: 'pair-changed',
    effects: [],
  })
  expect(scene.place.content).toEqual(before.place.content)
  // Nor can its key be staged again.
  const staged = await scene.run('generate', { privateKey: young.pem })
  expect({ code: staged.code, effects: staged.effects }).toEqual({
    code: 'input-invalid',
    effects: [],
  })
})
