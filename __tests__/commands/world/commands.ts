import { jest } from '@jest/globals'
import type { KeyPair } from '../../../src/domain/key/pair.ts'
import type { ImportOptions } from '../../../src/domain/key-import/import.ts'
import type { KeyRecord } from '../../../src/domain/rotation/record.ts'
import type { Slot } from '../../../src/domain/rotation/slots.ts'
import type { Inputs, World } from '../../../src/ports.ts'
import type { Outcome } from '../../../src/summary/outcome.ts'

// Reading a key takes a tenth of a second, since its factors must be prime, and every run reads three of them and some
// records. What was read once is remembered here by its text: these are pure functions. What they refuse is not.

/** A pure function that remembers what it returned. */
function remembering<Argument, Known, Result>(
  compute: (argument: Argument) => Result,
  knownBy: (argument: Argument) => Known,
): (argument: Argument) => Result {
  const results = new Map<Known, Result>()
  return (argument) => {
    const known = knownBy(argument)
    const result = results.has(known) ? (results.get(known) as Result) : compute(argument)
    results.set(known, result)
    return result
  }
}

const weakness = await import('../../../src/domain/key/weakness.ts')
const masks = await import('../../../src/domain/key/masks.ts')
jest.unstable_mockModule('../../../src/domain/key/weakness.ts', () => ({
  ...weakness,
  weaknessOf: remembering(weakness.weaknessOf, (modulus) => modulus),
}))
jest.unstable_mockModule('../../../src/domain/key/masks.ts', () => ({
  ...masks,
  maskForms: remembering(masks.maskForms, ({ privateKey }: KeyPair) => privateKey),
}))

const keyImport = await import('../../../src/domain/key-import/import.ts')
const records = await import('../../../src/domain/rotation/record.ts')
const keysRead = new Map<string, Awaited<ReturnType<typeof keyImport.importPrivateKey>>>()
const recordsRead = new Map<string, KeyRecord>()

jest.unstable_mockModule('../../../src/domain/key-import/import.ts', () => ({
  ...keyImport,
  importPrivateKey: async (text: string, options: ImportOptions) => {
    const known = JSON.stringify([text, options.secret, options.passphrase])
    const read = keysRead.get(known) ?? (await keyImport.importPrivateKey(text, options))
    keysRead.set(known, read)
    return read
  },
}))
jest.unstable_mockModule('../../../src/domain/rotation/record.ts', () => ({
  ...records,
  readKeyRecord: (text: string, slot: Slot) => {
    const known = `${slot} ${text}`
    const read = recordsRead.get(known) ?? records.readKeyRecord(text, slot)
    recordsRead.set(known, read)
    return read
  },
}))

const commands = await import('../../../src/commands/execute.ts')
const { createBook } = await import('../../../src/action/outputs.ts')

/** Runs a command with a book of its own. */
export async function execute(inputs: Inputs, world: World): Promise<Outcome> {
  const book = createBook(world.runner, commands.emptyOutcome(inputs, world.runner))
  await commands.execute(inputs, world, book)
  return book.outcome
}

export const { page } = await import('../../../src/summary/page.ts')
export const { readKeyRecord, writeKeyRecord } = await import(
  '../../../src/domain/rotation/record.ts'
)
