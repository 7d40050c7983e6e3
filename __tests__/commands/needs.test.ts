import { needsOf } from '../../src/commands/needs.ts'
import { type Command, commandNames, type Inputs } from '../../src/ports.ts'

const inputsOf = (command: Command, more: Partial<Inputs> = {}) =>
  ({
    command,
    privateKey: null,
    amazonPayCheck: 'require',
    artifact: command === 'generate',
    dryRun: false,
    ...more,
  }) as Inputs
const startOf = (more?: Partial<Inputs>) =>
  commandNames.filter((command) => needsOf(inputsOf(command, more)).keyPair)

test('a key pair is begun early where it is staged, or signs the control request', () => {
  expect(startOf()).toEqual(['generate', 'activate', 'rollback', 'adopt'])
  expect(startOf({ amazonPayCheck: 'off' })).toEqual(['generate'])
  expect(startOf({ privateKey: 'a key' })).toEqual(['activate', 'rollback', 'adopt'])
})

test.each<[string, Command, Partial<Inputs>, boolean]>([
  ['generate, which uploads', 'generate', {}, true],
  ['generate without an artifact', 'generate', { artifact: false }, false],
  ['a dry run', 'generate', { dryRun: true }, false],
  ['validate, which may be refused first', 'validate', { artifact: true }, false],
])(
  'the library for artifacts is loaded early only by a command that uploads: %s',
  (_, command, more, expected) => {
    expect(needsOf(inputsOf(command, more)).artifacts).toBe(expected)
  },
)
