import type { Place, Visibility } from '../adapters/github/target.ts'
import { readPayEnvironment, readRegion } from '../domain/amazon-pay/region.ts'
import { Problem, type Warning } from '../domain/problem.ts'
import { readPrefix } from '../domain/rotation/slots.ts'
import { quoted } from '../domain/text.ts'
import type { AmazonPayCheck, Command, Inputs } from '../ports.ts'

export const commands = ['generate', 'validate', 'activate', 'retire', 'status'] as const

/** What the step was asked, and where it may work. */
export interface Order {
  readonly inputs: Inputs
  readonly token: string
  readonly places: readonly Place[]
}

const stored: readonly Command[] = ['generate', 'activate', 'retire', 'status']
const all = commands
const keyed: readonly Command[] = ['generate', 'validate', 'activate']

/** Which commands use an input, and what action.yml sets it to when the workflow does not (a test compares). */
export const inputUse = {
  command: { by: all, otherwise: '' },
  token: { by: stored, otherwise: '' },
  repository: { by: stored, otherwise: null },
  environment: { by: stored, otherwise: '' },
  organization: { by: stored, otherwise: '' },
  visibility: { by: ['generate', 'activate'], otherwise: '' },
  prefix: { by: all, otherwise: 'AMAZON_PAY' },
  region: { by: all, otherwise: '' },
  'pay-environment': { by: all, otherwise: '' },
  'private-key': { by: keyed, otherwise: '' },
  'private-key-passphrase': { by: keyed, otherwise: '' },
  'public-key': { by: ['validate'], otherwise: '' },
  'public-key-id': { by: ['validate', 'activate'], otherwise: '' },
  'amazon-pay-check': { by: ['validate', 'activate'], otherwise: '' },
  'previous-private-key': { by: ['activate', 'retire'], otherwise: '' },
  'previous-public-key-id': { by: ['activate'], otherwise: '' },
  'keep-previous': { by: ['activate'], otherwise: 'true' },
  'replace-staged': { by: ['generate'], otherwise: '' },
  'max-age-days': { by: ['status'], otherwise: '90' },
  artifact: { by: keyed, otherwise: '' },
  'retention-days': { by: keyed, otherwise: '0' },
  'dry-run': { by: ['generate', 'activate', 'retire'], otherwise: 'false' },
} as const satisfies Record<string, { by: readonly Command[]; otherwise: string | null }>

export type InputName = keyof typeof inputUse

export const inputNames = Object.keys(inputUse) as InputName[]

/** An input exactly as the runner hands it over. */
export type RawInput = (name: InputName) => string

/** Inputs that are private: to be masked before anything is said. */
export function sensitiveInputs(raw: RawInput): { name: InputName; value: string }[] {
  const names = ['private-key', 'private-key-passphrase', 'previous-private-key', 'token'] as const
  return names.map((name) => ({ name, value: raw(name) })).filter(({ value }) => value !== '')
}

/**
 * @throws Problem `input-missing`, `input-invalid` or `token-missing`, naming the input
 */
