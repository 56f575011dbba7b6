import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DetectionId, Json, JsonObject, Kind } from '../../shared/detection.ts'
import { matching } from '../query/matches.ts'
import { parse } from '../query/parse.ts'
import { at, content, delivery, detectionOf, organization, pageOf, start, testStore, trusted, waiting } from './test-support.ts'

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
  fc.constantFrom(
    'confidence>=0.8',
    'confidence:0.5',
    'confidence<0.5',
    'is:unread',
    'is:open',
    'is:demo',
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
        fc.constantFrom('*', '*a*', '2', '0', 'true', '-1'),
      ),
    )
    .map(([field, one]) => `${field}:${one}`),
)
const search = fc
  .array(fc.tuple(fc.constantFrom('', '-', 'NOT '), term, fc.constantFrom(' ', ' OR ', ' AND ')), { minLength: 1, maxLength: 4 })
  .map((terms) => terms.map(([not, one, by], index) => `${not}${one}${index === terms.length - 1 ? '' : by}`).join(''))

test('the history finds by a query exactly what the query matches, page by page', () => {
  const store = testStore()
  let count = 0
  let found = 0
  let refused = 0
  fc.assert(
    fc.property(
      fc.array(fields, { minLength: 1, maxLength: 4 }),
      search,
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      (some, sought, isIndexed, limit) => {
        for (const one of some) {
          count += 1
          const id = `d-${count}` as DetectionId
          store.keeper.keep([
            trusted({ ...content(), ...one, metadata: one.metadata as JsonObject, id, detectedAt: at(count % 10) }, { issued: count % 7 }),
          ])
        }
        if (isIndexed) store.textIndex.catchUp(10_000)
        const parsed = parse(sought, { now: start })
        if (parsed.kind !== 'parsed') {
          refused += 1
          return
        }
        const ids = Array.from({ length: Math.min(count, 60) }, (_, index) => `d-${count - index}`)
        const isFound = matching(parsed.query)
        const expected = ids.filter((id) => isFound(detectionOf(store, id)))
        const actual: string[] = []
        for (let before: Parameters<typeof store.detections.page>[0]['before'] = null; ;) {
          const page = pageOf(store.detections.page({ text: sought, before, limit }))
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
