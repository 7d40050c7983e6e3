import { truncated, unreadable } from './faults.ts'
import { copyAgain, storeFile, writeNewline, writePlus } from './hints.ts'
import { fromHex } from './normalize.ts'
import { hasBoundary, shown } from './pem.ts'

/**
 * The body of a PEM block, as strict base64: its own alphabet, whole groups, no stray bits. Whitespace may be anywhere.
 * @throws Problem `key-truncated` or `key-unreadable`
 */
export function decodeBody(body: string, label: string): Buffer {
  const name = `BEGIN ${shown(label)}`
  const characters = body.replace(/\s+/g, '')
  if (characters === '') {
    throw truncated(`is truncated: there is nothing between ${name} and its END line`)
  }
  const distortion = isWhole(characters)
    ? undefined
    : Object.entries(distortions).find(([, { undo }]) => isWhole(undo(body)))
  if (distortion) throw unreadable(distortion[0], distortion[1].hint)
  assertAlphabet(characters, name)
  assertLength(characters, name)
  const bytes = Buffer.from(characters, 'base64')
  if (bytes.toString('base64') !== characters) {
    throw unreadable(`is damaged: the last base64 group in the body of ${name} was changed`)
  }
  if (bytes[0] === 0x2d && hasBoundary(bytes.toString('latin1'))) {
    throw unreadable(
      `contains a PEM file that was encoded in base64 once more, between the lines of ${name}, as \`certutil -encode\` does`,
      'use the original file; `certutil -decode encoded.pem privateKey.pem` restores it',
    )
  }
  return bytes
}

/** Whether base64 has as many characters as the DER sequence in it declares. */
function isWhole(text: string): boolean {
  const characters = text.replace(/\s+/g, '')
  return (
    /^[A-Za-z0-9+/]+={0,2}$/.test(characters) && declaredLength(characters) === characters.length
  )
}

/** How many characters of base64 the DER sequence at the beginning declares; null where it is none. */
function declaredLength(characters: string): number | null {
  const head = Buffer.from(characters.slice(0, 8), 'base64')
  if (head[0] !== 0x30 || head[1] !== 0x82 || head.length < 4) return null
  return 4 * Math.ceil((head.readUInt16BE(2) + 4) / 3)
}

interface Distortion {
  readonly hint: string
  /** The body as it was before. */
  readonly undo: (body: string) => string
}

/** What is done to a whole body on its way, recognised by undoing it. */
const distortions: Readonly<Record<string, Distortion>> = {
  'has spaces where + belongs: a form or a URL decoder replaced each + by a space': {
    hint: writePlus,
    undo: (body) => {
      if (!/\S[ \t]\S/.test(body)) return ''
      const spaceless = withLastPlus(body.trim().replaceAll(/[ \t]/g, '+'))
      return isWhole(spaceless) ? spaceless : withLastPlus(plusInLines(body.trim().split(' ')))
    },
  },
  'has /n where line breaks belong': {
    hint: writeNewline,
    // A body may well have /n in it: only what is at the end of each line is an escape.
    undo: (body) => {
      const characters = body.replace(/\s+/g, '').replace(/^\/n/, '')
      return inEachLine(characters.match(/.{1,66}/g) ?? [], /\/n$/)
    },
  },
  'has a line number in front of each line': {
    hint: `it was copied from an editor or a web page that numbers lines; ${copyAgain}`,
    undo: (body) => inEachLine(linesOf(body), /^\s*\d{1,3}(?:\s*[:.|)\]]\s*|\s+|$)/),
  },
  'has the mark of a diff (+ or -) in front of each line': {
    hint: `it was copied from a diff; ${copyAgain}`,
    undo: (body) => inEachLine(linesOf(body), /^[+-]/),
  },
  'has the quote mark of an email in front of each line': {
    hint: copyAgain,
    undo: (body) => inEachLine(linesOf(body), /^(?:\s*[>|])+/),
  },
  'has its body in the URL alphabet of base64 (- and _ instead of + and /)': {
    hint: copyAgain,
    undo: (body) => body.replaceAll('-', '+').replaceAll('_', '/'),
  },
  'is percent-encoded (URL-encoded) in its body': {
    hint: storeFile,
    undo: (body) => body.replace(/%([0-9A-F]{2})/gi, fromHex),
  },
  'has quotes, commas or other punctuation marks around each line': {
    hint: `it was copied out of source code; ${copyAgain}`,
    undo: (body) => body.replace(/["'`,;\\\t ]/g, ''),
  },
  'contains invisible characters, such as zero-width spaces': {
    hint: `a web page or a chat program put them in; ${copyAgain}`,
    undo: (body) => body.replace(/[\u00ad\u200b-\u200f\u2028\u2029\u2060\ufeff]/g, ''),
  },
}

/** Lines of a body; what follows BEGIN on the same line is not one. */
function linesOf(body: string): string[] {
  return body.split('\n').slice(1)
}

/** Lines without a mark that each of them has, except perhaps the last; nothing where one does not have it. */
function inEachLine(lines: readonly string[], mark: RegExp): string {
  const isEverywhere = lines.slice(0, -1).every((line) => mark.test(line))
  return isEverywhere ? lines.map((line) => line.replace(mark, '')).join('\n') : ''
}

/** Words of one line each are kept apart; a word that is shorter than a line was parted by a lost plus. */
function plusInLines(words: readonly string[]): string {
  let text = ''
  let width = 0
  for (const word of words) {
    const starts = width === 0 || width === 64
    text += starts ? word : `+${word}`
    width = (starts ? 0 : width + 1) + word.length
  }
  return text
}

/** Base64 in whole groups again: a plus at its very end became a space, which was trimmed. */
export function withLastPlus(text: string): string {
  const characters = text.replace(/\s+/g, '').length
  return text + '+'.repeat((4 - (characters % 4)) % 4)
}

function assertAlphabet(characters: string, name: string): void {
  const foreign = characters.replace(/={1,2}$/, '').replace(/[A-Za-z0-9+/]+/g, '')
  if (foreign === '') return
  throw unreadable(
    `has ${counted(foreign.length)} in the body of ${name} that cannot occur there in base64`,
    causes.find(([sign]) => sign.test(foreign))?.[1] ??
      `other text was mixed into the key; ${copyAgain}`,
  )
}

const causes: readonly (readonly [RegExp, string])[] = [
  [
    /\*{3}/,
    'it was copied from a log, where the runner shows *** in place of secrets; copy the key from the system where it was generated',
  ],
  [/\.{3}|…/, 'it is a shortened example; copy the key from the system where it was generated'],
]

/** Too many characters, or too few: the first bytes declare how many there should be. */
function assertLength(characters: string, name: string): void {
  if (characters.length % 4 === 0) return
  const extra = characters.length - (declaredLength(characters) ?? characters.length)
  if (extra > 0) {
    throw unreadable(
      `is damaged: the body of ${name} has ${counted(extra)} too many`,
      `something was typed or pasted into the key; ${copyAgain}`,
    )
  }
  const missing = extra < 0 ? counted(-extra) : 'some characters'
  throw truncated(
    `is truncated: the body of ${name} lacks ${missing} (${characters.length} is not a multiple of four)`,
  )
}

function counted(characters: number): string {
  return characters === 1 ? '1 character' : `${characters} characters`
}
