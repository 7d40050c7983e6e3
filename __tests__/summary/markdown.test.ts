import { cell, code, link, prose, table, text } from '../../src/summary/markdown.ts'

describe('what users named stays text', () => {
  test.each([
    ['HTML', '<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert\\(1\\)&gt;'],
    ['a link', '[click](https://evil.example)', '\\[click\\]\\(https:&#8203;//evil.example\\)'],
    ['a mention', '@acme/owners', '&#64;&#8203;acme/owners'],
    ['emphasis', '**bold** _it_', '\\*\\*bold\\*\\* \\_it\\_'],
    ['a name with underscores', 'AMAZON_PAY _x y_', 'AMAZON_PAY \\_x y\\_'],
    ['an address without scheme', 'www.evil.example', 'www&#8203;.evil.example'],
    ['a second line', 'one\n# two', 'one \\# two'],
    ['a workflow command', 'x\r::set-output name=a::b', 'x ::set-output name=a::b'],
    ['an end of cell', 'a|b', 'a\\|b'],
    ['an entity', '&lt;', '&amp;lt;'],
  ])('%s', (_, given, expected) => {
    expect(text(given)).toBe(expected)
  })
})

describe('a value to copy stays whole', () => {
  test.each([
    ['plain', 'SHA256:abc', '`SHA256:abc`'],
    ['with a backtick', 'a`b', '``a`b``'],
    ['with backticks at its ends', '`a`', '`` `a` ``'],
    ['with a line end', 'a\nb', '`a b`'],
  ])('%s', (_, given, expected) => {
    expect(code(given)).toBe(expected)
  })

  test('in a cell a pipe does not end it', () => {
    expect(cell('a|b')).toBe('`a\\|b`')
  })
})

test.each([
  [
    'of this server is a link',
    'see https://github.com/acme/shop/actions/runs/1 (x)',
    'see <https://github.com/acme/shop/actions/runs/1> \\(x\\)',
  ],
  [
    'at the end of a sentence leaves the full stop',
    'https://github.com/acme.',
    '<https://github.com/acme>.',
  ],
  [
    'of a stranger stays text',
    'https://github.com.evil.example/',
    'https:&#8203;//github.com.evil.example/',
  ],
  [
    'that contains another does too',
    'https://evil.example/https://github.com/a',
    'https:&#8203;//evil.example/https:&#8203;//github.com/a',
  ],
])('in a message, an address %s', (_, given, expected) => {
  expect(prose(given, 'https://github.com')).toBe(expected)
})

test('without a server, no address in a message is a link', () => {
  expect(prose('https://github.com/acme', '')).toBe(text('https://github.com/acme'))
})

test('an address cannot end its link', () => {
  expect(link('run', 'https://github.com/a>) [x](y')).toBe(
    '[run](<https://github.com/a%3E)%20[x](y>)',
  )
})

test('a table has one line for each row', () => {
  expect(table(['A', 'B'], [['1', '2']])).toBe('| A | B |\n| --- | --- |\n| 1 | 2 |')
})

test.each(['javascript:alert(1)', 'evil.example', '//evil.example'])(
  'an address that is none of the web, %s, leads nowhere',
  (url) => {
    expect(link('a run', url)).toBe('a run')
  },
)
