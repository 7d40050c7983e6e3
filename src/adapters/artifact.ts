import { Problem } from '../domain/problem.ts'
import type { ArtifactStore, StoredArtifact } from '../ports.ts'

/** Longer than this, and a public key that stands on the summary page as well is not worth waiting for. */
const patience = 60_000

/**
 * GitHub's artifact service. The client is by far the largest thing that is bundled, so it is a chunk of its
 * own and loaded when there is something to upload.
 */
export function createArtifactStore(runUrl: string): ArtifactStore {
  return {
    async upload(path, retentionDays) {
      const { DefaultArtifactClient } = await import('@actions/artifact')
      try {
        const upload = new DefaultArtifactClient().uploadArtifact('', [path], dirOf(path), {
          skipArchive: true,
          ...(retentionDays > 0 ? { retentionDays } : {}),
        })
        const { id, digest } = await orTimeout(upload)
        return stored(runUrl, String(id ?? ''), digest)
      } catch (error) {
        const message = error instanceof Error ? error.message : ''
        if (/already exists|\b409\b|conflict/i.test(message)) return null
        throw new Problem(
          'artifact-failed',
          `the public key could not be uploaded as an artifact: ${reasonOf(error)}`,
          'nothing is lost: take the public key from the summary page, from output public-key, or from the file in public-key-file',
        )
      }
    },
  }
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

async function orTimeout<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), patience)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** In our own words: a library's message could carry a signed URL. */
function reasonOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  if (name === 'GHESNotSupportedError') return 'GitHub Enterprise Server has no such service'
  if (name === 'UsageError' || /quota|insufficient usage/i.test(message)) {
    return 'the storage quota for artifacts is used up'
  }
  if (message === 'timeout') return `no answer within ${patience / 1000} seconds`
  if (/ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL/.test(message)) {
    return 'this runner offers no artifact service'
  }
  return 'the artifact service refused it or did not answer'
}
