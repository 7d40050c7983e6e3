import type { Form, Run } from '../run.ts'
import type { SituationName } from '../situations.ts'
import { makeTrouble } from '../trouble.ts'
import type { Stage } from './stage.ts'

/** Acts that are played one after another, with the same shop. */
export interface Story {
  readonly situation: SituationName
  readonly acts: readonly Act[]
}

export interface Act {
  readonly title: string
  readonly play: (stage: Stage) => Promise<void>
}

const dayMs = 86_400_000

/** generate, Integration Central, activate: with the Public Key ID that it came to. */
async function rotate(
  stage: Stage,
  title = 'Amazon Pay accepts the pair; it becomes current, and its deploy starts',
  more: Partial<Form> = {},
): Promise<string> {
  const staged = await stage.run(
    'a key pair is generated and staged',
    { command: 'generate' },
    { status: 'staged', outputs: { 'new-key': 'true' } },
  )
  const id = await stage.exchange(staged)
  await stage.run(
    title,
    { command: 'activate', 'public-key-id': id, ...more },
    { status: 'activated', outputs: { 'amazon-pay': 'accepted', 'public-key-id': id } },
  )
  return id
}

const deletes = (stage: Stage, id: string, which: string) =>
  stage.person(`deletes ${which} in Integration Central`, () => {
    stage.scene.amazonPay.deleteKey(id)
    return id
  })

async function wholeLife(stage: Stage): Promise<void> {
  const { scene } = stage
  await stage.run('there is no key yet', { command: 'status' }, { status: 'ok' })
  const staged = await stage.run(
    'a key pair is generated and staged',
    { command: 'generate' },
    { status: 'staged', outputs: { 'new-key': 'true' } },
  )
  await stage.run(
    'once more: the staged key is shown again',
    { command: 'generate' },
    {
      status: 'staged',
      outputs: { 'new-key': 'false', fingerprint: staged.outputs.fingerprint ?? '' },
    },
  )
  const first = await stage.exchange(staged)
  await stage.run(
    'a mistyped Public Key ID',
    { command: 'activate', 'public-key-id': mistyped(first) },
    { code: 'amazon-pay-rejected' },
  )
  await stage.run(
    'Amazon Pay accepts the pair; it becomes current, and its deploy starts',
    { command: 'activate', 'public-key-id': first },
    { status: 'activated', outputs: { 'amazon-pay': 'accepted' } },
  )

  const monday = scene.pass(91 * dayMs)
  if (monday)
    await stage.follow('91 days later, by schedule: the key is due', monday, {
      status: 'ok',
      outputs: { 'rotation-due': 'true' },
    })
  const second = await rotate(stage)
  await stage.run(
    'the shop goes back to the previous key',
    { command: 'rollback' },
    { status: 'rolled-back', outputs: { 'public-key-id': first } },
  )
  await stage.run(
    'a second click does not bring the bad key back',
    { command: 'rollback' },
    { code: 'nothing-to-roll-back' },
  )
  await stage.run(
    'with its Public Key ID, the shop does go back to that key',
    { command: 'rollback', 'public-key-id': second },
    { status: 'rolled-back', outputs: { 'public-key-id': second } },
  )
  await stage.run(
    'the previous key still works at Amazon',
    { command: 'retire' },
    { code: 'still-accepted' },
  )
  await deletes(stage, first, 'the previous key')
  await stage.run(
    'the previous key is gone, and its copy is deleted',
    { command: 'retire' },
    { status: 'retired' },
  )
}

const mistyped = (id: string): string => `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`

async function killed(stage: Stage): Promise<void> {
  const { scene } = stage
  const old = currentId(stage)
  const staged = await stage.run(
    'the next key pair is staged',
    { command: 'generate' },
    { status: 'staged' },
  )
  const id = await stage.exchange(staged)
  let run: Run | undefined
  const trouble = makeTrouble(scene, new Set(['killed']), () => run)
  const form = { command: 'activate', 'public-key-id': id }
  run = scene.start(form)
  await stage.follow('the runner is killed between the two secrets', run, { killed: true })
  trouble.end()
  await stage.deploy('its guard stops the torn pair; the shop goes on as before', {
    code: 'amazon-pay-rejected',
  })
  await stage.run('the lock of the killed run is still there', form, { code: 'locked' })
  scene.pass(15 * 60_000)
  await stage.run('when the lock has expired, the same command finishes it', form, {
    status: 'activated',
    outputs: { 'public-key-id': id },
  })
  await deletes(stage, old, 'the previous key')
  await stage.run(
    'the previous key is gone, and its copy is deleted',
    { command: 'retire' },
    { status: 'retired' },
  )
}

async function leak(stage: Stage): Promise<void> {
  const leaked = currentId(stage)
  await rotate(stage, 'the pair becomes current; the leaked key is not kept', { leaked: true })
  await deletes(stage, leaked, 'the leaked key')
  await stage.run(
    'no slot has the leaked key',
    { command: 'status' },
    { status: 'ok', outputs: { 'previous-since': '' } },
  )
}

const currentId = ({ scene }: Stage): string => scene.shops[0]?.pair?.publicKeyId ?? ''

async function existing(stage: Stage): Promise<void> {
  const id = stage.scene.situation.existingId ?? ''
  const adopt = (publicKeyId: string): Form => ({ command: 'adopt', 'public-key-id': publicKeyId })
  await stage.run('a mistyped Public Key ID', adopt(mistyped(id)), { code: 'amazon-pay-rejected' })
  await stage.run('the pair of the shop is managed from now on', adopt(id), { status: 'adopted' })
}

async function manyRepositories(stage: Stage): Promise<void> {
  const { github, situation } = stage.scene
  const writes = github.writes.length
  await stage.run(
    'the App is not installed on acme/mobile: nothing is written',
    { command: 'generate' },
    {
      code: 'app-not-installed',
      check: () => (github.writes.length === writes ? [] : ['something was written']),
    },
  )
  await stage.person('installs the App on acme/mobile', () => {
    situation.installation.repositories = null
    return 'installed'
  })
  await rotate(stage)
}

async function approval(stage: Stage): Promise<void> {
  const { scene } = stage
  const run = scene.start({ command: 'generate' })
  const staged = await stage.follow(
    'a key pair is staged in environment production; the run waits',
    run,
    { status: 'staged' },
  )
  const id = await stage.exchange(staged)
  await stage.person('approves the run, with the Public Key ID in the comment', () => {
    run.approve(`Exchanged: ${id}`)
    return 'approved'
  })
  await run.done
  await stage.follow('the ID comes from the approval; the pair becomes current', run, {
    status: 'activated',
    outputs: { 'public-key-id': id },
  })
  const deploy = scene.runs.find(({ waitsFor }) => waitsFor !== null)
  if (deploy === undefined) throw new Error('No deploy waits for its reviewer')
  await stage.person('approves the deploy', () => {
    deploy.approve('')
    return 'approved'
  })
  await deploy.done
  await stage.follow('its guard asks Amazon Pay first', deploy, { status: 'valid' })
}

export const playedLives: readonly Story[] = [
  {
    situation: 'new',
    acts: [
      { title: 'A new shop: its first key, a rotation, a rollback', play: wholeLife },
      { title: 'A runner is killed', play: killed },
      { title: 'The private key has leaked', play: leak },
    ],
  },
  {
    situation: 'existing',
    acts: [{ title: 'A shop that has a key already', play: existing }],
  },
  {
    situation: 'many',
    acts: [
      { title: 'Three repositories, one that the App does not cover', play: manyRepositories },
    ],
  },
  { situation: 'approval', acts: [{ title: 'One run with approval', play: approval }] },
]
