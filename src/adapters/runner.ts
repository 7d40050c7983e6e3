import { readFileSync, statSync } from 'node:fs'
import { readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import * as core from '@actions/core'
import { mkdirP } from '@actions/io'
import { Problem, type Warning } from '../domain/problem.ts'
import { onOneLine } from '../domain/text.ts'
import type { Run, Runner } from '../ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What the life of a step needs besides what commands need. */
export interface StepRunner extends Runner {
  error(problem: Problem): void
  /**
   * Replaces the job summary of this step.
   * @throws Error when the runner has none, or it cannot be written
   */
  summary(markdown: string): Promise<void>
}

/** The step as GitHub's runner sees it: workflow commands on stdout, and file commands. */
export function createRunner(env: Environment, stop: AbortSignal): StepRunner {
  const masked = new Set<string>()
  const temp = env.RUNNER_TEMP ?? ''
  const roots = [env.GITHUB_WORKSPACE ?? '', temp].filter((root) => root !== '')
  return {
    run: runOf(env),
    stop,
    eventTexts: eventTexts(env),
    mask(value) {
      // The runner answers a blank mask with a warning of its own.
      if (value.trim() === '' || masked.has(value)) return
      masked.add(value)
      core.setSecret(value)
    },
    debug: (line) => core.debug(harmless(line)),
    info: (line) => core.info(harmless(line)),
    notice: (text) => core.notice(harmless(text)),
    warning: (warning) => annotate(core.warning, warning),
    error: (problem) => annotate(core.error, problem),
    output(name, value) {
      assertRegularFile(env.GITHUB_OUTPUT)
      core.setOutput(name, value)
    },
    async summary(markdown) {
      assertRegularFile(env.GITHUB_STEP_SUMMARY)
      await core.summary.addRaw(markdown).write({ overwrite: true })
    },
    publicKeyFile: (name, pem) => createFile(temp, name, pem),
    readFile: (path, input) => readBelow(roots, path, input),
  }
}

function annotate(print: typeof core.warning, { code, fact, hint }: Warning): void {
  print(harmless(`${fact}. Next: ${hint}`), { title: code ?? 'amazon-pay-keys' })
}

/** Opening a named pipe waits for a reader, for ever. */
function assertRegularFile(path: string | undefined): void {
  if (!path || !statSync(path).isFile()) throw new Error('not a file')
}

/**
 * The runner takes `##[error]` anywhere in a line, and a line after a carriage return, for commands of its own: text
 * from elsewhere must not become one, nor colour or hide what is beside it.
 */
function harmless(text: string): string {
  return onOneLine(text).replaceAll('##[', '# #[')
}

/** Created anew, and never through a link that an earlier step may have put there. */
async function createFile(folder: string, name: string, text: string): Promise<string> {
  try {
    if (folder === '') throw new Error('RUNNER_TEMP is not set')
    await mkdirP(folder)
    const path = join(folder, name)
    await rm(path, { force: true })
    await writeFile(path, text, { flag: 'wx', mode: 0o644 })
    return path
  } catch {
    throw new Problem(
      'artifact-failed',
      `the public key file ${name} could not be written to the runner's temp folder (RUNNER_TEMP)`,
      'nothing is lost: take the public key from the summary, or from output public-key',
    )
  }
}

/** No key file is larger. */
const maxFileBytes = 1024 * 1024

async function readBelow(roots: readonly string[], path: string, input: string): Promise<Buffer> {
  const refused = (fact: string): Problem =>
    new Problem(
      'input-invalid',
      `${input} names ${fact}`,
      "pass the key itself as text, or the path of a file below the workspace or the runner's temp folder",
    )
  if (path.includes('\0') || path.length > 1000) throw refused('no file that could exist')
  try {
    // Links are followed before the path is judged: one in the workspace must not lead out of it.
    const real = await realpath(resolve(roots[0] ?? '', path)).catch(() => null)
    if (real === null) throw refused('a file that does not exist')
    const allowed = await Promise.all(roots.map((root) => realpath(root).catch(() => null)))
    if (!allowed.some((root) => root !== null && isBelow(root, real))) {
      throw refused('a file outside of the workspace and the temp folder')
    }
    const found = await stat(real)
    if (!found.isFile()) throw refused('something that is not a file')
    if (found.size > maxFileBytes) throw refused(`a file of ${found.size} bytes, which is no key`)
    return await readFile(real)
  } catch (error) {
    if (error instanceof Problem) throw error
    throw refused('a file that cannot be read')
  }
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '' && !/^\.\.(?:[\\/]|$)/.test(way) && !isAbsolute(way)
}

function runOf(env: Environment): Run {
  const repository = env.GITHUB_REPOSITORY ?? ''
  const id = env.GITHUB_RUN_ID ?? ''
  const server = env.GITHUB_SERVER_URL ?? 'https://github.com'
  const [file, ref] = (env.GITHUB_WORKFLOW_REF ?? '').split('@')
  const [, owner, path] = /^([^/]+\/[^/]+)\/(\.github\/workflows\/[^/]+)$/.exec(file ?? '') ?? []
  const name = path?.split('/').at(-1)
  return {
    repository,
    id,
    attempt: Number(env.GITHUB_RUN_ATTEMPT ?? 1) || 1,
    url: `${server}/${repository}/actions/runs/${id}`,
    workflow: path ?? null,
    ref: ref?.replace(/^refs\/heads\//, '') || null,
    workflowUrl: owner && name ? `${server}/${owner}/actions/workflows/${name}` : null,
  }
}

/** An event is at most 25 MB by GitHub's rules. */
const maxEventBytes = 25 * 1024 * 1024
function eventTexts(env: Environment): string[] {
  const path = env.GITHUB_EVENT_PATH
  if (!path) return []
  try {
    const found = statSync(path)
    if (!found.isFile() || found.size > maxEventBytes) return []
    return textsIn(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return []
  }
}

/** However deep: a list of what is left to look at, since a call for each level could exhaust the stack. */
function textsIn(event: unknown): string[] {
  const texts: string[] = []
  const left: unknown[] = [event]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value === 'string') texts.push(value)
    if (typeof value !== 'object' || value === null) continue
    for (const [name, member] of Object.entries(value)) {
      if (!Array.isArray(value)) texts.push(name)
      left.push(member)
    }
  }
  return texts
}
