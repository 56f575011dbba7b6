import type { Detection, DetectionId, Instant, Sequence } from '../../shared/detection.ts'
import type { Change } from '../ingest/delivery.ts'
import { demoOrganization } from '../sample/demo.ts'

/** What a test of a hook sends: marked as a demonstration, and in no history. */
export function sampleChange(now: number): Change {
  const at = new Date(now).toISOString() as Instant
  const detection: Detection = {
    id: 'tocsin-hook-test' as DetectionId,
    organizationId: demoOrganization.id,
    sequence: 0 as Sequence,
    kind: 'threat',
    type: 'CredentialStuffingAttempt',
    status: 'detected',
    trust: 'verified',
    detectedAt: at,
    changedAt: at,
    receivedAt: at,
    resolvedAt: null,
    entityId: '00u-demo',
    entityType: 'okta_user',
    sourceType: 'okta_org',
    connectionId: null,
    confidence: 0.9,
    trackingStatus: null,
    tactics: ['Credential Access'],
    techniques: ['T1110.004'],
    frameworks: [],
    metadata: {},
    extra: {},
    triage: { state: 'new', verdict: null, labels: [], snoozedUntil: null, noteCount: 0, isUnread: true },
    demo: true,
    imported: false,
  }
  return { detection, transition: { sequence: 0 as Sequence, at, receivedAt: at, from: null, to: 'detected', changes: [] } }
}
