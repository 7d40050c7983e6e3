import { constants, createHash, createPrivateKey, type KeyObject, verify } from 'node:crypto'
import { jest } from '@jest/globals'
import type { PayEnvironment, Region } from '../../src/domain/amazon-pay/region.ts'
import type { SignedRequest } from '../../src/domain/amazon-pay/signature.ts'
import type { Answer } from '../../src/domain/amazon-pay/verdict.ts'
import type { KeyPair } from '../../src/domain/key/pair.ts'
import { Problem, type Warning } from '../../src/domain/problem.ts'
import { type KeyRecord, readKeyRecord, writeKeyRecord } from '../../src/domain/rotation/record.ts'
import {
  type Slot,
  type SlotNames,
  type Stored,
  slotNames,
  type TargetState,
} from '../../src/domain/rotation/slots.ts'
import type {
  Approval,
  Command,
  Inputs,
  OpenRun,
  Run,
  Runner,
  SealedSecret,
  Target,
  World,
} from '../../src/ports.ts'
import type { Outcome } from '../../src/summary/outcome.ts'
import { nextKey } from '../keys.ts'

// A pair takes a tenth of a second to make, and a proof makes one: here it is made once.
const keyPairs = await import('../../src/domain/key/pair.ts')
/** Signs the controls. */
const throwaway = keyPairs.keyPairOf(nextKey())
const toBeMade: KeyPair[] = []
jest.unstable_mockModule('../../src/domain/key/pair.ts', () => ({
  ...keyPairs,
  makeKeyPair: async () => toBeMade.shift() ?? throwaway,
}))
const { generate } = await import('../../src/commands/generate.ts')
const { validate } = await import('../../src/commands/validate.ts')
const { activate } = await import('../../src/commands/activate.ts')
const { retire } = await import('../../src/commands/retire.ts')
const { status } = await import('../../src/commands/status.ts')
const { fingerprint } = await import('../../src/domain/key/fingerprint.ts')
const { proofRequest } = await import('../../src/domain/amazon-pay/signature.ts')
const { emptyOutcome, problemsOf } = await import('../../src/report.ts')
const { page } = await import('../../src/summary/page.ts')

const commands = { generate, validate, activate, retire, status }

/** A key pair with the names that tests call it by. */
export interface Key extends KeyPair {
  readonly pem: string
  readonly publicPem: string
  readonly fingerprint: string
  /** What it gets in Integration Central. */
  readonly id: string
}

/** As many pairs as a test file needs; the IDs are told apart by their last letter. */
export function makeKeys(count: number): Key[] {
  return Array.from({ length: count }, (_, index): Key => {
    const pair = keyPairs.keyPairOf(nextKey())
    return {
      ...pair,
      pem: keyPairs.privateKeyPem(pair),
      publicPem: keyPairs.publicKeyPem(pair.publicKey),
      fingerprint: fingerprint(pair.publicKey),
      id: payId(String.fromCharCode(65 + index)),
    }
  })
}

export function payId(letter: string, prefix: 'SANDBOX-' | 'LIVE-' | '' = 'SANDBOX-'): string {
  return prefix + letter.repeat(24)
}

/** The runner died: nothing after this happens, and nobody hears why. */
export class Killed extends Error {}

/**
 * What can go wrong with one call:
 * - `refused`: GitHub says no, and nothing is written
 * - `lost`: it is written, and the answer does not arrive
 * - `unheard`: neither
 * - `killed before`, `killed after`: the runner dies
 * - `broken`: an error that nobody foresaw
 */
export type Fault = 'refused' | 'lost' | 'unheard' | 'killed before' | 'killed after' | 'broken'

/** A call to GitHub, as it stands in the story's log: `put AMAZON_PAY_PRIVATE_KEY_NEXT`. */
export interface Call {
  readonly text: string
  /** Counted from 0 among the writes of the run; null for a read. */
  readonly write: number | null
}

