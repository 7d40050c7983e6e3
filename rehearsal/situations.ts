import type { AmazonPay } from './amazon-pay.ts'
import type { GitHub, Installation, Scope } from './github.ts'
import { makeKeyPair } from './keys.ts'
import { readWorkflow, vary, type WorkflowFile } from './workflows.ts'

export type SituationName = 'new' | 'existing' | 'many' | 'approval'

export const situationTitles: Readonly<Record<SituationName, string>> = {
  new: 'A new shop without a key',
  existing: 'A shop that has a key already',
  many: 'Three repositories, one that the App does not cover',
  approval: 'One run with approval',
}

/** Where a key pair is stored: a repository, or an environment of it. */
export interface Target {
  readonly repository: string
  readonly environment: string | null
  readonly label: string
  readonly scope: Scope
}

/** What a maintainer has set up before the first run. */
export interface Situation {
  readonly name: SituationName
  /** The workflow of the form: `generate` may have one of its own. */
  readonly workflow: WorkflowFile
  readonly generate: WorkflowFile
  /** Of the shops. */
  readonly deploy: WorkflowFile
  /** Whether the workflow has the schedule of every Monday. */
  readonly scheduled: boolean
  readonly targets: readonly Target[]
  readonly installation: Installation
  /** The Public Key ID of the key that the shop has already. */
  readonly existingId: string | null
}

export const homeRepository = 'acme/shop'

const repositoriesOf: Readonly<Record<SituationName, readonly string[]>> = {
  new: [homeRepository],
  existing: [homeRepository],
  many: ['acme/shop', 'acme/checkout', 'acme/mobile'],
  approval: [homeRepository],
}

/** Sets up a GitHub and an Amazon Pay for a situation. */
export function setUp(github: GitHub, amazonPay: AmazonPay, name: SituationName): Situation {
  const isReviewed = name === 'approval'
  const repositories = repositoriesOf[name]
  for (const repository of repositories) {
    github.addRepository(repository)
    github.addWorkflow(repository, 'deploy.yml', { name: 'Deploy' })
    github.addEnvironment(repository, 'production', { protected: isReviewed })
  }
  const targets = repositories.map((repository) => targetOf(github, repository, isReviewed))
  const workflow = vary(
    readWorkflow('amazon-pay-key.yml'),
    {
      redeploy: 'deploy.yml',
      ...(repositories.length > 1 && { repository: repositories.join('\n') }),
      ...(isReviewed && { environment: 'production' }),
    },
    isReviewed ? { environment: 'production' } : {},
  )
  return {
    name,
    workflow,
    generate: isReviewed
      ? vary(
          readWorkflow('rotate-with-approval.yml'),
          { redeploy: 'deploy.yml' },
          { job: 'activate' },
        )
      : workflow,
    deploy: readWorkflow('deploy.yml'),
    scheduled: !isReviewed,
    targets,
    installation: installApp(github, name),
    existingId: name === 'existing' ? storeKey(github, amazonPay) : null,
  }
}

function targetOf(github: GitHub, name: string, isEnvironment: boolean): Target {
  const repository = github.repository(name)
  const environment = isEnvironment ? repository.environments.get('production') : undefined
  return {
    repository: name,
    environment: environment?.name ?? null,
    label: environment === undefined ? name : `${name}, environment ${environment.name}`,
    scope: environment ?? repository,
  }
}

/** A GitHub App, whose private key is in the environment of the workflow's job. */
function installApp(github: GitHub, name: SituationName): Installation {
  const { privateKey, publicKey } = makeKeyPair()
  const app = github.addApp({ clientId: 'Iv23liRehearsal00000', publicKey })
  const repository = github.repository(homeRepository)
  const admin = github.addEnvironment(repository, 'amazon-pay-keys-admin', { protected: false })
  const production = repository.environments.get('production')
  const homes = name === 'approval' && production ? [admin, production] : [admin]
  for (const scope of homes) {
    github.setVariable(scope, 'KEYS_APP_CLIENT_ID', app.clientId)
    github.setSecret(scope, 'KEYS_APP_PRIVATE_KEY', privateKey)
  }
  return github.installApp(app, 'acme', {
    repositories: name === 'many' ? ['acme/shop', 'acme/checkout'] : null,
  })
}

/** A pair that was made by hand, long ago: the secrets have the names that the action expects. */
function storeKey(github: GitHub, amazonPay: AmazonPay): string {
  const { privateKey, publicKey } = makeKeyPair()
  const entry = { region: 'eu', view: 'live', name: 'amazon pay 2024' } as const
  const id = amazonPay.exchange({ ...entry, publicKey })
  const repository = github.repository(homeRepository)
  github.setSecret(repository, 'AMAZON_PAY_PRIVATE_KEY', privateKey)
  github.setSecret(repository, 'AMAZON_PAY_PUBLIC_KEY_ID', id)
  return id
}
