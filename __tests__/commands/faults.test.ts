import { type Change, lostKeys, shopOf, slotsOf, tries } from './world/changes.ts'
import type { Fault } from './world/runner.ts'
import type { Ran, Shop } from './world/workflow.ts'

// GitHub refuses a write, or its answer is lost, at every write of every change. The step survives that, so the pair has
// to be wholly old or wholly new, and one more run ends where an undisturbed one would have.

interface Failed {
  readonly before: Shop
  readonly shop: Shop
  readonly after: Shop
  readonly ran: Ran
  readonly point: string
}

async function failuresOf(
  change: Change,
  names: readonly string[],
  faultAt: (write: number, faulty: number) => Fault | undefined,
): Promise<Failed[]> {
  const before = shopOf(change, names)
  const after = before.copy()
  const whole = await after.run(change.command, change.form, change.options)
  return Promise.all(
    whole.effects.map(async (effect, faulty) => {
      const shop = before.copy()
      const ran = await shop.run(change.command, change.form, {
        ...change.options,
        before: ({ write }) => (write === null ? undefined : faultAt(write, faulty)),
      })
      return { before, shop, after, ran, point: effect }
    }),
  )
}

const isDone = ({ after }: Failed, shop: Shop): boolean =>
  JSON.stringify(slotsOf(shop)) === JSON.stringify(slotsOf(after))

/** Targets whose deploy would fail now. */
const broken = ({ shop, before }: Failed): string[] =>
  shop.targets
    .filter((target, index) => {
      const now = shop.deploy(target)
      return now !== 'accepted' && now !== before.deploy(before.targets[index])
    })
    .map(({ name }) => name)

const lost = ({ shop, before, after }: Failed): string[] =>
  shop.targets.flatMap((target, index) =>
    lostKeys(target, before.targets[index] ?? target, after.targets[index] ?? target),
  )

/** One more run; what is wrong after it. */
async function heal(change: Change, failed: Failed): Promise<object[]> {
  const shop = failed.shop.copy()
  const { point, ran } = failed
  let again = await shop.run(change.command, change.form, change.options)
  if (again.code === 'previous-key-missing' && shop.target.privateKey('previous') === null) {
    // The key is deleted where the workflow runs: only a re-run still has it among its inputs.
    again = await shop.rerun(ran.queued, change.options)
  }
  if (again.code === 'staged-key-exists' && change.form?.replaceStaged) {
    // Consent was for one key, which is gone: the new one is staged where it is missing, without consent.
    again = await shop.run(change.command, {}, change.options)
  }
  const isIdle = again.code !== null && again.effects.length === 0
  if (isDone(failed, shop) && (again.code === null || isIdle)) return []
  return [{ point, first: ran.code, code: again.code, trouble: again.trouble }]
}

const kinds = [
  { fault: 'refused', words: 'is refused' },
  { fault: 'lost', words: 'happens, and its answer is lost' },
  { fault: 'unheard', words: 'does not arrive' },
] as const

describe.each(tries)('$name in $count, when a write', (tried) => {
  test.each(kinds)('$words', async ({ fault }) => {
    const failures = await failuresOf(tried, tried.names, (write, faulty) =>
      write === faulty ? fault : undefined,
    )
    const wrong: object[] = []
    for (const failed of failures) {
      const { ran, point, shop } = failed
      const facts = {
        broken: broken(failed),
        lost: lost(failed),
        internal: ran.code === 'internal',
      }
      if (facts.broken.length > 0 || facts.lost.length > 0 || facts.internal) {
        wrong.push({ point, code: ran.code, ...facts })
      }
      const results = Object.keys(ran.targets).sort()
      if (JSON.stringify(results) !== JSON.stringify(shop.targets.map(({ name }) => name).sort())) {
        wrong.push({ point, code: ran.code, results })
      }
      wrong.push(...(await heal(tried, failed)))
    }
    expect(wrong).toEqual([])
  })

  test('is the last one that GitHub takes', async () => {
    const failures = await failuresOf(tried, tried.names, (write, faulty) =>
      write === faulty ? 'lost' : write > faulty ? 'unheard' : undefined,
    )
    const wrong: object[] = []
    for (const failed of failures) {
      const { ran, point } = failed
      const torn = broken(failed)
      const said = Object.entries(ran.targets).filter(([, result]) => result === 'torn pair-torn')
      // A pair may be half written then, but never without a word.
      if (torn.some((name) => !said.some(([target]) => target === name))) {
        wrong.push({ point, code: ran.code, torn, targets: ran.targets })
      }
      if (lost(failed).length > 0) wrong.push({ point, lost: lost(failed) })
      wrong.push(...(await heal(tried, failed)))
    }
    expect(wrong).toEqual([])
  })
})
