import { type Key, makeKeys, payId } from './world/keys.ts'
import { type Form, type Ran, Shop, type StartOptions } from './world/workflow.ts'

const [key, other, previous] = makeKeys(3) as [Key, Key, Key]

const warningsOf = ({ warnings }: Ran): string => warnings.map(({ fact }) => fact).join('\n')
const exchanged = (): Shop => {
  const shop = new Shop()
  shop.amazon.exchange(key)
  return shop
}

test('a private key is judged without any request, and its public key is shown', async () => {
  const shop = new Shop()
  const ran = await shop.run('validate', {}, { with: { 'private-key': key.pem } })
  expect([ran.status, ran.effects, shop.amazon.requests]).toEqual(['valid', [], []])
  expect(ran.outputs).toMatchObject({
    status: 'valid',
    fingerprint: key.fingerprint,
    'public-key': key.publicPem,
    'amazon-pay': 'skipped',
  })
  expect([...ran.files.values()]).toEqual([key.publicPem])
  expect(ran.outputs['public-key-file']).toMatch(/^\/temp\/amazon-pay-public-key-eu-live-/)
  expect([ran.artifacts.size, ran.outcome.exchange]).toEqual([0, true])
})

test('a private key is valid in whatever region it may be used', async () => {
  const unknown = { region: '', 'pay-environment': '' }
  const ran = await new Shop().run('validate', {}, { with: { 'private-key': key.pem, ...unknown } })
  expect([ran.status, ran.outputs.region ?? '']).toEqual(['valid', ''])
})

test('with a Public Key ID, the pair is verified with Amazon Pay', async () => {
  const ran = await exchanged().run(
    'validate',
    { publicKeyId: key.id },
    { with: { 'private-key': key.pem } },
  )
  expect([ran.status, ran.effects]).toEqual(['valid', []])
  expect(ran.outputs).toMatchObject({ 'amazon-pay': 'accepted', 'public-key-id': key.id })
  // It is exchanged already, and no throwaway key is asked about: nothing is written after the answer.
  expect([
    ran.outcome.exchange,
    ran.log.filter((text) => text === 'ask Amazon Pay').length,
  ]).toEqual([false, 1])
})

test('without private-key, the current pair of the shop is judged, with the ID of its record', async () => {
  const shop = new Shop().given({ current: key, previous })
  const ran = await shop.run('validate')
  expect([ran.status, ran.effects]).toEqual(['valid', []])
  expect(ran.outputs).toMatchObject({
    fingerprint: key.fingerprint,
    'public-key-id': key.id,
    'amazon-pay': 'accepted',
  })
  expect(ran.outcome.madeAt).toBe(shop.target.record('current')?.madeAt)
})

describe('a record that cannot be read', () => {
  const inOneOfTwo = () => {
    const shop = new Shop({ repositories: ['acme/shop', 'acme/web'] }).given({ current: key })
    shop.target.putVariable('AMAZON_PAY_KEY', 'hello')
    return shop
  }

  test('is a warning, and the record of the next target is taken', async () => {
    const ran = await inOneOfTwo().run('validate')
    expect([ran.status, ran.outputs['public-key-id']]).toEqual(['valid', key.id])
    expect(warningsOf(ran)).toContain('AMAZON_PAY_KEY')
  })

  test('in a target that cannot be read either, is a refusal where the check is required', async () => {
    const check = { with: { 'amazon-pay-check': 'require' } }
    expect((await inOneOfTwo().run('validate', {}, check)).code).toBe('record-unreadable')
    const before = ({ text }: { text: string }) =>
      text === 'read target in acme/shop' ? ('refused' as const) : undefined
    const silent = await inOneOfTwo().run('validate', {}, { before })
    expect([silent.status, silent.outputs['error-code']]).toEqual(['valid', 'github-unavailable'])
    const required = await inOneOfTwo().run('validate', {}, { before, ...check })
    expect(required.code).toBe('github-unavailable')
  })

  test('is not looked for where ID and region are given, nor believed of another key', async () => {
    const given = { with: { 'private-key': other.pem } }
    const shop = new Shop().given({ current: key })
    const ran = await shop.run('validate', {}, given)
    expect([ran.status, ran.outputs['public-key-id'] ?? '']).toEqual(['valid', ''])
    shop.amazon.exchange(other)
    const named = await shop.run('validate', { publicKeyId: other.id }, given)
    expect([named.status, named.log]).toEqual(['valid', ['ask Amazon Pay', expect.any(String)]])
  })
})

