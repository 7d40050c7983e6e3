import { Problem } from '../problem.ts'
import { DerError, type DerFault } from './der.ts'
import { type Content, contentOf, contentOfLabel, type Half, halves } from './detect.ts'
import { type DekInfo, partEncapsulated } from './encryption.ts'
import type { Undressed } from './normalize.ts'
import { foreignDocument, foreignMaterial } from './not-a-key.ts'
import { copyAgain, decodeBody, encapsulatedTexts, shown } from './pem.ts'

/** One thing found in a material: what it is, told by its bytes, under the label that it came with. */
export interface Piece {
  readonly label: string | null
  readonly content: Content
  readonly der: Buffer
  /** Encrypted in the old way, by the header lines of its block. */
  readonly encryption: DekInfo | null
}

export interface Pieces {
  readonly pieces: readonly Piece[]
  /** What the armour adds to the dress. */
  readonly dress: readonly string[]
}

/**
 * Armour and container: everything in a material that is, or could be, a key.
 * @throws Problem
 */
export function piecesOf(undressed: Undressed, input: string, half: Half): Pieces {
  if (undressed.bytes) {
    return { pieces: [barePiece(undressed.bytes, input)], dress: [] }
  }
  const { text } = undressed
  const document = foreignDocument(text, undressed.innermost, input, half)
  if (document) throw document

  const blocks = encapsulatedTexts(text, input)
  const lines = sshLines(text, blocks)
  const pieces = [
    ...blocks.map((block) => armouredPiece(block.label, block.text, input)),
    ...lines.map((blob) => sshPiece(blob, input)),
  ]
  if (pieces.length === 0) throw foreignMaterial(text, undressed.innermost, input, half)
  return { pieces, dress: armourDress(text, blocks) }
}

function armouredPiece(label: string, text: string, input: string): Piece {
  const labelled = contentOfLabel(label)
  if (labelled === null) {
    throw new Problem(
      'key-unreadable',
      `${input} holds BEGIN ${shown(label)}, which is no key that Amazon Pay knows`,
      label.startsWith('PGP')
        ? 'PGP keys cannot be used; make an RSA key with `command: generate`'
        : 'hand in the PEM file of the key: BEGIN PRIVATE KEY or BEGIN PUBLIC KEY',
    )
  }
  if (labelled === 'SSH public') {
    const der = decodeBody(withoutSshHeaders(text), label, input)
    return identified({ label, der, encryption: null }, labelled, input)
  }
  const { encryption, body } = partEncapsulated(text)
  const der = decodeBody(body, label, input)
  if (encryption && (labelled === 'PKCS#1' || halves[labelled] === 'private')) {
    return { label, content: labelled, der, encryption }
  }
  return identified({ label, der, encryption: null }, labelled, input)
}

/** Header lines of RFC 4716 §3.3, quoted and continued or not. */
const sshHeaders =
  /^(?:\s*[A-Za-z][A-Za-z0-9-]{0,63}: {0,8}(?:"[^"]*"|(?:[^\n\\]|\\[^\n]|\\\n)*\n))*/

export function withoutSshHeaders(text: string): string {
  return text.replace(sshHeaders, '')
}

/** Lets the bytes say what they are, and compares that with the label. */
function identified(piece: Omit<Piece, 'content'>, labelled: Content, input: string): Piece {
  // Parameters are only ever stepped over or refused: what they are does not matter.
  if (labelled === 'parameters') return { ...piece, content: labelled }
  const content = contentIn(piece.der, input, `BEGIN ${shown(piece.label ?? '')}`)
  if (content === labelled) return { ...piece, content }
  throw new Problem(
    'key-unreadable',
    `${input} says BEGIN ${shown(piece.label ?? '')}, where ${describe(labelled)} belongs, but holds ${content ? describe(content) : 'something else'}`,
    content === 'OpenSSH'
      ? "a new first and last line does not convert a key; put the old ones back, then `ssh-keygen -p -m PKCS8 -N '' -f privateKey.pem`"
      : `the first and last line were edited, or two files mixed; ${copyAgain}`,
  )
}

function barePiece(bytes: Buffer, input: string): Piece {
  const content = contentIn(bytes, input, 'the body without a first and last line')
  if (content) return { label: null, content, der: bytes, encryption: null }
  throw new Problem(
    'key-unreadable',
    `${input} holds ${bytes.length} bytes of DER that are no key in any form that is known`,
    copyAgain,
  )
}

function sshPiece(blob: string, input: string): Piece {
  const der = Buffer.from(blob, 'base64')
  return {
    label: null,
    content: contentIn(der, input, 'the ssh line') ?? 'SSH public',
    der,
    encryption: null,
  }
}

function contentIn(der: Buffer, input: string, where: string): Content | null {
  return readDer(() => contentOf(der), input, where)
}

/**
 * Runs a reader of bytes and says what it stumbled over.
 * @throws Problem `key-truncated` or `key-unreadable`
 */
export function readDer<T>(read: () => T, input: string, where: string): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw derProblem(error.fault, error.bytes, input, where)
  }
}

