import { HttpClient } from '@actions/http-client'
import type { AmazonPay } from '../ports.ts'

const requestTimeout = 10_000
/** No answer of Amazon Pay to the proof is longer; what is, is not Amazon Pay. */
const longestBody = 64 * 1024

/**
 * Amazon Pay's API over HTTPS, through the runner's proxy when there is one.
 * @param override scheme, host and port to send to instead, for rehearsals: what is signed stays the same
 */
export function createAmazonPay(override: URL | null): AmazonPay {
  return {
    async send(request) {
      const client = new HttpClient('amazon-pay-keys', [], {
        allowRedirects: false,
        allowRetries: false,
        socketTimeout: requestTimeout,
      })
      const origin = override?.origin ?? `https://${request.host}`
      let timer: NodeJS.Timeout | undefined
      try {
        const timeout = new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error('timeout')), requestTimeout)
        })
        const { message } = await Promise.race([
          client.get(`${origin}${request.path}`, { ...request.headers }),
          timeout,
        ])
        const body = await Promise.race([bodyOf(message), timeout])
        const header = (name: string): string | null => {
          const value = message.headers[name]
          return typeof value === 'string' ? value : null
        }
        return {
          status: message.statusCode ?? 0,
          contentType: header('content-type') ?? '',
          body,
          date: header('date'),
          requestId: header('x-amz-pay-request-id'),
        }
      } catch {
        return null
      } finally {
        clearTimeout(timer)
        client.dispose()
      }
    },
  }
}

async function bodyOf(message: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of message) {
    length += chunk.length
    if (length > longestBody) throw new Error('too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
