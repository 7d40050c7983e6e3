import { Problem } from '../problem.ts'

/** RFC 7468: a label and the bytes under it. */
export interface PemBlock {
  readonly label: string
  readonly der: Buffer
}

/** What stands between two encapsulation boundaries, as text. */
export interface EncapsulatedText {
  readonly label: string
  readonly text: string
  /** Where the block starts and ends in the text that it was found in. */
  readonly start: number
  readonly end: number
}

/**
 * Encapsulation boundaries, wherever they stand: line ends may be lost. RFC 4716 (SSH2) has four dashes and
 * a blank.
 */
const boundary = /-----(BEGIN|END) ([^\n-]{1,64})-----|---- (BEGIN|END) (SSH2 [A-Z ]{1,40}) ----/g

export function hasBoundary(text: string): boolean {
  return text.search(boundary) !== -1
}

/**
 * The blocks of a text, in order. What stands before, between and after them is explanatory text.
 * @throws Problem `key-truncated` or `key-unreadable`
 */
export function encapsulatedTexts(text: string, input: string): EncapsulatedText[] {
  const blocks: EncapsulatedText[] = []
  let open: { label: string; start: number; body: number } | null = null
  for (const match of text.matchAll(boundary)) {
    const kind = match[1] ?? match[3]
    const label = (match[2] ?? match[4] ?? '').trim()
    if (kind === 'BEGIN') {
      if (open) throw unended(input, open.label)
      open = { label, start: match.index, body: match.index + match[0].length }
      continue
    }
    if (!open) throw unbegun(input, label)
    if (open.label !== label) throw misended(input, open.label, label)
    const end = match.index + match[0].length
    blocks.push({ label, text: text.slice(open.body, match.index), start: open.start, end })
    open = null
  }
  if (open) throw unended(input, open.label)
  return blocks
}

/**
 * Strict base64: its own alphabet, whole groups, no stray bits. Blanks and line ends may stand anywhere.
 * @throws Problem `key-truncated` or `key-unreadable`
 */
export function decodeBody(body: string, label: string, input: string): Buffer {
  const characters = body.replace(/\s+/g, '')
  const name = `BEGIN ${shown(label)}`
  if (characters === '') {
    throw new Problem(
      'key-truncated',
      `${input} has nothing between the first and the last line of ${name}`,
      copyAgain,
    )
  }
  const strange = characters.replace(/={1,2}$/, '').replace(/[A-Za-z0-9+/]+/g, '')
  if (strange !== '') {
    const count = strange.length === 1 ? '1 character' : `${strange.length} characters`
    throw new Problem(
      'key-unreadable',
      `${input} has ${count} in the body of ${name} that base64 does not have there`,
      hintFor(strange),
    )
  }
  if (characters.length % 4 !== 0) {
    throw new Problem(
      'key-truncated',
      `${input} has ${characters.length} characters in the body of ${name}, which is no multiple of four: some are missing`,
      copyAgain,
    )
  }
  const bytes = Buffer.from(characters, 'base64')
  if (bytes.toString('base64') !== characters) {
    throw new Problem(
      'key-unreadable',
      `${input} has a body of ${name} whose last base64 group was changed`,
      copyAgain,
    )
  }
  return bytes
}

/** One block, strictly: LF, 64 columns, from byte 0 to one newline. */
export function pemOf({ label, der }: PemBlock): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.map((line) => `${line}\n`).join('')}-----END ${label}-----\n`
}

/** A label as a message may show it: a label of RFC 7468, or only that there is one. */
export function shown(label: string): string {
  return /^[A-Z0-9. ]{1,40}$/.test(label) ? label : '(an odd label)'
}

export const copyAgain =
  'copy the file again, whole: on Linux and macOS `cat FILE`, on Windows `type FILE`, or without a clipboard `gh secret set NAME < FILE`'

function hintFor(strange: string): string {
  if (strange.includes('***')) {
    return 'this was copied from a log, where the runner hides secrets as ***; take it from where the key was made'
  }
  if (/\.{3}|…/.test(strange)) {
    return 'this is a shortened example; take the key from where it was made'
  }
  return `something was mixed into the key, such as a mail's quote marks or another file's text; ${copyAgain}`
}

function unended(input: string, label: string): Problem {
  return new Problem(
    'key-truncated',
    `${input} has BEGIN ${shown(label)} without its END ${shown(label)}`,
    `the end of the key was lost, often because only the first line was taken; ${copyAgain}`,
  )
}

function unbegun(input: string, label: string): Problem {
  return new Problem(
    'key-truncated',
    `${input} has END ${shown(label)} without BEGIN ${shown(label)}`,
    `the beginning of the key was lost; ${copyAgain}`,
  )
}

function misended(input: string, begin: string, end: string): Problem {
  return new Problem(
    'key-unreadable',
    `${input} begins with BEGIN ${shown(begin)} and ends with END ${shown(end)}`,
    `two files were mixed, or one line was edited; ${copyAgain}`,
  )
}
