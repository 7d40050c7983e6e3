import type { Problem } from '../../../src/domain/problem.ts'
import {
  type Promotion,
  type PromotionWish,
  planPromotion,
} from '../../../src/domain/rotation/promotion.ts'
import type { KeyRecord } from '../../../src/domain/rotation/record.ts'
import { type Slot, slotNames, type TargetState } from '../../../src/domain/rotation/slots.ts'

// Keys are called by letters, and what GitHub stores is written with the second in which it was written:
// `B:b@7` is the record of key B with Public Key ID b.

const names = slotNames('AMAZON_PAY')
const at = (second: number): string => `2026-11-24T21:30:${String(second).padStart(2, '0')}Z`
const stored = (second: number) => ({ createdAt: at(0), updatedAt: at(second) })

function record(text: string): TargetState['records'][Slot] {
  const [, fingerprint = '', publicKeyId, second] = /^(\w)(?::(\w+))?@(\d+)$/.exec(text) ?? []
  const record: KeyRecord = {
    version: 1,
    fingerprint,
    publicKey: '',
    publicKeyId: publicKeyId ?? null,
    region: 'us',
    payEnvironment: 'live',
    madeAt: at(0),
    activatedAt: null,
    run: 'https://github.com/acme/shop/actions/runs/17',
  }
  return { ...stored(Number(second)), record }
}

/** Secrets as seconds, records as above. */
interface Given {
  key?: number
  id?: number
  next?: number
  previous?: number
  records?: Partial<Record<Slot, string>>
}

function state({ key, id, next, previous, records = {} }: Given): TargetState {
  const secret = (second: number | undefined) => (second === undefined ? null : stored(second))
  const slot = (name: Slot) => (records[name] === undefined ? null : record(records[name]))
  return {
    privateKey: { current: secret(key), next: secret(next), previous: secret(previous) },
    publicKeyId: secret(id),
    records: { current: slot('current'), next: slot('next'), previous: slot('previous') },
    room: null,
  }
}

/** Key B with ID b is to become current. */
const wish = (more: Partial<PromotionWish> = {}): PromotionWish => ({
  names,
  fingerprint: 'B',
  publicKeyId: 'b',
  previous: null,
  previousPublicKeyId: null,
  keepPrevious: true,
  region: 'us',
  payEnvironment: 'live',
  ...more,
})

function refusal(given: Given, more: Partial<PromotionWish> = {}): Problem {
  try {
    planPromotion(state(given), wish(more))
  } catch (error) {
    return error as Problem
  }
  throw new Error('not refused')
}

const plan = (given: Given, more: Partial<PromotionWish> = {}): Promotion =>
  planPromotion(state(given), wish(more))

const staged = { next: 5, records: { next: 'B@5' } }
const rotation: Given = { key: 1, id: 1, next: 5, records: { current: 'A:a@2', next: 'B@5' } }
const marked: Given = { ...rotation, records: { current: 'A:a@2', next: 'B:b@7' } }

