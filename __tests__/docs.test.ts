import { posix } from 'node:path'
import { parse } from 'yaml'
import { type InputName, inputNames, unusedInputs } from '../src/action/inputs.ts'
import { outputNames } from '../src/action/outputs.ts'
import { formsFor } from '../src/adapters/github/forms.ts'
import { type Permissions, requiredPermissions } from '../src/adapters/github/permissions.ts'
import { problemCodes } from '../src/domain/problem.ts'
import { commandNames, type TargetSpec } from '../src/ports.ts'
import { allWorkflows, type Block, blocks, documents, exists, read } from './documents.ts'
import { workflowErrors } from './github-parser.ts'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Record<string, unknown>
}
interface Job {
  readonly concurrency?: unknown
  readonly steps?: readonly Step[]
}
interface Workflow {
  readonly permissions?: unknown
  readonly jobs: Record<string, Job>
}

const ours = 'amazon-pay-keys/amazon-pay-keys'
const action: { inputs: Record<string, { default?: string }> } = parse(read('action.yml'))

const workflows = allWorkflows().map(
  (block) => [`${block.document}:${block.line}`, block, parse(block.text) as Workflow] as const,
)
const steps = ({ jobs }: Workflow): Step[] => Object.values(jobs).flatMap((job) => job.steps ?? [])
const ourSteps = (workflow: Workflow): Record<string, unknown>[] =>
  steps(workflow)
    .filter(({ uses }) => uses === './' || uses?.startsWith(`${ours}@`) === true)
    .map((step) => step.with ?? {})
const usesLines = ({ text }: Block): string[] =>
  text.split('\n').filter((line) => /^[\s-]*uses:/.test(line))

