import { problemsOf } from '../../src/commands/execute.ts'
import { Problem, Problems } from '../../src/domain/problem.ts'

/** An error as V8 describes it. */
function thrown(name: string, message: string, ...frames: readonly string[]): Error {
  const error = new Error(message)
  error.name = name
  error.stack = [`${name}: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n')
  return error
}

test('problems are shown as they are', () => {
  const [one, other] = ['one', 'other'].map((fact) => new Problem('locked', fact, 'wait'))
  expect(problemsOf(one)).toEqual([one])
  expect(problemsOf(new Problems([one as Problem, other as Problem]))).toEqual([one, other])
})

test.each([
  ['a function in a file', ['read (/a/dist/index.js:1:20)'], 'read (/a/dist/index.js:1:20)'],
  [
    'a module',
    ['async Runner.run (file:///a/b.mjs:12:3)'],
    'async Runner.run (file:///a/b.mjs:12:3)',
  ],
  [
    'a constructor',
    ['new <anonymous> [as x] (node:fs:9:1)'],
    'new <anonymous> [as x] (node:fs:9:1)',
  ],
  ['a drive', ['C:\\a\\b.js:10:200'], 'C:\\a\\b.js:10:200'],
  ['no function', ['/a/b.js:1:2'], '/a/b.js:1:2'],
  ['the first frame', ['/a.js:1:2', '/b.js:3:4'], '/a.js:1:2'],
  ['a frame that is no position', ['native', '/b.js:3:4'], '/b.js:3:4'],
  ['no frame', [], 'an unknown position'],
  ['a position without a column', ['/a/b.js:1'], 'an unknown position'],
  ['a relative path', ['read (a.js:1:2)'], 'an unknown position'],
  ['more behind the position', ['/a/b.js:1:2 SECRET'], 'an unknown position'],
  ['a word of 81 letters', [`${'f'.repeat(81)} (/a.js:1:2)`], 'an unknown position'],
])('an unexpected error is shown by its name and position, with %s', (_, frames, position) => {
  const [problem, ...more] = problemsOf(thrown('TypeError', 'SECRET', ...frames))
  expect(more).toEqual([])
  expect([problem.code, problem.fact]).toEqual([
    'internal',
    `an unexpected error occurred: TypeError at ${position}`,
  ])
})

test('the message of an unexpected error is never shown, not even one that looks like a stack trace', () => {
  const message = 'SECRET\n    at SECRET (/secret.js:1:2)'
  expect(problemsOf(thrown('Error', message, '/a.js:3:4'))[0].fact).toBe(
    'an unexpected error occurred: Error at /a.js:3:4',
  )
})

test.each([
  ['a name with blanks', thrown('SECRET KEY', '', '/a.js:1:2'), 'Error at /a.js:1:2'],
  ['a name of 41 letters', thrown('E'.repeat(41), '', '/a.js:1:2'), 'Error at /a.js:1:2'],
  [
    'a name of 40 letters',
    thrown('E'.repeat(40), '', '/a.js:1:2'),
    `${'E'.repeat(40)} at /a.js:1:2`,
  ],
  ['a text', 'SECRET', 'string at an unknown position'],
  ['nothing', undefined, 'undefined at an unknown position'],
])('whatever is thrown becomes a problem: %s', (_, error, words) => {
  expect(problemsOf(error)[0].fact).toBe(`an unexpected error occurred: ${words}`)
})
