import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Detection, DetectionContent, DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { Page, PageAnswer } from '../../shared/ipc.ts'
import type { Change, Checked, Content, Keeper, Kept, Standing } from '../ingest/delivery.ts'
import { openDatabase } from './database.ts'
import type { Database, OpenedDatabase } from './database.ts'
import type { SearchIndex } from './search-damage.ts'
import { createDeliveries } from './deliveries.ts'
import { createDriftLog } from './drift.ts'
import { createPresent } from './present.ts'
import { createQuarantine, quarantineBounds } from './quarantine.ts'
import type { Load, QuarantineBounds } from './quarantine.ts'
import { openStore } from './store.ts'
import type { Store, StoreOptions } from './store.ts'
import { createTextIndex } from './text-index.ts'

export const organization = 'org-1' as OrganizationId
export const start = Date.parse('2026-03-01T08:00:00.000Z')

/** A moment this many seconds after `start`. */
export function at(seconds: number): Instant {
  return new Date(start + seconds * 1000).toISOString() as Instant
}

/** A path in a folder of its own, gone after the test. */
export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'history.db')
}

/** A store on a new file, closed after the test. */
export function testStore(options: Partial<StoreOptions> = {}): Store {
  const opened = openStore({ file: temporaryFile(), contentOf, now: () => start, ...options })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  onTestFinished(() => closeQuietly(opened.store))
  return opened.store
}

export function testDatabase(file: string): Database {
  const db = opened(openDatabase(file))
  onTestFinished(() => void db.close())
  return db
}

export function opened(result: OpenedDatabase): Database {
  if (result.kind !== 'opened') throw new Error(result.detail)
  return result.db
}

/** The write path by itself, on a new file. */
export function testDeliveries(bounds: QuarantineBounds = quarantineBounds) {
  const file = temporaryFile()
  const db = testDatabase(file)
  const quarantine = createQuarantine(db, () => start, bounds)
  const deliveries = createDeliveries(db, createPresent(db, contentOf), quarantine, createDriftLog(db), createTextIndex(db))
  const all = <T>(sql: string) => db.prepare(sql).all() as T[]
  return { file, db, quarantine, deliveries, keeper: deliveries.keeper, all }
}

/** Flips bytes of what an index of searches holds, in each of its parts, and leaves every page as it should be. */
export function damageSearchIndex(file: string, index: SearchIndex): void {
  const db = opened(openDatabase(file))
  try {
    // SQLite guards these tables against whoever is not FTS5.
    db.unsafeMode(true)
    const table = index === 'words' ? 'text_index_data' : 'substring_index_data'
    const blocks = db.prepare<[], { id: bigint; block: Buffer }>(`SELECT id, block FROM ${table} WHERE id > 10`).safeIntegers().all()
    const write = db.prepare<[Buffer, bigint]>(`UPDATE ${table} SET block = ? WHERE id = ?`)
    for (const { id, block } of blocks) write.run(Buffer.from(block.map((byte, at) => (at < 4 || at % 7 === 0 ? byte ^ 0x5a : byte))), id)
  } finally {
    db.close()
  }
}

/** Changes a word where the index of words holds it, as a flipped byte does: everything about the index is as it should be. */
export function changeWordInIndex(file: string, word: string, other: string): void {
  const db = opened(openDatabase(file))
  try {
    db.unsafeMode(true)
    const blocks = db.prepare<[], { id: bigint; block: Buffer }>('SELECT id, block FROM text_index_data WHERE id > 10').safeIntegers().all()
    const write = db.prepare<[Buffer, bigint]>('UPDATE text_index_data SET block = ? WHERE id = ?')
    // A word of the main list has a 0 before it. The one before it may begin as it does, and then only its end is there.
    const changed = blocks.flatMap(({ id, block }) => {
      const text = block.toString('latin1')
      const end = word.slice(-3)
      return text.includes(end) ? [{ id, block: Buffer.from(text.replaceAll(end, other.slice(-3)), 'latin1') }] : []
    })
    if (changed.length === 0) throw new Error(`the index does not hold ${word}`)
    for (const { id, block } of changed) write.run(block, id)
  } finally {
    db.close()
  }
}

/** Overwrites pages of the index of words with nothing, as a disk does that lost them: all but the first, which says what there is. */
export function losePagesOfIndex(file: string): void {
  const db = opened(openDatabase(file))
  db.pragma('wal_checkpoint(TRUNCATE)')
  const root = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'text_index_data'").pluck().get())
  db.close()
  const pages = readFileSync(file)
  const at = (root - 1) * pageBytes
  // Of an inner page of a table: its cells begin with the page below, and behind their count is the last of these.
  if (pages[at] !== 5) throw new Error('the index has a single page')
  const cells = Array.from({ length: pages.readUInt16BE(at + 3) }, (_, cell) => at + pages.readUInt16BE(at + 12 + 2 * cell))
  for (const place of [...cells.slice(1), at + 8]) {
    const page = pages.readUInt32BE(place)
    pages.fill(0, (page - 1) * pageBytes, page * pageBytes)
  }
  writeFileSync(file, pages)
}

