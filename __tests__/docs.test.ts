import { posix } from 'node:path'
import { parse } from 'yaml'
import { problemCodes } from '../src/domain/problem.ts'
import { allWorkflows, type Block, blocks, documents, exists, read } from './documents.ts'
import { workflowErrors } from './github-parser.ts'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Record<string, unknown>
  readonly env?: Record<string, unknown>
}
interface Job {
  readonly uses?: string
  readonly concurrency?: unknown
  readonly steps?: readonly Step[]
  readonly with?: Record<string, unknown>
  readonly secrets?: Record<string, unknown>
}
interface Workflow {
  readonly permissions?: unknown
  readonly jobs: Record<string, Job>
}
interface Declared {
  readonly required?: boolean
}

const ours = 'amazon-pay-keys/amazon-pay-keys'
const action: { inputs: Record<string, Declared> } = parse(read('action.yml'))
const called: { inputs: Record<string, Declared>; secrets: Record<string, Declared> } = parse(
  read('.github/workflows/rotate.yml'),
).on.workflow_call

const workflows = allWorkflows().map(
  (block) => [`${block.document}:${block.line}`, block, parse(block.text) as Workflow] as const,
)
const jobs = (workflow: Workflow): Job[] => Object.values(workflow.jobs)
const steps = (workflow: Workflow): Step[] => jobs(workflow).flatMap((job) => job.steps ?? [])
const usesLines = ({ text }: Block): string[] =>
  text.split('\n').filter((line) => /^[\s-]*uses:/.test(line))

describe.each(workflows)('workflow %s', (_name, block, workflow) => {
  test('is one for GitHub', async () => {
    expect(await workflowErrors(block.text)).toEqual([])
  })

  test('grants nothing at the top', () => {
    expect(workflow.permissions).toEqual({})
  })

  test('names other people’s actions by commit, with the version beside it', () => {
    const others = usesLines(block).filter(
      (line) => !new RegExp(`uses: (${ours}[@/]|\\./)`).test(line),
    )
    for (const line of others) {
      expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
  })

  test('puts no expression into a script', () => {
    for (const { run } of steps(workflow)) expect(run ?? '').not.toContain('${{')
  })

  test('gives the action only inputs that it has', () => {
    const uses = steps(workflow).filter((step) => isOurs(step.uses))
    for (const { with: given = {} } of uses) {
      expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(given)))
      expect(given).toHaveProperty('command')
    }
  })

  test('gives the reusable workflow what it declares, and all that it requires', () => {
    const calls = jobs(workflow).filter((job) => job.uses?.includes('.github/workflows/rotate.yml'))
    for (const { with: given = {}, secrets = {} } of calls) {
      expectDeclared(given, called.inputs)
      expectDeclared(secrets, called.secrets)
    }
  })
})

const examples = workflows.filter(([, { document }]) => document.endsWith('.md'))

describe.each(examples)('example %s', (_name, _block, workflow) => {
  const ourSteps = (job: Job) => (job.steps ?? []).filter((step) => isOurs(step.uses))

  test('aims where it says, and not where a dispatch says', () => {
    const given = jobs(workflow).flatMap((job) => [job, ...ourSteps(job)].map((one) => one.with))
    for (const { 'public-key-id': _, ...aims } of given.filter((one) => one !== undefined)) {
      expect(JSON.stringify(aims)).not.toContain('inputs.')
    }
  })

  test('takes private keys from secrets', () => {
    const keys = steps(workflow)
      .flatMap((step) => [step.with?.['private-key'], step.with?.['previous-private-key']])
      .filter((key) => key !== undefined)
    for (const key of keys) expect(key).toMatch(/^\$\{\{ secrets\.[A-Z_]+ \}\}$/)
  })

  test('queues what writes, unless it waits for approval', () => {
    const writing = jobs(workflow).flatMap((job) =>
      ourSteps(job)
        .filter((step) => /generate|activate|retire/.test(String(step.with?.command)))
        .map((step) => [step.with?.['public-key-id'], job.concurrency] as const),
    )
    for (const [id, concurrency] of writing) {
      if (id === 'from-approval') expect(concurrency).toBeUndefined()
      else expect(concurrency).toMatchObject({ 'cancel-in-progress': false, queue: 'max' })
    }
  })

  test('asks for Variables wherever it asks for Secrets', () => {
    const tokens = steps(workflow).filter((step) => step.uses?.includes('create-github-app-token'))
    for (const { with: given = {}, env = {} } of tokens) {
      expect(env['INPUT_PERMISSION-ACTIONS-VARIABLES']).toBe(given['permission-secrets'])
      expect(env['INPUT_PERMISSION-ORGANIZATION-ACTIONS-VARIABLES']).toBe(
        given['permission-organization-secrets'],
      )
    }
  })
})

function isOurs(uses: string | undefined): boolean {
  return uses === './' || uses?.startsWith(`${ours}@`) === true
}

function expectDeclared(given: object, declared: Record<string, Declared>): void {
  const required = Object.keys(declared).filter((name) => declared[name]?.required === true)
  expect(Object.keys(declared)).toEqual(expect.arrayContaining(Object.keys(given)))
  expect(Object.keys(given)).toEqual(expect.arrayContaining(required))
}

test('one action has one version everywhere', () => {
  const pins = workflows
    .flatMap(([, block]) => usesLines(block))
    .map((line) => /uses: ([\w-]+\/[\w-]+)\S*@([0-9a-f]{40} # \S+)$/.exec(line)?.slice(1))
    .filter((pin) => pin !== undefined)
  const versions = new Map<string | undefined, string | undefined>()
  for (const [name, version] of pins) {
    expect([name, version]).toEqual([name, versions.get(name) ?? version])
    versions.set(name, version)
  }
})

test('the reusable workflow uses the action of its own version', () => {
  const { version } = JSON.parse(read('package.json'))
  const named = read('.github/workflows/rotate.yml').match(/amazon-pay-keys\/amazon-pay-keys@\S+/g)
  expect(new Set(named)).toEqual(new Set([`${ours}@v${version}`]))
})

test('every error code has its entry, in the order of the code', () => {
  const headings = [...read('docs/troubleshooting.md').matchAll(/^### `([a-z-]+)`$/gm)]
  expect(headings.map((match) => match[1])).toEqual(problemCodes)
})

test.each(['npm start', 'npm cit'])('%s stands in a shell block of its own', (command) => {
  expect(blocks('README.md', 'sh').map(({ text }) => text)).toContain(`${command}\n`)
})

describe.each(documents)('%s', (document) => {
  test('has no dead link', () => {
    expect(deadLinks(document)).toEqual([])
  })
})

function deadLinks(document: string): string[] {
  const text = read(document).replaceAll(/^\s*```[\s\S]*?^\s*```/gm, '')
  const targets = [...text.matchAll(/\]\(([^()\s]+)\)/g)].map((match) => match[1] ?? '')
  return targets
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? document : posix.join(posix.dirname(document), path)
      return !exists(file) || (anchor !== undefined && !anchors(file).includes(anchor))
    })
}

/** Anchors that GitHub gives to the headings of a document. */
function anchors(document: string): string[] {
  const headings = [...read(document).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '')
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
