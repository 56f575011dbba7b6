import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { RuleId } from '../../shared/rules.ts'
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
  fc.record({ view: fc.constant('attack'), text, range }),
  fc.record({
    view: fc.constant('inbox'),
    filter: fc.constantFrom('all', 'told', 'quiet'),
    notification: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  }),
  fc.record({
    view: fc.constant('entities'),
    entity: fc.option(fc.record({ entityId: name, organizationId: fc.option(name) })),
  }),
  fc.record({ view: fc.constant('posture'), framework: fc.option(name) }),
  fc.record({ view: fc.constant('connections'), place: fc.constantFrom(null, 'connect', 'quarantine', 'drift') }),
  fc.constantFrom(
    { view: 'digest' },
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
    ['#/entities/a?org=', { view: 'entities', entity: { entityId: 'a', organizationId: null } }],
    ['#/posture?framework=', startOf.posture],
    ['#/connections/nowhere', startOf.connections],
  ])('is as near as can be: %s', (address, expected) => expect(toLocation(address)).toEqual(expected))
})
