import { Problem } from '../domain/problem.ts'
import { quoted } from '../domain/text.ts'
import type { TargetSpec, Visibility } from '../ports.ts'
import { invalid, readChoice } from './values.ts'

const visibilities = ['private', 'all', 'selected'] as const satisfies readonly Visibility[]

/** GitHub's own limit. */
const maxEnvironmentLength = 255

/**
 * Where the secrets are stored: repositories, one environment of each of them, or an organization.
 * @throws Problem `input-invalid` or `input-missing`, naming the input
 */
export function readTargets(inputs: {
  readonly repositories: string
  readonly environment: string
  readonly organization: string
  readonly visibility: string
}): TargetSpec[] {
  const repositories = readRepositories(inputs.repositories)
  const visibility = readChoice('visibility', inputs.visibility, visibilities)
  if (inputs.organization !== '') {
    return [readOrganization({ ...inputs, repositories, visibility })]
  }
  if (visibility !== null) {
    throw invalid(
      'visibility is set without organization',
      'remove visibility, or set organization',
    )
  }
  if (repositories.length === 0) {
    throw new Problem(
      'input-missing',
      'repository is empty',
      'remove the input to use the repository of this workflow, or set it to owner/name',
    )
  }
  const { environment } = inputs
  if (environment.length > maxEnvironmentLength) {
    throw invalid(
      `environment has ${environment.length} characters; the limit is ${maxEnvironmentLength}`,
      'write the name of the environment as under Settings → Environments',
    )
  }
  return repositories.map((repository) =>
    environment === ''
      ? { kind: 'repository', repository }
      : { kind: 'environment', repository, environment },
  )
}

function readRepositories(text: string): string[] {
  const repositories = text
    .split(/[\n,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const lowerCase = repositories.map((repository) => repository.toLowerCase())
  for (const [index, repository] of repositories.entries()) {
    assertRepository(repository)
    if (lowerCase.indexOf(repository.toLowerCase()) !== index) {
      throw invalid(`repository names ${repository} twice`, 'name each repository once')
    }
  }
  return repositories
}

function assertRepository(repository: string): void {
  const valid =
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\/[A-Za-z0-9._-]{1,100}$/.test(repository) &&
    !/\/\.{1,2}$/.test(repository)
  if (!valid) {
    throw invalid(
      `repository contains ${quoted(repository)}, which is not owner/name`,
      'write each repository as owner/name, separated by newlines or commas',
    )
  }
  if (/\.git$/i.test(repository)) {
    throw invalid(
      `repository contains ${repository}, which ends in .git`,
      `remove the ending: ${repository.replace(/\.git$/i, '')}`,
    )
  }
}

function readOrganization(inputs: {
  readonly environment: string
  readonly organization: string
  readonly repositories: readonly string[]
  readonly visibility: Visibility | null
}): TargetSpec {
  const { organization, repositories, visibility } = inputs
  if (inputs.environment !== '') {
    throw invalid(
      'environment and organization are both set',
      'remove one of them: only repositories have environments',
    )
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(organization)) {
    throw invalid(
      `organization is ${quoted(organization)}`,
      'write the name of the organization as in its URL, without github.com/',
    )
  }
  if (visibility === 'selected') assertOwnRepositories(organization, repositories)
  return { kind: 'organization', organization, visibility, repositories }
}

function assertOwnRepositories(organization: string, repositories: readonly string[]): void {
  if (repositories.length === 0) {
    throw invalid(
      'visibility is selected, but repository is empty',
      'set repository to the repositories that may read the key, as owner/name',
    )
  }
  const own = `${organization.toLowerCase()}/`
  const foreign = repositories.find((repository) => !repository.toLowerCase().startsWith(own))
  if (foreign) {
    throw invalid(
      `repository names ${foreign}, which does not belong to organization ${organization}`,
      `name repositories of ${organization} only, or choose another visibility`,
    )
  }
}
