import { refusal as gitHubRefusal } from './world/github.ts'
import { type Key, makeKeys, payId } from './world/keys.ts'
import { type Form, type Ran, Shop, type StartOptions } from './world/workflow.ts'

const [old, young, oldest, other] = makeKeys(4) as [Key, Key, Key, Key]
const repositories = ['acme/shop', 'acme/mobile', 'acme/web']
const form = { publicKeyId: young.id }

const warningsOf = ({ warnings }: Ran): string =>
  warnings.map(({ fact, hint }) => `${fact}. ${hint}`).join('\n')
const rotating = (shop = new Shop()): Shop => shop.given({ current: old, next: young })

describe('the staged key becomes current', () => {
  test('by writes in an order that loses no key', async () => {
    const shop = rotating()
    const ran = await shop.run('activate', form)
    expect(ran.effects).toEqual([
      'create AMAZON_PAY_KEY_LOCK',
      'save AMAZON_PAY_KEY_NEXT',
      'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS',
      'save AMAZON_PAY_KEY_PREVIOUS',
      'put AMAZON_PAY_PUBLIC_KEY_ID',
      'put AMAZON_PAY_PRIVATE_KEY',
      'save AMAZON_PAY_KEY',
      'delete AMAZON_PAY_PRIVATE_KEY_NEXT',
      'delete AMAZON_PAY_KEY_NEXT',
      'delete AMAZON_PAY_KEY_LOCK',
    ])
    expect(ran.log.lastIndexOf('ask Amazon Pay')).toBeLessThan(
      ran.log.indexOf('create AMAZON_PAY_KEY_LOCK'),
    )
    const { target } = shop
    expect([
      target.privateKey('current'),
      target.privateKey('previous'),
      target.publicKeyId,
    ]).toEqual([young.pem, old.pem, young.id])
    expect(target.record('current')).toMatchObject({
      fingerprint: young.fingerprint,
      publicKeyId: { id: young.id },
      change: null,
      activatedAt: expect.any(String),
    })
    expect(target.record('previous')).toMatchObject({
      fingerprint: old.fingerprint,
      publicKeyId: { id: old.id },
      change: null,
      rolledBackAt: null,
    })
  })

  test('with the outputs that say so', async () => {
    const shop = rotating()
    const ran = await shop.run('activate', form)
    expect(ran.outputs).toMatchObject({
      command: 'activate',
      status: 'activated',
      fingerprint: young.fingerprint,
      'public-key': young.publicPem,
      'public-key-id': young.id,
      'previous-public-key-id': old.id,
      region: 'eu',
      'pay-environment': 'live',
      'amazon-pay': 'accepted',
      'secret-name': 'AMAZON_PAY_PRIVATE_KEY',
    })
    expect(ran.outcome).toMatchObject({
      previousFingerprint: old.fingerprint,
      previousKept: true,
      activatedAt: shop.target.record('current')?.activatedAt,
    })
    expect(ran.infos[0]).toMatch(/^Amazon Pay accepts the pair: 404 ResourceNotFound/)
    expect(ran.page).toContain('Amazon Pay **accepts** the pair: ')
    expect(ran.targets).toEqual({ 'acme/shop': 'updated' })
    expect(ran.outputs['error-code'] ?? '').toBe('')
    expect(ran.artifacts.size).toBe(0)
  })

  test('where there was none', async () => {
    const shop = new Shop().given({ next: young })
    const ran = await shop.run('activate', form)
    expect([ran.status, ran.targets]).toEqual(['activated', { 'acme/shop': 'created' }])
    expect(ran.written).not.toContainEqual(expect.stringContaining('PREVIOUS'))
    expect(ran.outcome).toMatchObject({
      previousPublicKeyId: null,
      previousFingerprint: null,
      previousKept: false,
    })
    expect(shop.deploy()).toBe('accepted')
  })

  test('of an account that cannot take orders yet, but only where it replaces no pair', async () => {
    const shop = new Shop({ repositories }).given({ next: young })
    shop.target.place('current', old)
    shop.amazon.set(young.id, 'suspended')
    const refused = await shop.run('activate', form)
    expect([refused.code, refused.effects]).toEqual(['amazon-pay-undecided', []])
    const first = new Shop().given({ next: young })
    first.amazon.set(young.id, 'suspended')
    const ran = await first.run('activate', form)
    expect([ran.status, ran.outputs['amazon-pay']]).toEqual(['activated', 'accepted'])
    expect(warningsOf(ran)).toContain('suspended')
  })

  test('in every target, one after the other in the order of their names', async () => {
    const shop = rotating(new Shop({ repositories }))
    const ran = await shop.run('activate', form)
    const locks = ran.effects.filter((text) => text.includes('LOCK'))
    expect(locks).toEqual(
      ['acme/mobile', 'acme/shop', 'acme/web'].flatMap((name) => [
        `create AMAZON_PAY_KEY_LOCK in ${name}`,
        `delete AMAZON_PAY_KEY_LOCK in ${name}`,
      ]),
    )
    for (const target of shop.targets) expect(shop.deploy(target)).toBe('accepted')
  })

  test('in an environment and in an organization', async () => {
    for (const options of [{ environment: 'production' }, { organization: 'acme' }]) {
      const shop = rotating(new Shop(options))
      const ran = await shop.run('activate', form)
      expect([ran.status, ran.trouble]).toEqual(['activated', ''])
      const [entry] = JSON.parse(ran.outputs.targets ?? '[]')
      expect(entry).toMatchObject(
        'environment' in options
          ? { target: 'acme/shop', environment: 'production' }
          : { target: 'acme', environment: null },
      )
    }
  })

  test('although the run was queued before the key of another target was changed', async () => {
    const shop = rotating(new Shop({ repositories }))
    const queued = shop.queue('activate', form)
    const died = await shop.start(queued, {
      before: ({ text }) => (text.endsWith('LOCK in acme/shop') ? 'killed before' : undefined),
    })
    expect(died.killed).toBe(true)
    const ran = await shop.run('activate', form, { after: 600_000 })
    expect([ran.status, ran.trouble]).toEqual(['activated', ''])
    expect(ran.targets['acme/mobile']).toBe('unchanged')
  })
})

describe('what is said of a target after a failure', () => {
  const messageOf = ({ outcome }: Awaited<ReturnType<Shop['run']>>) => outcome.targets[0]?.message
  /** A run in which one write fails. */
  const failing = (write: string) => {
    const shop = rotating()
    const before = ({ text }: { text: string }) => (text === write ? 'refused' : undefined)
    return { shop, run: () => shop.run('activate', form, { before }) }
  }

  test('when a write before the pair fails', async () => {
    const { shop, run } = failing('put AMAZON_PAY_PRIVATE_KEY_PREVIOUS')
    const ran = await run()
    expect([ran.targets, shop.deploy()]).toEqual([
      { 'acme/shop': 'failed secret-write-failed' },
      'accepted',
    ])
    expect(ran.trouble).toContain('the pair of acme/shop was not changed')
  })

  test('when the record cannot be written after the pair', async () => {
    const ran = await failing('save AMAZON_PAY_KEY').run()
    expect(ran.targets).toEqual({ 'acme/shop': 'updated variable-write-failed' })
    expect(ran.trouble).toContain('is current, but its record was not updated')
  })

  test('when the staged copy cannot be deleted, and when it is deleted later', async () => {
    const { shop, run } = failing('delete AMAZON_PAY_PRIVATE_KEY_NEXT')
    const ran = await run()
    expect([ran.status, ran.targets]).toEqual(['activated', { 'acme/shop': 'updated' }])
    expect(ran.warnings.map(({ fact }) => fact).join()).toContain('could not be deleted')
    const again = await shop.run('activate', form)
    expect([messageOf(again), again.targets]).toEqual([
      'this pair was current already; leftovers of an earlier run were removed',
      { 'acme/shop': 'updated' },
    ])
  })

  test('when the staged copy can still not be deleted', async () => {
    const { shop, run } = failing('delete AMAZON_PAY_PRIVATE_KEY_NEXT')
    await run()
    const again = await run()
    expect([messageOf(again), again.targets]).toEqual([
      'this pair was current already',
      { 'acme/shop': 'unchanged' },
    ])
    expect(shop.target.privateKey('next')).toBe(young.pem)
  })
})

