export default {
  roots: ['<rootDir>/__tests__'],
  testMatch: ['**/*.test.ts'],
  // The browser tests need Chromium; `npm run test:browser` runs them.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/__tests__/browser/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023' }, module: { type: 'es6' } }],
  },
  globalSetup: '<rootDir>/__tests__/ready-keys.mjs',
  maxWorkers: 3,
  // Scenarios start processes, which a busy machine keeps waiting.
  testTimeout: 30_000,
  randomize: true,
}
