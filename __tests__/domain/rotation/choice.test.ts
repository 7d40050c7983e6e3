import { type Choice, choosePrevious, chooseStaged } from '../../../src/domain/rotation/choice.ts'
import type { Slot } from '../../../src/domain/rotation/slots.ts'
import { type Key, makeKeys, names, outcomeOf, ringOf, type SlotContent, view } from './views.ts'

const [current, staged, third] = makeKeys(3) as [Key, Key, Key]
const ring = ringOf({ current, next: staged, previous: third })
type Contents = Partial<Record<Slot, SlotContent>>
const rows = (targets: readonly Contents[]) =>
  targets.map((contents) => ({ view: view(contents, ring) }))
const has = (key: Key, record: SlotContent['record'] = {}): SlotContent => ({ key, record })
const keyOf = (found: Choice | string): string =>
  typeof found === 'string'
    ? found
    : `${found.record.fingerprint}${found.resumed ? ' resumed' : ''}`

const waiting = has(staged, { publicKeyId: null })
const backAt = { rolledBackAt: '2026-11-02T00:00:00Z' }

describe('activate chooses', () => {
  test.each<[string, readonly Contents[], Key, string]>([
    ['the staged key', [{ current: has(current), next: waiting }], staged, staged.fingerprint],
    ['nothing when nothing is staged', [{ current: has(current) }], staged, 'staged-key-missing'],
    [
      'nothing when different keys are staged',
      [{ next: waiting }, { next: has(third) }],
      staged,
      'staged-key-partial',
    ],
    [
      'the key that a finished target has',
      [{ current: has(staged) }, { current: has(current), next: waiting }],
      staged,
      `${staged.fingerprint} resumed`,
    ],
    [
      'the current key when it has this ID',
      [{ current: has(current) }],
      current,
      `${current.fingerprint} resumed`,
    ],
    [
      'nothing when the ID is the current key’s and another is staged',
      [{ current: has(current), next: waiting }],
      current,
      'pair-mismatch',
    ],
    [
      'the staged key beside keys without an ID',
      [
        {
          current: has(current, { publicKeyId: null }),
          next: waiting,
          previous: has(third, { publicKeyId: null }),
        },
      ],
      staged,
      staged.fingerprint,
    ],
    [
      'the staged key beside a previous one with another ID',
      [{ current: has(current), next: waiting, previous: has(third) }],
      staged,
      staged.fingerprint,
    ],
    [
      'the staged key when it is the previous one as well',
      [{ current: has(current), next: waiting, previous: has(staged) }],
      staged,
      staged.fingerprint,
    ],
    [
      'the staged key whose activation was begun',
      [{ current: has(current), next: has(staged, { change: 'activate' }) }],
      staged,
      `${staged.fingerprint} resumed`,
    ],
    [
      'nothing when nothing is staged and the ID is the previous key’s',
      [{ current: has(current), previous: has(third) }],
      third,
      'staged-key-missing',
    ],
    [
      'nothing when different current keys have the ID',
      [{ current: has(current) }, { current: has(third, { publicKeyId: current.id }) }],
      current,
      'staged-key-partial',
    ],
    [
      'nothing when a finished target has the ID and another key is staged elsewhere',
      [{ current: has(staged) }, { current: has(current), next: has(third) }],
      staged,
      'pair-mismatch',
    ],
    [
      'nothing when the ID is the previous key’s',
      [{ next: waiting, previous: has(third) }],
      third,
      'pair-mismatch',
    ],
  ])('%s', (_, targets, { id }, expected) => {
    expect(keyOf(outcomeOf(() => chooseStaged(rows(targets), id, names)))).toBe(expected)
  })
})