describe('between the first look and the lock, another run', () => {
  /** A finished activation whose staged copy is left, and what happens before the next run has the lock. */
  const interrupted = async (meanwhile: (shop: Shop) => void) => {
    const shop = rotating()
    shop.target.place('current', young)
    shop.target.place('previous', old)
    const ran = await shop.run('activate', form, {
      before: ({ text }) => {
        if (text === 'create AMAZON_PAY_KEY_LOCK') meanwhile(shop)
        return undefined
      },
    })
    return { ran, shop }
  }

  test('has changed the current pair: it is not overwritten without being verified', async () => {
    const { ran, shop } = await interrupted(({ target }) => {
      target.place('current', old)
      target.place('next', young)
      target.clear('AMAZON_PAY_PRIVATE_KEY_PREVIOUS', 'AMAZON_PAY_KEY_PREVIOUS')
    })
    expect([ran.code, ran.written]).toEqual(['pair-changed', []])
    expect(ran.trouble).toContain('another run changed the current pair in the meantime')
    expect([shop.target.privateKey('current'), shop.target.isLocked]).toEqual([old.pem, false])
  })

  test('has removed the leftovers: there is nothing left to do', async () => {
    const { ran } = await interrupted(({ target }) =>
      target.clear('AMAZON_PAY_PRIVATE_KEY_NEXT', 'AMAZON_PAY_KEY_NEXT'),
    )
    expect([ran.status, ran.written, ran.targets]).toEqual([
      'activated',
      [],
      { 'acme/shop': 'unchanged' },
    ])
  })
})

test('the mark keeps what the record of its own target says of the staged key', async () => {
  const shop = rotating(new Shop({ repositories }))
  const madeAt = '2026-11-01T00:00:00Z'
  const web = shop.targetNamed('acme/web')
  web.describe('next', young, { madeAt })
  await shop.run('activate', form, {
    before: ({ text }) =>
      text === 'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS in acme/web' ? 'killed before' : undefined,
  })
  expect(web.record('next')).toMatchObject({ madeAt, change: 'activate' })
})

test('an interrupted activation goes on after the mark, which it does not write again', async () => {
  const shop = rotating()
  const at = 'put AMAZON_PAY_PRIVATE_KEY_PREVIOUS'
  await shop.run('activate', form, {
    before: ({ text }) => (text === at ? 'killed before' : undefined),
  })
  const ran = await shop.run('activate', form)
  expect([ran.status, ran.written[0]]).toEqual(['activated', at])
})

test('a current and a previous key are named only if they are among the inputs: anyone could write their records', async () => {
  const shop = rotating()
  await shop.run('activate', form)
  const again = await shop.run('activate', form)
  expect(again.outputs['previous-public-key-id']).toBe(old.id)
  const without = { 'current-private-key': '', 'previous-private-key': '' }
  const ran = await shop.run('activate', form, { with: without })
  expect([ran.status, ran.outputs['public-key'] ?? '']).toEqual(['activated', ''])
  expect(ran.outputs['previous-public-key-id'] ?? '').toBe('')
})

test('keep-previous: false keeps nothing, needs no current key, and names the ID to delete', async () => {
  const shop = rotating()
  const ran = await shop.run('activate', { ...form, leaked: true })
  expect(ran.status).toBe('activated')
  expect(shop.target.privateKey('previous')).toBeNull()
  expect(warningsOf(ran)).toContain(old.id)
  const without = await rotating().run(
    'activate',
    { ...form, leaked: true },
    { with: { 'current-private-key': '' } },
  )
  expect([without.status, without.trouble]).toEqual(['activated', ''])
  expect(without.outcome).toMatchObject({ previousPublicKeyId: null, previousKept: false })
  const junk = { 'next-private-key': 'hello' }
  const refused = await rotating().run('activate', { ...form, leaked: true }, { with: junk })
  expect([refused.code, refused.effects]).toEqual(['key-unreadable', []])
})

