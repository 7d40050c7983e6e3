/** Processes of bench.ts. */
import { spawn, spawnSync } from 'node:child_process'

export interface Job {
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  readonly file?: string
  readonly mayFail?: boolean
}

/** Milliseconds of a process from start to end, in this folder. */
export function timeIn(folder: string): (job: Job) => Promise<number> {
  return async ({
    file = process.execPath,
    args,
    env = {},
    input,
    mayFail,
  }: Job): Promise<number> => {
    const began = performance.now()
    const child = spawn(file, args, { env: { PATH: process.env.PATH, ...env }, cwd: folder })
    child.stdin.end(input)
    child.stdout.resume()
    let complaint = ''
    child.stderr.on('data', (text: Buffer) => {
      complaint += text.toString()
    })
    const code = await new Promise((resolve, reject) =>
      child.on('error', reject).on('close', resolve),
    )
    const wall = performance.now() - began
    if (code !== 0 && !mayFail)
      throw new Error(`${file} ${args[0]} ended with ${code}: ${complaint}`)
    return wall
  }
}

export const isInstalled = (file: string): boolean => !spawnSync(file, ['--version']).error
