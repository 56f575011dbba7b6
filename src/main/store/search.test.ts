import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Detection, DetectionId, Json, JsonObject, Kind } from '../../shared/detection.ts'
import type { PageAnswer, PageKey } from '../../shared/ipc.ts'
import { matching } from '../query/matches.ts'
import { toSql } from '../query/to-sql.ts'
import type { SuppressionId } from '../../shared/rules.ts'
import type { Store } from './store.ts'
import { at, content, delivery, detectionOf, keepOne, organization, pageOf, start, testStore, trusted, waiting } from './test-support.ts'

describe('a search', () => {
  const store = () => {
    const made = testStore()
    made.keeper.keep([
      trusted(content({ id: 'stuffing', entityId: 'anna_b%c', tactics: ['Credential Access'], metadata: { ip: '10.0.0.1', tries: 14 } }), {
        issued: 1,
      }),
      trusted(
        content({
          id: 'mfa',
          kind: 'posture',
          type: 'MissingMFA',
          status: 'ongoing',
          entityId: 'ci-deploy',
          entityType: null,
          tactics: [],
          confidence: 0.4,
        }),
        { issued: 2 },
      ),
    ])
    return made
  }
  const find = (text: string) => pageOf(store().detections.page({ text, before: null, limit: 10 })).detections.map(({ id }) => id)

  test.each([
    ['', ['mfa', 'stuffing']],
    ['missingmfa ONGOING', ['mfa']],
    ['posture okta_user', []],
    ['"credential access"', ['stuffing']],
    ['"access credential"', []],
    ['cred', ['stuffing']],
    ['"cred"', []],
    ['stuff', ['stuffing']],
    ['tuff', []],
    ['*tuff*', ['stuffing']],
    ['10.0.0.1', ['stuffing']],
    ['metadata.ip:10.0.*', ['stuffing']],
    ['metadata.tries>=14', ['stuffing']],
    ['metadata.tries:14', ['stuffing']],
    ['type:missing*', ['mfa']],
    ['-type:missing*', ['stuffing']],
    ['confidence<0.5 OR tactic:cred*', ['mfa', 'stuffing']],
    ['is:unread -is:posture', ['stuffing']],
    ['entity:CI-DEPLOY', ['mfa']],
    ['%', ['stuffing']],
    ['anna_b', ['stuffing']],
    ['a_b', []],
    ['a%b', []],
    ['"detected threat"', []],
    [`after:${at(-1)} before:${at(100_000)}`, ['mfa', 'stuffing']],
  ])('%j finds %j', (text, ids) => {
    expect(find(text)).toEqual(ids)
  })

  test('beyond its bounds is refused with words, at the characters', () => {
    expect(store().detections.page({ text: 'a colour:red', before: null, limit: 10 })).toMatchObject({
      kind: 'refused',
      at: 2,
      length: 6,
      detail: expect.stringContaining('no field colour') as string,
    })
  })

  test('within a range is refused at the same characters', () => {
    const range = { from: at(0), to: at(1) }
    expect(store().detections.page({ text: 'a colour:red', range, before: null, limit: 10 })).toMatchObject({ at: 2, length: 6 })
  })

  test('finds what a second look has released, though the index was past it', () => {
    const made = testStore()
    made.keeper.keep([delivery(waiting), trusted(content({ id: 'other' }))])
    made.textIndex.catchUp(100)
    const search = () => pageOf(made.detections.page({ text: 'later', before: null, limit: 10 })).detections.map(({ id }) => id)
    expect(search()).toEqual([])
    const [one] = made.keeper.waiting(organization, null, 10)
    made.keeper.settle([
      { sequence: one!.sequence, checked: { ...trusted(content({ id: 'released', type: 'ReleasedLater' })), delivery: one!.delivery } },
    ])
    expect(made.textIndex.isUpToDate()).toBe(false)
    expect(search()).toEqual(['released'])
    expect(made.textIndex.isUpToDate()).toBe(true)
  })

  test('gathers no row for what it was before a delivery that the index has not seen, and as many as are wanted', () => {
    const made = testStore()
    const of = (id: string, status: string, issued: number) => trusted(content({ id, status }), { issued })
    made.keeper.keep([of('one', 'resolved', 1), of('two', 'resolved', 2), of('three', 'resolved', 3), of('four', 'ongoing', 4)])
    made.textIndex.catchUp(100)
    made.keeper.keep([of('three', 'ongoing', 5), of('four', 'resolved', 6)])
    const gather = (text: string, most = 10) => made.foundRows({ text, range: null, before: null, most })
    expect(gather('"resolved"')).toMatchObject({ rows: [4, 2, 1] })
    expect(gather('"resolved"', 2)).toMatchObject({ rows: [4, 2] })
    expect(gather('-ongoing type:*')).toMatchObject({ rows: [4, 2, 1] })
    const before = { changedAt: Date.parse(at(4)), row: 4 }
    expect(made.foundRows({ text: '"resolved"', range: null, before, most: 10 })).toMatchObject({ rows: [2, 1] })
    expect(made.textIndex.isUpToDate()).toBe(false)
  })

  test('no longer finds what a newer delivery has changed', () => {
    const made = testStore()
    made.keeper.keep([trusted(content({ id: 'one', status: 'ongoing' }), { issued: 1 })])
    made.textIndex.catchUp(100)
    made.keeper.keep([trusted(content({ id: 'one', status: 'resolved' }), { issued: 2 })])
    made.textIndex.catchUp(100)
    const search = (text: string) => pageOf(made.detections.page({ text, before: null, limit: 10 })).detections.length
    expect([search('"ongoing"'), search('"resolved"')]).toEqual([0, 1])
  })
})

