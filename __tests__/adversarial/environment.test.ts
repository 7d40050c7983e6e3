import { execFileSync } from 'node:child_process'
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
import { sample } from '../sample.ts'
import { closeShops, commands, keys, stage, stored } from './shops.ts'

// The attacker is an earlier step of the job: it sets variables of later steps, leaves files and links in the runner's
// folders, and leaves a process running.

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'environment-'))
})
afterEach(async () => {
  await closeShops()
  rmSync(folder, { recursive: true, force: true })
})

/** Code that runs in the action's process before the action: plays what happens beside it. */
const preload = (code: string): readonly string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(code)}`,
]

describe('a stand-in for Amazon Pay on a real GitHub is refused before any request', () => {
  test.each(sample(commands, 4))('by %s', async (command) => {
    const { shop, run } = await stage(command)
    shop.amazonPay.acceptEverything = true
    const before = stored(shop)
    // Nothing of this name can be reached, should it be asked after all.
    const told = await run({ env: { GITHUB_API_URL: 'https://api.github.invalid' } })
    expect(told.outputs['error-code']).toBe('input-invalid')
    expect(told.annotations[0]?.message).toContain('AMAZON_PAY_API_URL')
    expect(told.payRequests).toEqual([])
    expect(stored(shop)).toEqual(before)
  })

  test('also by validate without a token', async () => {
    const { run, current } = await stage('validate')
    const told = await run({
      with: { token: '', 'public-key-id': current.id },
      env: { GITHUB_API_URL: undefined },
    })
    expect(told.outputs['error-code']).toBe('input-invalid')
    expect(told.payRequests).toEqual([])
  })

  const standIns = [
    'https://pay.evil.invalid',
    'http://127.0.0.1.evil.invalid',
    'http://127.0.0.1@evil.invalid',
    'http://localhost.evil.invalid',
    'http://evil.invalid#@127.0.0.1',
    'file:///etc/passwd',
    'nonsense',
  ]
  test.each(sample(standIns, 4))(
    'and one that is not on this machine everywhere: %s',
    async (url) => {
      const { run } = await stage('validate')
      const told = await run({ env: { AMAZON_PAY_API_URL: url } })
      expect(told.outputs['error-code']).toBe('input-invalid')
      expect(told.requests).toEqual([])
    },
  )
})

const withoutTls = [
  'http://127.0.0.1.evil.invalid',
  'http://127.0.0.1@evil.invalid',
  'ftp://127.0.0.1',
]
test.each(['http://api.github.invalid', ...sample(withoutTls, 3)])(
  'a GitHub without TLS that is not on this machine is refused: %s',
  async (url) => {
    const { run } = await stage('status')
    const told = await run({ env: { GITHUB_API_URL: url } })
    expect(told.outputs['error-code']).toBe('input-invalid')
    expect(told.annotations[0]?.message).toContain('GITHUB_API_URL is not an https: URL')
    expect(told.stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('ghs_')
  },
)

describe('certificates', () => {
  test.each(sample(commands, 7))(
    'that are not checked are refused before any request by %s',
    async (command) => {
      const { shop, run } = await stage(command)
      const before = stored(shop)
      const told = await run({ env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } })
      expect(told.outputs['error-code']).toBe('input-invalid')
      expect(told.annotations[0]?.message).toContain('NODE_TLS_REJECT_UNAUTHORIZED')
      expect([told.requests, told.payRequests]).toEqual([[], []])
      expect(stored(shop)).toEqual(before)
    },
  )

  const ca = '/etc/ssl/certs/company.pem'
  const proxied: readonly [string, Record<string, string>][] = [
    [
      'HTTPS_PROXY and NODE_EXTRA_CA_CERTS',
      { HTTPS_PROXY: 'http://127.0.0.1:9', NODE_EXTRA_CA_CERTS: ca },
    ],
    [
      'https_proxy and NODE_EXTRA_CA_CERTS',
      { https_proxy: 'http://127.0.0.1:9', NODE_EXTRA_CA_CERTS: ca },
    ],
    [
      'HTTPS_PROXY and SSL_CERT_FILE with NODE_USE_SYSTEM_CA',
      { HTTPS_PROXY: 'http://127.0.0.1:9', NODE_USE_SYSTEM_CA: '1', SSL_CERT_FILE: ca },
    ],
  ]
  test.each(sample(proxied, 3))(
    'of a proxy that can read everything are named in log and summary: %s',
    async (_, env) => {
      const { run } = await stage('status')
      const told = await run({ env: { ...env, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' } })
      const warnings = told.annotations.filter(({ level }) => level === 'warning')
      // The switch itself needs no name: the file that it makes count has one.
      for (const name of Object.keys(env).filter((one) => one !== 'NODE_USE_SYSTEM_CA')) {
        expect(warnings.map(({ message }) => message).join()).toContain(name)
        expect(told.summary).toContain(name)
      }
    },
  )

  const harmless: readonly [string, Record<string, string>][] = [
    ['a proxy alone', { HTTPS_PROXY: 'http://127.0.0.1:9', no_proxy: '127.0.0.1' }],
    ['extra certificates alone', { NODE_EXTRA_CA_CERTS: ca }],
  ]
  test.each(sample(harmless, 2))('%s is no warning', async (_, env) => {
    const { run } = await stage('status')
    const told = await run({ env })
    expect(told.annotations.filter(({ level }) => level === 'warning')).toEqual([])
  })
})

test('what runs in or below the process afterwards finds no input in its environment', async () => {
  const { run } = await stage('activate', { app: true })
  const told = await run({
    nodeArgs: preload(`
      import { execFileSync } from 'node:child_process'
      import { writeFileSync } from 'node:fs'
      import diagnostics from 'node:diagnostics_channel'
      const temp = process.env.RUNNER_TEMP
      writeFileSync(temp + '/before', Object.keys(process.env).join())
      diagnostics.subscribe('undici:request:create', () => {
        writeFileSync(temp + '/inside', JSON.stringify(process.env))
        writeFileSync(temp + '/below', execFileSync('env'))
      })`),
  })
  expect(told.outputs.status).toBe('activated')
  const file = (name: string): string => told.files.get(`temp/${name}`)?.toString() ?? ''
  expect(file('before')).toContain('INPUT_CURRENT-PRIVATE-KEY')
  for (const name of ['inside', 'below']) {
    expect(file(name)).toContain('RUNNER_TEMP')
    expect(file(name)).not.toMatch(/INPUT_|PRIVATE KEY/)
  }
})

describe('the public key file', () => {
  // The attacker knows where it will be: an earlier run of the same key shows it.
  const digits = Buffer.from(keys.current.fingerprint.slice(7), 'base64').toString('hex', 0, 4)
  const name = `amazon-pay-public-key-eu-live-${digits}.pub`

  test('is never written through a link that waits in its place', async () => {
    const [temp, victim] = [join(folder, 'temp'), join(folder, 'victim')]
    mkdirSync(temp)
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, join(temp, name))
    const { run } = await stage('validate')
    const told = await run({ temp })
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(told.outputs.status).toBe('valid')
    expect(told.outputs['public-key-file']).toBe(join(temp, name))
    expect(lstatSync(join(temp, name)).isFile()).toBe(true)
    expect(readFileSync(join(temp, name), 'utf8')).toBe(keys.current.publicKey)
  })

  test('nor through one that is put there between its removal and its creation', async () => {
    const [temp, victim] = [join(folder, 'temp'), join(folder, 'victim')]
    mkdirSync(temp)
    writeFileSync(victim, 'untouched')
    const { run } = await stage('validate')
    const told = await run({
      temp,
      nodeArgs: preload(`
        import { symlinkSync } from 'node:fs'
        import promises from 'node:fs/promises'
        import { syncBuiltinESMExports } from 'node:module'
        const { rm } = promises
        promises.rm = async (path, ...rest) => {
          await rm(path, ...rest)
          symlinkSync(${JSON.stringify(victim)}, path)
        }
        syncBuiltinESMExports()`),
    })
    expect(lstatSync(join(temp, name)).isSymbolicLink()).toBe(true)
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(told.conclusion).toBe('success')
    expect(told.outputs['error-code']).toBe('artifact-failed')
    expect(told.artifacts).toEqual([])
  })

  test('that a folder keeps from its place is a warning, and the work is done', async () => {
    const temp = join(folder, 'temp')
    mkdirSync(join(temp, name, 'inside'), { recursive: true })
    const { run } = await stage('validate')
    const told = await run({ temp })
    expect(told.conclusion).toBe('success')
    expect(told.outputs['error-code']).toBe('artifact-failed')
  })

  test('swapped before its upload begins is an artifact that is not trusted', async () => {
    const temp = join(folder, 'temp')
    const { shop, run } = await stage('validate')
    shop.github.onRequest = ({ path }, phase) => {
      if (path.endsWith('CreateArtifact') && phase === 'before')
        writeFileSync(join(temp, name), keys.stranger.publicKey)
      return undefined
    }
    const told = await run({ temp })
    expect(told.artifacts.map(({ bytes }) => bytes.toString())).toEqual([keys.stranger.publicKey])
    expect(told.outputs).toMatchObject({ status: 'valid', 'error-code': 'artifact-failed' })
    expect(told.outputs['artifact-url'] ?? '').toBe('')
    expect(told.outputs['artifact-id'] ?? '').toBe('')
    expect(told.outputs['public-key']).toBe(keys.current.publicKey)
    expect(told.summary).toContain('public key')
  })
})

describe('a named pipe instead of a file does not keep the step', () => {
  const pipe = (): string => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    return path
  }

  test('that the runner names', async () => {
    const { shop, run, next } = await stage('activate')
    const path = pipe()
    const env = { GITHUB_OUTPUT: path, GITHUB_STEP_SUMMARY: path, GITHUB_EVENT_PATH: path }
    const told = await run({ env, timeoutMs: 60_000 })
    expect(told.timedOut).toBe(false)
    expect(told.conclusion).toBe('success')
    expect(shop.repository.secrets.get('AMAZON_PAY_PRIVATE_KEY')?.value).toBe(next.privateKey)
    // The event is read only where it is a file; that the other two could not be written is told.
    const warned = told.annotations.filter(({ level }) => level === 'warning')
    expect(warned.map(({ title }) => title)).toEqual(['artifact-failed', 'artifact-failed'])
  })

  test('public-key', async () => {
    const { run } = await stage('validate')
    const told = await run({ workspace: folder, with: { 'public-key': pipe() } })
    expect(told.timedOut).toBe(false)
    expect(told.outputs['error-code']).toBe('input-invalid')
  })
})

describe('public-key as a path', () => {
  const paths = [
    ['a link out of the workspace', 'link'],
    ['a way up', '../outside/key.pub'],
    ['the environment of the process', '/proc/self/environ'],
    ['a folder behind a link', 'out/key.pub'],
    ['a device', '/dev/zero'],
    ['passwords', '/etc/passwd'],
  ] as const
  test.each(sample(paths, 3))(
    'never leads out of workspace and temporary folder: %s',
    async (_, path) => {
      const [workspace, outside] = [join(folder, 'workspace'), join(folder, 'outside')]
      for (const name of [workspace, outside]) mkdirSync(name)
      writeFileSync(join(outside, 'key.pub'), keys.stranger.publicKey)
      symlinkSync(join(outside, 'key.pub'), join(workspace, 'link'))
      symlinkSync(outside, join(workspace, 'out'))
      const { run } = await stage('validate')
      const told = await run({ workspace, with: { 'public-key': path } })
      expect(told.outputs['error-code']).toBe('input-invalid')
      expect(told.stdout).not.toContain('root:')
    },
  )
})
