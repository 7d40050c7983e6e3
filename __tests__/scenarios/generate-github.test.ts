import { primaryRateLimit, secondaryRateLimit } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import type { Fault } from '../../rehearsal/server.ts'
import { annotated, asked, openScene, type Scene, secretsOf, targetsOf } from './support.ts'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => scene.reset('acme/shop'))
afterAll(() => scene.close())

const shop = () => scene.github.repository('acme/shop')
const generate = (inputs: Record<string, string> = {}, more = {}): Promise<RunResult> =>
  scene.run({ command: 'generate', artifact: 'false', ...inputs }, more)
const fail = (fault: Fault) => scene.github.faults.push(fault)
const writes = () => asked(scene.github.requests).filter((line) => !line.startsWith('GET'))
const secret = { method: 'PUT', path: '/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT' }
const record = { method: 'POST', path: '/actions/variables' }
const look = { method: 'GET', path: '/actions/secrets' }
const expectStaged = (result: RunResult) => {
  expect(result.outputs.status).toBe('staged')
  expect(secretsOf(shop()).AMAZON_PAY_PRIVATE_KEY_NEXT).toBe(result.outputs.fingerprint)
  expect(shop().variables.get('AMAZON_PAY_KEY_NEXT')?.value).toContain(result.outputs.fingerprint)
}
const expectNothingLeft = () => expect([shop().secrets.size, shop().variables.size]).toEqual([0, 0])

/** Milliseconds between the requests that match, as they would be without compressed time. */
const pauses = (method: string, path: string, factor = 50) => {
  const times = scene.github.requests
    .filter((request) => request.method === method && request.path.endsWith(path))
    .map(({ time }) => time.getTime())
  return times.slice(1).map((time, index) => (time - (times[index] ?? 0)) * factor)
}

describe('what is worth another try', () => {
  test('a 500, and a connection that breaks', async () => {
    fail({ match: look, do: { status: 500 } })
    fail({ match: { method: 'GET', path: '/public-key' }, do: 'drop' })
    fail({ match: record, do: { status: 502 } })
    fail({ match: secret, do: 'drop' })
    expectStaged(await generate())
    expect(writes()).toEqual([
      'POST /repos/acme/shop/actions/variables 502',
      'POST /repos/acme/shop/actions/variables 201',
      'PUT /repos/acme/shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT unanswered',
      'PUT /repos/acme/shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT 201',
    ])
  })

  test('with longer and longer pauses, four times in all', async () => {
    fail({ match: look, times: Infinity, do: { status: 503 } })
    const result = await generate()
    expect(result.outputs['error-code']).toBe('github-unavailable')
    expect(annotated(result, 'error')).toMatchSnapshot()
    const [first = 0, second = 0, third = 0, ...more] = pauses('GET', '/actions/secrets')
    expect(more).toEqual([])
    expect(first).toBeGreaterThanOrEqual(900)
    expect(second).toBeGreaterThanOrEqual(1850)
    expect(third).toBeGreaterThanOrEqual(3850)
  })

  test('a server that never answers, until it is enough', async () => {
    fail({ match: look, times: Infinity, do: 'silent' })
    const result = await generate()
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(pauses('GET', '/actions/secrets')).toHaveLength(3)
  })
})

describe('an answer that was lost', () => {
  test('to the record: its own 409 is recognised', async () => {
    fail({ match: record, do: 'lost' })
    expectStaged(await generate())
    expect(writes()).toEqual([
      'POST /repos/acme/shop/actions/variables unanswered',
      'POST /repos/acme/shop/actions/variables 409',
      'PUT /repos/acme/shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT 201',
    ])
  })

  test('to the secret: it is written again', async () => {
    fail({ match: secret, do: 'lost' })
    expectStaged(await generate())
  })

  test('to the record, for good: it is looked up', async () => {
    fail({ match: record, times: Infinity, do: { status: 500, applied: true } })
    // The first try is applied, and answers 500 like those that then meet the record.
    expectStaged(await generate())
  })

  test('to the secret, for good: it is looked up', async () => {
    fail({ match: secret, times: Infinity, do: 'lost' })
    expectStaged(await generate())
  })

  test('that was a no: what was begun is removed again', async () => {
    fail({ match: secret, times: Infinity, do: 'drop' })
    const result = await generate()
    expect(result.outputs['error-code']).toBe('github-unavailable')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expectNothingLeft()
    expect(targetsOf(result)).toMatchSnapshot()
  })
})

