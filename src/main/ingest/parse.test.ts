import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DetectionContent, Instant, Json, JsonObject } from '../../shared/detection.ts'
import { parse } from './parse.ts'
import { readRfc3339 } from './rfc3339.ts'

const issuedAt = '2026-01-05T12:00:00.000Z' as Instant
const full: JsonObject = {
  id: 'det-1',
  type: 'MissingMFA',
  status: 'ongoing',
  timestamp: '2026-01-05T12:59:58.123456789+01:00',
  metadata: { ip: '192.0.2.1', nested: { deep: [1, null] } },
  entity_id: '00u1',
  entity_type: 'okta_user',
  source_type: 'okta_org',
  connection_id: 'con-1',
  confidence_score: 0.93,
  tracking_status: 'new',
  detection_mitre_tactic: 'Credential Access',
  detection_mitre_technique: ['T1110', 'T1110.004'],
  detection_risk_category: 'posture',
  compliance_frameworks: ['SOC 2', 'CIS, level 1'],
}

function read(content: Json | undefined, triggerName: string | null = 'posture_detection', claims: JsonObject = {}) {
  const given = content === undefined ? claims : { ...claims, trigger_content: content }
  return parse(given, { triggerName, issuedAt })
}

function detection(content: JsonObject, triggerName: string | null = 'posture_detection'): DetectionContent {
  const result = read(content, triggerName)
  if (result.kind !== 'detection') throw new Error(JSON.stringify(result))
  return result.detection
}
const minimal = (more: JsonObject) => detection({ id: 'det-1', type: 'X', status: 'ongoing', ...more })

describe('what SlashID documents', () => {
  test('every field has its place and nothing is left over', () => {
    expect(detection(full)).toEqual({
      id: 'det-1',
      kind: 'posture',
      type: 'MissingMFA',
      status: 'ongoing',
      detectedAt: '2026-01-05T11:59:58.123Z',
      entityId: '00u1',
      entityType: 'okta_user',
      sourceType: 'okta_org',
      connectionId: 'con-1',
      confidence: 0.93,
      trackingStatus: 'new',
      tactics: ['Credential Access'],
      techniques: ['T1110', 'T1110.004'],
      frameworks: ['SOC 2', 'CIS, level 1'],
      metadata: { ip: '192.0.2.1', nested: { deep: [1, null] } },
      extra: {},
    })
  })

  test('only an id is needed; a type or status that nobody gave is called unknown, never guessed', () => {
    expect(detection({ id: 'det-1' })).toEqual({
      id: 'det-1',
      kind: 'posture',
      type: 'unknown',
      status: 'unknown',
      detectedAt: issuedAt,
      entityId: null,
      entityType: null,
      sourceType: null,
      connectionId: null,
      confidence: null,
      trackingStatus: null,
      tactics: [],
      techniques: [],
      frameworks: [],
      metadata: {},
      extra: {},
    })
  })

  test('known fields that are null or empty are absent', () => {
    const empty = Object.fromEntries(Object.keys(full).map((name) => [name, null]))
    expect(detection({ ...empty, id: 'det-1', entity_id: '', detection_mitre_tactic: '' })).toEqual(detection({ id: 'det-1' }))
  })

  test('a status or type of tomorrow is kept as it is', () => {
    expect(minimal({ status: 'suppressed', type: 'Brand New / Thing' })).toMatchObject({ status: 'suppressed', type: 'Brand New / Thing' })
  })
})

describe('the kind', () => {
  test('comes from the trigger, and a category that disagrees stays visible', () => {
    const disagreeing = detection({ id: 'det-1', detection_risk_category: 'posture' }, 'threat_detection')
    expect(disagreeing.kind).toBe('threat')
    expect(disagreeing.extra).toEqual({ detection_risk_category: 'posture' })
  })

  test('comes from the category where the trigger has no name', () => {
    expect(detection({ id: 'det-1', detection_risk_category: 'threat' }, null)).toMatchObject({ kind: 'threat', extra: {} })
  })

  test('another trigger is set aside under its name, cut to a length', () => {
    expect(read(full, 'MitmAttackDetected_v1')).toEqual({ kind: 'other-trigger', trigger: 'MitmAttackDetected_v1' })
    expect(read(full, 'x'.repeat(2_000))).toEqual({ kind: 'other-trigger', trigger: 'x'.repeat(128) })
    expect(read(full, 'constructor')).toEqual({ kind: 'other-trigger', trigger: 'constructor' })
  })
})

