import type { Sdk } from '../../../src/domain/key-import/compatibility.ts'
import type { KeyWorkshop } from './workshop.ts'
import { der, derOf, integer, pemOf, sequence } from './workshop.ts'

/** A form in which a key may be stored, and which official SDKs cannot read it then. */
export interface StoredForm {
  readonly name: string
  readonly refusedBy: readonly Sdk[]
  readonly make: (workshop: KeyWorkshop) => string
  /** The answer of the SDK for Node.js differs between OpenSSL 3.0 and later: the older one is kept here. */
  readonly dependsOnOpenSsl?: true
}

const all: readonly Sdk[] = ['Node.js', 'Java', 'PHP']

/** What the SDKs for Node.js 2.3.4, Java 2.6.7 and PHP (phpseclib 3.0.19) answered, November 2026. */
export const storedForms: readonly StoredForm[] = [
  form('plain PEM', [], (pem) => pem),
  form('PKCS#1', [], (_, w) => w.pkcs1()),
  form('no final newline', [], (pem) => pem.trimEnd()),
  form('CRLF', [], (pem) => pem.replaceAll('\n', '\r\n')),
  form('CR CR LF', [], (pem) => pem.replaceAll('\n', '\r\r\n')),
  form('leading empty lines', [], (pem) => `\n\n${pem}`),
  form('trailing empty lines', [], (pem) => `${pem}\n\n`),
  form('spaces at the ends of lines', [], (pem) => pem.replaceAll('\n', '  \n')),
  form('spaces before the lines of the body', [], (pem) => inLines(pem, (line) => `  ${line}`)),
  form('text before the key', [], (pem) => `Bag Attributes\n  localKeyID: 01\n${pem}`),
  form('text after the key', [], (pem) => `${pem}# the key of the shop\n`),
  form('the key twice', [], (pem) => pem + pem),
  form('an empty line after BEGIN', [], (pem) => pem.replace('\n', '\n\n')),
  ...[1, 4, 76, 254, 255, 800, 2000].map((width) =>
    form(`lines of ${width} characters`, [], (pem) => pemOf('PRIVATE KEY', derOf(pem), width)),
  ),
  form('an empty line after BEGIN, and lines of 76 characters', ['Node.js'], (pem) =>
    pemOf('PRIVATE KEY', derOf(pem), 76).replace('\n', '\n\n'),
  ),
  form('two empty lines after BEGIN', ['Node.js'], (pem) => pem.replace('\n', '\n\n\n')),
  form('an empty line in the body', ['Node.js'], (pem) =>
    changedLine(pem, 7, (line) => `${line}\n`),
  ),
  form('an empty line before END', ['Node.js'], (pem) => pem.replace('-----END', '\n-----END')),
  form('every line doubled by an empty one', ['Node.js'], (pem) => pem.replaceAll('\n', '\n\n')),
  form('CR line ends', ['Node.js'], (pem) => pem.replaceAll('\n', '\r')),
  form('a comma after END', ['Node.js'], (pem) => `${pem.trimEnd()},\n`),
  form('a quote after END', ['Node.js'], (pem) => `${pem.trimEnd()}"\n`),
  form('a literal \\n at the end only', ['Node.js'], (pem) => `${pem.trimEnd()}\\n`),
  form('PKCS#8 with a public key (version 2)', ['Node.js'], version2, true),
  form('a colon after END', ['Node.js', 'Java'], (pem) => `${pem.trimEnd()}: the key\n`),
  form('END joined with the last line of the body', ['Node.js', 'Java'], (pem) =>
    pem.replace('\n-----END', '-----END'),
  ),
  form('spaces for line breaks', ['Node.js', 'Java'], (pem) => pem.trim().replaceAll('\n', ' ')),
  form('no line breaks', ['Node.js', 'Java'], (pem) => pem.replaceAll('\n', '')),
  form('indented by spaces', ['Node.js', 'Java'], (pem) => pem.replace(/^(?=.)/gm, '  ')),
  form('END indented by spaces', ['Node.js', 'Java'], (pem) =>
    pem.replace('-----END', '  -----END'),
  ),
  form('a hyphen too many before BEGIN', ['Node.js', 'Java'], (pem) => `-${pem}`),
  form('a byte order mark', ['Java', 'PHP'], (pem) => `\ufeff${pem}`),
  form('non-breaking spaces at the end of a line', ['Java', 'PHP'], (pem) =>
    changedLine(pem, 5, (line) => `${line}\u00a0`),
  ),
  form('public key, then private key', ['Java', 'PHP'], (pem, w) => w.spki() + pem),
  form('private key, then public key', ['PHP'], (pem, w) => pem + w.spki()),
  form('a tab after BEGIN', ['PHP'], (pem) => pem.replace('\n', '\t\n')),
  form('tabs in the lines of the body', ['PHP'], (pem) => inLines(pem, (line) => `\t${line}`)),
  form('a form feed at the end of a line', ['PHP'], (pem) =>
    changedLine(pem, 5, (line) => `${line}\f`),
  ),
  form('a byte order mark and CR line ends', all, (pem) => `\ufeff${pem.replaceAll('\n', '\r')}`),
  form('a non-breaking space inside a line', all, (pem) =>
    changedLine(pem, 5, (line) => `${line.slice(0, 9)}\u00a0${line.slice(9)}`),
  ),
  form('BEGIN joined with the first line of the body', all, (pem) =>
    pem.replace('-----\n', '-----'),
  ),
  form('literal \\n', all, (pem) => pem.replaceAll('\n', '\\n')),
  form('escaped slashes', all, (pem) => pem.replaceAll('/', '\\/').replace('MII', 'M\\u0049I')),
  form('double quotes', all, (pem) => `"${pem}"`),
  form('single quotes', all, (pem) => `'${pem.trimEnd()}'\n`),
  form('a JSON string', all, (pem) => JSON.stringify(pem)),
  form('a name in front', all, (pem) => `KEY=${pem}`),
  form('a space before BEGIN', all, (pem) => ` ${pem}`),
  form('a tab before BEGIN', all, (pem) => `\t${pem}`),
  form('indented by tabs', all, (pem) => pem.replace(/^(?=.)/gm, '\t')),
  form('base64', all, (pem) => Buffer.from(pem).toString('base64')),
  form('no BEGIN and END lines', all, (pem) => pem.replace(/-----[^-]+-----\n/g, '')),
  form('OpenSSH', all, (_, w) => w.openSsh()),
  form('encrypted PKCS#8', all, (_, w) => w.encryptedPkcs8()),
  form('encrypted PKCS#1', all, (_, w) => w.encryptedPkcs1()),
]

