import { createPublicKey, type KeyObject } from 'node:crypto'
import { DerError, positive } from './der.ts'

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
export type OpenSshHeader = Readonly<ReturnType<typeof openSshHeader>>

/**
 * Reads the unencrypted part: everything that decides whether to try to decrypt the rest.
 * @throws DerError `truncated`, `trailing` or `malformed`
 */
export function openSshHeader(bytes: Buffer) {
  const reader = new SshReader(bytes.subarray(magic.length))
  const cipher = reader.text()
  const kdf = reader.text()
  const kdfOptions = new SshReader(reader.string())
  const keys = reader.uint32()
  const publicBlob = reader.string()
  // What may be encrypted. Some ciphers put a tag after it; with others, nothing may follow.
  const secretLength = reader.string().length
  const trailing = reader.left
  // The salt comes first.
  if (kdf === 'bcrypt') kdfOptions.string()
  const rounds = kdf === 'bcrypt' ? kdfOptions.uint32() : 0
  kdfOptions.end()
  return { cipher, kdf, rounds, keys, publicBlob, secretLength, trailing }
}

/** Types of SSH keys (RFC 4253 §6.6) and the usual name of their algorithm. */
const sshTypes: readonly (readonly [RegExp, string])[] = [
  [/-cert-/, 'SSH certificate'],
  [/^ssh-rsa$/, 'RSA'],
  [/^ssh-dss$/, 'DSA'],
  [/^ssh-ed25519/, 'Ed25519'],
  [/^ecdsa-/, 'EC'],
  [/^sk-/, 'security key'],
]

/** Algorithm of an SSH public key by its usual name. */
export function sshAlgorithm(blob: Buffer): string {
  const type = new SshReader(blob).text()
  return sshTypes.find(([pattern]) => pattern.test(type))?.[1] ?? 'unknown'
}

/** The key of an `ssh-rsa` blob, read to its end. */
export function rsaOfSsh(blob: Buffer): KeyObject {
  const reader = new SshReader(blob)
  reader.string()
  const number = (): string => positive(reader.string()).toString('base64url')
  const key = { kty: 'RSA', e: number(), n: number() }
  reader.end()
  return createPublicKey({ key, format: 'jwk' })
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

  get left(): number {
    return this.#bytes.length - this.#offset
  }

  end(): void {
    if (this.left > 0) throw new DerError('trailing', this.left)
  }

  #take(length: number): Buffer {
    const start = this.#offset
    if (length > this.left) throw new DerError('truncated', length - this.left)
    this.#offset += length
    return this.#bytes.subarray(start, this.#offset)
  }
}
