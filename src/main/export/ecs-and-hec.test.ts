import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Detection, DetectionId, Instant, OrganizationId, Sequence, Transition } from '../../shared/detection.ts'
import { readAttack } from './attack.ts'
import { createEcsWriter, toEcs } from './ecs.ts'
import { createHecWriter, toHecEvent } from './hec.ts'
import type { Leaving } from './format.ts'

const attack = readAttack(readFileSync(fileURLToPath(new URL('../../../resources/attack-enterprise.json', import.meta.url)), 'utf8'))
const at = (text: string) => `2026-03-01T${text}.000Z` as Instant
const threat: Detection = {
  id: 'd-1' as DetectionId,
  organizationId: 'org-1' as OrganizationId,
  kind: 'threat',
  type: 'CredentialStuffingAttempt',
  status: 'detected',
  trust: 'verified',
  detectedAt: at('08:00:00'),
  changedAt: '2026-03-01T08:01:00.250Z' as Instant,
  receivedAt: at('08:01:01'),
  resolvedAt: null,
  entityId: '00u1',
  entityType: 'okta_user',
  sourceType: 'okta_org',
  connectionId: 'conn-1',
  confidence: 0.93,
  trackingStatus: 'new',
  tactics: ['Credential Access'],
  techniques: ['T1110.004', 'T9999', 'Made up'],
  frameworks: [],
  metadata: { ip: '10.0.0.1' },
  extra: { severity: 7 },
  triage: { state: 'new', verdict: null, labels: [], snoozedUntil: null, noteCount: 0, isUnread: true },
  demo: false,
  imported: false,
  sequence: 1 as Sequence,
}
const posture: Detection = {
  ...threat,
  kind: 'posture',
  type: 'MissingMFA',
  status: 'resolved',
  trust: 'unsigned',
  resolvedAt: at('09:00:00'),
  entityType: 'okta_role',
  confidence: null,
  tactics: [],
  techniques: [],
  metadata: {},
  extra: { severity: 'high' },
  demo: true,
}
const transition: Transition = {
  sequence: 12 as Sequence,
  at: at('08:30:00'),
  receivedAt: at('08:30:01'),
  from: 'ongoing',
  to: 'resolved',
  changes: [],
}
const leaving = (detection: Detection): Leaving => ({ detection, newest: () => null, deliveries: () => [], own: () => null })
const hostile = { ...threat, type: 'a\nb\u202e"\\\u0000', entityId: '\ud800', metadata: { __proto__x: '\u2028' } }

