import type { Problem } from '../problem.ts'
import { truncated, unreadable } from './faults.ts'
import { copyAgain } from './hints.ts'

/** What is between two encapsulation boundaries, as text. */
interface EncapsulatedText {
  readonly label: string
  readonly text: string
  /** Where the block starts and ends in the text that it was found in. */
  readonly start: number
  readonly end: number
}

/** Encapsulation boundaries, anywhere: line ends may be lost. RFC 4716 (SSH2) has four hyphens and a space. */
const boundary = /-----(BEGIN|END) ([^\n-]{1,64})-----|---- (BEGIN|END) (SSH2 [A-Z ]{1,40}) ----/g

export function hasBoundary(text: string): boolean {
  return text.search(boundary) !== -1
}

/**
 * The blocks of a text, in order. What is before, between and after them is explanatory text.
 * @throws Problem `key-truncated` or `key-unreadable`
 */
export function encapsulatedTexts(text: string): EncapsulatedText[] {
  const blocks: EncapsulatedText[] = []
  let open: { label: string; start: number; body: number } | null = null
  for (const match of text.matchAll(boundary)) {
    const label = (match[2] ?? match[4] ?? '').trim()
    const [start, end] = [match.index, match.index + match[0].length]
    if ((match[1] ?? match[3]) === 'BEGIN') {
      if (open) throw begunInside(text.slice(open.body, start), open.label, label)
      open = { label, start, body: end }
      continue
    }
    if (!open) throw damagedBoundary(text, 'BEGIN') ?? unbegun(label)
    if (open.label !== label) throw misended(open.label, label)
    blocks.push({ label, text: text.slice(open.body, start), start: open.start, end })
    open = null
  }
  if (open) throw unended(text.slice(open.body), open.label)
  return blocks
}

/** One block (RFC 7468), strictly: LF, 64 columns, from byte 0 to one newline. */
export function pemOf(label: string, der: Buffer, headers = ''): string {
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN ${label}-----\n${headers}${lines}-----END ${label}-----\n`
}

/** A label as a message may show it: a label of RFC 7468, or only that there is one. */
export function shown(label: string): string {
  return /^[A-Z0-9. ]{1,40}$/.test(label) ? label : '(an unknown label)'
}

/** A BEGIN or END line that is there, but not as a boundary: a lost hyphen is not a lost line. */
function damagedBoundary(text: string, kind: 'BEGIN' | 'END'): Problem | null {
  if (!new RegExp(`${kind} ?[A-Z0-9 ]{0,40}KEY`, 'i').test(text.replace(boundary, ''))) return null
  return unreadable(
    `has a damaged ${kind} line: it takes five hyphens, ${kind}, a space, the label and five hyphens`,
    `a hyphen or a space is missing, or was replaced; ${copyAgain}`,
  )
}

function begunInside(between: string, outer: string, inner: string): Problem {
  if (between.trim() !== '') return unended(between, outer)
  return unreadable(
    `has BEGIN ${shown(inner)} directly inside BEGIN ${shown(outer)}: a PEM file was wrapped in another pair of BEGIN and END lines`,
    'remove the outer BEGIN and END lines, so that one BEGIN line and one END line are left',
  )
}

function unended(rest: string, label: string): Problem {
  const fact = `is truncated: BEGIN ${shown(label)} has no END ${shown(label)}`
  const hint = 'the end of the key is missing, often because only the first line was copied'
  return damagedBoundary(rest, 'END') ?? truncated(fact, `${hint}; ${copyAgain}`)
}

function unbegun(label: string): Problem {
  return truncated(
    `is truncated: END ${shown(label)} has no BEGIN ${shown(label)}`,
    `the beginning of the key is missing; ${copyAgain}`,
  )
}

function misended(begin: string, end: string): Problem {
  return unreadable(
    `begins with BEGIN ${shown(begin)} and ends with END ${shown(end)}`,
    `two files were mixed, or one line was edited; ${copyAgain}`,
  )
}
