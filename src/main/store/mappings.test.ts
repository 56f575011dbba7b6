import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countAttack } from '../desk/attack-counts.ts'
import { readAttack } from '../export/attack.ts'
import type { Database } from './database.ts'
import { createMappings, type Mappings } from './mappings.ts'
import { createTextIndex } from './text-index.ts'
import { at, content, pageOf, start, testDeliveries, testStore, trusted } from './test-support.ts'

const attack = readAttack(readFileSync(new URL('../../../resources/attack-enterprise.json', import.meta.url), 'utf8'))
const words = [
  'T1110',
  'Brute Force',
  'brute_force',
  'T1110.003',
  'TA0006',
  'credential-access',
  'T1503',
  'Cloud Accounts',
  'nothing known',
]

const said = fc.record({
  tactics: fc.subarray(words),
  techniques: fc.subarray(words),
  type: fc.constantFrom('A', 'B'),
  detected: fc.integer({ min: 0, max: 90_000 }),
})

describe('what a search finds is mapped to ATT&CK', () => {
  test('as each of its detections is, once by however many words', () => {
    fc.assert(
      fc.property(
        fc.array(said, { maxLength: 50 }),
        fc.constantFrom('', 'type:A', 'type:C', 'kind:threat', 'technique:T1110'),
        fc.option(fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 90_000 }))),
        (history, text, between) => {
          const store = testStore()
          store.keeper.keep(
            history.map(({ detected, ...fields }, index) =>
              trusted(content({ ...fields, id: `d-${index}`, detectedAt: at(detected) }), { issued: 100_000 + index }),
            ),
          )
          const range = between === null ? null : { from: at(Math.min(...between)), to: at(Math.max(...between)) }
          const found = store.mappings({ text, range })
          if (found.kind !== 'mappings') throw new Error(found.detail)
          const counts = countAttack(attack, found)
          const wanted = pageOf(store.detections.page({ text, before: null, limit: 500 })).detections.filter(
            ({ detectedAt }) => range === null || (detectedAt >= range.from && detectedAt < range.to),
          )
          const namingAny = (isOne: (id: string) => boolean) =>
            wanted.filter(({ tactics, techniques }) =>
              [...tactics, ...techniques].some((word) => {
                const name = attack.nameOf(word)
                return name.kind === 'known' && isOne(name.id)
              }),
            ).length
          const naming = (id: string) => namingAny((one) => one === id)
          expect(counts).toMatchObject({ counted: wanted.length, isExact: true, countedTo: null })
          expect(counts.unmapped).toBe(wanted.filter(({ tactics, techniques }) => tactics.length + techniques.length === 0).length)
          for (const id of ['T1110', 'T1110.003', 'T1555.003']) expect(counts.techniques[id] ?? 0).toBe(naming(id))
          for (const id of ['T1110', 'T1555'])
            expect(counts.wholes[id] ?? 0).toBe(namingAny((one) => one === id || one.startsWith(`${id}.`)))
          expect(counts.areWholesExact).toBe(true)
          expect(counts.tactics['TA0006'] ?? 0).toBe(naming('TA0006'))
          expect(Object.keys(counts.techniques).every((id) => naming(id) > 0)).toBe(true)
          for (const word of ['nothing known', 'Cloud Accounts'])
            expect(counts.unknown.find((one) => one.word === word)?.count ?? 0).toBe(
              wanted.filter(({ tactics, techniques }) => [...tactics, ...techniques].includes(word)).length,
            )
          store.close()
        },
      ),
      { numRuns: 60, seed: 20261122 },
    )
  }, 60_000)

  test('a search that cannot be meant is refused', () => {
    expect(testStore().mappings({ text: 'kind:' })).toMatchObject({ kind: 'refused' })
  })
})

describe('a history with more than can be looked at one by one', () => {
  const large = (db: Database) => createMappings(db, { textIndex: createTextIndex(db), now: () => start, clock: () => 0, few: 100 })
  const count = 1_000
  const made = (mapped: (index: number) => { tactics?: string[]; techniques?: string[] }) => {
    const { db, keeper } = testDeliveries()
    for (let from = 0; from < count; from += 500)
      keeper.keep(
        Array.from({ length: 500 }, (_, index) =>
          trusted(content({ id: `d-${from + index}`, tactics: [], techniques: [], ...mapped(from + index) }), { issued: from + index }),
        ),
      )
    const found = large(db)({ text: '' }) as Mappings
    return countAttack(attack, found)
  }

  test('is read from the counts that are kept, those without a mapping as well', () => {
    const counts = made((index) =>
      index % 4 === 0 ? {} : { tactics: ['TA0006'], techniques: index % 4 === 1 ? ['T1110', 'odd'] : ['T1078'] },
    )
    expect(counts).toMatchObject({
      counted: count,
      unmapped: count / 4,
      tactics: { TA0006: (count / 4) * 3 },
      techniques: { T1110: count / 4, T1078: count / 2 },
      words: { TA0006: ['TA0006'], T1110: ['T1110'] },
      unknown: [{ word: 'odd', count: count / 4 }],
      isExact: true,
      areWholesExact: true,
    })
  })

  test('says where it is not known how often a technique and a part of it stand together', () => {
    const counts = made((index) => (index % 2 === 0 ? { techniques: ['T1110', 'T1110.003'] } : { techniques: ['T1078'] }))
    expect(counts).toMatchObject({ wholes: { T1110: count, T1078: count / 2 }, areWholesExact: false, isExact: true })
  })

  test('does not say that it is exact where two words for the same may stand together', () => {
    const counts = made((index) => (index % 2 === 0 ? { techniques: ['T1110', 'Brute Force'] } : {}))
    expect(counts).toMatchObject({ counted: count, unmapped: count / 2, techniques: { T1110: count }, isExact: false })
  })
})