describe('what is suppressed', () => {
  const suppress = (made: Store, query: string, seconds = 3_600) =>
    made.rules.addSuppression({ query, reason: 'known', expiresAt: at(seconds) }, start) as SuppressionId
  const ids = (made: Store, text: string) =>
    pageOf(made.detections.page({ text, before: null, limit: 10 }))
      .detections.map(({ id }) => id as string)
      .sort()
  const three = (options?: Parameters<typeof testStore>[0]) => {
    const made = testStore(options)
    made.keeper.keep([
      trusted(content({ id: 'a', type: 'NoisyScan' })),
      trusted(content({ id: 'b', entityId: 'ci' })),
      trusted(content({ id: 'c' })),
    ])
    return made
  }

  test('is what any suppression that holds finds, by fields and by words', () => {
    const made = three()
    expect([ids(made, 'is:suppressed'), ids(made, '-is:suppressed')]).toEqual([[], ['a', 'b', 'c']])
    suppress(made, 'noisy')
    const lifted = suppress(made, 'entity:ci')
    expect([ids(made, 'is:suppressed'), ids(made, '-is:suppressed'), ids(made, 'is:suppressed entity:ci')]).toEqual([
      ['a', 'b'],
      ['c'],
      ['b'],
    ])
    made.rules.liftSuppression(lifted, start)
    expect(ids(made, 'is:suppressed')).toEqual(['a'])
  })

  test('asks the index of words once, however many words of suppressions it is to look for', () => {
    const made = three()
    for (let number = 0; number < 20; number += 1) suppress(made, `(word${number} OR other${number}) OR id:x${number}`)
    suppress(made, 'ci OR noisy')
    const parsed = made.readSearch('is:suppressed')
    if (parsed.kind !== 'parsed') throw new Error(parsed.detail)
    expect(toSql(parsed.query).sql.match(/MATCH/g)).toHaveLength(1)
    expect([ids(made, 'is:suppressed'), ids(made, '-is:suppressed')]).toEqual([['a', 'b'], ['c']])
  })

  test('is nothing any more once its suppression has expired', () => {
    const clock = { now: start }
    const made = three({ now: () => clock.now })
    suppress(made, 'id:a', 60)
    expect(ids(made, 'IS:Suppressed')).toEqual(['a'])
    clock.now = start + 60_000
    expect(ids(made, 'is:suppressed')).toEqual([])
  })

  test('is the same to whoever counts, maps, walks over and gathers rows', () => {
    const made = three()
    suppress(made, 'id:a')
    suppress(made, 'colour:red')
    const text = 'is:suppressed'
    expect(made.overview.count({ text })).toMatchObject({ count: 1 })
    expect(made.mappings({ text })).toMatchObject({ counted: 1 })
    expect(made.foundRows({ text, range: null, before: null, most: 10 })).toMatchObject({ rows: [1] })
    expect(made.readSearch(text)).toMatchObject({ kind: 'parsed', query: { kind: 'any', of: [{ field: 'id' }] } })
  })
})

