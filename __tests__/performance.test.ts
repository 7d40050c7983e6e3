import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunOptions } from '../rehearsal/runner.ts'
import { countRoundTrips, type Loaded, probe } from '../scripts/timeline.ts'
import { exchanged, makePairs, plant } from './scenarios/pairs.ts'
import { makeKey, openScene, type Scene } from './scenarios/support.ts'

// Nothing here is timed: how much is loaded and asked does not depend on how busy the machine is.

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(() => scene.reset('acme/shop'))
afterAll(() => scene.close())

const dist = join(import.meta.dirname, '..', 'dist')
const probed = join(tmpdir(), `loaded-${process.pid}.json`)
afterAll(() => rmSync(probed, { force: true }))

/** Names that survive minification tell what a chunk is. */
const parts: readonly (readonly [string, RegExp])[] = [
  ['artifact client', /FinalizeArtifact/],
  ['libsodium', /crypto_box_seal_open/],
  ['HTTP client', /UND_ERR_CONNECT_TIMEOUT/],
  ['Octokit', /octokit-core\.js/],
  ['OpenSSH reader', /openssh-key-v1/],
]

const partsIn = (chunk: string): string[] => {
  const text = readFileSync(join(dist, chunk), 'utf8')
  return parts.filter(([, sign]) => sign.test(text)).map(([part]) => part)
}

/** Runs a step, and tells what it loaded besides the entry. */
async function loadedBy(inputs: Record<string, string>, more: Partial<RunOptions> = {}) {
  const result = await scene.run(inputs, {
    nodeArgs: ['--import', probe('files')],
    env: { PROBE: probed },
    ...more,
  })
  const files = (JSON.parse(readFileSync(probed, 'utf8')) as Loaded[]).map(({ name }) => name)
  const loaded = new Set(files.slice(1).flatMap(partsIn))
  return { result, first: files[0], chunks: files.slice(1), loaded: [...loaded].sort() }
}

describe('what is built', () => {
  const size = (name: string) => statSync(join(dist, name)).size

  test('is small', () => {
    expect(size('index.js')).toBeLessThan(200_000)
    const code = readdirSync(dist).filter((name) => name.endsWith('.js'))
    expect(code.map(size).reduce((one, other) => one + other)).toBeLessThan(2_200_000)
  })

  test('has each part in one chunk, and none in the entry', () => {
    const chunks = readdirSync(dist).filter((name) => /^\d+\.index\.js$/.test(name))
    expect(partsIn('index.js').filter((part) => part !== 'OpenSSH reader')).toEqual([])
    for (const [part] of parts) {
      expect([part, chunks.filter((chunk) => partsIn(chunk).includes(part)).length]).toEqual([
        part,
        1,
      ])
    }
  })

  test('has chunks in ASCII, which V8 keeps in half of the memory', () => {
    for (const name of readdirSync(dist).filter((name) => /^\d+\.index\.js$/.test(name))) {
      expect(/[^\n\r\t -~]/.exec(readFileSync(join(dist, name), 'utf8'))).toBeNull()
    }
  })
})

describe('what is loaded', () => {
  test('by validate without a Public Key ID: the entry, and no request', async () => {
    const { result, first, chunks } = await loadedBy({
      command: 'validate',
      'private-key': makeKey().privateKey,
    })
    expect(result.outputs.status).toBe('valid')
    expect([first, chunks]).toEqual(['index.js', []])
    expect(scene.github.requests.length + scene.amazonPay.requests.length).toBe(0)
  })

  test('by a refused input: the entry', async () => {
    const { result, chunks } = await loadedBy({ command: 'generate', region: 'atlantis' })
    expect([result.exitCode, chunks]).toEqual([1, []])
  })

  test('by generate: no OpenSSH reader', async () => {
    const { loaded } = await loadedBy({ command: 'generate' })
    expect(loaded).toEqual(['HTTP client', 'Octokit', 'artifact client', 'libsodium'])
  })

  test('by generate that uploads nothing: no artifact client', async () => {
    const { loaded } = await loadedBy({ command: 'generate', artifact: 'false' })
    expect(loaded).toEqual(['HTTP client', 'Octokit', 'libsodium'])
  })

  test('by status: what asks GitHub', async () => {
    const { loaded } = await loadedBy({ command: 'status' })
    expect(loaded).toEqual(['HTTP client', 'Octokit'])
  })
})

describe('what is asked', () => {
  const trips = async (inputs: Record<string, string>): Promise<number[]> => {
    const counted = countRoundTrips([scene.github, scene.amazonPay])
    // Held requests must not run into time-outs that pass faster as well.
    const result = await scene.run(inputs, { timeFactor: 5 })
    expect(result.exitCode).toBe(0)
    return counted
  }

  test('by generate: the reads together, record, secret, and four for the artifact', async () => {
    expect(await trips({ command: 'generate' })).toEqual([4, 1, 1, 1, 1, 1, 1])
  })

  test('by generate in six repositories: reads of four at a time, then two writes each', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `acme/shop-${index}`)
    for (const name of names) scene.github.addRepository(name)
    const asked = await trips({
      command: 'generate',
      repository: names.join(','),
      artifact: 'false',
    })
    expect(asked).toEqual([16, 8, ...Array.from({ length: 12 }, () => 1)])
  })

  test('by activate of a second key: fifteen round trips', async () => {
    const [current, next] = makePairs('OLD', 'NEW')
    if (!current || !next) throw new Error('no pairs')
    exchanged(scene, current, next)
    plant(scene, scene.github.repository('acme/shop'), { current, next })
    const asked = await trips({
      command: 'activate',
      'private-key': next.privateKey,
      'public-key-id': next.id,
      'previous-private-key': current.privateKey,
    })
    // Reads, control, proof, reads again, mark, look, previous (2), pair (2), look, record, look, next (2).
    expect(asked).toEqual([5, 1, 1, 4, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  })
})
