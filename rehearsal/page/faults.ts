import { payError } from '../amazon-pay.ts'
import type { RunOptions } from '../runner.ts'
import type { Run, Scene } from '../scene.ts'

/** What can be switched on to go wrong; the page says what each is. */
export const FAULTS = ['forbidden', 'unavailable', 'rejects', 'clock', 'killed'] as const

export type Fault = (typeof FAULTS)[number]

const FORBIDDEN = 'ghs_rehearsal_without_permission'

/** Makes the stand-ins misbehave for the next run; gives what the run itself needs for that. */
export function applyFaults(
  { github, amazonPay }: Scene,
  on: ReadonlySet<Fault>,
  running: () => Run | undefined,
): RunOptions['inputs'] {
  const status = 503
  const down = { status, body: { message: 'Service Unavailable' } }
  github.faults = on.has('unavailable')
    ? [{ match: ({ path }) => !path.startsWith('/twirp'), times: Infinity, do: down }]
    : []
  // Only the action's own question: the shop goes on selling.
  const refusal = payError(
    400,
    'InvalidHeaderValue',
    'The value provided for PublicKeyId is invalid',
  )
  amazonPay.faults = on.has('rejects')
    ? [{ match: { method: 'GET', path: /\/chargePermissions\// }, times: Infinity, do: refusal }]
    : []
  amazonPay.clockOffset = on.has('clock') ? 20 * 60_000 : 0

  // Between the two secrets of a pair, or after the first write of anything else.
  github.onRequest = on.has('killed')
    ? ({ method, path }, phase) => {
        const run = running()
        if (run === undefined || phase !== 'after' || method === 'GET') return undefined
        if (run.command === 'activate' && !path.endsWith('_PUBLIC_KEY_ID')) return undefined
        run.running.kill('SIGKILL')
        return 'drop'
      }
    : undefined

  if (!on.has('forbidden')) return {}
  github.addToken(FORBIDDEN, { permissions: { secrets: 'read', variables: 'read' } })
  return { token: FORBIDDEN }
}