export type OnCall = (call: Call) => Fault | undefined | Promise<Fault | undefined>

/**
 * How time goes by while a command runs: with every call, only where it paces itself, or not at all. Between
 * two runs an hour passes, but for `stopped`.
 */
export type Time = 'ticking' | 'paced' | 'still' | 'stopped'

interface Entry extends Stored {
  readonly value: string
}

/** One repository or environment, across runs. Secrets stay readable here, for the test. */
export class Place {
  readonly name: string
  readonly environment: string | null
  readonly names: SlotNames
  readonly secrets = new Map<string, Entry>()
  readonly variables = new Map<string, Entry>()
  readonly remarks: Warning[] = []
  room: number | null = null

  constructor(name: string, environment: string | null, names: SlotNames) {
    this.name = name
    this.environment = environment
    this.names = names
  }

  privateKey(slot: Slot): string | null {
    return this.secrets.get(this.names.privateKey[slot])?.value ?? null
  }

  get publicKeyId(): string | null {
    return this.secrets.get(this.names.publicKeyId)?.value ?? null
  }

  record(slot: Slot): KeyRecord | null {
    const name = this.names.record[slot]
    const value = this.variables.get(name)?.value
    return value === undefined ? null : readKeyRecord(value, name)
  }

  /** Everything in it, for comparing: secrets by value, records without the run and the dates. */
  get content(): Record<string, string> {
    const records = [...this.variables].map(([name, { value }]) => {
      const {
        run: _,
        activatedAt: __,
        madeAt: ___,
        ...rest
      } = JSON.parse(value) as Partial<KeyRecord>
      return [name, JSON.stringify(rest)] as const
    })
    const secrets = [...this.secrets].map(([name, { value }]) => [name, value] as const)
    return Object.fromEntries([...secrets, ...records].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

interface PayKey {
  readonly publicKey: KeyObject
  readonly region: Region
  readonly environments: readonly PayEnvironment[]
  state: 'active' | 'deleted' | 'suspended'
}

/** Amazon Pay with its keys. It verifies as Amazon describes it, by code of its own. */
export class AmazonPayInMemory {
  readonly keys = new Map<string, PayKey>()
  readonly requests: SignedRequest[] = []
  /** Status of each answer. */
  readonly answers: (number | null)[] = []
  /** Amazon's clock minus ours, in milliseconds. */
  offset = 0
  /** Answers in place of Amazon; undefined lets Amazon answer. */
  instead: (request: SignedRequest, count: number) => Answer | null | undefined = () => undefined
  readonly #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  register(
    key: Pick<Key, 'publicKey' | 'id'>,
    options: { id?: string; region?: Region; environments?: PayEnvironment[] } = {},
  ): string {
    const id = options.id ?? key.id
    this.keys.set(id, {
      publicKey: key.publicKey,
      region: options.region ?? 'us',
      environments: options.environments ?? [id.startsWith('LIVE-') ? 'live' : 'sandbox'],
      state: 'active',
    })
    return id
  }

  set(id: string, state: PayKey['state']): void {
    const key = this.keys.get(id)
    if (key) key.state = state
  }

  async send(request: SignedRequest): Promise<Answer | null> {
    this.requests.push(request)
    const answer = this.instead(request, this.requests.length)
    const given = answer === undefined ? this.judge(request) : answer
    this.answers.push(given?.status ?? null)
    return given
  }

  judge(request: SignedRequest): Answer {
    const { authorization = '', ...signed } = request.headers
    const parts = /^AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/
    const [, id = '', names = '', signature = ''] = parts.exec(authorization) ?? []
    const lines = names.split(';').map((name) => `${name}:${signed[name]}\n`)
    const canonical = `${request.method}\n${request.path}\n\n${lines.join('')}\n${names}\n${sha256('')}`
    const text = `AMZN-PAY-RSASSA-PSS-V2\n${sha256(canonical)}`
    const [year, month, day, hour, minute, second] =
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
        .exec(signed['x-amz-pay-date'] ?? '')
        ?.slice(1)
        .map(Number) ?? []
    const at = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second)
    const age = this.#now().getTime() + this.offset - at
    // A time that cannot be read is out of range as well.
    if (!(age >= 0 && age <= 300_000)) {
      return this.answer(400, 'InvalidHeaderValue', 'x-amz-pay-date is out of range')
    }
    const region = { 'pay-api.amazon.com': 'us', 'pay-api.amazon.eu': 'eu' }[request.host] ?? 'jp'
    const key = this.keys.get(id)
    const environment = /^(?:\/(live|sandbox))?\/v2\//.exec(request.path)?.[1]
    const here =
      key?.region === region &&
      key.state !== 'deleted' &&
      (environment === undefined || key.environments.includes(environment as PayEnvironment))
    if (!here) return this.answer(401, 'UnauthorizedAccess', `unknown Public Key ID ${id}`)
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const rules = { key: key.publicKey, padding, saltLength: 32 }
    if (!verify('sha256', Buffer.from(text), rules, Buffer.from(signature, 'base64'))) {
      const echo = text.replace('\n', '\\n')
      return this.answer(403, 'InvalidRequestSignature', `signing String [${echo}]`)
    }
    if (key.state === 'suspended') return this.answer(403, 'InvalidAccountStatus', 'suspended')
    return this.answer(404, 'ResourceNotFound', 'no such charge permission')
  }

  answer(status: number, reasonCode: string, message: string): Answer {
    return {
      status,
      contentType: 'application/json',
      body: JSON.stringify({ reasonCode, message }),
      date: new Date(this.#now().getTime() + this.offset).toUTCString(),
      requestId: `request-${this.requests.length}`,
    }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** What one run of a command did and said. */
export interface Story {
  /** The run died. Then nothing else here means much. */
  readonly killed: boolean
  readonly status: Outcome['status'] | 'failed'
  /** Code of the first problem. */
  readonly code: string | null
  /** Fact and hint of every problem, in lines. */
  readonly trouble: string
  readonly error: unknown
  readonly outcome: Outcome
  readonly outputs: Readonly<Record<string, string>>
  /** Every value with the number of log lines before it. */
  readonly masks: readonly { readonly value: string; readonly at: number }[]
  /** Reads, writes, proofs, pauses, files and uploads in order. */
  readonly log: readonly string[]
  /** The writes to GitHub among them. */
  readonly effects: readonly string[]
  readonly infos: readonly string[]
  readonly notices: readonly string[]
  readonly warnings: readonly string[]
}

export interface RunOptions {
  readonly on?: OnCall
  /** The pair that `generate` finds. */
  readonly making?: KeyPair
  readonly run?: string
  readonly repository?: string
  /** Cancelled from the start. */
  readonly stopped?: boolean
  readonly stop?: AbortController
  /** It runs beside another one: no hour passes after it. */
  readonly beside?: boolean
  readonly dispatched?: readonly string[]
  readonly files?: Readonly<Record<string, Buffer>>
  readonly upload?: () => Promise<{ id: string; url: string; digest: string | null } | null>
}

/** Targets and Amazon Pay, and the runs that happen to them. */
export class Scene {
  readonly prefix: string
  readonly places: readonly Place[]
  readonly amazon: AmazonPayInMemory
  approvals: Approval[] = []
  openRuns: (repository: string, before: Date) => Promise<OpenRun[]> = async () => []
  time: Time = 'ticking'
  /** GitHub's `Date` headers arrive. */
  datesArrive = true
  milliseconds = Date.parse('2026-11-24T21:30:00Z')
  /** Whatever stands here must never be said. */
  readonly #private = new Set<string>()
  #runs = 0

  constructor(
    options: { targets?: string[]; environment?: string; prefix?: string; time?: Time } = {},
  ) {
    this.prefix = options.prefix ?? 'AMAZON_PAY'
    const names = slotNames(this.prefix)
    this.places = (options.targets ?? ['acme/shop']).map(
      (name) => new Place(name, options.environment ?? null, names),
    )
    this.time = options.time ?? 'ticking'
    this.amazon = new AmazonPayInMemory(() => new Date(this.milliseconds))
    for (const place of this.places) this.#furnish(place)
  }

  get place(): Place {
    return this.places[0] as Place
  }

  get now(): string {
    return `${new Date(this.milliseconds).toISOString().slice(0, 19)}Z`
  }

  pass(milliseconds: number): void {
    if (this.time !== 'stopped') this.milliseconds += milliseconds
  }

  /** Things of other people, which nobody may touch. */
  #furnish(place: Place): void {
    for (const name of ['NPM_TOKEN', `${this.prefix}_EU_PRIVATE_KEY`, `${this.prefix}_KEY`]) {
      this.put(place.secrets, name, 'not ours')
    }
    for (const name of ['REGION', `${this.prefix}_EU_KEY_NEXT`]) {
      this.put(place.variables, name, '{}')
    }
  }

  #foreign(place: Place): string {
    const ours = [...Object.values(place.names.privateKey), place.names.publicKeyId]
    const records: string[] = Object.values(place.names.record)
    return JSON.stringify([
      [...place.secrets].filter(([name]) => !ours.includes(name)),
      [...place.variables].filter(([name]) => !records.includes(name)),
    ])
  }

  put(map: Map<string, Entry>, name: string, value: string): void {
    const createdAt = map.get(name)?.createdAt ?? this.now
    map.set(name, { value, createdAt, updatedAt: this.now })
  }

  recordOf(key: Key, more: Partial<KeyRecord> = {}): KeyRecord {
    return {
      version: 1,
      fingerprint: key.fingerprint,
      publicKey: key.publicPem,
      publicKeyId: null,
      region: 'us',
      payEnvironment: 'sandbox',
      madeAt: this.now,
      activatedAt: null,
      run: 'https://github.com/acme/shop/actions/runs/0',
      ...more,
    }
  }

  setRecord(place: Place, slot: Slot, record: KeyRecord): void {
    this.put(place.variables, place.names.record[slot], writeKeyRecord(record))
  }

  setSecret(place: Place, slot: Slot, key: Key): void {
    this.put(place.secrets, place.names.privateKey[slot], key.pem)
  }

  /** Puts keys where they would be after earlier runs, a day ago, and exchanges them at Amazon. */
  given(
    slots: { current?: Key; next?: Key; previous?: Key; unrecorded?: Key },
    places: readonly Place[] = this.places,
  ): this {
    const { current, next, previous, unrecorded } = slots
    for (const place of places) {
      const activated = { activatedAt: this.now }
      if (previous) {
        this.setSecret(place, 'previous', previous)
        this.setRecord(
          place,
          'previous',
          this.recordOf(previous, { ...activated, publicKeyId: previous.id }),
        )
      }
      const pair = current ?? unrecorded
      if (pair) {
        this.put(place.secrets, place.names.publicKeyId, pair.id)
        this.setSecret(place, 'current', pair)
      }
      if (current) {
        this.setRecord(
          place,
          'current',
          this.recordOf(current, { ...activated, publicKeyId: current.id }),
        )
      }
      if (next) {
        this.setSecret(place, 'next', next)
        this.setRecord(place, 'next', this.recordOf(next))
      }
    }
    for (const key of [current, next, previous, unrecorded]) if (key) this.amazon.register(key)
    this.pass(86_400_000)
    return this
  }

  /** Whether a deploy job that takes both secrets now could sign: Amazon knows. */
  pairWorks(place: Place = this.place): boolean {
    const pem = place.privateKey('current')
    const publicKeyId = place.publicKeyId
    if (pem === null || publicKeyId === null) return false
    const { region } = this.amazon.keys.get(publicKeyId) ?? { region: 'us' as const }
    const request = proofRequest({
      privateKey: createPrivateKey(pem),
      publicKeyId,
      region,
      payEnvironment: 'sandbox',
      at: new Date(this.milliseconds + this.amazon.offset),
    })
    return this.amazon.judge(request).status === 404
  }

  /** The same targets at another time: what is done there is not seen here. */
  copy(): Scene {
    const [first] = this.places
    const scene = new Scene({
      targets: this.places.map(({ name }) => name),
      ...(first?.environment ? { environment: first.environment } : {}),
      prefix: this.prefix,
      time: this.time,
    })
    scene.milliseconds = this.milliseconds
    for (const [index, place] of this.places.entries()) {
      const other = scene.places[index] as Place
      other.secrets.clear()
      other.variables.clear()
      for (const [name, entry] of place.secrets) other.secrets.set(name, entry)
      for (const [name, entry] of place.variables) other.variables.set(name, entry)
    }
    for (const [id, key] of this.amazon.keys) scene.amazon.keys.set(id, { ...key })
    return scene
  }

  /** One run of one command, as a workflow would start it. */
  async run(
    command: Command,
    given: Partial<Inputs> = {},
    options: RunOptions = {},
  ): Promise<Story> {
    this.#runs += 1
    const inputs = inputsOf(command, this.prefix, given)
    for (const pem of [inputs.privateKey, inputs.previousPrivateKey]) this.keepPrivate(pem)
    if (options.making) this.keepPrivate(keyPairs.privateKeyPem(options.making))
    const before = this.places.map((place) => this.#foreign(place))

    const run = new RunInMemory(this, options, this.#runs)
    const outcome = emptyOutcome({
      command,
      prefix: this.prefix,
      names: slotNames(this.prefix),
      maxAgeDays: inputs.maxAgeDays,
      runner: run.runner,
    })
    let error: unknown = null
    if (options.making) toBeMade.push(options.making)
    try {
      await commands[command]({ inputs, world: run.world(), outcome })
    } catch (thrown) {
      error = thrown
      if (!(thrown instanceof Killed)) outcome.problems = problemsOf(thrown)
    }
    toBeMade.length = 0
    run.say(page(outcome))
    const after = this.places.map((place) => this.#foreign(place))
    if (before.join() !== after.join()) throw new Error('something that is not ours was touched')
    if (!options.beside) this.pass(3_600_000)
    return {
      killed: run.dead,
      status: error === null ? outcome.status : 'failed',
      code: outcome.problems[0]?.code ?? null,
      trouble: outcome.problems.map(({ message }) => message).join('\n'),
      error,
      outcome,
      outputs: run.outputs,
      masks: run.masks,
      log: run.log,
      effects: run.log.filter((line) => /\b(?:put|create|save|delete) /.test(line)),
      infos: run.infos,
      notices: run.notices,
      warnings: run.warnings,
    }
  }

  keepPrivate(pem: string): void {
    const lines = pem.split('\n').filter((line) => /^[A-Za-z0-9+/]{64}$/.test(line))
    // The first lines of every PKCS#8 RSA key are partly the same, and hold the public modulus.
    for (const line of lines.slice(12)) this.#private.add(line)
  }

  tellsPrivate(text: string): boolean {
    return [...this.#private].some((line) => text.includes(line))
  }
}

export function inputsOf(command: Command, prefix: string, given: Partial<Inputs>): Inputs {
  return {
    command,
    environment: null,
    prefix,
    region: null,
    payEnvironment: null,
    privateKey: '',
    passphrase: undefined,
    publicKey: '',
    publicKeyId: '',
    amazonPayCheck: command === 'activate' ? 'require' : 'warn',
    previousPrivateKey: '',
    previousPublicKeyId: '',
    keepPrevious: true,
    replaceStaged: null,
    maxAgeDays: 90,
    artifact: command === 'generate',
    retentionDays: 0,
    dryRun: false,
    ...given,
  }
}

/** The ports of one run. */
class RunInMemory {
  readonly log: string[] = []
  readonly infos: string[] = []
  readonly notices: string[] = []
  readonly warnings: string[] = []
  readonly outputs: Record<string, string> = {}
  readonly masks: { value: string; at: number }[] = []
  readonly runner: Runner
  dead = false
  readonly #scene: Scene
  readonly #options: RunOptions
  #writes = 0

  constructor(scene: Scene, options: RunOptions, number: number) {
    this.#scene = scene
    this.#options = options
    const stop = options.stop ?? new AbortController()
    if (options.stopped) stop.abort()
    const repository = options.repository ?? scene.place.name
    const id = options.run ?? String(number)
    const run: Run = {
      repository,
      id,
      url: `https://github.com/${repository}/actions/runs/${id}`,
      workflow: '.github/workflows/keys.yml',
      ref: 'main',
    }
    this.runner = {
      run,
      stop: stop.signal,
      dispatched: options.dispatched ?? [],
      mask: (value) => {
        this.masks.push({ value, at: this.log.length })
      },
      info: (line) => {
        this.say(line)
        this.infos.push(line)
      },
      notice: (text) => {
        this.say(text)
        this.notices.push(text)
      },
      warning: ({ code, fact, hint }) => {
        this.say(`${fact} ${hint}`)
        this.warnings.push(`${code ?? 'no code'}: ${fact}. Next: ${hint}`)
      },
      output: (name, value) => {
        this.say(value)
        this.outputs[name] = value
      },
      publicKeyFile: async (name, pem) => {
        this.say(pem)
        this.log.push(`file ${name}`)
        return `/temp/${name}`
      },
      readFile: async (path, input) => {
        const file = options.files?.[path]
        if (file) return file
        throw new Problem('input-invalid', `${input} names a file that does not exist`, 'look')
      },
    }
  }

  /** Whatever leaves the run in words. */
  say(text: string): void {
    if (this.#scene.tellsPrivate(text)) throw new Error(`a private key was told: ${text}`)
  }

  world(): World {
    const { runner } = this
    return {
      runner,
      clock: {
        now: () => new Date(this.#scene.milliseconds),
        sleep: async (milliseconds) => {
          this.#alive()
          this.log.push(`wait ${milliseconds >= 1000 ? Math.round(milliseconds / 1000) : '<1'}`)
          if (this.#scene.time === 'ticking' || this.#scene.time === 'paced') {
            this.#scene.milliseconds += milliseconds
          }
        },
      },
      targets: this.#scene.places.map((place) => this.#target(place)),
      artifacts: {
        upload: async (path, retentionDays) => {
          this.log.push(`upload ${path} ${retentionDays}`)
          return this.#options.upload
            ? this.#options.upload()
            : { id: '7', url: 'https://github.com/artifact/7', digest: 'sha256:00' }
        },
      },
      amazonPay: {
        send: async (request) => {
          this.#alive()
          this.log.push('ask Amazon Pay')
          return this.#scene.amazon.send(request)
        },
      },
      github: {
        approvals: () => this.#call('read approvals', null, () => this.#scene.approvals),
        openRuns: (repository, before) =>
          this.#call(`read runs of ${repository}`, null, () =>
            this.#scene.openRuns(repository, before),
          ),
      },
      readOpenSsh: () => {
        throw new Error('no OpenSSH key here')
      },
    }
  }

  #alive(): void {
    if (this.dead) throw new Killed()
  }

  #die(): never {
    this.dead = true
    throw new Killed()
  }

  async #call<T>(
    text: string,
    write: number | null,
    effect: () => T | Promise<T>,
    code: 'secret-write-failed' | 'variable-write-failed' | 'github-unavailable' = write === null
      ? 'github-unavailable'
      : 'secret-write-failed',
  ): Promise<T> {
    this.#alive()
    const fault = await this.#options.on?.({ text, write })
    this.#alive()
    if (fault === 'killed before') this.#die()
    this.log.push(text)
    const scene = this.#scene
    if (scene.time === 'ticking' && write !== null) scene.milliseconds += 1000
    if (fault === 'refused') throw new Problem(code, `${text}: no`, 'look')
    if (fault === 'broken') throw new TypeError('nobody foresaw this')
    if (fault === 'unheard') {
      throw new Problem('github-unavailable', `${text}: no answer`, 'wait', { uncertain: true })
    }
    const result = await effect()
    if (fault === 'killed after') this.#die()
    if (fault === 'lost') {
      throw new Problem('github-unavailable', `${text}: no answer`, 'wait', { uncertain: true })
    }
    return result
  }

  #target(place: Place): Target {
    const scene = this.#scene
    const of = scene.places.length > 1 ? ` of ${place.name}` : ''
    const read = <T>(what: string, effect: () => T): Promise<T> =>
      this.#call(`read ${what}${of}`, null, effect)
    const write = <T>(
      verb: 'put' | 'create' | 'save' | 'delete',
      name: string,
      effect: () => T,
      code: 'secret-write-failed' | 'variable-write-failed',
    ): Promise<T> => this.#call(`${verb} ${name}${of}`, this.#writes++, effect, code)
    const secret = (name: string): Stored | null => place.secrets.get(name) ?? null
    let heard: Date | null = null
    const hear = (): void => {
      heard = scene.datesArrive ? new Date(Math.floor(scene.milliseconds / 1000) * 1000) : null
    }
    const { names } = place
    return {
      name: place.name,
      environment: place.environment,
      names,
      readableBy: (repository) => repository === place.name,
      remarks: place.remarks,
      get serverTime() {
        return heard
      },
      inspect: ({ slots, publicKeyId, sealing }) =>
        read(`state (${[...slots, publicKeyId && 'id', sealing && 'sealing'].join(' ')})`, () => {
          hear()
          const of = <T>(value: (slot: Slot) => T): Record<Slot, T | null> => ({
            current: slots.includes('current') ? value('current') : null,
            next: slots.includes('next') ? value('next') : null,
            previous: slots.includes('previous') ? value('previous') : null,
          })
          const state: TargetState = {
            privateKey: of((slot) => secret(names.privateKey[slot])),
            publicKeyId: publicKeyId ? secret(names.publicKeyId) : null,
            records: of((slot) => {
              const stored = place.variables.get(names.record[slot])
              const record = place.record(slot)
              return stored && record ? { ...stored, record } : null
            }),
            room: place.room,
          }
          return state
        }),
      seal: async (name, value): Promise<SealedSecret> => {
        const sealed: SealedSecret = {
          name,
          value,
          sealingKeyId: '1',
          reseal: async () => sealed,
        }
        return sealed
      },
      putSecret: ({ name, value }) =>
        write('put', name, () => scene.put(place.secrets, name, value), 'secret-write-failed').then(
          hear,
        ),
      deleteSecret: (name) =>
        write('delete', name, () => void place.secrets.delete(name), 'secret-write-failed'),
      secret: (name) => read(name, () => secret(name)),
      record: (slot) => read(names.record[slot], () => place.record(slot)),
      createRecord: (slot, record) =>
        write(
          'create',
          names.record[slot],
          () => {
            if (place.variables.has(names.record[slot])) return false
            scene.setRecord(place, slot, record)
            return true
          },
          'variable-write-failed',
        ),
      saveRecord: (slot, record) =>
        write(
          'save',
          names.record[slot],
          () => scene.setRecord(place, slot, record),
          'variable-write-failed',
        ),
      deleteRecord: (slot) =>
        write(
          'delete',
          names.record[slot],
          () => void place.variables.delete(names.record[slot]),
          'variable-write-failed',
        ),
    }
  }
}
