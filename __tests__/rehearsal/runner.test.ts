import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAmazonPay } from '../../rehearsal/amazon-pay.ts'
import { type GitHub, startGitHub } from '../../rehearsal/github.ts'
import { type RunOptions, runAction, startAction } from '../../rehearsal/runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'fake-action-'))
afterAll(() => rmSync(folder, { recursive: true }))

const MANIFEST = `
inputs:
  command: { required: true }
  repository: { default: '\${{ github.repository }}' }
  token: { default: '\${{ github.token }}' }
  keep-previous: { default: true }
  two words: {}
runs: { using: node24, main: dist/index.js }
`

let count = 0

const toolkit = (path: string) => new URL(`../../node_modules/@actions/${path}`, import.meta.url)

const importCore = `import * as core from '${toolkit('core/lib/core.js')}'`

/** An action of a few lines; the toolkit is loaded where it is used. */
function fake(script: string): string {
  const action = join(folder, String(++count))
  mkdirSync(join(action, 'dist'), { recursive: true })
  writeFileSync(join(action, 'action.yml'), MANIFEST)
  writeFileSync(join(action, 'dist', 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(action, 'dist', 'index.js'),
    `${/\bcore\./.test(script) ? importCore : ''}
import { appendFileSync, writeFileSync } from 'node:fs'
const { env } = process
${script}`,
  )
  return action
}

const run = (script: string, options: Partial<RunOptions> = {}) =>
  runAction({ inputs: { command: 'generate' }, action: fake(script), pauseFactor: 1, ...options })

describe('what the action is given', () => {
  const environment = async (options: Partial<RunOptions> = {}) => {
    const { stdout } = await run('console.log(JSON.stringify(env))', options)
    return JSON.parse(stdout) as Record<string, string>
  }

  test('inputs that the workflow does not mention get the defaults of action.yml', async () => {
    const env = await environment({ inputs: { command: 'status', 'keep-previous': '' } })
    expect(env).toMatchObject({
      INPUT_COMMAND: 'status',
      INPUT_REPOSITORY: 'acme/shop',
      'INPUT_KEEP-PREVIOUS': '',
      INPUT_TWO_WORDS: '',
    })
    expect(env.INPUT_TOKEN).toMatch(/^ghs_job/)
    expect((await environment())['INPUT_KEEP-PREVIOUS']).toBe('true')
  })

  test('the environment contains nothing of the one that the tests run in', async () => {
    process.env.GITHUB_TOKEN = 'a real one'
    const env = await environment({
      repository: 'acme/blog',
      runId: 7,
      runAttempt: 2,
      event: { a: 1 },
      eventName: 'push',
      env: { EXTRA: 'x', GITHUB_STEP_SUMMARY: undefined },
      keep: true,
    })
    delete process.env.GITHUB_TOKEN
    expect(env).toMatchObject({
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_REPOSITORY: 'acme/blog',
      GITHUB_REPOSITORY_OWNER: 'acme',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_API_URL: 'https://api.github.com',
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_EVENT_NAME: 'push',
      RUNNER_OS: 'Linux',
      EXTRA: 'x',
    })
    expect(JSON.parse(readFileSync(env.GITHUB_EVENT_PATH ?? '', 'utf8'))).toEqual({ a: 1 })
    expect(env.GITHUB_STEP_SUMMARY).toBeUndefined()
    expect(env.GITHUB_TOKEN).toBeUndefined()
    expect(env.JEST_WORKER_ID).toBeUndefined()
    rmSync(join(env.RUNNER_TEMP ?? '', '..'), { recursive: true })
  })

  test('a value that no environment variable can contain is refused', async () => {
    await expect(environment({ inputs: { command: 'a\0b' } })).rejects.toThrow('null bytes')
    await expect(environment({ inputs: { command: 'x'.repeat(2e5) } })).rejects.toThrow('E2BIG')
  })

  test('the action runs on Node 24, in the workspace', async () => {
    const { stdout } = await run(
      'console.log(process.version, process.cwd() === env.GITHUB_WORKSPACE)',
    )
    expect(stdout).toMatch(/^v2[4-9]\.\S+ true\n$/)
  })

  test('the environment names the servers of the rehearsal', async () => {
    const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
    const { id } = github.addRepository('acme/shop')
    const env = await environment({ github, amazonPay })
    await Promise.all([github.close(), amazonPay.close()])
    expect(env).toMatchObject({
      GITHUB_API_URL: github.url,
      GITHUB_REPOSITORY_ID: String(id),
      ACTIONS_RESULTS_URL: `${github.url}/`,
      AMAZON_PAY_API_URL: amazonPay.url,
    })
    const claims = JSON.parse(
      Buffer.from(env.ACTIONS_RUNTIME_TOKEN?.split('.')[1] ?? '', 'base64url').toString(),
    )
    expect(claims.scp).toMatch(/^Actions\.Results:[0-9a-f-]{36}:[0-9a-f-]{36}$/)
  })

  test('debug lines are printed when debug logging is on', async () => {
    const script = "core.debug('why'); core.setOutput('a', 'b'); console.log(env.RUNNER_DEBUG)"
    const { log } = await run(script, { debug: true })
    expect(log).toContain('##[debug]why\n')
    expect(log).toContain('##[debug]Set output a = b\n')
    expect(log).toMatch(/^1$/m)
    const { log: usual } = await run(script)
    expect(usual).not.toContain('why')
    expect(usual).toMatch(/^undefined$/m)
  })
})

describe('what is made of what it says', () => {
  test('the log is masked, with inputs, variables and annotations', async () => {
    const { log, annotations, masks, stdout } = await run(
      `core.setSecret('my secret')
      core.startGroup('a group')
      core.info('this is my secret, this is known')
      core.endGroup()
      core.error('my secret failed', { title: 'some-code' })`,
      {
        inputs: { command: 'generate', token: 'known', unheard: 'x\ny' },
        env: { EXTRA: 'z' },
        secretsKnown: [' known\n'],
      },
    )
    expect(log).toBe(`##[group]Run amazon-pay-keys/amazon-pay-keys@v1
with:
  command: generate
  token: ***
  unheard: x
y
  repository: acme/shop
  keep-previous: true
env:
  EXTRA: z
##[endgroup]
##[warning]Unexpected input(s) 'unheard', valid inputs are ['command', 'repository', 'token', 'keep-previous', 'two words']
##[group]a group
this is ***, this is ***
##[endgroup]
##[error]*** failed
`)
    expect(annotations).toMatchObject([
      { level: 'warning' },
      { level: 'error', title: 'some-code', message: '*** failed' },
    ])
    expect(masks).toEqual(expect.arrayContaining(['known', 'my secret']))
    expect(stdout).toContain('::add-mask::my secret\n')
  })

  test('an output that contains a secret is dropped before another job', async () => {
    const { outputs, jobOutputs, jobOutputWarnings } = await run(
      `core.setSecret('secret')
      core.setOutput('plain', 'one\\ntwo')
      core.setOutput('empty', '')
      core.setOutput('key', 'a secret key')`,
    )
    expect(outputs).toEqual({ plain: 'one\ntwo', empty: '', key: 'a secret key' })
    expect(jobOutputs).toEqual({ plain: 'one\ntwo' })
    expect(jobOutputWarnings).toEqual(["Skip output 'key' since it may contain secret."])
  })

  test('the summary is masked line by line', async () => {
    const { summary, summaryScrubbed } = await run(
      `await core.summary.addRaw('# Title\\nsecret\\n').write()
      core.setSecret('secret')`,
    )
    expect(summary).toBe('# Title\nsecret\n')
    expect(summaryScrubbed).toBe('# Title\n***\n')
  })

  test('a summary that is too large is dropped', async () => {
    const { summaryScrubbed, annotations, exitCode } = await run(
      "writeFileSync(env.GITHUB_STEP_SUMMARY, 'x'.repeat(1024 * 1024 + 1))",
    )
    expect([summaryScrubbed, exitCode]).toEqual(['', 0])
    expect(annotations[0]?.message).toMatch(/^\$GITHUB_STEP_SUMMARY upload aborted/)
  })

  test('state and variables are kept for later steps, NODE_OPTIONS is not', async () => {
    const { state, env, annotations } = await run(
      `core.saveState('a', 'b')
      core.exportVariable('C', 'd')
      core.exportVariable('NODE_OPTIONS', '--x')`,
    )
    expect([state, env]).toEqual([{ a: 'b' }, { C: 'd' }])
    expect(annotations[0]?.message).toContain("Can't store NODE_OPTIONS")
  })

  test('a file command that cannot be read fails the step', async () => {
    const { conclusion, exitCode, annotations } = await run(
      "appendFileSync(env.GITHUB_OUTPUT, 'nonsense\\n')",
    )
    expect([conclusion, exitCode]).toEqual(['failure', 0])
    expect(annotations.map(({ message }) => message)).toEqual([
      "Unable to process file command 'output' successfully.",
      "Invalid format 'nonsense'",
    ])
  })

  test('the files that the action leaves are collected, then removed', async () => {
    const { files, temp } = await run(
      `writeFileSync(env.RUNNER_TEMP + '/key.pub', 'public')
      writeFileSync('here.txt', 'work')
      writeFileSync(env.HOME + '/.cache', 'home')`,
    )
    expect(Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.toString()]))).toEqual(
      {
        'temp/key.pub': 'public',
        'workspace/here.txt': 'work',
        'home/.cache': 'home',
      },
    )
    expect(() => readFileSync(join(temp, 'key.pub'))).toThrow('ENOENT')
  })

  test('a folder of the caller is not removed', async () => {
    const temp = join(folder, 'temp')
    const result = await run("writeFileSync(env.RUNNER_TEMP + '/key.pub', 'public')", { temp })
    expect(result.temp).toBe(temp)
    expect(readFileSync(join(temp, 'key.pub'), 'utf8')).toBe('public')
  })

  test('both streams are read for workflow commands', async () => {
    const { stdout, stderr, log } = await run("console.log('out'); console.error('::error::err')")
    expect([stdout, stderr]).toEqual(['out\n', '::error::err\n'])
    expect(log).toContain('out\n')
    expect(log).toContain('##[error]err\n')
  })
})

