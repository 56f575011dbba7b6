import { describe, expect, onTestFinished, test } from 'vitest'
import type { Detection, Instant, OrganizationId } from '../../shared/detection.ts'
import type { Facets, Histogram } from '../../shared/overview.ts'
import { searchFields } from '../../shared/search-fields.ts'
import { createOverview, mostFaceted } from './overview.ts'
import { openDatabase, type Database } from './database.ts'
import type { Store } from './store.ts'
import { createTextIndex } from './text-index.ts'
import { at, content, pageOf, start, testDeliveries, testStore, trusted } from './test-support.ts'

const day = 86_400

function many(store: Pick<Store, 'keeper'>, count: number): void {
  const batch = Array.from({ length: count }, (_, index) =>
    trusted(
      content({
        id: `d-${index}`,
        kind: index % 3 === 0 ? 'posture' : 'threat',
        type: `Type${index % 7}`,
        status: index % 2 === 0 ? 'ongoing' : 'resolved',
        entityId: `entity-${index % 11}`,
        sourceType: index % 5 === 0 ? null : `source_${index % 4}`,
        techniques: [`T${index % 3}`, 'T9'],
        detectedAt: at(index * 7_001),
      }),
      { issued: index * 7_001 + 60 },
    ),
  )
  store.keeper.keep(batch)
}

function everyDetection(store: Store, text = ''): readonly Detection[] {
  return pageOf(store.detections.page({ text, before: null, limit: 500 })).detections
}

function histogramOf(answer: ReturnType<Store['overview']['histogram']>): Histogram {
  if (answer.kind === 'refused') throw new Error(answer.detail)
  return answer
}

function facetsOf(answer: ReturnType<Store['overview']['facets']>): Facets {
  if (answer.kind === 'refused') throw new Error(answer.detail)
  return answer
}

function count(values: readonly (string | null)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) if (value !== null) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

const record = (counts: readonly { readonly value: string; readonly count: number }[]) =>
  Object.fromEntries(counts.map(({ value, count: number }) => [value, number]))

describe('a histogram', () => {
  test.each([
    '',
    'kind:THREAT',
    'status:ongoing -kind:x*',
    'is:posture detected>2026-03-03',
    'type:Type3',
    'confidence>0.5',
    '-type:Type1',
    '"type3"',
  ])('of %j has in every bar what was detected in it', (text) => {
    const store = testStoreOfMany()
    for (const bucket of ['hour', 'day', 'week', 'month', 20] as const) {
      const { bars, isExact, countedTo } = histogramOf(store.overview.histogram({ text, from: at(day), to: at(20 * day + 77), bucket }))
      expect({ isExact, countedTo }).toEqual({ isExact: true, countedTo: null })
      const found = everyDetection(store, text)
      for (const { from, to, counts } of bars) {
        const inBar = found.filter(({ detectedAt }) => detectedAt >= from && detectedAt < to)
        expect(record(counts.map((state) => ({ value: `${state.kind} ${state.status}`, count: state.count })))).toEqual(
          count(inBar.map(({ kind, status }) => `${kind} ${status}`)),
        )
      }
      expect(bars.flatMap(({ counts }) => counts).length).toBeGreaterThan(0)
    }
  })

  test('of open ends reaches from the first to the last', () => {
    const { bars } = histogramOf(testStoreOfMany().overview.histogram({ text: '', from: null, to: null, bucket: 'day' }))
    expect([bars[0]?.from, bars.at(-1)?.to]).toEqual([at(0), new Date(start + 299 * 7_001_000 + 1).toISOString()])
    expect(bars.flatMap(({ counts }) => counts).reduce((sum, state) => sum + state.count, 0)).toBe(300)
  })

  test('of nothing has no bars', () => {
    expect(histogramOf(testStore().overview.histogram({ text: '', from: null, to: null, bucket: 'day' })).bars).toEqual([])
  })

  test('of what cannot be read says so', () => {
    const store = testStore()
    expect(store.overview.histogram({ text: 'colour:red', from: null, to: null, bucket: 'day' })).toMatchObject({ kind: 'refused', at: 0 })
    expect(store.overview.facets({ text: 'colour:red' })).toMatchObject({ kind: 'refused', at: 0 })
  })
})

