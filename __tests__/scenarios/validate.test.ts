import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunResult } from '../../rehearsal/runner.ts'
import { annotated, type Key, makeKey, openScene, plain, printed, type Scene } from './support.ts'

let scene: Scene
let key: Key
let other: Key
const folder = mkdtempSync(join(tmpdir(), 'validate-'))

beforeAll(async () => {
  scene = await openScene()
  key = makeKey()
  other = makeKey()
})
beforeEach(() => scene.reset('acme/shop'))
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await scene.close()
})

/** Without a token, as `validate` is used. */
const validate = (
  inputs: Record<string, string>,
  more: Parameters<Scene['run']>[1] = {},
): Promise<RunResult> => scene.run({ command: 'validate', token: '', ...inputs }, more)

const exchanged = (of: Key, region: 'us' | 'eu' = 'eu'): string =>
  scene.amazonPay.exchange({ region, view: 'sandbox', publicKey: of.publicKey, name: 'test' })

/** The first error as `code: fact`, without the hint. */
const firstError = (result: RunResult): string => annotated(result, 'error')[0] ?? ''

describe('a good key', () => {
  test('is judged without a network, and published', async () => {
    const result = await validate({ 'private-key': key.privateKey, artifact: 'true' })
    expect(result.exitCode).toBe(0)
    expect(result.outputs).toMatchObject({
      status: 'valid',
      'error-code': '',
      fingerprint: key.fingerprint,
      'public-key': key.publicKey,
      'amazon-pay': 'skipped',
    })
    expect(printed(result)).toMatchSnapshot()
    expect(plain(result.summaryScrubbed)).toMatchSnapshot()
    expect(scene.amazonPay.requests).toEqual([])
    expect(scene.github.requests.filter(({ path }) => path.startsWith('/repos'))).toEqual([])
    expect(scene.github.artifacts.map(({ bytes }) => bytes.toString())).toEqual([key.publicKey])
  })

  test('that Amazon Pay’s SDKs would reject is valid with a warning', async () => {
    const file = join(folder, 'openssh')
    writeFileSync(file, key.privateKey, { mode: 0o600 })
    execFileSync('ssh-keygen', ['-q', '-p', '-N', 'correct-horse', '-P', '', '-f', file])
    const result = await validate({
      'private-key': readFileSync(file, 'utf8').replaceAll('\n', '\r\n'),
      'private-key-passphrase': 'correct-horse',
    })
    expect(result.outputs).toMatchObject({ status: 'valid', fingerprint: key.fingerprint })
    expect(annotated(result, 'warning').join('\n')).toMatch(/OpenSSH/)
    expect(result.masks).toContain('correct-horse')
  })

  test('may come with its own public key, as text or as a file', async () => {
    const workspace = join(folder, 'workspace')
    mkdirSync(workspace, { recursive: true })
    writeFileSync(join(workspace, 'key.pub'), key.publicKey)
    const file = await validate(
      { 'private-key': key.privateKey, 'public-key': 'key.pub' },
      { workspace },
    )
    expect(file.outputs.status).toBe('valid')
    const text = await validate({ 'private-key': key.privateKey, 'public-key': key.publicKey })
    expect(text.outputs.status).toBe('valid')
  })

  test('alone and public, is what may be pasted into Integration Central', async () => {
    const file = join(folder, 'public.pem')
    writeFileSync(file, key.publicKey)
    const ssh = execFileSync('ssh-keygen', ['-i', '-m', 'PKCS8', '-f', file], { encoding: 'utf8' })
    const result = await validate({ 'public-key': ssh, region: 'jp' })
    expect(result.outputs).toMatchObject({ status: 'valid', 'public-key': key.publicKey })
    expect(result.outputs['exchange-markdown']).toContain('sellercentral-japan')
    expect(result.stdout).not.toContain('::add-mask::')
  })
})

describe('a mistake has a name', () => {
  test.each<[string, () => Record<string, string>, string]>([
    ['nothing at all', () => ({}), 'key-empty'],
    ['blanks', () => ({ 'private-key': ' \n' }), 'key-empty'],
    ['another half', () => ({ 'private-key': key.publicKey }), 'key-wrong-half'],
    [
      'halves of two keys',
      () => ({ 'private-key': key.privateKey, 'public-key': other.publicKey }),
      'pair-mismatch',
    ],
    [
      'an ID that is a store ID',
      () => ({
        'private-key': key.privateKey,
        'public-key-id': 'amzn1.application-oa2-client.0123456789abcdef0123456789abcdef',
      }),
      'public-key-id-invalid',
    ],
    [
      'an ID of the other view',
      () => ({
        'private-key': key.privateKey,
        'public-key-id': 'SANDBOX-AFVX7ULWSGBZ5535PCUQOY7B',
        'pay-environment': 'live',
      }),
      'pay-environment-mismatch',
    ],
    [
      'an ID without a region to ask in',
      () => ({
        'private-key': key.privateKey,
        'public-key-id': 'SANDBOX-AFVX7ULWSGBZ5535PCUQOY7B',
      }),
      'input-missing',
    ],
    [
      'an ID without prefix, and no view',
      () => ({
        'private-key': key.privateKey,
        'public-key-id': 'AFVX7ULWSGBZ5535PCUQOY7B',
        region: 'us',
      }),
      'input-missing',
    ],
  ])('%s', async (_, inputs, code) => {
    const result = await validate(inputs())
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toMatchObject({ status: 'failed', 'error-code': code })
    expect(result.annotations.map(({ title }) => title)).toEqual([code])
    expect(result.summary).toContain(code)
    expect(scene.amazonPay.requests).toEqual([])
  })

  test('a private key as public-key is masked before it is refused', async () => {
    const result = await validate({ 'public-key': key.privateKey })
    expect(result.outputs['error-code']).toBe('key-wrong-half')
    expect(result.stdout.indexOf('::add-mask::')).toBeGreaterThanOrEqual(0)
    expect(result.stdout.indexOf('::add-mask::')).toBeLessThan(result.stdout.indexOf('::error'))
    const body = key.privateKey.split('\n')[5] ?? ''
    expect(result.masks.some((mask) => mask.includes(body))).toBe(true)
    expect(result.files.size).toBe(0)
  })
})