describe('what is written', () => {
  test.each<[string, Given, Partial<PromotionWish>, Partial<Promotion>]>([
    [
      'a first pair: nothing is kept, and nothing is put back',
      staged,
      {},
      {
        pair: true,
        previous: 'not',
        mark: 'update',
        clearNext: true,
        first: true,
        oldPublicKeyId: null,
      },
    ],
    [
      'a first pair that was never staged gets a record for its mark',
      {},
      {},
      { pair: true, mark: 'create', clearNext: true, first: true },
    ],
    [
      'a first pair beside another staged key leaves that alone',
      { next: 5, records: { next: 'C@5' } },
      {},
      { pair: true, mark: 'none', clearNext: false, first: true },
    ],
    [
      'a first pair beside a staged secret without record leaves that alone',
      { next: 5 },
      {},
      { mark: 'none', clearNext: false },
    ],
    [
      'a rotation keeps the current key before the pair changes',
      rotation,
      { previous: 'A' },
      {
        pair: true,
        previous: 'before',
        mark: 'update',
        clearNext: true,
        first: false,
        oldPublicKeyId: 'a',
      },
    ],
    [
      'a rotation to a key that was not staged',
      { key: 1, id: 1, records: { current: 'A:a@2' } },
      { previous: 'A' },
      { pair: true, previous: 'before', mark: 'none', clearNext: false },
    ],
    [
      'a rotation after a leak keeps nothing',
      rotation,
      { keepPrevious: false },
      { pair: true, previous: 'not', oldPublicKeyId: 'a' },
    ],
    [
      'a rotation after a leak compares what it is told',
      rotation,
      { keepPrevious: false, previous: 'A' },
      { pair: true, previous: 'not' },
    ],
    [
      'a rollback keeps the bad key after the pair is written',
      { key: 5, id: 5, previous: 4, records: { current: 'A:a@6', previous: 'B:b@4' } },
      { previous: 'A' },
      {
        pair: true,
        previous: 'after',
        mark: 'none',
        clearNext: false,
        displaced: null,
        oldPublicKeyId: 'a',
      },
    ],
    [
      'a rollback whose secret is gone has nothing to lose',
      { key: 5, id: 5, records: { current: 'A:a@6', previous: 'B:b@4' } },
      { previous: 'A' },
      { pair: true, previous: 'before' },
    ],
    [
      'a pair that is current already',
      { key: 5, id: 5, records: { current: 'B:b@6' } },
      { previous: 'B' },
      { pair: false, previous: 'not', mark: 'none', clearNext: false, warnings: [] },
    ],
    [
      'the current key with a second Public Key ID',
      { key: 5, id: 5, records: { current: 'B:c@6' } },
      { previous: 'B' },
      { pair: true, previous: 'not', oldPublicKeyId: 'c' },
    ],
    [
      'an adoption',
      { key: 1, id: 1, ...staged },
      { previous: 'A', previousPublicKeyId: 'a' },
      { pair: true, previous: 'before', adopting: true, first: false, oldPublicKeyId: 'a' },
    ],
    [
      'an adoption of the pair as it is',
      { key: 1, id: 1 },
      { previous: 'B', previousPublicKeyId: 'b' },
      { pair: true, previous: 'not', adopting: true, mark: 'create', clearNext: true },
    ],
    [
      'an unrecorded pair after a leak',
      { key: 1, id: 1, ...staged },
      { keepPrevious: false },
      { pair: true, previous: 'not', adopting: false, oldPublicKeyId: undefined },
    ],
    [
      'the current secret is gone: there is nothing to keep',
      { id: 1, ...staged, records: { current: 'A:a@2', next: 'B@5' } },
      {},
      { pair: true, previous: 'not' },
    ],
  ])('%s', (_, given, more, expected) => {
    expect(plan(given, more)).toMatchObject(expected)
  })

  test('a third key that nobody retired is named', () => {
    const given = { ...rotation, previous: 3, records: { ...rotation.records, previous: 'Z:z@3' } }
    expect(plan(given, { previous: 'A' }).displaced).toMatchObject({ publicKeyId: 'z' })
  })

  test.each<[string, Given, Partial<PromotionWish>]>([
    ['an ID that was there alone', { id: 1, ...staged }, {}],
    ['a previous key without record', { ...rotation, previous: 3 }, { previous: 'A' }],
    [
      'a previous key that is left alone',
      { ...rotation, previous: 3, records: { ...rotation.records, previous: 'Z:z@3' } },
      { keepPrevious: false },
    ],
    [
      'a rollback that keeps nothing, so that both slots hold one key',
      { key: 5, id: 5, previous: 4, records: { current: 'A:a@6', previous: 'B:b@4' } },
      { keepPrevious: false },
    ],
    [
      'a current secret that is gone',
      { id: 1, ...staged, records: { current: 'A:a@2', next: 'B@5' } },
      {},
    ],
  ])('is told about %s', (_, given, more) => {
    expect(plan(given, more).warnings).toMatchSnapshot()
  })
})

