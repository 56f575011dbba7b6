import { describe, expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import type { Observation } from '../../shared/drift.ts'
import { createDriftLog } from './drift.ts'
import {
  at,
  believed,
  content,
  delivery,
  keepOne,
  organization,
  refused,
  start,
  testDeliveries,
  testStore,
  trusted,
  waiting,
} from './test-support.ts'

const field = (value: string): Observation => ({ what: 'field', value })

describe('drift', () => {
  test('is kept with first sight, last sight and count, the newest first sight first', () => {
    const { keeper, drift } = testStore()
    keeper.keep([{ ...trusted(content(), { received: 10 }), drift: [field('severity'), field('severity')] }])
    keeper.keep([
      { ...trusted(content(), { received: 20 }), drift: [field('severity')] },
      { ...trusted(content(), { received: 30, organization: 'org-2' as OrganizationId }), drift: [field('severity')] },
    ])
    expect(drift.list()).toEqual({
      listed: [
        { organizationId: 'org-2', ...field('severity'), firstSeenAt: at(30), lastSeenAt: at(30), count: 1 },
        { organizationId: organization, ...field('severity'), firstSeenAt: at(10), lastSeenAt: at(20), count: 3 },
      ],
      total: 2,
    })
  })

  test('comes of deliveries that are believed only, once each, and of one released from quarantine with the time it came', () => {
    const { keeper, drift } = testStore()
    keeper.keep([
      { ...delivery(refused), drift: [field('a')] },
      { ...delivery(waiting), drift: [field('b')] },
    ])
    const twice = { ...trusted(content()), drift: [field('c')] }
    keeper.keep([twice])
    keeper.keep([twice])
    const held = delivery(waiting, { received: 5 })
    const { sequence } = keepOne(keeper, held)
    keeper.settle([
      {
        sequence,
        checked: { ...held, standing: believed({ kind: 'unreadable', because: 'no id' }), drift: [{ what: 'unreadable', value: 'no id' }] },
      },
    ])
    expect(drift.list().listed.map(({ what, value, count, firstSeenAt }) => [what, value, count, firstSeenAt])).toEqual([
      ['unreadable', 'no id', 1, at(5)],
      ['field', 'c', 1, at(1)],
    ])
  })

  test('is not kept where its delivery is not', () => {
    const { db, keeper } = testDeliveries()
    db.exec('DROP TABLE transitions')
    expect(() => keeper.keep([{ ...trusted(content()), drift: [field('a')] }])).toThrow()
    expect(createDriftLog(db).list().total).toBe(0)
  })

  test('beyond its bound is counted under one name per organization, and what is known goes on being counted', () => {
    const { db } = testDeliveries()
    const log = createDriftLog(db, 2)
    const record = (...values: readonly string[]) => {
      const gathering = log.gather()
      gathering.add(organization, start, values.map(field))
      gathering.write()
    }
    record('a', 'b', 'c', 'd', 'd')
    record('a', 'e')
    expect(
      log
        .list()
        .listed.map(({ what, value, count }) => [what, value, count])
        .sort(),
    ).toEqual([
      ['field', 'a', 2],
      ['field', 'b', 1],
      ['overflow', '', 4],
    ])
  })
})
