import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { readOpenSsh } from '../../src/adapters/sshpk.ts'
import { importPrivateKey } from '../../src/domain/key-import/import.ts'
import { derOf, KeyWorkshop, passphrase } from '../domain/key-import/workshop.ts'

// Commands in hints that need more than openssl and ssh-keygen: each is run on the very file that it is printed for.

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

const legacy = `-provider legacy -provider default -passout pass:${passphrase}`
const hex = (of: Buffer) => of.toString('hex')

interface Hint {
  /** The text that is refused, and under which name it is a file. */
  readonly make: (w: KeyWorkshop) => string | Buffer
  readonly file: string
  /** The beginning of the command. */
  readonly command: string
  /** Reads what the command left or printed as PEM. */
  readonly reader: string
}

const hints: Record<string, Hint> = {
  'a PuTTY file': {
    make: (w) =>
      w.text(
        'key.ppk',
        `cp key.pem putty.pem; chmod 600 putty.pem; ssh-keygen -q -p -f putty.pem -P '' -N ''; puttygen putty.pem -o key.ppk -O private`,
      ),
    file: 'key.ppk',
    command: 'puttygen',
    reader: 'openssl pkey -in privateKey.pem',
  },
  'a gzip': {
    make: (w) => gzipSync(w.pkcs8()),
    file: 'FILE.gz',
    command: 'gunzip',
    reader: 'cat FILE',
  },
  'a tar in a gzip': {
    make: (w) => w.file('made.tar.gz', 'cp key.pem tarred.pem; tar -czf made.tar.gz tarred.pem'),
    file: 'FILE.tar.gz',
    command: 'tar',
    reader: 'cat tarred.pem',
  },
  'a ZIP': {
    make: (w) =>
      w.file(
        'made.zip',
        'cp key.pem zipped.pem; python3 -m zipfile -c made.zip zipped.pem; rm zipped.pem',
      ),
    file: 'FILE.zip',
    command: 'unzip',
    reader: 'cat zipped.pem',
  },
  'hex of DER': {
    make: (w) => hex(derOf(w.pkcs8())),
    file: 'hex.txt',
    command: 'sed',
    reader: 'openssl pkey -inform DER',
  },
  'hex of PEM': {
    make: (w) => hex(Buffer.from(w.pkcs8())),
    file: 'hex.txt',
    command: 'sed',
    reader: 'cat',
  },
  'hex with colons': {
    make: (w) => hex(derOf(w.pkcs8())).replace(/..(?=.)/g, '$&:'),
    file: 'hex.txt',
    command: 'sed',
    reader: 'openssl pkey -inform DER',
  },
  'hex with \\x': {
    make: (w) => hex(derOf(w.pkcs8())).replace(/../g, '\\x$&'),
    file: 'hex.txt',
    command: 'sed',
    reader: 'openssl pkey -inform DER',
  },
  'percent encoding': {
    make: (w) => encodeURIComponent(w.pkcs8()),
    file: 'stdin',
    command: 'python3',
    reader: 'openssl pkey',
  },
  'percent encoding that leaves + alone': {
    make: (w) =>
      w
        .pkcs8()
        .replace(/-----[^-]+-----\n/g, '')
        .replaceAll('\n', '%0A'),
    file: 'stdin',
    command: 'python3',
    reader: 'openssl base64 -d | openssl pkey -inform DER',
  },
  'percent encoding of a form': {
    make: (w) => new URLSearchParams({ k: w.pkcs8() }).toString().slice(2),
    file: 'stdin',
    command: 'python3',
    reader: 'openssl pkey',
  },
  'PKCS#8 encrypted with DES': {
    make: (w) =>
      w.text(
        'des8.pem',
        `openssl pkcs8 -topk8 -in key.pem -v1 PBE-MD5-DES ${legacy} -out des8.pem`,
      ),
    file: 'privateKey.pem',
    command: 'openssl',
    reader: 'cat plain.pem',
  },
  'PKCS#8 encrypted with RC2': {
    make: (w) =>
      w.text('rc2.pem', `openssl pkcs8 -topk8 -in key.pem -v2 rc2 ${legacy} -out rc2.pem`),
    file: 'privateKey.pem',
    command: 'openssl',
    reader: 'cat plain.pem',
  },
  'PKCS#1 encrypted with DES': {
    make: (w) =>
      w.text('des1.pem', `openssl rsa -in key.pem -traditional -des ${legacy} -out des1.pem`),
    file: 'privateKey.pem',
    command: 'openssl',
    reader: 'cat plain.pem',
  },
  'PBKDF2 of two million iterations': {
    make: (w) => w.encryptedPkcs8('-iter 2000000'),
    file: 'privateKey.pem',
    command: 'openssl',
    reader: 'cat plain.pem',
  },
  "scrypt's work": {
    make: (w) => w.encryptedPkcs8('-scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 300'),
    file: 'privateKey.pem',
    command: 'openssl',
    reader: 'cat plain.pem',
  },
  'OpenSSH with another cipher': {
    make: (w) => w.encryptedOpenSsh('chacha20-poly1305@openssh.com'),
    file: 'privateKey.pem',
    command: 'ssh-keygen',
    reader: 'cat privateKey.pem',
  },
  'OpenSSH of 100 rounds': {
    make: (w) => w.encryptedOpenSsh('aes256-ctr', 100),
    file: 'privateKey.pem',
    command: 'ssh-keygen',
    reader: 'cat privateKey.pem',
  },
}

test.each(Object.entries(hints))('the command for %s gives the key', async (_, hint) => {
  const pem = workshop.pkcs8()
  const text = hint.make(workshop)
  const printed = await hintFor(text)
  const command = commandsIn(printed).find((each) => each.startsWith(hint.command)) ?? ''
  workshop.shell('rm -f FILE FILE.* privateKey.pem plain.pem')
  workshop.write(hint.file, text)
  // As on the system where the key was generated: ssh-keygen ignores a key file that others may read.
  workshop.shell(`chmod 600 ${hint.file}`)
  const input = hint.file === 'stdin' ? `< ${hint.file}` : ''
  // Without a terminal, openssl and ssh-keygen ask for the passphrase on standard input.
  const { stdout } = spawnSync(
    'setsid',
    [
      'bash',
      '-c',
      `set -o pipefail; { ${command} ${input}; } | { cat > printed; cat printed | ${hint.reader}; }`,
    ],
    {
      cwd: workshop.folder,
      input: `${passphrase}\n`,
      encoding: 'utf8',
      env: { ...process.env, SSH_ASKPASS_REQUIRE: 'never' },
    },
  )
  expect(command).not.toBe('')
  expect(stdout).toContain(pem.trim())
})

test('the expression for a JWK gives the key', async () => {
  const jwk = createPrivateKey(workshop.pkcs8()).export({ format: 'jwk' })
  const expression =
    commandsIn(await hintFor(JSON.stringify(jwk))).find((each) => each.startsWith('crypto.')) ?? ''
  const crypto = await import('node:crypto')
  expect(runInNewContext(expression, { crypto, jwk })).toBe(workshop.pkcs8())
})

function commandsIn(hint: string): string[] {
  return [...hint.matchAll(/`([^`]*)`/g)].map((match) => match[1] ?? '')
}

async function hintFor(text: string | Buffer): Promise<string> {
  const problem = await importPrivateKey(text, { passphrase, readOpenSsh }).catch(
    (error: unknown) => error,
  )
  return (problem as { hint: string }).hint
}
