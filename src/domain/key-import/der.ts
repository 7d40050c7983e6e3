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

/** The one element that the bytes are, from the first to the last. */
export function soleElement(bytes: Buffer): Der {
  const { element, end } = readElement(bytes, 0)
  if (end > bytes.length) throw new DerError('truncated', end - bytes.length)
  if (end < bytes.length) throw new DerError('trailing', bytes.length - end)
  return element
}

/** The elements inside one of the given tag. */
export function children(der: Der | undefined, expected: number = tag.sequence): Der[] {
  if (der?.tag !== expected) throw new DerError('malformed')
  const elements: Der[] = []
  for (let offset = 0; offset < der.content.length; ) {
    const { element, end } = readElement(der.content, offset)
    if (end > der.content.length) throw new DerError('malformed')
    elements.push(element)
    offset = end
  }
  return elements
}

/** A non-negative INTEGER in its shortest form, as its bytes without a sign. */
export function unsigned(der: Der | undefined): Buffer {
  if (der?.tag !== tag.integer) throw new DerError('malformed')
  const [first, second] = der.content
  if (first === undefined || first >= 0x80) throw new DerError('malformed')
  if (first !== 0) return der.content
  if (second !== undefined && second < 0x80) throw new DerError('malformed')
  return der.content.subarray(1)
}

/** A small INTEGER, such as a version or an iteration count; Infinity when it does not fit. */
export function count(der: Der | undefined): number {
  const bytes = unsigned(der)
  return bytes.length > 6 ? Number.POSITIVE_INFINITY : Number(`0x0${bytes.toString('hex')}`)
}

export function octets(der: Der | undefined): Buffer {
  if (der?.tag !== tag.octetString) throw new DerError('malformed')
  return der.content
}

/** The bytes of a BIT STRING that has no unused bits. */
export function bits(der: Der | undefined): Buffer {
  if (der?.tag !== tag.bitString || der.content[0] !== 0) throw new DerError('malformed')
  return der.content.subarray(1)
}

/** An OBJECT IDENTIFIER in dots. */
export function oid(der: Der | undefined): string {
  if (der?.tag !== tag.oid || der.content.length === 0) throw new DerError('malformed')
  const arcs: number[] = []
  let arc = 0
  for (const byte of der.content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...rest].join('.')
}

function readElement(bytes: Buffer, offset: number): { element: Der; end: number } {
  const [elementTag, length] = [bytes[offset], bytes[offset + 1]]
  if (elementTag === undefined) throw new DerError('malformed')
  // Keys need no tag numbers above 30, which take more than one byte.
  if ((elementTag & 0x1f) === 0x1f) throw new DerError('malformed')
  if (length === undefined) throw new DerError('truncated', 1)
  const start = offset + 2
  if (length < 0x80) return element(elementTag, bytes, start, length)
  const size = length & 0x7f
  // 0 would be the indefinite length of BER; three bytes count up to 16 MiB.
  if (size === 0 || size > 3) throw new DerError('malformed')
  if (start + size > bytes.length) throw new DerError('truncated', start + size - bytes.length)
  const value = bytes.readUIntBE(start, size)
  if (value < 0x80 || value < 2 ** (8 * (size - 1))) throw new DerError('malformed')
  return element(elementTag, bytes, start + size, value)
}

function element(elementTag: number, bytes: Buffer, start: number, length: number) {
  const end = start + length
  return { element: { tag: elementTag, content: bytes.subarray(start, end) }, end }
}
