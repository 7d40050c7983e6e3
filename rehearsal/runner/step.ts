import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { Folders } from './folders.ts'
import type { Job } from './job.ts'
import type { RunOptions } from './model.ts'

export const projectFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The action always runs on Node 24 or newer, even if the rehearsal itself runs on an older version. */
export const nodePath =
  Number(process.versions.node.split('.')[0]) >= 24
    ? process.execPath
    : realpathSync(join(projectFolder, 'node_modules', '.bin', 'node'))

export interface Manifest {
  readonly inputs?: Readonly<
    Record<string, { readonly default?: string | number | boolean } | null>
  >
  readonly runs: { readonly main: string }
}

export const readManifest = (action: string): Manifest =>
  parse(readFileSync(join(action, 'action.yml'), 'utf8')) as Manifest

/** The inputs that the workflow passes, and the defaults of the others. */
export function completeInputs(
  given: Readonly<Record<string, string>>,
  { inputs = {} }: Manifest,
  context: Readonly<Record<string, string>>,
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

/** What the process of a step is started with. */
export interface Step {
  readonly inputs: ReadonlyMap<string, string>
  /** `env:` of the step. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly environment: Readonly<Record<string, string>>
  readonly args: readonly string[]
}

export function describeStep(
  options: RunOptions,
  { manifest, job, folders }: { manifest: Manifest; job: Job; folders: Folders },
): Step {
  const inputs = completeInputs(options.inputs, manifest, job.context)
  const env = {
    ...(options.amazonPay && { AMAZON_PAY_API_URL: options.amazonPay.url }),
    ...options.env,
  }
  const isHeld = options.pauseFactor !== undefined || options.controlTimeouts === true
  const environment = defined({
    PATH: `${dirname(nodePath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folders.home,
    LANG: 'C.UTF-8',
    ...job.environment,
    GITHUB_EVENT_PATH: folders.eventPath,
    RUNNER_TEMP: folders.temp,
    RUNNER_WORKSPACE: dirname(folders.workspace),
    RUNNER_TOOL_CACHE: folders.tools,
    ...(options.debug && { RUNNER_DEBUG: '1', ACTIONS_STEP_DEBUG: 'true' }),
    ...named(Object.entries(folders.commandFiles), (name) => `GITHUB_${name}`),
    ...named(inputs, (name) => `INPUT_${name.replaceAll(' ', '_')}`),
    // The same code, many times: Node.js keeps what it has compiled.
    ...(isHeld && { NODE_COMPILE_CACHE: join(projectFolder, 'node_modules/.cache/compiled') }),
    ...(options.pauseFactor && { PAUSE_FACTOR: String(options.pauseFactor) }),
    ...env,
  })
  const args = [
    ...(isHeld ? ['--import', join(projectFolder, 'rehearsal', 'pauses.mjs')] : []),
    ...(options.nodeArgs ?? []),
    join(options.action ?? projectFolder, manifest.runs.main),
  ]
  return { inputs, env, environment, args }
}

const named = (entries: Iterable<readonly [string, string]>, name: (name: string) => string) =>
  Object.fromEntries([...entries].map(([key, value]) => [name(key).toUpperCase(), value]))

const defined = (variables: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )
