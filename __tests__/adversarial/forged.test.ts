import { constants, sign } from 'node:crypto'
import type { Scope } from '../../rehearsal/github.ts'
import { sample } from '../sample.ts'
import { daysAgo, earlierRun, keyRecord, type Pair, plant } from '../scenarios/planting.ts'
import type { ShopRun } from '../scenarios/support.ts'
import { searchText } from './leak-search.ts'
import {
  type CommandName,
  closeShops,
  commands,
  exchanged,
  keys,
  type Stage,
  seenIn,
  stage,
  stored,
} from './shops.ts'

// The attacker may write variables, and reads every record that there ever was. All private keys are in the ring.

afterEach(closeShops)

type Slot = 'current' | 'next' | 'previous'

const variableOf: Readonly<Record<Slot, string>> = {
  current: 'AMAZON_PAY_KEY',
  next: 'AMAZON_PAY_KEY_NEXT',
  previous: 'AMAZON_PAY_KEY_PREVIOUS',
}

/** Of a shop that has keys in all slots: what the attacker puts into the record of one of them. */
interface Forgery {
  readonly slot: Slot
  readonly text: (pairs: Pairs) => string
  readonly code: 'record-forged' | 'record-unreadable' | 'pair-changed' | RegExp
}

interface Pairs extends Readonly<Record<Slot, Pair>> {
  readonly stranger: Pair
}

/** A genuine record after an edit of its text. */
const edited =
  (slot: Slot, edit: (text: string, pairs: Pairs) => string) =>
  (pairs: Pairs): string => {
    const text = keyRecord(pairs[slot], slot)
    const forged = edit(text, pairs)
    if (forged === text) throw new Error('the edit changes nothing')
    return forged
  }

/** A record of a stranger's key, signed by it. */
const strangers =
  (slot: Slot, more: Readonly<Record<string, unknown>> = {}) =>
  ({ stranger }: Pairs): string =>
    keyRecord(stranger, slot, more)

const member = (name: string, value: string) => (text: string) =>
  text.replace(new RegExp(`"${name}":(?:null|"(?:[^"\\\\]|\\\\.)*")`), `"${name}":${value}`)

/** The signature of a text that is not a record's: of another slot, padding, or digest. */
const signedAnew =
  (slot: Slot, how: { readonly padding?: number; readonly digest?: string; readonly as?: Slot }) =>
  (pairs: Pairs): string => {
    const unsigned = keyRecord(pairs[slot], slot).replace(/,"signature":"[^"]*"\}$/, '}')
    const text = ['amazon-pay-keys key record', how.as ?? slot, unsigned].join('\n')
    const { padding = constants.RSA_PKCS1_PADDING, digest = 'sha256' } = how
    const key = { key: pairs[slot].privateKey, padding }
    const signature = sign(digest, Buffer.from(text), key).toString('base64')
    return `${unsigned.slice(0, -1)},"signature":"${signature}"}`
  }

type Forgeries = Readonly<Record<string, Forgery>>