describe('a limit', () => {
  const wait = () => generate({}, { timeFactor: 100 })

  test.each([403, 429] as const)(
    'of GitHub’s own (%d) is waited for as long as it says',
    async (status) => {
      fail({ match: record, do: secondaryRateLimit(30, status) })
      expectStaged(await wait())
      expect(pauses('POST', '/actions/variables', 100)[0]).toBeGreaterThanOrEqual(29_500)
    },
  )

  test('that says nothing is waited for a minute', async () => {
    fail({ match: record, do: secondaryRateLimit() })
    expectStaged(await wait())
    expect(pauses('POST', '/actions/variables', 100)[0]).toBeGreaterThanOrEqual(59_500)
  })

  test('of the hour is waited for, when it ends in time', async () => {
    fail({ match: look, do: primaryRateLimit(new Date(Date.now() + 40_000)) })
    expectStaged(await wait())
    expect(pauses('GET', '/actions/secrets', 100)[0]).toBeGreaterThanOrEqual(35_000)
  })

  test('of the hour that does not end in time is told at once', async () => {
    fail({ match: look, times: Infinity, do: primaryRateLimit(new Date(Date.now() + 1_800_000)) })
    const result = await wait()
    expect(result.outputs['error-code']).toBe('github-unavailable')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(pauses('GET', '/actions/secrets', 100)).toEqual([])
  })

  test('that nobody calls so is recognised by its header', async () => {
    const slow = { status: 403, headers: { 'retry-after': '1' }, body: { message: 'Slow down' } }
    fail({ match: look, times: Infinity, do: slow })
    const result = await wait()
    expect(result.outputs['error-code']).toBe('github-unavailable')
    expect(pauses('GET', '/actions/secrets', 100)).toHaveLength(3)
  })
})

describe('a refusal is final, and explained', () => {
  // A request that timed out on a busy machine may be sent again: what was refused may not.
  const expectNoneAskedTwice = (status: number): void => {
    const refused = scene.github.requests.filter((request) => request.status === status)
    const paths = refused.map(({ path }) => path)
    expect(paths.length).toBeGreaterThan(0)
    expect(paths).toEqual([...new Set(paths)])
  }

  test('401', async () => {
    const result = await generate({ token: 'ghs_expired' })
    expect(result.outputs['error-code']).toBe('token-rejected')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expectNoneAskedTwice(401)
  })

  test('403 to the GITHUB_TOKEN of the job', async () => {
    const token = scene.github.addToken('ghs_ofthejob', { kind: 'github-token' })
    const result = await generate({ token })
    expect(result.outputs['error-code']).toBe('token-forbidden')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expectNoneAskedTwice(403)
  })

  test('403 to a token without Variables', async () => {
    const token = scene.github.addToken('github_pat_half', {
      kind: 'pat',
      permissions: { secrets: 'write' },
    })
    const result = await generate({ token })
    expect(result.outputs['error-code']).toBe('token-forbidden')
    expect(annotated(result, 'error')).toMatchSnapshot()
  })

  test('403 to the first write, when a token may only read', async () => {
    const token = scene.github.addToken('github_pat_read', {
      kind: 'pat',
      permissions: { secrets: 'read', variables: 'read' },
    })
    const result = await generate({ token })
    expect(result.outputs['error-code']).toBe('token-forbidden')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual(['POST /repos/acme/shop/actions/variables 403'])
  })

  test('403 to the secret alone: the record does not stay behind', async () => {
    const token = scene.github.addToken('github_pat_varies', {
      kind: 'pat',
      permissions: { secrets: 'read', variables: 'write' },
    })
    const result = await generate({ token })
    expect(targetsOf(result)).toMatchSnapshot()
    expectNothingLeft()
  })

  test('404', async () => {
    const result = await generate({ repository: 'acme/typo' })
    expect(result.outputs['error-code']).toBe('target-not-found')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(scene.github.requests.length).toBeLessThanOrEqual(5)
  })

  test('404 to a classic token without scopes', async () => {
    const token = scene.github.addToken('ghp_classic', { kind: 'classic', permissions: {} })
    const result = await generate({ token })
    expect(result.outputs['error-code']).toBe('target-not-found')
    expect(annotated(result, 'error').join()).toContain('the scope repo')
  })

  test('a redirect, which could lead the token elsewhere', async () => {
    fail({ match: look, do: { redirect: '/repositories/1', status: 301 } })
    const result = await generate()
    expect(result.outputs['error-code']).toBe('target-not-found')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(scene.github.requests.some(({ path }) => path === '/repositories/1')).toBe(false)
  })

  test('an answer that breaks off', async () => {
    fail({ match: look, do: 'malformed' })
    const result = await generate()
    expect(result.outputs['error-code']).toBe('github-unavailable')
    expect(annotated(result, 'error')).toMatchSnapshot()
  })

  test('a sealing key that is none', async () => {
    fail({
      match: { path: '/public-key' },
      do: { status: 200, body: { key_id: '1', key: 'c2hvcnQ=' } },
    })
    const result = await generate()
    expect(result.outputs['error-code']).toBe('github-unavailable')
    expect(writes()).toEqual([])
  })

  test('422 to the record', async () => {
    fail({ match: record, do: { status: 422, body: { message: 'Maximum number of variables' } } })
    const result = await generate()
    expect(result.outputs['error-code']).toBe('variable-write-failed')
    expect(annotated(result, 'error')).toMatchSnapshot()
  })
})

