import type { JobRun } from '../run.ts'

/** A step of the play: a run of the action, or what a person did. */
export interface Played {
  readonly act: string
  readonly number: number
  /** The command, or who did it. */
  readonly who: string
  readonly title: string
  /** The outputs `status` and `error-code`, or what a person got. */
  readonly outcome: string
  readonly run: JobRun | null
  /** A refusal, and one is expected. */
  readonly isRefusal: boolean
  /** Empty when the step ended as expected. */
  readonly complaints: readonly string[]
  /** What is in each slot afterwards, in one line for each target. */
  readonly slots: readonly string[]
  /** Whether anything of that, or what the shop signs with, is not as after the step before. */
  readonly hasChanged: boolean
  /** Of the order that each shop got after the step. */
  readonly orders: { readonly accepted: number; readonly refused: number }
  readonly signsWith: string
}

/** What a story has to say: the title of an act, a step that has ended, or what it is doing now. */
export type Line =
  | { readonly act: string }
  | { readonly step: Played }
  | { readonly progress: string }