/** A genuine record, edited. */
const edits: Forgeries = {
  'the public key replaced by a stranger’s': {
    slot: 'next',
    text: edited('next', (text, { stranger }) =>
      member('publicKey', JSON.stringify(stranger.publicKey))(text),
    ),
    code: 'record-unreadable',
  },
  'public key and fingerprint replaced by a stranger’s': {
    slot: 'next',
    text: edited('next', (text, { stranger }) =>
      member(
        'fingerprint',
        `"${stranger.fingerprint}"`,
      )(member('publicKey', JSON.stringify(stranger.publicKey))(text)),
    ),
    code: 'record-forged',
  },
  'the Public Key ID replaced by a stranger’s': {
    slot: 'current',
    text: edited('current', (text, { stranger }) =>
      member('publicKeyId', `"${stranger.id}"`)(text),
    ),
    code: 'record-forged',
  },
  'the region edited': {
    slot: 'current',
    text: edited('current', member('region', '"jp"')),
    code: 'record-forged',
  },
  'the environment edited': {
    slot: 'current',
    text: edited('current', member('payEnvironment', '"sandbox"')),
    code: 'record-forged',
  },
  'a date in the future': {
    slot: 'current',
    text: edited('current', member('madeAt', '"2999-01-01T00:00:00Z"')),
    code: 'record-forged',
  },
  'a link to another server as its run': {
    slot: 'previous',
    text: edited('previous', member('run', '"https://evil.example/acme/shop/actions/runs/1"')),
    code: 'record-forged',
  },
  'a mark added': {
    slot: 'next',
    text: edited('next', (text, { next }) =>
      member('publicKeyId', `"${next.id}","change":"activate"`)(text),
    ),
    code: 'record-forged',
  },
  'the date of a rollback removed': {
    slot: 'previous',
    text: (pairs) =>
      keyRecord(pairs.previous, 'previous', { rolledBackAt: daysAgo(1) }).replace(
        /,"rolledBackAt":"[^"]*"/,
        '',
      ),
    code: 'record-forged',
  },
  'a second publicKey, which JSON prefers': {
    slot: 'next',
    text: edited('next', (text, { stranger }) =>
      text.replace(
        /,"signature"/,
        `,"publicKey":${JSON.stringify(stranger.publicKey)},"fingerprint":"${stranger.fingerprint}","signature"`,
      ),
    ),
    code: 'record-forged',
  },
  'a second signature, which JSON prefers': {
    slot: 'next',
    text: edited('next', (text) => text.replace(/\}$/, ',"signature":"AAAA"}')),
    code: 'record-forged',
  },
  'members under __proto__': {
    slot: 'next',
    text: edited('next', (text, { next }) =>
      text.replace('{', `{"__proto__":{"change":"activate","publicKeyId":"${next.id}"},`),
    ),
    code: 'record-forged',
  },
  '48 kB that are no record': {
    slot: 'current',
    text: () => '['.repeat(48_000),
    code: 'record-unreadable',
  },
  'invisible characters in an ID': {
    slot: 'current',
    text: edited('current', (text, { current }) =>
      text.replace(current.id, `${current.id.slice(0, 9)}\u200b${current.id.slice(9)}`),
    ),
    code: 'record-unreadable',
  },
  'a byte order mark in front': {
    slot: 'current',
    text: edited('current', (text) => `\ufeff${text}`),
    code: 'record-unreadable',
  },
  'a blank at the end': {
    slot: 'current',
    text: edited('current', (text) => `${text} `),
    code: 'record-forged',
  },
  'no signature': {
    slot: 'next',
    text: edited('next', (text) => text.replace(/,"signature":"[^"]*"/, '')),
    code: 'record-forged',
  },
  'the signature of a request to Amazon Pay (PSS)': {
    slot: 'next',
    text: signedAnew('next', { padding: constants.RSA_PKCS1_PSS_PADDING }),
    code: 'record-forged',
  },
  'a signature with SHA-1': {
    slot: 'next',
    text: signedAnew('next', { digest: 'sha1' }),
    code: 'record-forged',
  },
  'a private key as its public key': {
    slot: 'next',
    text: edited('next', (text, { next }) =>
      member('publicKey', JSON.stringify(next.privateKey))(text),
    ),
    code: 'record-unreadable',
  },
}

/** A genuine record of another slot. */
const moves: Forgeries = {
  'moved from current to previous': {
    slot: 'previous',
    text: ({ current }) => keyRecord(current, 'current'),
    code: 'record-forged',
  },
  'moved from previous to next': {
    slot: 'next',
    text: ({ previous }) => keyRecord(previous, 'previous'),
    code: 'record-forged',
  },
}

/** A record of the attacker's own key, signed by it. */
const replacements: Forgeries = {
  'a stranger’s key, signed by it, as staged': {
    slot: 'next',
    text: strangers('next'),
    code: 'pair-changed',
  },
  'a stranger’s key, signed by it, as current': {
    slot: 'current',
    text: strangers('current'),
    code: 'pair-changed',
  },
  'a stranger’s key, signed by it, as previous': {
    slot: 'previous',
    text: strangers('previous'),
    code: 'pair-changed',
  },
  'a stranger’s key with a mark': {
    slot: 'next',
    text: (pairs) =>
      strangers('next', { publicKeyId: pairs.stranger.id, change: 'rollback' })(pairs),
    // A mark is told first, whoever set it.
    code: /^(?:pair-changed|change-unfinished)$/,
  },
  '48 kB of a stranger’s own members': {
    slot: 'next',
    text: strangers('next', { note: 'x'.repeat(46_000) }),
    code: 'pair-changed',
  },
}

const forgeries: Forgeries = { ...edits, ...moves, ...replacements }

/** The slots of which a command believes the records, and so refuses a forged one. */
const believes: Readonly<Record<Exclude<CommandName, 'validate'>, readonly Slot[]>> = {
  generate: ['current', 'next'],
  activate: ['current', 'next'],
  rollback: ['current', 'previous'],
  retire: ['current', 'next', 'previous'],
  // These repair and report.
  adopt: [],
  status: [],
}
const acting = commands.filter((command) => command !== 'validate')

/** Every forgery meets the commands that believe the slot. */
const meetings = (some: Forgeries): [string, CommandName, Forgery][] =>
  Object.entries(some).flatMap(([name, forgery]) =>
    acting
      .filter((command) => believes[command].includes(forgery.slot))
      .map((command): [string, CommandName, Forgery] => [name, command, forgery]),
  )
