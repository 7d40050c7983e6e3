import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { parseFileCommand, SUMMARY_LIMIT, scrubSummary } from './file-commands.ts'
import { type Annotation, createLineReader, createLog } from './log.ts'
import { createMasker } from './masker.ts'

export interface RunOptions {
  /** `with:` of the step. Inputs that are not named get action.yml's defaults; an empty one stays empty. */
  inputs: Record<string, string>
  /** `env:` of the step. `undefined` removes a variable that the runner sets. */
  env?: Record<string, string | undefined>
  /** Where GitHub's API and artifact service are. */
  github?: {
    url: string
    apiUrl?: string
    repositories?: Map<string, { id: number; visibility: 'private' | 'public' }>
  }
  amazonPay?: { url: string }
  /** `GITHUB_TOKEN` of the job. */
  githubToken?: string
  /** Payload of the event, and its name: `workflow_dispatch` unless said otherwise. */
  event?: object
  eventName?: string
  repository?: string
  runId?: number
  runAttempt?: number
  actor?: string
  serverUrl?: string
  /** Secrets that the job received, which the runner masks before anything runs. */
  secretsKnown?: string[]
  /** `ACTIONS_STEP_DEBUG`. */
  debug?: boolean
  /** Folders of the caller are left alone; without them, fresh ones are made, read and removed. */
  workspace?: string
  temp?: string
  /** Leaves the fresh folders where they are. */
  keep?: boolean
  /** The process is killed after this time; a minute unless said otherwise. */
  timeoutMs?: number
  nodeArgs?: string[]
  /** Makes timers of the action run this many times as fast (compress-time.mjs). */
  timeFactor?: number
  /** Sends a signal (SIGTERM unless said otherwise) when the masked log says something, or after a time. */
  signalAt?: { line?: RegExp | string; afterMs?: number; signal?: NodeJS.Signals }
  /** Receives the masked log as it grows. */
  onLine?: (line: string) => void
  /** Folder with an action.yml; this project's unless said otherwise. */
  action?: string
  /** How the workflow names the action. */
  uses?: string
}

export interface RunResult {
  exitCode: number | null
  signal: NodeJS.Signals | null
  timedOut: boolean
  conclusion: 'success' | 'failure' | 'cancelled'
  /** Raw, with the mask commands. */
  stdout: string
  stderr: string
  /** As the log file holds it, masked; `showLog` makes it what the page shows. */
  log: string
  annotations: Annotation[]
  /** Whole values and lines that the runner hides from now on in this job. */
  masks: string[]
  outputs: Record<string, string>
  /** What another job would receive of the outputs. */
  jobOutputs: Record<string, string>
  jobOutputWarnings: string[]
  summary: string
  /** What GitHub shows: masked line by line, empty when too large. */
  summaryScrubbed: string
  state: Record<string, string>
  env: Record<string, string>
  /** What is left in the folders, by `temp/…`, `workspace/…`, `home/…`. */
  files: Map<string, Buffer>
  temp: string
  workspace: string
  /** What the process was started with. */
  args: string[]
  environment: Record<string, string>
  /** Milliseconds. */
  duration: number
}

export interface RunningAction {
  child: ChildProcess
  done: Promise<RunResult>
  /** To the whole process group. */
  kill(signal?: NodeJS.Signals): void
  /** Cancels as the runner does: SIGINT, after 7.5 s SIGTERM, after 2.5 s more SIGKILL; all of it divided by `hurry`. */
  cancel(hurry?: number): void
}

/** Runs the action once, as a step of a job. */
export const runAction = async (options: RunOptions): Promise<RunResult> =>
  startAction(options).done

