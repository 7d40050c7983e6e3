// Many processes at once make each of them slow, on a small machine most of all. A test may start as many runs as it
// likes: two run at a time, and the others wait for their turn.

const most = 2
const waiting: (() => void)[] = []
let running = 0

/** Resolves when it is the caller's turn, with the function that ends it. */
export async function takeTurn(): Promise<() => void> {
  if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
  else running += 1
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}
