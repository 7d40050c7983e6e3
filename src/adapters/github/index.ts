/** Everything that this action asks of GitHub, loaded together, and only by steps that need it. */
export { getInstallationToken } from './app-token.ts'
export { createGitHubClient } from './client.ts'
export { createGitHub } from './runs.ts'
export { createTarget } from './target.ts'
