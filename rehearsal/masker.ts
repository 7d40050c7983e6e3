/**
 * The runner's masking. Every value is registered completely and line by line, each of these also in eleven encoded forms, and
 * every occurrence becomes `***`. These are exactly the rules of actions/runner 2.336 (SecretMasker.cs, ValueEncoders.cs,
 * ActionCommandManager.cs): a stricter masker would hide a leak from the tests.
 */
export interface Masker {
  /** `::add-mask::`. Returns false if there is nothing to mask; the runner warns then. */
  add(value: string): boolean
  /** A secret that the job received: like `add`, but trimmed first. */
  addSecret(value: string): void
  /** A single value, unchanged and without its lines. */
  addValue(value: string): void
  mask(text: string): string
  /** The registered values and lines, without their encoded forms. */
  readonly values: ReadonlySet<string>
}

export function createMasker(): Masker {
  const values = new Set<string>()
  const forms = new Set<string>()

  const addValue = (value: string) => {
    if (value === '' || values.has(value)) return
    values.add(value)
    forms.add(value)
    for (const encode of encoders) {
      const form = encode(value)
      if (form !== '') forms.add(form)
    }
  }
  const add = (value: string) => {
    if (trim(value) === '') return false
    addValue(value)
    for (const line of value.split(/[\r\n]/)) addValue(trim(line))
    return true
  }
  return {
    values,
    add,
    addSecret: (value) => void add(trim(value)),
    addValue,
    mask: (text) => replace(text, forms),
  }
}

/** Like .NET's Trim: removes Unicode white space, but no byte order mark. */
const trim = (text: string) => text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '')

/** Replaces every form. Hits that overlap or touch become one `***`. */
function replace(text: string, forms: Iterable<string>): string {
  const hits: { start: number; end: number }[] = []
  for (const form of forms) {
    let start = text.indexOf(form)
    while (start >= 0) {
      hits.push({ start, end: start + form.length })
      start = text.indexOf(form, start + 1)
    }
  }
  hits.sort((a, b) => a.start - b.start)

  let masked = ''
  let end = -1
  for (const hit of hits) {
    if (hit.start > end) masked += `${text.slice(Math.max(end, 0), hit.start)}***`
    end = Math.max(end, hit.end)
  }
  return masked + text.slice(Math.max(end, 0))
}

const base64 = (value: string, skip: number) => {
  const bytes = Buffer.from(value, 'utf8')
  return (bytes.length > skip ? bytes.subarray(skip) : bytes).toString('base64')
}

/** Newtonsoft's JSON escapes: those of JSON.stringify and three more line separators. */
const json = (value: string) =>
  [...value].map((character) => jsonEscapes[character] ?? control(character)).join('')

const jsonEscapes: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u0085': '\\u0085',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

const control = (character: string) =>
  character < ' ' ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : character

/** RFC 3986, which escapes more characters than encodeURIComponent. */
const uri = (value: string) =>
  encodeURIComponent(Buffer.from(value, 'utf8').toString('utf8')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

const xmlEscapes: Record<string, string> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
}

/** PowerShell prints a failing command in two sections around an `&`. The runner does not mask short sections. */
const section = (text: string) => (text.length >= 6 ? text : '')

/** The eleven forms, in the runner's order. An empty one is not registered. */
export const encoders: readonly ((value: string) => string)[] = [
  (value) => base64(value, 0),
  (value) => base64(value, 1),
  (value) => base64(value, 2),
  (value) => value.replaceAll('"', '\\"'),
  (value) => value.replaceAll("'", "''"),
  json,
  uri,
  (value) => value.replace(/[<>"'&]/g, (character) => xmlEscapes[character] ?? character),
  (value) => (value.length > 8 && /^".*"$/s.test(value) ? value.slice(1, -1) : ''),
  (value) => {
    const plus = value.indexOf('&+')
    return section(value.slice(0, plus >= 0 ? plus + 2 : value.lastIndexOf('&') + 1))
  },
  (value) => {
    const plus = value.indexOf('&+')
    const ampersand = value.lastIndexOf('&')
    // PowerShell colours the letter after `&+`, so it is in neither section.
    if (plus >= 0) return section(value.slice(plus + 3))
    return ampersand >= 0 ? section(value.slice(ampersand + 1)) : ''
  },
]
