import type { Warning } from '../problem.ts'
import type { Half } from './detect.ts'

/** The shape that a key came in: its container, and what it wore, from the outside in. */
export interface Shape {
  readonly container: Container
  readonly dress: readonly string[]
}

export type Container =
  | 'PKCS#8'
  | 'PKCS#1'
  | 'encrypted PKCS#8'
  | 'encrypted PKCS#1'
  | 'OpenSSH'
  | 'SPKI'
  | 'PKCS#1 public'
  | 'ssh-rsa'
  | 'SSH2'

/** Passphrases below this are too easily found in a page by the runner's mask, which then spoils it. */
export const shortestPassphrase = 8

const everySdk = 'Amazon Pay’s SDKs (Node.js, PHP, Java, .NET, Ruby)'

/** Who rejects which container, as read in the sources of SDKs and plugins; nobody else is known to. */
const containers: Readonly<Record<string, string>> = {
  OpenSSH: `is in OpenSSH form (BEGIN OPENSSH PRIVATE KEY): ${everySdk} reject it, Node.js with 1E08010C DECODER unsupported, PHP by taking it for a path, .NET with “Unsupported private key format”; so does the check of the Magento 2 plugin (“Invalid key”)`,
  'encrypted PKCS#8': `is encrypted (BEGIN ENCRYPTED PRIVATE KEY): ${everySdk} have no place for a passphrase and reject it; so does the check of the Magento 2 plugin (“Invalid key”)`,
  'encrypted PKCS#1': `is encrypted (the old way, with DEK-Info): ${everySdk} have no place for a passphrase and reject it`,
  'PKCS#1':
    'is in PKCS#1 form (BEGIN RSA PRIVATE KEY): the SDKs and the check of the Magento 2 plugin (upload as *.pem) take it, but PKCS#8 is the one form that every SDK and plugin is known to take',
  'PKCS#1 public':
    'is in PKCS#1 form (BEGIN RSA PUBLIC KEY): Integration Central is documented for BEGIN PUBLIC KEY only',
  'ssh-rsa':
    'is an ssh-rsa line, such as ssh-keygen leaves in privateKey.pem.pub: Integration Central is documented for BEGIN PUBLIC KEY only',
  SSH2: 'is in SSH2 form (RFC 4716): Integration Central is documented for BEGIN PUBLIC KEY only',
}

/** Who rejects which dress. */
const dresses: Readonly<Record<string, string>> = {
  'CRLF line ends': 'the check of the Magento 2 plugin rejects (“Invalid key”)',
  'byte order mark': 'the SDK for .NET and the check of the Magento 2 plugin reject',
  'leading blanks': 'the SDK for .NET and the check of the Magento 2 plugin reject',
  'trailing blanks': 'the check of the Magento 2 plugin rejects',
  'text before the key': 'the SDK for .NET and the check of the Magento 2 plugin reject',
  'text after the key': 'the check of the Magento 2 plugin rejects',
  'UTF-16': 'no SDK and no plugin reads',
}

function rejectionOf(worn: string): string {
  return (
    dresses[worn] ??
    'the SDK for Node.js, and whatever else hands it to OpenSSL as it is, rejects (1E08010C DECODER unsupported)'
  )
}

/**
 * Warnings for a key that is right and comes in a shape that Amazon Pay's SDKs, plugins or paste field are
 * known, or not known enough, to take.
 */
export function shapeWarnings(shape: Shape, input: string, half: Half): Warning[] {
  const container = containers[shape.container]
  const facts = [
    ...(container === undefined ? [] : [`${input} ${container}`]),
    ...(half === 'private' ? dressFacts(shape, input) : publicDressFacts(shape, input)),
  ]
  return facts.map((fact) => ({ fact, hint: hintOf(shape, half) }))
}

function dressFacts(shape: Shape, input: string): string[] {
  const rejections = [...new Set(shape.dress.map(rejectionOf))]
  return rejections.map((rejection) => {
    const worn = shape.dress.filter((each) => rejectionOf(each) === rejection)
    return `${input} has ${worn.join(', ')}, which ${rejection}`
  })
}

function publicDressFacts(shape: Shape, input: string): string[] {
  if (shape.dress.includes('UTF-16')) {
    return [
      `${input} is UTF-16, as Windows PowerShell 5.1 writes what is redirected with >: neither OpenSSL nor a web form reads the file`,
    ]
  }
  const odd = shape.dress.filter((each) => !/^(?:CRLF|trailing)/.test(each))
  return odd.length === 0
    ? []
    : [
        `${input} has ${odd.join(', ')}; nothing published says that Integration Central takes it so`,
      ]
}

function hintOf(shape: Shape, half: Half): string {
  if (half === 'public') {
    return shape.dress.includes('UTF-16')
      ? 'paste the public key as this run shows it; in PowerShell 5.1 write it with `ssh-keygen -f privateKey.pem -e -m PKCS8 | Out-File -Encoding ascii publicKey.pub`, or use cmd'
      : 'paste the public key as this run shows it'
  }
  const staged =
    '`command: generate` with it as private-key, or `command: activate`, stores it in the right form'
  return shape.container === 'OpenSSH'
    ? `\`ssh-keygen -p -m PKCS8 -N '' -f privateKey.pem\` rewrites the file (OpenSSH 8.1 or later), then \`gh secret set NAME < privateKey.pem\`; ${staged}`
    : `\`openssl pkey -in privateKey.pem | gh secret set NAME\` stores the right form, where the file is plain PEM; ${staged}`
}

/** Warnings about a passphrase that opened something, or nothing. */
export function passphraseWarnings(
  passphrase: string | undefined,
  encrypted: boolean,
  input: string,
): Warning[] {
  if (passphrase === undefined || passphrase === '') return []
  const warnings: Warning[] = []
  if (!encrypted) {
    warnings.push({
      fact: `${input}-passphrase is given, but ${input} is not encrypted`,
      hint: `leave ${input}-passphrase out, and delete the secret that holds it when nothing else needs it`,
    })
  }
  if (passphrase.length < shortestPassphrase) {
    warnings.push({
      fact: `${input}-passphrase has fewer than ${shortestPassphrase} characters: the runner hides it wherever it occurs, and that spoils the page`,
      hint: 'store the key unencrypted, as Amazon Pay’s SDKs need it anyway, or choose a longer passphrase: `ssh-keygen -p -f privateKey.pem`',
    })
  }
  return warnings
}

/** The same key more than once in one material. */
export function repetition(what: string, input: string): Warning {
  return {
    fact: `${input} holds ${what}; it is taken once`,
    hint: 'store the private key alone: what reads the first key of a file may one day meet another',
  }
}
