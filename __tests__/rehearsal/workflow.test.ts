import { evaluate, evaluateText } from '../../rehearsal/expression.ts'
import { evaluateStep, readWorkflowStep } from '../../rehearsal/workflow.ts'

const contexts = {
  secrets: { KEY: 'a secret', UNUSED: 'another' },
  vars: { ID: 'Iv23' },
  inputs: { command: '', leaked: false, 'public-key-id': 'LIVE-A' },
}

test.each([
  ["inputs.command || 'status'", 'status'],
  ['inputs.public-key-id', 'LIVE-A'],
  ['secrets.key', 'a secret'],
  ['secrets.MISSING', null],
  ['!inputs.leaked', true],
  ['!(inputs.leaked || true)', false],
  ["vars.ID == 'iv23' && 'yes' || 'no'", 'yes'],
  ["vars.ID != 'iv23' && 'yes' || 'no'", 'no'],
  ["'it''s' ", "it's"],
  ['null', null],
  ['0 || 7', 7],
])('the expression %s is evaluated as GitHub documents it', (expression, value) => {
  expect(evaluate(expression, contexts)).toBe(value)
})

test.each(['fromJSON(inputs.a)', 'github.sha', 'inputs.a inputs.b', '(true'])(
  'the expression %s is refused instead of guessed at',
  (expression) => expect(() => evaluate(expression, contexts)).toThrow('The rehearsal'),
)

test('a text may contain several expressions, and what is missing is empty', () => {
  const text = `\${{ vars.ID }}/\${{ secrets.MISSING }}/\${{ inputs.leaked }}`
  expect(evaluateText(text, contexts)).toBe('Iv23//false')
})

const workflow = `
jobs:
  key:
    environment: { name: admin }
    steps:
      - uses: actions/checkout@v7
      - uses: amazon-pay-keys/amazon-pay-keys@v1
        with:
          command: \${{ inputs.command || 'status' }}
          max-age-days: 30
          current-private-key: \${{ secrets.KEY }}
        env:
          DEBUG: \${{ !inputs.leaked }}
`

test("the action's step is found in a workflow, with the environment of its job", () => {
  expect(readWorkflowStep(workflow)).toMatchObject({
    environment: 'admin',
    with: { 'max-age-days': '30', 'current-private-key': `\${{ secrets.KEY }}` },
  })
  expect(() => readWorkflowStep('jobs: { a: { steps: [] } }')).toThrow('no step')
})

test('a job receives the secrets that its step names, and no others', () => {
  expect(evaluateStep(readWorkflowStep(workflow), contexts)).toEqual({
    inputs: { command: 'status', 'max-age-days': '30', 'current-private-key': 'a secret' },
    env: { DEBUG: 'true' },
    secretsKnown: ['a secret'],
  })
})