describe('what a killed run left', () => {
  const kept = { previous: 8, records: { current: 'A:a@2', next: 'B:b@7', previous: 'A:a@8' } }

  test.each<[string, Given, Partial<PromotionWish>, Partial<Promotion>]>([
    [
      'marked',
      marked,
      { previous: 'A' },
      { pair: true, previous: 'before', mark: 'none', oldPublicKeyId: 'a' },
    ],
    [
      'marked with another Public Key ID',
      { ...rotation, records: { current: 'A:a@2', next: 'B:c@7' } },
      { previous: 'A' },
      { mark: 'update' },
    ],
    [
      'the Public Key ID written: the old one can be put back',
      { ...rotation, ...kept, id: 9 },
      { previous: 'A' },
      { pair: true, previous: 'before', oldPublicKeyId: 'a', displaced: null },
    ],
    [
      'the pair written: what is put back is the new ID',
      { ...rotation, ...kept, id: 9, key: 9 },
      { previous: 'A' },
      { pair: true, previous: 'before', oldPublicKeyId: 'b' },
    ],
    [
      'the pair written, fresh inputs',
      { ...rotation, ...kept, id: 9, key: 9 },
      { previous: 'B' },
      { pair: true, previous: 'not', oldPublicKeyId: 'b' },
    ],
    [
      'the pair written without a mark, fresh inputs',
      { key: 9, id: 9, previous: 8, records: { current: 'A:a@2', previous: 'A:a@8' } },
      { previous: 'B' },
      { pair: true, previous: 'not', oldPublicKeyId: 'b' },
    ],
    [
      'the pair written without a mark, inputs of then: nobody knows which ID belongs there',
      { key: 9, id: 9, previous: 8, records: { current: 'A:a@2', previous: 'A:a@8' } },
      { previous: 'A' },
      { pair: true, previous: 'before', oldPublicKeyId: undefined },
    ],
    [
      'the pair written after a leak, fresh inputs',
      { ...marked, key: 9, id: 9 },
      { previous: 'B', keepPrevious: false },
      { pair: true, previous: 'not' },
    ],
    [
      'the record written',
      {
        ...rotation,
        key: 9,
        id: 9,
        previous: 8,
        records: { current: 'B:b@9', next: 'B:b@7', previous: 'A:a@8' },
      },
      { previous: 'A' },
      { pair: false, previous: 'not', mark: 'none', clearNext: true },
    ],
    [
      'a first activation with its ID only',
      { id: 8, next: 5, records: { next: 'B:b@7' } },
      {},
      { pair: true, first: true, oldPublicKeyId: null, warnings: [] },
    ],
    [
      'a first activation with both secrets',
      { id: 8, key: 8, next: 5, records: { next: 'B:b@7' } },
      {},
      { pair: true, first: true, previous: 'not', oldPublicKeyId: 'b', adopting: false },
    ],
    [
      'a first activation with both secrets in the very second of its mark',
      { id: 7, key: 7, next: 5, records: { next: 'B:b@7' } },
      { previous: 'B' },
      { pair: true, previous: 'not', adopting: false },
    ],
    [
      'an adoption before its pair',
      { id: 9, key: 1, previous: 8, next: 5, records: { next: 'B:b@7', previous: 'A:a@8' } },
      { previous: 'A', previousPublicKeyId: 'a' },
      { pair: true, previous: 'before', adopting: true, oldPublicKeyId: 'a' },
    ],
    [
      'an adoption after its pair',
      { id: 9, key: 9, previous: 8, next: 5, records: { next: 'B:b@7', previous: 'A:a@8' } },
      { previous: 'A', previousPublicKeyId: 'a' },
      { pair: true, previous: 'before', adopting: false, oldPublicKeyId: 'b' },
    ],
    [
      'an adoption after its pair, fresh inputs',
      { id: 9, key: 9, previous: 8, next: 5, records: { next: 'B:b@7', previous: 'A:a@8' } },
      { previous: 'B', previousPublicKeyId: 'a' },
      { pair: true, previous: 'not', adopting: false },
    ],
    [
      'a rollback with its ID only',
      { key: 5, id: 9, previous: 4, records: { current: 'A:a@6', previous: 'B:b@4' } },
      { previous: 'A' },
      { pair: true, previous: 'after', oldPublicKeyId: 'a' },
    ],
    [
      'a rollback with its pair, fresh inputs',
      { key: 9, id: 9, previous: 4, records: { current: 'A:a@6', previous: 'B:b@4' } },
      { previous: 'B' },
      { pair: true, previous: 'not' },
    ],
    [
      'a rollback with its record: the bad key is still to be kept',
      { key: 9, id: 9, previous: 4, records: { current: 'B:b@9', previous: 'B:b@4' } },
      { previous: 'A' },
      { pair: false, previous: 'after' },
    ],
    [
      'a kept key whose Public Key ID nobody knew',
      { key: 9, id: 9, previous: 4, records: { current: 'B:b@9', previous: 'A@9' } },
      { previous: 'A', previousPublicKeyId: 'a' },
      { pair: false, previous: 'after' },
    ],
    [
      'the current pair was touched after its record: it is written again',
      { key: 9, id: 5, records: { current: 'B:b@6' } },
      { previous: 'B' },
      { pair: true, previous: 'not' },
    ],
    [
      'another activation was begun: the current pair is written again',
      { key: 5, id: 5, next: 7, records: { current: 'B:b@6', next: 'C:c@8' } },
      { previous: 'B' },
      { pair: true, previous: 'not', clearNext: false },
    ],
  ])('%s', (_, given, more, expected) => {
    expect(plan(given, more)).toMatchObject(expected)
  })

  test('a rollback that lost the bad key says so', () => {
    const given = { key: 9, id: 9, previous: 4, records: { current: 'B:b@9', previous: 'B:b@4' } }
    expect(plan(given, { previous: 'B' }).warnings).toMatchSnapshot()
  })
})

