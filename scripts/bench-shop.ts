/** What bench.ts measures: GitHub and Amazon Pay on this machine, a shop with keys, and steps with what they find there. */
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startAmazonPay } from '../rehearsal/amazon-pay.ts'
import { type GitHub, type Repository, startGitHub } from '../rehearsal/github.ts'
import { runAction } from '../rehearsal/runner.ts'
import type { Recorded } from '../rehearsal/server.ts'

interface Step {
  readonly label: string
  readonly inputs: Readonly<Record<string, string>>
  /** Puts what the step finds into place. */
  readonly prepare: () => void
}

interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
}

export interface Work extends Step {
  /** The floor's work with keys. */
  readonly keys: 'make' | 'read' | 'verify'
  readonly byHand: readonly Command[]
  readonly hand: string
}

const secrets = ['PRIVATE_KEY', 'PRIVATE_KEY_NEXT'].map((name) => `AMAZON_PAY_${name}`)

export async function openShop(folder: string) {
  const [github, amazonPay] = await Promise.all([startGitHub(), startAmazonPay()])
  const shop = github.addRepository('acme/shop')
  const place = { token: github.token, region: 'us', 'pay-environment': 'live' }

  const run = async (inputs: Record<string, string>): Promise<void> => {
    const { exitCode, log } = await runAction({ inputs, github, amazonPay })
    if (exitCode !== 0) throw new Error(log)
  }
  const stage = async (): Promise<string> => {
    await run({ command: 'generate', artifact: 'false', ...place })
    const { publicKey } = JSON.parse(shop.variables.get('AMAZON_PAY_KEY_NEXT')?.value ?? '')
    return amazonPay.exchange({ region: 'us', view: 'live', publicKey, name: 'bench' })
  }
  const slots = (): Record<'current-private-key' | 'next-private-key', string> => {
    const [current = '', next = ''] = secrets.map((name) => shop.secrets.get(name)?.value ?? '')
    return { 'current-private-key': current, 'next-private-key': next }
  }

  // A current pair and a staged key, as the action itself makes them.
  const first = await stage()
  await run({ command: 'activate', ...place, ...slots(), 'public-key-id': first })
  const second = await stage()
  const ring = slots()
  const pem = ring['current-private-key']
  const rotating = { secrets: [...shop.secrets], variables: [...shop.variables] }

  const clear = (): void => {
    for (const server of [github, amazonPay]) server.requests.length = 0
    github.artifacts.length = 0
    // Each step has GitHub's hourly budget to itself.
    github.rateLimit.remaining = 5000
    for (const one of github.repositories.values()) fill(one, { secrets: [], variables: [] })
  }
  const plant = (): void => {
    clear()
    for (const one of github.repositories.values()) fill(one, rotating)
  }

  const generate = { command: 'generate', ...place }
  const activate = { command: 'activate', ...place, ...ring, 'public-key-id': second }
  const gh = await ghFor(github, folder)
  const works = worksOf({ generate, activate, pem, publicKeyId: second, clear, plant, gh })

  return {
    url: github.url,
    servers: [github, amazonPay],
    pem,
    works,
    manyTargets: [
      ...[10, 100].map((count) =>
        over(github, count, { label: '`generate`', inputs: generate, prepare: clear }),
      ),
      ...[10, 45].map((count) =>
        over(github, count, { label: '`activate`', inputs: activate, prepare: plant }),
      ),
    ],
    /** What the runner would start the step with. */
    async environment({ inputs }: Step): Promise<NodeJS.ProcessEnv> {
      const folders = { temp: folder, workspace: folder, keep: true }
      const options = { inputs, github, amazonPay, ...folders, nodeArgs: ['--check'] }
      return (await runAction(options)).environment
    },
    isWrite: ({ method, rawPath }: Recorded): boolean =>
      method !== 'GET' && /\/(?:secrets|variables)\b/.test(rawPath),
    close: () => Promise.all([github.close(), amazonPay.close(), gh.close()]),
  }
}

/** The same step over many repositories. */
function over(github: GitHub, targets: number, step: Step): Step & { readonly targets: number } {
  const names = Array.from({ length: targets }, (_, index) => `acme/shop-${index + 1}`)
  const prepare = (): void => {
    for (const name of names) if (!github.repositories.has(name)) github.addRepository(name)
    step.prepare()
  }
  return { ...step, inputs: { ...step.inputs, repository: names.join(',') }, targets, prepare }
}

/** One step for each command, and the same by hand. */
function worksOf(given: {
  readonly generate: Step['inputs']
  readonly activate: Step['inputs']
  readonly pem: string
  readonly publicKeyId: string
  readonly clear: () => void
  readonly plant: () => void
  readonly gh: (name: string, value: string) => Command
}): Work[] {
  const { generate, activate, pem, publicKeyId, clear, plant, gh } = given
  return [
    {
      label: '`validate`',
      inputs: { command: 'validate', 'private-key': pem },
      keys: 'read',
      prepare: clear,
      byHand: [{ file: 'openssl', args: ['rsa', '-check', '-noout'], input: pem }],
      hand: '`openssl rsa -check`',
    },
    {
      label: '`generate`, `artifact: false`',
      inputs: { ...generate, artifact: 'false' },
      keys: 'make',
      prepare: clear,
      byHand: [],
      hand: '',
    },
    {
      label: '`generate`',
      inputs: generate,
      keys: 'make',
      prepare: clear,
      byHand: [
        {
          file: 'openssl',
          args: 'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem'.split(' '),
        },
        { file: 'openssl', args: 'rsa -in private.pem -pubout -out public.pem'.split(' ') },
        gh('AMAZON_PAY_PRIVATE_KEY', pem),
      ],
      hand: '`openssl genpkey`, `openssl rsa -pubout`, `gh secret set`',
    },
    {
      label: '`activate`',
      inputs: activate,
      keys: 'verify',
      prepare: plant,
      byHand: [gh('AMAZON_PAY_PUBLIC_KEY_ID', publicKeyId), gh('AMAZON_PAY_PRIVATE_KEY', pem)],
      hand: '`gh secret set` twice, nothing verified, nothing kept for a rollback',
    },
  ]
}

type Entries<K extends 'secrets' | 'variables'> = readonly (readonly [
  string,
  ReturnType<Repository[K]['get']>,
])[]

function fill(
  repository: Repository,
  content: { secrets: Entries<'secrets'>; variables: Entries<'variables'> },
): void {
  for (const kind of ['secrets', 'variables'] as const) {
    repository[kind].clear()
    for (const [name, item] of content[kind]) if (item) repository[kind].set(name, item)
  }
}

/** `gh` speaks plain HTTP with github.localhost only: a proxy leads from there to our GitHub. */
async function ghFor(
  { url, token }: { readonly url: string; readonly token: string },
  home: string,
) {
  const proxy = createServer((incoming, outgoing) => {
    const { pathname, search } = new URL(incoming.url ?? '/', url)
    const { method, headers } = incoming
    const onward = forward(url + pathname + search, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const env = {
    HOME: home,
    GH_CONFIG_DIR: join(home, 'gh'),
    GH_HOST: 'github.localhost',
    GH_ENTERPRISE_TOKEN: token,
    GH_TOKEN: token,
    HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  }
  const set = (name: string, input: string) => {
    const args = ['secret', 'set', name, '--repo', 'github.localhost/acme/shop']
    return { file: 'gh', args, env, input }
  }
  return Object.assign(set, {
    close: async () => {
      proxy.closeAllConnections()
      proxy.close()
    },
  })
}
