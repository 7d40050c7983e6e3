import type { KeyRecord } from '../../../src/domain/rotation/record.ts'
import { slotNames, type TargetState } from '../../../src/domain/rotation/slots.ts'
import { planStaging, type StagingWish } from '../../../src/domain/rotation/staging.ts'

const now = new Date('2026-11-24T21:30:00Z')
const names = slotNames('AMAZON_PAY')
const stored = { createdAt: '2026-11-20T00:00:00Z', updatedAt: '2026-11-20T00:00:00Z' }

const record = (fingerprint: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
  version: 1,
  fingerprint,
  publicKey: '',
  publicKeyId: null,
  region: null,
  payEnvironment: null,
  madeAt: '2026-11-24T21:00:00Z',
  activatedAt: null,
  run: 'run 1',
  ...more,
})

/** What stands in the slots of a target, each as a record or as a secret alone. */
function holding(slots: {
  current?: KeyRecord
  next?: KeyRecord
  previous?: KeyRecord
  secret?: boolean
}): TargetState {
  const { current, next, previous, secret = next !== undefined } = slots
  const withRecord = (record?: KeyRecord) => (record ? { ...stored, record } : null)
  return {
    privateKey: {
      current: current ? stored : null,
      next: secret ? stored : null,
      previous: previous ? stored : null,
    },
    publicKeyId: null,
    records: {
      current: withRecord(current),
      next: withRecord(next),
      previous: withRecord(previous),
    },
    room: null,
  }
}

const empty = holding({})
const interrupted = (more: Partial<KeyRecord> = {}) =>
  holding({ next: record('A', more), secret: false })

function plan(states: readonly TargetState[], wish: Partial<StagingWish> = {}) {
  return planStaging(states, {
    names,
    brought: null,
    replaceStaged: null,
    region: null,
    payEnvironment: null,
    run: 'run 2',
    now,
    ...wish,
  })
}

/** The moves in one word each, or the codes of what speaks against. */
function verdict(states: readonly TargetState[], wish: Partial<StagingWish> = {}): string {
  const planned = plan(states, wish)
  if ('plan' in planned) {
    const { moves, staged } = planned.plan
    return `${moves.join(' ')}${staged ? `: ${staged.fingerprint}` : ''}`
  }
  return planned.refusals.map((refusal) => refusal?.code ?? '-').join(' ')
}

describe('one target', () => {
  test.each<[string, TargetState, Partial<StagingWish>, string]>([
    ['nothing is there', empty, {}, 'stage'],
    ['nothing is there, a key is brought', empty, { brought: 'B' }, 'stage'],
    [
      'nothing is there, and consent for a key that is gone',
      empty,
      { replaceStaged: 'A' },
      'stage',
    ],
    ['a key is staged', holding({ next: record('A') }), {}, 'keep: A'],
    ['it is brought', holding({ next: record('A') }), { brought: 'A' }, 'keep: A'],
    ['another is brought', holding({ next: record('A') }), { brought: 'B' }, 'staged-key-exists'],
    ['it may be dropped', holding({ next: record('A') }), { replaceStaged: 'A' }, 'replace'],
    [
      'another may be dropped',
      holding({ next: record('A') }),
      { replaceStaged: 'B' },
      'staged-key-exists',
    ],
    [
      'it may be dropped for a brought one',
      holding({ next: record('A') }),
      { replaceStaged: 'A', brought: 'B' },
      'replace',
    ],
    ['a secret has no record', holding({ secret: true }), {}, 'staged-key-exists'],
    [
      'a secret has no record, whatever may be dropped',
      holding({ secret: true }),
      { replaceStaged: 'A' },
      'staged-key-exists',
    ],
    [
      'the current key is brought',
      holding({ current: record('A') }),
      { brought: 'A' },
      'input-invalid',
    ],
    [
      'the previous key is brought',
      holding({ previous: record('A') }),
      { brought: 'A' },
      'input-invalid',
    ],
    ['the current key is another', holding({ current: record('A') }), { brought: 'B' }, 'stage'],
    [
      'the staged key is for another region',
      holding({ next: record('A', { region: 'us' }) }),
      { region: 'eu' },
      'region-mismatch',
    ],
    [
      'the current key is for another environment',
      holding({ current: record('A', { payEnvironment: 'live' }) }),
      { payEnvironment: 'sandbox' },
      'pay-environment-mismatch',
    ],
    [
      'the staged key is for the same place',
      holding({ next: record('A', { region: 'eu', payEnvironment: 'live' }) }),
      { region: 'eu', payEnvironment: 'live' },
      'keep: A',
    ],
    [
      'the key that is dropped was for another region',
      holding({ next: record('A', { region: 'us' }) }),
      { region: 'eu', replaceStaged: 'A' },
      'replace',
    ],
  ])('%s', (_, state, wish, expected) => {
    expect(verdict([state], wish)).toBe(expected)
  })
})

