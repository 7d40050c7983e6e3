import { orElse } from './faults.ts'

/** A JSON object or array; null for every other text. */
export function parsedJson(text: string): object | null {
  return /^[{[]/.test(text) ? (parsed(text) as object | null) : null
}

/** The value of a JSON string; any other text is returned unchanged. */
export function unquotedJson(text: string): string {
  const value = text.startsWith('"') ? parsed(text) : null
  return typeof value === 'string' ? value : text
}

function parsed(text: string): unknown {
  return orElse(null, () => JSON.parse(text))
}

/** Where a text is in the JSON that secret NAME contains. */
interface Member {
  readonly path: string
  /** The same as a workflow expression. */
  readonly expression: string
}

export interface JsonText {
  readonly text: string
  /** Null where an expression cannot name it. */
  readonly member: Member | null
}

const root: Member = { path: '', expression: 'fromJSON(secrets.NAME)' }

/** Every text in a JSON value, also in the JSON that a text may be. */
export function textsIn(value: unknown, member: Member | null = root, depth = 5): JsonText[] {
  if (typeof value === 'string') {
    const json = parsedJson(value.trim())
    const within = member && { ...member, expression: `fromJSON(${member.expression})` }
    return [...textsIn(json, within, depth - 1), { text: value, member }]
  }
  if (typeof value !== 'object' || value === null || depth <= 0) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const isNamed = !Array.isArray(value) && /^[A-Za-z_][\w-]{0,60}$/.test(name)
    return textsIn(inner, isNamed ? memberOf(member, name) : null, depth - 1)
  })
}

function memberOf(outer: Member | null, name: string): Member | null {
  if (!outer) return null
  const path = outer.path === '' ? name : `${outer.path}.${name}`
  return { path, expression: `${outer.expression}.${name}` }
}
