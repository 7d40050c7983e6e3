import { Problem, type ProblemCode } from '../../domain/problem.ts'

interface Mistake {
  readonly signs: RegExp
  readonly code?: ProblemCode
  readonly fact: string
  readonly hint: string
}

const again =
  'copy the token again, into a secret, and pass it as it was copied: only the token itself, on one line'

/** What to do with a private key where a token or a Client ID belongs: most likely, it is the App's. */
export const keyIsMisplaced =
  'pass the private key of a GitHub App as app-private-key, with its Client ID as app-client-id; if it is an Amazon Pay key, treat it as compromised and generate a new one'

/** What is no token of GitHub's, whatever a token may look like in future; the first that fits is reported. */
const mistakes: readonly Mistake[] = [
  {
    signs: /^\s*$/,
    code: 'token-missing',
    fact: 'is empty',
    hint: 'check that the secret exists, and that the job names its environment; runs from forks and of Dependabot receive no secrets',
  },
  {
    signs: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/,
    code: 'key-wrong-half',
    fact: 'contains a private key, not a token',
    hint: keyIsMisplaced,
  },
  {
    signs: /-----BEGIN |^ssh-[a-z0-9]+ /,
    fact: 'contains a key or a certificate, not a token',
    hint: again,
  },
  {
    signs: /\$\{\{|\}\}/,
    fact: 'contains an expression that was not evaluated',
    hint: 'write the expression in the workflow file, as the whole value of the input: it is not evaluated inside a secret or a script',
  },
  {
    signs: /^\s*(\$\w+|\$\{\w|\$\(|%\w+%\s*$|op:\/\/|vault:|secret:)/,
    fact: 'contains a reference to a value, not the value',
    hint: 'resolve the reference in an earlier step, and pass its result',
  },
  {
    signs: /^\s*\*+\s*$/,
    fact: 'contains only asterisks: a masked value was copied from a log',
    hint: 'copy the token from the page that shows it once, when it is made',
  },
  {
    signs: /^\s*(authorization\s*:|bearer\s|token\s|basic\s)/i,
    fact: 'begins with the name of an authentication scheme',
    hint: 'pass only the token itself, without Bearer, token or Basic in front',
  },
  { signs: /^\s*["'`“‘«{[]|["'`”’»}\]]\s*$/, fact: 'contains quotes or brackets', hint: again },
  { signs: /\s/, fact: 'contains a space or a line break', hint: again },
  {
    signs: /^(Iv\d+\.?\w{8,}|\d{1,9})$/,
    fact: 'contains the Client ID or App ID of a GitHub App, not a token',
    hint: 'pass it as app-client-id, with the private key of that App as app-private-key',
  },
  {
    signs: /^(null|undefined|none|true|false|\[object Object\])$/i,
    fact: 'contains a word that means “no value”',
    hint: 'check the step whose output is passed as token',
  },
  { signs: /[^\x21-\x7e]/, fact: 'contains a character that no token has', hint: again },
]

/**
 * Refuses what cannot be a token, before it is sent anywhere. Facts have no subject and never quote the text.
 * @throws Problem
 */
export function assertToken(text: string): void {
  const mistake = mistakes.find(({ signs }) => signs.test(text))
  if (mistake) throw new Problem(mistake.code ?? 'token-rejected', mistake.fact, mistake.hint)
}
