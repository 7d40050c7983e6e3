import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { type AmazonPay, startAmazonPay } from '../../rehearsal/amazon-pay.ts'
import { type GitHub, openedFingerprint, type Scope, startGitHub } from '../../rehearsal/github.ts'
import {
  type RunningAction,
  type RunOptions,
  type RunResult,
  startAction,
} from '../../rehearsal/runner.ts'
import type { Recorded, Server } from '../../rehearsal/server.ts'
import { nextKey } from '../keys.ts'

type Inputs = Record<string, string>

const compiled = join(import.meta.dirname, '../../node_modules/.cache/compiled')

/** The built action as a step of a job, with GitHub and Amazon Pay on loopback. Shared by the tests of a file. */
export interface Scene {
  readonly github: GitHub
  readonly amazonPay: AmazonPay
  /** Runs a step to its end. `token` is the scene's own unless the inputs name another. */
  run(inputs: Inputs, more?: Partial<RunOptions>): Promise<RunResult>
  start(inputs: Inputs, more?: Partial<RunOptions>): RunningAction
  /** Forgets everything: places, secrets, requests, faults. Then there are these repositories. */
  reset(...repositories: string[]): void
  close(): Promise<void>
}

/** `afterAll` closes what this opens; `beforeEach` resets it. */
export async function openScene(): Promise<Scene> {
  const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
  const start: Scene['start'] = (inputs, more = {}) =>
    startAction({
      inputs: { token: github.token, ...inputs },
      github,
      amazonPay,
      // Back-off and pauses pass fifty times as fast.
      timeFactor: 50,
      secretsKnown: [github.token],
      ...more,
      // The same code, a thousand times: Node.js keeps what it has compiled.
      env: { NODE_COMPILE_CACHE: compiled, ...more.env },
    })
  return {
    github,
    amazonPay,
    start,
    run: (inputs, more) => start(inputs, more).done,
    reset(...repositories) {
      for (const server of [github, amazonPay]) resetServer(server)
      github.artifacts.length = 0
      github.artifactsDown = false
      github.writes.length = 0
      github.repositories.clear()
      github.organizations.clear()
      amazonPay.keys.clear()
      amazonPay.orders.length = 0
      Object.assign(amazonPay, { clockOffset: 0, acceptEverything: false, mintDelay: 0 })
      for (const repository of repositories) github.addRepository(repository)
    },
    close: async () => {
      await Promise.all([github.close(), amazonPay.close()])
    },
  }
}

function resetServer(server: Server & { now: () => Date }): void {
  server.requests.length = 0
  server.faults.length = 0
  server.onRequest = undefined
  server.now = () => new Date()
}

/** What a step printed, without the header that the runner prints for it. */
export function printed({ log }: RunResult): string {
  return plain(log.slice(log.indexOf('##[endgroup]\n') + '##[endgroup]\n'.length))
}

/** Annotations of one level, as `title: text`. */
export function annotated(result: RunResult, level: 'error' | 'warning' | 'notice'): string[] {
  return result.annotations
    .filter((annotation) => annotation.level === level)
    .map(({ title, message }) => plain(title ? `${title}: ${message}` : message))
}

export interface TargetEntry {
  target: string
  environment: string | null
  result: string
  code: string | null
  message: string
}

/** Output `targets`, read. */
export function targetsOf(result: RunResult): TargetEntry[] {
  return JSON.parse(plain(result.outputs.targets ?? '[]')) as TargetEntry[]
}

/** What was asked of a server, a line each. Reads go out in parallel: those side by side are sorted. */
export function asked(requests: readonly Recorded[]): string[] {
  const lines: string[] = []
  let reads: string[] = []
  for (const request of requests) {
    if (request.method === 'GET') {
      reads.push(lineOf(request))
      continue
    }
    lines.push(...reads.sort(), lineOf(request))
    reads = []
  }
  return [...lines, ...reads.sort()]
}

function lineOf({ method, rawPath, status }: Recorded): string {
  return plain(`${method} ${rawPath} ${status ?? 'unanswered'}`)
}

/** The secrets of a place, opened: a private key is told by its fingerprint, anything else as it is. */
export function secretsOf(scope: Scope): Record<string, string> {
  return Object.fromEntries(
    [...scope.secrets.values()].map(({ name, value }) => [
      name,
      value.startsWith('-----BEGIN') ? openedFingerprint(value) : value,
    ]),
  )
}

/** The variables of a place; a key record is read. */
export function variablesOf(scope: Scope): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    [...scope.variables.values()].map(({ name, value }) => [name, JSON.parse(value)]),
  )
}

/** A text without what differs from run to run. */
export function plain(text: string): string {
  return replacements.reduce((left, [pattern, word]) => left.replaceAll(pattern, word), text)
}

const replacements: readonly [RegExp, string][] = [
  [/http:\/\/127\.0\.0\.1:\d+/g, 'http://127.0.0.1'],
  [/\/[^\s"'`]*\/rehearsal-\w+\//g, '<folder>/'],
  [/SHA256:(?:\\?[A-Za-z0-9+/]){43}/g, '<fingerprint>'],
  [/(-----BEGIN PUBLIC KEY-----)[^-]+/g, '$1 … '],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>'],
  [/\d{8}T\d{6}Z/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d\b/g, '<date>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b[0-9a-f]{64}\b/g, '<digest>'],
  [/\b(SANDBOX-|LIVE-)A[0-9A-Z]{23}\b/g, '$1<id>'],
  [/\b(?=[0-9a-f]*\d|[a-f]{8}\b)[0-9a-f]{8}\b/g, '<short>'],
  [/(?<=\?sig=)\S+?(?=&| |$)/g, '<signature>'],
  [/(?<=blockid=)\S+/g, '<block>'],
  [/(?<=artifacts\/|Artifact ID )\d+/g, '<number>'],
  [/(?<=Retrying request in )\d+/g, '<number>'],
]

export interface Key {
  privateKey: string
  publicKey: string
  fingerprint: string
}

/** A key that somebody made elsewhere. */
export function makeKey(): Key {
  const key = nextKey()
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }) as string
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string
  return { privateKey, publicKey, fingerprint: openedFingerprint(publicKey) }
}

/** The run that planted keys come from. */
export const earlierRun = 'https://github.com/acme/shop/actions/runs/17'

/** A key record as an earlier run wrote it. */
export function recordOf(key: Key, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: 1,
    fingerprint: key.fingerprint,
    publicKey: key.publicKey,
    publicKeyId: null,
    region: null,
    payEnvironment: null,
    madeAt: minutesAgo(60 * 24 * 3),
    activatedAt: null,
    run: earlierRun,
    ...more,
  }
}

export function minutesAgo(minutes: number): string {
  return `${new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 19)}Z`
}

/** A key that waits in `NEXT` since an earlier run. */
export function plantStaged(
  { github }: Scene,
  scope: Scope,
  key: Key,
  more: Record<string, unknown> = {},
): void {
  github.setVariable(scope, 'AMAZON_PAY_KEY_NEXT', JSON.stringify(recordOf(key, more)))
  github.setSecret(scope, 'AMAZON_PAY_PRIVATE_KEY_NEXT', key.privateKey)
}