describe('where the time runs out', () => {
  test.each(['confidence>0.5', 'type:Type', 'kind:threat trust:verified'])('a histogram of %j says from when on it is whole', (text) => {
    const { db, keeper } = testDeliveries()
    keeper.keep(
      Array.from({ length: 3_000 }, (_, index) =>
        trusted(content({ id: `d-${index}`, type: 'Type', detectedAt: at(index * 60) }), { issued: index * 60 }),
      ),
    )
    let ticks = 0
    const overview = createOverview(db, { textIndex: createTextIndex(db), now: () => start, clock: () => (ticks += 100) })
    const { bars, isExact, countedTo } = histogramOf(overview.histogram({ text, from: at(0), to: at(3_000 * 60), bucket: 'hour' }))
    expect(isExact).toBe(false)
    if (countedTo === null) throw new Error('the time did not run out')
    const whole = bars.filter(({ from }) => from >= countedTo)
    expect(whole.length).toBeGreaterThan(3)
    expect(whole.length).toBeLessThan(bars.length)
    for (const { counts } of whole) expect(counts).toEqual([{ kind: 'threat', status: 'detected', count: 60 }])
    expect(facetsOf(overview.facets({ text }))).toMatchObject({ isExact: false, isCapped: false, countedTo: expect.any(String) as string })
  })
})

describe('where more than a stride of them fall into one second', () => {
  test('all of them are counted, and only then it is called exact', () => {
    const { db, keeper } = testDeliveries()
    const count = 9_000
    keeper.keep(
      Array.from({ length: count }, (_, index) =>
        trusted(content({ id: `d-${index}`, type: index % 2 === 0 ? 'Even' : 'Odd', detectedAt: at(0) }), { issued: 0 }),
      ),
    )
    const textIndex = createTextIndex(db)
    while (!textIndex.catchUp(10_000));
    const overview = createOverview(db, { textIndex, now: () => start, clock: () => 0 })
    // Within the second, the older are in the order of their rows before the newer ones.
    db.exec(`UPDATE detections SET changed_at = changed_at + 999 - row / 10`)
    const facets = facetsOf(overview.facets({ text: 'okta_user', range: null }))
    expect(facets).toMatchObject({ counted: count, isExact: true, isCapped: false })
    const { bars, isExact } = histogramOf(overview.histogram({ text: 'okta_user', from: at(0), to: at(1), bucket: 'hour' }))
    expect({ isExact, counts: bars.flatMap(({ counts }) => counts.map((one) => one.count)) }).toEqual({ isExact: true, counts: [count] })
    let ticks = 0
    const hurried = createOverview(db, { textIndex, now: () => start, clock: () => (ticks += 100) })
    const part = facetsOf(hurried.facets({ text: 'okta_user', range: null }))
    expect(part).toMatchObject({ isExact: false, isCapped: false, countedTo: expect.any(String) as string })
    expect(part.counted).toBeLessThan(count / 2)
  })
})

describe('where a sender says that something was detected later than it told us', () => {
  test('no bar is called whole in which it is missing', () => {
    const { db, keeper } = testDeliveries()
    keeper.keep(
      Array.from({ length: 3_000 }, (_, index) =>
        // The oldest by change is said to be the newest but one.
        trusted(content({ id: `d-${index}`, type: 'Type', detectedAt: at(index === 0 ? 2_900 * 60 : index * 60) }), { issued: index * 60 }),
      ),
    )
    const textIndex = createTextIndex(db)
    while (!textIndex.catchUp(10_000));
    let ticks = 0
    const overview = createOverview(db, { textIndex, now: () => start, clock: () => (ticks += 60) })
    const wanted = { text: 'type', from: null, to: null, bucket: 'hour' } as const
    const { bars, countedTo } = histogramOf(overview.histogram(wanted))
    expect(countedTo).not.toBeNull()
    const { bars: expected } = histogramOf(createOverview(db, { textIndex, now: () => start, clock: () => 0 }).histogram(wanted))
    const isCalledWhole = ({ from }: { from: string }) => from >= countedTo!
    expect(bars.filter(isCalledWhole)).toEqual(expected.filter(isCalledWhole))
    expect(bars.filter(isCalledWhole)).not.toEqual([])
    expect(bars).not.toEqual(expected)
  })
})

describe('where the index of words is behind', () => {
  test('what a reader counts by words is not called exact', () => {
    const { db, file, keeper } = testDeliveries()
    keeper.keep(Array.from({ length: 50 }, (_, index) => trusted(content({ id: `d-${index}` }), { issued: index })))
    const readOnly = openDatabase(file, { readOnly: true })
    if (readOnly.kind !== 'opened') throw new Error(readOnly.kind)
    onTestFinished(() => void readOnly.db.close())
    const overview = createOverview(readOnly.db, { textIndex: createTextIndex(readOnly.db), now: () => start })
    const wanted = { text: 'okta_user', from: at(0), to: at(day), bucket: 'hour' } as const
    expect(facetsOf(overview.facets({ text: 'okta_user', range: null }))).toMatchObject({ counted: 0, isExact: false, countedTo: null })
    expect(histogramOf(overview.histogram(wanted))).toMatchObject({ isExact: false, countedTo: null })
    while (!createTextIndex(db).catchUp(100));
    expect(facetsOf(overview.facets({ text: 'okta_user', range: null }))).toMatchObject({ counted: 50, isExact: true })
    expect(histogramOf(overview.histogram(wanted))).toMatchObject({ isExact: true })
  })
})

