import { maskForms } from '../key/masks.ts'
import { type KeyPair, sameKey } from '../key/pair.ts'
import { Problem } from '../problem.ts'
import { type ImportOptions, importPrivateKey } from './import.ts'
import { containsPrivateKey } from './masks.ts'

/**
 * Whether a private key is in any of the texts: as one of its usual spellings, also inside of other text, or as a text
 * that can be read as this key in any supported format.
 */
export async function isExposed(
  texts: readonly string[],
  pair: KeyPair,
  options: Pick<ImportOptions, 'passphrase' | 'readOpenSsh'>,
): Promise<boolean> {
  const spellings = maskForms(pair)
  if (texts.some((text) => spellings.some((spelling) => text.includes(spelling)))) return true
  // Only which key it is matters here, not whether Amazon Pay would take it.
  const importing: ImportOptions = { ...options, assertPolicy: () => {} }
  for (const text of texts) {
    if (!containsPrivateKey(text)) continue
    const found = await importPrivateKey(text, importing).catch(() => null)
    if (found && sameKey(found.pair.publicKey, pair.publicKey)) return true
  }
  return false
}

/** The problem that a key, or a passphrase, is in the event of the run. */
export function exposed(input: string): Problem {
  return new Problem(
    'key-exposed',
    `${input} is in the event that started this run (an input of its form, or a payload), so everyone who may read the run can read it`,
    'treat the key as compromised: delete this run, generate a new key with command: generate, and delete the exposed one in Integration Central if it was exchanged; pass keys only from secrets',
  )
}
