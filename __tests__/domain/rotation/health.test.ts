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
