import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { sameKey } from '../key/pair.ts'
import { inconsistent, makeAnother } from '../key/policy.ts'
import { Problem } from '../problem.ts'
import { type KeyBlock, nameOf } from './blocks.ts'
import {
  assertRsaPublicKey,
  labelOf,
  parsePkcs8,
  parseSpki,
  primesOf,
  type TypedKey,
} from './detect.ts'
import {
  assertDecryptableDek,
  assertDecryptablePkcs8,
  assertDecryptableSsh,
  headersOf,
} from './encryption.ts'
import { explained, orElse, unreadable } from './faults.ts'
import { fromOrigin } from './hints.ts'
import { openSshHeader, rsaOfSsh, sshAlgorithm } from './openssh.ts'
import { pemOf } from './pem.ts'

/** Reads an OpenSSH private key, with or without passphrase; throws Problem. */
export type OpenSshReader = (text: string, passphrase: string | null) => Promise<KeyObject>

export interface Unlock {
  /** Used exactly as given: leading and trailing spaces are significant. */
  readonly passphrase: string | null
  readonly readOpenSsh: OpenSshReader
}

/**
 * The RSA private key in a block.
 * @throws Problem
 */
export async function loadPrivateKey(block: KeyBlock, unlock: Unlock): Promise<KeyObject> {
  const { format, der } = block
  try {
    if (format === 'SEC1') assertRsa('EC', block)
    if (format === 'traditional DSA') assertRsa('DSA', block)
    if (format === 'OpenSSH') return await loadOpenSsh(block, unlock)
    if (isEncrypted(block)) return loadRsa(parsePkcs8(decrypted(block, unlock)), block)
    return loadRsa(format === 'PKCS#1' ? rsa(der) : parsePkcs8(der), block)
  } catch (error) {
    throw explained(error, nameOf(block))
  }
}

/**
 * The RSA public key in a block.
 * @throws Problem
 */
export function loadPublicKey(block: KeyBlock): KeyObject {
  const { format, der } = block
  try {
    if (format === 'SSH public') {
      assertRsa(sshAlgorithm(der), block)
      return rsaOfSsh(der)
    }
    const { algorithm, pkcs1 } = format === 'SPKI' ? parseSpki(der) : rsa(der)
    assertRsa(algorithm, block)
    assertRsaPublicKey(pkcs1)
    return made(
      () => createPublicKey({ key: pkcs1, format: 'der', type: 'pkcs1' }),
      unreadable('contains numbers that are not an RSA public key', fromOrigin),
    )
  } catch (error) {
    throw explained(error, nameOf(block))
  }
}

/** What OpenSSL makes. Its own error is left out: it would show one of half a dozen internal errors for one mistake. */
function made<T>(make: () => T, problem: Problem): T {
  try {
    return make()
  } catch {
    throw problem
  }
}

function rsa(pkcs1: Buffer): TypedKey {
  return { algorithm: 'RSA', pkcs1 }
}

/** Loads the innermost part alone, so that nothing around it matters. */
function loadRsa({ algorithm, pkcs1 }: TypedKey, block: KeyBlock): KeyObject {
  assertRsa(algorithm, block)
  const primes = primesOf(pkcs1)
  if (primes > 2) {
    throw new Problem(
      'key-policy',
      `contains an RSA key of ${primes} primes; expected two`,
      `leave out \`rsa_keygen_primes\`: ${makeAnother}`,
    )
  }
  return made(
    () => createPrivateKey({ key: pkcs1, format: 'der', type: 'pkcs1' }),
    inconsistent('contains numbers that are not an RSA key'),
  )
}

/** What is inside an encrypted PKCS#8 or PKCS#1 block, as PKCS#8 DER. */
function decrypted(block: KeyBlock, unlock: Unlock): Buffer {
  if (block.encryption) assertDecryptableDek(block.encryption)
  else assertDecryptablePkcs8(block.der)
  const input = { key: pemOfBlock(block), passphrase: passphraseFor(block, unlock) }
  return made(
    () => createPrivateKey(input).export({ format: 'der', type: 'pkcs8' }),
    passphraseWrong(),
  )
}

/** A private key's block as PEM, with its header lines if it is encrypted by them. */
export function pemOfBlock({ format, encryption, der }: KeyBlock): string {
  return pemOf(labelOf(format), der, encryption ? headersOf(encryption) : '')
}

async function loadOpenSsh(block: KeyBlock, unlock: Unlock): Promise<KeyObject> {
  const header = openSshHeader(block.der)
  if (header.keys !== 1) {
    throw new Problem(
      'key-ambiguous',
      `is an OpenSSH file of ${header.keys} keys; expected one key`,
      'use a file with one key only',
    )
  }
  assertRsa(sshAlgorithm(header.publicBlob), block)
  assertDecryptableSsh(header)
  const passphrase = header.cipher === 'none' ? null : passphraseFor(block, unlock)
  const key = await unlock.readOpenSsh(pemOfBlock(block), passphrase)
  if (sameKey(rsaOfSsh(header.publicBlob), createPublicKey(key))) return key
  throw new Problem(
    'key-inconsistent',
    'is an OpenSSH private key whose public part belongs to another key pair',
    fromOrigin,
  )
}

function passphraseFor(block: KeyBlock, { passphrase }: Unlock): string {
  if (passphrase !== null && passphrase !== '') return passphrase
  throw new Problem(
    'passphrase-missing',
    `is encrypted (${nameOf(block)}), and no passphrase was given`,
    'only a key in private-key can be used encrypted, with private-key-passphrase',
  )
}

/** Also what the reader of OpenSSH keys throws. */
export function passphraseWrong(): Problem {
  return new Problem(
    'passphrase-wrong',
    'cannot be decrypted with the passphrase that was given',
    'leading and trailing spaces and newlines are significant: store the passphrase with `printf %s "$passphrase" | gh secret set NAME`; `openssl pkey -noout -in privateKey.pem` (for OpenSSH keys `ssh-keygen -y -f privateKey.pem`) asks for it where the key was generated',
  )
}

export function isEncrypted(block: KeyBlock): boolean {
  if (block.format === 'encrypted PKCS#8' || block.encryption) return true
  return (
    block.format === 'OpenSSH' && orElse('none', () => openSshHeader(block.der).cipher) !== 'none'
  )
}

function assertRsa(algorithm: string, block: KeyBlock): void {
  if (algorithm === 'RSA') return
  if (algorithm === 'SSH certificate') {
    throw new Problem(
      'key-wrong-kind',
      'contains an SSH certificate, which is signed for logins; expected an RSA key',
      'use the key itself, in the file whose name does not end in -cert.pub',
    )
  }
  const kind = algorithm === 'unknown' ? 'of an unknown type' : `of type ${algorithm}`
  throw new Problem(
    'key-wrong-kind',
    `contains a key ${kind} (${nameOf(block)}); expected RSA (rsaEncryption)`,
    makeAnother,
  )
}
