import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningAction, RunOptions, RunResult } from '../../rehearsal/runner.ts'
import { type Recorded, type Server, startServer } from '../../rehearsal/server.ts'
import { nextKey } from '../keys.ts'
import { openScene, type Scene } from '../scenarios/support.ts'
import { formsOf, type Leak, type Search, type Searched, searchFor } from './leak-search.ts'

export const passphrase = 'correct horse *battery* <staple> & "co" _x_'

/** A key that a case brings along, in the forms that it needs. */
export interface Material {
  readonly key: KeyObject
  readonly pkcs8: string
  readonly pkcs1: string
  readonly encryptedPkcs8: string
  readonly encryptedPkcs1: string
  readonly publicKey: string
}

export function makeMaterial(): Material {
  const privateKey = nextKey()
  const pem = (type: 'pkcs8' | 'pkcs1', more: object = {}): string =>
    privateKey.export({ format: 'pem', type, ...more }).toString()
  const encrypted = { cipher: 'aes-256-cbc', passphrase }
  return {
    key: privateKey,
    pkcs8: pem('pkcs8'),
    pkcs1: pem('pkcs1'),
    encryptedPkcs8: pem('pkcs8', encrypted),
    encryptedPkcs1: pem('pkcs1', encrypted),
    publicKey: createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString(),
  }
}

/** A step to run, and what of it must not be seen. */
export interface Order {
  readonly inputs: Record<string, string>
  readonly secrets: Omit<Searched, 'privateKeys'> & { readonly privateKeys?: readonly KeyObject[] }
  /** Secrets that went where none belongs: quoted or not, nobody may get to see them. */
  readonly misplaced?: readonly string[]
  readonly more?: Partial<RunOptions>
}

/** Prepares a place, and says what to run there. */
export type Prepare = (scene: Scene) => Order

export interface Attempt {
  readonly scene: Scene
  readonly order: Order
  readonly running: RunningAction
  /** Another server, to which redirects lead. */
  readonly elsewhere: Server
}

export interface Finding {
  readonly result: RunResult
  readonly leaks: Leak[]
  /** Files written, processes and threads started, that have no business to be. */
  readonly effects: string[]
  readonly requests: { github: Recorded[]; amazonPay: Recorded[]; elsewhere: Recorded[] }
}

const folder = import.meta.dirname

// The runner of the rehearsal watches over each of its steps.
process.setMaxListeners(30)

/** Runs a step under watch, and searches everything that it left anywhere. */
export async function watch(
  prepare: Prepare,
  spoil: (scene: Scene, elsewhere: Server) => void = () => {},
  options: { more?: Partial<RunOptions>; during?: (attempt: Attempt) => void } = {},
): Promise<Finding> {
  const [scene, elsewhere] = await Promise.all([
    openScene(),
    startServer(() => ({ status: 200, body: {} })),
  ])
  const notes = mkdtempSync(join(tmpdir(), 'audit-'))
  try {
    scene.reset('acme/shop')
    // The clients compare hosts: another port of the same would be no other place.
    elsewhere.url = elsewhere.url.replace('127.0.0.1', 'localhost')
    const order = prepare(scene)
    spoil(scene, elsewhere)
    const { env, nodeArgs, ...more } = { ...order.more, ...options.more }
    const running = scene.start(order.inputs, {
      debug: true,
      timeFactor: 40,
      secretsKnown: textsOf(order, scene),
      ...more,
      env: {
        AZURE_LOG_LEVEL: 'verbose',
        DEBUG: '*',
        AUDIT_FILE: join(notes, 'audit'),
        ...order.more?.env,
        ...env,
      },
      nodeArgs: ['--import', join(folder, 'audit.mjs'), ...(nodeArgs ?? [])],
    })
    options.during?.({ scene, order, running, elsewhere })
    const result = await running.done
    const requests = {
      github: [...scene.github.requests],
      amazonPay: [...scene.amazonPay.requests],
      elsewhere: [...elsewhere.requests],
    }
    const leaks = leaksOf(order, scene, result, requests)
    return { result, leaks, effects: effectsIn(join(notes, 'audit'), result), requests }
  } finally {
    rmSync(notes, { recursive: true })
    await Promise.all([scene.close(), elsewhere.close()])
  }
}

/** What the runner received as secrets: it masks them before anything else. */
function textsOf({ inputs, misplaced = [] }: Order, { github }: Scene): string[] {
  const names = ['private-key', 'previous-private-key', 'private-key-passphrase']
  return [github.token, ...misplaced, ...names.flatMap((name) => inputs[name] || [])]
}

