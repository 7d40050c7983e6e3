import { setTimeout } from 'node:timers/promises'
import type { Server } from './server.ts'

/**
 * From now on, the servers answer late, as over a network. Returns a list that grows with how many requests come together:
 * with a latency of some hundred milliseconds, these are the round trips.
 */
export function answerLate(servers: readonly Server[], latency: number): readonly number[] {
  const trips: number[] = []
  let last = Number.NEGATIVE_INFINITY
  for (const server of servers) {
    server.onRequest = async (_, phase) => {
      if (phase === 'after') return undefined
      const now = performance.now()
      trips.push(now - last < latency / 2 ? (trips.pop() ?? 0) + 1 : 1)
      last = now
      if (latency > 0) await setTimeout(latency)
      return undefined
    }
  }
  return trips
}
