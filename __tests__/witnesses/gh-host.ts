import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ghEnvironment } from '../../rehearsal/gh.ts'
import { type GitHub, type Repository, type Scope, startGitHub } from '../../rehearsal/github.ts'

/** The rehearsal, and GitHub’s own command line for it. */
export interface GhHost {
  readonly github: GitHub
  readonly shop: Repository
  /** Of gh, with acme/shop as the repository. */
  readonly env: NodeJS.ProcessEnv
  gh(...args: string[]): Promise<string>
  close(): Promise<void>
}

export interface Level {
  readonly name: string
  readonly flags: readonly string[]
  readonly scope: (host: GhHost) => Scope
}

/** Where secrets and variables are, and how gh is told. */
export const levels: readonly Level[] = [
  { name: 'a repository', flags: [], scope: ({ shop }) => shop },
  {
    name: 'an environment',
    flags: ['--env', 'production'],
    scope: ({ shop }) => found(shop.environments.get('production')),
  },
  {
    name: 'an organization',
    flags: ['--org', 'acme'],
    scope: ({ github }) => found(github.organizations.get('acme')),
  },
]

export async function startGhHost(): Promise<GhHost> {
  const folder = mkdtempSync(join(tmpdir(), 'gh-'))
  const github = await startGitHub()
  const shop = github.addRepository('acme/shop')
  github.addEnvironment(shop, 'production')
  github.addOrganization('acme')
  const env = ghEnvironment(github, { repository: shop.fullName, home: folder })
  return {
    ...{ github, shop, env },
    async gh(...args) {
      const { stdout } = await promisify(execFile)('gh', args, { env, cwd: folder })
      return stdout
    },
    async close() {
      await github.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there')
  return value
}
