import { parsePublicKeyId } from '../../../src/domain/amazon-pay/public-key-id.ts'
import type { PromotionRequest } from '../../../src/domain/rotation/choice.ts'
import { type Promotion, planPromotion } from '../../../src/domain/rotation/promotion.ts'
import type { Slot } from '../../../src/domain/rotation/slots.ts'
import { assertNoOtherChange } from '../../../src/domain/rotation/view.ts'
import { type Key, makeKeys, outcomeOf, recordOf, ringOf, type SlotContent, view } from './views.ts'

const [current, staged, third] = makeKeys(3) as [Key, Key, Key]
const activation: PromotionRequest = {
  change: 'activate',
  record: recordOf(staged),
  publicKeyId: staged.id,
  keepPrevious: true,
  replaceStaged: null,
  resumed: false,
  region: null,
  payEnvironment: null,
}
/** Back to the key `staged`, which is the previous one here. */
const going: PromotionRequest = { ...activation, change: 'rollback' }
const has = (key: Key, record: SlotContent['record'] = {}): SlotContent => ({ key, record })
const waiting = has(staged, { publicKeyId: null })
const marked = has(staged, { change: 'activate' })
const markedBack = has(staged, { change: 'rollback' })
const before = { current: has(current), next: waiting }

type Contents = Partial<Record<Slot, SlotContent>>
type Keys = Partial<Record<Slot, Key>>
const plan = (
  contents: Contents,
  keys: Keys,
  more: Partial<PromotionRequest> = {},
  state: Parameters<typeof view>[2] = {},
): Promotion | string => {
  const ring = { ...ringOf(keys), changing: more.resumed ?? false }
  const request = { ...activation, ...more }
  const target = view(contents, ring, state)
  return outcomeOf(() => {
    assertNoOtherChange(target, request.change)
    return planPromotion(target, ring, request)
  })
}
const short = (found: Promotion | string): string => {
  if (typeof found === 'string') return found
  const { finished, discard, stage, mark, keep, first, clear } = found
  const words = { finished, discard, stage, mark, keep: keep !== null, first, clear }
  return Object.entries(words)
    .filter(([, is]) => is)
    .map(([word]) => word)
    .join(' ')
}

