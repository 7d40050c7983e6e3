/**
 * Asks Amazon Pay's servers what the verdict table takes from documentation, and shows their answers beside it, also in
 * the form of the rehearsal's settings. For maintainers with an account; reads nothing of it and changes nothing there.
 *
 * Environment: AMAZON_PAY_PRIVATE_KEY, AMAZON_PAY_PUBLIC_KEY_ID, AMAZON_PAY_REGION; where a key was deleted in Integration
 * Central, AMAZON_PAY_DELETED_PUBLIC_KEY_ID and AMAZON_PAY_DELETED_PRIVATE_KEY; JUST_CREATED=true within a minute after the
 * key was created.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { createAmazonPay } from '../src/adapters/amazon-pay.ts'
import { type PublicKeyId, parsePublicKeyId } from '../src/domain/amazon-pay/public-key-id.ts'
import { type Region, readRegion, regionCodes } from '../src/domain/amazon-pay/region.ts'
import { verificationRequest } from '../src/domain/amazon-pay/signature.ts'
import {
  answerWords,
  type Judgement,
  judge,
  type Verdict,
} from '../src/domain/amazon-pay/verdict.ts'
import type { AmazonPay } from '../src/ports.ts'
import { cell, fenced, table, text } from '../src/summary/markdown.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface Case {
  readonly name: string
  readonly expected: Verdict
  readonly privateKey?: KeyObject
  readonly publicKeyId?: PublicKeyId
  readonly region?: Region
  /** Seconds that the time of signing is ahead. */
  readonly ahead?: number
  /** The rehearsal's name for it: a member of `unknownAnswers`. */
  readonly setting?: string
}

interface Subject {
  readonly privateKey: KeyObject
  readonly publicKeyId: PublicKeyId
  readonly region: Region
}

interface Observed extends Case {
  readonly id: string
  readonly judgement: Judgement
}

function subjectOf(env: Environment): Subject {
  const region = readRegion(env.AMAZON_PAY_REGION ?? '')
  if (region === null) throw new Error('AMAZON_PAY_REGION is empty; set it to us, eu or jp')
  return {
    privateKey: createPrivateKey(env.AMAZON_PAY_PRIVATE_KEY ?? ''),
    publicKeyId: parsePublicKeyId(env.AMAZON_PAY_PUBLIC_KEY_ID ?? ''),
    region,
  }
}

/** The same ID with other last characters. */
function mistyped({ id, ...rest }: PublicKeyId): PublicKeyId {
  return { ...rest, id: id.replace(/.{6}$/, 'QQQQQQ') }
}

function casesOf(env: Environment, subject: Subject): Case[] {
  const elsewhere = regionCodes.filter((region) => region !== subject.region)
  const { privateKey: otherKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const deletedId = env.AMAZON_PAY_DELETED_PUBLIC_KEY_ID
  const deletedKey = env.AMAZON_PAY_DELETED_PRIVATE_KEY
  const deleted: Case[] = deletedId
    ? [
        {
          name: deletedKey ? 'deleted key' : 'deleted key, signed with another key',
          expected: 'unknown',
          setting: 'deleted',
          publicKeyId: parsePublicKeyId(deletedId),
          ...(deletedKey ? { privateKey: createPrivateKey(deletedKey) } : {}),
        },
      ]
    : []
  const created: Case[] =
    env.JUST_CREATED === 'true'
      ? [{ name: 'created just now, asked at once', expected: 'accepted' }]
      : []
  return [
    // First, before a minute has passed.
    ...created,
    { name: 'right pair', expected: 'accepted' },
    { name: 'another private key', expected: 'signature', privateKey: otherKey },
    {
      name: 'mistyped ID',
      expected: 'unknown',
      setting: 'mistyped',
      publicKeyId: mistyped(subject.publicKeyId),
    },
    ...elsewhere.map(
      (region): Case => ({
        name: `wrong region ${region}`,
        expected: 'unknown',
        setting: 'region',
        region,
      }),
    ),
    ...deleted,
    { name: 'clock five minutes ahead', expected: 'clock', ahead: 300 },
    { name: 'clock five minutes behind', expected: 'accepted', ahead: -300 },
    { name: 'clock an hour behind', expected: 'clock', ahead: -3600 },
  ]
}

async function observe(amazonPay: AmazonPay, subject: Subject, item: Case): Promise<Observed> {
  const at = new Date(Date.now() + (item.ahead ?? 0) * 1000)
  const { privateKey, publicKeyId, region } = { ...subject, ...item }
  const payEnvironment = publicKeyId.payEnvironment ?? 'sandbox'
  const request = verificationRequest({ privateKey, publicKeyId, region, payEnvironment, at })
  const judgement = judge(await amazonPay.send(request), request.stringToSign, at)
  return { ...item, id: publicKeyId.id, judgement }
}

function answersTable(observed: readonly Observed[]): string {
  const head = [
    'Case',
    'Table says',
    'Verdict',
    'Fits',
    'Status',
    'reasonCode',
    'Message',
    'Skew, s',
  ]
  const rows = observed.map(({ name, expected, judgement }) => {
    const { verdict, status, reasonCode, message, skew } = judgement
    const words = [String(status), reasonCode ?? '', message ?? ''].map(text)
    const fits = verdict === expected ? 'yes' : '**no**'
    return [text(name), cell(expected), cell(verdict), fits, ...words, String(skew ?? '')]
  })
  return table(head, rows)
}

/** What to write into `usualAnswers` of rehearsal/amazon-pay.ts, without the account's own IDs. */
function rehearsalSettings(observed: readonly Observed[]): string {
  const lines = observed.flatMap(({ setting, name, id, judgement }) => {
    const { status, reasonCode, message } = judgement
    if (!setting) return []
    if (status === null || reasonCode === null) return [`  // ${name}: ${answerWords(judgement)}`]
    const literal = JSON.stringify(message ?? '')
      .slice(1, -1)
      .replaceAll(/[`$]/g, '\\$&')
    const template = literal.replaceAll(id, `\${id}`)
    return [
      `  // ${name}`,
      `  ${setting}: (id) => payError(${status}, '${reasonCode}', \`${template}\`),`,
    ]
  })
  return ['unknownAnswers: {', ...lines, '},'].join('\n')
}

/** Everything as Markdown. */
export async function probe(env: Environment, amazonPay: AmazonPay): Promise<string> {
  const subject = subjectOf(env)
  const observed: Observed[] = []
  for (const item of casesOf(env, subject)) {
    const seen = await observe(amazonPay, subject, item)
    console.log(
      `${item.name}: expected ${item.expected}, got ${seen.judgement.verdict}: ${answerWords(seen.judgement)}`,
    )
    observed.push(seen)
  }
  return [
    '## What Amazon Pay answers',
    answersTable(observed),
    '### For the rehearsal',
    fenced('ts', rehearsalSettings(observed)),
    '',
  ].join('\n\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const markdown = await probe(process.env, createAmazonPay(null))
  if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, markdown)
  else console.log(markdown)
}
