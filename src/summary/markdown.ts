import { markup, onOneLine } from '../domain/text.ts'

/**
 * Escapes text from outside for GitHub Flavored Markdown: nothing in it can become markup, a link, a mention or HTML.
 * GitHub's own sanitiser runs as well; this does not rely on it.
 */
export function text(value: string): string {
  return onOneLine(value)
    .replaceAll(markup, (found) => entities[found] ?? found.replaceAll(/./g, '\\$&'))
    .replaceAll('://', ':&#8203;//')
    .replaceAll(/www(?=\.)/gi, '$&&#8203;')
}

/** The invisible space after the @ prevents mentions and e-mail links. */
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '@': '&#64;&#8203;',
}

/**
 * A message, in which addresses on this server are links that can be copied. Other addresses may come from strangers, and
 * stay text.
 * @param server scheme and host, such as `https://github.com`
 */
export function prose(value: string, server: string): string {
  return value
    .split(/(https?:\/\/[\w.~%:/?#@!$&+=-]*[\w/])/)
    .map((part) => (server && part.startsWith(`${server}/`) ? `<${part}>` : text(part)))
    .join('')
}

/** A value to copy, in more backticks than any run of them inside the value. */
export function code(value: string): string {
  const plain = onOneLine(value)
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = plain.startsWith('`') || plain.endsWith('`') ? ' ' : ''
  return `${fence}${space}${plain}${space}${fence}`
}

/**
 * The same for a table cell, where a pipe ends the cell even inside backticks. A pipe can be escaped there, but not one that
 * follows a backslash: such a value is shown as text.
 */
export function cell(value: string): string {
  return /\\\|/.test(value) ? text(value) : code(value).replaceAll('|', '\\|')
}

export function fenced(language: string, value: string): string {
  return `\`\`\`${language}\n${value.trimEnd()}\n\`\`\``
}

/** Anything that is not an http(s) URL stays text. */
export function link(label: string, url: string): string {
  if (!/^https?:\/\//.test(url)) return text(label)
  return `[${text(label)}](<${onOneLine(url).replaceAll(/[<>\s\\|]/g, encodeURIComponent)}>)`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

/** Numbered, because boxes cannot be ticked in a summary. */
export function numbered(items: readonly string[]): string {
  return items.map((item, index) => `${index + 1}. ${item}`).join('\n')
}

export function checklist(items: readonly string[]): string {
  return items.map((item) => `- [ ] ${item}`).join('\n')
}
