import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunResult } from '../../rehearsal/runner.ts'
import type { Recorded } from '../../rehearsal/server.ts'
import {
  annotated,
  asked,
  openScene,
  plain,
  printed,
  type Scene,
  secretsOf,
  targetsOf,
  variablesOf,
} from './support.ts'

// One story: a first key is made, and shown again by a second step of the same run.
let scene: Scene
let first: RunResult
let again: RunResult
let firstRequests: Recorded[]
let firstWrites: Scene['github']['writes']
let requestsAfter: string[]
let privateKey: string

beforeAll(async () => {
  scene = await openScene()
  scene.reset('acme/shop')
  const inputs = { command: 'generate', region: 'us', 'pay-environment': 'sandbox' }
  first = await scene.run(inputs)
  firstRequests = [...scene.github.requests]
  firstWrites = [...scene.github.writes]
  privateKey = scene.github.secretsFor('acme/shop').AMAZON_PAY_PRIVATE_KEY_NEXT ?? ''
  scene.github.requests.length = 0
  // As in a job that receives the staged key: the runner masks each of its lines.
  again = await scene.run(
    { command: 'generate' },
    { secretsKnown: [scene.github.token, privateKey] },
  )
  requestsAfter = asked(scene.github.requests)
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await scene.close()
})

const folder = mkdtempSync(join(tmpdir(), 'generate-first-'))

const artifact = (): Buffer => scene.github.artifacts[0]?.bytes ?? Buffer.alloc(0)

