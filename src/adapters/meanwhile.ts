/**
 * Loads a chunk while answers are awaited. Loading blocks the thread for a while: it begins a moment later, so
 * that the requests that are made now are sent before.
 */
export function meanwhile(load: () => Promise<unknown>): void {
  // What cannot be loaded is told by whoever needs it.
  setTimeout(() => load().catch(() => {}), 10).unref()
}