describe('activate', () => {
  test.each<[string, Contents, Keys, Partial<PromotionRequest>, string]>([
    ['a staged key beside a current one', before, { current, next: staged }, {}, 'mark keep clear'],
    ['the first key', { next: waiting }, { next: staged }, {}, 'mark first clear'],
    [
      'an earlier copy of the current key is not kept twice',
      { ...before, previous: has(current) },
      { current, next: staged },
      {},
      'mark clear',
    ],
    [
      'the current key of another region',
      { ...before },
      { current, next: staged },
      { region: 'us' },
      'region-mismatch',
    ],
    [
      'the current key whose secret is gone is not the first one',
      { current: { ...has(current), secret: false }, next: waiting },
      { current, next: staged },
      {},
      'mark keep clear',
    ],
    [
      'without a current key, but with a previous one, is not the first one',
      { next: waiting, previous: has(third) },
      { next: staged },
      {},
      'mark clear',
    ],
    [
      'a previous record whose secret is gone is kept again',
      { ...before, previous: { ...has(current), secret: false } },
      { current, next: staged },
      {},
      'mark keep clear',
    ],
    [
      'a pair without record, without current-private-key',
      { current: has(current, false), next: waiting },
      { next: staged },
      {},
      'pair-unmanaged',
    ],
    [
      'a forged staged record',
      { ...before, next: { key: staged, text: '{}' } },
      { current, next: staged },
      {},
      'record-unreadable',
    ],
    [
      'an ID without prefix fits any environment',
      before,
      { current, next: staged },
      { publicKeyId: parsePublicKeyId('B'.repeat(24)) },
      'mark keep clear',
    ],
    [
      'a key without environment fits any ID',
      { ...before, next: has(staged, { publicKeyId: null, payEnvironment: null }) },
      { current, next: staged },
      {},
      'mark keep clear',
    ],
    ['nothing is staged', { current: has(current) }, { current }, {}, 'staged-key-missing'],
    [
      'another key is staged',
      { current: has(current), next: has(third) },
      { current, next: third },
      {},
      'staged-key-missing',
    ],
    [
      'only the record of the staging is there',
      { ...before, next: { ...waiting, secret: false } },
      { current, next: staged },
      {},
      'staged-key-missing',
    ],
    ['without current-private-key', before, { next: staged }, {}, 'current-key-missing'],
    [
      'with another current key than the record says',
      before,
      { current: third, next: staged },
      {},
      'pair-changed',
    ],
    [
      'with the current key in another input only',
      before,
      { next: staged, previous: current },
      {},
      'current-key-missing',
    ],
    [
      'a pair without record',
      { current: has(current, false), next: waiting },
      { current, next: staged },
      {},
      'pair-unmanaged',
    ],
    [
      'a forged current record',
      { current: { key: current, text: '{}' }, next: waiting },
      { current, next: staged },
      {},
      'record-unreadable',
    ],
    [
      'a third key in previous',
      { ...before, previous: has(third) },
      { current, next: staged, previous: third },
      {},
      'previous-key-unretired',
    ],
    [
      'a third key without record in previous',
      { ...before, previous: has(third, false) },
      { current, next: staged },
      {},
      'previous-key-unretired',
    ],
    [
      'a forged previous record',
      { ...before, previous: { key: third, text: 'x' } },
      { current, next: staged },
      {},
      'record-unreadable',
    ],
    [
      'the key was rolled back from',
      { ...before, previous: has(staged, { rolledBackAt: '2026-11-02T00:00:00Z' }) },
      { current, next: staged },
      {},
      'pair-changed',
    ],
    [
      'after a leak, nothing is compared or kept',
      before,
      { next: staged },
      { keepPrevious: false },
      'mark clear',
    ],
    [
      'after a leak, a forged current record does not matter',
      { current: { key: current, text: '{}' }, next: waiting },
      { next: staged },
      { keepPrevious: false },
      'mark clear',
    ],
    [
      'a rollback is unfinished',
      { current: has(current), next: markedBack },
      { current, next: staged },
      {},
      'change-unfinished',
    ],
  ])('%s', (_, contents, keys, more, expected) => {
    expect(short(plan(contents, keys, more))).toBe(expected)
  })

  test('the Public Key ID is stored elsewhere', () => {
    expect(plan(before, { current, next: staged }, {}, { publicKeyId: false })).toBe(
      'public-key-id-elsewhere',
    )
  })

  test('the Public Key ID that an interrupted run has not written yet is not missed', () => {
    const begun = { current: has(current), next: marked }
    const found = plan(begun, { current, next: staged }, {}, { publicKeyId: false })
    expect(short(found)).toBe('keep clear')
  })

  test('the old key is kept with its own record', () => {
    const found = plan(before, { current, next: staged })
    expect(found).toMatchObject({
      old: { fingerprint: current.fingerprint },
      keep: { key: { fingerprint: current.fingerprint }, record: { publicKeyId: current.id } },
      warnings: [],
    })
  })

  test('an older key in previous is named by its ID only when its record was compared', () => {
    const messageOf = (previous: Key | undefined) => {
      const ring = ringOf({ current, next: staged, ...(previous && { previous }) })
      const target = view({ ...before, previous: has(third) }, ring)
      return () => planPromotion(target, ring, activation)
    }
    expect(messageOf(third)).toThrow(`an older key, Public Key ID ${third.id.id}, that was never`)
    expect(messageOf(undefined)).toThrow('an older key that was never retired')
  })

  test.each<[string, Contents, Keys, object, number]>([
    ['for the first pair', { next: waiting }, { next: staged }, {}, 2],
    ['for a previous key', before, { current, next: staged }, {}, 1],
    [
      'where the secret of previous exists',
      { current: has(current), next: marked, previous: has(current, false) },
      { current, next: staged, previous: current },
      {},
      0,
    ],
    [
      'where the staged secret is gone',
      { current: has(current), next: { ...marked, secret: false }, previous: has(current) },
      { current, previous: staged },
      {},
      0,
    ],
    [
      'for a rollback',
      { current: has(current), previous: has(staged) },
      { current, previous: staged },
      { change: 'rollback' },
      1,
    ],
    [
      'for a rollback that discards a staged key',
      { current: has(current), next: has(third), previous: has(staged) },
      { current, next: third, previous: staged },
      { change: 'rollback', replaceStaged: third.fingerprint },
      0,
    ],
  ])('room is needed %s', (_, contents, keys, more, needed) => {
    const planned = (room: number) => plan(contents, keys, more, { room })
    expect(typeof planned(needed)).toBe('object')
    if (needed > 0) expect(planned(needed - 1)).toBe('secret-write-failed')
  })

  test('there is no room for the previous key', () => {
    expect(plan(before, { current, next: staged }, {}, { room: 0 })).toBe('secret-write-failed')
    expect(short(plan(before, { current, next: staged }, {}, { room: 1 }))).toBe('mark keep clear')
  })
})

