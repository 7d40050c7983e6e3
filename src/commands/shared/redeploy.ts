import { problemIn } from '../../domain/problem.ts'
import type { Deploy } from '../../summary/outcome.ts'
import { githubOf, type Step } from './context.ts'

/** Warns before the first write if a deploy cannot be started: you can still stop then. */
export async function checkRedeploy(step: Step): Promise<void> {
  const { redeploy, repositories } = step.inputs
  if (redeploy === null) return
  for (const repository of repositories) {
    try {
      await githubOf(step).assertDispatchable(repository, redeploy)
    } catch (error) {
      const { code, fact, hint } = problemIn(error)
      step.book.warn({
        code,
        fact: `deploy ${redeploy} of ${repository} may not start: ${fact}`,
        hint,
      })
    }
  }
}

/** The page with the button “Run workflow”. */
function workflowPage({ world }: Step, repository: string, workflow: string): string {
  const server = new URL(world.runner.run.url).origin
  return `${server}/${repository}/actions/workflows/${workflow}`
}

/**
 * Starts the deploy workflows. The pair is current by then, so a failure is only a warning. They are also started if the pair
 * was current already, because an interrupted run may not have started them.
 */
export async function redeployAll(step: Step): Promise<void> {
  const { redeploy, repositories } = step.inputs
  if (redeploy === null) return
  const deploys: Deploy[] = []
  for (const repository of repositories) {
    try {
      const url = await githubOf(step).dispatch(repository, redeploy)
      deploys.push({ repository, workflow: redeploy, url })
      step.world.runner.info(`${repository}: deploy ${redeploy} was started: ${url}`)
    } catch (error) {
      const { code, fact, hint } = problemIn(error)
      step.book.warn({
        code,
        fact: `deploy ${redeploy} of ${repository} was not started: ${fact}`,
        hint: `${hint}; then start it here: ${workflowPage(step, repository, redeploy)}`,
      })
    }
  }
  step.book.record({ deploys })
}
