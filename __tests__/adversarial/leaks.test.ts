import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openedFingerprint } from '../../rehearsal/github.ts'
import type { Fault, Recorded, Server } from '../../rehearsal/server.ts'
import { type Key, minutesAgo, plantStaged, recordOf, type Scene } from '../scenarios/support.ts'
import {
  type Finding,
  inParallel,
  type Material,
  makeMaterial,
  type Order,
  type Prepare,
  passphrase,
  watch,
} from './cases.ts'

/**
 * `FULL=1` fails every request in every way, as `.ci/run` does; otherwise every third request, which take turns in
 * the ways to fail.
 */
const full = process.env.FULL === '1'
/** Waiting is most of a failing run, so more of them than there are cores. */
const width = 6

const one = makeMaterial()
const two = makeMaterial()

const asKey = ({ pkcs8, publicKey }: Material): Key => ({
  privateKey: pkcs8,
  publicKey,
  fingerprint: openedFingerprint(publicKey),
})
const exchange = ({ amazonPay }: Scene, { publicKey }: Material, name = 'key'): string =>
  amazonPay.exchange({ region: 'us', view: 'sandbox', publicKey, name })
const shop = ({ github }: Scene) => github.repository('acme/shop')
const place = { region: 'us', payEnvironment: 'sandbox' }

/** A pair in a slot, as an activation leaves it. */
function plant(scene: Scene, slot: '' | '_PREVIOUS', material: Material, id: string): void {
  const { github } = scene
  const record = recordOf(asKey(material), {
    ...place,
    publicKeyId: id,
    activatedAt: minutesAgo(60),
  })
  github.setSecret(shop(scene), `AMAZON_PAY_PRIVATE_KEY${slot}`, material.pkcs8)
  github.setVariable(shop(scene), `AMAZON_PAY_KEY${slot}`, JSON.stringify(record))
  if (slot === '') github.setSecret(shop(scene), 'AMAZON_PAY_PUBLIC_KEY_ID', id)
}

const commands: Record<string, Prepare> = {
  generate: () => ({
    inputs: { command: 'generate', region: 'us', 'pay-environment': 'sandbox' },
    secrets: {},
  }),

  'generate with a key that is brought': () => ({
    inputs: {
      command: 'generate',
      'private-key': one.encryptedPkcs8,
      'private-key-passphrase': passphrase,
    },
    secrets: { privateKeys: [one.key], armoured: [one.encryptedPkcs8], passphrases: [passphrase] },
  }),

  validate: (scene) => ({
    inputs: {
      command: 'validate',
      'private-key': one.encryptedPkcs1,
      'private-key-passphrase': passphrase,
      'public-key-id': exchange(scene, one),
      region: 'us',
      artifact: 'true',
    },
    secrets: { privateKeys: [one.key], armoured: [one.encryptedPkcs1], passphrases: [passphrase] },
  }),

  activate: (scene) => {
    plant(scene, '', two, exchange(scene, two, 'old'))
    plantStaged(scene, shop(scene), asKey(one), place)
    return {
      inputs: {
        command: 'activate',
        'private-key': Buffer.from(one.pkcs1).toString('base64'),
        'previous-private-key': two.pkcs8,
        'public-key-id': exchange(scene, one),
        artifact: 'true',
      },
      secrets: { privateKeys: [one.key, two.key] },
    }
  },

  retire: (scene) => {
    const id = exchange(scene, two, 'old')
    scene.amazonPay.deleteKey(id)
    plant(scene, '', one, exchange(scene, one))
    plant(scene, '_PREVIOUS', two, id)
    return {
      inputs: { command: 'retire', 'previous-private-key': two.pkcs1.replaceAll('\n', '\\n') },
      secrets: { privateKeys: [one.key, two.key] },
    }
  },

  status: (scene) => {
    plant(scene, '', two, exchange(scene, two, 'old'))
    plantStaged(scene, shop(scene), asKey(one), place)
    return { inputs: { command: 'status' }, secrets: { privateKeys: [one.key, two.key] } }
  },
}

type Way = 'error' | 'forbidden' | 'drop' | 'malformed' | 'enormous' | 'silent' | 'redirect'
const ways: readonly Way[] = [
  ...(['error', 'forbidden', 'drop', 'malformed', 'silent', 'redirect', 'enormous'] as const),
]

