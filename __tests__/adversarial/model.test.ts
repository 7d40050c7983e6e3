import fc from 'fast-check'
import { type Slot, slots } from '../../src/domain/rotation/slots.ts'
import type { Command } from '../../src/ports.ts'
import { type Key, makeKeys } from '../commands/world/keys.ts'
import type { Call, Fault } from '../commands/world/runner.ts'
import { type Form, type QueuedRun, type Ran, Shop } from '../commands/world/workflow.ts'

// Random lives of one shop: its commands, deaths and faults at any write, re-runs, runs that were queued long ago, and
// edits by hand. What each step may and may not do is said here in a few lines, and checked after every step.

const keys = makeKeys(6)
const numRuns = 80
const seed = 20261124

type Step =
  | { readonly kind: 'generate' | 'adopt' }
  | { readonly kind: 'activate' | 'rollback' | 'retire'; readonly yes: boolean }
  | { readonly kind: 're-run' }
  | { readonly kind: 'stale'; readonly which: number }

type Edit =
  | { readonly kind: 'record removed' | 'record overwritten'; readonly slot: Slot }
  | { readonly kind: 'another pair stored' | 'next secret removed' }

interface Trouble {
  readonly at: number
  readonly fault: Fault
}

type Entry = { readonly step: Step; readonly trouble: Trouble | null } | { readonly edit: Edit }

const faults: readonly Fault[] = ['refused', 'lost', 'unheard', 'killed before', 'killed after']

/** The secrets, and whether the pair works. */
interface Now {
  readonly current: Key | null
  readonly next: Key | null
  readonly previous: Key | null
  readonly id: string | null
  readonly works: boolean
  /** The key that is current by its record: a copy of it in another slot is a leftover. */
  readonly recorded: Key | null
}

let runs = 0
let troubled = 0
const ends = new Map<string, number>()

/** A shop and the people who look after it. */
class Life {
  readonly shop = new Shop()
  readonly #queued: QueuedRun[] = []
  #count = 0
  /** Why the pair may not work at the moment. */
  #excused = false

  /** A shop that has rotated before, or a new one. */
  constructor(established: boolean) {
    if (!established) return
    const [current, previous] = keys as [Key, Key]
    this.shop.given({ current, previous })
  }

