/**
 * Text that somebody else chose, as plain text in GitHub Flavored Markdown: nothing in it can become markup,
 * a link, a mention or HTML. GitHub's own sanitiser comes after this, not instead of it.
 */
export function text(value: string): string {
  return value
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]()#+!|~]/g, '\\$&')
    .replaceAll('@', '&#64;')
    .replaceAll('://', ':&#8203;//')
}

/** A value to copy: in backticks, longer than any run of them inside. */
export function code(value: string): string {
  const plain = value.replaceAll(/\p{Cc}+/gu, ' ')
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = plain.startsWith('`') || plain.endsWith('`') ? ' ' : ''
  return `${fence}${space}${plain}${space}${fence}`
}

/** The same for a cell of a table, where a pipe would end the cell even inside backticks. */
export function cell(value: string): string {
  return code(value).replaceAll('|', '\\|')
}

export function fenced(language: string, value: string): string {
  return `\`\`\`${language}\n${value.trimEnd()}\n\`\`\``
}

export function link(label: string, url: string): string {
  return `[${text(label)}](<${url.replaceAll(/[<>\s]/g, encodeURIComponent)}>)`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

export function checklist(items: readonly string[]): string {
  return items.map((item) => `- [ ] ${item}`).join('\n')
}
