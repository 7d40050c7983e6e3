import { startAmazonPay } from '../../rehearsal/amazon-pay.ts'
import { runAction } from '../../rehearsal/runner.ts'
import { keyRecord, makeKey } from '../scenarios/planting.ts'
import { type GhHost, levels, startGhHost } from './gh-host.ts'

let host: GhHost

beforeAll(async () => {
  host = await startGhHost()
})

afterAll(() => host.close())

describe.each(levels)('gh with $name', ({ flags, scope }) => {
  test('stores a secret that opens to the same value, lists it, and deletes it', async () => {
    const { privateKey } = makeKey()
    const { secrets } = scope(host)
    await host.gh('secret', 'set', 'AMAZON_PAY_PRIVATE_KEY', '--body', privateKey, ...flags)
    // gh takes one newline from the end of a value.
    expect(secrets.get('AMAZON_PAY_PRIVATE_KEY')?.value.trim()).toBe(privateKey.trim())
    expect(await host.gh('secret', 'list', ...flags)).toContain('AMAZON_PAY_PRIVATE_KEY')
    await host.gh('secret', 'delete', 'AMAZON_PAY_PRIVATE_KEY', ...flags)
    expect(secrets.has('AMAZON_PAY_PRIVATE_KEY')).toBe(false)
  })

  test('stores a key record as a variable, reads it back byte for byte, and deletes it', async () => {
    const record = keyRecord(makeKey(), 'next')
    const { variables } = scope(host)
    await host.gh('variable', 'set', 'AMAZON_PAY_KEY_NEXT', '--body', record, ...flags)
    expect(variables.get('AMAZON_PAY_KEY_NEXT')?.value).toBe(record)
    expect(await host.gh('variable', 'list', ...flags)).toContain('AMAZON_PAY_KEY_NEXT')
    expect(await host.gh('variable', 'get', 'AMAZON_PAY_KEY_NEXT', ...flags)).toBe(`${record}\n`)
    await host.gh('variable', 'delete', 'AMAZON_PAY_KEY_NEXT', ...flags)
    expect(variables.has('AMAZON_PAY_KEY_NEXT')).toBe(false)
  })

  test('stores a pair that is adopted, and reads its key record', async () => {
    const amazonPay = await startAmazonPay()
    const { privateKey, publicKey, fingerprint } = makeKey()
    const id = amazonPay.exchange({ region: 'eu', view: 'live', publicKey, name: 'shop' })
    await host.gh('secret', 'set', 'AMAZON_PAY_PRIVATE_KEY', '--body', privateKey, ...flags)
    await host.gh('secret', 'set', 'AMAZON_PAY_PUBLIC_KEY_ID', '--body', id, ...flags)
    const [flag, value = ''] = flags
    const target =
      flag === undefined ? {} : { [flag === '--env' ? 'environment' : 'organization']: value }
    const result = await runAction({
      github: host.github,
      amazonPay,
      inputs: {
        command: 'adopt',
        token: host.github.token,
        region: 'eu',
        'pay-environment': 'live',
        'public-key-id': id,
        'current-private-key': scope(host).secrets.get('AMAZON_PAY_PRIVATE_KEY')?.value ?? '',
        ...target,
      },
    })
    await amazonPay.close()
    expect(result.outputs).toMatchObject({ status: 'adopted', fingerprint })
    const record = await host.gh('variable', 'get', 'AMAZON_PAY_KEY', ...flags)
    expect(JSON.parse(record)).toMatchObject({ fingerprint, publicKeyId: id })
  })
})
