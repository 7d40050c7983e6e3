import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openedFingerprint } from '../../rehearsal/github.ts'
import { renderMarkdown } from '../../rehearsal/page/markdown.ts'
import type { RunOptions, RunResult } from '../../rehearsal/runner.ts'
import { startServer } from '../../rehearsal/server.ts'
import { isLoopback, readAmazonPayUrl, readApiUrl } from '../../src/action/inputs.ts'
import { cell, code, link, table, text } from '../../src/summary/markdown.ts'
import {
  type Key,
  minutesAgo,
  openScene,
  plantStaged,
  recordOf,
  type Scene,
} from '../scenarios/support.ts'
import { makeMaterial } from './cases.ts'

let scene: Scene
const one = makeMaterial()
const { pkcs8: privateKey, publicKey } = one
const key: Key = { privateKey, publicKey, fingerprint: openedFingerprint(publicKey) }
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene.close())
beforeEach(() => scene.reset('acme/shop'))

const shop = () => scene.github.repository('acme/shop')

/** What somebody could name an environment, a branch, a run; or what a server could say. */
const payloads: Record<string, string> = {
  HTML: '<img src=x onerror=alert(1)><script>alert(1)</script><!-- </td></tr></table>',
  links:
    '[a](https://evil.example) ![i](https://evil.example/i.png) <https://evil.example> https://evil.example www.evil.example a@evil.example mailto:a@evil.example',
  'a workflow command': 'x\n::error title=forged::forged\n::set-output name=status::activated',
  'a mask command': 'x\r\n::add-mask::the pair\n::stop-commands::x',
  'an old command': 'x ##[error]forged ##[set-output name=status;]activated ##[add-mask]the',
  'a carriage return': 'x\r::error::forged\r##[error]forged',
  'escaped line ends': 'x%0A::error::forged%0D%0A::error::forged\\n::error::forged',
  'code fences': '`` ` ``` ```` </code></pre> ~~~',
  'a table': 'x | y |\n| --- | --- |\n| z | forged |',
  'pipes and backslashes': 'a\\|b \\\\| c\\',
  blocks: 'x\n\n# Forged\n\n> [!CAUTION]\n> forged\n\n- [x] done\n---\n1. one',
  emphasis: '**bold** _it_ __bold__ ~~gone~~ $x$ ==x== [^1] #1 @acme/owners',
  entities: '&lt;b&gt; &#60;b&#62; &nbsp;&zwj; &#x3C;script&#x3E;',
  'bidirectional text': 'prod\u202E\u2066txet\u2069 \u200Fx\u061C\u200Bhidden\u{E0041}',
  'escape sequences': 'x\u001B[31mred\u001B[8mhidden\u001B[2K\u0007\u009B31m',
  'line separators': 'x\u2028::error::forged\u2029# Forged\u0085x',
}
const all = Object.values(payloads).join(' ')
/** Alone, these might do what they do not in company. */
const chosen: [name: string, words: string][] = [
  ['all of them', all],
  ...Object.entries(payloads).filter(([name]) => /an old command/.test(name)),
]

/** Tags and addresses of a page, without its text: what a text must not change. */
async function skeleton(markdown: string): Promise<string[]> {
  const html = await renderMarkdown(markdown)
  // Where code cannot hold a value it is text: one as harmless as the other.
  return (html.match(/<\/?(?!code>)[a-z][^>]*>/gi) ?? []).map((tag) =>
    tag.replaceAll(/ (?:id|class|d)="[^"]*"/g, ''),
  )
}

/** Control characters but tab and line end, and what reorders or hides. */
const unseen =
  /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\u{e0000}-\u{e007f}]/u

/** What a run told, without the words: counts that somebody else's words must not change. */
const told = (result: RunResult): object => ({
  annotations: result.annotations.map(({ level, title }) => [level, title]),
  outputs: Object.keys(result.outputs).sort(),
  status: result.outputs.status,
  code: result.outputs['error-code'],
  conclusion: result.conclusion,
  lines: result.log.slice(result.log.indexOf('##[endgroup]')).split('\n').length,
})

