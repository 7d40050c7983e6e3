import {
  deletionSteps,
  exchangeSteps,
  integrationCentralLinks,
  menuPath,
  otherPageNote,
  proposedKeyName,
  publicKeyFileName,
} from '../../../src/domain/amazon-pay/integration-central.ts'

describe('the steps of an exchange', () => {
  test.each([
    ['sandbox', ['Sandbox View'], ['Production View']],
    ['live', ['Production View'], ['Sandbox View']],
    [null, ['Sandbox View', 'Production View'], []],
  ] as const)('name the view for %s', (payEnvironment, named, unnamed) => {
    const steps = exchangeSteps({ payEnvironment, keyName: 'a name' }).join('\n')
    for (const view of named) expect(steps).toContain(view)
    for (const view of unnamed) expect(steps).not.toContain(view)
  })

  test('propose the name of the key once', () => {
    const steps = exchangeSteps({ payEnvironment: null, keyName: 'a name' })
    expect(steps.filter((step) => step.includes('`a name`'))).toHaveLength(1)
  })

  test('have the words of Amazon’s page in their order', () => {
    const steps = exchangeSteps({ payEnvironment: 'live', keyName: 'a name' }).join('\n')
    expect(steps.match(/(?<=\*\*).+?(?=\*\*)/g)?.filter((words) => words !== '. Keep ')).toEqual(
      expect.arrayContaining([
        'Self-developed',
        'Get instructions',
        'API keys',
        'Create keys',
        'Use an existing public key to create API credentials',
        'Public Key ID',
        'Existing API keys',
      ]),
    )
  })
})

test.each([
  ['eu', ['https://sellercentral-europe.amazon.com']],
  [
    null,
    [
      'https://sellercentral.amazon.com',
      'https://sellercentral-europe.amazon.com',
      'https://sellercentral-japan.amazon.com',
    ],
  ],
] as const)('Integration Central is linked for region %s', (region, origins) => {
  const links = integrationCentralLinks(region)
  expect(links.map(({ url }) => new URL(url).origin)).toEqual(origins)
  for (const { text } of links) expect(text).toMatch(/^Integration Central, \w/)
})

test('a dead link and another page are provided for', () => {
  expect(menuPath).toBe('**Integration** → **Integration Central**')
  expect(otherPageNote).toContain('Ecommerce provider or integration type')
})

test('the steps of a deletion name the Public Key ID, and that it cannot be undone', () => {
  const steps = deletionSteps('LIVE-A').join('\n')
  for (const words of ['`LIVE-A`', '**Manage**', '**Delete keys**', '`DELETE`', 'be undone']) {
    expect(steps).toContain(words)
  }
})

const madeAt = '2026-11-26T21:30:00Z'
test.each([
  ['live', madeAt, 'acme/shop live 2026-11-26 1a2b3c4d'],
  [null, madeAt, 'acme/shop 2026-11-26 1a2b3c4d'],
  ['sandbox', null, 'acme/shop sandbox 1a2b3c4d'],
] as const)('the proposed name says what is known: %s, %s', (payEnvironment, made, name) => {
  const options = { owner: 'acme/shop', shortFingerprint: '1a2b3c4d' }
  expect(proposedKeyName({ ...options, payEnvironment, madeAt: made })).toBe(name)
})

test.each([
  ['us', 'sandbox', 'amazon-pay-public-key-us-sandbox-1a2b3c4d.pub'],
  ['jp', null, 'amazon-pay-public-key-jp-1a2b3c4d.pub'],
  [null, 'live', 'amazon-pay-public-key-live-1a2b3c4d.pub'],
  [null, null, 'amazon-pay-public-key-1a2b3c4d.pub'],
] as const)('the file name says what is known: %s, %s', (region, payEnvironment, name) => {
  expect(publicKeyFileName({ region, payEnvironment, shortFingerprint: '1a2b3c4d' })).toBe(name)
})
