import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { payError } from '../../rehearsal/amazon-pay.ts'
import { createMasker } from '../../rehearsal/masker.ts'
import { renderSummary } from '../../rehearsal/page/markdown.ts'
import { isFull, sample } from '../sample.ts'
import { keyRecord } from '../scenarios/planting.ts'
import type { ShopRun, StepOptions } from '../scenarios/support.ts'
import {
  closeShops,
  keys,
  leaksOf,
  type Stage,
  searchSlotKeys,
  seenIn,
  stage,
  stored,
} from './shops.ts'

// The attacker, or a mistake, chooses what is in an input, a name, a comment or an answer.

afterEach(closeShops)

const { stranger } = keys
const pem = stranger.privateKey
const key = createPrivateKey(pem)
const pkcs1 = key.export({ type: 'pkcs1', format: 'pem' }).toString()
const der = key.export({ type: 'pkcs8', format: 'der' })
const body = pem.replaceAll(/-----.*-----|\n/g, '')
const jwk = key.export({ format: 'jwk' }) as Record<string, string>
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const encrypted = key
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString()
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const ecPem = ec.export({ type: 'sec1', format: 'pem' }).toString()

/** A private key, damaged or foreign. */
const shapes: Readonly<Record<string, string>> = {
  'PKCS#8': pem,
  'PKCS#1 with CRLF': pkcs1.replaceAll('\n', '\r\n'),
  'PKCS#8 with literal \\n': pem.replaceAll('\n', '\\n'),
  'PKCS#8 on one line': pem.replaceAll('\n', ' '),
  'a bare body': body,
  'a body in lines': pem.replaceAll(/-----.*-----\n/g, ''),
  'base64 of the PEM': base64(pem),
  'base64 of base64': base64(base64(pem)),
  'hex of the DER': der.toString('hex'),
  'percent encoding': encodeURIComponent(pem),
  'a PEM without its END': pem.replace(/-----END.*/, ''),
  'a PEM without its BEGIN': pem.replace(/-----BEGIN.*\n/, ''),
  'a PEM without its middle': pem.replace(/(.{64}\n){4}/, ''),
  'a PEM under a public label': pem.replaceAll('PRIVATE KEY', 'PUBLIC KEY'),
  'a PEM under a certificate’s label': pem.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
  'the second half of a body': body.slice(700),
  'a mail’s quotation': pem.replaceAll(/^/gm, '> '),
  'a diff': pem.replaceAll(/^/gm, '+'),
  'a member of JSON': JSON.stringify({ name: 'x', privateKey: pem }),
  'a JWK': JSON.stringify(jwk),
  'XML of .NET': `<RSAKeyValue>${['n', 'e', 'p', 'q', 'dp', 'dq', 'qi', 'd']
    .map((name, index) => {
      const tag = ['Modulus', 'Exponent', 'P', 'Q', 'DP', 'DQ', 'InverseQ', 'D'][index]
      return `<${tag}>${Buffer.from(jwk[name] ?? '', 'base64url').toString('base64')}</${tag}>`
    })
    .join('')}</RSAKeyValue>`,
  'Python bytes': `b'${pem.replaceAll('\n', '\\n')}'`,
  'a line of a .env file': `AMAZON_PAY_PRIVATE_KEY="${pem.replaceAll('\n', '\\n')}"`,
  'an encrypted PEM': encrypted,
  'an EC key': ecPem,
}

/** Inputs that take no private key. */
const plain = [
  ...['public-key', 'public-key-id', 'prefix', 'command', 'repository', 'environment'],
  ...['organization', 'visibility', 'region', 'pay-environment', 'amazon-pay-check', 'redeploy'],
  ...['replace-staged', 'keep-previous', 'max-age-days', 'artifact', 'retention-days', 'dry-run'],
  ...['app-client-id', 'token', 'private-key-passphrase'],
]

const names = Object.keys(shapes)
const misplaced = plain.flatMap((input) => names.map((name): [string, string] => [name, input]))

const unmasked = ({ stdout }: ShopRun): string => stdout.replaceAll(/^::add-mask::.*$/gm, '')

/** Whatever a later step prints of it is masked. */
function shownAfterwards({ masks }: ShopRun, text: string): string {
  const masker = createMasker()
  for (const mask of masks) masker.add(mask)
  return masker.mask(text)
}

