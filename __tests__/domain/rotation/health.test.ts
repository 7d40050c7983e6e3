import { daysWords, healthOf } from '../../../src/domain/rotation/health.ts'
import type { Slot } from '../../../src/domain/rotation/slots.ts'
import { type Key, makeKeys, ringOf, type SlotContent, view } from './views.ts'

const [current, staged, old] = makeKeys(3) as [Key, Key, Key]
type Contents = Partial<Record<Slot, SlotContent>>
const has = (key: Key, record: SlotContent['record'] = {}): SlotContent => ({ key, record })
const waiting = has(staged, { publicKeyId: null })
const ring = ringOf({ current, next: staged, previous: old })
const health = (
  contents: Contents,
  more: { days?: number; locked?: boolean; keys?: typeof ring; publicKeyId?: boolean } = {},
) =>
  healthOf(
    view(
      contents,
      more.keys ?? ring,
      more.publicKeyId === undefined ? {} : { publicKeyId: more.publicKeyId },
    ),
    {
      now: new Date(Date.parse('2026-11-01T00:00:00Z') + (more.days ?? 1) * 86_400_000),
      maxAgeDays: 90,
      locked: more.locked ?? false,
    },
  )

test.each<[string, Contents, Parameters<typeof health>[1], string | null, RegExp]>([
  ['nothing is there', {}, {}, 'generate', /first key/],
  ['all is well', { current: has(current) }, {}, null, /nothing to do/],
  ['the current key is old', { current: has(current) }, { days: 90 }, 'generate', /rotate the key/],
  [
    'a key is staged',
    { current: has(current), next: waiting },
    {},
    'activate',
    /exchange the staged public key/,
  ],
  [
    'a staged key was not compared',
    { current: has(current), next: waiting },
    { keys: ringOf({ current }) },
    'generate',
    /start a new run/,
  ],
  [
    'an activation is unfinished',
    { current: has(current), next: has(staged, { change: 'activate' }) },
    {},
    'activate',
    new RegExp(`public-key-id: ${staged.id.id}`),
  ],
  [
    'a rollback is unfinished',
    { current: has(current), next: has(old, { change: 'rollback' }) },
    {},
    'rollback',
    /again to finish it; do not deploy before/,
  ],
  [
    'an activation has not finished, and its lock is alive',
    { current: has(current), next: has(staged, { change: 'activate' }) },
    { locked: true },
    'activate',
    /^wait until the run that is changing the keys has ended, .* run command: activate again/,
  ],
  [
    'a staging was interrupted',
    { current: has(current), next: { ...waiting, secret: false } },
    {},
    'generate',
    /remove the leftover/,
  ],
  [
    'a staged secret has no record',
    { current: has(current), next: has(staged, false) },
    {},
    'generate',
    /write the key record/,
  ],
  [
    'the pair has no record',
    { current: has(current, false) },
    {},
    'adopt',
    /Public Key ID that your shop uses/,
  ],
  [
    'the Public Key ID is stored elsewhere',
    { current: has(current) },
    { publicKeyId: false },
    'adopt',
    /store the Public Key ID/,
  ],
  [
    'the current secret is gone',
    { current: { ...has(current), secret: false } },
    {},
    'generate',
    /to stage a new key/,
  ],
  [
    'the current secret is gone, and the previous key is there',
    { current: { ...has(current), secret: false }, previous: has(old) },
    {},
    'rollback',
    /with leaked ticked/,
  ],
  [
    'the current secret is gone, and a key is staged',
    { current: { ...has(current), secret: false }, next: waiting, previous: has(old) },
    {},
    'generate',
    /to stage a new key/,
  ],
  [
    'a key is staged, and the previous one was not retired',
    { current: has(current), next: waiting, previous: has(old) },
    {},
    'retire',
    /needs its slot for the staged key/,
  ],
  [
    'a key is staged, and the previous one has no record',
    { current: has(current), next: waiting, previous: has(old, false) },
    {},
    'retire',
    /needs its slot for the staged key/,
  ],
  [
    'a key is staged, and only the record of the previous one is left',
    { current: has(current), next: waiting, previous: { ...has(old), secret: false } },
    {},
    'retire',
    /needs its slot for the staged key/,
  ],
  [
    'a key is staged, and the previous key is the current one',
    { current: has(current), next: waiting, previous: has(current) },
    { keys: ringOf({ current, next: staged, previous: current }) },
    'activate',
    /exchange the staged public key/,
  ],
  [
    'the staged key is the current one',
    { current: has(current), next: has(current) },
    { keys: ringOf({ current, next: current }) },
    null,
    /nothing to do/,
  ],
  [
    'a previous key waits',
    { current: has(current), previous: has(old) },
    {},
    'retire',
    new RegExp(old.id.id),
  ],
  [
    'a previous secret has no record',
    { current: has(current), previous: has(old, false) },
    {},
    'retire',
    /with its Public Key ID/,
  ],
  [
    'the previous key is the current one',
    { current: has(current), previous: has(current) },
    { keys: ringOf({ current, previous: current }) },
    'retire',
    /remove the copy/,
  ],
  [
    'a retirement was interrupted',
    { current: has(current), previous: { ...has(old), secret: false } },
    {},
    'retire',
    /again to finish it/,
  ],
  [
    'another run is at work',
    { current: has(current) },
    { locked: true },
    'status',
    /wait until that run/,
  ],
])('the next step when %s', (_, contents, more, command, words) => {
  const { nextStep } = health(contents, more)
  expect(nextStep.command).toBe(command)
  expect(nextStep.text).toMatch(words)
})

