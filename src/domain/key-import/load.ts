import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { assertConsistent, assertPolicy, keyPairOf, sameKey } from '../key/pair.ts'
import { Problem } from '../problem.ts'
import { described, type Piece, readDer } from './blocks.ts'
import {
  assertRsaPublicKey,
  labelOf,
  openPkcs8,
  openSpki,
  primesOf,
  type TypedKey,
} from './detect.ts'
import {
  assertOpenableDek,
  assertOpenablePkcs8,
  assertOpenableSsh,
  decryptCommand,
  pemOfEncrypted,
  sshToPkcs8,
} from './encryption.ts'
import { openSshHeader, rsaOfSsh, sshAlgorithm } from './openssh.ts'
import { pemOf } from './pem.ts'

/** Opens an OpenSSH private key, with or without passphrase; throws Problem. */
export type OpenSshReader = (text: string, passphrase: string | undefined) => Promise<KeyObject>

export interface PrivateKeyOptions {
  /** Name of the input, as action.yml spells it. */
  readonly input: string
  /** Taken as it is. */
  readonly passphrase?: string | undefined
  readonly readOpenSsh: OpenSshReader
}

export async function readPrivatePiece(
  piece: Piece,
  options: PrivateKeyOptions,
): Promise<KeyObject> {
  const key = await openPrivatePiece(piece, options)
  assertPolicy(key, options.input)
  assertConsistent(keyPairOf(key), options.input)
  return key
}

async function openPrivatePiece(piece: Piece, options: PrivateKeyOptions): Promise<KeyObject> {
  const { input } = options
  if (piece.content === 'SEC1') throw wrongKind('EC', piece, input)
  if (piece.content === 'traditional DSA') throw wrongKind('DSA', piece, input)
  if (piece.content === 'OpenSSH') return openSsh(piece, options)
  if (piece.encryption || piece.content === 'encrypted PKCS#8') {
    return loadRsa(openPkcs8(decrypted(piece, options)), piece, input)
  }
  return loadRsa(
    piece.content === 'PKCS#1'
      ? { algorithm: 'RSA', pkcs1: piece.der }
      : readDer(() => openPkcs8(piece.der), input, described(piece)),
    piece,
    input,
  )
}

/** Loads the innermost part alone, so that nothing around it is believed. */
function loadRsa(inside: TypedKey, piece: Piece, input: string): KeyObject {
  if (inside.algorithm !== 'RSA') throw wrongKind(inside.algorithm, piece, input)
  const primes = readDer(() => primesOf(inside.pkcs1), input, described(piece))
  if (primes > 2) {
    throw new Problem(
      'key-policy',
      `${input} holds an RSA key of ${primes} primes; Amazon Pay keys have two`,
      'make a new one without `rsa_keygen_primes`: `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`',
    )
  }
  try {
    return createPrivateKey({ key: inside.pkcs1, format: 'der', type: 'pkcs1' })
  } catch {
    throw new Problem(
      'key-inconsistent',
      `${input} holds numbers that are no RSA key`,
      'take it again from where it was made (`openssl pkey -check -noout -in privateKey.pem` tells whether that copy is whole)',
    )
  }
}

/** What is inside an encrypted PKCS#8 or PKCS#1 piece, as PKCS#8 DER. */
function decrypted(piece: Piece, options: PrivateKeyOptions): Buffer {
  const { input } = options
  const { encryption, der } = piece
  readDer(
    () => (encryption ? assertOpenableDek(encryption, input) : assertOpenablePkcs8(der, input)),
    input,
    described(piece),
  )
  const passphrase = passphraseFor(piece, options, decryptCommand)
  // The cause is left out: it would tell one of half a dozen internal errors of OpenSSL for one mistake.
  try {
    const key = encryption
      ? createPrivateKey({
          key: pemOfEncrypted(labelOf(piece.content), encryption, der),
          passphrase,
        })
      : createPrivateKey({ key: der, format: 'der', type: 'pkcs8', passphrase })
    return key.export({ format: 'der', type: 'pkcs8' })
  } catch {
    throw passphraseWrong(input)
  }
}

