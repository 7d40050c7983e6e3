import { createHash } from 'node:crypto'
import { publicKeyFileName } from '../../domain/amazon-pay/integration-central.ts'
import { problemIn } from '../../domain/problem.ts'
import type { Step } from './context.ts'

/**
 * Publishes the public key as a file and as an artifact. The work is done by then, and the key is in the summary and the
 * outputs as well, so a failure here is only a warning. Does nothing if the key is not known.
 */
export async function publish({ inputs, world, book }: Step): Promise<void> {
  const { key, region, payEnvironment } = book.outcome
  if (!key) return
  const { publicKey, shortFingerprint } = key
  const name = publicKeyFileName({ region, payEnvironment, shortFingerprint })
  try {
    const path = await world.runner.publicKeyFile(name, publicKey)
    book.record({ publicKeyFile: path })
    if (!inputs.artifact) return
    const sha256 = createHash('sha256').update(publicKey).digest('hex')
    const artifact = await world.artifacts.upload(path, inputs.retentionDays, sha256)
    if (artifact === null) {
      world.runner.notice(`this run already has the artifact ${name}, which contains this key`)
    }
    book.record({ artifact: { id: '', url: '', digest: null, ...artifact, name } })
  } catch (error) {
    book.warn(problemIn(error))
  }
}