test('keep-previous: false replaces a pair whose record has no Public Key ID', async () => {
  const shop = rotating()
  shop.target.describe('current', old)
  const ran = await shop.run('activate', { ...form, leaked: true })
  expect([ran.status, ran.trouble]).toEqual(['activated', ''])
  expect(ran.outcome).toMatchObject({
    previousPublicKeyId: null,
    previousFingerprint: old.fingerprint,
    previousKept: false,
  })
})

test('keep-previous: false leaves a previous key alone, with a warning that names it', async () => {
  const shop = new Shop().given({ current: old, next: young, previous: oldest })
  const ran = await shop.run('activate', { ...form, leaked: true })
  expect(ran.status).toBe('activated')
  expect(shop.target.privateKey('previous')).toBe(oldest.pem)
  expect(warningsOf(ran)).toContain(oldest.id)
})

test('an activation after a leak that was interrupted is not sent to retire, which its mark refuses', async () => {
  const shop = new Shop().given({ current: old, next: young, previous: oldest })
  const died = await shop.run(
    'activate',
    { ...form, leaked: true },
    {
      before: ({ text }) => (text === 'put AMAZON_PAY_PUBLIC_KEY_ID' ? 'killed before' : undefined),
    },
  )
  expect(died.killed).toBe(true)
  const ran = await shop.run('activate', form)
  expect([ran.code, ran.effects]).toEqual(['previous-key-unretired', []])
  expect(ran.trouble).toContain('keep-previous: false')
  const again = await shop.run('activate', { ...form, leaked: true })
  expect([again.status, shop.deploy()]).toEqual(['activated', 'accepted'])
})

describe('redeploy', () => {
  const inputs = { redeploy: 'deploy.yml' }

  test('starts the deploy of every target at the end', async () => {
    const shop = rotating(new Shop({ repositories }))
    const ran = await shop.run('activate', form, { with: inputs })
    expect(ran.effects.slice(-3)).toEqual([
      'dispatch deploy.yml of acme/mobile',
      'dispatch deploy.yml of acme/shop',
      'dispatch deploy.yml of acme/web',
    ])
    expect(ran.outcome.deploys[0]).toEqual({
      repository: 'acme/mobile',
      workflow: 'deploy.yml',
      url: 'https://github.com/acme/mobile/actions/deploy.yml',
    })
  })

  test('starts it also when the pair was current already', async () => {
    const shop = rotating()
    await shop.run('activate', form)
    const ran = await shop.run('activate', form, { with: inputs })
    expect(ran.effects).toEqual(['dispatch deploy.yml of acme/shop'])
  })

  test('that may not work is a warning before the first write', async () => {
    const shop = rotating()
    shop.github.dispatchable = () => {
      throw gitHubRefusal('the token lacks Actions: write')
    }
    const ran = await shop.run('activate', form, { with: inputs })
    expect(ran.status).toBe('activated')
    expect(warningsOf(ran)).toBe(
      'deploy deploy.yml of acme/shop probably cannot be started: the token lacks Actions: write. give the token the permission',
    )
  })

  test('is not tried before the first write with a token whose own remark says that it cannot', async () => {
    const shop = rotating()
    shop.github.lacksActions = true
    const ran = await shop.run('activate', form, { with: inputs })
    expect([ran.status, warningsOf(ran)]).toEqual(['activated', ''])
    expect(ran.log).not.toContain('read workflow deploy.yml of acme/shop')
  })

  test('that cannot be started is a warning', async () => {
    const shop = rotating()
    shop.github.dispatch = () => {
      throw gitHubRefusal('the token lacks Actions: write')
    }
    const ran = await shop.run('activate', form, { with: inputs })
    expect([ran.status, ran.outputs['error-code']]).toEqual(['activated', 'token-forbidden'])
    expect(ran.warnings).toEqual([
      {
        code: 'token-forbidden',
        fact: 'deploy deploy.yml of acme/shop was not started: the token lacks Actions: write',
        hint: 'give the token the permission; then start it here: https://github.com/acme/shop/actions/workflows/deploy.yml',
      },
    ])
    expect(shop.deploy()).toBe('accepted')
  })

  test('starts nothing in a dry run or after a failure', async () => {
    const dry = await rotating().run('activate', form, { with: { ...inputs, 'dry-run': 'true' } })
    const shop = rotating()
    const failed = await shop.run('activate', form, {
      with: inputs,
      before: ({ text }) => (text === 'put AMAZON_PAY_PRIVATE_KEY' ? 'refused' : undefined),
    })
    expect([dry.effects, failed.status]).toEqual([[], 'failed'])
    expect(failed.effects).not.toContainEqual(expect.stringMatching(/^dispatch/))
  })
})

