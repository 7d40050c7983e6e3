import { isDead, type Lock, locked, readLock } from '../../../src/domain/rotation/lock.ts'

const run = { url: 'https://github.com/acme/shop/actions/runs/7', attempt: 2 }
const at = (seconds: number): Date => new Date(Date.UTC(2026, 10, 26, 12, 0, seconds))
const variable = (lock: object | string) => ({
  createdAt: at(0).toISOString(),
  updatedAt: at(100).toISOString(),
  value: typeof lock === 'string' ? lock : JSON.stringify(lock),
})
const lock: Lock = {
  id: 'x',
  run: 'https://github.com/acme/shop/actions/runs/6',
  attempt: 1,
  command: 'generate',
}

test('a lock is read as it was written', () => {
  const { command, ...identity } = lock
  expect(readLock(JSON.stringify({ ...identity, command }))).toEqual(identity)
})

test.each([
  ['text', 'nonsense'],
  ['null', 'null'],
  ['without an id', JSON.stringify({ ...lock, id: undefined })],
  ['without a run', JSON.stringify({ ...lock, run: undefined })],
  ['without an attempt', JSON.stringify({ ...lock, attempt: undefined })],
  ['with a number as its run', JSON.stringify({ ...lock, run: 6 })],
])('a lock that is %s is read as nothing', (_, text) => {
  expect(readLock(text)).toBeNull()
})

test.each([
  ['of another run, young', lock, 179, false],
  ['of another run, three minutes old', lock, 180, true],
  ['that is something else, young', 'nonsense', 179, false],
  ['that is something else, three minutes old', 'nonsense', 180, true],
  ['of an earlier attempt of this run', { ...lock, run: run.url }, 1, true],
  ['of this very attempt', { ...lock, run: run.url, attempt: 2 }, 1, false],
])('whether a lock is dead: %s', (_, value, seconds, dead) => {
  expect(isDead(variable(value), at(seconds), run)).toBe(dead)
})

test('who has a lock and until when is said', () => {
  const { code, fact, hint } = locked(variable(lock), 'AMAZON_PAY_KEY_LOCK', run)
  expect(code).toBe('locked')
  expect(fact).toContain(lock.run)
  expect(hint).toContain('12:03:00 UTC')
})

test.each([
  'https://evil.example/acme/shop',
  'https://github.com/evil example',
  'https://github.com.evil.example/acme/shop',
  'https://github.com@evil.example/acme/shop',
  'https://github.com/x) [click](https://evil.example/)',
])('a lock that names the run %s is one of another run', (forged) => {
  const { fact } = locked(variable({ ...lock, run: forged }), 'AMAZON_PAY_KEY_LOCK', run)
  expect(fact).toContain('another run')
  expect(fact).not.toContain('evil')
})

test.each([
  [
    'http://ghes.example:8080/a/b/actions/runs/7',
    'http://ghes.example:8080/a/b/actions/runs/6',
    'the run http:',
  ],
  ['', lock.run, 'another run'],
  ['see https://github.com/', lock.run, 'another run'],
  [run.url, `${lock.run}/${'x'.repeat(200)}`, 'another run'],
])('from a run at %j, the lock of %s is one of %s', (url, other, words) => {
  const { fact } = locked(variable({ ...lock, run: other }), 'AMAZON_PAY_KEY_LOCK', { url })
  expect(fact).toContain(words)
})

test('a lock without text is one of another run', () => {
  expect(locked(variable('nonsense'), 'AMAZON_PAY_KEY_LOCK', run).fact).toContain('another run')
})
