import { type Slot, slots } from '../../src/domain/rotation/slots.ts'
import type { Command } from '../../src/ports.ts'
import { type Key, makeKeys, publicLines } from '../commands/world/keys.ts'
import {
  type Form,
  type Ran,
  Shop,
  type StartOptions,
  visible,
} from '../commands/world/workflow.ts'

// A record is a variable: people who may edit variables, but have none of the keys, can write into it what they like.
// They can sign a record only with a key of their own. Nothing of such a key may ever be shown, and nothing may be
// written or deleted that would not be with the true records.

const [old, young, oldest, made, stranger] = makeKeys(5) as [Key, Key, Key, Key, Key]
const evilRun = 'https://evil.example/acme/shop/actions/runs/1'

interface State {
  readonly name: string
  readonly given: (shop: Shop) => void
}

const states: readonly State[] = [
  { name: 'a staged key', given: (shop) => shop.given({ current: old, next: young }) },
  { name: 'a previous key', given: (shop) => shop.given({ current: old, previous: oldest }) },
  { name: 'a first staged key', given: (shop) => shop.given({ next: young }) },
]

const commands: readonly { command: Command; form?: Form; options?: StartOptions }[] = [
  { command: 'generate', options: { making: [made] } },
  { command: 'activate', form: { publicKeyId: young.id } },
  { command: 'activate', form: { publicKeyId: stranger.id } },
  { command: 'activate', form: { publicKeyId: young.id, leaked: true } },
  { command: 'rollback' },
  { command: 'rollback', form: { publicKeyId: oldest.id } },
  { command: 'adopt', form: { publicKeyId: old.id } },
  { command: 'retire' },
  { command: 'retire', form: { publicKeyId: oldest.id } },
  { command: 'validate' },
  { command: 'status' },
]

/** Puts a forged text into the record of a slot; null where there is nothing to forge. */
interface Forgery {
  readonly name: string
  readonly text: (shop: Shop, slot: Slot) => string | null
}

/** Other values that each member may have: valid ones, that only the signature gives away. */
const otherValues: Readonly<Record<string, unknown>> = {
  fingerprint: stranger.fingerprint,
  publicKey: stranger.publicPem,
  publicKeyId: stranger.id,
  region: 'us',
  payEnvironment: 'sandbox',
  madeAt: '2020-01-01T00:00:00Z',
  activatedAt: '2099-01-01T00:00:00Z',
  run: evilRun,
  change: 'activate',
  rolledBackAt: '2020-01-01T00:00:00Z',
  unknown: stranger.publicPem,
  signature: 'A'.repeat(342).concat('=='),
}

const edits: readonly Forgery[] = Object.entries(otherValues).map(([member, value]) => ({
  name: `${member} edited`,
  text: (shop, slot) => edited(shop, slot, { [member]: value }),
}))

const whole: readonly Forgery[] = [
  {
    name: 'the key replaced, the signature kept',
    text: (shop, slot) => {
      const { fingerprint, publicPem: publicKey, id: publicKeyId } = stranger
      return edited(shop, slot, { fingerprint, publicKey, publicKeyId })
    },
  },
  { name: 'a mark to roll back', text: (shop, slot) => edited(shop, slot, { change: 'rollback' }) },
  { name: 'no signature', text: (shop, slot) => edited(shop, slot, { signature: undefined }) },
  {
    name: 'a member after the signature',
    text: (shop, slot) =>
      shop.target.recordText(slot)?.replace(/\}$/, `,"publicKeyId":"${stranger.id}"}`) ?? null,
  },
  {
    name: 'other white space',
    text: (shop, slot) => shop.target.recordText(slot)?.replace(',', ', ') ?? null,
  },
  { name: 'no JSON', text: () => `<a href="${evilRun}">${stranger.publicPem}</a>` },
  ...slots.map((from) => ({
    name: `the record of the ${from} key`,
    text: (shop: Shop, slot: Slot) => (slot === from ? null : shop.target.recordText(from)),
  })),
]

const strangers: readonly Forgery[] = [
  { name: 'a record of a stranger', more: {} },
  { name: 'a record of a stranger without ID', more: { publicKeyId: null } },
  { name: "a record of a stranger with the shop's ID", more: { publicKeyId: old.publicKeyId } },
  {
    name: "a record of a stranger with the staged key's ID",
    more: { publicKeyId: young.publicKeyId },
  },
  { name: 'a record of a stranger that activates', more: { change: 'activate' as const } },
  { name: 'a record of a stranger that rolls back', more: { change: 'rollback' as const } },
  {
    name: 'a record of a stranger that was rolled back from',
    more: { rolledBackAt: '2026-01-01T00:00:00Z' },
  },
].map(({ name, more }) => ({
  name,
  text: (shop, slot) => {
    const { target } = shop.copy()
    target.describe(slot, stranger, { publicKeyId: stranger.publicKeyId, run: evilRun, ...more })
    return target.recordText(slot)
  },
}))

