import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { styleText } from 'node:util'
import { playedLives, type Story } from './play/acts.ts'
import type { Line, Played } from './play/line.ts'
import { programmeOf } from './play/programme.ts'
import { stageOf } from './play/stage.ts'
import { say, showProgress } from './play/terminal.ts'
import { pauseShortening } from './run.ts'
import { openScene } from './scene.ts'

const project = dirname(dirname(fileURLToPath(import.meta.url)))

/** Plays whole lives of keys. True when every step ended as expected. */
export async function play(): Promise<boolean> {
  const began = performance.now()
  const path = join(project, 'rehearsal-report.html')
  // What a former play has left.
  rmSync(path, { force: true })
  rmSync(join(project, 'reports', 'rehearsal'), { recursive: true, force: true })

  say(styleText('bold', 'amazon-pay-keys, rehearsed'))
  say(
    `The action is the real one (dist/index.js). GitHub, Amazon Pay and the shop run on this machine. Days pass at once,
pauses are ${pauseShortening} times shorter, and time-outs keep their length. This takes about half a minute.
✔ as expected   ⊘ refused, as expected   ✘ not as expected   K1, K2, … the keys in the order of their appearance`,
  )
  const played = await playStories()
  showProgress('')
  const { report } = await import('./page/report.ts')
  writeFileSync(path, await report(played))
  return conclude(played, path, (performance.now() - began) / 1000)
}

/** The first story, which is the longest, beside the others. */
async function playStories(): Promise<readonly Played[]> {
  const programme = programmeOf(playedLives.length)
  const playInTurn = async (from: number, to?: number) => {
    const played: Played[] = []
    for (const [index, story] of playedLives.entries()) {
      if (index < from || (to !== undefined && index >= to)) continue
      played.push(...(await playStory(story, (line) => programme.add(index, line))))
      programme.end(index)
    }
    return played
  }
  const lanes = await Promise.all([playInTurn(0, 1), playInTurn(1)])
  return lanes.flat()
}

/** Plays the acts of a story, with a shop of its own. */
export async function playStory(
  { situation, acts }: Story,
  tell: (line: Line) => void,
): Promise<readonly Played[]> {
  const scene = await openScene(situation)
  const stage = stageOf(scene, tell)
  try {
    for (const act of acts) {
      stage.begin(act.title)
      await act.play(stage)
    }
    return stage.played
  } finally {
    await scene.close()
  }
}

function conclude(played: readonly Played[], path: string, seconds: number): boolean {
  const failed = played.filter(({ complaints }) => complaints.length > 0)
  const orders = played.reduce((sum, { orders: { accepted } }) => sum + accepted, 0)
  say('')
  say(
    failed.length === 0
      ? styleText(
          'green',
          `✔ All ${played.length} steps ended as expected. Amazon Pay accepted each of the ${orders} orders. ${seconds.toFixed(0)} s`,
        )
      : styleText('red', `✘ ${failed.length} of ${played.length} steps did not end as expected.`),
  )
  say(`  Logs and summaries: ${pathToFileURL(path)}`)
  say('  To run the commands yourself: npm start -- --serve')
  return failed.length === 0
}
