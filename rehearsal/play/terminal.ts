import { styleText } from 'node:util'
import type { Played } from './line.ts'

export const say = (text: string): void => console.log(text)

/** A line that the next one replaces, on a terminal only. */
export function showProgress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001B[K${text}`)
}

export function printAct(title: string): void {
  showProgress('')
  say(`\n${styleText('bold', title)}`)
}

/** One line: what was done, and what it came to. Another one where the keys have changed. */
export function printStep(step: Played): void {
  const { number, who, title, complaints, run } = step
  const seconds = run?.result ? ` ${(run.result.duration / 1000).toFixed(1)} s` : ''
  showProgress('')
  say(
    `${markOf(step)} ${String(number).padStart(2)}  ${who.padEnd(8)}  ${title} ${styleText('dim', '→')} ${outcome(step)}${styleText('dim', seconds)}`,
  )
  for (const complaint of complaints) say(styleText('red', `               ${complaint}`))
  if (step.hasChanged) say(styleText('dim', `               ${stateOf(step)}`))
}

function markOf({ complaints, isRefusal }: Played): string {
  if (complaints.length > 0) return styleText('red', '✘')
  return isRefusal ? styleText('yellow', '⊘') : styleText('green', '✔')
}

const outcome = ({ outcome: words, isRefusal }: Played): string =>
  isRefusal ? styleText('yellow', `refused, as expected: ${words}`) : styleText('bold', words)

/** What is in the slots, and what the shop saw. Targets that are equal are not repeated. */
function stateOf({ slots, signsWith, orders }: Played): string {
  const bare = new Set(slots.map((line) => line.replace(/^\S+: /, '')))
  const all = bare.size === 1 && slots.length > 1
  const state = all ? `all targets: ${[...bare].join('')}` : slots.join(' | ')
  const sold =
    signsWith === 'no key'
      ? 'the shop has no key'
      : `the shop signs with ${signsWith}: ${orders.refused > 0 ? 'order refused' : 'order accepted'}`
  return `${state} · ${sold}`
}
