import { isMondayBetween } from '../../rehearsal/scene.ts'
import { readWorkflowStep } from '../../rehearsal/workflow.ts'
import { readWorkflow, vary } from '../../rehearsal/workflows.ts'
import { blocks } from '../documents.ts'

const documented = (path: string, name: string): string =>
  blocks(path, 'yaml').find(({ text }) => text.startsWith(`name: ${name}\n`))?.text ?? ''

test.each([
  ['amazon-pay-key.yml', 'README.md', 'Amazon Pay key'],
  ['rotate-with-approval.yml', 'docs/rotation.md', 'Amazon Pay key, rotate with approval'],
  ['deploy.yml', 'docs/using-the-pair.md', 'Deploy'],
])('The rehearsal plays %s as %s has it', (file, path, name) => {
  const text = documented(path, name)
  const workflow = readWorkflow(file)
  expect(workflow.name).toBe(name)
  expect(workflow.jobs[0]?.step).toEqual(readWorkflowStep(text))
})

test('A variation adds inputs to the job that is meant, and leaves the others alone', () => {
  const workflow = readWorkflow('rotate-with-approval.yml')
  const [generate, activate] = vary(
    workflow,
    { redeploy: 'deploy.yml' },
    { job: 'activate', environment: 'staging' },
  ).jobs
  expect(generate).toEqual(workflow.jobs[0])
  expect(activate?.step).toEqual({
    with: { ...workflow.jobs[1]?.step.with, redeploy: 'deploy.yml' },
    env: {},
    environment: 'staging',
  })
})

test.each([
  ['2026-11-30T06:16:59Z', '2026-11-30T06:17:00Z', true],
  ['2026-11-30T06:17:00Z', '2026-11-30T06:18:00Z', false],
  ['2026-11-30T06:17:00Z', '2026-12-07T06:17:00Z', true],
  ['2026-11-26T22:00:00Z', '2026-11-27T22:00:00Z', false],
  ['2026-11-29T22:00:00Z', '2026-11-30T22:00:00Z', true],
  ['2026-11-26T22:00:00Z', '2027-02-25T22:00:00Z', true],
])('Between %s and %s, the schedule is due: %s', (from, to, isDue) => {
  expect(isMondayBetween(new Date(from), new Date(to))).toBe(isDue)
})
