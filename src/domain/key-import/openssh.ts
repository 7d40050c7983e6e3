import { createPublicKey, type KeyObject } from 'node:crypto'
import { DerError } from './der.ts'

const magic = 'openssh-key-v1\0'

export function isOpenSsh(bytes: Buffer): boolean {
  return bytes.subarray(0, magic.length).toString('latin1') === magic
}

/** RFC 4253 §6.6: the length of the algorithm's name, in four bytes, and the name. */
export function isSshBlob(bytes: Buffer): boolean {
  if (bytes.length < 12 || bytes.readUInt32BE() > 64) return false
  return /^(?:ssh-|ecdsa-|sk-)/.test(bytes.subarray(4, 12).toString('latin1'))
}

/** What the unencrypted part of an OpenSSH private key file says (OpenSSH, PROTOCOL.key). */
export interface OpenSshHeader {
  readonly cipher: string
  readonly kdf: string
  readonly rounds: number
  readonly keys: number
  readonly publicBlob: Buffer
  /** Length of the part that may be encrypted. */
  readonly secretLength: number
  /** Bytes after it: some ciphers put a tag there; with others there must be none. */
  readonly trailing: number
}

/**
 * Reads the unencrypted part: everything that decides whether to try to decrypt the rest.
 * @throws DerError `truncated`, `trailing` or `malformed`
 */
export function openSshHeader(bytes: Buffer): OpenSshHeader {
  const reader = new SshReader(bytes.subarray(magic.length))
  const cipher = reader.text()
  const kdf = reader.text()
  const kdfOptions = new SshReader(reader.string())
  const keys = reader.uint32()
  const publicBlob = reader.string()
  const secret = reader.string()
  let rounds = 0
  if (kdf === 'bcrypt') {
    kdfOptions.string()
    rounds = kdfOptions.uint32()
  }
  kdfOptions.end()
  return {
    cipher,
    kdf,
    rounds,
    keys,
    publicBlob,
    secretLength: secret.length,
    trailing: reader.left,
  }
}

/** Algorithm of an SSH public key (RFC 4253 §6.6) by its usual name. */
export function sshAlgorithm(blob: Buffer): string {
  const type = new SshReader(blob).text()
  if (type.includes('-cert-')) return 'SSH certificate'
  if (type === 'ssh-rsa') return 'RSA'
  if (type === 'ssh-dss') return 'DSA'
  if (type.startsWith('ssh-ed25519')) return 'Ed25519'
  if (type.startsWith('ecdsa-')) return 'EC'
  if (type.startsWith('sk-')) return 'security key'
  return 'unknown'
}

/** The key of an `ssh-rsa` blob, read to its end. */
export function rsaOfSsh(blob: Buffer): KeyObject {
  const reader = new SshReader(blob)
  reader.string()
  const [e, n] = [reader.mpint(), reader.mpint()].map((each) => each.toString('base64url'))
  reader.end()
  return createPublicKey({ key: { kty: 'RSA', n: n ?? '', e: e ?? '' }, format: 'jwk' })
}

class SshReader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  uint32(): number {
    return this.#take(4).readUInt32BE()
  }

  string(): Buffer {
    return this.#take(this.uint32())
  }

  text(): string {
    return this.string().toString('latin1')
  }

  /** A number above zero, in its shortest form (RFC 4251 §5). */
  mpint(): Buffer {
    const number = this.string()
    const [first, second] = number
    if (first === undefined || first >= 0x80) throw new DerError('malformed')
    if (first !== 0) return number
    if (second === undefined || second < 0x80) throw new DerError('malformed')
    return number.subarray(1)
  }

  get left(): number {
    return this.#bytes.length - this.#offset
  }

  end(): void {
    if (this.left > 0) throw new DerError('trailing', this.left)
  }

  #take(length: number): Buffer {
    const end = this.#offset + length
    if (end > this.#bytes.length) throw new DerError('truncated', end - this.#bytes.length)
    const taken = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return taken
  }
}
