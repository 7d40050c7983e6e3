/**
 * Lints every workflow that we wrote, those in the documentation included, with actionlint and zizmor.
 * Both must be on the PATH: `go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12` and `pip install zizmor==1.32.0`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allWorkflows, workflowFiles } from '../__tests__/documents.ts'

const folder = mkdtempSync(join(tmpdir(), 'workflows-'))
try {
  const examples = join(folder, '.github/workflows')
  mkdirSync(examples, { recursive: true })
  const written = allWorkflows()
    .filter(({ document }) => document.endsWith('.md'))
    .map(({ document, line, text }) => {
      const file = join(examples, `${document.replaceAll('/', '-')}-line-${line}.yml`)
      writeFileSync(file, text)
      return file
    })
  run('actionlint', ['-config-file', '.github/actionlint.yaml', ...workflowFiles, ...written])
  const zizmor = ['--offline', '--no-progress', '--config', '.github/zizmor.yml']
  run('zizmor', [...zizmor, '--persona', 'pedantic', '.github'])
  run('zizmor', [...zizmor, folder])
} finally {
  rmSync(folder, { recursive: true })
}

function run(command: string, args: readonly string[]): void {
  const { error, status } = spawnSync(command, args, { stdio: 'inherit' })
  if (error) throw new Error(`${command} cannot be run: ${error.message}`)
  if (status !== 0) process.exitCode = 1
}