test('a staged secret without record is named when a rollback needs its slot', () => {
  const ring = ringOf({ current, previous: staged })
  const contents = { current: has(current), next: has(third, false), previous: has(staged) }
  expect(() => planPromotion(view(contents, ring), ring, going)).toThrow(
    'secret AMAZON_PAY_PRIVATE_KEY_NEXT has no key record in variable AMAZON_PAY_KEY_NEXT',
  )
})

test('a third key that was stored by hand is named, and not overwritten', () => {
  const ring = { ...ringOf({ current: third, next: staged, previous: current }), changing: true }
  const target = view({ current: has(current), next: marked }, ring)
  expect(() => planPromotion(target, ring, activation)).toThrow(
    `variable AMAZON_PAY_KEY describes key ${current.fingerprint}, but current-private-key is key ${third.fingerprint}`,
  )
})

test('a Public Key ID of the other environment is not taken', () => {
  const publicKeyId = parsePublicKeyId(`LIVE-${'B'.repeat(24)}`)
  expect(plan(before, { current, next: staged }, { publicKeyId })).toBe('pay-environment-mismatch')
})

describe('an interrupted activation goes on', () => {
  test.each<[string, Contents, Keys, Partial<PromotionRequest>, string]>([
    [
      'after the mark',
      { current: has(current), next: marked },
      { current, next: staged },
      {},
      'keep clear',
    ],
    [
      'after the mark, with another ID',
      { current: has(current), next: has(staged, { change: 'activate', publicKeyId: third.id }) },
      { current, next: staged },
      {},
      'mark keep clear',
    ],
    [
      'after a mark without an ID',
      { current: has(current), next: has(staged, { change: 'activate', publicKeyId: null }) },
      { current, next: staged },
      {},
      'mark keep clear',
    ],
    [
      'after the secret of previous, with inputs from before',
      { current: has(current), next: marked, previous: has(current, false) },
      { current, next: staged },
      {},
      'keep clear',
    ],
    [
      'after the secret of previous',
      { current: has(current), next: marked, previous: has(current, false) },
      { current, next: staged, previous: current },
      {},
      'keep clear',
    ],
    [
      'after the record of previous',
      { current: has(current), next: marked, previous: has(current) },
      { current, next: staged, previous: current },
      {},
      'clear',
    ],
    [
      'after the pair, with fresh inputs',
      { current: has(current), next: marked, previous: has(current) },
      { current: staged, next: staged, previous: current },
      {},
      'clear',
    ],
    [
      'after the pair, with inputs from before',
      { current: has(current), next: marked, previous: has(current) },
      { current, next: staged },
      {},
      'clear',
    ],
    [
      'after the current record',
      { current: has(staged), next: marked, previous: has(current) },
      { current: staged, next: staged, previous: current },
      {},
      'finished clear',
    ],
    [
      'after the staged secret was deleted',
      { current: has(staged), next: { ...marked, secret: false }, previous: has(current) },
      { current: staged, previous: current },
      {},
      'finished clear',
    ],
    [
      'after the end',
      { current: has(staged), previous: has(current) },
      { current: staged, previous: current },
      {},
      'finished',
    ],
    [
      'of the first key, after the pair',
      { current: has(staged, false), next: marked },
      { current: staged, next: staged },
      {},
      'clear',
    ],
    [
      'of the first key, but another pair was stored meanwhile',
      { current: has(third, false), next: marked },
      { current: third, next: staged },
      {},
      'pair-unmanaged',
    ],
    [
      'in another target, where the current key came in another input',
      before,
      { current: staged, next: staged, previous: current },
      { resumed: true },
      'mark keep clear',
    ],
    [
      'in another target, without the key that is to be kept',
      before,
      { current: staged, next: staged },
      { resumed: true },
      'pair-changed',
    ],
    [
      'with a key that is current without an ID',
      { current: has(staged, { publicKeyId: null }) },
      { current: staged },
      {},
      'pair-mismatch',
    ],
    [
      'with a key that is current already, whatever current-private-key has',
      { current: has(staged) },
      { current: third },
      {},
      'finished',
    ],
    [
      'with a current record that an old one of the previous key replaced',
      { current: has(staged), previous: has(staged) },
      { current, previous: staged },
      {},
      'pair-changed',
    ],
    [
      'with a third key in current-private-key after the pair',
      { current: has(current), next: marked, previous: has(current) },
      { current: third, next: staged },
      {},
      'pair-changed',
    ],
    [
      'and a finished one of another region is refused',
      { current: has(staged), previous: has(current) },
      { current: staged },
      { region: 'us' },
      'region-mismatch',
    ],
    [
      'of the first key, with inputs from before',
      { current: has(staged, false), next: marked },
      { next: staged },
      {},
      'clear',
    ],
    [
      'and its key is in no input but in previous already',
      { current: has(current), next: marked, previous: has(current) },
      { next: staged },
      {},
      'clear',
    ],
    [
      'and its key is in no input and not in previous',
      { current: has(current), next: marked },
      { next: staged },
      {},
      'current-key-missing',
    ],
    [
      'over an older key in previous is refused',
      { current: has(current), next: marked, previous: has(third) },
      { current, next: staged },
      {},
      'previous-key-unretired',
    ],
    [
      'with a key that is current under another ID',
      { current: has(staged, { publicKeyId: third.id }) },
      { current: staged },
      {},
      'pair-mismatch',
    ],
  ])('%s', (_, contents, keys, more, expected) => {
    expect(short(plan(contents, keys, more))).toBe(expected)
  })
})

