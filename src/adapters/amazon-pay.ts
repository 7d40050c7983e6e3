import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { HttpClient } from '@actions/http-client'
import type { Answer } from '../domain/amazon-pay/verdict.ts'
import type { AmazonPay } from '../ports.ts'

const requestTimeout = 10_000
/** Amazon Pay's answers to this request are a line of JSON; what is longer comes from another server. */
const maxBodyBytes = 64 * 1024

/**
 * Amazon Pay's API over HTTPS, through the runner's proxy when there is one.
 * @param override scheme, host and port to send to instead, for rehearsals: what is signed stays the same
 */
export function createAmazonPay(override: URL | null, timeout = requestTimeout): AmazonPay {
  return {
    async send({ host, path, headers }) {
      const client = new HttpClient('amazon-pay-keys', [], {
        allowRedirects: false,
        allowRetries: false,
        socketTimeout: timeout,
      })
      let message: IncomingMessage | undefined
      const exchange = async (): Promise<Answer> => {
        const origin = override?.origin ?? `https://${host}`
        const response = await client.get(`${origin}${path}`, { ...headers })
        message = response.message
        return answerOf(message)
      }
      try {
        // The socket's own timeout starts again with every byte, so that a slow answer would never end.
        const timeIsUp = once(AbortSignal.timeout(timeout), 'abort')
        return await Promise.race([exchange(), timeIsUp.then(() => null)])
      } catch {
        return null
      } finally {
        // dispose() leaves the connection of a proxy open: an answer that never ends would keep the process.
        message?.destroy()
        client.dispose()
      }
    },
  }
}

async function answerOf(message: IncomingMessage): Promise<Answer> {
  const header = (name: string): string | null => {
    const value = message.headers[name]
    return typeof value === 'string' ? value : null
  }
  return {
    status: message.statusCode ?? 0,
    contentType: header('content-type') ?? '',
    body: await bodyOf(message),
    date: header('date'),
    requestId: header('x-amz-pay-request-id'),
  }
}

async function bodyOf(message: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of message) {
    length += chunk.length
    if (length > maxBodyBytes) throw new Error('too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