test('a forged record is the first thing to settle', () => {
  const { findings, nextStep } = health({ current: { key: current, text: '{}' }, next: waiting })
  expect(findings[0]?.code).toBe('record-unreadable')
  expect(findings[0]?.fact).toMatch(/^variable AMAZON_PAY_KEY /)
  expect(nextStep.text).toMatch(/audit log|earlier run/)
})

test.each<[string, Contents, Parameters<typeof health>[1], readonly RegExp[]]>([
  ['an empty target', {}, { publicKeyId: false }, []],
  ['one pair', { current: has(current) }, {}, []],
  [
    'a Public Key ID without a key',
    {},
    { publicKeyId: true },
    [/^secret AMAZON_PAY_PUBLIC_KEY_ID exists, but secret AMAZON_PAY_PRIVATE_KEY does not$/],
  ],
  [
    'a Public Key ID that an unfinished first activation wrote',
    { next: has(staged, { change: 'activate' }) },
    { publicKeyId: true },
    [/^command: activate was interrupted/],
  ],
  [
    'a Public Key ID beside a record without a key',
    { current: { ...has(current), secret: false } },
    {},
    [/^variable AMAZON_PAY_KEY describes a key, but secret AMAZON_PAY_PRIVATE_KEY does not exist$/],
  ],
  [
    'a staged key that is the current one',
    { current: has(current), next: has(current) },
    { keys: ringOf({ current, next: current }) },
    [/^the staged key is already the current key/],
  ],
  [
    'a record of the current key in next, without a secret',
    { current: has(current), next: { ...has(current), secret: false } },
    {},
    [/^the staged key is already the current key/],
  ],
  [
    'a mark without its secret, which an unfinished rollback wrote',
    { current: has(current), next: { ...has(old, { change: 'rollback' }), secret: false } },
    {},
    [/^command: rollback was interrupted \(Public Key ID SANDBOX-C+\)$/],
  ],
  [
    'an unfinished change of a key that was not compared',
    { current: has(current), next: has(staged, { change: 'activate' }) },
    { keys: ringOf({ current }) },
    [/^command: activate was interrupted$/],
  ],
  [
    'a copy of the current key in previous, while a change is unfinished',
    {
      current: has(current),
      next: has(staged, { change: 'activate' }),
      previous: has(current),
    },
    { keys: ringOf({ current, next: staged, previous: current }) },
    [/^command: activate was interrupted/],
  ],
  [
    'a staged key of an unfinished change, after a long time',
    { current: has(current), next: has(staged, { change: 'activate' }) },
    { days: 20 },
    [/^command: activate was interrupted/],
  ],
  [
    'keys one day before they have waited for long',
    { current: has(current), next: waiting },
    { days: 13 },
    [],
  ],
  ['a previous key after 29 days', { current: has(current), previous: has(old) }, { days: 29 }, []],
  [
    'an old key',
    { current: has(current) },
    { days: 90 },
    [/^the current key is 90 days old, and keys are due for rotation after 90 days$/],
  ],
  [
    'a lock',
    { current: has(current) },
    { locked: true },
    [/^another run is changing the keys now \(variable AMAZON_PAY_KEY_LOCK\)$/],
  ],
])('the findings about %s', (_, contents, more, facts) => {
  const { findings } = health(contents, more)
  expect(findings.map(({ fact }) => fact)).toEqual(facts.map((fact) => expect.stringMatching(fact)))
})

test('a finding has its own next step, or that of the target', () => {
  const { findings, nextStep } = health({ current: has(current) }, { days: 90 })
  expect(findings).toEqual([{ fact: expect.any(String), next: nextStep.text }])
  const [waits] = health({ current: has(current), next: waiting }, { days: 14 }).findings
  expect(waits).toEqual({ fact: 'the staged key has been waiting for 14 days', next: null })
})

test('a key that is not there is not due', () => {
  const now = new Date('2026-12-01T00:00:00Z')
  expect(healthOf(view({}, ring), { now, maxAgeDays: 1, locked: false }).due).toBe(false)
})

test('without a compared record, the date is that of the secret, or of the record', () => {
  const late = '2026-11-05T00:00:00Z'
  const found = (previous: SlotContent) => health({ previous }).previous.since
  expect(found({ ...has(old), updatedAt: late })).toBe(late)
  expect(found({ ...has(old), secret: false })).toBe('2026-11-01T00:00:00Z')
  const current = { ...has(staged, false), updatedAt: late }
  expect(health({ current }).current.since).toBe(late)
})

test('ages are counted in whole days, from when a key was made or stored', () => {
  const found = health({ current: has(current), previous: has(old) }, { days: 1.9 })
  expect([found.current.days, found.next.days, found.previous.days]).toEqual([1, null, 1])
  expect([found.current.since, found.next.since]).toEqual(['2026-11-01T00:00:00Z', null])
  expect(health({ current: has(current) }, { days: -1 }).current.days).toBe(0)
})

test('what has waited for long is found', () => {
  const { findings } = health(
    { current: has(current), next: waiting, previous: has(old) },
    { days: 30 },
  )
  expect(findings.map(({ fact }) => fact)).toEqual([
    'the staged key has been waiting for 30 days',
    'the previous key has been kept for 30 days',
  ])
})

test('the date in a record that was not compared is not believed', () => {
  const contents = { current: { ...has(current, { madeAt: '2020-01-01T00:00:00Z' }) } }
  expect(health(contents).due).toBe(true)
  expect(health(contents, { keys: ringOf({}) }).due).toBe(false)
})

test('days are counted in words', () => {
  expect([daysWords(0), daysWords(1), daysWords(2)]).toEqual(['0 days', '1 day', '2 days'])
})