describe('rollback', () => {
  const normal = { current: has(current), previous: has(staged) }
  const replaced = { ...normal, next: has(third, { publicKeyId: null }) }
  test.each<[string, Contents, Keys, Partial<PromotionRequest>, string]>([
    ['to the previous key', normal, { current, previous: staged }, {}, 'stage mark keep clear'],
    [
      'while another key is staged',
      replaced,
      { current, previous: staged, next: third },
      {},
      'staged-key-exists',
    ],
    [
      'while another key is staged that may go',
      replaced,
      { current, previous: staged, next: third },
      { replaceStaged: third.fingerprint },
      'discard stage mark keep clear',
    ],
    [
      'while a leftover of the current key is staged',
      { ...normal, next: has(current) },
      { current, previous: staged, next: current },
      {},
      'discard stage mark keep clear',
    ],
    [
      'while a staged secret has no record',
      { ...normal, next: has(third, false) },
      { current, previous: staged },
      {},
      'staged-key-exists',
    ],
    [
      'to another key than the record of previous says',
      normal,
      { current, previous: third },
      {},
      'pair-changed',
    ],
    [
      'in a target without that key',
      { current: has(current) },
      { current, previous: staged },
      {},
      'nothing-to-roll-back',
    ],
    [
      'while an activation is unfinished',
      { ...normal, next: has(third, { change: 'activate' }) },
      { current, previous: staged, next: third },
      {},
      'change-unfinished',
    ],
    [
      'while another key of another region is staged that may go',
      { ...normal, next: has(third, { publicKeyId: null, region: 'us' }) },
      { current, previous: staged, next: third },
      { replaceStaged: third.fingerprint, region: 'eu' },
      'discard stage mark keep clear',
    ],
    [
      'over a pair without record, while a staged secret has none either',
      { current: has(current, false), next: has(third, false), previous: has(staged) },
      { previous: staged },
      { keepPrevious: false },
      'staged-key-exists',
    ],
    [
      'over a pair without record, while another key is staged',
      { current: has(current, false), next: has(third), previous: has(staged) },
      { previous: staged, next: third },
      { keepPrevious: false },
      'staged-key-exists',
    ],
    [
      'while a forged record is staged',
      { ...normal, next: { key: third, text: '{}' } },
      { current, previous: staged },
      {},
      'record-unreadable',
    ],
    [
      'in a target where a rollback to another key was begun',
      { current: has(current), next: { ...has(third, { change: 'rollback' }), secret: false } },
      { current, previous: staged },
      {},
      'nothing-to-roll-back',
    ],
    [
      'goes on where nothing is in previous yet',
      { current: has(current), next: markedBack },
      { current, next: staged },
      {},
      'keep clear',
    ],
    [
      'marks a copy of the current key, with inputs from before',
      { ...normal, next: markedBack, previous: has(current) },
      { current, next: staged },
      {},
      'keep clear',
    ],
    [
      'goes on after the mark',
      { ...normal, next: { ...markedBack, secret: false } },
      { current, previous: staged },
      {},
      'stage keep clear',
    ],
    [
      'goes on after it was staged',
      { ...normal, next: markedBack },
      { current, previous: staged, next: staged },
      {},
      'keep clear',
    ],
    [
      'goes on after the secret of previous was overwritten',
      { ...normal, next: markedBack },
      { current, previous: current, next: staged },
      {},
      'keep clear',
    ],
    [
      'goes on after the record of previous',
      {
        ...normal,
        next: markedBack,
        previous: has(current, { rolledBackAt: '2026-11-02T00:00:00Z' }),
      },
      { current, previous: current, next: staged },
      {},
      'clear',
    ],
    [
      'marks a copy of the current key as rolled back from',
      { ...normal, next: markedBack, previous: has(current) },
      { current, previous: current, next: staged },
      {},
      'keep clear',
    ],
    [
      'goes on after the current record',
      { current: has(staged), next: markedBack, previous: has(current) },
      { current: staged, next: staged, previous: current },
      {},
      'finished clear',
    ],
    ['without keeping', normal, { previous: staged }, { keepPrevious: false }, 'stage mark clear'],
  ])('%s', (_, contents, keys, more, expected) => {
    expect(short(plan(contents, keys, { ...going, ...more }))).toBe(expected)
  })
})