describe('rollback chooses', () => {
  const normal = { current: has(current), previous: has(third) }
  test.each<[string, readonly Contents[], Key | null, string]>([
    ['the previous key', [normal], null, third.fingerprint],
    [
      'nothing when there is no previous key',
      [{ current: has(current) }],
      null,
      'nothing-to-roll-back',
    ],
    [
      'nothing when the previous key was rolled back from',
      [{ ...normal, previous: has(third, backAt) }],
      null,
      'nothing-to-roll-back',
    ],
    [
      'a key that was rolled back from when its ID is typed',
      [{ ...normal, previous: has(third, backAt) }],
      third,
      third.fingerprint,
    ],
    ['nothing when another ID is typed', [normal], staged, 'pair-mismatch'],
    [
      'the previous key beside a staged one',
      [{ ...normal, next: waiting }],
      null,
      third.fingerprint,
    ],
    [
      'a key that was rolled back from beside one without an ID when its ID is typed',
      [
        { current: has(current, { publicKeyId: null }), previous: has(third, backAt) },
        { current: has(current), previous: has(staged, { ...backAt, publicKeyId: null }) },
      ],
      third,
      third.fingerprint,
    ],
    [
      'the current key when its ID is typed and there is no previous one',
      [{ current: has(current, { publicKeyId: null }) }, { current: has(current) }],
      current,
      `${current.fingerprint} resumed`,
    ],
    [
      'a key without ID when it is typed',
      [{ ...normal, previous: has(third, { publicKeyId: null }) }],
      third,
      third.fingerprint,
    ],
    [
      'nothing when interrupted rollbacks lead to different keys',
      [
        { current: has(current), next: has(third, { change: 'rollback' }), previous: has(third) },
        { current: has(current), next: has(staged, { change: 'rollback' }), previous: has(staged) },
      ],
      null,
      'staged-key-partial',
    ],
    [
      'the key of a target that has begun, in all targets',
      [{ ...normal, next: has(third, { change: 'rollback' }) }, normal],
      null,
      `${third.fingerprint} resumed`,
    ],
    [
      'the key that an interrupted rollback was about to activate',
      [
        {
          current: has(current),
          next: has(third, { change: 'rollback' }),
          previous: has(current, backAt),
        },
      ],
      null,
      `${third.fingerprint} resumed`,
    ],
    [
      'the previous key of a target that is left',
      [{ current: has(third), previous: has(current, backAt) }, normal],
      null,
      `${third.fingerprint} resumed`,
    ],
    [
      'nothing when the targets have different previous keys',
      [normal, { current: has(current), previous: has(staged) }],
      null,
      'staged-key-partial',
    ],
    [
      'a key without ID only when it is typed',
      [{ ...normal, previous: has(third, { publicKeyId: null }) }],
      null,
      'public-key-id-invalid',
    ],
    [
      'nothing for a rolled back key without ID',
      [{ ...normal, previous: has(third, { ...backAt, publicKeyId: null }) }],
      null,
      'nothing-to-roll-back',
    ],
  ])('%s', (_, targets, typed, expected) => {
    expect(keyOf(outcomeOf(() => choosePrevious(rows(targets), typed?.id ?? null, names)))).toBe(
      expected,
    )
  })
})

test('the ID of the previous key is the one in its record, otherwise the one that is typed', () => {
  const idOf = (record: SlotContent['record'], typed: Key | null) =>
    choosePrevious(rows([{ previous: has(third, record) }]), typed?.id ?? null, names).publicKeyId
  expect(idOf({}, null)).toEqual(third.id)
  expect(idOf({ publicKeyId: null }, staged)).toEqual(staged.id)
})

test('why there is nothing to roll back to is said, with the ID only of a key that was compared', () => {
  const messageOf = (contents: Contents, keys = ring): string => {
    const targets = [{ view: view(contents, keys) }]
    try {
      choosePrevious(targets, null, names)
    } catch (error) {
      return String(error)
    }
    return ''
  }
  const back = { current: has(current), previous: has(third, backAt) }
  expect(messageOf(back)).toContain(`at ${backAt.rolledBackAt}`)
  expect(messageOf(back)).toContain(`pass public-key-id: ${third.id.id}`)
  expect(messageOf(back, ringOf({}))).toContain('pass its Public Key ID as public-key-id')
  expect(messageOf({ current: has(current) })).toContain('there is no previous key')
})
