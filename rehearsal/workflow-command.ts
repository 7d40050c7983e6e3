export interface Command {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

/** The commands of the runner. A line with another name is text. */
export const commandNames: readonly string[] = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
]

/** `::name key=value,…::data` at the start of a line, or the older `##[name key=value;…]data` anywhere in it. */
export function parseCommand(line: string, names: ReadonlySet<string>): Command | undefined {
  const current = /^\s*::(.*?)::(.*)$/s.exec(line)
  const found =
    current !== null
      ? command(current, ',', names, [
          [/%0D/g, '\r'],
          [/%0A/g, '\n'],
        ])
      : undefined
  if (found !== undefined) return found
  const older = /##\[([^\]]*)\](.*)$/s.exec(line)
  return older !== null
    ? command(older, ';', names, [
        [/%3B/g, ';'],
        [/%0D/g, '\r'],
        [/%0A/g, '\n'],
        [/%5D/g, ']'],
      ])
    : undefined
}

type Unescape = readonly (readonly [RegExp, string])[]

function command(
  [, info = '', data = '']: RegExpExecArray,
  separator: ',' | ';',
  names: ReadonlySet<string>,
  escapes: Unescape,
): Command | undefined {
  const [, name = '', list = ''] = /^([^ ]*) ?(.*)$/s.exec(info) ?? []
  if (!names.has(name.toLowerCase())) return undefined
  // Percent signs come last, because `%250A` means a literal `%0A`.
  const inProperties: Unescape =
    separator === ','
      ? [...escapes, [/%3A/g, ':'], [/%2C/g, ','], [/%25/g, '%']]
      : [...escapes, [/%25/g, '%']]
  const properties: Record<string, string> = {}
  for (const pair of list.trim().split(separator)) {
    const [, key, value] = /^([^=]+)=+(.+)$/s.exec(pair) ?? []
    if (key !== undefined && value !== undefined) {
      properties[key.toLowerCase()] = decode(value, inProperties)
    }
  }
  return {
    name: name.toLowerCase(),
    properties,
    data: decode(data, [...escapes, [/%25/g, '%']]),
  }
}

const decode = (text: string, escapes: Unescape) =>
  escapes.reduce((rest, [escaped, character]) => rest.replace(escaped, character), text)
