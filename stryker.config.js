import jest from './jest.config.js'

// Mutation testing of the code that can break a key or a pair. One part at a time, since every mutant loads every test
// file: `MUTATE=domain/rotation npx stryker run`. Below the score in `thresholds` it fails.

/** A folder of src, whose tests are in the folder of the same name below __tests__. */
const part = process.env.MUTATE ?? 'domain/rotation'

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [`src/${part}/**/*.ts`],
  plugins: ['@stryker-mutator/jest-runner', './scripts/mutation-words.js'],
  // Texts for people are reviewed by people.
  ignorers: ['words'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    config: {
      ...jest,
      roots: [`<rootDir>/__tests__/${part}`],
      // Whole courses of events take longer than all other tests of commands, which must find the mutants without them.
      testPathIgnorePatterns: [
        ...jest.testPathIgnorePatterns,
        '/commands/(?:faults|journeys|kill-points)\\.test\\.ts$',
      ],
      randomize: false,
    },
    // Loads only the test files that import the mutated file. Those of commands import it indirectly.
    enableFindRelatedTests: part.startsWith('domain/'),
  },
  coverageAnalysis: 'perTest',
  // Jest keeps memory from run to run.
  maxTestRunnerReuse: 20,
  timeoutMS: 20_000,
  // Stryker would rewrite a tsconfig.json for its sandbox, and cannot read that of TypeScript 7.
  tsconfigFile: 'none.json',
  ignorePatterns: ['/dist', '/lib', '/docs', '/rehearsal', '/reports'],
  thresholds: { high: 99, low: 96, break: 96 },
  reporters: ['clear-text', 'progress-append-only', 'html'],
  htmlReporter: { fileName: 'reports/mutation.html' },
  tempDirName: '.stryker-tmp',
}