describe('a private key where none belongs is masked, and its leak is told', () => {
  // No multiple of the number of shapes: every run plays others, in other inputs.
  test.each(sample(misplaced, 101))('%s in %s', async (name, input) => {
    const { shop, run } = await stage('validate')
    const text = shapes[name] ?? ''
    const before = stored(shop)
    const told = await run({ with: { [input]: text }, secretsKnown: [] })
    expect(told.outputs['error-code']).toBe('key-wrong-half')
    expect(told.annotations[0]?.message).toMatch(/compromised|new/)
    expect(stored(shop)).toEqual(before)
    expect(leaksOf({ shop }, told)).toEqual([])
    expect(told.requests).toEqual([])
    // No run of 24 characters of it is shown, nor can it be printed afterwards.
    const pieces = (text.match(/[A-Za-z0-9+/]{40,}/g) ?? []).slice(1, -1)
    const shown = [unmasked(told), told.summary, JSON.stringify(told.outputs)].join('\n')
    for (const piece of pieces) expect(shown).not.toContain(piece.slice(0, 24))
    const later = shownAfterwards(told, text)
    for (const piece of pieces) expect(later).not.toContain(piece)
  })
})

describe('a damaged private key in its own input is masked and refused', () => {
  const own = [
    'private-key',
    'current-private-key',
    'next-private-key',
    'previous-private-key',
    'app-private-key',
  ]
  const damaged = names.filter((name) => /without|half|label|EC/.test(name))
  const cases = damaged.flatMap((name) => own.map((input): [string, string] => [name, input]))
  test.each(sample(cases, 37))('%s in %s', async (name, input) => {
    const { shop, run } = await stage('activate', { app: input === 'app-private-key' })
    const text = shapes[name] ?? ''
    const before = stored(shop)
    const told = await run({ with: { [input]: text }, secretsKnown: [] })
    expect(seenIn(told, searchSlotKeys)).toEqual([])
    const pieces = (text.match(/[A-Za-z0-9+/]{40,}/g) ?? []).slice(1, -1)
    const later = shownAfterwards(told, text)
    for (const piece of pieces) expect(later).not.toContain(piece)
    const needed = ['current-private-key', 'next-private-key', 'app-private-key'].includes(input)
    if (needed) {
      expect(told.outputs['error-code']).toMatch(/^key-/)
      expect(stored(shop)).toEqual(before)
    }
  })
})

describe('a key that the event of the run contains is exposed', () => {
  const deep = (levels: number, value: unknown): unknown =>
    Array.from({ length: levels }).reduce((inner: unknown) => ({ a: [inner] }), value)
  const where: Readonly<Record<string, object>> = {
    'an input of the form': { inputs: { key: pem } },
    'an input of the form, otherwise written': { inputs: { key: pkcs1.replaceAll('\n', '\\n') } },
    client_payload: { client_payload: { key: base64(pem) } },
    'client_payload, thirty levels deep': { client_payload: deep(15, pem) },
    'client_payload, two hundred levels deep': { client_payload: deep(100, pem) },
    'a member’s name': { client_payload: { [pem]: true } },
    'JSON inside of a text': { client_payload: { data: JSON.stringify({ key: pem }) } },
    'a text with another key': { client_payload: { data: pem + keys.next.privateKey } },
    'words around it': { issue: { body: `Please rotate this:\n\n${pem}\n\nThanks!` } },
    'a fenced block of an issue': {
      issue: { body: `x\n\`\`\`\n${pem}\`\`\`\nand\n\`\`\`\n${stranger.publicKey}\`\`\`` },
    },
  }
  test.each(sample(Object.entries(where), 5))('%s', async (_, event) => {
    const { shop, run } = await stage('generate')
    const before = stored(shop)
    const told = await run({ event, with: { 'private-key': pem } })
    expect(told.outputs['error-code']).toBe('key-exposed')
    expect(stored(shop)).toEqual(before)
    expect(seenIn(told, searchSlotKeys)).toEqual([])
  })

  test.each(['current', 'next', 'app'])('also that of %s-private-key', async (which) => {
    const { shop, run } = await stage('activate', { app: true })
    const stolen =
      which === 'app'
        ? [...shop.repository.environments.values()][0]?.secrets.get('KEYS_APP_PRIVATE_KEY')?.value
        : keys[which as 'current' | 'next'].privateKey
    const before = stored(shop)
    const told = await run({ event: { client_payload: { x: [{ y: stolen }] } } })
    expect(told.outputs['error-code']).toBe('key-exposed')
    expect(stored(shop)).toEqual(before)
  })
})

