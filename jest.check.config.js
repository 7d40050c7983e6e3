import config from './jest.config.js'

/** Tests that need more than Node.js: a browser, the bundler, software from elsewhere. `npm run check` names each. */
export default {
  ...config,
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
}
