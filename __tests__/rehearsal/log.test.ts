import { parseFileCommand, scrubSummary } from '../../rehearsal/file-commands.ts'
import { createLineReader, createLog, showLog } from '../../rehearsal/log.ts'
import { createMasker } from '../../rehearsal/masker.ts'

function logOf(lines: string[], debug = false) {
  const log = createLog({ masker: createMasker(), debug })
  lines.forEach(log.line)
  return log
}

describe('workflow commands', () => {
  test.each<[string, string[], string]>([
    ['text', ['hello', ''], 'hello\n\n'],
    [
      'a group',
      ['::group::title', 'inside', '::endgroup::'],
      '##[group]title\ninside\n##[endgroup]\n',
    ],
    ['an error', ['::error::it broke'], '##[error]it broke\n'],
    ['a command behind spaces', ['  ::notice::look'], '##[notice]look\n'],
    ['a command in capitals', ['::WARNING::careful'], '##[warning]careful\n'],
    [
      'a command of the older form, in the middle of a line',
      ['see ##[error]it broke'],
      '##[error]it broke\n',
    ],
    [
      'an unknown command as text',
      ['::unknown::x', 'a ::error::x'],
      '::unknown::x\na ::error::x\n',
    ],
    ['an unescaped message', ['::error::a%0Ab%0D%25%3A%250A'], '##[error]a\nb\r%%3A%0A\n'],
    ['no debug line without debug logging', ['::debug::quiet'], ''],
    ['no empty error, which is only annotated', ['::error::'], ''],
  ])('the log shows %s', (_, lines, text) => expect(logOf(lines).text).toBe(text))

  test('with debug logging, debug lines are shown and commands echoed', () => {
    const log = logOf(['::debug::a%0Ab', '::group::g', '::add-mask::secret', 'secret'], true)
    expect(log.text).toBe('##[debug]a\n##[debug]b\n::group::g\n##[group]g\n::add-mask::***\n***\n')
  })

  test('a mask works from its line on', () => {
    expect(logOf(['secret', '::add-mask::secret', 'a secret']).text).toBe('secret\na ***\n')
  })

  test('an escaped mask of several lines masks each of them', () => {
    expect(logOf(['::add-mask::one%0Atwo%25', 'one', 'two%']).text).toBe('***\n***\n')
  })

  test('a mask that was not escaped masks its first line only', () => {
    expect(logOf(['::add-mask::one', 'two', 'one']).text).toBe('two\n***\n')
  })

  test('an empty mask is a warning', () => {
    expect(logOf(['::add-mask:: ']).annotations).toEqual([
      {
        level: 'warning',
        title: '',
        message: "Can't add secret mask for empty string in ##[add-mask] command.",
      },
    ])
  })

  test('an annotation has a title, and a message that is masked and cut to 4096 characters', () => {
    const long = 'x'.repeat(5000)
    const { annotations } = logOf([
      '::add-mask::secret',
      '::error file=a.ts,line=3,title=A title%2C with %3A and %25::my secret',
      `::notice title==odd::${long}`,
    ])
    expect(annotations[0]).toEqual({
      level: 'error',
      title: 'A title, with : and %',
      message: 'my ***',
    })
    expect(annotations[1]?.title).toBe('odd')
    expect(annotations[1]?.message).toHaveLength(4096)
  })

  test('ten annotations of a level are kept, and all are in the log', () => {
    const log = logOf([...Array(12).fill('::warning::w'), '::error::e'])
    expect(log.annotations.map(({ level }) => level)).toEqual([
      ...Array(10).fill('warning'),
      'error',
    ])
    expect(log.text.match(/##\[warning\]w/g)).toHaveLength(12)
  })

  test('commands are text until the stop token comes back', () => {
    const log = logOf([
      '::stop-commands::a-long-token',
      '::error::not now',
      '::a-long-token::',
      '::error::now',
    ])
    expect(log.text).toBe('::stop-commands::***\n::error::not now\n::***::\n##[error]now\n')
    expect(log.annotations).toHaveLength(1)
  })

  test('a stop token may not be a command', () => {
    const log = logOf(['::stop-commands::error'])
    expect(log.broken).toBe(true)
    expect(log.annotations[0]?.message).toBe(
      "Unable to process command '::stop-commands::error' successfully.",
    )
  })

  test('disabled commands fail the step, deprecated ones work', () => {
    const log = logOf(['::set-env name=A::b', '::set-output name=a::b', '::save-state name=c::d'])
    expect(log.broken).toBe(true)
    expect(log.outputs).toEqual({ a: 'b' })
    expect(log.state).toEqual({ c: 'd' })
  })
})

test('lines end at CR LF, LF and CR, wherever the chunks end', () => {
  const lines: string[] = []
  const reader = createLineReader((line) => lines.push(line))
  for (const chunk of ['a\r', '\nb\rc\n', '\n', 'd\r', 'e', 'f\r']) reader.push(chunk)
  reader.end()
  expect(lines).toEqual(['a', 'b', 'c', '', 'd', 'ef'])
})

test('the page shows groups indented and annotations by their level', () => {
  expect(showLog('##[group]Run x\nwith:\n##[endgroup]\n##[error]broke\n##[debug]d\ntext\n')).toBe(
    '▾ Run x\n  with:\nError: broke\nDebug: d\ntext\n',
  )
})

describe('file commands', () => {
  test.each<[string, string, [string, string][]]>([
    ['empty lines', '\n\n', []],
    ['a line', 'a=b=c\n', [['a', 'b=c']]],
    ['a line without end', 'a=b', [['a', 'b']]],
    [
      'a heredoc',
      'a<<X\none\n\ntwo\nX\nb=c\n',
      [
        ['a', 'one\n\ntwo'],
        ['b', 'c'],
      ],
    ],
    ['an empty heredoc', 'a<<X\nX\n', [['a', '']]],
    ['a line with an equals sign before <<', 'a=b<<X\n', [['a', 'b<<X']]],
    ['a heredoc whose delimiter ends the file', 'a<<X\n1\nX', [['a', '1']]],
  ])('a file command may be %s', (_, text, pairs) => expect(parseFileCommand(text)).toEqual(pairs))

  test.each([
    ['words\n', "Invalid format 'words'"],
    ['a<<\nx\n', 'Name must not be empty and delimiter must not be empty'],
    ['<<X\nx\nX\n', 'Name must not be empty and delimiter must not be empty'],
    ['a<<X\nx\n', "Matching delimiter not found 'X'"],
    ['a<<X\nx', 'EOF marker missing new line'],
    ['a<<X\nx\n X\n', "Matching delimiter not found 'X'"],
  ])('the file command %j is refused', (text, message) =>
    expect(() => parseFileCommand(text)).toThrow(message),
  )

  test('a summary is masked line by line', () => {
    const masker = createMasker()
    masker.addValue('one\ntwo')
    masker.addValue('three')
    expect(scrubSummary('one\r\ntwo\rthree\n\nend', masker.mask)).toBe('one\ntwo\n***\n\nend\n')
  })
})