describe('a sealing key that GitHub has changed meanwhile', () => {
  const stale = { status: 422, body: { message: 'Bad request - improperly encrypted secret' } }

  test('is fetched once more', async () => {
    let changed = false
    scene.github.onRequest = ({ method }) => {
      if (method === 'POST' && !changed) {
        changed = true
        shop().sealing = scene.github.addRepository('acme/other').sealing
        shop().sealing.keyId = 'another'
      }
      return undefined
    }
    expectStaged(await generate())
    expect(scene.github.requests.filter(({ path }) => path.endsWith('/public-key'))).toHaveLength(2)
    expect(writes().slice(1)).toEqual([
      'PUT /repos/acme/shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT 422',
      'PUT /repos/acme/shop/actions/secrets/AMAZON_PAY_PRIVATE_KEY_NEXT 201',
    ])
  })

  test('but not a third time', async () => {
    fail({ match: secret, times: Infinity, do: stale })
    const result = await generate()
    expect(result.outputs['error-code']).toBe('secret-write-failed')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes().filter((line) => line.startsWith('PUT'))).toHaveLength(2)
    expectNothingLeft()
  })
})

describe('a place with 100 secrets', () => {
  const fill = (count: number) => {
    for (let index = 0; index < count; index += 1) {
      scene.github.setSecret(shop(), `OTHER_${index}`, 'x')
    }
  }

  test('is seen before anything is written', async () => {
    fill(100)
    const result = await generate()
    expect(result.outputs['error-code']).toBe('secret-write-failed')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('that somebody fills in this very moment costs no record', async () => {
    fill(99)
    scene.github.onRequest = ({ method }, phase) => {
      if (method === 'POST' && phase === 'after') scene.github.setSecret(shop(), 'LAST', 'x')
      return undefined
    }
    const result = await generate()
    expect(result.outputs['error-code']).toBe('secret-write-failed')
    expect(annotated(result, 'error').join()).toContain('Maximum number of secrets exceeded')
    expect(shop().variables.size).toBe(0)
  })
})

describe('GITHUB_API_URL', () => {
  const at = (apiUrl: string) => generate({}, { github: { ...scene.github, apiUrl } })

  test('may have a path, as on Enterprise Server', async () => {
    expectStaged(await at(`${scene.github.url}/api/v3`))
    const rest = scene.github.requests.map(({ path }) => path)
    expect(rest.every((path) => path.startsWith('/api/v3/repos/acme/shop/'))).toBe(true)
  })

  test.each([
    'http://github.example.com',
    'http://127.0.0.1.example.com',
    'ftp://127.0.0.1',
    'nonsense',
  ])('is never %s', async (apiUrl) => {
    const result = await at(apiUrl)
    expect(result.outputs['error-code']).toBe('input-invalid')
    expect(annotated(result, 'error')).toEqual([
      "input-invalid: GITHUB_API_URL is not an https: address (http: is allowed for a loopback address only). Next: correct GITHUB_API_URL in the step's environment, or remove it",
    ])
    expect(scene.github.requests).toEqual([])
  })
})

describe('a job that is cancelled', () => {
  test('while it looks: nothing is written', async () => {
    const action = scene.start({ command: 'generate', artifact: 'false' })
    scene.github.onRequest = async ({ path }, phase) => {
      if (path.endsWith('/public-key') && phase === 'before') {
        action.kill('SIGTERM')
        await settled()
      }
      return undefined
    }
    const result = await action.done
    expect(result.exitCode).toBe(1)
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(targetsOf(result)).toMatchObject([{ result: 'untouched' }])
    expect(writes()).toEqual([])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'between record and secret (%s): the slot in hand is finished',
    async (signal) => {
      const action = scene.start({ command: 'generate', artifact: 'false' })
      scene.github.onRequest = async ({ method }, phase) => {
        if (method === 'POST' && phase === 'after') {
          action.kill(signal)
          await settled()
        }
        return undefined
      }
      const result = await action.done
      expect(result.exitCode).toBe(0)
      expectStaged(result)
      expect(result.summary).toContain('### Exchange this public key')
    },
  )

  test('and killed: the next run takes over what is left', async () => {
    const action = scene.start({ command: 'generate', artifact: 'false' })
    scene.github.onRequest = ({ method }) => {
      if (method !== 'PUT') return undefined
      action.kill('SIGKILL')
      return 'drop'
    }
    expect((await action.done).signal).toBe('SIGKILL')
    expect([shop().secrets.size, shop().variables.size]).toEqual([0, 1])
    scene.github.onRequest = undefined
    expectStaged(await generate())
  })
})

/** Long enough for a signal to arrive. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 50))
