import { createPrivateKey, type KeyObject } from 'node:crypto'

/**
 * The search for what must never be seen: any run of 16 characters of what is private in a key, in whatever
 * spelling it comes, and the whole of a passphrase or a token. Knows nothing of the product.
 */
export interface Leak {
  /** “d as base64”, “token”. */
  readonly what: string
  /** Where it was found, as the caller calls the place. */
  readonly where: string
}

export interface Searched {
  /** PEM, unencrypted. */
  readonly privateKeys?: readonly (string | KeyObject)[]
  /** Secret texts around them: encrypted PEMs, OpenSSH keys. Lines of 16 characters and more count. */
  readonly armoured?: readonly string[]
  readonly passphrases?: readonly string[]
  readonly tokens?: readonly string[]
}

export type Search = (where: string, text: string | Buffer, forms?: readonly string[]) => Leak[]

const RUN = 16
const SEED = RUN / 2
const MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const

/** Builds the search once; it may then look at any number of texts. */
export function searchFor({
  privateKeys = [],
  armoured = [],
  passphrases = [],
  tokens = [],
}: Searched): Search {
  const runs = new Map<string, string>()
  const each = (spelling: string, visit: (run: string) => void): void => {
    for (let at = 0; at + RUN <= spelling.length; at += 1) visit(spelling.slice(at, at + RUN))
  }
  const keys = privateKeys.map((key) => (typeof key === 'string' ? createPrivateKey(key) : key))
  for (const key of keys) {
    for (const [what, spelling] of spellingsOf(key)) each(spelling, (run) => runs.set(run, what))
  }
  for (const body of armoured.map(bodyOf)) {
    each(body, (run) => runs.set(run, 'armoured key'))
    for (const phase of base64Phases(Buffer.from(body))) {
      each(phase, (run) => runs.set(run, 'armoured key in base64'))
    }
  }
  // What a public key has as well is no secret.
  for (const key of keys) {
    for (const spelling of publicSpellings(key)) each(spelling, (run) => runs.delete(run))
  }
  // Every run contains one of these at a multiple of its length: a text is looked at in steps of it.
  const seeds = new Set<string>()
  for (const run of runs.keys()) seeds.add(run.slice(0, SEED)).add(run.slice(-SEED))
  const words = new Map<string, string>()
  for (const [what, texts] of [
    ['passphrase', passphrases],
    ['token', tokens],
  ] as const) {
    for (const text of texts) for (const word of wordSpellings(text)) words.set(word, what)
  }

  return (where, text, forms = formsOf(text)) => {
    const found = new Set<string>()
    for (const form of forms) {
      for (let at = 0; at + SEED <= form.length; at += SEED) {
        if (!seeds.has(form.slice(at, at + SEED))) continue
        each(form.slice(Math.max(0, at - SEED), at + RUN), (run) => {
          const what = runs.get(run)
          if (what !== undefined) found.add(what)
        })
      }
      for (const [word, what] of words) if (form.includes(word)) found.add(what)
    }
    return [...found].map((what) => ({ what, where }))
  }
}

/** Everything that only the private key has, in every spelling that a library or a person could print. */
function* spellingsOf(key: KeyObject): Generator<[what: string, spelling: string]> {
  const jwk = key.export({ format: 'jwk' })
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    const der = key.export({ format: 'der', type })
    const tail = der.subarray(der.indexOf(Buffer.from(jwk.d ?? '', 'base64url')))
    for (const phase of base64Phases(tail)) yield [`${type} as base64`, phase]
    yield [`${type} as hex`, tail.toString('hex')]
    const pem = key.export({ format: 'pem', type }).toString()
    const secret = privateLines(pem, key)
    for (const [form, text] of textsOf(secret)) {
      const bytes = Buffer.from(text)
      const what = `${type} PEM${form}`
      for (const phase of base64Phases(bytes)) yield [`${what} in base64`, phase]
      yield [`${what} in hex`, bytes.toString('hex')]
      yield [`${what} as bytes`, [...bytes].join(',')]
    }
    for (const phase of base64Phases(Buffer.from(secret.join('\n'), 'utf16le'))) {
      yield [`${type} PEM in UTF-16 in base64`, phase]
    }
  }
  for (const name of MEMBERS) {
    const bytes = Buffer.from(jwk[name] ?? '', 'base64url')
    // Its own base64 (JWK), and inside of whatever container, which begins at another byte.
    for (const phase of base64Phases(bytes)) yield [`${name} as base64`, phase]
    yield [`${name} as hex`, bytes.toString('hex')]
    yield [`${name} as bytes`, [...bytes].join(',')]
    yield [`${name} as a number`, BigInt(`0x${bytes.toString('hex')}`).toString()]
  }
}

