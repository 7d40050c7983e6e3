import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allWorkflows, workflowFiles } from '../documents.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'workflows-'))
const examples = join(folder, '.github/workflows')

/** Workflows that users copy, as files named after where they are written. */
let copied: string[]

beforeAll(() => {
  mkdirSync(examples, { recursive: true })
  copied = allWorkflows()
    .filter(({ document }) => !document.endsWith('.yml'))
    .map(({ document, line, text }) => {
      const file = join(examples, `${document.replaceAll('/', '-')}-line-${line}.yml`)
      writeFileSync(file, text)
      return file
    })
  expect(copied.length).toBeGreaterThan(0)
})

afterAll(() => rmSync(folder, { recursive: true }))

/** What a linter finds; empty when it finds nothing. */
function findings(command: string, args: readonly string[]): string {
  const { status, stdout, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (error) throw error
  return status === 0 ? '' : stdout
}

const zizmor = ['--offline', '--no-progress', '--config', '.github/zizmor.yml']

test('actionlint finds nothing in the workflows of this repository and of the documentation', () => {
  const args = ['-config-file', '.github/actionlint.yaml', ...workflowFiles, ...copied]
  expect(findings('actionlint', args)).toBe('')
})

test('zizmor finds nothing in the workflows of this repository', () => {
  expect(findings('zizmor', [...zizmor, '--persona', 'pedantic', '.github', 'action.yml'])).toBe('')
})

test('zizmor finds nothing in the workflows of the documentation', () => {
  expect(findings('zizmor', [...zizmor, folder])).toBe('')
})

test('a workflow with a mistake is found', () => {
  const file = join(folder, 'wrong.yml')
  writeFileSync(file, 'on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    step: []\n')
  expect(findings('actionlint', [file])).toContain('unexpected key "step"')
})
