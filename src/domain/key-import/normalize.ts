import { hasBoundary } from './pem.ts'

/**
 * What a key wears when it comes from clipboards, web forms, shells, secret managers and Windows. Taking it
 * off changes no key: nothing is guessed, and what is left is read strictly.
 */
export interface Undressed {
  /** The innermost text; empty when the bytes are all there is. */
  readonly text: string
  /** Without boundaries: DER, or the binary form of SSH. */
  readonly bytes: Buffer | null
  /** What the innermost layer is made of. */
  readonly innermost: Buffer
  /** What was taken off, from the outside in. */
  readonly dress: readonly string[]
  /** Every text on the way, from the outside in: spellings in which the key could come back. */
  readonly layers: readonly string[]
}

/** More layers than this are not a key, but somebody's puzzle. */
const mostLayers = 8

/** Never throws: what cannot be taken off stays on. */
export function undress(material: string | Buffer): Undressed {
  const dress = new Set<string>()
  const layers: string[] = []
  let bytes: Buffer = typeof material === 'string' ? Buffer.from(material) : material
  for (let depth = 0; ; depth++) {
    if (isBinaryKey(bytes)) {
      dress.add(depth === 0 ? 'binary (DER)' : 'no first and last line')
      return { text: '', bytes, innermost: bytes, dress: [...dress], layers }
    }
    const encoded = decode(bytes, dress)
    const text = undressText(encoded, dress)
    layers.push(encoded, text)
    const inner = depth < mostLayers && !isDocument(text) ? base64Inside(text) : null
    if (inner === null) return { text, bytes: null, innermost: bytes, dress: [...dress], layers }
    if (!isBinaryKey(inner)) dress.add('base64')
    bytes = inner
  }
}

/** A text that has a form of its own: JSON, PuTTY, XML. Unquoting would only spoil it. */
export function isDocument(text: string): boolean {
  return text.startsWith('PuTTY-User-Key-File') || text.startsWith('<') || isJson(text)
}

