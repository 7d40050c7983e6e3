import type { Scope } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import type { Recorded, Server } from '../../rehearsal/server.ts'
import {
  activation,
  exchanged,
  type Held,
  held,
  makePairs,
  order,
  type Pair,
  plant,
  settled,
} from './pairs.ts'
import { annotated, openScene, type Scene } from './support.ts'

// The runner dies at every single request of an activation. Then somebody runs it again: with the inputs of
// then (a re-run whose secrets were read at that time), or with fresh ones (a new run).

const [old, young, third] = makePairs('OLD', 'YOUNG', 'THIRD') as [Pair, Pair, Pair]
const pairs = [old, young, third]

interface Story {
  places: (scene: Scene) => Scope[]
  given: Parameters<typeof plant>[2]
  inputs: Record<string, string>
  /** The slot that `private-key` is read from. */
  slot: 'NEXT' | 'PREVIOUS'
  /** What every place holds in the end. */
  end: Held
  /** The key that must stand in some secret of every place, whatever happens. */
  precious: Pair
  /** States after which a run does not lead to the end, with what is known of them. */
  known?: (held: Held[], inputs: 'then' | 'fresh') => Known | undefined
}

interface Known {
  code: string
  /** Unchanged, unless said otherwise. */
  end?: Held
}

const repositories =
  (...names: string[]) =>
  ({ github }: Scene) =>
    names.map((name) => github.repository(name))

/** The pair is wholly new: the staged secret went last but one, and cannot be read any more. */
const isActivated = ([first]: Held[]): Known | undefined =>
  first?.next === null ? { code: 'key-empty' } : undefined

const stories: Record<string, Story> = {
  'a first activation': {
    places: repositories('acme/shop'),
    given: { next: young },
    inputs: activation(young),
    slot: 'NEXT',
    end: settled(young),
    precious: young,
    known: (held, inputs) => (inputs === 'fresh' ? isActivated(held) : undefined),
  },
  'a rotation, in an environment': {
    places: ({ github }) => [github.addEnvironment('acme/shop', 'production')],
    given: { current: old, next: young, previous: third },
    inputs: activation(young, old, { environment: 'production' }),
    slot: 'NEXT',
    end: settled(young, old),
    precious: old,
    known: (held, inputs) => (inputs === 'fresh' ? isActivated(held) : undefined),
  },
  'an adoption': {
    places: repositories('acme/shop'),
    given: { unrecorded: old, next: young },
    inputs: activation(young, old, { 'previous-public-key-id': old.id, region: 'us' }),
    slot: 'NEXT',
    end: settled(young, old),
    precious: old,
    known: (held, inputs) => (inputs === 'fresh' ? isActivated(held) : undefined),
  },
  'a rollback': {
    places: repositories('acme/shop'),
    given: { current: young, previous: old },
    inputs: activation(old, young),
    slot: 'PREVIOUS',
    end: settled(old, young),
    precious: old,
    known: ([held], inputs) => {
      if (held?.current !== 'OLD') return undefined
      const end = settled(old, old)
      if (inputs === 'fresh') {
        // The key that it went back from is in no secret any more, or it stands where the other is looked for.
        return held.previous === 'OLD' ? { code: '', end } : { code: 'amazon-pay-rejected' }
      }
      // Nobody recorded the Public Key ID of the key that it went back from.
      const records = { ...end.records, previous: 'YOUNG' }
      const isNamed = held.records.current === 'YOUNG:YOUNG' || held.records.previous !== 'OLD:OLD'
      return isNamed ? undefined : { code: '', end: { ...end, previous: 'YOUNG', records } }
    },
  },
  'a rotation of two targets': {
    places: repositories('acme/shop', 'acme/api'),
    given: { current: old, next: young },
    inputs: activation(young, old, { repository: 'acme/shop, acme/api' }),
    slot: 'NEXT',
    end: settled(young, old),
    precious: old,
    known: (held, inputs) => {
      if (inputs === 'then') return undefined
      const [first, second] = held
      // The first target's secret is the new key, and nobody kept the old one for the second.
      if (first?.current === 'YOUNG' && second?.records.previous === null) {
        return { code: 'previous-key-missing' }
      }
      return isActivated(held)
    },
  },
}

/** A place as it was at a point in time. */
interface Moment {
  stored: Pick<Scope, 'secrets' | 'variables'>[]
  time: number
}

/** A GitHub of its own, so that several runs can die side by side. */
class Stage {
  readonly scene: Scene
  places: Scope[] = []
  time = 0

