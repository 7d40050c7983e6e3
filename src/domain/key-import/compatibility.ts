import type { Warning } from '../problem.ts'
import type { KeyFormat } from './detect.ts'
import { layoutOf, type PemLayout } from './layout.ts'
import { normalize } from './normalize.ts'
import { hasBoundary } from './pem.ts'
import { repairHint } from './repair.ts'

/** The official SDKs whose answers were measured: Node.js 2.3.4, Java 2.6.7, PHP 2.7.2 with phpseclib 3. */
export const sdks = ['Node.js', 'Java', 'PHP'] as const
export type Sdk = (typeof sdks)[number]

/** One way in which a stored key differs from plain PEM, and which SDKs cannot read it then. */
interface Form {
  /** A predicate for “the secret”: “has a byte order mark”. */
  readonly fact: string
  readonly refusedBy: readonly Sdk[]
  /** Whether the answers of the SDKs are known for this form. */
  readonly measured?: false
}

type LayoutForm = readonly [
  fact: string,
  refusedBy: readonly Sdk[],
  is: (layout: PemLayout) => boolean,
]

const node: readonly Sdk[] = ['Node.js']
const php: readonly Sdk[] = ['PHP']
const nodeAndJava: readonly Sdk[] = ['Node.js', 'Java']
const javaAndPhp: readonly Sdk[] = ['Java', 'PHP']

function has64Columns(lines: readonly string[]): boolean {
  const lengths = lines.map((line) => line.trimEnd().length)
  return lengths.slice(0, -1).every((length) => length === 64) && (lengths.at(-1) ?? 0) <= 64
}

const isBlank = (text: string): boolean => /^ *$/.test(text)

