import { slotsOf } from '../../rehearsal/keys.ts'
import { nextStepOf } from '../../rehearsal/page/next-step.ts'
import type { Offer } from '../../rehearsal/page/offers.ts'
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

/** Does what is offered after a killed run: time, then the same command. A Monday's run may come in between. */
async function heal(): Promise<string> {
  expect(offered('form')).toBeUndefined()
  const { minutes } = offered('time') ?? { minutes: 0 }
  expect(minutes).toBe(15)
  await scene.pass(minutes * 60_000)?.done
  expect(offered('time')).toBeUndefined()
  return run(offeredForm())
}

const keys = () =>
  slotsOf(scene.situation.targets[0]?.scope ?? { secrets: new Map(), variables: new Map() })

test('After a killed run of each command, the offers finish it', async () => {
  scene = await openScene('existing')
  const first = scene.situation.existingId ?? ''
  await runKilled(offeredForm())
  expect(await heal()).toBe('adopted')

  await runKilled({ command: 'generate' })
  expect(await heal()).toBe('staged')
  const second = exchange()
  expect(offeredForm()).toEqual({ command: 'activate', 'public-key-id': second })
  await runKilled(offeredForm())
  expect(offered('deploy')).toBeDefined()
  await scene.deploy('acme/shop').done
  expect(offered('deploy')).toBeUndefined()
  expect(await heal()).toBe('activated')
  expect(scene.shops[0]?.pair?.publicKeyId).toBe(second)

  await runKilled({ command: 'rollback' })
  expect(await heal()).toBe('rolled-back')
  expect(Object.values(keys()).map(({ publicKeyId }) => publicKeyId)).toEqual([first, null, second])

  expect(offered('delete')?.id).toBe(second)
  scene.amazonPay.deleteKey(second)
  await runKilled({ command: 'retire' })
  await scene.pass(7 * 86_400_000)?.done
  expect(await run(offeredForm())).toBe('retired')
  expect(scene.shops[0]).toMatchObject({ pair: { publicKeyId: first }, refused: 0 })
})

test('What has failed because of a fault is offered again', async () => {
  scene = await openScene()
  const trouble = makeTrouble(scene, new Set(['unavailable']), () => undefined)
  expect(await run({ command: 'status' })).toBe('github-unavailable')
  trouble.end()
  expect(offeredForm().command).toBe('status')
  expect(await run(offeredForm())).toBe('ok')
  expect(offeredForm().command).toBe('generate')
})

test('When the current key was deleted by mistake, the shop goes back to the previous one, or gets a new one', async () => {
  scene = await openScene('existing')
  const first = scene.situation.existingId ?? ''
  expect(await run(offeredForm())).toBe('adopted')
  expect(await run({ command: 'generate' })).toBe('staged')
  const second = exchange()
  expect(await run(offeredForm())).toBe('activated')
  scene.amazonPay.deleteKey(second)
  expect(offeredForm().command).toBe('rollback')
  expect(await run(offeredForm())).toBe('rolled-back')
  expect(scene.shops[0]?.pair?.publicKeyId).toBe(first)
  scene.amazonPay.deleteKey(first)
  expect(offeredForm().command).toBe('generate')
})

test('After a leak, the key that no slot has any more is to be deleted', async () => {
  scene = await openScene('existing')
  const leaked = scene.situation.existingId ?? ''
  expect(await run(offeredForm())).toBe('adopted')
  expect(offered('time')?.minutes).toBe(91 * 1440)
  expect(await run({ command: 'generate' })).toBe('staged')
  const id = exchange()
  expect(await run({ command: 'activate', 'public-key-id': id, leaked: true })).toBe('activated')
  expect(offered('delete')?.id).toBe(leaked)
  scene.amazonPay.deleteKey(leaked)
  expect(offered('delete')).toBeUndefined()
})
