import type { GitHub } from '../../rehearsal/github.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into is what it expects
  readonly body: any
}

/** Sends a request such as `GET /repos/acme/shop`, with a token of this GitHub or another credential. */
export async function askGitHub(
  github: GitHub,
  line: string,
  body?: unknown,
  token = github.token,
): Promise<Reply> {
  const [method = '', path = ''] = line.split(' ')
  const response = await fetch(github.apiUrl + path, {
    method,
    headers: { authorization: `token ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}
