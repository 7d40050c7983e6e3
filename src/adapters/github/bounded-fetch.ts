import { defaults } from '@actions/github/lib/utils'

const megabyte = 1_000_000
/** No answer that this action asks for comes near it; without a bound, one answer could fill the runner's memory. */
const maxAnswerBytes = 10 * megabyte

/** An answer that is longer than anything GitHub sends. */
export class OversizedAnswer extends Error {
  override readonly name = 'OversizedAnswer'

  constructor() {
    super(`an answer of more than ${maxAnswerBytes / megabyte} MB`)
  }
}

/** The part of a response that Octokit reads. */
type Answer = Pick<Response, 'url' | 'status' | 'headers' | 'text' | 'arrayBuffer'>

/** The toolkit's fetch, which honours HTTPS_PROXY and NO_PROXY, for answers of a bounded size. */
export async function boundedFetch(url: string, options: RequestInit): Promise<Answer> {
  const response: Response = await (defaults.request?.fetch ?? fetch)(url, options)
  const bytes = await readBounded(response.body)
  return {
    url: response.url,
    status: response.status,
    headers: response.headers,
    text: async () => new TextDecoder().decode(bytes),
    arrayBuffer: async () => bytes.buffer,
  }
}

/** Counts what was decompressed, not what was sent: a small answer can unpack to a huge one. */
async function readBounded(
  body: ReadableStream<Uint8Array> | null,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    // Leaving the loop cancels the stream, and closes the connection.
    if (length > maxAnswerBytes) throw new OversizedAnswer()
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
