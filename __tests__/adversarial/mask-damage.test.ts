import { createPrivateKey } from 'node:crypto'
import sshpk from 'sshpk'
import { createMasker } from '../../rehearsal/masker.ts'
import type { RunResult } from '../../rehearsal/runner.ts'
import { openScene, type Scene } from '../scenarios/support.ts'
import { type Material, makeMaterial, passphrase } from './cases.ts'
import { searchFor } from './leak-search.ts'

let scene: Scene
const one = makeMaterial()
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene.close())
beforeEach(() => scene.reset('acme/shop'))

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const openSsh = (): string =>
  sshpk.parsePrivateKey(one.pkcs1, 'pem').toString('ssh-private' as 'pkcs8')

const forms: [name: string, form: () => string][] = [
  ['PKCS#8', () => one.pkcs8],
  ['PKCS#1', () => one.pkcs1],
  ['PKCS#1 with CRLF', () => one.pkcs1.replaceAll('\n', '\r\n')],
  ['PKCS#1 with literal \\n', () => one.pkcs1.replaceAll('\n', '\\n')],
  ['PKCS#1 on one line', () => one.pkcs1.replaceAll('\n', ' ')],
  ['the body of PKCS#8', () => one.pkcs8.replaceAll(/-----.*-----|\n/g, '')],
  ['the body of PKCS#1', () => one.pkcs1.replaceAll(/-----.*-----|\n/g, '')],
  ['the body of PKCS#1 in lines', () => one.pkcs1.replaceAll(/-----.*-----\n/g, '')],
  ['base64 of PKCS#8', () => base64(one.pkcs8)],
  ['base64 of PKCS#1', () => base64(one.pkcs1)],
  ['encrypted PKCS#8', () => one.encryptedPkcs8],
  ['encrypted PKCS#1', () => one.encryptedPkcs1],
  ['OpenSSH', openSsh],
]

/** What a person has to read, and another job to receive, after the runner has masked all that it knows. */
function expectIntact(result: RunResult): void {
  const { outputs, jobOutputs, jobOutputWarnings, summary, summaryScrubbed, log } = result
  expect(result.conclusion).toBe('success')
  expect(summary).not.toBe('')
  expect(summaryScrubbed).toBe(summary)
  for (const line of one.publicKey.trimEnd().split('\n')) expect(summaryScrubbed).toContain(line)
  expect(outputs['public-key']).toBe(one.publicKey)
  expect(jobOutputWarnings).toEqual([])
  expect(jobOutputs).toMatchObject({
    'public-key': one.publicKey,
    fingerprint: outputs.fingerprint,
    'exchange-markdown': outputs['exchange-markdown'],
    'public-key-file': outputs['public-key-file'],
  })
  expect(log).toContain(outputs.fingerprint)
  const file = [...result.files].find(([path]) => path.endsWith('.pub'))
  expect(file?.[1].toString()).toBe(one.publicKey)
}