export function readOrder(raw: RawInput): Order {
  const text = (name: InputName): string => raw(name).trim()
  const command = readCommand(text('command'))
  const token = text('token')
  if (token === '' && command !== 'validate') {
    throw new Problem(
      'token-missing',
      `token is empty, and command: ${command} works on GitHub secrets`,
      'pass the token of a GitHub App with Secrets: write and Variables: write (actions/create-github-app-token), or a fine-grained token with the same; runs of forks and of Dependabot get no secrets',
    )
  }
  const environment = text('environment')
  const places =
    command === 'validate'
      ? []
      : readPlaces({
          repositories: readRepositories(raw('repository')),
          environment,
          organization: text('organization'),
          visibility: readVisibility(text('visibility')),
        })
  const inputs: Inputs = {
    command,
    environment: environment === '' ? null : environment,
    prefix: readPrefix(raw('prefix')),
    region: readRegion(raw('region')),
    payEnvironment: readPayEnvironment(raw('pay-environment')),
    privateKey: raw('private-key'),
    passphrase: raw('private-key-passphrase') === '' ? undefined : raw('private-key-passphrase'),
    publicKey: raw('public-key'),
    publicKeyId: text('public-key-id'),
    amazonPayCheck: readCheck(text('amazon-pay-check'), command),
    previousPrivateKey: raw('previous-private-key'),
    previousPublicKeyId: text('previous-public-key-id'),
    keepPrevious: readBoolean('keep-previous', text('keep-previous')),
    replaceStaged: readFingerprint(text('replace-staged')),
    maxAgeDays: readWholeNumber('max-age-days', text('max-age-days'), { from: 1, to: 3650 }),
    artifact:
      text('artifact') === '' ? command === 'generate' : readBoolean('artifact', text('artifact')),
    retentionDays: readWholeNumber('retention-days', text('retention-days'), { from: 0, to: 400 }),
    dryRun: readBoolean('dry-run', text('dry-run')),
  }
  return { inputs, token, places }
}

/** Inputs that say something which the command will not hear. */
export function unusedInputs(raw: RawInput, command: Command): Warning[] {
  return inputNames
    .filter((name) => {
      const { by, otherwise }: { by: readonly Command[]; otherwise: string | null } = inputUse[name]
      return otherwise !== null && !by.includes(command) && raw(name).trim() !== otherwise
    })
    .filter((name) => raw(name).trim() !== '')
    .map((name) => ({
      fact: `${name} is set, but command: ${command} does not use it`,
      hint: `remove ${name} from this step, or check whether another command was meant`,
    }))
}

function readCommand(text: string): Command {
  if (text === '') {
    throw new Problem(
      'input-missing',
      'command is empty',
      `set command to one of ${commands.join(', ')}`,
    )
  }
  const command = commands.find((command) => command === text)
  if (command) return command
  throw new Problem(
    'input-invalid',
    `command is ${quoted(text)}`,
    `set command to one of ${commands.join(', ')}`,
  )
}

