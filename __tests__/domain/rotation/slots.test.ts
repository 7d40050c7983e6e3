import { readPrefix, slotNames } from '../../../src/domain/rotation/slots.ts'
import { outcomeOf } from './views.ts'

test('secrets and variables have the names of the documentation', () => {
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
    lock: 'AMAZON_PAY_KEY_LOCK',
  })
})

test.each([
  ['AMAZON_PAY', 'AMAZON_PAY'],
  [' amazon_pay_eu\n', 'AMAZON_PAY_EU'],
  ['A', 'A'],
  ['_1', '_1'],
  ['A'.repeat(100), 'A'.repeat(100)],
  ['MY_GITHUB_', 'MY_GITHUB_'],
  ['GITHUB', 'GITHUB'],
])('%j is a prefix', (text, prefix) => {
  expect(readPrefix(text)).toBe(prefix)
})

test.each([
  ['', 'is empty'],
  [' \n', 'is empty'],
  ['A'.repeat(101), 'has 101 characters; the limit is 100'],
  ['AMAZON-PAY', 'contains a character'],
  ['AMAZON PAY', 'contains a character'],
  ['-A', 'contains a character'],
  ['A-', 'contains a character'],
  ['ÄPFEL', 'contains a character'],
  ['1AMAZON', 'starts with a digit'],
  ['GITHUB_PAY', 'starts with GITHUB_'],
  ['github_pay', 'starts with GITHUB_'],
])('%j is no prefix: it %s', (text, fact) => {
  expect(outcomeOf(() => readPrefix(text))).toBe('input-invalid')
  expect(() => readPrefix(text)).toThrow(`prefix ${fact}`)
})