describe('from-approval', () => {
  const approval = (comment: string, environment = 'production', state = 'approved') => ({
    state,
    comment,
    environments: [environment],
  })

  test.each([
    { name: 'one ID', approvals: [approval(`ID: ${young.id}`)], code: null },
    { name: 'the same ID twice', approvals: [approval(young.id), approval(young.id)], code: null },
    {
      name: 'an ID of another environment beside it',
      approvals: [approval(young.id), approval(old.id, 'staging')],
      code: null,
    },
    {
      name: 'an ID of a rejection beside it',
      approvals: [approval(young.id), approval(old.id, 'production', 'rejected')],
      code: null,
    },
    {
      name: 'an approval of two environments',
      approvals: [{ ...approval(young.id), environments: ['staging', 'Production'] }],
      code: null,
    },
    {
      name: 'no approval',
      approvals: [],
      code: 'public-key-id-invalid',
      says: 'environment production has no approval',
    },
    {
      name: 'no ID',
      approvals: [approval('fine')],
      code: 'public-key-id-invalid',
      says: 'the approval comments of environment production contain no Public Key ID',
    },
    {
      name: 'two IDs',
      approvals: [approval(young.id), approval(old.id)],
      code: 'public-key-id-invalid',
      says: 'contain 2 different Public Key IDs',
    },
  ])('takes the ID from the approvals of this run: $name', async ({ approvals, code, says }) => {
    const shop = rotating(new Shop({ environment: 'production' }))
    shop.github.approvals = approvals
    const ran = await shop.run('activate', { publicKeyId: 'from-approval' })
    expect(ran.code).toBe(code)
    if (code !== null) expect(ran.effects).toEqual([])
    expect(ran.trouble).toContain(says ?? '')
  })

  test('takes it from any approval where the secrets are in no environment', async () => {
    const shop = rotating()
    shop.github.approvals = []
    const refused = await shop.run('activate', { publicKeyId: 'from-approval' })
    expect(refused.trouble).toContain('this run has no approval')
    shop.github.approvals = [approval(young.id, 'reviewers')]
    expect((await shop.run('activate', { publicKeyId: 'from-approval' })).code).toBeNull()
  })
})

interface Refusal {
  readonly name: string
  readonly given?: (shop: Shop) => void
  readonly form?: Form
  readonly with?: StartOptions['with']
  readonly code: string
  readonly says: string
}

