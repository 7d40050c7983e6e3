// A preload: `node --import …/clock.mjs?ahead=MILLISECONDS`. The clock of the process is ahead by so much, or behind.
// So days can pass for the action as well, and a runner can have a wrong clock. Pauses and time-outs keep their length.
const ahead = Number(new URL(import.meta.url).searchParams.get('ahead'))
const Real = Date

class Shifted extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + ahead)
    else super(...given)
  }

  static now() {
    return Real.now() + ahead
  }
}

Object.defineProperty(Shifted, 'name', { value: 'Date' })
globalThis.Date = Shifted
