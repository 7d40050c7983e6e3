import { createHash, createPrivateKey } from 'node:crypto'
import type { Recorded } from '../../rehearsal/server.ts'
import { type Key, makeKey, type Pair, plant } from '../scenarios/planting.ts'
import {
  type Form,
  type RehearsalOptions,
  rehearse,
  type Shop,
  type ShopRun,
  type StepOptions,
} from '../scenarios/support.ts'
import { formsOf, type Leak, type Search, searchFor } from './leak-search.ts'

/** A shop in the state that a command is for, with what it takes to run it. */
export interface Stage {
  readonly shop: Shop
  readonly form: Form
  readonly more: StepOptions
  readonly current: Pair
  readonly next: Pair
  readonly previous: Pair
  run(more?: StepOptions): Promise<ShopRun>
}

type Setting = (all: Omit<Stage, 'run' | 'form' | 'more'>) => Partial<Pick<Stage, 'more'>> & {
  readonly form: Form
}

const settings = {
  generate: ({ shop, current }) => {
    plant(shop.github, shop.repository, 'current', current)
    return { form: { command: 'generate' } }
  },
  activate: ({ shop, current, next }) => {
    plant(shop.github, shop.repository, 'current', current)
    plant(shop.github, shop.repository, 'next', next)
    return { form: { command: 'activate', 'public-key-id': next.id } }
  },
  rollback: ({ shop, current, previous }) => {
    plant(shop.github, shop.repository, 'current', current)
    plant(shop.github, shop.repository, 'previous', previous)
    return { form: { command: 'rollback' } }
  },
  retire: ({ shop, current, previous }) => {
    plant(shop.github, shop.repository, 'current', current)
    plant(shop.github, shop.repository, 'previous', previous)
    shop.amazonPay.deleteKey(previous.id)
    return { form: { command: 'retire' } }
  },
  adopt: ({ shop, current }) => {
    shop.github.setSecret(shop.repository, 'AMAZON_PAY_PRIVATE_KEY', current.privateKey)
    return { form: { command: 'adopt', 'public-key-id': current.id } }
  },
  validate: ({ shop, current, next, previous }) => {
    plantAll(shop, { current, next, previous })
    return { form: { command: 'validate' }, more: { with: { artifact: 'true' } } }
  },
  status: ({ shop, current, next, previous }) => {
    plantAll(shop, { current, next, previous })
    return { form: { command: 'status' } }
  },
} as const satisfies Record<string, Setting>

export type CommandName = keyof typeof settings

export const commands = Object.keys(settings) as CommandName[]

/** What a command that ends well says. */
export const wellDone: Readonly<Record<CommandName, string>> = {
  generate: 'staged',
  activate: 'activated',
  rollback: 'rolled-back',
  retire: 'retired',
  adopt: 'adopted',
  validate: 'valid',
  status: 'ok',
}

const open: Shop[] = []

/** A shop of its own. `closeShops` closes it. */
export async function openShop(options: RehearsalOptions = {}): Promise<Shop> {
  const shop = await rehearse(options)
  open.push(shop)
  return shop
}

export async function closeShops(): Promise<void> {
  await Promise.all(open.splice(0).map((shop) => shop.close()))
}

/** Of the slots, of a stranger, and of the App: the same for all tests of a file, since making them is slow. */
export const keys = {
  current: makeKey(),
  next: makeKey(),
  previous: makeKey(),
  stranger: makeKey(),
  app: makeKey(),
} as const satisfies Record<string, Key>

/** A key that is exchanged in the shop's region. */
export function exchanged({ amazonPay }: Shop, key: Key): Pair {
  const where = { region: 'eu', view: 'live' } as const
  const id = amazonPay.exchange({ ...where, publicKey: key.publicKey, name: 'planted' })
  return { ...key, id, ...where }
}

/** The shop in which the command has something to do. */
export async function stage(command: CommandName, options: RehearsalOptions = {}): Promise<Stage> {
  const shop = await openShop(options)
  if (shop.app) useKnownAppKey(shop)
  const all = {
    shop,
    current: exchanged(shop, keys.current),
    next: exchanged(shop, keys.next),
    previous: exchanged(shop, keys.previous),
  }
  const { form, more = {} }: ReturnType<Setting> = settings[command](all)
  return {
    ...all,
    form,
    more,
    run: (other = {}) =>
      shop.run(form, { ...more, ...other, with: { ...more.with, ...other.with } }),
  }
}

