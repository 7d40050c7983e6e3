import { type Command, commandNames } from '../../src/ports.ts'
import { type Change, lostKeys, shopOf, slotsOf, tries } from './world/changes.ts'
import type { StoredTarget } from './world/stored-target.ts'
import type { QueuedRun, Ran, Shop } from './world/workflow.ts'

// The runner dies at every write of every change; then one more run has to end in the same place.

const minuteMs = 60_000

interface Death {
  readonly change: Change
  readonly before: Shop
  /** What the death left. */
  readonly shop: Shop
  /** Where an undisturbed run ends. */
  readonly after: Shop
  readonly died: Ran
  /** Queued before the death, with the secrets of then. */
  readonly stale: QueuedRun
  readonly point: string
}

async function deathsOf(change: Change, names: readonly string[]): Promise<Death[]> {
  const before = shopOf(change, names)
  const after = before.copy()
  const whole = await after.run(change.command, change.form, change.options)
  expect(whole.trouble).toBe('')
  const points = whole.effects.flatMap((_, write) => [{ write, fault: 'killed before' as const }])
  const last = { write: whole.effects.length - 1, fault: 'killed after' as const }
  return Promise.all(
    [...points, last].map(async ({ write, fault }) => {
      const shop = before.copy()
      const queued = queue(change, shop)
      const stale = queue(change, shop)
      const died = await shop.start(queued, {
        ...change.options,
        before: (call) => (call.write === write ? fault : undefined),
      })
      expect(died.killed).toBe(true)
      const point = `killed after: ${died.effects.at(-1) ?? 'nothing'}`
      return { change, before, shop, after, died, stale, point }
    }),
  )
}

function queue({ command, form, options }: Change, shop: Shop): QueuedRun {
  return shop.queue(command, form, options?.with)
}

const isMarked = (target: StoredTarget): boolean => Boolean(target.record('next')?.change)
const isDone = ({ shop, after }: Death): boolean =>
  JSON.stringify(slotsOf(shop)) === JSON.stringify(slotsOf(after))

type Again = 're-run' | 'with inputs from before' | 'with fresh inputs'

/** The refusals with which one more run may end, without writing anything. */
function allowed(death: Death, again: Again): string[] {
  const { change, shop } = death
  // A second click must not bring the bad key back.
  if (change.command === 'rollback' && isDone(death)) return ['nothing-to-roll-back']
  if (change.command === 'retire' && again === 'with fresh inputs') {
    // The key is deleted where the workflow runs, so that only the inputs of then have it.
    const isGone = shop.target.privateKey('previous') === null
    return isGone && shop.targets.length > 1 ? ['previous-key-missing'] : []
  }
  if (change.command !== 'generate' || !change.options?.making) return []
  // The key that the dead run generated is in a secret by now, and not among the inputs of then.
  const consent = change.form?.replaceStaged
  const staged = shop.targets.filter((target) => target.privateKey('next') !== null)
  const isNew = (target: StoredTarget): boolean => target.record('next')?.fingerprint !== consent
  if (!staged.some(isNew)) return []
  if (again === 'with fresh inputs') {
    // Consent was for one key, which is in no target any more.
    return consent && staged.every(isNew) ? ['staged-key-exists'] : []
  }
  return consent ? ['staged-key-partial', 'staged-key-exists'] : ['staged-key-partial']
}

async function startAgain(death: Death, shop: Shop, again: Again): Promise<Ran> {
  const { change, died, stale } = death
  // An attempt of the same run knows that the one before is dead; for others, its lock has to expire.
  if (again === 're-run') return shop.rerun(died.queued, { ...change.options, after: 1000 })
  const queued = again === 'with inputs from before' ? stale : queue(change, shop)
  return shop.start(queued, { ...change.options, after: 4 * minuteMs })
}

