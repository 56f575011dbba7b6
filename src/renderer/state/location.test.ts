import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { RuleId } from '../../shared/rules.ts'
import { views } from '../../shared/view.ts'
import { startOf, toAddress, toLocation, type Location } from './location.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const instant = fc
  .date({ min: new Date(Date.UTC(1970, 0, 1)), max: new Date(Date.UTC(2200, 0, 1)), noInvalidDate: true })
  .map((date) => date.toISOString() as Instant)
const range = fc.option(
  fc
    .tuple(instant, instant)
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => (one < other ? { from: one, to: other } : { from: other, to: one })),
)
const key = fc.option(fc.record({ organizationId: name, id: name }))

const location = fc.oneof(
  fc.record({ view: fc.constant('timeline'), text, range, open: key }),
  fc.record({ view: fc.constant('attack'), text, range, isWhole: fc.boolean() }),
  fc.record({
    view: fc.constant('inbox'),
    filter: fc.constantFrom('all', 'told', 'quiet'),
    notification: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  }),
  fc.record({
    view: fc.constant('entities'),
    entity: fc.record({ entityId: name, organizationId: fc.option(name) }),
  }),
  fc.record({ view: fc.constant('entities'), entity: fc.constant(null), begins: text, days: fc.constantFrom(null, 1, 7, 30) }),
  fc.record({ view: fc.constant('posture'), framework: fc.option(name) }),
  fc.record({ view: fc.constant('connections'), place: fc.constantFrom(null, 'connect', 'quarantine', 'drift') }),
  fc.constantFrom(
    { view: 'digest', since: 'last' },
    { view: 'digest', since: 'day' },
    { view: 'digest', since: 'week' },
    { view: 'rules', part: 'list' },
    { view: 'rules', part: 'suppressions' },
    { view: 'rules', part: 7 as RuleId },
    { view: 'settings' },
  ),
) as unknown as fc.Arbitrary<Location>

test('every place has an address that leads back to it', () => {
  fc.assert(
    fc.property(location, (one) => {
      expect(toLocation(toAddress(one))).toEqual(one)
    }),
  )
})

test('an address holds printable ASCII only', () => {
  fc.assert(
    fc.property(location, (one) => {
      expect(toAddress(one)).toMatch(/^[\x21-\x7e]*$/)
    }),
  )
})

test.each(views)('nothing is said of what %s begins with', (view) => {
  expect(toAddress(startOf[view])).toBe(view)
})

test.each<[string, Location]>([
  ['entities?begins=00u1%2F&days=7', { view: 'entities', entity: null, begins: '00u1/', days: 7 }],
  ['digest?since=week', { view: 'digest', since: 'week' }],
  ['attack?q=okta&techniques=all', { view: 'attack', text: 'okta', range: null, isWhole: true }],
])('what a view shows stands in its address: %s', (address, place) => {
  expect([toAddress(place), toLocation(address)]).toEqual([address, place])
})

describe('an address that cannot be read', () => {
  test.each([
    ['', startOf.timeline],
    ['#/', startOf.timeline],
    ['#/nowhere?q=x', { ...startOf.timeline, text: 'x' }],
    ['#/timeline?q=%', startOf.timeline],
    ['#/timeline?from=2031-05-17&to=2031-05-18', startOf.timeline],
    ['#/timeline?from=2031-05-18T00:00:00.000Z&to=2031-05-17T00:00:00.000Z', startOf.timeline],
    ['#/timeline?open=org', startOf.timeline],
    ['#/inbox?show=everything', startOf.inbox],
    ['#/inbox?notification=', startOf.inbox],
    ['#/inbox?notification=-1', startOf.inbox],
    ['#/inbox?notification=0', startOf.inbox],
    ['#/inbox?notification=1e3', startOf.inbox],
    ['#/inbox?notification=9007199254740993', startOf.inbox],
    ['#/inbox?notification=7', { ...startOf.inbox, notification: 7 }],
    ['#/rules/nothing', startOf.rules],
    ['#/rules/0', startOf.rules],
    ['#/entities/', startOf.entities],
    ['#/entities/%ff', startOf.entities],
    ['#/entities?days=2', startOf.entities],
    ['#/entities?days=07', startOf.entities],
    ['#/entities?days=', startOf.entities],
    ['#/entities?begins=%&days=30', { ...startOf.entities, days: 30 }],
    [`#/entities?begins=${'a'.repeat(512)}`, { ...startOf.entities, begins: 'a'.repeat(512) }],
    [`#/entities?begins=${'a'.repeat(513)}`, startOf.entities],
    ['#/entities/a?begins=b&days=7', { view: 'entities', entity: { entityId: 'a', organizationId: null } }],
    ['#/digest?since=', startOf.digest],
    ['#/digest?since=2031-05-17T00:00:00.000Z', startOf.digest],
    ['#/attack?techniques=some', startOf.attack],
    ['#/entities/a?org=', { view: 'entities', entity: { entityId: 'a', organizationId: null } }],
    ['#/posture?framework=', startOf.posture],
    ['#/connections/nowhere', startOf.connections],
  ])('is as near as can be: %s', (address, expected) => expect(toLocation(address)).toEqual(expected))
})
