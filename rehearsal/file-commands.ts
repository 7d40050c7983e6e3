/** The largest summary that is shown; a larger one is dropped as a whole. */
export const SUMMARY_LIMIT = 1024 * 1024

/**
 * `GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_STATE`: `name=value` lines and heredocs, read as strictly as
 * the runner does. Throws its messages.
 */
export function parseFileCommand(text: string): [name: string, value: string][] {
  const pairs: [string, string][] = []
  let index = 0
  const next = () => {
    if (index >= text.length) return undefined
    const end = text.indexOf('\n', index)
    const line = text.slice(index, end < 0 ? text.length : end)
    index = end < 0 ? text.length : end + 1
    return { line, ended: end >= 0 }
  }
  for (let read = next(); read !== undefined; read = next()) {
    const { line } = read
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      pairs.push([line.slice(0, equals), line.slice(equals + 1)])
      continue
    }
    if (heredoc < 0) throw new Error(`Invalid format '${line}'`)
    const name = line.slice(0, heredoc)
    const delimiter = line.slice(heredoc + 2)
    if (name === '' || delimiter === '') {
      throw new Error(
        `Invalid format '${line}'. Name must not be empty and delimiter must not be empty`,
      )
    }
    const lines: string[] = []
    for (let inside = next(); inside?.line !== delimiter; inside = next()) {
      if (inside === undefined) {
        throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
      }
      if (!inside.ended) throw new Error('Invalid value. EOF marker missing new line.')
      lines.push(inside.line)
    }
    pairs.push([name, lines.join('\n')])
  }
  return pairs
}

/** A summary as it is uploaded: masked line by line. */
export function scrubSummary(text: string, mask: (line: string) => string): string {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => `${mask(line)}\n`).join('')
}
