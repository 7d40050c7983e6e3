import { type PublicKeyId, publicKeyIdsIn } from '../../domain/amazon-pay/public-key-id.ts'
import { Problem } from '../../domain/problem.ts'
import { chooseStaged } from '../../domain/rotation/choice.ts'
import { githubOf, type Step } from '../shared/context.ts'
import { recordPublicKeyId, requirePublicKeyId } from '../shared/facts.ts'
import { promote } from './promote.ts'

/**
 * Makes the staged key current. It is verified with Amazon Pay before any write, and written so that after a failure the
 * current pair is the old one or the new one; where that cannot be ensured, the problem is `pair-torn`.
 */
export async function activate(step: Step): Promise<void> {
  const publicKeyId =
    step.inputs.publicKeyId === 'from-approval'
      ? await approvedId(step)
      : await requirePublicKeyId(step)
  recordPublicKeyId(step, publicKeyId)
  await promote(step, 'activate', (rows) => chooseStaged(rows, publicKeyId, step.names))
}

/** Reads the ID from the comments that approved this run. GitHub does not order them, so they must agree. */
async function approvedId(step: Step): Promise<PublicKeyId> {
  const { environment } = step.inputs
  const isMeant = (names: readonly string[]): boolean =>
    environment === null || names.some((name) => name.toLowerCase() === environment.toLowerCase())
  const approvals = (await githubOf(step).approvals()).filter(
    ({ state, environments }) => state === 'approved' && isMeant(environments),
  )
  const ids = new Map(
    approvals.flatMap(({ comment }) => publicKeyIdsIn(comment)).map((id) => [id.id, id]),
  )
  const [id, ...more] = ids.values()
  if (id && more.length === 0) return id
  const what = environment === null ? 'this run' : `environment ${environment}`
  const found =
    approvals.length === 0
      ? `${what} has no approval`
      : `the approval comments of ${what} contain ${ids.size === 0 ? 'no Public Key ID' : `${ids.size} different Public Key IDs`}`
  throw new Problem(
    'public-key-id-invalid',
    `public-key-id is from-approval, and ${found}`,
    'start a new run and approve it with a comment that contains exactly one Public Key ID, or pass the ID as public-key-id',
  )
}
