import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Answer, Recorded } from './request.ts'

/** A finished artifact. */
export interface Artifact {
  readonly id: number
  readonly name: string
  readonly mimeType: string
  readonly bytes: Buffer
  /** `sha256:` and hex. */
  readonly digest: string
  readonly createdAt: string
  readonly expiresAt: string | null
  /** The repository of the run, from the runtime token. */
  readonly repository: string
  readonly runId: number
  /** Id of the run's attempt. Names of artifacts are unique within it. */
  readonly backendId: string
}

export interface ArtifactService {
  readonly artifacts: Artifact[]
  /** While true, every request is answered with 503. */
  artifactsDown: boolean
}

type State = ArtifactService & {
  readonly url: string
  now: () => Date
  nextId(): number
}

interface Upload extends Omit<Artifact, 'id' | 'digest'> {
  readonly signature: string
  readonly blocks: Map<string, Buffer>
  bytes: Buffer
}

/**
 * The artifact service that `@actions/artifact` uses: Twirp, an upload to block storage by a signed URL, and the REST
 * view of the result.
 */
export function createArtifactService(state: State) {
  const uploads = new Map<string, Upload>()
  const owned = (repository: string) =>
    state.artifacts.filter((one) => one.repository.toLowerCase() === repository.toLowerCase())
  return {
    answer(request: Recorded): Answer {
      if (state.artifactsDown) return twirpError(503, 'unavailable', 'service unavailable')
      return request.segments[0] === 'twirp'
        ? twirp(state, uploads, request)
        : storage(uploads, request)
    },
    view(repository: string, id: number): Answer {
      const found = owned(repository).find((one) => one.id === id)
      return found === undefined
        ? { status: 404, body: { message: 'Not Found' } }
        : { status: 200, body: artifactView(found) }
    },
    list(repository: string, runId: number): Answer {
      const artifacts = owned(repository)
        .filter((one) => one.runId === runId)
        .map(artifactView)
      return { status: 200, body: { total_count: artifacts.length, artifacts } }
    },
  }
}

/** A call by the job that the runtime token names. */
interface Call {
  readonly state: State
  readonly uploads: Map<string, Upload>
  readonly body: Readonly<Record<string, string | undefined>>
  readonly claims: Claims
  /** Ids of the run's attempt and of the job. */
  readonly run: string
  readonly job: string
}

function twirp(state: State, uploads: Map<string, Upload>, request: Recorded): Answer {
  const claims = runtimeClaims(request)
  if (claims === undefined) return twirpError(401, 'unauthenticated', 'invalid runtime token')
  const body = JSON.parse(request.body) as Record<string, string | undefined>
  const { workflow_run_backend_id: run = '', workflow_job_run_backend_id: job = '' } = body
  if (!claims.scp.split(' ').includes(`Actions.Results:${run}:${job}`)) {
    return twirpError(403, 'permission_denied', 'token does not cover this job')
  }
  const call: Call = { state, uploads, body, claims, run, job }
  switch (request.segments[2]) {
    case 'CreateArtifact':
      return createArtifact(call)
    case 'FinalizeArtifact':
      return finalizeArtifact(call)
    case 'ListArtifacts':
      return listArtifacts(call)
    default:
      return twirpError(404, 'bad_route', `no handler for ${request.path}`)
  }
}

const uploadKey = ({ run, body }: Call): string => `${run}/${body.name ?? ''}`

function createArtifact(call: Call): Answer {
  const { state, uploads, body, claims, run } = call
  const { name = '' } = body
  if (state.artifacts.some((one) => one.backendId === run && one.name === name)) {
    return twirpError(
      409,
      'already_exists',
      'an artifact with this name already exists on the workflow run',
    )
  }
  const signature = randomBytes(24).toString('base64')
  uploads.set(uploadKey(call), {
    name,
    signature,
    mimeType: body.mime_type ?? '',
    bytes: Buffer.alloc(0),
    blocks: new Map(),
    createdAt: state.now().toISOString(),
    expiresAt: body.expires_at ?? null,
    repository: claims.repository ?? '',
    runId: Number(claims.run_id ?? 0),
    backendId: run,
  })
  const path = `/storage/artifacts/${encodeURIComponent(uploadKey(call))}`
  const url = `${state.url}${path}?sig=${encodeURIComponent(signature)}`
  return { status: 200, body: { ok: true, signed_upload_url: url } }
}

