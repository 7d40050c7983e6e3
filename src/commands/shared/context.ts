import { timestamp } from '../../domain/rotation/record.ts'
import type { SlotNames } from '../../domain/rotation/slots.ts'
import type { GitHub, Inputs, World } from '../../ports.ts'
import type { Book } from '../../summary/outcome.ts'

/** What every command gets: the inputs, the world to work in, and the book to record results in. */
export interface Step {
  readonly inputs: Inputs
  readonly names: SlotNames
  readonly world: World
  readonly book: Book
}

/** Every command that looks at targets has a token, so GitHub is available there. */
export function githubOf({ world }: Step): GitHub {
  if (world.github) return world.github
  throw new Error('a command that works on targets was started without a token')
}

/** GitHub's time, so that all runners use the same clock; the runner's own time before the first response. */
export function timeOf(step: Step): Date {
  return githubOf(step).serverTime ?? step.world.clock.now()
}

/** The same, in the format of the key records. */
export function now(step: Step): string {
  return timestamp(timeOf(step))
}