test('a stored key in a format that an SDK refuses is a warning', async () => {
  const shop = new Shop().given({ current: key })
  shop.target.putSecret('AMAZON_PAY_PRIVATE_KEY', key.pem.replaceAll('\n', '\\n'))
  const ran = await shop.run('validate')
  expect(ran.status).toBe('valid')
  const said = ran.warnings.map(({ fact }) => fact)
  expect(said[0]).toMatch(/^current-private-key has .*Node\.js/)
  expect(said.filter((fact) => !fact.startsWith('current-private-key '))).toEqual([])
  expect(new Set(said).size).toBe(said.length)
})

test.each([
  ['a repository', {}, 'AMAZON_PAY_PRIVATE_KEY`'],
  ['an environment', { environment: 'production' }, 'AMAZON_PAY_PRIVATE_KEY --env production`'],
  [
    'an environment with a space',
    { environment: "eu o'1" },
    `AMAZON_PAY_PRIVATE_KEY --env 'eu o'\\''1'`,
  ],
  [
    'an organization',
    { organization: 'acme' },
    'AMAZON_PAY_PRIVATE_KEY --org acme --visibility VISIBILITY`',
  ],
])('the command that stores it again names %s', async (_, target, says) => {
  const damaged = key.pem.replaceAll('\n', '\\n')
  const given = { ...target, token: '', 'current-private-key': damaged }
  const ran = await new Shop().run('validate', {}, { with: given })
  expect(ran.warnings.map(({ hint }) => hint).join()).toContain(`gh secret set ${says}`)
})

test('a public key alone is judged as what may be pasted into Integration Central', async () => {
  const ran = await new Shop().run('validate', {}, { with: { 'public-key': key.publicPem } })
  expect([ran.status, ran.outputs.fingerprint]).toEqual(['valid', key.fingerprint])
})

test('a public key that had to be repaired is a warning', async () => {
  const damaged = key.publicPem.replaceAll('\n', '\\n')
  const ran = await new Shop().run('validate', {}, { with: { 'public-key': damaged } })
  expect(ran.status).toBe('valid')
  expect(warningsOf(ran)).toMatch(/^public-key has /)
})

test('a public key is read from a file', async () => {
  const ran = await new Shop().run(
    'validate',
    {},
    {
      with: { 'public-key': ' key.pub\n' },
      files: { 'key.pub': Buffer.from(key.publicPem) },
    },
  )
  expect([ran.status, ran.outputs.fingerprint]).toEqual(['valid', key.fingerprint])
})

test('a suspended account is a warning', async () => {
  const shop = exchanged()
  shop.amazon.set(key.id, 'suspended')
  const ran = await shop.run(
    'validate',
    { publicKeyId: key.id },
    { with: { 'private-key': key.pem } },
  )
  expect([ran.status, ran.outputs['amazon-pay']]).toEqual(['valid', 'accepted'])
  expect(warningsOf(ran)).toContain('suspended')
})

test.each([
  { check: '', status: 'valid', code: 'amazon-pay-undecided' },
  { check: 'warn', status: 'valid', code: 'amazon-pay-undecided' },
  { check: 'require', status: 'failed', code: 'amazon-pay-undecided' },
  { check: 'off', status: 'valid', code: '' },
])(
  'without an answer, amazon-pay-check "$check" ends with $status',
  async ({ check, ...expected }) => {
    const shop = exchanged()
    shop.amazon.instead = () => null
    const ran = await shop.run(
      'validate',
      { publicKeyId: key.id },
      {
        with: { 'private-key': key.pem, 'amazon-pay-check': check },
      },
    )
    expect({ status: ran.status, code: ran.outputs['error-code'] ?? '' }).toEqual(expected)
  },
)