describe('what is refused', () => {
  test.each<[string, Given, Partial<PromotionWish>, string]>([
    ['a current key, and none to keep', rotation, {}, 'previous-key-missing'],
    ['an unrecorded pair, untold', { key: 1, id: 1, ...staged }, {}, 'previous-key-missing'],
    [
      'an unrecorded pair, told without ID',
      { key: 1, id: 1, ...staged },
      { previous: 'A' },
      'previous-key-missing',
    ],
    [
      'an unrecorded pair that is older than the mark',
      { key: 1, id: 1, next: 5, records: { next: 'B:b@7' } },
      {},
      'previous-key-missing',
    ],
    [
      'the new key in the place of the old one',
      rotation,
      { previous: 'B' },
      'previous-key-missing',
    ],
    [
      'the new key in the place of the old one, after a leak',
      rotation,
      { previous: 'B', keepPrevious: false },
      'previous-key-missing',
    ],
    [
      'the new key in the place of the old one, when the previous slot only names it',
      { ...marked, key: 9, id: 9, records: { ...marked.records, previous: 'A:a@8' } },
      { previous: 'B' },
      'previous-key-missing',
    ],
    ['another key than the current one', rotation, { previous: 'C' }, 'pair-changed'],
    [
      'another key than the current one, after a leak',
      rotation,
      { previous: 'C', keepPrevious: false },
      'pair-changed',
    ],
    [
      'one key twice with two Public Key IDs',
      { key: 1, id: 1 },
      { previous: 'B', previousPublicKeyId: 'a' },
      'pair-changed',
    ],
    [
      'a private key without Public Key ID',
      { key: 1, ...staged },
      { previous: 'A' },
      'public-key-id-elsewhere',
    ],
    ['another region', rotation, { previous: 'A', region: 'eu' }, 'region-mismatch'],
    [
      'sandbox for live',
      rotation,
      { previous: 'A', payEnvironment: 'sandbox' },
      'pay-environment-mismatch',
    ],
  ])('%s', (_, given, more, code) => {
    const { fact, hint, ...problem } = refusal(given, more)
    expect(problem.code).toBe(code)
    expect(`${fact}. Next: ${hint}.`).toMatchSnapshot()
  })

  test('nothing, where the record does not say a region or live', () => {
    const given = state(rotation)
    const current = given.records.current
    if (current) Object.assign(current.record, { region: null, payEnvironment: null })
    const more = { previous: 'A', region: 'eu', payEnvironment: 'sandbox' } as const
    expect(planPromotion(given, wish(more)).pair).toBe(true)
  })
})
