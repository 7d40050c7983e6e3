export default {
  roots: ['<rootDir>/__tests__'],
  testMatch: ['**/*.test.ts'],
  // These need more than Node.js: jest.check.config.js runs them.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/__tests__/(?:browser|build|witnesses)/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023' }, module: { type: 'es6' } }],
  },
  globalSetup: '<rootDir>/__tests__/ready-keys.mjs',
  // One for each core. Processes that tests start are limited by __tests__/scenarios/support.ts.
  maxWorkers: '100%',
  // Only ends what hangs: no test depends on how fast the machine is.
  testTimeout: 600_000,
  // A busy machine needs longer to end a worker.
  workerGracefulExitTimeout: 60_000,
  // Jest prints the seed; `--seed N` repeats its order.
  randomize: true,
  // With `--coverage` (npm run coverage): of what runs in this process. Scenarios run the built action in another.
  collectCoverageFrom: ['src/**/*.ts', '!src/{index,run}.ts'],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'lcovonly'],
  coverageThreshold: { global: { lines: 97, branches: 93, functions: 96 } },
}
