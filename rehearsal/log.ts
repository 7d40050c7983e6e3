import type { Masker } from './masker.ts'
import { type Command, commandNames, parseCommand } from './workflow-command.ts'

export type Level = 'error' | 'warning' | 'notice'

export interface Annotation {
  readonly level: Level
  /** The runner masks only messages, not titles. */
  readonly title: string
  readonly message: string
}

/** The log that the runner makes from what a step prints. */
export interface StepLog {
  /** Processes one line of stdout or stderr: a workflow command or text. */
  line(text: string): void
  write(message: string): void
  issue(level: Level, message: string, title?: string): void
  debug(message: string): void
  /** The log file, masked: `##[group]`, `##[error]` and so on in front. */
  readonly text: string
  /** Ten of each level at most. */
  readonly annotations: readonly Annotation[]
  /** From `::set-output` and `::save-state`, which are deprecated but still work. */
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  /** A command could not be processed. The step fails then, even with exit code 0. */
  readonly broken: boolean
}

export interface LogOptions {
  readonly masker: Masker
  readonly debug?: boolean
  /** Called with every masked log entry when it is written. */
  readonly onLine?: (line: string) => void
}

export const createLog = (options: LogOptions): StepLog => new Log(options)

class Log implements StepLog {
  readonly annotations: Annotation[] = []
  readonly outputs: Record<string, string> = {}
  readonly state: Record<string, string> = {}
  broken = false

  readonly #options: LogOptions
  readonly #entries: string[] = []
  readonly #counts = { error: 0, warning: 0, notice: 0 }
  readonly #names = new Set(commandNames)
  #echo: boolean
  #stopToken: string | undefined

  constructor(options: LogOptions) {
    this.#options = options
    this.#echo = options.debug === true
  }

  get text(): string {
    return this.#entries.map((entry) => `${entry}\n`).join('')
  }

  write(message: string): void {
    const masked = this.#options.masker.mask(message)
    this.#entries.push(masked)
    this.#options.onLine?.(masked)
  }

  debug(message: string): void {
    if (this.#options.debug !== true) return
    for (const line of message.split(/\r?\n/)) this.write(`##[debug]${line}`)
  }

  issue(level: Level, text: string, title = ''): void {
    const message = this.#options.masker.mask(text).slice(0, 4096)
    this.#counts[level] += 1
    if (this.#counts[level] <= 10) this.annotations.push({ level, title, message })
    if (message !== '') this.write(`##[${level}]${message}`)
  }

  // A property, so that it can be passed as a function.
  readonly line = (text: string): void => {
    const command = parseCommand(text, this.#names)
    if (command === undefined) this.write(text)
    else if (this.#stopToken === undefined) this.#attempt(command, text)
    else this.#resume(command, text)
  }

  #attempt(command: Command, text: string): void {
    try {
      this.#process(command, text)
    } catch (error) {
      const isNamed = ['add-mask', 'debug', 'error', 'warning', 'notice'].includes(command.name)
      const shown = isNamed ? command.name : text
      this.issue('error', `Unable to process command '${shown}' successfully.`)
      this.issue('error', (error as Error).message)
      this.broken = true
    }
  }

  #resume({ name }: Command, text: string): void {
    this.write(text)
    if (name !== this.#stopToken) return
    this.#names.delete(this.#stopToken)
    this.#stopToken = undefined
  }

  #process(command: Command, text: string): void {
    const { name, properties, data } = command
    const isEchoed = !['add-mask', 'error', 'warning', 'notice', 'debug', 'stop-commands'].includes(
      name,
    )
    if (name === 'set-env' || name === 'add-path') {
      throw new Error(
        `The \`${name}\` command is disabled. Please upgrade to using Environment Files`,
      )
    }
    if (this.#echo && isEchoed) this.write(text)
    if (name === 'add-mask') this.#mask(data)
    else if (isLevel(name)) this.issue(name, data, properties.title)
    else if (name === 'debug') this.debug(data)
    else if (name === 'stop-commands') this.#stop(data, text)
    else if (name === 'group') this.write(`##[group]${data}`)
    else if (name === 'endgroup') this.write('##[endgroup]')
    else if (name === 'echo') this.#switchEcho(data)
    else if (name === 'set-output') this.#keep(this.outputs, command)
    else if (name === 'save-state') this.#keep(this.state, command)
  }

  #mask(data: string): void {
    if (!this.#options.masker.add(data)) {
      this.issue('warning', "Can't add secret mask for empty string in ##[add-mask] command.")
    } else if (this.#echo) this.write('::add-mask::***')
  }

  #stop(data: string, text: string): void {
    const token = data.toLowerCase()
    if (data === '' || this.#names.has(token) || token === 'pause-logging') {
      throw new Error(
        "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command.",
      )
    }
    this.#stopToken = token
    this.#names.add(token)
    if (data.length > 6) this.#options.masker.addValue(data)
    this.write(text)
  }

  #switchEcho(data: string): void {
    if (!/^\s*(on|off)\s*$/i.test(data)) {
      throw new Error(
        `Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '${data}'.`,
      )
    }
    this.#echo = data.trim().toLowerCase() === 'on'
  }

  #keep(values: Record<string, string>, { name, properties, data }: Command): void {
    if (!properties.name) {
      throw new Error(`Required field 'name' is missing in ##[${name}] command.`)
    }
    values[properties.name] = data
  }
}

const isLevel = (name: string): name is Level =>
  name === 'error' || name === 'warning' || name === 'notice'

/** Splits a stream into lines as the runner does: at CR LF, LF, and CR alone. */
export function createLineReader(onLine: (line: string) => void) {
  let rest = ''
  return {
    push(text: string) {
      rest += text
      // A CR at the end may be the first part of a CR LF.
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

/** The log as GitHub shows it: groups opened, annotations with their level. */
export function showLog(text: string, color = false): string {
  let indent = ''
  const lines: string[] = []
  for (const line of text.split('\n')) {
    const [, tag, rest = ''] = /^##\[(\w+)\](.*)$/s.exec(line) ?? []
    if (tag === 'endgroup') {
      indent = ''
      continue
    }
    const style = styles[tag ?? '']
    const shown =
      tag === 'group' ? `▾ ${rest}` : style !== undefined ? `${style.name}: ${rest}` : line
    lines.push(color && style ? `\u001B[${style.code}m${indent}${shown}\u001B[0m` : indent + shown)
    if (tag === 'group') indent = '  '
  }
  return lines.join('\n')
}

const styles: Record<string, { name: string; code: number }> = {
  error: { name: 'Error', code: 31 },
  warning: { name: 'Warning', code: 33 },
  notice: { name: 'Notice', code: 36 },
  debug: { name: 'Debug', code: 2 },
}
