import { choosePrevious } from '../domain/rotation/choice.ts'
import { promote } from './activate/promote.ts'
import type { Step } from './shared/context.ts'
import { readPublicKeyId } from './shared/facts.ts'

/** Rolls back to the previous key: stages it again and activates it like any staged key. */
export async function rollback(step: Step): Promise<void> {
  const publicKeyId = await readPublicKeyId(step)
  await promote(step, 'rollback', (rows) => choosePrevious(rows, publicKeyId, step.names))
}
