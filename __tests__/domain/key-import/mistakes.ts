import { createPrivateKey } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { ProblemCode } from '../../../src/domain/problem.ts'
import {
  der,
  derOf,
  integer,
  integerOf,
  type KeyWorkshop,
  passphrase,
  pemOf,
  pkcs1With,
  pkcs8Of,
  sequence,
} from './workshop.ts'

/** What is handed in by mistake, and under which code it is refused. */
export interface Mistake {
  readonly name: string
  readonly input: 'private-key' | 'public-key'
  readonly code: ProblemCode
  readonly make: (workshop: KeyWorkshop) => string | Buffer
  readonly passphrase?: string
}

export interface Outcome {
  readonly mistake: Mistake
  readonly fact: string
  readonly hint: string
}

const wrong = 'not-the-passphrase'

export const mistakes: readonly Mistake[] = [
  // Nothing.
  privately('nothing', 'key-empty', () => ''),
  privately('blanks only', 'key-empty', () => ' \r\n\t\u00a0\n'),
  privately('a pair of quotes', 'key-empty', () => '""'),
  publicly('nothing', 'key-empty', () => '\n'),

  // Not a key.
  privately('a word', 'key-unreadable', () => 'changeme'),
  privately('a file name', 'key-unreadable', () => './keys/privateKey.pem'),
  privately('an expression in quotes', 'key-unreadable', () => '$' + '{{ secrets.KEY }}'),
  privately('a variable of the shell', 'key-unreadable', () => '$AMAZON_PAY_PRIVATE_KEY'),
  privately('a secret copied from a log', 'key-unreadable', () => '***'),
  privately('a Public Key ID', 'key-unreadable', () => 'SANDBOX-AFVX7ULWSGBZ5535PCUQOY7B'),
  privately('a merchant ID', 'key-unreadable', () => 'A1B2C3D4E5F6G7'),
  privately('a fingerprint', 'key-unreadable', () => `SHA256:${'aB3/'.repeat(10)}aB3`),
  publicly('a gzip', 'key-unreadable', (w) => gzipSync(w.spki())),
  privately('a gzip in base64', 'key-unreadable', (w) => gzipSync(w.pkcs8()).toString('base64')),
  publicly('a ZIP', 'key-unreadable', () => Buffer.from('PK\x03\x04\x14\0\0\0\x08\0', 'latin1')),
  publicly('NUL bytes', 'key-unreadable', () => Buffer.alloc(451)),
  publicly('a megabyte of anything', 'key-unreadable', () => Buffer.alloc(2 ** 20, 'anything ')),
  privately(
    'a PuTTY file',
    'key-unreadable',
    () =>
      'PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: none\r\nComment: rsa-key\r\nPublic-Lines: 6\r\nAAAAB3NzaC1yc2EAAAADAQABAAABAQ\r\n',
  ),
  privately('a private key as JWK', 'key-unreadable', (w) =>
    JSON.stringify(createPrivateKey(w.pkcs8()).export({ format: 'jwk' })),
  ),
  privately(
    'a private key as XML of .NET',
    'key-unreadable',
    () =>
      '<RSAKeyValue><Modulus>wJ8tyc2EAAAADAQABAAABAQ</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>',
  ),
  privately('the JSON download of Integration Central', 'key-unreadable', () =>
    JSON.stringify({
      merchant_id: 'A1B2C3D4E5F6G7',
      store_id: 'amzn1.application-oa2-client.0123456789abcdef',
      public_key_id: 'SANDBOX-AFVX7ULWSGBZ5535PCUQOY7B',
    }),
  ),
  privately('JSON with the key in a member', 'key-unreadable', (w) =>
    JSON.stringify({ name: 'shop', key: w.pkcs8() }),
  ),
  privately('a PKCS#12 in base64', 'key-unreadable', (w) => w.pkcs12().toString('base64')),
  privately('DH parameters', 'key-unreadable', (w) =>
    w.text(
      'dh.pem',
      'openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh.pem',
    ),
  ),
  privately('EC parameters', 'key-unreadable', (w) =>
    w.text('ecparam.pem', 'openssl ecparam -name prime256v1 -out ecparam.pem'),
  ),
  privately('a PGP key', 'key-unreadable', () =>
    pemWith('PGP PRIVATE KEY BLOCK', '\nlQOYBGRsdkIBCADF\n=ab12\n'),
  ),
  privately('hyphens turned into dashes', 'key-unreadable', (w) => w.pkcs8().replaceAll('--', '–')),
  privately('a hyphen lost', 'key-unreadable', (w) =>
    w
      .pkcs8()
      .replace('-----B', '----B')
      .replace(/-----END.*/, ''),
  ),
  privately('a character that base64 does not have', 'key-unreadable', (w) =>
    changed(w.pkcs8(), 300, '!'),
  ),
  privately('a shortened example', 'key-unreadable', () =>
    pemWith('PRIVATE KEY', '\nMIIEvQIBADANBgkqhkiG9w0...\n'),
  ),
  privately('BEGIN and END that differ', 'key-unreadable', (w) =>
    w.pkcs8().replace('END PRIVATE', 'END RSA PRIVATE'),
  ),
  privately('PKCS#1 under BEGIN PRIVATE KEY', 'key-unreadable', (w) =>
    w.pkcs1().replaceAll('RSA PRIVATE', 'PRIVATE'),
  ),
  privately('PKCS#8 under BEGIN RSA PRIVATE KEY', 'key-unreadable', (w) =>
    w.pkcs8().replaceAll('PRIVATE', 'RSA PRIVATE'),
  ),
  privately('OpenSSH under BEGIN RSA PRIVATE KEY', 'key-unreadable', (w) =>
    w.openSsh().replaceAll('OPENSSH', 'RSA'),
  ),
  publicly('a private key under BEGIN PUBLIC KEY', 'key-wrong-half', (w) =>
    w.pkcs8().replaceAll('PRIVATE', 'PUBLIC'),
  ),
  privately('bytes after the end of the DER', 'key-unreadable', (w) =>
    pemOf('PRIVATE KEY', Buffer.concat([derOf(w.pkcs8()), Buffer.from('000000', 'hex')])),
  ),
  privately('encrypted PKCS#1 without its first and last line', 'key-unreadable', (w) =>
    body(w.encryptedPkcs1()).replace(/^Proc.*\nDEK.*\n\n/, ''),
  ),
  privately('PBKDF2 of five million iterations', 'key-unreadable', costlyPbkdf2, passphrase),
  privately('scrypt of 512 MiB', 'key-unreadable', costlyScrypt, passphrase),
  privately('OpenSSH with 100,000 rounds of bcrypt', 'key-unreadable', costlyOpenSsh, passphrase),
  privately(
    'OpenSSH with a cipher that is not read here',
    'key-unreadable',
    (w) => w.encryptedOpenSsh('chacha20-poly1305@openssh.com'),
    passphrase,
  ),
  privately('encrypted with DES (PKCS#8)', 'key-unreadable', encryptedWithDes, passphrase),
  privately(
    'encrypted with DES (PKCS#1)',
    'key-unreadable',
    (w) => w.encryptedPkcs1('des3').replace(/DEK-Info: .*/, 'DEK-Info: DES-CBC,0123456789ABCDEF'),
    passphrase,
  ),

  // Truncated.
  privately('BEGIN without END', 'key-truncated', (w) => w.pkcs8().slice(0, 900)),
  privately('the first line alone', 'key-truncated', (w) => w.pkcs8().split('\n')[0] ?? ''),
  privately('END without BEGIN', 'key-truncated', (w) => w.pkcs8().slice(100)),
  privately('a line missing in the middle', 'key-truncated', (w) =>
    w.pkcs8().split('\n').toSpliced(9, 1).join('\n'),
  ),
  privately(
    'three characters missing in the middle',
    'key-truncated',
    (w) => w.pkcs8().slice(0, 700) + w.pkcs8().slice(703),
  ),
  privately('the body cut, without its first and last line', 'key-truncated', (w) =>
    body(w.pkcs8()).slice(0, 800),
  ),
  privately('nothing between BEGIN and END', 'key-truncated', () => pemWith('PRIVATE KEY', '\n')),
  publicly('an ssh-rsa line that is cut', 'key-truncated', (w) => w.sshRsa().slice(0, 200)),

  // Of another type.
  privately('an EC key (PKCS#8)', 'key-wrong-kind', ec),
  privately('an EC key with its parameters (SEC1)', 'key-wrong-kind', (w) =>
    w.text('sec1.pem', 'openssl ecparam -name prime256v1 -genkey -out sec1.pem'),
  ),
  privately('an Ed25519 key (PKCS#8)', 'key-wrong-kind', ed25519),
  privately('an Ed25519 key (OpenSSH)', 'key-wrong-kind', (w) =>
    w.sshKeygen('id_ed25519', '-t ed25519'),
  ),
  privately('an ECDSA key (OpenSSH)', 'key-wrong-kind', (w) => w.sshKeygen('id_ecdsa', '-t ecdsa')),
  privately('a DSA key (PKCS#8)', 'key-wrong-kind', (w) => dsa(w, 'PKCS8')),
  privately('a DSA key (traditional)', 'key-wrong-kind', (w) => dsa(w, 'traditional')),
  privately('an RSA key typed RSA-PSS', 'key-wrong-kind', (w) =>
    pemOf('PRIVATE KEY', pssTyped(derOf(w.pkcs8()))),
  ),
  privately('a certificate', 'key-wrong-kind', (w) => w.certificate()),
  publicly('a certificate', 'key-wrong-kind', (w) => w.certificate()),
  publicly('a certificate request', 'key-wrong-kind', (w) => w.request()),
  publicly('an EC public key', 'key-wrong-kind', (w) => {
    ec(w)
    return w.text('ec.pub', 'openssl pkey -in ec.pem -pubout -out ec.pub')
  }),
  publicly('an ssh-ed25519 line', 'key-wrong-kind', (w) => {
    w.sshKeygen('id_ed25519', '-t ed25519')
    return w.text('id_ed25519.pub', 'true')
  }),
  publicly('an ecdsa-sha2-nistp256 line', 'key-wrong-kind', (w) => {
    w.sshKeygen('id_ecdsa', '-t ecdsa')
    return w.text('id_ecdsa.pub', 'true')
  }),

  // The other key of the pair.
  privately('a public key', 'key-wrong-half', (w) => w.spki()),
  privately('an ssh-rsa line', 'key-wrong-half', (w) => w.sshRsa()),
  publicly('a private key', 'key-wrong-half', (w) => w.pkcs8()),
  publicly('an encrypted private key', 'key-wrong-half', (w) => w.encryptedPkcs8()),
  publicly('an OpenSSH private key', 'key-wrong-half', (w) => w.openSsh()),

  // Several.
  privately('two different private keys', 'key-ambiguous', (w) => w.pkcs8() + w.otherPkcs8()),
  privately('a private key and a certificate', 'key-ambiguous', (w) => w.pkcs8() + w.certificate()),
  privately(
    "a private key and another key's public key",
    'key-ambiguous',
    (w) => w.pkcs8() + w.otherSpki(),
  ),
  privately('an EC key and an RSA key', 'key-ambiguous', (w) => ec(w) + w.pkcs8()),
  publicly('two different public keys', 'key-ambiguous', (w) => w.spki() + w.otherSpki()),
  publicly('a public key and a certificate', 'key-ambiguous', (w) => w.spki() + w.certificate()),

  // Against the key policy.
  privately('1024 bits', 'key-policy', (w) => rsa(w, 'rsa_keygen_bits:1024')),
  privately('3072 bits, as ssh-keygen makes without -b', 'key-policy', (w) =>
    w.sshKeygen('id_rsa', '-t rsa -m PKCS8'),
  ),
  privately('1024 bits, OpenSSH', 'key-policy', (w) => w.sshKeygen('id_rsa1024', '-t rsa -b 1024')),
  privately('public exponent 3', 'key-policy', (w) =>
    rsa(w, 'rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3'),
  ),
  privately('three primes', 'key-policy', (w) =>
    rsa(w, 'rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3'),
  ),
  publicly('a public key of 1024 bits', 'key-policy', (w) => {
    rsa(w, 'rsa_keygen_bits:1024')
    return w.text('small.pub', 'openssl pkey -in rsa_keygen_bits_1024.pem -pubout -out small.pub')
  }),

  // Damaged.
  ...['d', 'p', 'q', 'dp', 'dq', 'qi'].map((number) =>
    privately(`a damaged ${number}`, 'key-inconsistent', (w) => damaged(w.pkcs8(), number)),
  ),

  // Encrypted.
  privately('encrypted PKCS#8, no passphrase', 'passphrase-missing', (w) => w.encryptedPkcs8()),
  privately('encrypted PKCS#1, no passphrase', 'passphrase-missing', (w) => w.encryptedPkcs1()),
  privately('encrypted OpenSSH, no passphrase', 'passphrase-missing', (w) => w.encryptedOpenSsh()),
  privately(
    'encrypted PKCS#8, wrong passphrase',
    'passphrase-wrong',
    (w) => w.encryptedPkcs8(),
    wrong,
  ),
  privately(
    'encrypted PKCS#1, wrong passphrase',
    'passphrase-wrong',
    (w) => w.encryptedPkcs1(),
    wrong,
  ),
  privately(
    'encrypted OpenSSH, wrong passphrase',
    'passphrase-wrong',
    (w) => w.encryptedOpenSsh(),
    wrong,
  ),
]