  /** A key of the secret; null where there is none. */
  #keyIn(slot: Slot): Key | null {
    const pem = this.shop.target.privateKey(slot)
    return keys.find((key) => key.pem === pem) ?? null
  }

  get #keys(): Readonly<Record<Slot, Key | null>> {
    return {
      current: this.#keyIn('current'),
      next: this.#keyIn('next'),
      previous: this.#keyIn('previous'),
    }
  }

  get now(): Now {
    const record = this.shop.target.recordText('current') ?? ''
    return {
      ...this.#keys,
      id: this.shop.target.publicKeyId,
      works: this.shop.deploy() === 'accepted',
      recorded: keys.find(({ fingerprint }) => record.includes(fingerprint)) ?? null,
    }
  }

  #unused(): Key {
    const variables = slots.map((slot) => this.shop.target.recordText(slot) ?? '').join()
    const { current, next, previous } = this.#keys
    const free = keys.find(
      (key) => ![current, next, previous].includes(key) && !variables.includes(key.fingerprint),
    )
    return free ?? (keys[0] as Key)
  }

  /** A person exchanges the public key in Integration Central, unless that was done. */
  #exchange(key: Key): string {
    const known = [...this.shop.amazon.keys].find(
      ([, { publicKey, state }]) => state === 'active' && publicKey.equals(key.publicKey),
    )
    if (known) return known[0]
    this.#count += 1
    return this.shop.amazon.exchange(key, { id: `LIVE-${String(this.#count).padStart(24, 'A')}` })
  }

  edit(edit: Edit): void {
    const { target } = this.shop
    if (edit.kind === 'record removed') target.clear(target.names.record[edit.slot])
    if (edit.kind === 'record overwritten') target.putVariable(target.names.record[edit.slot], '{}')
    if (edit.kind === 'next secret removed') target.secrets.delete(target.names.privateKey.next)
    if (edit.kind === 'another pair stored') {
      const key = this.#unused()
      target.putSecret(target.names.privateKey.current, key.pem)
      target.putSecret(target.names.publicKeyId, this.#exchange(key))
    }
    this.#excused = !this.now.works
  }

  #begunWith(): string | null {
    const text = this.shop.target.recordText('next') ?? ''
    return /"publicKeyId":"([^"]+)"/.exec(text)?.[1] ?? null
  }

  /** What a person fills in. */
  #form(step: Step): { readonly command: Command; readonly form: Form } {
    const { current, next, previous } = this.#keys
    if (step.kind === 'activate') {
      // Of a change that has begun, status names the ID.
      const exchanged = next ? this.#exchange(next) : 'LIVE-NOTHINGISSTAGEDNOTHING'
      const publicKeyId = this.#begunWith() ?? exchanged
      return { command: 'activate', form: { publicKeyId, leaked: step.yes } }
    }
    if (step.kind === 'rollback') {
      const form = step.yes && previous ? { publicKeyId: this.#exchange(previous) } : {}
      return { command: 'rollback', form }
    }
    if (step.kind === 'retire') {
      if (step.yes) this.#deletePrevious()
      return { command: 'retire', form: {} }
    }
    if (step.kind === 'adopt') {
      return { command: 'adopt', form: { publicKeyId: current ? this.#exchange(current) : '' } }
    }
    return { command: 'generate', form: {} }
  }

  /** A person who follows the steps of `still-accepted`: never for a key that is current or staged. */
  #deletePrevious(): void {
    const { current, next, previous } = this.#keys
    if (!previous || previous === current || previous === next) return
    for (const [id, { publicKey }] of this.shop.amazon.keys) {
      if (publicKey.equals(previous.publicKey)) this.shop.amazon.set(id, 'deleted')
    }
  }

  async step(step: Step, trouble: Trouble | null): Promise<Ran | null> {
    const last = this.#queued.at(-1)
    if (step.kind === 're-run')
      return last ? this.#start({ ...last, attempt: last.attempt + 1 }, trouble) : null
    if (step.kind === 'stale') {
      const stale = this.#queued[step.which % Math.max(1, this.#queued.length)]
      return stale ? this.#start({ ...stale, id: `${stale.id}0` }, trouble) : null
    }
    const { command, form } = this.#form(step)
    return this.#start(this.shop.queue(command, form), trouble)
  }

  async #start(queued: QueuedRun, trouble: Trouble | null): Promise<Ran> {
    this.#queued.push(queued)
    const before = this.now
    let happened = false
    const ran = await this.shop.start(queued, {
      making: [this.#unused()],
      before: ({ write }: Call) => {
        if (trouble === null || write !== trouble.at) return undefined
        happened = true
        return trouble.fault
      },
    })
    runs += 1
    if (happened) troubled += 1
    const way = `${queued.command} ${ran.killed ? 'killed' : (ran.code ?? ran.status)}`
    ends.set(way, (ends.get(way) ?? 0) + 1)
    this.#check(queued, ran, before, happened)
    return ran
  }

  #check(queued: QueuedRun, ran: Ran, before: Now, happened: boolean): void {
    const after = this.now
    const { command } = queued
    if (!ran.killed) expect(ran.code).not.toBe('internal')
    // A refusal writes nothing.
    if (!happened && ran.status === 'failed') expect(ran.effects).toEqual([])
    // Nothing but these two changes the private key of the pair.
    const changes = command === 'activate' || command === 'rollback'
    if (!changes) expect(after.current?.id).toBe(before.current?.id)
    if (!changes && command !== 'adopt') expect(after.id).toBe(before.id)
    this.#expectPair(ran, after)
    this.#expectNothingLost(queued, before, after)
    if (!ran.killed) expectDone(queued, ran, named(before), named(after), happened)
  }

  #expectPair(ran: Ran, after: Now): void {
    // Only a death between the two secrets, or a pair that is said to be torn, may leave a pair that does not work.
    const torn = ran.killed || ran.code === 'pair-torn'
    if (after.works) this.#excused = false
    else if (torn || after.current === null) this.#excused = true
    expect(after.works || this.#excused).toBe(true)
  }

  #expectNothingLost({ command, inputs }: QueuedRun, before: Now, after: Now): void {
    const there = slots.map((slot) => after[slot])
    const mayGo = (key: Key): boolean => {
      const deleted = ![...this.shop.amazon.keys.values()].some(
        ({ publicKey, state }) => state === 'active' && publicKey.equals(key.publicKey),
      )
      if (command === 'retire') return key === before.previous && deleted
      if (inputs['keep-previous'] === 'false' && key === before.current) return true
      if (key === before.recorded && key !== before.current) return true
      // A run that was queued before a person stored another pair cannot know of it, until that is adopted.
      const stale = inputs['current-private-key'] !== before.current?.pem
      if (key === before.current && key !== before.recorded && stale) return true
      // What is deleted at Amazon Pay may be written over.
      return deleted
    }
    for (const slot of slots) {
      const key = before[slot]
      if (key !== null && !there.includes(key))
        expect({ command, slot, mayGo: mayGo(key) }).toMatchObject({ mayGo: true })
    }
  }
}

