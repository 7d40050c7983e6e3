import { payError } from './amazon-pay.ts'
import type { Hook } from './faults.ts'
import type { Recorded } from './request.ts'
import type { Run } from './run.ts'
import type { Scene } from './scene.ts'

/** What can be made to go wrong in the next run; the page says what each is. */
export const faultNames = ['killed', 'rejects', 'forbidden', 'unavailable', 'clock'] as const

export type FaultName = (typeof faultNames)[number]

/** The faults of one run. */
export interface Trouble {
  /** By how many milliseconds the runner's clock is wrong. */
  readonly clockError: number
  /** Those that have taken effect. */
  readonly happened: ReadonlySet<FaultName>
  /** Everything works again. */
  end(): void
}

/** Makes the servers fail until `end` is called. `running` is the run that they fail for. */
export function makeTrouble(
  scene: Scene,
  faults: ReadonlySet<FaultName>,
  running: () => Run | undefined,
): Trouble {
  const { github, amazonPay, situation } = scene
  const happened = new Set<FaultName>()
  const granted = situation.installation.permissions
  const asked = amazonPay.requests.length

  if (faults.has('forbidden')) {
    situation.installation.permissions = { ...granted, secrets: 'read', environments: 'read' }
  }
  if (faults.has('unavailable')) {
    const answer = { status: 503, body: { message: 'Service Unavailable' } }
    const match = happens(happened, 'unavailable', ({ path }) => !path.startsWith('/twirp'))
    github.faults.push({ match, times: Infinity, do: answer })
  }
  if (faults.has('rejects')) {
    const message = 'The value provided for PublicKeyId is invalid'
    // Only what the action asks: the shop goes on selling.
    const match = happens(happened, 'rejects', ({ path }) => path.includes('/chargePermissions/'))
    const answer = payError(400, 'InvalidHeaderValue', message)
    amazonPay.faults.push({ match, times: Infinity, do: answer })
  }
  if (faults.has('killed')) scene.interrupt = killer(running, happened)

  return {
    // More than Amazon Pay accepts, and less than the lifetime of the App's JWT.
    clockError: faults.has('clock') ? -7 * 60_000 : 0,
    happened,
    end() {
      situation.installation.permissions = granted
      github.faults = []
      amazonPay.faults = []
      scene.interrupt = undefined
      if (faults.has('forbidden')) happened.add('forbidden')
      const isQuestion = ({ path }: Recorded) => path.includes('/chargePermissions/')
      if (faults.has('clock') && amazonPay.requests.slice(asked).some(isQuestion)) {
        happened.add('clock')
      }
    },
  }
}

const happens =
  (happened: Set<FaultName>, fault: FaultName, match: (request: Recorded) => boolean) =>
  (request: Recorded): boolean => {
    const matches = match(request)
    if (matches) happened.add(fault)
    return matches
  }

/** Kills the runner between the two secrets of a pair; where no pair is written, after the first write. */
function killer(running: () => Run | undefined, happened: Set<FaultName>): Hook {
  return ({ method, path, body }, phase) => {
    const isWrite = method !== 'GET' && /\/(secrets|variables)\b/.test(path)
    if (!isWrite || phase !== 'after' || /_LOCK\b/.test(path + body)) return undefined
    const run = running()
    if (run === undefined) return undefined
    const command = run.jobs.at(-1)?.command ?? ''
    const isPair = command === 'activate' || command === 'rollback'
    if (isPair && !path.endsWith('/AMAZON_PAY_PUBLIC_KEY_ID')) return undefined
    happened.add('killed')
    run.kill()
    return 'drop'
  }
}
