import Sqlite from 'better-sqlite3'
import { historyFile } from '../src/main/profile.ts'
import type { PageKey } from '../src/shared/ipc.ts'
import { compareAll, percentile, summed, type Figure } from './figure.ts'
import { openHistory } from './histories.ts'
import type { Benchmark } from './index.ts'

const rowsOfPage = 100
const places = 40

/** What a list asks for, and the plainest statement that answers it. */
const questions: readonly { readonly text: string; readonly where: string }[] = [
  { text: '', where: 'TRUE' },
  { text: 'kind:threat', where: "kind = 'threat' COLLATE NOCASE" },
  { text: 'type:StaleCredential', where: "type = 'StaleCredential' COLLATE NOCASE" },
  { text: 'status:ongoing', where: "status = 'ongoing' COLLATE NOCASE" },
  { text: 'source:source_3', where: "source_type = 'source_3' COLLATE NOCASE" },
  { text: 'is:unread', where: "opened_at IS NULL AND triage_state = 'new'" },
  {
    text: 'source:source_3 status:ongoing confidence>=0.5',
    where: "source_type = 'source_3' COLLATE NOCASE AND status = 'ongoing' COLLATE NOCASE AND confidence >= 0.5",
  },
]

/** P5: a page of a list from anywhere in it. */
export const pages: Benchmark = {
  id: 'P5',
  async run({ rows, histories }) {
    const sizes = rows === null ? [10_000, 100_000, 1_000_000] : [10_000, rows]
    const figures: Figure[] = []
    const p95s: number[][] = []
    for (const size of sizes) {
      const profile = await histories.profile(size)
      const store = openHistory(profile, true)
      const raw = new Sqlite(historyFile(profile), { readonly: true })
      raw.pragma('cache_size = -16384')
      const keys = keysOf(store.overview.keyAt, size)
      const statements = questions.map(({ where }) =>
        raw.prepare(
          `SELECT * FROM detections WHERE ${where} AND (changed_at, row) < (?, ?) ORDER BY changed_at DESC, row DESC LIMIT ${rowsOfPage + 1}`,
        ),
      )
      const mine: number[] = []
      const bound = { kind: 'at-most', ratio: 3 } as const
      const compared = await compareAll(() => {
        const times = keys.flatMap((before) =>
          questions.map(({ text }) => timed(() => store.detections.page({ text, before, limit: rowsOfPage }))),
        )
        const p95 = percentile(times, 0.95)
        mine.push(p95)
        return Promise.resolve(p95)
      }, [
        {
          id: 'P5',
          measured: `page of ${rowsOfPage}, unfiltered and filtered, p95 of ${keys.length * questions.length}, of ${size}`,
          peer: 'the raw statement, rows as they are',
          theirs() {
            const times = keys.flatMap((key) =>
              statements.map((statement) => timed(() => statement.all(Date.parse(key.changedAt), key.row))),
            )
            return Promise.resolve(percentile(times, 0.95))
          },
          bound,
          note: (ours, theirs) => `${ours.toFixed(2)} ms beside ${theirs.toFixed(2)} ms`,
          missed:
            'about a millisecond of each page is not the statement: 100 rows become Detections, and the search is read and bound; kept small by one statement for each shape of a search',
        },
      ])
      figures.push(...compared)
      p95s.push(mine.slice(1))
      raw.close()
      store.close()
    }
    const [first = [], last = []] = [p95s[0], p95s.at(-1)]
    const ratios = last.map((value, round) => value / (first[round] ?? Number.NaN))
    const growth = summed('P5', `p95 of ${sizes.at(-1)}`, `p95 of ${sizes[0]}`, ratios)
    const met = growth.ratio <= 1.5
    const notes = [
      sizes.at(-1) === 10_000_000 ? '' : 'of 10M with --rows 10000000',
      'sizes one after the other',
      met
        ? ''
        : 'the statement itself grows as much: a page far back is 100 rows that lie anywhere in the file, and more of it than the page cache holds',
    ]
    return [...figures, { ...growth, target: '≤ 1.5x', met, note: notes.filter((note) => note !== '').join('; ') }]
  },
}

function keysOf(keyAt: (position: number) => PageKey | null, size: number): readonly PageKey[] {
  const found = Array.from({ length: places }, (_, index) => keyAt(Math.floor((size * index) / places / 1.1)))
  return found.flatMap((key) => (key === null ? [] : [key]))
}

export function timed(work: () => unknown): number {
  const startedAt = performance.now()
  work()
  return performance.now() - startedAt
}
