import {
  type InputName,
  inputNames,
  inputUse,
  type RawInputs,
  readOrder,
  unusedInputs,
} from '../../src/action/inputs.ts'
import { isLoopback, readAmazonPayUrl, readApiUrl } from '../../src/action/values.ts'
import { type Command, commandNames } from '../../src/ports.ts'

type Given = Partial<Record<InputName, string>>

/** As the runner hands them over: what a step does not set has action.yml's default. */
const raw = (given: Given): RawInputs =>
  Object.fromEntries(
    inputNames.map((name) => [name, given[name] ?? inputUse[name].otherwise ?? 'acme/shop']),
  ) as RawInputs
const formsFor = () => ({ app: 'https://github.com/app', token: 'https://github.com/token' })
const order = (given: Given = {}) =>
  readOrder(raw({ command: 'generate', token: 't', ...given }), formsFor)
const refusal = (given: Given): string => {
  try {
    order(given)
  } catch (error) {
    const { code, fact, hint } = error as { code: string; fact: string; hint: string }
    return `${code}: ${fact}. Next: ${hint}`
  }
  return 'accepted'
}

describe('an order', () => {
  test('with nothing but a command and a token', () => {
    expect(order()).toEqual({
      credentials: { kind: 'token', token: 't' },
      targets: [{ kind: 'repository', repository: 'acme/shop' }],
      inputs: {
        command: 'generate',
        repositories: ['acme/shop'],
        environment: null,
        organization: null,
        prefix: 'AMAZON_PAY',
        region: null,
        payEnvironment: null,
        slotKeys: { current: null, next: null, previous: null },
        privateKey: null,
        passphrase: null,
        publicKey: null,
        publicKeyId: null,
        amazonPayCheck: 'require',
        keepPrevious: true,
        replaceStaged: null,
        redeploy: null,
        maxAgeDays: 90,
        artifact: true,
        retentionDays: null,
        dryRun: false,
      },
    })
  })

  test('with the credentials of an App', () => {
    const given = { token: '', 'app-client-id': ' Iv1 ', 'app-private-key': 'k\n' }
    expect(order(given).credentials).toEqual({ kind: 'app', clientId: 'Iv1', privateKey: 'k\n' })
  })

  test('has defaults that depend on the command', () => {
    expect(order({ command: 'activate' }).inputs).toMatchObject({
      amazonPayCheck: 'require',
      artifact: false,
    })
    const offline = order({ command: 'validate', token: '' })
    expect(offline).toMatchObject({ credentials: { kind: 'none' }, targets: [] })
    expect(offline.inputs.amazonPayCheck).toBe('warn')
  })

  test('keeps blanks of a passphrase, and none around words', () => {
    expect(order({ 'private-key-passphrase': ' a ' }).inputs.passphrase).toBe(' a ')
    expect(order({ command: ' status ' })).toMatchObject({
      inputs: { command: 'status' },
    })
  })

  test.each([
    ['acme/a\nacme/b', ['acme/a', 'acme/b']],
    [' acme/a , acme/b,\n\n', ['acme/a', 'acme/b']],
    ['acme/a.b-c_d\r\nacme/b', ['acme/a.b-c_d', 'acme/b']],
  ])('for several repositories: %j', (repository, names) => {
    const { targets } = order({ repository })
    expect(targets).toEqual(names.map((name) => ({ kind: 'repository', repository: name })))
  })

  test('for an environment of each', () => {
    expect(order({ repository: 'acme/a,acme/b', environment: ' prod/eu ' }).targets).toEqual(
      ['acme/a', 'acme/b'].map((repository) => ({
        kind: 'environment',
        repository,
        environment: 'prod/eu',
      })),
    )
  })

  test('for an organization', () => {
    const given = { organization: 'acme', visibility: 'selected', repository: 'ACME/a' }
    expect(order(given).targets).toEqual([
      {
        kind: 'organization',
        organization: 'acme',
        visibility: 'selected',
        repositories: ['ACME/a'],
      },
    ])
  })

  test.each(['true', 'True', 'TRUE'])('with the boolean %s', (text) => {
    expect(order({ 'dry-run': text }).inputs.dryRun).toBe(true)
  })

  test.each(['false', 'False', 'FALSE'])('with the boolean %s', (text) => {
    expect(order({ 'keep-previous': text, artifact: text }).inputs).toMatchObject({
      keepPrevious: false,
      artifact: false,
    })
  })
})