describe('with the private key masked, its public key can be read', () => {
  test.each(forms)('%s, validated', async (_, form) => {
    const secrets = { 'private-key': form(), 'private-key-passphrase': passphrase }
    const result = await scene.run(
      { command: 'validate', region: 'eu', ...secrets },
      { secretsKnown: [...Object.values(secrets), scene.github.token] },
    )
    expectIntact(result)
  })

  test.each(forms.filter(([name]) => /^(PKCS#1|OpenSSH|base64 of PKCS#1)$/.test(name)))(
    '%s, staged',
    async (_, form) => {
      const secrets = { 'private-key': form() }
      const result = await scene.run(
        { command: 'generate', region: 'jp', ...secrets },
        { secretsKnown: [...Object.values(secrets), scene.github.token] },
      )
      expectIntact(result)
      expect(scene.github.artifacts[0]?.bytes.toString()).toBe(one.publicKey)
    },
  )
})

/** Texts in which a later step of the job could print the key. */
const prints: [name: string, text: (key: Material) => string][] = [
  ['PKCS#8', ({ pkcs8 }) => pkcs8],
  ['PKCS#8 in JSON', ({ pkcs8 }) => JSON.stringify({ key: pkcs8 })],
  ['PKCS#8 with CRLF', ({ pkcs8 }) => pkcs8.replaceAll('\n', '\r\n')],
  ['PKCS#8 on one line', ({ pkcs8 }) => pkcs8.trim().replaceAll('\n', ' ')],
  ['base64 of PKCS#8', ({ pkcs8 }) => base64(pkcs8)],
  ['base64 of PKCS#8 without its last line end', ({ pkcs8 }) => base64(pkcs8.trim())],
  ['base64 of PKCS#8 with CRLF', ({ pkcs8 }) => base64(pkcs8.replaceAll('\n', '\r\n'))],
  ['its body', ({ pkcs8 }) => pkcs8.replaceAll(/-----.*-----|\n/g, '')],
  ['JWK', ({ key }) => JSON.stringify(key.export({ format: 'jwk' }))],
  [
    'the members in hex',
    ({ key }) =>
      Object.values(key.export({ format: 'jwk' }))
        .map((member) => Buffer.from(String(member), 'base64url').toString('hex'))
        .join('\n'),
  ],
]

describe('a key that the runner did not know is masked in every form', () => {
  test.each(['validate', 'generate', 'previous'])('%s', async (which) => {
    const orders: Record<string, Record<string, string>> = {
      validate: { command: 'validate', 'private-key': one.pkcs1 },
      generate: { command: 'generate', 'private-key': base64(one.pkcs1) },
      // Refused for what it is not, and masked all the same.
      previous: { command: 'activate', 'previous-private-key': one.pkcs8 },
    }
    const { masks } = await scene.run(orders[which] ?? {}, { secretsKnown: [] })
    const masker = createMasker()
    for (const mask of masks) masker.add(mask)
    const search = searchFor({ privateKeys: [one.key] })
    const seen = prints
      .filter(([name]) => which !== 'previous' || name === 'PKCS#8')
      .map(([name, text]): [string, string] => [name, masker.mask(text(one))])
      .filter(([name, shown]) => search(name, shown).length > 0)
    expect(seen).toEqual([])
  })

  test('made here', async () => {
    const { masks, conclusion } = await scene.run({ command: 'generate' }, { secretsKnown: [] })
    expect(conclusion).toBe('success')
    const [pem = ''] = scene.github.writes
      .filter(({ kind }) => kind === 'secret')
      .map(({ value }) => value)
    const masker = createMasker()
    for (const mask of masks) masker.add(mask)
    const key = { ...one, pkcs8: pem, key: createPrivateKey(pem) }
    const search = searchFor({ privateKeys: [key.key] })
    for (const [name, text] of prints) {
      expect(search(name, text(key))).not.toEqual([])
      expect(search(name, masker.mask(text(key)))).toEqual([])
    }
  })

  test('passphrase and token', async () => {
    const { masks } = await scene.run(
      {
        command: 'generate',
        'private-key': one.encryptedPkcs8,
        'private-key-passphrase': passphrase,
      },
      { secretsKnown: [] },
    )
    expect(masks).toContain(passphrase)
    expect(masks).toContain(scene.github.token)
    expect(masks).toContain(one.encryptedPkcs8.split('\n')[3])
  })
})

test('a Public Key ID that is a secret is dropped from job outputs, and everything else stays', async () => {
  const id = scene.amazonPay.exchange({
    region: 'us',
    view: 'sandbox',
    publicKey: one.publicKey,
    name: 'key',
  })
  const result = await scene.run(
    { command: 'validate', region: 'us', 'private-key': one.pkcs8, 'public-key-id': id },
    { secretsKnown: [one.pkcs8, id] },
  )
  expect(result.jobOutputWarnings).toEqual([
    "Skip output 'public-key-id' since it may contain secret.",
  ])
  expect(result.jobOutputs['public-key']).toBe(one.publicKey)
  expect(result.summaryScrubbed).toBe(result.summary.replaceAll(id, '***'))
})
