import { jest } from '@jest/globals'
import { probe } from '../../scripts/probe.ts'
import type { Answer } from '../../src/domain/amazon-pay/verdict.ts'
import type { AmazonPay } from '../../src/ports.ts'
import { nextKey } from '../keys.ts'

const pem = nextKey().export({ type: 'pkcs8', format: 'pem' }) as string
const id = `SANDBOX-${'A'.repeat(24)}`
const deletedId = `SANDBOX-${'D'.repeat(24)}`
const env = {
  AMAZON_PAY_PRIVATE_KEY: pem,
  AMAZON_PAY_PUBLIC_KEY_ID: id,
  AMAZON_PAY_REGION: 'eu',
}

const answer = (status: number, reasonCode: string, message: string): Answer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify({ reasonCode, message }),
  date: null,
  requestId: null,
})
const amazonPay: AmazonPay = {
  async send({ headers, host }) {
    const asked = /PublicKeyId=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? ''
    if (host !== 'pay-api.amazon.eu') return null
    if (asked === deletedId) return answer(401, 'UnauthorizedAccess', `Key ${asked} is gone`)
    if (asked === id) return answer(404, 'ResourceNotFound', '')
    return answer(
      400,
      'InvalidHeaderValue',
      `The value ${asked} provided for PublicKeyId is invalid`,
    )
  },
}

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {})
})
afterEach(() => {
  jest.restoreAllMocks()
})

test('the probe writes answers as the rehearsal’s settings, without the account’s own IDs', async () => {
  const markdown = await probe({ ...env, AMAZON_PAY_DELETED_PUBLIC_KEY_ID: deletedId }, amazonPay)
  const [, settings = ''] = /```ts\n([\s\S]*?)```/.exec(markdown) ?? []
  expect(settings).toBe(
    [
      'unknownAnswers: {',
      '  // mistyped ID',
      `  mistyped: (id) => payError(400, 'InvalidHeaderValue', \`The value \${id} provided for PublicKeyId is invalid\`),`,
      '  // wrong region us: no answer',
      '  // wrong region jp: no answer',
      '  // deleted key, signed with another key',
      `  deleted: (id) => payError(401, 'UnauthorizedAccess', \`Key \${id} is gone\`),`,
      '},',
      '',
    ].join('\n'),
  )
  expect(markdown).not.toContain(pem.split('\n')[1])
})

test('the probe says which answers the verdict table does not expect', async () => {
  const markdown = await probe({ ...env, AMAZON_PAY_DELETED_PUBLIC_KEY_ID: deletedId }, amazonPay)
  const row = (name: string) => markdown.split('\n').find((line) => line.includes(name))
  expect(row('right pair')).toContain('yes')
  expect(row('deleted key')).toContain('**no**')
})

test.each([
  [
    'a deleted key with its private key',
    { AMAZON_PAY_DELETED_PUBLIC_KEY_ID: deletedId, AMAZON_PAY_DELETED_PRIVATE_KEY: pem },
    '// deleted key\n',
  ],
  ['a key that was created just now', { JUST_CREATED: 'true' }, 'created just now, asked at once'],
])('%s is a case of its own', async (_, more, words) => {
  expect(await probe(env, amazonPay)).not.toContain(words)
  expect(await probe({ ...env, ...more }, amazonPay)).toContain(words)
})

test('the probe asks for a region', async () => {
  await expect(probe({ ...env, AMAZON_PAY_REGION: '' }, amazonPay)).rejects.toThrow(
    'AMAZON_PAY_REGION',
  )
})