const cases = [
  ...sample(meetings(edits), 13),
  ...sample(meetings(moves), 4),
  ...sample(meetings(replacements), 7),
]

/** The record of one slot forged, in a shop that has a key there. */
async function attacked(command: CommandName, { slot, text }: Forgery) {
  const staged = await stage(command)
  const { shop } = staged
  const pairs = { ...staged, stranger: exchanged(shop, keys.stranger) }
  plant(shop.github, shop.repository, slot, pairs[slot])
  const forged = text(pairs)
  shop.github.setVariable(shop.repository, variableOf[slot], forged)
  return { ...staged, pairs, forged }
}

const searchStranger = searchText(
  keys.stranger.publicKey.replaceAll(/-----.*-----|\s/g, '').slice(44),
)

/** A stranger's key is nowhere where a person could take it from. */
function expectNoStranger(run: ShopRun, { id }: Pair): void {
  expect(seenIn(run, searchStranger)).toEqual([])
  expect(JSON.stringify(run.outputs) + run.summary).not.toContain(id)
  const told = [run.summary, JSON.stringify(run.outputs), run.stdout].join('\n')
  for (const link of told.match(/\]\(<[^>]*>/g) ?? []) expect(link).not.toContain('evil.example')
}

describe('a forged record stops every command that relies on it', () => {
  test.each(cases)('%s: %s', async (_, command, forgery) => {
    const { shop, run, pairs } = await attacked(command, forgery)
    const before = stored(shop)
    const told = await run()
    expect(stored(shop)).toEqual(before)
    expectNoStranger(told, pairs.stranger)
    expect(told.outputs.fingerprint).not.toBe(keys.stranger.fingerprint)
    expect(told.outputs['error-code']).toMatch(forgery.code)
    expect(told.conclusion).toBe('failure')
  })
})

describe('status reports a forged record', () => {
  test.each(sample(Object.entries(forgeries), 27))(
    '%s: nothing of it is shown to act on',
    async (_, forgery) => {
      const { shop, run, pairs } = await attacked('status', forgery)
      const before = stored(shop)
      const told = await run()
      expect(stored(shop)).toEqual(before)
      expectNoStranger(told, pairs.stranger)
      expect(told.annotations.map(({ level }) => level)).toContain('warning')
    },
  )

  test('by its code', async () => {
    const { run } = await attacked('status', forgeries['the region edited'] as Forgery)
    const { outputs, annotations } = await run()
    expect(annotations.map(({ title }) => title)).toContain('record-forged')
    expect(outputs['error-code']).toBe('record-forged')
  })
})

const repaired = [
  'a link to another server as its run',
  'a date in the future',
  '48 kB that are no record',
]
test.each(sample(repaired, 3))(
  'adopt writes a forged current record anew, and nothing else: %s',
  async (name) => {
    const forgery = { ...(forgeries[name] as Forgery), slot: 'current' } as const
    const { shop, run, current, forged } = await attacked('adopt', forgery)
    const told = await run()
    expect(told.outputs.status).toBe('adopted')
    expect(shop.repository.variables.get('AMAZON_PAY_KEY')?.value).not.toBe(forged)
    expect(told.annotations.map(({ level }) => level)).toContain('warning')
    expect(keptSecrets(shop.repository)).toEqual([current.privateKey, undefined, undefined])
  },
)

const keptSecrets = ({ secrets }: Scope): (string | undefined)[] =>
  ['AMAZON_PAY_PRIVATE_KEY', 'AMAZON_PAY_PRIVATE_KEY_NEXT', 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS'].map(
    (name) => secrets.get(name)?.value,
  )

/** After a rotation: A was current and is previous, B was staged and is current. */
async function rotated(command: CommandName): Promise<Stage & { readonly before: unknown }> {
  const staged = await stage(command)
  const { shop, current, previous } = staged
  for (const name of Object.values(variableOf)) shop.repository.variables.delete(name)
  for (const name of [...shop.repository.secrets.keys()]) shop.repository.secrets.delete(name)
  plant(shop.github, shop.repository, 'current', current)
  plant(shop.github, shop.repository, 'previous', previous)
  return { ...staged, before: stored(shop) }
}

