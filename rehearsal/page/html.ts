/** Markup, as opposed to text. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | readonly Part[] | string | number | false | null | undefined

/** A template whose values are text, unless they are markup themselves. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((string, index) => string + markup(parts[index])).join(''))

function markup(part: Part): string {
  if (part === undefined || part === null || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(markup).join('')
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

export function list<Item>(
  empty: string,
  items: readonly Item[],
  each: (item: Item) => Html,
): Html {
  if (items.length === 0) return html`<p class="muted">${empty}</p>`
  return html`<ul class="plain">${items.map(each)}</ul>`
}

/** `2026-11-26 21:30`, and the whole time for machines. */
export const time = (date: Date): Html =>
  html`<time datetime="${date.toISOString()}">${date.toISOString().slice(0, 16).replace('T', ' ')}</time>`
