/** Numbers and tables of bench.ts. */

export const sum = (numbers: readonly number[]): number =>
  numbers.reduce((one, other) => one + other, 0)
export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN
export const ms = (duration: number): string => `${Math.round(duration).toLocaleString('en')} ms`
export const kb = (count: number): string => `${Math.round(count / 1000).toLocaleString('en')} kB`
export const mib = (kib: number): string => `${Math.round(kib / 1024)} MiB`
export const table = (rows: readonly (readonly string[])[]): string =>
  rows
    .flatMap((row, index) => (index === 1 ? [row.map(() => '---'), row] : [row]))
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
