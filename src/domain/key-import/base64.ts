import { Problem } from '../problem.ts'
import { copyAgain, storeFile, writeNewline, writePlus } from './hints.ts'
import { hasBoundary, shown } from './pem.ts'

/**
 * The body of a PEM block, as strict base64: its own alphabet, whole groups, no stray bits. Whitespace may be anywhere.
 * @throws Problem `key-truncated` or `key-unreadable`
 */
export function decodeBody(body: string, label: string): Buffer {
  const name = `BEGIN ${shown(label)}`
  const characters = body.replace(/\s+/g, '')
  if (characters === '') {
    throw new Problem(
      'key-truncated',
      `is truncated: there is nothing between ${name} and its END line`,
      copyAgain,
    )
  }
  const distortion = isWhole(characters)
    ? undefined
    : distortions.find(({ undo }) => isWhole(undo(body)))
  if (distortion) throw new Problem('key-unreadable', distortion.what, distortion.hint)
  assertAlphabet(characters, name)
  if (characters.length % 4 !== 0) throw wrongLength(characters, name)
  const bytes = Buffer.from(characters, 'base64')
  if (bytes.toString('base64') !== characters) {
    throw new Problem(
      'key-unreadable',
      `is damaged: the last base64 group in the body of ${name} was changed`,
      copyAgain,
    )
  }
  if (bytes[0] === 0x2d && hasBoundary(bytes.toString('latin1'))) {
    throw new Problem(
      'key-unreadable',
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
  readonly what: string
  readonly hint: string
  /** The body as it was before. */
  readonly undo: (body: string) => string
}

/** What is done to a whole body on its way, recognised by undoing it. */
const distortions: readonly Distortion[] = [
  {
    what: 'has spaces where + belongs: a form or a URL decoder replaced each + by a space',
    hint: writePlus,
    undo: (body) => {
      const spaceless = body.trim().replaceAll(/[ \t]/g, '+')
      return isWhole(spaceless) ? spaceless : plusInLines(body.trim().split(' '))
    },
  },
  {
    what: 'has /n where line breaks belong',
    hint: writeNewline,
    undo: withoutSlashN,
  },
  {
    what: 'has a line number in front of each line',
    hint: `it was copied from an editor or a web page that numbers lines; ${copyAgain}`,
    undo: (body) => withoutPrefix(body, /^\s*\d{1,3}(?:\s*[:.|)\]]\s*|\s+|$)/),
  },
  {
    what: 'has the mark of a diff (+ or -) in front of each line',
    hint: `it was copied from a diff; ${copyAgain}`,
    undo: (body) => withoutPrefix(body, /^[+-]/),
  },
  {
    what: 'has the quote mark of an email in front of each line',
    hint: copyAgain,
    undo: (body) => withoutPrefix(body, /^(?:\s*[>|])+/),
  },
  {
    what: 'has its body in the URL alphabet of base64 (- and _ instead of + and /)',
    hint: copyAgain,
    undo: (body) => body.replaceAll('-', '+').replaceAll('_', '/'),
  },
  {
    what: 'is percent-encoded (URL-encoded) in its body',
    hint: storeFile,
    undo: (body) =>
      body.replace(/%([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  },
  {
    what: 'has quotes, commas or other punctuation marks around each line',
    hint: `it was copied out of source code; ${copyAgain}`,
    undo: (body) => body.replace(/["'`,;\\\t ]/g, ''),
  },
  {
    what: 'contains invisible characters, such as zero-width spaces',
    hint: `a web page or a chat program put them in; ${copyAgain}`,
    undo: (body) => body.replace(/[\u00ad\u200b-\u200f\u2028\u2029\u2060\ufeff]/g, ''),
  },
]

/** A body may well have /n in it: only what is at the end of each line is an escape. */
function withoutSlashN(body: string): string {
  const lines =
    body
      .replace(/\s+/g, '')
      .replace(/^\/n/, '')
      .match(/.{1,66}/g) ?? []
  const isEverywhere = lines.length > 2 && lines.slice(0, -1).every((line) => line.endsWith('/n'))
  return isEverywhere ? lines.map((line) => line.replace(/\/n$/, '')).join('') : body
}

/** Without what is in front of each line; unchanged where a line does not have it. The line of BEGIN is not part of it. */
function withoutPrefix(body: string, prefix: RegExp): string {
  const [, ...lines] = body.split('\n')
  const isEverywhere = lines.slice(0, -1).every((line) => prefix.test(line))
  return isEverywhere ? lines.map((line) => line.replace(prefix, '')).join('\n') : body
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

function assertAlphabet(characters: string, name: string): void {
  const foreign = characters.replace(/={1,2}$/, '').replace(/[A-Za-z0-9+/]+/g, '')
  if (foreign === '') return
  throw new Problem(
    'key-unreadable',
    `has ${counted(foreign.length)} in the body of ${name} that cannot occur there in base64`,
    hintFor(foreign),
  )
}

function hintFor(foreign: string): string {
  if (foreign.includes('***')) {
    return 'it was copied from a log, where the runner shows *** in place of secrets; copy the key from the system where it was generated'
  }
  if (/\.{3}|…/.test(foreign)) {
    return 'it is a shortened example; copy the key from the system where it was generated'
  }
  return `other text was mixed into the key; ${copyAgain}`
}

/** Too many characters, or too few: the first bytes declare how many there should be. */
function wrongLength(characters: string, name: string): Problem {
  const extra = characters.length - (declaredLength(characters) ?? characters.length)
  if (extra > 0) {
    return new Problem(
      'key-unreadable',
      `is damaged: the body of ${name} has ${counted(extra)} too many`,
      `something was typed or pasted into the key; ${copyAgain}`,
    )
  }
  const missing = extra < 0 ? `lacks ${counted(-extra)}` : 'lacks some characters'
  return new Problem(
    'key-truncated',
    `is truncated: the body of ${name} ${missing} (${characters.length} is not a multiple of four)`,
    copyAgain,
  )
}

function counted(characters: number): string {
  return characters === 1 ? '1 character' : `${characters} characters`
}
