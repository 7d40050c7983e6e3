import { changeIn } from '../../../src/domain/rotation/view.ts'
import { type Key, makeKeys, ringOf, type SlotContent, view } from './views.ts'

// Everybody with write access may put a genuine record of another time back, or write one of a key of their own.

const [current, staged, old, stranger] = makeKeys(4) as [Key, Key, Key, Key]
const ring = ringOf({ current, next: staged, previous: old })
const marked: SlotContent['record'] = { change: 'activate' }
const codeOf = (contents: Parameters<typeof view>[0]): string | null =>
  view(contents, ring).slots.current.problem?.code ?? null

test('a record of another key of the ring is believed only while a change is unfinished', () => {
  expect(codeOf({ current: { key: old }, next: { key: staged } })).toBe('pair-changed')
  expect(codeOf({ current: { key: old }, next: { key: staged, record: marked } })).toBeNull()
})

test('a mark in the record of another key than the staged one begins no change', () => {
  const contents = { current: { key: old }, next: { key: stranger, record: marked } }
  expect(changeIn(view(contents, ring))).toBeNull()
  expect(codeOf(contents)).toBe('pair-changed')
})
