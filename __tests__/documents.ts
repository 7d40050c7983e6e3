import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What people read: README, the other pages at the root, docs/. Paths relative to the root. */
export const documents: readonly string[] = [
  ...markdownIn('.'),
  ...['docs', 'docs/maintaining', '.github'].flatMap((folder) =>
    markdownIn(folder).map((name) => `${folder}/${name}`),
  ),
]

export const workflowFiles: readonly string[] = readdirSync(join(root, '.github/workflows'))
  .filter((name) => name.endsWith('.yml'))
  .map((name) => `.github/workflows/${name}`)

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function exists(path: string): boolean {
  return existsSync(join(root, path))
}

/** A fenced block of a document, with the line on which its text begins. */
export interface Block {
  readonly document: string
  readonly line: number
  readonly text: string
}

/** Fenced blocks in one language. */
export function blocks(document: string, language: string): Block[] {
  const found: Block[] = []
  let open: { line: number; lines: string[]; wanted: boolean } | undefined
  read(document)
    .split('\n')
    .forEach((line, index) => {
      const fence = /^\s*```(\S*)/.exec(line)
      if (!fence) open?.lines.push(line)
      else if (!open) open = { line: index + 2, lines: [], wanted: fence[1] === language }
      else {
        if (open.wanted) {
          found.push({ document, line: open.line, text: `${open.lines.join('\n')}\n` })
        }
        open = undefined
      }
    })
  return found
}

/** Every workflow of this project: those that run here, and those that users copy, steps of theirs included. */
export function allWorkflows(): Block[] {
  return [
    ...workflowFiles.map((document) => ({ document, line: 1, text: read(document) })),
    ...documents.flatMap((document) => blocks(document, 'yaml')).map(asWorkflow),
  ]
}

/** Steps alone, as documents show them, within the one workflow of the README. */
function asWorkflow(block: Block): Block {
  if (!block.text.startsWith('- ')) return block
  const [workflow] = blocks('README.md', 'yaml')
  const head = workflow?.text.split(/^ {4}steps:\n/m)[0] ?? ''
  const steps = block.text.replaceAll(/^(?=.)/gm, '      ')
  // A step that reads outputs of the step before it follows that one.
  const before = block.text.includes('steps.key.outputs')
    ? `${workflow?.text.split(/^ {4}steps:\n/m)[1]?.replace('- uses:', '- id: key\n        uses:') ?? ''}`
    : ''
  return { ...block, text: `${head}    steps:\n${before}${steps}` }
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'))
}
