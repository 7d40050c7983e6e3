import { randomUUID } from 'node:crypto'
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
import type { RunOptions } from './model.ts'

/** The folders of a job, and the files through which a step sends commands to the runner. */
export interface Folders {
  readonly temp: string
  readonly workspace: string
  readonly home: string
  readonly tools: string
  readonly eventPath: string
  readonly commandFiles: CommandFiles
  /** The files that are left in the folders, without the runner's own. */
  read(): Map<string, Buffer>
  remove(): void
}

export type CommandFiles = Readonly<
  Record<'path' | 'env' | 'step_summary' | 'state' | 'output', string>
>

export function makeFolders(options: Pick<RunOptions, 'temp' | 'workspace' | 'keep'>): Folders {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'rehearsal-'))
  const folder = (name: string, given?: string) => {
    const path = given ?? join(root, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  const temp = folder('temp', options.temp)
  const workspace = folder('workspace', options.workspace)
  const home = folder('home')
  const eventPath = join(temp, '_github_workflow', 'event.json')
  mkdirSync(dirname(eventPath), { recursive: true })
  return {
    temp,
    workspace,
    home,
    tools: folder('tools'),
    eventPath,
    commandFiles: makeCommandFiles(temp),
    read() {
      const left = new Map<string, Buffer>()
      for (const [name, path] of Object.entries({ temp, workspace, home })) {
        collect(path, name, left)
      }
      return left
    },
    remove() {
      if (!options.keep) rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Empty, as in a new step. */
function makeCommandFiles(temp: string): CommandFiles {
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

function collect(root: string, name: string, into: Map<string, Buffer>): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(entry.parentPath, entry.name))
    if (!entry.isFile() || /^_(runner_file_commands|github_workflow)\//.test(path)) continue
    into.set(`${name}/${path}`, readFileSync(join(root, path)))
  }
}

export const readText = (path: string): string =>
  existsSync(path) ? readFileSync(path, 'utf8') : ''