/** The same story with plain and with hostile words: only the words differ. */
async function expectOnlyWords(
  tell: (words: string) => Promise<RunResult>,
  words: string,
  plain = 'plain words',
): Promise<RunResult> {
  const before = await tell(plain)
  scene.reset('acme/shop')
  const after = await tell(words)
  expect(told(after)).toEqual(told(before))
  expect(await skeleton(after.summaryScrubbed)).toEqual(await skeleton(before.summaryScrubbed))
  expect(await skeleton(after.outputs['exchange-markdown'] ?? '')).toEqual(
    await skeleton(before.outputs['exchange-markdown'] ?? ''),
  )
  expect(after.summary).not.toMatch(unseen)
  expect(after.log.slice(after.log.indexOf('##[endgroup]'))).not.toMatch(unseen)
  expect(after.summary).not.toBe('')
  expect(after.masks).not.toContain('the pair')
  expect(after.masks).not.toContain('the')
  return after
}

describe('words that somebody else chose stay words on the page', () => {
  test.each(Object.entries(payloads))('%s', async (_, words) => {
    const page = (value: string): string =>
      [
        `## Title (${text(value)})`,
        `> **code**: ${text(value)}.`,
        `${code(value)} and ${code(`${value}\``)} and ${link(value, 'https://github.com/')}.`,
        table(
          ['A', 'B'],
          [
            [cell(value), text(value)],
            [cell(`${value}\\`), 'last'],
          ],
        ),
        `- ${text(value)}. Next: ${text(value)}.`,
      ].join('\n\n')
    const [plain, hostile] = [page('plain words'), page(words)]
    expect(await skeleton(hostile)).toEqual(await skeleton(plain))
    expect(hostile).not.toMatch(unseen)
  })

  test('an address is a link only where it is one of the web, and cannot leave it', async () => {
    expect(link('run', 'javascript:alert(1)')).toBe('run')
    expect(link('run', 'data:text/html,x')).toBe('run')
    expect(link('run', ' https://evil.example')).toBe('run')
    const markdown = `| ${link('run', 'https://github.com/a\\>)|<b>\n# x')} | b |\n| --- | --- |`
    const tags = await skeleton(markdown)
    expect(tags.filter((tag) => tag.startsWith('<a'))).toHaveLength(1)
    expect(tags.filter((tag) => tag === '<th>')).toHaveLength(2)
  })
})

describe('names', () => {
  const environments = (name: string) => ({
    command: 'generate',
    environment: name,
    region: 'us',
    artifact: 'false',
  })

  test('of an environment', async () => {
    const result = await expectOnlyWords(async (name) => {
      scene.github.addEnvironment('acme/shop', name.trim(), { protected: false })
      return scene.run(environments(name))
    }, all)
    expect(result.conclusion).toBe('success')
  })

  test('of an environment that is not there', async () => {
    const result = await expectOnlyWords((name) => scene.run(environments(name)), all)
    expect(result.outputs['error-code']).toBe('environment-not-found')
  })

  test('of a workflow and a branch', async () => {
    await expectOnlyWords(
      (name) =>
        scene.run(
          { command: 'generate', region: 'us', artifact: 'false' },
          { env: { GITHUB_WORKFLOW_REF: `acme/shop/.github/workflows/x.yml@refs/heads/${name}` } },
        ),
      all.replaceAll('@', ''),
    )
  })

  test('of a run that is still open', async () => {
    const result = await expectOnlyWords((name) => {
      scene.github.addRun('acme/shop', {
        id: 9,
        name,
        status: 'queued',
        created_at: minutesAgo(600),
      })
      return retire()
    }, all)
    expect(result.outputs['error-code']).toBe('still-accepted')
    expect(result.summary).toContain('(<https://github.com/acme/shop/actions/runs/9>)')
  })
})

/** A retire of a key that Amazon still accepts, with a page full of what was found. */
function retire(): Promise<RunResult> {
  const { github, amazonPay } = scene
  const exchange = { region: 'us', view: 'sandbox', publicKey: key.publicKey, name: 'x' } as const
  const id = amazonPay.exchange(exchange)
  const record = recordOf(key, { publicKeyId: id, region: 'us', payEnvironment: 'sandbox' })
  const other = recordOf(otherKey(), { activatedAt: minutesAgo(60), region: 'us' })
  github.setVariable(shop(), 'AMAZON_PAY_KEY', JSON.stringify(other))
  github.setVariable(shop(), 'AMAZON_PAY_KEY_PREVIOUS', JSON.stringify(record))
  github.setSecret(shop(), 'AMAZON_PAY_PRIVATE_KEY_PREVIOUS', key.privateKey)
  return scene.run({ command: 'retire', 'previous-private-key': key.privateKey })
}

const otherKey = (): Key => {
  const publicKey = execFileSync(process.execPath, [
    '-e',
    `console.log(require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }))`,
  ])
    .toString()
    .replace(/\n\n$/, '\n')
  return { privateKey: '', publicKey, fingerprint: openedFingerprint(publicKey) }
}

describe('answers', () => {
  const status = (message: string): Promise<RunResult> => {
    scene.github.faults.push({
      times: Number.POSITIVE_INFINITY,
      do: { status: 403, body: { message } },
    })
    return scene.run({ command: 'status' })
  }

  test.each(chosen)('of GitHub: %s', async (_, words) => {
    await expectOnlyWords(status, words)
  })

  test('of GitHub, very long', async () => {
    const result = await status('long '.repeat(100_000))
    expect(result.summary.length).toBeLessThan(5000)
    expect(result.annotations).toHaveLength(1)
  })

  test('of GitHub without end', async () => {
    scene.github.faults.push({ match: { path: /secrets$/ }, do: 'enormous' })
    const result = await scene.run({ command: 'status' })
    expect(result.outputs['error-code']).toBe('github-unavailable')
  })

  const validate = (body: unknown, headers = {}, code = 403): Promise<RunResult> => {
    scene.amazonPay.faults.push({
      times: Number.POSITIVE_INFINITY,
      do: { status: code, body, headers },
    })
    return scene.run({
      command: 'validate',
      region: 'us',
      'private-key': key.privateKey,
      'public-key-id': 'SANDBOX-AAAAAAAAAAAAAAAAAAAAAAAA',
    })
  }

  test.each(chosen)('of Amazon Pay: %s', async (_, message) => {
    await expectOnlyWords(
      (message) => validate({ reasonCode: 'UnauthorizedAccess', message }),
      message,
    )
  })

  test.each([
    ['a reason that is no word', { reasonCode: all, message: 'x' }, {}],
    ['a reason without end', { reasonCode: 'A'.repeat(50_000), message: 'x' }, {}],
    ['HTML', '<html><script>alert(1)</script>::error::x</html>', { 'content-type': 'text/html' }],
    ['a list', [], {}],
    ['nothing', null, {}],
    ['numbers', { reasonCode: 7, message: { toString: 'x' } }, {}],
    ['a prototype', '{"__proto__":{"reasonCode":"ResourceNotFound"}}', {}],
  ])('of Amazon Pay that say nothing: %s', async (_, body, headers) => {
    const result = await validate(body, headers)
    expect(result.outputs['amazon-pay']).toBe('undecided')
    expect(result.conclusion).toBe('success')
    expect(result.summary.length).toBeLessThan(20_000)
    expect(result.log).not.toMatch(/forged\n##|alert\(1\)/)
  })

  test('of Amazon Pay, very long', async () => {
    const result = await validate(
      { reasonCode: 'UnauthorizedAccess', message: 'long '.repeat(12_000) },
      { 'x-amz-pay-request-id': 'x'.repeat(8000) },
    )
    expect(result.outputs['error-code']).toBe('amazon-pay-rejected')
    expect(Buffer.byteLength(result.summary)).toBeLessThan(200_000)
  })

  test('of Amazon Pay without end', async () => {
    const result = await validate(undefined, {}, 200)
    expect(result.outputs['amazon-pay']).toBe('undecided')
    scene.amazonPay.faults.length = 0
    scene.amazonPay.faults.push({ times: Number.POSITIVE_INFINITY, do: 'enormous' })
    const endless = await scene.run({
      command: 'validate',
      region: 'us',
      'private-key': key.privateKey,
      'public-key-id': 'SANDBOX-AAAAAAAAAAAAAAAAAAAAAAAA',
    })
    expect(endless.outputs['amazon-pay']).toBe('undecided')
  })
})

describe('key records, which anybody with write access may change', () => {
  const status = (more: Record<string, unknown>): Promise<RunResult> => {
    for (const slot of ['', '_PREVIOUS']) {
      scene.github.setVariable(shop(), `AMAZON_PAY_KEY${slot}`, JSON.stringify(recordOf(key, more)))
    }
    plantStaged(scene, shop(), key, more)
    return scene.run({ command: 'status' })
  }

  test.each(chosen)('with a run that is none: %s', async (_, words) => {
    await expectOnlyWords((run) => status({ run }), words.slice(0, 500))
  })

  test.each([
    ['another place', 'https://evil.example/acme/shop/actions/runs/1'],
    ['a place that begins the same', 'https://github.com.evil.example/acme/shop'],
    ['a user', 'https://github.com@evil.example/'],
    ['a script', 'javascript:alert(1)'],
  ])('with a run at %s, which is no link', async (_, run) => {
    const { summary, conclusion } = await status({ run })
    expect(conclusion).toBe('success')
    expect(summary).not.toContain('evil.example')
    expect(summary).not.toContain('javascript:')
  })

  test('with a run at this GitHub, which is one and stays inside', async () => {
    const plain = await status({ run: 'https://github.com/acme/shop/actions/runs/1' })
    scene.reset('acme/shop')
    const run = 'https://github.com/x\\>) | <b>forged</b> \n# Forged `'
    const hostile = await status({ run })
    const shape = async ({ summary }: RunResult): Promise<string[]> =>
      (await skeleton(summary)).map((tag) =>
        tag.replace(/href="https:\/\/github.com\/[^"]*"/, 'href'),
      )
    expect(await shape(hostile)).toEqual(await shape(plain))
  })

  test('with words around the public key, which nobody gets to see', async () => {
    const result = await status({
      publicKey: `${key.publicKey}${all}\n-----BEGIN PUBLIC KEY-----\nforged\n-----END PUBLIC KEY-----\n`,
    })
    expect(result.conclusion).toBe('success')
    expect(result.outputs['public-key']).toBe(key.publicKey)
    expect(JSON.stringify([result.outputs, result.summary, result.log])).not.toMatch(/forged|evil/)
  })

  test.each([
    ['a Public Key ID that is none', { publicKeyId: '` <b>forged</b>' }],
    ['another key', { publicKey: key?.publicKey.replace('MII', 'MIJ') ?? '' }],
    ['a private key', { publicKey: 'private' }],
    ['a run without end', { run: `https://github.com/${'x'.repeat(1000)}` }],
    ['a time that is none', { madeAt: '2026-13-45T99:00:00Z <b>' }],
    ['a region that is none', { region: '__proto__' }],
    ['another version', { version: '1' }],
  ])('with %s, which is refused', async (_, more) => {
    const publicKey =
      'publicKey' in more && more.publicKey === 'private' ? { publicKey: key.privateKey } : {}
    const result = await status({ ...more, ...publicKey })
    expect(result.outputs['error-code']).toBe('record-unreadable')
    expect(result.summary).not.toMatch(/<b>|xxxx/)
    expect(result.outputs['public-key']).toBeUndefined()
  })

  test('with members that nobody knows, which are kept and not shown', async () => {
    const more = { note: all, huge: 'x'.repeat(30_000), __proto__: { a: 1 }, toJSON: 'x' }
    const result = await status(more)
    expect(result.conclusion).toBe('success')
    expect(JSON.stringify([result.outputs, result.summary])).not.toMatch(/xxxx|evil/)
  })

  test('that are no records', async () => {
    for (const value of ['', 'null', '[]', '"x"', '{', '<b>', '{"version":1}', all.slice(0, 900)]) {
      scene.github.setVariable(shop(), 'AMAZON_PAY_KEY', value)
      const result = await scene.run({ command: 'status' })
      expect(result.outputs['error-code']).toBe('record-unreadable')
    }
  })
})

