/**
 * Histories of any size, made fast: 1M through the keeper and the index of words takes more than the ten minutes that all benchmarks have.
 * Rows are made by the functions of the store and written by plain inserts, their indexes after them; what is derived from them, counts and
 * both indexes of text, by other processes meanwhile. `proveBulk` holds the result against what the keeper makes of the same deliveries, table
 * by table, but for the outbox: what is seeded was decided long ago.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { totalmem } from 'node:os'
import type { DetectionContent } from '../src/shared/detection.ts'
import { contentOf } from '../src/main/ingest/content-of.ts'
import { chainHash, contentHash, genesis } from '../src/main/store/chain.ts'
import { openDatabase, type Database } from '../src/main/store/database.ts'
import { presentColumns, type PresentRow } from '../src/main/store/detection-row.ts'
import { createDriftLog } from '../src/main/store/drift.ts'
import { createPresent, toNewestRow, toTransitionRow, type Arrival } from '../src/main/store/present.ts'
import { createDeliveries as createKeeper } from '../src/main/store/deliveries.ts'
import { createQuarantine } from '../src/main/store/quarantine.ts'
import { insertInto } from '../src/main/store/statements.ts'
import { createTextIndex } from '../src/main/store/text-index.ts'
import { demoOrganization } from '../src/main/sample/demo.ts'
import { checkedOf, claimsOf, contentFrom, issuedAt, unverifiable, unverifiableKid } from './deliveries.ts'

/** Deliveries of one transaction. */
const atOnce = 50_000
const organizationId = demoOrganization.id

/** What is made beside the rows, and the tables it is in. */
const derivations = {
  counts: `name = 'drift' OR name GLOB '*rollup*' OR name IN ('text_index_data', 'text_index_idx', 'text_index_docsize', 'text_places', 'text_watermark')`,
  parts: `name IN ('substring_index_data', 'substring_index_idx', 'substring_index_docsize')`,
} as const
export type Derivation = keyof typeof derivations

/** Makes a history of `count` detections, one delivery each, whose signatures nobody will look at. */
export async function bulkHistory(file: string, count: number): Promise<void> {
  const deriving = (Object.keys(derivations) as Derivation[]).map((what) => {
    const derived = `${file}-${what}`
    const process = fork(new URL('./bulk-derived.ts', import.meta.url), [what, derived, String(count)], { stdio: 'inherit' })
    return { what, derived, ended: once(process, 'exit') }
  })
  const db = create(file)
  const later = db
    .prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('deliveries', 'detections', 'transitions')`,
    )
    .all()
  for (const { name } of later) db.exec(`DROP INDEX ${name}`)
  fill(db, count)
  for (const { sql } of later) db.exec(sql)
  for (const { what, derived, ended } of deriving) {
    const [code] = (await ended) as [number]
    if (code !== 0) throw new Error('what is derived from the deliveries was not made')
    take(db, derived, derivations[what])
  }
  db.pragma('journal_mode = WAL')
  db.close()
}

/** Copies tables from a history that has nothing else, and removes it. */
function take(db: Database, derived: string, wanted: string): void {
  db.prepare('ATTACH ? AS derived').run(derived)
  const tables = db.prepare<[], string>(`SELECT name FROM derived.sqlite_schema WHERE type = 'table' AND (${wanted})`).pluck().all()
  // The tables that the indexes of text consist of are closed to others otherwise.
  db.unsafeMode(true)
  for (const table of tables) db.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} SELECT * FROM derived.${table}`)
  db.unsafeMode(false)
  db.exec('DETACH derived')
  removeHistory(derived)
}

/** Durable in nothing: after a crash it is made anew. */
export function create(file: string): Database {
  removeHistory(file)
  const opened = openDatabase(file)
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { db } = opened
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  // Ids fall anywhere into their index: what does not stay in memory is read again for each, and ten million then take hours. More would be
  // taken from what the system remembers of the file, which the benchmarks read next.
  db.pragma(`cache_size = -${Math.floor(totalmem() / 24 / 1024)}`)
  // Sorting for an index may need more than there is memory.
  db.pragma('temp_store = FILE')
  return db
}

export function removeHistory(file: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(file + end, { force: true })
}