const refusals: readonly Refusal[] = [
  {
    name: 'the Public Key ID is empty',
    form: {},
    code: 'public-key-id-invalid',
    says: 'public-key-id is empty',
  },
  {
    name: 'the Public Key ID is a merchant ID',
    form: { publicKeyId: 'A1B2C3D4E5F6G7' },
    code: 'public-key-id-invalid',
    says: 'public-key-id',
  },
  {
    name: 'the Public Key ID is one of the sandbox',
    form: { publicKeyId: payId('B', 'SANDBOX-') },
    code: 'pay-environment-mismatch',
    says: 'sandbox',
  },
  {
    name: 'the current key is encrypted',
    with: {
      'current-private-key': String(
        old.privateKey.export({
          type: 'pkcs8',
          format: 'pem',
          cipher: 'aes-256-cbc',
          passphrase: 'a throwaway passphrase',
        }),
      ),
    },
    code: 'passphrase-missing',
    says: 'gh secret set AMAZON_PAY_PRIVATE_KEY`',
  },
  {
    name: 'nothing is staged',
    given: (shop) => shop.target.clear('AMAZON_PAY_PRIVATE_KEY_NEXT', 'AMAZON_PAY_KEY_NEXT'),
    code: 'staged-key-missing',
    says: 'command: generate',
  },
  {
    name: 'the staged key is not among the inputs',
    with: { 'next-private-key': '' },
    code: 'staged-key-missing',
    says: 'next-private-key',
  },
  {
    name: 'the staged record has no secret',
    given: (shop) => shop.target.clear('AMAZON_PAY_PRIVATE_KEY_NEXT'),
    code: 'staged-key-missing',
    says: 'command: generate',
  },
  {
    name: 'the current key is not among the inputs',
    with: { 'current-private-key': '' },
    code: 'current-key-missing',
    says: 'current-private-key',
  },
  {
    name: 'the current key is another one than its record says',
    given: (shop) => shop.target.putSecret('AMAZON_PAY_PRIVATE_KEY', other.pem),
    code: 'pair-changed',
    says: 'AMAZON_PAY_KEY',
  },
  {
    name: 'the current pair has no record',
    given: (shop) => shop.target.variables.delete('AMAZON_PAY_KEY'),
    code: 'pair-unmanaged',
    says: 'command: adopt',
  },
  {
    name: 'the Public Key ID of the shop is somewhere else',
    given: (shop) => shop.target.clear('AMAZON_PAY_PUBLIC_KEY_ID'),
    code: 'public-key-id-elsewhere',
    says: 'command: adopt',
  },
  {
    name: 'a third key is previous and was never retired',
    given: (shop) => shop.target.place('previous', oldest),
    code: 'previous-key-unretired',
    says: oldest.id,
  },
  {
    name: 'the staged key was rolled back from',
    given: (shop) => {
      shop.target.place('previous', young, { rolledBackAt: '2026-11-20T00:00:00Z' })
    },
    code: 'pair-changed',
    says: 'command: rollback',
  },
  {
    name: 'the region is another one than that of the staged key',
    with: { region: 'us' },
    code: 'region-mismatch',
    says: 'eu',
  },
  {
    name: 'the record of the current key was edited',
    given: (shop) => {
      const text = shop.target.recordText('current') ?? ''
      shop.target.putVariable('AMAZON_PAY_KEY', text.replace('"eu"', '"us"'))
    },
    code: 'record-forged',
    says: 'command: adopt',
  },
  {
    name: 'a rollback has begun',
    given: (shop) => {
      shop.target.place('next', young, { publicKeyId: young.publicKeyId, change: 'rollback' })
    },
    code: 'change-unfinished',
    says: 'command: rollback',
  },
  {
    name: 'Amazon Pay does not know the Public Key ID',
    given: (shop) => shop.amazon.set(young.id, 'deleted'),
    code: 'amazon-pay-rejected',
    says: 'if that public key was not generated by this workflow',
  },
  {
    name: 'the Public Key ID belongs to another key',
    given: (shop) => shop.amazon.exchange(other, { id: young.id }),
    code: 'amazon-pay-rejected',
    says: 'InvalidRequestSignature',
  },
  {
    name: 'the Public Key ID belongs to another region',
    given: (shop) => shop.amazon.exchange(young, { region: 'jp' }),
    code: 'amazon-pay-rejected',
    says: 'JP',
  },
  {
    name: 'the account is suspended',
    given: (shop) => shop.amazon.set(young.id, 'suspended'),
    code: 'amazon-pay-undecided',
    says: 'suspended',
  },
  {
    name: 'Amazon Pay does not answer',
    given: (shop) => {
      shop.amazon.instead = () => null
    },
    code: 'amazon-pay-undecided',
    says: 'answer',
  },
  {
    name: 'Amazon Pay accepts the control',
    given: (shop) => {
      shop.amazon.instead = () => shop.amazon.answer(404, 'ResourceNotFound', 'not there')
    },
    code: 'amazon-pay-undecided',
    says: 'control',
  },
  {
    name: 'the clock is off and stays so',
    given: (shop) => {
      shop.amazon.instead = () => shop.amazon.answer(400, 'InvalidHeaderValue', 'x-amz-pay-date')
    },
    code: 'clock-skew',
    says: 'clock',
  },
  {
    name: "GitHub's hourly limit would end in the middle",
    given: (shop) => {
      shop.github.remaining = { requests: 5, resetAt: new Date('2026-11-27T01:00:00Z') }
    },
    code: 'github-unavailable',
    says: '01:00',
  },
]