describe('inputs', () => {
  test.each([
    'command',
    'repository',
    'environment',
    'organization',
    'visibility',
    'prefix',
    'region',
    'pay-environment',
    'public-key-id',
    'amazon-pay-check',
    'keep-previous',
    'replace-staged',
    'max-age-days',
    'artifact',
    'retention-days',
    'dry-run',
  ])('%s', async (name) => {
    const check = async (words: string): Promise<void> => {
      const inputs = { command: 'activate', 'private-key': key.privateKey, [name]: words }
      const result = await scene.run(inputs)
      const { 'error-code': code = '' } = result.outputs
      expect(result.conclusion).toBe('failure')
      expect(code).toMatch(
        /^(input-invalid|public-key-id-invalid|environment-not-found|target-not-found)$/,
      )
      expect(result.annotations.map(({ title }) => title)).not.toContain('forged')
      expect(result.annotations.filter(({ level }) => level === 'error')).toHaveLength(1)
      expect(Object.keys(result.outputs)).not.toContain('forged')
      const tags = await skeleton(result.summary)
      expect(tags.filter((tag) => /^<(?:a|img|h1|input|script|b)\b/.test(tag))).toEqual([])
    }
    await Promise.all([all, 'a'.repeat(100_000)].map(check))
  })

  test('a private key as large as an input can be is refused in time', async () => {
    const parts = ['A', ' ', '\\n', '-----BEGIN PRIVATE KEY-----\n', '{"a":', '\\u0041', '"']
    const results = await Promise.all(
      parts.map((part) =>
        scene.run({
          command: 'validate',
          'private-key': part.repeat(Math.floor(120_000 / part.length)),
        }),
      ),
    )
    for (const { duration, outputs } of results) {
      expect(outputs['error-code']).toMatch(/^key-/)
      expect(duration).toBeLessThan(20_000)
    }
  })
})

