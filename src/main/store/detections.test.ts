import { describe, expect, test } from 'vitest'
import type { DetectionId } from '../../shared/detection.ts'
import type { PageKey } from '../../shared/ipc.ts'
import type { Database } from './database.ts'
import { createDeliveries } from './deliveries.ts'
import { createDetections } from './detections.ts'
import { createDriftLog } from './drift.ts'
import type { Detections } from './detections.ts'
import { createOrganizations } from './organizations.ts'
import { createPresent } from './present.ts'
import { createQuarantineStore } from './quarantine-list.ts'
import { createQuarantine } from './quarantine.ts'
import { createSettings } from './settings.ts'
import { createTextIndex } from './text-index.ts'
import {
  at,
  content,
  contentOf,
  delivery,
  keepOne,
  organization,
  pageOf,
  refused,
  start,
  temporaryFile,
  testDatabase,
  testStore,
  trusted,
} from './test-support.ts'

const keyOf = (id: string) => ({ organizationId: organization, id: id as DetectionId })

function allPages(detections: Detections, limit: number, between: () => void = () => undefined): string[] {
  const ids: string[] = []
  let before: PageKey | null = null
  do {
    const page = pageOf(detections.page({ text: '', before, limit }))
    ids.push(...page.detections.map(({ id }) => id as string))
    before = page.next
    between()
  } while (before !== null)
  return ids
}

describe('pages', () => {
  test('go from the newest change to the oldest, those of one second by row, and end', () => {
    const { keeper, detections } = testStore()
    // Ten to a second.
    const ids = Array.from({ length: 35 }, (_, index) => `d-${index}`)
    keeper.keep(ids.map((id, index) => trusted(content({ id }), { issued: Math.floor(index / 10) })))
    expect(allPages(detections, 4)).toEqual([...ids].reverse())
    expect(allPages(detections, 5)).toEqual([...ids].reverse())
    expect(pageOf(detections.page({ text: '', before: null, limit: 35 })).next).toBeNull()
  })

  test('neither repeat nor lose a row while others arrive and change', () => {
    const { keeper, detections } = testStore()
    const ids = Array.from({ length: 30 }, (_, index) => `d-${index}`)
    keeper.keep(ids.map((id, index) => trusted(content({ id }), { issued: index })))
    let arrived = 0
    const seen = allPages(detections, 4, () => {
      arrived += 1
      keepOne(keeper, trusted(content({ id: `new-${arrived}` }), { issued: 100 + arrived }))
      // One that was shown already moves to the top.
      keepOne(keeper, trusted(content({ id: 'd-29', status: 'ongoing' }), { issued: 100 + arrived }))
    })
    expect(seen).toEqual([...ids].reverse())
    expect(pageOf(detections.page({ text: '', before: null, limit: 1 })).total).toBe(30 + arrived)
  })

  test('are never longer than 500, nor shorter than 1', () => {
    const { keeper, detections } = testStore()
    keeper.keep(Array.from({ length: 501 }, (_, index) => trusted(content({ id: `d-${index}` }))))
    expect(pageOf(detections.page({ text: '', before: null, limit: 1_000_000 })).detections).toHaveLength(500)
    expect(pageOf(detections.page({ text: '', before: null, limit: -1 })).detections).toHaveLength(1)
  })

  test('of a search continue within it', () => {
    const { keeper, detections } = testStore()
    keeper.keep(
      Array.from({ length: 9 }, (_, index) =>
        trusted(content({ id: `d-${index}`, type: index % 2 ? 'MissingMFA' : 'Other' }), { issued: index }),
      ),
    )
    const first = pageOf(detections.page({ text: 'mfa', before: null, limit: 3 }))
    const second = pageOf(detections.page({ text: 'mfa', before: first.next, limit: 3 }))
    expect([...first.detections, ...second.detections].map(({ id }) => id)).toEqual(['d-7', 'd-5', 'd-3', 'd-1'])
    expect(second).toMatchObject({ next: null, total: 9 })
  })
})

