import { outside, sshLinesIn, withoutSshHeaders } from './blocks.ts'
import { type Content, contentOf, contentOfLabel, halves } from './detect.ts'
import { isDocument, undress } from './normalize.ts'
import { mostBytes } from './not-a-key.ts'
import { rsaOfSsh, sshAlgorithm } from './openssh.ts'
import { decodeBody, encapsulatedTexts, hasBoundary } from './pem.ts'

/** A shorter mask would hide harmless text: the runner replaces it wherever it occurs. */
const shortestMask = 16

/**
 * What must be masked of a material before anything else looks at it: each of its spellings as a whole and
 * by lines. A text that is proven to be a public key, or lines of one, are left out: they must be shown. Never throws.
 */
export function masksOf(material: string | Buffer): string[] {
  const { text, bytes, layers } = undress(material)
  if (bytes)
    return isPublic(bytes)
      ? []
      : unique([...layers.flatMap((layer) => maskable(layer)), bytes.toString('base64')])
  const secret = text.length > mostBytes ? text : withoutPublicKeys(text)
  if (longLines(secret).length === 0) return []
  const shownLines = new Set(secret === text ? [] : linesOf(text))
  for (const line of linesOf(secret)) shownLines.delete(line)
  return unique([...layers, secret].flatMap((layer) => maskable(layer, shownLines)))
}

/**
 * What of a secret text can be masked without spoiling others: its long lines, and all of it unless the
 * runner, which masks each line of a value, would mask a short or public one with it.
 */
export function maskable(text: string, shownLines: ReadonlySet<string> = new Set()): string[] {
  const lines = linesOf(text)
  const whole = lines.every((line) => line.length >= shortestMask && !shownLines.has(line))
  const long = longLines(text).filter((line) => !shownLines.has(line))
  return lines.length > 0 && whole ? [text.replace(/^\n+|\n+$/g, ''), ...long] : long
}

/**
 * Whether a text is key material, and so cannot be the path of a file. A path that does not exist is told in
 * a message; a key never may be.
 */
export function looksLikeKeyMaterial(text: string): boolean {
  if (/[\n\r\0{"]|\\n|BEGIN|PRIVATE|PuTTY/.test(text.trim()) || text.length > 255) return true
  if (/^(?:ssh-|ecdsa-|sk-)\S{0,60}\s/.test(text.trim())) return true
  if (/^[A-Za-z0-9+/_=-]{100,}$/.test(text.trim()) && !text.trim().startsWith('/')) return true
  const { text: inside, bytes } = undress(text)
  return bytes !== null || hasBoundary(inside) || isDocument(inside)
}

function withoutPublicKeys(text: string): string {
  try {
    const blocks = encapsulatedTexts(text, '')
    const publics = blocks.filter(({ label, text: body }) => isPublicBlock(label, body))
    const rest = outside(text, publics)
    return sshLinesIn(rest)
      .filter(({ blob }) => isPublic(Buffer.from(blob, 'base64')))
      .reduce((left, { line }) => left.replace(line, ''), rest)
  } catch {
    return text
  }
}

function isPublicBlock(label: string, body: string): boolean {
  const content = contentOfLabel(label)
  if (content === null || !isHarmless(content)) return false
  return isPublic(decodeBody(content === 'SSH public' ? withoutSshHeaders(body) : body, label, ''))
}

/** Proven by the bytes themselves, since a label can be wrong. */
function isPublic(bytes: Buffer): boolean {
  try {
    const content = contentOf(bytes)
    if (content === 'SSH public' && sshAlgorithm(bytes) === 'RSA') rsaOfSsh(bytes)
    return content !== null && isHarmless(content)
  } catch {
    return false
  }
}

function isHarmless(content: Content): boolean {
  return halves[content] === 'public' || content.startsWith('certificate')
}

function longLines(text: string): string[] {
  return linesOf(text).filter((line) => line.length >= shortestMask && !isBoundary(line))
}

function linesOf(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function isBoundary(line: string): boolean {
  return /^-{4,5} ?(?:BEGIN|END) [A-Z0-9 ]{1,40} ?-{4,5}$/.test(line)
}

function unique(masks: readonly string[]): string[] {
  return [...new Set(masks)].filter((mask) => mask.length >= shortestMask)
}
