import { createPrivateKey } from 'node:crypto'
import {
  type InputName,
  inputNames,
  inputUse,
  type RawInputs,
  readOrder,
  unusedInputs,
} from '../../../src/action/inputs.ts'
import { parsePublicKeyId } from '../../../src/domain/amazon-pay/public-key-id.ts'
import { verificationRequest } from '../../../src/domain/amazon-pay/signature.ts'
import { type KeyPair, keyPairOf } from '../../../src/domain/key/pair.ts'
import { slotNames, slots } from '../../../src/domain/rotation/slots.ts'
import type { Command, TargetSpec } from '../../../src/ports.ts'
import { nextKey } from '../../keys.ts'
import { AmazonPayInMemory } from './amazon-pay.ts'
import { execute } from './commands.ts'
import { Connection, quietGitHub } from './github.ts'
import { type Key, secretLines } from './keys.ts'
import { describeRun, type QueuedRun, type Ran, visible } from './ran.ts'
import {
  clockOf,
  createTestArtifacts,
  createTestRunner,
  type Interference,
  Line,
  noTraces,
  TestClock,
  type Traces,
} from './runner.ts'
import { StoredTarget } from './stored-target.ts'

export { type QueuedRun, type Ran, visible } from './ran.ts'

/** What a person fills in when starting the workflow by hand. */
export interface Form {
  readonly publicKeyId?: string
  readonly leaked?: boolean
  readonly replaceStaged?: string
}

export interface StartOptions extends Interference {
  /** The key pairs that are generated, in this order. */
  readonly making?: readonly KeyPair[]
  /** Other inputs than those of the one workflow. */
  readonly with?: Partial<Record<InputName, string>>
  /** Milliseconds since the run before ended; an hour if not given. */
  readonly after?: number
  readonly stop?: AbortController
  readonly eventTexts?: readonly string[]
  readonly files?: Readonly<Record<string, Buffer>>
  /** The repository that the workflow runs in, if it is not the first target. */
  readonly repository?: string
}

const hourMs = 3_600_000
/** Signs the control requests. Making a key takes long, so there is one for all. */
const throwaway = keyPairOf(nextKey())
const formsFor = () => ({ app: 'https://github.com/app', token: 'https://github.com/token' })

interface ShopOptions {
  readonly repositories?: readonly string[]
  readonly environment?: string
  readonly organization?: string
  readonly with?: Partial<Record<InputName, string>>
}

/** A shop that rotates its key with the one workflow, and the deploy that uses it. */
export class Shop {
  readonly clock = new TestClock()
  amazon = new AmazonPayInMemory(this.clock)
  github = quietGitHub()
  readonly options: ShopOptions
  readonly targets: StoredTarget[]
  readonly #private = new Set<string>()
  readonly #artifacts = new Map<string, Map<string, string>>()
  #runs = 1

