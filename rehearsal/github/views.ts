import type { Environment, Repository, Workflow, WorkflowRun } from './model.ts'

export const repositoryView = (repository: Repository) => ({
  id: repository.id,
  node_id: `R_${repository.id}`,
  name: repository.name,
  full_name: repository.fullName,
  private: repository.visibility === 'private',
  visibility: repository.visibility,
  archived: repository.archived,
  default_branch: repository.defaultBranch,
  html_url: `https://github.com/${repository.fullName}`,
  owner: { login: repository.owner, type: 'Organization' },
})

export const environmentView = ({ id, name, protected: isProtected }: Environment) => ({
  id,
  name,
  protection_rules: isProtected ? [{ id: 2, type: 'required_reviewers', reviewers: [] }] : [],
  deployment_branch_policy: null,
})

export const runView = ({ approvals: _, ...run }: WorkflowRun) => run

export const workflowView = ({ id, name, path, state }: Workflow) => ({ id, name, path, state })