describe('public-key as the path of a file', () => {
  let workspace: string
  let temp: string
  let outside: string
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'hostile-'))
    ;[workspace, temp, outside] = ['work/space', 'temp', 'outside'].map((name) => {
      const path = join(root, name)
      mkdirSync(path, { recursive: true })
      return path
    }) as [string, string, string]
    writeFileSync(join(workspace, 'key.pub'), one.publicKey)
    writeFileSync(join(workspace, '..key.pub'), one.publicKey)
    writeFileSync(join(outside, 'key.pub'), one.publicKey)
    mkdirSync(`${workspace}-beside`)
    writeFileSync(join(`${workspace}-beside`, 'key.pub'), one.publicKey)
    symlinkSync(join(workspace, 'key.pub'), join(workspace, 'inside.pub'))
    symlinkSync(join(outside, 'key.pub'), join(workspace, 'out.pub'))
    symlinkSync(outside, join(workspace, 'out'))
    symlinkSync('/dev/zero', join(workspace, 'zero'))
    symlinkSync('loop', join(workspace, 'loop'))
    execFileSync('mkfifo', [join(workspace, 'fifo')])
    // Behind a link, in the one folder that the rehearsal does not read afterwards.
    const giant = join(temp, '_runner_file_commands/giant')
    mkdirSync(join(temp, '_runner_file_commands'))
    writeFileSync(giant, '')
    truncateSync(giant, 8 * 2 ** 30)
    symlinkSync(giant, join(workspace, 'giant'))
    writeFileSync(join(workspace, 'lines'), `${'a line of some length\n'.repeat(45_000)}`)
  })
  afterAll(() => rmSync(root, { recursive: true }))

  const read = (path: string): Promise<RunResult> =>
    scene.run({ command: 'validate', 'public-key': path }, { workspace, temp } as RunOptions)

  test.each([
    ['in the workspace', () => 'key.pub'],
    ['by its whole path', () => join(workspace, 'key.pub')],
    ['by a way around', () => '../space/./key.pub'],
    ['by a link inside', () => 'inside.pub'],
    ['by a name that begins with dots', () => '..key.pub'],
  ])('%s it is read', async (_, path) => {
    const { outputs } = await read(path())
    expect(outputs).toMatchObject({ status: 'valid', fingerprint: key.fingerprint })
  })

  test.each([
    ['above the workspace', () => '../../outside/key.pub'],
    ['beside it, with a name that begins the same', () => '../space-beside/key.pub'],
    ['elsewhere', () => join(outside, 'key.pub')],
    ['behind a link', () => 'out.pub'],
    ['behind a link to a folder', () => 'out/key.pub'],
    ['a device behind a link', () => 'zero'],
    ['a device', () => '/dev/stdin'],
    ['another process', () => '/proc/self/environ'],
    ['passwords', () => '/etc/passwd'],
    ['the workspace itself', () => '.'],
    ['a folder', () => workspace],
    ['a link to itself', () => 'loop'],
    ['a pipe', () => 'fifo'],
    ['eight gigabytes', () => 'giant'],
    ['an address', () => 'file:///etc/passwd'],
    ['a web address', () => 'https://evil.example/key.pub'],
    ['home', () => '~/.ssh/id_rsa.pub'],
    ['encoded', () => '..%2f..%2foutside%2fkey.pub'],
    ['backslashes', () => '..\\..\\outside\\key.pub'],
    ['with a command', () => 'x##[error]forged'],
  ])('%s it is refused', async (_, path) => {
    const { outputs, duration, log, annotations } = await read(path())
    expect(outputs['error-code']).toBe('input-invalid')
    expect(duration).toBeLessThan(20_000)
    expect(log).not.toContain('root:')
    expect(annotations.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  test('a megabyte of lines is refused in time', async () => {
    const { outputs, duration } = await read('lines')
    expect(outputs['error-code']).toBe('key-unreadable')
    expect(duration).toBeLessThan(20_000)
  })
})

describe('addresses', () => {
  const plainHttp = [
    'http://api.github.com',
    'http://127.0.0.1.evil.example',
    'http://127.0.0.1@evil.example',
    'http://127.0.0.1:80@evil.example:80',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'http://evil.example#127.0.0.1',
    'http://evil.example?127.0.0.1',
    'http://evil.example\\@127.0.0.1.evil.example',
    'http://[::ffff:127.0.0.1]',
    'http://[::127.0.0.1]',
    'http://0.0.0.0',
    'http://0',
    'http://[::]',
    'http://128.0.0.1',
    'http://10.127.0.0.1.nip.io',
    'http://169.254.169.254',
    'http://2852039166',
    'http://0x7f000001.evil.example',
    'http://１２７.0.0.1.evil.example',
    'http://localhost。evil.example',
    'ftp://127.0.0.1',
    'file:///etc/passwd',
    'data:text/plain,127.0.0.1',
    'javascript:127.0.0.1',
    '//127.0.0.1',
    '127.0.0.1',
    'http://',
    '',
    'x',
  ]
  test.each(plainHttp)('%s is no loopback address', (url) => {
    expect(() => readApiUrl('GITHUB_API_URL', url)).toThrow('GITHUB_API_URL is not an https')
    if (url !== '') expect(() => readAmazonPayUrl(url)).toThrow('AMAZON_PAY_API_URL')
  })

  test.each([
    'http://127.0.0.1:1234',
    'http://127.1',
    'http://2130706433',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://127.255.255.254',
    'http://[::1]:8080',
    'http://localhost',
    'http://LOCALHOST:3000/api/v3',
    'http://evil.example@127.0.0.1',
  ])('%s leads to this machine, in whatever spelling', (url) => {
    expect(isLoopback(readApiUrl('GITHUB_API_URL', url))).toBe(true)
    expect(readAmazonPayUrl(url)?.hostname).toMatch(/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/)
  })

  test('Amazon Pay is replaced on loopback only, GitHub by any https: address', () => {
    expect(() => readAmazonPayUrl('https://pay-api.amazon.com.evil.example')).toThrow()
    expect(readApiUrl('GITHUB_API_URL', 'https://github.acme.example/api/v3').hostname).toBe(
      'github.acme.example',
    )
    expect(readAmazonPayUrl(undefined)).toBeNull()
  })

  test.each([
    ['GITHUB_API_URL', 'http://github.evil.example'],
    ['AMAZON_PAY_API_URL', 'https://evil.example'],
  ])('a refused %s ends the step before any request', async (name, url) => {
    const result = await scene.run({ command: 'status' }, { env: { [name]: url } })
    expect(result.outputs['error-code']).toBe('input-invalid')
    expect(result.annotations[0]?.message).toContain(name)
    expect(scene.github.requests).toEqual([])
  })

  test('with a stand-in for Amazon Pay nothing is promoted on a real GitHub', async () => {
    for (const command of ['activate', 'retire']) {
      const result = await scene.run(
        { command, 'private-key': key.privateKey },
        { env: { GITHUB_API_URL: 'https://api.github.example' } },
      )
      expect(result.outputs['error-code']).toBe('input-invalid')
    }
  })
})

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('a %s to another host is not followed', async (status) => {
    const elsewhere = await startServer(() => ({ status: 200, body: {} }))
    const redirect = `${elsewhere.url.replace('127.0.0.1', 'localhost')}/repos/acme/shop`
    scene.github.faults.push({ times: Number.POSITIVE_INFINITY, do: { redirect, status } })
    scene.amazonPay.faults.push({ times: Number.POSITIVE_INFINITY, do: { redirect, status } })
    const results = await Promise.all([
      scene.run({ command: 'status' }),
      scene.run({ command: 'generate', 'private-key': key.privateKey }),
      scene.run({
        command: 'validate',
        region: 'us',
        'private-key': key.privateKey,
        'public-key-id': 'SANDBOX-AAAAAAAAAAAAAAAAAAAAAAAA',
      }),
    ])
    await elsewhere.close()
    expect(results.map(({ outputs }) => outputs['error-code'])).toEqual([
      'target-not-found',
      'target-not-found',
      'amazon-pay-undecided',
    ])
    expect(elsewhere.requests).toEqual([])
  })

  test('the artifact client follows them without the token of the job', async () => {
    const elsewhere = await startServer(() => ({ status: 200, body: {} }))
    const redirect = `${elsewhere.url.replace('127.0.0.1', 'localhost')}/twirp`
    scene.github.faults.push({
      match: { path: /^\/twirp/ },
      times: Number.POSITIVE_INFINITY,
      do: { redirect },
    })
    const result = await scene.run({ command: 'generate' })
    await elsewhere.close()
    expect(result.outputs).toMatchObject({ status: 'staged', 'error-code': 'artifact-failed' })
    expect(elsewhere.requests.length).toBeGreaterThan(0)
    expect(elsewhere.requests.filter(({ headers }) => headers.authorization)).toEqual([])
  })

  test('and with it to where it belongs', async () => {
    await scene.run({ command: 'generate' })
    const sent = scene.github.requests.filter(({ path }) => path.startsWith('/twirp'))
    expect(sent.length).toBeGreaterThan(0)
    expect(sent.every(({ headers }) => headers.authorization?.startsWith('Bearer '))).toBe(true)
  })
})

test('a summary that cannot be written is no failure of what was done', async () => {
  const result = await scene.run(
    { command: 'generate', artifact: 'false' },
    { env: { GITHUB_STEP_SUMMARY: '/nowhere/summary' } },
  )
  expect(result).toMatchObject({ conclusion: 'success', outputs: { status: 'staged' } })
  expect(result.annotations.map(({ message }) => message)).toContain(
    'the job summary could not be written',
  )
})
