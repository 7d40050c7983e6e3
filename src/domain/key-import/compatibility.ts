import type { Warning } from '../problem.ts'
import { sequenceHead } from './der.ts'
import type { KeyFormat } from './detect.ts'
import { layoutOf, type PemLayout } from './layout.ts'
import { normalize } from './normalize.ts'
import { hasBoundary } from './pem.ts'
import { repairHint } from './repair.ts'

/** The official SDKs whose answers were measured: Node.js 2.3.4, Java 2.6.7, PHP 2.7.2 with phpseclib 3. */
export const sdks = ['Node.js', 'Java', 'PHP'] as const
export type Sdk = (typeof sdks)[number]

/** A way in which a stored key differs from plain PEM, and which SDKs cannot read it then. */
type Form = readonly [
  /** A predicate for “the secret”: “has a byte order mark”. */
  fact: string,
  refusedBy: readonly Sdk[],
]

type LayoutForms = Readonly<Record<string, (layout: PemLayout) => boolean>>

/** Every form is tried; what is measured is in __tests__/domain/key-import/compatibility.test.ts. */
const layoutForms: readonly (readonly [refusedBy: readonly Sdk[], LayoutForms])[] = [
  [
    sdks,
    {
      'has literal \\n instead of line breaks': ({ block }) => block.includes('\\n'),
      'has backslashes in its body': ({ block }) => /\\(?!n)/.test(block),
      'has quotes around it': ({ beforeBegin }) => /["'`]\s*$/.test(beforeBegin),
      'has other characters in front of BEGIN on the same line': ({ beforeBegin, isIndented }) =>
        !/^-*$|["'`]\s*$/.test(beforeBegin) && !(isIndented && /^ *$/.test(beforeBegin)),
      'has the beginning of its body on the same line as BEGIN': ({ afterBegin, isOneLine }) =>
        afterBegin.trim() !== '' && !isOneLine,
      'has characters inside its lines that are not printable ASCII, such as non-breaking spaces':
        ({ block }) => /[^\t\n\r -~][^\n\r]*[!-~]/.test(block),
    },
  ],
  [
    ['Node.js', 'Java'],
    {
      'has too many hyphens in front of BEGIN': ({ beforeBegin }) => /^-+$/.test(beforeBegin),
      'is indented by spaces': ({ beforeBegin, isIndented }) =>
        isIndented && /^ +$/.test(beforeBegin),
      'is on one line': ({ isOneLine, block }) => isOneLine && !block.includes('\\n'),
      'has other characters in front of END on the same line': ({ beforeEnd, isIndented }) =>
        beforeEnd !== '' && !isIndented,
      'has a colon after END on the same line': ({ afterEnd }) => afterEnd.includes(':'),
    },
  ],
  [
    ['Java', 'PHP'],
    {
      'has a byte order mark': ({ text }) => text.startsWith('\ufeff'),
      'has non-breaking spaces or other characters at the ends of lines that are not ASCII': ({
        block,
      }) => /\P{ASCII}[^\n\r!-~]*(?:[\n\r]|$)/u.test(block),
      'has a public key in front of the private key': ({ before }) =>
        before.includes('-----BEGIN '),
    },
  ],
  [
    ['Node.js'],
    {
      'has other characters after END on the same line': ({ afterEnd }) =>
        afterEnd.trim() !== '' && !afterEnd.includes(':'),
      'has empty lines in its body': ({ bodyLines }) =>
        bodyLines.slice(1).some((line) => line.trim() === ''),
      // OpenSSL takes the empty line for the end of header lines, as an encrypted key has them, and is strict from there.
      'has an empty line after BEGIN, and then lines of other lengths than 64 characters': ({
        bodyLines: [first, ...lines],
      }) => first?.trim() === '' && !has64Columns(lines),
      'has CR line ends': ({ text }) => text.includes('\r') && !text.includes('\n'),
      'has a public key inside its PKCS#8 structure (version 2)': ({ bodyLines }) =>
        /^020101/.test(sequenceHead(Buffer.from(bodyLines.join('').slice(0, 16), 'base64')) ?? ''),
    },
  ],
  [
    ['PHP'],
    {
      'has tabs between BEGIN and END': ({ block }) => block.includes('\t'),
      'has control characters at the ends of lines, such as form feeds': ({ block }) =>
        /(?![\t\n\r])\p{Cc}[^\n\r!-~]*(?:[\n\r]|$)/u.test(block),
      'has a public key after the private key': ({ after }) =>
        /-----BEGIN [A-Z ]*PUBLIC KEY/.test(after),
    },
  ],
]

function has64Columns(lines: readonly string[]): boolean {
  const lengths = lines.map((line) => line.trimEnd().length)
  return lengths.slice(0, -1).every((length) => length === 64) && (lengths.at(-1) ?? 0) <= 64
}

const encrypted: Form = ['is encrypted', sdks]
const openSsh: Form = ['is in OpenSSH format (BEGIN OPENSSH PRIVATE KEY)', sdks]
/** The answers of the SDKs are not known for this one. */
const notPlain: Form = ['is not plain PEM', sdks]

/** How a stored private key differs from plain PEM in ways that at least one official SDK cannot read. */
function formsOf(text: string): Form[] {
  const { text: inside } = normalize(text)
  if (inside?.includes('BEGIN OPENSSH PRIVATE KEY')) return [openSsh]
  if (inside && /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: ?4,ENCRYPTED/.test(inside))
    return [encrypted]
  if (/^(?:\0.|.\0|\ufffd\ufffd)/.test(text)) return [['is UTF-16', sdks]]
  if (inside === null && !hasBoundary(text)) return [['has no BEGIN and END lines', sdks]]
  if (!hasBoundary(text)) return [['is encoded in base64 once more, as a whole', sdks]]
  const layout = layoutOf(text)
  if (!layout) return [notPlain]
  const found = layoutForms.flatMap(([refusedBy, forms]) =>
    Object.keys(forms)
      .filter((fact) => forms[fact]?.(layout))
      .map((fact): Form => [fact, refusedBy]),
  )
  return found.length > 0 || layout.isPlain ? found : [notPlain]
}

/** “a, b and c” */
const and = new Intl.ListFormat('en-GB')

/**
 * Warnings for the text of a secret from which a shop reads its private key, where at least one SDK cannot read it: one
 * for each set of SDKs that is not within another.
 * @param secret its name, where it is known: a key that is in a slot cannot be staged again
 */
export function compatibilityWarnings(text: string, secret?: string): Warning[] {
  const forms = formsOf(text)
  const sets = [...new Set(forms.map(([, refusedBy]) => refusedBy))]
  const largest = sets.filter((one) => !sets.some((other) => isWithin(one, other)))
  const orGenerate =
    secret === undefined ? '; `command: generate` with the key as private-key does so too' : ''
  return largest.map((refusedBy) => {
    const facts = forms.flatMap(([fact, by]) => (by === refusedBy ? [fact] : []))
    const names = `${refusedBy.length === 1 ? 'SDK' : 'SDKs'} for ${and.format(refusedBy)}`
    const verb = forms.includes(notPlain) ? 'may not be able to' : 'cannot'
    return {
      fact: `${and.format(facts)}: Amazon Pay’s ${names} ${verb} read it`,
      hint: `store the key as plain PEM, ${repairOf(text, secret)}${orGenerate}`,
    }
  })
}

function isWithin(one: readonly Sdk[], other: readonly Sdk[]): boolean {
  return one.length < other.length && one.every((sdk) => other.includes(sdk))
}

/** How this text is stored as plain PEM. */
export function repairOf(text: string, secret = 'NAME'): string {
  const isRead = formsOf(text).every((form) => form === encrypted || !form[1].includes('Node.js'))
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
