import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type GitHub, type Repository, type Scope, startGitHub } from '../../rehearsal/github.ts'

/**
 * The rehearsal behind TLS: GitHub’s own command line speaks nothing else. It takes a host with a port for a GitHub
 * Enterprise Server.
 */
export interface GhHost {
  readonly github: GitHub
  readonly shop: Repository
  readonly name: string
  readonly folder: string
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
  const [cert, key] = [join(folder, 'ca.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key]
  execFileSync('openssl', [...request, '-out', cert, ...subject], { stdio: 'ignore' })
  const github = await startGitHub({
    tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
  })
  const name = `localhost:${new URL(github.url).port}`
  const shop = github.addRepository('acme/shop')
  github.addEnvironment(shop, 'production')
  github.addOrganization('acme')
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GH_CONFIG_DIR: folder,
    GH_HOST: name,
    GH_REPO: `${name}/acme/shop`,
    GH_ENTERPRISE_TOKEN: github.token,
    GH_NO_UPDATE_NOTIFIER: '1',
    GH_PROMPT_DISABLED: '1',
    GH_TELEMETRY: '0',
    SSL_CERT_FILE: cert,
  }
  return {
    ...{ github, shop, name, folder, env },
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