test.each(refusals)('refused, and nothing is written, when $name', async (refusal) => {
  const shop = rotating()
  refusal.given?.(shop)
  const ran = await shop.run('activate', refusal.form ?? form, { with: refusal.with ?? {} })
  expect({ code: ran.code, effects: ran.effects }).toEqual({ code: refusal.code, effects: [] })
  expect(ran.trouble).toContain(refusal.says)
  expect(ran.outputs).toMatchObject({ status: 'failed', 'error-code': refusal.code })
})

describe('amazon-pay-check', () => {
  const silent = (): Shop => {
    const shop = rotating()
    shop.amazon.instead = () => null
    return shop
  }

  test('warn goes on without an answer, with a warning', async () => {
    const ran = await silent().run('activate', form, { with: { 'amazon-pay-check': 'warn' } })
    expect([ran.status, ran.outputs['amazon-pay'], ran.outputs['error-code']]).toEqual([
      'activated',
      'undecided',
      'amazon-pay-undecided',
    ])
    expect(ran.infos.join()).not.toContain('accepts the pair')
  })

  test('warn does not go on after a rejection', async () => {
    const shop = rotating()
    shop.amazon.set(young.id, 'deleted')
    const ran = await shop.run('activate', form, { with: { 'amazon-pay-check': 'warn' } })
    expect([ran.code, ran.effects]).toEqual(['amazon-pay-rejected', []])
    // Nothing was said of any target before.
    expect(ran.targets).toEqual({})
  })

  test('off asks nothing', async () => {
    const shop = silent()
    const ran = await shop.run('activate', form, { with: { 'amazon-pay-check': 'off' } })
    expect([ran.status, ran.outputs['amazon-pay'], shop.amazon.requests]).toEqual([
      'activated',
      'skipped',
      [],
    ])
  })
})

describe('when a secret of the pair cannot be written', () => {
  test.each([
    { at: 'put AMAZON_PAY_PUBLIC_KEY_ID', result: 'failed secret-write-failed' },
    { at: 'put AMAZON_PAY_PRIVATE_KEY', result: 'restored secret-write-failed' },
  ])('$at: the old pair works', async ({ at, result }) => {
    const shop = rotating()
    const ran = await shop.run('activate', form, {
      before: ({ text }) => (text === at ? 'refused' : undefined),
    })
    expect([ran.code, ran.targets]).toEqual(['secret-write-failed', { 'acme/shop': result }])
    expect([shop.target.publicKeyId, shop.deploy()]).toEqual([old.id, 'accepted'])
    expect(shop.target.isLocked).toBe(false)
  })

  test('and the old Public Key ID neither, the pair is torn, and the summary says what to do', async () => {
    const shop = rotating()
    let ids = 0
    const ran = await shop.run('activate', form, {
      before: ({ text }) => {
        if (text === 'put AMAZON_PAY_PUBLIC_KEY_ID') ids += 1
        const again = text === 'put AMAZON_PAY_PUBLIC_KEY_ID' && ids === 2
        return again || text === 'put AMAZON_PAY_PRIVATE_KEY' ? 'refused' : undefined
      },
    })
    expect([ran.code, ran.targets]).toEqual(['pair-torn', { 'acme/shop': 'torn pair-torn' }])
    expect(ran.trouble).toContain('do not deploy')
    expect(ran.page).toContain('AMAZON_PAY_PRIVATE_KEY')
    const healed = await shop.run('activate', form)
    expect([healed.status, shop.deploy()]).toEqual(['activated', 'accepted'])
  })

  test('a lost answer in the second in which the secret was changed before says nothing: torn', async () => {
    const shop = rotating()
    shop.clock.callMs = 0
    shop.target.putSecret('AMAZON_PAY_PRIVATE_KEY', old.pem)
    const ran = await shop.run('activate', form, {
      after: 0,
      before: ({ text }) => (text === 'put AMAZON_PAY_PRIVATE_KEY' ? 'lost' : undefined),
    })
    expect(ran.code).toBe('pair-torn')
    const healed = await shop.run('activate', form)
    expect([healed.status, shop.deploy()]).toEqual(['activated', 'accepted'])
  })
})

