import { createPublicKey, type KeyObject } from 'node:crypto'
import { type KeyPair, keyPairOf, sameKey } from '../key/pair.ts'
import { Problem, type Warning } from '../problem.ts'
import { describe, described, type Piece, piecesOf } from './blocks.ts'
import {
  type Container,
  passphraseWarnings,
  repetition,
  type Shape,
  shapeWarnings,
} from './compatibility.ts'
import { type Half, halves, labelOf } from './detect.ts'
import { pemOfEncrypted } from './encryption.ts'
import { isEncrypted, type PrivateKeyOptions, readPrivatePiece, readPublicPiece } from './load.ts'
import { maskable, masksOf } from './masks.ts'
import { undress } from './normalize.ts'
import { expected, mostBytes, nothing, tooLarge } from './not-a-key.ts'
import { pemOf } from './pem.ts'

export type { OpenSshReader, PrivateKeyOptions } from './load.ts'
export { looksLikeKeyMaterial, masksOf } from './masks.ts'

export interface ReadPrivateKey {
  readonly pair: KeyPair
  readonly shape: Shape
  readonly warnings: Warning[]
  /** Secret spellings that came up on the way. */
  readonly masks: string[]
}

export interface ReadPublicKey {
  readonly publicKey: KeyObject
  readonly shape: Shape
  readonly warnings: Warning[]
}

/** No material needs more: a key in each of its forms. */
const mostKeys = 4

/**
 * Any shape that a private key arrives in → the pair, or the mistake by its name. What is wrong is told from
 * the outside in: dress, armour, container, kind, size, arithmetic.
 * @throws Problem
 */
export async function readPrivateKey(
  material: string | Buffer,
  options: PrivateKeyOptions,
): Promise<ReadPrivateKey> {
  const { input, passphrase } = options
  const { pieces, dress, repeated } = unpack(material, input, 'private')
  const privates = pieces.filter(isHalf('private'))
  const publics = pieces.filter(isHalf('public'))
  const [first] = privates
  if (first === undefined)
    throw publics[0] ? wrongHalf(publics[0], input) : noKey(pieces, input, 'private')

  const privateKey = await soleKey(privates, (piece) => readPrivatePiece(piece, options), input)
  const pair = keyPairOf(privateKey)
  for (const piece of publics) {
    if (!isPublicHalf(piece, pair, input)) throw ambiguous([first, piece], input)
  }
  const shape: Shape = { container: containerOf(first), dress }
  return {
    pair,
    shape,
    warnings: [
      ...(repeated || privates.length > 1 ? [repetition('the same private key twice', input)] : []),
      ...(publics.length > 0 ? [repetition('a private key and its own public key', input)] : []),
      ...shapeWarnings(shape, input, 'private'),
      ...passphraseWarnings(passphrase, privates.some(isEncrypted), input),
    ],
    masks: [...new Set([...masksOf(material), ...privates.flatMap(spellings)])],
  }
}

/**
 * Any shape that a public key arrives in → the key, judged as what may be pasted into Integration Central.
 * @throws Problem
 */
export async function readPublicKey(
  material: string | Buffer,
  options: { readonly input: string },
): Promise<ReadPublicKey> {
  const { input } = options
  const { pieces, dress, repeated } = unpack(material, input, 'public')
  const secret = pieces.find(isHalf('private'))
  if (secret) throw wrongHalf(secret, input)
  const publics = pieces.filter(isHalf('public'))
  const [first] = publics
  if (first === undefined) throw noKey(pieces, input, 'public')

  const publicKey = await soleKey(publics, async (piece) => readPublicPiece(piece, input), input)
  const shape: Shape = { container: containerOf(first), dress }
  return {
    publicKey,
    shape,
    warnings: [
      ...(repeated || publics.length > 1 ? [repetition('the same public key twice', input)] : []),
      ...shapeWarnings(shape, input, 'public'),
    ],
  }
}

interface Unpacked {
  readonly pieces: readonly Piece[]
  readonly dress: readonly string[]
  /** Whether a piece was there more than once, byte by byte. */
  readonly repeated: boolean
}

/** Dress, armour and container. */
function unpack(material: string | Buffer, input: string, half: Half): Unpacked {
  const raw = typeof material === 'string' ? Buffer.from(material) : material
  if (raw.length > mostBytes) throw tooLarge(raw.length, input, half)
  const undressed = undress(material)
  if (undressed.bytes === null && undressed.text === '') throw nothing(input)
  const found = piecesOf(undressed, input, half)
  const pieces = found.pieces.filter(
    (piece, index, all) => index === all.findIndex((other) => other.der.equals(piece.der)),
  )
  const keys = pieces.filter((piece) => halves[piece.content] !== null)
  const certificates = pieces.filter((piece) => piece.content.startsWith('certificate'))
  if (keys.length > 0 && certificates.length > 0) throw ambiguous([...keys, ...certificates], input)
  if (keys.length > mostKeys) throw ambiguous(keys, input)
  return {
    pieces,
    dress: [...undressed.dress, ...found.dress],
    repeated: pieces.length < found.pieces.length,
  }
}

