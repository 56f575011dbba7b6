/**
 * `bulk-derived FILE COUNT`: what the store derives from a history of so many, in a file that has nothing else: counts, drift, and the index
 * of words.
 */
import { observe } from '../src/main/ingest/drift.ts'
import { indexedTokens } from '../src/main/query/tokens.ts'
import { fromRow, untouched } from '../src/main/store/detection-row.ts'
import { createDriftLog } from '../src/main/store/drift.ts'
import { createRollups } from '../src/main/store/rollups.ts'
import { placeOf } from '../src/main/store/text-index.ts'
import { arrivalOf, create, presentOf } from './bulk.ts'
import { claimsOf, contentFrom, issuedAt } from './deliveries.ts'

const [, , file = '', total = '0'] = process.argv
const count = Number(total)
/** Counts of neighbours fall together, so they are gathered of many; the index of words gathers by itself. */
const atOnce = 50_000
const db = create(file)
const rollups = createRollups(db)
const drift = createDriftLog(db)
const place = db.prepare<[{ row: number; changedAt: number }]>(`INSERT INTO text_places VALUES (@row, ${placeOf('@changedAt', '@row')})`)
const index = db.prepare<[string, number]>(
  'INSERT INTO text_index (tokens, rowid) VALUES (?, (SELECT place FROM text_places WHERE row = ?))',
)
type Words = { readonly row: number; readonly changedAt: number; readonly tokens: string }
const derive = db.transaction((from: number, to: number): readonly Words[] => {
  const counts = rollups.gather()
  const seen = drift.gather()
  const words: Words[] = []
  for (let number = from; number < to; number++) {
    const [row, changedAt] = [number + 1, issuedAt(number, count)]
    const claims = claimsOf(number, changedAt)
    const content = contentFrom(claims)
    const present = { ...presentOf(arrivalOf(number, changedAt, content)), ...untouched, row }
    counts.moved(null, present)
    seen.add(present.organization_id, changedAt, observe({}, claims, { kind: 'detection', detection: content }))
    words.push({ row, changedAt, tokens: indexedTokens(fromRow(present)).join(' ') })
  }
  counts.write()
  seen.write()
  return words
})
// A transaction of its own: some statements make FTS5 write what it has gathered, each time they run.
const write = db.transaction((words: readonly Words[]) => {
  for (const { row, changedAt, tokens } of words) {
    place.run({ row, changedAt })
    index.run(tokens, row)
  }
})
for (let from = 0; from < count; from += atOnce) write(derive(from, Math.min(count, from + atOnce)))
db.prepare('UPDATE text_watermark SET sequence = ?').run(count)
db.close()