describe('one detection', () => {
  test('is read with its past, and stays unread until it is marked', () => {
    const { keeper, detections } = testStore()
    keeper.keep([trusted(content(), { issued: 1 }), trusted(content({ status: 'ongoing' }), { issued: 2 })])
    expect(detections.detail(keyOf('d-1'))?.transitions.map(({ to }) => to)).toEqual(['detected', 'ongoing'])
    expect(detections.get(keyOf('d-1'))?.triage.isUnread).toBe(true)
    expect(detections.markRead(keyOf('d-1'))?.triage.isUnread).toBe(false)
    expect(detections.get(keyOf('d-1'))?.triage.isUnread).toBe(false)
  })

  test('counts as unread until it is opened', () => {
    const { keeper, detections } = testStore()
    keeper.keep([trusted(content({ id: 'a' })), trusted(content({ id: 'b' }))])
    expect(detections.unread()).toBe(2)
    detections.markRead(keyOf('a'))
    expect(detections.unread()).toBe(1)
  })

  test('that is not there is null', () => {
    const { detections } = testStore()
    expect([detections.get(keyOf('x')), detections.detail(keyOf('x')), detections.markRead(keyOf('x'))]).toEqual([null, null, null])
    expect(detections.deliveriesOf(keyOf('x'))).toEqual([])
  })

  test('shows the deliveries it is made of, newest first, as they came', () => {
    const { keeper, detections } = testStore()
    const one = trusted(content(), { issued: 1, received: 2 })
    const other = trusted(content(), { issued: 0, received: 3 })
    keeper.keep([one, delivery(refused), trusted(content({ id: 'd-2' })), other])
    expect(detections.deliveriesOf(keyOf('d-1'))).toEqual([
      {
        sequence: 4,
        inlet: 'receiver',
        receivedAt: at(3),
        trust: 'verified',
        keyId: 'nLkqWQ',
        issuedAt: at(0),
        expiresAt: at(300),
        size: other.delivery.body.length,
        isJtiReused: false,
        body: other.delivery.body,
      },
      expect.objectContaining({ sequence: 1, receivedAt: at(2), body: one.delivery.body }),
    ])
  })
})

