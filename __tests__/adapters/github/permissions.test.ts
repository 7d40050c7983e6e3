import {
  type PermissionOptions,
  requiredPermissions,
} from '../../../src/adapters/github/permissions.ts'
import { type Command, commandNames, type TargetSpec } from '../../../src/ports.ts'

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

  test.each(commandNames)('%s: a deploy only if it starts one', (command) => {
    const starts = command === 'activate' || command === 'rollback'
    const options = { fromApproval: false, redeploy: true }
    const { optional } = requiredPermissions(command, targets.repository, options)
    expect(optional.actions === 'write').toBe(starts)
  })

  test('includes approvals only where they are read', () => {
    const of = (fromApproval: boolean) =>
      requiredPermissions('activate', targets.repository, { fromApproval, redeploy: false })
        .required
    expect([of(true).actions, of(false).actions]).toEqual(['read', undefined])
    const options = { fromApproval: true, redeploy: false }
    const { required } = requiredPermissions('status', targets.repository, options)
    expect(required.actions).toBeUndefined()
  })
})
