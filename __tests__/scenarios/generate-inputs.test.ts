import { annotated, openScene, plain, type Scene } from './support.ts'

// What each input may say is tested beside its reader; here, that nothing else happens first.
let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => scene.reset('acme/shop'))
afterAll(() => scene.close())

describe('a bad input ends the step before any request is made and any key exists', () => {
  test.each([
    ['no command', { command: '' }, 'input-missing'],
    ['a command that there is not', { command: 'Generate' }, 'input-invalid'],
    ['no token', { command: 'generate', token: '' }, 'token-missing'],
    ['an unknown region', { command: 'generate', region: 'fr' }, 'input-invalid'],
    ['no boolean', { command: 'generate', 'dry-run': 'yes' }, 'input-invalid'],
    [
      'a prefix that GitHub refuses',
      { command: 'generate', prefix: 'GITHUB_PAY' },
      'input-invalid',
    ],
    ['no owner/name', { command: 'generate', repository: 'shop' }, 'input-invalid'],
    ['no fingerprint', { command: 'generate', 'replace-staged': 'true' }, 'input-invalid'],
  ])('%s', async (_, inputs, code) => {
    const result = await scene.run(inputs)
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toMatchObject({
      command: inputs.command,
      status: 'failed',
      'error-code': code,
      targets: '[]',
    })
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(plain(result.summary)).toContain(`**${code}**`)
    expect(scene.github.requests).toEqual([])
    expect(result.files.size).toBe(0)
  })
})

describe('an input that generate does not use', () => {
  test('is a warning, and the step goes on', async () => {
    const inputs = {
      command: 'generate',
      artifact: 'false',
      'public-key-id': 'LIVE-A',
      'max-age-days': '30',
      'keep-previous': 'true',
    }
    const result = await scene.run(inputs)
    expect(result.exitCode).toBe(0)
    expect(annotated(result, 'warning')).toMatchSnapshot()
    expect(result.outputs['error-code']).toBe('')
  })
})
