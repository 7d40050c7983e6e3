import { problemIn } from '../../domain/problem.ts'
import { githubOf, type Step } from './context.ts'

/** Warns before the first write if a deploy cannot be started: you can still stop then. */
export async function checkRedeploy(step: Step): Promise<void> {
  // The token's own remark has said so already.
  if (githubOf(step).lacksActions) return
  await eachDeploy(step, 'probably cannot be started', (repository, workflow) =>
    githubOf(step).assertDispatchable(repository, workflow),
  )
}

/**
 * Starts the deploy workflows. The pair is current by then, so a failure is only a warning. They are also started if the pair
 * was current already, because an interrupted run may not have started them.
 */
export async function redeployAll(step: Step): Promise<void> {
  const { book, world } = step
  await eachDeploy(step, 'was not started', async (repository, workflow) => {
    const url = await githubOf(step).dispatch(repository, workflow)
    book.record({ deploys: [...book.outcome.deploys, { repository, workflow, url }] })
    world.runner.info(`${repository}: deploy ${workflow} was started: ${url}`)
  })
}

async function eachDeploy(
  { inputs, book, world }: Step,
  failed: 'probably cannot be started' | 'was not started',
  work: (repository: string, workflow: string) => Promise<void>,
): Promise<void> {
  const { redeploy, repositories } = inputs
  if (redeploy === null) return
  for (const repository of repositories) {
    try {
      await work(repository, redeploy)
    } catch (error) {
      const { code, fact, hint } = problemIn(error)
      // The page with the button “Run workflow”.
      const page = `${new URL(world.runner.run.url).origin}/${repository}/actions/workflows/${redeploy}`
      const then = failed === 'was not started' ? `; then start it here: ${page}` : ''
      book.warn({
        code,
        fact: `deploy ${redeploy} of ${repository} ${failed}: ${fact}`,
        hint: `${hint}${then}`,
      })
    }
  }
}
