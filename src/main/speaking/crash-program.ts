/**
 * `crash-program FILE SHOWN NOW STEP [ID …]`: keeps threats of these ids and speaks of them, as the app does. Whatever the desktop shows is a line
 * of the file SHOWN. At STEP the process is gone, as if its power had been cut.
 */
import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { defaultSettings } from '../../shared/settings.ts'
import type { DetectionContent, DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { Checked } from '../ingest/delivery.ts'
import { schedule } from '../schedule.ts'
import { openStore, type Store } from '../store/store.ts'
import { createSpeaking } from './speaking.ts'

export type CrashStep = 'kept' | 'intended' | 'shown' | 'told' | 'none'

const [, , file = '', shownFile = '', startedAt = '0', step = 'none', ...ids] = process.argv
const begun = performance.now()
const now = () => Number(startedAt) + Math.round(performance.now() - begun)
const opened = openStore({ file, contentOf: () => null, now })
if (opened.kind !== 'opened') throw new Error(opened.detail)
const { store } = opened

const outbox: Store['outbox'] = {
  ...store.outbox,
  telling(intent) {
    dieAt('kept')
    const id = store.outbox.telling(intent)
    dieAt('intended')
    return id
  },
  shown(id, nativeId, service) {
    dieAt('shown')
    store.outbox.shown(id, nativeId, service)
    dieAt('told')
  },
}
const speaking = createSpeaking({
  outbox,
  rules: () => ({ rules: [], mutes: [], suppressions: [], broken: [] }),
  settings: () => defaultSettings,
  onSaid: () => {},
  onTrouble: (error) => console.error(error),
  now,
  schedule,
})
const { stop } = speaking.place.start({
  notifier: {
    show({ id, title, body }) {
      appendFileSync(shownFile, `${id} ${title} · ${body}\n`)
      return Promise.resolve({ kind: 'shown', nativeId: Number(id), service: ':1.1' })
    },
    isInhibited: () => false,
  },
  timelineFocused: () => false,
})
const kept = store.keeper.keep(ids.map(received))
speaking.changed(kept.flatMap((one) => (one.kind === 'kept' && one.change !== null ? [one.change] : [])))
// What the start left to be told is told by then.
setTimeout(() => void stop().then(store.close), 100)

function dieAt(place: CrashStep): void {
  if (step === place) process.kill(process.pid, 'SIGKILL')
}

function received(id: string): Checked {
  const at = new Date(now()).toISOString() as Instant
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
    standing: { kind: 'trusted', trust: 'verified', content: { kind: 'detection', detection: contentOf(id, at) } },
  }
}

function contentOf(id: string, detectedAt: Instant): DetectionContent {
  const absent = {
    sourceType: null,
    connectionId: null,
    trackingStatus: null,
    tactics: [],
    techniques: [],
    frameworks: [],
    metadata: {},
    extra: {},
  }
  const about = { kind: 'threat', type: 'CredentialStuffingAttempt', status: 'detected', entityId: id, entityType: 'okta_user' } as const
  return { ...absent, ...about, id: id as DetectionId, detectedAt, confidence: 0.9 }
}
