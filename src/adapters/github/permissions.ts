import type { Command, TargetSpec } from '../../ports.ts'

/** Permissions of a GitHub App that this action may ask for, as GitHub's API spells them. */
type Permission =
  | 'secrets'
  | 'actions_variables'
  | 'environments'
  | 'actions'
  | 'organization_secrets'
  | 'organization_actions_variables'
  | 'metadata'

type Level = 'read' | 'write'

export type Permissions = Readonly<Partial<Record<Permission, Level>>>

/** How GitHub's settings pages call a permission. */
const titles: Readonly<Record<Permission, string>> = {
  secrets: 'Secrets (repository)',
  actions_variables: 'Variables (repository)',
  environments: 'Environments (repository)',
  actions: 'Actions (repository)',
  organization_secrets: 'Secrets (organization)',
  organization_actions_variables: 'Variables (organization)',
  metadata: 'Metadata (repository)',
}

/** The table: what a kind of target needs, at the level of the command. `metadata` is only ever read. */
const ofTarget: Readonly<Record<TargetSpec['kind'], readonly Permission[]>> = {
  repository: ['secrets', 'actions_variables'],
  // GitHub lists the secrets of environments under Environments, “additional permissions: secrets”.
  environment: ['secrets', 'actions_variables', 'environments'],
  organization: ['organization_secrets', 'organization_actions_variables', 'metadata'],
}

export interface PermissionOptions {
  /** The Public Key ID is taken from the approvals of the run. */
  readonly fromApproval: boolean
  /** A workflow is started when the command is done. */
  readonly redeploy: boolean
}

interface RequiredPermissions {
  /** Without these the command cannot do its work. */
  readonly required: Permissions
  /** Without this it does its work with a warning. */
  readonly optional: Pick<Permissions, 'actions'>
}

/** Exactly what a command needs for its targets. */
export function requiredPermissions(
  command: Command,
  targets: readonly TargetSpec[],
  { fromApproval, redeploy }: PermissionOptions,
): RequiredPermissions {
  const kinds = targets.map(({ kind }) => kind)
  // The workflow may set these inputs for every command of its form, but only these commands use them.
  const approved = fromApproval && command === 'activate'
  const starts = redeploy && (command === 'activate' || command === 'rollback')
  const level = command === 'status' || command === 'validate' ? 'read' : 'write'
  const named = kinds.flatMap((kind) => ofTarget[kind].map((name) => [name, level] as const))
  const required: Permissions = {
    ...Object.fromEntries(named),
    ...(kinds.includes('organization') ? { metadata: 'read' } : {}),
    ...(approved ? { actions: 'read' } : {}),
  }
  if (starts) return { required, optional: { actions: 'write' } }
  // An environment's protection rules, and runs that are still open, are read where the token may.
  const helps = command === 'retire' || kinds.includes('environment')
  return { required, optional: helps && !approved ? { actions: 'read' } : {} }
}

/** The wanted permissions that were not granted at their level. */
export function missingFrom(
  granted: Readonly<Record<string, unknown>>,
  { metadata: _, ...wanted }: Permissions,
): Permissions {
  // Every App has `metadata`, and GitHub does not always list it.
  const rank = (level: unknown): number => ['read', 'write', 'admin'].indexOf(String(level))
  const missing = Object.entries(wanted).filter(
    ([name, level]) => rank(granted[name]) < rank(level),
  )
  return Object.fromEntries(missing)
}

/** “Secrets (repository): read and write, Actions (repository): read”. */
export function titlesOf(permissions: Permissions): string {
  return (Object.keys(permissions) as Permission[])
    .map((name) => `${titles[name]}: ${permissions[name] === 'write' ? 'read and write' : 'read'}`)
    .join(', ')
}
