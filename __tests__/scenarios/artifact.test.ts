import { createHash } from 'node:crypto'
import { exchangedPair, makeKey, plant } from './planting.ts'
import { annotated, printed } from './reading.ts'
import { rehearse, type Shop } from './support.ts'

let shop: Shop

beforeEach(async () => {
  shop = await rehearse()
})

afterEach(() => shop.close())

const sha256 = (text: string | Buffer): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`

test('the public key is a plain file, with the digest of what was uploaded', async () => {
  const ran = await shop.run({ command: 'generate' }, { with: { 'retention-days': '7' } })
  const publicKey = ran.outputs['public-key'] ?? ''
  const [artifact] = ran.artifacts
  expect(ran.artifacts).toHaveLength(1)
  expect(artifact?.bytes.toString()).toBe(publicKey)
  expect(artifact?.name).toMatch(/^amazon-pay-public-key-eu-live-[0-9a-f]{8}\.pub$/)
  expect(ran.outputs).toMatchObject({
    'artifact-id': String(artifact?.id),
    'artifact-url': `https://github.com/acme/shop/actions/runs/${artifact?.runId}/artifacts/${artifact?.id}`,
    'artifact-digest': sha256(publicKey),
  })
  const days = Date.parse(artifact?.expiresAt ?? '') - Date.parse(artifact?.createdAt ?? '')
  expect(Math.round(days / 86_400_000)).toBe(7)
  const file = [...ran.files].find(([path]) => path.endsWith(artifact?.name ?? ''))
  expect(file?.[1].toString()).toBe(publicKey)
})

test('a run that has an artifact of this name has this key already', async () => {
  plant(shop.github, shop.repository, 'next', makeKey(), { region: 'eu', payEnvironment: 'live' })
  const queued = shop.queue({ command: 'generate' })
  const first = await queued.toEnd()
  const second = await queued.toEnd()
  expect(second).toMatchObject({ conclusion: 'success', outputs: { status: 'staged' } })
  expect(annotated(second, 'warning')).toEqual([])
  expect(annotated(second, 'notice').join()).toMatch(/already has the artifact/)
  expect(shop.github.artifacts).toHaveLength(1)
  expect(second.outputs['public-key']).toBe(first.outputs['public-key'])
})

test.each([
  ['generate', 'true', 1],
  ['generate', 'false', 0],
  ['activate', undefined, 0],
  ['activate', 'true', 1],
  ['validate', 'true', 1],
])('%s with artifact: %s uploads %i files', async (command, artifact, count) => {
  const pair = exchangedPair(shop.amazonPay)
  const given = artifact === undefined ? {} : { artifact }
  if (command === 'activate') plant(shop.github, shop.repository, 'next', pair)
  if (command === 'validate') plant(shop.github, shop.repository, 'current', pair)
  const form = { command, ...(command === 'activate' && { 'public-key-id': pair.id }) }
  const ran = await shop.run(form, { with: given })
  expect(ran.conclusion).toBe('success')
  expect(ran.artifacts).toHaveLength(count)
})

test('GitHub Enterprise Server has no such service: a warning, and the page has the key', async () => {
  const { url, repositories } = shop.github
  const ran = await shop.run(
    { command: 'generate' },
    {
      github: { url, apiUrl: `${url}/api/v3`, repositories },
      serverUrl: 'https://github.acme.example',
    },
  )
  expect(ran).toMatchObject({ conclusion: 'success', outputs: { status: 'staged' } })
  expect(annotated(ran, 'warning')).toEqual([
    expect.stringMatching(/^artifact-failed: .*Enterprise Server/),
  ])
  expect(ran.summary).toContain(ran.outputs['public-key'])
  expect(ran.summary).toContain('https://github.acme.example/acme/shop/actions/workflows/')
  expect(ran.requests.every(({ path }) => path.startsWith('/api/v3/'))).toBe(true)
  expect(printed(ran)).not.toContain('https://github.com/acme')
})