describe('a first key', () => {
  test('is told in the log', () => {
    expect(first.exitCode).toBe(0)
    expect(first.stderr).toBe('')
    expect(printed(first)).toMatchSnapshot()
  })

  test('is explained by a page that needs no other page', () => {
    expect(plain(first.summary)).toMatchSnapshot()
  })

  test('is told in outputs', () => {
    const outputs = Object.entries(first.outputs).map(([name, value]) => [name, plain(value)])
    expect(Object.fromEntries(outputs)).toMatchSnapshot()
  })

  test('asks GitHub for no more than is needed', () => {
    expect(asked(firstRequests)).toMatchSnapshot()
  })

  test('is in the artifact, as the plain file that openssl reads', () => {
    const text = execFileSync('openssl', ['pkey', '-pubin', '-noout', '-text'], {
      input: artifact(),
      encoding: 'utf8',
    })
    expect(text).toMatch(/Public-Key: \(2048 bit\)/)
    expect(text).toMatch(/Exponent: 65537 /)
    const [stored] = scene.github.artifacts
    expect(stored?.name).toMatch(/^amazon-pay-public-key-us-sandbox-[0-9a-f]{8}\.pub$/)
    expect(stored?.expiresAt).toBeNull()
  })

  test('has a name that begins with its own digest', () => {
    const der = createPublicKey(artifact()).export({ type: 'spki', format: 'der' })
    const digest = createHash('sha256').update(der).digest()
    expect(scene.github.artifacts[0]?.name).toContain(`-${digest.toString('hex').slice(0, 8)}.pub`)
    expect(first.outputs.fingerprint).toBe(`SHA256:${digest.toString('base64').replace(/=+$/, '')}`)
  })

  test('has its private key in the staged secret, in the one written form', () => {
    expect(privateKey).toMatch(
      /^-----BEGIN PRIVATE KEY-----\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/=]{1,64}\n-----END PRIVATE KEY-----\n$/,
    )
    const derived = createPublicKey(createPrivateKey(privateKey))
    expect(derived.export({ type: 'spki', format: 'pem' })).toBe(artifact().toString())
  })

  test('stands, with public facts only, in a record', () => {
    const shop = scene.github.repository('acme/shop')
    expect(Object.keys(secretsOf(shop))).toEqual(['AMAZON_PAY_PRIVATE_KEY_NEXT'])
    expect(variablesOf(shop)).toEqual({
      AMAZON_PAY_KEY_NEXT: {
        version: 1,
        fingerprint: first.outputs.fingerprint,
        publicKey: first.outputs['public-key'],
        publicKeyId: null,
        region: 'us',
        payEnvironment: 'sandbox',
        madeAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        activatedAt: null,
        run: 'https://github.com/acme/shop/actions/runs/4711',
      },
    })
  })

  test('is recorded before it is stored, since the record is the lock', () => {
    expect(firstWrites.map(({ kind, action, name }) => `${kind} ${name} ${action}`)).toEqual([
      'variable AMAZON_PAY_KEY_NEXT created',
      'secret AMAZON_PAY_PRIVATE_KEY_NEXT created',
    ])
  })

  test('is the same in output, file and artifact', () => {
    const name = scene.github.artifacts[0]?.name
    expect(first.outputs['public-key']).toBe(artifact().toString())
    expect(first.outputs['public-key-file']).toBe(`${first.temp}/${name}`)
    expect([...first.files].map(([path, bytes]) => [path, bytes.toString()])).toEqual([
      [`temp/${name}`, artifact().toString()],
    ])
    expect(first.outputs['artifact-digest']).toBe(
      `sha256:${createHash('sha256').update(artifact()).digest('hex')}`,
    )
    expect(first.outputs['artifact-id']).toBe(String(scene.github.artifacts[0]?.id))
  })

  test('is checked by the line that the page shows', () => {
    const [, line = ''] = /```sh\n([\s\S]+?)\n```/.exec(first.summary) ?? []
    const said = execFileSync('sh', ['-c', line], { cwd: writeArtifact(), encoding: 'utf8' })
    expect(`SHA256:${said.trim()}`).toBe(`${first.outputs.fingerprint}=`)
  })

  test('survives the masks of the runner in summary and outputs', () => {
    expect(first.summaryScrubbed).toBe(first.summary)
    expect(first.jobOutputWarnings).toEqual([])
    expect(first.jobOutputs).toMatchObject({
      'public-key': first.outputs['public-key'],
      'exchange-markdown': first.outputs['exchange-markdown'],
    })
  })

  test('has the page for elsewhere as an output', () => {
    expect(first.outputs['exchange-markdown']).not.toBe('')
    expect(first.summary).toContain(first.outputs['exchange-markdown'])
  })

  test('has an exchange step for each thing that a person does in Integration Central', () => {
    const steps = first.summary.split('\n').filter((line) => line.startsWith('- [ ] '))
    const words = [
      'https://sellercentral.amazon.com/gp/pyop/seller/integrationcentral/',
      'Amazon Pay (Sandbox View)',
      'Self-developed',
      'One-time Payments, Single Authorization',
      'Get instructions',
      'Create keys',
      'Use an existing public key to create API credentials',
      'Paste the public key',
      'Name the key',
      'Public Key ID',
    ]
    expect(steps).toHaveLength(words.length)
    for (const [index, word] of words.entries()) expect(steps[index]).toContain(word)
  })
})

describe('the private key', () => {
  test('is masked before anything is printed', () => {
    const lines = first.stdout.split('\n').filter((line) => line !== '')
    const said = lines.findIndex((line) => !line.startsWith('::add-mask::'))
    const late = lines.slice(said).filter((line) => line.startsWith('::add-mask::'))
    const isOfKey = (line: string) => spellings(privateKey).some((part) => line.includes(part))
    expect(lines.slice(0, said).filter(isOfKey).length).toBeGreaterThan(10)
    expect(late.filter(isOfKey)).toEqual([])
    for (const line of privateKey.trimEnd().split('\n')) expect(first.masks).toContain(line)
  })

  test.each(['log', 'stdout', 'summary', 'outputs', 'files', 'variables', 'requests'])(
    'is in none of its spellings in: %s',
    (place) => {
      const found = spellings(privateKey).filter((spelling) => places()[place]?.includes(spelling))
      expect(found).toEqual([])
    },
  )

  test('would be found by this search', () => {
    const jwk = createPrivateKey(privateKey).export({ format: 'jwk' })
    const lines = privateKey.split('\n')
    for (const leak of [lines[9], `{"d":"${jwk.d}"}`, Buffer.from(privateKey).toString('base64')]) {
      expect(spellings(privateKey).some((spelling) => leak?.includes(spelling))).toBe(true)
    }
  })

  test('is in a request only once, sealed', () => {
    const sealed = firstRequests.filter(({ body }) => body.includes('encrypted_value'))
    expect(sealed.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /repos/acme/shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT',
    ])
  })
})