describe('a record without secret', () => {
  test.each([
    ['of fifteen minutes is young', { madeAt: '2026-11-24T21:15:00Z' }, 'staged-key-exists'],
    ['of a second more is old', { madeAt: '2026-11-24T21:14:59Z' }, 'take-over'],
    ['of this run is never young', { madeAt: '2026-11-24T21:30:00Z', run: 'run 2' }, 'take-over'],
    ['of a clock that is ahead is young', { madeAt: '2026-11-24T22:00:00Z' }, 'staged-key-exists'],
  ])('%s', (_, more, expected) => {
    expect(verdict([interrupted(more)])).toBe(expected)
  })
})

describe('several targets', () => {
  const a = holding({ next: record('A') })
  const b = holding({ next: record('B') })

  test.each<[string, TargetState[], Partial<StagingWish>, string]>([
    ['all empty', [empty, empty], {}, 'stage stage'],
    ['all staged', [a, a], {}, 'keep keep: A'],
    ['some staged', [a, empty], {}, 'staged-key-partial staged-key-partial'],
    ['some staged, but not in the first', [empty, a], {}, 'staged-key-partial staged-key-partial'],
    ['some staged, which is brought', [a, empty], { brought: 'A' }, 'keep stage: A'],
    ['some staged, another is brought', [a, empty], { brought: 'B' }, 'staged-key-exists -'],
    ['some staged, which may be dropped', [a, empty], { replaceStaged: 'A' }, 'replace stage'],
    [
      'some staged, some cut off, which is brought',
      [a, interrupted()],
      { brought: 'A' },
      'keep take-over: A',
    ],
    ['different keys', [a, b], {}, 'staged-key-partial staged-key-partial'],
    [
      'different keys, one of them is brought',
      [a, b],
      { brought: 'A' },
      'staged-key-partial staged-key-partial',
    ],
    [
      'different keys, one of them may be dropped',
      [a, b],
      { replaceStaged: 'A' },
      'staged-key-partial staged-key-partial',
    ],
    [
      'the brought key is current in one',
      [holding({ current: record('A') }), empty],
      { brought: 'A' },
      'input-invalid -',
    ],
    [
      'different findings',
      [holding({ secret: true }), b],
      { replaceStaged: 'A' },
      'staged-key-exists staged-key-exists',
    ],
    ['none', [], {}, ''],
  ])('%s', (_, states, wish, expected) => {
    expect(verdict(states, wish)).toBe(expected)
  })
})

test('every refusal names what to do, and no input by another name', () => {
  const states = [
    holding({ secret: true }),
    interrupted({ madeAt: '2026-11-24T21:29:00Z' }),
    holding({ next: record('A') }),
  ]
  const planned = plan(states, { brought: 'B' })
  const texts = 'refusals' in planned ? planned.refusals.map((refusal) => refusal?.message) : []
  expect(texts).toMatchSnapshot()
})
