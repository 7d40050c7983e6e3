import type { Ring } from '../../../src/domain/rotation/ring.ts'
import { emptyRing } from '../../../src/domain/rotation/ring.ts'
import {
  chooseStagedKey,
  planStaging,
  type StagingRequest,
} from '../../../src/domain/rotation/staging.ts'
import { assertNoOtherChange } from '../../../src/domain/rotation/view.ts'
import { type Key, makeKeys, outcomeOf, ringOf, type SlotContent, view } from './views.ts'

const [current, staged, other, old] = makeKeys(4) as [Key, Key, Key, Key]
const request: StagingRequest = {
  brought: null,
  replaceStaged: null,
  region: null,
  payEnvironment: null,
  run: 'https://github.com/acme/shop/actions/runs/9',
}
const waiting: SlotContent = { key: staged, record: { publicKeyId: null } }
const currentSlot: SlotContent = { key: current }
const choose = (
  targets: readonly Partial<Record<'current' | 'next' | 'previous', SlotContent>>[],
  ring: Ring,
  more: Partial<StagingRequest> = {},
) =>
  outcomeOf(() =>
    chooseStagedKey(
      targets.map((contents) => ({ view: view(contents, ring) })),
      ring,
      { ...request, ...more },
    ),
  )

describe('the key that all targets get', () => {
  test.each([
    ['is a new one when nothing is staged', [{}], {}, {}, null],
    ['is the one that was brought', [{}], {}, { brought: other.fingerprint }, other.fingerprint],
    ['is the one that is staged everywhere', [{ next: waiting }], {}, {}, staged.fingerprint],
    [
      'is the staged one of the ring where it is missing',
      [{ next: waiting }, {}],
      { next: staged },
      {},
      staged.fingerprint,
    ],
    ['cannot be filled in without the ring', [{ next: waiting }, {}], {}, {}, 'staged-key-partial'],
    [
      'is filled in from private-key',
      [{ next: waiting }, {}],
      {},
      { brought: staged.fingerprint },
      staged.fingerprint,
    ],
    [
      'cannot be two',
      [{ next: waiting }, { next: { key: other } }],
      { next: staged },
      {},
      'staged-key-partial',
    ],
    [
      'is not another than the staged one',
      [{ next: waiting }],
      {},
      { brought: other.fingerprint },
      'staged-key-exists',
    ],
    [
      'is a new one when the staged one may be replaced',
      [{ next: waiting }],
      {},
      { replaceStaged: staged.fingerprint },
      null,
    ],
    [
      'is not a new one when replace-staged names another',
      [{ next: waiting }],
      {},
      { replaceStaged: other.fingerprint },
      'staged-key-exists',
    ],
    [
      'is what an earlier attempt of this run staged',
      [{ next: { key: staged, record: { run: request.run } } }],
      {},
      { replaceStaged: other.fingerprint },
      staged.fingerprint,
    ],
    [
      'finishes a replacement in the other targets',
      [{ next: waiting }, { next: { key: other } }],
      { next: staged },
      { replaceStaged: other.fingerprint },
      staged.fingerprint,
    ],
    [
      'is not two that are staged, though one is replaced',
      [{ next: waiting }, { next: { key: other } }, { next: { key: old } }],
      {},
      { replaceStaged: other.fingerprint },
      'staged-key-partial',
    ],
    [
      'is not new when another run staged it in one target',
      [{ next: { key: staged, record: { run: request.run } } }, { next: waiting }],
      {},
      { replaceStaged: other.fingerprint },
      'staged-key-exists',
    ],
    [
      'is what an earlier attempt of this run staged in one target',
      [{ next: { key: staged, record: { run: request.run } } }, {}],
      { next: staged },
      { replaceStaged: other.fingerprint },
      staged.fingerprint,
    ],
    [
      'is the one that was brought where the staged one is replaced',
      [{ next: waiting }],
      {},
      { replaceStaged: staged.fingerprint, brought: other.fingerprint },
      other.fingerprint,
    ],
    [
      'is not the key of the ring when the record of the secret is unreadable',
      [{ next: { key: staged, text: '{}' } }],
      { next: staged },
      {},
      'staged-key-exists',
    ],
    [
      'is a new one when only the record is left',
      [{ next: { ...waiting, secret: false } }],
      {},
      {},
      null,
    ],
    [
      'is a new one when the staged one is current already',
      [{ current: { key: staged }, next: waiting }],
      {},
      {},
      null,
    ],
    [
      'is not known when there is a secret without record',
      [{ next: { key: staged, record: false } }],
      {},
      {},
      'staged-key-exists',
    ],
    [
      'is the key of the ring when there is a secret without record',
      [{ next: { key: staged, record: false } }],
      { next: staged },
      {},
      staged.fingerprint,
    ],
  ] as const)('%s', (_, targets, keys, more, expected) => {
    expect(choose(targets, ringOf(keys), more)).toBe(expected)
  })
})