function readRepositories(raw: string): string[] {
  const repositories = raw
    .split(/[\n,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  for (const [index, repository] of repositories.entries()) {
    if (
      !/^[A-Za-z0-9][A-Za-z0-9_-]*\/[A-Za-z0-9._-]+$/.test(repository) ||
      /\/\.{1,2}$/.test(repository)
    ) {
      throw new Problem(
        'input-invalid',
        `repository holds ${quoted(repository)}, which is not owner/name`,
        'write each repository as owner/name, one a line or separated by commas',
      )
    }
    const same = (other: string): boolean => other.toLowerCase() === repository.toLowerCase()
    if (repositories.findIndex(same) !== index) {
      throw new Problem(
        'input-invalid',
        `repository names ${repository} twice`,
        'name each repository once',
      )
    }
  }
  return repositories
}

/** A step for so many takes minutes, at the pace that GitHub asks for: two to stage a key, seven to activate it. */
const mostTargets = 100

function readPlaces(options: {
  repositories: string[]
  environment: string
  organization: string
  visibility: Visibility | null
}): Place[] {
  const { repositories, environment, organization, visibility } = options
  const invalid = (fact: string, hint: string): Problem => new Problem('input-invalid', fact, hint)
  if (organization === '') {
    if (visibility !== null) {
      throw invalid(
        'visibility is set without organization',
        'remove visibility, or name the organization whose secrets are meant',
      )
    }
    if (repositories.length === 0) {
      throw new Problem(
        'input-missing',
        'repository is empty',
        'remove repository to use the one that this workflow runs in, or name one as owner/name',
      )
    }
    if (repositories.length > mostTargets) {
      throw invalid(
        `repository names ${repositories.length} repositories; a step takes at most ${mostTargets}`,
        'spread them over a matrix, or keep the key in an organization secret',
      )
    }
    return repositories.map((repository) =>
      environment === ''
        ? { kind: 'repository', repository }
        : { kind: 'environment', repository, environment },
    )
  }
  if (environment !== '') {
    throw invalid(
      'environment and organization are both set',
      'remove one of them: environments belong to repositories',
    )
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(organization)) {
    throw invalid(
      `organization is ${quoted(organization)}`,
      'write the organization as it stands in its address, without github.com/',
    )
  }
  if (visibility === 'selected') {
    if (repositories.length === 0) {
      throw invalid(
        'visibility is selected, and repository is empty',
        'name in repository the repositories that may read the key, as owner/name',
      )
    }
    const foreign = repositories.find(
      (repository) => !repository.toLowerCase().startsWith(`${organization.toLowerCase()}/`),
    )
    if (foreign) {
      throw invalid(
        `repository names ${foreign}, which does not belong to organization ${organization}`,
        `name repositories of ${organization} only, or choose another visibility`,
      )
    }
  }
  return [{ kind: 'organization', organization, visibility, repositories }]
}

function readVisibility(text: string): Visibility | null {
  if (text === '') return null
  if (text === 'all' || text === 'private' || text === 'selected') return text
  throw new Problem(
    'input-invalid',
    `visibility is ${quoted(text)}`,
    'set visibility to private, all or selected, or leave it empty',
  )
}

function readCheck(text: string, command: Command): AmazonPayCheck {
  if (text === '') return command === 'activate' ? 'require' : 'warn'
  if (text === 'require' || text === 'warn' || text === 'off') return text
  throw new Problem(
    'input-invalid',
    `amazon-pay-check is ${quoted(text)}`,
    'set amazon-pay-check to require, warn or off, or leave it empty',
  )
}

/** Booleans of the YAML 1.2 core schema, as GitHub's own toolkit reads them. */
function readBoolean(name: InputName, text: string): boolean {
  if (['true', 'True', 'TRUE'].includes(text)) return true
  if (['false', 'False', 'FALSE'].includes(text)) return false
  throw new Problem(
    'input-invalid',
    `${name} is ${quoted(text)}, which is not a boolean`,
    `set ${name} to true or false`,
  )
}

function readWholeNumber(
  name: InputName,
  text: string,
  { from, to }: { from: number; to: number },
): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (number >= from && number <= to) return number
  throw new Problem(
    'input-invalid',
    `${name} is ${quoted(text)}`,
    `set ${name} to a whole number from ${from} to ${to}`,
  )
}

function readFingerprint(text: string): string | null {
  if (text === '') return null
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text
  throw new Problem(
    'input-invalid',
    `replace-staged is ${quoted(text)}, which is not a fingerprint`,
    'copy the fingerprint of the staged key, SHA256: and 43 characters, from its exchange page or from command: status',
  )
}

/**
 * An API address from the step's environment.
 * @throws Problem `input-invalid` unless it is https, or http to this very machine
 */
export function readApiUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))) {
    return url
  }
  throw new Problem(
    'input-invalid',
    `${name} is not an https: address (http: is allowed for a loopback address only)`,
    `correct ${name} in the step's environment, or remove it`,
  )
}

/**
 * A stand-in for Amazon Pay, for rehearsals; null when there is none.
 * @throws Problem `input-invalid` when it is not on this machine
 */
export function readAmazonPayUrl(text: string | undefined): URL | null {
  if (!text) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && /^https?:$/.test(url.protocol) && isLoopback(url)) return url
  throw new Problem(
    'input-invalid',
    'AMAZON_PAY_API_URL is set, and not to a loopback address',
    'remove AMAZON_PAY_API_URL: it is for rehearsals on one machine; a proxy belongs into HTTPS_PROXY',
  )
}

export function isLoopback(url: URL): boolean {
  return (
    url.hostname === 'localhost' ||
    url.hostname === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(url.hostname)
  )
}
