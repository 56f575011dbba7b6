import { describe, expect, test } from 'vitest'
import { searchFields } from '../../shared/search-fields.ts'
import { parse } from '../query/parse.ts'
import { mostSeen } from './seen-values.ts'
import { content, testStore, trusted } from './test-support.ts'

const store = () => {
  const made = testStore()
  const one = (id: string, overrides: Parameters<typeof content>[0]) => trusted(content({ id, ...overrides }))
  made.keeper.keep([
    one('1', { type: 'MissingMFA', kind: 'posture', status: 'ongoing', sourceType: 'aws', entityId: 'Anna', connectionId: 'c-2' }),
    one('2', { type: 'missingKey', kind: 'posture', status: 'ongoing', sourceType: 'okta_org', entityId: 'anton', connectionId: 'C-1' }),
    one('3', { type: 'missingKey', kind: 'posture', status: 'paused', sourceType: 'okta_org', entityId: 'anton', connectionId: 'C-1' }),
    one('4', { type: 'Stuffing "x"', entityId: null, connectionId: null, frameworks: ['CIS', 'NIST'], techniques: ['T1110', 'T1078'] }),
    one('5', { type: 'Stuffing "x"', entityId: 'bob', frameworks: ['CIS'], trackingStatus: 'parked', techniques: ['T1110.001'] }),
  ])
  return made
}
const complete = (field: string, begins = '') => store().overview.seen({ field, begins })

describe('values that were seen', () => {
  test.each<[string, string, readonly string[]]>([
    ['type', '', ['missingKey', 'Stuffing "x"', 'MissingMFA']],
    ['type', 'MISS', ['missingKey', 'MissingMFA']],
    ['source', 'ok', ['okta_org']],
    ['source_type', 'AW', ['aws']],
    ['entity', '', ['anton', 'Anna', 'bob']],
    ['entity', 'an', ['anton', 'Anna']],
    ['entity', 'ANTON', ['anton']],
    ['connection', 'c', ['C-1', 'c-2', 'conn-1']],
    ['framework', '', ['CIS', 'NIST']],
    ['technique', 't1110.', ['T1110.001']],
    ['technique', 'T1110', ['T1110', 'T1110.001']],
    ['tactic', '', ['Credential Access']],
    ['Org', '', ['org-1']],
    ['label', '', []],
  ])('of %s that begin with %j', (field, begins, values) => {
    expect([...complete(field, begins)].sort()).toEqual([...values].sort())
  })

  test('come most first, before those that are only known to fit', () => {
    expect(complete('type')[0]).toBe('missingKey')
    expect(complete('entity')[0]).toBe('anton')
    expect(complete('connection', 'c').slice(0, 2)).toEqual(['C-1', 'c-2'])
    expect(complete('status')).toEqual(['ongoing', 'detected', 'paused', 'resolved'])
    expect(complete('kind')).toEqual(['posture', 'threat'])
    expect(complete('triage')).toEqual(['new', 'acknowledged', 'done'])
    expect(complete('tracking')).toEqual(['new', 'parked', 'done'])
  })

  test('where none can be, are what is known to fit', () => {
    expect(complete('is', 'un')).toEqual(['unread', 'unsigned'])
    expect(complete('has', 'no')).toEqual(['note'])
    expect(complete('verdict', 'F')).toEqual(['false-positive'])
    expect(complete('last')).toContain('7d')
    for (const field of ['id', 'confidence', 'metadata.ip', 'colour', '', '__proto__']) expect(complete(field), field).toEqual([])
  })

  test.each(searchFields.map(({ name }) => name))('of %s can be searched for', (field) => {
    for (const value of complete(field)) {
      const text = `${field}:"${value.replace(/["\\]/g, '\\$&')}"`
      expect(parse(text, { now: 0, suppressed: () => [] }), text).toMatchObject({ kind: 'parsed' })
    }
  })

  test('are few, however many there are, and the rare one can still be reached', () => {
    const made = testStore()
    const many = Array.from({ length: 3_000 }, (_, index) =>
      trusted(content({ id: `d-${index}`, entityId: `user-${index}`, connectionId: `conn-${index}`, type: `Type${index}` })),
    )
    made.keeper.keep([...many, trusted(content({ id: 'last', entityId: 'user-rare', connectionId: 'x'.repeat(600) }))])
    for (const field of ['entity', 'connection', 'type']) expect(made.overview.seen({ field, begins: '' })).toHaveLength(mostSeen)
    expect(made.overview.seen({ field: 'entity', begins: 'user-r' })).toEqual(['user-rare'])
    expect(made.overview.seen({ field: 'entity', begins: 'user-2999' })).toEqual(['user-2999'])
    // A search has no room for it.
    expect(made.overview.seen({ field: 'connection', begins: 'x' })).toEqual([])
  })
})
