import { GitHubError, refused } from './refusal.ts'

/** The members of a JSON object; none of anything else. */
export function members(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}

/** Throws unless an answer has the list that GitHub documents. */
export function listOf(data: unknown): readonly unknown[] {
  if (!Array.isArray(data)) throw unexpected()
  return data
}

/** Throws unless an answer has the text that GitHub documents. */
export function textOf(data: unknown): string {
  if (typeof data !== 'string') throw unexpected()
  return data
}

/** An answer that is not what GitHub documents. */
export function unexpected(): GitHubError {
  return new GitHubError(refused(null, 'the answer does not have the format that GitHub documents'))
}
