import { execFileSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nextKey } from '../../keys.ts'

/**
 * A key in every format that the machine's own openssl and ssh-keygen write, in a folder that goes with the tests.
 * Each file is made when it is first asked for, and then kept.
 */
export class KeyWorkshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'key-workshop-'))
  readonly #files = new Map<string, Buffer>()

  /** The file that a command line leaves under the name `out`. */
  file(name: string, commands: string): Buffer {
    const known = this.#files.get(name)
    if (known) return known
    this.shell(commands)
    const made = readFileSync(join(this.folder, name))
    this.#files.set(name, made)
    return made
  }

  text(name: string, commands: string): string {
    return this.file(name, commands).toString()
  }

  #readyKey(name: string): string {
    if (!this.#files.has(name)) {
      const pem = nextKey().export({ type: 'pkcs8', format: 'pem' })
      this.write(name, pem)
      this.#files.set(name, Buffer.from(pem))
    }
    return String(this.#files.get(name))
  }

  /** Runs command lines as a person would type them; every question is answered with nothing. */
  shell(commands: string): string {
    return execFileSync('sh', ['-ec', commands], {
      cwd: this.folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, SSH_ASKPASS: '/bin/true', SSH_ASKPASS_REQUIRE: 'force' },
    })
  }

  /** A file as it is now. */
  fresh(name: string): Buffer {
    return readFileSync(join(this.folder, name))
  }

  write(name: string, content: string | Buffer): void {
    writeFileSync(join(this.folder, name), content)
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  // The key that everything is about, in the shapes that the tools write.

  pkcs8(): string {
    return this.#readyKey('key.pem')
  }

  pkcs1(): string {
    this.pkcs8()
    return this.text('key1.pem', 'openssl rsa -in key.pem -traditional -out key1.pem')
  }

  encryptedPkcs8(options = ''): string {
    this.pkcs8()
    const name = `encrypted8${options.replaceAll(/\W+/g, '_')}.pem`
    return this.text(
      name,
      `openssl pkcs8 -topk8 -in key.pem -passout pass:${passphrase} ${options} -out ${name}`,
    )
  }

  encryptedPkcs1(cipher = 'aes128'): string {
    this.pkcs8()
    const name = `encrypted1-${cipher}.pem`
    return this.text(
      name,
      `openssl rsa -in key.pem -traditional -${cipher} -passout pass:${passphrase} -out ${name}`,
    )
  }

  openSsh(): string {
    this.pkcs8()
    return this.text(
      'openssh',
      "cp key.pem openssh; chmod 600 openssh; ssh-keygen -q -p -f openssh -P '' -N ''",
    )
  }

  encryptedOpenSsh(cipher = 'aes256-ctr', rounds = 2): string {
    this.pkcs8()
    const name = `openssh-${cipher}-${rounds}`
    return this.text(
      name,
      `cp key.pem ${name}; chmod 600 ${name}; ssh-keygen -q -p -f ${name} -P '' -N ${passphrase} -Z ${cipher} -a ${rounds}`,
    )
  }

  spki(): string {
    this.pkcs8()
    return this.text('public.pem', 'openssl rsa -in key.pem -pubout > public.pem')
  }

  pkcs1Public(): string {
    this.pkcs8()
    return this.text('public1.pem', 'openssl rsa -in key.pem -RSAPublicKey_out -out public1.pem')
  }

  sshRsa(): string {
    this.openSsh()
    return this.text('ssh.pub', 'ssh-keygen -y -f openssh > ssh.pub')
  }

  ssh2(): string {
    this.openSsh()
    return this.text('ssh2.pub', 'ssh-keygen -e -f openssh > ssh2.pub')
  }

  // Another key of the same make, and keys of other makes.

  otherPkcs8(): string {
    return this.#readyKey('other.pem')
  }

  otherSpki(): string {
    this.otherPkcs8()
    return this.text('other.pub', 'openssl pkey -in other.pem -pubout -out other.pub')
  }

  genpkey(name: string, options: string): string {
    return this.text(name, `openssl genpkey ${options} -out ${name}`)
  }

  sshKeygen(name: string, options: string): string {
    return this.text(name, `ssh-keygen -q ${options} -N '' -C me@host -f ${name}`)
  }

  certificate(): string {
    this.pkcs8()
    return this.text(
      'certificate.pem',
      'openssl req -new -x509 -key key.pem -subj /CN=shop -days 2 -out certificate.pem',
    )
  }

  request(): string {
    this.pkcs8()
    return this.text('request.csr', 'openssl req -new -key key.pem -subj /CN=shop -out request.csr')
  }

  pkcs12(): Buffer {
    this.certificate()
    return this.file(
      'shop.p12',
      `openssl pkcs12 -export -inkey key.pem -in certificate.pem -passout pass:${passphrase} -out shop.p12`,
    )
  }
}

export const passphrase = 'correct-horse-battery'

export function spkiOf(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return publicKey.export({ type: 'spki', format: 'der' })
}

/** DER of a PEM block, as this test reads it. */
export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
}

export function pemOf(label: string, der: Buffer, width = 64): string {
  const lines = der.toString('base64').match(new RegExp(`.{1,${width}}`, 'g')) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** An RSAPrivateKey with some of its numbers changed: a key as a bad copy or a bad disk leaves it. */
export function pkcs1With(pem: string, changes: Record<string, bigint>): Buffer {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' }) as Record<string, string>
  const names = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi']
  const numbers = names.map((name) => changes[name] ?? integerOf(jwk[name] ?? ''))
  return sequence(integer(0n), ...numbers.map(integer))
}

/** A PKCS#8 of a PKCS#1; the version and what follows the key can be chosen. */
export function pkcs8Of(pkcs1: Buffer, ...after: Buffer[]): Buffer {
  return sequence(integer(0n), rsaAlgorithm, der(0x04, pkcs1), ...after)
}

export function integerOf(base64url: string): bigint {
  return BigInt(`0x${Buffer.from(base64url, 'base64url').toString('hex')}`)
}

const rsaAlgorithm = Buffer.from('300d06092a864886f70d0101010500', 'hex')

export function sequence(...members: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(members))
}

export function integer(value: bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return der(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

export function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(header), content])
}
