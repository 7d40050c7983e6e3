import type { IncomingMessage } from 'node:http'

/** A request as it arrived, and how it ended. */
export interface Recorded {
  /** Counts from 1, in the order in which the requests were completely received. */
  readonly number: number
  readonly method: string
  /** Percent-decoded, without the query. */
  readonly path: string
  /** Exactly as in the request line, without an origin. */
  readonly rawPath: string
  /** The parts between the slashes, decoded afterwards: an encoded slash does not separate parts. */
  readonly segments: readonly string[]
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  /** A test may replace it before the request takes effect. */
  bytes: Buffer
  readonly body: string
  readonly time: Date
  /** The status of the answer; null until it is sent. */
  status: number | null
  /** Whether the request took effect, even if its sender got no answer or an error. */
  applied: boolean
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text and bytes are sent unchanged, anything else as JSON. */
  readonly body?: unknown
}

/** Receives a request completely. The server numbers it afterwards. */
export async function record(incoming: IncomingMessage): Promise<Omit<Recorded, 'number'>> {
  const time = new Date()
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  // A client that uses this server as its proxy sends the whole address.
  const rawPath = (incoming.url ?? '/').replace(/^http:\/\/[^/]+/, '')
  const [path = '/', query = ''] = rawPath.split(/\?(.*)/s)
  const segments = path.split('/').slice(1).map(decode)
  return {
    method: incoming.method ?? 'GET',
    path: `/${segments.join('/')}`,
    rawPath,
    segments,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    ),
    bytes,
    body: bytes.toString('utf8'),
    time,
    status: null,
    applied: false,
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
