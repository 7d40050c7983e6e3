import { assertToken } from '../../../src/adapters/github/token.ts'
import { Problem } from '../../../src/domain/problem.ts'

const secret = 'abcdefghijklmnopqrstuvwxyz0123456789'

describe('a text that may be a token is taken', () => {
  test.each([
    `ghs_${secret}`,
    `github_pat_11ABC_${secret}`,
    `ghs_123_eyJhbGciOi.eyJpc3M.${secret}${'x'.repeat(500)}`,
    '0123456789abcdef0123456789abcdef01234567',
    `v1.${secret}`,
  ])('%s', (token) => {
    expect(() => assertToken(token)).not.toThrow()
  })
})

describe('a text that cannot be a token is refused', () => {
  test.each<[string, string, string, RegExp]>([
    ['nothing', '', 'token-missing', /^is empty$/],
    ['blanks', ' \n\t', 'token-missing', /^is empty$/],
    ['a line break inside', `ghs_${secret}\n${secret}`, 'token-rejected', /space or a line break/],
    ['a line break at its end', `ghs_${secret}\r\n`, 'token-rejected', /space or a line break/],
    ['a blank inside', `ghs_ ${secret}`, 'token-rejected', /space or a line break/],
    ['a no-break space', `ghs_\u00a0${secret}`, 'token-rejected', /space or a line break/],
    ['a zero-width space', `ghs_\u200b${secret}`, 'token-rejected', /character that no token has/],
    ['a letter with an accent', `ghs_é${secret}`, 'token-rejected', /character that no token has/],
    ['double quotes', `"ghs_${secret}"`, 'token-rejected', /quotes/],
    ['single quotes', `'ghs_${secret}'`, 'token-rejected', /quotes/],
    ['a quote at its end', `ghs_${secret}"`, 'token-rejected', /quotes/],
    ['JSON', `{"token":"ghs_${secret}"}`, 'token-rejected', /quotes or brackets/],
    [
      'an expression',
      ['$', '{{ secrets.TOKEN }}'].join(''),
      'token-rejected',
      /expression that was not evaluated/,
    ],
    [
      'half an expression',
      'secrets.TOKEN }}',
      'token-rejected',
      /expression that was not evaluated/,
    ],
    ['a shell variable', '$TOKEN', 'token-rejected', /reference/],
    ['a command substitution', '$(gh auth token)', 'token-rejected', /reference/],
    ['a reference to 1Password', 'op://vault/item/field', 'token-rejected', /reference/],
    ['a header', `Authorization: Bearer ghs_${secret}`, 'token-rejected', /authentication scheme/],
    ['the scheme Bearer', `Bearer ghs_${secret}`, 'token-rejected', /authentication scheme/],
    ['the scheme token', `token ghs_${secret}`, 'token-rejected', /authentication scheme/],
    ['asterisks', '***', 'token-rejected', /asterisks/],
    ['a Client ID', 'Iv23liABCDEFGHIJKLMN', 'token-rejected', /Client ID/],
    ['an old Client ID', 'Iv1.0123456789abcdef', 'token-rejected', /Client ID/],
    ['an App ID', '123456', 'token-rejected', /Client ID or App ID/],
    ['null', 'null', 'token-rejected', /no value/],
    [
      'a private key',
      `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`,
      'key-wrong-half',
      /private key/,
    ],
    [
      'a private key on one line',
      `-----BEGIN PRIVATE KEY----- ${secret}`,
      'key-wrong-half',
      /private/,
    ],
    [
      'a public key',
      `-----BEGIN PUBLIC KEY-----\n${secret}`,
      'token-rejected',
      /key or a certificate/,
    ],
    ['an SSH key', `ssh-rsa ${secret}`, 'token-rejected', /key or a certificate/],
  ])('%s', (_, text, code, fact) => {
    const refusal = refusalOf(text)
    expect(refusal).toMatchObject({ code, fact: expect.stringMatching(fact) })
    expect(`${refusal?.fact} ${refusal?.hint}`).not.toContain(secret)
  })
})

function refusalOf(text: string): Problem | null {
  try {
    assertToken(text)
    return null
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}
