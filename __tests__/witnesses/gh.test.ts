import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startAmazonPay } from '../../rehearsal/amazon-pay.ts'
import { type GitHub, type Repository, startGitHub } from '../../rehearsal/github.ts'
import { runAction } from '../../rehearsal/runner.ts'
import { keyRecord, makeKey } from '../scenarios/planting.ts'

// GitHub's own command line speaks TLS only, and with a host that has a port as with GitHub Enterprise Server.

/** Since 2.31; Debian 12 has 2.23. */
const hasVariables = spawnSync('gh', ['variable', '--help']).status === 0

const folder = mkdtempSync(join(tmpdir(), 'gh-'))
let github: GitHub
let shop: Repository
let host: string

beforeAll(async () => {
  const [cert, key] = [join(folder, 'ca.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key]
  execFileSync('openssl', [...request, '-out', cert, ...subject], { stdio: 'ignore' })
  github = await startGitHub({
    tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
  })
  host = `localhost:${new URL(github.url).port}`
  shop = github.addRepository('acme/shop')
  github.addEnvironment(shop, 'production')
  github.addOrganization('acme')
})

afterAll(async () => {
  await github.close()
  rmSync(folder, { recursive: true })
})

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: folder,
  GH_CONFIG_DIR: folder,
  GH_HOST: host,
  GH_ENTERPRISE_TOKEN: github.token,
  GH_NO_UPDATE_NOTIFIER: '1',
  GH_PROMPT_DISABLED: '1',
  SSL_CERT_FILE: join(folder, 'ca.pem'),
})

async function gh(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('gh', args, { env: environment(), cwd: folder })
  return stdout
}

interface Where {
  readonly name: string
  readonly args: () => string[]
  readonly scope: () =>
    | Repository
    | { secrets: Repository['secrets']; variables: Repository['variables'] }
}

const places: readonly Where[] = [
  { name: 'a repository', args: () => ['--repo', `${host}/acme/shop`], scope: () => shop },
  {
    name: 'an environment',
    args: () => ['--repo', `${host}/acme/shop`, '--env', 'production'],
    scope: () => shop.environments.get('production') ?? shop,
  },
  {
    name: 'an organization',
    args: () => ['--org', 'acme'],
    scope: () => github.organizations.get('acme') ?? shop,
  },
]

describe.each(places)('gh with $name', ({ args, scope }) => {
  test('stores a secret that opens to the same value, lists it, and deletes it', async () => {
    const { privateKey } = makeKey()
    await gh('secret', 'set', 'AMAZON_PAY_PRIVATE_KEY', '--body', privateKey, ...args())
    // gh takes one newline from the end of a value.
    expect(scope().secrets.get('AMAZON_PAY_PRIVATE_KEY')?.value.trim()).toBe(privateKey.trim())
    expect(await gh('secret', 'list', ...args())).toContain('AMAZON_PAY_PRIVATE_KEY')
    await gh('secret', 'delete', 'AMAZON_PAY_PRIVATE_KEY', ...args())
    expect(scope().secrets.has('AMAZON_PAY_PRIVATE_KEY')).toBe(false)
  })

  // Debian's gh 2.23 has no `gh variable`.
  const variables = hasVariables ? test : test.skip
  variables(
    'stores a key record as a variable, reads it back byte for byte, and deletes it',
    async () => {
      const record = keyRecord(makeKey(), 'next')
      await gh('variable', 'set', 'AMAZON_PAY_KEY_NEXT', '--body', record, ...args())
      expect(scope().variables.get('AMAZON_PAY_KEY_NEXT')?.value).toBe(record)
      expect(await gh('variable', 'list', ...args())).toContain('AMAZON_PAY_KEY_NEXT')
      await gh('variable', 'delete', 'AMAZON_PAY_KEY_NEXT', ...args())
      expect(scope().variables.has('AMAZON_PAY_KEY_NEXT')).toBe(false)
    },
  )
})

test('a pair that gh stored is adopted, and gh reads its key record', async () => {
  const amazonPay = await startAmazonPay()
  const { privateKey, publicKey, fingerprint } = makeKey()
  const id = amazonPay.exchange({ region: 'eu', view: 'live', publicKey, name: 'shop' })
  const repo = ['--repo', `${host}/acme/shop`]
  await gh('secret', 'set', 'AMAZON_PAY_PRIVATE_KEY', '--body', privateKey, ...repo)
  await gh('secret', 'set', 'AMAZON_PAY_PUBLIC_KEY_ID', '--body', id, ...repo)
  const result = await runAction({
    github,
    amazonPay,
    env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    inputs: {
      command: 'adopt',
      token: github.token,
      region: 'eu',
      'pay-environment': 'live',
      'public-key-id': id,
      'current-private-key': shop.secrets.get('AMAZON_PAY_PRIVATE_KEY')?.value ?? '',
    },
  })
  await amazonPay.close()
  expect(result.outputs).toMatchObject({ status: 'adopted', fingerprint })
  const record = await gh(
    'api',
    'repos/acme/shop/actions/variables/AMAZON_PAY_KEY',
    '--jq',
    '.value',
  )
  expect(JSON.parse(record)).toMatchObject({ fingerprint, publicKeyId: id })
})