const mishap = (way: Way, elsewhere: Server): Fault['do'] => {
  switch (way) {
    case 'error':
      return { status: 500, body: { message: 'Server Error' } }
    case 'forbidden':
      return { status: 403, body: { message: 'Resource not accessible by integration' } }
    case 'redirect':
      return { redirect: `${elsewhere.url}/elsewhere` }
    case 'enormous':
      // The same in small, where every request has its turn.
      return full ? way : { status: 200, applied: true, body: `{"name":"${'a'.repeat(2 ** 20)}"}` }
    default:
      return way
  }
}

/** One request of a fault-free run, told from the others by what it asks and which of these it is. */
interface Spot {
  readonly server: 'github' | 'amazonPay'
  readonly key: string
  readonly occurrence: number
}

const keyOf = ({ method, path }: Recorded): string =>
  `${method} ${path.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f-]+)?/g, '*')}`

function spotsOf({ requests }: Finding): Spot[] {
  return (['github', 'amazonPay'] as const).flatMap((server) => {
    const counts = new Map<string, number>()
    return requests[server].map((request) => {
      const key = keyOf(request)
      const occurrence = counts.get(key) ?? 0
      counts.set(key, occurrence + 1)
      return { server, key, occurrence }
    })
  })
}

const spoilAt =
  (spot: Spot, way: Way) =>
  (scene: Scene, elsewhere: Server): void => {
    scene[spot.server].faults.push({
      match: (request) => keyOf(request) === spot.key,
      skip: spot.occurrence,
      times: Number.POSITIVE_INFINITY,
      do: mishap(way, elsewhere),
    })
  }

/** What the report tells. */
const tally = { cases: 0, requests: 0, survived: 0, leaks: 0 }
const groups: Record<string, { cases: number; survived: number; leaks: number }> = {}

/** A run that went wrong for the test, in words; null when it is as it should be. */
function judge(group: string, name: string, finding: Finding): string | null {
  const { result, leaks, effects } = finding
  const { conclusion, exitCode, timedOut, outputs, annotations } = result
  const told =
    conclusion === 'success'
      ? exitCode === 0 && outputs.status !== 'failed'
      : exitCode === 1 && annotations.some(({ title }) => title === outputs['error-code'])
  const survived = !timedOut && result.signal === null && told
  groups[group] ??= { cases: 0, survived: 0, leaks: 0 }
  for (const count of [tally, groups[group]]) {
    count.cases += 1
    count.survived += survived ? 1 : 0
    count.leaks += leaks.length
  }
  tally.requests += Object.values(finding.requests).flat().length
  const wrong = [
    ...leaks.map(({ what, where }) => `${what} in ${where}`),
    ...effects,
    ...(survived
      ? []
      : [`ended with ${exitCode}, ${outputs.status}, ${result.stderr.slice(0, 300)}`]),
  ]
  return wrong.length === 0 ? null : `${name}: ${[...new Set(wrong)].join('; ')}`
}

const problemsAmong = (judged: readonly (string | null)[]): string[] =>
  judged.filter((problem) => problem !== null)

describe('whatever request fails, in whatever way', () => {
  test.each(Object.keys(commands))(
    '%s shows nothing that is private',
    async (command) => {
      const prepare = commands[command] as Prepare
      const whole = await watch(prepare)
      expect(judge('without faults', command, whole)).toBeNull()
      expect(whole.result).toMatchObject({ conclusion: 'success' })
      const spots = spotsOf(whole).filter((_, index) => full || index % 3 === 0)
      const jobs = spots.flatMap((spot, index) =>
        ways
          .filter((_, turn) => full || (index + turn) % ways.length === 0)
          .map((way) => ({ spot, way, name: `${way} at ${spot.key} (${spot.occurrence})` })),
      )
      const judged = await inParallel(
        jobs,
        async ({ spot, way, name }) => judge(way, name, await watch(prepare, spoilAt(spot, way))),
        width,
      )
      expect(problemsAmong(judged)).toEqual([])
      expect(judged.length).toBeGreaterThanOrEqual(spots.length * (full ? ways.length : 1))
    },
    600_000,
  )
})