describe('what cannot be shown as a detection', () => {
  test.each([
    ['no content', undefined],
    ['null', null],
    ['text', 'det-1'],
    ['an array', [full]],
    ['no id', { type: 'X' }],
    ['an empty id', { id: ' ' }],
    ['an id that is no text', { id: 7 }],
    ['an id of 513 characters', { id: 'i'.repeat(513) }],
    ['half a surrogate pair for an id', { id: '\ud800' }],
    ['an id in the prototype', JSON.parse('{"__proto__":{"id":"x"}}') as JsonObject],
  ])('%s is unreadable, with a reason', (_, content) => {
    expect(read(content)).toEqual({ kind: 'unreadable', because: expect.stringMatching(/\w{3}/) })
  })

  test('a detection of neither kind is unreadable', () => {
    expect(read({ id: 'det-1', detection_risk_category: 'weather' }, null)).toMatchObject({ kind: 'unreadable' })
  })
})

describe('one level down', () => {
  test('details inside a member of trigger_content are found, and what is around them is kept', () => {
    const wrapped = detection({ version: 2, detection: full, id: 'envelope' })
    expect(wrapped).toEqual({ ...detection(full), extra: { version: 2, id: undefined, 'trigger_content.id': 'envelope' } })
  })

  test('metadata, or an entity with an id and a type, is never taken for the detection', () => {
    expect(detection({ id: 'det-1', metadata: { id: 'm', type: 'T' } }).id).toBe('det-1')
    expect(detection({ id: 'det-1', type: 'X', entity: { id: 'e', type: 'T' } })).toMatchObject({
      id: 'det-1',
      extra: { entity: { id: 'e', type: 'T' } },
    })
    expect(read({ metadata: { id: 'm', type: 'T' } })).toMatchObject({ kind: 'unreadable' })
  })
})