/** Every form is tried; what is measured is in __tests__/domain/key-import/compatibility.test.ts. */
const layoutForms: readonly LayoutForm[] = [
  ['has a byte order mark', javaAndPhp, ({ text }) => text.startsWith('\ufeff')],
  ['has literal \\n instead of line breaks', sdks, ({ block }) => block.includes('\\n')],
  ['has backslashes in its body', sdks, ({ block }) => /\\(?!n)/.test(block)],
  ['has quotes around it', sdks, ({ beforeBegin }) => /["'`]\s*$/.test(beforeBegin)],
  [
    'has other characters in front of BEGIN on the same line',
    sdks,
    ({ beforeBegin, isIndented }) =>
      !/^-*$|["'`]\s*$/.test(beforeBegin) && !(isIndented && isBlank(beforeBegin)),
  ],
  [
    'has too many hyphens in front of BEGIN',
    nodeAndJava,
    ({ beforeBegin }) => /^-+$/.test(beforeBegin),
  ],
  [
    'is indented by spaces',
    nodeAndJava,
    ({ beforeBegin, isIndented }) => isIndented && /^ +$/.test(beforeBegin),
  ],
  ['is on one line', nodeAndJava, ({ isOneLine, block }) => isOneLine && !block.includes('\\n')],
  [
    'has the beginning of its body on the same line as BEGIN',
    sdks,
    ({ afterBegin, isOneLine }) => afterBegin.trim() !== '' && !isOneLine,
  ],
  [
    'has other characters in front of END on the same line',
    nodeAndJava,
    ({ beforeEnd, isOneLine, isIndented }) => beforeEnd !== '' && !isOneLine && !isIndented,
  ],
  [
    'has other characters after END on the same line',
    node,
    ({ afterEnd }) => afterEnd.trim() !== '' && !afterEnd.includes(':'),
  ],
  ['has a colon after END on the same line', nodeAndJava, ({ afterEnd }) => afterEnd.includes(':')],
  [
    'has empty lines in its body',
    node,
    ({ bodyLines }) => bodyLines.slice(1).some((line) => line.trim() === ''),
  ],
  // OpenSSL takes the empty line for the end of header lines, as an encrypted key has them, and is strict from there.
  [
    'has an empty line after BEGIN, and then lines of other lengths than 64 characters',
    node,
    ({ bodyLines: [first, ...lines] }) => first?.trim() === '' && !has64Columns(lines),
  ],
  ['has CR line ends', node, ({ text }) => text.includes('\r') && !text.includes('\n')],
  ['has tabs between BEGIN and END', php, ({ block }) => block.includes('\t')],
  [
    'has characters inside its lines that are not printable ASCII, such as non-breaking spaces',
    sdks,
    ({ block }) => /[^\t\n\r -~][^\n\r]*[!-~]/.test(block),
  ],
  [
    'has non-breaking spaces or other characters at the ends of lines that are not ASCII',
    javaAndPhp,
    ({ block }) => /\P{ASCII}[^\n\r!-~]*(?:[\n\r]|$)/u.test(block),
  ],
  [
    'has control characters at the ends of lines, such as form feeds',
    php,
    ({ block }) => /(?![\t\n\r])\p{Cc}[^\n\r!-~]*(?:[\n\r]|$)/u.test(block),
  ],
  [
    'has a public key in front of the private key',
    javaAndPhp,
    ({ before }) => before.includes('-----BEGIN '),
  ],
  [
    'has a public key after the private key',
    php,
    ({ after }) => /-----BEGIN [A-Z ]*PUBLIC KEY/.test(after),
  ],
  [
    'has a public key inside its PKCS#8 structure (version 2)',
    node,
    ({ bodyLines }) =>
      /^3082....020101/.test(
        Buffer.from(bodyLines.join('').slice(0, 16), 'base64').toString('hex'),
      ),
  ],
]

const encrypted = 'is encrypted'

/** Formats and encodings that no SDK can read, whatever the layout. */
function wholeForm(text: string): Form | null {
  const form = (fact: string): Form => ({ fact, refusedBy: sdks })
  const inside = normalize(text)
  if (inside.text.includes('BEGIN OPENSSH PRIVATE KEY')) {
    return form('is in OpenSSH format (BEGIN OPENSSH PRIVATE KEY)')
  }
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: ?4,ENCRYPTED/.test(inside.text)) {
    return form(encrypted)
  }
  if (/^(?:\0.|.\0|\ufffd\ufffd)/.test(text)) return form('is UTF-16')
  if (hasBoundary(text)) return null
  return inside.bytes
    ? form('has no BEGIN and END lines')
    : form('is encoded in base64 once more, as a whole')
}

/** How a stored private key differs from plain PEM in ways that at least one official SDK cannot read. */
function formsOfSecret(text: string): Form[] {
  const whole = wholeForm(text)
  if (whole) return [whole]
  const layout = layoutOf(text)
  const found = layout
    ? layoutForms.flatMap(([fact, refusedBy, is]) => (is(layout) ? [{ fact, refusedBy }] : []))
    : []
  if (found.length > 0 || layout?.isPlain) return found
  return [{ fact: 'is not plain PEM', refusedBy: sdks, measured: false }]
}

/**
 * Warnings for the text of a secret from which a shop reads its private key, where at least one SDK cannot read it: one
 * for each set of SDKs that is not within another.
 * @param secret its name, where it is known: a key that is in a slot cannot be staged again
 */
export function compatibilityWarnings(text: string, secret?: string): Warning[] {
  const forms = formsOfSecret(text)
  const groups = [...new Set(forms.map(({ refusedBy }) => refusedBy.join()))].map((refused) =>
    forms.filter(({ refusedBy }) => refusedBy.join() === refused),
  )
  const largest = groups.filter(([one]) => !forms.some((other) => isWithin(one, other)))
  const orGenerate =
    secret === undefined ? '; `command: generate` with the key as private-key does so too' : ''
  return largest.map((group) => ({
    fact: `${list(group.map(({ fact }) => fact))}: Amazon Pay’s ${sdkList(group)} ${group.every(({ measured }) => measured === false) ? 'may not be able to read it' : 'cannot read it'}`,
    hint: `store the key as plain PEM, ${repairOf(text, secret)}${orGenerate}`,
  }))
}

function isWithin(one: Form | undefined, other: Form): boolean {
  const refusedBy = one?.refusedBy ?? []
  return (
    refusedBy.length < other.refusedBy.length &&
    refusedBy.every((sdk) => other.refusedBy.includes(sdk))
  )
}

function sdkList([first]: readonly Form[]): string {
  const names = first?.refusedBy ?? sdks
  return names.length === 1 ? `SDK for ${names[0]}` : `SDKs for ${list(names)}`
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** How this text is stored as plain PEM. */
export function repairOf(text: string, secret = 'NAME'): string {
  const isRead = formsOfSecret(text).every(
    ({ refusedBy, fact }) => !refusedBy.includes('Node.js') || fact === encrypted,
  )
  return repairHint(text, secret, isRead && hasBoundary(text))
}

/** Warnings for a public key that is right, in a form that Integration Central is not documented to take. */
export function publicKeyWarnings(material: string | Buffer, format: KeyFormat): Warning[] {
  const { layers, text } = normalize(material)
  const raw = material.toString()
  if (/\0/.test(raw) || raw.startsWith('\ufffd\ufffd')) {
    return [
      {
        fact: 'is UTF-16, as Windows PowerShell 5.1 writes what is redirected with >: neither OpenSSL nor a web form can read the file',
        hint: 'paste the public key as this run shows it; in PowerShell 5.1 write it with `ssh-keygen -f privateKey.pem -e -m PKCS8 | Out-File -Encoding ascii publicKey.pub`, or use cmd',
      },
    ]
  }
  const isPlain = raw.replaceAll('\r\n', '\n').trimEnd() === text && layers.length === 2
  const isPem = isPlain && text.startsWith('-----BEGIN')
  const fact = publicFormats[format] ?? (isPem ? null : oddPublic)
  return fact ? [{ fact, hint: 'paste the public key as this run shows it' }] : []
}

const oddPublic =
  'has other characters around or inside the key; Integration Central is documented for plain PEM (BEGIN PUBLIC KEY) only'

const publicFormats: Partial<Record<KeyFormat, string>> = {
  'PKCS#1 public':
    'is in PKCS#1 format (BEGIN RSA PUBLIC KEY); Integration Central is documented for BEGIN PUBLIC KEY only',
  'SSH public':
    'is in SSH format, as ssh-keygen writes privateKey.pem.pub; Integration Central is documented for BEGIN PUBLIC KEY only',
}