/** The same, by the keys' letters: short enough to be read in a failure. */
function named({ current, next, previous, id, works }: Now) {
  const letter = (key: Key | null): string | null => key?.id.at(-1) ?? null
  return { current: letter(current), next: letter(next), previous: letter(previous), id, works }
}
type Named = ReturnType<typeof named>

/** What green means. */
function expectDone(
  { command, inputs }: QueuedRun,
  { status }: Ran,
  before: Named,
  after: Named,
  happened: boolean,
): void {
  if (status === 'activated' || status === 'rolled-back') {
    expect(after.works).toBe(true)
    // That the leftover could not be removed is a warning.
    if (!happened) expect(after.next).not.toBe(after.current)
  }
  if (status === 'activated') expect(after.id).toBe(inputs['public-key-id'])
  if (status === 'rolled-back') {
    expect([before.previous, before.next, before.current]).toContain(after.current)
  }
  if (status === 'staged') expect(after.next).not.toBeNull()
  if (status === 'retired') expect(after.previous).toBeNull()
  if (status === 'adopted') expect([after.works, after.id]).toEqual([true, inputs['public-key-id']])
  if (command === 'generate') expect(after.previous).toBe(before.previous)
}

/** Does what status says until there is nothing left to do: it has to lead out of every state. */
async function followAdvice(life: Life): Promise<void> {
  const advice: (Command | null)[] = []
  for (let count = 0; count < 8; count += 1) {
    const { outcome } = await life.shop.run('status')
    const command = outcome.health[0]?.nextStep.command ?? null
    advice.push(command)
    if (command === null) break
    const steps: Partial<Record<Command, Step>> = {
      generate: { kind: 'generate' },
      activate: { kind: 'activate', yes: false },
      rollback: { kind: 'rollback', yes: false },
      retire: { kind: 'retire', yes: true },
      adopt: { kind: 'adopt' },
    }
    const step = steps[command]
    const ran = step ? await life.step(step, null) : null
    // After a leak, the previous key was to be left alone: so it is again.
    const leaked = ran?.code === 'previous-key-unretired'
    if (leaked) await life.step({ kind: 'activate', yes: true }, null)
  }
  expect({ advice, last: advice.at(-1), works: life.now.works }).toEqual({
    advice,
    last: null,
    works: true,
  })
}

const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'generate' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('activate', 'rollback', 'retire'),
      yes: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'adopt' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 're-run' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stale' as const), which: fc.nat(9) }) },
)
const aTrouble = fc.option(fc.record({ at: fc.nat(10), fault: fc.constantFrom(...faults) }), {
  freq: 3,
})
const anEdit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('record removed', 'record overwritten'),
    slot: fc.constantFrom(...slots),
  }),
  fc.record({ kind: fc.constantFrom('another pair stored', 'next secret removed') }),
)
const aRun: fc.Arbitrary<Entry> = fc.record({ step: aStep, trouble: aTrouble })

async function live(established: boolean, entries: readonly Entry[]): Promise<Life> {
  const life = new Life(established)
  for (const entry of entries) {
    if ('edit' in entry) life.edit(entry.edit)
    else await life.step(entry.step, entry.trouble)
  }
  return life
}

test('after any sequence of runs, deaths and faults, following status leads to a pair that works and nothing to do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(aRun, { maxLength: 12 }), async (old, entries) => {
      await followAdvice(await live(old, entries))
    }),
    { numRuns, seed },
  )
  expect(troubled).toBeGreaterThan(30)
})

test('with edits by hand between them, no run takes a pair down or loses a key', async () => {
  const entry = fc.oneof(
    { weight: 5, arbitrary: aRun },
    { weight: 1, arbitrary: fc.record({ edit: anEdit }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(entry, { maxLength: 14 }), async (old, entries) => {
      await live(old, entries)
    }),
    { numRuns, seed },
  )
})

afterAll(() => {
  // Every command must have come to its good end, or the sequences say little.
  for (const end of [
    'generate staged',
    'activate activated',
    'rollback rolled-back',
    'retire retired',
  ]) {
    expect({ end, often: (ends.get(end) ?? 0) > 10 }).toEqual({ end, often: true })
  }
  expect(runs).toBeGreaterThan(500)
})
