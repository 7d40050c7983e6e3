import { parse } from 'yaml'
import { inputNames, inputUse } from '../src/action/inputs.ts'
import { outputNames } from '../src/action/outputs.ts'
import { commandNames } from '../src/ports.ts'
import { read } from './documents.ts'
import { actionErrors } from './github-parser.ts'

interface Input {
  readonly description: string
  readonly required: boolean
  readonly default?: string
}

const manifest = read('action.yml')
const action: {
  description: string
  inputs: Record<string, Input>
  outputs: Record<string, { description: string }>
  runs: Record<string, string>
} = parse(manifest)

describe('action.yml', () => {
  test('is accepted by GitHub’s own parser', () => {
    expect(actionErrors(manifest)).toEqual([])
  })

  test('has a description that fits into the Marketplace', () => {
    expect(action.description.length).toBeLessThanOrEqual(125)
  })

  test('runs the bundle on Node 24, and nothing before or after it', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js' })
  })

  test('requires the command, and has a default for everything else', () => {
    const required = Object.entries(action.inputs).filter(([, input]) => input.required)
    const open = Object.entries(action.inputs).filter(([, input]) => input.default === undefined)
    expect(required.map(([name]) => name)).toEqual(['command'])
    expect(open.map(([name]) => name)).toEqual(['command'])
  })

  test.each(Object.entries(action.inputs))(
    'says what happens when %s is omitted',
    (_, { description }) => {
      expect(description).toMatch(/When omitted|Without it/)
    },
  )

  test('names every command', () => {
    for (const name of commandNames) {
      expect(action.inputs.command?.description).toContain(`\`${name}\``)
    }
  })

  test('has no expression in a description, which the runner would try to evaluate', () => {
    const described = [...Object.values(action.inputs), ...Object.values(action.outputs)]
    for (const { description } of described) expect(description).not.toContain('${{')
  })
})

describe('the code', () => {
  test('knows every input and every output, and no other', () => {
    expect([...inputNames].sort()).toEqual(Object.keys(action.inputs).sort())
    expect([...outputNames].sort()).toEqual(Object.keys(action.outputs).sort())
  })

  test.each(inputNames)('takes %s for unused at the default of action.yml', (name) => {
    const written = action.inputs[name]?.default ?? ''
    // The default of repository is an expression, which the code does not know.
    const { otherwise } = inputUse[name]
    if (otherwise === null) expect(written).toMatch(/^\$\{\{ github\.repository \}\}$/)
    else expect(written).toBe(otherwise)
  })
})

describe('README.md', () => {
  test('lists the inputs with their defaults', () => {
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, shown(input)])
    expect(table('Inputs').map(([name, , value]) => [name, value])).toEqual(defaults)
  })

  test('says which commands use an input', () => {
    const used = inputNames.map((name) => [name, [...inputUse[name].by].sort()])
    const listed = table('Inputs').map(([name, by = '']) => [name, commandsIn(by)])
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(used))
  })

  test('lists the outputs', () => {
    expect(table('Outputs').map(([name]) => name)).toEqual(Object.keys(action.outputs))
  })
})

function commandsIn(cell: string): string[] {
  if (cell === '–' || cell === 'all') return [...commandNames].sort()
  return cell.split(', ').sort()
}

function shown(input: Input): string {
  if (input.required) return 'required'
  return input.default === '' ? '–' : `\`${input.default}\``
}

/** Rows of the table below a heading of README.md; the first cell without its backticks. */
function table(heading: string): string[][] {
  const section = read('README.md').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map(([name = '', ...cells]) => [name.replaceAll('`', ''), ...cells])
}
