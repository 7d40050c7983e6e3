import { sequenceHead } from './der.ts'
import { formatOf } from './detect.ts'
import { orElse } from './faults.ts'
import { sshToPkcs8 } from './hints.ts'
import { normalize } from './normalize.ts'

/**
 * How a private key is stored as plain PEM, printed only where it works on a file with exactly this text. The shell stops
 * before `gh` where a command fails: `gh secret set` stores an empty secret when it reads nothing.
 */
export function repairHint(text: string, secret: string, isReadByOpenSsl: boolean): string {
  const { text: inside } = normalize(text)
  if (inside?.includes('BEGIN OPENSSH PRIVATE KEY')) {
    const isPlain = text.trimEnd() === inside && !text.includes('\r')
    // ssh-keygen ignores a file that others may read, as a saved text usually is.
    const convert = `chmod 600 privateKey.pem && ${sshToPkcs8}`
    return `${isPlain ? withThisText : asGenerated}: \`${convert} && gh secret set ${secret} < privateKey.pem\``
  }
  if (hasLineOfQuotes(text)) return `${asGenerated}: ${withoutQuotes(secret)}`
  const plain = storeCommand('openssl pkey -in privateKey.pem', secret)
  if (isReadByOpenSsl) return `${withThisText}: ${plain}`
  const pipeline = pipelines.find(({ derOf }) => isReadable(derOf(text)))
  return pipeline
    ? `${withThisText}: ${storeCommand(pipeline.command, secret)}`
    : `${asGenerated}: ${plain}`
}

const withThisText = 'with the text as file privateKey.pem'
const asGenerated = 'with the file as it was generated as privateKey.pem'

/** Stores what a command prints, or nothing where it fails. */
function storeCommand(command: string, secret: string): string {
  return `\`key=$(${command}) && printf '%s\\n' "$key" | gh secret set ${secret}\``
}

/**
 * The runner masks each line of a secret. Where one is a quote and nothing else, every quote on the page becomes `***`, and
 * a command with quotes would store something else than the key.
 */
const hasLineOfQuotes = (text: string): boolean => /^\s*["']+\s*$/m.test(text)

const withoutQuotes = (secret: string): string =>
  `\`openssl pkey -in privateKey.pem -out pkcs8.pem && gh secret set ${secret} < pkcs8.pem\``

interface Pipeline {
  readonly command: string
  /** What the command hands to `openssl pkey -inform DER`. */
  readonly derOf: (text: string) => Buffer
}

const keep = "tr -cd 'A-Za-z0-9+/=-'"
const cut = "sed 's/.*-----BEGIN[A-Z]*PRIVATEKEY-----//; s/-----END.*//'"
const decode = 'openssl base64 -d -A'
const load = 'openssl pkey -inform DER'

const pipelines: readonly Pipeline[] = [
  {
    command: `sed 's/\\\\[nr]//g' privateKey.pem | ${keep} | ${cut} | ${decode} | ${load}`,
    derOf: (text) => strictBase64(bodyOf(text.replace(/\\[nr]/g, ''))),
  },
  {
    command: `${keep} < privateKey.pem | ${decode} | ${keep} | ${cut} | ${decode} | ${load}`,
    derOf: (text) => strictBase64(bodyOf(strictBase64(kept(text)).toString('latin1'))),
  },
]

function kept(text: string): string {
  return text.replace(/[^A-Za-z0-9+/=-]/g, '')
}

function bodyOf(text: string): string {
  return kept(text)
    .replace(/^.*-----BEGIN[A-Z]*PRIVATEKEY-----/, '')
    .replace(/-----END.*/, '')
}

/** Empty where a strict decoder fails. */
function strictBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : Buffer.alloc(0)
}

function isReadable(der: Buffer): boolean {
  const format = orElse(null, () => formatOf(der))
  // Not every OpenSSL reads version 2 of PKCS#8, with a public key in it.
  if (format === 'PKCS#8') return sequenceHead(der)?.startsWith('020100') === true
  return format === 'PKCS#1' || format === 'encrypted PKCS#8'
}