function leaksOf(
  order: Order,
  scene: Scene,
  result: RunResult,
  { github, amazonPay, elsewhere }: Finding['requests'],
): Leak[] {
  // A key that was made in the run is known by its masks, and by what GitHub's secrets hold.
  const held = scene.github.writes.filter(({ kind }) => kind === 'secret').map(({ value }) => value)
  const { privateKeys = [], ...others } = order.secrets
  const known = new Set(privateKeys.map((key) => key.export({ format: 'pem', type: 'pkcs8' })))
  const made = [...result.masks, ...held].filter(
    (text) => text.startsWith('-----BEGIN PRIVATE KEY-----\n') && !known.has(text) && isKey(text),
  )
  const job = result.environment.ACTIONS_RUNTIME_TOKEN ?? ''
  const searches = [
    ...privateKeys.map(searchForKey),
    searchFor({
      ...others,
      privateKeys: [...new Set(made)],
      tokens: [scene.github.token, job],
    }),
  ]
  const texts: [where: string, text: string | Buffer][] = [
    ['stdout', withoutMasks(result.stdout)],
    ['stderr', result.stderr],
    ['log', result.log],
    ['summary', result.summary],
    ['summary as shown', result.summaryScrubbed],
    ['annotations', JSON.stringify(result.annotations)],
    ['outputs', JSON.stringify(result.outputs)],
    ['job outputs', JSON.stringify([result.jobOutputs, result.jobOutputWarnings])],
    ['state', JSON.stringify(result.state)],
    ['environment for later steps', JSON.stringify(result.env)],
    ['arguments', JSON.stringify(result.args)],
    ...[...result.files].flatMap(([path, bytes]): [string, string | Buffer][] => [
      [`file ${path}`, bytes],
      [`name of ${path}`, path],
    ]),
    ...github.flatMap((request) => requestTexts('GitHub', request)),
    ...amazonPay.flatMap((request) => requestTexts('Amazon Pay', request)),
    ...elsewhere.flatMap((request) => requestTexts('elsewhere', request)),
  ]
  const misplaced = searchFor({ passphrases: order.misplaced ?? [] })
  const shown = ['log', 'summary as shown', 'annotations', 'job outputs']
  return texts.flatMap(([where, text]) => {
    const forms = formsOf(text)
    const all = shown.includes(where) ? [...searches, misplaced] : searches
    return all.flatMap((search) => search(where, text, forms))
  })
}

const searchesByKey = new WeakMap<KeyObject, Search>()

/** Spelling a key out takes longer than a run of the action: done once for those that come again. */
function searchForKey(key: KeyObject): Search {
  const search = searchesByKey.get(key) ?? searchFor({ privateKeys: [key] })
  searchesByKey.set(key, search)
  return search
}

function isKey(text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private'
  } catch {
    return false
  }
}

function withoutMasks(stdout: string): string {
  return stdout
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'))
    .join('\n')
}

/** A request without what may be in it: the token for GitHub, and what is sealed. */
function requestTexts(who: string, request: Recorded): [string, string | Buffer][] {
  const { authorization, ...headers } = request.headers
  const where = `request to ${who}`
  return [
    [`${where}, URL`, request.rawPath],
    [`${where}, headers`, JSON.stringify(headers)],
    ...(who === 'GitHub'
      ? []
      : [[`${where}, authorization`, authorization ?? ''] as [string, string]]),
    [`${where}, body`, who === 'GitHub' ? unsealed(request.body) : request.bytes],
  ]
}

function unsealed(body: string): string {
  try {
    const { encrypted_value: _, ...rest } = JSON.parse(body) as Record<string, unknown>
    return JSON.stringify(rest)
  } catch {
    return body
  }
}

/** Writes outside of what the runner reads and the public key file; any process or thread. */
function effectsIn(path: string, { temp }: RunResult): string[] {
  return notesIn(path)
    .filter(
      ({ kind, what }) =>
        kind !== 'write' ||
        !(
          what.startsWith(join(temp, '_runner_file_commands/')) ||
          /^\/amazon-pay-public-key-[\w-]+\.pub$/.test(what.slice(temp.length))
        ),
    )
    .map(({ kind, what }) => `${kind}: ${what}`)
}

function notesIn(path: string): { kind: string; what: string }[] {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // Nothing was written at all.
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { kind: string; what: string })
}

/** Works through jobs, so many at once. */
export async function inParallel<Job, Result>(
  jobs: readonly Job[],
  work: (job: Job) => Promise<Result>,
  width: number,
): Promise<Result[]> {
  const results: Result[] = []
  const queue = jobs.entries()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const [index, job] of queue) results[index] = await work(job)
    }),
  )
  return results
}