/** The lines of a PEM that hold nothing but private members. */
function privateLines(pem: string, key: KeyObject): string[] {
  const body = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))
  const der = Buffer.from(body.join(''), 'base64')
  const d = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url')
  const firstByte = der.indexOf(d)
  const firstLine = Math.ceil((firstByte * 4) / 3 / 64)
  return body.slice(firstLine)
}

function* textsOf(lines: readonly string[]): Generator<[form: string, text: string]> {
  yield ['', lines.join('\n')]
  yield [' with CRLF', lines.join('\r\n')]
  yield [' with literal \\n', lines.join('\\n')]
  yield [' on one line', lines.join(' ')]
  yield [' as a bare body', lines.join('')]
}

function publicSpellings(key: KeyObject): string[] {
  const { n = '', e = '' } = key.export({ format: 'jwk' })
  const bytes = Buffer.from(n, 'base64url')
  return [...base64Phases(bytes), bytes.toString('hex'), [...bytes].join(','), n, e]
}

/** An armoured text without its boundaries and headers. */
function bodyOf(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim())
  return lines.filter((line) => !/^-{4,}|:/.test(line)).join('')
}

/** Base64 of bytes that begin at any position of a group of three, without the characters at the ends that
 * depend on the neighbours. */
function base64Phases(bytes: Buffer): string[] {
  return [0, 1, 2].map((skip) => {
    const whole = bytes.subarray(skip)
    return whole.subarray(0, whole.length - (whole.length % 3)).toString('base64')
  })
}

function wordSpellings(word: string): string[] {
  const bytes = Buffer.from(word)
  const spellings = [
    word,
    word.trim(),
    JSON.stringify(word).slice(1, -1),
    encodeURIComponent(word),
    bytes.toString('hex'),
    ...base64Phases(bytes),
    // Markdown and HTML show these as the word itself.
    word.replaceAll(/[\\`*_{}[\]()#+!|~]/g, '\\$&'),
  ]
  return [...new Set(spellings.flatMap((text) => [text, unwrapped(unescaped(text))]))].filter(
    (text) => text.length >= 8,
  )
}

/** The spellings of a text in which it is searched; several searches can share them. */
export function formsOf(text: string | Buffer): string[] {
  return typeof text === 'string' ? textForms(text) : byteForms(text)
}

/** A text as it stands, with its escapes resolved, and with everything taken out at which lines are wrapped. */
function textForms(text: string): string[] {
  const plain = unescaped(text)
  const bare = unwrapped(plain)
  const standard = bare.replaceAll('-', '+').replaceAll('_', '/')
  const hex = bare.toLowerCase().replaceAll(/0x|[:,]/g, '')
  return [...new Set([text, plain, bare, standard, hex])]
}

function unescaped(text: string): string {
  return text
    .replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replaceAll(/&#x([0-9a-f]{1,5});/gi, (_, code: string) =>
      String.fromCodePoint(Number.parseInt(code, 16)),
    )
    .replaceAll(/&#(\d{1,6});/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/%(?:25)*([0-7][0-9a-f])/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
}

/** Without blanks, line ends (literal ones too), quotes and the backslash of any escape. */
function unwrapped(text: string): string {
  return text.replaceAll(/\\+[nrt]|[\s\0"'`\\]+/g, '')
}

function byteForms(bytes: Buffer): string[] {
  return [...textForms(bytes.toString('latin1')), bytes.toString('hex')]
}

/** The search for any 47 characters of a text that is public, and must not be shown all the same. */
export function searchText(needle: string): Search {
  const pieces = needle.match(/.{24}/g) ?? []
  return (where, text, forms = formsOf(text)) =>
    pieces.some((piece) => forms.some((form) => form.includes(piece)))
      ? [{ what: 'text', where }]
      : []
}