describe('the move of one target', () => {
  test.each([
    ['an empty slot is staged', {}, {}, {}, null, 'stage'],
    [
      'a record without secret is cleared first',
      { next: { ...waiting, secret: false } },
      {},
      {},
      null,
      'clear',
    ],
    ['a staged key stays', { next: waiting }, {}, {}, staged.fingerprint, 'keep'],
    [
      'a missing record is written',
      { next: { key: staged, record: false } },
      { next: staged },
      {},
      staged.fingerprint,
      'record',
    ],
    [
      'a key that may be replaced is replaced',
      { next: waiting },
      {},
      { replaceStaged: staged.fingerprint },
      null,
      'replace',
    ],
    [
      'a leftover of the current key is replaced',
      { current: { key: staged }, next: waiting },
      {},
      {},
      null,
      'replace',
    ],
    [
      'another staged key stops it',
      { next: waiting },
      {},
      {},
      other.fingerprint,
      'staged-key-exists',
    ],
    [
      'a mark stops it',
      { next: { key: staged, record: { change: 'activate' } } },
      {},
      {},
      staged.fingerprint,
      'change-unfinished',
    ],
    [
      'a forged record stops it',
      { next: { key: staged, text: '{}' } },
      {},
      {},
      null,
      'record-unreadable',
    ],
    [
      'a record of another key than the ring has stops it',
      { next: waiting },
      { next: other },
      {},
      staged.fingerprint,
      'pair-changed',
    ],
    [
      'another key that an earlier attempt staged in place of the discarded one does not stop it',
      { next: { key: other } },
      { next: staged },
      { replaceStaged: staged.fingerprint },
      other.fingerprint,
      'keep',
    ],
    [
      'another key than next-private-key stops it when replace-staged names a third one',
      { next: { key: other } },
      { next: staged },
      { replaceStaged: old.fingerprint },
      other.fingerprint,
      'pair-changed',
    ],
    [
      'a forged record stops it, also when its key may be replaced',
      { next: { key: staged, text: '{}' } },
      { next: staged },
      { replaceStaged: staged.fingerprint },
      null,
      'record-unreadable',
    ],
    [
      'a current key that was changed by hand stops it, also when the staged key may be replaced',
      { current: currentSlot, next: waiting },
      { current: other, next: staged },
      { replaceStaged: staged.fingerprint },
      null,
      'pair-changed',
    ],
    [
      'a forged previous record stops it',
      { previous: { key: old, text: 'x' } },
      {},
      {},
      null,
      'record-unreadable',
    ],
    [
      'the previous key of the ring is not staged',
      {},
      { previous: old },
      { brought: old.fingerprint },
      old.fingerprint,
      'input-invalid',
    ],
    [
      'another key than the used ones is staged',
      { current: currentSlot, previous: { key: old } },
      { current, previous: old },
      { brought: other.fingerprint },
      other.fingerprint,
      'stage',
    ],
    [
      'an empty slot is staged where another key may be replaced elsewhere',
      {},
      {},
      { replaceStaged: staged.fingerprint },
      other.fingerprint,
      'stage',
    ],
    [
      'a missing record is written for any region',
      { next: { key: staged, record: false } },
      { next: staged },
      { region: 'us' },
      staged.fingerprint,
      'record',
    ],
    [
      'a staged key of another region is replaced',
      { next: waiting },
      {},
      { replaceStaged: staged.fingerprint, region: 'us' },
      null,
      'replace',
    ],
    [
      'a staged key is replaced in a target that has another one',
      { next: waiting },
      {},
      { replaceStaged: staged.fingerprint },
      other.fingerprint,
      'replace',
    ],
    [
      'a key that is staged and may be replaced, but is the one of this run, stays',
      { next: waiting },
      {},
      { replaceStaged: staged.fingerprint },
      staged.fingerprint,
      'keep',
    ],
    [
      'a current key that was changed by hand stops it',
      { current: currentSlot },
      { current: other },
      {},
      null,
      'pair-changed',
    ],
    [
      'a forged current record stops it',
      { current: { key: current, text: 'x' } },
      {},
      {},
      null,
      'record-unreadable',
    ],
    [
      'the current key is not staged',
      { current: currentSlot },
      {},
      { brought: current.fingerprint },
      current.fingerprint,
      'input-invalid',
    ],
    [
      'the current key of the ring is not staged',
      {},
      { current },
      { brought: current.fingerprint },
      current.fingerprint,
      'input-invalid',
    ],
    [
      'the previous key is not staged',
      { previous: { key: old } },
      {},
      { brought: old.fingerprint },
      old.fingerprint,
      'input-invalid',
    ],
    [
      'another region stops it',
      { next: waiting },
      {},
      { region: 'us' },
      staged.fingerprint,
      'region-mismatch',
    ],
    [
      'another environment stops it',
      { next: waiting },
      {},
      { payEnvironment: 'live' },
      staged.fingerprint,
      'pay-environment-mismatch',
    ],
  ] as const)('%s', (_, contents, keys, more, key, expected) => {
    const ring = ringOf(keys)
    const target = view(contents, ring)
    const found = outcomeOf(() => {
      assertNoOtherChange(target, 'generate')
      return planStaging(target, ring, { ...request, ...more, choose: () => key })
    })
    expect(found).toBe(expected)
  })

  test.each([
    ['current', { current: currentSlot }, current, /command: adopt$/],
    [
      'previous',
      { previous: { key: old } },
      old,
      /^to return to the previous key, run .* rollback/,
    ],
  ] as const)('what else to do with the %s key is said', (_, contents, key, hint) => {
    const brought = { ...request, brought: key.fingerprint, choose: () => null }
    expect(() => planStaging(view(contents, emptyRing), emptyRing, brought)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(hint) }),
    )
  })

  test('a staged secret without record is named', () => {
    const target = view({ next: { key: staged, record: false } }, emptyRing)
    expect(() => planStaging(target, emptyRing, { ...request, choose: () => null })).toThrow(
      'secret AMAZON_PAY_PRIVATE_KEY_NEXT has no key record in variable AMAZON_PAY_KEY_NEXT',
    )
  })

  test('a full target stops it, unless a secret is replaced', () => {
    const plan = (contents: Parameters<typeof view>[0], key: string | null) =>
      outcomeOf(() =>
        planStaging(view(contents, emptyRing, { room: 0 }), emptyRing, {
          ...request,
          choose: () => key,
        }),
      )
    expect(plan({}, null)).toBe('secret-write-failed')
    expect(plan({ next: waiting }, staged.fingerprint)).toBe('keep')
    expect(plan({ next: { ...waiting, secret: false } }, null)).toBe('secret-write-failed')
    expect(plan({ current: { key: staged }, next: waiting }, null)).toBe('replace')
  })
})
