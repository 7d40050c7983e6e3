import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Answer, Recorded } from './server.ts'

/** A finished artifact. */
export interface Artifact {
  id: number
  name: string
  mimeType: string
  bytes: Buffer
  /** `sha256:` and hex. */
  digest: string
  createdAt: string
  expiresAt: string | null
  /** From the runtime token: where it was uploaded. */
  repository: string
  runId: number
  /** The attempt of the run, inside which a name is unique. */
  backendId: string
}

export interface ArtifactService {
  artifacts: Artifact[]
  /** Answers 503 to everything while true. */
  artifactsDown: boolean
}

interface Upload extends Omit<Artifact, 'id' | 'digest'> {
  signature: string
  blocks: Map<string, Buffer>
}

/**
 * The artifact service that `@actions/artifact` talks to: Twirp, an upload to block storage by a
 * signed URL, and the REST view of what came of it.
 */
export function createArtifactService(state: ArtifactService & { url: string; now: () => Date }) {
  const uploads = new Map<string, Upload>()
  let lastId = 5000

  function answer(request: Recorded): Answer {
    if (state.artifactsDown) return twirpError(503, 'unavailable', 'service unavailable')
    return request.segments[0] === 'twirp' ? twirp(request) : storage(request)
  }

  function twirp(request: Recorded): Answer {
    const claims = runtimeClaims(request)
    if (claims === undefined) return twirpError(401, 'unauthenticated', 'invalid runtime token')
    const body = JSON.parse(request.body) as Record<string, string | undefined>
    const { workflow_run_backend_id: run = '', workflow_job_run_backend_id: job = '' } = body
    if (!claims.scp.split(' ').includes(`Actions.Results:${run}:${job}`)) {
      return twirpError(403, 'permission_denied', 'token does not cover this job')
    }
    const name = body.name ?? ''
    const key = `${run}/${name}`
    switch (request.segments[2]) {
      case 'CreateArtifact': {
        if (state.artifacts.some((one) => one.backendId === run && one.name === name)) {
          return twirpError(
            409,
            'already_exists',
            'an artifact with this name already exists on the workflow run',
          )
        }
        const signature = randomBytes(24).toString('base64')
        uploads.set(key, {
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
        const signed = `${state.url}/storage/artifacts/${encodeURIComponent(key)}?sig=${encodeURIComponent(signature)}`
        return { status: 200, body: { ok: true, signed_upload_url: signed } }
      }
      case 'FinalizeArtifact': {
        const upload = uploads.get(key)
        if (upload === undefined) return twirpError(404, 'not_found', 'artifact not found')
        const digest = `sha256:${createHash('sha256').update(upload.bytes).digest('hex')}`
        if (Number(body.size) !== upload.bytes.length || (body.hash ?? digest) !== digest) {
          return twirpError(400, 'invalid_argument', 'size or hash does not match the upload')
        }
        uploads.delete(key)
        const { signature: _, blocks: __, ...rest } = upload
        const artifact: Artifact = { ...rest, id: ++lastId, digest }
        state.artifacts.push(artifact)
        return { status: 200, body: { ok: true, artifact_id: String(artifact.id) } }
      }
      case 'ListArtifacts': {
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
      default:
        return twirpError(404, 'bad_route', `no handler for ${request.path}`)
    }
  }

  /** Azure's block blobs: blocks and their list, or the whole in one piece. */
  function storage(request: Recorded): Answer {
    const upload = uploads.get(request.segments[2] ?? '')
    if (upload === undefined || !isSame(request.query.get('sig'), upload.signature)) {
      return { status: 403, headers: { 'content-type': 'application/xml' }, body: '<Error/>' }
    }
    if (request.method !== 'PUT') return { status: 405 }
    const operation = request.query.get('comp')
    if (operation === 'block') {
      upload.blocks.set(request.query.get('blockid') ?? '', request.bytes)
    } else if (operation === 'blocklist') {
      const ids = [...request.body.matchAll(/<(?:Latest|Uncommitted)>([^<]*)</g)].map(
        ([, id]) => id,
      )
      upload.bytes = Buffer.concat(ids.map((id) => upload.blocks.get(id ?? '') ?? Buffer.alloc(0)))
    } else {
      upload.bytes = request.bytes
    }
    return {
      status: 201,
      headers: { 'x-ms-request-id': randomBytes(8).toString('hex'), etag: '"0x8DC"' },
    }
  }

  const owned = (repository: string) =>
    state.artifacts.filter((one) => one.repository.toLowerCase() === repository.toLowerCase())

  return {
    answer,
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

function artifactView({ id, name, bytes, digest, createdAt, expiresAt, runId }: Artifact) {
  return {
    id,
    name,
    size_in_bytes: bytes.length,
    digest,
    created_at: createdAt,
    expires_at: expiresAt,
    expired: false,
    workflow_run: { id: runId },
  }
}

const twirpError = (status: number, code: string, msg: string): Answer => ({
  status,
  body: { code, msg },
})

interface Claims {
  scp: string
  repository?: string
  run_id?: string
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

const isSame = (given: string | null, expected: string) =>
  given?.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