/** What a person could name a thing, or a server could say. */
const payloads: Readonly<Record<string, string>> = {
  HTML: '<img src=x onerror=alert(1)><script>alert(1)</script><!-- </td></tr></table>',
  links:
    '[a](https://evil.example) ![i](https://evil.example/i.png) <https://evil.example> www.evil.example a@evil.example',
  'workflow commands': 'x\n::error title=forged::forged\n::set-output name=status::activated',
  'a mask command': 'x\r\n::add-mask::the pair\n::stop-commands::x',
  'old commands': 'x ##[error]forged ##[set-output name=status;]activated ##[add-mask]the',
  'a carriage return': 'x\r::error::forged\r##[error]forged',
  'escaped line ends': 'x%0A::error::forged%0D%0A::error::forged\\n::error::forged',
  'code fences': '`` ` ``` ```` </code></pre> ~~~',
  'a table': 'x | y |\n| --- | --- |\n| z | forged | a\\|b \\\\| c\\',
  blocks: 'x\n\n# Forged\n\n> [!CAUTION]\n> forged\n\n- [x] done\n---\n1. one',
  emphasis: '**bold** _it_ ~~gone~~ $x$ [^1] #1 @acme/owners &lt;b&gt; &#60;b&#62;',
  'bidirectional text': 'prod\u202E\u2066txet\u2069 \u200Fx\u061C\u200Bhidden\u{E0041}',
  'escape sequences': 'x\u001B[31mred\u001B[8mhidden\u001B[2K\u0007\u009B31m',
  'line separators': 'x\u2028::error::forged\u2029# Forged\u0085x',
}
const all = Object.values(payloads).join(' ')

/** Tags of a page, without its text: what a text must not change. */
async function skeleton(markdown: string): Promise<string[]> {
  const { text } = await renderSummary(markdown)
  return (text.match(/<\/?(?!code>)[a-z][^>]*>/gi) ?? []).map((tag) =>
    tag.replaceAll(/ (?:id|class|d)="[^"]*"/g, ''),
  )
}

/** Control characters but tab and line end, and what reorders or hides. */
const unseen =
  /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\u{e0000}-\u{e007f}]/u

/** What a run told, without the words. */
const told = (run: ShopRun): object => ({
  annotations: run.annotations.map(({ level, title }) => [level, title]),
  outputs: Object.keys(run.outputs).sort(),
  status: run.outputs.status,
  code: run.outputs['error-code'],
  conclusion: run.conclusion,
  lines: run.log.slice(run.log.indexOf('##[endgroup]')).split('\n').length,
})

/** The same run with plain and with hostile words: only the words differ. */
async function expectOnlyWords(
  play: (words: string) => Promise<ShopRun>,
  words = all,
): Promise<ShopRun> {
  const [before, after] = [await play('plain words'), await play(words)]
  expect(told(after)).toEqual(told(before))
  expect(await skeleton(after.summary)).toEqual(await skeleton(before.summary))
  expect(after.summary).not.toBe('')
  expect(after.summary).not.toMatch(unseen)
  expect(after.log.slice(after.log.indexOf('##[endgroup]'))).not.toMatch(unseen)
  for (const mask of ['the pair', 'the']) expect(after.masks).not.toContain(mask)
  return after
}

const play = async (
  command: Parameters<typeof stage>[0],
  spoil: (staged: Stage) => StepOptions | undefined,
): Promise<ShopRun> => {
  const staged = await stage(command)
  return staged.run(spoil(staged) ?? {})
}

