import {
  deletionSteps,
  exchangeSteps,
  proposedKeyName,
  publicKeyFileName,
} from '../../../src/domain/amazon-pay/integration-central.ts'

describe('the steps of an exchange', () => {
  test.each([
    ['sandbox', ['Sandbox View'], ['Production View']],
    ['live', ['Production View'], ['Sandbox View']],
    [null, ['Sandbox View', 'Production View'], []],
  ] as const)('name the view: %s', (payEnvironment, named, unnamed) => {
    const steps = exchangeSteps({ region: 'us', payEnvironment, keyName: 'a name' }).join('\n')
    for (const view of named) expect(steps).toContain(view)
    for (const view of unnamed) expect(steps).not.toContain(view)
  })

  test('propose the name of the key', () => {
    const steps = exchangeSteps({ region: null, payEnvironment: null, keyName: 'a name' })
    expect(steps.filter((step) => step.includes('`a name`'))).toHaveLength(1)
  })
})

test('the steps of a deletion name the Public Key ID, and that there is no way back', () => {
  const steps = deletionSteps('LIVE-A').join('\n')
  for (const word of [
    '`LIVE-A`',
    '**Manage**',
    '**Delete keys**',
    '`DELETE`',
    'cannot be undone',
  ]) {
    expect(steps).toContain(word)
  }
})

test('the proposed name says who uses the key, since when, and which it is', () => {
  const madeAt = '2026-11-24T21:30:00Z'
  expect(proposedKeyName({ prefix: 'AMAZON_PAY_EU', madeAt, shortFingerprint: '1a2b3c4d' })).toBe(
    'amazon-pay-eu 2026-11-24 1a2b3c4d',
  )
})

test.each([
  ['us', 'sandbox', 'amazon-pay-public-key-us-sandbox-1a2b3c4d.pub'],
  ['jp', null, 'amazon-pay-public-key-jp-1a2b3c4d.pub'],
  [null, 'live', 'amazon-pay-public-key-live-1a2b3c4d.pub'],
  [null, null, 'amazon-pay-public-key-1a2b3c4d.pub'],
] as const)('the file says what is known: %s %s', (region, payEnvironment, name) => {
  expect(publicKeyFileName({ region, payEnvironment, shortFingerprint: '1a2b3c4d' })).toBe(name)
})
