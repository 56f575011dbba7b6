/**
 * `bulk-derived WHAT FILE COUNT`: what the store derives from a history of so many, in a file that has nothing else: `counts` and drift with
 * the index of words, or the index of `parts` of fields.
 */
import { observe } from '../src/main/ingest/drift.ts'
import { indexedTokens } from '../src/main/query/tokens.ts'
import { indexedText } from '../src/main/query/trigrams.ts'
import type { Database } from '../src/main/store/database.ts'
import { fromRow, untouched } from '../src/main/store/detection-row.ts'
import { createDriftLog } from '../src/main/store/drift.ts'
import { createRollups } from '../src/main/store/rollups.ts'
import { placeOf } from '../src/main/store/text-index.ts'
import { arrivalOf, create, presentOf, type Derivation } from './bulk.ts'
import { claimsOf, contentFrom, issuedAt } from './deliveries.ts'

const [, , what = '', file = '', total = '0'] = process.argv
const count = Number(total)
/** Counts of neighbours fall together, so they are gathered of many; the indexes of text gather by themselves. */
const atOnce = 50_000

function rowOf(number: number) {
  const changedAt = issuedAt(number, count)
  const claims = claimsOf(number, changedAt)
  const content = contentFrom(claims)
  const present = { ...presentOf(arrivalOf(number, changedAt, content)), ...untouched, row: number + 1 }
  return { changedAt, claims, content, present }
}

function deriveCounts(db: Database): (from: number, to: number) => void {
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
      const { changedAt, claims, content, present } = rowOf(number)
      counts.moved(null, present)
      seen.add(present.organization_id, changedAt, observe({}, claims, { kind: 'detection', detection: content }))
      words.push({ row: present.row, changedAt, tokens: indexedTokens(fromRow(present)).join(' ') })
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
  db.prepare('UPDATE text_watermark SET sequence = ?').run(count)
  return (from, to) => write(derive(from, to))
}

function deriveParts(db: Database): (from: number, to: number) => void {
  // Gathers all of a transaction, where the store gathers what fits into a small part of its memory.
  db.exec("INSERT INTO substring_index (substring_index, rank) VALUES ('hashsize', 67108864)")
  const insert = db.prepare<[number, string]>('INSERT INTO substring_index (rowid, fields) VALUES (?, ?)')
  return db.transaction((from: number, to: number) => {
    for (let number = from; number < to; number++) {
      const { present } = rowOf(number)
      insert.run(present.row, indexedText(fromRow(present)))
    }
  })
}

const derivations: Readonly<Record<Derivation, typeof deriveCounts>> = { counts: deriveCounts, parts: deriveParts }
const db = create(file)
const derive = derivations[what as Derivation](db)
for (let from = 0; from < count; from += atOnce) derive(from, Math.min(count, from + atOnce))
db.close()
