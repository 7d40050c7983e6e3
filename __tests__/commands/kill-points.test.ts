import type { Command, Inputs } from '../../src/ports.ts'
import { type Fault, type Key, makeKeys, type Place, Scene, type Time } from './world.ts'

// The runner dies before and after every write of a command; then somebody runs it again, with the inputs of
// then (a re-run) or with fresh ones (a new run, which reads the secrets as they are now).

const keys = (await makeKeys(3)) as [Key, Key, Key]
const [old, young, oldest] = keys

interface Story {
  readonly name: string
  readonly command: Command
  readonly targets?: string[]
  readonly given: (scene: Scene) => void
  readonly inputs: Partial<Inputs>
  /** What the workflow's expressions give now. */
  readonly fresh: (place: Place) => Partial<Inputs>
  readonly making?: Key
  /** The key that must stand somewhere whatever happens: the good one. */
  readonly precious?: Key
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

const stories: Story[] = [
  {
    name: 'first activation',
    command: 'activate',
    given: (scene) => scene.given({ next: young }),
    inputs: activation(young, null),
    fresh: freshActivation(young, 'next'),
    precious: young,
  },
  {
    name: 'first activation of a key that was never staged',
    command: 'activate',
    given: (scene) => scene.amazon.register(young),
    inputs: activation(young, null),
    fresh: () => activation(young, null),
  },
  {
    name: 'rotation',
    command: 'activate',
    given: (scene) => scene.given({ current: old, next: young }),
    inputs: activation(young, old),
    fresh: freshActivation(young, 'next'),
    precious: old,
  },
  {
    name: 'rotation with a key in previous that nobody retired',
    command: 'activate',
    given: (scene) => scene.given({ current: old, next: young, previous: oldest }),
    inputs: activation(young, old),
    fresh: freshActivation(young, 'next'),
    precious: old,
  },
  {
    name: 'rollback',
    command: 'activate',
    given: (scene) => scene.given({ current: young, previous: old }),
    inputs: activation(old, young),
    fresh: freshActivation(old, 'previous'),
    precious: old,
  },
  {
    name: 'rollback while another key is staged',
    command: 'activate',
    given: (scene) => scene.given({ current: young, previous: old, next: oldest }),
    inputs: activation(old, young),
    fresh: freshActivation(old, 'previous'),
    precious: old,
  },
  {
    name: 'adoption',
    command: 'activate',
    given: (scene) => scene.given({ unrecorded: old, next: young }),
    inputs: activation(young, old, { previousPublicKeyId: old.id }),
    fresh: freshActivation(young, 'next', { previousPublicKeyId: old.id }),
    precious: old,
  },
  {
    name: 'rotation of two targets',
    command: 'activate',
    targets: ['acme/shop', 'acme/mobile'],
    given: (scene) => scene.given({ current: old, next: young }),
    inputs: activation(young, old),
    fresh: freshActivation(young, 'next'),
    precious: old,
  },
  {
    name: 'staging',
    command: 'generate',
    given: (scene) => scene.given({ current: old }),
    inputs: {},
    fresh: () => ({}),
    making: young,
    precious: old,
  },
  {
    name: 'replacing what is staged',
    command: 'generate',
    given: (scene) => scene.given({ current: old, next: oldest }),
    inputs: { replaceStaged: oldest.fingerprint },
    fresh: () => ({ replaceStaged: oldest.fingerprint }),
    making: young,
    precious: old,
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
for (const time of ['ticking', 'paced', 'still', 'stopped'] as Time[])
for (const story of stories) {
  test(`${time} ${story.name}`, async () => {
    const first = new Scene({ time, ...(story.targets ? { targets: story.targets } : {}) })
    story.given(first)
    const whole = first.copy()
    const making = story.making ? { making: story.making } : {}
    const good = await whole.run(story.command, story.inputs, making)
    console.log(time, story.name, good.status, good.trouble, good.log.join(' | '), good.warnings.join('\n'))
    const out: string[] = []
    for (let n = 0; n < good.effects.length; n++)
      for (const fault of ['killed before', 'killed after'] as Fault[]) {
        for (const again of ['then', 'fresh'] as const) {
          const scene = first.copy()
          const killed = await scene.run(story.command, story.inputs, { ...making, run: '77', on: ({ write }) => (write === n ? fault : undefined) })
          if (!killed.killed) out.push('NOT KILLED')
          const works = scene.places.map(p => scene.pairWorks(p)).join()
          const healed = await scene.run(story.command, again === 'then' ? story.inputs : story.fresh(scene.place), { ...making, ...(again==='then' ? {run: '77'} : {}) })
          const same = JSON.stringify(scene.places.map(p => p.content)) === JSON.stringify(whole.places.map(p => p.content))
          out.push(`${fault} ${good.effects[n]}, ${again}: pair ${works}; ${healed.status} ${healed.code ?? ''} ${same ? 'same' : 'DIFFERENT'} ${scene.places.map(p => scene.pairWorks(p)).join()} ${healed.trouble} ${healed.outcome.targets.map(t=>t.result)} ${healed.warnings.join()}`)
        }
      }
    console.log(time, story.name + '\n' + out.join('\n'))
  })
}