describe('the plan of every statement', () => {
  type Plan = { readonly sql: string; readonly steps: readonly string[] }

  /** Uses every part of the store once and asks SQLite how it would run each statement that was prepared. */
  function plans(): readonly Plan[] {
    const db = testDatabase(temporaryFile())
    const sources = new Set<string>()
    const recording = new Proxy(db, {
      get(target, name) {
        if (name === 'prepare') return (source: string) => (sources.add(source), target.prepare(source))
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
      },
    }) as Database
    const quarantine = createQuarantine(recording, () => start)
    const textIndex = createTextIndex(recording)
    createDeliveries(recording, createPresent(recording, contentOf), quarantine, createDriftLog(recording), textIndex)
    createQuarantineStore(recording, quarantine)
    createOrganizations(recording, () => start)
    createSettings(recording)
    const detections = createDetections(recording, { textIndex, now: () => start })
    for (const text of searches) {
      for (const before of [null, { changedAt: at(0), row: 1 }]) {
        for (const range of [null, { from: at(0), to: at(1) }]) detections.page({ text, range, before, limit: 1 })
      }
    }
    return [...sources].map((sql) => ({
      sql,
      steps: db
        .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...parametersOf(sql))
        .map(({ detail }) => detail),
    }))
  }

  const searches = [
    '',
    'one words',
    ...['kind:threat', 'type:A', 'status:ongoing', 'source:a', 'entity:a', 'entity_type:a', 'connection:a', 'organization:a', 'is:unread'],
    'type:A status:ongoing confidence>0.5',
    'is:unread metadata.a:b',
    'a OR type:b',
    '*part*',
    'technique:T1110 id:*d-1',
  ]

  function parametersOf(sql: string): unknown[] {
    const names = [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, null])
    return [...[...sql.matchAll(/\?/g)].map(() => null), ...(names.length > 0 ? [Object.fromEntries(names)] : [])]
  }

  test('goes by an index: none walks the deliveries, the detections or the transitions', () => {
    const all = plans()
    expect(all.length).toBeGreaterThan(30)
    const walks = all.filter(({ sql, steps }) => {
      const isPage = sql.includes('@stride')
      const isChain = sql.includes('LIMIT 1') && sql.includes('FROM deliveries')
      return steps.some(
        (step) =>
          /^SCAN (deliveries|detections|transitions)/.test(step) &&
          !/INDEX (deliveries_waiting|deliveries_refused|deliveries_quarantined|detections_unread)/.test(step) &&
          !isPage &&
          !isChain,
      )
    })
    expect(walks).toEqual([])
  })

  const isPage = (sql: string) => sql.endsWith('DESC LIMIT @limit') && !sql.includes('@endAt')

  test('of a page of a short range reads that range and sorts it', () => {
    const pages = plans().filter(({ sql }) => sql.includes('row IN (SELECT detections.row FROM detections INDEXED BY detections_by_time'))
    expect(pages.length).toBeGreaterThan(5)
    for (const { steps } of pages) {
      expect(steps.filter((step) => step.includes('detections'))).toEqual([
        'SEARCH detections USING INTEGER PRIMARY KEY (rowid=?)',
        expect.stringMatching(
          /^SEARCH detections USING (COVERING )?INDEX detections_by_time \(detected_at>\? AND detected_at<\?\)$/,
        ) as string,
      ])
      expect(steps).toContain('USE TEMP B-TREE FOR ORDER BY')
    }
  })

  test('of a jti goes by the jti, of which one organization has many', () => {
    expect(plans().find(({ sql }) => sql.includes('AND jti = ?'))?.steps).toEqual([
      'SEARCH deliveries USING INDEX deliveries_by_jti (jti=?)',
    ])
  })

  test('of a page of words, of one field, of the unread ones and of all goes by an index that has its order, and never sorts', () => {
    const pages = plans().filter(({ sql }) => isPage(sql) && !sql.includes('detections_by_time'))
    const steps = new Set(pages.flatMap((page) => page.steps))
    expect([...steps].sort()).toEqual([
      'SCAN text_index VIRTUAL TABLE INDEX 192:M1<',
      'SEARCH detections USING INDEX detections_by_change (changed_at<?)',
      'SEARCH detections USING INDEX detections_by_connection (connection_id=? AND changed_at<?)',
      'SEARCH detections USING INDEX detections_by_entity (entity_id=? AND changed_at<?)',
      'SEARCH detections USING INDEX detections_by_entity_type (entity_type=? AND changed_at<?)',
      'SEARCH detections USING INDEX detections_by_kind (kind=? AND changed_at<?)',
      'SEARCH detections USING INDEX detections_by_organization (organization_id=? AND changed_at<?)',
      'SEARCH detections USING INDEX detections_by_source (source_type=? AND changed_at<?)',
      'SEARCH detections USING INDEX detections_by_status (status=? AND changed_at<?)',
      'SEARCH detections USING INDEX detections_by_type (type=? AND changed_at<?)',
      'SEARCH detections USING INDEX detections_unread_by_change (changed_at<?)',
      'SEARCH detections USING INTEGER PRIMARY KEY (rowid=?)',
    ])
  })

  test('of words goes by their index, newest first, and to detections by their row', () => {
    const steps = plans()
      .filter(({ sql }) => sql.includes('FROM text_index JOIN'))
      .flatMap((page) => page.steps)
    expect(steps.filter((step) => step.includes('detections')).every((step) => step.includes('USING INTEGER PRIMARY KEY'))).toBe(true)
    expect(
      steps
        .filter((step) => step.includes('text_index'))
        .every((step) => /VIRTUAL TABLE INDEX \d+:M1|VIRTUAL TABLE INDEX \d+:<?M/.test(step) || step.includes('M')),
    ).toBe(true)
  })

  test('of parts of fields goes by their index to their places, and from these to detections by their row, in order', () => {
    const all = plans()
    const gathered = all.filter(({ sql }) => sql.includes('INSERT INTO temp.candidates'))
    expect(gathered.length).toBeGreaterThan(0)
    for (const { steps } of gathered) {
      expect(steps).toEqual([
        'SEARCH text_places USING INTEGER PRIMARY KEY (rowid=?)',
        'LIST SUBQUERY 1',
        expect.stringMatching(/^SCAN substring_index VIRTUAL TABLE INDEX \d+:M/) as string,
      ])
    }
    const pages = all.filter(({ sql }) => sql.includes('FROM temp.candidates AS candidate'))
    expect(pages.length).toBeGreaterThan(0)
    for (const { sql, steps } of pages) {
      expect(steps.filter((step) => /candidate|detections/.test(step) && !step.includes('CO-ROUTINE'))).toEqual([
        `SEARCH candidate USING INTEGER PRIMARY KEY (${sql.includes('@endAt') ? 'rowid>? AND rowid<?' : 'rowid<?'})`,
        'SEARCH detections USING INTEGER PRIMARY KEY (rowid=?)',
      ])
    }
  })

  test('of a detail goes straight to one detection, its transitions and its deliveries', () => {
    const stepsOf = (part: string) => plans().find(({ sql }) => sql.includes(part))?.steps
    expect(stepsOf('SELECT * FROM detections WHERE organization_id = ?')).toEqual([
      'SEARCH detections USING INDEX sqlite_autoindex_detections_1 (organization_id=? AND id=?)',
    ])
    expect(stepsOf('WHERE detection = ? ORDER BY transitions.issued_at DESC')).toEqual([
      'SEARCH transitions USING INDEX transitions_by_detection (detection=?)',
      'SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)',
    ])
    expect(stepsOf('WHERE sequence IN (SELECT sequence FROM transitions')?.[0]).toBe(
      'SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)',
    )
  })
})
