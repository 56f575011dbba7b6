import { expect, test } from 'vitest'
import { mostSuppressions } from '../../shared/rules.ts'
import { content, keepOne, pageOf, start, temporaryFile, testDatabase, testStore, trusted } from './test-support.ts'

/** A history with one detection that each of so many suppressions is about, and one that none is about. */
function suppressedBy(count: number, query: (number: number) => string) {
  const file = temporaryFile()
  const store = testStore({ file })
  keepOne(store.keeper, trusted(content({ id: 'loud', type: 'Loud' }), { issued: 1 }))
  keepOne(store.keeper, trusted(content({ id: 'quiet', type: 'Quiet' }), { issued: 2 }))
  const add = testDatabase(file).prepare("INSERT INTO suppressions (query, reason, since, expires_at) VALUES (?, '', 0, ?)")
  for (let number = 0; number < count; number += 1) add.run(query(number), start + 1_000)
  return store
}

const parts = (number: number): string =>
  Array.from({ length: 40 }, (_, index) => (index === 0 ? '*uie*' : `*p${number}q${index}*`)).join(' OR ')

test('as many suppressions as there may be are asked for in one search, together with what else it says', () => {
  const kinds = [
    (number: number) => (number % 2 === 0 ? 'type:Quiet' : `type:Other${number} source:x entity:y`),
    (number: number) => `type:Quiet OR type:Type${number} OR (source:source_${number} -status:resolved)`,
    (number: number) => `entity:user${number} OR type:*uie*`,
  ]
  for (const query of kinds) {
    const store = suppressedBy(mostSuppressions, query)
    const ids = (text: string) => pageOf(store.detections.page({ text, before: null, limit: 5 })).detections.map(({ id }) => id)
    expect(ids('is:suppressed')).toEqual(['quiet'])
    expect(ids('-is:suppressed')).toEqual(['loud'])
    expect(ids('source:okta_org -(is:suppressed OR type:Nothing)')).toEqual(['loud'])
    expect(store.overview.count({ text: '-is:suppressed' })).toMatchObject({ count: 1 })
  }
})

test('more than one search can look for is refused at its characters with what to do, wherever it is asked, and nothing is thrown', () => {
  const store = suppressedBy(mostSuppressions, parts)
  for (const text of ['a is:suppressed', 'a -is:suppressed']) {
    const at = text.indexOf('suppressed')
    const refusal = { kind: 'refused', because: 'bad-value', at, length: 10 }
    const page = store.detections.page({ text, before: null, limit: 5 })
    expect(page).toMatchObject(refusal)
    expect(page).toHaveProperty('detail', expect.stringMatching(/200 suppressions .* lift those/))
    for (const answer of [
      store.overview.count({ text }),
      store.overview.facets({ text }),
      store.foundRows({ text, range: null, before: null, most: 5 }),
      store.mappings({ text }),
    ])
      expect(answer).toMatchObject(refusal)
  }
})

test('what each time has room is refused where it is asked for too often', () => {
  const store = suppressedBy(6, parts)
  const page = (text: string) => store.detections.page({ text, before: null, limit: 5 })
  expect(pageOf(page('is:suppressed')).detections.map(({ id }) => id)).toEqual(['quiet'])
  const twice = 'is:suppressed type:Quiet '
  expect(page(twice.repeat(3))).toMatchObject({ kind: 'refused', at: twice.length + 3, length: 10 })
})
