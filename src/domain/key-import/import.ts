import type { KeyObject } from 'node:crypto'
import { type KeyPair, keyPairOf, sameKey } from '../key/pair.ts'
import {
  anotherAppKey,
  assertAppKeyPolicy,
  assertPrivatePolicy,
  assertPublicPolicy,
} from '../key/policy.ts'
import { Problem, problemIn, type Warning } from '../problem.ts'
import { type KeyBlock, keyBlocksOf, nameOf } from './blocks.ts'
import { compatibilityWarnings, publicKeyWarnings, repairOf } from './compatibility.ts'
import { describe, type KeyType, typeOf } from './detect.ts'
import {
  isEncrypted,
  loadPrivateKey,
  loadPublicKey,
  type OpenSshReader,
  pemOfBlock,
  type Unlock,
} from './load.ts'
import { containsPrivateKey, maskable, masksOf } from './masks.ts'
import { maxBytes, normalize } from './normalize.ts'
import { empty, expected, tooLarge } from './not-a-key.ts'

export { containsPrivateKey, looksLikeKeyMaterial, masksOf } from './masks.ts'
export type { OpenSshReader }

export interface ImportOptions extends Unlock {
  /** The GitHub secret that the text came from, as `gh secret set` takes it, for the commands that a hint prints. */
  readonly secret?: string
  /** Where this is given, the key is not for Amazon Pay, and what Amazon Pay's SDKs can read does not matter. */
  readonly assertPolicy?: (pair: KeyPair) => void | Promise<void>
}

interface ImportedPrivateKey {
  readonly pair: KeyPair
  readonly warnings: readonly Warning[]
  /** Everything that has to be masked of the text, forms included that came up while it was read. */
  readonly masks: readonly string[]
}

interface ImportedPublicKey {
  readonly publicKey: KeyObject
  readonly warnings: readonly Warning[]
}

/** One key in each format, and no more: a text with more keys than this is not read further. */
const maxKeys = 4

/**
 * A private key in any supported key format → the key pair, or what is wrong. Findings go from the outside in: encoding,
 * PEM, format, type, size, arithmetic. Facts of problems and warnings have no subject (“is truncated: …”): the caller
 * puts the input's name in front.
 * @throws Problem
 */
export async function importPrivateKey(
  material: string | Buffer,
  options: ImportOptions,
): Promise<ImportedPrivateKey> {
  const { passphrase, secret, assertPolicy } = options
  const { privates, publics, others, repeated } = keysIn(material, 'private')
  const [first] = privates
  if (!first) throw noKey(publics[0] ?? others[0], 'private')
  const load = async (block: KeyBlock) => {
    try {
      const key = await loadPrivateKey(block, options)
      await (assertPolicy ?? assertPrivatePolicy)(keyPairOf(key))
      return key
    } catch (error) {
      const isMissing = error instanceof Problem && error.code === 'passphrase-missing'
      if (!isMissing) throw error
      const repair = repairOf(String(material), secret)
      throw error.extend({ hint: `store the key unencrypted, ${repair}; ${error.hint}` })
    }
  }
  const pair = keyPairOf(await soleKey([first, ...privates.slice(1)], load))
  for (const block of publics) {
    if (!isPublicKeyOf(block, pair)) throw ambiguous([first, block])
  }
  return {
    pair,
    warnings: [
      ...(repeated || privates.length > 1 ? [repetition('the same private key twice')] : []),
      ...(publics.length > 0 ? [repetition('a private key and its own public key')] : []),
      ...(assertPolicy ? [] : compatibilityWarnings(String(material), secret)),
      ...passphraseWarnings(passphrase, privates.some(isEncrypted)),
    ],
    masks: [...new Set([...masksOf(material), ...privates.flatMap(masksOfBlock)])],
  }
}

/** The private key of a GitHub App. Another one comes from its settings page, and not from this action. */
export async function importAppKey(
  text: string,
  readOpenSsh: OpenSshReader,
): Promise<ImportedPrivateKey> {
  try {
    const options = { passphrase: null, readOpenSsh, assertPolicy: assertAppKeyPolicy }
    return await importPrivateKey(text, options)
  } catch (error) {
    const { code, hint } = problemIn(error)
    const isOther = /^key-(?:wrong|policy|inconsistent)/.test(code) || hint.includes('generate`')
    throw isOther ? problemIn(error).extend({ hint: anotherAppKey }) : error
  }
}

/**
 * A public key in any supported key format → the key, judged as what may be pasted into Integration Central.
 * @throws Problem
 */
export async function importPublicKey(material: string | Buffer): Promise<ImportedPublicKey> {
  if (containsPrivateKey(material)) throw privateInsteadOfPublic()
  const { privates, publics, others, repeated } = keysIn(material, 'public')
  if (privates.length > 0) throw privateInsteadOfPublic()
  const [first] = publics
  if (!first) throw noKey(others[0], 'public')
  const load = async (block: KeyBlock) => {
    const key = await loadPublicKey(block)
    assertPublicPolicy(key)
    return key
  }
  const publicKey = await soleKey([first, ...publics.slice(1)], load)
  return {
    publicKey,
    warnings: [
      ...(repeated || publics.length > 1 ? [repetition('the same public key twice')] : []),
      ...publicKeyWarnings(material, first.format),
    ],
  }
}