test('a clock that is off is corrected with the time of Amazon, with a warning', async () => {
  const shop = exchanged()
  shop.amazon.offset = -1_000_000
  const ran = await shop.run(
    'validate',
    { publicKeyId: key.id },
    { with: { 'private-key': key.pem } },
  )
  expect(ran.outputs['amazon-pay']).toBe('accepted')
  expect(warningsOf(ran)).toContain('clock')
})

interface Refusal {
  readonly name: string
  readonly form?: Form
  readonly with: StartOptions['with']
  readonly given?: (shop: Shop) => void
  readonly code: string
  readonly says?: string
}

const privateKey = { 'private-key': key.pem }
const refusals: readonly Refusal[] = [
  { name: 'nothing is given', with: {}, code: 'key-empty' },
  {
    name: 'there are only blanks',
    with: { 'private-key': ' ', 'public-key': ' ' },
    code: 'key-empty',
  },
  { name: 'the key is junk', with: { 'private-key': 'hello' }, code: 'key-unreadable' },
  {
    name: 'the public key is of another key than the stored one',
    with: { 'current-private-key': key.pem, 'private-key': ' ', 'public-key': other.publicPem },
    code: 'pair-mismatch',
    says: 'public-key does not belong to current-private-key',
  },
  {
    name: 'a public key is in private-key',
    with: { 'private-key': key.publicPem },
    code: 'key-wrong-half',
  },
  {
    name: 'a private key is in public-key',
    with: { 'public-key': key.pem },
    code: 'key-wrong-half',
    says: 'public-key ',
  },
  {
    name: 'a file with a private key is in public-key',
    with: { 'public-key': 'key.pem' },
    code: 'key-wrong-half',
  },
  {
    name: 'the public key is of another key',
    with: { ...privateKey, 'public-key': other.publicPem },
    code: 'pair-mismatch',
    says: 'public-key does not belong to private-key',
  },
  {
    name: 'the file of the public key does not exist',
    with: { 'public-key': 'none.pub' },
    code: 'input-invalid',
    says: 'public-key is a path',
  },
  {
    name: 'the Public Key ID is too short',
    form: { publicKeyId: 'ABC' },
    with: privateKey,
    code: 'public-key-id-invalid',
  },
  {
    name: 'the Public Key ID is one of the sandbox',
    form: { publicKeyId: payId('A', 'SANDBOX-') },
    with: privateKey,
    code: 'pay-environment-mismatch',
  },
  {
    name: 'Amazon Pay does not know the Public Key ID',
    form: { publicKeyId: payId('Q') },
    with: privateKey,
    code: 'amazon-pay-rejected',
    says: 'if this pair has worked before',
  },
  {
    name: 'Amazon Pay has another key for the Public Key ID',
    form: { publicKeyId: other.id },
    with: privateKey,
    given: (shop) => shop.amazon.exchange(other),
    code: 'amazon-pay-rejected',
  },
  {
    name: 'no region is known',
    form: { publicKeyId: key.id },
    with: { ...privateKey, region: '' },
    code: 'input-missing',
  },
]

test.each(refusals)('refused, when $name', async (refusal) => {
  const shop = new Shop()
  refusal.given?.(shop)
  const ran = await shop.run('validate', refusal.form, {
    with: refusal.with ?? {},
    files: { 'key.pem': Buffer.from(key.pem) },
  })
  expect([ran.code, ran.effects]).toEqual([refusal.code, []])
  expect(ran.trouble).toContain(refusal.says ?? '')
  expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': refusal.code })
})

test('the right ID in the wrong region is told', async () => {
  const shop = new Shop()
  shop.amazon.exchange(key, { region: 'us' })
  const ran = await shop.run('validate', { publicKeyId: key.id }, { with: privateKey })
  expect(ran.code).toBe('amazon-pay-rejected')
  expect(ran.trouble).toContain('US')
})