/** Starts the action as a step of a job, and gives a handle to interrupt it. */
export function startAction(options: RunOptions): RunningAction {
  const began = performance.now()
  const action = options.action ?? PROJECT
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'rehearsal-'))
  const place = (name: string, given?: string) => {
    const path = given ?? join(folder, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  const temp = place('temp', options.temp)
  const workspace = place('workspace', options.workspace)
  const home = place('home')
  const files = commandFiles(temp)

  const githubToken = options.githubToken ?? `ghs_job${randomBytes(15).toString('hex')}`
  const job = describeJob(options, { githubToken, workspace })
  const manifest = readManifest(action)
  const inputs = completeInputs(options.inputs, manifest, job.context)
  const stepEnv = {
    ...(options.amazonPay && { AMAZON_PAY_API_URL: options.amazonPay.url }),
    ...options.env,
  }

  const masker = createMasker()
  for (const secret of [githubToken, job.runtimeToken, ...(options.secretsKnown ?? [])]) {
    masker.addSecret(secret)
  }
  const log = createLog({
    masker,
    debug: options.debug === true,
    onLine: (line) => {
      options.onLine?.(line)
      const { line: wanted, signal } = options.signalAt ?? {}
      if (wanted !== undefined && says(line, wanted)) kill(signal ?? 'SIGTERM')
    },
  })

  const eventPath = join(temp, '_github_workflow', 'event.json')
  mkdirSync(dirname(eventPath), { recursive: true })
  writeFileSync(eventPath, JSON.stringify(options.event ?? defaultEvent(options), null, 2))

  const environment = defined({
    PATH: `${dirname(NODE)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    LANG: 'C.UTF-8',
    ...job.environment,
    GITHUB_EVENT_PATH: eventPath,
    RUNNER_TEMP: temp,
    RUNNER_WORKSPACE: dirname(workspace),
    RUNNER_TOOL_CACHE: place('tools'),
    ...(options.debug && { RUNNER_DEBUG: '1', ACTIONS_STEP_DEBUG: 'true' }),
    ...Object.fromEntries(
      Object.entries(files).map(([name, path]) => [`GITHUB_${name.toUpperCase()}`, path]),
    ),
    ...Object.fromEntries(
      [...inputs].map(([name, value]) => [
        `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
        value,
      ]),
    ),
    ...(options.timeFactor && { TIME_FACTOR: String(options.timeFactor) }),
    ...stepEnv,
  })
  const args = [
    ...(options.timeFactor ? ['--import', join(HERE, 'compress-time.mjs')] : []),
    ...(options.nodeArgs ?? []),
    join(action, manifest.runs.main),
  ]
  const child = start(NODE, args, workspace, environment)
  let timedOut = false
  let cancelled = false
  const kill = (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // It ended in this very moment.
    }
  }
  const cancel = (hurry = 1) => {
    if (cancelled) return
    cancelled = true
    log.issue('error', 'The operation was canceled.')
    kill('SIGINT')
    timers.push(setTimeout(() => kill('SIGTERM'), 7500 / hurry))
    timers.push(setTimeout(() => kill('SIGKILL'), 10_000 / hurry))
  }
  const timers = [
    setTimeout(() => {
      timedOut = true
      kill('SIGKILL')
    }, options.timeoutMs ?? 60_000),
  ]
  const { afterMs, signal } = options.signalAt ?? {}
  if (afterMs !== undefined) timers.push(setTimeout(() => kill(signal ?? 'SIGTERM'), afterMs))
  const onExit = () => kill('SIGKILL')
  process.once('exit', onExit)
  printHeader() // in time: what the process says arrives later

  const read = (stream: NodeJS.ReadableStream | null) => {
    const decoder = new StringDecoder('utf8')
    const lines = createLineReader((line) => log.line(line))
    const output = { raw: '' }
    stream?.on('data', (chunk: Buffer) => {
      const text = decoder.write(chunk)
      output.raw += text
      lines.push(text)
    })
    stream?.on('end', () => lines.end())
    return output
  }
  const stdout = read(child.stdout)
  const stderr = read(child.stderr)

  const ended = new Promise<[exitCode: number | null, signal: NodeJS.Signals | null]>(
    (resolve, reject) => {
      child.once('error', reject)
      child.once('close', (exitCode, signal) => resolve([exitCode, signal]))
    },
  )
  const done = ended
    .then(([exitCode, signal]) => finish(exitCode, signal))
    .finally(() => {
      for (const timer of timers) clearTimeout(timer)
      process.removeListener('exit', onExit)
      if (!options.keep) rmSync(folder, { recursive: true, force: true })
    })
  return { child, done, kill, cancel }

  function start(file: string, args: string[], cwd: string, env: Record<string, string>) {
    try {
      // A process group of its own, so that nothing it starts survives it.
      return spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    } catch (error) {
      // An environment variable that the system does not take: NUL bytes, more than 128 KiB.
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  function printHeader() {
    log.write(`##[group]Run ${options.uses ?? 'amazon-pay-keys/amazon-pay-keys@v1'}`)
    const shown = [...inputs].filter(([, value]) => value !== '')
    if (shown.length > 0) log.write('with:')
    for (const [name, value] of shown) log.write(`  ${name}: ${value}`)
    const variables = Object.entries(stepEnv).filter(([, value]) => value !== undefined)
    if (variables.length > 0) log.write('env:')
    for (const [name, value] of variables) log.write(`  ${name}: ${value}`)
    log.write('##[endgroup]')
    const known = Object.keys(manifest.inputs ?? {})
    const unknown = Object.keys(options.inputs).filter(
      (name) => !known.some((other) => other.toLowerCase() === name.toLowerCase()),
    )
    if (unknown.length > 0) {
      log.issue(
        'warning',
        `Unexpected input(s) '${unknown.join("', '")}', valid inputs are ['${known.join("', '")}']`,
      )
    }
  }

  /** The file commands, which the runner reads when the process has ended. */
  function finish(exitCode: number | null, signal: NodeJS.Signals | null): RunResult {
    let broken = false
    const pairs = (name: 'env' | 'state' | 'output', each: (pair: [string, string]) => void) => {
      try {
        for (const pair of parseFileCommand(readText(files[name]))) each(pair)
      } catch (error) {
        log.issue('error', `Unable to process file command '${name}' successfully.`)
        log.issue('error', (error as Error).message)
        broken = true
      }
    }
    const env: Record<string, string> = {}
    pairs('env', ([name, value]) => {
      if (name.toUpperCase() === 'NODE_OPTIONS') {
        return log.issue(
          'error',
          `Can't store ${name} output parameter using '$GITHUB_ENV' command.`,
        )
      }
      env[name] = value
      log.debug(`${name}='${value}'`)
    })

    const summary = readText(files.step_summary)
    const size = Buffer.byteLength(summary)
    if (size > SUMMARY_LIMIT) {
      log.issue(
        'error',
        `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${SUMMARY_LIMIT / 1024}k, got ${Math.floor(size / 1024)}k. For more information see: https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-markdown-summary`,
      )
    }

    const state: Record<string, string> = { ...log.state }
    pairs('state', ([name, value]) => {
      state[name] = value
      log.debug(`Save intra-action state ${name} = ${value}`)
    })
    const outputs: Record<string, string> = { ...log.outputs }
    pairs('output', ([name, value]) => {
      outputs[name] = value
      log.debug(`Set output ${name} = ${value}`)
    })
    log.debug(`Node Action run completed with exit code ${exitCode}`)

    const jobOutputs: Record<string, string> = {}
    const jobOutputWarnings: string[] = []
    for (const [name, value] of Object.entries(outputs)) {
      if (value === '') continue
      if (masker.mask(value) === value) jobOutputs[name] = value
      else jobOutputWarnings.push(`Skip output '${name}' since it may contain secret.`)
    }

    const left = new Map<string, Buffer>()
    collect(temp, 'temp', left)
    collect(workspace, 'workspace', left)
    collect(home, 'home', left)

    const failed = exitCode !== 0 || broken || log.broken
    return {
      exitCode,
      signal,
      timedOut,
      conclusion: cancelled ? 'cancelled' : failed ? 'failure' : 'success',
      stdout: stdout.raw,
      stderr: stderr.raw,
      log: log.text,
      annotations: log.annotations,
      masks: [...masker.values],
      outputs,
      jobOutputs,
      jobOutputWarnings,
      summary,
      summaryScrubbed: size > SUMMARY_LIMIT ? '' : scrubSummary(summary, masker.mask),
      state,
      env,
      files: left,
      temp,
      workspace,
      args,
      environment,
      duration: performance.now() - began,
    }
  }
}

const says = (line: string, wanted: RegExp | string) =>
  typeof wanted === 'string' ? line.includes(wanted) : wanted.test(line)

const HERE = dirname(fileURLToPath(import.meta.url))
const PROJECT = dirname(HERE)
const REPOSITORY = 'acme/shop'

/** The action runs on Node 24, whatever runs the rehearsal. */
const NODE =
  Number(process.versions.node.split('.')[0]) >= 24
    ? process.execPath
    : realpathSync(join(PROJECT, 'node_modules', '.bin', 'node'))

interface Manifest {
  inputs?: Record<string, { default?: string | number | boolean } | null>
  runs: { main: string }
}

const readManifest = (action: string) =>
  parse(readFileSync(join(action, 'action.yml'), 'utf8')) as Manifest

/** What the workflow gives, and the defaults of what it does not mention. */
function completeInputs(
  given: Record<string, string>,
  { inputs = {} }: Manifest,
  context: Record<string, string>,
): Map<string, string> {
  const complete = new Map(Object.entries(given))
  const mentioned = new Set(Object.keys(given).map((name) => name.toLowerCase()))
  for (const [name, input] of Object.entries(inputs)) {
    if (mentioned.has(name.toLowerCase())) continue
    const text = String(input?.default ?? '')
    complete.set(
      name,
      text.replace(/\$\{\{\s*([\w.]+)\s*\}\}/g, (expression, path: string) => {
        const value = context[path]
        if (value === undefined) throw new Error(`The rehearsal cannot evaluate ${expression}`)
        return value
      }),
    )
  }
  return complete
}

/** What a job knows of itself: variables, the contexts of expressions, and its runtime token. */
function describeJob(
  options: RunOptions,
  { githubToken, workspace }: { githubToken: string; workspace: string },
) {
  const repository = options.repository ?? REPOSITORY
  const runId = String(options.runId ?? 4711)
  const runAttempt = String(options.runAttempt ?? 1)
  const owner = repository.split('/')[0] ?? ''
  const github: Record<string, string> = {
    action: '__amazon-pay-keys',
    actor: options.actor ?? 'octocat',
    api_url: options.github?.apiUrl ?? options.github?.url ?? 'https://api.github.com',
    event_name: options.eventName ?? 'workflow_dispatch',
    graphql_url: `${options.github?.url ?? 'https://api.github.com'}/graphql`,
    job: 'key',
    ref: 'refs/heads/main',
    ref_name: 'main',
    ref_protected: 'true',
    ref_type: 'branch',
    repository,
    repository_id: String(known(options)?.id ?? 1),
    repository_owner: owner,
    retention_days: '90',
    run_attempt: runAttempt,
    run_id: runId,
    run_number: '7',
    server_url: options.serverUrl ?? 'https://github.com',
    sha: 'f00dfeedf00dfeedf00dfeedf00dfeedf00dfeed',
    triggering_actor: options.actor ?? 'octocat',
    workflow: 'Amazon Pay key',
    workflow_ref: `${repository}/.github/workflows/amazon-pay-key.yml@refs/heads/main`,
    workflow_sha: 'f00dfeedf00dfeedf00dfeedf00dfeedf00dfeed',
    workspace,
  }
  const runner = { os: 'Linux', arch: 'X64', name: 'rehearsal', environment: 'github-hosted' }
  const backend = uuid(`${repository}#${runId}#${runAttempt}`)
  const runtimeToken = jwt({
    scp: `Actions.Results:${backend}:${uuid(`${backend}#key`)}`,
    repository,
    run_id: runId,
  })
  return {
    runtimeToken,
    environment: {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      ...prefixed('GITHUB_', github),
      ...prefixed('RUNNER_', runner),
      ACTIONS_RUNTIME_TOKEN: runtimeToken,
      ...(options.github && {
        ACTIONS_RUNTIME_URL: `${options.github.url}/`,
        ACTIONS_RESULTS_URL: `${options.github.url}/`,
      }),
    },
    context: Object.fromEntries([
      ...Object.entries(github).map(([name, value]) => [`github.${name}`, value]),
      ...Object.entries(runner).map(([name, value]) => [`runner.${name}`, value]),
      ['github.token', githubToken],
    ]) as Record<string, string>,
  }
}

const known = ({ github, repository = REPOSITORY }: RunOptions) =>
  github?.repositories?.get(repository.toLowerCase())

function defaultEvent(options: RunOptions) {
  const { inputs, eventName = 'workflow_dispatch', repository = REPOSITORY } = options
  const { id = 1, visibility = 'private' } = known(options) ?? {}
  return {
    ...(eventName === 'workflow_dispatch' && {
      inputs: { command: inputs.command ?? '' },
      ref: 'refs/heads/main',
      workflow: '.github/workflows/amazon-pay-key.yml',
    }),
    repository: { id, full_name: repository, private: visibility === 'private', visibility },
    sender: { login: options.actor ?? 'octocat' },
  }
}

/** The files that an action writes to for the runner, as fresh as in a new step. */
function commandFiles(temp: string) {
  const folder = join(temp, '_runner_file_commands')
  mkdirSync(folder, { recursive: true })
  const suffix = randomUUID()
  const file = (prefix: string) => {
    const path = join(folder, `${prefix}_${suffix}`)
    writeFileSync(path, '')
    return path
  }
  return {
    path: file('add_path'),
    env: file('set_env'),
    step_summary: file('step_summary'),
    state: file('save_state'),
    output: file('set_output'),
  }
}

function collect(root: string, name: string, into: Map<string, Buffer>) {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(entry.parentPath, entry.name))
    if (!entry.isFile() || /^_(runner_file_commands|github_workflow)\//.test(path)) continue
    into.set(`${name}/${path}`, readFileSync(join(root, path)))
  }
}

const readText = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

const defined = (variables: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined),
  ) as Record<string, string>

const prefixed = (prefix: string, values: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}${name.toUpperCase()}`, value]),
  )

/** The same text gives the same id, so that every step of a run names the same run. */
const uuid = (text: string) =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${randomBytes(32).toString('base64url')}`
}
