import type { Masker } from './masker.ts'

export type Level = 'error' | 'warning' | 'notice'

export interface Annotation {
  level: Level
  /** Not masked by the runner: only messages are. */
  title: string
  message: string
}

/** The log of a step, as the runner makes it of what the action prints. */
export interface StepLog {
  /** A raw line of stdout or stderr: a workflow command, or text. */
  line(text: string): void
  write(message: string): void
  issue(level: Level, message: string, title?: string): void
  debug(message: string): void
  /** What stands in the log file, masked: `##[group]`, `##[error]` and so on in front. */
  readonly text: string
  /** Ten of each level at most. */
  readonly annotations: Annotation[]
  /** By `::set-output` and `::save-state`, which are deprecated and still work. */
  readonly outputs: Record<string, string>
  readonly state: Record<string, string>
  /** A command could not be processed: the step fails, whatever the action's exit code. */
  readonly broken: boolean
}

const COMMANDS = [
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

interface Command {
  name: string
  properties: Record<string, string>
  data: string
}

export function createLog(options: {
  masker: Masker
  debug?: boolean
  /** Receives every entry of the log, masked, as it is written. */
  onLine?: (line: string) => void
}): StepLog {
  const { masker, onLine } = options
  const entries: string[] = []
  const counts = { error: 0, warning: 0, notice: 0 }
  const names = new Set(COMMANDS)
  let echo = options.debug === true
  let stopToken: string | undefined

  const log = {
    annotations: [] as Annotation[],
    outputs: {} as Record<string, string>,
    state: {} as Record<string, string>,
    broken: false,

    get text() {
      return entries.map((entry) => `${entry}\n`).join('')
    },
    write(message: string) {
      const masked = masker.mask(message)
      entries.push(masked)
      onLine?.(masked)
    },
    debug(message: string) {
      if (options.debug !== true) return
      for (const line of message.split(/\r?\n/)) log.write(`##[debug]${line}`)
    },
    issue(level: Level, text: string, title = '') {
      const message = masker.mask(text).slice(0, 4096)
      counts[level] += 1
      if (counts[level] <= 10) log.annotations.push({ level, title, message })
      if (message !== '') log.write(`##[${level}]${message}`)
    },
    line(text: string) {
      const command = parseCommand(text, names)
      if (command === undefined) return log.write(text)
      if (stopToken !== undefined) return resume(command, text)
      try {
        run(command, text)
      } catch (error) {
        const shown = ['add-mask', 'debug', 'error', 'warning', 'notice'].includes(command.name)
          ? command.name
          : text
        log.issue('error', `Unable to process command '${shown}' successfully.`)
        log.issue('error', (error as Error).message)
        log.broken = true
      }
    },
  }

  function resume({ name }: Command, text: string) {
    log.write(text)
    if (name !== stopToken) return
    names.delete(stopToken)
    stopToken = undefined
  }

  function run({ name, properties, data }: Command, text: string) {
    const echoed = () => {
      if (echo) log.write(text)
    }
    switch (name) {
      case 'add-mask':
        if (!masker.add(data)) {
          log.issue('warning', "Can't add secret mask for empty string in ##[add-mask] command.")
        } else if (echo) log.write('::add-mask::***')
        return
      case 'error':
      case 'warning':
      case 'notice':
        return log.issue(name, data, properties.title)
      case 'debug':
        return log.debug(data)
      case 'group':
        echoed()
        return log.write(`##[group]${data}`)
      case 'endgroup':
        echoed()
        return log.write('##[endgroup]')
      case 'echo':
        echoed()
        if (!/^\s*(on|off)\s*$/i.test(data)) {
          throw new Error(
            `Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '${data}'.`,
          )
        }
        echo = data.trim().toLowerCase() === 'on'
        return
      case 'stop-commands':
        if (data === '' || names.has(data.toLowerCase()) || /^pause-logging$/i.test(data)) {
          throw new Error(
            "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command.",
          )
        }
        stopToken = data.toLowerCase()
        names.add(stopToken)
        if (data.length > 6) masker.addValue(data)
        return log.write(text)
      case 'set-output':
      case 'save-state': {
        echoed()
        if (!properties.name) {
          throw new Error(`Required field 'name' is missing in ##[${name}] command.`)
        }
        const target = name === 'set-output' ? log.outputs : log.state
        target[properties.name] = data
        return
      }
      case 'set-env':
      case 'add-path':
        throw new Error(
          `The \`${name}\` command is disabled. Please upgrade to using Environment Files`,
        )
      default:
        echoed()
    }
  }
  return log
}

/** `::name key=value,…::data` at the start of a line, or the older `##[name key=value;…]data` anywhere in it. */
function parseCommand(line: string, names: ReadonlySet<string>): Command | undefined {
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

type Unescape = [RegExp, string][]

function command(
  [, info = '', data = '']: RegExpExecArray,
  separator: ',' | ';',
  names: ReadonlySet<string>,
  escapes: Unescape,
): Command | undefined {
  const [, name = '', list = ''] = /^([^ ]*) ?(.*)$/s.exec(info) ?? []
  if (!names.has(name.toLowerCase())) return undefined
  // Percent signs come last: `%250A` stands for a literal `%0A`.
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

/** Cuts a stream into lines where the runner does: at CR LF, LF, and CR alone. */
export function createLineReader(onLine: (line: string) => void) {
  let rest = ''
  return {
    push(text: string) {
      rest += text
      // A CR at the very end may be half of a CR LF.
      const lines = rest.split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      lines.forEach(onLine)
    },
    end() {
      if (rest !== '') onLine(rest.replace(/\r$/, ''))
      rest = ''
    },
  }
}

/** The log as GitHub's page shows it: folds opened, annotations by name. */
export function showLog(text: string, color = false): string {
  let indent = ''
  const lines: string[] = []
  for (const line of text.split('\n')) {
    const [, tag, rest = ''] = /^##\[(\w+)\](.*)$/s.exec(line) ?? []
    if (tag === 'endgroup') {
      indent = ''
      continue
    }
    const style = STYLES[tag ?? '']
    const shown =
      tag === 'group' ? `▾ ${rest}` : style !== undefined ? `${style.name}: ${rest}` : line
    lines.push(color && style ? `\u001B[${style.code}m${indent}${shown}\u001B[0m` : indent + shown)
    if (tag === 'group') indent = '  '
  }
  return lines.join('\n')
}

const STYLES: Record<string, { name: string; code: number }> = {
  error: { name: 'Error', code: 31 },
  warning: { name: 'Warning', code: 33 },
  notice: { name: 'Notice', code: 36 },
  debug: { name: 'Debug', code: 2 },
}
