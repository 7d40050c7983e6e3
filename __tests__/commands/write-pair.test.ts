import type { TargetChange } from '../../src/commands/activate/write-pair.ts'
import { writePair } from '../../src/commands/activate/write-pair.ts'
import type { Step } from '../../src/commands/shared/context.ts'
import { TargetFailure } from '../../src/commands/shared/write.ts'
import { Problem } from '../../src/domain/problem.ts'
import type { KeyRecord } from '../../src/domain/rotation/record.ts'
import type { Stored } from '../../src/domain/rotation/slots.ts'
import type { SealedSecret } from '../../src/ports.ts'
import { type Key, makeKeys, names, recordOf, ringOf, view } from '../domain/rotation/views.ts'

// What is left in a target after every answer to the two writes of a pair, and which word the person gets for it.

const [current, staged] = makeKeys(2) as [Key, Key]
/** When the record of `current` was stored. */
const recorded = '2026-11-01T00:00:00Z'
const now = '2026-11-20T12:00:00Z'
const later = '2026-11-20T12:00:01Z'

/** GitHub's answer to a write, and what a look at the secret shows after a lost one. */
type Answer = 'written' | 'refused' | 'lost, written' | 'lost, not written' | 'lost, no look'

interface Given {
  readonly id?: Answer
  readonly key?: Answer
  readonly back?: Answer
  /** When the secrets were last changed. */
  readonly changed?: string
  readonly contents?: Parameters<typeof view>[0]
  readonly keepPrevious?: boolean
  readonly old?: Key | null
  /** What the record of `old` has instead. */
  readonly record?: Partial<KeyRecord>
  readonly hint?: string
}

interface Left {
  readonly effects: readonly string[]
  readonly failure: TargetFailure | null
}

async function left(given: Given): Promise<Left> {
  const { changed = recorded, keepPrevious = true, old = current, hint = 'try again' } = given
  const { id, key, back } = given
  const contents = given.contents ?? { current: { key: current, updatedAt: changed } }
  const target = view(contents, ringOf({ current, next: staged }))
  const before = contents.current ? { createdAt: recorded, updatedAt: changed } : null
  const effects: string[] = []
  let looks: Answer = 'written'

  const write = (effect: string, answer: Answer = 'written'): void => {
    looks = answer
    if (answer === 'written' || answer === 'lost, written') effects.push(effect)
    if (answer === 'written') return
    const uncertain = answer !== 'refused'
    throw new Problem('secret-write-failed', 'GitHub said no', hint, { uncertain })
  }
  const change = {
    request: { keepPrevious },
    plan: { old: old && recordOf(old, given.record) },
    view: { ...target, publicKeyId: before },
    target: {
      label: 'acme/shop',
      seal: async (name: string, value: string) => ({ name, value }),
      putSecret: async ({ name, value }: SealedSecret & { value: string }) => {
        const answer = value === 'new' ? (name === names.publicKeyId ? id : key) : back
        write(`${name} = ${value}`, answer)
      },
      deleteSecret: async (name: string) => write(`${name} deleted`, back),
      secret: async (): Promise<Stored | null> => {
        if (looks === 'lost, no look') throw new Problem('github-unavailable', 'no answer', '')
        return looks === 'lost, written' ? { createdAt: recorded, updatedAt: later } : before
      },
    },
  } as unknown as TargetChange
  const step = { names, world: { github: { serverTime: new Date(now) } } } as unknown as Step
  const sealed = {
    publicKeyId: { name: names.publicKeyId, value: 'new' },
    privateKey: { name: names.privateKey.current, value: 'new' },
  } as unknown as Parameters<typeof writePair>[2]
  try {
    await writePair(step, change, sealed)
  } catch (error) {
    if (error instanceof TargetFailure) return { effects, failure: error }
    throw error
  }
  return { effects, failure: null }
}

const newId = 'AMAZON_PAY_PUBLIC_KEY_ID = new'
const newKey = 'AMAZON_PAY_PRIVATE_KEY = new'
const oldId = `AMAZON_PAY_PUBLIC_KEY_ID = ${current.id.id}`
const noId = 'AMAZON_PAY_PUBLIC_KEY_ID deleted'
const marked = { key: staged, record: { change: 'activate' } } as const
const whileChanging = (updatedAt: string) => ({
  current: { key: current, updatedAt },
  next: marked,
})
const unrecorded = { current: { key: staged, record: false }, next: marked } as const

test.each<[string, Given, readonly string[]]>([
  ['both are written', {}, [newId, newKey]],
  ['the answer to the ID was lost, but it is there', { id: 'lost, written' }, [newId, newKey]],
  ['the answer to the key was lost, but it is there', { key: 'lost, written' }, [newId, newKey]],
  [
    'the answers to the first pair were lost, but it is there',
    { id: 'lost, written', key: 'lost, written', contents: { next: marked }, old: null },
    [newId, newKey],
  ],
])('the pair is written where %s', async (_, given, effects) => {
  expect(await left(given)).toEqual({ effects, failure: null })
})

