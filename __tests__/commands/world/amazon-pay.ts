import { constants, createHash, type KeyObject, verify } from 'node:crypto'
import type { PayEnvironment, Region } from '../../../src/domain/amazon-pay/region.ts'
import type { SignedRequest } from '../../../src/domain/amazon-pay/signature.ts'
import type { Answer } from '../../../src/domain/amazon-pay/verdict.ts'
import type { Key } from './keys.ts'
import type { TestClock } from './runner.ts'

interface PayKey {
  readonly publicKey: KeyObject
  readonly region: Region
  readonly environments: readonly PayEnvironment[]
  state: 'active' | 'deleted' | 'suspended'
}

const hosts: Readonly<Record<string, Region>> = {
  'pay-api.amazon.com': 'us',
  'pay-api.amazon.eu': 'eu',
  'pay-api.amazon.jp': 'jp',
}
const maxAgeMs = 300_000

/** Amazon Pay with the keys that were exchanged there. It verifies signatures by code of its own. */
export class AmazonPayInMemory {
  readonly clock: TestClock
  readonly keys = new Map<string, PayKey>()
  readonly requests: SignedRequest[] = []
  /** Amazon's clock minus ours, in milliseconds. */
  offset = 0
  /** Answers in Amazon's place; undefined lets Amazon answer. */
  instead: (request: SignedRequest, count: number) => Answer | null | undefined = () => undefined

  constructor(clock: TestClock) {
    this.clock = clock
  }

  /** A person exchanges a public key in Integration Central. */
  exchange(
    { publicKey, id }: Pick<Key, 'publicKey' | 'id'>,
    options: { id?: string; region?: Region; environments?: PayEnvironment[] } = {},
  ): string {
    const given = options.id ?? id
    this.keys.set(given, {
      publicKey,
      region: options.region ?? 'eu',
      environments: options.environments ?? [given.startsWith('SANDBOX-') ? 'sandbox' : 'live'],
      state: 'active',
    })
    return given
  }

  /** A person deletes a key in Integration Central, or Amazon suspends its account. */
  set(id: string, state: PayKey['state']): void {
    const key = this.keys.get(id)
    if (key) key.state = state
  }

  isActive(id: string): boolean {
    return this.keys.get(id)?.state === 'active'
  }

  send(request: SignedRequest): Answer | null {
    this.requests.push(request)
    const answer = this.instead(request, this.requests.length)
    return answer === undefined ? this.judge(request) : answer
  }

  judge(request: SignedRequest): Answer {
    const { authorization = '', ...signed } = request.headers
    const parts = /^AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/
    const [, id = '', names = '', signature = ''] = parts.exec(authorization) ?? []
    if (!this.#isRecent(signed['x-amz-pay-date'] ?? '')) {
      return this.answer(400, 'InvalidHeaderValue', 'x-amz-pay-date is out of range')
    }
    const environment = /^(?:\/(live|sandbox))?\/v2\//.exec(request.path)?.[1]
    const key = this.keys.get(id)
    const isHere =
      key !== undefined &&
      key.state !== 'deleted' &&
      key.region === hosts[request.host] &&
      (environment === undefined || key.environments.some((each) => each === environment))
    if (!isHere) {
      const fact = `The value '${id}' provided for 'PublicKeyId' is invalid`
      return this.answer(400, 'InvalidHeaderValue', fact)
    }
    const lines = names.split(';').map((name) => `${name}:${signed[name]}\n`)
    const canonical = `${request.method}\n${request.path}\n\n${lines.join('')}\n${names}\n${sha256('')}`
    const text = `AMZN-PAY-RSASSA-PSS-V2\n${sha256(canonical)}`
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const rules = { key: key.publicKey, padding, saltLength: 32 }
    if (!verify('sha256', Buffer.from(text), rules, Buffer.from(signature, 'base64'))) {
      const echo = text.replace('\n', '\\n')
      return this.answer(403, 'InvalidRequestSignature', `signing String [${echo}]`)
    }
    if (key.state === 'suspended') return this.answer(403, 'InvalidAccountStatus', 'suspended')
    return this.answer(404, 'ResourceNotFound', 'no such charge permission')
  }

  #isRecent(date: string): boolean {
    const [, ...digits] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
    const [year = 0, month = 0, day, hour, minute, second] = digits.map(Number)
    const age =
      this.clock.milliseconds + this.offset - Date.UTC(year, month - 1, day, hour, minute, second)
    return age >= 0 && age <= maxAgeMs
  }

  answer(status: number, reasonCode: string, message: string): Answer {
    return {
      status,
      contentType: 'application/json',
      body: JSON.stringify({ reasonCode, message }),
      date: new Date(this.clock.milliseconds + this.offset).toUTCString(),
      requestId: `request-${this.requests.length}`,
    }
  }

  copy(clock: TestClock): AmazonPayInMemory {
    const other = new AmazonPayInMemory(clock)
    for (const [id, key] of this.keys) other.keys.set(id, { ...key })
    other.offset = this.offset
    other.instead = this.instead
    return other
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
