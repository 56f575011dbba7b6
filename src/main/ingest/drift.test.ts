import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../shared/detection.ts'
import { driftKinds } from '../../shared/drift.ts'
import { observe } from './drift.ts'
import { parse } from './parse.ts'
import { claimsOf, instant, noon } from './test-support.ts'

const details = {
  id: 'd-1',
  type: 'MissingMFA',
  status: 'ongoing',
  timestamp: '2026-01-05T11:59:58Z',
  metadata: { anything: { goes: true } },
  entity_id: '00u1',
  entity_type: 'okta_user',
  source_type: 'okta_org',
  connection_id: 'c-1',
  confidence_score: 0.9,
  tracking_status: 'new',
  detection_mitre_tactic: 'Persistence',
  detection_mitre_technique: ['T1098'],
  detection_risk_category: 'threat',
  compliance_frameworks: ['SOC 2'],
}
const open = [
  { what: 'type', value: 'MissingMFA' },
  { what: 'entity-type', value: 'okta_user' },
  { what: 'source-type', value: 'okta_org' },
]

function seen(change: { details?: object; claims?: object; header?: object } = {}) {
  const claims = claimsOf({ trigger_content: { ...details, ...change.details }, ...change.claims }) as JsonObject
  const triggerName = typeof claims['trigger_name'] === 'string' ? claims['trigger_name'] : null
  const content = parse(claims, { triggerName, issuedAt: instant(noon) })
  return observe({ alg: 'ES256', kid: 'k1', ...change.header } as JsonObject, claims, content)
}

describe('drift', () => {
  test('of a delivery as SlashID documents it is its words from open sets, and nothing else', () => {
    expect(seen()).toEqual(open)
    for (const status of ['detected', 'ongoing', 'resolved']) expect(seen({ details: { status } })).toEqual(open)
    expect(seen({ details: { tracking_status: 'done' } })).toEqual(open)
    expect(seen({ details: { complianceFrameworks: { 'SOC 2': ['CC6.1'] } } }), 'in any form').toEqual(open)
  })

  test.each<[string, Parameters<typeof seen>[0], { what: string; value: string }]>([
    ['a field', { details: { severity: 'high' } }, { what: 'field', value: 'severity' }],
    ['a field in another form', { details: { confidence_score: '90 %' } }, { what: 'form', value: 'confidence_score' }],
    ['a status', { details: { status: 'suppressed' } }, { what: 'status', value: 'suppressed' }],
    ['a tracking status', { details: { tracking_status: 'wontfix' } }, { what: 'tracking-status', value: 'wontfix' }],
    ['a category that disagrees', { details: { detection_risk_category: 'posture' } }, { what: 'category', value: 'threat, but posture' }],
    ['a claim', { claims: { tenant: 't-1' } }, { what: 'claim', value: 'tenant' }],
    ['a header member', { header: { typ: 'JWT' } }, { what: 'header', value: 'typ' }],
    ['a trigger type', { claims: { trigger_type: 'event' } }, { what: 'trigger-type', value: 'event' }],
  ])('names %s that is not documented', (_what, change, expected) => {
    expect(seen(change)).toContainEqual(expected)
    expect(seen(change).filter((one) => !open.some(({ what }) => what === one.what))).toEqual([expected])
  })

  test('of another trigger is its name, and of an unreadable delivery the reason', () => {
    expect(seen({ claims: { trigger_name: 'MitmAttackDetected_v1', trigger_type: 'event' } })).toEqual([
      { what: 'trigger', value: 'MitmAttackDetected_v1' },
    ])
    expect(seen({ claims: { trigger_content: 'text' } })).toEqual([{ what: 'unreadable', value: 'trigger_content is not an object' }])
  })

  test('of one body is bounded in number and length, and says that there was more', () => {
    const many = seen({ details: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, 1])) })
    expect(many).toHaveLength(101)
    expect(many.at(-1)).toEqual({ what: 'overflow', value: '' })
    expect(seen({ details: { ['x'.repeat(9_999)]: 1 } }).at(-1)?.value).toHaveLength(256)
  })

  test('is found in whatever a sender sends, and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (content, more) => {
        for (const one of seen({ claims: { trigger_content: content as Json, ...more }, details: more })) {
          expect(driftKinds).toContain(one.what)
          expect(one.value.length).toBeLessThanOrEqual(256)
        }
      }),
    )
  })
})
