import type { RunResult } from '../../rehearsal/runner.ts'
import type { Fault } from '../../rehearsal/server.ts'
import {
  annotated,
  asked,
  type Key,
  makeKey,
  minutesAgo,
  openScene,
  plain,
  plantStaged,
  printed,
  recordOf,
  type Scene,
  secretsOf,
  targetsOf,
  variablesOf,
} from './support.ts'

let scene: Scene
let one: Key
let other: Key
beforeAll(async () => {
  scene = await openScene()
  one = makeKey()
  other = makeKey()
})
beforeEach(() => scene.reset('acme/shop', 'acme/api', 'acme/jobs'))
afterAll(() => scene.close())

const all = 'acme/shop\nacme/api, acme/jobs'
const generate = (inputs: Record<string, string> = {}, more = {}): Promise<RunResult> =>
  scene.run({ command: 'generate', artifact: 'false', repository: all, ...inputs }, more)
const fail = (fault: Fault) => scene.github.faults.push(fault)
const place = (name: string) => scene.github.repository(name)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))
const staged = (...names: string[]) =>
  names.map((name) => secretsOf(place(name)).AMAZON_PAY_PRIVATE_KEY_NEXT ?? null)
const results = (result: RunResult) => targetsOf(result).map(({ result }) => result)

describe('several repositories', () => {
  test('get the same key, each with its own sealing key', async () => {
    const result = await generate()
    const key = result.outputs.fingerprint
    expect(result.exitCode).toBe(0)
    expect(printed(result)).toMatchSnapshot()
    expect(staged('acme/shop', 'acme/api', 'acme/jobs')).toEqual([key, key, key])
    for (const name of ['acme/shop', 'acme/api', 'acme/jobs']) {
      expect(variablesOf(place(name)).AMAZON_PAY_KEY_NEXT?.fingerprint).toBe(key)
    }
    expect(targetsOf(result)).toMatchSnapshot()
    expect(result.summary).toContain('| `acme/jobs` | created |  | the key is staged |')
  })

  test('are all looked at before the first is written, slot by slot, with pauses in between', async () => {
    await generate()
    const requests = scene.github.requests
    const reads = requests.filter(({ method }) => method === 'GET')
    expect(reads).toEqual(requests.slice(0, reads.length))
    expect(writes()).toEqual(
      ['shop', 'api', 'jobs'].flatMap((name) => [
        `POST /repos/acme/${name}/actions/variables 201`,
        `PUT /repos/acme/${name}/actions/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT 201`,
      ]),
    )
    const times = requests.filter(({ method }) => method === 'POST').map(({ time }) => +time)
    for (const [index, time] of times.slice(1).entries()) {
      // A second, as GitHub asks, of which a fiftieth passes.
      expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(18)
    }
  })

  test('cost at most five reads, the record and the secret each', async () => {
    await generate()
    for (const name of ['shop', 'api', 'jobs']) {
      const own = scene.github.requests.filter(({ path }) =>
        path.startsWith(`/repos/acme/${name}/`),
      )
      expect(own.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(5)
      expect(own.filter(({ method }) => method !== 'GET')).toHaveLength(2)
    }
  })

  test('are told target by target in a dry run', async () => {
    scene.github.setVariable(
      place('acme/api'),
      'AMAZON_PAY_KEY_NEXT',
      JSON.stringify(recordOf(one)),
    )
    const result = await generate({ 'dry-run': 'true' })
    expect(printed(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect(results(result)).toEqual(['planned', 'planned', 'planned'])
    expect(writes()).toEqual([])
  })
})

describe('all findings come in one go', () => {
  const missing = () => {
    const token = scene.github.addToken('ghs_narrow', { repositories: ['acme/shop', 'acme/jobs'] })
    scene.github.setSecret(place('acme/jobs'), 'AMAZON_PAY_PRIVATE_KEY_NEXT', 'whatever')
    place('acme/api').visibility = 'public'
    return { token, repository: 'acme/shop, acme/api, acme/jobs, acme/typo' }
  }

  test('when reading fails, and nothing is written anywhere', async () => {
    const result = await generate(missing())
    expect(result.exitCode).toBe(1)
    expect(result.outputs['error-code']).toBe('token-forbidden')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    expect(results(result)).toEqual(['untouched', 'untouched', 'untouched', 'untouched'])
    expect(writes()).toEqual([])
  })

  test('in a dry run as well', async () => {
    const result = await generate({ ...missing(), 'dry-run': 'true' })
    expect(result.outputs).toMatchObject({ status: 'failed', 'error-code': 'token-forbidden' })
    expect(annotated(result, 'error')).toHaveLength(3)
  })

  test('when slots are taken, each with its place', async () => {
    scene.github.setSecret(place('acme/shop'), 'AMAZON_PAY_PRIVATE_KEY_NEXT', 'whatever')
    const young = recordOf(one, { madeAt: minutesAgo(1) })
    scene.github.setVariable(place('acme/jobs'), 'AMAZON_PAY_KEY_NEXT', JSON.stringify(young))
    const result = await generate()
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(targetsOf(result).map(({ code }) => code)).toEqual([
      'staged-key-exists',
      null,
      'staged-key-exists',
    ])
  })

  test('and the first code is that of the first target', async () => {
    const records = { 'acme/api': 'junk', 'acme/jobs': '[]' }
    for (const [name, value] of Object.entries(records)) {
      scene.github.setVariable(place(name), 'AMAZON_PAY_KEY_NEXT', value)
    }
    const result = await generate({ repository: 'acme/typo,acme/api,acme/jobs' })
    expect(result.outputs['error-code']).toBe('target-not-found')
    expect(annotated(result, 'error')).toHaveLength(3)
  })
})

describe('a key that is staged in some of the targets', () => {
  beforeEach(() => plantStaged(scene, place('acme/api'), one, { region: 'eu' }))

  test('is not mixed with another one', async () => {
    const result = await generate()
    expect(result.outputs['error-code']).toBe('staged-key-partial')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('fills the others when it is passed', async () => {
    const result = await generate({ 'private-key': one.privateKey })
    expect(result.exitCode).toBe(0)
    expect(result.outputs).toMatchObject({ status: 'staged', 'new-key': 'false', region: 'eu' })
    expect(staged('acme/shop', 'acme/api', 'acme/jobs')).toEqual(Array(3).fill(one.fingerprint))
    expect(results(result)).toEqual(['created', 'unchanged', 'created'])
    const [there, filled] = ['acme/api', 'acme/shop'].map(
      (name) => variablesOf(place(name)).AMAZON_PAY_KEY_NEXT,
    )
    expect(filled).toEqual({ ...there, run: 'https://github.com/acme/shop/actions/runs/4711' })
  })

  test('fills a place where another staging was cut off', async () => {
    const cutOff = recordOf(other, { madeAt: minutesAgo(20) })
    scene.github.setVariable(place('acme/jobs'), 'AMAZON_PAY_KEY_NEXT', JSON.stringify(cutOff))
    const result = await generate({ 'private-key': one.privateKey })
    expect(results(result)).toEqual(['created', 'unchanged', 'updated'])
    expect(staged('acme/jobs')).toEqual([one.fingerprint])
  })

  test('is not taken for another key that is passed', async () => {
    const result = await generate({ 'private-key': other.privateKey })
    expect(result.outputs['error-code']).toBe('staged-key-exists')
    expect(writes()).toEqual([])
  })

  test('is dropped where it is by replace-staged, and the new one is staged everywhere', async () => {
    const result = await generate({ 'replace-staged': one.fingerprint })
    const key = result.outputs.fingerprint
    expect(key).not.toBe(one.fingerprint)
    expect(staged('acme/shop', 'acme/api', 'acme/jobs')).toEqual([key, key, key])
    expect(results(result)).toEqual(['created', 'updated', 'created'])
  })

  test('beside another key in another target is for a person to decide', async () => {
    plantStaged(scene, place('acme/jobs'), other)
    const result = await generate({ 'private-key': one.privateKey })
    expect(result.outputs['error-code']).toBe('staged-key-partial')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })
})

describe('a failure in the middle', () => {
  const put = (name: string) => ({
    method: 'PUT',
    path: `/repos/acme/${name}/actions/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT`,
  })

  test('is undone everywhere, and told', async () => {
    fail({
      match: put('api'),
      do: { status: 403, body: { message: 'Resource not accessible by integration' } },
    })
    const result = await generate()
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toMatchObject({ status: 'failed', 'error-code': 'token-forbidden' })
    expect(printed(result)).toMatchSnapshot()
    expect(targetsOf(result)).toMatchSnapshot()
    expect(plain(result.summary)).toMatchSnapshot()
    for (const name of ['acme/shop', 'acme/api', 'acme/jobs']) {
      expect([place(name).secrets.size, place(name).variables.size]).toEqual([0, 0])
    }
    expect(result.outputs['secret-name']).toBeUndefined()
    expect(result.outputs['exchange-markdown']).toBeUndefined()
  })

  test('leaves what an earlier run had staged', async () => {
    plantStaged(scene, place('acme/shop'), one)
    fail({ match: put('jobs'), do: { status: 403 } })
    const result = await generate({ 'private-key': one.privateKey })
    expect(results(result)).toEqual(['unchanged', 'restored', 'failed'])
    expect(staged('acme/shop', 'acme/api', 'acme/jobs')).toEqual([one.fingerprint, null, null])
  })

  test('that cannot be undone is told as well', async () => {
    fail({ match: put('api'), do: { status: 403 } })
    fail({ match: { method: 'DELETE', path: /acme\/shop\/actions\/secrets/ }, do: { status: 403 } })
    const result = await generate()
    expect(targetsOf(result)).toMatchSnapshot()
    expect(Object.keys(variablesOf(place('acme/shop')))).toEqual(['AMAZON_PAY_KEY_NEXT'])
  })

  test('whose answer was lost is looked up, and is none', async () => {
    fail({ match: put('api'), times: Infinity, do: 'lost' })
    const result = await generate()
    expect(result.exitCode).toBe(0)
    expect(results(result)).toEqual(['created', 'created', 'created'])
    expect(staged('acme/api')).toEqual([result.outputs.fingerprint])
  })

  test('that is somebody else’s key leaves that key alone', async () => {
    scene.github.onRequest = ({ method, path }) => {
      if (method === 'POST' && path.includes('/api/') && place('acme/api').secrets.size === 0) {
        plantStaged(scene, place('acme/api'), other)
      }
      return undefined
    }
    const result = await generate()
    expect(result.outputs['error-code']).toBe('staged-key-exists')
    expect(results(result)).toEqual(['restored', 'failed', 'untouched'])
    expect(staged('acme/shop', 'acme/api', 'acme/jobs')).toEqual([null, other.fingerprint, null])
  })

  test('is a cancelled job: no further target is begun, and what was written is removed', async () => {
    const action = scene.start({ command: 'generate', artifact: 'false', repository: all })
    scene.github.onRequest = async ({ method }, phase) => {
      if (method === 'PUT' && phase === 'after') {
        action.kill('SIGTERM')
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return undefined
    }
    const result = await action.done
    expect(result.exitCode).toBe(1)
    expect(results(result)).toEqual(['restored', 'untouched', 'untouched'])
    expect(annotated(result, 'error').join()).toContain('before acme/api was written')
    expect(staged('acme/shop', 'acme/api', 'acme/jobs')).toEqual([null, null, null])
  })
})

describe('targets of which none is this repository', () => {
  test('are a warning: activate has to run elsewhere', async () => {
    const result = await generate({ repository: 'acme/api, acme/jobs' })
    expect(result.exitCode).toBe(0)
    expect(annotated(result, 'warning')).toMatchSnapshot()
  })

  test('are none when one of them is, in whatever case', async () => {
    const result = await generate({ repository: 'acme/api, Acme/Shop' })
    expect(annotated(result, 'warning')).toEqual([])
  })
})