function privately(
  name: string,
  code: ProblemCode,
  make: Mistake['make'],
  passphrase?: string,
): Mistake {
  const mistake: Mistake = { name, input: 'private-key', code, make }
  return passphrase === undefined ? mistake : { ...mistake, passphrase }
}

function publicly(name: string, code: ProblemCode, make: Mistake['make']): Mistake {
  return { name, input: 'public-key', code, make }
}

function pemWith(label: string, inside: string): string {
  return `-----BEGIN ${label}-----${inside}-----END ${label}-----\n`
}

function body(pem: string): string {
  return pem.replace(/-----[^-]+-----\n?/g, '')
}

function changed(text: string, index: number, character: string): string {
  return text.slice(0, index) + character + text.slice(index + 1)
}

function ec(w: KeyWorkshop): string {
  return w.genpkey('ec.pem', '-algorithm EC -pkeyopt ec_paramgen_curve:P-256')
}

function ed25519(w: KeyWorkshop): string {
  return w.genpkey('ed25519.pem', '-algorithm ED25519')
}

/** OpenSSH 10 makes none any more. */
function dsa(w: KeyWorkshop, form: 'PKCS8' | 'traditional'): string {
  const made = w.text(
    'dsa.pem',
    'openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out dsa.params && openssl genpkey -paramfile dsa.params -out dsa.pem',
  )
  return form === 'PKCS8'
    ? made
    : w.text('dsa1.pem', 'openssl pkey -in dsa.pem -traditional -out dsa1.pem')
}

