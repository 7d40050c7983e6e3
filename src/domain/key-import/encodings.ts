import { withLastPlus } from './base64.ts'
import { formatOf } from './detect.ts'
import { orElse } from './faults.ts'
import type { Foreign } from './foreign.ts'
import { copyAgain, storeFile, writeNewline, writePlus } from './hints.ts'
import { fromHex, normalize } from './normalize.ts'
import { hasBoundary } from './pem.ts'

interface Encoding {
  readonly hint: string
  /** The text without this encoding; null where it does not have it. */
  readonly decode: (text: string) => string | Buffer | null
}

/** By what completes “contains a key …”. */
const encodings: Readonly<Record<string, Encoding>> = {
  'encoded in hex once more': {
    hint: `${storeFile}; \`sed 's/0x//g; s/\\\\x//g' hex.txt | xxd -r -p\` decodes this one`,
    decode: (text) => {
      const digits = text.replace(/0x|[\s:,]|\\x/g, '')
      return /^(?:[0-9a-fA-F]{2}){24,}$/.test(digits) ? Buffer.from(digits, 'hex') : null
    },
  },
  'as a data URI': {
    hint: `${storeFile}; in a data URI the key is what follows the comma`,
    decode: (text) => /^data:[^,]{0,200},([\s\S]*)$/.exec(text)?.[1] ?? null,
  },
  'as a Python bytes literal': {
    hint: `in Python print \`key.decode()\`, not \`key\`; better, ${storeFile}`,
    decode: (text) => /^b(["'])([\s\S]*)\1$/.exec(text)?.[2] ?? null,
  },
  'percent-encoded (URL-encoded) once more': {
    hint: unquoteBy('unquote'),
    decode: (text) => (text.includes('BEGIN+') ? null : percentDecoded(text)),
  },
  'percent-encoded (URL-encoded) once more, with + for spaces': {
    hint: unquoteBy('unquote_plus'),
    decode: (text) => (text.includes('BEGIN+') ? percentDecoded(text, ' ') : null),
  },
  'with + where its BEGIN line has spaces, as a web form encodes it': {
    hint: storeFile,
    decode: (text) =>
      /(?:BEGIN|END)\+/.test(text) ? text.replace(/-----[^-]{1,64}-----/g, plusToSpace) : null,
  },
  'with HTML entities or tags in it, copied from the source of a web page': {
    hint: storeFile,
    decode: (text) =>
      /&(?:#\d{1,5}|#x[0-9a-f]{1,4}|[a-z]{2,6});|<br ?\/?>/i.test(text) ? htmlDecoded(text) : null,
  },
  'encoded as quoted-printable, as emails are': {
    hint: storeFile,
    decode: (text) =>
      /=\n|=0[AD]|=2D|=3D/.test(text)
        ? text.replace(/=\n/g, '').replace(/=([0-9A-F]{2})/g, fromHex)
        : null,
  },
  'in a Kubernetes secret': {
    hint: '`kubectl get secret NAME -o jsonpath="{.data.KEY}" | base64 -d` prints the value alone (write a dot in KEY as `\\.`): store that',
    decode: (text) =>
      /^kind: *Secret\b/m.test(text)
        ? (/^[ \t]+[\w.-]{1,253}: *["']?([A-Za-z0-9+/]{40,}={0,2})["']? *$/m.exec(text)?.[1] ??
          null)
        : null,
  },
  'behind the options of an authorized_keys line': {
    hint: 'use the part from ssh-rsa on, or better print the public key with `openssl pkey -in privateKey.pem -pubout`',
    decode: (text) => /\s(ssh-rsa\s+AAAA[A-Za-z0-9+/]+={0,2})/.exec(text)?.[1] ?? null,
  },
  'with spaces where + belongs: a form or a URL decoder replaced each + by a space': {
    hint: writePlus,
    decode: (text) =>
      /^[A-Za-z0-9/]+ [A-Za-z0-9/ ]+={0,2}$/.test(text)
        ? withLastPlus(text.replaceAll(' ', '+'))
        : null,
  },
  'with /n where line breaks belong': {
    hint: writeNewline,
    // Base64 may contain /n as well: it is an escape only where it follows a boundary.
    decode: (text) => (/-{5}\/n/.test(text) ? text.replaceAll('/n', '\n') : null),
  },
  'in base64, and a % behind it, which zsh prints where a newline is missing': {
    hint: `leave the % out; better, ${storeFile}`,
    decode: (text) => (text.endsWith('%') ? text.slice(0, -1) : null),
  },
  'in base64, and a few characters that do not belong to it': {
    hint: copyAgain,
    decode: (text) => {
      const rest = text.replace(/[^A-Za-z0-9+/=_\s-]/g, '')
      return rest.length < text.length && text.length - rest.length <= 4 ? rest : null
    },
  },
}

function unquoteBy(reader: string): string {
  return `${storeFile}; \`python3 -c "import sys, urllib.parse; print(urllib.parse.${reader}(sys.stdin.read()))"\` decodes this one`
}

function percentDecoded(text: string, plus = '+'): string | null {
  if (!/%[0-9A-Fa-f]{2}/.test(text)) return null
  return orElse(null, () => decodeURIComponent(text.replaceAll('+', encodeURIComponent(plus))))
}

function plusToSpace(line: string): string {
  return line.replaceAll('+', ' ')
}

const entities: Readonly<Record<string, string>> = { quot: '"', amp: '&', nbsp: ' ', plus: '+' }

function htmlDecoded(text: string): string {
  return text
    .replace(/<br ?\/?>/gi, '\n')
    .replace(/<\/?[a-z][^<>]{0,100}>/gi, '')
    .replace(/&#(\d{1,5});/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/&#x([0-9a-f]{1,4});/gi, fromHex)
    .replace(/&([a-z]{2,6});/gi, (entity, name) => entities[name.toLowerCase()] ?? entity)
}

/** The kind of a text in which a key appears when it is decoded in a way that this action does not do silently. */
export function encodedKind(texts: readonly string[]): Foreign | null {
  const found = Object.entries(encodings).find(([, encoding]) =>
    texts.some((text) => decodedKey(encoding, text)),
  )
  return found ? { what: `a key ${found[0]}`, hint: found[1].hint } : null
}

/** The text without the encodings that are only named, never removed; for masks. */
export function decodedForms(text: string): (string | Buffer)[] {
  return Object.values(encodings).flatMap((encoding) => decodedKey(encoding, text) ?? [])
}

function decodedKey({ decode }: Encoding, text: string): string | Buffer | null {
  const decoded = decode(text)
  return decoded !== null && isKeyText(decoded) ? decoded : null
}

/** Whether a text is a key, or a PEM file of anything. */
export function isKeyText(material: string | Buffer): boolean {
  const { text, bytes } = normalize(material)
  if (text !== null) {
    return hasBoundary(text) || /^(?:ssh-rsa|ecdsa-sha2-\S{1,40}|ssh-ed25519)\s+AAAA/.test(text)
  }
  return orElse(null, () => formatOf(bytes)) !== null
}