function form(
  name: string,
  refusedBy: readonly Sdk[],
  make: (pem: string, workshop: KeyWorkshop) => string,
  dependsOnOpenSsl = false,
): StoredForm {
  const made = { name, refusedBy, make: (w: KeyWorkshop) => make(w.pkcs8(), w) }
  return dependsOnOpenSsl ? { ...made, dependsOnOpenSsl } : made
}

function inLines(pem: string, change: (line: string) => string): string {
  const lines = pem.trimEnd().split('\n')
  return [lines[0], ...lines.slice(1, -1).map(change), lines.at(-1), ''].join('\n')
}

function changedLine(pem: string, at: number, change: (line: string) => string): string {
  return pem
    .split('\n')
    .map((line, index) => (index === at ? change(line) : line))
    .join('\n')
}

/** OneAsymmetricKey of RFC 5958 with version 1 and the public key in [1]. */
function version2(_pem: string, workshop: KeyWorkshop): string {
  const algorithm = Buffer.from('300d06092a864886f70d0101010500', 'hex')
  const publicKey = Buffer.concat([Buffer.of(0), derOf(workshop.pkcs1Public())])
  const key = der(0x04, derOf(workshop.pkcs1()))
  return pemOf('PRIVATE KEY', sequence(integer(1n), algorithm, key, der(0x81, publicKey)))
}
