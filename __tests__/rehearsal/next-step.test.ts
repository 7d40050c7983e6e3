import { slotsOf } from '../../rehearsal/keys.ts'
import { nextStepOf, type Offer } from '../../rehearsal/page/next-step.ts'
import type { Form, Run } from '../../rehearsal/run.ts'
import { openScene, type Scene } from '../../rehearsal/scene.ts'
import { makeTrouble } from '../../rehearsal/trouble.ts'

// Whatever a run has left behind, what the page offers leads on.

let scene: Scene

afterEach(() => scene.close())

const offered = <Kind extends Offer['kind']>(kind: Kind) =>
  nextStepOf(scene).offers.find(
    (offer): offer is Extract<Offer, { kind: Kind }> => offer.kind === kind,
  )

async function run(form: Form): Promise<string> {
  const started = scene.start(form)
  await started.done
  await Promise.all(scene.runs.map(({ done }) => done))
  const outputs = started.jobs.at(-1)?.result?.outputs
  return outputs?.['error-code'] || outputs?.status || ''
}

async function runKilled(form: Form): Promise<void> {
  let started: Run | undefined
  const trouble = makeTrouble(scene, new Set(['killed']), () => started)
  started = scene.start(form)
  await started.done
  trouble.end()
  expect([...trouble.happened]).toEqual(['killed'])
}

function exchange(): string {
  const { publicKey = '', name = '' } = offered('exchange') ?? {}
  return scene.amazonPay.exchange({ region: 'eu', view: 'live', publicKey, name })
}

const offeredForm = (): Form => offered('form')?.form ?? { command: 'nothing was offered' }

async function rotate(): Promise<string> {
  expect(await run({ command: 'generate' })).toBe('staged')
  const id = exchange()
  expect(offeredForm()).toEqual({ command: 'activate', 'public-key-id': id })
  expect(await run(offeredForm())).toBe('activated')
  return id
}

/** Does what is offered after a killed run: time, then the same command. */
async function heal(): Promise<string> {
  const { minutes } = offered('time') ?? { minutes: 0 }
  expect(minutes).toBe(15)
  scene.pass(minutes * 60_000)
  return run(offeredForm())
}

const keys = () =>
  slotsOf(scene.situation.targets[0]?.scope ?? { secrets: new Map(), variables: new Map() })

test('After a killed run of each command, the offers finish it', async () => {
  scene = await openScene('new')
  await runKilled({ command: 'generate' })
  expect(await heal()).toBe('staged')

  const first = exchange()
  await runKilled({ command: 'activate', 'public-key-id': first })
  expect(await heal()).toBe('activated')
  expect(scene.shops[0]?.pair?.publicKeyId).toBe(first)

  const second = await rotate()
  await runKilled({ command: 'rollback' })
  expect(await heal()).toBe('rolled-back')
  expect(Object.values(keys()).map(({ publicKeyId }) => publicKeyId)).toEqual([first, null, second])

  expect(offered('delete')?.id).toBe(second)
  scene.amazonPay.deleteKey(second)
  await runKilled({ command: 'retire' })
  expect(await heal()).toBe('retired')
  expect(scene.shops[0]).toMatchObject({ pair: { publicKeyId: first }, refused: 0 })
  expect(offered('time')?.minutes).toBe(91 * 1440)
}, 120_000)

test('After a leak, the key that no slot has any more is to be deleted', async () => {
  scene = await openScene('new')
  const leaked = await rotate()
  expect(await run({ command: 'generate' })).toBe('staged')
  const id = exchange()
  expect(await run({ command: 'activate', 'public-key-id': id, leaked: true })).toBe('activated')
  expect(offered('delete')?.id).toBe(leaked)
  scene.amazonPay.deleteKey(leaked)
  expect(offered('delete')).toBeUndefined()
}, 120_000)
