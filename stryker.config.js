import makeReadyKeys from './__tests__/ready-keys.mjs'
import jest from './jest.config.js'
import units from './scripts/mutation-units.json' with { type: 'json' }

// Mutation testing of what can break a key or a pair: `node scripts/mutation.ts` runs it unit by unit, since
// Stryker loads every test file for every mutant. docs/mutation.md has the last score and what survives.

const unit = process.env.MUTATION_UNIT ?? 'promotion'
// A source file, and the test files below __tests__ that answer for it.
const [source, ...tests] = units[unit]

// Each mutant starts the tests anew: the keys that they need are made here, once.
await makeReadyKeys()

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [source],
  plugins: ['@stryker-mutator/jest-runner', './scripts/mutation-words.js'],
  // What is said in words is for people to judge, not for tests.
  ignorers: ['words'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    config: {
      ...jest,
      testMatch: tests.map((test) => `<rootDir>/__tests__/${test}.test.ts`),
      randomize: false,
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  // Stryker would rewrite a tsconfig.json for its sandbox, and cannot read that of TypeScript 7.
  tsconfigFile: 'none.json',
  ignorePatterns: ['/dist', '/lib', '/lib-dist', '/docs', '/rehearsal', '/reports'],
  reporters: ['json'],
  jsonReporter: { fileName: `reports/mutation/${unit}.json` },
  tempDirName: '.stryker-tmp',
}
