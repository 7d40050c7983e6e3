import { daysWords, type Standing, standingOf } from '../../../src/domain/rotation/health.ts'
import type { KeyRecord } from '../../../src/domain/rotation/record.ts'
import { type Slot, slotNames, type TargetState } from '../../../src/domain/rotation/slots.ts'

const names = slotNames('AMAZON_PAY')
const now = new Date('2026-11-24T21:30:00Z')
const ago = (days: number): string =>
  `${new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 19)}Z`
const stored = (days: number) => ({ createdAt: ago(days), updatedAt: ago(days) })

/** Ages in days; a record as key, Public Key ID and age: `A:a@40`. */
interface Given {
  key?: number
  id?: number
  next?: number
  previous?: number
  records?: Partial<Record<Slot, string>>
}

function standing({ key, id, next, previous, records = {} }: Given, maxAgeDays = 90): Standing {
  const secret = (days: number | undefined) => (days === undefined ? null : stored(days))
  const slot = (name: Slot): TargetState['records'][Slot] => {
    const [, fingerprint = '', publicKeyId = null, days] =
      /^(\w)(?::(\w+))?@(\d+)$/.exec(records[name] ?? '') ?? []
    if (days === undefined) return null
    const record: KeyRecord = {
      version: 1,
      fingerprint,
      publicKey: '',
      publicKeyId,
      region: 'us',
      payEnvironment: 'live',
      madeAt: ago(Number(days)),
      activatedAt: null,
      run: 'https://github.com/acme/shop/actions/runs/17',
    }
    return { ...stored(Number(days)), record }
  }
  const state: TargetState = {
    privateKey: { current: secret(key), next: secret(next), previous: secret(previous) },
    publicKeyId: secret(id),
    records: { current: slot('current'), next: slot('next'), previous: slot('previous') },
    room: null,
  }
  return standingOf({ name: 'acme/shop', environment: null }, state, names, { now, maxAgeDays })
}

const current = { key: 40, id: 40, records: { current: 'A:a@40' } }

describe('findings and the next step', () => {
  test.each<[string, Given]>([
    ['nothing at all', {}],
    ['a current key', current],
    ['a current key that is due', { key: 90, id: 90, records: { current: 'A:a@90' } }],
    ['a staged key', { ...current, next: 13, records: { ...current.records, next: 'B@13' } }],
    [
      'a staged key for long',
      { ...current, next: 14, records: { ...current.records, next: 'B@14' } },
    ],
    ['a first staged key', { next: 1, records: { next: 'B@1' } }],
    [
      'an activation that was cut off',
      { ...current, next: 2, records: { ...current.records, next: 'B:b@2' } },
    ],
    [
      'an activation that was cut off inside the pair',
      { key: 40, id: 1, next: 2, records: { current: 'A:a@40', next: 'B:b@2' } },
    ],
    [
      'an activation that was cut off at the end',
      { ...current, next: 41, records: { ...current.records, next: 'A:a@40' } },
    ],
    [
      'an activation that was cut off at the very end',
      { ...current, records: { ...current.records, next: 'A:a@40' } },
    ],
    [
      'a rollback that was cut off inside the pair',
      { key: 40, id: 1, previous: 50, records: { current: 'B:b@40', previous: 'A:a@50' } },
    ],
    [
      'a rollback that was cut off after the pair',
      { key: 1, id: 1, previous: 50, records: { current: 'A:a@1', previous: 'A:a@50' } },
    ],
    [
      'a previous key',
      { ...current, previous: 29, records: { ...current.records, previous: 'Z:z@80' } },
    ],
    [
      'a previous key for long',
      { ...current, previous: 30, records: { ...current.records, previous: 'Z:z@80' } },
    ],
    [
      'a previous key without ID',
      { ...current, previous: 2, records: { ...current.records, previous: 'Z@80' } },
    ],
    ['a previous key without any other', { previous: 10, records: { previous: 'Z:z@80' } }],
    [
      'a previous record alone',
      { ...current, records: { ...current.records, previous: 'Z:z@10' } },
    ],
    ['a previous secret alone', { ...current, previous: 10 }],
    ['a staged record alone', { ...current, records: { ...current.records, next: 'B@1' } }],
    ['a staged secret alone', { ...current, next: 1 }],
    ['a pair that nobody recorded', { key: 200, id: 200 }],
    ['a private key alone', { key: 5 }],
    ['a Public Key ID alone', { id: 5 }],
    ['a current record alone', { id: 40, records: { current: 'A:a@40' } }],
    [
      'a current record alone, with a way back',
      { id: 40, previous: 40, records: { current: 'A:a@40', previous: 'Z:z@80' } },
    ],
  ])('%s', (_, given) => {
    const { findings, nextStep } = standing(given)
    expect({ findings, nextStep }).toMatchSnapshot()
  })
})

describe('ages', () => {
  test('count from when the key was made, and of the previous one from when it was replaced', () => {
    const given = {
      key: 3,
      id: 3,
      next: 2,
      previous: 3,
      records: { current: 'A:a@40', next: 'B@7', previous: 'Z:z@80' },
    }
    const { current, next, previous } = standing(given)
    expect([current.days, next.days, previous.days]).toEqual([40, 7, 3])
  })

  test('count from GitHub’s date where there is no record, and never below zero', () => {
    const { current, next, previous } = standing({ key: 12, next: -1 })
    expect([current.days, next.days, previous.days]).toEqual([12, 0, null])
  })

  test.each([
    [89, false],
    [90, true],
    [91, true],
  ])('of %s days are due: %s', (days, due) => {
    expect(standing({ key: 1, id: 1, records: { current: `A:a@${days}` } }).due).toBe(due)
  })

  test('are due earlier when the workflow says so', () => {
    expect(standing(current, 40).due).toBe(true)
    expect(standing(current, 41).due).toBe(false)
  })

  test('of a key that is not there are never due', () => {
    expect(standing({}, 0).due).toBe(false)
    expect(standing({ key: 0, id: 0 }, 0).due).toBe(true)
  })

  test('are told in words', () => {
    expect([0, 1, 2].map(daysWords)).toEqual(['0 days', '1 day', '2 days'])
  })
})
