import { requiredPermissions } from '../src/adapters/github/permissions.ts'
import type { TargetSpec } from '../src/ports.ts'

interface Form {
  readonly kind: TargetSpec['kind']
  /** Whether the key's user also sets the input redeploy. */
  readonly redeploy?: boolean
}

const specs: Readonly<Record<TargetSpec['kind'], TargetSpec>> = {
  repository: { kind: 'repository', repository: 'acme/shop' },
  environment: { kind: 'environment', repository: 'acme/shop', environment: 'production' },
  organization: { kind: 'organization', organization: 'acme', visibility: null, repositories: [] },
}

/** GitHub's form for a new App, filled in with what all commands together need. */
export function newAppUrl(form: Form): string {
  return formUrl('settings/apps/new', {
    name: 'amazon-pay-keys',
    url: 'https://github.com/amazon-pay-keys/amazon-pay-keys',
    public: 'false',
    webhook_active: 'false',
    ...permissions(form),
  })
}

/** GitHub's form for a new fine-grained personal access token, for those who only want to try. */
export function newTokenUrl(form: Form): string {
  return formUrl('settings/personal-access-tokens/new', {
    name: 'amazon-pay-keys',
    description: 'Rotates the Amazon Pay API key in GitHub secrets',
    expires_in: '30',
    ...permissions(form),
  })
}

/** GitHub gives `metadata: read` to every App and token by itself. */
function permissions({ kind, redeploy = false }: Form): Record<string, string> {
  const options = { fromApproval: false, redeploy }
  const { required } = requiredPermissions('generate', [specs[kind]], options)
  const { metadata: _, ...asked } = required
  return { ...asked, actions: redeploy ? 'write' : 'read' }
}

function formUrl(path: string, fields: Readonly<Record<string, string>>): string {
  return `https://github.com/${path}?${new URLSearchParams(fields)}`
}