  constructor(scene: Scene) {
    this.scene = scene
  }

  /** As earlier runs left it, or as it was at some moment. */
  set(story: Story, moment?: Moment): void {
    const { scene } = this
    scene.reset('acme/shop', 'acme/api')
    exchanged(scene, ...pairs)
    this.places = story.places(scene)
    for (const [index, place] of this.places.entries()) {
      if (moment) Object.assign(place, structuredClone(moment.stored[index]))
      else plant(scene, place, story.given)
    }
    // Four requests a second, and a minute between runs: GitHub dates its secrets in seconds.
    this.time = (moment?.time ?? Date.now()) + 60_000
    scene.github.now = () => new Date(this.time)
  }

  get held(): Held[] {
    return this.places.map((place) => held(place, pairs))
  }

  get moment(): Moment {
    const stored = this.places.map(({ secrets, variables }) => ({ secrets, variables }))
    return { stored: structuredClone(stored), time: this.time }
  }

  /** Runs the action. `at` is called when a request had its effect, before it is answered. */
  async run(inputs: Record<string, string>, at?: At): Promise<RunResult> {
    const { github, amazonPay } = this.scene
    // What a killed run had sent may arrive later: its token tells.
    const token = github.addToken(`ghs_run${github.tokens.size}`)
    const isOwn = ({ headers, path }: Recorded): boolean =>
      path.startsWith('/v2/') || headers.authorization === `token ${token}`
    const running = this.scene.start({ ...inputs, token }, { env: { TIME_FLOOR: '9000' } })
    let count = 0
    const numbers = new Map<Recorded, number>()
    for (const server of [github, amazonPay] as Server[]) {
      server.onRequest = async (request, phase) => {
        if (!isOwn(request)) return undefined
        if (phase === 'before') {
          count += 1
          numbers.set(request, count)
          this.time += 250
          return undefined
        }
        if (!at?.(numbers.get(request) ?? 0, request)) return undefined
        running.kill('SIGKILL')
        await running.done
        return 'drop'
      }
    }
    return running.done
  }
}

/** Whether the runner dies now. */
type At = (number: number, request: Recorded) => boolean

let stages: Stage[]
beforeAll(async () => {
  const scenes = await Promise.all([openScene(), openScene(), openScene()])
  stages = scenes.map((scene) => new Stage(scene))
})
afterAll(() => Promise.all(stages.map(({ scene }) => scene.close())))

/** One after the other on each stage, side by side on all. */
async function onStages<T, R>(
  items: readonly T[],
  act: (stage: Stage, item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const queue = [...items.entries()]
  const work = async (stage: Stage): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      results[next[0]] = await act(stage, next[1])
    }
  }
  await Promise.all(stages.map(work))
  return results
}

const isWrite = (method: string): boolean => /^(POST|PUT|PATCH|DELETE)$/.test(method)
const text = (held: Held[]): string => JSON.stringify(held)

/** How the two secrets of a place fit together. */
const pairOf = ({ current, id }: Held): 'none' | 'whole' | 'window' => {
  if (current === null && id === null) return 'none'
  return current === id ? 'whole' : 'window'
}

/** Current private key and ID, next, previous, and the records in the same order. */
const words = ({ current, id, next, previous, records }: Held): string =>
  [current, id, next, previous, ...Object.values(records)].map((word) => word ?? '–').join(' ')

/** The others take their turn with `FULL=1`, as in `.ci/run`; commands/kill-points has all of them in memory. */
const daily = ['a first activation', 'a rotation, in an environment', 'a rollback']
const turn = (name: string) =>
  process.env.FULL === '1' || daily.includes(name) ? describe : describe.skip