describe.each(workflows)('workflow %s', (_name, block, workflow) => {
  test('is accepted by GitHub’s own parser', async () => {
    expect(await workflowErrors(block.text)).toEqual([])
  })

  test('grants no permission at the top', () => {
    expect(workflow.permissions).toEqual({})
  })

  test('names other actions by commit, with the version beside it', () => {
    const others = usesLines(block).filter(
      (line) => !new RegExp(`uses: (${ours}@|\\./)`).test(line),
    )
    for (const line of others) {
      expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
  })

  test('puts no expression into a script', () => {
    for (const { run } of steps(workflow)) expect(run ?? '').not.toContain('${{')
  })

  test('gives the action a command, and only inputs that it has', () => {
    for (const given of ourSteps(workflow)) {
      expect(inputNames).toEqual(expect.arrayContaining(Object.keys(given)))
      expect(given).toHaveProperty('command')
    }
  })
})

test('every document names the same version of an action', () => {
  const versions = new Map<string, Set<string>>()
  for (const line of workflows.flatMap(([, block]) => usesLines(block))) {
    const [, name = '', version = ''] = /uses: ([\w-]+\/[\w-]+)\S*@(.*)$/.exec(line) ?? []
    versions.set(name, (versions.get(name) ?? new Set()).add(version))
  }
  for (const [name, found] of versions) expect([name, found.size]).toEqual([name, 1])
})

const examples = workflows.filter(([, { document }]) => document.endsWith('.md'))

describe.each(examples)('example %s', (_name, _block, workflow) => {
  test('takes what it changes from the workflow, not from the form', () => {
    const fixed = ['region', 'pay-environment', 'prefix', 'repository', 'environment']
    for (const given of ourSteps(workflow)) {
      for (const name of fixed) expect(String(given[name])).not.toContain('inputs.')
    }
  })

  test('takes private keys from secrets', () => {
    for (const given of ourSteps(workflow)) {
      const keys = Object.entries(given).filter(([name]) => name.endsWith('private-key'))
      for (const [, key] of keys) expect(key).toMatch(/^\$\{\{ secrets\.[A-Z_]+ \}\}$/)
    }
  })

  test('has no concurrency group, which would cancel a waiting activation', () => {
    for (const job of Object.values(workflow.jobs)) expect(job.concurrency).toBeUndefined()
  })
})

describe('the one workflow', () => {
  const [block] = blocks('README.md', 'yaml')
  const form = parse(block?.text ?? '')
  const [given = {}] = ourSteps(form)

  test('is the first YAML of README.md, has at most 40 lines and one step', () => {
    expect(block?.text.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
    expect(steps(form)).toHaveLength(1)
  })

  test('offers every command, status first', () => {
    const { options } = form.on.workflow_dispatch.inputs.command
    expect([...options].sort()).toEqual([...commandNames].sort())
    expect(options[0]).toBe('status')
  })

  test.each(commandNames)('causes no warning about an input with command: %s', (command) => {
    const raw = Object.fromEntries(
      inputNames.map((name) => [name, given[name] ?? action.inputs[name]?.default ?? '']),
    ) as Record<InputName, string>
    const filled = { ...raw, command, 'public-key-id': '', 'replace-staged': '' }
    expect(unusedInputs({ ...filled, 'keep-previous': 'true' }, command)).toEqual([])
  })

  test('is varied by adding inputs, and by nothing else', () => {
    const variations = examples
      .flatMap(([, , workflow]) => ourSteps(workflow))
      .filter(({ command }) => String(command).includes('inputs.command'))
    expect(variations.length).toBeGreaterThan(2)
    for (const variation of variations) expect(variation).toMatchObject(given)
  })
})

describe('what documents name in code font', () => {
  // Words of other systems that look like an input, an output or a code.
  const foreign =
    /^(amazon-pay-(keys|sandbox|keys-admin)|(ssh-)?keygen|ssh-keygen|ssh-rsa|create-github-app-token|workflow-dispatch|x-(amz|accepted)-.*|gh-pages|just-created|universal-github-app-jwt|libsodium-wrappers|p-map|rolled-back|from-approval|add-mask|retry-after)$/

  test.each(documents)('exists: %s', (document) => {
    const known: readonly string[] = [
      ...inputNames,
      ...outputNames,
      ...problemCodes,
      ...commandNames,
    ]
    const words = [...read(document).matchAll(/`([a-z]+(?:-[a-z]+)+)(?:: [^`]+)?`/g)]
    const unknown = words
      .map(([, word = '']) => word)
      .filter((word) => !known.includes(word) && !foreign.test(word))
    expect(unknown).toEqual([])
  })

  test.each(documents)('is a file, where it is a path: %s', (document) => {
    const paths = [
      ...read(document).matchAll(/`((?:src|__tests__|scripts|docs|patches|dist)\/[^`]*)`/g),
    ]
    expect(paths.map(([, path = '']) => path).filter((path) => !exists(path))).toEqual([])
  })
})

test('every error code has its entry in docs/troubleshooting.md, in the order of the code', () => {
  const headings = [...read('docs/troubleshooting.md').matchAll(/^### `([a-z-]+)`$/gm)]
  expect(headings.map((match) => match[1])).toEqual(problemCodes)
})

test('every error code is in the list at the top of docs/troubleshooting.md', () => {
  const [top = ''] = read('docs/troubleshooting.md').split('\n## Codes')
  const listed = [...top.matchAll(/\[`([a-z-]+)`\]\(#\1\)/g)].map((match) => match[1])
  expect(listed.sort()).toEqual([...problemCodes].sort())
})

const targets: Readonly<Record<TargetSpec['kind'], TargetSpec>> = {
  repository: { kind: 'repository', repository: 'acme/shop' },
  environment: { kind: 'environment', repository: 'acme/shop', environment: 'production' },
  organization: {
    kind: 'organization',
    organization: 'acme',
    visibility: null,
    repositories: [],
  },
}

describe('pre-filled forms', () => {
  const kinds = ['repository', 'environment', 'organization'] as const
  const flags = [false, true]
  const formsOf = (kind: TargetSpec['kind'], redeploy: boolean) =>
    formsFor([targets[kind]], { server: 'https://github.com', redeploy, owner: null })
  const forms = kinds.flatMap((kind) =>
    flags.flatMap((redeploy) => Object.values(formsOf(kind, redeploy))),
  )
  const linked = (document: string): string[] =>
    [...read(document).matchAll(/\]\((https:\/\/github\.com\/[^)\s]*\/new\?[^)]*)\)/g)]
      .map((match) => match[1] ?? '')
      .filter((url) => url.includes('/settings/'))

  test('are all in docs/permissions.md, as the code makes them', () => {
    expect(linked('docs/permissions.md').sort()).toEqual([...forms].sort())
  })

  test('of README.md are those for repository secrets', () => {
    const { app, token } = formsOf('repository', false)
    expect(linked('README.md')).toEqual([token, app])
  })
})

describe('the permissions of docs/permissions.md', () => {
  const options = { fromApproval: false, redeploy: false }
  const asked = (kind: TargetSpec['kind']): Permissions =>
    requiredPermissions('generate', [targets[kind]], options).required
  const shown = (permissions: Permissions): string =>
    Object.entries(permissions)
      .map(([name, level]) => `\`${name}: ${level}\``)
      .join(', ')

  test('are those that the code requests', () => {
    const { secrets: _, actions_variables: __, ...environment } = asked('environment')
    const row = ` | ${shown(asked('repository'))} | ${shown(environment)} | ${shown(asked('organization'))} |`
    expect(read('docs/permissions.md')).toContain(row)
  })
})

test.each(['npm start', 'npm cit'])('%s is in a shell block of its own', (command) => {
  expect(blocks('README.md', 'sh').map(({ text }) => text)).toContain(`${command}\n`)
})

test.each(documents)('%s has no dead link', (document) => {
  expect(deadLinks(document)).toEqual([])
})

test('docs/rotation.md has at most 300 lines', () => {
  expect(read('docs/rotation.md').trimEnd().split('\n').length).toBeLessThanOrEqual(300)
})

describe('words that are not used', () => {
  // The left word has one plain counterpart, which the documents use everywhere.
  const avoided =
    /\b(nobody|whoever|somebody|anybody (?!else)|halves|promot\w+ the|burned|dress|proof|proves?|proved|cut off|(?:it|that) stands|wears)\b/i
  const texts = [...documents, 'action.yml', '.github/ISSUE_TEMPLATE/bug.yml']

  test.each(texts)('%s', (document) => {
    const found = read(document)
      .split('\n')
      .filter((line) => avoided.test(line))
    expect(found).toEqual([])
  })
})

/** Pictures that are made from the rehearsal, at the end. */
const pictures = /^docs\/images\/(summary|rehearsal)-(light|dark)\.png$/

function deadLinks(document: string): string[] {
  const text = read(document).replaceAll(/^\s*```[\s\S]*?^\s*```/gm, '')
  const links = [...text.matchAll(/\]\(([^()\s]+)\)|(?:src|srcset)="([^"]+)"/g)]
  return links
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? document : posix.join(posix.dirname(document), path)
      if (pictures.test(file)) return false
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