describe('a complaint names the input', () => {
  const a43 = 'A'.repeat(43)
  test.each<[Given]>([
    [{ command: '' }],
    [{ command: 'rotate' }],
    [{ token: ' ' }],
    [{ 'app-client-id': 'Iv1' }],
    [{ token: '', 'app-client-id': 'Iv1' }],
    [{ token: '', 'app-private-key': 'k' }],
    [{ token: '', command: 'validate', 'app-private-key': 'k' }],
    [{ redeploy: 'deploy' }],
    [{ redeploy: '../deploy.yml' }],
    [{ repository: '' }],
    [{ repository: 'shop' }],
    [{ repository: 'acme/shop/x' }],
    [{ repository: 'acme/..' }],
    [{ repository: 'https://github.com/acme/shop' }],
    [{ repository: 'acme/shop,Acme/Shop' }],
    [{ repository: 'acme/shop.git' }],
    [{ visibility: 'private' }],
    [{ visibility: 'public', organization: 'acme' }],
    [{ organization: 'acme', environment: 'production' }],
    [{ organization: 'github.com/acme' }],
    [{ organization: 'acme', visibility: 'selected', repository: '' }],
    [{ organization: 'acme', visibility: 'selected', repository: 'other/shop' }],
    [{ prefix: '1' }],
    [{ region: 'fr' }],
    [{ 'pay-environment': 'test' }],
    [{ 'amazon-pay-check': 'yes' }],
    [{ 'keep-previous': '1' }],
    [{ 'dry-run': '' }],
    [{ artifact: 'on' }],
    [{ 'max-age-days': '0' }],
    [{ 'max-age-days': '9.5' }],
    [{ 'retention-days': '-1' }],
    [{ 'retention-days': '401' }],
    [{ 'replace-staged': a43 }],
    [{ 'replace-staged': `SHA256:${a43}=` }],
  ])('%#', (given) => {
    expect(refusal(given)).toMatchSnapshot()
  })

  test('and quotes no more of it than a line', () => {
    expect(refusal({ command: `a\n${'b'.repeat(500)}` }).length).toBeLessThan(300)
  })
})

describe('an input that the command does not use', () => {
  const unused = (given: Given, command: Command) =>
    unusedInputs(raw(given), command).map(({ fact }) => fact.split(' ')[0])

  test('is a warning when it has another value than its default', () => {
    expect(unused({ 'public-key-id': 'A', 'max-age-days': '30' }, 'generate')).toEqual([
      'public-key-id',
      'max-age-days',
    ])
    expect(unused({ 'private-key': 'k', artifact: 'true', 'dry-run': 'true' }, 'status')).toEqual([
      'private-key',
      'artifact',
      'dry-run',
    ])
  })

  test('is none when it is empty or has its default', () => {
    const given = { 'keep-previous': 'true', 'max-age-days': ' 90 ', 'replace-staged': ' ' }
    expect(unused(given, 'retire')).toEqual([])
  })

  test.each(commandNames)('is none of those that the one workflow passes to %s', (command) => {
    const passed = {
      'next-private-key': 'k',
      'current-private-key': 'k',
      'previous-private-key': 'k',
      'app-client-id': 'Iv1',
      'app-private-key': 'k',
      region: 'eu',
      'pay-environment': 'live',
      'keep-previous': 'true',
      redeploy: 'deploy.yml',
    }
    expect(unused(passed, command)).toEqual([])
  })
})

describe('an address from the environment', () => {
  const loopback = new URL('http://127.0.0.1:1')

  test.each([
    'https://api.github.com',
    'https://github.example.com/api/v3',
    'http://127.0.0.1:8080',
    'http://127.9.9.9',
    'http://localhost:1',
    'http://[::1]:1',
  ])('of GitHub may be %s', (text) => {
    expect(readApiUrl('GITHUB_API_URL', text).href).toContain(text)
  })

  test.each([
    '',
    'api.github.com',
    'http://api.github.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://0.0.0.0',
    'file:///etc/passwd',
  ])('of GitHub may not be %j', (text) => {
    expect(() => readApiUrl('GITHUB_API_URL', text)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        fact: expect.stringMatching(/^GITHUB_API_URL /),
      }),
    )
  })

  test.each(['http://127.0.0.1:1', 'https://localhost'])('of Amazon Pay may be %s', (text) => {
    expect(readAmazonPayUrl(text, loopback)?.href).toContain(text)
  })

  test.each(['https://pay-api.amazon.com', 'http://10.0.0.1', 'junk'])(
    'of Amazon Pay may not be %s',
    (text) => {
      expect(() => readAmazonPayUrl(text, loopback)).toThrow(
        expect.objectContaining({
          code: 'input-invalid',
          fact: expect.stringMatching(/^AMAZON_PAY_API_URL /),
        }),
      )
    },
  )

  test('of Amazon Pay is refused beside a GitHub that is not on this machine', () => {
    const github = new URL('https://api.github.com')
    expect(() => readAmazonPayUrl('http://127.0.0.1:1', github)).toThrow(
      expect.objectContaining({ code: 'input-invalid' }),
    )
    expect(readAmazonPayUrl('', github)).toBeNull()
  })

  test('of Amazon Pay is none when it is not set', () => {
    expect([readAmazonPayUrl(undefined, loopback), readAmazonPayUrl('', loopback)]).toEqual([
      null,
      null,
    ])
  })

  test('is on this machine in any spelling of a loopback address', () => {
    expect(
      ['http://0x7f.1', 'http://127.1', 'http://2130706433'].map((url) => isLoopback(new URL(url))),
    ).toEqual([true, true, true])
  })
})
