import { readPayEnvironment, readRegion } from '../domain/amazon-pay/region.ts'
import { Problem, type Warning } from '../domain/problem.ts'
import { readPrefix } from '../domain/rotation/slots.ts'
import { quoted } from '../domain/text.ts'
import {
  type AmazonPayCheck,
  type Command,
  commandNames,
  type Inputs,
  type TargetSpec,
} from '../ports.ts'
import { readTargets } from './targets.ts'
import {
  invalid,
  readBoolean,
  readChoice,
  readFingerprint,
  readWholeNumber,
  readWorkflowFile,
} from './values.ts'

const all = commandNames
const changing: readonly Command[] = ['generate', 'activate', 'rollback', 'retire', 'adopt']
const keyed: readonly Command[] = ['generate', 'validate', 'activate']
const checks: readonly AmazonPayCheck[] = ['require', 'warn', 'off']
const verifying: readonly Command[] = ['validate', 'activate', 'rollback', 'adopt']

/** Which commands use each input, and its default in action.yml (a test compares the two). */
export const inputUse = {
  command: { by: all, otherwise: '' },
  token: { by: all, otherwise: '' },
  'app-client-id': { by: all, otherwise: '' },
  'app-private-key': { by: all, otherwise: '' },
  repository: { by: all, otherwise: null },
  environment: { by: all, otherwise: '' },
  organization: { by: all, otherwise: '' },
  visibility: { by: ['generate', 'activate'], otherwise: '' },
  prefix: { by: all, otherwise: 'AMAZON_PAY' },
  region: { by: all, otherwise: '' },
  'pay-environment': { by: all, otherwise: '' },
  // One workflow passes all three slots to every command, so a slot that a command does not use is no warning.
  'next-private-key': { by: all, otherwise: '' },
  'current-private-key': { by: all, otherwise: '' },
  'previous-private-key': { by: all, otherwise: '' },
  'private-key': { by: ['validate', 'generate'], otherwise: '' },
  'private-key-passphrase': { by: ['validate', 'generate'], otherwise: '' },
  'public-key': { by: ['validate'], otherwise: '' },
  'public-key-id': { by: [...verifying, 'retire'], otherwise: '' },
  'amazon-pay-check': { by: verifying, otherwise: '' },
  'keep-previous': { by: ['activate', 'rollback'], otherwise: 'true' },
  'replace-staged': { by: ['generate', 'rollback'], otherwise: '' },
  redeploy: { by: ['activate', 'rollback'], otherwise: '' },
  'max-age-days': { by: ['status'], otherwise: '90' },
  artifact: { by: keyed, otherwise: '' },
  'retention-days': { by: keyed, otherwise: '0' },
  'dry-run': { by: changing, otherwise: 'false' },
} as const satisfies Record<string, { by: readonly Command[]; otherwise: string | null }>

export type InputName = keyof typeof inputUse

export const inputNames = Object.keys(inputUse) as InputName[]

/** Inputs that may contain a private key. In any other input, a private key is refused. */
export const keyInputs = [
  'next-private-key',
  'current-private-key',
  'previous-private-key',
  'private-key',
  'app-private-key',
] as const satisfies readonly InputName[]

/** Inputs exactly as the runner passes them. */
export type RawInputs = Readonly<Record<InputName, string>>

/** How the step signs in to GitHub. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'app'; readonly clientId: string; readonly privateKey: string }

/** What to do, with which credentials, in which targets. */
export interface Order {
  readonly inputs: Inputs
  readonly credentials: Credentials
  readonly targets: readonly TargetSpec[]
}

/** Where a person creates what is missing: GitHub's forms, filled in for these targets. */
export type FormsFor = (
  targets: readonly TargetSpec[],
  redeploy: boolean,
) => { readonly app: string; readonly token: string }

/**
 * @throws Problem `input-missing`, `input-invalid` or `token-missing`, naming the input
 */
