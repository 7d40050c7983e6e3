import { nextStepLine } from '../../src/summary/next-step.ts'
import type { Outcome } from '../../src/summary/outcome.ts'

const deploys = [{ repository: 'acme/shop', workflow: 'deploy.yml', url: 'https://github.com/x' }]
const outcomeOf = (more: Partial<Outcome>) =>
  ({
    problems: [],
    health: [],
    deploys: [],
    previousKept: true,
    previousPublicKeyId: 'LIVE-B',
    exchange: true,
    run: { workflowUrl: 'https://github.com/form' },
    ...more,
  }) as unknown as Outcome

test.each<[string, Partial<Outcome>, string | null]>([
  ['after a failure', { status: null }, null],
  ['of a staged key', { status: 'staged' }, 'exchange the public key'],
  ['of a staged key that is not shown', { status: 'staged', exchange: false }, 'start a new run'],
  ['of a kept key', { status: 'activated' }, 'when nothing uses the previous key any more'],
  ['of a key that was rolled back from', { status: 'rolled-back' }, 'if you do not need the key'],
  [
    'of a key that was not kept',
    { status: 'activated', previousKept: false },
    'redeploy everything that uses the key; then delete Public Key ID LIVE-B in Integration Central (after a leak, at once)',
  ],
  [
    'of a key that was rolled back from and not kept',
    { status: 'rolled-back', previousKept: false },
    'then delete Public Key ID LIVE-B in Integration Central (after a leak, at once)',
  ],
  [
    'of the first pair',
    { status: 'activated', previousKept: false, previousPublicKeyId: null },
    'Next: redeploy everything that uses the key',
  ],
  ['with started deploys', { status: 'activated', deploys }, 'wait until the deploys'],
  ['of a retired key', { status: 'retired' }, 'nothing to do'],
  ['of a valid key', { status: 'valid' }, null],
])('the log ends with the next step %s', (_, outcome, says) => {
  const line = nextStepLine(outcomeOf(outcome))
  expect(line === null).toBe(says === null)
  expect(line ?? '').toContain(says ?? '')
})

test('what leads to another command ends with the address of its form', () => {
  expect(nextStepLine(outcomeOf({ status: 'activated' }))).toMatch(/: https:\/\/github.com\/form$/)
  const leaked = outcomeOf({ status: 'activated', previousKept: false })
  expect(nextStepLine(leaked)).not.toContain('form')
})