function edited(shop: Shop, slot: Slot, members: Record<string, unknown>): string | null {
  const text = shop.target.recordText(slot)
  if (text === null) return null
  const { signature, ...rest } = JSON.parse(text)
  return JSON.stringify({ ...rest, signature, ...members })
}

/** What of the stranger people can see, but for an ID that they typed themselves. */
function shown(ran: Ran, typed: string | undefined): string[] {
  const said = visible(ran)
  const traces = {
    'public key': publicLines(stranger),
    'Public Key ID': typed === stranger.id ? [] : [stranger.id],
    link: ['evil.example'],
  }
  return Object.entries(traces).flatMap(([name, texts]) =>
    texts.some((text) => said.includes(text)) ? [name] : [],
  )
}

/** Which keys are in which slots. */
function secretsOf({ target }: Shop): string {
  const keys = slots.map((slot) => target.privateKey(slot))
  return JSON.stringify([...keys, target.publicKeyId])
}

interface Ended {
  readonly ran: Ran
  readonly secrets: string
}

/** The same commands with the true records, for comparing; each of them is run once. */
class Honest {
  readonly shop: Shop
  readonly #ended = new Map<number, Ended>()

  constructor(shop: Shop) {
    this.shop = shop
  }

  async run(number: number, inputs: StartOptions['with']): Promise<Ended> {
    const known = this.#ended.get(number)
    if (known) return known
    const ended = await runIn(this.shop.copy(), number, inputs)
    this.#ended.set(number, ended)
    return ended
  }
}

async function runIn(shop: Shop, number: number, inputs: StartOptions['with']): Promise<Ended> {
  const { command, form, options } = commands[number] ?? { command: 'status' }
  const ran = await shop.run(command, form, { ...options, with: inputs ?? {} })
  return { ran, secrets: secretsOf(shop) }
}

// Whether the key is among the inputs matters only for records that are well signed.
const rings = [
  { inRing: true, exchanged: true, forgeries: [...edits, ...whole, ...strangers] },
  { inRing: false, exchanged: true, forgeries: strangers },
  { inRing: false, exchanged: false, forgeries: strangers },
]

const cases = states.flatMap((state) =>
  slots.flatMap((slot) =>
    rings.map(({ inRing, exchanged, forgeries }) => ({
      state: state.given,
      name: state.name,
      slot,
      with: inRing ? {} : { [`${slot}-private-key`]: '' },
      ring: inRing ? 'with' : 'without',
      forgeries,
      exchanged,
      knows: exchanged ? 'knows' : 'does not know',
    })),
  ),
)

let forged = 0
afterAll(() => expect(forged).toBeGreaterThan(2000))

describe.each(cases)('$name; the $slot record forged, $ring its key among the inputs', (tried) => {
  const { slot, exchanged, forgeries } = tried
  const truth = new Shop()
  tried.state(truth)
  if (exchanged) truth.amazon.exchange(stranger)
  const honest = new Honest(truth)

  test.each(commands.map((each, number) => ({ ...each, number })))(
    `command: $command, where Amazon Pay ${tried.knows} the stranger's key ($number)`,
    async ({ command, number, form }) => {
      const wrong = []
      for (const { name, text } of forgeries) {
        const forgery = text(truth, slot)
        if (forgery === null) continue
        const shop = truth.copy()
        shop.target.putVariable(shop.target.names.record[slot], forgery)
        const { ran, secrets } = await runIn(shop, number, tried.with)
        forged += 1
        const { code, written, trouble } = ran
        // A record whose secret is gone is deleted, and its ID named: there is no key that it could be mistaken for.
        const leftover = command === 'retire' && truth.target.privateKey('previous') === null
        const named = slot === 'previous' && leftover ? stranger.id : form?.publicKeyId
        for (const what of shown(ran, named)) wrong.push({ name, shown: what, code })
        if (code === 'internal') wrong.push({ name, code })
        if (written.length === 0) continue
        const expected = await honest.run(number, tried.with)
        const same = ran.status === expected.ran.status && secrets === expected.secrets
        if (!same) wrong.push({ name, code, written, trouble })
      }
      expect(wrong).toEqual([])
    },
  )
})