async function openSsh(piece: Piece, options: PrivateKeyOptions): Promise<KeyObject> {
  const { input, readOpenSsh } = options
  const where = described(piece)
  const header = readDer(() => openSshHeader(piece.der), input, where)
  if (header.keys !== 1) throw severalKeys(header.keys, input)
  const algorithm = readDer(() => sshAlgorithm(header.publicBlob), input, where)
  if (algorithm !== 'RSA') throw wrongKind(algorithm, piece, input)
  readDer(() => assertOpenableSsh(header, input), input, where)
  const isClear = header.cipher === 'none'
  const passphrase = isClear ? undefined : passphraseFor(piece, options, sshToPkcs8)
  const named = (problem: unknown) => Promise.reject(inNameOf(input, problem))
  const key = await readOpenSsh(
    pemOf({ label: labelOf('OpenSSH'), der: piece.der }),
    passphrase,
  ).catch(named)
  const claimed = readDer(() => rsaOfSsh(header.publicBlob), input, where)
  if (sameKey(claimed, createPublicKey(key))) return key
  throw new Problem(
    'key-inconsistent',
    `${input} is an OpenSSH key whose public part belongs to another private key`,
    'take it again from where it was made',
  )
}

/** The reader of OpenSSH keys does not know for which input it reads. */
function inNameOf(input: string, problem: unknown): unknown {
  if (!(problem instanceof Problem)) return problem
  if (problem.code === 'passphrase-wrong') return passphraseWrong(input)
  return new Problem(problem.code, `${input}: ${problem.fact}`, problem.hint)
}

function passphraseFor(piece: Piece, options: PrivateKeyOptions, command: string): string {
  const { input, passphrase } = options
  if (passphrase !== undefined && passphrase !== '') return passphrase
  const hand = input === 'private-key' ? `pass it as ${input}-passphrase, or ` : ''
  throw new Problem(
    'passphrase-missing',
    `${input} is encrypted (${described(piece)}), and no passphrase was given`,
    `${hand}store the key in the clear, as Amazon Pay’s SDKs need it: ${command}`,
  )
}

function passphraseWrong(input: string): Problem {
  return new Problem(
    'passphrase-wrong',
    `${input}-passphrase does not open ${input}`,
    'it is taken as it is, and blanks or a newline at its ends count: store it with `printf %s "$passphrase" | gh secret set NAME`; `openssl pkey -noout -in privateKey.pem` asks for it where the key was made',
  )
}

export function readPublicPiece(piece: Piece, input: string): KeyObject {
  const key = openPublicPiece(piece, input)
  assertPolicy(key, input)
  return key
}

function openPublicPiece(piece: Piece, input: string): KeyObject {
  const where = described(piece)
  if (piece.content === 'SSH public') {
    const algorithm = readDer(() => sshAlgorithm(piece.der), input, where)
    if (algorithm !== 'RSA') throw wrongKind(algorithm, piece, input)
    return readDer(() => rsaOfSsh(piece.der), input, where)
  }
  const inside =
    piece.content === 'SPKI'
      ? readDer(() => openSpki(piece.der), input, where)
      : { algorithm: 'RSA', pkcs1: piece.der }
  if (inside.algorithm !== 'RSA') throw wrongKind(inside.algorithm, piece, input)
  readDer(() => assertRsaPublicKey(inside.pkcs1), input, where)
  try {
    return createPublicKey({ key: inside.pkcs1, format: 'der', type: 'pkcs1' })
  } catch {
    throw new Problem(
      'key-unreadable',
      `${input} holds numbers that are no RSA public key`,
      'take it again from where it was made',
    )
  }
}

export function isEncrypted(piece: Piece): boolean {
  if (piece.content === 'encrypted PKCS#8' || piece.encryption) return true
  if (piece.content !== 'OpenSSH') return false
  try {
    return openSshHeader(piece.der).cipher !== 'none'
  } catch {
    return false
  }
}

function wrongKind(algorithm: string, piece: Piece, input: string): Problem {
  const kind = algorithm === 'unknown' ? 'of an unknown kind' : `of kind ${algorithm}`
  return new Problem(
    'key-wrong-kind',
    `${input} holds a key ${kind} (${described(piece)}); Amazon Pay takes plain RSA (rsaEncryption) only`,
    'make one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048` or `ssh-keygen -t rsa -b 2048 -m PKCS8`, or let `command: generate` make it',
  )
}

function severalKeys(keys: number, input: string): Problem {
  return new Problem(
    'key-ambiguous',
    `${input} is an OpenSSH file of ${keys} keys; expected was one key`,
    'hand in the file of one key alone',
  )
}