/** Private texts in every shape that is refused or read, and where they can be put by mistake. */
const shapes: Record<string, () => Order> = {
  'PKCS#8 on one line': () => key({ 'private-key': one.pkcs8.replaceAll('\n', ' ') }),
  'its bare body': () => key({ 'private-key': one.pkcs8.replaceAll(/-----.*-----|\n/g, '') }),
  'PKCS#1 with CRLF': () => key({ 'private-key': one.pkcs1.replaceAll('\n', '\r\n') }),
  'base64 of PKCS#1': () => key({ 'private-key': Buffer.from(one.pkcs1).toString('base64') }),
  'a key without its last line': () =>
    key({ 'private-key': one.pkcs8.replace(/-----END.*\n/, '') }),
  'a key without its middle': () => key({ 'private-key': one.pkcs8.replace(/(.{64}\n){3}/, '') }),
  'a key with one character changed': () =>
    key({ 'private-key': one.pkcs8.replace(/(?<=\n)[A-Za-z](?=.{63}\n.{60}\n?$)/m, 'Q') }),
  'a damaged key in base64': () =>
    key({ 'private-key': Buffer.from(one.pkcs8.slice(0, 1500)).toString('base64') }),
  'a key under the wrong label': () =>
    key({ 'private-key': one.pkcs8.replaceAll('PRIVATE KEY', 'PUBLIC KEY') }),
  'two keys': () =>
    key({ 'private-key': one.pkcs8 + two.pkcs8 }, { privateKeys: [one.key, two.key] }),
  'a key as JWK': () => key({ 'private-key': JSON.stringify(one.key.export({ format: 'jwk' })) }),
  'a key as hex': () =>
    key({ 'private-key': one.key.export({ format: 'der', type: 'pkcs8' }).toString('hex') }),
  'a key in JSON': () => key({ 'private-key': JSON.stringify({ privateKey: one.pkcs8 }) }),
  'a key quoted by a mail': () => key({ 'private-key': one.pkcs8.replaceAll(/^/gm, '> ') }),
  'the wrong passphrase': () =>
    key(
      { 'private-key': one.encryptedPkcs8, 'private-key-passphrase': 'wrong horse, battery' },
      { armoured: [one.encryptedPkcs8], passphrases: ['wrong horse, battery'] },
    ),
  'no passphrase': () =>
    key({ 'private-key': one.encryptedPkcs1 }, { armoured: [one.encryptedPkcs1] }),
  'a foreign public key beside it': () =>
    key({ 'private-key': one.pkcs8, 'public-key': two.publicKey }),
  'a private key as public key': () => notPublic(one.pkcs8),
  'a private key as public key, in base64': () =>
    notPublic(Buffer.from(one.pkcs1).toString('base64')),
  'a private key under a public label': () =>
    notPublic(one.pkcs8.replaceAll('PRIVATE KEY', 'PUBLIC KEY')),
  'a private key in the form of the dispatch': () => ({
    ...key({ 'private-key': one.pkcs8 }),
    more: { event: { inputs: { key: one.pkcs8 } } },
  }),
}
const key = (
  inputs: Record<string, string>,
  secrets: Order['secrets'] = { privateKeys: [one.key] },
): Order => ({
  inputs: { command: 'validate', ...inputs },
  secrets: { privateKeys: [one.key], ...secrets },
})

/** From a secret, like any other key; the runner knows it. */
const notPublic = (text: string): Order => ({ ...key({ 'public-key': text }), misplaced: [text] })

/** Inputs that take no secret. What is in them stands as a whole, and so masked, or not at all. */
const plainInputs = [
  ...['command', 'repository', 'environment', 'organization', 'visibility', 'prefix', 'region'],
  ...['pay-environment', 'public-key-id', 'amazon-pay-check', 'previous-public-key-id'],
  ...['keep-previous', 'replace-staged', 'max-age-days', 'artifact', 'retention-days', 'dry-run'],
]

