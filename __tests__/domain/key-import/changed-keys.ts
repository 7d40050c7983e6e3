/** Ways in which a stored key gets changed on its way: each one systematically, and several of them at random. */
export interface ChangedKey {
  readonly name: string
  readonly text: string
}

/** Pieces of text that get into a key by clipboards, editors, shells and forms. */
const strays = [
  ...[
    ' ',
    '  ',
    '\t',
    '\n',
    '\n\n',
    '\r',
    '\r\n',
    '\f',
    '\v',
    '\0',
    '\u00a0',
    '\u200b',
    '\ufeff',
    '\u2028',
  ],
  ...[
    '"',
    "'",
    '`',
    ',',
    ';',
    '%',
    '+',
    '-',
    '–',
    '=',
    '\\',
    '\\n',
    '\\r\\n',
    '/n',
    '/',
    '#',
    '>',
    '> ',
  ],
  ...[
    'A',
    '0',
    'é',
    '*',
    '***',
    '…',
    'KEY=',
    'key: |\n',
    '# note\n',
    '-----',
    '$',
    '{',
    '}',
    '<',
    '&#10;',
  ],
]

/** Numbers from 0 up to a limit, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

/** Each stray at each place that matters, and each line joined, parted, doubled, indented or left out. */
export function systematicChanges(pem: string, others: readonly string[]): ChangedKey[] {
  const lines = pem.trimEnd().split('\n')
  const places = placesOf(pem)
  const inserted = strays.flatMap((stray) =>
    Object.entries(places).map(([place, at]) => ({
      name: `${JSON.stringify(stray)} ${place}`,
      text: pem.slice(0, at) + stray + pem.slice(at),
    })),
  )
  const everyLine = strays.flatMap((stray) => [
    {
      name: `${JSON.stringify(stray)} before each line`,
      text: `${lines.map((line) => stray + line).join('\n')}\n`,
    },
    {
      name: `${JSON.stringify(stray)} after each line`,
      text: `${lines.map((line) => line + stray).join('\n')}\n`,
    },
    {
      name: `${JSON.stringify(stray)} for each newline`,
      text: pem.trimEnd().split('\n').join(stray),
    },
  ])
  const around = others.flatMap((other, index) => [
    { name: `other ${index} in front`, text: other + pem },
    { name: `other ${index} behind`, text: pem + other },
    { name: `other ${index} behind, without a newline`, text: pem.trimEnd() + other },
  ])
  return [...inserted, ...everyLine, ...around, ...widths(lines)]
}

function placesOf(pem: string): Record<string, number> {
  const body = pem.indexOf('\n') + 1
  const end = pem.indexOf('-----END')
  return {
    'at the beginning': 0,
    'in the BEGIN line': 7,
    'after BEGIN': body - 1,
    'before the body': body,
    'in a line': body + 200,
    'at the end of a line': body + 64 * 3 + 2,
    'after the body': end - 1,
    'before END': end,
    'after END': pem.length - 1,
    'at the end': pem.length,
  }
}

function widths([begin = '', ...rest]: readonly string[]): ChangedKey[] {
  const body = rest.slice(0, -1).join('')
  return [1, 2, 4, 60, 63, 65, 70, 76, 253, 254, 255, 256, 800, 2000].map((width) => ({
    name: `lines of ${width} characters`,
    text: [begin, ...(body.match(new RegExp(`.{1,${width}}`, 'g')) ?? []), rest.at(-1), ''].join(
      '\n',
    ),
  }))
}

type Change = (text: string, random: (limit: number) => number) => string

const randomChanges: readonly Change[] = [
  (text, random) => spliced(text, random, 0, strays[random(strays.length)] ?? ''),
  (text, random) => spliced(text, random, 0, strays[random(strays.length)] ?? ''),
  (text, random) => spliced(text, random, 1 + random(3), ''),
  (text, random) => spliced(text, random, 1, strays[random(strays.length)] ?? ''),
  (text, random) => changedLine(text, random, (line) => [line, line]),
  (text, random) => changedLine(text, random, () => []),
  (text, random) => changedLine(text, random, (line) => [line, '']),
  (text, random) => changedLine(text, random, (line) => [` ${line} `]),
  (text, random) => changedLine(text, random, (line) => [line.slice(0, 20), line.slice(20)]),
  (text, random) =>
    changedLine(text, random, (line) => [(strays[random(strays.length)] ?? '') + line]),
  (text, random) =>
    changedLine(text, random, (line) => [line + (strays[random(strays.length)] ?? '')]),
  (text, random) => joinedLines(text, random),
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => text.trimEnd(),
  (text, random) => text.slice(0, random(text.length)),
]

function spliced(
  text: string,
  random: (limit: number) => number,
  remove: number,
  insert: string,
): string {
  const at = random(text.length + 1)
  return text.slice(0, at) + insert + text.slice(at + remove)
}

function changedLine(
  text: string,
  random: (limit: number) => number,
  change: (line: string) => readonly string[],
): string {
  const lines = text.split('\n')
  const at = random(lines.length)
  return lines.flatMap((line, index) => (index === at ? change(line) : [line])).join('\n')
}

function joinedLines(text: string, random: (limit: number) => number): string {
  const lines = text.split('\n')
  const at = 1 + random(Math.max(1, lines.length - 1))
  return lines.map((line, index) => (index === 0 || index === at ? line : `\n${line}`)).join('')
}

/** One to three changes at random. */
export function randomlyChanged(pem: string, count: number, seed: number): ChangedKey[] {
  const random = randomNumbers(seed)
  return Array.from({ length: count }, (_, index) => {
    let text = pem
    for (let left = 1 + random(3); left > 0; left--) {
      text = randomChanges[random(randomChanges.length)]?.(text, random) ?? text
    }
    return { name: `random change ${index} of seed ${seed}`, text }
  })
}