export function readOrder(raw: RawInputs, formsFor: FormsFor): Order {
  const text = (name: InputName): string => raw[name].trim()
  const unchanged = (name: InputName): string | null => (text(name) === '' ? null : raw[name])
  const command = readCommand(text('command'))
  const named = () =>
    readTargets({
      repositories: raw.repository,
      environment: text('environment'),
      organization: text('organization'),
      visibility: text('visibility'),
    })
  const credentials = readCredentials(raw, command, () =>
    formsFor(named(), text('redeploy') !== ''),
  )
  const targets = credentials.kind === 'none' ? [] : named()
  const inputs: Inputs = {
    command,
    repositories: targets
      .flatMap((target) =>
        target.kind === 'organization' ? target.repositories : [target.repository],
      )
      .sort(),
    environment: text('environment') || null,
    organization: text('organization') || null,
    prefix: readPrefix(raw.prefix),
    region: readRegion(raw.region),
    payEnvironment: readPayEnvironment(raw['pay-environment']),
    slotKeys: {
      current: unchanged('current-private-key'),
      next: unchanged('next-private-key'),
      previous: unchanged('previous-private-key'),
    },
    privateKey: unchanged('private-key'),
    // It may consist of blanks.
    passphrase: raw['private-key-passphrase'] || null,
    publicKey: unchanged('public-key'),
    publicKeyId: text('public-key-id') || null,
    amazonPayCheck:
      readChoice('amazon-pay-check', text('amazon-pay-check'), checks) ??
      (command === 'validate' ? 'warn' : 'require'),
    keepPrevious: readBoolean('keep-previous', text('keep-previous')),
    replaceStaged: readFingerprint('replace-staged', text('replace-staged')),
    redeploy: readWorkflowFile('redeploy', text('redeploy')),
    maxAgeDays: readWholeNumber('max-age-days', text('max-age-days'), { from: 1, to: 3650 }),
    artifact:
      text('artifact') === '' ? command === 'generate' : readBoolean('artifact', text('artifact')),
    retentionDays:
      readWholeNumber('retention-days', text('retention-days'), { from: 0, to: 400 }) || null,
    dryRun: readBoolean('dry-run', text('dry-run')),
  }
  return { inputs, credentials, targets }
}

/** Warnings for inputs that are set and that the command does not use. */
export function unusedInputs(raw: RawInputs, command: Command): Warning[] {
  return inputNames
    .filter((name) => {
      const { by, otherwise }: { by: readonly Command[]; otherwise: string | null } = inputUse[name]
      const value = raw[name].trim()
      // A deploy is set once in the workflow, for all commands of its form.
      const unused = !by.includes(command) && name !== 'redeploy'
      return unused && value !== '' && value !== otherwise
    })
    .map((name) => ({
      fact: `${name} is set, but command: ${command} does not use it`,
      hint: `remove ${name}, or check whether you meant another command`,
    }))
}

function readCommand(text: string): Command {
  const hint = `set command to one of ${commandNames.join(', ')}`
  if (text === '') throw new Problem('input-missing', 'command is empty', hint)
  const command = commandNames.find((name) => name === text)
  if (command) return command
  throw invalid(`command is ${quoted(text)}`, hint)
}

/** Either a token, or the credentials of a GitHub App; `validate` needs neither. */
function readCredentials(
  raw: RawInputs,
  command: Command,
  forms: () => ReturnType<FormsFor>,
): Credentials {
  const token = raw.token.trim()
  const clientId = raw['app-client-id'].trim()
  const privateKey = raw['app-private-key']
  const hasKey = privateKey.trim() !== ''
  if (token !== '' && (clientId !== '' || hasKey)) {
    throw invalid(
      'token is set together with app-client-id or app-private-key',
      'pass either token, or app-client-id and app-private-key',
    )
  }
  if (token !== '') return { kind: 'token', token: raw.token }
  if (clientId !== '' && hasKey) return { kind: 'app', clientId, privateKey }
  if (command === 'validate' && clientId === '' && !hasKey) return { kind: 'none' }
  throw clientId === '' && !hasKey ? missing(command, forms()) : halfMissing(hasKey)
}

function missing(command: Command, { app, token }: ReturnType<FormsFor>): Problem {
  return new Problem(
    'token-missing',
    `token, app-client-id and app-private-key are empty, but command: ${command} needs access to GitHub secrets`,
    `if the workflow passes them already, check that the job names the environment that stores them (runs of forks and of Dependabot receive no secrets); otherwise register a GitHub App (pre-filled form: ${app}) and pass app-client-id and app-private-key, or, to try the action, create a fine-grained token (pre-filled form: ${token}) and pass token; GITHUB_TOKEN can never write secrets`,
  )
}

function halfMissing(hasKey: boolean): Problem {
  const [empty, given] = hasKey
    ? ['app-client-id', 'app-private-key']
    : ['app-private-key', 'app-client-id']
  return new Problem(
    'token-missing',
    `${empty} is empty, but ${given} is set`,
    `pass both; if the workflow passes them already, check that the job names the environment that stores ${empty === 'app-private-key' ? 'the secret' : 'the variable'}`,
  )
}