describe('whatever is handed in', () => {
  test('no shape of a key is shown', async () => {
    const judged = await inParallel(
      Object.entries(shapes),
      async ([name, order]) => judge('shapes', name, await watch(order)),
      width,
    )
    expect(problemsAmong(judged)).toEqual([])
  }, 120_000)

  test('no secret in the wrong input is shown', async () => {
    const token = `ghs_${'0123456789abcdef'.repeat(20)}`
    const misplaced = [
      { name: 'JWK', text: () => JSON.stringify(one.key.export({ format: 'jwk' })) },
      { name: 'body', text: () => one.pkcs1.replaceAll(/-----.*-----|\n/g, '').slice(600) },
      { name: 'passphrase', text: () => passphrase },
      { name: 'short token', text: () => token.slice(0, 40) },
      { name: 'long token', text: () => token },
    ]
    const jobs = plainInputs.flatMap((input, index) =>
      misplaced
        .filter((_, turn) => full || (index + turn) % misplaced.length === 0)
        .map(({ name, text }) => ({ input, name, text: text() })),
    )
    const judged = await inParallel(
      jobs,
      async ({ input, name, text }) => {
        const order: Order = {
          inputs: { command: 'activate', 'private-key': one.pkcs8, [input]: text },
          secrets: { privateKeys: [one.key] },
          misplaced: [text],
        }
        return judge('wrong input', `${name} in ${input}`, await watch(() => order))
      },
      width,
    )
    expect(problemsAmong(judged)).toEqual([])
  }, 120_000)
})

describe('whatever nobody foresaw', () => {
  const kinds = ['exception', 'rejection', 'named', 'text', 'object', 'nothing']

  test('an exception with everything private in its message is told by its place alone', async () => {
    const jobs = Object.entries(commands).flatMap(([command, prepare], index) =>
      kinds
        .filter((_, turn) => full || (index + turn) % 2 === 0)
        .map((kind, turn) => ({ command, prepare, kind, at: 1 + 3 * (turn % 2) })),
    )
    const judged = await inParallel(
      jobs,
      async ({ command, prepare, kind, at }) => {
        const reachable = command === 'validate' ? 1 : at
        const finding = await watch(prepare, undefined, {
          more: {
            nodeArgs: ['--import', join(import.meta.dirname, 'throw-at.mjs')],
            env: { THROW_AT: String(reachable), THROW_KIND: kind },
          },
        })
        const { 'error-code': code } = finding.result.outputs
        const problem = judge('unforeseen', `${kind} in ${command}`, finding)
        return problem ?? (code === 'internal' ? null : `${kind} in ${command}: ${code}`)
      },
      width,
    )
    expect(problemsAmong(judged)).toEqual([])
  }, 120_000)

  test('a signal in the middle', async () => {
    const jobs = Object.entries(commands).flatMap(([command, prepare], index) =>
      (full ? [1, 3, 5, 7, 9, 11, 14, 17] : [1 + index, 7 + index]).map((at, turn) => ({
        command,
        prepare,
        at,
        signal: (['SIGTERM', 'SIGINT'] as const)[(index + turn) % 2],
      })),
    )
    const judged = await inParallel(
      jobs,
      async ({ command, prepare, at, signal }) => {
        const finding = await watch(prepare, undefined, {
          during: ({ scene, running }) => {
            scene.github.onRequest = ({ number }, phase) => {
              if (number === at && phase === 'before') running.kill(signal)
              return undefined
            }
          },
        })
        return judge('signal', `${signal} at request ${at} of ${command}`, finding)
      },
      width,
    )
    expect(problemsAmong(judged)).toEqual([])
  }, 120_000)

  test('what Node.js itself tells when it is asked to debug', async () => {
    const judged = await inParallel(
      Object.entries(commands),
      async ([command, prepare]) => {
        const finding = await watch(prepare, undefined, {
          more: {
            env: { NODE_DEBUG: 'net,tls,http,https,stream,fetch,undici,fs,module,child_process' },
          },
        })
        // It shows the headers of requests, which the runner masks as it does everywhere.
        const leaks = finding.leaks.filter(
          ({ what, where }) => !(what === 'token' && where === 'stderr'),
        )
        return judge('NODE_DEBUG', command, { ...finding, leaks })
      },
      width,
    )
    expect(problemsAmong(judged)).toEqual([])
  }, 120_000)
})

afterAll(() => {
  const folder = join(import.meta.dirname, '../../reports')
  mkdirSync(folder, { recursive: true })
  const report = { matrix: full ? 'full' : 'rotating', ...tally, groups }
  writeFileSync(join(folder, 'adversarial.json'), `${JSON.stringify(report, null, 2)}\n`)
  process.stdout.write(
    `leak search: ${tally.cases} cases, ${tally.requests} requests, ${tally.survived} survived, ${tally.leaks} leaks\n`,
  )
})