// Few letters, so that words are found often; with what SQL, LIKE, JSON and Unicode could trip over.
const letter = fc.constantFrom(..."aAbB%_\\'\t[],{}\0éÉßİ.-", '\u{1f6a8}', '\ufffd', ' ')
const text = fc.oneof(fc.string({ unit: letter, maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 4 }))
const word = fc.constantFrom('Alpha', 'alphaBeta', 'BETA', 'be', 'a', '10.0.0.1', 'x-y')
const value = fc.oneof(word, text)
const list = fc.array(value, { maxLength: 3 })
const json: fc.Arbitrary<Json> = fc.oneof(
  value,
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  list,
)
const fields = fc.record({
  kind: fc.constantFrom<Kind[]>('threat', 'posture'),
  type: value,
  status: fc.oneof(fc.constantFrom('detected', 'ongoing', 'resolved'), value),
  entityId: fc.option(value),
  entityType: fc.option(value),
  sourceType: fc.option(value),
  connectionId: fc.option(value),
  confidence: fc.option(fc.constantFrom(0, 0.5, 0.8, 1)),
  tactics: list,
  techniques: list,
  frameworks: list,
  metadata: fc.dictionary(
    fc.constantFrom('a', 'b.c', 'é'),
    fc.oneof(json, fc.dictionary(fc.constantFrom('a', 'c'), json, { maxKeys: 2 })),
    { maxKeys: 3 },
  ),
})
const term = fc.oneof(
  word,
  fc.string({ unit: letter, maxLength: 5 }).map((one) => one.replace(/[\s():]/g, '') || 'a'),
  word.map((one) => `"${one}"`),
  word.map((one) => `*${one.slice(0, 2)}*`),
  word.map((one) => `*${one.slice(1, 5)}*`),
  fc.string({ unit: letter, minLength: 3, maxLength: 5 }).map((one) => `*${one.replace(/[\s():]/g, '') || 'a'}*`),
  fc.constantFrom(
    'confidence>=0.8',
    'confidence:0.5',
    'confidence<0.5',
    'is:unread',
    'is:open',
    'is:demo',
    'is:suppressed',
    'has:entity',
    'has:tactic',
    'has:metadata',
    'kind:threat',
    'status:ongoing',
    'trust:verified',
    `before:${at(5)}`,
    `after:${at(5)}`,
    `changed>=${at(3)}`,
    'has:confidence',
    'resolved<1d',
  ),
  fc
    .tuple(
      fc.constantFrom(
        'type',
        'entity',
        'entity_type',
        'source',
        'connection',
        'status',
        'tactic',
        'technique',
        'framework',
        'metadata.a',
        'metadata.b.c',
        'metadata.é',
      ),
      fc.oneof(
        word,
        word.map((one) => `${one.slice(0, 1)}*`),
        word.map((one) => `*${one.slice(1, 4)}*`),
        fc.constantFrom('*', '*a*', '2', '0', 'true', '-1', 'Al*Bet*', '*pha', '*0.0*1'),
      ),
    )
    .map(([field, one]) => `${field}:${one}`),
)
const search = fc
  .array(fc.tuple(fc.constantFrom('', '-', 'NOT '), term, fc.constantFrom(' ', ' OR ', ' AND ')), { minLength: 1, maxLength: 4 })
  .map((terms) => terms.map(([not, one, by], index) => `${not}${one}${index === terms.length - 1 ? '' : by}`).join(''))