  constructor(options: ShopOptions = {}) {
    this.options = options
    const names = slotNames(options.with?.prefix ?? 'AMAZON_PAY')
    this.targets = this.#order('status', {}).targets.map(
      (spec: TargetSpec) => new StoredTarget(spec, names, this.clock),
    )
  }

  get target(): StoredTarget {
    return this.targets[0] as StoredTarget
  }

  targetNamed(name: string): StoredTarget {
    const found = this.targets.find((target) => target.name === name)
    if (!found) throw new Error(`there is no target ${name}`)
    return found
  }

  /** Slots as earlier runs left them in all targets, a day ago; their keys are exchanged, but for `next`. */
  given(
    keys: { current?: Key; next?: Key; previous?: Key },
    targets: readonly StoredTarget[] = this.targets,
  ): this {
    for (const slot of slots) {
      const key = keys[slot]
      if (!key) continue
      for (const target of targets) target.place(slot, key)
      this.amazon.exchange(key)
    }
    this.clock.pass(24 * hourMs)
    return this
  }

  queue(command: Command, form: Form = {}, more: StartOptions['with'] = {}): QueuedRun {
    this.#runs += 1
    const inputs = this.#inputs(command, { ...formInputs(form), ...this.#secrets(), ...more })
    return { id: String(this.#runs), attempt: 1, command, inputs }
  }

  /** Queues a run and starts it at once. */
  run(command: Command, form: Form = {}, options: StartOptions = {}): Promise<Ran> {
    return this.start(this.queue(command, form, options.with), options)
  }

  /** “Re-run jobs”: the same run, with the inputs and secrets of then. */
  rerun(queued: QueuedRun, options: StartOptions = {}): Promise<Ran> {
    return this.start({ ...queued, attempt: queued.attempt + 1 }, options)
  }

  async start(queued: QueuedRun, options: StartOptions = {}): Promise<Ran> {
    this.clock.pass(options.after ?? hourMs)
    // GitHub reads an environment's secrets when the job starts.
    const inputs = this.options.environment
      ? { ...queued.inputs, ...this.#secrets() }
      : queued.inputs
    const { inputs: read } = readOrder(inputs, formsFor)
    const line = new Line(this.clock, options)
    const traces = noTraces()
    for (const warning of unusedInputs(inputs, queued.command)) traces.warnings.push(warning)
    for (const [name, content] of this.#artifacts.get(queued.id) ?? []) {
      traces.artifacts.set(name, content)
    }
    const foreign = this.targets.map((target) => target.foreign)
    const connection = new Connection(line, this.github, this.targets.length > 1)
    const making = [...(options.making ?? [])]
    const outcome = await execute(read, {
      runner: this.#runner(line, traces, queued, options),
      clock: clockOf(line),
      targets: this.targets.map((target) => connection.target(target)),
      github: connection,
      artifacts: createTestArtifacts(line, traces),
      amazonPay: {
        send: (request) =>
          line.call(
            { text: 'ask Amazon Pay', writes: false },
            () => this.amazon.send(request),
            'amazon-pay-undecided',
          ),
      },
      generateKeyPair: async () => making.shift() ?? throwaway,
      readOpenSsh: () => {
        throw new Error('there are no OpenSSH keys here')
      },
    })
    this.#artifacts.set(queued.id, traces.artifacts)
    if (foreign.join() !== this.targets.map((target) => target.foreign).join()) {
      throw new Error('something that does not belong to the action was changed')
    }
    const ran = describeRun({ queued, line, traces, outcome })
    this.#assertNothingLeaked(ran, inputs, options)
    return ran
  }

  #runner(line: Line, traces: Traces, { id, attempt }: QueuedRun, options: StartOptions) {
    const repository = options.repository ?? this.#repositories[0] ?? ''
    return createTestRunner(line, traces, {
      run: {
        repository,
        id,
        attempt,
        url: `https://github.com/${repository}/actions/runs/${id}`,
        workflow: '.github/workflows/amazon-pay-key.yml',
        ref: 'main',
        workflowUrl: `https://github.com/${repository}/actions/workflows/amazon-pay-key.yml`,
      },
      stop: (options.stop ?? new AbortController()).signal,
      eventTexts: options.eventTexts ?? [],
      files: options.files ?? {},
    })
  }

  get #repositories(): readonly string[] {
    return this.options.repositories ?? ['acme/shop']
  }

  /** What `${{ secrets.… }}` is in a job of the first target. */
  #secrets(): Partial<RawInputs> {
    return {
      'next-private-key': this.target.privateKey('next') ?? '',
      'current-private-key': this.target.privateKey('current') ?? '',
      'previous-private-key': this.target.privateKey('previous') ?? '',
    }
  }

  #inputs(command: Command, given: Partial<Record<InputName, string>>): RawInputs {
    const defaults = Object.fromEntries(
      inputNames.map((name) => [name, inputUse[name].otherwise ?? '']),
    )
    return {
      ...defaults,
      token: 'token',
      repository: this.#repositories.join('\n'),
      environment: this.options.environment ?? '',
      organization: this.options.organization ?? '',
      region: 'eu',
      'pay-environment': 'live',
      ...this.options.with,
      ...given,
      command,
    } as RawInputs
  }

  #order(command: Command, given: Partial<Record<InputName, string>>) {
    return readOrder(this.#inputs(command, given), formsFor)
  }

  /** What the deploy finds: whether both secrets are there, and whether Amazon Pay takes them together. */
  deploy(target: StoredTarget = this.target): 'no pair' | 'accepted' | 'refused' {
    const pem = target.privateKey('current')
    const id = target.publicKeyId
    if (pem === null || id === null) return 'no pair'
    const request = verificationRequest({
      privateKey: createPrivateKey(pem),
      publicKeyId: parsePublicKeyId(id),
      region: this.amazon.keys.get(id)?.region ?? 'eu',
      payEnvironment: 'live',
      at: new Date(this.clock.milliseconds + this.amazon.offset),
    })
    return this.amazon.judge(request).status === 404 ? 'accepted' : 'refused'
  }

  /** The same shop in another course of events: what happens there is not seen here. */
  copy(): Shop {
    const other = new Shop(this.options)
    other.clock.milliseconds = this.clock.milliseconds
    other.clock.callMs = this.clock.callMs
    other.targets.splice(0, Infinity, ...this.targets.map((target) => target.copy(other.clock)))
    other.amazon = this.amazon.copy(other.clock)
    other.github = { ...this.github }
    other.#runs = this.#runs
    for (const [id, artifacts] of this.#artifacts) other.#artifacts.set(id, new Map(artifacts))
    return other
  }

  /** All that is stored, for comparing. */
  get content(): Record<string, unknown> {
    return Object.fromEntries(this.targets.map((target) => [target.label, target.content]))
  }

  #assertNothingLeaked(ran: Ran, inputs: RawInputs, { making = [] }: StartOptions): void {
    const made = making.map(({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const given = inputNames.filter((name) => name.endsWith('private-key')).map((n) => inputs[n])
    for (const pem of [...given, ...made]) {
      for (const line of secretLines(String(pem))) this.#private.add(line)
    }
    const said = visible(ran)
    const leaked = [...this.#private].find((line) => said.includes(line))
    if (leaked) throw new Error('a line of a private key was shown')
  }
}

function formInputs({ publicKeyId, leaked, replaceStaged }: Form): Partial<RawInputs> {
  return {
    'public-key-id': publicKeyId ?? '',
    'keep-previous': String(!leaked),
    'replace-staged': replaceStaged ?? '',
  }
}
