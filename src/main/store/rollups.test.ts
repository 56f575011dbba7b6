import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DetectionContent, Instant, OrganizationId } from '../../shared/detection.ts'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { createImportStore } from './imported.ts'
import { migrations } from './migrations/index.ts'
import { addPacked, chunkSize } from './packed-counts.ts'
import { books, bucketAt, bucketOfStates, firstWord, partAt, placeOf, statesInRow } from './rollup-places.ts'
import { createRollupSums } from './rollup-sums.ts'
import { dimensions, type Dimension } from './rollups.ts'
import { levels, type Level } from './spans.ts'
import {
  at,
  believed,
  content,
  delivery,
  opened,
  start,
  temporaryFile,
  testDeliveries,
  trusted,
  unsigned,
  waiting,
} from './test-support.ts'

const value = fc.constantFrom('a', 'b', 'A', 'c d')
/** Around the edges of minutes, hours, days and years, before 1970 too. */
const moment = fc.oneof(
  fc.constantFrom(-1, 0, 1, 59, 60, 3_599, 3_600, 86_399, 86_400, -86_401, 366 * 86_400).map((seconds) => at(seconds)),
  fc.constantFrom('1969-12-31T23:59:59.999Z', '0001-01-01T00:00:00.000Z', '2026-03-29T01:30:00.001Z').map((text) => text as Instant),
)
const step = fc.record({
  how: fc.constantFrom('signed', 'signed', 'signed', 'unsigned', 'waiting', 'again', 'settle', 'triage'),
  organizationId: fc.constantFrom('org-1', 'org-2').map((id) => id as OrganizationId),
  id: fc.constantFrom('d-1', 'd-2', 'd-3', 'd-4', 'd-5', 'd-6'),
  issued: fc.integer({ min: 0, max: 400_000 }),
  isImported: fc.boolean(),
  content: fc.record({
    kind: fc.constantFrom<DetectionContent['kind'][]>('threat', 'posture'),
    type: value,
    status: fc.constantFrom('detected', 'ongoing', 'resolved', 'half done'),
    detectedAt: moment,
    entityId: fc.option(value),
    entityType: fc.option(value),
    sourceType: fc.option(value),
    tactics: fc.array(value, { maxLength: 3 }),
    techniques: fc.array(value, { maxLength: 3 }),
  }),
})
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

/** Whatever happens to a history, in commits of several. */
function play({ db, keeper }: ReturnType<typeof testDeliveries>, commits: readonly (readonly Step[])[], later = 0): void {
  const imported = createImportStore(db, () => start)
  let last: ReturnType<typeof trusted> | null = null
  for (const steps of commits) {
    const batch = steps.flatMap(({ how, id, organizationId, issued, isImported, content: overrides }) => {
      const options = { issued: issued + later, organization: organizationId }
      const made = how === 'unsigned' ? unsigned(content({ ...overrides, id }), options) : trusted(content({ ...overrides, id }), options)
      const checked = isImported ? { ...made, delivery: { ...made.delivery, inlet: 'import' } } : made
      if (how === 'waiting') return [delivery(waiting, options)]
      if (how === 'again') return last === null ? [] : [last]
      if (how === 'settle' || how === 'triage') return []
      return [(last = checked)]
    })
    keeper.keep(batch)
    for (const { how, id, organizationId, content: overrides } of steps) {
      if (how === 'triage') {
        imported.carryTriage([
          {
            key: { organizationId, id: id as DetectionContent['id'] },
            state: 'done',
            verdict: null,
            verdictReason: null,
            labels: [],
            snoozedUntil: null,
            isUnread: false,
          },
        ])
      }
      if (how !== 'settle') continue
      const [held] = keeper.waiting(organizationId, null, 1)
      if (held === undefined) continue
      const settled = { ...trusted(content({ ...overrides, id }), { organization: organizationId }), delivery: held.delivery }
      keeper.settle([
        {
          sequence: held.sequence,
          checked: { ...settled, standing: believed({ kind: 'detection', detection: content({ ...overrides, id }) }) },
        },
      ])
    }
  }
}

const columns: Readonly<Record<Dimension, string>> = {
  1: "kind || ' ' || status",
  2: 'type',
  3: 'source_type',
  4: 'entity_type',
  5: 'organization_id',
  6: 'trust',
  7: 'triage_state',
  8: 'tactics',
  9: 'techniques',
  10: 'entity_id',
  11: "iif(tactics = '[]' AND techniques = '[]', 'none', NULL)",
}

