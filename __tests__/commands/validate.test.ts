import { type Key, makeKeys, payId, Scene } from './world.ts'

const keys = makeKeys(2) as [Key, Key]
const [key, other] = keys

function shop(): Scene {
  const scene = new Scene()
  scene.amazon.register(key)
  return scene
}

const pair = { privateKey: key.pem, publicKeyId: key.id, region: 'us' } as const

test('a private key: its public half is published, and nothing is asked', async () => {
  const scene = shop()
  const story = await scene.run('validate', { privateKey: key.pem })
  expect(story).toMatchObject({ status: 'valid', code: null })
  expect(story.log).toEqual([
    expect.stringMatching(/^file amazon-pay-public-key-[0-9a-f]{8}\.pub$/),
  ])
  expect(story.outputs).toMatchObject({
    fingerprint: key.fingerprint,
    'public-key': key.publicPem,
    'public-key-file': expect.stringMatching(/^\/temp\//),
    'exchange-markdown': expect.stringContaining(key.publicPem),
    'amazon-pay': 'skipped',
    region: '',
  })
  expect(story.infos).toEqual([`The key is valid: RSA, 2048 bits, ${key.fingerprint}`])
  expect(story.warnings).toEqual([])
  expect(scene.amazon.requests).toHaveLength(0)
})

test('it is masked in every form before anything is said', async () => {
  const { maskForms } = await import('../../src/domain/key/pair.ts')
  const { masks } = await shop().run('validate', { privateKey: key.pem })
  for (const form of maskForms(key)) expect(masks).toContainEqual({ value: form, at: 0 })
})

test('another shape is a warning', async () => {
  const story = await shop().run('validate', { privateKey: key.pem.replaceAll('\n', '\\n') })
  expect(story.status).toBe('valid')
  expect(story.warnings.length).toBeGreaterThan(0)
  // The spelling that it came in is masked as well.
  expect(story.masks.some(({ value }) => value.includes('\\n'))).toBe(true)
})

test('a public key alone, as text or as a file', async () => {
  const scene = shop()
  const text = await scene.run('validate', { publicKey: key.publicPem, artifact: true })
  expect(text).toMatchObject({ status: 'valid' })
  expect(text.log.at(-1)).toMatch(/^upload/)
  const file = await scene.run(
    'validate',
    { publicKey: ' key.pub ', ...{ publicKeyId: key.id, region: 'us' } },
    { files: { 'key.pub': Buffer.from(key.publicPem.replaceAll('\n', '\\n')) } },
  )
  expect(file.status).toBe('valid')
  expect(file.outputs).toMatchObject({ fingerprint: key.fingerprint, 'amazon-pay': 'skipped' })
  expect(file.warnings.length).toBeGreaterThan(0)
  expect(scene.amazon.requests).toHaveLength(0)
})

test.each([
  ['a file that is not there', { publicKey: 'nothing.pub' }, 'input-invalid'],
  ['nothing', {}, 'key-empty'],
  ['blanks', { privateKey: ' \n' }, 'key-empty'],
  ['blanks for both', { privateKey: ' ', publicKey: ' ' }, 'key-empty'],
  ['halves of two keys', { privateKey: key.pem, publicKey: other.publicPem }, 'pair-mismatch'],
  ['a public key in the wrong place', { privateKey: key.publicPem }, 'key-wrong-half'],
  ['an ID that is none', { ...pair, publicKeyId: 'short' }, 'public-key-id-invalid'],
  [
    'an ID of the other view',
    { ...pair, publicKeyId: payId('A', 'LIVE-'), payEnvironment: 'sandbox' },
    'pay-environment-mismatch',
  ],
  ['nobody says in which region', { ...pair, region: null }, 'input-missing'],
  ['nobody says in which view', { ...pair, publicKeyId: payId('A', '') }, 'input-missing'],
] as const)('refused: %s', async (_, inputs, code) => {
  const scene = shop()
  const story = await scene.run('validate', inputs)
  expect({ status: story.status, code: story.code }).toEqual({ status: 'failed', code })
  expect(story.log).toEqual([])
  expect(scene.amazon.requests).toHaveLength(0)
})

test('what nothing is, in words', async () => {
  const empty = await shop().run('validate', {})
  expect(empty.trouble).toMatch(/^private-key and public-key are empty\n/)
  for (const given of [{ privateKey: ' ' }, { publicKey: ' ' }]) {
    const blank = await shop().run('validate', given)
    expect(blank.trouble).toMatch(/^private-key and public-key hold blanks only\n/)
  }
})

test('a private key in the place of a public one is masked, and refused', async () => {
  const story = await shop().run('validate', { publicKey: key.pem })
  expect(story.code).toBe('key-wrong-half')
  const lines = key.pem.split('\n').filter((line) => line.length === 64)
  for (const line of lines) {
    expect(story.masks.some(({ value, at }) => at === 0 && value.includes(line))).toBe(true)
  }
  const file = await shop().run(
    'validate',
    { publicKey: 'key.pub' },
    { files: { 'key.pub': Buffer.from(key.pem) } },
  )
  expect(file.code).toBe('key-wrong-half')
  expect(file.masks.some(({ value }) => value.includes(lines[3] as string))).toBe(true)
})

test('both halves', async () => {
  const story = await shop().run('validate', { privateKey: key.pem, publicKey: key.publicPem })
  expect(story.status).toBe('valid')
})

describe('an encrypted key', () => {
  const passphrase = 'correct horse'
  const encrypted = key.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase,
  }) as string

  test('needs its passphrase', async () => {
    const story = await shop().run('validate', { privateKey: encrypted, passphrase })
    expect(story.outputs.fingerprint).toBe(key.fingerprint)
    const without = await shop().run('validate', { privateKey: encrypted })
    expect(without.code).toBe('passphrase-missing')
    const wrong = await shop().run('validate', { privateKey: encrypted, passphrase: 'wrong horse' })
    expect(wrong.code).toBe('passphrase-wrong')
  })

  test('the passphrase is for private-key alone', async () => {
    const scene = new Scene().given({ current: key, next: other })
    const inputs = {
      publicKeyId: other.id,
      previousPrivateKey: encrypted,
      passphrase,
      region: 'us',
    } as const
    const story = await scene.run('activate', { ...inputs, privateKey: other.pem })
    expect(story.code).toBe('passphrase-missing')
    expect(story.trouble).toMatch(/^previous-private-key/)
  })

  test('is recognised in the form that started the run', async () => {
    const inputs = { privateKey: key.pem, passphrase }
    const story = await shop().run('validate', inputs, { dispatched: [encrypted] })
    expect(story.code).toBe('key-exposed')
  })

  test('so is its passphrase, whatever blanks are around it', async () => {
    const inputs = { privateKey: encrypted, passphrase }
    for (const typed of [` ${passphrase} `, passphrase]) {
      const story = await shop().run('validate', inputs, { dispatched: ['us', typed] })
      expect(story.code).toBe('key-exposed')
    }
    const other = await shop().run('validate', inputs, { dispatched: ['us', 'correct'] })
    expect(other.code).toBeNull()
  })

  test('a passphrase with blanks of its own, too', async () => {
    const blanks = ' correct horse '
    const own = key.privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: blanks,
    }) as string
    const inputs = { privateKey: own, passphrase: blanks }
    const story = await shop().run('validate', inputs, { dispatched: ['correct horse'] })
    expect(story.code).toBe('key-exposed')
  })
})

