import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Detection, OrganizationId } from '../../shared/detection.ts'
import { createEntities } from './entities.ts'
import type { Store } from './store.ts'
import { at, content, organization, pageOf, start, testDeliveries, testStore, trusted } from './test-support.ts'

const others = 'org-2' as OrganizationId

function everything(store: Store): readonly Detection[] {
  return pageOf(store.detections.page({ text: '', before: null, limit: 500 })).detections
}

const said = fc.record({
  entityId: fc.constantFrom('anna', 'ANNA', 'annabel', 'bert', '100%_', 'Ünal', null),
  entityType: fc.constantFrom('okta_user', 'aws_iam_user', null),
  kind: fc.constantFrom('threat' as const, 'posture' as const),
  type: fc.constantFrom('A', 'B'),
  status: fc.constantFrom('detected', 'ongoing', 'resolved'),
  sourceType: fc.constantFrom('okta_org', null),
  connectionId: fc.constantFrom('conn-1', 'CONN-1', 'conn-2', null),
  confidence: fc.constantFrom(0.1, 0.9, null),
  techniques: fc.subarray(['T1110', 'T1078']),
  detected: fc.integer({ min: 0, max: 90_000 }),
  organization: fc.constantFrom(organization, others),
})

function kept(history: readonly (typeof said extends fc.Arbitrary<infer S> ? S : never)[]): Store {
  const store = testStore()
  store.keeper.keep(
    history.map(({ detected, organization: of, ...fields }, index) =>
      trusted(content({ ...fields, id: `d-${index}`, detectedAt: at(detected) }), { issued: 100_000 + index, organization: of }),
    ),
  )
  return store
}

describe('the list of entities', () => {
  test('counts what the history holds of each in a range, and says what is true of each at last', () => {
    fc.assert(
      fc.property(
        fc.array(said, { maxLength: 60 }),
        fc.constantFrom('', 'a', 'Ann', 'annab', 'b', '100%', '%', 'Ü', 'z'),
        fc.option(fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 90_000 }))),
        (history, begins, between) => {
          const store = kept(history)
          const [from, to] = between === null ? [0, Infinity] : [Math.min(...between), Math.max(...between)]
          const all = everything(store)
          const inRange = all.filter(({ detectedAt }) => detectedAt >= at(from) && (to === Infinity || detectedAt < at(to)))
          const names = [...new Set(inRange.flatMap(({ entityId }) => entityId ?? []))].filter((name) =>
            name.toLowerCase().startsWith(begins.toLowerCase()),
          )
          const list = store.entities.list({ range: between === null ? null : { from: at(from), to: at(to) }, begins })
          expect(list.total).toBe(names.length)
          expect(list.entities.map(({ count }) => count)).toEqual(list.entities.map(({ count }) => count).sort((a, b) => b - a))
          expect(Object.fromEntries(list.entities.map((line) => [line.entityId, line]))).toEqual(
            Object.fromEntries(
              names.map((entityId) => {
                const of = all.filter((detection) => detection.entityId === entityId)
                const sure = of.flatMap(({ confidence }) => confidence ?? [])
                return [
                  entityId,
                  {
                    entityId,
                    entityType: of[0]?.entityType,
                    count: inRange.filter((detection) => detection.entityId === entityId).length,
                    threats: of.filter(({ kind }) => kind === 'threat').length,
                    openPosture: of.filter(({ kind, status }) => kind === 'posture' && status !== 'resolved').length,
                    highestConfidence: sure.length === 0 ? null : Math.max(...sure),
                    lastChangedAt: of[0]?.changedAt,
                  },
                ]
              }),
            ),
          )
          store.close()
        },
      ),
      { numRuns: 40, seed: 20261122 },
    )
  }, 60_000)

  test('has at most 100 lines, of those that have most', () => {
    const store = testStore()
    store.keeper.keep(
      Array.from({ length: 330 }, (_, index) =>
        trusted(content({ id: `d-${index}`, entityId: `e-${Math.max(0, index % 120)}` }), { issued: index }),
      ),
    )
    const list = store.entities.list({ range: null, begins: '' })
    expect(list.total).toBe(120)
    expect(list.entities).toHaveLength(100)
    expect(list.entities.filter(({ count }) => count === 3)).toHaveLength(90)
  })

  test('looks at fewer detections of each line once its time is over', () => {
    let clock = 0
    const store = testStore({ clock: () => (clock += 100) })
    store.keeper.keep(
      Array.from({ length: 200 }, (_, index) => trusted(content({ id: `d-${index}`, entityId: `e-${index % 4}` }), { issued: index })),
    )
    const { entities } = store.entities.list({ range: null, begins: '' })
    expect(entities.map(({ count }) => count)).toEqual([50, 50, 50, 50])
    expect(entities.map(({ threats }) => threats)).toEqual([50, 20, 20, 20])
  })
})

