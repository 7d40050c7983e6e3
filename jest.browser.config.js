import config from './jest.config.js'

export default {
  ...config,
  roots: ['<rootDir>/__tests__/browser'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 120_000,
}