test('a shape that is worth a warning is one for the key in hand, not for the previous one', async () => {
  const scene = new Scene().given({ current: key, next: other })
  const story = await scene.run('activate', {
    privateKey: other.pem,
    publicKeyId: other.id,
    previousPrivateKey: key.pem.replaceAll('\n', '\\n'),
    region: 'us',
  })
  expect(story).toMatchObject({ status: 'activated', warnings: [] })
})

describe('with a Public Key ID', () => {
  test('no page is shown for an exchange that has happened', async () => {
    const story = await shop().run('validate', { ...pair, amazonPayCheck: 'off' })
    expect(story.outputs).not.toHaveProperty('exchange-markdown')
  })

  test('a rejection at a deploy does not ask for anything to be deleted first', async () => {
    const scene = shop()
    scene.amazon.register(other, { id: key.id })
    const rejected = await scene.run('validate', pair)
    expect(rejected.trouble).toContain('an activation may have been cut off')
    scene.amazon.instead = () => null
    const undecided = await scene.run('validate', { ...pair, amazonPayCheck: 'require' })
    expect(undecided.trouble).not.toContain('an activation may have been cut off')
  })

  test('mistakes are told under the names of their inputs', async () => {
    const id = await shop().run('validate', { ...pair, publicKeyId: 'short' })
    expect(id.trouble).toMatch(/^public-key-id /)
    const half = await shop().run('validate', { publicKey: key.publicPem.slice(0, 200) })
    expect(half.trouble).toMatch(/^public-key /)
    const file = await shop().run('validate', { publicKey: 'none.pub' })
    expect(file.trouble).toMatch(/^public-key /)
  })

  test('the pair is asked about, without a control', async () => {
    const scene = shop()
    const story = await scene.run('validate', pair)
    expect(story).toMatchObject({ status: 'valid', code: null })
    expect(scene.amazon.answers).toEqual([404])
    expect(story.outputs).toMatchObject({
      'amazon-pay': 'accepted',
      'public-key-id': key.id,
      'pay-environment': 'sandbox',
      region: 'us',
    })
  })

  test('an ID without prefix is asked about where the input says', async () => {
    const scene = shop()
    const id = payId('A', '')
    scene.amazon.register(key, { id, environments: ['live'] })
    const story = await scene.run('validate', { ...pair, publicKeyId: id, payEnvironment: 'live' })
    expect(story.status).toBe('valid')
    expect(scene.amazon.requests[0]?.path).toMatch(/^\/live\//)
  })

  test('off: nobody is asked', async () => {
    const scene = shop()
    const story = await scene.run('validate', { ...pair, amazonPayCheck: 'off' })
    expect(story).toMatchObject({ status: 'valid' })
    expect(story.outputs).toMatchObject({ 'amazon-pay': 'skipped', 'public-key-id': key.id })
    expect(scene.amazon.requests).toHaveLength(0)
  })

  test.each(['warn', 'require'] as const)('rejected, and amazon-pay-check: %s', async (check) => {
    const scene = shop()
    scene.amazon.register(other, { id: key.id })
    const story = await scene.run('validate', { ...pair, amazonPayCheck: check })
    expect(story).toMatchObject({ status: 'failed', code: 'amazon-pay-rejected' })
    expect(story.outputs['amazon-pay']).toBe('rejected')
  })

  test.each([
    ['warn', null],
    ['require', 'amazon-pay-undecided'],
  ] as const)('undecided, and amazon-pay-check: %s', async (amazonPayCheck, code) => {
    const scene = shop()
    scene.amazon.instead = () => null
    const story = await scene.run('validate', { ...pair, amazonPayCheck })
    expect(story.code).toBe(code)
    expect(story.outputs['amazon-pay']).toBe('undecided')
    expect(story.warnings).toHaveLength(code ? 0 : 1)
  })

  test('a suspended account is accepted with a warning', async () => {
    for (const amazonPayCheck of ['warn', 'require'] as const) {
      const scene = shop()
      scene.amazon.set(key.id, 'suspended')
      const story = await scene.run('validate', { ...pair, amazonPayCheck })
      expect(story.status).toBe('valid')
      expect(story.outputs['amazon-pay']).toBe('accepted')
      expect(story.warnings[0]).toContain('suspended')
    }
  })
})