describe('a public-key file', () => {
  const workspace = join(folder, 'files')
  beforeAll(() => {
    mkdirSync(workspace)
    const outside = join(folder, 'outside.pub')
    writeFileSync(outside, key.publicKey)
    symlinkSync(outside, join(workspace, 'link.pub'))
    writeFileSync(join(workspace, 'big.pub'), Buffer.alloc(2 ** 20 + 1, 'A'))
    writeFileSync(join(workspace, 'nul.pub'), Buffer.alloc(451))
  })

  test.each([
    ['that does not exist', 'none.pub', 'input-invalid'],
    ['outside', '../outside.pub', 'input-invalid'],
    ['outside, through a link', 'link.pub', 'input-invalid'],
    ['that is a folder', '.', 'input-invalid'],
    ['that is too large', 'big.pub', 'input-invalid'],
    ['of NUL bytes', 'nul.pub', 'key-unreadable'],
  ])('%s is refused', async (_, path, code) => {
    const result = await validate({ 'public-key': path }, { workspace })
    expect(result.outputs['error-code']).toBe(code)
    expect(firstError(result)).toContain('public-key')
  })
})

describe('the deploy guard', () => {
  const guard = (id: string, more: Record<string, string> = {}): Promise<RunResult> =>
    validate({ 'private-key': key.privateKey, 'public-key-id': id, region: 'eu', ...more })

  test('accepts a pair, asking once and without control', async () => {
    const result = await guard(exchanged(key))
    expect(result.exitCode).toBe(0)
    expect(result.outputs).toMatchObject({ status: 'valid', 'amazon-pay': 'accepted' })
    expect(scene.amazonPay.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v2/chargePermissions/S00-0000000-0000000',
    ])
  })

  test('rejects a pair that does not belong together', async () => {
    const result = await guard(exchanged(other))
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toMatchObject({
      'error-code': 'amazon-pay-rejected',
      'amazon-pay': 'rejected',
    })
    expect(printed(result)).toMatchSnapshot()
  })

  test('says where an ID lives instead', async () => {
    const result = await guard(exchanged(key, 'us'))
    expect(result.outputs['error-code']).toBe('amazon-pay-rejected')
    expect(firstError(result)).toContain('this ID lives in US (United States, sandbox)')
  })

  test.each([
    ['warns', 'warn', 0, 'valid'],
    ['fails where it is required', 'require', 1, 'failed'],
  ])('%s when Amazon Pay does not answer', async (_, check, exitCode, status) => {
    const id = exchanged(key)
    scene.amazonPay.faults.push({ times: Number.POSITIVE_INFINITY, do: 'drop' })
    const result = await guard(id, { 'amazon-pay-check': check })
    expect(result.exitCode).toBe(exitCode)
    expect(result.outputs).toMatchObject({
      status,
      'amazon-pay': 'undecided',
      'error-code': 'amazon-pay-undecided',
    })
    expect(scene.amazonPay.requests).toHaveLength(4)
  })

  test('accepts a suspended account with a warning', async () => {
    const id = exchanged(key)
    scene.amazonPay.suspend(id)
    const result = await guard(id)
    expect(result.exitCode).toBe(0)
    expect(result.outputs['amazon-pay']).toBe('accepted')
    expect(annotated(result, 'warning').join()).toContain('InvalidAccountStatus')
  })

  test('asks nothing when it is told not to', async () => {
    const result = await guard(exchanged(key), { 'amazon-pay-check': 'off', region: '' })
    expect(result.outputs).toMatchObject({ status: 'valid', 'amazon-pay': 'skipped' })
    expect(scene.amazonPay.requests).toEqual([])
  })
})

describe('what was typed into the dispatch form', () => {
  const dispatched = (inputs: Record<string, string>) => ({
    eventName: 'workflow_dispatch',
    event: { inputs },
  })

  test('is burned, in whatever shape', async () => {
    const typed = key.privateKey.replaceAll('\n', ' ')
    const result = await validate({ 'private-key': key.privateKey }, dispatched({ key: typed }))
    expect(result.outputs['error-code']).toBe('key-exposed')
    expect(firstError(result)).toContain('private-key')
  })

  test('also the passphrase', async () => {
    const encrypted = execFileSync(
      'openssl',
      ['pkey', '-aes256', '-passout', 'pass:correct-horse'],
      { input: key.privateKey, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] },
    )
    const result = await validate(
      { 'private-key': encrypted, 'private-key-passphrase': 'correct-horse' },
      dispatched({ word: 'correct-horse' }),
    )
    expect(result.outputs['error-code']).toBe('key-exposed')
    expect(firstError(result)).toContain('private-key-passphrase')
  })

  test('another key is nobody’s business', async () => {
    const result = await validate(
      { 'private-key': key.privateKey },
      dispatched({ key: other.privateKey }),
    )
    expect(result.outputs.status).toBe('valid')
  })
})

test('inputs that it does not use are a warning', async () => {
  const result = await validate({ 'private-key': key.privateKey, environment: 'production' })
  expect(annotated(result, 'warning')).toEqual([expect.stringContaining('environment is set')])
})
