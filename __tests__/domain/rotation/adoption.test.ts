import { type Adoption, planAdoption } from '../../../src/domain/rotation/adoption.ts'
import type { Slot } from '../../../src/domain/rotation/slots.ts'
import { assertNoOtherChange } from '../../../src/domain/rotation/view.ts'
import { type Key, makeKeys, outcomeOf, ringOf, type SlotContent, view } from './views.ts'

const [own, other] = makeKeys(2) as [Key, Key]
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
  ['a pair that is adopted already', { current: has(own) }, own, {}, ''],
  [
    'a record with a mistyped ID',
    { current: has(own, { publicKeyId: other.id }) },
    own,
    {},
    'id record warning',
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
  const ring = ringOf(current ? { current } : {})
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
