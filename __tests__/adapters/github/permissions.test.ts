import {
  type PermissionOptions,
  requiredPermissions,
} from '../../../src/adapters/github/permissions.ts'
import { type Command, commandNames, type TargetSpec } from '../../../src/ports.ts'
import { newAppUrl, newTokenUrl } from '../../github-forms.ts'

const targets = {
  repository: [{ kind: 'repository', repository: 'acme/shop' }],
  environment: [{ kind: 'environment', repository: 'acme/shop', environment: 'production' }],
  organization: [
    { kind: 'organization', organization: 'acme', visibility: null, repositories: [] },
  ],
} satisfies Record<string, readonly TargetSpec[]>

const neither: PermissionOptions = { fromApproval: false, redeploy: false }
const reading: readonly Command[] = ['status', 'validate']

describe('what a command asks for', () => {
  test.each(commandNames)('%s: exactly its row of the table', (command) => {
    const level = reading.includes(command) ? 'read' : 'write'
    const of = (kind: keyof typeof targets) =>
      requiredPermissions(command, targets[kind], neither).required
    expect(of('repository')).toEqual({ secrets: level, actions_variables: level })
    expect(of('environment')).toEqual({
      secrets: level,
      actions_variables: level,
      environments: level,
    })
    expect(of('organization')).toEqual({
      organization_secrets: level,
      organization_actions_variables: level,
      metadata: 'read',
    })
  })

  test.each<[Command, keyof typeof targets, PermissionOptions, Readonly<Record<string, string>>]>([
    ['generate', 'repository', neither, {}],
    ['generate', 'environment', neither, { actions: 'read' }],
    ['status', 'environment', neither, { actions: 'read' }],
    ['retire', 'repository', neither, { actions: 'read' }],
    ['retire', 'organization', neither, { actions: 'read' }],
    ['activate', 'repository', { ...neither, redeploy: true }, { actions: 'write' }],
    ['activate', 'organization', { ...neither, redeploy: true }, { actions: 'write' }],
    ['activate', 'environment', { ...neither, fromApproval: true }, {}],
    ['activate', 'environment', { fromApproval: true, redeploy: true }, { actions: 'write' }],
  ])(
    '%s for a target of kind %s, %j, asks beside it for %j',
    (command, kind, options, optional) => {
      expect(requiredPermissions(command, targets[kind], options).optional).toEqual(optional)
    },
  )

  test('includes approvals only where they are read', () => {
    const of = (fromApproval: boolean) =>
      requiredPermissions('activate', targets.repository, { fromApproval, redeploy: false })
        .required
    expect([of(true).actions, of(false).actions]).toEqual(['read', undefined])
  })
})

describe('the links to GitHub’s forms', () => {
  const fields = (url: string) => Object.fromEntries(new URL(url).searchParams)

  const kinds = ['repository', 'environment', 'organization'] as const
  const cases = commandNames.flatMap((command) => kinds.map((kind) => [command, kind] as const))

  test.each(cases)('are filled in with what %s asks for a target of kind %s', (command, kind) => {
    const { required, optional } = requiredPermissions(command, targets[kind], neither)
    // GitHub gives Metadata: read to every App and token.
    const { metadata: _, ...asked } = { ...optional, ...required }
    for (const filledIn of [fields(newAppUrl({ kind })), fields(newTokenUrl({ kind }))]) {
      for (const [name, level] of Object.entries(asked)) {
        expect([level, 'write']).toContain(filledIn[name])
      }
    }
  })

  test.each(kinds)('ask for nothing that no command asks for a target of kind %s', (kind) => {
    const asked = commandNames.flatMap((command) => {
      const { required, optional } = requiredPermissions(command, targets[kind], neither)
      return Object.keys({ ...optional, ...required })
    })
    const others = ['name', 'url', 'public', 'webhook_active', 'description', 'expires_in']
    const named = Object.keys({ ...fields(newAppUrl({ kind })), ...fields(newTokenUrl({ kind })) })
    expect([...asked, ...others]).toEqual(expect.arrayContaining(named))
  })

  test('are these for one repository', () => {
    expect(newAppUrl({ kind: 'repository' })).toBe(
      'https://github.com/settings/apps/new?name=amazon-pay-keys&url=https%3A%2F%2Fgithub.com%2Famazon-pay-keys%2Famazon-pay-keys&public=false&webhook_active=false&secrets=write&actions_variables=write&actions=read',
    )
    expect(newTokenUrl({ kind: 'repository' })).toBe(
      'https://github.com/settings/personal-access-tokens/new?name=amazon-pay-keys&description=Rotates+the+Amazon+Pay+API+key+in+GitHub+secrets&expires_in=30&secrets=write&actions_variables=write&actions=read',
    )
  })

  test('ask for Actions: write where redeploy is used', () => {
    const options = { kind: 'organization', redeploy: true } as const
    expect(fields(newAppUrl(options))).toMatchObject({ actions: 'write' })
    expect(fields(newTokenUrl(options))).toMatchObject({ actions: 'write' })
  })
})
