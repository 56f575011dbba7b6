import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { attackFile, exported, found, installation, keepAll, linesOf, textOf } from '../archive-test-support.ts'
import { keepUnsigned } from '../proof/evidence-test-support.ts'
import { noon } from '../ingest/test-support.ts'
import { readAttack } from './attack.ts'
import { toFinding } from './ocsf.ts'

type Attribute = { readonly type: string; readonly requirement: string; readonly array?: true; readonly enum?: Record<string, string> }
type Attributes = Record<string, Attribute>
type Schema = {
  readonly version: string
  readonly class: { readonly class_uid: number; readonly category_uid: number; readonly attributes: Attributes }
  readonly objects: Record<
    string,
    { readonly attributes: Attributes; readonly constraints?: { readonly at_least_one?: readonly string[] } }
  >
}
const schema = JSON.parse(readFileSync(new URL('../../../resources/ocsf-detection-finding.json', import.meta.url), 'utf8')) as Schema

/** Everything in which an event is not what the schema says, attribute by attribute. */
function faultsOf(event: Record<string, unknown>): string[] {
  return faults(event, schema.class.attributes, '')
}

function faults(value: Record<string, unknown>, attributes: Attributes, path: string): string[] {
  const missing = Object.entries(attributes).flatMap(([name, { requirement }]) =>
    requirement === 'required' && !(name in value) ? [`${path}${name} is missing`] : [],
  )
  const wrong = Object.entries(value).flatMap(([name, one]) => {
    const attribute = attributes[name]
    if (attribute === undefined) return [`${path}${name} is unknown`]
    if (attribute.array !== true) return faultsOfOne(one, attribute, `${path}${name}`)
    return Array.isArray(one)
      ? one.flatMap((each, i) => faultsOfOne(each, attribute, `${path}${name}[${i}]`))
      : [`${path}${name} is no array`]
  })
  return [...missing, ...wrong]
}

// The excerpt has the enumerations of the base event for these two; their values are those of the class.
const ofClass = new Set(['class_uid', 'category_uid'])

function faultsOfOne(value: unknown, { type, enum: values }: Attribute, path: string): string[] {
  const wrong = [`${path} is no ${type}: ${JSON.stringify(value)}`]
  if (values !== undefined && !ofClass.has(path) && !(String(value) in values))
    return [`${path} is none of its enumeration: ${String(value)}`]
  switch (type) {
    case 'integer_t':
    case 'long_t':
      return Number.isSafeInteger(value) ? [] : wrong
    case 'timestamp_t':
      return Number.isSafeInteger(value) && (value as number) > 1e12 && (value as number) < 1e14 ? [] : wrong
    case 'string_t':
    case 'resource_uid_t':
      return typeof value === 'string' ? [] : wrong
    case 'boolean_t':
      return typeof value === 'boolean' ? [] : wrong
    case 'json_t':
      return []
    case 'object':
      return typeof value === 'object' && value !== null ? [] : wrong
  }
  const object = schema.objects[type]
  if (object === undefined) return [`${path} is a ${type}, which the excerpt does not describe`]
  if (typeof value !== 'object' || value === null) return wrong
  const one = object.constraints?.at_least_one ?? []
  const unmet = one.length > 0 && !one.some((name) => name in value) ? [`${path} has none of ${one.join()}`] : []
  return [...unmet, ...faults(value as Record<string, unknown>, object.attributes, `${path}.`)]
}

const second = noon / 1000
const odd = '\u202e<b>"\u0000=1'

function everything() {
  const one = installation()
  const said = (id: string, status: string, more: object = {}) => ({ id, status, iat: second - 10, more })
  keepAll(one.store, [
    said('full', 'ongoing', {
      timestamp: '2026-01-01T10:00:00Z',
      entity_id: '00u1',
      entity_type: 'okta_user',
      source_type: 'okta_org',
      connection_id: 'c-1',
      confidence_score: 0.876,
      tracking_status: 'new',
      severity: 'High',
      title: 'A title',
      description: 'Said at length',
      detection_mitre_tactic: ['Credential Access', 'TA0001', 'Not a tactic'],
      detection_mitre_technique: ['T1110.001', 'Valid Accounts', 'T9999', 'No such thing'],
      compliance_frameworks: ['NIST'],
      metadata: { mfa: false },
    }),
    said('bare', 'detected'),
    said('new', 'new', { confidence_score: 0, severity: 7 }),
    said('over', 'resolved', { severity: 'catastrophic', confidence_score: 0.5 }),
    said('odd', odd, { type: odd, entity_type: odd, severity: odd, detection_mitre_technique: odd, detection_mitre_tactic: odd }),
    said('proto', '__proto__', { type: 'constructor', severity: '__proto__', detection_mitre_technique: ['constructor', '__proto__'] }),
  ])
  keepUnsigned(one.store, 'nobody', 'ongoing')
  return one
}

