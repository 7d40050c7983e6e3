import { generateKeyPairSync } from 'node:crypto'
import jest from './jest.config.js'

// Mutation testing of what can break a key or a pair: `npx stryker run`. It takes a while, so CI runs it on
// demand; docs/mutation.md has the last score and what survives. Reading keys in every shape is left out:
// its tests are generated from a table of shapes and mistakes.

// Each mutant starts the tests anew: the pairs that they need are made once, here.
const pem = { type: 'pkcs8', format: 'pem' }
process.env.READY_KEYS = JSON.stringify(
  Array.from({ length: 7 }, () =>
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem),
  ),
)

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [
    'src/domain/{promotion,staging,standing,verdict,slots,key-pair,key-record}.ts',
    'src/domain/{public-key-id,request-signature,region,exchange,fingerprint}.ts',
    'src/commands/*.ts',
  ],
  plugins: ['@stryker-mutator/jest-runner', './scripts/mutation-words.js'],
  // What is said in words is for people to judge, not for tests.
  ignorers: ['words'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    config: {
      ...jest,
      testMatch: ['<rootDir>/__tests__/commands/*.test.ts', '<rootDir>/__tests__/domain/*.test.ts'],
      testPathIgnorePatterns: [
        ...jest.testPathIgnorePatterns,
        '/domain/(?:key-shapes|key-soak|key-material|pem)',
      ],
      randomize: false,
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  // Stryker would rewrite a tsconfig.json for its sandbox, and cannot read that of TypeScript 7.
  tsconfigFile: 'none.json',
  ignorePatterns: ['/dist', '/docs', '/rehearsal', '/reports'],
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false },
  tempDirName: '.stryker-tmp',
}
