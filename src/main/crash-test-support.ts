import { createHash } from 'node:crypto'
import type { DetectionContent, DetectionId, Instant, OrganizationId } from '../shared/detection.ts'
import type { Checked } from './ingest/delivery.ts'
import { openStore, type Store } from './store/store.ts'

/** For programs that a test has end as if the power had been cut: not for the test itself, whose process goes on. */
export function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

export function openHistory(file: string, now: () => number): Store {
  const opened = openStore({ file, contentOf: () => null, now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  return opened.store
}

/** A threat of this id, about a user of the same name, as it is kept. */
export function threat(id: string, atMs: number): Checked {
  const at = new Date(atMs).toISOString() as Instant
  const detection: DetectionContent = {
    id: id as DetectionId,
    kind: 'threat',
    type: 'CredentialStuffingAttempt',
    status: 'detected',
    detectedAt: at,
    entityId: id,
    entityType: 'okta_user',
    sourceType: null,
    connectionId: null,
    confidence: 0.9,
    trackingStatus: null,
    tactics: [],
    techniques: [],
    frameworks: [],
    metadata: {},
    extra: {},
  }
  return {
    delivery: { body: Buffer.from(id), headers: {}, inlet: 'receiver', receivedAt: at },
    token: {
      organizationId: 'org-1' as OrganizationId,
      keyId: 'kid',
      jti: id,
      signingInputHash: createHash('sha256').update(id).digest(),
      issuedAt: at,
      expiresAt: at,
      triggerName: 'threat_detection',
    },
    standing: { kind: 'trusted', trust: 'verified', content: { kind: 'detection', detection } },
  }
}
