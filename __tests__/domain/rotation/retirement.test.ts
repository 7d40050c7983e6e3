import { planRetirement } from '../../../src/domain/rotation/retirement.ts'
import type { Slot } from '../../../src/domain/rotation/slots.ts'
import { assertNoOtherChange } from '../../../src/domain/rotation/view.ts'
import { type Key, makeKeys, outcomeOf, ringOf, type SlotContent, view } from './views.ts'

const [current, staged, old, stranger] = makeKeys(4) as [Key, Key, Key, Key]
type Contents = Partial<Record<Slot, SlotContent>>
type Keys = Partial<Record<Slot, Key>>
const has = (key: Key, record: SlotContent['record'] = {}): SlotContent => ({ key, record })
const normal = { current: has(current), previous: has(old) }
const keys = { current, previous: old }
const forged: SlotContent = { key: old, text: '{}' }

const kindOf = (
  contents: Contents,
  given: Keys,
  typed: Key | null = null,
  others: Contents[] = [],
): string => {
  const ring = ringOf(given)
  const own = view(contents, ring)
  const views = others.map((other) => view(other, ring))
  const found = outcomeOf(() => {
    assertNoOtherChange(own, 'retire')
    return planRetirement(own, ring, { targets: views, typed: typed?.id ?? null })
  })
  return typeof found === 'string' ? found : found.kind
}

test.each<[string, Contents, Keys, Key | null, string]>([
  ['a previous key', normal, keys, null, 'key'],
  ['an empty slot', { current: has(current) }, keys, null, 'nothing'],
  [
    'a record whose secret is gone',
    { ...normal, previous: { ...has(old), secret: false } },
    { current },
    null,
    'record',
  ],
  [
    'a copy of the current key',
    { current: has(current), previous: has(current) },
    { current, previous: current },
    null,
    'copy',
  ],
  ['a copy of the staged key', { ...normal, next: has(old) }, { ...keys, next: old }, null, 'copy'],
  [
    'a previous key without previous-private-key',
    normal,
    { current },
    null,
    'previous-key-missing',
  ],
  [
    'another key in previous-private-key',
    normal,
    { current, previous: stranger },
    null,
    'pair-changed',
  ],
  [
    'a previous key without current-private-key',
    normal,
    { previous: old },
    null,
    'current-key-missing',
  ],
  [
    'a current pair without record',
    { ...normal, current: has(current, false) },
    keys,
    null,
    'pair-unmanaged',
  ],
  ['a forged record', { ...normal, previous: forged }, keys, null, 'record-unreadable'],
  ['a forged record with a typed ID', { ...normal, previous: forged }, keys, old, 'key'],
  [
    'a missing record',
    { ...normal, previous: has(old, false) },
    keys,
    null,
    'public-key-id-invalid',
  ],
  ['a key of which only the ID is typed', normal, { current }, old, 'key'],
  [
    'a key with a typed ID of another, without it',
    normal,
    { current },
    staged,
    'previous-key-missing',
  ],
  [
    'a key without an ID in its record, and without it',
    { ...normal, previous: has(old, { publicKeyId: null }) },
    { current },
    old,
    'previous-key-missing',
  ],
  ['a missing record with a typed ID', { ...normal, previous: has(old, false) }, keys, old, 'key'],
  ['a typed ID of another key', normal, keys, current, 'pair-mismatch'],
  [
    'an unfinished change',
    { ...normal, next: has(staged, { change: 'activate' }) },
    keys,
    null,
    'change-unfinished',
  ],
  [
    'a forged current record',
    { ...normal, current: { key: current, text: 'x' } },
    keys,
    null,
    'record-unreadable',
  ],
  [
    'a key that is in next-private-key as well',
    normal,
    { ...keys, next: old },
    null,
    'pair-changed',
  ],
  [
    'an unreadable record whose secret is gone',
    { ...normal, previous: { ...forged, secret: false } },
    keys,
    null,
    'record',
  ],
  [
    'a key that is in current-private-key as well',
    { current: has(staged), previous: has(old) },
    { current: old, next: staged, previous: old },
    null,
    'pair-changed',
  ],
])('what becomes of %s', (_, contents, given, typed, expected) => {
  expect(kindOf(contents, given, typed)).toBe(expected)
})

test('the key that Amazon Pay is asked about is the one in the inputs, if they have it', () => {
  const found = (given: Keys) => {
    const ring = ringOf(given)
    return planRetirement(view(normal, ring), ring, { targets: [], typed: old.id })
  }
  const facts = { kind: 'key', fingerprint: old.fingerprint, id: old.id }
  expect(found({ current })).toEqual({ ...facts, key: null })
  expect(found(keys)).toMatchObject({ ...facts, key: { fingerprint: old.fingerprint } })
})

test.each<[string, SlotContent['record'], Contents[], string | null]>([
  ['names its Public Key ID', {}, [], old.id.id],
  ['without an ID names none', { publicKeyId: null }, [], null],
  [
    'names its ID beside a staged key without one',
    {},
    [{ next: has(staged, { publicKeyId: null }) }],
    old.id.id,
  ],
  ['with the ID of the current key names none', { publicKeyId: current.id }, [], null],
  [
    'with an ID that another target uses names none',
    {},
    [{ current: has(stranger, { publicKeyId: old.id }) }],
    null,
  ],
  [
    'with an ID that is staged elsewhere names none',
    {},
    [{ next: has(stranger, { publicKeyId: old.id }) }],
    null,
  ],
])('a record without a key %s', (_, record, others, id) => {
  const ring = ringOf({ current })
  const own = view(
    { current: has(current), previous: { ...has(old, record), secret: false } },
    ring,
  )
  const targets = others.map((other) => view(other, ring))
  const found = planRetirement(own, ring, { targets, typed: null })
  expect(found).toEqual({ kind: 'record', id: id && old.id })
})

test('a key that is current in another target is not retired', () => {
  expect(kindOf(normal, keys, null, [{ current: has(old) }])).toBe('pair-changed')
})

test('a key that is staged in another target is not retired', () => {
  expect(kindOf(normal, keys, null, [{ current: has(current), next: has(old) }])).toBe(
    'pair-changed',
  )
})
