import { createBook, outputNames } from '../../src/action/outputs.ts'
import { emptyOutcome } from '../../src/commands/execute.ts'
import { Problem } from '../../src/domain/problem.ts'
import type { Run, Runner } from '../../src/ports.ts'

const run: Run = {
  repository: 'acme/shop',
  id: '7',
  attempt: 1,
  url: 'https://github.com/acme/shop/actions/runs/7',
  workflow: null,
  ref: null,
  workflowUrl: null,
}

/** A book with what it wrote and warned of; the runner's files may be broken. */
function bookWith({ broken = false } = {}) {
  const written: string[] = []
  const warned: string[] = []
  const runner = {
    run,
    output(name: string, value: string) {
      if (broken) throw new Error('disk full')
      written.push(`${name}=${value}`)
    },
    warning: ({ fact }: { fact: string }) => warned.push(fact),
  } as unknown as Runner
  const start = emptyOutcome(
    { command: 'generate', prefix: 'AMAZON_PAY', maxAgeDays: 90, dryRun: false },
    runner,
  )
  return { book: createBook(runner, start), written, warned }
}

test('what is known from the beginning is written at once', () => {
  expect(bookWith().written).toEqual(['command=generate', 'targets=[]'])
})

test('an output is written when its value becomes known, and again only when it changes', () => {
  const { book, written } = bookWith()
  written.length = 0
  book.record({ region: 'eu' })
  book.record({ region: 'eu', newKey: false })
  book.record({ region: 'jp' })
  expect(written).toEqual([
    'region=eu',
    'exchange-url=https://sellercentral-europe.amazon.com/gp/pyop/seller/integrationcentral/',
    'new-key=false',
    'region=jp',
    'exchange-url=https://sellercentral-japan.amazon.com/gp/pyop/seller/integrationcentral/',
  ])
})

test('the error code is that of the failure, else of the first warning that has one', () => {
  const { book, written } = bookWith()
  book.warn({ fact: 'a', hint: 'b' })
  book.warn({ code: 'artifact-failed', fact: 'a', hint: 'b' })
  expect(written.at(-1)).toBe('error-code=artifact-failed')
  book.record({ status: 'staged', problems: [new Problem('pair-torn', 'a', 'b')] })
  expect(written.slice(-2)).toEqual(['status=failed', 'error-code=pair-torn'])
})

test('outputs that cannot be written are one warning, and the step goes on', () => {
  const { book, warned } = bookWith({ broken: true })
  book.record({ region: 'eu' })
  expect(warned).toEqual(['the outputs of this step could not be written (GITHUB_OUTPUT)'])
  expect(book.outcome).toMatchObject({ region: 'eu', warnings: [{ code: 'artifact-failed' }] })
})

test('every output has a name of its own', () => {
  expect(new Set(outputNames).size).toBe(outputNames.length)
})