const pageBytes = 4096

/** A bound of so many rows, by default of any size. */
export function rows(count: number, bytes = Number.MAX_SAFE_INTEGER): Load {
  return { rows: count, bytes }
}

function closeQuietly(store: Store): void {
  try {
    store.close()
  } catch {
    // The test closed it.
  }
}

export function content(overrides: Partial<Omit<DetectionContent, 'id'>> & { readonly id?: string } = {}): DetectionContent {
  return {
    kind: 'threat',
    type: 'CredentialStuffingAttempt',
    status: 'detected',
    detectedAt: at(0),
    entityId: '00u1',
    entityType: 'okta_user',
    sourceType: 'okta_org',
    connectionId: 'conn-1',
    confidence: 0.9,
    trackingStatus: 'new',
    tactics: ['Credential Access'],
    techniques: ['T1110'],
    frameworks: [],
    metadata: {},
    extra: {},
    ...overrides,
    id: (overrides.id ?? 'd-1') as DetectionId,
  }
}

/** Bodies of these tests are the content itself as JSON, with what makes them differ. */
export function contentOf(body: Uint8Array): DetectionContent | null {
  const parsed = JSON.parse(Buffer.from(body).toString()) as { readonly detection?: DetectionContent }
  return parsed.detection ?? null
}

export type DeliveryOptions = {
  /** Seconds after `start`. */
  readonly issued?: number
  readonly received?: number
  /** What tells one signing input from another; by default each delivery has its own. */
  readonly signed?: string
  readonly jti?: string | null
  readonly organization?: OrganizationId
  readonly padding?: number
}

let count = 0

export function delivery(standing: Standing, options: DeliveryOptions = {}): Checked {
  const issued = options.issued ?? 0
  const signed = options.signed ?? `input ${(count += 1)}`
  const detection = standing.kind === 'trusted' && standing.content.kind === 'detection' ? standing.content.detection : undefined
  return {
    delivery: {
      body: Buffer.from(JSON.stringify({ signed, detection, padding: 'x'.repeat(options.padding ?? 0) })),
      headers: { 'content-type': 'text/plain' },
      inlet: 'receiver',
      receivedAt: at(options.received ?? issued + 1),
    },
    token: {
      organizationId: options.organization ?? organization,
      keyId: 'nLkqWQ',
      jti: options.jti === undefined ? `jti of ${signed}` : options.jti,
      signingInputHash: createHash('sha256').update(signed).digest(),
      issuedAt: at(issued),
      expiresAt: at(issued + 300),
      triggerName: 'threat_detection',
    },
    standing,
  }
}

export function trusted(detection: DetectionContent, options?: DeliveryOptions): Checked {
  return delivery(believed({ kind: 'detection', detection }), options)
}

/** As from the inlet that was declared unsigned: received at `issued`. */
export function unsigned(detection: DetectionContent, options: DeliveryOptions = {}): Checked {
  const standing: Standing = { kind: 'trusted', trust: 'unsigned', content: { kind: 'detection', detection } }
  const { delivery: arrived, token } = delivery(standing, { ...options, received: options.issued ?? 0 })
  return {
    delivery: { ...arrived, inlet: 'unsigned' },
    token: token && { ...token, keyId: null, jti: null, expiresAt: null },
    standing,
  }
}

export function believed(carried: Content): Standing {
  return { kind: 'trusted', trust: 'verified', content: carried }
}

export const waiting: Standing = { kind: 'waiting', because: 'keys-not-fetched' }
export const refused: Standing = { kind: 'refused', because: 'signature-invalid' }

/** Keeps one delivery by itself, which has to be new. */
export function keepOne(keeper: Keeper, checked: Checked): Extract<Kept, { kind: 'kept' }> {
  const [kept] = keeper.keep([checked])
  if (kept?.kind !== 'kept') throw new Error(`not kept: ${kept?.kind}`)
  return kept
}

export function changeOf(keeper: Keeper, checked: Checked): Change {
  const { change } = keepOne(keeper, checked)
  if (change === null) throw new Error('the present did not change')
  return change
}

/** A page that is not refused. */
export function pageOf(answer: PageAnswer): Page {
  if (answer.kind === 'refused') throw new Error(answer.detail)
  return answer
}

export function detectionOf(store: Store, id = 'd-1'): Detection {
  const detection = store.detections.get({ organizationId: organization, id: id as DetectionId })
  if (detection === null) throw new Error(`no detection ${id}`)
  return detection
}
