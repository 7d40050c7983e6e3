import type { Answer, Recorded } from '../request.ts'
import { failure, notFound, readJson } from './answers.ts'
import { isName, itemRoute, limits, listItems } from './items.ts'
import type { GitHubState, Scope, Variable } from './model.ts'
import { readSharing } from './sharing.ts'
import { set } from './values.ts'

/** `…/variables`, `…/variables/{name}` and the paths below it. */
export function variablesRoute(
  github: GitHubState,
  request: Recorded,
  scope: Scope,
  parts: readonly string[],
): Answer {
  const [name, below] = parts
  const { method } = request
  if (name === undefined) {
    if (method === 'GET') return listItems(github, request, scope, 'variables')
    return method === 'POST' ? createVariable(github, request, scope) : notFound
  }
  const variable = scope.variables.get(name.toUpperCase())
  if (below === undefined && method === 'PATCH' && variable !== undefined) {
    return changeVariable(github, request, scope, variable)
  }
  return itemRoute(github, request, scope, 'variables', parts)
}

function createVariable(github: GitHubState, request: Recorded, scope: Scope): Answer {
  const body = readJson(request)
  if (body === undefined) return failure(400, 'Problems parsing JSON')
  const { name, value } = body
  if (typeof name !== 'string') return failure(422, '"name" wasn\'t supplied.')
  if (typeof value !== 'string') return failure(422, '"value" wasn\'t supplied.')
  if (!isName(name)) return failure(422, 'Failed to add variable. Name is invalid')
  if (Buffer.byteLength(value) > limits.bytes) return failure(422, 'Variable value is too large')
  const shared = readSharing(github, body, scope, true)
  if ('status' in shared) return shared
  if (scope.variables.has(name.toUpperCase())) {
    return failure(409, 'Already exists - Variable already exists')
  }
  if (scope.variables.size >= limits[scope.level].variables) {
    return failure(422, 'Failed to add variable. Maximum number of variables exceeded')
  }
  set(github, scope, 'variable', { name, value, shared })
  return { status: 201, body: {} }
}

function changeVariable(
  github: GitHubState,
  request: Recorded,
  scope: Scope,
  variable: Variable,
): Answer {
  const body = readJson(request)
  if (body === undefined) return failure(400, 'Problems parsing JSON')
  const { name = variable.name, value = variable.value } = body
  if (typeof name !== 'string' || !isName(name) || typeof value !== 'string') {
    return failure(422, 'Validation Failed')
  }
  if (Buffer.byteLength(value) > limits.bytes) return failure(422, 'Variable value is too large')
  const shared = readSharing(github, body, scope, false)
  if ('status' in shared) return shared
  if (name.toUpperCase() !== variable.name) scope.variables.delete(variable.name)
  set(github, scope, 'variable', { name, value, shared })
  return { status: 204 }
}
