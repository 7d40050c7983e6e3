import type { Line } from './line.ts'
import { printAct, printStep, showProgress } from './terminal.ts'

/** Stories are played at the same time, and printed one after another. */
export interface Programme {
  add(story: number, line: Line): void
  end(story: number): void
}

export function programmeOf(stories: number): Programme {
  const waiting: Line[][] = Array.from({ length: stories }, () => [])
  const ended = new Set<number>()
  let printing = 0
  const programme: Programme = {
    add(story, line) {
      if (story === printing) print(line)
      else if (!('progress' in line)) waiting[story]?.push(line)
    },
    end(story) {
      ended.add(story)
      while (ended.has(printing)) {
        printing += 1
        for (const line of waiting[printing] ?? []) print(line)
      }
    },
  }
  return programme
}

function print(line: Line): void {
  if ('act' in line) printAct(line.act)
  else if ('step' in line) printStep(line.step)
  else showProgress(line.progress)
}
