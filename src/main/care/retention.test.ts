import { statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RetentionReport } from '../../shared/care.ts'
import type { DetectionId } from '../../shared/detection.ts'
import { mark, openHistory, temporaryProfile } from './test-support.ts'
import { keep, keepUnsigned } from '../proof/evidence-test-support.ts'
import { readMark } from '../proof/high-water-mark.ts'
import { noon, pinned } from '../ingest/test-support.ts'
import { historyFile, markFile } from '../profile.ts'
import { applyRetention, previewRetention, type RetentionWish } from './retention.ts'
import { oldestDetection } from '../store/retention.ts'
import type { Store } from '../store/store.ts'
import { verifyHistory } from '../proof/verify-history.ts'

const seconds = noon / 1000
const signal = new AbortController().signal
/** All of these are received at noon; time goes on afterwards. */
const nextDay = noon + 86_400_000
const all: RetentionWish = { before: nextDay, mostBytes: null, kinds: null, keepsNew: false, keepsOngoing: false }

function place() {
  const profile = temporaryProfile()
  const store = openHistory(profile, () => nextDay)
  const sql = new Sqlite(historyFile(profile))
  onTestFinished(() => {
    sql.close()
    store.close()
  })
  return { profile, store, sql }
}

const total = ({ goes }: RetentionReport) => goes.reduce((sum, { deliveries }) => sum + deliveries, 0)
const counts = (sql: Sqlite.Database, query: string) => sql.prepare(query).pluck().get() as number
const ids = (sql: Sqlite.Database) => sql.prepare('SELECT id FROM detections ORDER BY id').pluck().all()

