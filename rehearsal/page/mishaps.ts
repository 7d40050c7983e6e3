import type { Slot } from '../keys.ts'
import type { Run } from '../run.ts'
import type { Scene } from '../scene.ts'
import { command, type Offer, type Rule } from './offers.ts'

// What the page offers after something has gone wrong.

const codeOf = (run: Run | undefined): string | undefined =>
  run?.jobs.at(-1)?.result?.outputs['error-code']

/** A run was killed: by its lock, by the mark of a change that has begun, or by how the run ended. */
export const interrupted: Rule = ({ scene, last, next, stagedIds }) => {
  const locks = scene.situation.targets.flatMap(
    ({ scope }) => scope.variables.get('AMAZON_PAY_KEY_LOCK') ?? [],
  )
  const change = next.record?.change
  if (last === undefined || !(locks.length > 0 || change || wasKilled(last))) return undefined
  const isLocked = locks.some(
    ({ created_at }) => scene.now().getTime() - Date.parse(created_at) < lockLifetimeMs,
  )
  const name = change ?? last.form.command
  const again = command(`Fill in ${name} again`, name, {
    ...(name === 'activate' && { 'public-key-id': stagedIds[0] ?? '' }),
    ...(name === last.form.command && last.form),
  })
  const fact = change
    ? `${change} was killed between the two secrets; the shop keeps its deployed pair.`
    : 'The runner was killed while it was writing.'
  const deploy: Offer = { label: 'Deploy now: the guard stops it', kind: 'deploy' }
  const wait: Offer = { label: 'Let 15 minutes pass', kind: 'time', minutes: 15 }
  return {
    text: `${fact} Run it again${isLocked ? ' when its lock has expired (3 minutes)' : ''}.`,
    offers: [...(change && !wasGuarded(scene) ? [deploy] : []), isLocked ? wait : again],
  }
}

/** After this time, the action takes over the lock of a run that was killed. */
const lockLifetimeMs = 3 * 60_000

const wasKilled = ({ jobs }: Run): boolean => jobs.at(-1)?.result?.signal === 'SIGKILL'

/** Whether a deploy has been tried since a run was killed. */
const wasGuarded = ({ runs }: Scene): boolean =>
  runs.findLastIndex(({ form }) => form.command === 'deploy') > runs.findLastIndex(wasKilled)

export const appNotInstalled: Rule = ({ scene, last }) =>
  codeOf(last) === 'app-not-installed' && scene.situation.installation.repositories !== null
    ? {
        text: 'The App is not installed on acme/mobile, and nothing was written anywhere. Install it there, then run the command again.',
        offers: [{ label: 'Install the App on acme/mobile', kind: 'install' }],
      }
    : undefined

/** The wrong key was deleted: its orders are refused until another one is current. */
export const deleted: Rule = ({ amazonPay, current, previous }) => {
  const isDeleted = ({ publicKeyId }: Slot) =>
    amazonPay.keys.get(publicKeyId ?? '')?.status === 'deleted'
  if (!isDeleted(current)) return undefined
  const text = 'The current key is deleted at Amazon, so orders are refused.'
  return previous.publicKeyId === null || isDeleted(previous)
    ? { text: `${text} Generate the next one.`, offers: [command('Fill in generate', 'generate')] }
    : {
        text: `${text} Roll back to the previous key.`,
        offers: [
          command('Fill in rollback', 'rollback', {
            ...(previous.record?.rolledBackAt && { 'public-key-id': previous.publicKeyId }),
          }),
        ],
      }
}

/** What has failed for a reason outside the keys is run again. */
export const failed: Rule = ({ scene, last }) => {
  const code = codeOf(last) ?? ''
  if (last === undefined || last !== scene.runs.at(-1) || !outsideCommands.has(code))
    return undefined
  const { form } = last
  return {
    text: `${form.command} failed. Do what its summary says, then run it again; a fault lasts for one run.`,
    offers: [command(`Fill in ${form.command} again`, form.command, form)],
  }
}

const outsideCommands = new Set([
  'token-forbidden',
  'github-unavailable',
  'amazon-pay-rejected',
  'amazon-pay-undecided',
])
