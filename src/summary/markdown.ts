import { markup, onOneLine } from '../domain/text.ts'

/**
 * Text that somebody else chose, as plain text in GitHub Flavored Markdown: nothing in it can become markup,
 * a link, a mention or HTML. GitHub's own sanitiser comes after this, not instead of it.
 */
export function text(value: string): string {
  return onOneLine(value)
    .replaceAll(markup, (found) => entities[found] ?? found.replaceAll(/./g, '\\$&'))
    .replaceAll('://', ':&#8203;//')
    .replaceAll(/www(?=\.)/gi, '$&&#8203;')
}

/** A mention or an address needs what follows the @ right behind it. */
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '@': '&#64;&#8203;',
}

/** A value to copy: in backticks, longer than any run of them inside. */
export function code(value: string): string {
  const plain = onOneLine(value)
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = plain.startsWith('`') || plain.endsWith('`') ? ' ' : ''
  return `${fence}${space}${plain}${space}${fence}`
}

/**
 * The same for a cell of a table, where a pipe would end the cell even inside backticks. It can be escaped
 * there, but not behind a backslash.
 */
export function cell(value: string): string {
  return /\\\|/.test(value) ? text(value) : code(value).replaceAll('|', '\\|')
}

export function fenced(language: string, value: string): string {
  return `\`\`\`${language}\n${value.trimEnd()}\n\`\`\``
}

/** Anything but an address of the web stays text. */
export function link(label: string, url: string): string {
  if (!/^https?:\/\//.test(url)) return text(label)
  return `[${text(label)}](<${onOneLine(url).replaceAll(/[<>\s\\|]/g, encodeURIComponent)}>)`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

export function checklist(items: readonly string[]): string {
  return items.map((item) => `- [ ] ${item}`).join('\n')
}
