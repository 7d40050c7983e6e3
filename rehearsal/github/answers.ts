import type { Answer, Recorded } from '../request.ts'

export const ok = (body: unknown): Answer => ({ status: 200, body })

export const noContent: Answer = { status: 204 }

export function failure(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: `${status}` }
  return { status, headers, body }
}

export const notFound = failure(404, 'Not Found')

/** GitHub's answer to too many requests in a short time, with or without the seconds to wait. */
export function secondaryRateLimit(retryAfter?: number, status: 403 | 429 = 403): Answer {
  return failure(
    status,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
  )
}

/** GitHub's answer when the requests of the hour are used up, until `reset`. */
export function primaryRateLimit(reset: Date, status: 403 | 429 = 403): Answer {
  return failure(status, 'API rate limit exceeded for installation ID 1.', {
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.ceil(reset.getTime() / 1000)),
  })
}

/** Answers with 403 for other reasons than a missing permission. Each needs a next step of its own. */
export const forbidden = {
  samlSingleSignOn: (organization: string): Answer =>
    failure(
      403,
      'Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.',
      {
        'x-github-sso': `required; url=https://github.com/orgs/${organization}/sso?authorization_request=A`,
      },
    ),
  ipAllowList: (organization: string): Answer =>
    failure(
      403,
      `Although you appear to have the correct authorization credentials, the \`${organization}\` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.`,
    ),
  tokenLifetime: (organization: string): Answer =>
    failure(
      403,
      `The '${organization}' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days. Please adjust your token's lifetime at the following URL: https://github.com/settings/personal-access-tokens/1`,
    ),
  archived: (): Answer => failure(403, 'Repository was archived so is read-only.'),
}

/** The body of a request; undefined if it is not a JSON object. */
export function readJson({ body }: Recorded): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** One page of a list, and its `link` header. */
export function page<T>(
  request: Recorded,
  all: readonly T[],
  { usual, max }: { readonly usual: number; readonly max: number },
) {
  const number = (name: string, otherwise: number) =>
    Math.max(1, Number(request.query.get(name) ?? otherwise) || otherwise)
  const size = Math.min(max, number('per_page', usual))
  const current = number('page', 1)
  const last = Math.max(1, Math.ceil(all.length / size))
  const link = (rel: string, to: number) => {
    const query = new URLSearchParams(request.query)
    query.set('page', String(to))
    return `<http://${request.headers.host}${request.rawPath.split('?')[0]}?${query}>; rel="${rel}"`
  }
  const links = [
    ...(current > 1 ? [link('prev', current - 1), link('first', 1)] : []),
    ...(current < last ? [link('next', current + 1), link('last', last)] : []),
  ]
  const headers: Readonly<Record<string, string>> =
    links.length > 0 ? { link: links.join(', ') } : {}
  return { items: all.slice((current - 1) * size, current * size), headers }
}
