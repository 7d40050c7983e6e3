import { fingerprint } from '../key/fingerprint.ts'
import type { KeyPair } from '../key/pair.ts'
import { type Slot, slots } from './slots.ts'

/** A key pair from an input, identified by its fingerprint. */
export interface RingKey {
  readonly pair: KeyPair
  readonly fingerprint: string
}

/**
 * The keys in the three slot inputs. A run may have been queued before a change, so the input that contains a key does not
 * show which slot contains it now. Only the fingerprint identifies a key.
 */
export interface Ring extends Readonly<Record<Slot, RingKey | null>> {
  /** Slots whose input matches the record in at least one target. Another target may have another key there. */
  readonly found: readonly Slot[]
  /** Whether a change has begun in a target: until it is finished, keys are found in other slots than before. */
  readonly changing: boolean
}

export const emptyRing: Ring = {
  current: null,
  next: null,
  previous: null,
  found: [],
  changing: false,
}

export function ringKey(pair: KeyPair): RingKey {
  return { pair, fingerprint: fingerprint(pair.publicKey) }
}

/** The key with this fingerprint, whichever input contains it. */
export function findInRing(ring: Ring, fingerprint: string | null): RingKey | null {
  return slots.map((slot) => ring[slot]).find((key) => key?.fingerprint === fingerprint) ?? null
}
