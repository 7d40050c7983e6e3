import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { createArtifactStore } from '../../src/adapters/artifact.ts'
import { Problem } from '../../src/domain/problem.ts'

const runUrl = 'https://github.com/acme/shop/actions/runs/7'
const content = '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const temp = mkdtempSync(join(tmpdir(), 'artifact-'))
const path = join(temp, 'amazon-pay-public-key-1a2b3c4d.pub')

interface Seen {
  readonly name: string
  readonly body: string
  readonly authorization: string | undefined
}

/** The artifact service, as far as one upload needs it. `answer` overrides what a call answers. */
let seen: Seen[] = []
let answer: (name: string) => { status: number; body: object } | 'nothing' | undefined
let server: Server

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://localhost')
      const name = url.pathname.startsWith('/twirp/')
        ? (url.pathname.split('/').at(-1) ?? '')
        : (url.searchParams.get('comp') ?? 'blob')
      const body = Buffer.concat(chunks).toString()
      seen.push({ name, body, authorization: request.headers.authorization })
      const said = answer(name) ?? standard(name)
      if (said === 'nothing') return
      response.writeHead(said.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(said.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const claims = { scp: 'Actions.Results:run-1:job-1' }
  process.env.ACTIONS_RUNTIME_TOKEN = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`
  process.env.ACTIONS_RESULTS_URL = `${origin()}/`
  process.env.GITHUB_SERVER_URL = 'https://github.com'
})

beforeEach(() => {
  seen = []
  answer = () => undefined
  writeFileSync(path, content)
  // The client reports its progress.
  jest.spyOn(process.stdout, 'write').mockReturnValue(true)
})

afterEach(() => jest.restoreAllMocks())

afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(temp, { recursive: true })
})

const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function standard(name: string): { status: number; body: object } {
  const signed = `${origin()}/storage/artifacts/1?sig=c2ln`
  if (name === 'CreateArtifact')
    return { status: 200, body: { ok: true, signed_upload_url: signed } }
  if (name === 'FinalizeArtifact') return { status: 200, body: { ok: true, artifact_id: '42' } }
  return { status: 201, body: {} }
}

const upload = (stop = new AbortController().signal, url = runUrl) =>
  createArtifactStore(url, stop).upload(path, 0, sha256(content))

const problemOf = async (promise: Promise<unknown>): Promise<Problem> => {
  const error = await promise.catch((error: unknown) => error)
  if (!(error instanceof Problem)) throw new Error(`no problem, but ${String(error)}`)
  return error
}

test('uploads the file as it is, and returns where it can be found', async () => {
  expect(await upload()).toEqual({
    id: '42',
    url: `${runUrl}/artifacts/42`,
    digest: `sha256:${sha256(content)}`,
  })
  expect(seen.find(({ name }) => name === 'block')?.body).toBe(content)
  expect(JSON.parse(seen.at(-1)?.body ?? '')).toMatchObject({
    name: 'amazon-pay-public-key-1a2b3c4d.pub',
    hash: `sha256:${sha256(content)}`,
  })
})

test('sends the token of the job to the artifact service, and not to the storage', async () => {
  await upload()
  const names = seen.filter(({ authorization }) => authorization).map(({ name }) => name)
  expect(names).toEqual(['CreateArtifact', 'FinalizeArtifact'])
})

test('a file that was swapped before it was read is a problem that names the artifact', async () => {
  answer = (name) => {
    if (name === 'CreateArtifact') writeFileSync(path, content.replace('MIIB', 'EVIL'))
    return undefined
  }
  const { code, fact, hint } = await problemOf(upload())
  expect(code).toBe('artifact-failed')
  expect(fact).toContain(
    'artifact amazon-pay-public-key-1a2b3c4d.pub does not contain the public key',
  )
  expect(hint).toContain('delete this artifact')
})

test('an artifact that the run has already is no problem', async () => {
  const body = { msg: 'an artifact with this name already exists on the workflow run' }
  answer = (name) => (name === 'CreateArtifact' ? { status: 409, body } : undefined)
  expect(await upload()).toBeNull()
})

test.each([
  ['the quota is used up', 403, 'Artifact storage quota has been hit', 'the storage quota'],
  ['the service refuses', 403, 'no', 'the artifact service refused it'],
])('when %s, the problem says so', async (_, status, msg, reason) => {
  answer = (name) => (name === 'CreateArtifact' ? { status, body: { msg } } : undefined)
  expect((await problemOf(upload())).fact).toContain(reason)
})

test('the signed address of the storage is in no message', async () => {
  answer = (name) =>
    name === 'block' || name === 'blocklist' ? { status: 403, body: {} } : undefined
  const { code, fact, hint } = await problemOf(upload())
  expect(code).toBe('artifact-failed')
  expect(fact + hint).not.toMatch(/sig=|storage\/artifacts/)
})

test('a step that has to end does not wait for an answer', async () => {
  const stop = new AbortController()
  answer = () => {
    stop.abort()
    return 'nothing'
  }
  expect((await problemOf(upload(stop.signal))).fact).toContain('the step had to end')
})

test('a step that has to end begins no upload', async () => {
  expect((await problemOf(upload(AbortSignal.abort()))).code).toBe('artifact-failed')
  expect(seen).toEqual([])
})

test('GitHub Enterprise Server, which has no such service, is not asked', async () => {
  const url = 'https://github.example.com/acme/shop/actions/runs/7'
  const { fact } = await problemOf(upload(undefined, url))
  expect(fact).toContain('GitHub Enterprise Server has no such service')
  expect(seen).toEqual([])
})

test('a runner without the service is named as the reason', async () => {
  const { ACTIONS_RESULTS_URL: url } = process.env
  delete process.env.ACTIONS_RESULTS_URL
  try {
    expect((await problemOf(upload())).fact).toContain('this runner offers no artifact service')
  } finally {
    process.env.ACTIONS_RESULTS_URL = url
  }
})
