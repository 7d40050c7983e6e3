import type { KeyObject } from 'node:crypto'
import { fingerprint } from '../domain/key/fingerprint.ts'
import { sameKey } from '../domain/key/pair.ts'
import { importPublicKey, looksLikeKeyMaterial, masksOf } from '../domain/key-import/import.ts'
import { naming, Problem } from '../domain/problem.ts'
import type { KeyRecord } from '../domain/rotation/record.ts'
import { emptyRing } from '../domain/rotation/ring.ts'
import type { Step } from './shared/context.ts'
import { readPublicKeyId, recordKey, recordPublicKeyId, recordScope } from './shared/facts.ts'
import { readGivenKey, readStoredKey } from './shared/keys.ts'
import { publish } from './shared/publish.ts'
import { inspectAll } from './shared/targets.ts'
import { skipVerification, verifyPair } from './shared/verify-pair.ts'

/** Checks a key in any supported key format and, with a Public Key ID, the pair. Writes nothing to GitHub. */
export async function validate(step: Step): Promise<void> {
  const { inputs, book } = step
  const pair = (await readGivenKey(step)) ?? (await readStoredKey(step))
  const publicKey = inputs.publicKey === null ? null : await readPublicKey(step, inputs.publicKey)
  if (pair && publicKey && !sameKey(pair.publicKey, publicKey)) throw mismatch(inputs.privateKey)
  // The published key is derived from the private key if there is one: a given public key could be another's.
  const subject = pair?.publicKey ?? publicKey
  if (!subject) throw nothingGiven()
  recordKey(step, subject)
  const given = await readPublicKeyId(step)
  if (given) recordPublicKeyId(step, given)
  const record = await currentRecord(step, subject)
  const publicKeyId = given ?? record?.publicKeyId ?? null
  recordScope(step, [record], publicKeyId)
  book.record({ publicKeyId: publicKeyId?.id ?? null, madeAt: record?.madeAt ?? null })
  if (pair && publicKeyId) {
    const advice = 'currentPair'
    await verifyPair(step, { pair, publicKeyId, control: false, accountIsFine: true, advice })
  } else skipVerification(step)
  book.record({ status: 'valid', exchange: publicKeyId === null })
  step.world.runner.info(`The key is valid: RSA, 2048 bits, ${fingerprint(subject)}`)
  await publish(step)
}

function mismatch(privateKey: string | null): Problem {
  const input = privateKey === null ? 'current-private-key' : 'private-key'
  return new Problem(
    'pair-mismatch',
    `public-key does not belong to ${input}`,
    'derive the public key again: `openssl pkey -in privateKey.pem -pubout` (not with `ssh-keygen -e`, which silently reads an outdated .pub file beside the key)',
  )
}

function nothingGiven(): Problem {
  return new Problem(
    'key-empty',
    'private-key, current-private-key and public-key are empty',
    'if your shop has no key yet, run command: generate; otherwise pass one of them, check that the job names the environment that stores the secret, and start a new run if this one was queued before the secret was stored; runs of forks and of Dependabot receive no secrets',
  )
}

/** @param text a public key, or the path of its file */
async function readPublicKey(step: Step, text: string): Promise<KeyObject> {
  const { world } = step
  const material = looksLikeKeyMaterial(text)
    ? text
    : await world.runner.readFile(text.trim(), 'public-key')
  // It may be a private key by mistake: masked before any message about it.
  for (const mask of masksOf(material)) world.runner.mask(mask)
  const { publicKey, warnings } = await naming('public-key', () => importPublicKey(material))
  for (const { fact, hint } of warnings) step.book.warn({ fact: `public-key ${fact}`, hint })
  return publicKey
}

/** The current record of this key in the first target that has one; null without a token. */
async function currentRecord(step: Step, publicKey: KeyObject): Promise<KeyRecord | null> {
  const { world, inputs, book } = step
  if (!world.github || (inputs.publicKeyId !== null && inputs.region)) return null
  const report = (problem: Problem): void => {
    if (inputs.amazonPayCheck === 'require') throw problem
    book.warn(problem)
  }
  const { rows, findings } = await inspectAll(step, emptyRing)
  for (const { problem } of findings) report(problem)
  for (const { view } of rows) {
    const { record, problem } = view.slots.current
    if (problem) report(problem)
    if (record?.fingerprint === fingerprint(publicKey)) return record
  }
  return null
}
