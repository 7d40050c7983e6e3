import { decodeBody } from './base64.ts'
import {
  describe,
  formatOf,
  formatOfLabel,
  type KeyFormat,
  type KeyType,
  typeOf,
} from './detect.ts'
import { encodedKind } from './encodings.ts'
import { type DekInfo, splitHeaders } from './encryption.ts'
import { explained, unreadable } from './faults.ts'
import { copyAgain, sshToPkcs8 } from './hints.ts'
import type { Normalized } from './normalize.ts'
import { foreign, foreignDocument, foreignText } from './not-a-key.ts'
import { encapsulatedTexts, shown } from './pem.ts'

/** One thing found in a text: its format, decided by its bytes, under the label that it came with. */
export interface KeyBlock {
  readonly label: string | null
  readonly format: KeyFormat
  readonly der: Buffer
  /** Encrypted in the traditional way, by the header lines of its block. */
  readonly encryption: DekInfo | null
}

/**
 * Everything in a text that is, or could be, a key.
 * @throws Problem
 */
export function keyBlocksOf(normalized: Normalized, type: KeyType): KeyBlock[] {
  const { text } = normalized
  if (text === null) return [bareBlock(normalized, type)]
  const document = foreignDocument(text, type)
  if (document) throw document

  const encapsulated = encapsulatedTexts(text)
  const blocks = [
    ...encapsulated.map(({ label, text: body }) => pemBlock(label, body)),
    ...sshLinesIn(outside(text, encapsulated)).map(sshBlock),
  ]
  if (blocks.length === 0) throw foreignText(text, normalized, type)
  return blocks
}

function pemBlock(label: string, text: string): KeyBlock {
  const labelled = formatOfLabel(label)
  if (labelled === null) {
    throw unreadable(
      `contains BEGIN ${shown(label)}, which is not a supported key format`,
      label.startsWith('PGP')
        ? 'PGP keys and messages cannot be used; generate an RSA key pair with `command: generate`'
        : 'use the PEM file of the key: BEGIN PRIVATE KEY or BEGIN PUBLIC KEY',
    )
  }
  const { encryption, body } = splitHeaders(
    labelled === 'SSH public' ? withoutSshHeaders(text) : text,
  )
  const der = decodeBody(body, label)
  if (encryption && typeOf(labelled) === 'private') {
    return { label, format: labelled, der, encryption }
  }
  // Parameters are refused or ignored: what kind they are does not matter.
  const format = labelled === 'parameters' ? labelled : checkedFormat(der, label, labelled)
  return { label, format, der, encryption: null }
}

/** Header lines of RFC 4716 §3.3, quoted and continued or not. */
const sshHeaders =
  /^(?:\s*[A-Za-z][A-Za-z0-9-]{0,63}: {0,8}(?:"[^"]*"|(?:[^\n\\]|\\[^\n]|\\\n)*\n))*/

export function withoutSshHeaders(text: string): string {
  return text.replace(sshHeaders, '')
}

/** The format by the bytes, which must be the one that the label means. */
function checkedFormat(der: Buffer, label: string, labelled: KeyFormat): KeyFormat {
  const format = formatIn(der, `BEGIN ${shown(label)}`)
  if (format === labelled) return format
  throw unreadable(
    `says BEGIN ${shown(label)}, which means ${describe(labelled)}, but contains ${format ? describe(format) : 'something else'}`,
    format === 'OpenSSH'
      ? `changing the BEGIN and END lines does not convert a key; restore them, then \`${sshToPkcs8}\``
      : `the BEGIN and END lines were edited, or two files were mixed; ${copyAgain}`,
  )
}

function bareBlock({ bytes, layers }: Normalized, type: KeyType): KeyBlock {
  try {
    const format = formatIn(bytes, 'the body without BEGIN and END lines')
    if (format) return { label: null, format, der: bytes, encryption: null }
  } catch (error) {
    const kind = encodedKind(layers.slice(-1))
    throw kind ? foreign(kind, type) : error
  }
  throw unreadable(
    `contains ${bytes.length} bytes of DER that are not a key in any supported key format`,
  )
}

function sshBlock({ blob }: SshLine): KeyBlock {
  const der = Buffer.from(blob, 'base64')
  const format = formatIn(der, 'the ssh line') ?? 'SSH public'
  return { label: null, format, der, encryption: null }
}

function formatIn(der: Buffer, where: string): KeyFormat | null {
  try {
    return formatOf(der)
  } catch (error) {
    throw explained(error, where)
  }
}

interface SshLine {
  /** The whole line, options and comment included. */
  readonly line: string
  /** Base64 of the public key. */
  readonly blob: string
}

const sshLine =
  /(?:^|\n)[ \t]*((?:ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]{2,48})[ \t]+(AAAA[A-Za-z0-9+/]*={0,2})[^\n]*/g

/** SSH public keys that are on lines of their own. */
export function sshLinesIn(text: string): SshLine[] {
  return [...text.matchAll(sshLine)].map((match) => ({ line: match[0], blob: match[2] ?? '' }))
}

/** Explanatory text: what is left without the blocks. */
export function outside(text: string, blocks: readonly { start: number; end: number }[]): string {
  const ends = [0, ...blocks.map(({ end }) => end)]
  return ends.map((end, index) => text.slice(end, blocks[index]?.start)).join('\n')
}

/** A block as a message names it: by its label where there is one. */
export function nameOf(block: KeyBlock): string {
  return block.label === null ? describe(block.format) : `BEGIN ${shown(block.label)}`
}
