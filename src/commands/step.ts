import { createPublicKey, type KeyObject } from 'node:crypto'
import pMap from 'p-map'
import { publicKeyFileName } from '../domain/amazon-pay/integration-central.ts'
import { payEnvironmentOf } from '../domain/amazon-pay/public-key-id.ts'
import { type PayEnvironment, type Region, regions } from '../domain/amazon-pay/region.ts'
import { fingerprint, shortFingerprint } from '../domain/key/fingerprint.ts'
import { type KeyPair, maskForms, publicKeyPem, sameKey } from '../domain/key/pair.ts'
import { readPrivateKey } from '../domain/key-import/import.ts'
import { Problem, Problems, type Warning } from '../domain/problem.ts'
import type { KeyRecord } from '../domain/rotation/record.ts'
import type { Slot, TargetState } from '../domain/rotation/slots.ts'
import type { Inputs, Target, World } from '../ports.ts'
import { exchangeMarkdown } from '../summary/exchange-page.ts'
import type { KeyFacts, Outcome, TargetResult, TargetResultKind } from '../summary/outcome.ts'

/** What every command gets: what is asked, the world to do it in, and the story to tell. */
export interface Step {
  readonly inputs: Inputs
  readonly world: World
  readonly outcome: Outcome
}

/** Says something that stops nothing, in the log and on the summary. */
export function warn({ world, outcome }: Step, warning: Warning): void {
  outcome.warnings.push(warning)
  world.runner.warning(warning)
}

/**
 * The key pair of an input. Everything that could be printed of it is masked before anybody else sees it.
 * @throws Problem one of the codes for keys
 */
export async function keyPairOfInput(
  step: Step,
  input: 'private-key' | 'previous-private-key',
): Promise<KeyPair> {
  const { inputs, world } = step
  const main = input === 'private-key'
  const { pair, warnings, masks } = await readPrivateKey(
    main ? inputs.privateKey : inputs.previousPrivateKey,
    {
      input,
      ...(main && inputs.passphrase !== undefined ? { passphrase: inputs.passphrase } : {}),
      readOpenSsh: world.readOpenSsh,
    },
  )
  for (const mask of masks) world.runner.mask(mask)
  maskPair(step, pair)
  await assertNotExposed(step, input, pair)
  if (main) for (const warning of warnings) warn(step, warning)
  return pair
}

export function maskPair({ world }: Step, pair: KeyPair): void {
  for (const form of maskForms(pair)) world.runner.mask(form)
}

/** What was typed into a dispatch form stands in the log of this run: such a key is burned. */
async function assertNotExposed(
  { inputs, world }: Step,
  input: string,
  pair: KeyPair,
): Promise<void> {
  const { passphrase } = inputs
  const options = { input, readOpenSsh: world.readOpenSsh, ...(passphrase ? { passphrase } : {}) }
  for (const value of world.runner.dispatched) {
    if (passphrase !== undefined && value.trim() === passphrase.trim()) {
      throw exposed('private-key-passphrase')
    }
    const dispatched = await readPrivateKey(value, options).catch(() => null)
    if (dispatched && sameKey(dispatched.pair.publicKey, pair.publicKey)) throw exposed(input)
  }
}

function exposed(input: string): Problem {
  return new Problem(
    'key-exposed',
    `${input} was typed into the form that started this run, so it stands in the run's log for everybody who may read it`,
    'delete this run, make a new key with command: generate, and delete the exposed one in Integration Central if it was ever exchanged; pass keys from secrets only',
  )
}

/** What one target holds; or null, and why that could not be seen. */
export interface Look {
  readonly state: TargetState | null
  readonly findings: readonly Problem[]
}

/** Looks at every target, a few at a time, before anything is written anywhere. */
export async function lookAtTargets(
  step: Step,
  options: { slots: readonly Slot[]; publicKeyId: boolean; sealing: boolean },
): Promise<Look[]> {
  const { targets } = step.world
  const looks = await pMap(
    targets,
    async (target): Promise<Look> => {
      try {
        return { state: await target.inspect(options), findings: [] }
      } catch (error) {
        if (error instanceof Problems) return { state: null, findings: error.all }
        if (error instanceof Problem) return { state: null, findings: [error] }
        throw error
      }
    },
    { concurrency: 4 },
  )
  for (const [index, { remarks }] of targets.entries()) {
    if (looks[index]?.state) for (const remark of remarks) warn(step, remark)
  }
  return looks
}

/** The same, where the step ends when one of them cannot be seen. */
export async function inspectTargets(
  step: Step,
  options: Parameters<typeof lookAtTargets>[1],
): Promise<TargetState[]> {
  const looks = await lookAtTargets(step, options)
  refuseIf(
    step,
    looks.map(({ findings }) => findings),
  )
  return looks.flatMap(({ state }) => state ?? [])
}

/** Ends the step when any target has a finding: all findings together, and nothing written. */
export function refuseIf(
  { world, outcome }: Step,
  findings: readonly (readonly Problem[])[],
): void {
  const all = findings.flat()
  const distinct = all.filter(
    ({ message }, index) => all.findIndex((other) => other.message === message) === index,
  )
  const [first, ...rest] = distinct
  if (!first) return
  outcome.targets = world.targets.map((target, index) => {
    const [finding] = findings[index] ?? []
    return finding
      ? resultOf(target, 'untouched', finding.fact, finding.code)
      : resultOf(target, 'untouched', 'nothing was written')
  })
  throw new Problems([first, ...rest])
}