function counted(db: Database, dimension: Dimension, from: number, to: number): Record<string, number> {
  const isList = dimension === dimensions.tactic || dimension === dimensions.technique
  const source = isList
    ? `(SELECT DISTINCT row, item.value AS value, detected_at FROM detections, json_each(${columns[dimension]}) AS item)`
    : `(SELECT ${columns[dimension]} AS value, detected_at FROM detections)`
  const rows = db
    .prepare<[number, number], { value: string; count: number }>(
      `SELECT value, count(*) AS count FROM ${source} WHERE value IS NOT NULL AND detected_at >= ? AND detected_at < ? GROUP BY value`,
    )
    .all(from, to)
  return Object.fromEntries(rows.map(({ value: name, count }) => [name, count]))
}

const tables = ['rollups', 'triage_rollups', 'change_rollups', 'rollup_words'] as const

/** All that is counted, by names instead of ids. */
function everything(db: Database) {
  const nameOf = db.prepare<[number], string>("SELECT dimension || ' ' || value FROM rollup_words WHERE id = ?").pluck()
  const packed = Object.values(books).flatMap((book) =>
    levels.flatMap((_, level) =>
      db
        .prepare<[number, number], [number, Uint8Array]>('SELECT place, counts FROM rollups WHERE place BETWEEN ? AND ?')
        .raw()
        .all(placeOf(book, level as Level, -(2 ** 27), 0), placeOf(book, level as Level, 2 ** 27 - 1, 2 ** 16 - 1))
        .flatMap(([place, counts]) => {
          const counters = new Int32Array(chunkSize)
          addPacked(counters, 0, counts, 1)
          const isOfStates = book === books.states
          return [...counters].flatMap((count, counter) => {
            const bucket = isOfStates ? bucketOfStates(level as Level, bucketAt(place), counter) : bucketAt(place)
            const word = isOfStates ? partAt(place) * statesInRow + (counter % statesInRow) : partAt(place) * chunkSize + counter
            return count === 0 ? [] : [`${level} ${bucket} ${nameOf.get(firstWord(book) + word) ?? 'nothing'} ${count}`]
          })
        }),
    ),
  )
  return {
    packed: packed.sort(),
    triages: db.prepare('SELECT * FROM triage_rollups ORDER BY level, bucket, state').all(),
    changes: db.prepare('SELECT * FROM change_rollups ORDER BY level, bucket').all(),
  }
}

