import { openedFingerprint, type Scope } from '../../rehearsal/github.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import type { Recorded } from '../../rehearsal/server.ts'

/** What a step printed, without the header that the runner prints for it. */
export const printed = ({ log }: Pick<RunResult, 'log'>): string =>
  plain(log.slice(log.indexOf('##[endgroup]\n') + '##[endgroup]\n'.length))

/** Annotations of one level, as `title: text`. */
export const annotated = (
  { annotations }: Pick<RunResult, 'annotations'>,
  level: 'error' | 'warning' | 'notice',
): string[] =>
  annotations
    .filter((annotation) => annotation.level === level)
    .map(({ title, message }) => plain(title ? `${title}: ${message}` : message))

export interface TargetEntry {
  readonly target: string
  readonly environment: string | null
  readonly result: string
  readonly code: string | null
  readonly message: string
}

/** Output `targets`, read. */
export const targetsOf = ({ outputs }: Pick<RunResult, 'outputs'>): TargetEntry[] =>
  JSON.parse(plain(outputs.targets ?? '[]')) as TargetEntry[]

/** The requests that changed something, a line each. Reads have no order that a test should rely on. */
export const changes = (requests: readonly Recorded[]): string[] =>
  requests
    .filter(({ method }) => method !== 'GET')
    .map(({ method, rawPath, status }) => plain(`${method} ${rawPath} ${status ?? 'unanswered'}`))

/** The secrets of a scope, opened: a private key as its fingerprint, anything else unchanged. */
export const secretsOf = (scope: Scope): Record<string, string> =>
  Object.fromEntries(
    [...scope.secrets.values()].map(({ name, value }) => [
      name,
      value.startsWith('-----BEGIN') ? openedFingerprint(value) : value,
    ]),
  )

/** The variables of a scope; those that contain JSON are read. */
export const variablesOf = (scope: Scope): Record<string, unknown> =>
  Object.fromEntries(
    [...scope.variables.values()].map(({ name, value }) => [
      name,
      value.startsWith('{') ? JSON.parse(value) : value,
    ]),
  )

/** A text without what differs from run to run. */
export const plain = (text: string): string =>
  replacements.reduce((left, [pattern, word]) => left.replaceAll(pattern, word), text)

const replacements: readonly (readonly [RegExp, string])[] = [
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
  [/(?<=artifacts\/|Artifact ID |installations\/|actions\/runs\/)\d+/g, '<number>'],
  [/(?<=Retrying request in )\d+/g, '<number>'],
]

/** The summary as GitHub shows it, without what differs from run to run. */
export const page = ({ summaryScrubbed }: Pick<RunResult, 'summaryScrubbed'>): string =>
  plain(summaryScrubbed)
