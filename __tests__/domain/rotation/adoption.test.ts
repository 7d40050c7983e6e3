import { type Adoption, planAdoption } from '../../../src/domain/rotation/adoption.ts'
import type { Slot } from '../../../src/domain/rotation/slots.ts'
import { assertNoOtherChange } from '../../../src/domain/rotation/view.ts'
import { type Key, makeKeys, outcomeOf, ringOf, type SlotContent, view } from './views.ts'

const [own, other, third] = makeKeys(3) as [Key, Key, Key]
const has = (key: Key, record: SlotContent['record'] = {}): SlotContent => ({ key, record })
const request = { publicKeyId: own.id, region: null, payEnvironment: null }
const short = (found: Adoption | string): string => {
  if (typeof found === 'string') return found
  const words = [
    found.writeId && 'id',
    found.writeRecord && 'record',
    found.warnings.length > 0 && 'warning',
  ]
  return words.filter((word) => word).join(' ')
}

test.each<[string, Partial<Record<Slot, SlotContent>>, Key | null, object, string]>([
  ['a pair without record', { current: has(own, false) }, own, {}, 'id record'],
  [
    'a pair without record, in a region',
    { current: has(own, false) },
    own,
    { region: 'eu' },
    'id record',
  ],
  ['a pair that is adopted already', { current: has(own) }, own, {}, ''],
  [
    'a record with a mistyped ID',
    { current: has(own, { publicKeyId: other.id }) },
    own,
    {},
    'id record warning',
  ],
  [
    'a record without an ID',
    { current: has(own, { publicKeyId: null }) },
    own,
    {},
    'id record warning',
  ],
  [
    'a record of this region and environment',
    { current: has(own) },
    own,
    { region: 'eu', payEnvironment: 'sandbox' },
    '',
  ],
  [
    'a record of another environment',
    { current: has(own) },
    own,
    { payEnvironment: 'live' },
    'record warning',
  ],
  [
    'an unreadable record of a staged key',
    { current: has(own), next: { key: other, text: '{}' } },
    own,
    {},
    'record-unreadable',
  ],
  [
    'another staged key than next-private-key',
    { current: has(own), next: has(third) },
    own,
    {},
    '',
  ],
  ['a record of another region', { current: has(own) }, own, { region: 'us' }, 'record warning'],
  ['a forged record', { current: { key: own, text: '{}' } }, own, {}, 'id record warning'],
  ['a record of another key', { current: has(other) }, own, {}, 'pair-changed'],
  ['no pair', {}, own, {}, 'current-key-missing'],
  ['no current-private-key', { current: has(own) }, null, {}, 'current-key-missing'],
  [
    'an unfinished change',
    { current: has(own), next: has(other, { change: 'rollback' }) },
    own,
    {},
    'change-unfinished',
  ],
])('what is written for %s', (_, contents, current, more, expected) => {
  const ring = ringOf(current ? { current, next: other } : { next: other })
  const target = view(contents, ring)
  const found = outcomeOf(() => {
    assertNoOtherChange(target, 'adopt')
    return planAdoption(target, ring, { ...request, ...more })
  })
  expect(short(found)).toBe(expected)
})

test('a missing secret of the Public Key ID is written', () => {
  const ring = ringOf({ current: own })
  const target = view({ current: has(own) }, ring, { publicKeyId: false })
  expect(short(planAdoption(target, ring, request))).toBe('id')
})

test('each value that is overwritten is named', () => {
  const ring = ringOf({ current: own })
  const wrong = { publicKeyId: other.id, region: 'us' as const }
  const target = view({ current: has(own, wrong) }, ring)
  const { warnings } = planAdoption(target, ring, { ...request, region: 'eu' })
  expect(warnings.map(({ fact }) => fact)).toEqual([
    `variable AMAZON_PAY_KEY has Public Key ID ${other.id.id}; it is corrected to ${own.id.id}`,
    'variable AMAZON_PAY_KEY has another region or environment; it is corrected',
  ])
  expect(new Set(warnings.map(({ hint }) => hint)).size).toBe(1)
})

test('a record without an ID, and one that cannot be read, are said to be corrected', () => {
  const ring = ringOf({ current: own })
  const facts = (current: SlotContent) =>
    planAdoption(view({ current }, ring), ring, request).warnings.map(({ fact }) => fact)
  expect(facts(has(own, { publicKeyId: null }))).toEqual([
    `variable AMAZON_PAY_KEY has no Public Key ID; it is corrected to ${own.id.id}`,
  ])
  expect(facts({ key: own, text: 'x' })).toEqual([
    'variable AMAZON_PAY_KEY is not JSON; it is replaced',
  ])
})

test('the record that is kept is the one that describes this key', () => {
  const ring = ringOf({ current: own })
  const plan = (record: SlotContent['record']) =>
    planAdoption(view({ current: has(own, record) }, ring), ring, request)
  expect(plan({}).record?.fingerprint).toBe(own.fingerprint)
  expect(plan(false).record).toBeNull()
  expect(plan(false).since).toBe('2026-11-01T00:00:00Z')
})

test('another key than its record describes is named with its input and its variable', () => {
  const ring = { ...ringOf({ current: own }), found: ['current' as const] }
  const target = view({ current: has(other) }, ring)
  expect(() => planAdoption(target, ring, request)).toThrow(
    `variable AMAZON_PAY_KEY describes key ${other.fingerprint}, but current-private-key is key ${own.fingerprint}`,
  )
})
