import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Inputs } from '../../src/ports.ts'
import {
  type Fault,
  type Key,
  makeKeys,
  type OnCall,
  type RunOptions,
  Scene,
  type Story,
} from '../commands/world.ts'

// Random lives of one shop's keys, against a small model of them: next → current → previous → gone. After
// every step a deploy job must be able to sign with what is current, or the model says why not.

const keys = makeKeys(6)

/** Slots by fingerprint, as their secrets say. */
interface Slots {
  readonly current: string | null
  readonly next: string | null
  readonly previous: string | null
}

interface Model {
  slots: Slots
  /**
   * Whether every run so far came to its end: then what the next one does is known exactly. Otherwise it
   * either finishes or refuses.
   */
  settled: boolean
  /** Why the current pair may not work; null when it has to. */
  excuse: 'no pair yet' | 'interrupted between the two secrets' | 'deleted at Amazon' | null
  /** Inputs of activations that were started once, and could be started again. */
  snapshots: Partial<Inputs>[]
}

interface Disturbance {
  readonly kind: Fault | 'cancelled'
  /** The write at which it happens, counted from 0. */
  readonly at: number
  readonly rerun: boolean
}

class Real {
  readonly scene = new Scene()
  /** Public Key IDs by fingerprint: the newest exchange of each key. */
  readonly ids = new Map<string, string>()
  #count = 0

  /** A shop that has rotated before. */
  establish(): void {
    const [current, previous] = keys as [Key, Key]
    this.scene.given({ current, previous })
    for (const key of [current, previous]) this.ids.set(key.fingerprint, key.id)
  }

  /** A person in Integration Central. */
  exchange(key: Key): string {
    const known = this.ids.get(key.fingerprint)
    if (known && this.scene.amazon.keys.get(known)?.state === 'active') return known
    this.#count += 1
    const id = `SANDBOX-${String(this.#count).padStart(24, 'A')}`
    this.scene.amazon.register(key, { id })
    this.ids.set(key.fingerprint, id)
    return id
  }

  get slots(): Slots {
    const of = (slot: keyof Slots) => {
      const pem = this.scene.place.privateKey(slot)
      return pem === null ? null : (keys.find((key) => key.pem === pem)?.fingerprint ?? 'unknown')
    }
    return { current: of('current'), next: of('next'), previous: of('previous') }
  }

  /** Whether every record names the key that its secret holds, and no key stands twice. */
  get consistent(): boolean {
    const slots = Object.entries(this.slots) as [keyof Slots, string | null][]
    const named = slots.map(([slot]) => this.scene.place.record(slot)?.fingerprint ?? null)
    const there = named.filter((name) => name !== null)
    return (
      slots.every(([, held], index) => held === named[index]) &&
      new Set(there).size === there.length
    )
  }

  key(fingerprint: string | null): Key | undefined {
    return keys.find((key) => key.fingerprint === fingerprint)
  }

  /** A key that stands nowhere, as a new one would. */
  get unused(): Key {
    const { current, next, previous } = this.slots
    const records = (['current', 'next', 'previous'] as const).map(
      (slot) => this.scene.place.record(slot)?.fingerprint,
    )
    const key = keys.find((k) => ![current, next, previous, ...records].includes(k.fingerprint))
    if (!key) throw new Error('too few keys')
    return key
  }

  isActive(fingerprint: string | null): boolean {
    return [...this.scene.amazon.keys.values()].some(
      ({ state, publicKey }) =>
        state === 'active' &&
        publicKey.equals(this.key(fingerprint)?.publicKey ?? publicKey) &&
        this.key(fingerprint) !== undefined,
    )
  }
}

function named(pem: string | undefined): string | null {
  return keys.find((key) => key.pem === pem)?.fingerprint ?? null
}

let steps = 0
let disturbed = 0
const ended = new Map<string, number>()

/** What every step has in common. */
abstract class Step implements fc.AsyncCommand<Model, Real> {
  readonly disturbance: Disturbance | null

  constructor(disturbance: Disturbance | null) {
    this.disturbance = disturbance
  }

  check(_model: Readonly<Model>): boolean {
    return true
  }

  abstract run(model: Model, real: Real): Promise<void>

  toString(): string {
    return `${this.constructor.name}(${this.disturbance ? JSON.stringify(this.disturbance) : ''})`
  }

