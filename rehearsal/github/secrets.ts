import sodium from 'libsodium-wrappers'
import type { Answer, Recorded } from '../request.ts'
import { failure, notFound, ok, readJson } from './answers.ts'
import { isName, itemRoute, limits, listItems } from './items.ts'
import type { GitHubState, Scope } from './model.ts'
import { readSharing } from './sharing.ts'
import { set } from './values.ts'

/** `…/secrets`, `…/secrets/public-key`, `…/secrets/{name}` and the paths below it. */
export function secretsRoute(
  github: GitHubState,
  request: Recorded,
  scope: Scope,
  parts: readonly string[],
): Answer {
  const [name, below] = parts
  const { method } = request
  if (name === undefined) {
    return method === 'GET' ? listItems(github, request, scope, 'secrets') : notFound
  }
  if (name === 'public-key' && method === 'GET') {
    const key = Buffer.from(scope.sealing.publicKey).toString('base64')
    return ok({ key_id: scope.sealing.keyId, key })
  }
  if (below === undefined && method === 'PUT') return putSecret(github, request, scope, name)
  return itemRoute(github, request, scope, 'secrets', parts)
}

function putSecret(github: GitHubState, request: Recorded, scope: Scope, name: string): Answer {
  const body = readJson(request)
  if (body === undefined) return failure(400, 'Problems parsing JSON')
  if (!isName(name)) return failure(422, 'Failed to add secret. Name is invalid')
  const { encrypted_value: sealed, key_id: keyId } = body
  if (typeof sealed !== 'string') return failure(422, '"encrypted_value" wasn\'t supplied.')
  if (typeof keyId !== 'string') return failure(422, '"key_id" wasn\'t supplied.')
  const shared = readSharing(github, body, scope, true)
  if ('status' in shared) return shared
  const value = keyId === scope.sealing.keyId ? open(sealed, scope) : undefined
  if (value === undefined) {
    return failure(422, 'Bad request - validation failed due to an improperly encrypted secret')
  }
  if (Buffer.byteLength(value) > limits.bytes) return failure(422, 'Secret value is too large')
  const isNew = !scope.secrets.has(name.toUpperCase())
  if (isNew && scope.secrets.size >= limits[scope.level].secrets) {
    return failure(422, 'Failed to add secret. Maximum number of secrets exceeded')
  }
  set(github, scope, 'secret', { name, value, shared })
  return isNew ? { status: 201, body: {} } : { status: 204 }
}

/** Undefined if it was not sealed with the key of this scope. */
function open(sealed: string, { sealing }: Scope): string | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(sealed)) {
    return undefined
  }
  try {
    const box = Buffer.from(sealed, 'base64')
    const opened = sodium.crypto_box_seal_open(box, sealing.publicKey, sealing.privateKey)
    return Buffer.from(opened).toString('utf8')
  } catch {
    return undefined
  }
}
