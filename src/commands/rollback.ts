import { choosePrevious } from '../domain/rotation/choice.ts'
import { promoteAll } from './activate/promote.ts'
import type { Step } from './shared/context.ts'
import { readPublicKeyId } from './shared/facts.ts'
import { readRing } from './shared/keys.ts'
import { inspectAll } from './shared/targets.ts'

/** Rolls back to the previous key: stages it again and activates it like any staged key. */
export async function rollback(step: Step): Promise<void> {
  const publicKeyId = await readPublicKeyId(step)
  const ring = await readRing(
    step,
    step.inputs.keepPrevious ? ['previous', 'current'] : ['previous'],
  )
  const inspection = await inspectAll(step, ring)
  await promoteAll(step, {
    change: 'rollback',
    inspection,
    choose: (rows) => choosePrevious(rows, publicKeyId, step.names),
  })
}
