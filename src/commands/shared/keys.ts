import { maskForms } from '../../domain/key/masks.ts'
import type { KeyPair } from '../../domain/key/pair.ts'
import { exposed, isExposed } from '../../domain/key-import/exposure.ts'
import { type ImportOptions, importPrivateKey } from '../../domain/key-import/import.ts'
import { naming, problemIn, type Warning } from '../../domain/problem.ts'
import { emptyRing, type Ring, type RingKey, ringKey } from '../../domain/rotation/ring.ts'
import type { Slot } from '../../domain/rotation/slots.ts'
import type { World } from '../../ports.ts'
import type { Step } from './context.ts'

/**
 * Reads the keys in the slot inputs. A key that the command needs must be readable. For the others, an unreadable key is a
 * warning, and its slot is not compared.
 */
export async function readRing(step: Step, ...needed: readonly Slot[]): Promise<Ring> {
  // In parallel: checking the factors of a key is slow and runs on other threads.
  const [current, next, previous] = await Promise.all([
    readSlotKey(step, 'current', needed),
    readSlotKey(step, 'next', needed),
    readSlotKey(step, 'previous', needed),
  ])
  return { ...emptyRing, current, next, previous }
}

async function readSlotKey(
  step: Step,
  slot: Slot,
  needed: readonly Slot[],
): Promise<RingKey | null> {
  const text = step.inputs.slotKeys[slot]
  if (text === null) return null
  try {
    const secret = ghSecretArguments(step, slot)
    const { pair } = await readKey(step, `${slot}-private-key`, text, { secret })
    return ringKey(pair)
  } catch (error) {
    const problem = problemIn(error)
    if (needed.includes(slot) || problem.code === 'key-exposed') throw problem
    const { fact, hint } = problem
    step.book.warn({ fact: `${fact}; the ${slot} key was not compared with its record`, hint })
    return null
  }
}

/** The key in `private-key`; null if it is empty. */
export async function readGivenKey(step: Step): Promise<KeyPair | null> {
  const { privateKey, passphrase } = step.inputs
  return readWithWarnings(step, 'private-key', privateKey, { passphrase })
}

/** The key in `current-private-key`; null if it is empty. */
export async function readStoredKey(step: Step): Promise<KeyPair | null> {
  const secret = ghSecretArguments(step, 'current')
  return readWithWarnings(step, 'current-private-key', step.inputs.slotKeys.current, { secret })
}

/**
 * The secret of a slot, as `gh secret set` takes it: without these options, it would write a secret of the repository. The
 * visibility of an organization's secret is for a person to fill in, since `gh` resets it where it is not given.
 */
function ghSecretArguments({ names, inputs }: Step, slot: Slot): string {
  const name = names.privateKey[slot]
  const { environment, organization } = inputs
  if (environment !== null) return `${name} --env ${shellWord(environment)}`
  if (organization !== null)
    return `${name} --org ${shellWord(organization)} --visibility VISIBILITY`
  return name
}

const shellWord = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** An unusual format is a warning: other programs may not accept it. */
async function readWithWarnings(
  step: Step,
  input: string,
  text: string | null,
  options: KeyOptions,
): Promise<KeyPair | null> {
  if (text === null) return null
  const { pair, warnings } = await readKey(step, input, text, options)
  for (const { fact, ...rest } of warnings) step.book.warn({ ...rest, fact: `${input} ${fact}` })
  return pair
}

interface KeyOptions {
  readonly passphrase?: string | null
  /** The secret that the text comes from, as `gh secret set` takes it. */
  readonly secret?: string
}

/**
 * Reads one private key, and masks every form of it that could be printed before any other code gets it.
 * @throws Problem one of the codes for keys
 */
async function readKey(
  step: Step,
  input: string,
  text: string,
  { passphrase = null, ...options }: KeyOptions,
): Promise<{ readonly pair: KeyPair; readonly warnings: readonly Warning[] }> {
  const { world } = step
  const importing: ImportOptions = { passphrase, readOpenSsh: world.readOpenSsh, ...options }
  const { pair, warnings, masks } = await naming(input, () => importPrivateKey(text, importing))
  for (const mask of masks) world.runner.mask(mask)
  maskPair(world, pair)
  await assertNotExposed(world, input, pair, importing)
  return { pair, warnings }
}

export function maskPair({ runner }: Pick<World, 'runner'>, pair: KeyPair): void {
  for (const form of maskForms(pair)) runner.mask(form)
}

/** Everyone who may read the run can read the event that started it, so a key in there is compromised. */
async function assertNotExposed(
  { runner }: Pick<World, 'runner'>,
  input: string,
  pair: KeyPair,
  importing: ImportOptions,
): Promise<void> {
  const { passphrase } = importing
  const { eventTexts } = runner
  if (passphrase !== null && eventTexts.some((text) => text.trim() === passphrase.trim())) {
    throw exposed('private-key-passphrase')
  }
  if (await isExposed(eventTexts, pair, importing)) throw exposed(input)
}
