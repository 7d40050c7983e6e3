/** How the first private key's PEM block lies in a text, exactly as stored. */
export type PemLayout = Readonly<NonNullable<ReturnType<typeof layoutOf>>>

const block = /-----BEGIN ((?:RSA )?PRIVATE KEY)-----[\s\S]*?-----END \1-----/

/** Null where there is no unencrypted PEM block of a private key. */
export function layoutOf(text: string) {
  const found = block.exec(text)
  if (!found) return null
  const [whole, label = ''] = found
  const before = text.slice(0, found.index)
  const after = text.slice(found.index + whole.length)
  const inner = whole.slice(label.length + 16, -(label.length + 14))
  const lines = inner.split(/\r+\n|\r|\n/)
  const isOneLine = lines.length === 1
  const beforeBegin = lastLine(before).replace(/^\ufeff/, '')
  return {
    text,
    before,
    after,
    /** On BEGIN's line, before and after it; the same for END. */
    beforeBegin,
    afterBegin: lines[0] ?? '',
    beforeEnd: isOneLine ? '' : (lines.at(-1) ?? ''),
    afterEnd: /^[^\r\n]*/.exec(after)?.[0] ?? '',
    /** From BEGIN to END, both included. */
    block: whole,
    /** Lines between BEGIN's line and END's. */
    bodyLines: lines.slice(1, -1),
    isOneLine,
    /** Whether each line of the block has whitespace in front. */
    isIndented: [beforeBegin, ...lines.slice(1)].every((line) => /^\s/.test(line)),
    /** Whether all SDKs are known to read it. */
    isPlain: isPlain(before + whole + after.replaceAll(whole, '')),
  }
}

function lastLine(text: string): string {
  return text.slice(Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1)
}

/** Lines of text in front of a key that no SDK stumbles over. */
const noteLines = String.raw`(?:(?!-)[\w .,:;|=/#<>()@+*!?&%-]*\r*\n)*`
const bodyLines = String.raw`(?: *\r*\n)?(?: *[A-Za-z0-9+/=][A-Za-z0-9+/= ]*\r*\n)+`
const plain = new RegExp(
  `^${noteLines}-----BEGIN ((?:RSA )?PRIVATE KEY)----- *\\r*\\n${bodyLines}-----END \\1-----[ \\t]*(?:\\r*\\n|$)`,
)

function isPlain(text: string): boolean {
  const found = plain.exec(text)
  return found !== null && !text.includes('-----BEGIN', found[0].lastIndexOf('-----BEGIN') + 1)
}