/** I1 to I4, and that everything that is counted agrees with what is there. */
async function expectSound(profile: string, store: Store, sql: Sqlite.Database): Promise<void> {
  while (!store.textIndex.catchUp(500));
  mark(profile, store)
  const verified = await verifyHistory({ store, mark: readMark(markFile(profile)), now: () => nextDay, signal })
  expect(verified).toMatchObject({ holds: true, chain: { broken: 0 }, shown: { differing: 0 }, signatures: { failed: 0, noKey: 0 } })
  expect(verified?.tombstones['retention'] ?? 0).toBe(counts(sql, "SELECT count FROM tally WHERE name = 'retention'"))
  expect(sql.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(sql.pragma('foreign_key_check')).toEqual([])
  const detections = counts(sql, 'SELECT count(*) FROM detections')
  expect(store.detections.total()).toBe(detections)
  expect(counts(sql, 'SELECT ifnull(sum(detections), 0) FROM organization_tally')).toBe(detections)
  expect(counts(sql, 'SELECT ifnull(sum(count), 0) FROM change_rollups WHERE level = 0')).toBe(detections)
  const facets = store.overview.facets({ text: '', range: null })
  if (facets.kind !== 'facets') throw new Error('facets of everything are refused')
  expect(facets).toMatchObject({ counted: detections, isExact: true })
  for (const name of ['kind', 'type'] as const) expect(facets.facets[name].reduce((sum, { count }) => sum + count, 0)).toBe(detections)
  expect(counts(sql, 'SELECT count(*) FROM text_places')).toBe(detections)
  expect(counts(sql, "SELECT count(*) FROM text_index WHERE text_index MATCH 'missingmfa'")).toBe(detections)
  expect(counts(sql, `SELECT count(*) FROM substring_index WHERE substring_index MATCH '"gmf"'`)).toBe(detections)
}

describe('retention', () => {
  test('lets go of the old, content and all, and what proves that it came stays', async () => {
    const { profile, store, sql } = place()
    keep(store, 'old', 'detected', seconds - 100)
    keep(store, 'old', 'resolved', seconds - 90)
    keep(store, 'young', 'detected', seconds - 10)
    keepUnsigned(store, 'unsigned', 'detected')
    const before = noon - 50_000
    // All came at noon, whatever they say of themselves.
    expect((await applyRetention({ ...all, before }, { retention: store.retention, signal })).stays).toEqual({ young: 1 })
    sql.exec(`UPDATE detections SET received_at = ${noon - 60_000} WHERE id = 'old'`)

    const preview = await previewRetention({ ...all, before }, { retention: store.retention, signal })
    expect(preview.goes).toMatchObject([{ kind: 'threat', detections: 1, unread: 1, deliveries: 2, newestAt: noon - 90_000 }])
    expect(ids(sql)).toEqual(['old', 'unsigned', 'young'])
    const applied = await applyRetention({ ...all, before }, { retention: store.retention, signal })
    expect(applied.goes).toEqual(preview.goes)
    expect(ids(sql)).toEqual(['unsigned', 'young'])
    expect(
      sql
        .prepare('SELECT state, removed_because, headers, body, signing_hash IS NOT NULL AS signed FROM deliveries WHERE sequence = 1')
        .get(),
    ).toEqual({
      state: 'removed',
      removed_because: 'retention',
      headers: null,
      body: null,
      signed: 1,
    })
    await expectSound(profile, store, sql)
  })

  test('never takes open triage or what is marked to keep', async () => {
    const { profile, store, sql } = place()
    const marks: Record<string, string> = {
      acknowledged: "triage_state = 'acknowledged'",
      'of-the-future': "triage_state = 'something-newer'",
      judged: "verdict = 'benign'",
      labelled: `labels = '["case-1"]'`,
      noted: 'note_count = 1',
      snoozed: `triage_state = 'done', snoozed_until = ${nextDay + 1}`,
      done: "triage_state = 'done', verdict = 'benign', note_count = 2",
      'snoozed-once': `triage_state = 'done', snoozed_until = ${nextDay - 1}`,
    }
    for (const [id, columns] of Object.entries(marks)) {
      keep(store, id, 'detected', seconds - 100)
      sql.prepare(`UPDATE detections SET ${columns} WHERE id = ?`).run(id)
    }
    for (const id of ['kept', 'untouched']) keep(store, id, 'detected', seconds - 100)
    const key = { organizationId: pinned, id: 'kept' as DetectionId }
    expect(store.retention.keep(key, true)).toBe(true)
    expect(store.retention.keep({ ...key, id: 'nowhere' as DetectionId }, true)).toBe(false)
    const applied = await applyRetention({ ...all, keepsNew: true }, { retention: store.retention, signal })
    expect(applied.stays).toEqual({ 'open-triage': 6, kept: 1, new: 1 })
    expect(ids(sql)).toEqual(['acknowledged', 'judged', 'kept', 'labelled', 'noted', 'of-the-future', 'snoozed', 'untouched'])
    await applyRetention(all, { retention: store.retention, signal })
    expect(ids(sql)).not.toContain('untouched')
    store.retention.keep(key, false)
    await applyRetention(all, { retention: store.retention, signal })
    expect(ids(sql)).not.toContain('kept')
    await expectSound(profile, store, sql)
  })

  test('keeps what lasts, and another kind', async () => {
    const { store, sql } = place()
    keep(store, 'lasting', 'ongoing', seconds - 100)
    keep(store, 'over', 'resolved', seconds - 100)
    const threats = await applyRetention({ ...all, kinds: ['posture'] }, { retention: store.retention, signal })
    expect(threats).toMatchObject({ goes: [], stays: { 'other-kind': 2 } })
    expect((await applyRetention({ ...all, keepsOngoing: true }, { retention: store.retention, signal })).stays).toEqual({ ongoing: 1 })
    expect(ids(sql)).toEqual(['lasting'])
  })

  test('by size takes the oldest until it fits, and gives the room back to the disk', async () => {
    const { profile, store, sql } = place()
    for (let i = 0; i < 300; i++)
      keep(store, `det-${String(i).padStart(3, '0')}`, 'resolved', seconds - 1000 + i, { notes: 'x'.repeat(3_000) })
    const used = store.retention.usedBytes()
    const wish = { ...all, before: null, mostBytes: Math.round(used / 2) }
    const preview = await previewRetention(wish, { retention: store.retention, signal })
    const applied = await applyRetention(wish, { retention: store.retention, signal })
    expect(applied.leftBytes).toBeLessThanOrEqual(wish.mostBytes)
    expect(applied.leftBytes).toBeGreaterThan(wish.mostBytes * 0.7)
    const [going, gone] = [preview.goes[0]!.detections, applied.goes[0]!.detections]
    // A preview knows bodies, and not how pages are filled.
    expect(going).toBeGreaterThan(gone / 2)
    expect(going).toBeLessThan(gone * 2)
    expect(ids(sql)[0]).toBe(`det-${gone}`)
    expect(sql.pragma('freelist_count', { simple: true })).toBe(0)
    await expectSound(profile, store, sql)
  })

  test('by size takes no more than was shown, where many fit into a page, and no page keeps the room of what went', async () => {
    const { profile, store, sql } = place()
    for (let i = 0; i < 500; i++)
      keep(store, `det-${String(i).padStart(3, '0')}`, 'resolved', seconds - 1000 + i, { notes: `n${i} `.repeat(60) })
    while (!store.textIndex.catchUp(500));
    const wish = { ...all, before: null, mostBytes: Math.round(store.retention.usedBytes() * 0.7) }
    const preview = await previewRetention(wish, { retention: store.retention, signal })
    const applied = await applyRetention(wish, { retention: store.retention, signal })
    expect(applied.leftBytes).toBeLessThanOrEqual(wish.mostBytes)
    expect(applied.leftBytes).toBeGreaterThan(wish.mostBytes * 0.85)
    expect(applied.goes[0]!.detections).toBeLessThanOrEqual(preview.goes[0]!.detections)
    expect(applied.goes[0]!.detections).toBeGreaterThan(preview.goes[0]!.detections * 0.6)
    const copy = join(profile, 'copy')
    sql.prepare('VACUUM INTO ?').run(copy)
    expect(store.retention.usedBytes()).toBeLessThan(statSync(copy).size * 1.1)
    await expectSound(profile, store, sql)
    expect(sql.prepare('SELECT count(*) FROM deliveries').pluck().get()).toBe(500)
  })

  test('what was shown stays the most that goes, also where the room comes later than was counted', async () => {
    const { store, sql } = place()
    for (let i = 0; i < 60; i++) keep(store, `det-${i}`, 'resolved', seconds - 1000 + i, { notes: 'x'.repeat(4_000) })
    const full = store.retention.usedBytes()
    const wish = { ...all, before: null, mostBytes: Math.round(full * 0.8) }
    const retention = { ...store.retention, usedBytes: () => full }
    const preview = await previewRetention(wish, { retention, signal })
    const applied = await applyRetention(wish, { retention, signal })
    expect(applied.goes).toEqual(preview.goes)
    expect(ids(sql).length).toBeGreaterThan(30)
  })

  test('by age and size together says beforehand what goes, also where something old came late', async () => {
    const { store, sql } = place()
    for (let i = 0; i < 40; i++)
      keep(store, `det-${String(i).padStart(2, '0')}`, 'resolved', seconds - 1000 + i, { notes: 'x'.repeat(2_000) })
    sql.exec(`UPDATE detections SET received_at = ${noon - 900_000} WHERE row % 2 = 0`)
    const wish = { ...all, before: noon - 980_000, mostBytes: 1 }
    const preview = await previewRetention(wish, { retention: store.retention, signal })
    expect(preview.goes).toMatchObject([{ detections: 40 }])
    expect(preview.stays).toEqual({})
    const applied = await applyRetention(wish, { retention: store.retention, signal })
    expect([applied.goes, applied.stays]).toEqual([preview.goes, preview.stays])
  })

  test('takes one with very many deliveries in parts, and what is left of it holds after each', async () => {
    const { profile, store, sql } = place()
    const statuses = ['detected', 'ongoing', 'resolved', 'ongoing', 'resolved', 'resolved', 'resolved']
    for (let i = 0; i < 600; i++) {
      const status = statuses[Math.floor(i / 90)] ?? 'resolved'
      const more = { notes: `n${i}` }
      if (i % 7 === 3) keepUnsigned(store, 'much', status, more)
      else keep(store, 'much', status, seconds - 1000 + i, more, i % 5 === 0 ? { inlet: 'import' } : {})
    }
    await expectSound(profile, store, sql)
    const preview = await previewRetention(all, { retention: store.retention, signal })
    expect(preview.goes).toMatchObject([{ detections: 1, deliveries: 600 }])
    const parts: number[] = []
    const watched = {
      ...store.retention,
      remove: (...how: Parameters<typeof store.retention.remove>) => {
        const slice = store.retention.remove(...how)
        parts.push(...slice.candidates.map(({ deliveries }) => deliveries))
        return slice
      },
    }
    for (let left = 600; left > 0;) {
      const [part] = store.retention.remove({ ...all, before: nextDay, enoughBytes: Infinity }, oldestDetection, 4).candidates
      parts.push(part!.deliveries)
      left -= part!.deliveries
      expect(part).toMatchObject({ isWhole: left === 0, stays: null })
      await expectSound(profile, store, sql)
    }
    expect(parts).toEqual([256, 256, 88])
    expect(ids(sql)).toEqual([])
    for (let i = 0; i < 300; i++) keep(store, 'more', 'resolved', seconds - 900 + i)
    const again = await previewRetention(all, { retention: store.retention, signal })
    const { goes } = await applyRetention(all, { retention: watched, signal })
    expect(goes).toMatchObject([{ detections: 1, unread: 1, deliveries: 300 }])
    expect(Math.abs(goes[0]!.bytes - again.goes[0]!.bytes)).toBeLessThan(500)
    expect(Math.max(...parts)).toBe(256)
  })

  test('what went is known as received when it is sent again, and begins anew when it changes', async () => {
    const { profile, store, sql } = place()
    let sent: Parameters<Store['keeper']['keep']>[0] = []
    const keeper = { ...store.keeper, keep: (batch: typeof sent) => store.keeper.keep((sent = batch)) }
    keep({ ...store, keeper }, 'det-1', 'resolved', seconds - 100)
    await applyRetention(all, { retention: store.retention, signal })
    expect(store.keeper.keep(sent)).toEqual([{ kind: 'duplicate' }])
    keep(store, 'det-1', 'ongoing', seconds - 50)
    expect(ids(sql)).toEqual(['det-1'])
    await expectSound(profile, store, sql)
  })

  test('in another place than a detection that is still shown, is a fault', async () => {
    const { store, sql } = place()
    keep(store, 'det-1', 'detected', seconds - 100)
    keep(store, 'det-1', 'resolved', seconds - 90)
    sql.exec(
      "UPDATE deliveries SET state = 'removed', removed_because = 'retention', removed_at = 1, headers = NULL, body = NULL WHERE sequence = 1",
    )
    const verified = await verifyHistory({ store, mark: { kind: 'none', because: 'missing' }, now: () => nextDay, signal })
    expect(verified?.shown.findings).toContainEqual({ what: 'believed-removed', sequence: 1, because: 'retention', detection: null })
  })

  test('that is cancelled has let go of some, and holds', async () => {
    const { profile, store, sql } = place()
    for (let i = 0; i < 40; i++) keep(store, `det-${i}`, 'resolved', seconds - 1000 + i)
    const cancelled = new AbortController()
    let slices = 0
    const retention = {
      ...store.retention,
      remove: (...slice: Parameters<Store['retention']['remove']>) => {
        if (++slices === 2) cancelled.abort()
        return store.retention.remove(...slice)
      },
    }
    const applied = await applyRetention(all, { retention, signal: cancelled.signal })
    expect(applied.isWhole).toBe(false)
    expect(ids(sql).length).toBeGreaterThan(0)
    expect(ids(sql).length).toBeLessThan(40)
    await expectSound(profile, store, sql)
  })

  test('of any history, by any wish, and received on afterwards, leaves one that holds', { timeout: 120_000 }, async () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 5 }),
      status: fc.constantFrom('detected', 'ongoing', 'resolved'),
      ago: fc.integer({ min: 1, max: 200 }),
      isUnsigned: fc.boolean(),
    })
    const wish = fc.record({
      before: fc.constantFrom(null, noon - 100_000, nextDay),
      mostBytes: fc.constantFrom(null, 1, 400_000),
      kinds: fc.constantFrom(null, ['posture'] as const, ['threat'] as const),
      keepsNew: fc.boolean(),
      keepsOngoing: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(wish, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 0, max: 3 }),
        async (steps, wishes, doneIds) => {
          const { profile, store, sql } = place()
          let salt = 0
          const receive = () => {
            for (const { id, status, ago, isUnsigned } of steps) {
              const more = { notes: `${salt++}` }
              if (isUnsigned) keepUnsigned(store, `det-${id}`, status, more)
              else keep(store, `det-${id}`, status, seconds - ago, more)
            }
          }
          receive()
          sql.prepare("UPDATE detections SET triage_state = 'done' WHERE row <= ?").run(doneIds)
          sql.prepare("UPDATE detections SET triage_state = 'acknowledged' WHERE row = ?").run(doneIds + 1)
          const open = sql.prepare("SELECT id FROM detections WHERE triage_state = 'acknowledged'").pluck().all()
          for (const one of wishes) {
            const preview = await previewRetention(one, { retention: store.retention, signal })
            const applied = await applyRetention(one, { retention: store.retention, signal })
            // By size it may end sooner, as soon as there is room; where there never is, all goes that was shown.
            if (one.mostBytes !== 400_000) expect([applied.goes, applied.stays]).toEqual([preview.goes, preview.stays])
            expect(total(applied)).toBeLessThanOrEqual(total(preview))
            expect(ids(sql)).toEqual(expect.arrayContaining(open))
            await expectSound(profile, store, sql)
          }
          receive()
          await expectSound(profile, store, sql)
        },
      ),
      { numRuns: 12, seed: 5 },
    )
  })
})
