import type { PublicKeyId } from '../../domain/amazon-pay/public-key-id.ts'
import {
  type PayEnvironment,
  type Region,
  regionCodes,
  scopeName,
} from '../../domain/amazon-pay/region.ts'
import { verificationRequest } from '../../domain/amazon-pay/signature.ts'
import {
  answerWords,
  type Judgement,
  judge,
  type Verdict,
} from '../../domain/amazon-pay/verdict.ts'
import type { KeyPair } from '../../domain/key/pair.ts'
import type { Runner, World } from '../../ports.ts'

/** The part of the world that is needed to ask Amazon Pay. */
export type AmazonPayWorld = Pick<World, 'amazonPay' | 'clock'> & {
  readonly runner: Pick<Runner, 'debug' | 'stop'>
}

/** The claim to verify: a private key and a Public Key ID belong together, in one region and environment. */
export interface Claim {
  readonly pair: KeyPair
  readonly publicKeyId: PublicKeyId
  readonly region: Region
  readonly payEnvironment: PayEnvironment
}

/** The maximum number of requests while the answer may still change. */
export interface Patience {
  readonly busy: number
  /** A Public Key ID that was created just now may not be known yet. */
  readonly unknown: number
}

/** The last answer, and the clock correction that was needed to get it. */
export interface Asked {
  /** With the skew of the machine's own clock. */
  readonly judgement: Judgement
  /** Milliseconds that were added to the machine's time when signing. */
  readonly correction: number
}

/** The verdicts that may change when Amazon Pay is asked again. */
const changing: Partial<Record<Verdict, keyof Patience>> = {
  busy: 'busy',
  unknown: 'unknown',
  unnamed: 'unknown',
}

/**
 * Asks until the answer is final or the maximum is reached. If the signing time is refused, the request is signed once more
 * with Amazon's time. Sends nothing after the step was asked to stop.
 * @param known the clock correction that an earlier request needed
 */
export async function ask(
  world: AmazonPayWorld,
  claim: Claim,
  patience: Patience,
  known = 0,
): Promise<Asked> {
  const { stop } = world.runner
  const asked = { busy: 0, unknown: 0 }
  let correction = known
  let corrected = false
  for (;;) {
    const at = new Date(world.clock.now().getTime() + correction)
    const judgement = await askOnce(world, claim, at)
    if (judgement.verdict === 'clock' && judgement.skew !== null && !corrected) {
      corrected = true
      // Counted from the start of the signed second, so that the next signing time is not in Amazon's future.
      correction += judgement.skew * 1000 - (at.getTime() % 1000)
      continue
    }
    const result = { judgement: ofMachine(judgement, correction), correction }
    const kind = changing[judgement.verdict]
    if (!kind) return result
    asked[kind] += 1
    if (asked[kind] >= patience[kind] || stop.aborted) return result
    await world.clock.sleep(pauseBefore(kind, asked.busy))
    if (stop.aborted) return result
  }
}

/** Milliseconds. Jitter, so that the jobs of a matrix do not all ask again at the same moment. */
function pauseBefore(kind: keyof Patience, busy: number): number {
  return kind === 'unknown' ? 5000 : 1000 * 2 ** (busy - 1) * (0.75 + Math.random() / 2)
}

/** Converts the skew of a corrected signing time into the skew of the machine's clock. */
function ofMachine(judgement: Judgement, correction: number): Judgement {
  const { skew } = judgement
  return { ...judgement, skew: skew === null ? null : skew + Math.ceil(correction / 1000) }
}

async function askOnce(
  { amazonPay, runner }: AmazonPayWorld,
  claim: Claim,
  at: Date,
): Promise<Judgement> {
  const request = verificationRequest({ ...claim, privateKey: claim.pair.privateKey, at })
  const { method, host, path, headers, stringToSign } = request
  if (runner.stop.aborted) return judge(null, stringToSign, at)
  runner.debug(
    `Amazon Pay: ${method} https://${host}${path} for Public Key ID ${claim.publicKeyId.id}, signed at ${headers['x-amz-pay-date']}`,
  )
  const judgement = judge(await amazonPay.send(request), stringToSign, at)
  runner.debug(
    `Amazon Pay: ${answerWords(judgement)}: ${judgement.verdict}, clock skew ${judgement.skew ?? 'unknown'} s`,
  )
  return judgement
}

/**
 * Asks once in each other region and, for a Public Key ID without prefix, in the other environment.
 * @param proof verdicts that show that the pair belongs there
 * @returns name of the first region and environment where it belongs, or null
 */
export async function findElsewhere(
  world: AmazonPayWorld,
  claim: Claim,
  options: { readonly proof: readonly Verdict[]; readonly correction: number },
): Promise<string | null> {
  const prefix = claim.publicKeyId.payEnvironment
  const environments: readonly PayEnvironment[] = prefix ? [prefix] : ['live', 'sandbox']
  const others = regionCodes
    .flatMap((region) =>
      environments.map((payEnvironment) => ({ ...claim, region, payEnvironment })),
    )
    .filter(
      ({ region, payEnvironment }) =>
        region !== claim.region || payEnvironment !== (prefix ?? claim.payEnvironment),
    )
  const verdicts = await Promise.all(
    others.map(async (other) => {
      const { judgement } = await ask(world, other, { busy: 1, unknown: 1 }, options.correction)
      return { ...other, verdict: judgement.verdict }
    }),
  )
  const found = verdicts.find(({ verdict }) => options.proof.includes(verdict))
  return found ? scopeName(found.region, found.payEnvironment) : null
}
