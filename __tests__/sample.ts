/** `FULL=1` plays every case: `.ci/run` and a weekly workflow do. */
export const isFull = process.env.FULL === '1'

/** Every so many of cases that are alike; all of them with `FULL=1`. */
export const sample = <T>(cases: readonly T[], every: number): T[] =>
  cases.filter((_, index) => isFull || index % every === 0)
