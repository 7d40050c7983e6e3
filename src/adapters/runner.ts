import { readFileSync } from 'node:fs'
import { readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import * as core from '@actions/core'
import { mkdirP } from '@actions/io'
import { Problem } from '../domain/problem.ts'
import { onOneLine } from '../domain/text.ts'
import type { Run, Runner } from '../ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** No key file is longer; what is, is something else. */
const longestFile = 1024 * 1024

/** The step as GitHub's runner sees it: workflow commands on stdout, and file commands. */
export function createRunner(env: Environment, stop: AbortSignal): Runner {
  const masked = new Set<string>()
  const temp = env.RUNNER_TEMP ?? ''
  const workspace = env.GITHUB_WORKSPACE ?? ''
  return {
    run: runOf(env),
    stop,
    dispatched: dispatchedInputs(env),
    mask(value) {
      // The runner answers a blank mask with a warning of its own.
      if (value.trim() === '' || masked.has(value)) return
      masked.add(value)
      core.setSecret(value)
    },
    info(line) {
      core.info(harmless(line))
    },
    notice(text) {
      core.notice(harmless(text))
    },
    warning({ code, fact, hint }) {
      core.warning(harmless(`${fact}. Next: ${hint}`), { title: code ?? 'amazon-pay-keys' })
    },
    output: core.setOutput,
    async publicKeyFile(name, pem) {
      await mkdirP(temp)
      const path = join(temp, name)
      await writeFile(path, pem)
      return path
    },
    async readFile(path, input) {
      const refused = (fact: string): Problem =>
        new Problem(
          'input-invalid',
          `${input} names ${fact}`,
          `pass the key itself as text, or the path of a file below the workspace or the runner's temp folder`,
        )
      if (path.includes('\0') || path.length > 1000) throw refused('no file that could exist')
      // Links are followed before the path is judged: one in the workspace must not lead out of it.
      const real = await realpath(resolve(workspace, path)).catch(() => null)
      if (real === null) throw refused('a file that does not exist')
      const roots = await Promise.all(
        [workspace, temp]
          .filter((root) => root !== '')
          .map((root) => realpath(root).catch(() => null)),
      )
      if (!roots.some((root) => root !== null && isBelow(root, real))) {
        throw refused('a file outside of the workspace and the temp folder')
      }
      const { size, isFile } = await stat(real).then((s) => ({ size: s.size, isFile: s.isFile() }))
      if (!isFile) throw refused('something that is not a file')
      if (size > longestFile) throw refused(`a file of ${size} bytes, which is no key`)
      return readFile(real)
    },
  }
}

/** Prints a failure: one annotation, titled with its code. */
export function printProblem({ code, fact, hint }: Problem): void {
  core.error(harmless(`${fact}. Next: ${hint}`), { title: code })
}

/**
 * The runner takes `##[error]` anywhere in a line, and a line after a carriage return, for commands of its
 * own: text that somebody else chose must not become one, nor colour or hide what stands beside it.
 */
function harmless(text: string): string {
  return onOneLine(text).replaceAll('##[', '# #[')
}

/** Writes the job summary once; a runner without summaries (some emulators) gets none. */
export async function writeSummary(markdown: string): Promise<void> {
  if (!process.env.GITHUB_STEP_SUMMARY) return
  try {
    await core.summary.addRaw(markdown).write({ overwrite: true })
  } catch {
    // What the step did is done, and told in the log: it must not look like a failure.
    core.warning('the job summary could not be written')
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
  return {
    repository,
    id,
    url: `${server}/${repository}/actions/runs/${id}`,
    workflow: file?.replace(`${repository}/`, '') || null,
    ref: ref?.replace(/^refs\/heads\//, '') || null,
  }
}

function dispatchedInputs(env: Environment): string[] {
  if (env.GITHUB_EVENT_NAME !== 'workflow_dispatch' || !env.GITHUB_EVENT_PATH) return []
  try {
    const event = JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, 'utf8')) as { inputs?: unknown }
    return Object.values(event.inputs ?? {}).filter((value) => typeof value === 'string')
  } catch {
    return []
  }
}