function rsa(w: KeyWorkshop, options: string): string {
  const name = `${options.replaceAll(/[^\w]+/g, '_')}.pem`
  return w.genpkey(name, `-algorithm RSA -pkeyopt ${options}`)
}

/** A key with one number that lost a bit; n and e are whole, so that only arithmetic can tell. */
function damaged(pem: string, number: string): string {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' }) as Record<string, string>
  const value = integerOf(jwk[number] ?? '') ^ (1n << 80n)
  return pemOf('PRIVATE KEY', pkcs8Of(pkcs1With(pem, { [number]: value })))
}

/** The same bytes with the object identifier of RSASSA-PSS in place of rsaEncryption. */
function pssTyped(pkcs8: Buffer): Buffer {
  const [from, to] = [
    Buffer.from('2a864886f70d010101', 'hex'),
    Buffer.from('2a864886f70d01010a', 'hex'),
  ]
  const at = pkcs8.indexOf(from)
  return Buffer.concat([pkcs8.subarray(0, at), to, pkcs8.subarray(at + to.length)])
}

function costlyPbkdf2(): string {
  return encryptedWith(sequence(oid('2a864886f70d01050c'), sequence(salt, integer(5_000_000n))))
}

function costlyScrypt(): string {
  const numbers = [2n ** 19n, 8n, 1n].map(integer)
  return encryptedWith(sequence(oid('2b06010401da47040b'), sequence(salt, ...numbers)))
}