/** The App’s own key is one that is searched for already. */
function useKnownAppKey({ github, repository, app }: Shop): void {
  const [admin] = repository.environments.values()
  if (!admin || !app) throw new Error('the shop has no App')
  Object.assign(app, { publicKey: keys.app.publicKey })
  github.setSecret(admin, 'KEYS_APP_PRIVATE_KEY', keys.app.privateKey)
}

function plantAll(
  shop: Shop,
  pairs: Readonly<Record<'current' | 'next' | 'previous', Pair>>,
): void {
  for (const slot of ['current', 'next', 'previous'] as const) {
    plant(shop.github, shop.repository, slot, pairs[slot])
  }
}

/** All that a shop stores, to be compared before and after; no key is printed when it differs. */
export const stored = ({ repository, github }: Shop): readonly string[] => [
  ...[repository.secrets, repository.variables].flatMap((items) =>
    [...items.values()].map(
      ({ name, value, updated_at: at }) =>
        `${name} ${at} ${createHash('sha256').update(value).digest('hex')}`,
    ),
  ),
  `${github.writes.length} writes`,
]

/** Everything that a run leaves for others to see, by where. The masks are the last line: here they do not count. */
export function* visible(run: ShopRun): Generator<[where: string, text: string | Buffer]> {
  const unmasked = run.stdout.split('\n').filter((line) => !line.startsWith('::add-mask::'))
  yield ['stdout', unmasked.join('\n')]
  yield ['stderr', run.stderr]
  yield ['annotations', JSON.stringify(run.annotations)]
  yield ['summary', run.summary]
  yield ['outputs', JSON.stringify(run.outputs)]
  yield ['environment of later steps', JSON.stringify([run.env, run.state])]
  for (const [path, bytes] of run.files) yield [`file ${path}`, bytes]
  for (const { name, bytes } of run.artifacts) yield [`artifact ${name}`, bytes]
  for (const request of run.requests) yield* sent('GitHub', request)
  for (const request of run.payRequests) yield* sent('Amazon Pay', request)
}

function* sent(
  server: string,
  { method, rawPath, headers, body }: Recorded,
): Generator<[where: string, text: string]> {
  // GitHub's own token goes to GitHub, in this header alone.
  const { authorization = '', ...others } = headers
  yield [
    `request to ${server}: ${method} ${rawPath}`,
    `${rawPath} ${JSON.stringify(others)} ${body}`,
  ]
  if (server !== 'GitHub') yield [`authorization for ${server}`, authorization]
}

/** What of these searches can be seen of a run. */
export const seenIn = (run: ShopRun, ...searches: readonly Search[]): Leak[] =>
  [...visible(run)].flatMap(([where, text]) => {
    const forms = formsOf(text)
    return searches.flatMap((search) => search(where, text, forms))
  })

const slotKeys = Object.values(keys).map(({ privateKey }) => privateKey)
export const searchSlotKeys: Search = searchFor({ privateKeys: slotKeys })

/** What is private in a run and can be seen: of the keys in the slots, of those that it made, of the App, and tokens. */
export function leaksOf({ shop }: Pick<Stage, 'shop'>, run: ShopRun): Leak[] {
  const written = shop.github.writes.filter(({ kind }) => kind === 'secret')
  const others = written.map(({ value }) => value).filter((value) => !slotKeys.includes(value))
  const privateKeys = [...new Set(others.filter(isPrivateKey))]
  const searchTokens = searchFor({ tokens: [...shop.github.tokens.keys()] })
  const searchOthers = privateKeys.length > 0 ? [searchFor({ privateKeys })] : []
  return seenIn(run, searchSlotKeys, searchTokens, ...searchOthers)
}

function isPrivateKey(text: string): boolean {
  return text.includes('PRIVATE KEY') && createPrivateKey(text).type === 'private'
}