test.each<[string, Given, readonly string[], string, string]>([
  ['the ID was refused', { id: 'refused' }, [], 'failed', 'was not changed'],
  ['the ID did not arrive', { id: 'lost, not written' }, [], 'failed', 'was not changed'],
  ['the key was refused', { key: 'refused' }, [newId, oldId], 'restored', 'old pair of acme/shop'],
  ['the key did not arrive', { key: 'lost, not written' }, [newId, oldId], 'restored', 'old pair'],
  [
    'it is unknown whether the ID was written, since no look was possible',
    { id: 'lost, no look' },
    [oldId],
    'restored',
    'old pair of acme/shop is current again',
  ],
  [
    'it is unknown whether the ID was written, since it was changed in the same second',
    { id: 'lost, not written', changed: now },
    [oldId],
    'restored',
    'old pair',
  ],
  [
    'it is unknown whether the ID was written, since it was changed a second before',
    { id: 'lost, not written', changed: '2026-11-20T11:59:59Z' },
    [oldId],
    'restored',
    'old pair',
  ],
  [
    'the ID did not arrive, and was changed two seconds before',
    { id: 'lost, not written', changed: '2026-11-20T11:59:58Z' },
    [],
    'failed',
    'was not changed',
  ],
  [
    'the ID of the first pair did not arrive',
    { id: 'lost, not written', contents: { next: marked }, old: null },
    [],
    'failed',
    'was not changed',
  ],
  [
    'there was no pair',
    { key: 'refused', contents: { next: marked }, old: null },
    [newId, noId],
    'restored',
    'acme/shop has no pair, as before',
  ],
  [
    'the old private key has no known ID',
    { key: 'refused', old: null },
    [newId],
    'torn',
    'its own Public Key ID is unknown',
  ],
  [
    'the record of the old private key has no ID',
    { key: 'refused', record: { publicKeyId: null } },
    [newId],
    'torn',
    'its own Public Key ID is unknown',
  ],
  [
    'the old ID could not be put back',
    { key: 'refused', back: 'refused' },
    [newId],
    'torn',
    `because putting ${current.id.id} back failed`,
  ],
  [
    'the new ID could not be deleted',
    { key: 'refused', back: 'refused', contents: { next: marked }, old: null },
    [newId],
    'torn',
    'because deleting it failed',
  ],
  [
    'it is unknown whether the key was written',
    { key: 'lost, no look' },
    [newId],
    'torn',
    'it is unknown whether secret AMAZON_PAY_PRIVATE_KEY contains the new private key',
  ],
  [
    'an interrupted run has written the key',
    { key: 'refused', contents: whileChanging('2026-11-01T00:00:01Z') },
    [newId],
    'updated',
    'an interrupted run had already written the private key',
  ],
  [
    'an interrupted run may have written the key in the second of the record',
    { key: 'refused', contents: whileChanging(recorded) },
    [newId],
    'torn',
    'it is unknown whether an interrupted run has written secret AMAZON_PAY_PRIVATE_KEY',
  ],
  [
    'an interrupted run has not written the key',
    { key: 'refused', contents: whileChanging('2026-10-31T23:59:59Z') },
    [newId, oldId],
    'restored',
    'old pair',
  ],
  [
    'no run was interrupted, and the key is younger than its record',
    { key: 'refused', changed: '2026-11-01T00:00:01Z' },
    [newId, oldId],
    'restored',
    'old pair',
  ],
  [
    'an interrupted run has written the first key',
    { key: 'refused', contents: unrecorded, old: null },
    [newId],
    'updated',
    'an interrupted run had already written the private key',
  ],
  [
    'an interrupted run may have written the key over one without record',
    { key: 'refused', contents: unrecorded, old: null, keepPrevious: false },
    [newId],
    'torn',
    'it is unknown whether an interrupted run has written',
  ],
])('what is left where %s', async (_, given, effects, result, words) => {
  const { failure, ...rest } = await left(given)
  expect(rest.effects).toEqual(effects)
  expect([failure?.result, failure?.problem.code]).toEqual([
    result,
    result === 'torn' ? 'pair-torn' : 'secret-write-failed',
  ])
  expect(failure?.problem.fact).toContain(words)
  expect(failure?.problem.fact).toContain('GitHub said no')
})

test.each([
  ['try again', /^run this command again at once with the same inputs, which writes both/],
  [
    'wait until 12:30:00 UTC, then run it again',
    /^wait until 12:30:00 UTC, then run it again, which/,
  ],
  [
    'run this command again after 12:30:00 UTC',
    /^run this command again after 12:30:00 UTC, which/,
  ],
])('after a torn pair, the next step of %j is', async (hint, words) => {
  const { failure } = await left({ key: 'lost, no look', hint })
  expect(failure?.problem.hint).toMatch(words)
  expect(failure?.problem.hint).toContain('do not deploy until the command has succeeded')
})
