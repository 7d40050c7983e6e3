import { sequenceHead } from './der.ts'
import { parsedJson, unquotedJson } from './json.ts'
import { isOpenSsh, isSshBlob } from './openssh.ts'
import { hasBoundary } from './pem.ts'

/** The largest RSA key in any supported key format is a tenth of this. */
export const maxBytes = 64 * 1024

/**
 * A text without what clipboards, web forms, shells, secret managers and Windows put around a key. Removing it changes
 * no key: nothing is guessed, and what is left is read strictly.
 */
export interface Normalized {
  /** The innermost text; null where there is only a key without boundaries: DER, or the binary form of SSH. */
  readonly text: string | null
  /** That key, or what the innermost text was decoded from. */
  readonly bytes: Buffer
  /** Every text on the way, from the outside in: forms in which the key could come back. */
  readonly layers: readonly string[]
}

/** Text that is encoded more often than this is not a key. */
const maxLayers = 8

/** Never throws: what cannot be removed stays. */
export function normalize(material: string | Buffer): Normalized {
  const layers: string[] = []
  let bytes: Buffer = typeof material === 'string' ? Buffer.from(material) : material
  for (let depth = 0; !isBinaryKey(bytes); depth++) {
    const decoded = decode(bytes)
    const text = withoutWrapping(decoded)
    layers.push(decoded, text)
    const inner = depth < maxLayers && !isDocument(text) ? base64Inside(text) : null
    if (inner === null) return { text, bytes, layers }
    bytes = inner
  }
  return { text: null, bytes, layers }
}

/** A text with a syntax of its own: JSON, PuTTY, XML. Removing quotes would break it. */
export function isDocument(text: string): boolean {
  return text.startsWith('PuTTY-User-Key-File') || text.startsWith('<') || parsedJson(text) !== null
}

/** UTF-8, or UTF-16 by its byte order mark or by the NUL bytes that it has between plain characters. */
function decode(bytes: Buffer): string {
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0
  if (mark === 0xfffe || mark === 0xfeff) return utf16(bytes.subarray(2), mark === 0xfffe)
  // A mark of UTF-16 that was read as UTF-8 on the way here leaves two replacement characters.
  const text = bytes.toString('utf8')
  const unmarked = text.replace(/^\uFFFD{1,2}(?=[\0-\x7f])/, '')
  const rest = unmarked === text ? bytes : Buffer.from(unmarked)
  const order = rest.length >= 4 && rest.includes(0) ? byteOrder(rest) : null
  return order ? utf16(rest, order === 'LE') : unmarked.replace(/^\uFEFF/, '')
}

/** Plain characters have a zero byte each, on one side of all pairs; the odd other character may be among them. */
function byteOrder(bytes: Buffer): 'LE' | 'BE' | null {
  const sample = [...bytes.subarray(0, 256)]
  const zerosAt = (side: number) =>
    sample.filter((byte, index) => byte === 0 && index % 2 === side).length
  const [even, odd, quarter] = [zerosAt(0), zerosAt(1), sample.length / 4]
  if (odd > quarter && even === 0) return 'LE'
  if (even > quarter && odd === 0) return 'BE'
  return null
}

function utf16(bytes: Buffer, littleEndian: boolean): string {
  const even = Buffer.from(bytes.subarray(0, bytes.length & ~1))
  return (littleEndian ? even : even.swap16()).toString('utf16le')
}

/** Removes line ends, spaces, escapes, quotes and names, until nothing more can be removed. */
function withoutWrapping(text: string): string {
  let current = text
  for (let turn = 0; turn < maxLayers; turn++) {
    const before = current
    current = trimmed(current.replace(/\r\n?/g, '\n'))
    if (isDocument(current)) return current
    current = unescaped(unquotedJson(current))
    if (!hasBoundary(current)) current = unquoted(current.replace(name, ''))
    if (current === before) break
  }
  return current
}

/** Whitespace of every kind at the ends, and non-breaking spaces inside. */
function trimmed(text: string): string {
  return text
    .replace(/[\u00a0\u202f\u2007]/g, ' ')
    .trim()
    .replace(/^[\u200b\u2060]+/, '')
    .replace(/[\u200b\u2060]{1,8}$/, '')
}

/** Line ends and other characters written as escapes, once or twice escaped. */
const escapeSequence = /\\{1,4}(?:r\\{1,4}n|[nrt]|["'/+=]|u[0-9A-Fa-f]{4})/g

function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(escapeSequence, (written) => {
    const meant = written.replace(/\\/g, '')
    if (/^(?:rn|n|r)$/.test(meant)) return '\n'
    if (meant === 't') return '\t'
    return meant.length === 1 ? meant : fromHex(meant, meant.slice(1))
  })
}

/** The character of a hexadecimal code, for `replace`. */
export function fromHex(_: string, code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16))
}

/** `export KEY=…`, `KEY: …`, `key: |`. Base64 may end in `=`, so something must follow. */
const name =
  /^(?:export\s{1,8}|set\s{1,8}|\$env:)?[A-Za-z_][\w.-]{0,63}\s{0,8}(?:=(?!=)|:(?=\s))\s{0,64}(?:[|>][-+]?\s{1,64})?(?=[^\s=])/

function unquoted(text: string): string {
  return /^\$?(["'`])(.*)\1[,;]?$/s.exec(text)?.[2] ?? text
}

/**
 * What base64 contains where that can be a key: its bytes, or text again. Padding and alphabet are not checked, since
 * what is inside will be.
 */
function base64Inside(text: string): Buffer | null {
  if (hasBoundary(text)) return null
  const characters = text.replace(/\s+/g, '')
  if (characters.length < 24 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(characters)) return null
  const bytes = Buffer.from(characters, 'base64')
  return isBinaryKey(bytes) || isGzip(bytes) || isText(bytes) ? bytes : null
}

export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

function isText(bytes: Buffer): boolean {
  const text = decode(bytes)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells text from data
  return text.length > 0 && !/[\0-\x08\x0b\x0e-\x1f\x7f\ufffd]/.test(text)
}

/** Whether bytes begin as a DER key, an OpenSSH key or an SSH public key does. They may be truncated or damaged. */
function isBinaryKey(bytes: Buffer): boolean {
  if (isOpenSsh(bytes) || isSshBlob(bytes)) return true
  const [, length = 0] = bytes
  // A short text could look like a short sequence: that one must be whole.
  const isLong = length >= 0x80 || bytes.length === length + 2
  return isLong && /^(?:30|02|06)/.test(sequenceHead(bytes) ?? '')
}
