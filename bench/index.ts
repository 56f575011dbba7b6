/**
 * npm run bench -- [ID …] [--rows N] [--json FILE]
 *
 * Prints one table: figure, peer, ratio, target. Both sides of a ratio run in the same call; ratios are the result, absolute numbers only
 * illustrate. Exits 0 whether or not a target is met: a table that says MISSED is an honest answer, not a broken run. A benchmark that fails is.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createHistories, type Histories } from './histories.ts'
import { table, takeTheTime, type Figure } from './figure.ts'

export type BenchmarkOptions = {
  /** As the command line asks; null for the size that fits into ten minutes. */
  readonly rows: number | null
  readonly histories: Histories
}
export type Benchmark = { readonly id: string; run(options: BenchmarkOptions): Promise<readonly Figure[]> }

/** Those that only read come first: what they read is what was seeded. */
const all: readonly Benchmark[] = [
  (await import('./pages.ts')).pages,
  (await import('./search.ts')).search,
  (await import('./counts.ts')).counts,
  (await import('./exports.ts')).exports,
  (await import('./backups.ts')).backups,
  (await import('./desk/starting.ts')).starting,
  (await import('./desk/memory.ts')).memory,
  (await import('./desk/scrolling.ts')).scrolling,
  (await import('./desk/redraw.ts')).redraw,
  (await import('./desk/arrivals.ts')).arrivals,
  (await import('./dry-run.ts')).dryRun,
  (await import('./acknowledgements.ts')).throughput,
  (await import('./acknowledgements.ts')).serial,
  (await import('./acknowledgements.ts')).burst,
  (await import('./speaking.ts')).speaking,
  (await import('./imports.ts')).imports,
  (await import('./check.ts')).check,
  (await import('./refusals.ts')).refusals,
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string' }, json: { type: 'string' } },
})
const wanted = positionals.map((id) => id.toUpperCase())
const unknown = wanted.filter((id) => !all.some((benchmark) => benchmark.id === id))
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there is ${all.map((benchmark) => benchmark.id).join(', ')}`)
  process.exit(2)
}
const rows = values.rows === undefined ? null : Number(values.rows)
if (rows !== null && !(Number.isInteger(rows) && rows > 0)) {
  console.error('--rows takes a whole number above 0')
  process.exit(2)
}

if (wanted.length > 0) takeTheTime()
const figures: Figure[] = []
const histories = createHistories()
try {
  for (const benchmark of all.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
    console.error(`${benchmark.id} …`)
    const startedAt = performance.now()
    try {
      figures.push(...(await benchmark.run({ rows, histories })))
    } catch (error) {
      // What the others came to is said all the same.
      console.error(`${benchmark.id} came to no end:`, error)
      process.exitCode = 1
    }
    console.error(`${benchmark.id} took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
  }
} finally {
  histories.remove()
}
figures.sort((one, other) => Number(one.id.slice(1)) - Number(other.id.slice(1)))
console.log(table(figures))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)
