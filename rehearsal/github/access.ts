import type { Answer, Recorded } from '../request.ts'
import { failure, notFound } from './answers.ts'
import type { Access, GitHubState, Permission, Repository, Token } from './model.ts'

/** The token of a request, or the answer that refuses it. */
export function tokenOf(github: GitHubState, request: Recorded): Token | Answer {
  const credentials = credentialsOf(request)
  if (credentials === undefined) return failure(401, 'Requires authentication')
  const token = github.tokens.get(credentials)
  const isExpired = token?.expiresAt !== undefined && token.expiresAt <= github.now()
  if (token === undefined || isExpired) return failure(401, 'Bad credentials')
  if (token.installation?.suspended) return suspended
  return token
}

export const suspended = failure(403, 'This installation has been suspended')

export const credentialsOf = ({ headers }: Recorded): string | undefined =>
  /^(?:token|bearer) (.+)$/i.exec(headers.authorization ?? '')?.[1]

export const covers = ({ repositories }: Token, { fullName }: Repository): boolean =>
  repositories === undefined ||
  repositories.some((name) => name.toLowerCase() === fullName.toLowerCase())

/** Answers only if the token has all of these permissions: read for GET, otherwise write. */
export function guarded(
  { method }: Recorded,
  token: Token,
  permissions: readonly Permission[],
  answer: () => Answer,
): Answer {
  const needed: Access = method === 'GET' ? 'read' : 'write'
  const headers = {
    'x-accepted-github-permissions': permissions.map((name) => `${name}=${needed}`).join(','),
  }
  if (permissions.every((permission) => isGranted(token, permission, needed))) {
    const given = answer()
    return { ...given, headers: { ...headers, ...given.headers } }
  }
  if (token.kind === 'classic') return { ...notFound, headers: { 'x-oauth-scopes': 'read:org' } }
  const kind = token.kind === 'pat' ? 'personal access token' : 'integration'
  return failure(403, `Resource not accessible by ${kind}`, headers)
}

function isGranted({ kind, permissions }: Token, permission: Permission, needed: Access): boolean {
  // A job cannot grant GITHUB_TOKEN any permission for secrets, variables or environments.
  if (kind === 'github-token' && permission !== 'actions') return false
  const granted = permissions[permission] ?? 'none'
  return granted === 'write' || granted === needed
}
