import type { Warning } from '../../../src/domain/problem.ts'
import type { KeyRecord } from '../../../src/domain/rotation/record.ts'
import type { Slot, SlotNames, Stored } from '../../../src/domain/rotation/slots.ts'
import type { TargetSpec } from '../../../src/ports.ts'
import { readKeyRecord, writeKeyRecord } from './commands.ts'
import type { Key } from './keys.ts'
import type { TestClock } from './runner.ts'

export interface Entry extends Stored {
  readonly value: string
}

/** One target across all runs. Its secrets stay readable for the test. */
export class StoredTarget {
  readonly spec: TargetSpec
  readonly names: SlotNames
  readonly clock: TestClock
  readonly secrets = new Map<string, Entry>()
  readonly variables = new Map<string, Entry>()
  remarks: Warning[] = []
  room: number | null = null
  /** Repositories whose workflows receive what is stored here; null: only the target itself. */
  readers: readonly string[] | null = null

  constructor(spec: TargetSpec, names: SlotNames, clock: TestClock) {
    this.spec = spec
    this.names = names
    this.clock = clock
    // What belongs to other people and other keys must never be changed.
    for (const name of ['NPM_TOKEN', 'AMAZON_PAY_EU_PRIVATE_KEY', names.record.current]) {
      this.putSecret(name, 'not ours')
    }
    for (const name of ['REGION', 'AMAZON_PAY_EU_KEY_NEXT']) this.putVariable(name, '{}')
  }

  get name(): string {
    return this.spec.kind === 'organization' ? this.spec.organization : this.spec.repository
  }

  get environment(): string | null {
    return this.spec.kind === 'environment' ? this.spec.environment : null
  }

  get label(): string {
    if (this.spec.kind === 'organization') return `organization ${this.name}`
    return this.environment ? `environment ${this.environment} of ${this.name}` : this.name
  }

  putSecret(name: string, value: string): void {
    this.#put(this.secrets, name, value)
  }

  putVariable(name: string, value: string): void {
    this.#put(this.variables, name, value)
  }

  #put(map: Map<string, Entry>, name: string, value: string): void {
    const now = this.clock.iso
    map.set(name, { value, createdAt: map.get(name)?.createdAt ?? now, updatedAt: now })
  }

  privateKey(slot: Slot): string | null {
    return this.secrets.get(this.names.privateKey[slot])?.value ?? null
  }

  get publicKeyId(): string | null {
    return this.secrets.get(this.names.publicKeyId)?.value ?? null
  }

  recordText(slot: Slot): string | null {
    return this.variables.get(this.names.record[slot])?.value ?? null
  }

  /** @throws Problem when it was not written by the action */
  record(slot: Slot): KeyRecord | null {
    const text = this.recordText(slot)
    return text === null ? null : readKeyRecord(text, slot)
  }

  get isLocked(): boolean {
    return this.variables.has(this.names.lock)
  }

  /** Puts a key and its record into a slot, as an earlier run would have. */
  place(slot: Slot, key: Key, more: Partial<KeyRecord> = {}): void {
    this.putSecret(this.names.privateKey[slot], key.pem)
    this.describe(slot, key, slot === 'next' ? more : { publicKeyId: key.publicKeyId, ...more })
    if (slot === 'current') this.putSecret(this.names.publicKeyId, key.id)
  }

  describe(slot: Slot, key: Key, more: Partial<KeyRecord> = {}): void {
    const now = this.clock.iso
    const record: KeyRecord = {
      publicKey: key.publicKey,
      fingerprint: key.fingerprint,
      publicKeyId: null,
      region: 'eu',
      payEnvironment: 'live',
      madeAt: now,
      activatedAt: slot === 'next' ? null : now,
      run: 'https://github.com/acme/shop/actions/runs/1',
      change: null,
      rolledBackAt: null,
      others: {},
      ...more,
    }
    this.putVariable(this.names.record[slot], writeKeyRecord(record, slot, key))
  }

  clear(...names: readonly string[]): void {
    for (const name of names) {
      this.secrets.delete(name)
      this.variables.delete(name)
    }
  }

  /** What is stored under this action's names: secrets by value, records without times and run. */
  get content(): Record<string, unknown> {
    const { privateKey, record, publicKeyId, lock } = this.names
    const secrets = [...Object.values(privateKey), publicKeyId].map(
      (name) => [name, this.secrets.get(name)?.value ?? null] as const,
    )
    const records = [...Object.values(record), lock].map(
      (name) => [name, withoutTimes(this.variables.get(name)?.value)] as const,
    )
    return Object.fromEntries([...secrets, ...records])
  }

  /** Everything else, which no run may touch. */
  get foreign(): string {
    const ours = new Set(Object.keys(this.content))
    const others = [...this.secrets, ...this.variables].filter(([name]) => !ours.has(name))
    // A secret may have the name of one of this action's variables.
    const namesake = this.secrets.get(this.names.record.current)?.value
    return JSON.stringify([others, namesake])
  }

  copy(clock: TestClock): StoredTarget {
    const other = new StoredTarget(this.spec, this.names, clock)
    for (const map of ['secrets', 'variables'] as const) {
      other[map].clear()
      for (const [name, entry] of this[map]) other[map].set(name, entry)
    }
    other.remarks = this.remarks
    other.room = this.room
    other.readers = this.readers
    return other
  }
}

function withoutTimes(text: string | undefined): unknown {
  if (text === undefined) return null
  try {
    const { run: _, madeAt, activatedAt, rolledBackAt, signature, ...rest } = JSON.parse(text)
    return { ...rest, rolledBack: Boolean(rolledBackAt), activated: Boolean(activatedAt) }
  } catch {
    return text
  }
}
