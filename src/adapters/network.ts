/**
 * Everything that talks to a server, loaded together and only when it is needed: the HTTP client below it is by
 * far the largest part that they share.
 */
export { createAmazonPay } from './amazon-pay.ts'
export { createArtifactStore, prepareUpload } from './artifact.ts'
export { createGitHub, createGitHubClient } from './github/client.ts'
export { createTarget } from './github/target.ts'
