import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jest } from '@jest/globals'

/**
 * GitHub's own parser of workflows and action manifests. It imports its schemas as JSON without saying so, which Jest
 * takes with a warning and Node not at all, so they are loaded here instead.
 */
const dist = dirname(fileURLToPath(import.meta.resolve('@actions/workflow-parser')))
for (const kind of ['workflow', 'action']) {
  jest.unstable_mockModule(join(dist, `${kind}s/${kind}-schema.js`), async () => {
    const { JSONObjectReader } = await import(
      '@actions/workflow-parser/templates/json-object-reader'
    )
    const { TemplateSchema } = await import(
      '@actions/workflow-parser/templates/schema/template-schema'
    )
    const json = readFileSync(join(dist, `${kind}-v1.0.min.json`), 'utf8')
    const schema = TemplateSchema.load(new JSONObjectReader(undefined, json))
    return { getWorkflowSchema: () => schema, getActionSchema: () => schema }
  })
}
const { convertWorkflowTemplate, parseWorkflow, NoOperationTraceWriter } = await import(
  '@actions/workflow-parser'
)
const { parseAction } = await import('@actions/workflow-parser/actions/action-parser')

/** What GitHub would say against a workflow. */
export async function workflowErrors(content: string): Promise<string[]> {
  const { context, value } = parseWorkflow(
    { name: 'workflow.yml', content },
    new NoOperationTraceWriter(),
  )
  if (value) await convertWorkflowTemplate(context, value)
  return context.errors.getErrors().map(({ message }) => message)
}

/** What GitHub would say against an action manifest. */
export function actionErrors(content: string): string[] {
  const { context } = parseAction({ name: 'action.yml', content }, new NoOperationTraceWriter())
  return context.errors.getErrors().map(({ message }) => message)
}
