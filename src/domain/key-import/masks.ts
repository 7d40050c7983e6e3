import { createPrivateKey } from 'node:crypto'
import { maskForms, minMaskLength } from '../key/masks.ts'
import { keyPairOf } from '../key/pair.ts'
import { decodeBody } from './base64.ts'
import { outside, sshLinesIn, withoutSshHeaders } from './blocks.ts'
import { sequenceHead } from './der.ts'
import { formatOf, formatOfLabel, type KeyFormat, typeOf } from './detect.ts'
import { decodedForms } from './encodings.ts'
import { orElse } from './faults.ts'
import { parsedJson, textsIn } from './json.ts'
import { isDocument, isGzip, maxBytes, normalize } from './normalize.ts'
import { isOpenSsh, isSshBlob, rsaOfSsh, sshAlgorithm } from './openssh.ts'
import { encapsulatedTexts, hasBoundary } from './pem.ts'

/** Keys inside keys inside keys: beyond this, only the text itself is masked. */
const maxDepth = 3

/**
 * What must be masked of an input that takes a key, before anything else looks at it: each of its forms as a whole and by
 * lines. A text that is proven to be a public key, or lines of one, are left out: they must be shown. Never throws, and
 * does not depend on whether the key can be read. An input that takes no key is masked where `containsPrivateKey`.
 */
export function masksOf(material: string | Buffer): string[] {
  return [...new Set(masksWithin(material, maxDepth))].filter(
    (mask) => mask.length >= minMaskLength,
  )
}

function masksWithin(material: string | Buffer, depth: number): string[] {
  const { text, bytes, layers } = normalize(material)
  if (text === null) {
    if (isPublic(bytes)) return []
    const base64 = bytes.toString('base64')
    return [...layers.flatMap((layer) => maskable(layer)), base64, ...formsOfDer(bytes)]
  }
  if (text.length > maxBytes) return maskable(text)
  const secret = withoutPublicKeys(text)
  if (longLines(secret).length === 0) return []
  const secretLines = new Set(linesOf(secret))
  const publicLines = new Set(linesOf(text).filter((line) => !secretLines.has(line)))
  const inner = depth > 0 ? partsOf(text, layers) : []
  return [
    ...[...layers, secret].flatMap((layer) => maskable(layer, publicLines)),
    ...formsOfBlocks(secret),
    ...tokensOf(secret),
    ...inner.flatMap((part) => masksWithin(part, depth - 1)),
  ]
}

/** What is encoded in a text, or is a member of its JSON. */
function partsOf(text: string, layers: readonly string[]): (string | Buffer)[] {
  const json = parsedJson(text)
  if (json) return textsIn(json).map((member) => member.text)
  return [...new Set([...layers, text])].flatMap(decodedForms)
}

/** Every form of the private keys in a text that can be read without a passphrase. */
function formsOfBlocks(text: string): string[] {
  return orElse([], () =>
    encapsulatedTexts(text).flatMap(({ label, text: body }) => formsOfDer(decodeBody(body, label))),
  )
}

function formsOfDer(der: Buffer): string[] {
  return (['pkcs8', 'pkcs1'] as const).flatMap((type) =>
    orElse([], () => {
      const key = createPrivateKey({ key: der, format: 'der', type })
      return key.asymmetricKeyType === 'rsa' ? maskForms(keyPairOf(key)) : []
    }),
  )
}

/**
 * What of a secret text can be masked without hiding others: its long lines, and all of it unless the runner, which
 * masks each line of a value, would mask a short or public one with it.
 */
export function maskable(text: string, publicLines: ReadonlySet<string> = new Set()): string[] {
  const lines = linesOf(text)
  const whole = lines.every((line) => line.length >= minMaskLength && !publicLines.has(line))
  const long = longLines(text).filter((line) => !publicLines.has(line))
  return lines.length > 0 && whole ? [text.replace(/^\n+|\n+$/g, ''), ...long] : long
}

/** Values inside lines, as in XML, JSON or `KEY=…`: long, and mixed like no name or path is. */
function tokensOf(text: string): string[] {
  const tokens = text.match(/[A-Za-z0-9+/_=-]{24,}/g) ?? []
  return tokens.filter(
    (token) =>
      /[0-9]/.test(token) &&
      (/[a-z]/.test(token) ? /[A-Z]/.test(token) || isHex(token) : isHex(token)),
  )
}

function isHex(token: string): boolean {
  return token.length >= 40 && /^[0-9a-fA-F]+$/.test(token)
}

/** Whether a text contains a private key in any form, also a damaged, encrypted or foreign one. */
export function containsPrivateKey(material: string | Buffer): boolean {
  return containsWithin(material, maxDepth)
}

function containsWithin(material: string | Buffer, depth: number): boolean {
  const { text, bytes, layers } = normalize(material)
  if (text === null) return beginsPrivate(bytes)
  if (layers.some((layer) => privateMarks.some((mark) => mark.test(layer)))) return true
  const secret = text.length > maxBytes ? text : withoutPublicKeys(text)
  if (runsIn(secret).some(isPrivateRun)) return true
  return depth > 0 && partsOf(text, layers).some((part) => containsWithin(part, depth - 1))
}

