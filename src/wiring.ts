import { isLoopback, type Order, readAmazonPayUrl, readApiUrl } from './action/inputs.ts'
import { readOpenSsh } from './adapters/sshpk.ts'
import { beginKeyPair } from './domain/key/pair.ts'
import { Problem } from './domain/problem.ts'
import { slotNames } from './domain/rotation/slots.ts'
import type { Clock, GitHub, Inputs, Runner, Target, World } from './ports.ts'

const network = () => import('./adapters/network.ts')

/** The adapters that an order needs, wired. What it does not need is not loaded. */
export async function createWorld(
  order: Order,
  runner: Runner,
  env: Readonly<Record<string, string | undefined>>,
  time: { readonly clock: Clock; readonly deadline: { signal: AbortSignal; at: Date } },
): Promise<World> {
  const amazonPayUrl = readAmazonPayUrl(env.AMAZON_PAY_API_URL)
  const { targets, github } =
    order.places.length === 0
      ? { targets: [], github: noGitHub }
      : await gitHub(
          order,
          runner,
          readApiUrl('GITHUB_API_URL', env.GITHUB_API_URL ?? 'https://api.github.com'),
          amazonPayUrl,
          time,
        )
  return {
    runner,
    clock: time.clock,
    targets,
    github,
    artifacts: {
      async upload(path, retentionDays) {
        const { createArtifactStore } = await network()
        return createArtifactStore(runner.run.url, runner.stop).upload(path, retentionDays)
      },
    },
    amazonPay: {
      async send(request) {
        const { createAmazonPay } = await network()
        return createAmazonPay(amazonPayUrl).send(request)
      },
    },
    readOpenSsh,
  }
}

async function gitHub(
  { token, places, inputs }: Order,
  runner: Runner,
  apiUrl: URL,
  amazonPayUrl: URL | null,
  time: Parameters<typeof createWorld>[3],
): Promise<{ targets: Target[]; github: GitHub }> {
  if (amazonPayUrl && !isLoopback(apiUrl) && ['activate', 'retire'].includes(inputs.command)) {
    throw new Problem(
      'input-invalid',
      'AMAZON_PAY_API_URL points to a stand-in for Amazon Pay, while GitHub is the real one',
      `remove AMAZON_PAY_API_URL from the step's environment: what a stand-in says must not change real secrets`,
    )
  }
  // Finding primes takes as long as all that is loaded here, and does it on another thread.
  if (needsFreshPair(inputs)) beginKeyPair()
  const { createGitHub, createGitHubClient, createTarget, prepareUpload } = await network()
  const client = createGitHubClient({
    token,
    apiUrl: apiUrl.href.replace(/\/$/, ''),
    tell: runner.info,
    ...time,
    onWrite: inputs.artifact ? prepareUpload : () => {},
  })
  const names = slotNames(inputs.prefix)
  return {
    targets: places.map((place) => createTarget(client, place, names)),
    github: createGitHub(client, runner.run),
  }
}

/** `generate` stages one, unless a key is brought; the control of `activate` is signed with one. */
function needsFreshPair({ command, privateKey, amazonPayCheck }: Inputs): boolean {
  return command === 'generate'
    ? privateKey.trim() === ''
    : command === 'activate' && amazonPayCheck !== 'off'
}

/** `validate` needs no GitHub, and works without a network. */
const noGitHub: GitHub = {
  approvals: () => Promise.reject(new Error('validate asks GitHub nothing')),
  openRuns: () => Promise.reject(new Error('validate asks GitHub nothing')),
}

/** Sleeps that end early when the step has to come to its end. */
export function createClock(stop: AbortSignal): Clock {
  return {
    now: () => new Date(),
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        if (stop.aborted) return resolve()
        const done = (): void => {
          clearTimeout(timer)
          stop.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, milliseconds)
        stop.addEventListener('abort', done)
      }),
  }
}