  /** Runs a command with its disturbance; the model says where it would lead undisturbed. */
  async act(
    model: Model,
    real: Real,
    command: 'generate' | 'activate' | 'retire' | 'status',
    inputs: Partial<Inputs>,
    expected: { slots: Partial<Slots>; code?: string | null },
    options: RunOptions = {},
  ): Promise<Story> {
    const before = real.slots
    const recorded = real.scene.place.record('current')?.fingerprint ?? null
    const planned: Slots = { ...model.slots, ...expected.slots }
    const stop = new AbortController()
    let happened = false
    const on: OnCall = ({ write }) => {
      if (this.disturbance === null || write !== this.disturbance.at) return undefined
      happened = true
      if (this.disturbance.kind !== 'cancelled') return this.disturbance.kind
      stop.abort()
      return undefined
    }
    const story = await real.scene.run(command, inputs, { ...options, on, stop })
    steps += 1
    const way = `${command} ${story.killed ? 'killed' : (story.code ?? story.status)}`
    ended.set(way, (ended.get(way) ?? 0) + 1)
    expect(story.code).not.toBe('internal')
    const after = real.slots
    this.#nothingLost(real, before, after, recorded, command, inputs)

    if (!happened && model.settled) {
      expect({ slots: after, code: story.code }).toEqual({
        slots: planned,
        code: expected.code ?? null,
      })
    }
    if (happened) {
      disturbed += 1
      for (const slot of ['current', 'next', 'previous'] as const) {
        expect([before[slot], planned[slot], null]).toContain(after[slot])
        if (slot === 'current') expect([before.current, planned.current]).toContain(after.current)
      }
      model.settled &&= story.status !== 'failed' && !story.killed
    } else if (story.status === 'activated') {
      model.settled = real.consistent
    }
    model.slots = after
    this.#pairWorks(model, real, before, story)
    if (happened && command === 'activate' && this.disturbance?.rerun) {
      await this.#again(model, real, inputs, story, options)
    }
    return story
  }

  /** One re-run with the inputs of then ends where the first one would have ended. */
  async #again(
    model: Model,
    real: Real,
    inputs: Partial<Inputs>,
    first: Story,
    options: RunOptions,
  ): Promise<void> {
    const story = await real.scene.run('activate', inputs, {
      ...options,
      run: first.outcome.run.id,
    })
    steps += 1
    if (story.status === 'activated') {
      expect(real.scene.pairWorks()).toBe(true)
      model.settled = real.consistent
      model.excuse = null
    } else {
      // It refuses what it would have refused at first.
      expect(real.slots).toEqual(model.slots)
    }
    model.slots = real.slots
  }

  #pairWorks(model: Model, real: Real, before: Slots, story: Story): void {
    const works = real.scene.pairWorks()
    if (works) {
      model.excuse = null
      return
    }
    const interrupted = story.killed || story.code === 'pair-torn'
    if (interrupted && real.slots.current === before.current && before.current !== null) {
      model.excuse = 'interrupted between the two secrets'
    }
    if (real.slots.current === null) model.excuse = 'no pair yet'
    expect(model.excuse).not.toBeNull()
  }

  #nothingLost(
    real: Real,
    before: Slots,
    after: Slots,
    recorded: string | null,
    command: string,
    inputs: Partial<Inputs>,
  ): void {
    // A staged key goes by becoming current, or with consent.
    if (before.next !== null && after.next !== before.next) {
      expect([after.current, inputs.replaceStaged]).toContain(before.next)
    }
    // Nothing but activate touches the current pair.
    if (command !== 'activate') expect(after.current).toBe(before.current)
    if (command === 'activate') expect([null, before.next]).toContain(after.next)
    // A previous key is deleted only when Amazon does not know it any more.
    if (before.previous !== null && after.previous === null) {
      expect(command).toBe('retire')
      expect(real.isActive(before.previous)).toBe(false)
    }
    // The key that was current is kept.
    if (
      after.current !== before.current &&
      before.current !== null &&
      inputs.keepPrevious !== false
    ) {
      const rollback = inputs.privateKey === real.key(before.previous)?.pem
      if (!rollback && recorded === before.current) expect(after.previous).toBe(before.current)
    }
    // The key that is gone back to is never lost.
    const wanted = named(inputs.privateKey)
    if (wanted && Object.values(before).includes(wanted)) {
      expect(Object.values(after)).toContain(wanted)
    }
  }
}

class Generate extends Step {
  readonly consent: 'none' | 'right' | 'wrong'

  constructor(disturbance: Disturbance | null, consent: 'none' | 'right' | 'wrong') {
    super(disturbance)
    this.consent = consent
  }

  override async run(model: Model, real: Real): Promise<void> {
    const key = real.unused
    const { next } = model.slots
    const replaceStaged = {
      none: null,
      right: next,
      wrong: real.unused.fingerprint,
    }[this.consent]
    const replaces = next !== null && this.consent === 'right'
    await this.act(
      model,
      real,
      'generate',
      { replaceStaged },
      {
        slots: next === null || replaces ? { next: key.fingerprint } : {},
        code: next !== null && this.consent === 'wrong' ? 'staged-key-exists' : null,
      },
      { making: key },
    )
    const record = real.scene.place.record('next')
    if (real.slots.next && record) expect(record.fingerprint).toBe(real.slots.next)
  }
}

