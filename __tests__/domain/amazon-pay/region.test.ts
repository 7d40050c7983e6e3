import {
  readPayEnvironment,
  readRegion,
  regionCodes,
  regions,
} from '../../../src/domain/amazon-pay/region.ts'

describe('a region', () => {
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

  test.each(['fr', 'USA', 'u s', 'toString', '__proto__', 'constructor'])('%s is none', (text) => {
    expect(() => readRegion(text)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        fact: expect.stringMatching(/^region is /),
        hint: expect.stringContaining('us (also na), eu (also uk, de) or jp'),
      }),
    )
  })

  test('has a host, a page and a name of its own', () => {
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

describe('an environment of Amazon Pay', () => {
  test.each([
    ['live', 'live'],
    ['Sandbox ', 'sandbox'],
    ['', null],
  ])('%j is %s', (text, environment) => {
    expect(readPayEnvironment(text)).toBe(environment)
  })

  test.each(['production', 'test', 'true'])('%s is none', (text) => {
    expect(() => readPayEnvironment(text)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        fact: expect.stringMatching(/^pay-environment is /),
        hint: 'set pay-environment to live or sandbox',
      }),
    )
  })
})
