import fc from 'fast-check'
import {
  kinds,
  trusts,
  type Detection,
  type DetectionId,
  type Instant,
  type OrganizationId,
  type Sequence,
} from '../../shared/detection.ts'
import type { Mute, MuteId, Rule, RuleId, Rules, Suppression, SuppressionId } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import type { NotifyContext } from './decide.ts'
import { compileRules, type RuleSet } from './rule-set.ts'

/** A Saturday. */
export const at = '2025-03-01T14:02:11.000Z' as Instant
export const now = Date.parse(at)
export const instant = (ms: number): Instant => new Date(ms).toISOString() as Instant

export function detection(over: Partial<Detection> = {}): Detection {
  return {
    id: 'd-1' as DetectionId,
    organizationId: 'org-1' as OrganizationId,
    kind: 'threat',
    type: 'CredentialStuffingAttempt',
    status: 'detected',
    trust: 'verified',
    detectedAt: at,
    changedAt: at,
    receivedAt: at,
    resolvedAt: null,
    entityId: '00u1abc',
    entityType: 'okta_user',
    sourceType: 'okta_org',
    connectionId: null,
    confidence: 0.93,
    trackingStatus: null,
    tactics: [],
    techniques: [],
    frameworks: [],
    metadata: {},
    extra: {},
    triage: { state: 'new', verdict: null, labels: [], snoozedUntil: null, noteCount: 0, isUnread: true },
    demo: false,
    sequence: 1 as Sequence,
    imported: false,
    ...over,
  }
}

export function change(over: Partial<Detection> = {}, from: string | null = null): Change {
  const changed = detection(over)
  return {
    detection: changed,
    transition: { sequence: 1 as Sequence, at, receivedAt: at, from, to: changed.status, changes: [] },
  }
}

export function numbered(index: number, over: Partial<Detection> = {}): Change {
  return change({ id: `d-${index}` as DetectionId, ...over })
}

export function rule(over: Partial<Rule> = {}): Rule {
  const made = { id: 1 as RuleId, name: 'mine', query: '', action: 'notify', hours: null, expiresAt: null } as const
  return { ...made, hasSound: false, hookId: null, isOn: true, ...over }
}

export function mute(over: Partial<Mute> = {}): Mute {
  return { id: 1 as MuteId, of: { kind: 'all' }, since: at, until: null, ...over }
}

export function suppression(over: Partial<Suppression> = {}): Suppression {
  const made = { id: 1 as SuppressionId, query: '', reason: 'known', since: at, expiresAt: instant(now + 86_400_000) }
  return { ...made, liftedAt: null, ...over }
}

export function ruleSet(over: Partial<Rules> = {}): RuleSet {
  return compileRules({ rules: [], mutes: [], suppressions: [], ...over }, now).set
}

/** Nobody is at the computer, and nothing was chosen. */
export const listening: NotifyContext = {
  now,
  enabled: true,
  quietHours: null,
  isInhibited: false,
  timelineFocused: false,
  rules: ruleSet(),
  postureToldAt: () => null,
  lowerMs: () => null,
}

const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 600 }))
const absent = { nil: null, freq: 4 } as const
const instants = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-30'), noInvalidDate: true }).map((date) => instant(+date))

/** Whatever a sender may say of a detection, and whatever the user made of it. */
export const anyDetection: fc.Arbitrary<Detection> = fc
  .record({
    id: fc.oneof(fc.constantFrom('a', 'b', 'c'), text).map((id) => id as DetectionId),
    organizationId: fc.constantFrom('org-1', 'org-2').map((id) => id as OrganizationId),
    kind: fc.constantFrom(...kinds),
    type: fc.oneof(fc.constantFrom('MissingMFA', 'CredentialStuffingAttempt'), text),
    status: fc.oneof(fc.constantFrom('detected', 'ongoing', 'resolved'), text),
    trust: fc.constantFrom(...trusts),
    detectedAt: instants,
    entityId: fc.option(fc.oneof(fc.constantFrom('00u1', '00u2'), text), absent),
    entityType: fc.option(text, absent),
    sourceType: fc.option(fc.oneof(fc.constant('okta_org'), text), absent),
    confidence: fc.option(fc.oneof(fc.constantFrom(0, 0.79, 0.8, 1), fc.double({ min: 0, max: 1, noNaN: true })), absent),
    demo: fc.boolean(),
    snoozedUntil: fc.option(fc.constantFrom(instant(now - 1), instant(now), instant(now + 1)), absent),
  })
  .map(({ snoozedUntil, ...over }) => detection({ ...over, triage: { ...detection().triage, snoozedUntil } }))

export const anyChange: fc.Arbitrary<Change> = fc
  .record({
    detection: anyDetection,
    from: fc.option(fc.oneof(fc.constantFrom('detected', 'ongoing', 'resolved'), text), absent),
    isBacklog: fc.boolean(),
    isImported: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  })
  .map(({ detection, from, ...over }) => ({ ...change(detection, from), ...over }))