function derProblem(fault: DerFault, bytes: number, input: string, where: string): Problem {
  if (fault === 'truncated') {
    return new Problem(
      'key-truncated',
      `${input} is cut: ${where} announces ${bytes} bytes more than there are`,
      copyAgain,
    )
  }
  if (fault === 'trailing') {
    return new Problem(
      'key-unreadable',
      `${input} goes on for ${bytes} bytes after the end of the key in ${where}`,
      `two bodies were joined, or something was appended; ${copyAgain}`,
    )
  }
  return new Problem('key-unreadable', `${input} is damaged: ${where} is no strict DER`, copyAgain)
}

/** Base64 of the SSH public keys that stand on lines of their own outside of all blocks. */
function sshLines(text: string, blocks: readonly { start: number; end: number }[]): string[] {
  return sshLinesIn(outside(text, blocks)).map(({ blob }) => blob)
}

const sshLine =
  /(?:^|\n)[ \t]*((?:ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]{2,48})[ \t]+(AAAA[A-Za-z0-9+/]*={0,2})[^\n]*/g

export function sshLinesIn(text: string): { line: string; blob: string }[] {
  return [...text.matchAll(sshLine)].map((match) => ({ line: match[0], blob: match[2] ?? '' }))
}

/** Explanatory text: what is left without the blocks. */
export function outside(text: string, blocks: readonly { start: number; end: number }[]): string {
  let at = 0
  const parts: string[] = []
  for (const { start, end } of blocks) {
    parts.push(text.slice(at, start))
    at = end
  }
  return [...parts, text.slice(at)].join('\n')
}

function armourDress(text: string, blocks: readonly { start: number; end: number }[]): string[] {
  const [first, last] = [blocks[0], blocks.at(-1)]
  if (!first || !last) return []
  const dress: string[] = []
  const [before, after] = [text.slice(0, first.start).trim(), text.slice(last.end).trim()]
  const quoted =
    before.length > 0 &&
    '"\'`'.includes(before.at(-1) ?? '') &&
    after.startsWith(before.at(-1) ?? '')
  if (quoted) dress.push('quotes')
  if (before.length > (quoted ? 1 : 0)) dress.push('text before the key')
  if (after.length > (quoted ? 1 : 0)) dress.push('text after the key')
  const inside = blocks.map(({ start, end }) => text.slice(start, end))
  if (inside.some((block) => !block.includes('\n'))) dress.push('everything on one line')
  if (inside.some((block) => /\n[ \t]+\S/.test(block))) dress.push('indented lines')
  return dress
}

/** A content in words. */
export function describe(content: Content): string {
  return {
    'PKCS#8': 'a PKCS#8 private key',
    'PKCS#1': 'a PKCS#1 RSA private key',
    'encrypted PKCS#8': 'an encrypted PKCS#8 private key',
    OpenSSH: 'an OpenSSH private key',
    SEC1: 'an EC private key',
    'traditional DSA': 'a DSA private key',
    SPKI: 'a public key (SPKI)',
    'PKCS#1 public': 'a PKCS#1 RSA public key',
    'SSH public': 'an SSH public key',
    certificate: 'a certificate',
    'certificate request': 'a certificate request (CSR)',
    'PKCS#12': 'a PKCS#12 container',
    'PKCS#7': 'a PKCS#7 container',
    parameters: 'parameters of DH, DSA or EC, which are no key',
  }[content]
}

/** Where a finding is, by label where there is one. */
export function described(piece: Piece): string {
  return piece.label === null ? describe(piece.content) : `BEGIN ${shown(piece.label)}`
}
