import type { PublicKeyId } from '../amazon-pay/public-key-id.ts'
import type { PayScope } from '../amazon-pay/region.ts'
import { Problem, type Warning } from '../problem.ts'
import type { KeyRecord } from './record.ts'
import type { Ring } from './ring.ts'
import { otherKey, type TargetView } from './view.ts'

/** What to write beside an existing pair. */
export interface Adoption {
  readonly writeId: boolean
  readonly writeRecord: boolean
  /** The existing record, if it describes this key. */
  readonly record: KeyRecord | null
  /** When the secret was created. The key in it may be newer: then it is rotated too early, never too late. */
  readonly since: string
  readonly warnings: readonly Warning[]
}

/** The Public Key ID of the pair, and the region and environment in which Amazon Pay accepts it. */
export interface AdoptionRequest extends PayScope {
  readonly publicKeyId: PublicKeyId
}

/**
 * @throws Problem why the pair in the ring cannot be adopted here
 */
export function planAdoption(view: TargetView, ring: Ring, request: AdoptionRequest): Adoption {
  const { slots, names } = view
  const { secret, record } = slots.current
  const { problem } = slots.next
  if (problem && problem.code !== 'pair-changed') throw problem
  if (!secret || !ring.current) {
    const name = names.privateKey.current
    throw new Problem(
      'current-key-missing',
      `${secret ? 'current-private-key is empty' : `secret ${name} does not exist`}, so there is no pair to adopt`,
      `store the private key that your shop uses in secret ${name}, pass current-private-key: \${{ secrets.${name} }} and start a new run; if your shop has no key yet, run command: generate`,
    )
  }
  if (record && record.fingerprint !== ring.current.fingerprint) {
    throw otherKey(record, 'current', ring.current.fingerprint, names)
  }
  const own = record?.publicKeyId?.id === request.publicKeyId.id ? record : null
  return {
    writeId: !view.publicKeyId || own === null,
    writeRecord: own === null || !isInScope(own, request),
    record,
    since: secret.createdAt,
    warnings: corrections(view, request),
  }
}

/** One warning for each value that is overwritten. */
function corrections({ slots, names }: TargetView, request: AdoptionRequest): Warning[] {
  const { record, problem } = slots.current
  const variable = `variable ${names.record.current}`
  const { id } = request.publicKeyId
  const facts = [
    problem ? `${problem.fact}; it is replaced` : null,
    record && record.publicKeyId?.id !== id
      ? `${variable} has ${record.publicKeyId ? `Public Key ID ${record.publicKeyId.id}` : 'no Public Key ID'}; it is corrected to ${id}`
      : null,
    record && !isInScope(record, request)
      ? `${variable} has another region or environment; it is corrected`
      : null,
  ]
  const hint = 'check that this is the pair that your shop uses'
  return facts.filter((fact) => fact !== null).map((fact) => ({ fact, hint }))
}

function isInScope(record: PayScope, { region, payEnvironment }: PayScope): boolean {
  return (
    (region === null || record.region === region) &&
    (payEnvironment === null || record.payEnvironment === payEnvironment)
  )
}