function finalizeArtifact(call: Call): Answer {
  const { state, uploads, body } = call
  const upload = uploads.get(uploadKey(call))
  if (upload === undefined) return twirpError(404, 'not_found', 'artifact not found')
  const digest = `sha256:${createHash('sha256').update(upload.bytes).digest('hex')}`
  if (Number(body.size) !== upload.bytes.length || (body.hash ?? digest) !== digest) {
    return twirpError(400, 'invalid_argument', 'size or hash does not match the upload')
  }
  uploads.delete(uploadKey(call))
  const { signature: _, blocks: __, ...rest } = upload
  const artifact: Artifact = { ...rest, id: state.nextId(), digest }
  state.artifacts.push(artifact)
  return { status: 200, body: { ok: true, artifact_id: String(artifact.id) } }
}

function listArtifacts({ state, body, run, job }: Call): Answer {
  const { name_filter: byName, id_filter: byId } = body
  const artifacts = state.artifacts
    .filter((one) => one.backendId === run)
    .filter((one) => byName === undefined || one.name === byName)
    .filter((one) => byId === undefined || String(one.id) === byId)
    .map((one) => ({
      workflow_run_backend_id: run,
      workflow_job_run_backend_id: job,
      database_id: String(one.id),
      name: one.name,
      size: String(one.bytes.length),
      created_at: one.createdAt,
      digest: one.digest,
    }))
  return { status: 200, body: { artifacts } }
}

/** Azure's block blobs: blocks and their list, or everything in one request. */
function storage(uploads: Map<string, Upload>, request: Recorded): Answer {
  const upload = uploads.get(request.segments[2] ?? '')
  if (upload === undefined || !isSame(request.query.get('sig'), upload.signature)) {
    return { status: 403, headers: { 'content-type': 'application/xml' }, body: '<Error/>' }
  }
  if (request.method !== 'PUT') return { status: 405 }
  const operation = request.query.get('comp')
  if (operation === 'block') {
    upload.blocks.set(request.query.get('blockid') ?? '', request.bytes)
  } else if (operation === 'blocklist') {
    const ids = [...request.body.matchAll(/<(?:Latest|Uncommitted)>([^<]*)</g)].map(([, id]) => id)
    upload.bytes = Buffer.concat(ids.map((id) => upload.blocks.get(id ?? '') ?? Buffer.alloc(0)))
  } else {
    upload.bytes = request.bytes
  }
  return {
    status: 201,
    headers: { 'x-ms-request-id': randomBytes(8).toString('hex'), etag: '"0x8DC"' },
  }
}

const artifactView = ({ id, name, bytes, digest, createdAt, expiresAt, runId }: Artifact) => ({
  id,
  name,
  size_in_bytes: bytes.length,
  digest,
  created_at: createdAt,
  expires_at: expiresAt,
  expired: false,
  workflow_run: { id: runId },
})

const twirpError = (status: number, code: string, msg: string): Answer => ({
  status,
  body: { code, msg },
})

interface Claims {
  readonly scp: string
  readonly repository?: string
  readonly run_id?: string
}

function runtimeClaims({ headers }: Recorded): Claims | undefined {
  const payload = /^bearer [^.]+\.([^.]+)\./i.exec(headers.authorization ?? '')?.[1]
  try {
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8')) as Claims
    return typeof claims.scp === 'string' ? claims : undefined
  } catch {
    return undefined
  }
}

const isSame = (given: string | null, expected: string): boolean =>
  given?.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