describe('every request to GitHub', () => {
  test('names the API version, the action and the token', () => {
    const rest = firstRequests.filter(({ path }) => path.startsWith('/repos/'))
    expect(rest.length).toBeGreaterThan(0)
    for (const { headers } of rest) {
      expect(headers['x-github-api-version']).toBe('2022-11-28')
      expect(headers['user-agent']).toMatch(/^amazon-pay-keys /)
      expect(headers.authorization).toBe(`token ${scene.github.token}`)
    }
  })

  test('is one of at most five reads, the record and the secret', () => {
    const rest = firstRequests.filter(({ path }) => path.startsWith('/repos/'))
    expect(rest.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(5)
    expect(rest.filter(({ method }) => method !== 'GET')).toHaveLength(2)
  })
})

describe('a staged key', () => {
  test('is shown again, and no second one is made', () => {
    expect(again.exitCode).toBe(0)
    expect(printed(again)).toMatchSnapshot()
    expect(again.outputs).toMatchObject({
      status: 'staged',
      'new-key': 'false',
      fingerprint: first.outputs.fingerprint,
      'public-key': first.outputs['public-key'],
      'secret-name': 'AMAZON_PAY_PRIVATE_KEY_NEXT',
      region: 'us',
      'pay-environment': 'sandbox',
      'error-code': '',
    })
    expect(scene.github.writes).toEqual(firstWrites)
  })

  test('has the same page, from its record alone', () => {
    expect(again.outputs['exchange-markdown']).toBe(first.outputs['exchange-markdown'])
    expect(requestsAfter.filter((line) => !line.startsWith('GET'))).toEqual([
      'POST /twirp/github.actions.results.api.v1.ArtifactService/CreateArtifact 409',
    ])
  })

  test('has an artifact of this name already, which is no failure', () => {
    expect(scene.github.artifacts).toHaveLength(1)
    expect(annotated(again, 'notice')).toContain(
      'this run already has the artifact amazon-pay-public-key-us-sandbox-<short>.pub: it is this very key',
    )
    expect(again.outputs['artifact-id'] ?? '').toBe('')
  })

  test('is told as unchanged', () => {
    expect(targetsOf(again)).toEqual([
      {
        target: 'acme/shop',
        environment: null,
        result: 'unchanged',
        code: null,
        message: 'this key was staged already',
      },
    ])
  })

  test('keeps its public key whole in a job that receives the private one', () => {
    expect(again.masks).toContain(privateKey.split('\n')[5])
    expect(again.summaryScrubbed).toBe(again.summary)
    expect(again.jobOutputWarnings).toEqual([])
  })
})

function writeArtifact(): string {
  const [stored] = scene.github.artifacts
  writeFileSync(join(folder, stored?.name ?? ''), artifact())
  return folder
}

/** Everything outside of the sealed value where a step can leave something. */
function places(): Record<string, string> {
  const stdout = first.stdout.split('\n').filter((line) => !line.startsWith('::add-mask::'))
  return {
    log: first.log,
    stdout: stdout.join('\n') + first.stderr,
    summary: first.summary,
    outputs: JSON.stringify(first.outputs) + JSON.stringify(first.state),
    files: [...first.files.values()].join('\n'),
    variables: JSON.stringify([...scene.github.repository('acme/shop').variables.values()]),
    requests: firstRequests
      .map(({ rawPath, headers, body }) => [rawPath, JSON.stringify(headers), body].join('\n'))
      .join('\n'),
  }
}

/** How a private key, or one of its numbers, can stand in a text. */
function spellings(pem: string): string[] {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' })
  const numbers = [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map((text) =>
    Buffer.from(text ?? '', 'base64url'),
  )
  return [
    // The modulus, which the public key has as well, ends in the seventh line.
    ...pem.split('\n').slice(8, -2),
    ...numbers.flatMap((number) => [
      number.toString('base64url').slice(0, 40),
      number.toString('base64').slice(0, 40),
      number.toString('hex').slice(0, 40),
    ]),
    Buffer.from(pem).toString('base64').slice(0, 200),
  ]
}
