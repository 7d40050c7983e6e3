import { Problem } from '../domain/problem.ts'
import type { ArtifactStore, StoredArtifact } from '../ports.ts'
import { meanwhile } from './meanwhile.ts'

/** Longer than this, and a public key that stands on the summary page as well is not worth waiting for. */
const patience = 60_000

const artifactClient = () => import('@actions/artifact')
const credentials = () => import('@actions/http-client/lib/auth')

/**
 * What takes a while before an upload, in pieces: each fits into the wait for one answer. The client will ask whether a
 * body is `FormData`, and Node.js loads its own fetch to know.
 */
const ahead = [artifactClient, () => credentials().then(() => globalThis.FormData)]

/** Does a piece of it while an answer is awaited. */
export function prepareUpload(): void {
  const load = ahead.shift()
  if (load) meanwhile(load)
}

/**
 * GitHub's artifact service. The client is by far the largest thing that is bundled, so it is a chunk of its
 * own and loaded when there is something to upload.
 */
export function createArtifactStore(runUrl: string, stop: AbortSignal): ArtifactStore {
  return {
    async upload(path, retentionDays) {
      // The client would say so as well, in an annotation of its own.
      if (isEnterpriseServer(runUrl)) throw failed('GitHub Enterprise Server has no such service')
      const { DefaultArtifactClient } = await artifactClient()
      await keepTokenAtHome()
      try {
        const upload = new DefaultArtifactClient().uploadArtifact('', [path], dirOf(path), {
          skipArchive: true,
          ...(retentionDays > 0 ? { retentionDays } : {}),
        })
        const { id, digest } = await orTimeout(upload, stop)
        return stored(runUrl, String(id ?? ''), digest)
      } catch (error) {
        const message = error instanceof Error ? error.message : ''
        if (/already exists|\b409\b|conflict/i.test(message)) return null
        throw failed(reasonOf(error))
      }
    },
  }
}

function failed(reason: string): Problem {
  return new Problem(
    'artifact-failed',
    `the public key could not be uploaded as an artifact: ${reason}`,
    'nothing is lost: take the public key from the summary page, from output public-key, or from the file in public-key-file',
  )
}

/** Only GitHub's own hosts have the service; `localhost` stands for them where GitHub is rehearsed. */
function isEnterpriseServer(runUrl: string): boolean {
  const host = URL.canParse(runUrl) ? new URL(runUrl).hostname : ''
  return !/^(?:github\.com|.+\.ghe\.com|.+\.localhost)$/.test(host)
}

/**
 * The client would send the job's token along with a redirect to any host: @actions/http-client 4.0 takes
 * the header off, and this handler puts it on again for every request. Only where it belongs, then.
 */
async function keepTokenAtHome(): Promise<void> {
  const { BearerCredentialHandler } = await credentials()
  const home = originOf(process.env.ACTIONS_RESULTS_URL ?? '')
  const { prepareRequest } = BearerCredentialHandler.prototype
  BearerCredentialHandler.prototype.prepareRequest = function (options) {
    if (`${options.host}:${options.port}` === home) prepareRequest.call(this, options)
  }
}

function originOf(text: string): string {
  if (!URL.canParse(text)) return ''
  const { hostname, port, protocol } = new URL(text)
  return `${hostname}:${port || (protocol === 'http:' ? 80 : 443)}`
}

function dirOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')))
}

function stored(runUrl: string, id: string, digest: string | undefined): StoredArtifact {
  return {
    id,
    url: id === '' ? '' : `${runUrl}/artifacts/${id}`,
    digest: digest ? `sha256:${digest.replace(/^sha256:/, '')}` : null,
  }
}

/** A step that has to end still wants to write its summary. */
async function orTimeout<T>(promise: Promise<T>, stop: AbortSignal): Promise<T> {
  const end = AbortSignal.any([AbortSignal.timeout(patience), stop])
  const ended = new Promise<never>((_, reject) => {
    const giveUp = (): void => reject(new Error(stop.aborted ? 'stopped' : 'timeout'))
    if (end.aborted) giveUp()
    end.addEventListener('abort', giveUp)
  })
  return Promise.race([promise, ended])
}

/** In our own words: a library's message could carry a signed URL. */
function reasonOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  if (name === 'UsageError' || /quota|insufficient usage/i.test(message)) {
    return 'the storage quota for artifacts is used up'
  }
  if (message === 'stopped') return 'the step was stopped before the upload was through'
  if (message === 'timeout') return `no answer within ${patience / 1000} seconds`
  if (/ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL/.test(message)) {
    return 'this runner offers no artifact service'
  }
  return 'the artifact service refused it or did not answer'
}