describe('what is said about keys that are not kept', () => {
  const warningsOf = (found: Promotion | string): string =>
    typeof found === 'string' ? found : JSON.stringify(found.warnings)

  test('names the Public Key ID only when the record was compared', () => {
    const compared = plan(before, { current, next: staged }, { keepPrevious: false })
    expect(warningsOf(compared)).toContain(current.id.id)
    const stranger = plan(before, { next: staged }, { keepPrevious: false })
    expect(warningsOf(stranger)).toContain('is not kept')
    expect(warningsOf(stranger)).not.toContain(current.id.id)
  })

  test('says nothing where no key was lost', () => {
    expect(warningsOf(plan({ next: waiting }, { next: staged }, { keepPrevious: false }))).toBe(
      '[]',
    )
    const kept = plan({ ...before, previous: has(current) }, { current, next: staged })
    expect(warningsOf(kept)).toBe('[]')
    const done = { current: has(staged), previous: has(current) }
    expect(warningsOf(plan(done, { current: staged, previous: current }))).toBe('[]')
  })

  test('names a key that has a record or a secret only', () => {
    const plans = [
      { current: has(current, false), next: waiting },
      { current: { ...has(current), secret: false }, next: waiting },
    ].map((contents) => plan(contents, { next: staged }, { keepPrevious: false }))
    for (const found of plans) expect(warningsOf(found)).toContain('is not kept')
  })

  test('nothing is said of the key itself in previous, or of an empty slot', () => {
    const found = (previous: SlotContent) =>
      warningsOf(
        plan({ current: has(staged), previous }, { current: staged }, { keepPrevious: false }),
      )
    expect(found(has(staged))).toBe('[]')
    expect(found({ ...has(third), secret: false })).toContain('was left unchanged')
    expect(found(has(third, false))).toContain('was left unchanged')
  })

  test('what is in previous was left unchanged', () => {
    const found = plan(
      { ...before, previous: has(third) },
      { current, next: staged, previous: third },
      { keepPrevious: false },
    )
    expect(warningsOf(found)).toContain('was left unchanged')
  })
})
