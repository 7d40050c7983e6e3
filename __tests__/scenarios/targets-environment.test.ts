import type { RunResult } from '../../rehearsal/runner.ts'
import {
  annotated,
  asked,
  openScene,
  printed,
  type Scene,
  secretsOf,
  targetsOf,
  variablesOf,
} from './support.ts'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => scene.reset('acme/shop', 'acme/api'))
afterAll(() => scene.close())

const generate = (environment: string, inputs: Record<string, string> = {}): Promise<RunResult> =>
  scene.run({ command: 'generate', artifact: 'false', environment, ...inputs })
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))

describe('an environment', () => {
  test('holds secret and record instead of its repository', async () => {
    const production = scene.github.addEnvironment('acme/shop', 'production')
    const result = await generate('production')
    expect(result.exitCode).toBe(0)
    expect(printed(result)).toMatchSnapshot()
    expect(asked(scene.github.requests)).toMatchSnapshot()
    expect(secretsOf(production)).toEqual({
      AMAZON_PAY_PRIVATE_KEY_NEXT: result.outputs.fingerprint,
    })
    expect(Object.keys(variablesOf(production))).toEqual(['AMAZON_PAY_KEY_NEXT'])
    expect(scene.github.repository('acme/shop').secrets.size).toBe(0)
    expect(targetsOf(result)).toMatchObject([
      { target: 'acme/shop', environment: 'production', result: 'created' },
    ])
  })

  test.each(['prod/eu west (1)', 'Zürich', '本番 100%', 'a+b&c=d?#'])(
    'may be called %s',
    async (name) => {
      const environment = scene.github.addEnvironment('acme/shop', name)
      const result = await generate(name)
      expect(result.exitCode).toBe(0)
      expect(secretsOf(environment)).toEqual({
        AMAZON_PAY_PRIVATE_KEY_NEXT: result.outputs.fingerprint,
      })
      const raw = scene.github.requests.map(({ rawPath }) => rawPath)
      expect(
        raw.every((path) =>
          path.includes(`/${encodeURIComponent(name).replace('(', '%28').replace(')', '%29')}`),
        ),
      ).toBe(true)
      expect(targetsOf(result)).toMatchObject([{ environment: name }])
    },
  )

  test('costs at most five reads, the record and the secret', async () => {
    scene.github.addEnvironment('acme/shop', 'production')
    await generate('production')
    const reads = scene.github.requests.filter(({ method }) => method === 'GET')
    expect(reads.length).toBeLessThanOrEqual(5)
    expect(writes()).toHaveLength(2)
  })

  test('of several repositories is one target each', async () => {
    for (const name of ['acme/shop', 'acme/api']) scene.github.addEnvironment(name, 'production')
    const result = await generate('production', { repository: 'acme/shop, acme/api' })
    expect(targetsOf(result)).toMatchSnapshot()
    expect(result.summary).toContain('`acme/api`, environment `production` | created')
    for (const name of ['acme/shop', 'acme/api']) {
      const environment = scene.github.repository(name).environments.get('production')
      expect(environment?.secrets.has('AMAZON_PAY_PRIVATE_KEY_NEXT')).toBe(true)
    }
  })

  test('that is missing in one of them is told, and never created', async () => {
    scene.github.addEnvironment('acme/shop', 'production')
    const result = await generate('production', { repository: 'acme/shop, acme/api' })
    expect(result.outputs['error-code']).toBe('environment-not-found')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(targetsOf(result).map(({ code }) => code)).toEqual([null, 'environment-not-found'])
    expect(writes()).toEqual([])
    expect(scene.github.repository('acme/api').environments.size).toBe(0)
  })

  test('without protection rules is a warning', async () => {
    scene.github.addEnvironment('acme/shop', 'production', { protected: false })
    const result = await generate('production')
    expect(result.exitCode).toBe(0)
    expect(annotated(result, 'warning')).toMatchSnapshot()
    expect(result.summary).toContain('### Warnings')
    expect(result.outputs['error-code']).toBe('')
  })

  test('whose protection may not be read is a warning, since its secrets decide', async () => {
    scene.github.addEnvironment('acme/shop', 'production')
    const token = scene.github.addToken('ghs_blind', { permissions: { environments: 'write' } })
    const result = await generate('production', { token })
    expect(result.exitCode).toBe(0)
    expect(annotated(result, 'warning')).toMatchSnapshot()
  })

  test('that is forbidden needs a third permission', async () => {
    scene.github.addEnvironment('acme/shop', 'production')
    const token = scene.github.addToken('ghs_lacking', {
      permissions: { secrets: 'write', variables: 'write', actions: 'read' },
    })
    const result = await generate('production', { token })
    expect(result.outputs['error-code']).toBe('token-forbidden')
    expect(annotated(result, 'error')).toMatchSnapshot()
  })
})