/** Exchanges the staged key and activates it, as a new run with what the secrets hold now. */
class Activate extends Step {
  readonly id: 'right' | 'of another key' | 'unknown'
  readonly keep: boolean

  constructor(disturbance: Disturbance | null, id: Activate['id'], keep: boolean) {
    super(disturbance)
    this.id = id
    this.keep = keep
  }

  override check(model: Readonly<Model>): boolean {
    return model.slots.next !== null
  }

  override async run(model: Model, real: Real): Promise<void> {
    const { current, next } = model.slots
    const staged = real.key(next)
    if (!staged) return
    const marked = real.scene.place.record('next')?.publicKeyId
    const right = marked ?? real.exchange(staged)
    const publicKeyId = {
      right,
      unknown: 'SANDBOX-UNKNOWNUNKNOWNUNKNOWNUNK',
      'of another key': this.id === 'of another key' ? real.exchange(real.unused) : '',
    }[this.id]
    const inputs: Partial<Inputs> = {
      privateKey: staged.pem,
      publicKeyId,
      previousPrivateKey: this.keep ? (real.key(current)?.pem ?? '') : '',
      keepPrevious: this.keep,
      region: 'us',
    }
    model.snapshots.push(inputs)
    const alive = real.scene.amazon.keys.get(right)?.state === 'active'
    const rejected = this.id !== 'right' || !alive
    const kept = this.keep && current !== null && current !== next ? { previous: current } : {}
    await this.act(model, real, 'activate', inputs, {
      slots: rejected ? {} : { current: next, next: null, ...kept },
      code: rejected ? 'amazon-pay-rejected' : null,
    })
  }
}

class Rollback extends Step {
  override check(model: Readonly<Model>): boolean {
    return model.slots.previous !== null && model.slots.current !== null
  }

  override async run(model: Model, real: Real): Promise<void> {
    const { current, previous } = model.slots
    const key = real.key(previous)
    const publicKeyId = real.ids.get(previous ?? '')
    if (!key || !publicKeyId) return
    const inputs: Partial<Inputs> = {
      privateKey: key.pem,
      publicKeyId,
      previousPrivateKey: real.key(current)?.pem ?? '',
      region: 'us',
    }
    model.snapshots.push(inputs)
    const alive = real.scene.amazon.keys.get(publicKeyId)?.state === 'active'
    await this.act(model, real, 'activate', inputs, {
      slots: alive
        ? {
            current: previous,
            previous: current,
            // Of an activation that was cut off before its end.
            ...(model.slots.next === previous ? { next: null } : {}),
          }
        : {},
      code: alive ? null : 'amazon-pay-rejected',
    })
  }
}

/** A run that was queued long ago, and holds the secrets of then. */
class StaleActivate extends Step {
  readonly which: number

  constructor(disturbance: Disturbance | null, which: number) {
    super(disturbance)
    this.which = which
  }

  override check(model: Readonly<Model>): boolean {
    return model.snapshots.length > 0
  }

  override async run(model: Model, real: Real): Promise<void> {
    const inputs = model.snapshots[this.which % model.snapshots.length] as Partial<Inputs>
    const before = real.slots
    const record = real.scene.place.record('current')
    const settled = model.settled
    // Whatever it does is not told beforehand.
    model.settled = false
    const story = await this.act(model, real, 'activate', inputs, {
      slots: { current: named(inputs.privateKey), previous: named(inputs.previousPrivateKey) },
    })
    if (story.code && !story.killed && this.disturbance === null) model.settled = settled
    const changed = real.slots.current !== before.current
    if (changed && inputs.keepPrevious !== false && settled) {
      // Compare and set: only from the pair that it believed to be current.
      expect(real.key(record?.fingerprint ?? null)?.pem ?? '').toBe(inputs.previousPrivateKey)
    }
  }
}

class Retire extends Step {
  readonly deleted: boolean

  constructor(disturbance: Disturbance | null, deleted: boolean) {
    super(disturbance)
    this.deleted = deleted
  }

  override async run(model: Model, real: Real): Promise<void> {
    const { previous } = model.slots
    const record = real.scene.place.record('previous')
    const recorded = (slot: keyof Slots) => real.scene.place.record(slot)?.fingerprint
    const twice = record && [recorded('current'), recorded('next')].includes(record.fingerprint)
    // A rollback that was cut off right before its end could not keep the ID of the key it went back from.
    const forgotten = record !== null && record.publicKeyId === null
    if (this.deleted && record?.publicKeyId) {
      // A person who does as the first answer says, and only then.
      const asked = await real.scene.run('retire', {
        previousPrivateKey: real.key(previous)?.pem ?? '',
      })
      if (asked.code === 'still-accepted') real.scene.amazon.set(record.publicKeyId, 'deleted')
    }
    const refusal = twice
      ? 'pair-changed'
      : forgotten
        ? 'public-key-id-invalid'
        : real.isActive(previous)
          ? 'still-accepted'
          : null
    const code = previous === null ? null : refusal
    await this.act(
      model,
      real,
      'retire',
      { previousPrivateKey: real.key(previous)?.pem ?? '' },
      { slots: code === null ? { previous: null } : {}, code },
    )
  }
}

