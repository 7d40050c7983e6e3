import { type FormOptions, formsFor } from '../../../src/adapters/github/forms.ts'
import { requiredPermissions } from '../../../src/adapters/github/permissions.ts'
import { commandNames, type TargetSpec } from '../../../src/ports.ts'

const targets: Readonly<Record<TargetSpec['kind'], TargetSpec>> = {
  repository: { kind: 'repository', repository: 'acme/shop' },
  environment: { kind: 'environment', repository: 'acme/shop', environment: 'production' },
  organization: { kind: 'organization', organization: 'acme', visibility: null, repositories: [] },
}
const kinds = ['repository', 'environment', 'organization'] as const

const forms = (kind: TargetSpec['kind'], options: Partial<FormOptions> = {}) =>
  formsFor([targets[kind]], { server: 'https://github.com', ...options })
const fields = (url: string) => Object.fromEntries(new URL(url).searchParams)
const page = (url: string) => url.split('?')[0]

const cases = commandNames.flatMap((command) => kinds.map((kind) => [command, kind] as const))

test.each(cases)('are filled in with what %s asks for a target of kind %s', (command, kind) => {
  const options = { fromApproval: true, redeploy: false }
  const { required, optional } = requiredPermissions(command, [targets[kind]], options)
  // GitHub gives Metadata: read to every App and token.
  const { metadata: _, ...asked } = { ...optional, ...required }
  for (const form of Object.values(forms(kind))) {
    const filledIn = fields(form)
    for (const [name, level] of Object.entries(asked)) {
      expect([level, 'write']).toContain(filledIn[name])
    }
  }
})

test.each(kinds)('ask for nothing that no command asks for a target of kind %s', (kind) => {
  const asked = commandNames.flatMap((command) => {
    const options = { fromApproval: true, redeploy: true }
    const { required, optional } = requiredPermissions(command, [targets[kind]], options)
    return Object.keys({ ...optional, ...required })
  })
  const ofApp = ['name', 'url', 'public', 'webhook_active']
  const ofToken = ['name', 'description', 'target_name', 'expires_in']
  const { app, token } = forms(kind)
  expect([...asked, ...ofApp]).toEqual(expect.arrayContaining(Object.keys(fields(app))))
  expect([...asked, ...ofToken]).toEqual(expect.arrayContaining(Object.keys(fields(token))))
})

test('are these for one repository', () => {
  expect(forms('repository')).toEqual({
    app: 'https://github.com/settings/apps/new?name=amazon-pay-keys&url=https%3A%2F%2Fgithub.com%2Famazon-pay-keys%2Famazon-pay-keys&public=false&webhook_active=false&secrets=write&actions_variables=write&actions=read',
    token:
      'https://github.com/settings/personal-access-tokens/new?name=amazon-pay-keys&description=Rotates+the+Amazon+Pay+API+key+in+GitHub+secrets&target_name=acme&expires_in=30&secrets=write&actions_variables=write&actions=read',
  })
})

test('ask for Actions: write where redeploy is used', () => {
  for (const form of Object.values(forms('organization', { redeploy: true }))) {
    expect(fields(form)).toMatchObject({ actions: 'write' })
  }
})

test('are on the server of the run, and the organization’s own', () => {
  const { app, token } = forms('organization', { server: 'https://github.acme.example' })
  expect(page(app)).toBe('https://github.acme.example/organizations/acme/settings/apps/new')
  expect(page(token)).toBe('https://github.acme.example/settings/personal-access-tokens/new')
  expect(fields(token)).toMatchObject({ target_name: 'acme', organization_secrets: 'write' })
})

test('name no account where a person chooses it', () => {
  const { app, token } = forms('organization', { owner: null })
  expect(page(app)).toBe('https://github.com/settings/apps/new')
  expect(fields(token)).not.toHaveProperty('target_name')
})
