/**
 * Asks Amazon Pay's servers what the verdict table only knows from documentation, and writes the answers
 * beside it. For maintainers with an account; reads nothing of it and changes nothing there.
 *
 * Environment: AMAZON_PAY_PRIVATE_KEY, AMAZON_PAY_PUBLIC_KEY_ID, AMAZON_PAY_REGION, and as far as known
 * AMAZON_PAY_DELETED_PUBLIC_KEY_ID and JUST_CREATED (`true` within a minute of making the key).
 */
import { createPrivateKey } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { createAmazonPay } from '../src/adapters/amazon-pay.ts'
import { readPublicKeyId } from '../src/domain/amazon-pay/public-key-id.ts'
import { type Region, readRegion, regionCodes } from '../src/domain/amazon-pay/region.ts'
import { proofRequest } from '../src/domain/amazon-pay/signature.ts'
import { judge, type Verdict } from '../src/domain/amazon-pay/verdict.ts'
import { type KeyPair, keyPairOf, makeKeyPair } from '../src/domain/key/pair.ts'
import { cell, table, text } from '../src/summary/markdown.ts'

const env = (name: string): string => process.env[name] ?? ''
const own = keyPairOf(createPrivateKey(env('AMAZON_PAY_PRIVATE_KEY')))
const { id, payEnvironment } = readPublicKeyId(env('AMAZON_PAY_PUBLIC_KEY_ID'), {
  input: 'AMAZON_PAY_PUBLIC_KEY_ID',
})
const region = readRegion(env('AMAZON_PAY_REGION'))
if (region === null) throw new Error('AMAZON_PAY_REGION is empty; set it to us, eu or jp')
const elsewhere = regionCodes.find((code) => code !== region) as Region
const deleted = env('AMAZON_PAY_DELETED_PUBLIC_KEY_ID')

interface Case {
  readonly name: string
  readonly expected: Verdict
  readonly pair?: KeyPair
  readonly id?: string
  readonly region?: Region
  /** Seconds that the time of signing is off. */
  readonly off?: number
}

const cases: Case[] = [
  { name: 'good pair', expected: 'accepted' },
  { name: 'another key', expected: 'signature', pair: await makeKeyPair() },
  { name: 'unknown ID', expected: 'unknown', id: id.replace(/.{6}$/, 'QQQQQQ') },
  { name: 'wrong region', expected: 'unknown', region: elsewhere },
  { name: 'clock five minutes ahead', expected: 'clock', off: 300 },
  { name: 'clock five minutes behind', expected: 'accepted', off: -300 },
  { name: 'clock an hour behind', expected: 'clock', off: -3600 },
  ...(deleted ? [{ name: 'deleted ID', expected: 'unknown' as const, id: deleted }] : []),
  ...(env('JUST_CREATED') === 'true'
    ? [{ name: 'just created, asked at once', expected: 'accepted' as const }]
    : []),
]

const amazonPay = createAmazonPay(null)
const rows: string[][] = []
for (const { name, expected, ...odd } of cases) {
  const at = new Date(Date.now() + (odd.off ?? 0) * 1000)
  const request = proofRequest({
    privateKey: (odd.pair ?? own).privateKey,
    publicKeyId: odd.id ?? id,
    region: odd.region ?? region,
    payEnvironment: payEnvironment ?? 'sandbox',
    at,
  })
  const { verdict, status, reasonCode, message, skew } = judge(
    await amazonPay.send(request),
    request.stringToSign,
    at,
  )
  const fits = verdict === expected ? 'yes' : '**no**'
  const said = [String(status), reasonCode ?? '', message ?? ''].map(text)
  rows.push([text(name), cell(expected), cell(verdict), fits, ...said, String(skew ?? '')])
  console.log(`${name}: expected ${expected}, Amazon Pay says ${status} ${reasonCode}: ${verdict}`)
}

const head = ['Case', 'Table says', 'Verdict', 'Fits', 'Status', 'reasonCode', 'Message', 'Skew, s']
const answers = `## What Amazon Pay answers\n\n${table(head, rows)}\n`
if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, answers)
else console.log(answers)