class Status extends Step {
  override async run(model: Model, real: Real): Promise<void> {
    const story = await this.act(model, real, 'status', {}, { slots: {} })
    expect(story.effects).toEqual([])
  }
}

/** After a leak: the current key is deleted at Amazon, working or not. */
class Leak extends Step {
  override check(model: Readonly<Model>): boolean {
    return model.slots.current !== null && model.settled
  }

  override async run(model: Model, real: Real): Promise<void> {
    for (const key of real.scene.amazon.keys.values()) {
      if (real.key(model.slots.current)?.publicKey.equals(key.publicKey)) key.state = 'deleted'
    }
    model.excuse = 'deleted at Amazon'
  }
}

class Wait extends Step {
  readonly minutes: number

  constructor(minutes: number) {
    super(null)
    this.minutes = minutes
  }

  override async run(_: Model, real: Real): Promise<void> {
    real.scene.pass(this.minutes * 60_000)
  }
}

/** Half of the commands are disturbed, at one of their writes. */
const disturbance = (writes: number) =>
  fc.option(
    fc.record<Disturbance>({
      kind: fc.constantFrom<Disturbance['kind'][]>(
        'refused',
        'lost',
        'unheard',
        'killed before',
        'killed after',
        'cancelled',
      ),
      at: fc.nat(writes - 1),
      rerun: fc.boolean(),
    }),
    { freq: 2 },
  )

const generate = fc
  .tuple(disturbance(3), fc.constantFrom<Generate['consent'][]>('none', 'none', 'right', 'wrong'))
  .map(([d, consent]) => new Generate(d, consent))
const activate = fc
  .tuple(
    disturbance(8),
    fc.constantFrom<Activate['id'][]>(
      'right',
      'right',
      'right',
      'right',
      'of another key',
      'unknown',
    ),
    fc.constantFrom(true, true, true, false),
  )
  .map(([d, id, keep]) => new Activate(d, id, keep))
const rollback = disturbance(5).map((d) => new Rollback(d))
const stale = fc.tuple(disturbance(8), fc.nat(20)).map(([d, which]) => new StaleActivate(d, which))
const retire = fc.tuple(disturbance(2), fc.boolean()).map(([d, gone]) => new Retire(d, gone))
const others = fc.constantFrom<Step[]>(
  new Status(null),
  new Leak(null),
  new Wait(1),
  new Wait(20),
  new Wait(60 * 24 * 20),
)

/** What happens more often stands more often. */
const commands = fc.commands(
  [
    generate,
    generate,
    generate,
    activate,
    activate,
    activate,
    activate,
    rollback,
    rollback,
    stale,
    retire,
    others,
  ],
  { maxCommands: 30, size: 'max' },
)

/** The same lives every time; `MODEL_SEED` and `MODEL_RUNS` try others, and more. */
const seed = Number(process.env.MODEL_SEED ?? 20261124)
const numRuns = Number(process.env.MODEL_RUNS ?? 60)

test(
  'random lives of a shop’s keys',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), commands, async (established, sequence) => {
        const real = new Real()
        if (established) real.establish()
        await fc.asyncModelRun(
          () => ({
            model: {
              slots: real.slots,
              settled: true,
              excuse: established ? null : 'no pair yet',
              snapshots: [],
            } satisfies Model as Model,
            real,
          }),
          sequence,
        )
      }),
      { seed, numRuns },
    )
    // A model that nothing happens to would hold as well.
    expect(disturbed).toBeGreaterThan(numRuns)
    expect([...ended.keys()]).toEqual(
      expect.arrayContaining([
        'generate killed',
        'activate killed',
        'activate activated',
        'retire retired',
      ]),
    )
  },
  1000 * 600,
)

afterAll(() => {
  const folder = join(import.meta.dirname, '../../reports')
  mkdirSync(folder, { recursive: true })
  const report = { lives: numRuns, runs: steps, disturbed, ended: Object.fromEntries(ended) }
  writeFileSync(join(folder, 'model.json'), `${JSON.stringify(report, null, 2)}\n`)
  process.stdout.write(`model: ${numRuns} lives, ${steps} runs, ${disturbed} disturbed\n`)
})
