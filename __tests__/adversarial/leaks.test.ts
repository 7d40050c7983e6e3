import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault, Mishap, Recorded } from '../../rehearsal/server.ts'
import { type Server, startServer } from '../../rehearsal/server.ts'
import { isFull, sample } from '../sample.ts'
import type { ShopRun, StepOptions } from '../scenarios/support.ts'
import {
  type CommandName,
  closeShops,
  commands,
  keys,
  leaksOf,
  type Stage,
  stage,
  wellDone,
} from './shops.ts'

// No 16 characters of what is private in any key, no token: in nothing that a run leaves, whatever happens to it.

let elsewhere: Server
beforeAll(async () => {
  elsewhere = await startServer({ handler: () => ({ status: 200, body: {} }) })
})
afterAll(() => elsewhere.close())
beforeEach(() => {
  elsewhere.requests.length = 0
})
afterEach(closeShops)

/** All keys of the ring, also those that the command does not use. */
const ring: Readonly<Record<string, string>> = {
  'current-private-key': keys.current.privateKey,
  'next-private-key': keys.next.privateKey,
  'previous-private-key': keys.previous.privateKey,
}

interface Finding {
  readonly told: ShopRun
  readonly staged: Stage
}

/** A run of a command with debug logging, after something was spoiled. */
async function watch(
  command: CommandName,
  spoil: (staged: Stage) => void = () => {},
  more: StepOptions = {},
): Promise<Finding> {
  const staged = await stage(command, { app: true })
  spoil(staged)
  // The time-outs of a request, of the token's revocation, and of an upload.
  const silence = [10_000, 5000, 60_000]
  const options = { debug: true, silence, ...more, with: { ...ring, ...more.with } }
  return { told: await staged.run(options), staged }
}

/** A run ends by itself, says how, and shows nothing. */
function expectNothingSeen({ told, staged }: Finding): void {
  expect(leaksOf(staged, told)).toEqual([])
  expect(elsewhere.requests).toEqual([])
  expect([told.timedOut, told.signal]).toEqual([false, null])
  const failed = told.conclusion !== 'success'
  expect(told.exitCode).toBe(failed ? 1 : 0)
  if (failed) expect(told.annotations.map(({ level }) => level)).toContain('error')
}

/** The only files that the action opens for writing. */
const ownFiles =
  /\/_runner_file_commands\/(?:set_output|step_summary)_|\/amazon-pay-public-key-[\w-]+\.pub$/

const ways = [
  'error',
  'redirect',
  'drop',
  'malformed',
  'forbidden',
  'silent',
  'lost',
  'enormous',
] as const
type Way = (typeof ways)[number]

function mishap(way: Way): Mishap {
  if (way === 'error') return { status: 500, body: { message: 'Server Error' } }
  if (way === 'forbidden') return { status: 403, body: { message: 'Resource not accessible' } }
  return way === 'redirect' ? { redirect: `${elsewhere.url}/elsewhere` } : way
}

/** A request of a run without faults: of which server, what it asks, and which of these it is. */
interface Spot {
  readonly server: 'github' | 'amazonPay'
  readonly asks: string
  readonly skip: number
}

const asks = ({ method, path }: Recorded): string =>
  `${method} ${path.replaceAll(/\d{3,}|[0-9a-f]{8}(?:-[0-9a-f-]+)?/g, '*')}`

function spotsOf({ requests, payRequests }: ShopRun): Spot[] {
  const counts = new Map<string, number>()
  const spot =
    (server: Spot['server']) =>
    (request: Recorded): Spot => {
      const key = asks(request)
      const skip = counts.get(key) ?? 0
      counts.set(key, skip + 1)
      return { server, asks: key, skip }
    }
  return [...requests.map(spot('github')), ...payRequests.map(spot('amazonPay'))]
}

/** The artifact client takes half a minute to read an enormous answer. */
const waysOf = (asked: string): readonly Way[] =>
  isFull || !/twirp|storage/.test(asked) ? ways : ways.filter((way) => way !== 'enormous')

/** Every request of a run, failing in every way. */
const failuresOf = (told: ShopRun): ((staged: Stage) => void)[] =>
  spotsOf(told).flatMap(({ server, asks: asked, skip }) =>
    waysOf(asked).map((way) => ({ shop }: Stage) => {
      const fault: Fault = {
        match: (request) => asks(request) === asked,
        skip,
        times: Number.POSITIVE_INFINITY,
        do: mishap(way),
      }
      shop[server].faults.push(fault)
    }),
  )

describe('nothing private is shown, and the disk sees nothing but the public key', () => {
  test.each(sample(commands, 2))(
    'by %s, whether it ends well or any request of it fails',
    async (command) => {
      const folder = mkdtempSync(join(tmpdir(), 'audit-'))
      const file = join(folder, 'audit')
      writeFileSync(file, '')
      try {
        const finding = await watch(command, undefined, {
          nodeArgs: ['--import', join(import.meta.dirname, 'audit.mjs')],
          env: { AUDIT_FILE: file },
        })
        expect(finding.told.outputs.status).toBe(wellDone[command])
        expectNothingSeen(finding)
        const audited = readFileSync(file, 'utf8').trim().split('\n')
        const seen = audited.map((line) => JSON.parse(line) as { kind: string; what: string })
        expect(seen.filter(({ kind, what }) => kind !== 'write' || !ownFiles.test(what))).toEqual(
          [],
        )
        expect(seen.length).toBeGreaterThan(0)
        await Promise.all(
          sample(failuresOf(finding.told), 100).map(async (fault) =>
            expectNothingSeen(await watch(command, fault)),
          ),
        )
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  )

  test('by generate with a key that is brought, encrypted', async () => {
    const { privateKey } = keys.stranger
    const passphrase = 'correct horse *battery* <staple>'
    const encrypted = createPrivateKey(privateKey)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
      .toString()
    for (const given of [passphrase, 'wrong horse, wrong battery']) {
      const finding = await watch('generate', undefined, {
        with: { 'private-key': encrypted, 'private-key-passphrase': given },
      })
      expect(finding.told.conclusion).toBe(given === passphrase ? 'success' : 'failure')
      expectNothingSeen(finding)
      expect(finding.told.stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain(given)
    }
  })
})

describe('what could not be foreseen is told without its words', () => {
  const kinds = ['exception', 'rejection', 'named', 'text', 'object', 'nothing']
  const cases = commands.flatMap((command) =>
    kinds.map((kind): [string, CommandName] => [kind, command]),
  )
  // Those that have words of their own have most to hide.
  test.each([
    ...sample(
      cases.filter(([kind]) => kind === 'exception'),
      7,
    ),
    ...sample(cases, 42),
  ])('%s in %s', async (kind, command) => {
    const finding = await watch(command, undefined, {
      nodeArgs: ['--import', join(import.meta.dirname, 'throw-at.mjs')],
      env: { THROW_AT: '2', THROW_KIND: kind },
    })
    expectNothingSeen(finding)
    expect(finding.told.outputs['error-code']).toBe('internal')
  })
})

test.each(sample(['SIGINT', 'SIGTERM'] as const, 2))(
  '%s in the middle of an activation shows nothing private',
  async (signal) => {
    const staged = await stage('activate', { app: true })
    const running = await staged.shop.start(staged.form, { debug: true, with: ring })
    staged.shop.github.onRequest = ({ method }, phase) => {
      if (method === 'PUT' && phase === 'before') running.kill(signal)
      return undefined
    }
    const told = await running.done
    expect(leaksOf(staged, told)).toEqual([])
    // The pair in hand is finished.
    expect(told.outputs.status).toBe('activated')
  },
)
