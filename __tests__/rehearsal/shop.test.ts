import { verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exchangedPair, keyRecord, makeKey, plant } from '../scenarios/planting.ts'
import { rehearse, type Shop, type StepOptions } from '../scenarios/support.ts'

// The prelude of the scenarios, with an action that only says what it was given.
const action = mkdtempSync(join(tmpdir(), 'speaking-action-'))
writeFileSync(
  join(action, 'action.yml'),
  `inputs: { command: {}, repository: { default: '\${{ github.repository }}' } }
runs: { using: node24, main: index.mjs }`,
)
writeFileSync(
  join(action, 'index.mjs'),
  `import { appendFileSync, readFileSync } from 'node:fs'
  const { env } = process
  const given = Object.fromEntries(
    Object.entries(env).filter(([name]) => name.startsWith('INPUT_')).map(([name, value]) => [name.slice(6).toLowerCase(), value]))
  const event = JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, 'utf8'))
  appendFileSync(env.GITHUB_OUTPUT, 'given=' + JSON.stringify({ ...given, attempt: env.GITHUB_RUN_ATTEMPT, event }) + '\\n')
  await fetch(env.GITHUB_API_URL, { signal: AbortSignal.timeout(10_000) }).catch((error) => console.log(error.name))`,
)
afterAll(() => rmSync(action, { recursive: true }))

let shop: Shop | undefined
afterEach(() => shop?.close())

const given = async (run: Promise<{ outputs: Readonly<Record<string, string>> }>) =>
  JSON.parse((await run).outputs.given ?? '{}')
const speaking: StepOptions = { action }

test('a run passes the form, the secrets and the App to the step', async () => {
  shop = await rehearse({ app: true })
  const key = makeKey()
  plant(shop.github, shop.repository, 'next', key)
  const form = { command: 'activate', 'public-key-id': 'LIVE-A', leaked: true }
  const result = await shop.run(form, { ...speaking, with: { region: 'jp' } })
  expect(JSON.parse(result.outputs.given ?? '')).toMatchObject({
    command: 'activate',
    'public-key-id': 'LIVE-A',
    'keep-previous': 'false',
    'replace-staged': '',
    region: 'jp',
    'pay-environment': 'live',
    repository: 'acme/shop',
    'app-client-id': shop.app?.clientId,
    'app-private-key': expect.stringContaining('BEGIN PRIVATE KEY'),
    'next-private-key': key.privateKey,
    'current-private-key': '',
    event: { inputs: form },
  })
  expect(result.masks).toContain(key.privateKey.trim())
  expect([result.requests.length, result.payRequests, result.artifacts]).toEqual([1, [], []])
})

test('without a form the run is the scheduled one, and asks for the status', async () => {
  shop = await rehearse()
  expect(await given(shop.run(undefined, speaking))).toMatchObject({
    command: 'status',
    'keep-previous': 'true',
    token: shop.github.token,
    event: { schedule: '17 6 * * 1' },
  })
})

test('repository secrets are those from when the run was queued, in every attempt', async () => {
  shop = await rehearse()
  const queued = shop.queue({ command: 'status' }, speaking)
  shop.github.setSecret(shop.repository, 'AMAZON_PAY_PRIVATE_KEY', 'too late')
  expect(await given(queued.toEnd())).toMatchObject({ 'current-private-key': '', attempt: '1' })
  expect(await given(queued.rerun())).toMatchObject({ 'current-private-key': '', attempt: '2' })
  expect(await given(shop.run({ command: 'status' }, speaking))).toMatchObject({
    'current-private-key': 'too late',
  })
})

test('environment secrets are those from when the job started', async () => {
  shop = await rehearse({ environment: 'production' })
  const queued = shop.queue({ command: 'status' }, speaking)
  const production = shop.repository.environments.get('production')
  if (production === undefined) throw new Error('there is no environment')
  shop.github.setSecret(production, 'AMAZON_PAY_PRIVATE_KEY', 'in time')
  expect(await given(queued.toEnd())).toMatchObject({
    environment: 'production',
    'current-private-key': 'in time',
  })
  shop.github.setSecret(production, 'AMAZON_PAY_PRIVATE_KEY', 'too late')
  expect(await given(queued.rerun())).toMatchObject({ 'current-private-key': 'in time' })
})

test('a request without an answer ends by its time-out, which no test has to wait for', async () => {
  shop = await rehearse()
  shop.github.faults.push({ do: 'silent' })
  const { log, requests } = await shop.run({ command: 'status' }, speaking)
  expect(log).toContain('TimeoutError')
  expect(requests).toMatchObject([{ status: null, applied: false }])
})

test('the shop signs with the pair that is stored, and Amazon Pay says whether it belongs together', async () => {
  shop = await rehearse()
  expect(await shop.order()).toBeUndefined()
  const pair = exchangedPair(shop.amazonPay, { region: 'us', view: 'sandbox' })
  plant(shop.github, shop.repository, 'current', pair)
  expect(await shop.order()).toMatchObject({ accepted: true })
  shop.github.setSecret(shop.repository, 'AMAZON_PAY_PRIVATE_KEY', makeKey().privateKey)
  expect(await shop.order()).toMatchObject({ reasonCode: 'InvalidRequestSignature' })
})

test('any number of runs can be started at once, and two at a time are running', async () => {
  shop = await rehearse()
  let running = 0
  let most = 0
  shop.github.onRequest = (_, phase) => {
    running += phase === 'before' ? 1 : -1
    most = Math.max(most, running)
    return undefined
  }
  await Promise.all(Array.from({ length: 5 }, () => shop?.run({ command: 'status' }, speaking)))
  expect(shop.github.requests).toHaveLength(5)
  expect(most).toBeLessThanOrEqual(2)
})

test('a planted key record is signed over its slot and its text', () => {
  const key = makeKey()
  const record = keyRecord(key, 'next', { change: 'activate' })
  const { signature, ...members } = JSON.parse(record)
  const isSigned = (slot: string) =>
    verify(
      'sha256',
      Buffer.from(`amazon-pay-keys key record\n${slot}\n${JSON.stringify(members)}`),
      key.publicKey,
      Buffer.from(signature, 'base64'),
    )
  expect(members).toMatchObject({ version: 1, fingerprint: key.fingerprint, change: 'activate' })
  expect([isSigned('next'), isSigned('current')]).toEqual([true, false])
})