describe('facets', () => {
  test.each([
    '',
    `after:${at(3 * day + 1)} before:${at(9 * day)}`,
    'kind:threat',
    'type:Type2',
    'confidence>0.5 -source:source_1',
    'type2',
  ])('of %j are what a count of each would say', (text) => {
    const store = testStoreOfMany()
    const answer = facetsOf(store.overview.facets({ text }))
    const found = everyDetection(store, text)
    expect(answer).toMatchObject({ counted: found.length, isCapped: false, isExact: true, countedTo: null })
    const { facets } = answer
    expect(found.length).toBeGreaterThan(10)
    expect(record(facets.kind)).toEqual(count(found.map(({ kind }) => kind)))
    expect(record(facets.status)).toEqual(count(found.map(({ status }) => status)))
    expect(record(facets.type)).toEqual(count(found.map(({ type }) => type)))
    expect(record(facets.source)).toEqual(count(found.map(({ sourceType }) => sourceType)))
    expect(record(facets.entityType)).toEqual(count(found.map(({ entityType }) => entityType)))
    expect(record(facets.organization)).toEqual(count(found.map(({ organizationId }) => organizationId)))
    expect(record(facets.trust)).toEqual(count(found.map(({ trust }) => trust)))
    expect(record(facets.triage)).toEqual(count(found.map(({ triage }) => triage.state)))
    for (const counts of Object.values(facets))
      expect(counts.map((one) => one.count)).toEqual(counts.map((one) => one.count).sort((a, b) => b - a))
  })

  test.each(['', 'kind:threat', 'type:Type2', 'confidence>0.5 -source:source_1', 'type2', 'entity:entity-3', 'nothing'])(
    'of %j in a range are what a count of each in it would say, and so is the count',
    (text) => {
      const store = testStoreOfMany()
      const range = { from: at(3 * day + 1), to: at(12 * day) }
      const found = everyDetection(store, text).filter(({ detectedAt }) => detectedAt >= range.from && detectedAt < range.to)
      if (text !== 'nothing') expect(found.length).toBeGreaterThan(5)
      const answer = facetsOf(store.overview.facets({ text, range }))
      expect(answer).toMatchObject({ counted: found.length, isCapped: false, isExact: true, countedTo: null })
      expect(record(answer.facets.type)).toEqual(count(found.map(({ type }) => type)))
      expect(store.overview.count({ text, range })).toEqual({ kind: 'count', count: found.length, isCapped: false })
      expect(store.overview.count({ text })).toMatchObject({ count: everyDetection(store, text).length })
    },
  )

  test('and counts that are refused name the characters of the text, whatever the range', () => {
    const store = testStore()
    const range = { from: at(0), to: at(1) }
    for (const answer of [store.overview.facets({ text: 'a colour:red', range }), store.overview.count({ text: 'a colour:red', range })])
      expect(answer).toMatchObject({ kind: 'refused', at: 2, length: 6 })
  })

  test('of more than ten thousand are of the newest, and say so', () => {
    const { db, keeper } = testDeliveries()
    const count = mostFaceted + 500
    keeper.keep(
      Array.from({ length: count }, (_, index) =>
        trusted(content({ id: `d-${index}`, type: index < 500 ? 'Old' : 'New', detectedAt: at(index) }), { issued: index }),
      ),
    )
    const overview = createOverview(db, { textIndex: createTextIndex(db), now: () => start, clock: () => 0 })
    const capped = facetsOf(overview.facets({ text: 'kind:threat' }))
    expect(capped).toMatchObject({ counted: mostFaceted, isCapped: true, isExact: false })
    expect(capped.facets.type).toEqual([{ value: 'New', count: mostFaceted }])
    expect(overview.count({ text: 'trust:verified' })).toEqual({ kind: 'count', count: mostFaceted, isCapped: true })
    expect(overview.count({ text: 'kind:threat' })).toEqual({ kind: 'count', count, isCapped: false })
    // A short range is counted whole, though there are ten thousand newer ones.
    const old = facetsOf(overview.facets({ text: 'trust:verified', range: { from: at(0), to: at(700) } }))
    expect(old).toMatchObject({ counted: 700, isCapped: false, isExact: true })
    expect(old.facets.type).toEqual([
      { value: 'Old', count: 500 },
      { value: 'New', count: 200 },
    ])
    expect(facetsOf(overview.facets({ text: '' }))).toMatchObject({ counted: count, isCapped: false, isExact: true })
    expect(facetsOf(overview.facets({ text: 'type:old' }))).toMatchObject({ counted: 500, isCapped: false, isExact: true })
  })
})

