/**
 * Histories of any size, made fast: 1M through the keeper and the index of words takes more than the ten minutes that all benchmarks have.
 * Rows and counts are made by the functions of the store and written by plain inserts, the lesser indexes after them, and the index of words
 * by another process meanwhile. `proveBulk` holds the result against what the keeper makes of the same deliveries, table by table.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import type { Instant } from '../src/shared/detection.ts'
import { observe } from '../src/main/ingest/drift.ts'
import { contentOf } from '../src/main/ingest/content-of.ts'
import { chainHash, contentHash, genesis } from '../src/main/store/chain.ts'
import { openDatabase, type Database } from '../src/main/store/database.ts'
import { presentColumns, untouched } from '../src/main/store/detection-row.ts'
import { createDriftLog } from '../src/main/store/drift.ts'
import { createPresent, toNewestRow, toTransitionRow, type Arrival } from '../src/main/store/present.ts'
import { createRollups } from '../src/main/store/rollups.ts'
import { createDeliveries as createKeeper } from '../src/main/store/deliveries.ts'
import { createQuarantine } from '../src/main/store/quarantine.ts'
import { insertInto } from '../src/main/store/statements.ts'
import { createTextIndex } from '../src/main/store/text-index.ts'
import { demoOrganization } from '../src/main/sample/demo.ts'
import { checkedOf, claimsOf, contentFrom, issuedAt, unverifiable, unverifiableKid } from './deliveries.ts'

/** Deliveries whose counts are gathered together. */
const gathering = 50_000
const organizationId = demoOrganization.id

/** Makes a history of `count` detections, one delivery each, whose signatures nobody will look at. */
export async function bulkHistory(file: string, count: number): Promise<void> {
  const words = `${file}-words`
  const indexer = fork(new URL('./bulk-text.ts', import.meta.url), [words, String(count)], { stdio: 'inherit' })
  const indexed = once(indexer, 'exit')
  const db = create(file)
  const later = db
    .prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('detections', 'transitions') AND sql NOT LIKE '%UNIQUE%'`,
    )
    .all()
  for (const { name } of later) db.exec(`DROP INDEX ${name}`)
  fill(db, count)
  for (const { sql } of later) db.exec(sql)
  const [code] = (await indexed) as [number]
  if (code !== 0) throw new Error('the index of words was not made')
  db.prepare('ATTACH ? AS words').run(words)
  // The tables that the index consists of are closed to others otherwise.
  db.unsafeMode(true)
  for (const table of ['text_index_data', 'text_index_idx', 'text_index_docsize', 'text_index_config', 'text_places', 'text_watermark'])
    db.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} SELECT * FROM words.${table}`)
  db.unsafeMode(false)
  db.exec('DETACH words')
  db.pragma('journal_mode = WAL')
  db.close()
  removeHistory(words)
}

/** Durable in nothing: after a crash it is made anew. */
export function create(file: string): Database {
  removeHistory(file)
  const opened = openDatabase(file)
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { db } = opened
  db.pragma('journal_mode = MEMORY')
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -262144')
  return db
}

export function removeHistory(file: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(file + end, { force: true })
}

function fill(db: Database, count: number): void {
  const rollups = createRollups(db)
  const drift = createDriftLog(db)
  const insertDelivery = db.prepare(`
    INSERT INTO deliveries (sequence, inlet, received_at, state, trust, organization_id, kid, jti, is_jti_reused, signing_hash, issued_at,
      expires_at, trigger_name, size, content_hash, chain_hash, headers, body)
    VALUES (?, 'receiver', ?, 'detection', 'verified', ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, '{}', ?)`)
  const insertDetection = insertInto(db, 'detections', presentColumns)
  const insertTransition = insertInto(db, 'transitions', ['sequence', 'detection', 'issued_at', 'from_status', 'to_status', 'changes'])
  let link = genesis(db.prepare<[], string>('SELECT id FROM identity').pluck().get() ?? '')

  const part = db.transaction((from: number, to: number) => {
    const counts = rollups.gather()
    const seen = drift.gather()
    for (let number = from; number < to; number++) {
      const at = issuedAt(number, count)
      const claims = claimsOf(number, at)
      const content = contentFrom(claims)
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
      const arrival: Arrival = { sequence, organizationId, issuedAt: at, receivedAt: at, trust: 'verified', isImported: false, content }
      const present = {
        ...toNewestRow(arrival, content.status === 'resolved' ? at : null),
        organization_id: organizationId,
        id: content.id,
        is_demo: 0,
        is_imported: 0,
      }
      const row = Number(insertDetection(present).lastInsertRowid)
      insertTransition(toTransitionRow(row, arrival, null, []))
      counts.moved(null, { ...present, ...untouched })
      seen.add(organizationId, at, observe({}, claims, { kind: 'detection', detection: content }))
    }
    counts.write()
    seen.write()
    db.prepare("UPDATE tally SET count = count + ? WHERE name = 'detections'").run(to - from)
    db.prepare('INSERT INTO organization_tally VALUES (?, ?) ON CONFLICT DO UPDATE SET detections = detections + excluded.detections').run(
      organizationId,
      to - from,
    )
  })
  for (let from = 0; from < count; from += gathering) part.immediate(from, Math.min(count, from + gathering))
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
  kept.prepare('ATTACH ? AS bulk').run(file)
  const tables = kept
    .prepare<[], string>("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT GLOB 'text_index*' AND name <> 'identity'")
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
  const vocabulary = (db: Database) => {
    db.exec("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', 'text_index', 'instance')")
    return db.prepare('SELECT term, doc, offset FROM temp.vocabulary ORDER BY doc, offset').raw().all()
  }
  const opened = openDatabase(file)
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const isSame = JSON.stringify(vocabulary(opened.db)) === JSON.stringify(vocabulary(kept))
  opened.db.close()
  kept.close()
  removeHistory(file)
  removeHistory(`${file}-kept`)
  if (!isSame) throw new Error('bulk seeding makes another index of words than the store')
}

/** What the index of words is made from. */
export function detectionOf(number: number, count: number) {
  const at = new Date(issuedAt(number, count)).toISOString() as Instant
  const triage = { state: 'new', verdict: null, labels: [], snoozedUntil: null, noteCount: 0, isUnread: true } as const
  const content = contentFrom(claimsOf(number, issuedAt(number, count)))
  return {
    ...content,
    organizationId,
    trust: 'verified' as const,
    changedAt: at,
    receivedAt: at,
    resolvedAt: null,
    triage,
    demo: false,
    imported: false,
  }
}