describe('an entity', () => {
  test('is told by what the history holds of it, in one organization or in any', () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 60 }), fc.constantFrom(null, organization), (history, organizationId) => {
        const store = kept(history)
        const all = everything(store)
        for (const entityId of ['anna', 'ANNA', 'bert', 'nobody']) {
          const of = all.filter((one) => one.entityId === entityId && (organizationId === null || one.organizationId === organizationId))
          const entity = store.entities.read({ entityId, organizationId })
          if (of.length === 0) {
            expect(entity).toBeNull()
            continue
          }
          const count = (valuesOf: (one: Detection) => readonly (string | null)[]) => {
            const counts: Record<string, number> = {}
            for (const one of of) for (const value of valuesOf(one)) if (value !== null) counts[value] = (counts[value] ?? 0) + 1
            return counts
          }
          const asRecord = (counted: readonly { value: string; count: number }[] = []) =>
            Object.fromEntries(counted.map(({ value, count: many }) => [value, many]))
          expect(asRecord(entity?.types)).toEqual(count(({ type }) => [type]))
          expect(asRecord(entity?.entityTypes)).toEqual(count(({ entityType }) => [entityType]))
          expect(asRecord(entity?.sources)).toEqual(count(({ sourceType }) => [sourceType]))
          expect(asRecord(entity?.techniques)).toEqual(count(({ techniques }) => techniques))
          expect(entity).toMatchObject({
            count: of.length,
            threats: of.filter(({ kind }) => kind === 'threat').length,
            firstDetectedAt: of.map(({ detectedAt }) => detectedAt).sort()[0],
            lastChangedAt: of[0]?.changedAt,
            isExact: true,
          })
          expect(entity?.points.map(({ key }) => key.id).sort()).toEqual(
            of
              .filter(({ kind }) => kind === 'threat')
              .map(({ id }) => id)
              .sort(),
          )
          const moments = entity?.points.map(({ detectedAt }) => detectedAt) ?? []
          expect(moments).toEqual([...moments].sort().reverse())
          const open = of.filter(({ kind, status }) => kind === 'posture' && status !== 'resolved')
          expect(entity?.openIssues.map(({ detectedAt }) => detectedAt)).toEqual(open.map(({ detectedAt }) => detectedAt).sort())
          expect(new Set(entity?.openIssues)).toEqual(new Set(open))
          expect(entity?.posture).toHaveLength(of.filter(({ kind }) => kind === 'posture').length)
          const neighbours = [...new Set(of.flatMap(({ connectionId }) => connectionId ?? []))].flatMap((connectionId) => {
            const near = all.filter(
              (one) =>
                one.connectionId === connectionId &&
                one.entityId !== null &&
                one.entityId !== entityId &&
                (organizationId === null || one.organizationId === organizationId),
            )
            return [...new Set(near.map((one) => one.entityId))].map(
              (other) => `${other} ${connectionId} ${near.filter((one) => one.entityId === other).length}`,
            )
          })
          expect(entity?.related.map((one) => `${one.entityId} ${one.connectionId} ${one.count}`).sort()).toEqual(neighbours.sort())
        }
        store.close()
      }),
      { numRuns: 40, seed: 20261122 },
    )
  }, 60_000)

  test('has the newest notes of its detections, whichever of them they are on', () => {
    const { db, keeper } = testDeliveries()
    keeper.keep([
      trusted(content({ id: 'one', entityId: 'anna' }), { issued: 1 }),
      trusted(content({ id: 'two', entityId: 'anna', type: 'MissingMFA' }), { issued: 2 }),
      trusted(content({ id: 'three', entityId: 'bert' }), { issued: 3 }),
    ])
    const act = db.prepare("INSERT INTO triage_acts (id, at, made_by, change, count) VALUES (?, ?, 'user', ?, 1)")
    const note = db.prepare('INSERT INTO notes SELECT row, ? FROM detections WHERE id = ?')
    for (let id = 1; id <= 60; id++) {
      act.run(id, start + id, JSON.stringify({ note: `note ${id}` }))
      note.run(id, ['one', 'two', 'three'][id % 3])
    }
    const entity = createEntities(db, { clock: () => 0 }).read({ entityId: 'anna', organizationId: null })
    expect(entity?.notes.slice(0, 3).map(({ text }) => text)).toEqual(['note 60', 'note 58', 'note 57'])
    expect(entity?.notes).toHaveLength(40)
    expect(entity?.notes[1]).toEqual({
      key: { organizationId: organization, id: 'two' },
      type: 'MissingMFA',
      text: 'note 58',
      at: new Date(start + 58).toISOString(),
    })
  })

  test('with more detections than are looked at is told by the newest of them, and says so', () => {
    const store = testStore()
    for (let from = 0; from < 2_100; from += 350)
      store.keeper.keep(
        Array.from({ length: 350 }, (_, index) =>
          trusted(content({ id: `d-${from + index}`, detectedAt: new Date(start + (from + index) * 1000).toISOString() as never }), {
            issued: from + index,
          }),
        ),
      )
    const entity = store.entities.read({ entityId: '00u1', organizationId: null })
    expect(entity).toMatchObject({ count: 2_000, firstDetectedAt: at(100), isExact: false })
    expect(entity?.points).toHaveLength(1_000)
  })
})