describe('words from elsewhere stay words, in log and summary', () => {
  const environment = (words: string, exists: boolean) =>
    play('generate', ({ shop }) => {
      const name = words.trim().slice(0, 200)
      if (exists) shop.github.addEnvironment(shop.repository, name, { protected: false })
      const branch = words.replaceAll('@', '')
      const workflow = `acme/shop/.github/workflows/x.yml@refs/heads/${branch}`
      return { with: { environment: name }, env: { GITHUB_WORKFLOW_REF: workflow } }
    })
  test('the names of environment, workflow and branch', async () => {
    const run = await expectOnlyWords((words) => environment(words, true))
    expect(run.conclusion).toBe('success')
  })

  test('the name of an environment that does not exist', async () => {
    const run = await expectOnlyWords((words) => environment(words, false))
    expect(run.outputs['error-code']).toBe('environment-not-found')
  })

  test('the name of a run that is still open, and Amazon Pay’s message', async () => {
    const run = await expectOnlyWords((words) =>
      play('retire', ({ shop, previous }) => {
        shop.github.addRun(shop.repository, {
          id: 9,
          name: words,
          status: 'queued',
          created_at: '2026-01-01T00:00:00Z',
        })
        shop.amazonPay.faults.push({
          match: ({ headers }) => headers.authorization?.includes(previous.id) ?? false,
          do: payError(404, 'ResourceNotFound', words),
        })
        return undefined
      }),
    )
    expect(run.outputs['error-code']).toBe('still-accepted')
  })

  test.each(isFull ? Object.entries(payloads) : [['all of them', all] as const])(
    'GitHub’s message: %s',
    async (_, words) => {
      await expectOnlyWords(
        (message) =>
          play('status', ({ shop }) => {
            shop.github.faults.push({
              times: Number.POSITIVE_INFINITY,
              do: { status: 403, body: { message } },
            })
            return undefined
          }),
        words,
      )
    },
  )

  test.each(isFull ? Object.entries(payloads) : [['all of them', all] as const])(
    'Amazon Pay’s message and request id: %s',
    async (_, words) => {
      await expectOnlyWords(
        (message) =>
          play('validate', ({ shop }) => {
            shop.amazonPay.faults.push({
              times: Number.POSITIVE_INFINITY,
              do: payError(403, 'InvalidRequestSignature', message),
            })
            return undefined
          }),
        words,
      )
    },
  )

  test('what a genuine record says of its run', async () => {
    await expectOnlyWords((words) =>
      play('status', ({ shop, current }) => {
        const run = words.slice(0, 480)
        const record = keyRecord(current, 'current', { run })
        shop.github.setVariable(shop.repository, 'AMAZON_PAY_KEY', record)
        return undefined
      }),
    )
  })

  test('a reviewer’s comment', async () => {
    await expectOnlyWords((words) =>
      play('activate', ({ shop }) => {
        shop.github.onRequest = ({ path }, phase) =>
          phase === 'before' && path.endsWith('/approvals')
            ? {
                status: 200,
                body: [
                  {
                    state: 'approved',
                    comment: words,
                    environments: [],
                    user: { login: 'x', id: 1 },
                  },
                ],
              }
            : undefined
        return { with: { 'public-key-id': 'from-approval' } }
      }),
    )
  })

  const texts = [
    'command',
    'repository',
    'environment',
    'organization',
    'visibility',
    'prefix',
    'region',
  ]
  const others = [
    'pay-environment',
    'public-key-id',
    'amazon-pay-check',
    'replace-staged',
    'redeploy',
    'max-age-days',
    'dry-run',
    'public-key',
    'token',
    'app-client-id',
  ]
  test.each(sample([...texts, ...others], 9))('input %s, also of 100 kB', async (input) => {
    for (const words of [all, 'a'.repeat(100_000)]) {
      const run = await play(input === 'public-key' ? 'validate' : 'activate', () => ({
        with: { [input]: words },
      }))
      expect(run.timedOut).toBe(false)
      expect(run.conclusion).toBe('failure')
      expect(run.outputs['error-code']).not.toBe('internal')
      expect(run.annotations.map(({ title }) => title)).not.toContain('forged')
      expect(run.annotations.filter(({ level }) => level === 'error')).toHaveLength(1)
      expect(run.summary).not.toMatch(unseen)
      expect(Buffer.byteLength(run.summary)).toBeLessThan(20_000)
      const tags = (await skeleton(run.summary)).filter((tag) =>
        /^<(?:img|h1|input|script|b)\b/.test(tag),
      )
      expect(tags).toEqual([])
    }
  })

  test('a private key of 100 kB of anything', async () => {
    const parts = ['A', '\\n', '-----BEGIN PRIVATE KEY-----\n', '{"a":', '\\u0041', '"', '%0A']
    for (const part of sample(parts, parts.length)) {
      const text = part.repeat(Math.floor(100_000 / part.length))
      const run = await play('validate', () => ({ with: { 'private-key': text } }))
      expect(run.timedOut).toBe(false)
      expect(run.outputs['error-code']).toMatch(/^key-/)
    }
  })
})

test('the public key that is published is the private key’s, never the one that came beside it', async () => {
  const { run } = await stage('validate')
  const beside = createPublicKey(keys.next.privateKey)
    .export({ type: 'spki', format: 'pem' })
    .toString()
  const run1 = await run({ with: { 'private-key': keys.current.privateKey, 'public-key': beside } })
  expect(run1.outputs['error-code']).toBe('pair-mismatch')
  expect(run1.outputs['public-key'] ?? '').toBe('')
})
