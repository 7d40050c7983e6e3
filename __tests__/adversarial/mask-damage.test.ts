import { createPrivateKey } from 'node:crypto'
import { createMasker } from '../../rehearsal/masker.ts'
import { sample } from '../sample.ts'
import { searchFor } from './leak-search.ts'
import { type CommandName, closeShops, commands, keys, stage, wellDone } from './shops.ts'

// The runner masks every secret that a job receives: whole, by lines, and in eleven encodings; the action adds what it
// makes. With three private keys among the inputs of every run, what a person has to read must survive.

afterEach(closeShops)

const { current, next, previous } = keys

const body = (pem: string): string => pem.replaceAll(/-----.*-----|\n/g, '')

/** Formats in which a secret may be stored. */
const formats: Readonly<Record<string, (pem: string) => string>> = {
  'as it is written': (pem) => pem,
  'with CRLF': (pem) => pem.replaceAll('\n', '\r\n'),
  'on one line': (pem) => pem.trim().replaceAll('\n', ' '),
  'in base64': (pem) => Buffer.from(pem).toString('base64'),
  'as a bare body': body,
}

const slots = { current, next, previous }

/** All slots, whatever is in them: in a format. */
const ring = (format: (pem: string) => string, without: readonly string[] = []) =>
  Object.fromEntries(
    Object.entries(slots).map(([slot, { privateKey }]) => [
      `${slot}-private-key`,
      without.includes(slot) ? '' : format(privateKey),
    ]),
  )

/** The keys that a command works with; the others need not be passed. */
const needed: Readonly<Record<CommandName, readonly string[]>> = {
  generate: [],
  activate: ['current', 'next'],
  rollback: ['current', 'previous'],
  retire: ['current', 'previous'],
  adopt: ['current'],
  validate: ['current'],
  status: [],
}

const cases = commands.flatMap((command) =>
  Object.entries(formats).map(([name, format]): [CommandName, string, typeof format] => [
    command,
    name,
    format,
  ]),
)

async function runWith(command: CommandName, inputs: Readonly<Record<string, string>>) {
  const { shop, run } = await stage(command)
  // With the token as well, the runner knows all that it would know.
  const secretsKnown = [...Object.values(inputs).filter((text) => text !== ''), shop.github.token]
  const told = await run({ with: inputs, secretsKnown })
  return { shop, told }
}

/** Every output survives, and so does the summary: neither contains anything that is masked. */
function expectIntact(command: CommandName, { shop, told }: Awaited<ReturnType<typeof runWith>>) {
  expect(told.outputs.status).toBe(wellDone[command])
  expect(told.summaryScrubbed).toBe(told.summary)
  expect(told.jobOutputWarnings).toEqual([])
  const masker = createMasker()
  for (const mask of told.masks) masker.add(mask)
  const shown = [
    ...Object.values(keys).flatMap(({ publicKey, fingerprint }) => [publicKey, fingerprint]),
    ...[...shop.repository.secrets.keys(), ...shop.repository.variables.keys()],
    ...['acme/shop', 'AMAZON_PAY_KEY_LOCK', 'current-private-key', '-----BEGIN PUBLIC KEY-----'],
    ...[...shop.amazonPay.keys.keys()],
  ]
  expect(shown.filter((text) => masker.mask(text) !== text)).toEqual([])
  const log = told.log.slice(told.log.indexOf('##[endgroup]'))
  expect(log.replaceAll('::add-mask::***', '')).not.toContain('***')
}

describe('what is public can be read with three private keys masked', () => {
  test.each(sample(cases, 6))('%s, keys %s', async (command, _, format) => {
    expectIntact(command, await runWith(command, ring(format)))
  })

  const subsets = commands.flatMap((command) =>
    Object.keys(slots)
      .filter((slot) => !needed[command].includes(slot))
      .map((slot): [CommandName, string] => [command, slot]),
  )
  test.each(sample(subsets, 13))('%s, without %s', async (command, without) => {
    const result = await runWith(
      command,
      ring((pem) => pem, [without]),
    )
    expectIntact(command, result)
  })
})

test('the page of a staged key shows it whole while its own private key is masked', async () => {
  const { shop, run } = await stage('activate')
  const told = await shop.run(
    { command: 'generate' },
    {
      with: ring((pem) => pem),
      secretsKnown: Object.values(slots).map(({ privateKey }) => privateKey),
    },
  )
  expect(told.outputs).toMatchObject({ status: 'staged', 'new-key': 'false' })
  for (const line of next.publicKey.trim().split('\n')) expect(told.summaryScrubbed).toContain(line)
  expect(told.summaryScrubbed).toContain(next.fingerprint)
  expect(told.jobOutputs['public-key']).toBe(next.publicKey)
  expect(told.jobOutputs['exchange-markdown']).toBe(told.outputs['exchange-markdown'])
  expect(told.artifacts.map(({ bytes }) => bytes.toString())).toEqual([next.publicKey])
  expect(run).toBeDefined()
})

/** Texts in which a later step of the job could print a key. */
const pkcs1 = (pem: string): string =>
  createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString()
const prints: Readonly<Record<string, (pem: string) => string>> = {
  'PKCS#1': pkcs1,
  'PKCS#1 in base64url': (pem) => Buffer.from(pkcs1(pem)).toString('base64url'),
  'its numbers': (pem) => JSON.stringify(createPrivateKey(pem).export({ format: 'jwk' })),
  'PKCS#8': (pem) => pem,
  'PKCS#8 in JSON': (pem) => JSON.stringify({ key: pem }),
  'PKCS#8 with CRLF': (pem) => pem.replaceAll('\n', '\r\n'),
  'PKCS#8 on one line': (pem) => pem.trim().replaceAll('\n', ' '),
  'PKCS#8 in base64': (pem) => Buffer.from(pem).toString('base64'),
  'PKCS#8 in base64 at 76 columns': (pem) =>
    Buffer.from(pem).toString('base64').replaceAll(/.{76}/g, '$&\n'),
  'PKCS#8 in base64url': (pem) => Buffer.from(pem).toString('base64url'),
  'its body at 76 columns': (pem) => body(pem).replaceAll(/.{76}/g, '$&\n'),
  'its body': body,
  'its body in base64url': (pem) => Buffer.from(body(pem), 'base64').toString('base64url'),
}

test.each(sample(commands, 4))(
  'a key that the runner does not know is masked in every form by %s',
  async (command) => {
    const { run } = await stage(command)
    const told = await run({ with: ring((pem) => pem), secretsKnown: [] })
    const masker = createMasker()
    for (const mask of told.masks) masker.add(mask)
    for (const [slot, { privateKey }] of Object.entries(slots)) {
      const search = searchFor({ privateKeys: [privateKey] })
      const seen = Object.entries(prints)
        .filter(([name, print]) => search(name, masker.mask(print(privateKey))).length > 0)
        .map(([name]) => `${slot}: ${name}`)
      // What a command does not use is masked by its own text.
      expect(
        seen.filter((name) => name.endsWith('PKCS#8') || needed[command].includes(slot)),
      ).toEqual([])
    }
  },
)
