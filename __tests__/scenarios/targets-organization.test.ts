import type { RunResult } from '../../rehearsal/runner.ts'
import {
  annotated,
  asked,
  type Key,
  makeKey,
  openScene,
  printed,
  recordOf,
  type Scene,
  secretsOf,
  targetsOf,
} from './support.ts'

let scene: Scene
let one: Key
beforeAll(async () => {
  scene = await openScene()
  one = makeKey()
})
beforeEach(() => {
  scene.reset('acme/shop', 'acme/api', 'acme/jobs', 'other/shop')
  scene.github.addOrganization('acme')
})
afterAll(() => scene.close())

const acme = () => scene.github.addOrganization('acme')
const idOf = (name: string) => scene.github.repository(name).id
const generate = (inputs: Record<string, string> = {}, more = {}): Promise<RunResult> =>
  scene.run({ command: 'generate', artifact: 'false', organization: 'acme', ...inputs }, more)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))
/** Who may read secret and record of the staged key. */
const access = () =>
  [
    acme().secrets.get('AMAZON_PAY_PRIVATE_KEY_NEXT'),
    acme().variables.get('AMAZON_PAY_KEY_NEXT'),
  ].map((item) => ({ visibility: item?.visibility, selected: item?.selected ?? [] }))
const both = (visibility: string, selected: number[] = []) => [
  { visibility, selected },
  { visibility, selected },
]
/** A current pair, which decides who may read the next one. */
const plantCurrent = (visibility: 'private' | 'all' | 'selected', ...names: string[]) => {
  const shared = { visibility, selected: names.map(idOf) }
  scene.github.setSecret(acme(), 'AMAZON_PAY_PRIVATE_KEY', one.privateKey, shared)
  scene.github.setVariable(acme(), 'AMAZON_PAY_KEY', JSON.stringify(recordOf(one)), shared)
  scene.github.writes.length = 0
}

describe('a first key of an organization', () => {
  test('is private when nothing is said', async () => {
    const result = await generate()
    expect(result.exitCode).toBe(0)
    expect(printed(result)).toMatchSnapshot()
    expect(asked(scene.github.requests)).toMatchSnapshot()
    expect(secretsOf(acme())).toEqual({ AMAZON_PAY_PRIVATE_KEY_NEXT: result.outputs.fingerprint })
    expect(access()).toEqual(both('private'))
    expect(targetsOf(result)).toMatchObject([
      { target: 'acme', environment: null, result: 'created' },
    ])
  })

  test.each(['private', 'all'])('is %s when that is said', async (visibility) => {
    await generate({ visibility })
    expect(access()).toEqual(both(visibility))
  })

  test('is for the repositories that are named, when it is selected', async () => {
    const repository = 'acme/shop, acme/jobs'
    const result = await generate({ visibility: 'selected', repository })
    expect(result.exitCode).toBe(0)
    expect(access()).toEqual(both('selected', [idOf('acme/shop'), idOf('acme/jobs')]))
    const seen = ['acme/shop', 'acme/api', 'acme/jobs'].map(
      (name) => 'AMAZON_PAY_PRIVATE_KEY_NEXT' in scene.github.secretsFor(name),
    )
    expect(seen).toEqual([true, false, true])
  })

  test('costs at most five reads, the record and the secret', async () => {
    await generate()
    const reads = scene.github.requests.filter(({ method }) => method === 'GET')
    expect(reads.length).toBeLessThanOrEqual(5)
    expect(writes()).toHaveLength(2)
  })
})

describe('the access of the current key', () => {
  test.each(['private', 'all'] as const)('is kept: %s', async (visibility) => {
    plantCurrent(visibility)
    await generate()
    expect(access()).toEqual(both(visibility))
  })

  test('is kept with its selection', async () => {
    plantCurrent('selected', 'acme/shop', 'acme/api')
    const result = await generate()
    expect(result.exitCode).toBe(0)
    expect(access()).toEqual(both('selected', [idOf('acme/shop'), idOf('acme/api')]))
  })

  test('may be said again, in any order', async () => {
    plantCurrent('selected', 'acme/shop', 'acme/api')
    const result = await generate({ visibility: 'selected', repository: 'acme/api,acme/shop' })
    expect(result.exitCode).toBe(0)
    expect(access()).toEqual(both('selected', [idOf('acme/api'), idOf('acme/shop')]))
  })

  test.each([
    ['private', 'all'],
    ['selected', 'private'],
    ['all', 'selected'],
  ] as const)('is not changed in passing: from %s to %s', async (current, visibility) => {
    plantCurrent(current, ...(current === 'selected' ? ['acme/shop'] : []))
    const result = await generate({ visibility })
    expect(result.outputs['error-code']).toBe('input-invalid')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test.each(['acme/shop', 'acme/shop,acme/api,acme/jobs', 'acme/shop,acme/jobs'])(
    'is not changed to another selection in passing: %s',
    async (repository) => {
      plantCurrent('selected', 'acme/shop', 'acme/api')
      const result = await generate({ visibility: 'selected', repository })
      expect(result.outputs['error-code']).toBe('input-invalid')
      expect(annotated(result, 'error')).toMatchSnapshot()
      expect(writes()).toEqual([])
    },
  )
})

describe('what is wrong', () => {
  test('is told before any request, when it is in the inputs', async () => {
    const bad = [
      { visibility: 'selected', repository: '' },
      { visibility: 'selected', repository: 'acme/shop, other/shop' },
      { visibility: 'public' },
      { environment: 'production' },
    ]
    for (const inputs of bad) {
      const result = await generate(inputs)
      expect(result.outputs['error-code']).toBe('input-invalid')
      expect(annotated(result, 'error')).toMatchSnapshot()
    }
    expect(scene.github.requests).toEqual([])
  })

  test('is a selected repository that does not exist', async () => {
    const result = await generate({ visibility: 'selected', repository: 'acme/typo' })
    expect(result.outputs['error-code']).toBe('target-not-found')
    expect(annotated(result, 'error').join()).toContain('acme/typo was not found')
    expect(writes()).toEqual([])
  })

  test('is an organization that does not exist', async () => {
    const result = await generate({ organization: 'acne' })
    expect(result.outputs['error-code']).toBe('target-not-found')
    expect(annotated(result, 'error').join()).toContain('organization acne was not found')
  })

  test('is a token of one repository', async () => {
    const token = scene.github.addToken('ghs_small', {
      permissions: { secrets: 'write', variables: 'write' },
    })
    const result = await generate({ token })
    expect(result.outputs['error-code']).toBe('token-forbidden')
    expect(annotated(result, 'error')).toMatchSnapshot()
  })

  test.each([
    ['another organization', {}, { repository: 'other/shop' }],
    ['a repository that is not selected', { visibility: 'selected', repository: 'acme/api' }, {}],
  ])('is a workflow in %s: a warning', async (_, inputs, more) => {
    const result = await generate(inputs, more)
    expect(result.exitCode).toBe(0)
    expect(annotated(result, 'warning')).toMatchSnapshot()
  })

  test('is not a workflow in a selected repository', async () => {
    plantCurrent('selected', 'acme/shop')
    expect(annotated(await generate(), 'warning')).toEqual([])
  })
})