describe('fields of an unexpected form', () => {
  test.each<[string, Json]>([
    ['timestamp', 'yesterday'],
    ['timestamp', 1_767_614_400],
    ['timestamp', '0001-01-01T00:00:00Z'],
    ['confidence_score', 1.01],
    ['confidence_score', -0.1],
    ['confidence_score', '0.9'],
    ['metadata', ['a']],
    ['metadata', 'text'],
    ['type', 7],
    ['type', 't'.repeat(1_000_000)],
    ['status', { now: 'ongoing' }],
    ['entity_id', 12],
    ['entity_id', 'e'.repeat(513)],
    ['tracking_status', true],
    ['detection_mitre_tactic', 5],
    ['detection_mitre_tactic', { tactic: 'x' }],
    ['detection_mitre_technique', [['T1110']]],
    ['compliance', 1],
    ['severity', 'high'],
    ['title', 'A title'],
    ['constructor', ''],
    ['toString', null],
  ])('%s = %j goes to extra under its own name', (name, value) => {
    const { extra, ...known } = minimal({ [name]: value })
    expect(extra).toEqual({ [name]: value })
    expect(JSON.stringify(known).length).toBeLessThan(2_000)
  })

  test('a field called __proto__ is a plain member of extra', () => {
    const { extra } = detection(JSON.parse('{"id":"det-1","__proto__":{"polluted":true}}') as JsonObject)
    expect(Object.entries(extra)).toEqual([['__proto__', { polluted: true }]])
    expect(JSON.stringify(extra)).toBe('{"__proto__":{"polluted":true}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('lists of names', () => {
  test.each<[Json, readonly string[]]>([
    ['TA0006', ['TA0006']],
    [' Credential Access , Persistence,', ['Credential Access', 'Persistence']],
    [
      ['TA0006', 'TA0006', ' TA0003 '],
      ['TA0006', 'TA0003'],
    ],
    [['TA0006,TA0003'], ['TA0006', 'TA0003']],
    [{ id: 'TA0006' }, ['TA0006']],
    [
      [{ name: 'Persistence' }, { id: 'TA0006' }],
      ['Persistence', 'TA0006'],
    ],
    [[], []],
  ])('tactics and techniques: %j', (value, labels) => {
    expect(minimal({ detection_mitre_tactic: value, detection_mitre_technique: value })).toMatchObject({
      tactics: labels,
      techniques: labels,
      extra: {},
    })
  })

  test('what a list of names cannot tell stays in extra', () => {
    const both = { id: 'TA0006', name: 'Credential Access' }
    expect(minimal({ detection_mitre_tactic: both })).toMatchObject({ tactics: ['TA0006'], extra: { detection_mitre_tactic: both } })
    const mixed = ['T1110', 7]
    expect(minimal({ detection_mitre_technique: mixed })).toMatchObject({
      techniques: ['T1110'],
      extra: { detection_mitre_technique: mixed },
    })
  })

  test('too many or too long names are cut, and stay in extra', () => {
    const many = Array.from({ length: 100 }, (_, index) => `T${index}`)
    expect(minimal({ detection_mitre_technique: many }).techniques.length).toBe(64)
    expect(minimal({ detection_mitre_technique: many }).extra).toEqual({ detection_mitre_technique: many })
    expect(minimal({ detection_mitre_tactic: 'x'.repeat(257) })).toMatchObject({
      tactics: [],
      extra: { detection_mitre_tactic: 'x'.repeat(257) },
    })
  })

  test('frameworks are read from any field with compliance in its name', () => {
    expect(minimal({ detection_compliance: 'NIST SP 800-53, Rev. 5' })).toMatchObject({ frameworks: ['NIST SP 800-53, Rev. 5'], extra: {} })
    expect(minimal({ complianceFrameworks: [{ name: 'ISO 27001' }], Compliance: ['SOC 2'] })).toMatchObject({
      frameworks: ['ISO 27001', 'SOC 2'],
      extra: {},
    })
    const byName = { 'SOC 2': ['CC6.1'], 'ISO 27001': ['A.9'] }
    expect(minimal({ compliance: byName })).toMatchObject({ frameworks: ['SOC 2', 'ISO 27001'], extra: { compliance: byName } })
  })
})

describe('times', () => {
  test.each([
    ['2026-01-05T12:00:00Z', '2026-01-05T12:00:00.000Z'],
    ['2026-01-05t12:00:00z', '2026-01-05T12:00:00.000Z'],
    ['2026-01-05 12:00:00+00:00', '2026-01-05T12:00:00.000Z'],
    ['2026-01-05T12:00:00.1Z', '2026-01-05T12:00:00.100Z'],
    ['2026-01-05T12:00:00.999999999Z', '2026-01-05T12:00:00.999Z'],
    ['2026-01-05T00:30:00+05:30', '2026-01-04T19:00:00.000Z'],
    ['2025-12-31T23:59:59.5-00:01', '2026-01-01T00:00:59.500Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, instant) => expect(readRfc3339(text)).toBe(instant))

  test.each([
    '2026-01-05',
    '2026-01-05T12:00:00',
    '2026-01-05T12:00Z',
    '2026-02-29T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-00-01T12:00:00Z',
    '2026-01-00T12:00:00Z',
    '2026-01-05T24:00:00Z',
    '2026-01-05T12:60:00Z',
    '2026-01-05T12:00:61Z',
    '2026-01-05T12:00:00+24:00',
    '2026-01-05T12:00:00.Z',
    '2026-01-05T12:00:00Z ',
    '1970-01-01T00:00:00+00:01',
    '0070-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59-00:01',
    '+02026-01-05T12:00:00Z',
    '',
  ])('%j is not a moment', (text) => expect(readRfc3339(text)).toBeNull())

  test('every moment is read back, whatever its offset', () => {
    const moment = fc.integer({ min: 0, max: 253_402_300_799_999 })
    const offset = fc.integer({ min: -23 * 60, max: 23 * 60 })
    fc.assert(
      fc.property(moment, offset, (ms, minutes) => {
        const local = ms + minutes * 60_000
        fc.pre(local >= 0 && local <= 253_402_300_799_999)
        const sign = minutes < 0 ? '-' : '+'
        const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((part) => String(part).padStart(2, '0'))
        const text = new Date(local).toISOString().replace('Z', `${sign}${hours}:${rest}`)
        expect(readRfc3339(text)).toBe(new Date(ms).toISOString())
      }),
    )
  })
})

/** Where the value of each known field shows up, besides `extra`. */
const places: Readonly<Record<string, keyof DetectionContent>> = {
  id: 'id',
  type: 'type',
  status: 'status',
  timestamp: 'detectedAt',
  metadata: 'metadata',
  entity_id: 'entityId',
  entity_type: 'entityType',
  source_type: 'sourceType',
  connection_id: 'connectionId',
  confidence_score: 'confidence',
  tracking_status: 'trackingStatus',
  detection_mitre_tactic: 'tactics',
  detection_mitre_technique: 'techniques',
  detection_risk_category: 'kind',
}

function isFound(found: DetectionContent, name: string, value: Json): boolean {
  if (Object.hasOwn(found.extra, name)) return JSON.stringify(found.extra[name]) === JSON.stringify(value)
  if (Object.hasOwn(places, name) && (value === null || value === '')) return true
  if (/compliance/i.test(name)) return tells(value, found.frameworks)
  const place = Object.hasOwn(places, name) ? places[name] : undefined
  if (place === undefined) return false
  if (place === 'detectedAt') return typeof value === 'string' && readRfc3339(value) === found.detectedAt
  if (place === 'tactics' || place === 'techniques') return tells(value, found[place])
  return JSON.stringify(found[place]) === JSON.stringify(value)
}

/** Whether a list of names says all that the value did. */
function tells(value: Json, labels: readonly string[]): boolean {
  const isSaid = (text: string) => text.trim() === '' || labels.includes(text.trim())
  if (value === null) return true
  if (typeof value === 'string') return isSaid(value) || value.split(',').every(isSaid)
  if (Array.isArray(value)) return value.every((item: Json) => item !== null && !Array.isArray(item) && tells(item, labels))
  const members = typeof value === 'object' ? Object.entries(value) : []
  const [name, said] = members[0] ?? []
  return members.length === 1 && (name === 'id' || name === 'name') && typeof said === 'string' && isSaid(said)
}

describe('whatever comes', () => {
  const name = fc.oneof(
    fc.constantFrom(
      ...Object.keys(places),
      'compliance',
      'detection_compliance_frameworks',
      '__proto__',
      'constructor',
      'toString',
      'severity',
      'detection',
    ),
    fc.string(),
  )
  const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }).map((value) => value as Json)
  const likely = fc.constantFrom<Json>(...Object.values(full), '', 0, 1, 'threat', '0001-01-01T00:00:00Z', [{ id: 'a', name: 'b' }])
  const object = fc
    .array(fc.tuple(name, fc.oneof(json, likely)), { maxLength: 12 })
    .map((members) => Object.fromEntries(members) as JsonObject)
  const trigger = fc.constantFrom(null, 'threat_detection', 'posture_detection', 'other', '__proto__')

  test('parse never throws and never touches Object.prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join()
    fc.assert(
      fc.property(fc.oneof(json, object), trigger, object, (content, triggerName, claims) => {
        const result = read(content, triggerName, claims)
        expect(['detection', 'other-trigger', 'unreadable']).toContain(result.kind)
      }),
      { numRuns: 3_000 },
    )
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before)
  })

  test('no member of trigger_content is lost, at the top or one level down', () => {
    let detections = 0
    fc.assert(
      fc.property(object, object, fc.boolean(), (content, around, isWrapped) => {
        const details = { ...content, id: 'det-1', ...(isWrapped ? { type: 'X' } : {}) }
        const outer = Object.fromEntries(Object.entries(around).filter(([member]) => !['id', 'type', 'entity_id'].includes(member)))
        const inside = Object.values(outer).some((value) => typeof value === 'object' && value !== null && 'id' in value)
        fc.pre(!inside)
        const result = read(isWrapped ? { ...outer, wrapper: details } : details, 'threat_detection')
        if (result.kind !== 'detection') throw new Error('an id is all it takes')
        detections++
        const lost = Object.entries(details).filter(([member, value]) => !isFound(result.detection, member, value as Json))
        expect(lost).toEqual([])
        if (!isWrapped) return
        const { extra } = result.detection
        const lostAround = Object.entries(outer).filter(([member, value]) => {
          const place = Object.hasOwn(details, member) ? `trigger_content.${member}` : member
          return member !== 'wrapper' && JSON.stringify(extra[place]) !== JSON.stringify(value)
        })
        expect(lostAround).toEqual([])
      }),
      { numRuns: 3_000 },
    )
    expect(detections).toBeGreaterThan(1_000)
  })
})