describe('OCSF', () => {
  test('is a Detection Finding of 1.8.0, attribute by attribute', async () => {
    const { store } = everything()
    const events = linesOf(await exported(store, 'ocsf'))
    expect(schema.version).toBe('1.8.0')
    expect(events).toHaveLength(7)
    for (const event of events) {
      expect(faultsOf(event)).toEqual([])
      expect(event).toMatchObject({
        class_uid: schema.class.class_uid,
        category_uid: schema.class.category_uid,
        metadata: { version: '1.8.0' },
      })
      expect(event['type_uid']).toBe(200400 + (event['activity_id'] as number))
    }
  })

  test('fails the comparison where an attribute is missing, wrong or unknown', () => {
    const { store } = everything()
    const [detection] = found(store)
    const event = toFinding({ detection: detection!, newest: () => null, deliveries: () => [], own: () => null }, attack())
    expect(faultsOf(event)).toEqual([])
    expect(faultsOf({ ...event, activity_id: 4, surprise: 1, time: 1, finding_info: {} })).toEqual([
      'activity_id is none of its enumeration: 4',
      'time is no timestamp_t: 1',
      'finding_info.uid is missing',
      'surprise is unknown',
    ])
  })

  test('says what the detection says, and makes nothing up', async () => {
    const { store } = everything()
    const events = linesOf(await exported(store, 'ocsf'))
    const of = (id: string) => events.find((event) => (event['finding_info'] as { uid: string }).uid === id)!
    const full = found(store).find(({ id }) => id === 'full')!
    expect(of('full')).toMatchObject({
      activity_id: 2,
      activity_name: 'Update',
      severity_id: 4,
      status_id: 1,
      status_code: 'ongoing',
      confidence_id: 3,
      confidence_score: 88,
      time: Date.parse(full.changedAt),
      start_time: Date.parse('2026-01-01T10:00:00Z'),
      finding_info: {
        title: 'A title',
        desc: 'Said at length',
        types: ['MissingMFA', 'threat'],
        created_time: Date.parse('2026-01-01T10:00:00Z'),
        attacks: [
          {
            version: '18.1',
            tactic: { uid: 'TA0006' },
            technique: { uid: 'T1110', name: 'Brute Force' },
            sub_technique: { uid: 'T1110.001' },
          },
          { tactic: { uid: 'TA0001', name: 'Initial Access' }, technique: { uid: 'T1078', name: 'Valid Accounts' } },
          { technique: { uid: 'T9999' } },
          { technique: { name: 'No such thing' } },
          { tactic: { name: 'Not a tactic' } },
        ],
      },
      resources: [{ uid: '00u1', type: 'okta_user', data: { source_type: 'okta_org', connection_id: 'c-1' } }],
      raw_data: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
      unmapped: { trust: 'verified', frameworks: ['NIST'], metadata: { mfa: false }, extra: full.extra, triage: full.triage },
    })
    expect(of('bare')).toMatchObject({ activity_id: 1, severity_id: 0, confidence_id: 0, status_id: 1 })
    expect(of('bare')).not.toHaveProperty('confidence_score')
    expect(of('bare')).not.toHaveProperty('resources')
    expect(of('bare')['finding_info']).not.toHaveProperty('attacks')
    expect(of('new')).toMatchObject({ activity_id: 1, severity_id: 99, severity: '7', confidence_id: 1, confidence_score: 0 })
    expect(of('over')).toMatchObject({ activity_id: 3, severity_id: 99, severity: 'catastrophic', status_id: 4, confidence_id: 2 })
    expect(of('odd')).toMatchObject({ activity_id: 99, activity_name: odd, status_code: odd })
    expect(of('nobody')).toMatchObject({ raw_data: expect.stringContaining('"id":"nobody"') as string, unmapped: { trust: 'unsigned' } })
  })

  test('hides nothing from whoever reads the file', async () => {
    const { store } = everything()
    expect(textOf(await exported(store, 'ocsf'))).not.toMatch(/\p{Cf}|(?!\n)\p{Cc}/u)
  })
})

describe('a Navigator layer', () => {
  test('scores each technique by the detections that point to it, and counts what it cannot place', async () => {
    const one = installation()
    const said = (id: string, ...techniques: string[]) => ({
      id,
      status: 'ongoing',
      iat: second - 10,
      more: { detection_mitre_technique: techniques },
    })
    keepAll(one.store, [
      said('a', 'T1078', 'Valid Accounts', 'T1110.001'),
      said('b', 't1078'),
      said('c', odd, '__proto__'),
      said('d', '__proto__'),
      said('e'),
    ])
    const layer = JSON.parse(textOf(await exported(one.store, 'navigator', { text: 'kind:threat' }))) as {
      techniques: { techniqueID: string; score?: number; showSubtechniques: boolean }[]
      metadata: { name: string; value: string }[]
    }
    expect(layer).toMatchObject({
      versions: { attack: '18', layer: '4.5' },
      domain: 'enterprise-attack',
      gradient: { minValue: 0, maxValue: 2, colors: [expect.stringMatching(/^#[0-9a-f]{6}$/), expect.stringMatching(/^#[0-9a-f]{6}$/)] },
      description: expect.stringContaining('kind:threat') as string,
    })
    expect(layer.techniques.map(({ techniqueID, score, showSubtechniques }) => [techniqueID, score, showSubtechniques])).toEqual([
      ['T1078', 2, false],
      ['T1110.001', 1, false],
      ['T1110', undefined, true],
    ])
    const metadata = Object.fromEntries(layer.metadata.map(({ name, value }) => [name, value]))
    expect(metadata).toMatchObject({
      detections: '5',
      'detections without a technique': '1',
      'techniques not in this ATT&CK': '3',
      'not in this ATT&CK: __proto__': '2',
    })
    for (const { name, value } of layer.metadata)
      expect([typeof name, typeof value, name === '', value === '']).toEqual(['string', 'string', false, false])
    const known = new Set((JSON.parse(readFileSync(attackFile, 'utf8')) as { techniques: { id: string }[] }).techniques.map(({ id }) => id))
    for (const { techniqueID } of layer.techniques) expect(known).toContain(techniqueID)
  })

  test('of nothing is a layer without techniques', async () => {
    expect(JSON.parse(textOf(await exported(installation().store, 'navigator')))).toMatchObject({
      techniques: [],
      gradient: { maxValue: 1 },
    })
  })
})

function attack() {
  return readAttack(readFileSync(attackFile, 'utf8'))
}
