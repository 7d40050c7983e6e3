import { readWorkflowStep } from '../../rehearsal/workflow.ts'
import { blocks } from '../documents.ts'
import { daysAgo, exchangedPair, plant } from './planting.ts'
import { annotated, page, printed, secretsOf } from './reading.ts'
import { type Form, rehearse, type Shop, type ShopRun } from './support.ts'

// Whole lives of a key, with nothing but the form of the README's workflow. A run gets the secrets of the moment when it
// was queued.

let shop: Shop

beforeEach(async () => {
  shop = await rehearse({ app: true })
})

afterEach(() => shop.close())

/** Fills in the form. Whatever the run was for, the shop goes on signing with one whole pair. */
async function fillIn(form: Form | undefined, expected: Record<string, string>): Promise<ShopRun> {
  const hadPair = (await shop.order()) !== undefined
  const ran = await shop.run(form)
  expect({ 'error-code': '', ...ran.outputs }).toMatchObject({ 'error-code': '', ...expected })
  expect(ran.conclusion).toBe(expected.status === 'failed' ? 'failure' : 'success')
  expect(
    annotated(ran, 'warning').filter((text) => /does not use|Unexpected input/.test(text)),
  ).toEqual([])
  const order = await shop.order()
  if (hadPair || expected.status === 'activated') expect(order).toMatchObject({ accepted: true })
  expect(shop.repository.variables.has('AMAZON_PAY_KEY_LOCK')).toBe(false)
  return ran
}

/** generate, Integration Central, activate. */
async function rotate(): Promise<{ id: string; generated: ShopRun; activated: ShopRun }> {
  const generated = await fillIn({ command: 'generate' }, { status: 'staged', 'new-key': 'true' })
  const id = shop.exchange(generated)
  const form = { command: 'activate', 'public-key-id': id }
  const activated = await fillIn(form, { status: 'activated', 'amazon-pay': 'accepted' })
  expect(secretsOf(shop.repository)).toMatchObject({
    AMAZON_PAY_PUBLIC_KEY_ID: id,
    AMAZON_PAY_PRIVATE_KEY: generated.outputs.fingerprint,
  })
  return { id, generated, activated }
}

test('the workflow that is played here is the one of the README', () => {
  const [workflow] = blocks('README.md', 'yaml')
  expect(shop.step).toEqual(readWorkflowStep(workflow?.text ?? ''))
})

test('a new shop rotates twice, rolls back once and retires what it has left', async () => {
  const first = await rotate()
  expect(page(first.generated)).toMatchSnapshot('generate, for a new shop')
  expect(page(first.activated)).toMatchSnapshot('activate, for a new shop')

  const second = await rotate()
  expect(page(second.generated)).toMatchSnapshot('generate')
  expect(page(second.activated)).toMatchSnapshot('activate')
  expect(second.activated.outputs['previous-public-key-id']).toBe(first.id)

  const back = await fillIn({ command: 'rollback' }, { status: 'rolled-back' })
  expect(page(back)).toMatchSnapshot('rollback')
  expect(secretsOf(shop.repository)).toMatchObject({
    AMAZON_PAY_PUBLIC_KEY_ID: first.id,
    AMAZON_PAY_PRIVATE_KEY_PREVIOUS: second.generated.outputs.fingerprint,
  })

  const again = await fillIn(
    { command: 'rollback' },
    { status: 'failed', 'error-code': 'nothing-to-roll-back' },
  )
  expect(page(again)).toMatchSnapshot('rollback, a second time')

  const early = await fillIn(
    { command: 'retire' },
    { status: 'failed', 'error-code': 'still-accepted' },
  )
  expect(page(early)).toMatchSnapshot('retire, too early')
  shop.amazonPay.deleteKey(second.id)
  const retired = await fillIn({ command: 'retire' }, { status: 'retired' })
  expect(page(retired)).toMatchSnapshot('retire')
  expect(Object.keys(secretsOf(shop.repository)).sort()).toEqual([
    'AMAZON_PAY_PRIVATE_KEY',
    'AMAZON_PAY_PUBLIC_KEY_ID',
  ])
})

test('a shop that has a pair already hands it over and rotates it', async () => {
  const pair = exchangedPair(shop.amazonPay)
  shop.github.setSecret(shop.repository, 'AMAZON_PAY_PRIVATE_KEY', pair.privateKey)
  shop.github.setSecret(shop.repository, 'AMAZON_PAY_PUBLIC_KEY_ID', pair.id)
  const adopted = await fillIn(
    { command: 'adopt', 'public-key-id': pair.id },
    { status: 'adopted', fingerprint: pair.fingerprint },
  )
  expect(page(adopted)).toMatchSnapshot('adopt')
  await rotate()
  expect(secretsOf(shop.repository).AMAZON_PAY_PRIVATE_KEY_PREVIOUS).toBe(pair.fingerprint)
  await fillIn({ command: 'rollback' }, { status: 'rolled-back' })
  expect(secretsOf(shop.repository).AMAZON_PAY_PRIVATE_KEY).toBe(pair.fingerprint)
})

test('after a leak the leaked key is stored nowhere, and the page says to delete it', async () => {
  const leaked = exchangedPair(shop.amazonPay)
  plant(shop.github, shop.repository, 'current', leaked)
  const generated = await fillIn({ command: 'generate' }, { status: 'staged' })
  const form = { command: 'activate', 'public-key-id': shop.exchange(generated), leaked: true }
  const activated = await fillIn(form, { status: 'activated' })
  expect(page(activated)).toMatchSnapshot('activate, after a leak')
  expect(activated.summary).toContain(leaked.id)
  expect(Object.values(secretsOf(shop.repository))).not.toContain(leaked.fingerprint)
})

test('the schedule looks at the key, writes nothing, and says when a rotation is due', async () => {
  const empty = await fillIn(undefined, { status: 'ok' })
  expect(page(empty)).toMatchSnapshot('status, without a key')
  plant(shop.github, shop.repository, 'current', exchangedPair(shop.amazonPay), {
    activatedAt: daysAgo(100),
    madeAt: daysAgo(101),
  })
  const before = shop.github.writes.length
  const due = await fillIn(undefined, { status: 'ok', 'rotation-due': 'true' })
  expect(page(due)).toMatchSnapshot('status, with an old key')
  expect(printed(due)).toContain('command: generate')
  expect(shop.github.writes).toHaveLength(before)
})
