import { emptyRing } from '../../../src/domain/rotation/ring.ts'
import {
  assertNoOtherChange,
  changeIn,
  describeView,
  locateRing,
} from '../../../src/domain/rotation/view.ts'
import { type Key, makeKeys, ringOf, type SlotContent, view } from './views.ts'

// Everybody with write access may put a genuine record of another time back, or write one of a key of their own.

const [current, staged, old, stranger] = makeKeys(4) as [Key, Key, Key, Key]
const ring = ringOf({ current, next: staged, previous: old })
const marked = { change: 'activate' } as const
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

test.each([
  ['current', 'delete variable AMAZON_PAY_KEY and run command: adopt'],
  ['next', 'delete variable AMAZON_PAY_KEY_NEXT and run command: generate'],
  ['previous', 'delete variable AMAZON_PAY_KEY_PREVIOUS and run command: retire with its Public'],
] as const)('another key than the record of %s describes is repaired by hand', (slot, hint) => {
  const { problem } = view({ [slot]: { key: stranger } }, ring).slots[slot]
  expect(problem?.hint).toContain(hint)
})

test.each<[string, NonNullable<SlotContent['record']>, typeof ring, string]>([
  ['activate', marked, ring, `run command: activate with public-key-id: ${staged.id.id} again`],
  ['activate', marked, emptyRing, 'run command: activate again'],
  ['activate', { ...marked, publicKeyId: null }, ring, 'run command: activate again'],
  ['rollback', { change: 'rollback' }, ring, 'run command: rollback again'],
])('what finishes an unfinished %s is said', (_, record, keys, hint) => {
  const target = view({ next: { key: staged, record } }, keys)
  expect(() => assertNoOtherChange(target, 'generate')).toThrow(
    expect.objectContaining({ code: 'change-unfinished', hint: `${hint}, which finishes it` }),
  )
})

test('the command that began a change may finish it', () => {
  const target = view({ next: { key: staged, record: marked } }, ring)
  expect(() => assertNoOtherChange(target, 'activate')).not.toThrow()
  expect(() => assertNoOtherChange(view({}, ring), 'generate')).not.toThrow()
})

describe('what all targets say about the ring', () => {
  const looked = (...targets: Parameters<typeof view>[0][]) =>
    locateRing(
      targets.map((contents) => view(contents, ring)),
      ring,
    )

  test('keeps its keys', () => {
    expect(looked({})).toMatchObject({ current: ring.current, next: ring.next })
  })

  test.each<[string, Parameters<typeof view>[0][], string[]]>([
    ['no slot where there is no record', [{}], []],
    ['no slot with another key', [{ current: { key: old }, next: { key: current } }], []],
    [
      'each slot with its key',
      [{ current: { key: current }, previous: { key: old } }],
      ['current', 'previous'],
    ],
    ['a slot that one target has', [{}, { next: { key: staged } }], ['next']],
  ])('finds %s', (_, targets, found) => {
    expect(looked(...targets).found).toEqual(found)
  })

  test.each<[string, Parameters<typeof view>[0][], boolean]>([
    ['in no target', [{ current: { key: current } }, {}], false],
    ['in one target', [{}, { next: { key: staged, record: marked } }], true],
  ])('knows of a change that has begun %s', (_, targets, changing) => {
    expect(looked(...targets).changing).toBe(changing)
  })

  test('counts no key that was not given', () => {
    const none = ringOf({})
    expect(locateRing([view({ current: { key: current } }, none)], none).found).toEqual([])
    expect(none).toEqual({ current: null, next: null, previous: null, found: [], changing: false })
  })
})

test('a debug log gets dates, fingerprints and codes of what was seen', () => {
  const contents = { current: { key: old }, next: { key: staged, record: marked, secret: false } }
  expect(JSON.parse(describeView(view(contents, ring, { room: 7 })))).toEqual({
    current: {
      secret: '2026-11-01T00:00:00Z',
      fingerprint: old.fingerprint,
      change: null,
      compared: true,
      problem: undefined,
    },
    next: { fingerprint: staged.fingerprint, change: 'activate', compared: true },
    previous: { compared: false },
    publicKeyId: '2026-11-01T00:00:00Z',
    room: 7,
  })
  expect(JSON.parse(describeView(view({}, ring)))).not.toHaveProperty('publicKeyId')
  const forged = { current: { key: current, text: '{}' } }
  expect(describeView(view(forged, ring))).toContain('"problem":"record-unreadable"')
})
