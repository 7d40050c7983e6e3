import { once } from 'node:events'
import { basename, dirname } from 'node:path'
import { DefaultArtifactClient } from '@actions/artifact'
import { Problem } from '../domain/problem.ts'
import type { ArtifactStore } from '../ports.ts'

/** The summary shows the public key as well, so that a longer wait for an upload is not worth it. */
const maxWait = 60_000

/**
 * GitHub's artifact service, for plain files.
 * @param runUrl address of the workflow run, on the server that the artifacts belong to
 * @param stop fires when the step has to end: it waits for no upload then
 */
export function createArtifactStore(runUrl: string, stop: AbortSignal): ArtifactStore {
  return {
    async upload(path, retentionDays, sha256) {
      // The client would also say so, in an annotation of its own.
      if (isEnterpriseServer(runUrl)) throw failed('GitHub Enterprise Server has no such service')
      const result = await uploadFile(path, retentionDays, stop)
      if (result === null) return null
      const { id = '', digest } = result
      if (digest !== sha256) throw changed(basename(path), digest)
      return {
        id: String(id),
        url: id === '' ? '' : `${runUrl}/artifacts/${id}`,
        digest: `sha256:${digest}`,
      }
    },
  }
}

/** Null when the run has an artifact of this name. */
async function uploadFile(path: string, retentionDays: number | null, stop: AbortSignal) {
  try {
    stop.throwIfAborted()
    const upload = new DefaultArtifactClient().uploadArtifact('', [path], dirname(path), {
      skipArchive: true,
      ...(retentionDays === null ? {} : { retentionDays }),
    })
    const end = AbortSignal.any([stop, AbortSignal.timeout(maxWait)])
    const ended = once(end, 'abort').then(() => Promise.reject(end.reason))
    // The client cannot be cancelled. It goes on in the background, until the process ends.
    return await Promise.race([upload, ended])
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    if (/already exists|\b409\b|conflict/i.test(message)) return null
    throw failed(stop.aborted ? 'the step had to end before it was complete' : reasonOf(error))
  }
}

/** Only GitHub's own hosts have the service; `*.localhost` is GitHub in the rehearsal. */
function isEnterpriseServer(runUrl: string): boolean {
  const host = URL.canParse(runUrl) ? new URL(runUrl).hostname : ''
  return !/^(?:github\.com|.+\.ghe\.com|.+\.localhost)$/.test(host)
}

function failed(reason: string): Problem {
  return new Problem(
    'artifact-failed',
    `the public key could not be uploaded as an artifact: ${reason}`,
    'take the public key from the summary page, from output public-key, or from the file in public-key-file',
  )
}

function changed(name: string, digest: string | undefined): Problem {
  return new Problem(
    'artifact-failed',
    `artifact ${name} does not contain the public key that was written (its digest is ${digest ? `sha256:${digest}` : 'not known'}): another process on the runner may have changed the file`,
    'delete this artifact and do not use it; take the public key from the summary page, and find out what else runs on the runner',
  )
}

/** In words of our own: the message of a library could contain a signed URL. */
function reasonOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  if (name === 'UsageError' || /quota|insufficient usage/i.test(message)) {
    return 'the storage quota for artifacts is used up'
  }
  if (name === 'TimeoutError') return `no answer within ${maxWait / 1000} seconds`
  if (/ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL/.test(message)) {
    return 'this runner offers no artifact service'
  }
  return 'the artifact service refused it or did not answer'
}