test('the history finds by a query exactly what the query matches, page by page', () => {
  const store = testStore()
  for (const query of ['be* OR confidence:0.5', 'kind:posture -status:ongoing', 'colour:red'])
    store.rules.addSuppression({ query, reason: 'known', expiresAt: at(3_600) }, start)
  let count = 0
  let found = 0
  let refused = 0
  fc.assert(
    fc.property(
      fc.array(fields, { minLength: 1, maxLength: 4 }),
      search,
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      fc.option(fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 }))),
      (some, sought, isIndexed, limit, seconds) => {
        for (const one of some) {
          count += 1
          const id = `d-${count}` as DetectionId
          store.keeper.keep([
            trusted({ ...content(), ...one, metadata: one.metadata as JsonObject, id, detectedAt: at(count % 10) }, { issued: count % 7 }),
          ])
        }
        if (isIndexed) store.textIndex.catchUp(10_000)
        const parsed = store.readSearch(sought)
        if (parsed.kind !== 'parsed') {
          refused += 1
          return
        }
        const ids = Array.from({ length: Math.min(count, 60) }, (_, index) => `d-${count - index}`)
        const range = seconds === null ? null : { from: at(seconds[0]), to: at(seconds[1]) }
        const isIn = ({ detectedAt }: Detection) => range === null || (detectedAt >= range.from && detectedAt < range.to)
        const isFound = matching(parsed.query)
        const expected = ids.filter((id) => isFound(detectionOf(store, id)) && isIn(detectionOf(store, id)))
        const actual: string[] = []
        for (let before: Parameters<typeof store.detections.page>[0]['before'] = null; ;) {
          const page = pageOf(store.detections.page({ text: sought, range, before, limit }))
          actual.push(...page.detections.map(({ id }) => id))
          before = page.next
          if (before === null) break
        }
        expect(new Set(actual).size).toBe(actual.length)
        expect(actual.filter((id) => ids.includes(id)).sort()).toEqual(expected.sort())
        const keys = actual.map((id) => `${detectionOf(store, id).changedAt} ${id.slice(2).padStart(9, '0')}`)
        expect(keys).toEqual([...keys].sort().reverse())
        found += actual.length
      },
    ),
    { numRuns: 120, seed: 20260301 },
  )
  expect(found).toBeGreaterThan(500)
  expect(refused).toBeLessThan(100)
})

describe('a range', () => {
  const long = 12_000
  const keep = (store: ReturnType<typeof testStore>) => {
    for (let from = 0; from < long; from += 1_000) {
      store.keeper.keep(
        Array.from({ length: 1_000 }, (_, index) =>
          trusted(content({ id: `d-${from + index}`, type: `Type${(from + index) % 3}`, detectedAt: at(from + index) }), {
            issued: from + index,
          }),
        ),
      )
    }
  }
  const idsOf = (answer: PageAnswer) => pageOf(answer).detections.map(({ id }) => id)

  test('far back is there at once, however much is newer, and a long one is found as well', () => {
    let ticks = 0
    // Time is over at every look at the clock.
    const store = testStore({ clock: () => (ticks += 1_000) })
    keep(store)
    const short = { from: at(100), to: at(106) }
    const page = pageOf(store.detections.page({ text: 'confidence>0.5', range: short, before: null, limit: 4 }))
    expect(page.detections.map(({ id }) => id)).toEqual(['d-105', 'd-104', 'd-103', 'd-102'])
    expect(page.searchedTo).toBeNull()
    expect(idsOf(store.detections.page({ text: 'confidence>0.5', range: short, before: page.next, limit: 4 }))).toEqual(['d-101', 'd-100'])
    // The same of a search that says it itself.
    expect(idsOf(store.detections.page({ text: `after:${at(100)} before:${at(102)}`, before: null, limit: 4 }))).toEqual(['d-101', 'd-100'])

    // One that is longer than what lies after it, and one of it that changed when all the others were there.
    store.keeper.keep([trusted(content({ id: 'd-200', type: 'Type2', detectedAt: at(200), status: 'resolved' }), { issued: 2 * long })])
    const middle = { from: at(100), to: at(6_100) }
    for (const text of ['', 'kind:threat', 'status:*', 'confidence>0.5', 'type:Type*']) {
      const start = pageOf(store.detections.page({ text, range: middle, before: null, limit: 3 }))
      expect(
        start.detections.map(({ id }) => id),
        text,
      ).toEqual(['d-200', 'd-6099', 'd-6098'])
      expect(idsOf(store.detections.page({ text, range: middle, before: start.next, limit: 2 })), text).toEqual(['d-6097', 'd-6096'])
    }
    const last = pageOf(store.detections.page({ text: '', range: middle, before: store.overview.keyAt(long - 103), limit: 9 }))
    expect([last.detections.map(({ id }) => id), last.next]).toEqual([['d-101', 'd-100'], null])

    const some = pageOf(store.detections.page({ text: 'type:Type1', range: { from: at(5), to: at(long - 5) }, before: null, limit: 2 }))
    expect(some.detections.map(({ id }) => id)).toEqual(['d-11992', 'd-11989'])
  })

  test('of one entity is asked of that entity, and where it ends before it begins is empty', () => {
    const store = testStore()
    store.keeper.keep([trusted(content({ id: 'one', entityId: 'a', detectedAt: at(5) })), trusted(content({ id: 'two', entityId: 'b' }))])
    const find = (text: string, from: number, to: number) =>
      idsOf(store.detections.page({ text, range: { from: at(from), to: at(to) }, before: null, limit: 9 }))
    expect(find('entity:a', 5, 6)).toEqual(['one'])
    expect(find('entity:a', 6, 9)).toEqual([])
    expect(find('', 0, 9)).toEqual(['two', 'one'])
    expect(find('', 9, 0)).toEqual([])
  })
})

