import { execFileSync, spawnSync } from 'node:child_process'
import { constants, createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { fingerprint } from '../src/domain/key/fingerprint.ts'
import { blocks, read } from './documents.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
let folder = ''

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'snippets-')))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

function has(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Runs a script as GitHub does. Fails when one of its commands fails. */
function shell(script: string, env: NodeJS.ProcessEnv = {}): string {
  return execFileSync('bash', ['-eo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The first block in a language below a heading. */
function below(document: string, heading: string, language: string): string {
  const start = read(document).split('\n').indexOf(heading) + 1
  const found = blocks(document, language).find(({ line }) => line > start)
  if (start === 0 || !found) throw new Error(`${document} has no ${language} below ${heading}`)
  return found.text
}

const file = (name: string): string => readFileSync(join(folder, name), 'utf8')
const withOpenssl = (): string =>
  below('docs/by-hand.md', '## Linux, macOS, Git Bash: openssl', 'sh')

describe('docs/by-hand.md', () => {
  const withSshKeygen = (): string =>
    below('docs/by-hand.md', '## Windows, or without openssl: ssh-keygen', 'bat').replace(
      /^del /m,
      'rm ',
    )
  const check = (): string => below('docs/by-hand.md', '## Check it', 'sh')

  test.each([
    ['openssl', withOpenssl],
    ['ssh-keygen', withSshKeygen],
  ])('makes a pair with %s, in the formats that it promises, and checks it', (_, commands) => {
    shell(commands())
    const key = createPrivateKey(file('privateKey.pem'))
    expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n })
    expect(file('privateKey.pem')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(file('publicKey.pub')).toBe(createPublicKey(key).export({ type: 'spki', format: 'pem' }))
    const [first, second] = shell(check()).trim().split('\n')
    expect(first).toMatch(/[0-9a-f]{64}$/)
    expect(second).toBe(first)
  })

  test('converts PKCS#1 with openssl', () => {
    const convert = below('docs/by-hand.md', '## Convert it', 'sh')
    shell(`openssl genrsa -traditional -out privateKey.pem 2048 && ${convert}`)
    expect(file('privateKey.pem')).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/)
    expect(file('pkcs8.pem')).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  })

  test('converts an OpenSSH key with ssh-keygen', () => {
    const convert = below('docs/by-hand.md', 'From an OpenSSH key, in place:', 'sh')
    shell(`ssh-keygen -q -t rsa -b 2048 -N '' -f privateKey.pem`)
    expect(file('privateKey.pem')).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/)
    shell(convert)
    expect(file('privateKey.pem')).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  })
})

test.each([
  ['public', 'This prints the fingerprint of a public key file as the summary shows it:'],
  ['private', 'And of a private key file:'],
])('docs/security.md computes the fingerprint of a %s key file', (_, line) => {
  shell(withOpenssl())
  const expected = fingerprint(createPublicKey(file('publicKey.pub')))
  expect(shell(below('docs/security.md', line, 'sh'))).toBe(`${expected}\n`)
})

describe('the issue of docs/rotation.md', () => {
  const heading = '## Open an issue when something is due'
  const [step] = parse(below('docs/rotation.md', heading, 'yaml'))

  /** What the script asks gh to do, with an issue that is open already or none. */
  function calls(outputs: NodeJS.ProcessEnv, open: string): string[] {
    const gh = join(folder, 'gh')
    writeFileSync(gh, '#!/bin/sh\necho "$@" >> calls\n[ "$2" = list ] && echo "$OPEN" || true\n')
    chmodSync(gh, 0o755)
    const nothing = { CODE: '', STAGED: '', PREVIOUS: '', DUE: 'false', RUN: 'the run' }
    const PATH = `${folder}:${process.env.PATH}`
    shell(step.run, { ...nothing, ...outputs, OPEN: open, PATH })
    return file('calls').trimEnd().split('\n').slice(1)
  }

  test.each([
    ['an error', { CODE: 'change-unfinished' }, 'change-unfinished'],
    ['a staged key', { STAGED: '2026-11-01T00:00:00Z' }, 'staged since 2026-11-01T00:00:00Z'],
    ['a previous key', { PREVIOUS: '2026-11-01T00:00:00Z' }, 'previous key still exists'],
    ['a key that is due', { DUE: 'true' }, 'due for rotation'],
  ])('is opened for %s, and renamed while it is open', (_, outputs, words) => {
    expect(calls(outputs, '').join('\n')).toMatch(new RegExp(`issue create --title .*${words}`))
    rmSync(join(folder, 'calls'))
    expect(calls(outputs, '7').join('\n')).toMatch(new RegExp(`issue edit 7 --title .*${words}`))
  })

  test('is closed when nothing is due, and not opened', () => {
    expect(calls({}, '7')).toEqual(['issue close 7 --comment Nothing is due: the run'])
    rmSync(join(folder, 'calls'))
    expect(calls({}, '')).toEqual([])
  })
})

describe('docs/using-the-pair.md', () => {
  const document = 'docs/using-the-pair.md'
  const pair = (): NodeJS.ProcessEnv => {
    shell(withOpenssl())
    return {
      AMAZON_PAY_PUBLIC_KEY_ID: 'LIVE-AEXAMPLEEXAMPLEEXAMPLEAA',
      AMAZON_PAY_PRIVATE_KEY: file('privateKey.pem'),
    }
  }
  const accepted = (signed: string, signature: string): boolean =>
    verify(
      'sha256',
      Buffer.from(signed),
      {
        key: createPublicKey(file('publicKey.pub')),
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: 32,
      },
      Buffer.from(signature.trim(), 'base64'),
    )
  const digest = createHash('sha256').update('{}').digest('hex')
  const buttonString = `AMZN-PAY-RSASSA-PSS-V2\n${digest}`

  test('signs with Amazon’s SDK for Node.js', () => {
    const script = `${below(document, '## Node.js', 'js')}
      process.stdout.write(client.generateButtonSignature('{}'))`
    const env = { ...process.env, ...pair() }
    const args = ['--input-type=commonjs', '-e', script]
    const signature = execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })
    expect(accepted(buttonString, signature)).toBe(true)
  })

  // What a machine does not have cannot run: these are skipped there, and run by scripts/witnesses.ts.
  const python = has('python3', '-c', 'import cryptography')
  ;(python ? test : test.skip)('signs in Python', () => {
    const script = `${below(document, '## Python', 'python')}\nprint(sign(${JSON.stringify(buttonString)}))`
    writeFileSync(join(folder, 'sign.py'), script)
    expect(accepted(buttonString, shell('python3 sign.py', pair()))).toBe(true)
  })

  const sdk = process.env.AMAZON_PAY_JAVA_SDK ?? ''
  ;(existsSync(sdk) && has('javac', '-version') ? test : test.skip)('compiles in Java', () => {
    writeFileSync(join(folder, 'Shop.java'), below(document, '## Java', 'java'))
    expect(shell(`javac -cp '${sdk}/*' Shop.java 2>&1`)).toBe('')
  })

  const csharp = has('python3', '-c', 'import tree_sitter, tree_sitter_c_sharp')
  ;(csharp ? test : test.skip)('is C# without a syntax error', () => {
    writeFileSync(
      join(folder, 'parse.py'),
      `import sys
from tree_sitter import Language, Parser
import tree_sitter_c_sharp
tree = Parser(Language(tree_sitter_c_sharp.language())).parse(sys.stdin.buffer.read())
print(tree.root_node.has_error, tree.root_node.named_child_count)`,
    )
    const parse = (code: string): string =>
      execFileSync('python3', [join(folder, 'parse.py')], { input: code, encoding: 'utf8' }).trim()
    const example = below(document, '## .NET', 'csharp')
    expect(parse(example)).toBe('False 4')
    expect(parse(example.replace(');', ';'))).toMatch(/^True/)
  })

  ;(has('php', '--version') ? test : test.skip)('is valid PHP', () => {
    writeFileSync(join(folder, 'shop.php'), below(document, '## PHP', 'php'))
    expect(shell('php -l shop.php')).toContain('No syntax errors')
  })

  ;(has('jq', '--version') ? test : test.skip)('writes both parts into one value', () => {
    const env: NodeJS.ProcessEnv = { ...pair(), RUNNER_TEMP: folder }
    shell(below(document, '## Deploy outside GitHub', 'sh'), env)
    expect(JSON.parse(file('pair.json'))).toEqual({
      publicKeyId: env.AMAZON_PAY_PUBLIC_KEY_ID,
      privateKey: env.AMAZON_PAY_PRIVATE_KEY,
    })
  })
})

test('the release shows a command that moves the major tag', () => {
  const { jobs } = parse(read('.github/workflows/release.yml'))
  const steps: { name?: string; run?: string }[] = jobs.release.steps
  const { run = '' } = steps.find(({ name }) => name === 'Show how to move the major tag') ?? {}
  const git = 'git -c user.name=one -c user.email=one@example.com -c init.defaultBranch=main'
  mkdirSync(join(folder, 'clone'))
  const commit = shell(`${git} init -q --bare origin.git
    cd clone && ${git} init -q && git remote add origin ../origin.git
    ${git} commit -q --allow-empty -m one && git tag v1 && git push -q origin v1
    ${git} commit -q --allow-empty -m two && git tag v1.2.3 && git push -q origin v1.2.3
    git rev-parse HEAD`).trim()
  const summary = join(folder, 'summary.md')
  shell(run, { GITHUB_REF_NAME: 'v1.2.3', GITHUB_SHA: commit, GITHUB_STEP_SUMMARY: summary })
  const [, commands = ''] = /```sh\n(.*?)```/s.exec(file('summary.md')) ?? []
  shell(`cd clone && ${commands}`)
  expect(shell('git -C origin.git rev-parse v1').trim()).toBe(commit)
})
