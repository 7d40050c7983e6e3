import {
  assertSameScope,
  type PayScope,
  readPayEnvironment,
  readRegion,
  regionCodes,
  regions,
  scopeName,
} from '../../../src/domain/amazon-pay/region.ts'

describe('the input region', () => {
  test.each([
    ['us', 'us'],
    ['na', 'us'],
    ['eu', 'eu'],
    ['uk', 'eu'],
    ['de', 'eu'],
    ['jp', 'jp'],
    [' EU\n', 'eu'],
    ['', null],
    ['  ', null],
  ])('%j is %s', (text, region) => {
    expect(readRegion(text)).toBe(region)
  })

  test.each(['fr', 'USA', 'u s', 'toString', '__proto__', 'constructor'])(
    '%s is no region',
    (text) => {
      expect(() => readRegion(text)).toThrow(
        expect.objectContaining({
          code: 'input-invalid',
          fact: expect.stringMatching(/^region is /),
          hint: expect.stringContaining('us (also na), eu (also uk, de) or jp'),
        }),
      )
    },
  )

  test('every region has a host, a page and a name of its own', () => {
    expect(regionCodes).toEqual(['us', 'eu', 'jp'])
    expect(regionCodes.map((code) => [regions[code].apiHost, regions[code].payRegion])).toEqual([
      ['pay-api.amazon.com', 'na'],
      ['pay-api.amazon.eu', 'eu'],
      ['pay-api.amazon.jp', 'jp'],
    ])
    const names = regionCodes.map((code) => regions[code].name)
    expect(names).toEqual(['United States', 'Europe and United Kingdom', 'Japan'])
    const pages = regionCodes.map((code) => new URL(regions[code].integrationCentral))
    expect(pages.map(({ protocol, host }) => protocol + host)).toEqual([
      'https:sellercentral.amazon.com',
      'https:sellercentral-europe.amazon.com',
      'https:sellercentral-japan.amazon.com',
    ])
  })
})

describe('the input pay-environment', () => {
  test.each([
    ['live', 'live'],
    ['Sandbox ', 'sandbox'],
    ['', null],
  ])('%j is %s', (text, environment) => {
    expect(readPayEnvironment(text)).toBe(environment)
  })

  test.each(['production', 'test', 'true'])('%s is no environment', (text) => {
    expect(() => readPayEnvironment(text)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        fact: expect.stringMatching(/^pay-environment is /),
        hint: 'set pay-environment to live or sandbox',
      }),
    )
  })
})

describe('region and environment are compared with what is known of a key', () => {
  const scope = (
    region: PayScope['region'],
    payEnvironment: PayScope['payEnvironment'],
  ): PayScope => ({ region, payEnvironment })

  test.each<[string, PayScope, PayScope]>([
    ['both the same', scope('eu', 'live'), scope('eu', 'live')],
    ['nothing given', scope(null, null), scope('eu', 'live')],
    ['nothing known', scope('eu', 'live'), scope(null, null)],
    ['each knows what the other does not', scope('eu', null), scope(null, 'sandbox')],
  ])('%s is no mismatch', (_, given, known) => {
    expect(() => assertSameScope(given, known)).not.toThrow()
  })

  test.each<[PayScope, PayScope, string, string]>([
    [scope('us', 'live'), scope('eu', 'live'), 'region-mismatch', 'region is us, but'],
    [scope('jp', null), scope('us', 'sandbox'), 'region-mismatch', 'region is jp, but'],
    [
      scope('eu', 'live'),
      scope('eu', 'sandbox'),
      'pay-environment-mismatch',
      'pay-environment is live, but',
    ],
    [
      scope(null, 'sandbox'),
      scope('eu', 'live'),
      'pay-environment-mismatch',
      'pay-environment is sandbox, but',
    ],
  ])('%j differs from %j', (given, known, code, fact) => {
    expect(() => assertSameScope(given, known, 'the record of the staged key')).toThrow(
      expect.objectContaining({
        code,
        fact: expect.stringMatching(new RegExp(`^${fact} the record of the staged key says`)),
        hint: expect.stringContaining('leave it empty'),
      }),
    )
  })
})

test('a message names region and environment together', () => {
  expect(scopeName('eu', 'live')).toBe('EU (Europe and United Kingdom, live)')
})