describe('the most frequent', () => {
  test.each([
    ['entity', ({ entityId }: Detection) => [entityId]],
    ['type', ({ type }: Detection) => [type]],
    ['source', ({ sourceType }: Detection) => [sourceType]],
    ['technique', ({ techniques }: Detection) => techniques],
    ['tactic', ({ tactics }: Detection) => tactics],
  ] as const)('%s of a range come first', (dimension, valuesOf) => {
    const store = testStoreOfMany()
    const [from, to] = [at(2 * day + 5), at(11 * day + 3)]
    const expected = count(
      everyDetection(store)
        .filter(({ detectedAt }) => detectedAt >= from && detectedAt < to)
        .flatMap(valuesOf),
    )
    const whole = store.overview.top({ dimension, from, to, limit: 100 })
    expect(record(whole.counts)).toEqual(expected)
    expect(whole).toMatchObject({ values: Object.keys(expected).length, isExact: true })
    const first = store.overview.top({ dimension, from, to, limit: 2 })
    expect(first.counts).toEqual(whole.counts.slice(0, 2))
    expect(whole.counts.map((one) => one.count)).toEqual(Object.values(expected).sort((a, b) => b - a))
  })
})

describe('where an end of a range falls into a crowd', () => {
  test('it is moved to the nearer end of that hour, and not called exact', () => {
    const { db, keeper } = testDeliveries()
    for (let part = 0; part < 7; part++) {
      keeper.keep(
        Array.from({ length: 3_000 }, (_, index) =>
          trusted(content({ id: `d-${part}-${index}`, detectedAt: new Date(start + 1_000 + index).toISOString() as Instant })),
        ),
      )
    }
    const overview = createOverview(db, { textIndex: createTextIndex(db), now: () => start })
    const top = (to: Instant) => overview.top({ dimension: 'type', from: at(0), to, limit: 5 })
    expect(top(at(20))).toMatchObject({ counts: [], isExact: false })
    expect(top(at(3_600))).toMatchObject({ counts: [{ count: 21_000 }], isExact: true })
  })
})

describe('the plan of every statement', () => {
  test('searches an index and walks no table, unfiltered, of a range and of one field', () => {
    const { db, keeper } = testDeliveries()
    const a = { type: 'a', status: 'a', sourceType: 'a', entityId: 'a', entityType: 'a', connectionId: 'a' }
    keeper.keep([trusted(content(a), { organization: 'a' as OrganizationId })])
    const sources = new Set<string>()
    const recording = new Proxy(db, {
      get(target, name) {
        if (name === 'prepare') return (source: string) => (sources.add(source), target.prepare(source))
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
      },
    }) as Database
    const overview = createOverview(recording, { textIndex: createTextIndex(db), now: () => start })
    const fields = ['kind', 'type', 'status', 'source', 'entity', 'entity_type', 'connection', 'organization'].map((field) => `${field}:a`)
    for (const text of ['', 'last:7d', 'kind:threat', ...fields.slice(1), 'is:unread', 'word']) {
      for (const range of [null, { from: at(0), to: at(day) }]) {
        overview.facets({ text, range })
        overview.count({ text, range })
      }
      overview.histogram({ text, from: at(0), to: at(day), bucket: 'hour' })
    }
    for (const { name: field } of searchFields) for (const begins of ['', 'a']) overview.seen({ field, begins })
    // Some are asked of the newest so many, and walk no further.
    const isBounded = (detail: string, sql: string) =>
      detail === 'SCAN detections USING INDEX detections_by_change' && sql.includes('ORDER BY changed_at DESC, row DESC LIMIT ?')
    // 513: from a word on, not from the first one.
    const walks = [...sources].flatMap((sql) => {
      const names = [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, null])
      const values = [...[...sql.matchAll(/\?/g)].map(() => null), ...(names.length > 0 ? [Object.fromEntries(names)] : [])]
      const steps = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
      return steps
        .filter(({ detail }) =>
          /^SCAN (?!span|top|item|json_each|\(|CONSTANT|text_index VIRTUAL|substring_index VIRTUAL TABLE INDEX \d+:M|temp.known_words VIRTUAL TABLE INDEX 513)/.test(
            detail,
          ),
        )
        .filter(({ detail }) => !isBounded(detail, sql))
        .map(({ detail }) => [detail, sql])
    })
    expect(sources.size).toBeGreaterThan(40)
    expect(walks).toEqual([])
  })
})

function testStoreOfMany(): Store {
  const store = testStore()
  many(store, 300)
  store.textIndex.catchUp(1_000)
  return store
}
