import type { KeyObject } from 'node:crypto'
import { readPublicKeyId } from '../domain/amazon-pay/public-key-id.ts'
import { type KeyPair, sameKey } from '../domain/key/pair.ts'
import { looksLikeKeyMaterial, masksOf, readPublicKey } from '../domain/key-import/import.ts'
import { Problem } from '../domain/problem.ts'
import { prove, skipped, tellProof } from './prove.ts'
import {
  keyPairOfInput,
  knowKey,
  knowPlace,
  knowPublicKeyId,
  placeOfProof,
  publish,
  type Step,
  warn,
} from './step.ts'

/** Judges a key in whatever shape it arrives, and with a Public Key ID the pair. Writes nothing to GitHub. */
export async function validate(step: Step): Promise<void> {
  const { inputs, outcome } = step
  const pair = inputs.privateKey.trim() === '' ? null : await keyPairOfInput(step, 'private-key')
  const publicKey = inputs.publicKey.trim() === '' ? null : await publicKeyOfInput(step)
  if (pair && publicKey && !sameKey(pair.publicKey, publicKey)) {
    throw new Problem(
      'pair-mismatch',
      'public-key does not belong to private-key',
      'derive the public key anew: `openssl pkey -in privateKey.pem -pubout` (`ssh-keygen -e` reads a stale .pub file beside the key, without saying so)',
    )
  }
  // What is published is derived from the private key wherever there is one, never believed.
  const subject = pair?.publicKey ?? publicKey
  if (!subject) throw nothingGiven(step)
  const key = knowKey(step, subject)
  if (inputs.publicKeyId !== '') {
    knowPublicKeyId(step, readPublicKeyId(inputs.publicKeyId, { input: 'public-key-id' }))
  }
  knowPlace(step, [])
  await proveGiven(step, pair)
  await publish(step, key)
  step.world.runner.info(`The key is valid: RSA, 2048 bits, ${key.fingerprint}`)
  outcome.status = 'valid'
}

function nothingGiven({ inputs }: Step): Problem {
  // The runner hands over an empty text for a secret that is not there as well.
  const given = inputs.privateKey !== '' || inputs.publicKey !== ''
  return new Problem(
    'key-empty',
    given ? 'private-key and public-key hold blanks only' : 'private-key and public-key are empty',
    'pass one of them; if it comes from a secret: does the job name the environment that holds it, is the secret gone because its key is current already, is this a run of a fork or of Dependabot (those get no secrets)?',
  )
}

async function publicKeyOfInput(step: Step): Promise<KeyObject> {
  const { inputs, world } = step
  const text = inputs.publicKey
  const material = looksLikeKeyMaterial(text)
    ? text
    : await world.runner.readFile(text.trim(), 'public-key')
  try {
    const { publicKey, warnings } = await readPublicKey(material, { input: 'public-key' })
    for (const warning of warnings) warn(step, warning)
    return publicKey
  } catch (error) {
    // What is not a public key may be a private one: masked before anything is said about it.
    for (const mask of masksOf(material)) world.runner.mask(mask)
    throw error
  }
}

async function proveGiven(step: Step, pair: KeyPair | null): Promise<void> {
  const { inputs, world, outcome } = step
  if (pair === null || outcome.publicKeyId === null || inputs.amazonPayCheck === 'off') {
    tellProof(step, skipped)
    return
  }
  const publicKeyId = outcome.publicKeyId
  const place = placeOfProof(step, publicKeyId)
  const { story, problem } = await prove(world, { pair, publicKeyId, ...place }, false)
  tellProof(step, story)
  if (!problem) return
  const tolerable =
    story.answer === 'accepted' ||
    (inputs.amazonPayCheck === 'warn' && story.answer === 'undecided')
  if (!tolerable) throw atDeploy(problem)
  warn(step, problem)
}

/** At a deploy, a half-written pair is likelier than a foreign key: nothing is to be deleted for it. */
function atDeploy(problem: Problem): Problem {
  if (problem.code !== 'amazon-pay-rejected') return problem
  return new Problem(
    problem.code,
    problem.fact,
    `when this pair has worked before, an activation may have been cut off between its two secrets, or this run started just then: look at command: status, run command: activate again, or start a new run; otherwise ${problem.hint}`,
  )
}