function fill(db: Database, count: number): void {
  const insertDelivery = db.prepare(`
    INSERT INTO deliveries (sequence, inlet, received_at, state, trust, organization_id, kid, jti, is_jti_reused, signing_hash, issued_at,
      expires_at, trigger_name, size, content_hash, chain_hash, headers, body)
    VALUES (?, 'receiver', ?, 'detection', 'verified', ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, '{}', ?)`)
  const insertDetection = insertInto(db, 'detections', presentColumns)
  const insertTransition = insertInto(db, 'transitions', ['sequence', 'detection', 'issued_at', 'from_status', 'to_status', 'changes'])
  let link = genesis(db.prepare<[], string>('SELECT id FROM identity').pluck().get() ?? '')

  const part = db.transaction((from: number, to: number) => {
    for (let number = from; number < to; number++) {
      const at = issuedAt(number, count)
      const claims = claimsOf(number, at)
      const sequence = number + 1
      const body = Buffer.from(unverifiable(claims))
      const hash = contentHash({ sequence, inlet: 'receiver', receivedAt: at, headers: '{}', body })
      const signing = createHash('sha256')
        .update(body.subarray(0, body.lastIndexOf('.')))
        .digest()
      link = { sequence, chainHash: chainHash(link.chainHash, hash) }
      insertDelivery.run(
        ...[sequence, at, organizationId, unverifiableKid, claims['jti'], signing, at, at + 300_000, claims['trigger_name']],
        ...[body.length, hash, link.chainHash, body],
      )
      const arrival = arrivalOf(number, at, contentFrom(claims))
      const row = Number(insertDetection(presentOf(arrival)).lastInsertRowid)
      insertTransition(toTransitionRow(row, arrival, null, []))
    }
    db.prepare("UPDATE tally SET count = count + ? WHERE name = 'detections'").run(to - from)
    db.prepare('INSERT INTO organization_tally VALUES (?, ?) ON CONFLICT DO UPDATE SET detections = detections + excluded.detections').run(
      organizationId,
      to - from,
    )
  })
  for (let from = 0; from < count; from += atOnce) part.immediate(from, Math.min(count, from + atOnce))
}

export function arrivalOf(number: number, at: number, content: DetectionContent): Arrival {
  return { sequence: number + 1, organizationId, issuedAt: at, receivedAt: at, trust: 'verified', isImported: false, content }
}

/** The row of a detection that came as this one did and was never changed. */
export function presentOf(arrival: Arrival): PresentRow {
  return {
    ...toNewestRow(arrival, arrival.content.status === 'resolved' ? arrival.issuedAt : null),
    organization_id: organizationId,
    id: arrival.content.id,
    is_demo: 0,
    is_imported: 0,
  }
}

/** Makes a small history both ways and throws where they differ in anything but their identity and what is hashed from it. */
export async function proveBulk(file: string): Promise<void> {
  const count = 2_500
  await bulkHistory(file, count)
  const kept = create(`${file}-kept`)
  const textIndex = createTextIndex(kept)
  const keeper = createKeeper(
    kept,
    createPresent(kept, contentOf),
    createQuarantine(kept, Date.now),
    createDriftLog(kept),
    textIndex,
  ).keeper
  for (let from = 0; from < count; from += 250) {
    const numbers = Array.from({ length: 250 }, (_, index) => from + index)
    keeper.keep(numbers.map((number) => checkedOf(unverifiable(claimsOf(number, issuedAt(number, count))), issuedAt(number, count))))
  }
  while (!textIndex.catchUp(1_000));
  // Long decided about, in a history that has been there for two years.
  kept.exec('DELETE FROM outbox')
  kept.prepare('ATTACH ? AS bulk').run(file)
  const tables = kept
    .prepare<[], string>(
      "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT GLOB '*_index*' AND name NOT IN ('identity', 'outbox')",
    )
    .pluck()
    .all()
  for (const table of tables) {
    const all = kept.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
    const columns = all.filter((name) => name !== 'chain_hash').join(', ')
    const differs = kept.prepare(`SELECT 1 FROM (SELECT ${columns} FROM main.${table} EXCEPT SELECT ${columns} FROM bulk.${table})`).get()
    const count = (schema: string) => kept.prepare(`SELECT count(*) FROM ${schema}.${table}`).pluck().get()
    if (differs !== undefined || count('main') !== count('bulk')) throw new Error(`bulk seeding makes another ${table} than the keeper`)
  }
  const schema = (name: string) => JSON.stringify(kept.prepare(`SELECT type, name, sql FROM ${name}.sqlite_schema ORDER BY name`).all())
  if (schema('main') !== schema('bulk')) throw new Error('bulk seeding makes another schema')
  kept.exec('DETACH bulk')
  const vocabulary = (db: Database) =>
    ['text_index', 'substring_index'].map((index) => {
      db.exec(`CREATE VIRTUAL TABLE temp.${index}_vocabulary USING fts5vocab('main', '${index}', 'instance')`)
      return db.prepare(`SELECT term, doc, offset FROM temp.${index}_vocabulary ORDER BY doc, offset, term`).raw().all()
    })
  const opened = openDatabase(file)
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const isSame = JSON.stringify(vocabulary(opened.db)) === JSON.stringify(vocabulary(kept))
  opened.db.close()
  kept.close()
  removeHistory(file)
  removeHistory(`${file}-kept`)
  if (!isSame) throw new Error('bulk seeding makes another index of words than the store')
}