const salt = der(0x04, Buffer.alloc(8, 1))

/** PBES1 with MD5 and DES, which OpenSSL 3 has in its legacy provider only. */
function encryptedWithDes(): string {
  const pbes1 = sequence(oid('2a864886f70d010503'), sequence(salt, integer(2048n)))
  return pemOf('ENCRYPTED PRIVATE KEY', sequence(pbes1, der(0x04, Buffer.alloc(1224, 3))))
}

/** An encrypted PKCS#8 (PBES2, AES-256-CBC) with a key derivation of one's own. */
function encryptedWith(kdf: Buffer): string {
  const cipher = sequence(oid('60864801650304012a'), der(0x04, Buffer.alloc(16, 2)))
  const pbes2 = sequence(oid('2a864886f70d01050d'), sequence(kdf, cipher))
  return pemOf('ENCRYPTED PRIVATE KEY', sequence(pbes2, der(0x04, Buffer.alloc(1232, 3))))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function costlyOpenSsh(w: KeyWorkshop): string {
  const made = derOf(w.encryptedOpenSsh('aes256-ctr', 2))
  const options = Buffer.from('0000001800000010', 'hex')
  const at = made.indexOf(options)
  made.writeUInt32BE(100_000, at + options.length + 16)
  return pemOf('OPENSSH PRIVATE KEY', made)
}

/** The same as a Markdown table, for documentation. Sizes differ from key to key, and are left open. */
export function renderMistakes(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ mistake, fact, hint }) =>
    [
      mistake.name,
      `\`${mistake.input}\``,
      `\`${mistake.code}\``,
      `${mistake.input} ${withoutSizes(fact)}`,
      hint,
    ]
      .map(cell)
      .join(' | '),
  )
  return [
    'What was handed in | as input | `error-code` | what the action says | and what to do',
    '--- | --- | --- | --- | ---',
    ...rows,
  ]
    .map((row) => `| ${row} |\n`)
    .join('')
}

function withoutSizes(fact: string): string {
  return fact
    .replace(/\d+ (bytes|more bytes|characters)/g, '… $1')
    .replace(/\(\d+ is not/, '(… is not')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
