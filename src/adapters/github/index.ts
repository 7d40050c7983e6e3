/** Everything that this action asks of GitHub, loaded together, and only by steps that need it. */
export { getInstallationToken, type InstallationToken } from './app-token.ts'
export { createGitHubClient, type GitHubClient } from './client.ts'
export { createGitHub } from './runs.ts'
export { createTarget } from './target.ts'
