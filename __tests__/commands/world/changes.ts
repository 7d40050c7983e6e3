import { slots } from '../../../src/domain/rotation/slots.ts'
import type { Command } from '../../../src/ports.ts'
import { type Key, makeKeys } from './keys.ts'
import type { StoredTarget } from './stored-target.ts'
import { type Form, Shop, type StartOptions } from './workflow.ts'

/** Every way in which a command changes something, to be interrupted anywhere. */
export interface Change {
  readonly name: string
  readonly command: Command
  readonly given: (shop: Shop) => void
  readonly form?: Form
  readonly options?: StartOptions
  /** Whether it is also tried in three targets, which takes longer. */
  readonly several?: true
}

export const keys = makeKeys(4) as [Key, Key, Key, Key]
const [old, young, oldest, other] = keys

/** The current pair as people stored it by hand. */
function unmanaged(shop: Shop, key: Key): void {
  shop.given({ current: key })
  for (const { names, ...target } of shop.targets) target.variables.delete(names.record.current)
}

export const changes: readonly Change[] = [
  {
    name: 'the first staging',
    command: 'generate',
    given: () => {},
    options: { making: [young] },
  },
  {
    name: 'staging beside a current key',
    command: 'generate',
    given: (shop) => shop.given({ current: old }),
    options: { making: [young] },
    several: true,
  },
  {
    name: 'staging a key that a person brings',
    command: 'generate',
    given: (shop) => shop.given({ current: old }),
    options: { with: { 'private-key': young.pem } },
  },
  {
    name: 'replacing the staged key',
    command: 'generate',
    given: (shop) => shop.given({ current: old, next: other }),
    form: { replaceStaged: other.fingerprint },
    options: { making: [young] },
    several: true,
  },
  {
    name: 'writing the missing record of a staged key',
    command: 'generate',
    given: (shop) => {
      shop.given({ current: old, next: young })
      for (const { names, variables } of shop.targets) variables.delete(names.record.next)
    },
  },
  {
    name: 'the first activation',
    command: 'activate',
    given: (shop) => shop.given({ next: young }),
    form: { publicKeyId: young.id },
  },
  {
    name: 'a rotation',
    command: 'activate',
    given: (shop) => shop.given({ current: old, next: young }),
    form: { publicKeyId: young.id },
    several: true,
  },
  {
    name: 'a rotation with a deploy',
    command: 'activate',
    given: (shop) => shop.given({ current: old, next: young }),
    form: { publicKeyId: young.id },
    options: { with: { redeploy: 'deploy.yml' } },
  },
  {
    name: 'a rotation after a leak',
    command: 'activate',
    given: (shop) => shop.given({ current: old, next: young }),
    form: { publicKeyId: young.id, leaked: true },
  },
  {
    name: 'a rotation after a leak beside a previous key',
    command: 'activate',
    given: (shop) => shop.given({ current: old, next: young, previous: oldest }),
    form: { publicKeyId: young.id, leaked: true },
  },
  {
    name: 'a rollback',
    command: 'rollback',
    given: (shop) => shop.given({ current: young, previous: old }),
    several: true,
  },
  {
    name: 'a rollback that discards a staged key',
    command: 'rollback',
    given: (shop) => shop.given({ current: young, previous: old, next: other }),
    form: { replaceStaged: other.fingerprint },
    several: true,
  },
  {
    name: 'a second rollback that a person means',
    command: 'rollback',
    given: (shop) => {
      shop.given({ current: young, previous: old })
      const rolledBackAt = shop.clock.iso
      for (const target of shop.targets) {
        target.describe('previous', old, { publicKeyId: old.publicKeyId, rolledBackAt })
      }
    },
    form: { publicKeyId: old.id },
  },
  {
    name: 'an adoption',
    command: 'adopt',
    given: (shop) => unmanaged(shop, old),
    form: { publicKeyId: old.id },
  },
  {
    name: 'an adoption that stores the Public Key ID',
    command: 'adopt',
    given: (shop) => {
      unmanaged(shop, old)
      for (const { names, secrets } of shop.targets) secrets.delete(names.publicKeyId)
    },
    form: { publicKeyId: old.id },
    several: true,
  },
  {
    name: 'a retirement',
    command: 'retire',
    given: (shop) => {
      shop.given({ current: young, previous: old })
      shop.amazon.set(old.id, 'deleted')
    },
    several: true,
  },
  {
    name: 'a retirement of a copy of the current key',
    command: 'retire',
    given: (shop) => shop.given({ current: young, previous: young }),
  },
]

/** Every change in one target, and those that may differ then in three. The workflow runs in the first of them. */
export const tries = changes.flatMap((change) => [
  { ...change, names: ['acme/shop'], count: '1 target' },
  ...(change.several
    ? [{ ...change, names: ['acme/mobile', 'acme/shop', 'acme/web'], count: '3 targets' }]
    : []),
])

export function shopOf(change: Change, names: readonly string[]): Shop {
  const shop = new Shop({ repositories: names })
  for (const key of keys) shop.amazon.exchange(key)
  change.given(shop)
  return shop
}

/** What is stored but for the lock, of which a dead one may be left. */
export function slotsOf(shop: Shop): Record<string, unknown> {
  return Object.fromEntries(
    shop.targets.map(({ label, content, names }) => [label, { ...content, [names.lock]: null }]),
  )
}

/** Private keys in the secrets of a target. */
export function keysIn(target: StoredTarget): string[] {
  return slots.flatMap((slot) => target.privateKey(slot) ?? [])
}

/** Keys that are there before and after a change must be in some secret all the time. */
export function lostKeys(now: StoredTarget, before: StoredTarget, after: StoredTarget): string[] {
  const kept = keysIn(before).filter((key) => keysIn(after).includes(key))
  return kept
    .filter((key) => !keysIn(now).includes(key))
    .map((pem) => keys.find((key) => key.pem === pem)?.id ?? 'a key')
}
