import {
  readPrefix,
  slotNames,
  writtenAfter,
  writtenSince,
} from '../../../src/domain/rotation/slots.ts'

describe('the names of a prefix', () => {
  test('are those of the contract', () => {
    expect(slotNames('AMAZON_PAY')).toEqual({
      privateKey: {
        current: 'AMAZON_PAY_PRIVATE_KEY',
        next: 'AMAZON_PAY_PRIVATE_KEY_NEXT',
        previous: 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
      },
      publicKeyId: 'AMAZON_PAY_PUBLIC_KEY_ID',
      record: {
        current: 'AMAZON_PAY_KEY',
        next: 'AMAZON_PAY_KEY_NEXT',
        previous: 'AMAZON_PAY_KEY_PREVIOUS',
      },
    })
  })
})

describe('a prefix', () => {
  test.each([
    ['AMAZON_PAY', 'AMAZON_PAY'],
    [' amazon_pay_eu ', 'AMAZON_PAY_EU'],
    ['_X1', '_X1'],
    ['MY_GITHUB_', 'MY_GITHUB_'],
    ['A'.repeat(100), 'A'.repeat(100)],
  ])('is stored in upper case: %s', (text, prefix) => {
    expect(readPrefix(text)).toBe(prefix)
  })

  test.each([
    '',
    '  ',
    '1PAY',
    'GITHUB_PAY',
    'github_',
    'A-B',
    'A B',
    'ÄPFEL',
    'A/../B',
    'A\nB',
    'A'.repeat(101),
  ])('that GitHub would refuse is refused here: %j', (text) => {
    expect(() => readPrefix(text)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        fact: expect.stringMatching(/^prefix /),
        hint: expect.stringContaining('set prefix to'),
      }),
    )
  })
})

describe('which of two was written later', () => {
  const at = (updatedAt: string) => ({ createdAt: '2026-01-01T00:00:00Z', updatedAt })
  const early = at('2026-11-24T21:30:00Z')
  const late = at('2026-11-24T21:30:01Z')

  test.each([
    [late, early, true, true],
    [early, late, false, false],
    [early, early, false, true],
    [null, early, false, false],
    [late, null, false, false],
  ])('%#', (one, other, after, since) => {
    expect([writtenAfter(one, other), writtenSince(one, other)]).toEqual([after, since])
  })

  test('is told across offsets', () => {
    expect(writtenAfter(at('2026-11-24T22:30:01+01:00'), early)).toBe(true)
  })
})