/** Names and types of the fields that are used, as generated/csv/fields.csv of github.com/elastic/ecs has them at v8.17.0; `[]` where it wants arrays. */
const fields: Readonly<Record<string, string>> = {
  '@timestamp': 'date',
  message: 'match_only_text',
  tags: 'keyword[]',
  'ecs.version': 'keyword',
  'event.kind': 'keyword',
  'event.category': 'keyword[]',
  'event.type': 'keyword[]',
  'event.module': 'keyword',
  'event.dataset': 'keyword',
  'event.provider': 'keyword',
  'event.id': 'keyword',
  'event.code': 'keyword',
  'event.action': 'keyword',
  'event.created': 'date',
  'event.start': 'date',
  'event.end': 'date',
  'event.risk_score': 'float',
  'event.severity': 'long',
  'rule.name': 'keyword',
  'rule.category': 'keyword',
  'rule.ruleset': 'keyword',
  'observer.vendor': 'keyword',
  'observer.product': 'keyword',
  'observer.type': 'keyword',
  'organization.id': 'keyword',
  'user.id': 'keyword',
  'related.user': 'keyword[]',
  'threat.framework': 'keyword',
  'threat.tactic.id': 'keyword[]',
  'threat.tactic.name': 'keyword[]',
  'threat.technique.id': 'keyword[]',
  'threat.technique.name': 'keyword[]',
  'threat.technique.subtechnique.id': 'keyword[]',
  'threat.technique.subtechnique.name': 'keyword[]',
}
/** Of these categories the schema expects `info` among other types; the kinds are two of its list. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'event.kind': ['alert', 'state'],
  'event.category': ['intrusion_detection', 'configuration'],
  'event.type': ['info'],
}

function faults(document: object, path = ''): string[] {
  return Object.entries(document).flatMap(([name, value]: [string, unknown]) => {
    const whole = `${path}${name}`
    if (whole === 'slashid') return []
    const type = fields[whole]
    if (type === undefined)
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? faults(value, `${whole}.`) : [`${whole} is unknown`]
    const isList = type.endsWith('[]')
    if (Array.isArray(value) !== isList) return [`${whole} is ${isList ? 'no' : 'an'} array`]
    const ones = isList ? (value as unknown[]) : [value]
    return ones.flatMap((one) => [
      ...(fits(one, type.replace('[]', '')) ? [] : [`${whole} is no ${type}: ${JSON.stringify(one)}`]),
      ...(allowed[whole]?.includes(one as string) === false ? [`${whole} may not be ${String(one)}`] : []),
    ])
  })
}

function fits(value: unknown, type: string): boolean {
  if (type === 'date') return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)
  if (type === 'long') return Number.isSafeInteger(value)
  if (type === 'float') return typeof value === 'number' && Number.isFinite(value)
  return typeof value === 'string' && value !== ''
}

describe('an ECS document', () => {
  test('is made of fields of the schema, with their types, and of slashid', () => {
    for (const detection of [threat, posture, hostile as Detection]) expect(faults(toEcs(detection, transition, attack))).toEqual([])
    // The check finds what is wrong.
    expect(faults({ event: { kind: 'signal', severity: 'high', made: 'up', category: 'x' } })).toHaveLength(4)
  })

  test('of a threat is an alert about a user, mapped to ATT&CK', () => {
    expect(toEcs(threat, null, attack)).toMatchObject({
      '@timestamp': threat.changedAt,
      message: 'CredentialStuffingAttempt detected okta_user 00u1',
      tags: ['tocsin', 'threat', 'verified'],
      event: { kind: 'alert', category: ['intrusion_detection'], id: 'org-1/d-1', action: 'detected', risk_score: 93, severity: 7 },
      user: { id: '00u1' },
      related: { user: ['00u1'] },
      threat: {
        framework: 'MITRE ATT&CK',
        tactic: { id: ['TA0006'], name: ['Credential Access'] },
        technique: {
          id: ['T1110', 'T9999'],
          name: ['Brute Force', 'Made up'],
          subtechnique: { id: ['T1110.004'], name: ['Credential Stuffing'] },
        },
      },
      slashid: { detection: { trust: 'verified', metadata: '{"ip":"10.0.0.1"}' }, entity: { id: '00u1', type: 'okta_user' } },
    })
  })

  test('of a posture issue is a state, and says that nobody signed it and that a role is no user', () => {
    const document = toEcs(posture, transition, attack)
    expect(document).toMatchObject({
      '@timestamp': transition.at,
      tags: ['tocsin', 'posture', 'unsigned', 'demo'],
      event: { kind: 'state', category: ['configuration'], end: posture.resolvedAt },
      slashid: {
        detection: { trust: 'unsigned', demo: true },
        entity: { type: 'okta_role' },
        transition: { from: 'ongoing', to: 'resolved' },
      },
    })
    expect(document.message).toMatch(/^Unsigned, so not proven: MissingMFA/)
    for (const name of ['user', 'related', 'threat']) expect(document).not.toHaveProperty(name)
    expect(document.event).not.toHaveProperty('severity')
    expect(document.event).not.toHaveProperty('risk_score')
  })
})

describe('an event for a collector', () => {
  test('has its time in seconds, and the detection with what changed it', () => {
    expect(toHecEvent(threat, null)).toEqual({ time: 1772352060.25, source: 'tocsin', sourcetype: 'slashid:detection', event: threat })
    expect(toHecEvent(posture, transition, 'msg_1')).toMatchObject({
      time: Date.parse(transition.at) / 1_000,
      event: { messageId: 'msg_1', id: 'd-1', trust: 'unsigned', transition, notice: expect.stringContaining('Nobody signed') as string },
    })
  })
})

test('another program reads both back line by line, whatever a sender wrote', () => {
  const ecs = createEcsWriter(attack)
  const hec = createHecWriter()
  const lines = [...[threat, posture, hostile as Detection].flatMap((one) => [...ecs.add(leaving(one)), ...hec.add(leaving(one))])].join('')
  const program =
    "import json,sys\nfor l in sys.stdin.buffer.read().decode('ascii').splitlines():\n d=json.loads(l); print(d['event']['action'] if 'ecs' in d else d['event']['status'])"
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input: lines, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual(['detected', 'detected', 'resolved', 'resolved', 'detected', 'detected'])
})
