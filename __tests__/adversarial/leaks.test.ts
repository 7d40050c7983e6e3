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
  type Prepare,
  passphrase,
  watch,
} from './cases.ts'

/** `FULL=1` fails every request in every way; otherwise each request takes turns in the ways to fail. */
const full = process.env.FULL === '1'
/** Waiting is most of a failing run, so more of them than there are cores. */
const width = 6

let one: Material
let two: Material
beforeAll(async () => {
  ;[one, two] = await Promise.all([makeMaterial(), makeMaterial()])
})

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
      const spots = spotsOf(whole)
      const jobs = spots.flatMap((spot, index) =>
        ways
          .filter((_, turn) => full || (index + turn) % 4 === 0)
          .map((way) => ({ spot, way, name: `${way} at ${spot.key} (${spot.occurrence})` })),
      )
      const judged = await inParallel(
        jobs,
        async ({ spot, way, name }) => judge(way, name, await watch(prepare, spoilAt(spot, way))),
        width,
      )
      expect(problemsAmong(judged)).toEqual([])
      expect(judged.length).toBeGreaterThanOrEqual(spots.length)
    },
    600_000,
  )
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
