import { type AmazonPay, type Region, startAmazonPay } from './amazon-pay.ts'
import { type GitHub, openedFingerprint, type Scope, startGitHub } from './github.ts'
import { type RunningAction, type RunOptions, type RunResult, startAction } from './runner.ts'
import { type OrderResult, placeOrder } from './shop.ts'

export const REPOSITORY = 'acme/shop'

/** The expression by which a workflow takes a secret. */
export const secret = (name: string) => `\${{ secrets.${name} }}`

/** The steps as they stand in the workflows of the documentation, below `with:`. */
export const steps = {
  generate: { command: 'generate', region: 'eu', 'pay-environment': 'live' },
  activate: {
    command: 'activate',
    'private-key': secret('AMAZON_PAY_PRIVATE_KEY_NEXT'),
    'previous-private-key': secret('AMAZON_PAY_PRIVATE_KEY'),
  },
  /** `activate` too, with what stands in `PREVIOUS`. */
  rollBack: {
    command: 'activate',
    'private-key': secret('AMAZON_PAY_PRIVATE_KEY_PREVIOUS'),
    'previous-private-key': secret('AMAZON_PAY_PRIVATE_KEY'),
  },
  guard: {
    command: 'validate',
    region: 'eu',
    'private-key': secret('AMAZON_PAY_PRIVATE_KEY'),
    'public-key-id': secret('AMAZON_PAY_PUBLIC_KEY_ID'),
  },
  retire: {
    command: 'retire',
    'previous-private-key': secret('AMAZON_PAY_PRIVATE_KEY_PREVIOUS'),
  },
  status: { command: 'status' },
}

/** A workflow run: of the action, as its `with:` stands in the workflow file. */
export interface Run {
  id: number
  command: string
  time: Date
  running: RunningAction
  /** The masked log, as far as it has grown. */
  lines: string[]
  result: RunResult | undefined
}

/** What a slot holds, without showing it. */
export interface Slot {
  slot: 'current' | 'next' | 'previous'
  secretName: string
  /** Of the opened secret. */
  fingerprint: string | undefined
  recordName: string
  record: KeyRecord | undefined
  /** The Public Key ID that the shop would read: of the current slot only. */
  publicKeyId: string | undefined
}

export interface KeyRecord {
  fingerprint: string
  publicKeyId: string | null
  region: Region | null
  madeAt: string
  activatedAt: string | null
}

export interface Scene {
  github: GitHub
  amazonPay: AmazonPay
  runs: Run[]
  /** Starts the action as a job of the repository would, with its secrets read now. */
  start(inputs: Record<string, string>, options?: Partial<RunOptions>): Run
  /** The shop's deploy job: signs an order with what is current. Undefined as long as there is no pair. */
  order(): Promise<OrderResult | undefined>
  slots(prefix?: string): Slot[]
  close(): Promise<void>
}

/** One shop's repository on a GitHub on loopback, and its Amazon Pay. */
export async function openScene(options: Pick<RunOptions, 'timeFactor'> = {}): Promise<Scene> {
  const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
  github.addRepository(REPOSITORY)
  let lastId = 4710

  const scene: Scene = {
    github,
    amazonPay,
    runs: [],

    start(inputs, more = {}) {
      const known = new Set([inputs.token ?? github.token])
      const secrets = github.secretsFor(REPOSITORY)
      const id = ++lastId
      const { command = '' } = inputs
      const registered = github.addRun(REPOSITORY, {
        id,
        name: 'Amazon Pay key',
        status: 'in_progress',
        event: 'workflow_dispatch',
      })
      const lines: string[] = []
      const running = startAction({
        github,
        amazonPay,
        repository: REPOSITORY,
        runId: id,
        ...options,
        inputs: {
          ...(command !== 'validate' && { token: github.token }),
          ...mapValues(inputs, (text) => evaluate(text, secrets, known)),
        },
        secretsKnown: [...known],
        onLine: (line) => lines.push(line),
        ...more,
      })
      const run: Run = { id, command, time: new Date(), running, lines, result: undefined }
      scene.runs.push(run)
      running.done = running.done.then((result) => {
        Object.assign(registered, { status: 'completed', conclusion: result.conclusion })
        run.result = result
        return result
      })
      return run
    },

    async order() {
      const secrets = github.secretsFor(REPOSITORY)
      const { AMAZON_PAY_PRIVATE_KEY: privateKey, AMAZON_PAY_PUBLIC_KEY_ID: publicKeyId } = secrets
      if (privateKey === undefined || publicKeyId === undefined) return undefined
      // The shop's own clock is right, whatever the runner's is.
      const now = () => new Date(Date.now() + amazonPay.clockOffset)
      const region = amazonPay.keys.get(publicKeyId)?.region ?? 'eu'
      return placeOrder({ url: amazonPay.url, region, publicKeyId, privateKey, now })
    },

    slots(prefix = 'AMAZON_PAY') {
      const { secrets, variables } = github.repository(REPOSITORY)
      return (['current', 'next', 'previous'] as const).map((slot) => {
        const end = slot === 'current' ? '' : `_${slot.toUpperCase()}`
        const secretName = `${prefix}_PRIVATE_KEY${end}`
        const recordName = `${prefix}_KEY${end}`
        const record = variables.get(recordName)?.value
        return {
          slot,
          secretName,
          fingerprint: fingerprintOf(secrets.get(secretName)?.value),
          recordName,
          record: record === undefined ? undefined : (JSON.parse(record) as KeyRecord),
          publicKeyId:
            slot === 'current' ? secrets.get(`${prefix}_PUBLIC_KEY_ID`)?.value : undefined,
        }
      })
    },

    async close() {
      for (const { running } of scene.runs) running.kill()
      await Promise.allSettled(scene.runs.map(({ running }) => running.done))
      await Promise.all([github.close(), amazonPay.close()])
    },
  }
  return scene

  /** `${{ secrets.NAME }}`; the runner hides what a job received so. */
  function evaluate(text: string, secrets: Record<string, string>, known: Set<string>): string {
    return text.replace(/\$\{\{\s*secrets\.(\w+)\s*\}\}/g, (_, name: string) => {
      const value = secrets[name] ?? ''
      if (value !== '') known.add(value)
      return value
    })
  }
}

export const fingerprintOf = (pem: string | undefined) => {
  try {
    return pem === undefined ? undefined : openedFingerprint(pem)
  } catch {
    return undefined
  }
}

/** A scope's secrets as GitHub lists them, with what tells a key without showing it. */
export const secretsOf = (scope: Scope) =>
  [...scope.secrets.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value, updated_at }) => ({
      name,
      updatedAt: updated_at,
      shows: fingerprintOf(value) ?? (name.endsWith('_PUBLIC_KEY_ID') ? value : 'not a key'),
    }))

const mapValues = (values: Record<string, string>, change: (value: string) => string) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