describe('a place in the list', () => {
  const page = (store: ReturnType<typeof testStore>, before: PageKey | null, skip: number, limit = 3) =>
    pageOf(store.detections.page({ text: ' ', range: null, before, skip, limit }))

  test('counted from where it was begun, is that of the list as it was then, whatever arrives or moves up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 2, maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: 39 }), { maxLength: 5 }),
        fc.nat({ max: 45 }),
        (times, moved, skip) => {
          const store = testStore()
          store.keeper.keep(times.map((issued, index) => trusted(content({ id: `d-${index}` }), { issued })))
          const begun = page(store, null, 0, 500)
          expect(begun.first).toEqual(store.overview.keyAt(0))
          const [top, ...below] = begun.detections.map(({ id }) => id)
          const later = times.length + 500_000
          const ups = [...new Set(moved)].filter((index) => index < times.length).map((index) => `d-${index}` as DetectionId)
          store.keeper.keep(ups.map((id, index) => trusted(content({ id }), { issued: later + index })))
          store.keeper.keep([trusted(content({ id: 'new' }), { issued: later + 100 })])
          // What moved up left the list below.
          const left = below.filter((id) => !ups.includes(id))
          expect(top === undefined).toBe(false)
          expect(page(store, begun.first, skip).detections.map(({ id }) => id)).toEqual(left.slice(skip, skip + 3))
          const all = page(store, null, 0, 500).detections.map(({ id }) => id)
          expect(page(store, null, skip).detections.map(({ id }) => id)).toEqual(all.slice(skip, skip + 3))
        },
      ),
      { numRuns: 40, seed: 20260301 },
    )
  })

  test('beyond the end is an empty page, and its first row is that of the page', () => {
    const store = testStore()
    store.keeper.keep(Array.from({ length: 5 }, (_, index) => trusted(content({ id: `d-${index}` }), { issued: index })))
    expect(page(store, null, 5)).toMatchObject({ detections: [], first: null, next: null, total: 5 })
    expect(page(store, null, 1e12)).toMatchObject({ detections: [], first: null, next: null, total: 5 })
    expect(page(store, null, 3).first).toEqual(store.overview.keyAt(3))
    expect(page(store, null, 3).next).toBeNull()
  })

  test('there is in the list of everything only', () => {
    const { detections } = testStore()
    for (const wanted of [{ text: 'type:a' }, { text: '', range: { from: at(0), to: at(1) } }])
      expect(() => detections.page({ ...wanted, before: null, skip: 1, limit: 1 })).toThrow(/list of everything/)
  })
})

test('two texts that are the same up to a NUL are two', () => {
  const store = testStore()
  for (const entityId of ['a\0b', 'a\0c', '\0*d'])
    keepOne(store.keeper, trusted(content({ id: `of ${entityId.at(-1)}`, entityId, type: entityId }), {}))
  const by = (text: string) => pageOf(store.detections.page({ text, before: null, limit: 10 })).detections.map(({ id }) => id as string)
  for (const field of ['entity', 'type']) {
    expect(by(`${field}:a\0b`)).toEqual(['of b'])
    expect(by(`-${field}:a\0b`).sort()).toEqual(['of c', 'of d'])
    expect(by(`${field}:a\0b*`)).toEqual(['of b'])
    expect(by(`${field}:\0\\*`)).toEqual([])
    expect(by(`${field}:\0*d`)).toEqual(['of d'])
  }
})
