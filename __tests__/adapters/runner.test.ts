import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { createRunner } from '../../src/adapters/runner.ts'
import { Problem } from '../../src/domain/problem.ts'

const folder = mkdtempSync(join(tmpdir(), 'runner-'))
const temp = join(folder, 'temp')
const workspace = join(folder, 'workspace')
afterAll(() => rmSync(folder, { recursive: true }))

let said = ''
let write: jest.SpiedFunction<typeof process.stdout.write>
beforeEach(() => {
  said = ''
  write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => write.mockRestore())

const runner = (env: Record<string, string> = {}) =>
  createRunner(
    { RUNNER_TEMP: temp, GITHUB_WORKSPACE: workspace, ...env },
    new AbortController().signal,
  )

describe('what is printed', () => {
  test('a mask, once, and never a blank one', () => {
    const { mask } = runner()
    for (const value of ['secret\nline', 'secret\nline', '', ' \n']) mask(value)
    expect(said).toBe('::add-mask::secret%0Aline\n')
  })

  test('a problem, titled with its code', () => {
    runner().error(new Problem('key-empty', 'a fact', 'a step'))
    expect(said).toBe('::error title=key-empty::a fact. Next: a step\n')
  })

  test('a warning without a code, titled with the name of the action', () => {
    runner().warning({ fact: 'a fact', hint: 'a step' })
    expect(said).toBe('::warning title=amazon-pay-keys::a fact. Next: a step\n')
  })

  test.each([
    ['a command of the runner', 'a ##[error]b', 'a # #[error]b'],
    ['a line of its own', 'a\r\n::error::b', 'a ::error::b'],
    ['a line of another kind', 'a\u2028::error::b', 'a ::error::b'],
  ])('no text of others as %s', (_, text, harmless) => {
    runner().info(text)
    expect(said.trimEnd()).toBe(harmless)
  })
})

describe('the run', () => {
  test('is known by its address, its workflow and its branch', () => {
    const env = {
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_SERVER_URL: 'https://github.example.com',
      GITHUB_WORKFLOW_REF: 'acme/shop/.github/workflows/key.yml@refs/heads/main',
    }
    expect(runner(env).run).toEqual({
      repository: 'acme/shop',
      id: '7',
      attempt: 2,
      url: 'https://github.example.com/acme/shop/actions/runs/7',
      workflow: '.github/workflows/key.yml',
      ref: 'main',
      workflowUrl: 'https://github.example.com/acme/shop/actions/workflows/key.yml',
    })
  })

  test('says nothing that it does not know', () => {
    expect(runner().run).toMatchObject({ attempt: 1, workflow: null, ref: null, workflowUrl: null })
  })

  test('knows every text in the event that started it, however deep', () => {
    const event = join(folder, 'event.json')
    const payload = { inputs: { a: 'typed', b: true }, client_payload: { c: [{ d: 'deep' }] } }
    writeFileSync(event, JSON.stringify(payload))
    const { eventTexts } = runner({ GITHUB_EVENT_PATH: event })
    expect([...eventTexts].sort()).toEqual([
      'a',
      'b',
      'c',
      'client_payload',
      'd',
      'deep',
      'inputs',
      'typed',
    ])
    expect(runner({ GITHUB_EVENT_PATH: `${event}.missing` }).eventTexts).toEqual([])
    expect(runner().eventTexts).toEqual([])
  })
})

describe('a file', () => {
  beforeAll(() => {
    mkdirSync(join(workspace, 'folder'), { recursive: true })
    writeFileSync(join(workspace, 'key.pub'), 'a key')
    writeFileSync(join(workspace, 'large'), Buffer.alloc(1024 * 1024 + 1))
    writeFileSync(join(folder, 'outside'), 'private')
    symlinkSync(join(folder, 'outside'), join(workspace, 'link'))
  })

  test('of the public key is written below the temp folder', async () => {
    const path = await runner().publicKeyFile('key.pub', 'a key')
    expect(path).toBe(join(temp, 'key.pub'))
    expect((await runner().readFile(path, 'public-key')).toString()).toBe('a key')
  })

  test('is read by a path below the workspace', async () => {
    expect((await runner().readFile('key.pub', 'public-key')).toString()).toBe('a key')
    expect((await runner().readFile('./folder/../key.pub', 'public-key')).toString()).toBe('a key')
  })

  test.each([
    'missing',
    'link',
    '../outside',
    '/etc/hostname',
    'folder',
    '.',
    'large',
    'a\0b',
    'a'.repeat(2000),
  ])('is not read: %#', async (path) => {
    await expect(runner().readFile(path, 'public-key')).rejects.toMatchObject({
      code: 'input-invalid',
      fact: expect.stringMatching(/^public-key names /),
    })
  })
})

describe('what is written by file commands', () => {
  test('the summary goes into the file that the runner names', async () => {
    const path = join(folder, 'summary.md')
    writeFileSync(path, 'before')
    process.env.GITHUB_STEP_SUMMARY = path
    await runner({ GITHUB_STEP_SUMMARY: path }).summary('# page\n')
    expect(readFileSync(path, 'utf8')).toBe('# page\n')
  })

  test('nothing is written to what is not a file, which could wait for ever', async () => {
    await expect(runner({ GITHUB_STEP_SUMMARY: folder }).summary('# page')).rejects.toThrow()
    await expect(runner().summary('# page')).rejects.toThrow()
    expect(() => runner({ GITHUB_OUTPUT: folder }).output('status', 'ok')).toThrow()
    expect(() => runner().output('status', 'ok')).toThrow()
  })
})

describe('the public key file', () => {
  test('replaces a link that was put there, and does not follow it', async () => {
    mkdirSync(temp, { recursive: true })
    const victim = join(folder, 'victim')
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, join(temp, 'linked.pub'))
    await runner().publicKeyFile('linked.pub', 'a key')
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(lstatSync(join(temp, 'linked.pub')).isSymbolicLink()).toBe(false)
  })

  test.each([
    ['is not set', ''],
    ['is a file', '/dev/null'],
  ])(
    'that cannot be written because the temp folder %s is a problem of its own',
    async (_, path) => {
      await expect(runner({ RUNNER_TEMP: path }).publicKeyFile('a.pub', 'x')).rejects.toMatchObject(
        {
          code: 'artifact-failed',
        },
      )
    },
  )
})