/** Reads the first key, and makes sure that the others are the same one. */
async function soleKey(
  pieces: readonly Piece[],
  read: (piece: Piece) => Promise<KeyObject>,
  input: string,
): Promise<KeyObject> {
  const [first, ...others] = pieces as [Piece, ...Piece[]]
  if (others.length === 0) return read(first)
  // Opening takes up to a second, and what would have to be opened twice is not one key in one place.
  if (pieces.filter(isEncrypted).length > 1) throw ambiguous(pieces, input)
  const keys: KeyObject[] = []
  for (const piece of pieces) {
    keys.push(
      await read(piece).catch((problem) => Promise.reject(besideOthers(problem, pieces, input))),
    )
  }
  const [key, ...rest] = keys as [KeyObject, ...KeyObject[]]
  if (rest.some((other) => !sameKey(publicHalf(other), publicHalf(key))))
    throw ambiguous(pieces, input)
  return key
}

/** A key that cannot be used is no copy of one that can. */
function besideOthers(problem: unknown, pieces: readonly Piece[], input: string): unknown {
  const isPassphrase = problem instanceof Problem && problem.code.startsWith('passphrase')
  return problem instanceof Problem && !isPassphrase ? ambiguous(pieces, input) : problem
}

function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

function isPublicHalf(piece: Piece, pair: KeyPair, input: string): boolean {
  try {
    return sameKey(readPublicPiece(piece, input), pair.publicKey)
  } catch (error) {
    if (error instanceof Problem) return false
    throw error
  }
}

function isHalf(half: Half): (piece: Piece) => boolean {
  return ({ content }) => halves[content] === half
}

function containerOf(piece: Piece): Container {
  if (piece.encryption) return 'encrypted PKCS#1'
  if (piece.content === 'SSH public') return piece.label ? 'SSH2' : 'ssh-rsa'
  return piece.content as Container
}

/** A secret piece as PEM and as one line of base64. */
function spellings(piece: Piece): string[] {
  const label = labelOf(piece.content)
  const pem = piece.encryption
    ? pemOfEncrypted(label, piece.encryption, piece.der)
    : pemOf({ label, der: piece.der })
  return [...maskable(pem), piece.der.toString('base64')]
}

function wrongHalf(piece: Piece, input: string): Problem {
  const isPublic = halves[piece.content] === 'public'
  return new Problem(
    'key-wrong-half',
    `${input} holds ${describe(piece.content)}; expected was ${expected(isPublic ? 'private' : 'public')}`,
    isPublic
      ? 'the private key is in the other file (privateKey.pem), from where the pair was made; it cannot be computed from this one'
      : 'the private key never leaves your hands: pass only its public half, `openssl pkey -in privateKey.pem -pubout`; if this text went anywhere else, make a new pair',
  )
}

function ambiguous(pieces: readonly Piece[], input: string): Problem {
  const found = pieces.map(described).join(', ')
  return new Problem(
    'key-ambiguous',
    `${input} holds more than one thing: ${found}; expected was one key, or copies of one`,
    'hand in the file of one key alone; `openssl pkey -in privateKey.pem` prints the first key of a file and nothing else',
  )
}

/** Nothing but what is no key at all. */
function noKey(pieces: readonly Piece[], input: string, half: Half): Problem {
  const [first] = pieces as [Piece, ...Piece[]]
  const isCertificate = first.content.startsWith('certificate')
  return new Problem(
    isCertificate ? 'key-wrong-kind' : 'key-unreadable',
    `${input} holds ${describe(first.content)}; expected was ${expected(half)}`,
    hintForNoKey(first, half),
  )
}

function hintForNoKey(piece: Piece, half: Half): string {
  if (piece.content === 'PKCS#12') {
    return `take the key out: \`openssl pkcs12 -in file.p12 -nocerts -nodes | openssl pkey${half === 'public' ? ' -pubout' : ''}\``
  }
  if (half === 'public' && piece.content === 'certificate') {
    return 'Amazon Pay knows no certificates; the public key alone is `openssl x509 -in file.crt -noout -pubkey`'
  }
  if (half === 'public' && piece.content === 'certificate request') {
    return 'Amazon Pay signs no requests; the public key alone is `openssl req -in file.csr -noout -pubkey`'
  }
  return half === 'private'
    ? 'the private key is in another file, from where the pair was made: it begins with BEGIN PRIVATE KEY'
    : 'print the public key with `openssl pkey -in privateKey.pem -pubout`'
}
