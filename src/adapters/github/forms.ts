import type { TargetSpec } from '../../ports.ts'
import { requiredPermissions } from './permissions.ts'

/** Pages of GitHub with a form that is filled in with what all commands together need. */
export interface Forms {
  /** A new GitHub App, without a webhook. */
  readonly app: string
  /** A new fine-grained personal access token, for those who only want to try. */
  readonly token: string
}

export interface FormOptions {
  /** Scheme and host of the GitHub that the person uses, such as `https://github.com`. */
  readonly server: string
  readonly redeploy?: boolean
  /** Who will own the App of an organization's secrets, and whose resources the token reaches. Null: left to the person. */
  readonly owner?: string | null
}

export function formsFor(
  targets: readonly TargetSpec[],
  { server, redeploy = false, owner = ownerOf(targets) }: FormOptions,
): Forms {
  const { required } = requiredPermissions('generate', targets, {
    fromApproval: false,
    redeploy: false,
  })
  // GitHub gives Metadata: read to every App and token by itself.
  const { metadata: _, ...asked } = required
  const permissions = { ...asked, actions: redeploy ? 'write' : 'read' }
  const isOrganization = targets.some(({ kind }) => kind === 'organization')
  const account = isOrganization && owner ? `organizations/${encodeURIComponent(owner)}/` : ''
  return {
    app: formUrl(`${server}/${account}settings/apps/new`, {
      name: 'amazon-pay-keys',
      url: 'https://github.com/amazon-pay-keys/amazon-pay-keys',
      public: 'false',
      webhook_active: 'false',
      ...permissions,
    }),
    token: formUrl(`${server}/settings/personal-access-tokens/new`, {
      name: 'amazon-pay-keys',
      description: 'Rotates the Amazon Pay API key in GitHub secrets',
      ...(owner && { target_name: owner }),
      expires_in: '30',
      ...permissions,
    }),
  }
}

function ownerOf([target]: readonly TargetSpec[]): string | null {
  if (target === undefined) return null
  if (target.kind === 'organization') return target.organization
  return target.repository.split('/')[0] ?? null
}

function formUrl(page: string, fields: Readonly<Record<string, string>>): string {
  return `${page}?${new URLSearchParams(fields)}`
}
