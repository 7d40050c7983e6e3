import { createPrivateKey } from 'node:crypto'
import type { RunResult } from '../../rehearsal/runner.ts'
import {
  annotated,
  earlierRun,
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
beforeEach(() => scene.reset('acme/shop'))
afterAll(() => scene.close())

const shop = () => scene.github.repository('acme/shop')
const generate = (inputs: Record<string, string> = {}, more = {}): Promise<RunResult> =>
  scene.run({ command: 'generate', artifact: 'false', ...inputs }, more)
const writes = () =>
  scene.github.writes.map(({ kind, name, action }) => `${kind} ${name} ${action}`)
const requestsOf = (method: string) =>
  scene.github.requests.filter((request) => request.method === method)
/** What is planted is no write of the step. */
const planted = () => {
  scene.github.writes.length = 0
}
const recorded = () => variablesOf(shop()).AMAZON_PAY_KEY_NEXT
const opened = () => secretsOf(shop()).AMAZON_PAY_PRIVATE_KEY_NEXT

describe('a key that an earlier run staged', () => {
  test('is shown with its age, and nothing is written', async () => {
    plantStaged(scene, shop(), one, { region: 'jp', payEnvironment: 'live' })
    planted()
    const result = await generate()
    expect(result.exitCode).toBe(0)
    expect(printed(result)).toBe(
      '##[notice]key <fingerprint> is staged since <time> (3 days); no new key was made\n',
    )
    expect(result.outputs).toMatchObject({
      status: 'staged',
      'new-key': 'false',
      fingerprint: one.fingerprint,
      'public-key': one.publicKey,
      region: 'jp',
      'pay-environment': 'live',
      'exchange-url': 'https://sellercentral-japan.amazon.com/gp/pyop/seller/integrationcentral/',
    })
    expect([...result.files.values()].map(String)).toEqual([one.publicKey])
    expect(writes()).toEqual([])
  })

  test('is uploaded again, since this run has no artifact of it', async () => {
    plantStaged(scene, shop(), one, { region: 'jp' })
    const result = await generate({ artifact: 'true', 'retention-days': '5' })
    const [stored] = scene.github.artifacts
    expect(stored?.bytes.toString()).toBe(one.publicKey)
    expect(stored?.name).toMatch(/^amazon-pay-public-key-jp-[0-9a-f]{8}\.pub$/)
    const days = (Date.parse(stored?.expiresAt ?? '') - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(4.9)
    expect(days).toBeLessThan(5.1)
    expect(result.outputs['artifact-id']).toBe(String(stored?.id))
  })

  test('without a region is shown with the links of all three', async () => {
    plantStaged(scene, shop(), one)
    const { summary, outputs } = await generate()
    for (const host of ['sellercentral', 'sellercentral-europe', 'sellercentral-japan']) {
      expect(summary).toContain(`https://${host}.amazon.com/gp/pyop/seller/integrationcentral/`)
    }
    expect(summary).toContain('**Amazon Pay (Sandbox View)** or **Amazon Pay (Production View)**')
    expect(outputs['exchange-url']).toBe('')
    expect(outputs['public-key-file']).toMatch(/amazon-pay-public-key-[0-9a-f]{8}\.pub$/)
  })

  test('is not exchanged a second time when its activation was begun', async () => {
    plantStaged(scene, shop(), one, { publicKeyId: 'LIVE-AEXAMPLEEXAMPLEEXAMPLEEX' })
    const result = await generate()
    expect(result.outputs['public-key-id']).toBe('LIVE-AEXAMPLEEXAMPLEEXAMPLEEX')
    expect(annotated(result, 'warning')).toEqual([
      'amazon-pay-keys: this key has Public Key ID LIVE-<id> already, and its activation was begun. Next: do not exchange its public key again; run command: activate with public-key-id: LIVE-<id>, which finishes what is left',
    ])
  })

  test('is told to be current, when its activation could not remove it', async () => {
    const activated = { publicKeyId: 'LIVE-AEXAMPLEEXAMPLEEXAMPLEEX' }
    plantStaged(scene, shop(), one, activated)
    scene.github.setVariable(shop(), 'AMAZON_PAY_KEY', JSON.stringify(recordOf(one, activated)))
    const result = await generate()
    expect(annotated(result, 'warning').join()).toContain('already, and is current')
  })

  test.each([
    ['region', 'eu', 'region-mismatch'],
    ['pay-environment', 'live', 'pay-environment-mismatch'],
  ])('is for one place: another %s is refused', async (input, value, code) => {
    plantStaged(scene, shop(), one, { region: 'us', payEnvironment: 'sandbox' })
    planted()
    const result = await generate({ [input]: value })
    expect(result.outputs['error-code']).toBe(code)
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })
})

describe('a new key', () => {
  test('takes region and environment from the record of the current one', async () => {
    const place = {
      region: 'eu',
      payEnvironment: 'live',
      publicKeyId: 'LIVE-AEXAMPLEEXAMPLEEXAMPLEEX',
    }
    scene.github.setVariable(shop(), 'AMAZON_PAY_KEY', JSON.stringify(recordOf(one, place)))
    scene.github.setSecret(shop(), 'AMAZON_PAY_PRIVATE_KEY', one.privateKey)
    scene.github.setSecret(shop(), 'AMAZON_PAY_PUBLIC_KEY_ID', 'LIVE-AEXAMPLEEXAMPLEEXAMPLEEX')
    planted()
    const result = await generate()
    expect(result.outputs).toMatchObject({ region: 'eu', 'pay-environment': 'live' })
    expect(recorded()).toMatchObject({ region: 'eu', payEnvironment: 'live', publicKeyId: null })
    expect(writes()).toEqual([
      'variable AMAZON_PAY_KEY_NEXT created',
      'secret AMAZON_PAY_PRIVATE_KEY_NEXT created',
    ])
  })

  test('for another region than that of the current one is refused before it could be exchanged', async () => {
    scene.github.setVariable(
      shop(),
      'AMAZON_PAY_KEY',
      JSON.stringify(recordOf(one, { region: 'us' })),
    )
    planted()
    const result = await generate({ region: 'eu' })
    expect(result.outputs['error-code']).toBe('region-mismatch')
    expect(writes()).toEqual([])
  })

  test('has names with its own prefix', async () => {
    const result = await generate({ prefix: ' amazon_pay_eu ' })
    expect(result.outputs['secret-name']).toBe('AMAZON_PAY_EU_PRIVATE_KEY_NEXT')
    expect(Object.keys(secretsOf(shop()))).toEqual(['AMAZON_PAY_EU_PRIVATE_KEY_NEXT'])
    expect(Object.keys(variablesOf(shop()))).toEqual(['AMAZON_PAY_EU_KEY_NEXT'])
    expect(result.summary).toContain('{{ secrets.AMAZON_PAY_EU_PRIVATE_KEY_NEXT }}')
    expect(result.summary).toMatch(/`amazon-pay-eu \d{4}-\d\d-\d\d [0-9a-f]{8}`/)
  })
})

describe('replace-staged', () => {
  test('drops the staged key that it names, secret before record, and stages a new one', async () => {
    plantStaged(scene, shop(), one)
    planted()
    const result = await generate({ 'replace-staged': one.fingerprint })
    expect(result.exitCode).toBe(0)
    expect(result.outputs).toMatchObject({ status: 'staged', 'new-key': 'true' })
    expect(result.outputs.fingerprint).not.toBe(one.fingerprint)
    expect(opened()).toBe(result.outputs.fingerprint)
    expect(recorded()?.fingerprint).toBe(result.outputs.fingerprint)
    expect(writes()).toEqual([
      'secret AMAZON_PAY_PRIVATE_KEY_NEXT deleted',
      'variable AMAZON_PAY_KEY_NEXT deleted',
      'variable AMAZON_PAY_KEY_NEXT created',
      'secret AMAZON_PAY_PRIVATE_KEY_NEXT created',
    ])
    expect(targetsOf(result)).toMatchObject([{ result: 'updated', code: null }])
  })

  test('of another key drops nothing, and tells which one is there', async () => {
    plantStaged(scene, shop(), one)
    planted()
    const result = await generate({ 'replace-staged': other.fingerprint })
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toMatchObject({ status: 'failed', 'error-code': 'staged-key-exists' })
    expect(result.outputs['new-key']).toBeUndefined()
    expect(result.log).toContain(one.fingerprint)
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test('may name a place again: the record of the dropped key does not bind', async () => {
    plantStaged(scene, shop(), one, { region: 'us' })
    const result = await generate({ 'replace-staged': one.fingerprint, region: 'eu' })
    expect(recorded()).toMatchObject({ region: 'eu', fingerprint: result.outputs.fingerprint })
  })

  test('does not drop a key that was staged after the look', async () => {
    plantStaged(scene, shop(), one)
    planted()
    scene.github.onRequest = ({ method, path }, phase) => {
      const read = method === 'GET' && path.endsWith('/secrets/public-key')
      if (read && phase === 'after') plantStaged(scene, shop(), other, { run: 'another run' })
      return undefined
    }
    const result = await generate({ 'replace-staged': one.fingerprint })
    expect(result.outputs['error-code']).toBe('staged-key-exists')
    expect(opened()).toBe(other.fingerprint)
    expect(recorded()?.fingerprint).toBe(other.fingerprint)
  })

  test('that may not delete secrets leaves the staged key, and says so', async () => {
    plantStaged(scene, shop(), one)
    planted()
    const token = scene.github.addToken('ghs_reader', {
      permissions: { secrets: 'read', variables: 'write' },
    })
    const result = await generate({ 'replace-staged': one.fingerprint, token })
    expect(result.outputs['error-code']).toBe('token-forbidden')
    expect(targetsOf(result)).toMatchObject([
      { result: 'failed', message: expect.stringMatching(/nothing of this run is left here$/) },
    ])
    expect(writes()).toEqual([])
  })

  test('that cannot store the new key says that the old one is gone', async () => {
    plantStaged(scene, shop(), one)
    scene.github.faults.push({
      match: { method: 'PUT' },
      times: Infinity,
      do: { status: 422, body: { message: 'Nope' } },
    })
    const result = await generate({ 'replace-staged': one.fingerprint })
    expect(targetsOf(result)).toMatchObject([
      {
        result: 'failed',
        code: 'secret-write-failed',
        message: expect.stringContaining(
          'what this run had written was removed again, and the key staged before is gone',
        ),
      },
    ])
    expect([shop().secrets.size, shop().variables.size]).toEqual([0, 0])
  })
})

describe('a record without secret', () => {
  const interrupted = (minutes: number, run = earlierRun) => {
    const record = recordOf(one, { madeAt: minutesAgo(minutes), run })
    scene.github.setVariable(shop(), 'AMAZON_PAY_KEY_NEXT', JSON.stringify(record))
    planted()
  }

  test('is taken over when it is older than 15 minutes', async () => {
    interrupted(16)
    const result = await generate()
    expect(result.outputs).toMatchObject({ status: 'staged', 'new-key': 'true' })
    expect(opened()).toBe(result.outputs.fingerprint)
    expect(recorded()?.fingerprint).toBe(result.outputs.fingerprint)
    expect(targetsOf(result)).toMatchObject([
      {
        result: 'updated',
        message: 'what an interrupted run left was removed, and the key is staged',
      },
    ])
  })

  test('is taken over at once when it is of this very run', async () => {
    interrupted(0, 'https://github.com/acme/shop/actions/runs/4711')
    const result = await generate()
    expect(result.outputs.status).toBe('staged')
    expect(opened()).toBe(result.outputs.fingerprint)
  })

  test('is left to the run that wrote it when it is younger', async () => {
    interrupted(14)
    const result = await generate()
    expect(result.outputs['error-code']).toBe('staged-key-exists')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })
})

describe('a secret without record', () => {
  test('is looked at by a person', async () => {
    scene.github.setSecret(shop(), 'AMAZON_PAY_PRIVATE_KEY_NEXT', 'whatever')
    planted()
    const result = await generate()
    expect(result.outputs['error-code']).toBe('staged-key-exists')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })
})

describe('a record that cannot be trusted', () => {
  test.each([
    ['junk', 'not JSON'],
    [
      'the fingerprint of another key',
      (): string => JSON.stringify(recordOf({ ...one, fingerprint: other.fingerprint })),
    ],
  ])('is not written over: %s', async (_, value) => {
    scene.github.setSecret(shop(), 'AMAZON_PAY_PRIVATE_KEY_NEXT', 'whatever')
    scene.github.setVariable(
      shop(),
      'AMAZON_PAY_KEY_NEXT',
      typeof value === 'string' ? value : value(),
    )
    planted()
    const result = await generate({ 'replace-staged': one.fingerprint })
    expect(result.outputs['error-code']).toBe('record-unreadable')
    expect(annotated(result, 'error').join()).toContain('variable AMAZON_PAY_KEY_NEXT of acme/shop')
    expect(writes()).toEqual([])
  })
})

/** A door that opens once. */
function door(): { open(): void; opened: Promise<void>; isOpen: boolean } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const made = { opened, isOpen: false, open: () => {} }
  made.open = () => {
    made.isOpen = true
    open()
  }
  return made
}

describe('two runs at once', () => {
  test('leave exactly one key: the record is the lock', async () => {
    // Both have seen an empty slot before either writes.
    let arrived = 0
    const both = door()
    scene.github.onRequest = async ({ method }, phase) => {
      if (method !== 'POST' || phase === 'after') return undefined
      arrived += 1
      if (arrived === 2) both.open()
      await both.opened
      return undefined
    }
    const results = await Promise.all([generate({}, { runId: 1 }), generate({}, { runId: 2 })])
    const winner = results.find(({ exitCode }) => exitCode === 0)
    const loser = results.find(({ exitCode }) => exitCode !== 0)
    expect(loser?.outputs['error-code']).toBe('staged-key-exists')
    expect(printed(loser as RunResult).replace(/runs\/\d/, 'runs/<number>')).toMatchSnapshot()
    expect(opened()).toBe(winner?.outputs.fingerprint)
    expect(recorded()?.fingerprint).toBe(winner?.outputs.fingerprint)
    expect(requestsOf('PUT')).toHaveLength(1)
  })

  test('that replace the same key do not mix the record of one with the secret of the other', async () => {
    plantStaged(scene, shop(), one)
    const [first, second] = ['ghs_first', 'ghs_second'].map((token) =>
      scene.github.addToken(token),
    ) as [string, string]
    // The second has judged the old record, and deletes the new one of the first.
    const [judged, created, replaced] = [door(), door(), door()]
    scene.github.onRequest = async ({ method, path, headers }, phase) => {
      const isFirst = headers.authorization === `token ${first}`
      const ofRecord = path.endsWith('/variables/AMAZON_PAY_KEY_NEXT')
      if (phase === 'before') {
        if (isFirst && method === 'DELETE') await judged.opened
        if (isFirst && method === 'GET' && ofRecord && created.isOpen) await replaced.opened
        if (!isFirst && method === 'DELETE' && ofRecord) {
          judged.open()
          await created.opened
        }
      } else if (method === 'POST') {
        if (isFirst) created.open()
        else replaced.open()
      }
      return undefined
    }
    const consent = { 'replace-staged': one.fingerprint }
    const [lost, won] = await Promise.all([
      generate({ ...consent, token: first }, { runId: 1 }),
      generate({ ...consent, token: second }, { runId: 2 }),
    ])
    expect(lost.outputs['error-code']).toBe('staged-key-exists')
    expect(won.outputs.status).toBe('staged')
    expect(opened()).toBe(won.outputs.fingerprint)
    expect(recorded()?.fingerprint).toBe(won.outputs.fingerprint)
  })
})

describe('a key that somebody brings', () => {
  test('is staged like a made one', async () => {
    const result = await generate({ 'private-key': one.privateKey })
    expect(result.exitCode).toBe(0)
    expect(result.outputs).toMatchObject({
      status: 'staged',
      'new-key': 'false',
      fingerprint: one.fingerprint,
      'public-key': one.publicKey,
    })
    expect(opened()).toBe(one.fingerprint)
    expect(recorded()).toMatchObject({ fingerprint: one.fingerprint, publicKey: one.publicKey })
    expect(result.summaryScrubbed).toBe(result.summary)
  })

  test('is stored in the one written form, also when it came encrypted', async () => {
    const passphrase = ' blanks count '
    const encrypted = createPrivateKey(one.privateKey).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase,
    }) as string
    const result = await generate({
      'private-key': encrypted.replaceAll('\n', '\r\n'),
      'private-key-passphrase': passphrase,
    })
    expect(result.exitCode).toBe(0)
    expect(shop().secrets.get('AMAZON_PAY_PRIVATE_KEY_NEXT')?.value).toBe(one.privateKey)
    expect(result.masks).toEqual(expect.arrayContaining([passphrase]))
  })

  test('is shown again when it is the staged one', async () => {
    plantStaged(scene, shop(), one)
    planted()
    const result = await generate({ 'private-key': one.privateKey })
    expect(result.outputs).toMatchObject({ status: 'staged', 'new-key': 'false' })
    expect(writes()).toEqual([])
  })

  test('is refused while another one is staged', async () => {
    plantStaged(scene, shop(), one)
    planted()
    const result = await generate({ 'private-key': other.privateKey })
    expect(result.outputs['error-code']).toBe('staged-key-exists')
    expect(annotated(result, 'error')).toMatchSnapshot()
    expect(writes()).toEqual([])
  })

  test.each(['AMAZON_PAY_KEY', 'AMAZON_PAY_KEY_PREVIOUS'])(
    'is not staged again when it went on already: %s',
    async (variable) => {
      scene.github.setVariable(shop(), variable, JSON.stringify(recordOf(one)))
      planted()
      const result = await generate({ 'private-key': one.privateKey })
      expect(result.outputs['error-code']).toBe('input-invalid')
      expect(annotated(result, 'error')).toMatchSnapshot()
      expect(writes()).toEqual([])
    },
  )

  test('that was typed into the form of the run is burned', async () => {
    const result = await generate(
      { 'private-key': one.privateKey },
      { event: { inputs: { key: one.privateKey.replaceAll('\n', ' ') } } },
    )
    expect(result.outputs['error-code']).toBe('key-exposed')
    expect(scene.github.requests).toEqual([])
  })

  test('that is no key is refused before any request', async () => {
    const result = await generate({ 'private-key': one.publicKey })
    expect(result.outputs['error-code']).toBe('key-wrong-half')
    expect(scene.github.requests).toEqual([])
  })
})

describe('a dry run', () => {
  const dry = (inputs: Record<string, string> = {}) =>
    generate({ 'dry-run': 'true', artifact: 'true', ...inputs })

  test('makes a pair, and forgets it', async () => {
    const result = await dry()
    expect(result.exitCode).toBe(0)
    expect(printed(result)).toBe('acme/shop: the key would be staged\n')
    expect(plain(result.summary)).toMatchSnapshot()
    expect(result.outputs).toMatchObject({ status: 'planned', 'error-code': '' })
    for (const name of ['public-key', 'fingerprint', 'exchange-markdown', 'secret-name'] as const) {
      expect(result.outputs[name]).toBeUndefined()
    }
    expect(targetsOf(result)).toEqual([
      {
        target: 'acme/shop',
        environment: null,
        result: 'planned',
        code: null,
        message: 'the key would be staged',
      },
    ])
    expect(result.files.size).toBe(0)
    expect(scene.github.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  test('judges a key that somebody brings', async () => {
    const result = await dry({ 'private-key': one.privateKey })
    expect(result.outputs).toMatchObject({ status: 'planned', fingerprint: one.fingerprint })
    expect(writes()).toEqual([])
  })

  test('shows a staged key, without file and artifact', async () => {
    plantStaged(scene, shop(), one)
    planted()
    const result = await dry()
    expect(result.outputs).toMatchObject({ status: 'staged', fingerprint: one.fingerprint })
    expect(result.files.size).toBe(0)
    expect(scene.github.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  test('tells what replace-staged would drop', async () => {
    plantStaged(scene, shop(), one)
    planted()
    const result = await dry({ 'replace-staged': one.fingerprint })
    expect(printed(result)).toBe(
      'acme/shop: the staged key would be dropped, and the new one staged\n',
    )
    expect(writes()).toEqual([])
  })

  test('tells what would be taken over', async () => {
    scene.github.setVariable(shop(), 'AMAZON_PAY_KEY_NEXT', JSON.stringify(recordOf(one)))
    planted()
    const result = await dry()
    expect(targetsOf(result)).toMatchObject([
      {
        result: 'planned',
        message: 'what an interrupted run left would be removed, and the key staged',
      },
    ])
    expect(writes()).toEqual([])
  })

  test('refuses what a real one would', async () => {
    scene.github.setSecret(shop(), 'AMAZON_PAY_PRIVATE_KEY_NEXT', 'whatever')
    const result = await dry()
    expect(result.outputs).toMatchObject({ status: 'failed', 'error-code': 'staged-key-exists' })
  })
})