describe.each(tries)('$name in $count, interrupted at every write', (tried) => {
  let deaths: Death[]
  beforeAll(async () => {
    deaths = await deathsOf(tried, tried.names)
  })

  test('leaves every key in a secret', () => {
    const lost = deaths.flatMap(({ shop, before, after, point }) =>
      shop.targets.flatMap((target, index) =>
        lostKeys(target, before.targets[index] ?? target, after.targets[index] ?? target).map(
          (key) => ({ point, target: target.name, key }),
        ),
      ),
    )
    expect(lost).toEqual([])
  })

  test('leaves a pair that works, except between its two secrets', () => {
    const broken = deaths.flatMap(({ shop, before, died, point }) =>
      shop.targets
        .filter((target, index) => {
          const old = before.deploy(before.targets[index])
          const now = shop.deploy(target)
          return now !== 'accepted' && now !== old
        })
        .filter(({ name }) => {
          const where = shop.targets.length > 1 ? ` in ${name}` : ''
          return died.effects.at(-1) !== `put AMAZON_PAY_PUBLIC_KEY_ID${where}`
        })
        .map(({ name }) => ({ point, name })),
    )
    expect(broken).toEqual([])
  })

  test('refuses other runs while the lock of the dead run is alive', async () => {
    const locked = deaths.filter(({ shop }) => shop.targets.some(({ isLocked }) => isLocked))
    const found = await Promise.all(
      locked.map(async ({ shop, stale, point, change }) => {
        const copy = shop.copy()
        const before = slotsOf(copy)
        const options = { ...change.options, after: 1000 }
        const runs = [
          await copy.start(stale, options),
          await copy.start(queue(change, copy), options),
        ]
        const codes = runs.map(({ code }) => code)
        const effects = runs.flatMap((run) => run.effects)
        expect(slotsOf(copy)).toEqual(before)
        return { point, codes, effects }
      }),
    )
    const expected = locked.map(({ point }) => ({
      point,
      codes: ['locked', 'locked'],
      effects: [],
    }))
    expect(found).toEqual(expected)
  })

  test.each<Again>(['re-run', 'with inputs from before', 'with fresh inputs'])(
    'ends in the same place after one more run, %s',
    async (again) => {
      const wrong = await Promise.all(
        deaths.map(async (death) => {
          const shop = death.shop.copy()
          const ran = await startAgain(death, shop, again)
          const { point } = death
          if (ran.code !== null && allowed(death, again).includes(ran.code)) {
            return ran.effects.length > 0 ? [{ point, effects: ran.effects }] : []
          }
          if (ran.trouble !== '') return [{ point, trouble: ran.trouble }]
          if (!isDone({ ...death, shop })) return [{ point, different: slotsOf(shop) }]
          const locked = shop.targets.filter(({ isLocked }) => isLocked)
          const wrote = ({ name }: StoredTarget): boolean =>
            ran.written.some((text) => shop.targets.length === 1 || text.endsWith(` in ${name}`))
          return locked.filter(wrote).map(({ name }) => ({ point, locked: name }))
        }),
      )
      expect(wrong.flat()).toEqual([])
    },
  )
})

const marking = tries.filter(({ command }) => command === 'activate' || command === 'rollback')

test.each(marking)(
  '$name in $count, once begun, is finished only by its own command',
  async (tried) => {
    const others = commandNames.filter(
      (name): name is Command => !['status', 'validate', tried.command].includes(name),
    )
    const deaths = await deathsOf(tried, tried.names)
    // Of three targets, the one in the middle is enough: one is finished, one is begun, one is untouched.
    const begun = deaths.filter(
      ({ shop, point }) =>
        shop.targets.some(isMarked) &&
        (shop.targets.length === 1 || point.endsWith('in acme/shop')),
    )
    expect(begun.length).toBeGreaterThan(3)
    const wrong = []
    for (const { shop, point } of begun) {
      for (const command of others) {
        const copy = shop.copy()
        const publicKeyId = tried.form?.publicKeyId ?? copy.target.publicKeyId ?? ''
        const form = command === 'activate' || command === 'adopt' ? { publicKeyId } : {}
        const { codes, effects, trouble } = await copy.run(command, form)
        const names = trouble.includes(`command: ${tried.command}`)
        if (codes[0] === 'change-unfinished' && names && effects.length === 0) continue
        wrong.push({ point, command, codes, effects })
      }
      const { outcome } = await shop.copy().run('status')
      const steps = outcome.health.map(({ nextStep }) => nextStep.command)
      if (!steps.some((name) => name === tried.command))
        wrong.push({ point, command: 'status', steps })
    }
    expect(wrong).toEqual([])
  },
)
