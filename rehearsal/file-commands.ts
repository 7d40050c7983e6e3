/** The size limit of a summary. The runner drops a larger one completely. */
export const summaryLimit = 1024 * 1024

type Pair = [name: string, value: string]

interface Line {
  readonly text: string
  /** Whether a newline follows. */
  readonly isEnded: boolean
}

/**
 * `GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_STATE`: `name=value` lines and heredocs, read as strictly as the runner does.
 * @throws the runner's messages
 */
export function parseFileCommand(text: string): Pair[] {
  const pairs: Pair[] = []
  const lines = linesOf(text)
  for (const { text: line } of lines) {
    if (line !== '') pairs.push(readPair(line, lines))
  }
  return pairs
}

function* linesOf(text: string): Generator<Line, undefined> {
  let index = 0
  while (index < text.length) {
    const end = text.indexOf('\n', index)
    yield { text: text.slice(index, end < 0 ? text.length : end), isEnded: end >= 0 }
    index = end < 0 ? text.length : end + 1
  }
  return undefined
}

function readPair(line: string, lines: Iterator<Line, undefined>): Pair {
  const equals = line.indexOf('=')
  const heredoc = line.indexOf('<<')
  if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
    return [line.slice(0, equals), line.slice(equals + 1)]
  }
  if (heredoc < 0) throw new Error(`Invalid format '${line}'`)
  const name = line.slice(0, heredoc)
  const delimiter = line.slice(heredoc + 2)
  if (name === '' || delimiter === '') {
    throw new Error(
      `Invalid format '${line}'. Name must not be empty and delimiter must not be empty`,
    )
  }
  return [name, readHeredoc(delimiter, lines)]
}

function readHeredoc(delimiter: string, lines: Iterator<Line, undefined>): string {
  const value: string[] = []
  for (;;) {
    const line = lines.next().value
    if (line === undefined) {
      throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
    }
    if (line.text === delimiter) return value.join('\n')
    if (!line.isEnded) throw new Error('Invalid value. EOF marker missing new line.')
    value.push(line.text)
  }
}

/** The summary that is uploaded: masked line by line. */
export function scrubSummary(text: string, mask: (line: string) => string): string {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => `${mask(line)}\n`).join('')
}
