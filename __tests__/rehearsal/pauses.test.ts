import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGitHub } from '../../rehearsal/github.ts'
import { type RunOptions, startAction } from '../../rehearsal/runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'pausing-action-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'action.yml'), 'runs: { using: node24, main: index.mjs }')

const library = (path: string) => new URL(`../../node_modules/${path}`, import.meta.url)

function start(script: string, options: Partial<RunOptions> = {}) {
  writeFileSync(
    join(folder, 'index.mjs'),
    `import { setTimeout as pause } from 'node:timers/promises'
    import { promisify } from 'node:util'
    const say = (word) => () => console.log(word)
    const timeout = (milliseconds) =>
      new Promise((_, reject) => setTimeout(() => reject(new Error('time is up')), milliseconds))
    ${script}`,
  )
  return startAction({ inputs: {}, action: folder, pauseFactor: 100_000, ...options })
}

const afternoon = 5 * 3_600_000

const pauses = {
  'node:timers/promises': `pause(${afternoon})`,
  'its scheduler': `(await import('node:timers/promises')).scheduler.wait(${afternoon})`,
  'a promisified timer': `promisify(setTimeout)(${afternoon})`,
  'a timer that resolves a promise': `new Promise((done) => setTimeout(done, ${afternoon}))`,
  '@azure/core-util': `(await import('${library('@azure/core-util/dist/esm/delay.js')}')).delay(${afternoon}, {
    abortSignal: new AbortController().signal })`,
  '@typespec/ts-http-runtime': `(await import('${library('@typespec/ts-http-runtime/dist/esm/util/helpers.js')}')).delay(${afternoon})`,
}

// Each pause is to take an afternoon, and a time-out of ten minutes guards the test: it ends in time only when all pauses
// are shortened, and the guard is not.
test('pauses of every kind end early', async () => {
  const ended = Object.entries(pauses).map(([name, wait]) => `${wait}.then(say('${name}'))`)
  const action = start(`
    await Promise.race([Promise.all([${ended.join()}]), timeout(600_000)])
    process.exit()`)
  const { stdout } = await action.done
  expect(stdout.trimEnd().split('\n').sort()).toEqual(Object.keys(pauses).sort())
})

test('pauses end in their order', async () => {
  const action = start(`
    await Promise.all([
      pause(9_000_000).then(say('third')), pause(3_000_000).then(say('first')), pause(6_000_000).then(say('second')) ])`)
  const { stdout } = await action.done
  expect(stdout).toBe('first\nsecond\nthird\n')
})

// The pause is shortened to 20 ms. A time-out that were shortened too would end before it.
test('time-outs of every kind keep their length', async () => {
  const action = start(`
    AbortSignal.timeout(200).addEventListener('abort', say('AbortSignal.timeout'))
    timeout(200).catch(say('a timer that rejects a promise'))
    const over = new AbortController()
    over.signal.addEventListener('abort', say('a timer that aborts something'))
    setTimeout(() => over.abort(), 200)
    pause(2_000_000).then(say('pause'))
    setTimeout(() => {}, 300)`)
  const [first, ...rest] = (await action.done).stdout.trimEnd().split('\n')
  expect(first).toBe('pause')
  expect(rest.sort()).toEqual([
    'AbortSignal.timeout',
    'a timer that aborts something',
    'a timer that rejects a promise',
  ])
})

describe('time-outs that are under control', () => {
  const controlled = { controlTimeouts: true }

  test.each([
    ['AbortSignal.timeout', `AbortSignal.timeout(600_000).addEventListener('abort', end)`],
    ['a timer', 'setTimeout(end, 600_000)'],
  ])('%s is ended by its length, and others are not', async (_, set) => {
    const action = start(
      `const end = () => { console.log('time-out'); process.exit() }
      AbortSignal.timeout(700_000).addEventListener('abort', say('another'))
      setTimeout(say('another'), 800_000)
      clearTimeout(setTimeout(say('cleared'), 600_000))
      ${set}; console.log('now')`,
      controlled,
    )
    await action.line('now')
    action.expire(600_000)
    const { stdout } = await action.done
    expect(stdout).toBe('now\ntime-out\n')
  })

  test('an action with nothing left to do ends, though it could be controlled', async () => {
    expect(await start("console.log('done')", controlled).done).toMatchObject({ exitCode: 0 })
  })

  test('a request that is never answered ends at the moment that the test chooses', async () => {
    const github = await startGitHub()
    github.faults.push({ do: 'silent' })
    const action = start(
      `await fetch(process.env.GITHUB_API_URL, { signal: AbortSignal.timeout(10_000) })
        .catch((error) => console.log(error.name))`,
      { ...controlled, github },
    )
    github.onSilence = () => action.expire(10_000)
    expect((await action.done).stdout).toBe('TimeoutError\n')
    expect(github.requests).toHaveLength(1)
    await github.close()
  })
})
