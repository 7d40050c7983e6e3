/**
 * A small strict reader of DER (X.690): definite lengths in their shortest form, and no byte left over.
 * OpenSSL tolerates more, so that one text could be read as two different keys; that is refused here.
 */

export const tag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  context0: 0xa0,
  context1: 0xa1,
  primitive1: 0x81,
} as const

export interface Der {
  readonly tag: number
  readonly content: Buffer
}

/** How bytes fail to be DER: they stop too early, go on after the end, or break a rule. */
type DerFault = 'truncated' | 'trailing' | 'malformed'

export class DerError extends Error {
  override readonly name = 'DerError'
  readonly fault: DerFault
  /** Bytes that are missing or left over. */
  readonly bytes: number

  constructor(fault: DerFault, bytes = 0) {
    super(`${fault} DER`)
    this.fault = fault
    this.bytes = bytes
  }
}

/** The elements of the one SEQUENCE that the bytes are, from the first to the last. */
export function membersOf(bytes: Buffer): Der[] {
  const { element, end } = readElement(bytes, 0)
  if (end > bytes.length) throw new DerError('truncated', end - bytes.length)
  if (end < bytes.length) throw new DerError('trailing', bytes.length - end)
  return children(element)
}

/** The elements inside a SEQUENCE. */
export function children(der: Der | undefined): Der[] {
  const content = contentOf(der, tag.sequence)
  const elements: Der[] = []
  for (let offset = 0; offset < content.length; ) {
    const { element, end } = readElement(content, offset)
    if (end > content.length) throw new DerError('malformed')
    elements.push(element)
    offset = end
  }
  return elements
}

export function contentOf(der: Der | undefined, expected: number): Buffer {
  if (der?.tag !== expected) throw new DerError('malformed')
  return der.content
}

/** The bytes of a number above zero without its sign; an SSH number (RFC 4251 §5) follows the same rules. */
export function positive(number: Buffer): Buffer {
  const bytes = unsigned(number)
  if (bytes.length === 0) throw new DerError('malformed')
  return bytes
}

/** Nothing is left of zero. */
function unsigned(number: Buffer): Buffer {
  const [first = 0xff, second = 0xff] = number
  const isShortest = first < 0x80 && (first > 0 || second >= 0x80)
  if (!isShortest) throw new DerError('malformed')
  return first === 0 ? number.subarray(1) : number
}

/** A small INTEGER, such as a version or an iteration count; Infinity when it does not fit. */
export function count(der: Der | undefined): number {
  const bytes = unsigned(contentOf(der, tag.integer))
  return bytes.length > 6 ? Number.POSITIVE_INFINITY : Number(`0x0${bytes.toString('hex')}`)
}

/** The bytes of a BIT STRING that has no unused bits. */
export function bits(der: Der | undefined): Buffer {
  const content = contentOf(der, tag.bitString)
  if (content[0] !== 0) throw new DerError('malformed')
  return content.subarray(1)
}

/** An OBJECT IDENTIFIER in dots. */
export function oid(der: Der | undefined): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of contentOf(der, tag.oid)) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [first, ...rest] = arcs
  if (first === undefined) throw new DerError('malformed')
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...rest].join('.')
}

/** How the content of a SEQUENCE begins, in hex, of bytes that may be truncated; null where they are no SEQUENCE. */
export function sequenceHead(bytes: Buffer): string | null {
  const head = bytes.subarray(0, 32).toString('hex')
  return /^30(?:[0-7].|81..|82....|83.{6})(.*)/.exec(head)?.[1] ?? null
}

function readElement(bytes: Buffer, offset: number): { element: Der; end: number } {
  const [elementTag, length] = bytes.subarray(offset)
  // Keys need no tag numbers above 30, which take more than one byte.
  if (elementTag === undefined || (elementTag & 0x1f) === 0x1f) throw new DerError('malformed')
  if (length === undefined) throw new DerError('truncated', 1)
  // 0 would be the indefinite length of BER; three bytes count up to 16 MiB.
  const size = length < 0x80 ? 0 : length & 0x7f
  if (length === 0x80 || size > 3) throw new DerError('malformed')
  const start = offset + 2 + size
  if (start > bytes.length) throw new DerError('truncated', start - bytes.length)
  const value = size === 0 ? length : bytes.readUIntBE(offset + 2, size)
  const isShortest = size === 0 || (value >= 0x80 && value >= 2 ** (8 * (size - 1)))
  if (!isShortest) throw new DerError('malformed')
  const end = start + value
  return { element: { tag: elementTag, content: bytes.subarray(start, end) }, end }
}