/** Starts an action that prints `now` and then waits for a signal, or for ever. */
const start = (script: string, options: Partial<RunOptions> = {}) =>
  startAction({ inputs: { command: 'generate' }, action: fake(script), ...options })
const forEver = 'setInterval(() => {}, 1_000_000)'

describe('how it ends', () => {
  test('the exit code decides between success and failure', async () => {
    expect(await run('')).toMatchObject({ exitCode: 0, signal: null, conclusion: 'success' })
    expect(await run("core.setFailed('no')")).toMatchObject({ exitCode: 1, conclusion: 'failure' })
  })

  test('a line of the log is an event at which it can be killed', async () => {
    const action = start(`console.log('now'); ${forEver}`)
    expect(await action.line(/^n.w$/)).toBe('now')
    expect(await action.line('now')).toBe('now')
    action.kill()
    expect(await action.done).toMatchObject({ signal: 'SIGKILL', conclusion: 'failure' })
    await expect(action.line('late')).rejects.toThrow('ended without the line late')
  })

  test('a line that never comes is an error when the action ends', async () => {
    const action = start('')
    await expect(action.line('now')).rejects.toThrow('ended without the line now')
    await action.done
  })

  test('an action may handle a signal', async () => {
    const action = start(`process.on('SIGTERM', () => { console.log('tidied up'); process.exit(3) })
      console.log('now'); ${forEver}`)
    await action.line('now')
    action.kill('SIGTERM')
    const { exitCode, log } = await action.done
    expect([exitCode, log.endsWith('tidied up\n')]).toEqual([3, true])
  })

  test('an action that hangs is killed', async () => {
    expect(await run(forEver, { timeoutMs: 1 })).toMatchObject({
      signal: 'SIGKILL',
      timedOut: true,
    })
  })

  test('a cancelled action is asked by SIGINT, then by SIGTERM, and is killed at last', async () => {
    const action = start(`
      for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => console.log(signal))
      console.log('now'); ${forEver}`)
    await action.line('now')
    action.cancel((sent) => action.line(sent))
    const { log, signal, conclusion } = await action.done
    expect(log).toMatch(/now\n##\[error\]The operation was canceled\.\nSIGINT\nSIGTERM\n$/)
    expect([signal, conclusion]).toEqual(['SIGKILL', 'cancelled'])
  })

  test('a cancelled action that ends by itself is not killed', async () => {
    const action = start(
      `process.on('SIGINT', () => process.exit(4)); console.log('now'); ${forEver}`,
    )
    await action.line('now')
    action.cancel()
    expect(await action.done).toMatchObject({ exitCode: 4, conclusion: 'cancelled' })
  })

  test('a server can end it in the middle of a request', async () => {
    const github = await startGitHub()
    const repository = github.addRepository('acme/shop')
    const action = startAction({
      inputs: { command: 'generate' },
      github,
      action: fake(`
        const send = (name) => fetch(env.GITHUB_API_URL + '/repos/acme/shop/actions/variables', {
          method: 'POST',
          headers: { authorization: 'token ${github.token}' },
          body: JSON.stringify({ name, value: '' }),
        })
        await send('A'); await send('B'); await send('C')`),
    })
    github.onRequest = async ({ number }, phase) => {
      if (number !== 2 || phase !== 'before') return undefined
      action.kill()
      await action.done
      return 'drop'
    }
    await action.done
    await github.close()
    expect([...repository.variables.keys()]).toEqual(['A'])
  })
})

describe('artifacts', () => {
  let github: GitHub
  beforeEach(async () => {
    github = await startGitHub()
    github.addRepository('acme/shop')
  })
  afterEach(() => github.close())

  const upload = (more = '') => `
    const { DefaultArtifactClient } = await import('${toolkit('artifact/lib/artifact.js')}')
    const path = env.RUNNER_TEMP + '/key.pub'
    writeFileSync(path, 'a public key')
    const client = new DefaultArtifactClient()
    const upload = () =>
      client.uploadArtifact('ignored', [path], env.RUNNER_TEMP, { skipArchive: true, retentionDays: 3 })
    try { core.setOutput('result', await upload()); ${more} } catch (error) { core.setFailed(error) }`

  test('an artifact is stored as the bytes of its file', async () => {
    const { outputs } = await run(
      upload("core.setOutput('list', (await client.listArtifacts()).artifacts)"),
      { github, runId: 42 },
    )
    const [artifact] = github.artifacts
    expect(artifact).toMatchObject({
      name: 'key.pub',
      mimeType: 'application/octet-stream',
      repository: 'acme/shop',
      runId: 42,
    })
    expect(artifact?.bytes.toString()).toBe('a public key')
    expect(JSON.parse(outputs.result ?? '')).toEqual({
      id: artifact?.id,
      size: 12,
      digest: artifact?.digest.replace('sha256:', ''),
    })
    expect(JSON.parse(outputs.list ?? '')).toMatchObject([
      { id: artifact?.id, name: 'key.pub', digest: artifact?.digest },
    ])
    const days = Date.parse(artifact?.expiresAt ?? '') - Date.parse(artifact?.createdAt ?? '')
    expect(Math.round(days / 86_400_000)).toBe(3)

    const headers = { authorization: `token ${github.token}` }
    const path = `${github.apiUrl}/repos/acme/shop/actions`
    const view = await fetch(`${path}/artifacts/${artifact?.id}`, { headers })
    expect(await view.json()).toMatchObject({ name: 'key.pub', digest: artifact?.digest })
    const list = await fetch(`${path}/runs/42/artifacts`, { headers })
    expect(await list.json()).toMatchObject({ total_count: 1 })
  })

  test('a second artifact of the same name is refused, except in another attempt', async () => {
    const { annotations } = await run(upload('await upload()'), { github })
    expect(annotations[0]?.message).toContain(
      'an artifact with this name already exists on the workflow run',
    )
    expect((await run(upload(), { github, runAttempt: 2 })).exitCode).toBe(0)
    expect(github.artifacts).toHaveLength(2)
  })

  test('an upload is tried five times when the service is down', async () => {
    github.artifactsDown = true
    const { annotations } = await run(upload(), { github, pauseFactor: 1000 })
    expect(annotations[0]?.message).toContain('after 5 attempts')
    expect(github.requests).toHaveLength(5)
  })

  test('an artifact that is damaged on the way is refused', async () => {
    github.onRequest = (request) => {
      if (request.query.get('comp') === 'block') request.bytes = Buffer.from('another key!')
      return undefined
    }
    const { annotations } = await run(upload(), { github })
    expect(annotations[0]?.message).toContain('size or hash does not match')
    expect(github.artifacts).toEqual([])
  })
})
