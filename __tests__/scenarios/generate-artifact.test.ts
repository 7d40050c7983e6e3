import type { RunOptions, RunResult } from '../../rehearsal/runner.ts'
import { annotated, openScene, plain, printed, type Scene, secretsOf } from './support.ts'

// The service that holds artifacts is not needed for anything: whatever happens to it, the key is staged.
let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => scene.reset('acme/shop'))
afterAll(() => scene.close())

const generate = (more: Partial<RunOptions> = {}, inputs: Record<string, string> = {}) =>
  scene.run({ command: 'generate', ...inputs }, more)
const expectStaged = (result: RunResult) => {
  const shop = scene.github.repository('acme/shop')
  expect(result.exitCode).toBe(0)
  expect(result.outputs.status).toBe('staged')
  expect(secretsOf(shop).AMAZON_PAY_PRIVATE_KEY_NEXT).toBe(result.outputs.fingerprint)
  expect(result.outputs['public-key']).toContain('BEGIN PUBLIC KEY')
  expect(result.summary).toContain(result.outputs['public-key'])
  expect([...result.files.values()].map(String)).toEqual([result.outputs['public-key']])
}
const expectWarned = (result: RunResult) => {
  expectStaged(result)
  expect(result.outputs['error-code']).toBe('artifact-failed')
  expect(annotated(result, 'warning')).toMatchSnapshot()
  expect(result.outputs['artifact-id'] ?? '').toBe('')
}
const twirp = /CreateArtifact$/

describe('an artifact', () => {
  test('is not made when nobody wants it', async () => {
    const result = await generate({}, { artifact: 'false' })
    expectStaged(result)
    expect(scene.github.requests.some(({ path }) => path.startsWith('/twirp/'))).toBe(false)
  })

  test('fails when the service is down: a warning, and the page says what remains', async () => {
    scene.github.artifactsDown = true
    const result = await generate()
    expectWarned(result)
    expect(plain(printed(result))).not.toContain('##[error]')
    expect(result.summary).toContain('### Warnings')
  })

  test('fails when the connection breaks', async () => {
    scene.github.faults.push({ match: { path: twirp }, do: 'drop' })
    expectWarned(await generate())
  })

  test('fails when the service never answers, after a minute', async () => {
    scene.github.faults.push({ match: { path: twirp }, times: Infinity, do: 'silent' })
    expectWarned(await generate())
  })

  test('fails when the quota is used up', async () => {
    const body = {
      code: 'resource_exhausted',
      msg: 'Artifact storage quota has been hit: insufficient usage',
    }
    scene.github.faults.push({ match: { path: twirp }, do: { status: 403, body } })
    expectWarned(await generate())
  })

  test('fails when its upload fails, and the signed address is not told', async () => {
    const refused = { status: 403, body: '<Error/>' }
    scene.github.faults.push({
      match: { method: 'PUT', path: /^\/storage/ },
      times: Infinity,
      do: refused,
    })
    const result = await generate()
    expectWarned(result)
    expect(result.log).not.toContain('sig=')
  })

  test('is not tried on Enterprise Server, which has no such service', async () => {
    expectWarned(await generate({ serverUrl: 'https://github.example.com' }))
    expect(scene.github.requests.some(({ path }) => path.startsWith('/twirp/'))).toBe(false)
  })

  test('is not tried on a runner without the service', async () => {
    const env = { ACTIONS_RUNTIME_TOKEN: undefined, ACTIONS_RESULTS_URL: undefined }
    expectWarned(await generate({ env }))
  })

  test('is given up when the job is cancelled: the summary is written', async () => {
    const action = scene.start({ command: 'generate' })
    scene.github.onRequest = ({ path }) => {
      if (!twirp.test(path)) return undefined
      action.kill('SIGTERM')
      return 'silent'
    }
    const result = await action.done
    expectWarned(result)
    expect(result.duration).toBeLessThan(5000)
  })
})