function keysIn(material: string | Buffer, type: KeyType) {
  const size = typeof material === 'string' ? Buffer.byteLength(material) : material.length
  if (size > maxBytes) throw tooLarge(size, type)
  const normalized = normalize(material)
  if (normalized.text === '') throw empty()
  const found = keyBlocksOf(normalized, type)
  const blocks = found.filter(
    (block, index) => index === found.findIndex((other) => other.der.equals(block.der)),
  )
  const keys = blocks.filter(({ format }) => typeOf(format) !== null)
  const certificates = blocks.filter(({ format }) => format.startsWith('certificate'))
  if (keys.length > 0 && certificates.length > 0) throw ambiguous([...keys, ...certificates])
  if (keys.length > maxKeys) throw ambiguous(keys)
  return {
    privates: blocks.filter(({ format }) => typeOf(format) === 'private'),
    publics: blocks.filter(({ format }) => typeOf(format) === 'public'),
    /** What is neither. */
    others: blocks.filter(({ format }) => typeOf(format) === null),
    /** Whether a block is there more than once, byte by byte. */
    repeated: blocks.length < found.length,
  }
}

/** Loads the first key, and makes sure that the others are the same one. A key that cannot be used is another one. */
async function soleKey(
  blocks: readonly [KeyBlock, ...KeyBlock[]],
  load: (block: KeyBlock) => Promise<KeyObject>,
): Promise<KeyObject> {
  const [first, ...others] = blocks
  if (others.length === 0) return load(first)
  // Decrypting takes up to a second, and two encrypted keys are not one key in one text.
  if (blocks.filter(isEncrypted).length > 1) throw ambiguous(blocks)
  try {
    const key = await load(first)
    for (const block of others) {
      if (!key.equals(await load(block))) throw ambiguous(blocks)
    }
    return key
  } catch (error) {
    const isPassphrase = error instanceof Problem && error.code.startsWith('passphrase')
    throw error instanceof Problem && !isPassphrase ? ambiguous(blocks) : error
  }
}

function isPublicKeyOf(block: KeyBlock, pair: KeyPair): boolean {
  try {
    return sameKey(loadPublicKey(block), pair.publicKey)
  } catch (error) {
    if (error instanceof Problem) return false
    throw error
  }
}

function masksOfBlock(block: KeyBlock): string[] {
  return [...maskable(pemOfBlock(block)), block.der.toString('base64')]
}

function repetition(what: string): Warning {
  return {
    fact: `contains ${what}; it is used once`,
    hint: 'store the private key alone: not every program reads the first key of a text',
  }
}

/** The runner masks a passphrase wherever it occurs: a short one hides harmless text as well. */
const minPassphraseLength = 8

function passphraseWarnings(passphrase: string | null, encrypted: boolean): Warning[] {
  if (passphrase === null || passphrase === '') return []
  const warnings: Warning[] = []
  if (!encrypted) {
    warnings.push({
      fact: 'is not encrypted, but a passphrase was given',
      hint: 'remove the passphrase from the step, and delete its secret if nothing else needs it',
    })
  }
  if (passphrase.length < minPassphraseLength) {
    warnings.push({
      fact: `has a passphrase of fewer than ${minPassphraseLength} characters: the runner hides it wherever it occurs, which makes the summary hard to read`,
      hint: 'store the key unencrypted, as Amazon Pay’s SDKs need it anyway, or choose a longer passphrase: `ssh-keygen -p -f privateKey.pem`',
    })
  }
  return warnings
}

function privateInsteadOfPublic(): Problem {
  return new Problem(
    'key-wrong-half',
    `contains a private key; expected ${expected('public')}`,
    'if this text was seen or stored anywhere but in a secret, treat the key as compromised and generate a new pair; the public key alone is printed by `openssl pkey -in privateKey.pem -pubout`',
  )
}

function ambiguous(blocks: readonly KeyBlock[]): Problem {
  return new Problem(
    'key-ambiguous',
    `contains more than one key: ${blocks.map(nameOf).join(', ')}; expected one key (copies of it do not matter)`,
    'use the file of one key only; in a file that begins with the private key, `openssl pkey -in privateKey.pem` prints that key and nothing else',
  )
}

/** What is not a key, or is the public key instead of the private one. */
function noKey(block: KeyBlock | undefined, type: KeyType): Problem {
  const format = block?.format ?? 'parameters'
  const fact = `contains ${describe(format)}; expected ${expected(type)}`
  if (typeOf(format) === 'public') return new Problem('key-wrong-half', fact, useOtherFile)
  const code = format.startsWith('certificate') ? 'key-wrong-kind' : 'key-unreadable'
  return new Problem(code, fact, noKeyHints[type][format] ?? noKeyHint[type])
}

const useOtherFile =
  'use the private key, which is in the other file (privateKey.pem) where the key pair was generated; it cannot be computed from the public key'

const noKeyHint: Readonly<Record<KeyType, string>> = {
  private:
    'use the private key, which is in another file where the key pair was generated: it begins with BEGIN PRIVATE KEY',
  public: 'print the public key with `openssl pkey -in privateKey.pem -pubout`',
}

const fromPkcs12 = 'openssl pkcs12 -in file.p12 -nocerts -nodes | openssl pkey'
const ifOld = 'with `-legacy` after `pkcs12` if OpenSSL calls the file unsupported'

const noKeyHints: Readonly<Record<KeyType, Readonly<Record<string, string>>>> = {
  private: {
    'PKCS#12': `extract the key: \`${fromPkcs12}\`, ${ifOld}`,
  },
  public: {
    'PKCS#12': `extract the public key: \`${fromPkcs12} -pubout\`, ${ifOld}`,
    certificate:
      'Amazon Pay does not use certificates; `openssl x509 -in file.crt -noout -pubkey` prints the public key alone',
    'certificate request':
      'Amazon Pay does not use certificates; `openssl req -in file.csr -noout -pubkey` prints the public key alone',
  },
}