function isJson(text: string): boolean {
  if (!/^[{[]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** UTF-8, or UTF-16 by its byte order mark or by the NUL bytes that it has between plain characters. */
function decode(bytes: Buffer, dress: Set<string>): string {
  const marked = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0
  if (marked === 0xfffe || marked === 0xfeff) {
    dress.add('UTF-16')
    return utf16(bytes.subarray(2), marked === 0xfffe)
  }
  // A mark that was read as UTF-8 on the way here leaves two replacement characters.
  const text = bytes.toString('utf8')
  const unmarked = text.replace(/^\uFFFD{1,2}(?=[\0-\x7f])/, '')
  const rest = unmarked === text ? bytes : Buffer.from(unmarked)
  const order = rest.length >= 4 && rest.includes(0) ? byteOrder(rest) : null
  if (order) {
    dress.add('UTF-16')
    return utf16(rest, order === 'LE')
  }
  if (unmarked !== text || text.startsWith('\uFEFF')) dress.add('byte order mark')
  return unmarked.replace(/^\uFEFF/, '')
}

/** Plain characters have a zero byte each, on one side of all pairs; the odd other character may be among them. */
function byteOrder(bytes: Buffer): 'LE' | 'BE' | null {
  const sample = bytes.subarray(0, 256)
  const zeros = [0, 0]
  for (const [index, byte] of sample.entries()) {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1
  }
  const [even = 0, odd = 0] = zeros
  const most = sample.length / 4
  if (odd > most && even === 0) return 'LE'
  if (even > most && odd === 0) return 'BE'
  return null
}

function utf16(bytes: Buffer, littleEndian: boolean): string {
  const even = Buffer.from(bytes.subarray(0, bytes.length & ~1))
  return (littleEndian ? even : even.swap16()).toString('utf16le')
}

/** Takes off, again and again, what a text wears as text. */
function undressText(text: string, dress: Set<string>): string {
  let current = text
  for (let turn = 0; turn < mostLayers; turn++) {
    const before = current
    current = trimmed(lineEnds(current, dress), dress)
    if (isDocument(current)) return current
    current = unescaped(unquotedJson(current, dress), dress)
    if (!hasBoundary(current)) current = unquoted(withoutName(current, dress), dress)
    if (current === before) break
  }
  return current
}

function lineEnds(text: string, dress: Set<string>): string {
  if (!text.includes('\r')) return text
  dress.add(/\r\n/.test(text) ? 'CRLF line ends' : 'CR line ends')
  return text.replace(/\r\n?/g, '\n')
}

/** Blanks of every kind at the ends, and non-breaking ones inside. One newline at the end is as it should be. */
function trimmed(text: string, dress: Set<string>): string {
  const inside = text.replace(/[\u00a0\u202f\u2007]/g, ' ')
  if (inside !== text) dress.add('non-breaking spaces')
  const bare = inside
    .trim()
    .replace(/^[\u200b\u2060]+/, '')
    .replace(/[\u200b\u2060]{1,8}$/, '')
  if (!inside.startsWith(bare)) dress.add('leading blanks')
  if (!/^\n?$/.test(inside.slice(inside.indexOf(bare) + bare.length))) dress.add('trailing blanks')
  return bare
}

function unquotedJson(text: string, dress: Set<string>): string {
  if (!text.startsWith('"')) return text
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'string') return text
    dress.add('quotes')
    if (value.includes('\n')) dress.add('literal \\n')
    return value
  } catch {
    return text
  }
}

/** Line ends and other characters written as escapes, once or twice escaped. */
const escapeSequence = /\\{1,4}(?:r\\{1,4}n|[nrt]|["'/+=]|u[0-9A-Fa-f]{4})/g

function unescaped(text: string, dress: Set<string>): string {
  if (!text.includes('\\')) return text
  return text.replace(escapeSequence, (written) => {
    const meant = written.replace(/\\/g, '')
    if (/^(?:rn|n|r)$/.test(meant)) {
      dress.add('literal \\n')
      return '\n'
    }
    dress.add('escapes')
    if (meant === 't') return '\t'
    return meant.length === 1 ? meant : String.fromCharCode(Number.parseInt(meant.slice(1), 16))
  })
}

/** `export KEY=…`, `KEY: …`, `key: |`. Base64 may end in `=`, so something must follow. */
const name =
  /^(?:export\s{1,8}|set\s{1,8}|\$env:)?[A-Za-z_][\w.-]{0,63}\s{0,8}(?:=(?!=)|:(?=\s))\s{0,64}(?:[|>][-+]?\s{1,64})?(?=[^\s=])/

function withoutName(text: string, dress: Set<string>): string {
  const bare = text.replace(name, '')
  if (bare !== text) dress.add('a name in front')
  return bare
}

function unquoted(text: string, dress: Set<string>): string {
  const quoted = /^\$?(["'`])(.*)\1[,;]?$/s.exec(text)
  if (!quoted) return text
  dress.add('quotes')
  return quoted[2] ?? ''
}

/**
 * What base64 holds when it is worth a look: a key's bytes, or text again. Padding and the alphabet are not
 * insisted on, since what is inside will be.
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
  const text = decode(bytes, new Set())
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells text from data
  return text.length > 0 && !/[\0-\x08\x0b\x0e-\x1f\x7f\ufffd]/.test(text)
}

/** Whether bytes start as a DER key, an OpenSSH key or an SSH public key do. They may still be cut or damaged. */
export function isBinaryKey(bytes: Buffer): boolean {
  if (bytes.subarray(0, 15).toString('latin1') === 'openssh-key-v1\0') return true
  return isSshBlob(bytes) || isDerSequence(bytes)
}

/** RFC 4253 §6.6: the length of the algorithm's name, in four bytes, and the name. */
export function isSshBlob(bytes: Buffer): boolean {
  if (bytes.length < 12 || bytes.readUInt32BE() > 64) return false
  return /^(?:ssh-|ecdsa-|sk-)/.test(bytes.subarray(4, 12).toString('latin1'))
}

function isDerSequence(bytes: Buffer): boolean {
  const [first, length = 0] = bytes
  if (first !== 0x30) return false
  const short = length < 0x80
  // A short text could look like a short sequence: that one must be whole.
  if (short ? bytes.length !== length + 2 : length < 0x81 || length > 0x83) return false
  const inner = bytes[short ? 2 : 2 + (length & 0x7f)]
  return inner === 0x30 || inner === 0x02 || inner === 0x06
}
