import { jest } from '@jest/globals'

/** `FULL=1` plays every case: `npm run check` does. */
export const isFull = process.env.FULL === '1'

/** Of cases that are alike, one of so many is played. They take turns by the seed that Jest prints; `--seed` repeats it. */
export function sample<T>(cases: readonly T[], ofSoMany: number): T[] {
  const step = Math.min(ofSoMany, cases.length)
  const turn = Math.abs(jest.getSeed()) % step
  return cases.filter((_, index) => isFull || index % step === turn)
}
