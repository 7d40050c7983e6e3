import { idsOf, type Slot, slotsOf } from '../keys.ts'
import type { Scene } from '../scene.ts'
import { appNotInstalled, deleted, failed, interrupted } from './mishaps.ts'
import { command, type Facts, type NextStep, type Offer, type Rule } from './offers.ts'

/** Judged by what is stored where, so that it is right after every run and after every restart. */
export function nextStepOf(scene: Scene): NextStep {
  const facts = factsOf(scene)
  for (const rule of rules) {
    const step = rule(facts)
    if (step !== undefined) return step
  }
  return { text: 'Generate the first key pair.', offers: [command('Fill in generate', 'generate')] }
}

function factsOf(scene: Scene): Facts {
  const { amazonPay, runs, situation } = scene
  const slots = slotsOf(situation.targets[0]?.scope ?? emptyScope)
  return {
    scene,
    amazonPay,
    last: runs.findLast(({ event, form }) => event !== 'schedule' && form.command !== 'deploy'),
    waiting: runs.find(({ waitsFor }) => waitsFor !== null),
    ...slots,
    stagedIds: idsOf(amazonPay, slots.next.fingerprint ?? ''),
  }
}

const emptyScope = { variables: new Map(), secrets: new Map() }

const underWay: Rule = ({ scene }) => {
  const run = scene.runs.find(({ conclusion, waitsFor }) => conclusion === null && !waitsFor)
  return run && { text: `Run #${run.id} is in progress …`, offers: [] }
}

const review: Rule = ({ waiting, next, stagedIds }) => {
  if (waiting === undefined) return undefined
  const who = `Run #${waiting.id} waits for a reviewer of environment ${waiting.waitsFor}.`
  const takesId = waiting.workflow.jobs.length > 1
  const [id] = stagedIds
  if (!takesId) {
    return {
      text: `${who} Approve it.`,
      offers: [{ label: 'Go to the review', kind: 'comment', run: waiting.id, comment: '' }],
    }
  }
  if (id !== undefined) {
    return {
      text: `${who} Approve it with the Public Key ID in the comment.`,
      offers: [
        {
          label: 'Paste the Public Key ID into the comment',
          kind: 'comment',
          run: waiting.id,
          comment: id,
        },
      ],
    }
  }
  return {
    text: `${who} As the reviewer, exchange the public key in Integration Central first.`,
    offers: exchangeOffers(next),
  }
}

const adopt: Rule = ({ scene, current }) =>
  current.fingerprint !== null && current.record === null
    ? {
        text: 'This shop has a key that the action does not manage yet. Take it over with its Public Key ID.',
        offers: [
          command('Fill in adopt', 'adopt', { 'public-key-id': scene.situation.existingId ?? '' }),
        ],
      }
    : undefined

const staged: Rule = ({ next, current, stagedIds }) => {
  if (next.fingerprint === null) return undefined
  const [id] = stagedIds
  if (next.record === null || id === undefined) {
    return next.record === null
      ? {
          text: 'A key is staged without its record. Run generate again.',
          offers: [command('Fill in generate', 'generate')],
        }
      : {
          text: 'A key pair is staged. Exchange its public key in Integration Central, as the summary says.',
          offers: exchangeOffers(next),
        }
  }
  const fill = { 'public-key-id': id }
  return {
    text: 'The staged key has its Public Key ID. Activate it.',
    offers: [
      command('Fill in activate', 'activate', fill),
      ...(current.fingerprint === null
        ? []
        : [command('… as after a leak', 'activate', { ...fill, leaked: true })]),
    ],
  }
}

const exchangeOffers = ({ record, shortFingerprint }: Slot): readonly Offer[] =>
  record === null
    ? []
    : [
        {
          label: 'Paste the public key into Integration Central',
          kind: 'exchange',
          publicKey: record.publicKey,
          name: `acme/shop live ${record.madeAt.slice(0, 10)} ${shortFingerprint}`,
        },
      ]

const retire: Rule = ({ amazonPay, previous, current, scene }) => {
  const id = previous.publicKeyId
  if (previous.fingerprint === null || id === null) return undefined
  const back = command('Fill in rollback', 'rollback')
  if (amazonPay.keys.get(id)?.status === 'deleted') {
    return {
      text: 'The previous key is deleted at Amazon. Remove its copy with retire.',
      offers: [command('Fill in retire', 'retire')],
    }
  }
  if (scene.shops.some(({ pair }) => pair?.publicKeyId !== current.publicKeyId)) {
    return {
      text: 'The pair is current, but the shop still signs with the pair of its last deploy. Deploy it.',
      offers: [{ label: 'Deploy', kind: 'deploy' }, back],
    }
  }
  const toPrevious: Offer = { label: 'Go to the previous key', kind: 'delete', id }
  const end = command('Fill in retire', 'retire')
  if (previous.record?.rolledBackAt !== undefined) {
    return {
      text: 'Rolled back. Delete the previous key, then run retire; to use it after all, run rollback with its ID.',
      offers: [toPrevious, end, command('Fill in rollback', 'rollback', { 'public-key-id': id })],
    }
  }
  return {
    text: 'The shop signs with the new key. Roll back if something is wrong; otherwise delete the previous key, then run retire.',
    offers: [toPrevious, end, back],
  }
}

const leaked: Rule = ({ scene, amazonPay, current }) => {
  const left = [...amazonPay.keys.values()].filter(
    ({ id, status }) => status === 'active' && id !== current.publicKeyId,
  )
  const [old] = left
  if (old === undefined || current.record === null) return undefined
  if (scene.shops.some(({ pair }) => pair?.publicKeyId === old.id)) return undefined
  return {
    text: 'Amazon Pay still accepts a key that is in no slot any more. After a leak, delete it in Integration Central now.',
    offers: [{ label: 'Go to that key', kind: 'delete', id: old.id }],
  }
}

const finished: Rule = ({ scene, current }) => {
  if (current.record === null) return undefined
  if (scene.shops.some(({ pair }) => pair?.publicKeyId !== current.publicKeyId)) {
    return {
      text: 'The pair is current, but the shop does not sign with it yet. Deploy it.',
      offers: [{ label: 'Deploy', kind: 'deploy' }],
    }
  }
  const days = (scene.now().getTime() - Date.parse(current.record.madeAt)) / 86_400_000
  const rotate = command('Fill in generate', 'generate')
  return days >= 90
    ? {
        text: `The key is ${Math.floor(days)} days old: it is due. Generate the next one.`,
        offers: [rotate],
      }
    : {
        text: 'Nothing to do: the shop signs with the current key. Amazon recommends a rotation every 90 days.',
        offers: [{ label: 'Let 91 days pass', kind: 'time', minutes: 91 * 1440 }, rotate],
      }
}

const rules: readonly Rule[] = [
  underWay,
  review,
  interrupted,
  appNotInstalled,
  adopt,
  staged,
  deleted,
  failed,
  retire,
  leaked,
  finished,
]
