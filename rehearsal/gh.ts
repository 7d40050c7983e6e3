import type { GitHub } from './github.ts'

/**
 * The environment in which `gh` works on a repository of the rehearsal. It insists on TLS, but for the host
 * github.localhost; the rehearsal itself is the proxy that leads there.
 */
export const ghEnvironment = (
  { url, token }: GitHub,
  { repository, home }: { readonly repository: string; readonly home: string },
): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: home,
  HTTP_PROXY: url,
  GH_CONFIG_DIR: home,
  GH_HOST: 'github.localhost',
  GH_REPO: `github.localhost/${repository}`,
  GH_TOKEN: token,
  GH_NO_UPDATE_NOTIFIER: '1',
  GH_PROMPT_DISABLED: '1',
  GH_TELEMETRY: '0',
})