describe('when the step is asked to stop', () => {
  test('the pair in hand is finished, and no further target is begun', async () => {
    const shop = rotating(new Shop({ repositories }))
    const stop = new AbortController()
    const ran = await shop.run('activate', form, {
      stop,
      before: ({ text }) => {
        if (text === 'put AMAZON_PAY_PUBLIC_KEY_ID in acme/mobile') stop.abort()
        return undefined
      },
    })
    expect([ran.code, ran.targets]).toEqual([
      'github-unavailable',
      { 'acme/mobile': 'updated', 'acme/shop': 'untouched', 'acme/web': 'untouched' },
    ])
    expect(ran.trouble).toContain('the step was stopped before acme/shop was changed')
    expect(shop.targets.map(({ publicKeyId }) => publicKeyId).sort()).toEqual([
      old.id,
      old.id,
      young.id,
    ])
    for (const target of shop.targets) {
      expect([shop.deploy(target), target.isLocked]).toEqual(['accepted', false])
    }
  })

  test('a lock for which GitHub never answers is not said to be another run’s', async () => {
    const ran = await rotating().run('activate', form, {
      before: ({ text }) => (text.startsWith('create ') ? 'unheard' : undefined),
    })
    const create = 'create AMAZON_PAY_KEY_LOCK'
    expect([ran.code, ran.effects]).toEqual(['github-unavailable', [create, create]])
    expect(ran.targets).toEqual({ 'acme/shop': 'untouched github-unavailable' })
  })

  test('a holder whose lock is older than two minutes begins no pair', async () => {
    const shop = rotating()
    const ran = await shop.run('activate', form, {
      before: ({ text }) => {
        if (text === 'save AMAZON_PAY_KEY_PREVIOUS') shop.clock.pass(121_000)
        return undefined
      },
    })
    expect(ran.code).toBe('locked')
    expect(ran.effects).not.toContain('put AMAZON_PAY_PUBLIC_KEY_ID')
    expect(shop.deploy()).toBe('accepted')
  })

  test('a holder of a dead run’s lock begins no pair when another run has it too, and leaves it to that run', async () => {
    const shop = rotating()
    const { target, clock } = shop
    const lockOf = (id: string): string =>
      JSON.stringify({ id, run: 'https://github.com/x', attempt: 1, command: 'activate' })
    target.putVariable(target.names.lock, lockOf('dead'))
    clock.pass(600_000)
    const ran = await shop.run('activate', form, {
      before: ({ text }) => {
        if (text === 'save AMAZON_PAY_KEY_PREVIOUS')
          target.putVariable(target.names.lock, lockOf('another'))
        return undefined
      },
    })
    expect(ran.code).toBe('locked')
    expect(ran.effects).not.toContain('put AMAZON_PAY_PUBLIC_KEY_ID')
    expect(target.variables.get(target.names.lock)?.value).toBe(lockOf('another'))
  })
})

test('after a leak, a key without a record that stays in place is not called the new one', async () => {
  const shop = rotating()
  shop.target.variables.delete('AMAZON_PAY_KEY')
  const leak = { ...form, leaked: true }
  // Its mark is written, and nothing else.
  await shop.run('activate', leak, {
    before: ({ text }) => (text === 'put AMAZON_PAY_PUBLIC_KEY_ID' ? 'killed before' : undefined),
  })
  const ran = await shop.run('activate', leak, {
    before: ({ text }) => (text === 'put AMAZON_PAY_PRIVATE_KEY' ? 'refused' : undefined),
  })
  expect(shop.target.privateKey('current')).toBe(old.pem)
  expect([ran.code, ran.targets['acme/shop']]).toEqual(['pair-torn', 'torn pair-torn'])
  expect((await shop.run('activate', leak)).status).toBe('activated')
})
