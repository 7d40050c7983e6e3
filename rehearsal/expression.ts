type Value = string | number | boolean | null

/** Values by context and name: `secrets`, `vars`, `inputs`, `github`. Names are not case-sensitive. */
export type Contexts = Readonly<Record<string, Readonly<Record<string, Value>>>>

/** Evaluates every `${{ … }}` in a text. Supports only the expressions that workflows with this action need. */
export const evaluateText = (text: string, contexts: Contexts): string =>
  text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => {
    const value = evaluate(expression, contexts)
    return value === null ? '' : String(value)
  })

/** Names of the secrets that a text refers to. The job receives them, and the runner masks them. */
export const secretsIn = (text: string): string[] =>
  [...text.matchAll(/\bsecrets\.(\w+)/g)].map(([, name = '']) => name)

/** @throws where the expression uses more than this knows */
export function evaluate(expression: string, contexts: Contexts): Value {
  const tokens = [...expression.matchAll(tokenFormat)].map(([, token = '']) => token)
  const parser = new Parser(tokens, contexts)
  return parser.whole()
}

const tokenFormat = /\s*('(?:[^']|'')*'|\|\||&&|[!=]=|[!()]|[\w-]+(?:\.[\w-]+)*|\S)/g

class Parser {
  readonly #tokens: readonly string[]
  readonly #contexts: Contexts
  #next = 0

  constructor(tokens: readonly string[], contexts: Contexts) {
    this.#tokens = tokens
    this.#contexts = contexts
  }

  whole(): Value {
    const value = this.#or()
    const rest = this.#tokens[this.#next]
    if (rest !== undefined) throw new Error(`The rehearsal cannot evaluate ${rest}`)
    return value
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false
    this.#next += 1
    return true
  }

  #or(): Value {
    let value = this.#and()
    while (this.#take('||')) {
      const other = this.#and()
      value = isTrue(value) ? value : other
    }
    return value
  }

  #and(): Value {
    let value = this.#equality()
    while (this.#take('&&')) {
      const other = this.#equality()
      value = isTrue(value) ? other : value
    }
    return value
  }

  #equality(): Value {
    const value = this.#unary()
    if (this.#take('==')) return isEqual(value, this.#unary())
    return this.#take('!=') ? !isEqual(value, this.#unary()) : value
  }

  #unary(): Value {
    if (this.#take('!')) return !isTrue(this.#unary())
    if (this.#take('(')) {
      const value = this.#or()
      if (!this.#take(')')) throw new Error('The rehearsal expected )')
      return value
    }
    return this.#primary(this.#tokens[this.#next++] ?? '')
  }

  #primary(token: string): Value {
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'")
    if (token === 'true' || token === 'false') return token === 'true'
    if (token === 'null') return null
    if (/^\d+$/.test(token)) return Number(token)
    const [, context = '', name = ''] = /^([\w-]+)\.([\w-]+)$/.exec(token) ?? []
    const values = this.#contexts[context]
    if (values === undefined) throw new Error(`The rehearsal cannot evaluate ${token}`)
    const known = Object.keys(values).find((key) => key.toLowerCase() === name.toLowerCase())
    return known === undefined ? null : (values[known] ?? null)
  }
}

const isTrue = (value: Value): boolean =>
  value !== null && value !== false && value !== '' && value !== 0

const isEqual = (a: Value, b: Value): boolean =>
  String(a ?? '').toLowerCase() === String(b ?? '').toLowerCase()