export function resultOf(
  target: Target,
  result: TargetResultKind,
  message: string,
  code: TargetResult['code'] = null,
): TargetResult {
  return { target: target.name, environment: target.environment, result, code, message }
}

/** How a target is called in a message. */
export function placeOf(target: Target): string {
  return target.environment === null
    ? target.name
    : `environment ${target.environment} of ${target.name}`
}

/** GitHub asks for a second between writes. Never used inside a pair or a slot. */
export async function pace({ world }: Step): Promise<void> {
  await world.clock.sleep(1000)
}

/** Records that are the same for every command: what the key is and where it belongs. */
export function knowPlace(step: Step, records: readonly (KeyRecord | null | undefined)[]): void {
  const { inputs, outcome, world } = step
  const known = records.filter((record) => record != null)
  outcome.region =
    inputs.region ?? known.find((record) => record.region !== null)?.region ?? outcome.region
  outcome.payEnvironment =
    inputs.payEnvironment ??
    outcome.payEnvironment ??
    known.find((record) => record.payEnvironment !== null)?.payEnvironment ??
    null
  world.runner.output('region', outcome.region ?? '')
  world.runner.output('pay-environment', outcome.payEnvironment ?? '')
  world.runner.output(
    'exchange-url',
    outcome.region ? regions[outcome.region].integrationCentral : '',
  )
}

export function keyFacts(publicKey: KeyObject): KeyFacts {
  return {
    fingerprint: fingerprint(publicKey),
    shortFingerprint: shortFingerprint(publicKey),
    publicKey: publicKeyPem(publicKey),
  }
}

export function knowKey({ world, outcome }: Step, publicKey: KeyObject): KeyFacts {
  const facts = keyFacts(publicKey)
  outcome.key = facts
  world.runner.output('fingerprint', facts.fingerprint)
  world.runner.output('public-key', facts.publicKey)
  return facts
}

export function knowPublicKeyId(
  { world, outcome, inputs }: Step,
  id: { id: string; payEnvironment: PayEnvironment | null },
): void {
  outcome.publicKeyId = id.id
  world.runner.output('public-key-id', id.id)
  if (id.payEnvironment && inputs.payEnvironment && id.payEnvironment !== inputs.payEnvironment) {
    throw new Problem(
      'pay-environment-mismatch',
      `public-key-id belongs to ${id.payEnvironment} by its prefix, but pay-environment is ${inputs.payEnvironment}`,
      `take the Public Key ID of the ${inputs.payEnvironment} view of Integration Central, or correct pay-environment`,
    )
  }
  outcome.payEnvironment = id.payEnvironment ?? inputs.payEnvironment
}

/** Public key as a file, as an artifact, and as the exchange page. */
export async function publish(
  step: Step,
  { shortFingerprint, publicKey }: KeyFacts,
): Promise<void> {
  const { inputs, world, outcome } = step
  const { runner } = world
  const { region, payEnvironment } = outcome
  const name = publicKeyFileName({ region, payEnvironment, shortFingerprint })
  outcome.publicKeyFile = await runner.publicKeyFile(name, publicKey)
  runner.output('public-key-file', outcome.publicKeyFile)
  if (inputs.artifact) await upload(step, name, outcome.publicKeyFile)
  // A key with a Public Key ID has been exchanged: showing the steps would only have it exchanged twice.
  const exchanged = outcome.publicKeyId !== null && inputs.command !== 'generate'
  if (!exchanged) runner.output('exchange-markdown', exchangeMarkdown(outcome))
}

async function upload(step: Step, name: string, path: string): Promise<void> {
  const { inputs, world, outcome } = step
  try {
    const artifact = await world.artifacts.upload(path, inputs.retentionDays)
    if (artifact === null) {
      world.runner.notice(`this run already has the artifact ${name}: it is this very key`)
      outcome.artifact = { name, url: '' }
      return
    }
    outcome.artifact = { name, url: artifact.url }
    world.runner.output('artifact-id', artifact.id)
    world.runner.output('artifact-url', artifact.url)
    world.runner.output('artifact-digest', artifact.digest ?? '')
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    warn(step, error)
  }
}

export function publicKeyOfRecord(record: KeyRecord): KeyObject {
  return createPublicKey(record.publicKey)
}

/** Whether a proof can be asked for: it needs to know where. */
export function placeOfProof(
  { outcome }: Step,
  publicKeyId: string,
): { region: Region; payEnvironment: PayEnvironment | null } {
  const missing = (input: string, what: string): Problem =>
    new Problem(
      'input-missing',
      `${input} is empty, and neither a key record nor the Public Key ID says ${what}`,
      `set ${input}, or amazon-pay-check: off to go without the proof`,
    )
  if (outcome.region === null) throw missing('region', 'which region of Amazon Pay to ask')
  if (payEnvironmentOf(publicKeyId) === null && outcome.payEnvironment === null) {
    throw missing('pay-environment', 'whether to ask live or sandbox')
  }
  return { region: outcome.region, payEnvironment: outcome.payEnvironment }
}