/** What only private keys have, by the formats that they come in. */
const privateMarks: readonly RegExp[] = [
  /(?:BEGIN|END)[^\n]{0,40}PRIVATE.{0,3}KEY/i,
  /PRIVATE KEY-/,
  /^Private-(?:Lines|MAC|Hash):/m,
  /<(?:\w+:)?(?:D|DP|DQ|InverseQ)>[^<]{16}/,
  /"(?:d|dp|dq|qi)"\s{0,8}:\s{0,8}"[A-Za-z0-9_+/-]{16}/,
  /^\s*(?:privateExponent|prime1|exponent1|coefficient):/m,
  /AGE-SECRET-KEY-1/,
]

/** Whether bytes begin as an OpenSSH or DER private key does. */
function beginsPrivate(bytes: Buffer): boolean {
  return isOpenSsh(bytes) || privateHeads.some((head) => head.test(sequenceHead(bytes) ?? ''))
}

/** Version and algorithm, version and first number, or the algorithm of an encrypted key. */
const privateHeads: readonly RegExp[] = [
  // PKCS#8 of both versions
  /^02010[01]30/,
  // PKCS#1 and SEC1
  /^02010[01](?:02(?:82|81)|04)/,
  // Encrypted PKCS#8: PBES1 and PBES2, PKCS #12
  /^30(?:81..|..)06(?:092a864886f70d0105|0a2a864886f70d010c01)/,
]

/** Long runs of base64 or hex, across lines. */
function runsIn(text: string): string[] {
  const parts = text.split(/-{1,5} ?(?:BEGIN|END) [^\n-]{0,64}-{0,5}/)
  return parts.flatMap(
    (part) => part.match(/[A-Za-z0-9+/_-]{16,}(?:\s{1,4}[A-Za-z0-9+/_-]{16,})*/g) ?? [],
  )
}

/** The middle of a private key has no mark but its length: everything public is shorter, or begins as what it is. */
const minPrivateRun = 600

function isPrivateRun(run: string): boolean {
  const lines = run.split(/\s+/)
  const characters = lines.join('')
  if (isHex(characters)) return beginsPrivate(Buffer.from(characters, 'hex'))
  const bytes = Buffer.from(characters, 'base64')
  if (beginsPrivate(bytes)) return true
  return characters.length >= minPrivateRun && isBody(lines) && !beginsPublic(bytes)
}

/** Lines of one length, as a list of names does not have them. */
function isBody(lines: readonly string[]): boolean {
  const [first = '', ...rest] = lines.slice(0, -1)
  const sameLength =
    first === '' || (first.length >= 60 && rest.every(({ length }) => length === first.length))
  const text = lines.join('')
  return sameLength && [/[a-z]/, /[A-Z]/, /[0-9]/].every((kind) => kind.test(text))
}

function beginsPublic(bytes: Buffer): boolean {
  // A certificate or SPKI, PKCS#1, PKCS#12.
  if (/^(?:30|02(?:82|81|0103))/.test(sequenceHead(bytes) ?? '')) return true
  return isGzip(bytes) || isSshBlob(bytes)
}

/**
 * Whether a text is key material, and so cannot be the path of a file. A path that does not exist is shown in a message;
 * a key must never be.
 */
export function looksLikeKeyMaterial(text: string): boolean {
  const trimmed = text.trim()
  if (/[\n\r\0{"]|\\n|BEGIN|PRIVATE|PuTTY/.test(trimmed) || text.length > 255) return true
  if (/^(?:ssh-|ecdsa-|sk-)\S{0,60}\s/.test(trimmed)) return true
  if (/^[A-Za-z0-9+/_=-]{100,}$/.test(trimmed) && !trimmed.startsWith('/')) return true
  const { text: inside } = normalize(text)
  return inside === null || hasBoundary(inside) || isDocument(inside)
}

function withoutPublicKeys(text: string): string {
  return orElse(text, () => {
    const publics = encapsulatedTexts(text).filter((block) =>
      isPublicBlock(block.label, block.text),
    )
    const rest = outside(text, publics)
    return sshLinesIn(rest)
      .filter(({ blob }) => isPublic(Buffer.from(blob, 'base64')))
      .reduce((left, { line }) => left.replace(line, ''), rest)
  })
}

function isPublicBlock(label: string, body: string): boolean {
  const format = formatOfLabel(label)
  if (format === null || !isHarmless(format)) return false
  return isPublic(decodeBody(format === 'SSH public' ? withoutSshHeaders(body) : body, label))
}

/** Proven by the bytes themselves, since a label can be wrong. */
function isPublic(bytes: Buffer): boolean {
  return orElse(false, () => {
    const format = formatOf(bytes)
    if (format === 'SSH public' && sshAlgorithm(bytes) === 'RSA') rsaOfSsh(bytes)
    return format !== null && isHarmless(format)
  })
}

function isHarmless(format: KeyFormat): boolean {
  return typeOf(format) === 'public' || format.startsWith('certificate')
}

function longLines(text: string): string[] {
  return linesOf(text).filter((line) => line.length >= minMaskLength && !isBoundary(line))
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
