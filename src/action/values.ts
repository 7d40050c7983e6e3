import { Problem } from '../domain/problem.ts'
import { quoted } from '../domain/text.ts'

export function invalid(fact: string, hint: string): Problem {
  return new Problem('input-invalid', fact, hint)
}

/** One of a few words; null if it is empty. */
export function readChoice<T extends string>(
  name: string,
  text: string,
  choices: readonly T[],
): T | null {
  const choice = choices.find((each) => each === text)
  if (choice !== undefined || text === '') return choice ?? null
  const list = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(choices)
  throw invalid(`${name} is ${quoted(text)}`, `set ${name} to ${list}, or leave it empty`)
}

/** Booleans of the YAML 1.2 core schema, as GitHub's own toolkit reads them. */
export function readBoolean(name: string, text: string): boolean {
  if (['true', 'True', 'TRUE'].includes(text)) return true
  if (['false', 'False', 'FALSE'].includes(text)) return false
  throw invalid(
    `${name} is ${quoted(text)}, which is not a boolean`,
    `set ${name} to true or false`,
  )
}

export function readWholeNumber(
  name: string,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (number >= from && number <= to) return number
  throw invalid(`${name} is ${quoted(text)}`, `set ${name} to a whole number from ${from} to ${to}`)
}

/** Null if it is empty. */
export function readFingerprint(name: string, text: string): string | null {
  if (text === '') return null
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text
  throw invalid(
    `${name} is ${quoted(text)}, which is not a fingerprint`,
    'copy the fingerprint of the staged key (SHA256: and 43 characters) from its exchange page or from command: status',
  )
}

/** The file name of a workflow; null if it is empty. */
export function readWorkflowFile(name: string, text: string): string | null {
  if (text === '') return null
  const file = text.replace(/^(?:\.\/)?\.github\/workflows\//, '')
  if (/^[\w.-]{1,200}\.ya?ml$/.test(file)) return file
  throw invalid(
    `${name} is ${quoted(text)}, which is not the file name of a workflow`,
    `set ${name} to the name of a file in .github/workflows, for example deploy.yml`,
  )
}

/**
 * The URL of an API, from the step's environment.
 * @throws Problem `input-invalid` unless it is https, or http on a loopback address
 */
export function readApiUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))) {
    return url
  }
  throw invalid(
    `${name} is not an https: URL (http: is allowed on a loopback address only)`,
    `correct ${name} in the step's environment, or remove it`,
  )
}

/**
 * The URL of a test server in place of Amazon Pay, for rehearsals; null if there is none. Its answers must neither change
 * real secrets nor let a deploy pass, so GitHub must be on this machine too.
 * @throws Problem `input-invalid` if one of the two is not on this machine
 */
export function readAmazonPayUrl(text: string | undefined, github: URL): URL | null {
  if (!text) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || !isLoopback(url)) {
    throw invalid(
      'AMAZON_PAY_API_URL is set, but not to a loopback address',
      'remove AMAZON_PAY_API_URL: it is for rehearsals on one machine; to use a proxy, set HTTPS_PROXY',
    )
  }
  if (isLoopback(github)) return url
  throw invalid(
    'AMAZON_PAY_API_URL names a test server in place of Amazon Pay, but GITHUB_API_URL is not on this machine',
    "remove AMAZON_PAY_API_URL from the step's environment, and find out which earlier step set it",
  )
}

export function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  )
}