describe('rollups', () => {
  test('say of every range what the history itself says, whatever came in whatever order', () => {
    const history = testDeliveries()
    const { db } = history
    const sums = createRollupSums(db)
    let runs = 0
    let moved = 0
    fc.assert(
      fc.property(
        fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
        moment,
        moment,
        (commits, one, other) => {
          // Later with each run, so that most of them change something.
          play(history, commits, (runs += 1) * 50_000)
          const [from, to] = [one, other].map((text) => Date.parse(text)).sort((a, b) => a - b) as [number, number]
          for (const range of [
            { from, to },
            { from: from + 1, to },
            { from: -8e15, to: 8e15 },
          ]) {
            for (const dimension of Object.values(dimensions)) {
              const raw = counted(db, dimension, range.from, range.to)
              const top = sums.top(dimension, range, 100)
              expect(Object.fromEntries(top.counts.map(({ value: name, count }) => [name, count]))).toEqual(raw)
              expect(top).toMatchObject({ values: Object.keys(raw).length, isExact: true })
              if (dimension !== dimensions.entity) expect(sums.byValue(dimension, range).counts).toEqual(top.counts)
              moved += top.values
            }
          }
          expect(
            db.prepare('SELECT 1 FROM triage_rollups WHERE count <= 0 UNION ALL SELECT 1 FROM change_rollups WHERE count <= 0').all(),
          ).toEqual([])
          expect(db.prepare('SELECT ifnull(sum(count), 0) AS count FROM change_rollups GROUP BY level').pluck().all()).toEqual(
            Array(levels.length)
              .fill(db.prepare('SELECT count(*) FROM detections').pluck().get())
              .filter((count) => count !== 0),
          )
        },
      ),
      { numRuns: 60, seed: 20260301 },
    )
    expect(moved).toBeGreaterThan(1_000)
    const seen = db.prepare('SELECT DISTINCT triage_state || is_imported FROM detections ORDER BY 1').pluck().all()
    // Some that were done came back.
    expect(seen).toEqual(['done1', 'new0', 'new1'])
  })

  test('of a history that was there before them are those that would have been kept with it', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }), (commits) => {
        const history = testDeliveries()
        const { db } = history
        play(history, commits)
        const kept = everything(db)
        db.exec(`DROP TABLE rollup_levels; ${tables.map((table) => `DROP TABLE ${table};`).join(' ')}`)
        db.exec(migrations[3]?.up ?? '')
        expect(everything(db)).toEqual(kept)
      }),
      { numRuns: 12, seed: 20260301 },
    )
  })

  test('are made for a history of the schema before', () => {
    const file = temporaryFile()
    const before = opened(openDatabase(file, { migrations: migrations.slice(0, 3) }))
    before.exec(`
      INSERT INTO deliveries (sequence, inlet, received_at, state, trust, is_jti_reused, size, content_hash, chain_hash, headers, body)
        VALUES (1, 'receiver', 0, 'detection', 'verified', 0, 0, zeroblob(32), zeroblob(32), '{}', x'');
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      INSERT INTO detections (organization_id, id, kind, type, status, trust, detected_at, changed_at, newest_sequence, received_at, entity_id,
        is_demo, is_imported, tactics, techniques, frameworks, metadata, extra)
      SELECT 'org-1', i, 'threat', 't' || (i % 7), 'detected', 'verified', i * 1000003, i * 1000003, 1, 0, 'e' || (i % 1500),
        0, 0, '["x","x"]', '[]', '[]', '{}', '{}' FROM n;`)
    before.close()
    const db = opened(openDatabase(file))
    const sums = createRollupSums(db)
    const range = { from: 500_000_000, to: 2_500_000_001 }
    for (const dimension of [dimensions.type, dimensions.tactic, dimensions.state])
      expect(Object.fromEntries(sums.byValue(dimension, range).counts.map((one) => [one.value, one.count]))).toEqual(
        counted(db, dimension, range.from, range.to),
      )
    expect(sums.top(dimensions.entity, range, 100).values).toBe(Object.keys(counted(db, dimensions.entity, range.from, range.to)).length)
    db.close()
  })

  test('are true bar by bar, of more states than one row has room for', () => {
    const { db, keeper } = testDeliveries()
    const statuses = Array.from({ length: 40 }, (_, index) => `status ${index}`)
    keeper.keep(
      Array.from({ length: 600 }, (_, index) =>
        trusted(
          content({ id: `d-${index}`, status: statuses[(index * 7) % 40]!, detectedAt: at(index * 997), entityId: `e${index % 1_100}` }),
        ),
      ),
    )
    const from = Date.parse(at(0)) - 1
    const bars = Array.from({ length: 200 }, (_, index) => ({ from: from + index * 3_001_000, to: from + (index + 1) * 3_001_000 }))
    const { counts, isExact } = createRollupSums(db).states(bars)
    expect(isExact).toBe(true)
    for (const [index, bar] of bars.entries())
      expect(Object.fromEntries(counts[index]!.map((one) => [one.value, one.count]))).toEqual(counted(db, 1, bar.from, bar.to))
    expect(counts.flat().reduce((sum, { count }) => sum + count, 0)).toBe(600)
  })

  test('go back with a commit that failed', () => {
    const { db, keeper } = testDeliveries()
    keeper.keep([trusted(content({ id: 'd-1' }))])
    const before = everything(db)
    db.exec(
      "CREATE TEMP TRIGGER failing BEFORE INSERT ON main.transitions WHEN new.issued_at > 1800000000000 BEGIN SELECT raise(ABORT, 'disk'); END",
    )
    expect(() =>
      keeper.keep([
        trusted(content({ id: 'd-2', type: 'New', entityId: 'new' })),
        trusted(content({ id: 'd-3' }), { issued: 200_000_000 }),
      ]),
    ).toThrow('disk')
    expect(everything(db)).toEqual(before)
    keeper.keep([trusted(content({ id: 'd-4', entityId: 'another' }))])
    const { counts } = createRollupSums(db).top(dimensions.entity, { from: -8e15, to: 8e15 }, 10)
    expect(counts).toEqual([
      { value: '00u1', count: 1 },
      { value: 'another', count: 1 },
    ])
  })

  test('are counted on the grid that the schema has', () => {
    const { db } = testDeliveries()
    expect(db.prepare('SELECT ms FROM rollup_levels ORDER BY level').pluck().all()).toEqual(levels)
  })

  test('that are wrong keep no delivery out', () => {
    const { db, keeper } = testDeliveries()
    keeper.keep([trusted(content())])
    db.exec('DELETE FROM rollups; DELETE FROM change_rollups')
    const [kept] = keeper.keep([trusted(content({ status: 'ongoing', entityId: 'other', detectedAt: at(999_999) }), { issued: 9 })])
    expect(kept).toMatchObject({ kind: 'kept', change: { detection: { status: 'ongoing' } } })
  })
})