for (const [name, story] of Object.entries(stories))
  turn(name)(name, () => {
    /** What the places hold after each request of a run that nobody disturbs. */
    const states: Held[][] = []
    const requests: string[] = []
    let whole: RunResult
    let kills: { result: RunResult; held: Held[]; moment: Moment }[]
    /** One for each state that a kill can leave. */
    let left: { held: Held[]; moment: Moment }[]

    beforeAll(async () => {
      const [stage] = stages as [Stage]
      stage.set(story)
      states.push(stage.held)
      whole = await stage.run(story.inputs, (number, { method, path }) => {
        states[number] = stage.held
        requests[number] = path.startsWith('/v2/') ? 'PROOF' : method
        return false
      })
      // What is no write changes nothing (tested below): to die after it is to die after the write before, and to
      // die before a request is to die after the one before.
      const points = [...requests.keys()].filter(
        (number) => number === 1 || isWrite(requests[number] ?? ''),
      )
      kills = await onStages(points, async (own, point) => {
        own.set(story)
        const result = await own.run(story.inputs, (number) => number === point)
        expect(text(own.held)).toBe(text(states[point] ?? []))
        return { result, held: own.held, moment: own.moment }
      })
      left = [...new Map(kills.map((kill) => [text(kill.held), kill])).values()]
    }, 60_000)

    test('undisturbed, ends with the whole pair', () => {
      expect(whole.exitCode).toBe(0)
      expect(states.at(-1)).toEqual(states[0]?.map(() => story.end))
    })

    test('changes something with every write, and nothing in between', () => {
      for (const [number, method] of requests.entries()) {
        if (number === 0) continue
        const before = text(states[number - 1] ?? [])
        expect(text(states[number] ?? []) !== before).toBe(isWrite(method))
      }
    })

    test('is killed, and leaves the pair wholly old, wholly new, or in its one window', () => {
      for (const { result } of kills) expect(result.signal).toBe('SIGKILL')
      expect(left).toHaveLength(requests.filter(isWrite).length + 1)
      for (const index of states[0]?.keys() ?? []) {
        const own = left.map(({ held }) => held[index] as Held)
        expect(own.map(pairOf).filter((state) => state === 'window')).toHaveLength(1)
        for (const { current, next, previous } of own) {
          expect([current, next, previous]).toContain(story.precious.name)
        }
      }
    })

    test('leaves a shop that can take orders, outside of the window', async () => {
      const orders = await onStages(left, async (stage, { moment }) => {
        stage.set(story, moment)
        return Promise.all(stage.places.map((place) => order(stage.scene, place)))
      })
      for (const [index, { held }] of left.entries()) {
        const expected = held.map(({ current, id }) =>
          current === null || id === null ? undefined : current === id,
        )
        expect(orders[index]?.map((result) => result?.accepted)).toEqual(expected)
      }
    })

    test.each(['then', 'fresh'] as const)(
      'is healed by one run with the inputs: %s',
      async (inputs) => {
        const results = await onStages(left, async (stage, { held, moment }) => {
          stage.set(story, moment)
          const [first] = stage.places as [Scope]
          const read = (name: string) => first.secrets.get(name)?.value ?? ''
          const fresh = {
            'private-key': read(`AMAZON_PAY_PRIVATE_KEY_${story.slot}`),
            'previous-private-key': read('AMAZON_PAY_PRIVATE_KEY'),
          }
          // As long as no current secret has changed, fresh inputs are those of then.
          const same =
            fresh['private-key'] === story.inputs['private-key'] &&
            fresh['previous-private-key'] === (story.inputs['previous-private-key'] ?? '')
          if (inputs === 'fresh' && same) return null
          const result = await stage.run({ ...story.inputs, ...(inputs === 'fresh' && fresh) })
          return { held, end: stage.held, result }
        })
        const table = results.flatMap((each) => {
          if (each === null) return []
          const { held, end, result } = each
          const known = story.known?.(held, inputs)
          expect(end).toEqual(known?.code ? held : held.map(() => known?.end ?? story.end))
          expect(result.outputs['error-code']).toBe(known?.code ?? '')
          const said = [...annotated(result, 'error'), ...annotated(result, 'warning')]
          return [[`${held.map(words).join(' | ')} → ${end.map(words).join(' | ')}`, ...said]]
        })
        expect(table).toMatchSnapshot()
      },
      30_000,
    )
  })

test('fresh inputs are wrong between two targets, and the previous key of the first is right', async () => {
  const [stage] = stages as [Stage]
  const story = stories['a rotation of two targets'] as Story
  stage.set(story)
  let records = 0
  await stage.run(story.inputs, (_, { method, path }) => {
    if (method === 'PATCH' && path.endsWith('/AMAZON_PAY_KEY')) records += 1
    return records === 1
  })
  expect(stage.held.map(({ current }) => current)).toEqual(['YOUNG', 'OLD'])
  const inputs = { ...story.inputs, 'previous-private-key': young.privateKey }
  const refused = await stage.run(inputs)
  expect(annotated(refused, 'error')).toMatchSnapshot()
  expect(stage.held.map(({ current }) => current)).toEqual(['YOUNG', 'OLD'])
  const healed = await stage.run({ ...inputs, 'previous-private-key': old.privateKey })
  expect(healed.exitCode).toBe(0)
  expect(stage.held).toEqual([story.end, story.end])
})