describe('a record that was genuine once', () => {
  test.each(sample(['retire', 'status', 'generate', 'rollback'] as const, 2))(
    'of the key that was current before, as current again, is no reason for %s to delete or write',
    async (command) => {
      const { shop, run, previous } = await rotated(command)
      const replayed = keyRecord(previous, 'current')
      shop.github.setVariable(shop.repository, 'AMAZON_PAY_KEY', replayed)
      const before = stored(shop)
      const told = await run()
      expect(stored(shop)).toEqual(before)
      expect(told.outputs['error-code']).toBe('pair-changed')
    },
  )

  test('of a bad key that was rolled back from, with its mark, does not bring that key back', async () => {
    const { shop, current, previous, run } = await rotated('activate')
    shop.github.setVariable(
      shop.repository,
      'AMAZON_PAY_KEY_PREVIOUS',
      keyRecord(previous, 'previous', { rolledBackAt: daysAgo(1) }),
    )
    shop.github.setVariable(
      shop.repository,
      'AMAZON_PAY_KEY_NEXT',
      keyRecord(previous, 'next', { publicKeyId: previous.id, change: 'activate' }),
    )
    await run({ with: { 'public-key-id': previous.id } })
    expect(shop.repository.secrets.get('AMAZON_PAY_PRIVATE_KEY')?.value).toBe(current.privateKey)
  })

  test('of a key that was retired long ago is not retired again, nor shown', async () => {
    const { shop, run } = await rotated('retire')
    const retired = exchanged(shop, keys.stranger)
    shop.github.setVariable(
      shop.repository,
      'AMAZON_PAY_KEY_PREVIOUS',
      keyRecord(retired, 'previous'),
    )
    const before = stored(shop)
    const told = await run()
    expect(stored(shop)).toEqual(before)
    expect(told.outputs['error-code']).toBe('pair-changed')
    expectNoStranger(told, retired)
  })
})

describe('a forged lock', () => {
  const lock = (more: object) =>
    JSON.stringify({ id: 'x', run: earlierRun, attempt: 1, command: 'activate', ...more })

  const evil = 'https://evil.example/acme/shop/actions/runs/1'
  const locks: Readonly<Record<string, string>> = {
    'with a link to another server': lock({ run: evil }),
    'with a server that begins the same': lock({ run: 'https://github.com.evil.example/x' }),
    'with a user in its address': lock({ run: 'https://github.com@evil.example/x' }),
    'with Markdown behind this server’s name': lock({
      run: 'https://github.com/x) [click](https://evil.example/) ::error::forged',
    }),
    'with a date in the far future': lock({ created_at: '2999-01-01T00:00:00Z' }),
    'of 48 kB': lock({ command: 'x'.repeat(47_000) }),
    'with lines of its own': lock({ command: 'x\n::error title=forged::forged' }),
    'that is not JSON': `${evil}\n::error title=forged::forged`,
    'under __proto__': `{"__proto__":${lock({ run: evil })}}`,
  }

  test.each(sample(Object.entries(locks), 4))(
    '%s stops every writer, with no link and no words of it',
    async (_, value) => {
      const { shop, run } = await stage('activate')
      shop.github.setVariable(shop.repository, 'AMAZON_PAY_KEY_LOCK', value)
      const before = stored(shop)
      const told = await run()
      expect(told.outputs['error-code']).toBe('locked')
      expect(stored(shop)).toEqual(before)
      const shown = told.summary + JSON.stringify(told.outputs) + told.stdout
      expect(shown).not.toMatch(/evil\.example|forged|x{40}|2999-01/)
      expect(told.annotations.filter(({ level }) => level === 'error')).toHaveLength(1)
    },
  )

  test('that is old is taken over, whatever it says of itself', async () => {
    const { shop, run } = await stage('activate')
    const name = 'AMAZON_PAY_KEY_LOCK'
    shop.github.setVariable(
      shop.repository,
      name,
      lock({ run: evil, created_at: '2999-01-01T00:00:00Z' }),
    )
    const variable = shop.repository.variables.get(name)
    if (variable) shop.repository.variables.set(name, { ...variable, created_at: daysAgo(1) })
    const told = await run()
    expect(told.outputs.status).toBe('activated')
    expect(told.summary + told.stdout).not.toContain('evil.example')
    expect(shop.repository.variables.has(name)).toBe(false)
  })
})

describe('without its private key in the ring, of a stranger’s record nothing is shown to act on', () => {
  test.each(sample(acting, 3))('%s', async (command) => {
    const { shop, run, pairs } = await attacked(command, {
      slot: 'next',
      text: strangers('next'),
      code: 'pair-changed',
    })
    const before = stored(shop)
    const told = await run({ with: { 'next-private-key': '' } })
    expectNoStranger(told, pairs.stranger)
    // What may be said of it is its fingerprint, and only by a run that ends with it waiting.
    if (command !== 'generate') expect(told.outputs.fingerprint).not.toBe(keys.stranger.fingerprint)
    if (command === 'generate') expect(stored(shop)).toEqual(before)
    expect(keptSecrets(shop.repository)[1]).toBe(keys.next.privateKey)
  })
})
